//! The result of a draw, computed from the VRF's output.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::num::NonZeroU64;

use serde::Serialize;

use crate::kind::{DECK, Kind};
use crate::lists::{self, is_weight};
use crate::sample::{pick, pick_weighted};
use crate::spec::Spec;
use crate::stream::Stream;

const RANKS: &[u8; 13] = b"A23456789TJQK";
const SUITS: &[u8; 4] = b"SHDC";

/// What was drawn, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Outcome {
    /// Integers, throws of dice, and positions from 0.
    Numbers(Vec<i64>),
    /// Cards, decimals and UUIDs.
    Texts(Vec<String>),
}

/// Why a result cannot be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DrawError {
    /// The draw is weighted, and the weights are not there.
    #[error("the weights are needed: without them the result cannot be computed")]
    WeightsNeeded,
    /// The draw is not weighted, and weights are there.
    #[error("the draw was made without weights; leave them out")]
    Unweighted,
    /// The weights are not one for each entry of the list.
    #[error("there are {got} weights, and the draw is of {want}")]
    WeightsCount {
        /// Weights given.
        got: usize,
        /// Entries of the list.
        want: u32,
    },
    /// The weights are not those whose hash is in the draw.
    #[error("the weights are not those of the draw: their hash is another")]
    OtherWeights,
}

impl Outcome {
    /// Returns how many results there are.
    pub const fn count(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Texts(texts) => texts.len(),
        }
    }
}

impl Spec {
    /// Computes the result from the VRF's output.
    ///
    /// # Errors
    /// The weights are missing, or not those of the draw.
    pub fn run(&self, random: &[u8; 32], weights: Option<&[u64]>) -> Result<Outcome, DrawError> {
        let weights = self.checked(weights)?;
        let stream = &mut Stream::new(random);
        Ok(match self.kind {
            Kind::Integers { count, min, max, unique } => {
                Outcome::Numbers(integers(stream, count, min..=max, unique))
            }
            Kind::Shuffle { n } => Outcome::Numbers(signed(pick(stream, n, n.into()))),
            Kind::Winners { n, k } => Outcome::Numbers(match weights {
                Some(weights) => {
                    let winners = pick_weighted(stream, k, weights);
                    signed(winners.into_iter().filter_map(|winner| u64::try_from(winner).ok()))
                }
                None => signed(pick(stream, k, n.into())),
            }),
            Kind::Dice { count, sides } => {
                let throw = |_| stream.below(at_least_one(sides.into())).saturating_add(1);
                Outcome::Numbers(signed((0..count).map(throw)))
            }
            Kind::Cards { count, decks } => {
                let all = u64::from(DECK.saturating_mul(decks));
                Outcome::Texts(pick(stream, count, all).into_iter().map(card).collect())
            }
            Kind::Decimals { count, digits } => {
                let limit = at_least_one(10_u64.saturating_pow(digits));
                let width = digits as usize;
                let decimal = |_| format!("0.{:0width$}", stream.below(limit));
                Outcome::Texts((0..count).map(decimal).collect())
            }
            Kind::Uuids { count } => Outcome::Texts((0..count).map(|_| uuid(stream)).collect()),
        })
    }

    /// Returns the weights if they are those of the draw.
    pub(crate) fn checked<'a>(
        &self,
        weights: Option<&'a [u64]>,
    ) -> Result<Option<&'a [u64]>, DrawError> {
        match (self.weights, weights) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(DrawError::Unweighted),
            (Some(_), None) => Err(DrawError::WeightsNeeded),
            (Some(hash), Some(weights)) => {
                let (got, want) = (weights.len(), self.kind.entries().unwrap_or_default());
                if u32::try_from(got) != Ok(want) {
                    return Err(DrawError::WeightsCount { got, want });
                }
                let right = lists::hash(weights) == hash && weights.iter().all(|w| is_weight(*w));
                if right { Ok(Some(weights)) } else { Err(DrawError::OtherWeights) }
            }
        }
    }
}

fn integers(
    stream: &mut Stream,
    count: u32,
    range: core::ops::RangeInclusive<i64>,
    unique: bool,
) -> Vec<i64> {
    let (min, max) = (*range.start(), *range.end());
    let size = max.abs_diff(min).saturating_add(1);
    let offsets = if unique {
        pick(stream, count, size)
    } else {
        (0..count).map(|_| stream.below(at_least_one(size))).collect()
    };
    offsets.into_iter().map(|offset| min.saturating_add_unsigned(offset)).collect()
}

/// Numbers of a draw are less than 2^53.
fn signed(numbers: impl IntoIterator<Item = u64>) -> Vec<i64> {
    numbers.into_iter().map(u64::cast_signed).collect()
}

/// A limit within those of a kind, none of which is 0.
fn at_least_one(limit: u64) -> NonZeroU64 {
    NonZeroU64::new(limit).unwrap_or(NonZeroU64::MIN)
}

/// Names a card of decks that lie on each other, all in the same order: spades, hearts, diamonds,
/// clubs, each from ace to king.
fn card(number: u64) -> String {
    let [rank, suit] = [number % 13, number % 52 / 13];
    let letter = |letters: &[u8], at: u64| {
        usize::try_from(at).ok().and_then(|at| letters.get(at).copied()).map(char::from)
    };
    letter(RANKS, rank).into_iter().chain(letter(SUITS, suit)).collect()
}

/// Writes a UUID of two words (RFC 9562 §5.4).
fn uuid(stream: &mut Stream) -> String {
    const VERSION: u128 = 0xf << 76;
    const VARIANT: u128 = 0b11 << 62;
    let words = u128::from(stream.word()) << 64 | u128::from(stream.word());
    let uuid = words & !(VERSION | VARIANT) | 0x4 << 76 | 0b10 << 62;
    let digits = format!("{uuid:032x}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if [8, 12, 16, 20].contains(&at) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}
