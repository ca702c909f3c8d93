//! How a node makes a receipt: the answer, its digest, and then the signatures.

use alloc::vec::Vec;

use r4_ecvrf::Proof;
use r4_sign::{ecdsa, mldsa};

use crate::alpha::MAX_ALPHA_BYTES;
use crate::attestation::{Attestation, MAX_ATTESTED_BYTES, MIN_ATTESTED_BYTES, Mode};
use crate::eip712::Domain;
use crate::envelope::{EcdsaPair, EcdsaSignature, Envelope, MldsaPair, Signatures};
use crate::keys::PublicKeys;
use crate::receipt::{AlphaSource, Receipt};
use crate::schemes::Schemes;
use crate::timestamp::{Timestamp, TimestampError};

/// What both kinds of document have before they are signed.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// The keys of the active epoch.
    pub keys: &'a PublicKeys,
    /// The reserved index.
    pub index: u64,
    /// Seconds since 1970.
    pub timestamp: u64,
    /// Where the signatures count.
    pub domain: Domain,
    /// The signatures that will be made.
    pub schemes: Schemes,
}

/// A VRF answer that is not signed yet.
#[derive(Clone, Debug)]
pub struct Unsigned<'a> {
    /// What every document has.
    pub head: Head<'a>,
    /// The input of the VRF, 1 to 1024 octets.
    pub alpha: Vec<u8>,
    /// Where alpha comes from.
    pub alpha_source: AlphaSource,
    /// The proof; the output is taken from it.
    pub proof: Proof,
}

/// Random bytes that are not signed yet.
#[derive(Clone, Debug)]
pub struct UnsignedAttestation<'a> {
    /// What every document has.
    pub head: Head<'a>,
    /// The random bytes, 16 to 1000.
    pub bytes: Vec<u8>,
    /// SHA-256 of the sealed core's binary; zero when there was none.
    pub core_sha256: [u8; 32],
    /// How the core made the bytes.
    pub mode: Mode,
}

/// Why no receipt can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The signatures are not those of `schemes`.
    #[error("the signatures given are not those that the digest names")]
    Schemes,
    /// The ML-DSA-65 signature has the wrong length.
    #[error("an ML-DSA-65 signature has 3309 bytes, not {got}")]
    MldsaLength {
        /// Octets given.
        got: usize,
    },
    /// Alpha is empty or too long.
    #[error("alpha has {got} bytes; 1 to 1024 are accepted")]
    Alpha {
        /// Octets given.
        got: usize,
    },
    /// There are too few or too many random bytes.
    #[error("{got} bytes cannot be attested; 16 to 1000 can")]
    Bytes {
        /// Octets given.
        got: usize,
    },
    /// The ECDSA key is no point of the curve.
    #[error(transparent)]
    Key(#[from] ecdsa::KeyError),
    /// The time cannot be written.
    #[error(transparent)]
    Timestamp(#[from] TimestampError),
}

impl Unsigned<'_> {
    /// Returns the output of the VRF.
    pub fn random(&self) -> [u8; 32] {
        self.proof.beta().to_bytes()
    }

    /// Computes the digest to sign: as it is for ECDSA, in [`crate::message::mldsa_message`] for
    /// ML-DSA-65.
    pub fn digest(&self) -> [u8; 32] {
        let fields = crate::eip712::ReceiptFields {
            key_hash: self.head.keys.key_set().key_hash(),
            index: self.head.index,
            alpha_hash: r4_sign::keccak::keccak256(&self.alpha),
            random: self.random(),
            timestamp: self.head.timestamp,
            schemes: self.head.schemes,
        };
        crate::eip712::receipt_digest(&fields, &self.head.domain)
    }

    /// Adds the signatures. They are not checked here: see [`crate::verify()`].
    ///
    /// # Errors
    /// The signatures are not those of `schemes`, or a value has no form in a receipt.
    pub fn signed(
        self,
        ecdsa: Option<ecdsa::Signature>,
        mldsa: Option<Vec<u8>>,
    ) -> Result<Receipt, SealError> {
        if self.alpha.is_empty() || self.alpha.len() > MAX_ALPHA_BYTES {
            return Err(SealError::Alpha { got: self.alpha.len() });
        }
        Ok(Receipt {
            envelope: self.head.envelope(self.digest(), ecdsa, mldsa)?,
            random: self.random(),
            alpha: self.alpha,
            alpha_source: self.alpha_source,
            vrf_public_key: self.head.keys.ecvrf,
            proof: self.proof.to_bytes(),
            evm: None,
        })
    }
}

