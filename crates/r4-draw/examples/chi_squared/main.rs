//! χ² tests of every kind of draw: at least 10⁶ results each, the same ones every time.
//!
//! `cargo run --release -p r4-draw --example chi_squared` ends with exit 1 if a statistic is one
//! that chance gives less than once in a million: too far from what is expected, or too near.
//!
//! `-- --biased` tests samplers with well-known faults instead, so as to show that the tests see
//! them: it must end with exit 1.

mod biased;
mod draws;
mod statistics;

use std::process::ExitCode;

/// The least results of a kind.
const RESULTS: u32 = 1_000_000;

type Error = Box<dyn std::error::Error>;

fn main() -> Result<ExitCode, Error> {
    statistics::check_p_values()?;
    let findings = match std::env::args().nth(1).as_deref() {
        None => draws::all()?,
        Some("--biased") => biased::all()?,
        Some(other) => return Err(format!("unknown argument {other}; there is --biased").into()),
    };
    println!("{:44} {:>8} {:>12} {:>6} {:>9}", "what", "results", "χ²", "df", "p");
    for finding in &findings {
        println!("{finding}");
    }
    let failed = findings.iter().filter(|finding| !finding.passes()).count();
    println!("{} of {} pass", findings.len().saturating_sub(failed), findings.len());
    Ok(if failed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
