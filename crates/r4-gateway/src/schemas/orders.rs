//! What can be asked, as `/openapi.json` describes it. It is read elsewhere; these types only
//! describe.

use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};

use super::{Attestation, Receipt};

/// What to draw, by `kind`. docs/draws.md has the exact rules.
#[derive(Debug, ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum DrawOrder {
    /// Whole numbers from `min` to `max`, each as likely as any other.
    Integers {
        /// How many.
        #[schema(minimum = 1, maximum = 10_000)]
        count: u32,
        /// The least.
        #[schema(minimum = -9_007_199_254_740_991_i64, maximum = 9_007_199_254_740_991_i64)]
        min: i64,
        /// The most; not less than `min`.
        #[schema(minimum = -9_007_199_254_740_991_i64, maximum = 9_007_199_254_740_991_i64)]
        max: i64,
        /// Whether no number may come twice; false unless given.
        #[schema(nullable = false)]
        unique: Option<bool>,
        /// What this draw is for; see `label` of all kinds.
        #[schema(
            nullable = false,
            min_length = 1,
            max_length = 128,
            pattern = "^[!-~]([ -~]*[!-~])?$"
        )]
        label: Option<String>,
    },
    /// All of `n` participants in a random order.
    Shuffle {
        /// How many participants; may be left out with `participants`.
        #[schema(nullable = false, minimum = 1, maximum = 10_000)]
        n: Option<u32>,
        /// The participants, which become public.
        #[schema(nullable = false, min_items = 1, max_items = 10_000)]
        participants: Option<Vec<String>>,
        /// SHA-256 of the participants, one a line, instead of the list.
        #[schema(nullable = false, pattern = "^0x[0-9a-f]{64}$")]
        participants_sha256: Option<String>,
        /// What this draw is for; see `label` of all kinds.
        #[schema(
            nullable = false,
            min_length = 1,
            max_length = 128,
            pattern = "^[!-~]([ -~]*[!-~])?$"
        )]
        label: Option<String>,
    },
    /// `k` of `n` participants, the first prize first.
    Winners {
        /// How many winners.
        #[schema(minimum = 1, maximum = 10_000)]
        k: u32,
        /// How many participants; may be left out with `participants`.
        #[schema(nullable = false, minimum = 1, maximum = 10_000)]
        n: Option<u32>,
        /// The participants, which become public.
        #[schema(nullable = false, min_items = 1, max_items = 10_000)]
        participants: Option<Vec<String>>,
        /// SHA-256 of the participants, one a line, instead of the list.
        #[schema(nullable = false, pattern = "^0x[0-9a-f]{64}$")]
        participants_sha256: Option<String>,
        /// The weight of each participant, which becomes public; all the same unless given.
        #[schema(nullable = false, min_items = 1, max_items = 10_000)]
        weights: Option<Vec<u32>>,
        /// What this draw is for; see `label` of all kinds.
        #[schema(
            nullable = false,
            min_length = 1,
            max_length = 128,
            pattern = "^[!-~]([ -~]*[!-~])?$"
        )]
        label: Option<String>,
    },
    /// Dice.
    Dice {
        /// How many.
        #[schema(minimum = 1, maximum = 10_000)]
        count: u32,
        /// Sides of each; 6 unless given.
        #[schema(nullable = false, minimum = 2, maximum = 1000)]
        sides: Option<u32>,
        /// What this draw is for; see `label` of all kinds.
        #[schema(
            nullable = false,
            min_length = 1,
            max_length = 128,
            pattern = "^[!-~]([ -~]*[!-~])?$"
        )]
        label: Option<String>,
    },
    /// Playing cards from shuffled decks of 52.
    Cards {
        /// How many, of all decks' cards.
        #[schema(minimum = 1, maximum = 416)]
        count: u32,
        /// How many decks; 1 unless given.
        #[schema(nullable = false, minimum = 1, maximum = 8)]
        decks: Option<u32>,
        /// What this draw is for; see `label` of all kinds.
        #[schema(
            nullable = false,
            min_length = 1,
            max_length = 128,
            pattern = "^[!-~]([ -~]*[!-~])?$"
        )]
        label: Option<String>,
    },
    /// Decimal fractions from 0 up to, not with, 1.
    Decimals {
        /// How many.
        #[schema(minimum = 1, maximum = 10_000)]
        count: u32,
        /// Digits after the point; 6 unless given.
        #[schema(nullable = false, minimum = 1, maximum = 15)]
        digits: Option<u32>,
        /// What this draw is for; see `label` of all kinds.
        #[schema(
            nullable = false,
            min_length = 1,
            max_length = 128,
            pattern = "^[!-~]([ -~]*[!-~])?$"
        )]
        label: Option<String>,
    },
    /// UUIDs of version 4 (RFC 9562). They are public: no secrets.
    Uuids {
        /// How many.
        #[schema(minimum = 1, maximum = 10_000)]
        count: u32,
        /// What this draw is for: 1 to 128 printable ASCII characters. The same order with the same
        /// label gives the same result; without a label the node puts a fresh nonce in.
        #[schema(
            nullable = false,
            min_length = 1,
            max_length = 128,
            pattern = "^[!-~]([ -~]*[!-~])?$"
        )]
        label: Option<String>,
    },
}

