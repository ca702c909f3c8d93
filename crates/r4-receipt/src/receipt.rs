//! The receipt of a VRF answer, as `/vrf` sends it.

use alloc::string::String;
use alloc::vec::Vec;

use r4_ecvrf::{PROOF_BYTES, SUITE};
use r4_sign::keccak::keccak256;
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::alpha::MAX_ALPHA_BYTES;
use crate::eip712::{ReceiptFields, receipt_digest};
use crate::envelope::Envelope;
use crate::evm::{Evm, EvmError};
use crate::keys::{KeyHash, POINT_BYTES};
use crate::object::{Fields, MAX_DOCUMENT_BYTES, ParseError, to_hex, to_json};
use crate::schemes::Schemes;

/// A parsed receipt. Nothing in it has been checked but its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Who, when, where, and the signatures.
    pub envelope: Envelope,
    /// The output of the VRF.
    pub random: [u8; 32],
    /// The input of the VRF, 1 to 1024 octets.
    pub alpha: Vec<u8>,
    /// Where alpha comes from.
    pub alpha_source: AlphaSource,
    /// The public key of the VRF, compressed.
    pub vrf_public_key: [u8; POINT_BYTES],
    /// The proof, 81 octets.
    pub proof: [u8; PROOF_BYTES],
    /// What a contract takes, where it was asked for.
    pub evm: Option<Evm>,
}

/// Where an alpha comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlphaSource {
    /// The caller chose it.
    Client,
    /// It was derived from the receipt's index.
    Index,
}

impl Receipt {
    /// Parses a receipt's JSON. Unknown, missing and repeated fields are refused, and so is every
    /// form of a value but one.
    ///
    /// # Errors
    /// Names what is wrong: the input as a whole, or a field and its accepted form.
    pub fn parse(input: &[u8]) -> Result<Self, ParseError> {
        Self::from_fields(Fields::parse(input, MAX_DOCUMENT_BYTES)?)
    }

    /// Writes the JSON. `parse(to_json(x)) == x`.
    pub fn to_json(&self) -> String {
        to_json(self)
    }

    /// Adds what a contract takes. It is made of the other fields, and nothing of it is signed.
    ///
    /// # Errors
    /// The proof does not verify, or has no form for contracts.
    pub fn with_evm(mut self) -> Result<Self, EvmError> {
        self.evm = Some(Evm::of(&self, self.envelope.keys.key_hash())?);
        Ok(self)
    }

    /// Computes the digest that is signed for this receipt, under a key hash that the caller
    /// recomputed and for the given signatures.
    pub fn digest(&self, key_hash: KeyHash, schemes: Schemes) -> [u8; 32] {
        receipt_digest(&self.signed_fields(key_hash, schemes), &self.envelope.domain)
    }

    /// Returns the structure that [`Self::digest`] hashes.
    pub(crate) fn signed_fields(&self, key_hash: KeyHash, schemes: Schemes) -> ReceiptFields {
        ReceiptFields {
            key_hash,
            index: self.envelope.index,
            alpha_hash: keccak256(&self.alpha),
            random: self.random,
            timestamp: self.envelope.timestamp.unix(),
            schemes,
        }
    }

    /// Parses a receipt that is part of another document.
    ///
    /// # Errors
    /// Names a field and its accepted form.
    pub fn from_fields(mut fields: Fields) -> Result<Self, ParseError> {
        let envelope = Envelope::parse(&mut fields)?;
        let random = fields.hex("random", "0x and 64 lower-case hexadecimal digits")?;
        let alpha = fields.hex_bytes("alpha")?;
        if alpha.is_empty() || alpha.len() > MAX_ALPHA_BYTES {
            return Err(fields.wrong("alpha", "1 to 1024 bytes in hexadecimal"));
        }
        let alpha_source = AlphaSource::from_name(&fields.text("alpha_source")?)
            .ok_or_else(|| fields.wrong("alpha_source", "\"client\" or \"index\""))?;
        let mut vrf = fields.object("vrf")?;
        vrf.exactly("suite", SUITE, "\"ECVRF-SECP256K1-SHA256-TAI\"")?;
        let vrf_public_key = vrf.hex("public_key", "0x and 66 lower-case hexadecimal digits")?;
        let proof = vrf.hex("proof", "0x and 162 lower-case hexadecimal digits")?;
        let evm = Evm::parse(&mut fields, &mut vrf)?;
        vrf.finish()?;
        fields.finish()?;
        Ok(Self { envelope, random, alpha, alpha_source, vrf_public_key, proof, evm })
    }
}

impl AlphaSource {
    /// Returns the word of the JSON field `alpha_source`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Index => "index",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Client, Self::Index].into_iter().find(|source| source.name() == name)
    }
}

impl Serialize for Receipt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.envelope.write_head(&mut map)?;
        map.serialize_entry("random", &to_hex(&self.random))?;
        map.serialize_entry("timestamp", &alloc::format!("{}", self.envelope.timestamp))?;
        map.serialize_entry("alpha", &to_hex(&self.alpha))?;
        map.serialize_entry("alpha_source", self.alpha_source.name())?;
        map.serialize_entry("vrf", &VrfJson(self))?;
        if let Some(call) = self.evm.as_ref().and_then(|evm| evm.call.as_ref()) {
            map.serialize_entry("evm_call", &to_hex(call))?;
        }
        self.envelope.write_tail(&mut map)?;
        map.end()
    }
}

struct VrfJson<'a>(&'a Receipt);

impl Serialize for VrfJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("suite", SUITE)?;
        map.serialize_entry("public_key", &to_hex(&self.0.vrf_public_key))?;
        map.serialize_entry("proof", &to_hex(&self.0.proof))?;
        if let Some(evm) = &self.0.evm {
            map.serialize_entry("evm_proof", &to_hex(&evm.proof))?;
        }
        map.end()
    }
}
