//! The keys of an epoch: one per use, all from the root seed by HKDF, and what they sign.
//!
//! The VRF key is never used for ECDSA: both derive nonces from the key and a message, and a key
//! shared by the two would leak.

use aws_lc_rs::signature::{KeyPair as _, ML_DSA_65_SIGNING, PqdsaKeyPair, PqdsaSigningAlgorithm};
use hkdf::Hkdf;
use k256::elliptic_curve::bigint::U512;
use k256::elliptic_curve::ops::ReduceNonZero as _;
use r4_receipt::PublicKeys;
use r4_sign::{ecdsa, mldsa};
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

use crate::seed::RootSeed;

/// Salt of HKDF-Extract.
const SALT: &[u8] = b"r4/root/v1";
/// Bytes expanded for a scalar: 16 more than it has, so that the reduction leaves no bias.
const WIDE_BYTES: usize = 48;

/// The secret and public keys of one epoch. Secrets are wiped when dropped and never shown.
pub struct NodeKeys {
    ecvrf: r4_ecvrf::SecretKey,
    ecdsa: ecdsa::SigningKey,
    mldsa: PqdsaKeyPair,
    public: PublicKeys,
}

/// Why keys cannot be derived or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// HKDF-Expand failed (it cannot at these lengths).
    #[error("HKDF-Expand failed for {label}")]
    Expand {
        /// Label of the key.
        label: &'static str,
    },
    /// A derived scalar is no secret key (it cannot be one out of range).
    #[error("the scalar derived for {label} is no secret key")]
    Scalar {
        /// Label of the key.
        label: &'static str,
    },
    /// An ML-DSA key cannot be made of its seed.
    #[error("an ML-DSA key cannot be made of its seed")]
    Mldsa,
    /// ECDSA could not sign.
    #[error("ECDSA could not sign: {0}")]
    SignEcdsa(ecdsa::SignError),
    /// ML-DSA could not sign.
    #[error("ML-DSA could not sign")]
    SignMldsa,
    /// The VRF could not prove.
    #[error("the VRF could not prove: {0}")]
    Prove(r4_ecvrf::ProveError),
    /// The name of a log or witness is none for a note.
    #[error("the name of a log or witness must be 1 to 255 bytes without spaces and plus signs")]
    Name,
    /// A signature of a checkpoint does not verify.
    #[error("the signature made of a checkpoint does not verify")]
    Checkpoint,
}

/// What a key is for: its HKDF label.
#[derive(Clone, Copy)]
pub(crate) struct Use(pub(crate) &'static str);

const ECVRF: Use = Use("r4/ecvrf-secp256k1/v1");
/// Reserved for requests made on a chain: only its public key is kept.
const ECVRF_EVM: Use = Use("r4/ecvrf-evm/v1");
const ECDSA: Use = Use("r4/ecdsa/v1");
const MLDSA: Use = Use("r4/mldsa65/v1");

impl NodeKeys {
    /// Derives all keys: PRK = HKDF-Extract(SHA-256, `r4/root/v1`, seed), then HKDF-Expand with
    /// one label per use (RFC 5869).
    ///
    /// # Errors
    /// [`KeysError::Mldsa`] if the library refuses; the others cannot happen.
    pub fn derive(seed: &RootSeed) -> Result<Self, KeysError> {
        let prk = extract(seed);
        let ecvrf = vrf_key(&prk, ECVRF)?;
        let ecvrf_evm = vrf_key(&prk, ECVRF_EVM)?.public_key();
        let ecdsa = ecdsa::SigningKey::from_bytes(&*scalar(&prk, ECDSA)?)
            .map_err(|_| KeysError::Scalar { label: ECDSA.0 })?;
        let mldsa = mldsa_key(&*expand(&prk, MLDSA)?)?;
        let public = PublicKeys {
            ecvrf: ecvrf.public_key().to_bytes(),
            ecdsa: ecdsa.verifying_key().to_bytes(),
            mldsa65: mldsa_public(&mldsa)?,
            ecvrf_evm: ecvrf_evm.to_bytes(),
        };
        Ok(Self { ecvrf, ecdsa, mldsa, public })
    }

    /// Returns the public keys.
    pub fn public_keys(&self) -> &PublicKeys {
        &self.public
    }

    /// Proves the VRF's output for `alpha` (RFC 9381 §5.1).
    ///
    /// # Errors
    /// [`KeysError::Prove`] (never seen).
    pub fn prove(&self, alpha: &[u8]) -> Result<r4_ecvrf::Proof, KeysError> {
        self.ecvrf.prove(alpha).map_err(KeysError::Prove)
    }

    /// Signs a digest by ECDSA (RFC 6979, lower s).
    ///
    /// # Errors
    /// [`KeysError::SignEcdsa`] (never seen).
    pub fn sign_ecdsa(&self, digest: &[u8; 32]) -> Result<ecdsa::Signature, KeysError> {
        self.ecdsa.sign_digest(digest).map_err(KeysError::SignEcdsa)
    }

    /// Signs a message by ML-DSA-65, hedged, with the empty context (FIPS 204 Algorithm 2).
    ///
    /// # Errors
    /// [`KeysError::SignMldsa`] if the library fails.
    pub fn sign_mldsa(&self, message: &[u8]) -> Result<Vec<u8>, KeysError> {
        mldsa_sign(&self.mldsa, message)
    }
}

impl std::fmt::Debug for NodeKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NodeKeys({})", self.public.key_set().key_hash())
    }
}

