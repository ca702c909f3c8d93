//! Samplers with faults that are easily made.

use crate::draws::{PARTS, UNEVEN, rank, stream};
use crate::statistics::{Counts, Finding};
use crate::{Error, RESULTS};

pub(crate) fn all() -> Result<Vec<Finding>, Error> {
    Ok(vec![remainder()?, shuffle()?, repeated()?])
}

/// The remainder of a word, without throwing any away: the words beyond the last whole round make the
/// first third of the numbers twice as likely as the others.
fn remainder() -> Result<Finding, Error> {
    let name = "biased: word mod 3·2^62, in 96 parts";
    let (mut words, mut counts) = (stream(name), Counts::new(96));
    for _ in 0..RESULTS {
        counts.add(words.word() % UNEVEN / (UNEVEN / PARTS))?;
    }
    Ok(counts.uniform(name, 1))
}

/// A shuffle that swaps with any place, not with one that is left.
fn shuffle() -> Result<Finding, Error> {
    let name = "biased: shuffle of 5 by any places";
    let (mut words, mut counts) = (stream(name), Counts::new(120));
    for _ in 0..RESULTS.div_ceil(5) {
        let mut order = [0, 1, 2, 3, 4];
        for at in 0..order.len() {
            order.swap(at, usize::try_from(words.word() % 5)?);
        }
        counts.add(rank(&order, 5))?;
    }
    Ok(counts.uniform(name, 5))
}

/// Results that are too even: one after the other.
fn repeated() -> Result<Finding, Error> {
    let name = "biased: dice that show 1 to 6 in turn";
    let mut counts = Counts::new(6);
    for number in 0..RESULTS {
        counts.add(u64::from(number) % 6)?;
    }
    Ok(counts.uniform(name, 1))
}