impl UnsignedAttestation<'_> {
    /// Computes the digest to sign: as it is for ECDSA, in [`crate::message::mldsa_message`] for
    /// ML-DSA-65.
    pub fn digest(&self) -> [u8; 32] {
        let fields = crate::eip712::AttestedFields {
            key_hash: self.head.keys.key_set().key_hash(),
            index: self.head.index,
            bytes_hash: r4_sign::keccak::keccak256(&self.bytes),
            // `signed` refuses more than 1000.
            length: u32::try_from(self.bytes.len()).unwrap_or(u32::MAX),
            core_hash: self.core_sha256,
            mode: self.mode,
            timestamp: self.head.timestamp,
            schemes: self.head.schemes,
        };
        crate::eip712::attested_digest(&fields, &self.head.domain)
    }

    /// Adds the signatures. They are not checked here: see [`crate::verify()`].
    ///
    /// # Errors
    /// The signatures are not those of `schemes`, or a value has no form in an attestation.
    pub fn signed(
        self,
        ecdsa: Option<ecdsa::Signature>,
        mldsa: Option<Vec<u8>>,
    ) -> Result<Attestation, SealError> {
        if !(MIN_ATTESTED_BYTES..=MAX_ATTESTED_BYTES).contains(&self.bytes.len()) {
            return Err(SealError::Bytes { got: self.bytes.len() });
        }
        Ok(Attestation {
            envelope: self.head.envelope(self.digest(), ecdsa, mldsa)?,
            bytes: self.bytes,
            core_sha256: self.core_sha256,
            mode: self.mode,
        })
    }
}

impl Head<'_> {
    fn envelope(
        &self,
        digest: [u8; 32],
        ecdsa: Option<ecdsa::Signature>,
        mldsa: Option<Vec<u8>>,
    ) -> Result<Envelope, SealError> {
        let keys = self.keys.key_set();
        let key_hash = keys.key_hash();
        Ok(Envelope {
            id: digest,
            key_id: key_hash.key_id(),
            key_hash,
            keys,
            index: self.index,
            timestamp: Timestamp::from_unix(self.timestamp)?,
            domain: self.domain,
            msg_hash: digest,
            signatures: self.signatures(ecdsa, mldsa)?,
            log: None,
        })
    }

    fn signatures(
        &self,
        ecdsa: Option<ecdsa::Signature>,
        mldsa: Option<Vec<u8>>,
    ) -> Result<Signatures, SealError> {
        match (self.schemes, ecdsa, mldsa) {
            (Schemes::Ecdsa, Some(signature), None) => {
                let pair =
                    EcdsaPair { signature: signature.to_bytes(), public_key: self.keys.ecdsa };
                Ok(Signatures::Ecdsa(self.ecdsa(&signature)?, pair))
            }
            (Schemes::Mldsa, None, Some(signature)) => {
                Ok(Signatures::Mldsa(self.mldsa(signature)?))
            }
            (Schemes::Dual, Some(ecdsa), Some(mldsa)) => {
                Ok(Signatures::Dual(self.ecdsa(&ecdsa)?, self.mldsa(mldsa)?))
            }
            _ => Err(SealError::Schemes),
        }
    }

    fn ecdsa(&self, signature: &ecdsa::Signature) -> Result<EcdsaSignature, SealError> {
        let signer_addr = ecdsa::VerifyingKey::from_bytes(&self.keys.ecdsa)?.address();
        Ok(EcdsaSignature { v: signature.v, r: signature.r, s: signature.s, signer_addr })
    }

    fn mldsa(&self, signature: Vec<u8>) -> Result<MldsaPair, SealError> {
        if signature.len() != mldsa::SIGNATURE_BYTES {
            return Err(SealError::MldsaLength { got: signature.len() });
        }
        Ok(MldsaPair { signature, public_key: self.keys.mldsa65.to_vec() })
    }
}
