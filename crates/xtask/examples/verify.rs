//! `verify KEYS RECEIPT THREADS SECONDS`: checks a receipt by the library again and again, in so many
//! threads, from its bytes to the verdict. `cargo xtask bench` runs it. Prints receipts a second.
#![expect(clippy::print_stdout, reason = "the figure is its output")]

use std::{
    fs,
    io::{Error, Result},
    thread,
    time::{Duration, Instant},
};

use r4_receipt::{Document, KeysDocument, Pin, Policy, Verdict, verify};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [keys, receipt, threads, seconds] = args.as_slice() else {
        return Err(Error::other("usage: verify KEYS RECEIPT THREADS SECONDS"));
    };
    let keys = KeysDocument::parse(&fs::read(keys)?).map_err(Error::other)?;
    let policy = Policy {
        pin: Pin::KeyHashes(keys.key_hashes().collect()),
        log: keys.log().cloned(),
        ..Policy::default()
    };
    let receipt = fs::read(receipt)?;
    let threads: usize = threads.parse().map_err(Error::other)?;
    let window = Duration::from_secs_f64(seconds.parse().map_err(Error::other)?);

    let start = Instant::now();
    let all = thread::scope(|scope| {
        let one = || scope.spawn(|| check_until(start + window, &receipt, &policy));
        let threads: Vec<_> = (0..threads).map(|_| one()).collect();
        threads.into_iter().map(|one| one.join().unwrap_or_else(|_| Err(wrong()))).sum()
    });
    let all: Result<u32> = all;
    println!("{:.1}", f64::from(all?) / start.elapsed().as_secs_f64());
    Ok(())
}

/// Returns how often the receipt was checked, and right.
fn check_until(end: Instant, receipt: &[u8], policy: &Policy) -> Result<u32> {
    let mut count: u32 = 0;
    while Instant::now() < end {
        let document = Document::parse(receipt).map_err(Error::other)?;
        if verify(&document, policy).verdict() != Verdict::Valid {
            return Err(wrong());
        }
        count = count.saturating_add(1);
    }
    Ok(count)
}

fn wrong() -> Error {
    Error::other("the receipt is not right, or not of these keys")
}
