//! `R4EcvrfVerifier` against vectors, our prover, and whoever would cheat.

mod forgery;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolError, sol};
use r4_ecvrf::evm::evm_proof;
use r4_ecvrf::{Proof, PublicKey, SecretKey};
use serde_json::Value;

use super::chain::{Chain, Outcome};
use super::cheat::{Owner, Parts, stream};
use crate::harness::external;

sol! {
    function verify(bytes publicKey, bytes alpha, bytes proof) view returns (bytes32 beta);
    error PublicKeyLength(uint256 got);
    error ProofLength(uint256 got);
    error ScalarOutOfRange();
    error CounterNotLowest();
    error NoCounterLeft();
    error WrongH();
    error WrongGamma();
    error WrongU();
    error WrongSlope();
    error WrongChallenge();
    error Sha256Failed();
}

/// The deployed verifier.
pub(crate) struct Verifier {
    pub(crate) chain: Chain,
    address: Address,
}

/// What goes in.
#[derive(Clone)]
pub(crate) struct Input {
    pub(crate) key: Vec<u8>,
    pub(crate) alpha: Vec<u8>,
    pub(crate) proof: Vec<u8>,
}

impl Verifier {
    pub(crate) fn new() -> Self {
        let mut chain = Chain { id: 1, ..Chain::default() };
        let address = chain.deploy(Address::ZERO, "R4EcvrfVerifier", &[]);
        Self { chain, address }
    }

    pub(crate) fn verify(&mut self, input: &Input) -> Outcome {
        let Input { key, alpha, proof } = input.clone();
        let call = verifyCall { publicKey: key.into(), alpha: alpha.into(), proof: proof.into() };
        self.chain.view(self.address, &call)
    }

    fn accepts(&mut self, input: &Input) -> Option<B256> {
        let outcome = self.verify(input);
        outcome.output.is_ok().then(|| outcome.returned::<verifyCall>())
    }

    fn refuses<E: SolError>(&mut self, what: &str, input: &Input) {
        let outcome = self.verify(input);
        assert!(outcome.reverted_with::<E>(), "{what}: wanted {}, got {outcome:?}", E::SIGNATURE);
    }
}

impl Input {
    /// Proves with r4-ecvrf.
    pub(crate) fn prove(secret: &SecretKey, alpha: &[u8]) -> (Self, B256) {
        let (public, proof) = (secret.public_key(), secret.prove(alpha).unwrap());
        let evm = evm_proof(&public, alpha, &proof).unwrap();
        let input = Self { key: public.to_bytes().into(), alpha: alpha.into(), proof: evm };
        (input, proof.beta().to_bytes().into())
    }

    fn cheat(owner: &Owner, alpha: &[u8], parts: &Parts) -> Self {
        let key = owner.public.serialize().into();
        Self { key, alpha: alpha.into(), proof: parts.to_bytes() }
    }

    /// The witnesses that the proof carries: one for each counter skipped.
    pub(crate) fn witnesses(&self) -> usize {
        (self.proof.len() - 305) / 32
    }
}

