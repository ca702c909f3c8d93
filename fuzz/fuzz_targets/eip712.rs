//! Domains and fields taken from the input: written as a document, parsed back, and the digest
//! compared with the one of the typed data, which `typed_data.rs` computes by the EIP's own rules.
#![no_main]

mod typed_data;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;
use r4_receipt::{Document, Policy, Timestamp, verify};
use r4_sign::Address;
use r4_sign::keccak::keccak256;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

fuzz_target!(|input: &[u8]| {
    let mut input = Input(input);
    let mut written = document(&mut input);
    let typed = typed_data(&written);
    let expected = typed_data::digest(&typed);
    for name in ["id", "msg_hash"] {
        written[name] = json!(hex0x(&expected));
    }
    let parsed = Document::parse(written.to_string().as_bytes()).expect("the form is right");
    let key_hash = parsed.envelope().keys.key_hash();
    assert_eq!(key_hash.to_string(), typed["message"]["keyHash"].as_str().unwrap());
    assert_eq!(parsed.digest(key_hash, parsed.envelope().schemes()), expected);
    let report = verify(&parsed, &Policy::default());
    assert!(!["digest", "schemes"].contains(&report.failed().unwrap_or_default()));
    assert_eq!(Document::parse(parsed.to_json().as_bytes()), Ok(parsed));
});

/// The input, which goes on with zeros.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut taken = [0; N];
        let (now, later) = self.0.split_at(self.0.len().min(N));
        taken[..now.len()].copy_from_slice(now);
        self.0 = later;
        taken
    }

    fn number(&mut self) -> u64 {
        u64::from_be_bytes(self.take())
    }

    fn choose<T: Copy>(&mut self, among: &[T]) -> T {
        let [octet] = self.take();
        among[usize::from(octet) % among.len()]
    }

    /// What is left, or as much as may be; filled up with zeros to what must be.
    fn rest(&mut self, least: usize, most: usize) -> Vec<u8> {
        let mut rest = self.0[..self.0.len().min(most)].to_vec();
        rest.resize(rest.len().max(least), 0);
        rest
    }
}

/// Writes a document of the input's fields. Its signatures have a form, and nothing more.
fn document(input: &mut Input<'_>) -> Value {
    const LAST: u64 = 253_402_300_799;
    let keys = [input.take::<33>(), input.take()];
    let hashes = [input.take::<32>(), input.take()];
    let timestamp = Timestamp::from_unix(input.number() % (LAST + 1)).expect("within the years");
    let mut written = json!({
        "version": 1, "hash_alg": "keccak256", "verified": true,
        "index": input.number().to_string(), "timestamp": timestamp.to_string(),
        "keys": {
            "ecvrf": hex0x(&keys[0]), "ecdsa": hex0x(&keys[1]),
            "mldsa65_sha256": hex0x(&hashes[0]), "ecvrf_evm_sha256": hex0x(&hashes[1]),
        },
        "domain": domain(input),
    });
    let [k0, k1] = keys.map(|key| <[u8; 32]>::from(Sha256::digest(key)));
    let key_hash = Sha256::digest([b"r4/keys/v1\0", &k0[..], &k1, &hashes[0], &hashes[1]].concat());
    written["key_hash"] = json!(hex0x(&key_hash));
    written["key_id"] = json!(hex0x(&key_hash[..8]));
    let signatures = input.choose(&[1, 2, 3]);
    let rest = if input.choose(&[true, false]) { receipt(input) } else { attestation(input) };
    for (name, value) in [sign(signatures), rest].iter().flat_map(|v| v.as_object().unwrap()) {
        written[name] = value.clone();
    }
    written
}

fn domain(input: &mut Input<'_>) -> Value {
    let mut domain = json!({"name": "Re4ctoR", "version": "1"});
    let kind = input.choose(&[0, 1, 2]);
    if kind > 0 {
        domain["chain_id"] = json!(input.number().to_string());
    }
    if kind > 1 {
        domain["contract"] = json!(Address::new(input.take()).to_string());
    }
    domain
}

fn receipt(input: &mut Input<'_>) -> Value {
    json!({
        "random": hex0x(&input.take::<32>()),
        "vrf": {
            "suite": "ECVRF-SECP256K1-SHA256-TAI", "public_key": hex0x(&[2; 33]), "proof": hex0x(&[2; 81]),
        },
        "alpha_source": input.choose(&["client", "index"]),
        "alpha": hex0x(&input.rest(1, 1024)),
    })
}

