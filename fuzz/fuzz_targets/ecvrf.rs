//! Any octets as key, alpha and proof: nothing panics, and there is one encoding. And real proofs
//! with bits flipped where the input says: each is refused, and no other output is ever accepted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use r4_ecvrf::{PROOF_BYTES, PUBLIC_KEY_BYTES, Proof, PublicKey, SecretKey};

fuzz_target!(|input: &[u8]| {
    match input.split_first() {
        Some((kind, rest)) if kind % 2 == 0 => arbitrary(rest),
        Some((_, rest)) => flipped(rest),
        None => (),
    }
});

/// Key ‖ proof ‖ alpha.
fn arbitrary(input: &[u8]) {
    let (key, rest) = input.split_at(input.len().min(PUBLIC_KEY_BYTES));
    let (proof, alpha) = rest.split_at(rest.len().min(PROOF_BYTES));
    let key = PublicKey::from_bytes(key).inspect(|parsed| assert_eq!(parsed.to_bytes(), key));
    let proof = Proof::parse(proof).inspect(|parsed| assert_eq!(parsed.to_bytes(), proof));
    if let (Ok(key), Ok(proof)) = (key, proof)
        && let Ok(beta) = key.verify(alpha, &proof)
    {
        assert_eq!(beta, proof.beta());
    }
}

/// Secret ‖ where to flip, three octets ‖ the bits to flip, six octets ‖ alpha.
fn flipped(input: &[u8]) {
    let Some((secret, rest)) = input.split_first_chunk() else { return };
    let Some((places, rest)) = rest.split_first_chunk::<3>() else { return };
    let Some((bits, alpha)) = rest.split_first_chunk::<6>() else { return };
    let Ok(secret) = SecretKey::from_bytes(secret) else { return };
    let proof = secret.prove(alpha).expect("some counter leads to a point");
    let honest = secret.public_key().verify(alpha, &proof).expect("an honest proof verifies");
    assert_eq!(honest, proof.beta());

    let (mut key, mut octets) = (secret.public_key().to_bytes(), proof.to_bytes());
    let mut other_alpha = alpha.to_vec();
    flip(&mut key, places[0], bits[0], 0);
    flip(&mut octets, places[1], bits[1], bits[2]);
    flip(&mut other_alpha, places[2], bits[3], bits[4]);
    let unchanged =
        key == secret.public_key().to_bytes() && octets == proof.to_bytes() && other_alpha == alpha;
    let accepted = PublicKey::from_bytes(&key).ok().and_then(|key| {
        let proof = Proof::parse(&octets).ok()?;
        key.verify(&other_alpha, &proof).ok()
    });
    assert_eq!(accepted, unchanged.then_some(honest));
}

/// Flips bits of two neighbouring octets.
fn flip(octets: &mut [u8], place: u8, first: u8, second: u8) {
    let Some(last) = octets.len().checked_sub(1) else { return };
    let at = usize::from(place) % octets.len();
    octets[at] ^= first;
    octets[last.min(at + 1)] ^= second;
}
