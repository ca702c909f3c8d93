//! Receipts checked with other people's libraries and nothing of ours: EIP-712 by alloy, ECDSA by
//! `libsecp256k1`, ML-DSA-65 by `RustCrypto` and by AWS-LC, the VRF by `libsecp256k1`'s point arithmetic.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{Eip712Domain, SolStruct as _, sol};
use aws_lc_rs::signature::{ML_DSA_65, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};
use secp256k1::{Message, PublicKey, Scalar};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::evm::abi::R4Receipt;
use crate::harness::target::Target;

sol! {
    struct R4Attested {
        bytes32 keyHash;
        uint64 index;
        bytes32 bytesHash;
        uint32 length;
        bytes32 coreHash;
        uint8 mode;
        uint64 timestamp;
        uint8 schemes;
    }
}

const CONTRACT: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

/// A receipt's JSON, read without our parser.
pub(crate) struct Read(pub(crate) Value);

impl Read {
    fn text(&self, field: &str) -> &str {
        self.0
            .pointer(field)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("{field}: {}", self.0))
    }

    pub(crate) fn bytes(&self, field: &str) -> Vec<u8> {
        hex::decode(self.text(field).strip_prefix("0x").unwrap()).unwrap()
    }

    pub(crate) fn word(&self, field: &str) -> B256 {
        B256::from_slice(&self.bytes(field))
    }

    fn base64(&self, field: &str) -> Vec<u8> {
        STANDARD.decode(self.text(field)).unwrap()
    }

    fn index(&self) -> u64 {
        self.text("/index").parse().unwrap()
    }

    pub(crate) fn timestamp(&self) -> u64 {
        let time = OffsetDateTime::parse(self.text("/timestamp"), &Rfc3339).unwrap();
        u64::try_from(time.unix_timestamp()).unwrap()
    }

    fn schemes(&self) -> u8 {
        u8::from(self.0.get("r").is_some()) + 2 * u8::from(self.0.get("pq_scheme").is_some())
    }

    fn domain(&self) -> Eip712Domain {
        let field = |name: &str| self.0["domain"].get(name).and_then(Value::as_str);
        Eip712Domain::new(
            Some("Re4ctoR".into()),
            Some("1".into()),
            field("chain_id").map(|id| U256::from_str_radix(id, 10).unwrap()),
            field("contract").map(|at| Address::parse_checksummed(at, None).unwrap()),
            None,
        )
    }

    /// Computes the digest with alloy.
    fn digest(&self) -> B256 {
        let key_hash = self.key_hash();
        if self.0.get("unique").is_some() {
            let bytes = self.bytes("/bytes");
            let attested = R4Attested {
                keyHash: key_hash,
                index: self.index(),
                bytesHash: keccak256(&bytes),
                length: u32::try_from(bytes.len()).unwrap(),
                coreHash: self.word("/core_sha256"),
                mode: u8::from(self.text("/mode") == "fallback"),
                timestamp: self.timestamp(),
                schemes: self.schemes(),
            };
            return attested.eip712_signing_hash(&self.domain());
        }
        self.receipt(key_hash).eip712_signing_hash(&self.domain())
    }

    /// Returns the structure that is signed, under a key hash.
    pub(crate) fn receipt(&self, key_hash: B256) -> R4Receipt {
        R4Receipt {
            keyHash: key_hash,
            index: self.index(),
            alphaHash: keccak256(self.bytes("/alpha")),
            random: self.word("/random"),
            timestamp: self.timestamp(),
            schemes: self.schemes(),
        }
    }

    /// Computes the key hash from the parts (design §4).
    fn key_hash(&self) -> B256 {
        let mut hash = Sha256::new();
        hash.update(b"r4/keys/v1\0");
        hash.update(Sha256::digest(self.bytes("/keys/ecvrf")));
        hash.update(Sha256::digest(self.bytes("/keys/ecdsa")));
        hash.update(self.bytes("/keys/mldsa65_sha256"));
        hash.update(self.bytes("/keys/ecvrf_evm_sha256"));
        B256::from_slice(&hash.finalize())
    }
}

fn documents() -> Vec<Read> {
    let node = Target::get();
    let queries = [
        "vrf?sig=dual".to_owned(),
        "vrf?sig=ecdsa&alpha=68656c6c6f".to_owned(),
        "vrf?sig=mldsa65&alpha=00".to_owned(),
        "vrf?sig=dual&chain_id=11155111".to_owned(),
        format!("vrf?sig=dual&alpha=ff&chain_id=1&contract={CONTRACT}"),
        "random_dual?n=16".to_owned(),
        "random_dual?n=1000".to_owned(),
    ];
    let ask = |query: &String| Read(node.get_keyed(&format!("/v1/{query}")).expect(200).json());
    queries.iter().map(ask).collect()
}

#[test]
fn alloy_computes_the_same_digest() {
    for document in documents() {
        assert_eq!(document.key_hash(), document.word("/key_hash"));
        assert_eq!(document.word("/key_hash")[..8], document.bytes("/key_id"));
        assert_eq!(document.digest(), document.word("/msg_hash"), "{}", document.0);
        assert_eq!(document.digest(), document.word("/id"));
    }
}

