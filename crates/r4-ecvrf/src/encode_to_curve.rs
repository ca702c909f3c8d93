//! `ECVRF_encode_to_curve_try_and_increment` (RFC 9381 §5.4.1.1).

use k256::AffinePoint;
use sha2::{Digest as _, Sha256};

use crate::SUITE_OCTET;
use crate::point::{POINT_BYTES, string_to_point};

const DOMAIN_SEPARATOR_FRONT: u8 = 0x01;
const DOMAIN_SEPARATOR_BACK: u8 = 0x00;

/// H and the counter that led to it.
pub(crate) struct Encoded {
    pub(crate) point: AffinePoint,
    pub(crate) counter: u8,
}

/// Maps alpha to a point, salted with the public key (§5.4.1). `None` when none of the 256
/// counters leads to a point, which has a chance of 2⁻²⁵⁶. The cofactor is 1.
pub(crate) fn encode_to_curve(salt: &[u8; POINT_BYTES], alpha: &[u8]) -> Option<Encoded> {
    hashes(salt, alpha).zip(0..=u8::MAX).find_map(|(hash, counter)| {
        interpret_hash_value_as_a_point(&hash).map(|point| Encoded { point, counter })
    })
}

/// Hashes alpha with each counter in turn, from 0. The first hash that is the x-coordinate of a
/// point makes H.
pub(crate) fn hashes(
    salt: &[u8; POINT_BYTES],
    alpha: &[u8],
) -> impl Iterator<Item = [u8; 32]> + use<> {
    let prefix = Sha256::new()
        .chain_update([SUITE_OCTET, DOMAIN_SEPARATOR_FRONT])
        .chain_update(salt)
        .chain_update(alpha);
    (0..=u8::MAX).map(move |counter| {
        prefix.clone().chain_update([counter, DOMAIN_SEPARATOR_BACK]).finalize().into()
    })
}

/// `string_to_point(0x02 ‖ hash)` (§5.5).
fn interpret_hash_value_as_a_point(hash: &[u8; 32]) -> Option<AffinePoint> {
    let mut octets = [2; POINT_BYTES];
    for (to, from) in octets.iter_mut().skip(1).zip(hash) {
        *to = *from;
    }
    string_to_point(&octets)
}