fn octets(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn read(path: impl AsRef<std::path::Path>) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn secret(label: &str, number: usize) -> SecretKey {
    SecretKey::from_bytes(&stream(label, number)).unwrap()
}

#[test]
fn vectors_of_our_second_implementation() {
    let mut verifier = Verifier::new();
    let file = read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/ecvrf.json"));
    for case in file["cases"].as_array().unwrap() {
        let input = Input {
            key: octets(&case["public_key"]),
            alpha: octets(&case["alpha"]),
            proof: octets(&case["evm_proof"]),
        };
        assert_eq!(verifier.accepts(&input).unwrap()[..], octets(&case["beta"]));
        assert_eq!(case["counter"].as_u64().unwrap(), input.witnesses() as u64);
    }
}

#[test]
fn vectors_of_others() {
    let Some(folder) = external::text("R4_VECTORS") else {
        external::skipped("R4_VECTORS is not set");
        return;
    };
    let path = std::path::Path::new(&folder).join("ecvrf-secp256k1-sha256-tai.json");
    let file = read(path);
    let mut verifier = Verifier::new();
    let mut evm = vec![];
    for case in file["vectors"].as_array().unwrap() {
        let (key, alpha) = (octets(&case["pk"]), octets(&case["alpha"]));
        let public = PublicKey::from_bytes(&key).unwrap();
        let pi = Proof::parse(&octets(&case["pi"])).unwrap();
        let input = Input { proof: evm_proof(&public, &alpha, &pi).unwrap(), key, alpha };
        assert_eq!(verifier.accepts(&input).unwrap()[..], octets(&case["beta"]));
        evm.push(input);
    }
    assert_eq!(evm.len(), 26);
    // The negative vectors have no hints of their own: they get those of every good one.
    let negative = file["negative_vectors"].as_array().unwrap();
    assert_eq!(negative.len(), 8);
    for case in negative {
        let (key, alpha, pi) = (octets(&case["pk"]), octets(&case["alpha"]), octets(&case["pi"]));
        for good in &evm {
            let proof = [&pi, &good.proof[81..]].concat();
            let input = Input { key: key.clone(), alpha: alpha.clone(), proof };
            assert_eq!(verifier.accepts(&input), None, "{}", case["description"]);
        }
    }
}

/// 1000 proofs are accepted with the output that Rust computes; 11 flips of one bit in each are not.
#[test]
fn random_proofs_and_flipped_bits() {
    let mut verifier = Verifier::new();
    for number in 0..1000 {
        let alpha = stream("alpha", number);
        let (good, beta) = Input::prove(&secret("key", number / 10), &alpha[..number % 33]);
        assert_eq!(verifier.accepts(&good), Some(beta), "{number}");
        for flip in 0..11 {
            let at = stream("flip", number * 11 + flip);
            assert_eq!(verifier.accepts(&flipped(&good, at)), None, "{number}: {at}");
        }
    }
}

/// Every bit of one whole input, with two skipped counters.
#[test]
fn every_flipped_bit() {
    let mut verifier = Verifier::new();
    let good = (0..1000).map(|n| Input::prove(&secret("bits", 0), &stream("bits", n)[..]).0);
    let good = good.into_iter().find(|input| input.witnesses() == 2).unwrap();
    assert!(verifier.accepts(&good).is_some());
    for bit in 0..8 * (good.key.len() + good.alpha.len() + good.proof.len()) {
        assert_eq!(verifier.accepts(&flip_bit(&good, bit)), None, "bit {bit}");
    }
}

fn flipped(input: &Input, at: B256) -> Input {
    let bits = 8 * (input.key.len() + input.alpha.len() + input.proof.len());
    flip_bit(input, usize::try_from(U256::from_be_bytes(at.0) % U256::from(bits)).unwrap())
}

fn flip_bit(input: &Input, bit: usize) -> Input {
    let mut flipped = input.clone();
    let Input { key, alpha, proof } = &mut flipped;
    let octet = key.iter_mut().chain(alpha).chain(proof).nth(bit / 8).unwrap();
    *octet ^= 1 << (bit % 8);
    flipped
}

/// Keys, alphas and proofs in all combinations: both give the same output, or none.
#[test]
fn rust_and_the_evm_agree() {
    let mut verifier = Verifier::new();
    let pairs = (0..5).flat_map(|key| (0..5).map(move |alpha| (key, alpha)));
    let inputs: Vec<Input> = pairs
        .map(|(key, alpha)| Input::prove(&secret("agree", key), &stream("agree", alpha)[..]).0)
        .collect();
    let mut accepted = 0;
    for Input { key, .. } in inputs.iter().step_by(5) {
        for Input { alpha, .. } in &inputs[..5] {
            for Input { proof, .. } in &inputs {
                let (key, alpha, proof) = (key.clone(), alpha.clone(), proof.clone());
                let public = PublicKey::from_bytes(&key).unwrap();
                let pi = Proof::parse(&proof[..81]).unwrap();
                let beta = public.verify(&alpha, &pi).ok().map(|beta| beta.to_bytes().into());
                assert_eq!(verifier.accepts(&Input { key, alpha, proof }), beta);
                accepted += usize::from(beta.is_some());
            }
        }
    }
    assert_eq!(accepted, 25);
}

/// The second prover agrees with the first, and so does the contract.
#[test]
fn the_cheat_can_be_honest() {
    let mut verifier = Verifier::new();
    let owner = Owner::new(U256::from(77));
    for number in 0..50 {
        let alpha = stream("honest", number);
        let counter = owner.counters(&alpha[..]).next().unwrap();
        let parts = owner.prove(&alpha[..], counter);
        let beta = verifier.accepts(&Input::cheat(&owner, &alpha[..], &parts));
        assert_eq!(beta, Some(parts.beta()));
        let honest = SecretKey::from_bytes(&owner.x.to_be_bytes()).unwrap();
        assert_eq!(Input::prove(&honest, &alpha[..]).1, parts.beta());
    }
}

#[test]
fn wrong_lengths_are_refused() {
    let mut verifier = Verifier::new();
    let (good, _) = Input::prove(&secret("length", 0), b"alpha");
    for length in [0, 1, 32, 34, 64, 65] {
        let key = good.key.iter().copied().cycle().take(length).collect();
        verifier.refuses::<PublicKeyLength>("key", &Input { key, ..good.clone() });
    }
    for length in [0, 1, 81, 273, 304, 306, 336, 305 + 256 * 32] {
        let proof = good.proof.iter().copied().cycle().take(length).collect();
        verifier.refuses::<ProofLength>("proof", &Input { proof, ..good.clone() });
    }
}

/// Nothing passes because a precompile ran out of gas: whatever the limit, the answer is the right one or none.
#[test]
fn no_gas_limit_makes_a_wrong_answer() {
    let mut verifier = Verifier::new();
    let (good, beta) = Input::prove(&secret("gas", 0), &stream("gas", 0)[..]);
    let bad = flip_bit(&good, 8 * (good.key.len() + good.alpha.len() + 40));
    let mut answered = 0;
    for limit in (40_000..56_000).step_by(16) {
        verifier.chain.gas_limit = Some(limit);
        answered +=
            usize::from(verifier.accepts(&good).inspect(|got| assert_eq!(*got, beta)).is_some());
        assert_eq!(verifier.accepts(&bad), None, "{limit}");
    }
    assert!((100..1000).contains(&answered), "{answered}");
}

/// A hash of a long alpha can run out of gas and leave enough to go on with the hash before: that is noticed.
#[test]
fn a_hash_without_gas_is_refused() {
    let mut verifier = Verifier::new();
    let (mut input, _) = Input::prove(&secret("gas", 0), &vec![0; 100_000]);
    // Witnesses of nothing use up the gas that so much calldata has to bring (EIP-7623).
    input.proof.resize(305 + 20 * 32, 0);
    let mut noticed = 0;
    for limit in (1_200_000..1_300_000).step_by(4000) {
        verifier.chain.gas_limit = Some(limit);
        let outcome = verifier.verify(&input);
        noticed += usize::from(outcome.reverted_with::<Sha256Failed>());
        assert!(outcome.output.is_err(), "{limit}");
    }
    assert!(noticed > 0);
}
