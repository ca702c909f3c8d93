//! Picking positions without putting any back: all as likely, or by weight.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::num::NonZeroU64;

use crate::stream::Stream;

/// Picks `k` of the numbers below `m` in order: the first `k` steps of Fisher and Yates' shuffle of
/// 0, 1, …, m − 1. Only entries that were moved are kept, so that `m` may be large. Ends early
/// when there are no more than `m`.
pub(crate) fn pick(stream: &mut Stream, k: u32, m: u64) -> Vec<u64> {
    let mut moved = BTreeMap::new();
    let mut picked = Vec::new();
    for at in 0..u64::from(k) {
        let Some(left) = m.checked_sub(at).and_then(NonZeroU64::new) else { break };
        let other = at.wrapping_add(stream.below(left));
        let here = moved.remove(&at).unwrap_or(at);
        picked.push(if other == at { here } else { moved.insert(other, here).unwrap_or(other) });
    }
    picked
}

/// Picks `k` positions, each time with the probability of its weight among those that are left.
/// Ends early when none is left.
pub(crate) fn pick_weighted(stream: &mut Stream, k: u32, weights: &[u64]) -> Vec<usize> {
    let mut tree = Fenwick::new(weights);
    let mut picked = Vec::new();
    for _ in 0..k {
        let Some(total) = NonZeroU64::new(tree.total) else { break };
        let winner = tree.position(stream.below(total));
        tree.remove(winner, weights.get(winner).copied().unwrap_or_default());
        picked.push(winner);
    }
    picked
}

/// Sums of weights, found and changed in logarithmic time (P. Fenwick, 1994).
struct Fenwick {
    /// At i − 1 the sum of as many weights up to the i-th as the lowest bit of i says.
    sums: Vec<u64>,
    total: u64,
}

impl Fenwick {
    fn new(weights: &[u64]) -> Self {
        let mut sums = weights.to_vec();
        for number in 1..=sums.len() {
            let sum = sums.get(number.wrapping_sub(1)).copied().unwrap_or_default();
            let above = number.wrapping_add(lowest_bit(number)).wrapping_sub(1);
            if let Some(above) = sums.get_mut(above) {
                *above = above.saturating_add(sum);
            }
        }
        Self { sums, total: weights.iter().fold(0, |sum, weight| sum.saturating_add(*weight)) }
    }

    /// Returns the smallest position whose cumulated weight exceeds `x`, which is less than the
    /// total.
    fn position(&self, mut x: u64) -> usize {
        let mut before = 0_usize;
        let mut step = self.sums.len().checked_ilog2().map_or(0, |bits| 1_usize << bits);
        while step > 0 {
            let number = before.wrapping_add(step);
            if let Some(sum) = self.sums.get(number.wrapping_sub(1)).filter(|sum| **sum <= x) {
                x = x.wrapping_sub(*sum);
                before = number;
            }
            step >>= 1;
        }
        before
    }

    /// Makes the weight of a position 0.
    fn remove(&mut self, position: usize, weight: u64) {
        self.total = self.total.saturating_sub(weight);
        let mut number = position.wrapping_add(1);
        while let Some(sum) = self.sums.get_mut(number.wrapping_sub(1)) {
            *sum = sum.saturating_sub(weight);
            number = number.wrapping_add(lowest_bit(number));
        }
    }
}

const fn lowest_bit(number: usize) -> usize {
    number & number.wrapping_neg()
}

#[cfg(test)]
mod tests;
