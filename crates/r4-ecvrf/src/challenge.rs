//! `ECVRF_challenge_generation` (RFC 9381 §5.4.3).

use k256::{AffinePoint, Scalar};
use sha2::{Digest as _, Sha256};

use crate::SUITE_OCTET;
use crate::point::hash_point;

/// Octets of a challenge, cLen of §5.5.
pub(crate) const CHALLENGE_BYTES: usize = 16;

const DOMAIN_SEPARATOR_FRONT: u8 = 0x02;
const DOMAIN_SEPARATOR_BACK: u8 = 0x00;

/// The challenge c, an integer below 2¹²⁸.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Challenge(pub(crate) [u8; CHALLENGE_BYTES]);

impl Challenge {
    /// Hashes the five points Y, H, Γ, U, V and keeps the first 16 octets.
    pub(crate) fn of(points: [&AffinePoint; 5]) -> Self {
        let mut hash = Sha256::new();
        hash.update([SUITE_OCTET, DOMAIN_SEPARATOR_FRONT]);
        for point in points {
            hash_point(&mut hash, point);
        }
        hash.update([DOMAIN_SEPARATOR_BACK]);
        let mut c = [0; CHALLENGE_BYTES];
        for (to, from) in c.iter_mut().zip(hash.finalize()) {
            *to = from;
        }
        Self(c)
    }

    /// Returns c as a scalar.
    pub(crate) fn scalar(self) -> Scalar {
        Scalar::from(u128::from_be_bytes(self.0))
    }
}
