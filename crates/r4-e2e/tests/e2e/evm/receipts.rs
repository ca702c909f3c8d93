//! `R4ReceiptVerifier` against receipts that are right, and every way to make one wrong.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolError, sol};
use r4_ecvrf::SecretKey;
use sha2::{Digest as _, Sha256};

use super::abi::{
    R4Receipt, addKeyCall, consumeFullCall, isActiveCall, retireKeyCall, revokeKeyCall,
    verifyAttestedCall, verifyFullCall,
};
use super::cheat::N;
use super::ecvrf::Input;
use super::issuer::{Deployed, Issuer, MAXIMUM_AGE, NOW, OWNER, Signed};

sol! {
    error UnknownKey(bytes32 keyHash);
    error KeyKnown(bytes32 keyHash);
    error KeyNotYetActive(bytes32 keyHash, uint256 activeFrom);
    error KeyRetired(bytes32 keyHash, uint256 retiredAt);
    error KeyRevoked(bytes32 keyHash);
    error ReceiptTooOld(uint256 timestamp);
    error ReceiptFromTheFuture(uint256 timestamp);
    error SchemesWithoutEcdsa(uint8 schemes);
    error WrongSigner(address signer);
    error WrongVrfKey();
    error WrongAlpha();
    error WrongRandom(bytes32 beta);
    error AlreadyUsed(bytes32 keyHash, bytes32 alphaHash);
    error InvalidEcvrfKey();
    error InvalidEcdsaKey();
    error SharedKey();
    error WrongChallenge();
    // OpenZeppelin's
    error ECDSAInvalidSignature();
    error ECDSAInvalidSignatureLength(uint256 length);
    error ECDSAInvalidSignatureS(bytes32 s);
    error OwnableUnauthorizedAccount(address account);
}

const DAY: u64 = 24 * 3600;
/// The contract's allowance for clocks.
const SKEW: u64 = 60;

impl Deployed {
    fn accepts(&mut self, signed: &Signed) {
        let outcome = self.view(&signed.attested());
        assert_eq!(outcome.returned::<verifyAttestedCall>(), self.issuer.keys.signer());
        let outcome = self.view(&signed.full());
        assert_eq!(outcome.returned::<verifyFullCall>(), signed.receipt.random);
    }

    /// Both functions refuse with this error, and so does the one that consumes.
    fn refuses<E: SolError>(&mut self, what: &str, signed: &Signed) {
        let outcome = self.view(&signed.attested());
        assert!(outcome.reverted_with::<E>(), "{what}: wanted {}, got {outcome:?}", E::SIGNATURE);
        self.refuses_full::<E>(what, signed);
    }

    /// The operator signed it, but it is not what the VRF gives.
    fn refuses_full<E: SolError>(&mut self, what: &str, signed: &Signed) {
        let outcomes = [self.view(&signed.full()), self.view(&signed.consume())];
        for outcome in outcomes {
            assert!(
                outcome.reverted_with::<E>(),
                "{what}: wanted {}, got {outcome:?}",
                E::SIGNATURE
            );
        }
    }

    fn is_active(&mut self, key_hash: B256) -> bool {
        self.view(&isActiveCall { keyHash: key_hash }).returned::<isActiveCall>()
    }

    /// The receipt, changed and signed again by the operator.
    fn signed_again(&mut self, signed: &Signed, change: impl FnOnce(&mut R4Receipt)) -> Signed {
        let mut signed = signed.clone();
        change(&mut signed.receipt);
        signed.signature = self.issuer.sign(&mut self.chain, self.verifier, &signed.receipt);
        signed
    }
}

#[test]
fn a_good_receipt_is_accepted() {
    let mut node = Deployed::new();
    for number in 0..20 {
        let signed = node.answer(&vec![7; number * 20]);
        node.accepts(&signed);
        let ecdsa_alone = node.signed_again(&signed, |receipt| receipt.schemes = 1);
        node.accepts(&ecdsa_alone);
    }
}

