//! `cargo bench -p re4-dump --bench throughput`: bytes a second of `re4_dump` to `/dev/null`, as a ratio to what its
//! engine makes within this process into a buffer of the same length.
//!
//! Both are measured in turn, so that a busy machine slows both; the process counts its start, its
//! kernel bytes, its writes and its wiping. `-- --quick` measures less.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops at a surprise"
)]

use std::{
    process::{Command, Stdio},
    time::Instant,
};

use r4_drbg::{Engine, FRESH_BYTES, MEMORY_BYTES, Seed, Unseeded};

/// Bytes that `re4_dump` makes at a time.
const BUFFER_BYTES: usize = (64 << 10) - MEMORY_BYTES - FRESH_BYTES - Seed::BYTES - 1;

fn main() {
    let quick = std::env::args().any(|arg| arg == "--quick");
    let (rounds, bytes) = if quick { (3, 4 << 30) } else { (9, 16 << 30) };
    println!(
        "{:<12} {:>14} {:>14}   ratio: median (least, most)",
        "engine", "in process", "re4_dump"
    );
    for engine in Engine::ALL {
        let mut pairs: Vec<(f64, f64)> =
            (0..rounds).map(|_| (in_process(engine, bytes), to_null(engine, bytes))).collect();
        pairs.sort_by(|one, other| ratio(*one).total_cmp(&ratio(*other)));
        let [least, median, most] = [0, rounds / 2, rounds - 1].map(|at| pairs[at]);
        println!(
            "{:<12} {:>9.2} GB/s {:>9.2} GB/s   {:.2} ({:.2}, {:.2})",
            engine.name(),
            median.0,
            median.1,
            ratio(median),
            ratio(least),
            ratio(most),
        );
    }
}

fn ratio((in_process, to_null): (f64, f64)) -> f64 {
    to_null / in_process
}

/// Fills a buffer again and again; returns GB/s.
fn in_process(engine: Engine, bytes: u64) -> f64 {
    let mut memory = [0; MEMORY_BYTES];
    let mut generator = Unseeded::new(engine, &mut memory).seed(&Seed::new(&mut [1; Seed::BYTES]));
    let mut buffer = vec![0; BUFFER_BYTES];
    timed(bytes, || {
        for _ in 0..bytes / BUFFER_BYTES as u64 {
            generator.fill(&[2; FRESH_BYTES], &mut buffer).expect("within the limits");
            std::hint::black_box(&mut buffer);
        }
    })
}

/// Runs the program; returns GB/s.
fn to_null(engine: Engine, bytes: u64) -> f64 {
    let mut program = Command::new(env!("CARGO_BIN_EXE_re4_dump"));
    program.args(["--engine", engine.name(), "--bytes", &bytes.to_string()]);
    timed(bytes, || {
        let status = program.stdout(Stdio::null()).status().expect("re4_dump starts");
        assert!(status.success(), "{status}");
    })
}

#[expect(clippy::cast_precision_loss, reason = "a rate needs no more than 53 bits")]
fn timed(bytes: u64, work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    bytes as f64 / start.elapsed().as_secs_f64() / 1e9
}
