//! Proofs as contracts take them: with the points and roots that are dear to compute on chain and
//! cheap to check there.
//!
//! `π ‖ U ‖ A ‖ B ‖ λ ‖ w₁ ‖ … ‖ wₖ`, π as in RFC 9381 §5.1, a point as its two coordinates, every
//! coordinate 32 octets big-endian, 305 + 32·k octets in all:
//!
//! - U = s·B − c·Y (§5.3 step 8; this B is the generator), A = s·H and B = c·Γ, so that V = A − B;
//! - λ = (A.y + B.y) / (A.x − B.x), the slope of the line through A and −B;
//! - for every counter of try-and-increment that led to no point, in order, the even square root w
//!   of −(x³ + 7), where x is the hash. Either x³ + 7 or −(x³ + 7) is a square, never both, so it
//!   shows that the counter had to be skipped. A hash that is no coordinate, x ≥ p, needs no root.
//!
//! There is one such form for each proof. A contract believes nothing in it.
#![expect(clippy::arithmetic_side_effects, reason = "field elements do not overflow")]

use alloc::vec::Vec;

use k256::elliptic_curve::hazmat::FieldArithmetic;
use k256::elliptic_curve::ops::LinearCombination as _;
use k256::elliptic_curve::point::AffineCoordinates as _;
use k256::elliptic_curve::{BatchNormalize as _, PrimeField as _};
use k256::{AffinePoint, FieldBytes, ProjectivePoint, Scalar, Secp256k1};

use crate::encode_to_curve::{encode_to_curve, hashes};
use crate::key::{PublicKey, VerifyError};
use crate::proof::{PROOF_BYTES, Proof};

/// Octets of the form of a proof whose first counter led to a point: π and seven coordinates. Each
/// root adds 32.
pub const MIN_EVM_PROOF_BYTES: usize = PROOF_BYTES + 7 * COORDINATE_BYTES;

const COORDINATE_BYTES: usize = 32;

type FieldElement = <Secp256k1 as FieldArithmetic>::FieldElement;

/// Why a proof has no form for contracts. All but [`Self::Proof`] have a chance below 2⁻¹²⁶ for
/// proofs that were made as the RFC says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvmProofError {
    /// The proof does not verify.
    #[error(transparent)]
    Proof(#[from] VerifyError),
    /// U, A or B is the identity, which has no coordinates; so it is where c or s is zero.
    #[error("the proof has no EVM form: one of the points U, A and B is the identity")]
    Identity,
    /// A is B, which makes V the identity, or −B, where the line is a tangent.
    #[error("the proof has no EVM form: the points A and B have the same x-coordinate")]
    Slope,
    /// The x-coordinate of Y, H or Γ is not below the group's order, as `ecrecover` needs it.
    #[error("the proof has no EVM form: the x-coordinate of Y, H or gamma is not below the order")]
    Coordinate,
}

/// Writes a proof for contracts. Deterministic; everything here is public, so the time may vary.
///
/// # Errors
/// The proof does not verify, or has no such form.
pub fn evm_proof(
    public: &PublicKey,
    alpha: &[u8],
    proof: &Proof,
) -> Result<Vec<u8>, EvmProofError> {
    public.verify(alpha, proof)?;
    let h = encode_to_curve(&public.octets, alpha).ok_or(VerifyError::EncodeToCurve)?;
    let coordinates = hints(&public.point, &h.point, proof)?;
    let mut octets = Vec::from(proof.to_bytes());
    octets.extend_from_slice(coordinates.as_flattened());
    let skipped = hashes(&public.octets, alpha).take(h.counter.into());
    octets.extend(skipped.filter_map(|hash| root(&hash)).flatten());
    Ok(octets)
}

/// Computes U, A, B and λ.
#[expect(clippy::many_single_char_names, reason = "the symbols of RFC 9381")]
fn hints(
    y: &AffinePoint,
    h: &AffinePoint,
    proof: &Proof,
) -> Result<[[u8; COORDINATE_BYTES]; 7], EvmProofError> {
    if [y, h, &proof.gamma].into_iter().any(|point| !recoverable(point)) {
        return Err(EvmProofError::Coordinate);
    }
    let (c, s) = (proof.c.scalar(), proof.s);
    let points = ProjectivePoint::batch_normalize_vartime(&[
        ProjectivePoint::lincomb_vartime(&[(ProjectivePoint::GENERATOR, s), ((*y).into(), -c)]),
        ProjectivePoint::from(*h) * s,
        ProjectivePoint::from(proof.gamma) * c,
    ]);
    if points.contains(&AffinePoint::IDENTITY) {
        return Err(EvmProofError::Identity);
    }
    let [u, a, b] = points;
    let lambda = slope(&a, &b).ok_or(EvmProofError::Slope)?;
    Ok([u.x(), u.y(), a.x(), a.y(), b.x(), b.y(), lambda].map(Into::into))
}

/// Says whether `ecrecover` takes the x-coordinate for r.
fn recoverable(point: &AffinePoint) -> bool {
    Scalar::from_repr(point.x()).is_some().into()
}

/// Computes the slope of the line through `a` and −`b`; `None` where both have the same x.
fn slope(a: &AffinePoint, b: &AffinePoint) -> Option<FieldBytes> {
    let field = |coordinate| FieldElement::from_repr(coordinate).into_option();
    let rise = field(a.y())? + field(b.y())?;
    let run = field(a.x())? - field(b.x())?;
    Some((rise * run.invert().into_option()?).to_repr())
}

/// Computes the even root of −(x³ + 7). `None` where the hash is no coordinate or makes a point.
fn root(hash: &[u8; COORDINATE_BYTES]) -> Option<[u8; COORDINATE_BYTES]> {
    let x = FieldElement::from_repr((*hash).into()).into_option()?;
    let root = (-(x.square() * x) - FieldElement::from_u64(7)).sqrt().into_option()?.normalize();
    let even = if bool::from(root.is_odd()) { -root } else { root };
    Some(even.to_repr().into())
}

#[cfg(test)]
mod tests;