#[test]
fn every_flipped_bit_of_what_is_signed_is_refused() {
    let mut node = Deployed::new();
    let good = node.answer(b"alpha");
    for bit in 0..65 * 8 {
        let mut bad = good.clone();
        bad.signature[bit / 8] ^= 1 << (bit % 8);
        assert!(node.view(&bad.attested()).output.is_err(), "signature, bit {bit}");
    }
    for bit in 0..256 {
        let flip = |word: &mut B256| word.0[bit / 8] ^= 1 << (bit % 8);
        let mut bad = [good.clone(), good.clone(), good.clone()];
        flip(&mut bad[0].receipt.keyHash);
        flip(&mut bad[1].receipt.alphaHash);
        flip(&mut bad[2].receipt.random);
        for bad in bad {
            assert!(node.view(&bad.attested()).output.is_err(), "bit {bit}");
        }
    }
    for bit in 0..64 {
        let mut bad = [good.clone(), good.clone()];
        bad[0].receipt.index ^= 1 << bit;
        bad[1].receipt.timestamp ^= 1 << bit;
        for bad in bad {
            assert!(node.view(&bad.attested()).output.is_err(), "bit {bit}");
        }
    }
}

#[test]
fn malleated_signatures() {
    let mut node = Deployed::new();
    let good = node.answer(b"alpha");
    let s = U256::from_be_slice(&good.signature[32..64]);
    let with = |parts: [&[u8]; 3]| Signed { signature: parts.concat(), ..good.clone() };
    let (r, v) = (&good.signature[..32], good.signature[64]);
    let high = (N - s).to_be_bytes::<32>();
    node.refuses::<ECDSAInvalidSignatureS>("high s", &with([r, &high, &[55 - v]]));
    node.refuses::<ECDSAInvalidSignatureS>("s = n", &with([r, &N.to_be_bytes::<32>(), &[v]]));
    node.refuses::<WrongSigner>("the other v", &with([r, &good.signature[32..64], &[55 - v]]));
    for v in [0, 1, 26, 29, 30, 255] {
        node.refuses::<ECDSAInvalidSignature>("v", &with([r, &good.signature[32..64], &[v]]));
    }
    // The compact form of EIP-2098, and others that are not 65 bytes.
    let mut compact = good.signature[..64].to_vec();
    compact[32] |= (v - 27) << 7;
    for signature in
        [compact, vec![], good.signature[..64].to_vec(), [&good.signature[..], &[0]].concat()]
    {
        let bad = Signed { signature, ..good.clone() };
        node.refuses::<ECDSAInvalidSignatureLength>("length", &bad);
    }
}

/// ecrecover gives nothing for these, which is the zero address to the careless.
#[test]
fn zero_recovery() {
    let mut node = Deployed::new();
    let good = node.answer(b"alpha");
    for (r, s) in [(0, 0), (0, 1), (1, 0), (5, 1)] {
        let words = [U256::from(r), U256::from(s)].map(|word| word.to_be_bytes::<32>());
        for v in [27, 28] {
            let signature = [words.as_flattened(), &[v]].concat();
            let bad = Signed { signature, ..good.clone() };
            node.refuses::<ECDSAInvalidSignature>("recovers nothing", &bad);
            // The signer of a key hash that nobody added is the zero address, too.
            let mut unknown = bad.clone();
            unknown.receipt.keyHash = B256::ZERO;
            node.refuses::<UnknownKey>("unknown key", &unknown);
        }
    }
}

#[test]
fn another_signer() {
    let mut node = Deployed::new();
    let good = node.answer(b"alpha");
    let signature = Issuer::new(2).sign(&mut node.chain, node.verifier, &good.receipt);
    node.refuses::<WrongSigner>("another key", &Signed { signature, ..good });
}

