//! Whoever has the secret key and does not keep to the rules: re-rolls, forged hints, points that are
//! what they are not, numbers out of range.

use alloy_primitives::{Address, B256, U256, keccak256};

use super::super::cheat::{self, N, Owner, P, Parts, stream};
use super::{
    CounterNotLowest, Input, NoCounterLeft, ScalarOutOfRange, Verifier, WrongChallenge, WrongGamma,
    WrongH, WrongSlope, WrongU,
};

/// A re-roll: a proof that is right for every point but that of the lowest counter.
#[test]
fn a_later_counter_is_refused() {
    let mut verifier = Verifier::new();
    let owner = Owner::new(U256::from(77));
    for number in 0..20 {
        let alpha = stream("later", number);
        let lowest = owner.counters(&alpha[..]).next().unwrap();
        for counter in owner.counters(&alpha[..]).skip(1).take(3) {
            let parts = owner.prove(&alpha[..], counter);
            let refused = |verifier: &mut Verifier, witnesses: Vec<U256>| {
                let parts = Parts { witnesses, ..parts.clone() };
                verifier.refuses::<CounterNotLowest>(
                    "later",
                    &Input::cheat(&owner, &alpha[..], &parts),
                );
            };
            // A root of x³ + 7 for the point that is passed over, and other numbers.
            let good = &parts.witnesses;
            refused(&mut verifier, good.clone());
            for w in [U256::ZERO, U256::ONE, P, P - good[usize::from(lowest)], U256::MAX] {
                let mut witnesses = good.clone();
                witnesses[usize::from(lowest)] = w;
                refused(&mut verifier, witnesses);
            }
            // Without the witness of the point that is passed over.
            let mut witnesses = good.clone();
            witnesses.remove(usize::from(lowest));
            let short = Parts { witnesses, ..parts };
            assert_eq!(verifier.accepts(&Input::cheat(&owner, &alpha[..], &short)), None);
        }
    }
}

/// A hash that is no coordinate is passed over without a witness, and with none it is never H.
#[test]
fn a_hash_not_below_p_needs_no_witness() {
    let mut verifier = Verifier::new();
    let owner = Owner::new(U256::from(77));
    let two = (0..1000)
        .map(|n| stream("skip", n))
        .find(|alpha| owner.counters(&alpha[..]).next() == Some(2));
    let alpha = two.unwrap();
    let parts = owner.prove(&alpha[..], 2);
    for hash in [P, P + U256::ONE, U256::MAX] {
        for counter in [0, 1] {
            verifier.chain.answers = [(owner.message(&alpha[..], counter), hash.into())].into();
            let mut one_less = parts.clone();
            one_less.witnesses.remove(counter.into());
            let input = Input::cheat(&owner, &alpha[..], &one_less);
            assert_eq!(verifier.accepts(&input), Some(parts.beta()), "{hash} {counter}");
            let input = Input::cheat(&owner, &alpha[..], &parts);
            assert_eq!(verifier.accepts(&input), None, "one too many: {hash} {counter}");
        }
    }
    // No counter of 256 is left: the last is tried again, and that is noticed.
    let all =
        (0..=u8::MAX).map(|counter| (owner.message(&alpha[..], counter), B256::repeat_byte(255)));
    verifier.chain.answers = all.take(255).collect();
    let none = Parts { witnesses: vec![], ..parts };
    let left = owner.prove_for(lifted(&owner, &alpha), none.gamma, owner.x);
    verifier.refuses::<WrongH>("counter 255", &Input::cheat(&owner, &alpha[..], &left));
    // Witnesses for 255 counters, and the last one needs none.
    let no_x = U256::from(5);
    let last = (owner.message(&alpha[..], 255), B256::repeat_byte(255));
    verifier.chain.answers =
        (0..255).map(|counter| (owner.message(&alpha[..], counter), no_x.into())).collect();
    verifier.chain.answers.extend([last]);
    let all = Parts { witnesses: vec![cheat::witness(no_x); 255], ..left };
    verifier.refuses::<NoCounterLeft>("counter 256", &Input::cheat(&owner, &alpha[..], &all));
}

