//! The program as it is released: no fault can be induced, and whoever tries is told so.

use std::time::Duration;

use r4_drbg::{Seed, TestResult};
use rustix::io::Result;

use crate::{
    error::Error,
    noise::{Kind, Noise},
};

/// Time after which the generator is reseeded.
pub(crate) const RESEED_AFTER: Duration = Duration::from_mins(1);
const SETTING: &str = "R4_INDUCED_FAULT";

/// Refuses the setting of test builds.
///
/// # Errors
/// [`Error::Usage`] when it is there.
#[expect(clippy::disallowed_methods, reason = "the one variable that is looked for, to refuse it")]
pub(crate) fn prepare() -> std::result::Result<(), Error> {
    match std::env::var_os(SETTING) {
        None => Ok(()),
        Some(_) => Err(Error::Usage(format!(
            "{SETTING} is set, and this program cannot induce faults: unset it"
        ))),
    }
}

pub(crate) fn source(_kind: Kind, noise: Option<Box<dyn Noise>>) -> Option<Box<dyn Noise>> {
    noise
}

pub(crate) fn known_answers(
    results: impl Iterator<Item = TestResult>,
) -> impl Iterator<Item = TestResult> {
    results
}

pub(crate) fn seeded(_seed: &[u8; Seed::BYTES]) {}

pub(crate) fn confined() {}

pub(crate) fn write(
    write: impl Fn(&[u8]) -> Result<usize>,
    _written: u64,
    bytes: &[u8],
) -> Result<usize> {
    write(bytes)
}