#[test]
fn another_contract_or_chain() {
    let mut node = Deployed::new();
    let good = node.answer(b"alpha");
    let first = node.verifier;
    node.verifier = node.issuer.keys.deploy(&mut node.chain);
    node.refuses::<WrongSigner>("another contract", &good);
    let own = node.answer(b"alpha");
    node.accepts(&own);
    node.verifier = first;
    node.refuses::<WrongSigner>("and back", &own);
    node.accepts(&good);

    // After a fork of the chain the domain is computed again.
    node.chain.id = 61;
    node.refuses::<WrongSigner>("another chain", &good);
    let forked = node.answer(b"alpha");
    node.accepts(&forked);
    node.chain.id = super::issuer::CHAIN_ID;
    node.refuses::<WrongSigner>("and back", &forked);
    node.accepts(&good);
}

#[test]
fn schemes() {
    let mut node = Deployed::new();
    let good = node.answer(b"alpha");
    for schemes in [0, 2, 4, 5, 7, 255] {
        let bad = node.signed_again(&good, |receipt| receipt.schemes = schemes);
        node.refuses::<SchemesWithoutEcdsa>("schemes", &bad);
    }
    // ML-DSA-65 cannot be stripped: the digest is another one.
    let mut stripped = good;
    stripped.receipt.schemes = 1;
    node.refuses::<WrongSigner>("stripped", &stripped);
}

#[test]
fn signed_but_not_what_the_vrf_gives() {
    let mut node = Deployed::new();
    let (good, other) = (node.answer(b"alpha"), node.answer(b"another"));
    let random = other.receipt.random;
    let bad = node.signed_again(&good, |receipt| receipt.random = random);
    node.accepts_attested(&bad);
    node.refuses_full::<WrongRandom>("random", &bad);

    let bad = node.signed_again(&good, |receipt| receipt.alphaHash = keccak256(b"another"));
    node.accepts_attested(&bad);
    node.refuses_full::<WrongAlpha>("alpha", &bad);

    let mut bad = good.clone();
    bad.vrf = other.vrf;
    node.refuses_full::<WrongAlpha>("proof and alpha of another", &bad);
    bad.vrf.alpha = good.vrf.alpha.clone();
    assert!(node.view(&bad.full()).output.is_err(), "proof of another");

    // The proof of another key, right in itself.
    let same_tag = |issuer: &Issuer| issuer.keys.ecvrf[0] == good.vrf.key[0];
    let stranger = (2..9).map(Issuer::new).find(same_tag).unwrap();
    let now = node.chain.timestamp;
    let theirs = stranger.answer(&mut node.chain, node.verifier, b"alpha", now);
    let random = theirs.receipt.random;
    let mut bad = node.signed_again(&good, |receipt| receipt.random = random);
    bad.vrf = theirs.vrf;
    node.accepts_attested(&bad);
    node.refuses_full::<WrongVrfKey>("another key", &bad);

    // The secret −x has the key's x, and outputs of its own.
    let x = U256::from_be_bytes([1; 32]);
    let mirrored = SecretKey::from_bytes(&(N - x).to_be_bytes::<32>()).unwrap();
    let (vrf, random) = Input::prove(&mirrored, b"alpha");
    assert!(vrf.key[1..] == good.vrf.key[1..] && random != good.receipt.random);
    let mut bad = node.signed_again(&good, |receipt| receipt.random = random);
    bad.vrf = vrf;
    node.refuses_full::<WrongVrfKey>("mirrored key", &bad);

    for length in [0, 1, 32, 34, 66] {
        let mut bad = good.clone();
        bad.vrf.key = good.vrf.key.iter().copied().cycle().take(length).collect();
        node.refuses_full::<WrongVrfKey>("length of the key", &bad);
    }
}

impl Deployed {
    fn accepts_attested(&mut self, signed: &Signed) {
        let outcome = self.view(&signed.attested());
        assert_eq!(outcome.returned::<verifyAttestedCall>(), self.issuer.keys.signer());
    }
}

