//! Keys: `ECVRF_prove` (RFC 9381 §5.1), `ECVRF_verify` (§5.3), `ECVRF_validate_key` (§5.4.5).

use core::fmt;

use k256::elliptic_curve::ops::LinearCombination as _;
use k256::elliptic_curve::{BatchNormalize as _, PrimeField as _};
use k256::{AffinePoint, ProjectivePoint, Scalar};
use zeroize::{Zeroize as _, Zeroizing};

use crate::challenge::Challenge;
use crate::encode_to_curve::encode_to_curve;
use crate::nonce::nonce;
use crate::point::{point_to_string, string_to_point};
use crate::proof::{Beta, Proof};
use crate::{PUBLIC_KEY_BYTES, SECRET_KEY_BYTES};

/// A secret scalar x with its public key. Wiped when dropped; never shown, never cloned.
pub struct SecretKey {
    x: Scalar,
    public: PublicKey,
}

/// A valid public key: a point of the curve, not the identity.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey {
    pub(crate) point: AffinePoint,
    pub(crate) octets: [u8; PUBLIC_KEY_BYTES],
}

/// Why octets are not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The secret is zero or not below the group's order.
    #[error("the secret scalar is not between 1 and n - 1")]
    Scalar,
    /// The public key has another length than 33 octets.
    #[error("a compressed public key has 33 bytes, not {got}")]
    Length {
        /// Octets given.
        got: usize,
    },
    /// The octets do not encode a point of the curve other than the identity.
    #[error("the public key is not a compressed point of secp256k1")]
    Point,
}

/// Why nothing could be proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProveError {
    /// None of 256 counters led to a point. The chance is 2⁻²⁵⁶.
    #[error("alpha cannot be encoded to the curve")]
    EncodeToCurve,
}

/// Why a proof was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// None of 256 counters led to a point. The chance is 2⁻²⁵⁶.
    #[error("alpha cannot be encoded to the curve")]
    EncodeToCurve,
    /// The proof was not made for this key and alpha.
    #[error("the proof does not verify for this public key and alpha")]
    Refused,
}

impl SecretKey {
    /// Takes a big-endian secret scalar and computes its public key.
    ///
    /// # Errors
    /// The scalar is zero or not below the group's order.
    pub fn from_bytes(octets: &[u8; SECRET_KEY_BYTES]) -> Result<Self, KeyError> {
        let x = Scalar::from_repr((*octets).into()).into_option().ok_or(KeyError::Scalar)?;
        if bool::from(x.is_zero()) {
            return Err(KeyError::Scalar);
        }
        let point = ProjectivePoint::mul_by_generator(&x).to_affine();
        Ok(Self { x, public: PublicKey { point, octets: point_to_string(&point) } })
    }

    /// Returns the public key Y.
    pub const fn public_key(&self) -> PublicKey {
        self.public
    }

    /// Proves the output for `alpha` (§5.1); deterministic.
    ///
    /// # Errors
    /// Alpha cannot be encoded to the curve (never seen).
    #[expect(clippy::many_single_char_names, reason = "the symbols of RFC 9381")]
    pub fn prove(&self, alpha: &[u8]) -> Result<Proof, ProveError> {
        let h = encode_to_curve(&self.public.octets, alpha).ok_or(ProveError::EncodeToCurve)?.point;
        let k = nonce(&self.x, &point_to_string(&h));
        let h_projective = ProjectivePoint::from(h);
        let mut points = Zeroizing::new([
            h_projective * self.x,
            ProjectivePoint::mul_by_generator(&k),
            h_projective * *k,
        ]);
        let [gamma, u, v] = ProjectivePoint::batch_normalize(&*points);
        points.zeroize();
        let c = Challenge::of([&self.public.point, &h, &gamma, &u, &v]);
        let s = *k + c.scalar() * self.x;
        Ok(Proof { gamma, c, s })
    }
}

impl Drop for SecretKey {
    fn drop(&mut self) {
        self.x.zeroize();
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(.., {:?})", self.public)
    }
}

impl PublicKey {
    /// Decodes and validates a compressed point (§5.3 steps 1 to 3, §5.4.5; the cofactor is 1).
    ///
    /// # Errors
    /// The length is not 33, or the octets are no point of the curve. The identity has no such
    /// encoding.
    pub fn from_bytes(octets: &[u8]) -> Result<Self, KeyError> {
        let octets: [u8; PUBLIC_KEY_BYTES] =
            octets.try_into().map_err(|_| KeyError::Length { got: octets.len() })?;
        let point = string_to_point(&octets).ok_or(KeyError::Point)?;
        Ok(Self { point, octets })
    }

    /// Returns the compressed point.
    pub const fn to_bytes(&self) -> [u8; PUBLIC_KEY_BYTES] {
        self.octets
    }

    /// Checks a proof for `alpha` and returns the output (§5.3). Everything here is public, so the
    /// time may vary.
    ///
    /// # Errors
    /// The proof was not made for this key and alpha.
    pub fn verify(&self, alpha: &[u8], proof: &Proof) -> Result<Beta, VerifyError> {
        let h = encode_to_curve(&self.octets, alpha).ok_or(VerifyError::EncodeToCurve)?.point;
        let (s, minus_c) = (proof.s, -proof.c.scalar());
        // Step 8: U = s·B − c·Y. Step 9: V = s·H − c·Γ.
        let u = ProjectivePoint::lincomb_vartime(&[
            (ProjectivePoint::GENERATOR, s),
            (self.point.into(), minus_c),
        ]);
        let v = ProjectivePoint::lincomb_vartime(&[(h.into(), s), (proof.gamma.into(), minus_c)]);
        let [u, v] = ProjectivePoint::batch_normalize_vartime(&[u, v]);
        if Challenge::of([&self.point, &h, &proof.gamma, &u, &v]) == proof.c {
            Ok(proof.beta())
        } else {
            Err(VerifyError::Refused)
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey(0x")?;
        self.octets.iter().try_for_each(|octet| write!(f, "{octet:02x}"))?;
        f.write_str(")")
    }
}