#[test]
fn libsecp256k1_recovers_the_signer() {
    let mut checked = 0;
    for document in documents().iter().filter(|d| d.schemes() & 1 == 1) {
        let compact = [document.bytes("/r"), document.bytes("/s")].concat();
        let v = i32::try_from(document.0["v"].as_u64().unwrap()).unwrap();
        let recovery = RecoveryId::try_from(v - 27).unwrap();
        let signature = RecoverableSignature::from_compact(&compact, recovery).unwrap();
        let message = Message::from_digest(document.digest().0);
        let key = signature.recover(message).unwrap();
        assert_eq!(key.serialize()[..], document.bytes("/keys/ecdsa"));
        let address = Address::from_slice(&keccak256(&key.serialize_uncompressed()[1..])[12..]);
        assert_eq!(address.to_checksum(None), document.text("/signer_addr"));
        // libsecp256k1 accepts low s alone.
        let standard = signature.to_standard();
        key.verify(message, &standard).unwrap();
        if document.schemes() == 1 {
            let pair = document.base64("/signature");
            assert_eq!((&pair[..64], i32::from(pair[64])), (&compact[..], v));
            assert_eq!(document.base64("/public_key"), document.bytes("/keys/ecdsa"));
        }
        checked += 1;
    }
    assert_eq!(checked, 6);
}

#[test]
fn two_more_libraries_accept_the_ml_dsa_signature() {
    let mut checked = 0;
    for document in documents().iter().filter(|d| d.schemes() & 2 == 2) {
        let (key, signature) = (document.base64("/public_key"), document.base64("/signature"));
        assert_eq!((key.len(), signature.len()), (1952, 3309));
        assert_eq!(Sha256::digest(&key)[..], document.bytes("/keys/mldsa65_sha256"));
        let message = [b"r4/receipt/v1\0".as_slice(), &document.digest()[..]].concat();
        let mut other = message.clone();
        *other.last_mut().unwrap() ^= 1;

        UnparsedPublicKey::new(&ML_DSA_65, &key).verify(&message, &signature).unwrap();
        UnparsedPublicKey::new(&ML_DSA_65, &key).verify(&other, &signature).unwrap_err();

        let encoded = ml_dsa::EncodedVerifyingKey::<ml_dsa::MlDsa65>::try_from(&key[..]).unwrap();
        let rustcrypto = ml_dsa::VerifyingKey::<ml_dsa::MlDsa65>::decode(&encoded);
        let parsed = ml_dsa::Signature::try_from(&signature[..]).unwrap();
        assert!(rustcrypto.verify_with_context(&message, b"", &parsed));
        assert!(!rustcrypto.verify_with_context(&other, b"", &parsed));
        assert!(!rustcrypto.verify_with_context(&message, b"x", &parsed));
        checked += 1;
    }
    assert_eq!(checked, 6);
}

#[test]
fn the_vrf_verifies_by_the_text_of_the_rfc() {
    let mut checked = 0;
    for document in documents().iter().filter(|d| d.0.get("vrf").is_some()) {
        let (key, alpha) = (document.bytes("/vrf/public_key"), document.bytes("/alpha"));
        let proof = document.bytes("/vrf/proof");
        assert_eq!(key, document.bytes("/keys/ecvrf"));
        assert_eq!(beta(&key, &alpha, &proof), Some(document.word("/random")));
        let other = [alpha.as_slice(), b"x"].concat();
        assert_eq!(beta(&key, &other, &proof), None, "another input");
        checked += 1;
    }
    assert_eq!(checked, 5);
}

/// Verifies a proof of ECVRF-SECP256K1-SHA256-TAI (RFC 9381 §5.3) and returns beta.
fn beta(key: &[u8], alpha: &[u8], proof: &[u8]) -> Option<B256> {
    const SUITE: u8 = 0xfe;
    let sha256 = |parts: &[&[u8]]| -> [u8; 32] { Sha256::digest(parts.concat()).into() };
    let (gamma, challenge, response) = (&proof[..33], &proof[33..49], &proof[49..81]);
    let mut wide = [0; 32];
    wide[16..].copy_from_slice(challenge);
    let (c, s) =
        (Scalar::from_be_bytes(wide).ok()?, Scalar::from_be_bytes(response.try_into().ok()?).ok()?);
    // Try and increment (§5.4.1.1).
    let hashed = (0..=255_u8).find_map(|counter| {
        let hash = sha256(&[&[SUITE, 1], key, alpha, &[counter, 0]]);
        PublicKey::from_slice(&[&[2], &hash[..]].concat()).ok()
    })?;
    let (key, gamma_point) = (PublicKey::from_slice(key).ok()?, PublicKey::from_slice(gamma).ok()?);
    let generator = PublicKey::from_slice(&hex::decode(GENERATOR).ok()?).ok()?;
    let times = |point: PublicKey, scalar: &Scalar| point.mul_tweak(scalar).ok();
    let u = times(generator, &s)?.combine(&times(key, &c)?.negate()).ok()?;
    let v = times(hashed, &s)?.combine(&times(gamma_point, &c)?.negate()).ok()?;
    let points = [key, hashed, gamma_point, u, v].map(|point| point.serialize());
    let recomputed = sha256(&[&[SUITE, 2], points.as_flattened(), &[0]]);
    (recomputed[..16] == *challenge).then(|| B256::from(sha256(&[&[SUITE, 3], gamma, &[0]])))
}

/// The generator of secp256k1, compressed (SEC 2 §2.4.1).
const GENERATOR: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
