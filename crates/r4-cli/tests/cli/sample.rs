//! Receipts to check, made as a node makes them.

use r4_keystore::keys::NodeKeys;
use r4_keystore::seed::RootSeed;
use r4_receipt::alpha::index_alpha;
use r4_receipt::message::mldsa_message;
use r4_receipt::{
    AlphaSource, Domain, Head, KeysDocument, Mode, Schemes, Unsigned, UnsignedAttestation,
};
use zeroize::Zeroizing;

const TIMESTAMP: u64 = 1_787_315_696;

/// The keys of a node; another `seed`, another node.
pub(crate) fn node(seed: u8) -> NodeKeys {
    NodeKeys::derive(&RootSeed::from_bytes(Zeroizing::new([seed; 32]))).unwrap()
}

pub(crate) fn keys_json(node: &NodeKeys) -> String {
    KeysDocument::of_active(node.public_keys(), None).to_json()
}

pub(crate) fn key_hash(node: &NodeKeys) -> String {
    node.public_keys().key_set().key_hash().to_string()
}

pub(crate) fn signer(node: &NodeKeys) -> String {
    let key = r4_sign::ecdsa::VerifyingKey::from_bytes(&node.public_keys().ecdsa).unwrap();
    key.address().to_string()
}

/// A receipt whose alpha is the index's.
pub(crate) fn receipt(node: &NodeKeys, schemes: Schemes) -> String {
    let alpha = index_alpha(&node.public_keys().key_set().key_hash(), 7);
    vrf(node, schemes, alpha, AlphaSource::Index)
}

/// A receipt for the alpha of a client.
pub(crate) fn client_receipt(node: &NodeKeys, alpha: &[u8]) -> String {
    vrf(node, Schemes::Dual, alpha.to_vec(), AlphaSource::Client)
}

fn vrf(node: &NodeKeys, schemes: Schemes, alpha: Vec<u8>, alpha_source: AlphaSource) -> String {
    let proof = node.prove(&alpha).unwrap();
    let head = head(node, 7, Domain::default(), schemes);
    let unsigned = Unsigned { head, alpha, alpha_source, proof };
    let digest = unsigned.digest();
    let (ecdsa, mldsa) = sign(node, schemes, &digest);
    unsigned.signed(ecdsa, mldsa).unwrap().to_json()
}

/// An attestation of 32 bytes, for a contract on chain 1.
pub(crate) fn attestation(node: &NodeKeys) -> String {
    let contract = r4_sign::Address::new([0x11; 20]);
    let domain = Domain::new(Some(1), Some(contract)).unwrap();
    let unsigned = UnsignedAttestation {
        head: head(node, 8, domain, Schemes::Dual),
        bytes: vec![0xab; 32],
        core_sha256: [0xcd; 32],
        mode: Mode::Sealed,
    };
    let digest = unsigned.digest();
    let (ecdsa, mldsa) = sign(node, Schemes::Dual, &digest);
    unsigned.signed(ecdsa, mldsa).unwrap().to_json()
}

fn head(node: &NodeKeys, index: u64, domain: Domain, schemes: Schemes) -> Head<'_> {
    Head { keys: node.public_keys(), index, timestamp: TIMESTAMP, domain, schemes }
}

fn sign(
    node: &NodeKeys,
    schemes: Schemes,
    digest: &[u8; 32],
) -> (Option<r4_sign::ecdsa::Signature>, Option<Vec<u8>>) {
    let ecdsa = schemes.has_ecdsa().then(|| node.sign_ecdsa(digest).unwrap());
    let mldsa = schemes.has_mldsa().then(|| node.sign_mldsa(&mldsa_message(digest)).unwrap());
    (ecdsa, mldsa)
}

/// Changes the last hexadecimal digit of a top-level field.
pub(crate) fn flip(receipt: &str, field: &str) -> String {
    let mut value: serde_json::Value = serde_json::from_str(receipt).unwrap();
    let mut text = value[field].as_str().unwrap().to_owned();
    let last = text.pop().unwrap();
    text.push(if last == '0' { '1' } else { '0' });
    value[field] = text.into();
    value.to_string()
}