fn lifted(owner: &Owner, alpha: &B256) -> secp256k1::PublicKey {
    cheat::lift(owner.hash(&alpha[..], 2)).unwrap()
}

/// A Γ of the attacker's choice, with every hint a point of the curve. To make the challenge fit, one
/// of the three points has to be another than the one that it stands for, and that is found.
#[test]
fn a_chosen_gamma_is_refused() {
    let mut verifier = Verifier::new();
    let owner = Owner::new(U256::from(77));
    let alpha = (0..1000)
        .map(|n| stream("gamma", n))
        .find(|a| owner.counters(&a[..]).next() == Some(0))
        .unwrap();
    let h = cheat::lift(owner.hash(&alpha[..], 0)).unwrap();
    let honest = cheat::times(h, owner.x);
    let other = U256::from(1234);
    for gamma in [cheat::plus(honest, cheat::generator()), honest.negate(), cheat::times(h, other)]
    {
        // c is made with U = k·B and V = k·H.
        let parts = owner.prove_for(h, gamma, owner.x);
        let v = cheat::times(h, U256::from(0x5eed));
        verifier
            .refuses::<WrongChallenge>("right hints", &Input::cheat(&owner, &alpha[..], &parts));

        let b = cheat::point(cheat::minus(cheat::key(parts.a), v));
        let lie = Parts { b, lambda: cheat::slope(parts.a, b), ..parts.clone() };
        verifier.refuses::<WrongGamma>("B = A − V", &Input::cheat(&owner, &alpha[..], &lie));

        let a = cheat::point(cheat::plus(v, cheat::key(parts.b)));
        let lie = Parts { a, lambda: cheat::slope(a, parts.b), ..parts.clone() };
        verifier.refuses::<WrongH>("A = V + B", &Input::cheat(&owner, &alpha[..], &lie));

        // On the line through A and −B every V is, if the slope may be any.
        let wrong = Parts { lambda: parts.lambda + U256::ONE, ..parts };
        verifier.refuses::<WrongSlope>("slope", &Input::cheat(&owner, &alpha[..], &wrong));
    }
    // With s = k + c·γ it is V that fits, and U that does not.
    let gamma = cheat::times(h, other);
    let parts = owner.prove_for(h, gamma, other);
    let lie =
        Parts { u: cheat::point(cheat::times(cheat::generator(), U256::from(0x5eed))), ..parts };
    verifier.refuses::<WrongU>("U", &Input::cheat(&owner, &alpha[..], &lie));
}

/// A slope of the attacker's choice makes any V of the right A and B.
#[test]
fn a_chosen_slope_is_refused() {
    let mut verifier = Verifier::new();
    let owner = Owner::new(U256::from(77));
    let alpha = stream("slope", 0);
    let counter = owner.counters(&alpha[..]).next().unwrap();
    let witnesses = owner.prove(&alpha[..], counter).witnesses;
    let h = cheat::lift(owner.hash(&alpha[..], counter)).unwrap();
    // c is made with V = k·H. The sign of lambda says which parity y has.
    let v = cheat::point(cheat::times(h, U256::from(0x5eed)));
    let mut slopes = 0;
    for number in 1000..1020 {
        let gamma = cheat::times(h, U256::from(number));
        let parts = owner.prove_for(h, gamma, owner.x);
        let square = v.0.add_mod(parts.a.0, P).add_mod(parts.b.0, P);
        let Some(root) = cheat::root(square) else { continue };
        slopes += 1;
        for lambda in [root, P - root] {
            let lie = Parts { lambda, witnesses: witnesses.clone(), ..parts.clone() };
            verifier.refuses::<WrongSlope>("slope", &Input::cheat(&owner, &alpha[..], &lie));
        }
    }
    assert!(slopes > 3, "{slopes}");
}

