//! Signatures of another implementation (aws-lc), lengths and tampering.

use std::prelude::v1::*;

use aws_lc_rs::signature::{KeyPair as _, ML_DSA_44_SIGNING, PqdsaKeyPair};

use super::{KeyError, PUBLIC_KEY_BYTES, PublicKey, SIGNATURE_BYTES, VerifyError};

fn signed(message: &[u8]) -> (PublicKey, Vec<u8>) {
    let secret = PqdsaKeyPair::from_seed(&ML_DSA_44_SIGNING, &[4; 32]).unwrap();
    let mut signature = vec![0; SIGNATURE_BYTES];
    assert_eq!(secret.sign(message, &mut signature).unwrap(), SIGNATURE_BYTES);
    (PublicKey::parse(secret.public_key().as_ref()).unwrap(), signature)
}

#[test]
fn lengths() {
    let (key, signature) = signed(b"message");
    assert_eq!((PUBLIC_KEY_BYTES, SIGNATURE_BYTES), (1312, 2420));
    for wrong in [0, PUBLIC_KEY_BYTES - 1, PUBLIC_KEY_BYTES + 1] {
        let error = PublicKey::parse(&vec![0; wrong]).err();
        assert_eq!(error, Some(KeyError::Length { got: wrong }));
    }
    let long = [&signature[..], &[0]].concat();
    for wrong in [&[][..], &signature[1..], &long] {
        let error = VerifyError::Length { got: wrong.len() };
        assert_eq!(key.verify(b"message", wrong), Err(error));
    }
    assert_eq!(
        VerifyError::Length { got: 1 }.to_string(),
        "an ML-DSA-44 signature has 2420 bytes, not 1"
    );
}

#[test]
fn signatures_of_another_implementation() {
    for message in [&b""[..], b"message", &[0xff; 5000]] {
        let (key, signature) = signed(message);
        key.verify(message, &signature).unwrap();
        assert_eq!(key.verify(b"massage", &signature), Err(VerifyError::Refused));
    }
}

#[test]
fn tampering_is_refused() {
    let (key, good) = signed(b"message");
    // every 37th octet, and each one of the hint's encoding at the end
    for at in (0..SIGNATURE_BYTES).step_by(37).chain(SIGNATURE_BYTES - 84..SIGNATURE_BYTES) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        assert_eq!(key.verify(b"message", &bad), Err(VerifyError::Refused), "octet {at}");
    }
    for at in [0, 31, 32, PUBLIC_KEY_BYTES - 1] {
        let mut other = *key.as_bytes();
        other[at] ^= 1;
        let other = PublicKey::parse(&other).unwrap();
        assert_eq!(other.verify(b"message", &good), Err(VerifyError::Refused), "octet {at}");
    }
}

#[test]
fn a_context_is_refused() {
    use fips204::ml_dsa_44::KG;
    use fips204::traits::{KeyGen as _, SerDes as _, Signer as _};
    let (public, secret) = KG::keygen_from_seed(&[4; 32]);
    let key = PublicKey::parse(&public.into_bytes()).unwrap();
    let signature = secret.try_sign_with_seed(&[5; 32], b"message", b"context").unwrap();
    key.verify_in_context(b"message", &signature, b"context").unwrap();
    assert_eq!(key.verify(b"message", &signature), Err(VerifyError::Refused));
}