fn attestation(input: &mut Input<'_>) -> Value {
    let (core, mode) = (input.take::<32>(), input.choose(&["sealed", "fallback"]));
    let bytes = input.rest(16, 1000);
    json!({
        "unique": false, "core_sha256": hex0x(&core), "mode": mode, "n": bytes.len(),
        "bytes": hex0x(&bytes),
    })
}

/// The fields of signatures that could be.
fn sign(signatures: u8) -> Value {
    let mut fields = json!({"signature_type": "ECDSA(secp256k1) + ML-DSA-65"});
    if signatures != 2 {
        fields["v"] = json!(27);
        fields["r"] = json!(hex0x(&[1; 32]));
        fields["s"] = json!(hex0x(&[1; 32]));
        fields["signer_addr"] = json!(Address::new([1; 20]).to_string());
    }
    if signatures == 1 {
        fields["signature_type"] = json!("ECDSA(secp256k1)");
        fields["signature"] = json!(STANDARD.encode([1; 65]));
        fields["public_key"] = json!(STANDARD.encode([2; 33]));
        return fields;
    }
    if signatures == 2 {
        fields["signature_type"] = json!("ML-DSA-65");
    }
    fields["pq_scheme"] = json!("ML-DSA-65");
    fields["signature"] = json!(STANDARD.encode([1; 3309]));
    fields["public_key"] = json!(STANDARD.encode([2; 1952]));
    fields
}

/// Says the same as a document in the JSON of typed data.
fn typed_data(written: &Value) -> Value {
    let member = |name: &str, kind: &str| json!({"name": name, "type": kind});
    let mut domain = json!({"name": "Re4ctoR", "version": "1"});
    let mut domain_type = vec![member("name", "string"), member("version", "string")];
    for (field, name, kind) in
        [("chain_id", "chainId", "uint256"), ("contract", "verifyingContract", "address")]
    {
        if let Some(value) = written["domain"].get(field) {
            domain[name] = value.clone();
            domain_type.push(member(name, kind));
        }
    }
    let schemes = match written["signature_type"].as_str() {
        Some("ECDSA(secp256k1)") => "1",
        Some("ML-DSA-65") => "2",
        _ => "3",
    };
    let timestamp = Timestamp::parse(written["timestamp"].as_str().unwrap()).unwrap();
    let mut message = json!({
        "keyHash": written["key_hash"], "index": written["index"],
        "timestamp": timestamp.unix().to_string(), "schemes": schemes,
    });
    let hash = |field: &str| {
        let digits = written[field].as_str().unwrap();
        hex0x(&keccak256(&hex::decode(&digits[2..]).unwrap()))
    };
    let (primary, members) = if written.get("unique").is_some() {
        message["bytesHash"] = json!(hash("bytes"));
        message["length"] = json!(written["n"].to_string());
        message["coreHash"] = written["core_sha256"].clone();
        message["mode"] = json!(if written["mode"] == "sealed" { "0" } else { "1" });
        ("R4Attested", ATTESTED)
    } else {
        message["alphaHash"] = json!(hash("alpha"));
        message["random"] = written["random"].clone();
        ("R4Receipt", RECEIPT)
    };
    let members: Vec<Value> = members.iter().map(|(kind, name)| member(name, kind)).collect();
    json!({
        "types": {"EIP712Domain": domain_type, primary: members},
        "primaryType": primary, "domain": domain, "message": message,
    })
}

const RECEIPT: &[(&str, &str)] = &[
    ("bytes32", "keyHash"),
    ("uint64", "index"),
    ("bytes32", "alphaHash"),
    ("bytes32", "random"),
    ("uint64", "timestamp"),
    ("uint8", "schemes"),
];

const ATTESTED: &[(&str, &str)] = &[
    ("bytes32", "keyHash"),
    ("uint64", "index"),
    ("bytes32", "bytesHash"),
    ("uint32", "length"),
    ("bytes32", "coreHash"),
    ("uint8", "mode"),
    ("uint64", "timestamp"),
    ("uint8", "schemes"),
];

fn hex0x(octets: &[u8]) -> String {
    format!("0x{}", hex::encode(octets))
}
