//! Against the plain definitions.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers, in tests alone")]

use std::prelude::v1::*;

use proptest::prelude::*;

use super::*;

fn at_most(m: u64) -> NonZeroU64 {
    NonZeroU64::new(m).unwrap()
}

/// The first steps of a shuffle of the whole list.
fn naive_pick(stream: &mut Stream, k: usize, m: usize) -> Vec<u64> {
    let mut list: Vec<u64> = (0..m as u64).collect();
    for at in 0..k {
        let other = at + usize::try_from(stream.below(at_most((m - at) as u64))).unwrap();
        list.swap(at, other);
    }
    list.truncate(k);
    list
}

/// Sums made anew for each winner.
fn naive_weighted(stream: &mut Stream, k: usize, mut weights: Vec<u64>) -> Vec<usize> {
    let mut winners = Vec::new();
    for _ in 0..k {
        let x = stream.below(at_most(weights.iter().sum()));
        let mut sum = 0;
        let winner = weights.iter().position(|weight| {
            sum += weight;
            sum > x
        });
        winners.push(winner.unwrap());
        weights[winner.unwrap()] = 0;
    }
    winners
}

proptest! {
    #[test]
    fn picks_are_those_of_a_whole_list(random: [u8; 32], m in 1_usize..300, k in 0_usize..300) {
        let k = k.min(m);
        let (one, other) = (&mut Stream::new(&random), &mut Stream::new(&random));
        let expected = naive_pick(other, k, m);
        prop_assert_eq!(pick(one, u32::try_from(k).unwrap(), m as u64), expected);
        prop_assert_eq!(one.word(), other.word(), "as many words were taken");
    }

    #[test]
    fn weighted_picks_are_those_of_plain_sums(
        random: [u8; 32],
        weights in prop::collection::vec(prop_oneof![1..10_u64, Just((1_u64 << 32) - 1)], 1..200),
        k in 0_usize..200,
    ) {
        let k = k.min(weights.len());
        let (one, other) = (&mut Stream::new(&random), &mut Stream::new(&random));
        let expected = naive_weighted(other, k, weights.clone());
        prop_assert_eq!(pick_weighted(one, u32::try_from(k).unwrap(), &weights), expected);
        prop_assert_eq!(one.word(), other.word(), "as many words were taken");
    }

    #[test]
    fn picks_of_a_large_range_are_different_and_within(random: [u8; 32], k in 1_u32..2000) {
        let m = 1 << 53;
        let mut picked = pick(&mut Stream::new(&random), k, m);
        prop_assert!(picked.iter().all(|number| *number < m));
        picked.sort_unstable();
        picked.dedup();
        prop_assert_eq!(picked.len(), k as usize);
    }
}

#[test]
fn all_are_picked_in_the_end() {
    let mut picked = pick(&mut Stream::new(&[1; 32]), 10_000, 10_000);
    picked.sort_unstable();
    assert!(picked.into_iter().eq(0..10_000));
    let mut picked = pick_weighted(&mut Stream::new(&[1; 32]), 10_000, &[7].repeat(10_000));
    picked.sort_unstable();
    assert!(picked.into_iter().eq(0..10_000));
    assert_eq!(pick(&mut Stream::new(&[1; 32]), 3, 2).len(), 2);
    assert_eq!(pick_weighted(&mut Stream::new(&[1; 32]), 3, &[1, 1]).len(), 2);
}
