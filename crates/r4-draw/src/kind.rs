//! What can be drawn, with its numbers and their limits.

use alloc::vec::Vec;
use core::fmt;
use core::ops::RangeInclusive;

use serde::Serialize;

/// Most results of one draw, and most entries of a list.
pub const MAX_COUNT: u32 = 10_000;
/// Cards of a deck.
pub const DECK: u32 = 52;

/// The largest whole number that every JSON reader takes exactly: 2^53 - 1.
const MAX_SAFE: i64 = (1 << 53) - 1;

const COUNT: &str = "a whole number from 1 to 10000";
const SAFE: &str = "a whole number from -9007199254740991 to 9007199254740991";

/// What is drawn. Values of this type are within their limits: they are read, never made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Whole numbers of a range.
    Integers {
        /// How many.
        count: u32,
        /// The smallest.
        min: i64,
        /// The largest.
        max: i64,
        /// Whether none may come twice.
        unique: bool,
    },
    /// All positions of a list in a new order.
    Shuffle {
        /// Entries of the list.
        n: u32,
    },
    /// Some positions of a list, the first prize first.
    Winners {
        /// Entries of the list.
        n: u32,
        /// How many win.
        k: u32,
    },
    /// Throws of dice.
    Dice {
        /// How many.
        count: u32,
        /// Sides of a die.
        sides: u32,
    },
    /// Cards from the top of shuffled decks.
    Cards {
        /// How many.
        count: u32,
        /// Decks that are shuffled together.
        decks: u32,
    },
    /// Fractions from 0 up to 1.
    Decimals {
        /// How many.
        count: u32,
        /// Digits after the point.
        digits: u32,
    },
    /// Random UUIDs (RFC 9562, version 4).
    Uuids {
        /// How many.
        count: u32,
    },
}

/// A number of a kind as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Number {
    Whole(i64),
    Flag(bool),
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(value) => value.fmt(f),
            Self::Flag(value) => value.fmt(f),
        }
    }
}

/// Where a kind's numbers are read from.
pub(crate) trait Numbers {
    type Error;

    /// Reads a whole number; one that is left out may have a default.
    fn whole(&mut self, name: &'static str, default: Option<u32>) -> Result<i64, Self::Error>;

    /// Reads true or false.
    fn flag(&mut self, name: &'static str, default: bool) -> Result<bool, Self::Error>;

    /// Makes the error for a number that is out of its limits.
    fn wrong(&self, name: &'static str, expected: &'static str) -> Self::Error;

    /// Reads a number within limits.
    fn within(
        &mut self,
        name: &'static str,
        limits: RangeInclusive<u32>,
        expected: &'static str,
        default: Option<u32>,
    ) -> Result<u32, Self::Error> {
        let value = u32::try_from(self.whole(name, default)?).ok();
        value.filter(|value| limits.contains(value)).ok_or_else(|| self.wrong(name, expected))
    }
}

impl Kind {
    /// The names of all kinds.
    pub const NAMES: [&str; 7] =
        ["integers", "shuffle", "winners", "dice", "cards", "decimals", "uuids"];

    /// Returns the kind's name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Integers { .. } => "integers",
            Self::Shuffle { .. } => "shuffle",
            Self::Winners { .. } => "winners",
            Self::Dice { .. } => "dice",
            Self::Cards { .. } => "cards",
            Self::Decimals { .. } => "decimals",
            Self::Uuids { .. } => "uuids",
        }
    }

    /// Returns how many results a draw of this kind has.
    pub const fn count(&self) -> u32 {
        match *self {
            Self::Integers { count, .. }
            | Self::Dice { count, .. }
            | Self::Cards { count, .. }
            | Self::Decimals { count, .. }
            | Self::Uuids { count } => count,
            Self::Shuffle { n } => n,
            Self::Winners { k, .. } => k,
        }
    }

    /// Returns how many entries the list has that is drawn from, if the kind draws from one.
    pub const fn entries(&self) -> Option<u32> {
        match *self {
            Self::Shuffle { n } | Self::Winners { n, .. } => Some(n),
            _ => None,
        }
    }

