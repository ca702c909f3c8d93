//! The examples of the description: what a node has answered, and what one may ask.

use serde_json::Value;

/// One example.
pub(super) struct Example {
    /// Its name in the description.
    pub(super) name: &'static str,
    /// What it shows.
    pub(super) summary: &'static str,
    text: &'static str,
    form: Form,
}

enum Form {
    Json,
    Text,
}

impl Example {
    /// Returns its value: parsed JSON, or text.
    pub(super) fn value(&self) -> Value {
        match self.form {
            Form::Json => serde_json::from_str(self.text).unwrap_or_default(),
            Form::Text => Value::from(self.text),
        }
    }
}

/// Makes [`ALL`] of the files in `assets/examples`.
macro_rules! examples {
    (json [$($json:ident $json_summary:literal)*] text [$($text:ident $text_summary:literal)*]) => {
        /// Every example.
        pub(super) const ALL: &[Example] = &[
            $(Example {
                name: stringify!($json),
                summary: $json_summary,
                text: include_str!(concat!("../../assets/examples/", stringify!($json), ".json")),
                form: Form::Json,
            },)*
            $(Example {
                name: stringify!($text),
                summary: $text_summary,
                text: include_str!(concat!("../../assets/examples/", stringify!($text), ".txt")),
                form: Form::Text,
            },)*
        ];
    };
}

examples! {
    json [
    attestation "16 attested bytes"
    cards_order "A poker hand from one deck"
    consistency "From one leaf to three"
    decimals_order "Three fractions of six digits"
    dice_order "Two dice, for a purpose announced beforehand"
    draw "Two winners of five"
    entries "The log's first two entries"
    entropy "A sealed core whose noise sources pass their tests"
    health "Everything is there"
    integers_order "Six different numbers from 1 to 49"
    keys "One epoch"
    limits "With a key"
    meta "This version"
    openapi "The beginning"
    postman "The beginning"
    private_order "Two winners of a list that stays private: its SHA-256, one entry a line"
    random_json "`fmt=json`"
    random_words "`fmt=u32`"
    receipt "With both signatures"
    shuffle_order "Ten positions in a random order"
    signature "An ECDSA signature by itself"
    status "Two spans of five minutes"
    usage "A key with a quota of a month"
    uuids_order "One UUID"
    verify_answer "A receipt of this node"
    vrf_order "For an input of one's own"
    vrf_order_by_index "Nothing given: both signatures, the index as input"
    vrf_order_for_contract "For a contract"
    weighted_order "One winner, by weights"
    winners_order "Two winners of a public list"
    ]
    text [
    checkpoint "Five leaves, signed with Ed25519 and ML-DSA-44"
    llms "The beginning"
    page "The beginning"
    random_base64 "`fmt=base64`"
    random_hex "`fmt=hex`"
    receipt_file "`format=tlog-proof`"
    ]
}
