//! Every kind of draw, as it is run for callers.

use r4_draw::{Lists, Order, Outcome, Spec, Stream};
use sha2::{Digest as _, Sha256};

use crate::statistics::{Counts, Finding};
use crate::{Error, RESULTS};

/// A limit whose last round of words is far from whole: 2^64 is 4/3 of it.
pub(crate) const UNEVEN: u64 = 3 << 62;
/// Equal parts of it that are counted.
pub(crate) const PARTS: u64 = 96;

/// Weights of a weighted draw.
const WEIGHTS: [u64; 5] = [1, 2, 3, 10, 4];

pub(crate) fn all() -> Result<Vec<Finding>, Error> {
    Ok(vec![
        below()?,
        integers("integers, 1 to 1000", 1000)?,
        integers("integers, 0 to 36", 37)?,
        pairs()?,
        orders("integers, unique, 3 of 6 in order", UNIQUE, 3, 6)?,
        permutations("shuffle of 100", r#"{"kind":"shuffle","n":100}"#, 100)?,
        orders("shuffle of 5, all orders", r#"{"kind":"shuffle","n":5}"#, 5, 5)?,
        orders("winners, 3 of 6 in order", r#"{"kind":"winners","n":6,"k":3}"#, 3, 6)?,
        weighted()?,
        dice("dice, 6 sides", 6)?,
        dice("dice, 1000 sides", 1000)?,
        permutations("cards of a deck", r#"{"kind":"cards","count":52}"#, 52)?,
        decimals()?,
        uuids()?,
    ])
}

const UNIQUE: &str = r#"{"kind":"integers","count":3,"min":0,"max":5,"unique":true}"#;

/// Draws of one order, each of another VRF output.
struct Draws {
    spec: Spec,
    lists: Lists,
    prefix: Sha256,
}

impl Draws {
    fn of(name: &str, order: &str) -> Result<Self, Error> {
        let (spec, lists) = Order::parse(order.as_bytes())?.into_spec([0; 16]);
        Ok(Self { spec, lists, prefix: Sha256::new_with_prefix(name) })
    }

    fn run(&self, number: u32) -> Result<Outcome, Error> {
        let random = random(&self.prefix, number);
        Ok(self.spec.run(&random, self.lists.weights.as_deref())?)
    }

    fn numbers(&self, number: u32) -> Result<Vec<u64>, Error> {
        match self.run(number)? {
            Outcome::Numbers(numbers) => Ok(numbers.into_iter().map(i64::cast_unsigned).collect()),
            Outcome::Texts(_) => Err("texts were drawn".into()),
        }
    }

    fn texts(&self, number: u32) -> Result<Vec<String>, Error> {
        match self.run(number)? {
            Outcome::Texts(texts) => Ok(texts),
            Outcome::Numbers(_) => Err("numbers were drawn".into()),
        }
    }
}

fn random(prefix: &Sha256, number: u32) -> [u8; 32] {
    prefix.clone().chain_update(number.to_be_bytes()).finalize().into()
}

/// The words that a sampler of that name takes.
pub(crate) fn stream(name: &str) -> Stream {
    Stream::new(&random(&Sha256::new_with_prefix(name), 0))
}

fn below() -> Result<Finding, Error> {
    let name = "numbers below 3·2^62, in 96 parts";
    let limit = core::num::NonZeroU64::new(UNEVEN).ok_or("the limit is 0")?;
    let (mut words, mut counts) = (stream(name), Counts::new(96));
    for _ in 0..RESULTS {
        counts.add(words.below(limit) / (UNEVEN / PARTS))?;
    }
    Ok(counts.uniform(name, 1))
}

fn integers(name: &'static str, m: u64) -> Result<Finding, Error> {
    let max = m.saturating_sub(1);
    let order = format!(r#"{{"kind":"integers","count":10000,"min":0,"max":{max}}}"#);
    let (draws, mut counts) = (Draws::of(name, &order)?, Counts::new(usize::try_from(m)?));
    for number in 0..RESULTS.div_ceil(10_000) {
        for result in draws.numbers(number)? {
            counts.add(result)?;
        }
    }
    Ok(counts.uniform(name, 1))
}

/// Integers and those that follow them, each in one pair.
fn pairs() -> Result<Finding, Error> {
    let name = "integers, 0 to 29, pairs";
    let order = r#"{"kind":"integers","count":10000,"min":0,"max":29}"#;
    let (draws, mut counts) = (Draws::of(name, order)?, Counts::new(900));
    for number in 0..RESULTS.div_ceil(5000) {
        for pair in draws.numbers(number)?.as_chunks().0 {
            counts.add(category(pair, 30))?;
        }
    }
    Ok(counts.uniform(name, 2))
}

/// Numbers below `m` as one number.
pub(crate) fn category(numbers: &[u64; 2], m: u64) -> u64 {
    let [first, second] = numbers;
    first.saturating_mul(m).saturating_add(*second)
}

/// Results of `k` of `m` whose order is one category.
fn orders(name: &'static str, order: &str, k: u32, m: u32) -> Result<Finding, Error> {
    let draws = Draws::of(name, order)?;
    let mut counts = Counts::new(all_orders(k, m) as usize);
    for number in 0..RESULTS.div_ceil(k) {
        counts.add(rank(&draws.numbers(number)?, m.into()))?;
    }
    Ok(counts.uniform(name, k))
}

/// How many orders there are of `k` of `m`.
fn all_orders(k: u32, m: u32) -> u32 {
    (0..k).map(|taken| m.saturating_sub(taken)).product()
}

/// Numbers different orders of entries below `m`: each entry counts among those that are left.
pub(crate) fn rank(order: &[u64], m: u64) -> u64 {
    let mut left: Vec<u64> = (0..m).collect();
    order.iter().fold(0, |rank, entry| {
        let many = left.len() as u64;
        let at = left.iter().position(|other| other == entry).unwrap_or(left.len());
        left.retain(|other| other != entry);
        rank.saturating_mul(many).saturating_add(at as u64)
    })
}

/// Permutations of `n`: places and entries.
fn permutations(name: &'static str, order: &str, n: u32) -> Result<Finding, Error> {
    let (draws, mut counts) = (Draws::of(name, order)?, Counts::new(n.pow(2) as usize));
    for number in 0..RESULTS.div_ceil(n) {
        let entries = match draws.run(number)? {
            Outcome::Numbers(_) => draws.numbers(number)?,
            Outcome::Texts(cards) => cards.iter().filter_map(|card| card_number(card)).collect(),
        };
        for (place, entry) in (0..).zip(entries) {
            counts.add(category(&[place, entry], n.into()))?;
        }
    }
    Ok(counts.of_permutations(name, n))
}

fn card_number(card: &str) -> Option<u64> {
    let mut letters = card.chars();
    let rank = "A23456789TJQK".find(letters.next()?)?;
    let suit = "SHDC".find(letters.next()?)?;
    u64::try_from(suit).ok()?.checked_mul(13)?.checked_add(u64::try_from(rank).ok()?)
}

/// Three weighted winners of five: the probability of each order is known.
fn weighted() -> Result<Finding, Error> {
    let name = "winners, weighted, 3 of 5 in order";
    let order = format!(r#"{{"kind":"winners","n":5,"k":3,"weights":{WEIGHTS:?}}}"#);
    let (draws, mut counts) = (Draws::of(name, &order)?, Counts::new(60));
    for number in 0..RESULTS.div_ceil(3) {
        counts.add(rank(&draws.numbers(number)?, 5))?;
    }
    let mut shares = vec![0.0; 60];
    for order in (0..125_u64).map(|number| [number / 25, number / 5 % 5, number % 5]) {
        if let Some(share) = share(&order)
            && let Some(at) = shares.get_mut(usize::try_from(rank(&order, 5))?)
        {
            *at = share;
        }
    }
    Ok(counts.expecting(name, 3, &shares))
}

/// The probability of an order; `None` where an entry comes twice.
fn share(order: &[u64; 3]) -> Option<f64> {
    let mut weights = WEIGHTS.map(|weight| f64::from(u32::try_from(weight).unwrap_or_default()));
    order.iter().try_fold(1.0, |share, entry| {
        let total: f64 = weights.iter().sum();
        let weight = weights.get_mut(usize::try_from(*entry).ok()?)?;
        let taken = std::mem::take(weight);
        (taken > 0.0).then_some(share * taken / total)
    })
}

fn dice(name: &'static str, sides: u64) -> Result<Finding, Error> {
    let order = format!(r#"{{"kind":"dice","count":10000,"sides":{sides}}}"#);
    let (draws, mut counts) = (Draws::of(name, &order)?, Counts::new(usize::try_from(sides)?));
    for number in 0..RESULTS.div_ceil(10_000) {
        for throw in draws.numbers(number)? {
            counts.add(throw.checked_sub(1).ok_or("a die shows 0")?)?;
        }
    }
    Ok(counts.uniform(name, 1))
}

/// Every digit at every place.
fn decimals() -> Result<Finding, Error> {
    let name = "decimals, digits by place";
    let order = r#"{"kind":"decimals","count":10000,"digits":15}"#;
    let (draws, mut counts) = (Draws::of(name, order)?, Counts::new(150));
    for number in 0..RESULTS.div_ceil(150_000) {
        for decimal in draws.texts(number)? {
            let digits = decimal.strip_prefix("0.").ok_or("no decimal")?;
            for (place, digit) in (0..).zip(digits.chars()) {
                let digit = digit.to_digit(10).ok_or("no digit")?;
                counts.add(category(&[place, digit.into()], 10))?;
            }
        }
    }
    Ok(counts.in_groups(name, 10))
}

/// Every hexadecimal digit at every place but those of version and variant.
fn uuids() -> Result<Finding, Error> {
    let name = "uuids, hexadecimal digits by place";
    let order = r#"{"kind":"uuids","count":10000}"#;
    let (draws, mut counts) = (Draws::of(name, order)?, Counts::new(480));
    for number in 0..RESULTS.div_ceil(300_000) {
        for uuid in draws.texts(number)? {
            let digits = uuid.chars().filter_map(|digit| digit.to_digit(16));
            let fixed = |at: &usize| [12, 16].contains(at);
            let random = digits.enumerate().filter(|(at, _)| !fixed(at)).map(|(_, digit)| digit);
            for (place, digit) in (0..).zip(random) {
                counts.add(category(&[place, digit.into()], 16))?;
            }
        }
    }
    Ok(counts.in_groups(name, 16))
}
