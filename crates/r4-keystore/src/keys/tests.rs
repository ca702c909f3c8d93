//! Derivation against arithmetic done another way, and what the keys sign.

use super::*;

/// n − 1, one less than the order of secp256k1 (SEC 2 §2.4.1).
const MODULUS: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140";

fn node(byte: u8) -> NodeKeys {
    NodeKeys::derive(&RootSeed::from_bytes(Zeroizing::new([byte; 32]))).unwrap()
}

/// Reduces mod (n − 1) bit by bit, on bytes, as one would on paper; then adds 1.
fn reduce_on_paper(wide: &[u8]) -> Vec<u8> {
    let mut modulus = vec![0];
    modulus.extend(hex::decode(MODULUS).unwrap());
    let mut rest = vec![0; 33];
    for bit in wide.iter().flat_map(|byte| (0..8).rev().map(move |i| (byte >> i) & 1)) {
        let mut carry = bit;
        for byte in rest.iter_mut().rev() {
            (*byte, carry) = ((*byte << 1) | carry, *byte >> 7);
        }
        if rest >= modulus {
            subtract(&mut rest, &modulus);
        }
    }
    for byte in rest.iter_mut().rev() {
        let (sum, carry) = byte.overflowing_add(1);
        *byte = sum;
        if !carry {
            break;
        }
    }
    rest.split_off(1)
}

fn subtract(from: &mut [u8], what: &[u8]) {
    let mut borrow = false;
    for (a, b) in from.iter_mut().rev().zip(what.iter().rev()) {
        let (x, under) = a.overflowing_sub(*b);
        let (x, under_again) = x.overflowing_sub(u8::from(borrow));
        (*a, borrow) = (x, under || under_again);
    }
}

fn wide(low: &str) -> [u8; WIDE_BYTES] {
    let mut out = [0; WIDE_BYTES];
    hex::decode_to_slice(format!("{low:0>96}"), &mut out).unwrap();
    out
}

#[test]
fn the_edges_of_the_reduction() {
    let end = |last: &str| format!("{}{last}", &MODULUS[..62]);
    for (input, want) in [
        ("00".to_owned(), "01".to_owned()),
        ("01".to_owned(), "02".to_owned()),
        (end("3f"), end("40")),
        (end("40"), "01".to_owned()),
        (end("41"), "02".to_owned()),
        (end("42"), "03".to_owned()),
    ] {
        let want = wide(&want)[16..].to_vec();
        assert_eq!(reduce(&wide(&input)).to_vec(), want, "{input}");
        assert_eq!(reduce_on_paper(&wide(&input)), want, "{input} on paper");
    }
}

#[test]
fn the_reduction_agrees_with_paper() {
    let prk = Hkdf::<Sha256>::new(None, b"inputs of this test");
    for round in 0..500u32 {
        let mut input = [0; WIDE_BYTES];
        prk.expand(&round.to_be_bytes(), &mut input).unwrap();
        // Also near the top and around multiples of 2²⁵⁶, where carries hide.
        match round % 4 {
            1 => input[..16].fill(0xff),
            2 => input[16..40].fill(0xff),
            3 => input.fill(0xff - u8::try_from(round / 250).unwrap()),
            _ => {}
        }
        assert_eq!(reduce(&input).to_vec(), reduce_on_paper(&input), "{}", hex::encode(input));
    }
}

#[test]
fn keys_depend_on_the_seed_alone_and_differ_by_use() {
    let (a, again, b) = (node(1), node(1), node(2));
    assert_eq!(a.public_keys(), again.public_keys());
    let (a, b) = (a.public_keys(), b.public_keys());
    for (x, y) in [(a.ecvrf, b.ecvrf), (a.ecdsa, b.ecdsa), (a.ecvrf_evm, b.ecvrf_evm)] {
        assert_ne!(x, y);
    }
    assert_ne!(a.mldsa65, b.mldsa65);
    assert_ne!(a.ecvrf, a.ecdsa);
    assert_ne!(a.ecvrf, a.ecvrf_evm);
    assert_ne!(a.ecdsa, a.ecvrf_evm);
}

#[test]
fn what_is_signed_verifies_by_the_other_libraries() {
    let node = node(3);
    let public = node.public_keys();
    let digest = [7; 32];

    let proof = node.prove(b"alpha").unwrap();
    let key = r4_ecvrf::PublicKey::from_bytes(&public.ecvrf).unwrap();
    assert_eq!(key.verify(b"alpha", &proof), Ok(proof.beta()));
    assert!(key.verify(b"beta", &proof).is_err());

    let signature = node.sign_ecdsa(&digest).unwrap();
    assert_eq!(signature.recover(&digest).unwrap().to_bytes(), public.ecdsa);

    let message = r4_receipt::message::mldsa_message(&digest);
    let (once, again) = (node.sign_mldsa(&message).unwrap(), node.sign_mldsa(&message).unwrap());
    assert_ne!(once, again, "signing is hedged");
    let key = mldsa::PublicKey::parse(&public.mldsa65).unwrap();
    for signature in [once, again] {
        assert_eq!(key.verify(&message, &signature), Ok(()));
        assert!(key.verify(&digest, &signature).is_err());
    }
}

#[test]
fn nothing_secret_is_shown() {
    let node = node(4);
    assert_eq!(format!("{node:?}"), format!("NodeKeys({})", node.public.key_set().key_hash()));
}

/// NIST's key generation cases (FIPS 204 Algorithm 6), where `R4_VECTORS` has them.
#[test]
fn acvp_key_generation() {
    #[expect(clippy::disallowed_methods, reason = "tests take the vectors' folder from there")]
    let Some(folder) = std::env::var_os("R4_VECTORS") else {
        eprintln!("skipped: R4_VECTORS is not set");
        return;
    };
    let path = std::path::Path::new(&folder).join("ml-dsa-65-acvp.json");
    let vectors: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let tests = vectors["key_gen"]["tests"].as_array().unwrap();
    assert!(!tests.is_empty());
    for test in tests {
        let seed = hex::decode(test["seed"].as_str().unwrap()).unwrap().try_into().unwrap();
        let public = mldsa_public(&mldsa_key(&seed).unwrap()).unwrap();
        let want = test["pk"].as_str().unwrap().to_lowercase();
        assert_eq!(hex::encode(public), want, "tcId {}", test["tcId"]);
    }
}
