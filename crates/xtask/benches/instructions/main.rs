//! What `cargo xtask instructions` runs under callgrind: `instructions NAME TIMES` does a piece of work once, then TIMES
//! again in `counted_work`, where callgrind counts.
//!
//! It prints what the processor can do, as it is seen from within. Without a name it prints its own path, then what
//! there is to count.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops at a surprise"
)]

use std::error::Error;

use works::{Run, Work};

mod services;
#[path = "../works/mod.rs"]
mod works;

/// What is counted, and how many times: a multiple of the inputs that are used in turn, and enough
/// for what happens now and then, such as an empty buffer, to have its share.
const COUNTED: [(&str, u64); 24] = [
    ("core/random", 4096),
    ("gateway/random", 2048),
    ("chacha20/32", 1024),
    ("chacha20/4096", 256),
    ("chacha20/65536", 32),
    ("ctr_aes256/32", 1024),
    ("ctr_aes256/4096", 256),
    ("ctr_aes256/65536", 32),
    ("hex/1000000", 4),
    ("ecvrf/prove", 64),
    ("ecvrf/verify", 64),
    ("ecdsa/sign", 64),
    ("ecdsa/verify", 64),
    ("ecdsa/recover", 64),
    ("mldsa65/verify", 64),
    ("log/append", 1024),
    ("log/prove_inclusion", 256),
    ("log/check_inclusion", 256),
    ("receipt/issue_without_mldsa", 64),
    ("receipt/check_own", 32),
    ("receipt/parse", 64),
    ("receipt/verify", 32),
    ("receipt/verify_evm", 32),
    ("draw/verify", 32),
];

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        [name, times] => {
            let mut run = (find(name).ok_or("there is no such work")?.prepare)();
            println!("{}", processor());
            run();
            counted_work(&mut run, times.parse()?);
        }
        _ => list()?,
    }
    Ok(())
}

/// Callgrind knows this function by its name.
#[inline(never)]
fn counted_work(run: &mut Run, times: u64) {
    for _ in 0..times {
        run();
    }
}

fn find(name: &str) -> Option<&'static Work> {
    works::all().chain(&services::WORKS).find(|work| work.name == name)
}

fn list() -> Result<(), Box<dyn Error>> {
    println!("{}", std::env::current_exe()?.display());
    for (name, times) in COUNTED {
        let work = find(name).ok_or("a piece of work has another name now")?;
        println!("{name}\t{times}\t{}", work.bytes.unwrap_or_default());
    }
    Ok(())
}

/// What the libraries choose their code by.
#[cfg(target_arch = "x86_64")]
fn processor() -> String {
    macro_rules! seen {
        ($($feature:tt)*) => {
            [$(($feature, is_x86_feature_detected!($feature))),*]
        };
    }
    let seen =
        seen!["ssse3" "sse4.2" "aes" "pclmulqdq" "avx" "avx2" "bmi2" "adx" "sha" "avx512f" "vaes"];
    let seen: Vec<&str> = seen.into_iter().filter_map(|(name, is)| is.then_some(name)).collect();
    format!("x86_64 {}", seen.join(" "))
}

/// What the libraries choose their code by.
#[cfg(not(target_arch = "x86_64"))]
fn processor() -> String {
    std::env::consts::ARCH.to_owned()
}