/// Where ecrecover fails, the address that it recovered before is still in memory, and counts for nothing.
#[test]
fn a_point_recovered_before_is_no_other() {
    let mut verifier = Verifier::new();
    let owner = Owner::new(U256::from(77));
    let alpha = stream("before", 0);
    let counter = owner.counters(&alpha[..]).next().unwrap();
    let good = owner.prove(&alpha[..], counter);
    let b_is_a = Parts { b: good.a, ..good.clone() };
    let mut no_gamma = Input::cheat(&owner, &alpha[..], &b_is_a);
    no_gamma.proof[0] = 4;
    verifier.refuses::<WrongGamma>("B = A", &no_gamma);
    let u_is_b = Parts { u: good.b, ..good };
    let base = Input::cheat(&owner, &alpha[..], &u_is_b);
    verifier.refuses_key(&base, [&[2], &U256::from(5).to_be_bytes::<32>()[..]].concat());
}

/// Hints that are not on the curve at all, all zero, or not below p.
#[test]
fn forged_hints_are_refused() {
    let mut verifier = Verifier::new();
    let owner = Owner::new(U256::from(77));
    let alpha = stream("hints", 0);
    let counter = owner.counters(&alpha[..]).next().unwrap();
    let good = owner.prove(&alpha[..], counter);
    let zero = (U256::ZERO, U256::ZERO);
    let mirrored = |point: cheat::Point| (point.0, P - point.1);
    for (u, a, b) in [(zero, good.a, good.b), (mirrored(good.u), good.a, good.b)] {
        let lie = Parts { u, a, b, ..good.clone() };
        verifier.refuses::<WrongU>("U", &Input::cheat(&owner, &alpha[..], &lie));
    }
    for a in [zero, mirrored(good.a), (good.a.1, good.a.0), good.u] {
        let lie = Parts { a, ..good.clone() };
        verifier.refuses::<WrongH>("A", &Input::cheat(&owner, &alpha[..], &lie));
    }
    for b in [zero, mirrored(good.b), good.a] {
        let lie = Parts { b, ..good.clone() };
        verifier.refuses::<WrongGamma>("B", &Input::cheat(&owner, &alpha[..], &lie));
    }
    for lambda in [U256::ZERO, P - good.lambda, U256::MAX] {
        let lie = Parts { lambda, ..good.clone() };
        verifier.refuses::<WrongSlope>("lambda", &Input::cheat(&owner, &alpha[..], &lie));
    }
    // A witness too many.
    let mut more = good.clone();
    more.witnesses.push(U256::ONE);
    verifier.refuses::<CounterNotLowest>("w", &Input::cheat(&owner, &alpha[..], &more));
    // Both roots of a witness are accepted: a proof is no name for itself.
    let other_roots = good.witnesses.iter().map(|w| P - w).collect();
    let twin = Parts { witnesses: other_roots, ..good.clone() };
    assert_eq!(verifier.accepts(&Input::cheat(&owner, &alpha[..], &twin)), Some(good.beta()));
}

/// Two strings of 64 bytes with one address, of which one is U and the other is off the curve: if it
/// passed, its y could be searched for when c is known, and 2⁸⁰ tries would forge any proof.
#[test]
fn a_point_u_off_the_curve_is_refused() {
    let mut verifier = Verifier::new();
    let owner = Owner::new(U256::from(77));
    let alpha = stream("off the curve", 0);
    let counter = owner.counters(&alpha[..]).next().unwrap();
    let good = owner.prove(&alpha[..], counter);
    let key = owner.public.serialize();
    let (x, tag) = (U256::from_be_slice(&key[1..]), U256::from(key[0]));
    let z = N - good.s.mul_mod(x, N);
    let recovers_u = [z, tag + U256::from(25), x, N - good.c.mul_mod(x, N)];
    let recovers_u: Vec<u8> = recovers_u.iter().flat_map(U256::to_be_bytes::<32>).collect();
    // The challenge has the tag of U, which stays.
    for y in [good.u.1 + U256::from(2), U256::from(2) + (good.u.1 & U256::ONE)] {
        let u = (good.u.0, y);
        let coordinates = [u.0, u.1].map(|number| number.to_be_bytes::<32>());
        let address = Address::from_slice(&keccak256(coordinates.as_flattened())[12..]).into_word();
        verifier.chain.answers = [(recovers_u.clone(), address)].into();
        let lie = Parts { u, ..good.clone() };
        verifier.refuses::<WrongU>("off the curve", &Input::cheat(&owner, &alpha[..], &lie));
    }
    // The answers count: without them the honest U passes, with them it does not.
    let honest = Input::cheat(&owner, &alpha[..], &good);
    verifier.refuses::<WrongU>("the answer is for another point", &honest);
    verifier.chain.answers.clear();
    assert_eq!(verifier.accepts(&honest), Some(good.beta()));
}

