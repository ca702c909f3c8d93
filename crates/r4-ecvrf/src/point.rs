//! Points and octet strings (RFC 9381 §5.5: `point_to_string` of SEC 1 §2.3.3 with compression,
//! `string_to_point` of SEC 1 §2.3.4).

use k256::AffinePoint;
use k256::elliptic_curve::point::DecompressPoint as _;
use k256::elliptic_curve::sec1::ToSec1Point as _;
use sha2::{Digest as _, Sha256};

/// Octets of a compressed point.
pub(crate) const POINT_BYTES: usize = 33;

/// Decodes 0x02 or 0x03 and an x-coordinate: `string_to_point`. The identity, which SEC 1 writes
/// as one zero octet, has no such encoding.
pub(crate) fn string_to_point(octets: &[u8; POINT_BYTES]) -> Option<AffinePoint> {
    let [tag @ (2 | 3), x @ ..] = octets else { return None };
    AffinePoint::decompress(&(*x).into(), (tag & 1).into()).into_option()
}

/// Encodes a point that is not the identity: `point_to_string`.
pub(crate) fn point_to_string(point: &AffinePoint) -> [u8; POINT_BYTES] {
    let mut octets = [0; POINT_BYTES];
    for (to, from) in octets.iter_mut().zip(point.to_sec1_point(true).as_bytes()) {
        *to = *from;
    }
    octets
}

/// Hashes `point_to_string` of any point. The identity is the single octet 0x00.
pub(crate) fn hash_point(hash: &mut Sha256, point: &AffinePoint) {
    hash.update(point.to_sec1_point(true).as_bytes());
}
