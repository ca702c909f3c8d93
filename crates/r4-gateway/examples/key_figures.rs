//! Measures the table of API keys with 100,000 of them: bytes a key, and how much longer a look-up
//! takes than in a table of one key.
//!
//! `cargo run --release -p r4-gateway --example key_figures`

#[path = "../tests/key_memory/allocator.rs"]
mod allocator;
#[path = "../tests/key_memory/keys.rs"]
mod keys;

use std::hint::black_box;
use std::io::{self, Write as _};
use std::time::Instant;

use r4_gateway::keys::{KeyTable, SecretText};

use crate::keys::{NOW, own_bytes, secrets, table};

const KEYS: usize = 100_000;
const LOOK_UPS: usize = 2_000_000;

fn main() -> anyhow::Result<()> {
    let secrets = secrets(KEYS)?;
    let (all, bytes) = table(&secrets)?;
    let own = own_bytes(&secrets);
    let first = secrets.get(..1).unwrap_or_default();
    let (one, _) = table(first)?;
    let (beside, of_table) = (bytes.saturating_sub(own) / KEYS, own / KEYS);
    let mut out = io::stdout();
    writeln!(out, "bytes a key: {beside} beside the hash table's own {of_table}")?;
    let few = times(&one, first);
    let many = times(&all, &secrets);
    for (name, part) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)] {
        let (few, many) = (at(&few, part), at(&many, part));
        let more = many.saturating_sub(few);
        writeln!(out, "look-up {name}: {few} ns of 1 key, {many} ns of {KEYS}: {more} ns more")?;
    }
    Ok(())
}

/// Returns the times of look-ups, in nanoseconds and in order.
fn times(table: &KeyTable, secrets: &[SecretText]) -> Vec<u64> {
    let mut times = Vec::with_capacity(LOOK_UPS);
    // A step that is prime, so that neighbours in memory are not asked for one after the other.
    for secret in secrets.iter().cycle().step_by(7919).take(LOOK_UPS) {
        let start = Instant::now();
        let found = table.find(black_box(secret.as_str()), NOW);
        let took = start.elapsed();
        assert!(black_box(found).is_ok(), "a key is missing");
        times.push(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }
    times.sort_unstable();
    times
}

/// Returns the time that the given part of all look-ups keeps to.
fn at(times: &[u64], part: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a place in a list of some million"
    )]
    let place = (times.len() as f64 * part) as usize;
    times.get(place).copied().unwrap_or_default()
}
