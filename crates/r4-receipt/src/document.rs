//! What a verifier may be given: a VRF receipt or an attestation.

use alloc::string::String;

use crate::attestation::Attestation;
use crate::envelope::Envelope;
use crate::keys::KeyHash;
use crate::log::Log;
use crate::object::{Fields, MAX_DOCUMENT_BYTES, ParseError};
use crate::receipt::Receipt;
use crate::schemes::Schemes;

/// A parsed document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// The receipt of a VRF answer.
    Vrf(Receipt),
    /// The attestation of random bytes.
    Attested(Attestation),
}

impl Document {
    /// Parses either kind. An attestation is known by its field `unique`.
    ///
    /// # Errors
    /// Names what is wrong: the input as a whole, or a field and its accepted form.
    pub fn parse(input: &[u8]) -> Result<Self, ParseError> {
        let fields = Fields::parse(input, MAX_DOCUMENT_BYTES)?;
        if fields.has("unique") {
            Attestation::from_fields(fields).map(Self::Attested)
        } else {
            Receipt::from_fields(fields).map(Self::Vrf)
        }
    }

    /// Writes the JSON. `parse(to_json(x)) == x`.
    pub fn to_json(&self) -> String {
        match self {
            Self::Vrf(receipt) => receipt.to_json(),
            Self::Attested(attestation) => attestation.to_json(),
        }
    }

    /// Says where the document stands in the log, or no longer.
    #[must_use]
    pub fn with_log(mut self, log: Option<Log>) -> Self {
        match &mut self {
            Self::Vrf(receipt) => receipt.envelope.log = log,
            Self::Attested(attestation) => attestation.envelope.log = log,
        }
        self
    }

    /// Returns the common fields.
    pub const fn envelope(&self) -> &Envelope {
        match self {
            Self::Vrf(receipt) => &receipt.envelope,
            Self::Attested(attestation) => &attestation.envelope,
        }
    }

    /// Computes the digest that is signed, under a key hash that the caller recomputed and for the
    /// given signatures.
    pub fn digest(&self, key_hash: KeyHash, schemes: Schemes) -> [u8; 32] {
        match self {
            Self::Vrf(receipt) => receipt.digest(key_hash, schemes),
            Self::Attested(attestation) => attestation.digest(key_hash, schemes),
        }
    }
}
