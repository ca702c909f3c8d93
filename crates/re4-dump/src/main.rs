//! `re4_dump`, the sealed generator: random bytes to standard output until the pipe closes.
//!
//! It reads no file, no environment variable and no input. In order: the known-answer tests, the
//! confinement, a seed from the noise sources, then bytes. Any failure ends it with one sentence on
//! standard error and an exit code of its own ([`error::Error::exit_code`]).

mod args;
mod combine;
mod confine;
mod error;
mod noise;
mod output;
mod pages;

use std::{
    io::{Write, stderr, stdout},
    os::fd::AsFd,
    process::ExitCode,
};

use r4_drbg::{Engine, Unseeded};

use crate::{args::Command, error::Error, pages::SecretPages};

fn main() -> ExitCode {
    let done = args::parse(std::env::args_os().skip(1)).and_then(|command| match command {
        Command::Help => print(args::HELP),
        Command::Version => print(concat!("re4_dump ", env!("CARGO_PKG_VERSION"), "\n")),
        Command::SelfTest => selftest(),
        Command::Generate { limit } => generate(limit),
    });
    match done {
        Ok(()) | Err(Error::Closed) => ExitCode::SUCCESS,
        Err(error) => {
            say(format_args!("{error}"));
            ExitCode::from(error.exit_code())
        }
    }
}

/// Runs the known-answer tests and prints their names.
fn selftest() -> Result<(), Error> {
    r4_drbg::selftest()?;
    r4_drbg::TESTS.iter().try_for_each(|test| print(&format!("{test}: pass\n")))
}

/// Writes `limit` random bytes, or bytes without end.
fn generate(limit: Option<u64>) -> Result<(), Error> {
    r4_drbg::selftest()?;

    confine::hide()?;
    let mut pages = SecretPages::map().map_err(Error::confinement("map secret pages"))?;
    if let Err(refused) = pages.lock() {
        say(format_args!("warning: secret pages are not locked in memory: {refused}"));
    }
    confine::restrict_system_calls()?;

    let secrets = pages.split();
    let seed = combine::seed(noise::SOURCES)?;
    let generator = Unseeded::new(Engine::ChaCha20, secrets.memory).seed(&seed);
    drop(seed);
    output::pump(generator, secrets.fresh, secrets.buffer, limit, stdout().as_fd())
}

/// Prints text; a closed pipe is [`Error::Closed`], as in [`output::pump`].
fn print(text: &str) -> Result<(), Error> {
    let mut out = stdout();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| {
        match rustix::io::Errno::from_io_error(&error) {
            Some(errno) => Error::output(errno),
            None => Error::output(rustix::io::Errno::IO),
        }
    })
}

/// Writes one line to standard error. Nobody may be reading it, which is no reason to stop.
fn say(sentence: std::fmt::Arguments<'_>) {
    let _unread = writeln!(stderr(), "re4_dump: {sentence}");
}
