//! The signed documents as `/openapi.json` describes them. They are parsed and made by `r4_receipt`
//! alone; these types only describe.

mod orders;

use utoipa::ToSchema;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema, Type};

pub use orders::{
    DrawOrder, KeptForm, RandomFormat, ReceiptForm, Sig, SignatureClaim, Verifiable, VrfOrder,
};

/// A receipt of `/v1/vrf`. Hex is `0x` and lowercase, except addresses (EIP-55).
#[derive(Debug, ToSchema)]
pub struct Receipt {
    /// What both kinds of document have.
    #[schema(inline)]
    #[serde(flatten)]
    pub envelope: Envelope,
    /// Output of the VRF, 32 bytes: the only one for this key and alpha.
    pub random: String,
    /// Input of the VRF, 1 to 1024 bytes.
    pub alpha: String,
    /// `client` or `index`.
    pub alpha_source: String,
    /// The proof.
    pub vrf: Vrf,
    /// The ABI-encoded call of `verifyFull` on the contract of the domain; with `format=evm`, where
    /// there are such a contract and an ECDSA signature.
    #[schema(nullable = false)]
    pub evm_call: Option<String>,
}

/// Attested bytes of `/v1/random_dual`.
#[derive(Debug, ToSchema)]
pub struct Attestation {
    /// What both kinds of document have.
    #[schema(inline)]
    #[serde(flatten)]
    pub envelope: Envelope,
    /// Always false: the bytes cannot be derived from anything.
    pub unique: bool,
    /// The bytes.
    pub bytes: String,
    /// How many.
    pub n: u32,
    /// SHA-256 of the node's sealed core; it made them unless `mode` is `fallback`.
    pub core_sha256: String,
    /// `sealed` or `fallback`.
    pub mode: String,
}

/// What both kinds of document have.
#[derive(Debug, ToSchema)]
pub struct Envelope {
    /// Always 1.
    pub version: u32,
    /// The digest, again.
    pub id: String,
    /// First 8 bytes of the key hash.
    pub key_id: String,
    /// Names the key epoch; pin it.
    pub key_hash: String,
    /// What the key hash is made of.
    pub keys: KeyCommitments,
    /// Number of the document, a decimal string.
    pub index: String,
    /// RFC 3339, seconds, `Z`.
    pub timestamp: String,
    /// Always `keccak256`.
    pub hash_alg: String,
    /// `ECDSA(secp256k1) + ML-DSA-65`, or one of the two.
    pub signature_type: String,
    /// The EIP-712 domain.
    pub domain: Domain,
    /// The EIP-712 digest that is signed.
    pub msg_hash: String,
    /// 27 or 28; with an ECDSA signature only.
    #[schema(nullable = false)]
    pub v: Option<u8>,
    /// With an ECDSA signature only.
    #[schema(nullable = false)]
    pub r: Option<String>,
    /// With an ECDSA signature only; never in the upper half of the group order.
    #[schema(nullable = false)]
    pub s: Option<String>,
    /// Address of the ECDSA key; with an ECDSA signature only.
    #[schema(nullable = false)]
    pub signer_addr: Option<String>,
    /// `ML-DSA-65`; with such a signature only.
    #[schema(nullable = false)]
    pub pq_scheme: Option<String>,
    /// The ML-DSA-65 signature, else the ECDSA one; base64.
    pub signature: String,
    /// The key of `signature`; base64.
    pub public_key: String,
    /// The node checked its own answer. An unsigned remark, not a proof.
    pub verified: bool,
    /// Where the document stands in the log.
    pub log: Log,
}

/// Where a document stands in the log of its node.
#[derive(Debug, ToSchema)]
pub struct Log {
    /// Name of the log.
    pub origin: String,
    /// The leaf's number, a decimal string; the same as the document's `index`.
    pub index: String,
    /// Hash of the leaf (RFC 6962 §2.1), 32 bytes.
    pub leaf_hash: String,
    /// Leaves of the tree that the proof is for, a decimal string.
    pub tree_size: String,
    /// Root of that tree, 32 bytes.
    pub root: String,
    /// The proof of inclusion, from the leaf up; 32 bytes each.
    pub inclusion: Vec<String>,
    /// The signed note that vouches for the tree (c2sp.org/tlog-checkpoint).
    pub checkpoint: String,
}