    /// Says whether the results are numbers, not texts.
    pub(crate) const fn is_numeric(&self) -> bool {
        !matches!(self, Self::Cards { .. } | Self::Decimals { .. } | Self::Uuids { .. })
    }

    /// Returns the numbers by name, in the order in which they are written.
    pub(crate) fn numbers(&self) -> Vec<(&'static str, Number)> {
        let whole = |name, value: u32| (name, Number::Whole(value.into()));
        match *self {
            Self::Integers { count, min, max, unique } => Vec::from([
                whole("count", count),
                ("min", Number::Whole(min)),
                ("max", Number::Whole(max)),
                ("unique", Number::Flag(unique)),
            ]),
            Self::Shuffle { n } => Vec::from([whole("n", n)]),
            Self::Winners { n, k } => Vec::from([whole("n", n), whole("k", k)]),
            Self::Dice { count, sides } => {
                Vec::from([whole("count", count), whole("sides", sides)])
            }
            Self::Cards { count, decks } => {
                Vec::from([whole("count", count), whole("decks", decks)])
            }
            Self::Decimals { count, digits } => {
                Vec::from([whole("count", count), whole("digits", digits)])
            }
            Self::Uuids { count } => Vec::from([whole("count", count)]),
        }
    }

    /// Reads the numbers of the kind of that name, in the order of [`Self::numbers`]; `None` when
    /// there is no such kind.
    pub(crate) fn read<N: Numbers>(name: &str, from: &mut N) -> Result<Option<Self>, N::Error> {
        let count = |from: &mut N| from.within("count", 1..=MAX_COUNT, COUNT, None);
        let entries = |from: &mut N| from.within("n", 1..=MAX_COUNT, COUNT, None);
        Ok(Some(match name {
            "integers" => read_integers(from)?,
            "shuffle" => Self::Shuffle { n: entries(from)? },
            "winners" => {
                let n = entries(from)?;
                Self::Winners { n, k: from.within("k", 1..=n, "a whole number from 1 to n", None)? }
            }
            "dice" => Self::Dice {
                count: count(from)?,
                sides: from.within("sides", 2..=1000, "a whole number from 2 to 1000", Some(6))?,
            },
            "cards" => read_cards(from)?,
            "decimals" => Self::Decimals {
                count: count(from)?,
                digits: from.within("digits", 1..=15, "a whole number from 1 to 15", Some(6))?,
            },
            "uuids" => Self::Uuids { count: count(from)? },
            _ => return Ok(None),
        }))
    }
}

fn read_integers<N: Numbers>(from: &mut N) -> Result<Kind, N::Error> {
    let count = from.within("count", 1..=MAX_COUNT, COUNT, None)?;
    let safe = |from: &mut N, name| {
        let value = from.whole(name, None)?;
        let safe = (-MAX_SAFE..=MAX_SAFE).contains(&value);
        if safe { Ok(value) } else { Err(from.wrong(name, SAFE)) }
    };
    let (min, max) = (safe(from, "min")?, safe(from, "max")?);
    let unique = from.flag("unique", false)?;
    if max < min {
        return Err(from.wrong("max", "at least min"));
    }
    let last = max.abs_diff(min);
    if last > MAX_SAFE.unsigned_abs() {
        return Err(from.wrong("max", "less than min + 2^53: a range has 2^53 values at most"));
    }
    if unique && u64::from(count) > last.saturating_add(1) {
        let enough = "at most max - min + 1, for unique numbers do not come twice";
        return Err(from.wrong("count", enough));
    }
    Ok(Kind::Integers { count, min, max, unique })
}

fn read_cards<N: Numbers>(from: &mut N) -> Result<Kind, N::Error> {
    let count = from.within("count", 1..=MAX_COUNT, "a whole number from 1 to 52 × decks", None)?;
    let decks = from.within("decks", 1..=8, "a whole number from 1 to 8", Some(1))?;
    if count > DECK.saturating_mul(decks) {
        return Err(from.wrong("count", "a whole number from 1 to 52 × decks"));
    }
    Ok(Kind::Cards { count, decks })
}