/// A and −B with the same x: every slope would pass, so none does.
#[test]
fn a_vertical_line_is_refused() {
    let mut verifier = Verifier::new();
    let owner = Owner::new(U256::from(77));
    let alpha = stream("vertical", 0);
    let counter = owner.counters(&alpha[..]).next().unwrap();
    let good = owner.prove(&alpha[..], counter);
    let h = cheat::lift(owner.hash(&alpha[..], counter)).unwrap();
    // s·H = −c·Γ for Γ = −(s/c)·H, with the c and s of a good proof.
    let ratio = good.s.mul_mod(good.c.inv_mod(N).unwrap(), N);
    for gamma in [cheat::times(h, ratio).negate(), cheat::times(h, ratio)] {
        let b = cheat::point(cheat::times(gamma, good.c));
        assert_eq!(b.0, good.a.0);
        for lambda in [U256::ZERO, U256::ONE, good.lambda] {
            let lie = Parts { gamma, b, lambda, ..good.clone() };
            verifier.refuses::<WrongSlope>("vertical", &Input::cheat(&owner, &alpha[..], &lie));
        }
    }
}

#[test]
fn scalars_and_coordinates_out_of_range_are_refused() {
    let mut verifier = Verifier::new();
    let owner = Owner::new(U256::from(77));
    let alpha = stream("range", 0);
    let counter = owner.counters(&alpha[..]).next().unwrap();
    let good = owner.prove(&alpha[..], counter);
    for s in [N, N + U256::ONE, U256::MAX] {
        let lie = Parts { s, ..good.clone() };
        verifier.refuses::<ScalarOutOfRange>("s", &Input::cheat(&owner, &alpha[..], &lie));
    }
    let zero = Parts { s: U256::ZERO, ..good.clone() };
    verifier.refuses::<WrongH>("s = 0", &Input::cheat(&owner, &alpha[..], &zero));
    let zero = Parts { c: U256::ZERO, ..good.clone() };
    verifier.refuses::<WrongGamma>("c = 0", &Input::cheat(&owner, &alpha[..], &zero));

    let base = Input::cheat(&owner, &alpha[..], &good);
    // x = 1 is on the curve; 1 + p is the same number, but no encoding of it.
    cheat::lift(U256::ONE).unwrap();
    for x in [U256::ZERO, U256::from(5), N, P, P + U256::ONE, U256::MAX] {
        for tag in [2, 3] {
            let mut input = base.clone();
            input.proof[..33].copy_from_slice(&[&[tag], &x.to_be_bytes::<32>()[..]].concat());
            verifier.refuses::<WrongGamma>("x of gamma", &input);
            // The key is in the hash of the counters, so that they have to fit.
            let salt = [&[tag], &x.to_be_bytes::<32>()[..]].concat();
            verifier.refuses_key(&base, salt);
        }
    }
    for tag in [0, 1, 4, 6, 7, 27, 230, 255] {
        let mut input = base.clone();
        input.proof[0] = tag;
        verifier.refuses::<WrongGamma>("tag of gamma", &input);
        let mut key = base.key.clone();
        key[0] = tag;
        verifier.refuses_key(&base, key);
    }
}

impl Verifier {
    /// Refuses a key that is no point, whose U cannot be recovered. H is kept by answering its hash.
    fn refuses_key(&mut self, base: &Input, key: Vec<u8>) {
        let owner = Owner::new(U256::from(77));
        self.chain.answers = (0..=u8::MAX)
            .map(|counter| {
                let message = [&[0xfe, 1], &key[..], &base.alpha, &[counter, 0]].concat();
                (message, owner.hash(&base.alpha, counter).into())
            })
            .collect();
        self.refuses::<WrongU>("key", &Input { key, ..base.clone() });
        self.chain.answers.clear();
    }
}