/// Forms of random bytes.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum RandomFormat {
    /// The bytes.
    Raw,
    /// Lowercase hex.
    Hex,
    /// Base64 with padding.
    Base64,
    /// An object with the bytes in hex.
    Json,
    /// A list of unsigned 32-bit words.
    U32,
}

/// The signatures of a receipt.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum Sig {
    /// ECDSA on secp256k1.
    Ecdsa,
    /// ML-DSA-65.
    Dilithium,
    /// ML-DSA-65.
    MlDsa65,
    /// ML-DSA-65.
    #[schema(rename = "ml-dsa-65")]
    MlDsa65WithDashes,
    /// Both.
    Dual,
}

/// Forms of a new receipt.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "kebab-case")]
pub enum ReceiptForm {
    /// JSON.
    Json,
    /// JSON with the proof and the call as contracts take them.
    Evm,
    /// The proof of inclusion as a file with the receipt in it.
    TlogProof,
}

/// Forms of a receipt that is given out again.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "kebab-case")]
pub enum KeptForm {
    /// JSON.
    Json,
    /// The proof of inclusion as a file with the receipt in it.
    TlogProof,
}

/// Body of `POST /v1/vrf`; every field may be left out.
#[derive(Debug, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VrfOrder {
    /// The signatures; `dual`, which is both, unless given.
    #[schema(value_type = Sig, required = false, example = "dual")]
    pub sig: Option<String>,
    /// Input of the VRF: 1 to 1024 bytes in hex, `0x` optional. Without it, the receipt's index.
    #[schema(
        example = "0x68656c6c6f",
        nullable = false,
        pattern = "^(0x)?([0-9a-fA-F]{2}){1,1024}$"
    )]
    pub alpha: Option<String>,
    /// Chain that the signatures are bound to.
    #[schema(schema_with = chain_id, required = false)]
    pub chain_id: Option<String>,
    /// Contract that the signatures are bound to; needs `chain_id`.
    #[schema(nullable = false, pattern = "^0x[0-9a-fA-F]{40}$")]
    pub contract: Option<String>,
    /// The form of the receipt; `json` unless given.
    #[schema(value_type = ReceiptForm, required = false, example = "evm")]
    pub format: Option<String>,
}

/// The id of a chain: decimal digits, or a number where JSON can say it exactly.
fn chain_id() -> Schema {
    let digits = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[1-9][0-9]{0,19}$"));
    let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
    OneOfBuilder::new().item(digits).item(number).into()
}

/// What can be checked.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
pub enum Verifiable {
    /// A receipt.
    Receipt(Box<Receipt>),
    /// Attested bytes.
    Attestation(Box<Attestation>),
    /// An ECDSA signature by itself.
    Signature(SignatureClaim),
}

/// An ECDSA signature by itself, and who is said to have made it.
#[derive(Debug, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignatureClaim {
    /// What was signed, 32 bytes.
    #[schema(pattern = "^(0x)?[0-9a-fA-F]{64}$")]
    pub msg_hash: String,
    /// 32 bytes.
    #[schema(pattern = "^(0x)?[0-9a-fA-F]{64}$")]
    pub r: String,
    /// 32 bytes.
    #[schema(pattern = "^(0x)?[0-9a-fA-F]{64}$")]
    pub s: String,
    /// 27 or 28.
    pub v: u8,
    /// Address of the signer.
    #[schema(pattern = "^0x[0-9a-fA-F]{40}$")]
    pub expected_signer: String,
}