#[test]
fn dates() {
    let mut node = Deployed::new();
    let good = node.answer(b"alpha");
    node.chain.timestamp = NOW + MAXIMUM_AGE;
    node.accepts(&good);
    node.chain.timestamp += 1;
    node.refuses::<ReceiptTooOld>("expired", &good);

    let ahead = node.signed_again(&good, |receipt| receipt.timestamp = NOW + 2 * MAXIMUM_AGE);
    node.chain.timestamp = NOW + 2 * MAXIMUM_AGE - SKEW;
    node.accepts(&ahead);
    node.chain.timestamp -= 1;
    node.refuses::<ReceiptFromTheFuture>("from the future", &ahead);
    let end = node.signed_again(&good, |receipt| receipt.timestamp = u64::MAX);
    node.refuses::<ReceiptFromTheFuture>("the end of time", &end);
    let before = node.signed_again(&good, |receipt| receipt.timestamp = NOW - 1);
    node.refuses::<KeyNotYetActive>("before the first key", &before);
}

#[test]
fn a_new_key_waits_a_day() {
    let mut node = Deployed::new();
    let next = Issuer::new(2);
    let add = next.keys.add();
    let hash = node.own(&add).returned::<addKeyCall>();
    assert_eq!(hash, next.keys.key_hash());
    assert!(node.own(&add).reverted_with::<KeyKnown>());
    let old = node.answer(b"alpha");
    node.accepts(&old);

    node.issuer = next;
    let early = node.answer(b"alpha");
    node.refuses::<KeyNotYetActive>("at once", &early);
    node.chain.timestamp = NOW + DAY - 1;
    let early = node.answer(b"alpha");
    node.refuses::<KeyNotYetActive>("a second early", &early);
    assert!(!node.is_active(hash) && !node.is_active(B256::ZERO));
    let ahead = node.signed_again(&early, |receipt| receipt.timestamp = NOW + DAY);
    node.refuses::<KeyNotYetActive>("a second early, dated ahead", &ahead);
    node.chain.timestamp += 1;
    node.refuses::<KeyNotYetActive>("dated before", &early);
    let good = node.answer(b"alpha");
    node.accepts(&good);
    assert!(node.is_active(hash));
    node.own(&revokeKeyCall { keyHash: hash }).output.unwrap();
    assert!(!node.is_active(hash));
}

#[test]
fn retired_and_revoked_keys() {
    let mut node = Deployed::new();
    let good = node.answer(b"alpha");
    let hash = node.issuer.keys.key_hash();
    node.chain.timestamp += 10;
    let late = node.answer(b"alpha");
    assert!(node.is_active(hash));
    node.own(&retireKeyCall { keyHash: hash }).output.unwrap();
    assert!(!node.is_active(hash));
    node.accepts(&good);
    node.refuses::<KeyRetired>("dated at the end", &late);
    assert!(node.own(&retireKeyCall { keyHash: hash }).reverted_with::<KeyRetired>());

    node.own(&revokeKeyCall { keyHash: hash }).output.unwrap();
    node.refuses::<KeyRevoked>("revoked", &good);
    let again = node.issuer.keys.add();
    assert!(node.own(&again).reverted_with::<KeyKnown>(), "revoked is for ever");
    let unknown = B256::repeat_byte(1);
    assert!(node.own(&revokeKeyCall { keyHash: unknown }).reverted_with::<UnknownKey>());
}

#[test]
fn only_the_owner_changes_keys() {
    let mut node = Deployed::new();
    let (verifier, stranger) = (node.verifier, Address::repeat_byte(9));
    let key_hash = node.issuer.keys.key_hash();
    let outcomes = [
        node.chain.call(stranger, verifier, &Issuer::new(2).keys.add()),
        node.chain.call(stranger, verifier, &retireKeyCall { keyHash: key_hash }),
        node.chain.call(stranger, verifier, &revokeKeyCall { keyHash: key_hash }),
    ];
    for outcome in outcomes {
        assert!(outcome.reverted_with::<OwnableUnauthorizedAccount>());
    }
    let signed = node.answer(b"alpha");
    node.accepts(&signed);
}

