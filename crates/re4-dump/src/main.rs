//! `re4_dump`, the sealed generator: random bytes to standard output until the pipe closes.
//!
//! It reads no file, no environment variable and no input. In order: the known-answer tests, the
//! confinement, the start-up tests of the noise sources, a seed from them, then bytes. Any failure
//! ends it with one sentence on standard error and an exit code of its own
//! ([`error::Error::exit_code`]).

mod args;
mod combine;
mod confine;
mod error;
#[cfg_attr(not(feature = "induced-faults"), path = "not_induced.rs")]
mod induced;
mod lend;
mod machine;
mod noise;
mod output;
mod pages;
mod processor;
mod report;
mod source;
mod sources;

use std::{
    io::{Write, stdout},
    os::fd::AsFd,
    process::ExitCode,
};

use r4_drbg::SelfTestFailure;

use crate::{
    args::{Command, Generate, Raw},
    error::Error,
    lend::{Lender, Transfer, WriteEnd},
    machine::Machine,
    output::{Copier, Output},
    pages::{LentPages, SecretPages, Secrets},
    report::{Reporter, say},
    sources::Sources,
};

fn main() -> ExitCode {
    let done = induced::prepare().and_then(|()| args::parse(std::env::args_os().skip(1)));
    let done = done.and_then(|command| match command {
        Command::Help => print(args::HELP),
        Command::Version => print(concat!("re4_dump ", env!("CARGO_PKG_VERSION"), "\n")),
        Command::SelfTest => print_selftest(),
        Command::Raw(raw) => dump_raw(&raw),
        Command::Generate(order) => generate(&order),
    });
    match done {
        Ok(()) | Err(Error::Closed) => ExitCode::SUCCESS,
        Err(error) => {
            say(format_args!("{error}"));
            ExitCode::from(error.exit_code())
        }
    }
}

/// Runs the known-answer tests.
fn selftest() -> Result<(), SelfTestFailure> {
    r4_drbg::first_failure(induced::known_answers(r4_drbg::run_tests()))
}

/// Runs the known-answer tests and prints how each went.
fn print_selftest() -> Result<(), Error> {
    let results: Vec<_> = induced::known_answers(r4_drbg::run_tests()).collect();
    for result in &results {
        let outcome = if result.passed { "pass" } else { "FAIL" };
        print(&format!("{}: {outcome}\n", result.test))?;
    }
    Ok(r4_drbg::first_failure(results.into_iter())?)
}

/// Writes raw samples of a source, past its health tests and without a generator.
fn dump_raw(raw: &Raw) -> Result<(), Error> {
    let name = raw.kind.name();
    let mut noise = induced::source(raw.kind, raw.kind.open()).ok_or(Error::Absent(name))?;
    let stdout = stdout();
    let mut output = Output::new(stdout.as_fd());
    confine::hide()?;
    confine::restrict_system_calls()?;

    let mut samples = [0; 4096];
    let mut left = raw.samples;
    while left > 0 {
        let count = usize::try_from(left).unwrap_or(samples.len()).min(samples.len());
        let piece = samples.get_mut(..count).unwrap_or_default();
        noise.fill(piece).map_err(|cause| Error::Raw { name, cause })?;
        output.write(piece)?;
        left = left.saturating_sub(count as u64);
    }
    Ok(())
}

/// Writes random bytes as ordered.
fn generate(order: &Generate) -> Result<(), Error> {
    selftest()?;

    // The first look at the clock finds out how to read it without a system call.
    machine::now();
    let sources = Sources::find(order.on_failure);
    let reporter = Reporter::new(order.report, order.engine);
    let stdout = stdout();
    let output = Output::new(stdout.as_fd());
    let pipe = match order.transfer {
        Transfer::Lend => WriteEnd::of(stdout.as_fd()),
        Transfer::Copy => None,
    };
    confine::hide()?;
    let mut pages = SecretPages::map().map_err(Error::confinement("map secret pages"))?;
    warn("secret pages", pages.lock());
    let mut lent = pipe.map(|pipe| lent_pages(&pipe)).transpose()?;
    confine::restrict_system_calls()?;
    induced::confined();

    let Secrets { memory, desk, buffer } = pages.split();
    let machine = Machine::start(order.engine, memory, desk, sources, reporter)?;
    match pipe.zip(lent.as_mut()) {
        Some((pipe, pages)) => machine.run(order.limit, &mut Lender::new(pipe, pages.bytes())),
        None => machine.run(order.limit, &mut Copier { buffer, output }),
    }
}

/// Maps what a pipe is to borrow.
fn lent_pages(pipe: &WriteEnd<'_>) -> Result<LentPages, Error> {
    let pages = LentPages::map(pipe.ring_bytes());
    let mut pages = pages.map_err(Error::confinement("map pages to lend"))?;
    warn("lent pages", pages.lock());
    Ok(pages)
}

/// Says so when pages are not locked.
fn warn(pages: &str, locked: rustix::io::Result<()>) {
    if let Err(refused) = locked {
        say(format_args!("warning: {pages} are not locked in memory: {refused}"));
    }
}

/// Prints text; a closed pipe is [`Error::Closed`], as in [`Output`].
fn print(text: &str) -> Result<(), Error> {
    let mut out = stdout();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| {
        match rustix::io::Errno::from_io_error(&error) {
            Some(errno) => Error::output(errno),
            None => Error::output(rustix::io::Errno::IO),
        }
    })
}
