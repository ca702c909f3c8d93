//! EIP-712 read from its text alone: `encodeType` and `encodeData` for any flat structure of atomic
//! types, from the JSON that wallets are given. Shares nothing with r4-receipt but Keccak-256.

use r4_sign::keccak::keccak256;
use serde_json::Value;

/// Computes `keccak256(0x1901 ‖ domainSeparator ‖ hashStruct(message))` of the typed data.
pub fn digest(data: &Value) -> [u8; 32] {
    let primary = data["primaryType"].as_str().expect("a primary type");
    let separator = hash_struct(data, "EIP712Domain", &data["domain"]);
    let message = hash_struct(data, primary, &data["message"]);
    keccak256(&[&[0x19, 0x01][..], &separator, &message].concat())
}

fn hash_struct(data: &Value, name: &str, value: &Value) -> [u8; 32] {
    let members: Vec<(&str, &str)> = data["types"][name]
        .as_array()
        .expect("a type")
        .iter()
        .map(|member| (text(&member["name"]), text(&member["type"])))
        .collect();
    let list: Vec<String> = members.iter().map(|(name, kind)| format!("{kind} {name}")).collect();
    let mut encoded = keccak256(format!("{name}({})", list.join(",")).as_bytes()).to_vec();
    for (name, kind) in members {
        encoded.extend(encode(kind, text(&value[name])));
    }
    keccak256(&encoded)
}

/// `encodeData` of a member, whose value is a text.
fn encode(kind: &str, value: &str) -> [u8; 32] {
    match kind {
        "string" => keccak256(value.as_bytes()),
        "bytes32" => octets(value).try_into().expect("32 octets"),
        "address" => padded(&octets(value)),
        _ => {
            let bits: u32 = kind.strip_prefix("uint").expect("a number").parse().expect("its size");
            let number: u128 = value.parse().expect("a decimal number");
            assert!(bits >= 128 || number >> bits == 0, "{value} is no {kind}");
            padded(&number.to_be_bytes())
        }
    }
}

fn padded(octets: &[u8]) -> [u8; 32] {
    let mut word = [0; 32];
    word[32 - octets.len()..].copy_from_slice(octets);
    word
}

fn octets(value: &str) -> Vec<u8> {
    hex::decode(value.strip_prefix("0x").expect("0x")).expect("hexadecimal digits")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}
