//! Proofs and outputs: `ECVRF_decode_proof` (RFC 9381 §5.4.4) and `ECVRF_proof_to_hash` (§5.2).

use core::fmt;

use k256::elliptic_curve::PrimeField as _;
use k256::{AffinePoint, Scalar};
use sha2::{Digest as _, Sha256};

use crate::SUITE_OCTET;
use crate::challenge::{CHALLENGE_BYTES, Challenge};
use crate::point::{POINT_BYTES, hash_point, point_to_string, string_to_point};

/// Octets of a proof: Γ 33 ‖ c 16 ‖ s 32.
pub const PROOF_BYTES: usize = 81;

const DOMAIN_SEPARATOR_FRONT: u8 = 0x03;
const DOMAIN_SEPARATOR_BACK: u8 = 0x00;

/// A well-formed proof π. Whether it proves anything, [`crate::PublicKey::verify`] says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    pub(crate) gamma: AffinePoint,
    pub(crate) c: Challenge,
    pub(crate) s: Scalar,
}

/// The output β, 32 octets. Public, never a secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Beta([u8; 32]);

/// Why octets are not a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Another length than 81 octets.
    #[error("a proof has 81 bytes, not {got}")]
    Length {
        /// Octets given.
        got: usize,
    },
    /// The first 33 octets are no compressed point of the curve.
    #[error("gamma, the first 33 bytes of the proof, is not a point of the curve")]
    Gamma,
    /// The last 32 octets are an integer not below the group's order.
    #[error("s, the last 32 bytes of the proof, is not below the order of the group")]
    S,
}

impl Proof {
    /// Decodes a proof (§5.4.4), so that each has one encoding.
    ///
    /// # Errors
    /// The length is not 81, Γ is not on the curve, or s is not below the group's order.
    pub fn parse(octets: &[u8]) -> Result<Self, ProofError> {
        let wrong = ProofError::Length { got: octets.len() };
        let (gamma, rest) = octets.split_first_chunk::<POINT_BYTES>().ok_or(wrong)?;
        let (c, s) = rest.split_first_chunk::<CHALLENGE_BYTES>().ok_or(wrong)?;
        let s: [u8; 32] = s.try_into().map_err(|_| wrong)?;
        Ok(Self {
            gamma: string_to_point(gamma).ok_or(ProofError::Gamma)?,
            c: Challenge(*c),
            s: Scalar::from_repr(s.into()).into_option().ok_or(ProofError::S)?,
        })
    }

    /// Encodes the proof: Γ ‖ c ‖ s (§5.1 step 8).
    pub fn to_bytes(&self) -> [u8; PROOF_BYTES] {
        let mut octets = [0; PROOF_BYTES];
        let gamma = point_to_string(&self.gamma);
        let s: [u8; 32] = self.s.to_bytes().into();
        for (to, from) in octets.iter_mut().zip(gamma.iter().chain(&self.c.0).chain(&s)) {
            *to = *from;
        }
        octets
    }

    /// Hashes Γ to the output (§5.2). It means something only if the proof verifies:
    /// [`crate::PublicKey::verify`] returns it then.
    pub fn beta(&self) -> Beta {
        let mut hash = Sha256::new();
        hash.update([SUITE_OCTET, DOMAIN_SEPARATOR_FRONT]);
        hash_point(&mut hash, &self.gamma);
        hash.update([DOMAIN_SEPARATOR_BACK]);
        Beta(hash.finalize().into())
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proof(0x")?;
        write_hex(f, &self.to_bytes())?;
        f.write_str(")")
    }
}

impl Beta {
    /// Returns the 32 octets.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the 32 octets.
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0
    }
}

impl fmt::Debug for Beta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Beta(0x")?;
        write_hex(f, &self.0)?;
        f.write_str(")")
    }
}

fn write_hex(f: &mut fmt::Formatter<'_>, octets: &[u8]) -> fmt::Result {
    octets.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
}