pub(crate) fn mldsa_key(seed: &[u8; 32]) -> Result<PqdsaKeyPair, KeysError> {
    pqdsa_key(&ML_DSA_65_SIGNING, seed)
}

pub(crate) fn mldsa_public(key: &PqdsaKeyPair) -> Result<[u8; mldsa::PUBLIC_KEY_BYTES], KeysError> {
    pqdsa_public(key)
}

pub(crate) fn mldsa_sign(key: &PqdsaKeyPair, message: &[u8]) -> Result<Vec<u8>, KeysError> {
    pqdsa_sign(key, message, mldsa::SIGNATURE_BYTES)
}

/// Makes an ML-DSA key of its 32-byte seed ξ (FIPS 204 Algorithm 6).
pub(crate) fn pqdsa_key(
    algorithm: &'static PqdsaSigningAlgorithm,
    seed: &[u8; 32],
) -> Result<PqdsaKeyPair, KeysError> {
    PqdsaKeyPair::from_seed(algorithm, seed).map_err(|_| KeysError::Mldsa)
}

pub(crate) fn pqdsa_public<const N: usize>(key: &PqdsaKeyPair) -> Result<[u8; N], KeysError> {
    key.public_key().as_ref().try_into().map_err(|_| KeysError::Mldsa)
}

/// Signs, hedged, with the empty context (FIPS 204 Algorithm 2).
pub(crate) fn pqdsa_sign(
    key: &PqdsaKeyPair,
    message: &[u8],
    signature_bytes: usize,
) -> Result<Vec<u8>, KeysError> {
    let mut signature = vec![0; signature_bytes];
    match key.sign(message, &mut signature) {
        Ok(written) if written == signature_bytes => Ok(signature),
        _ => Err(KeysError::SignMldsa),
    }
}

/// Computes PRK = HKDF-Extract(SHA-256, `r4/root/v1`, seed) (RFC 5869 §2.2).
pub(crate) fn extract(seed: &RootSeed) -> Hkdf<Sha256> {
    Hkdf::new(Some(SALT), seed.bytes())
}

fn vrf_key(prk: &Hkdf<Sha256>, usage: Use) -> Result<r4_ecvrf::SecretKey, KeysError> {
    r4_ecvrf::SecretKey::from_bytes(&*scalar(prk, usage)?)
        .map_err(|_| KeysError::Scalar { label: usage.0 })
}

pub(crate) fn expand<const N: usize>(
    prk: &Hkdf<Sha256>,
    usage: Use,
) -> Result<Zeroizing<[u8; N]>, KeysError> {
    let mut out = Zeroizing::new([0; N]);
    prk.expand(usage.0.as_bytes(), &mut *out).map_err(|_| KeysError::Expand { label: usage.0 })?;
    Ok(out)
}

/// Expands 48 bytes and takes them, as a big-endian integer, mod (n − 1) + 1.
fn scalar(prk: &Hkdf<Sha256>, usage: Use) -> Result<Zeroizing<[u8; 32]>, KeysError> {
    Ok(reduce(&*expand(prk, usage)?))
}

/// Returns the integer mod (n − 1) + 1, between 1 and n − 1, in constant time.
fn reduce(wide: &[u8; WIDE_BYTES]) -> Zeroizing<[u8; 32]> {
    let mut padded = Zeroizing::new([0; 64]);
    for (to, from) in padded.iter_mut().rev().zip(wide.iter().rev()) {
        *to = *from;
    }
    let integer = Zeroizing::new(U512::from_be_slice(&*padded));
    // `reduce_nonzero` of k256 is exactly this: reduce mod n − 1, add 1.
    let mut scalar = k256::Scalar::reduce_nonzero(&*integer);
    let octets = Zeroizing::new(scalar.to_bytes().into());
    scalar.zeroize();
    octets
}

#[cfg(test)]
mod tests;