#[test]
fn keys_that_are_none() {
    let mut node = Deployed::new();
    let good = Issuer::new(2).keys.add();
    let changed = |change: &dyn Fn(&mut Vec<u8>, &mut Vec<u8>)| {
        let (mut ecvrf, mut ecdsa) = (good.ecvrf.to_vec(), good.ecdsa.to_vec());
        change(&mut ecvrf, &mut ecdsa);
        addKeyCall { ecvrf: ecvrf.into(), ecdsa: ecdsa.into(), ..good.clone() }
    };
    let bad_vrf = [
        changed(&|ecvrf, _| ecvrf.truncate(32)),
        changed(&|ecvrf, _| ecvrf.push(0)),
        changed(&|ecvrf, _| ecvrf[0] = 4),
        changed(&|ecvrf, _| ecvrf[1..].fill(0)),
        changed(&|ecvrf, _| ecvrf[1..].fill(255)),
    ];
    for bad in bad_vrf {
        assert!(node.own(&bad).reverted_with::<InvalidEcvrfKey>());
    }
    let bad_ecdsa = [
        changed(&|_, ecdsa| ecdsa.truncate(63)),
        changed(&|_, ecdsa| ecdsa.insert(0, 4)),
        changed(&|_, ecdsa| ecdsa[63] ^= 2),
        changed(&|_, ecdsa| ecdsa[0] ^= 1),
        changed(&|_, ecdsa| ecdsa.fill(0)),
    ];
    for bad in bad_ecdsa {
        assert!(node.own(&bad).reverted_with::<InvalidEcdsaKey>());
    }
    let shared = changed(&|ecvrf, ecdsa| {
        ecvrf[0] = 2 + (ecdsa[63] & 1);
        ecvrf[1..].copy_from_slice(&ecdsa[..32]);
    });
    assert!(node.own(&shared).reverted_with::<SharedKey>());
    let keys = Issuer::new(2).keys;
    for other in [Sha256::digest(&keys.ecvrf), Sha256::digest(keys.ecdsa.serialize())] {
        let shared = addKeyCall { ecvrfEvmSha256: B256::from_slice(&other), ..good.clone() };
        assert!(node.own(&shared).reverted_with::<SharedKey>());
    }
    node.own(&good).output.unwrap();
}

/// Single use is by caller, key and alpha: another form of the same proof or signature is no way round.
#[test]
fn single_use() {
    let mut node = Deployed::new();
    let good = node.answer(b"alpha");
    let (verifier, game, other_game) =
        (node.verifier, Address::repeat_byte(1), Address::repeat_byte(2));
    let consume = |node: &mut Deployed, who, signed: &Signed| {
        node.chain.call(who, verifier, &signed.consume())
    };
    let random = consume(&mut node, game, &good).returned::<consumeFullCall>();
    assert_eq!(random, good.receipt.random);
    assert!(consume(&mut node, game, &good).reverted_with::<AlreadyUsed>(), "twice");
    // Signed again with another index and date, and with the other root of a witness.
    let again = node.signed_again(&good, |receipt| receipt.index += 1);
    assert!(consume(&mut node, game, &again).reverted_with::<AlreadyUsed>(), "signed again");
    let skipping =
        (0..=u8::MAX).map(|n| node.answer(&[n])).find(|signed| signed.vrf.witnesses() > 0);
    let skipping = skipping.unwrap();
    consume(&mut node, game, &skipping).output.unwrap();
    let mut twin = skipping;
    let w = U256::from_be_slice(&twin.vrf.proof[305..337]);
    twin.vrf.proof[305..337].copy_from_slice(&(super::cheat::P - w).to_be_bytes::<32>());
    assert_eq!(node.view(&twin.full()).returned::<verifyFullCall>(), twin.receipt.random);
    assert!(consume(&mut node, game, &twin).reverted_with::<AlreadyUsed>(), "the other root");
    // Nobody uses up what another waits for.
    consume(&mut node, other_game, &good).output.unwrap();
    consume(&mut node, OWNER, &good).output.unwrap();
    let other_alpha = node.answer(b"another");
    consume(&mut node, game, &other_alpha).output.unwrap();
    let next = Issuer::new(2);
    node.own(&next.keys.add()).output.unwrap();
    node.issuer = next;
    node.chain.timestamp += DAY;
    let other_key = node.answer(b"alpha");
    consume(&mut node, game, &other_key).output.unwrap();
}