/// What a key hash is made of.
#[derive(Debug, ToSchema)]
pub struct KeyCommitments {
    /// Compressed point.
    pub ecvrf: String,
    /// Compressed point.
    pub ecdsa: String,
    /// SHA-256 of the ML-DSA-65 key.
    pub mldsa65_sha256: String,
    /// SHA-256 of the compressed point of the key kept for chains.
    pub ecvrf_evm_sha256: String,
}

/// A VRF proof (RFC 9381 on secp256k1).
#[derive(Debug, ToSchema)]
pub struct Vrf {
    /// Always `ECVRF-SECP256K1-SHA256-TAI`.
    pub suite: String,
    /// Compressed point.
    pub public_key: String,
    /// 81 bytes.
    pub proof: String,
    /// The proof as contracts take it, 305 bytes or more; with `format=evm` only.
    #[schema(nullable = false)]
    pub evm_proof: Option<String>,
}

/// An EIP-712 domain.
#[derive(Debug, ToSchema)]
pub struct Domain {
    /// Always `Re4ctoR`.
    pub name: String,
    /// Always `1`.
    pub version: String,
    /// A decimal string.
    #[schema(nullable = false)]
    pub chain_id: Option<String>,
    /// An address; only with a chain.
    #[schema(nullable = false)]
    pub contract: Option<String>,
}

/// The public keys of a node.
#[derive(Debug, ToSchema)]
pub struct Keys {
    /// Key hash of the epoch that signs now; null while none does, because it was revoked.
    #[schema(required)]
    pub active: Option<String>,
    /// All epochs.
    pub epochs: Vec<Epoch>,
    /// What vouches for the log's checkpoints.
    pub log: LogKeys,
}

/// The public keys of a log.
#[derive(Debug, ToSchema)]
pub struct LogKeys {
    /// Name of the log.
    pub origin: String,
    /// Its Ed25519 key and its ML-DSA-44 key, as verifier keys (c2sp.org/signed-note).
    pub keys: Vec<String>,
}

/// One key epoch.
#[derive(Debug, ToSchema)]
pub struct Epoch {
    /// First 8 bytes of the key hash.
    pub key_id: String,
    /// SHA-256 over the keys.
    pub key_hash: String,
    /// `active`, `retired`, `announced` or `revoked`.
    pub status: String,
    /// RFC 3339.
    #[schema(required)]
    pub valid_from: Option<String>,
    /// RFC 3339.
    #[schema(required)]
    pub valid_until: Option<String>,
    /// The keys, one a use.
    pub keys: Vec<Key>,
}

/// One public key.
#[derive(Debug, ToSchema)]
pub struct Key {
    /// `ecvrf`, `ecdsa`, `mldsa65` or `ecvrf-evm`.
    #[serde(rename = "use")]
    pub purpose: String,
    /// Name of the algorithm.
    pub algorithm: String,
    /// `sec1-compressed-hex` or `base64`.
    pub encoding: String,
    /// The key.
    pub public_key: String,
    /// Of the ECDSA key.
    #[schema(nullable = false)]
    pub address: Option<String>,
    /// Not in use yet.
    #[schema(nullable = false)]
    pub reserved: Option<bool>,
}

/// A draw: what was drawn, from which receipt, and the result, which follows from the two.
#[derive(Debug, ToSchema)]
pub struct Draw {
    /// Always 1.
    pub version: u32,
    /// `id` of the receipt.
    pub id: String,
    /// The order with every default written out, lists as their SHA-256; the receipt's `alpha` says
    /// the same.
    #[schema(value_type = Object, example = json!({"kind": "dice", "count": 2, "sides": 6, "label": "round 17"}))]
    pub draw: serde_json::Value,
    /// Numbers, or texts for cards, decimals and UUIDs; positions of participants count from 0.
    #[schema(schema_with = values)]
    pub result: Vec<serde_json::Value>,
    /// The participants, where they were given in the clear.
    #[schema(nullable = false)]
    pub participants: Option<Vec<String>>,
    /// The weights, where there are some.
    #[schema(nullable = false)]
    pub weights: Option<Vec<u32>>,
    /// The receipt, of `sig=dual`.
    pub receipt: Receipt,
}

/// Numbers or texts.
fn values() -> Schema {
    let each = OneOfBuilder::new()
        .item(ObjectBuilder::new().schema_type(Type::Integer))
        .item(ObjectBuilder::new().schema_type(Type::String));
    ArrayBuilder::new().items(each).into()
}
