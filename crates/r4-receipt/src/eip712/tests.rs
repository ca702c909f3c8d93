//! The second implementation's vectors, and the example of EIP-712 itself.

use std::prelude::v1::*;

use r4_sign::Address;
use r4_sign::keccak::keccak256;
use serde_json::Value;

use super::{
    ATTESTED_TYPE, AttestedFields, Domain, DomainError, RECEIPT_TYPE, ReceiptFields,
    attested_digest, hash_struct, receipt_digest, word,
};
use crate::testing::{array, octets, own_vectors};
use crate::{KeyHash, Mode, Schemes};

fn schemes(case: &Value) -> Schemes {
    Schemes::ALL.into_iter().find(|schemes| case["schemes"] == schemes.number()).unwrap()
}

fn number(value: &Value) -> u64 {
    value.as_str().unwrap().parse().unwrap()
}

fn domains(file: &Value) -> Vec<Domain> {
    let domain = |case: &Value| {
        let chain_id = (!case["chain_id"].is_null()).then(|| number(&case["chain_id"]));
        let contract = case["contract"].as_str().map(|text| Address::parse(text).unwrap());
        let domain = Domain::new(chain_id, contract).unwrap();
        assert_eq!(domain.separator(), array(&case["separator"]));
        domain
    };
    file["domains"].as_array().unwrap().iter().map(domain).collect()
}

#[test]
fn vectors_of_our_second_implementation() {
    let file = own_vectors("eip712.json");
    assert_eq!(file["receipt_type"].as_str().unwrap().as_bytes(), RECEIPT_TYPE);
    assert_eq!(file["attested_type"].as_str().unwrap().as_bytes(), ATTESTED_TYPE);
    let domains = domains(&file);
    let domain = |case: &Value| domains[usize::try_from(case["domain"].as_u64().unwrap()).unwrap()];

    let receipts = file["receipts"].as_array().unwrap();
    for case in receipts {
        assert_eq!(keccak256(&octets(&case["alpha"])), array(&case["alpha_hash"]));
        let fields = ReceiptFields {
            key_hash: KeyHash::new(array(&case["key_hash"])),
            index: number(&case["index"]),
            alpha_hash: array(&case["alpha_hash"]),
            random: array(&case["random"]),
            timestamp: case["timestamp"].as_u64().unwrap(),
            schemes: schemes(case),
        };
        assert_eq!(receipt_digest(&fields, &domain(case)), array(&case["digest"]));
    }

    let attested = file["attested"].as_array().unwrap();
    for case in attested {
        let bytes = octets(&case["bytes"]);
        assert_eq!(keccak256(&bytes), array(&case["bytes_hash"]));
        let fields = AttestedFields {
            key_hash: KeyHash::new(array(&case["key_hash"])),
            index: number(&case["index"]),
            bytes_hash: array(&case["bytes_hash"]),
            length: u32::try_from(bytes.len()).unwrap(),
            core_hash: array(&case["core_hash"]),
            mode: if case["mode"] == 0 { Mode::Sealed } else { Mode::Fallback },
            timestamp: case["timestamp"].as_u64().unwrap(),
            schemes: schemes(case),
        };
        assert_eq!(attested_digest(&fields, &domain(case)), array(&case["digest"]));
    }
    assert_eq!((domains.len(), receipts.len(), attested.len()), (6, 18, 18));
}

/// `Mail` of EIP-712's own example: type hash and encoding are as there.
#[test]
fn example_of_the_standard() {
    let person = b"Person(string name,address wallet)";
    let wallet: [u8; 20] =
        hex::decode("cd2a3d9f938e13cd947ec05abc7fe734df8dd826").unwrap().try_into().unwrap();
    let cow = hash_struct(person, &[keccak256(b"Cow"), word(&wallet)]);
    assert_eq!(
        hex::encode(cow),
        "fc71e5fa27ff56c350aa531bc129ebdf613b772b6604664f5d8dbe21b85eb0c8"
    );
}

#[test]
fn a_contract_needs_its_chain() {
    let contract = Some(Address::new([1; 20]));
    assert_eq!(Domain::new(None, contract), Err(DomainError));
    let domain = Domain::new(Some(1), contract).unwrap();
    assert_eq!((domain.chain_id(), domain.contract()), (Some(1), contract));
}
