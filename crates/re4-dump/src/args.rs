//! The command line.

use std::ffi::OsString;

use r4_drbg::Engine;

use crate::{error::Error, lend::Transfer, noise::Kind, report::Report, sources::OnFailure};

/// What `--help` prints.
pub(crate) const HELP: &str = "\
re4_dump writes random bytes to standard output until the pipe closes.

Usage: re4_dump [--engine ENGINE] [--strict] [--report] [--lend] [--bytes N]
       re4_dump --raw SOURCE --samples N
       re4_dump --selftest | --help | --version

  --engine ENGINE  chacha20 (default) or ctr-aes256 (CTR_DRBG of SP 800-90A)
  --strict         stop when any noise source fails for good; needs --engine ctr-aes256
  --report         tell of the health on standard error, a line of JSON at each change; who
                   asks for it must read it
  --lend           lend a pipe the pages of the bytes instead of copying them; who asks for
                   it must read(2) them: spliced or teed on, they would change under way
  --bytes N        write N bytes, then stop
  --raw SOURCE     write raw samples of jitter, rdseed or getrandom, one a byte, for
                   evaluation: never use them as random bytes
  --samples N      how many raw samples
  --selftest       run the known-answer tests, print their names, stop
  --help           print this text
  --version        print the version

Examples: re4_dump | head -c 32 | od -An -tx1
          re4_dump --engine ctr-aes256 --bytes 1000000000 >/dev/null
          re4_dump --raw jitter --samples 1000000 >jitter.bin

Exit codes: 0 done or pipe closed, 1 output failed, 2 bad flag, 3 self-test failed,
4 noise source failed, 5 confinement failed.
";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Print [`HELP`].
    Help,
    /// Print the version.
    Version,
    /// Run the known-answer tests and print their names.
    SelfTest,
    /// Write raw samples.
    Raw(Raw),
    /// Write random bytes.
    Generate(Generate),
}

/// Raw samples of one source.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Raw {
    /// The source.
    pub(crate) kind: Kind,
    /// How many.
    pub(crate) samples: u64,
}

/// Random bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Generate {
    /// What makes them.
    pub(crate) engine: Engine,
    /// What happens when a source fails.
    pub(crate) on_failure: OnFailure,
    /// Whether the health is told.
    pub(crate) report: Report,
    /// How they get into a pipe.
    pub(crate) transfer: Transfer,
    /// How many; without end when absent.
    pub(crate) limit: Option<u64>,
}

/// Parses the arguments after the program's name.
///
/// # Errors
/// [`Error::Usage`] with a sentence that names the argument.
pub(crate) fn parse(args: impl Iterator<Item = OsString>) -> Result<Command, Error> {
    let mut flags = Flags::default();
    let mut words = words(args)?.into_iter();
    while let Some(word) = words.next() {
        let mut value = |of: &str| words.next().ok_or_else(|| usage(&format!("{word} needs {of}")));
        match word.as_str() {
            "--help" | "-h" => return Ok(Command::Help),
            "--version" | "-V" => once(&word, &mut flags.version, ())?,
            "--selftest" => once(&word, &mut flags.selftest, ())?,
            "--strict" => once(&word, &mut flags.strict, ())?,
            "--report" => once(&word, &mut flags.report, ())?,
            "--lend" => once(&word, &mut flags.lend, ())?,
            "--engine" => once(&word, &mut flags.engine, engine(&value("a name")?)?)?,
            "--raw" => once(&word, &mut flags.raw, kind(&value("a source")?)?)?,
            "--bytes" => once(&word, &mut flags.bytes, count(&word, &value("a number")?)?)?,
            "--samples" => once(&word, &mut flags.samples, count(&word, &value("a number")?)?)?,
            _ => return Err(usage(&format!("unknown argument {word:?}"))),
        }
    }
    flags.command()
}

/// The flags given, each at most once.
#[derive(Default)]
struct Flags {
    version: Option<()>,
    selftest: Option<()>,
    strict: Option<()>,
    report: Option<()>,
    lend: Option<()>,
    engine: Option<Engine>,
    raw: Option<Kind>,
    bytes: Option<u64>,
    samples: Option<u64>,
}

impl Flags {
    /// Takes the flags that belong together; one that is left over does not fit.
    fn command(mut self) -> Result<Command, Error> {
        let command = if self.version.take().is_some() {
            Command::Version
        } else if self.selftest.take().is_some() {
            Command::SelfTest
        } else if let Some(kind) = self.raw.take() {
            let samples = self.samples.take().ok_or_else(|| usage("--raw needs --samples N"))?;
            Command::Raw(Raw { kind, samples })
        } else {
            Command::Generate(self.take_generate()?)
        };
        if self.samples.is_some() {
            return Err(usage("--samples needs --raw SOURCE"));
        }
        match self.left_over() {
            Some(flag) => Err(usage(&format!("{flag} does not go with the other arguments"))),
            None => Ok(command),
        }
    }

    fn take_generate(&mut self) -> Result<Generate, Error> {
        let engine = self.engine.take().unwrap_or_default();
        let on_failure = match (self.strict.take(), engine) {
            (None, _) => OnFailure::Drop,
            (Some(()), Engine::CtrAes256) => OnFailure::Stop,
            (Some(()), _) => return Err(usage("--strict needs --engine ctr-aes256")),
        };
        let report = match self.report.take() {
            Some(()) => Report::Json,
            None => Report::Nothing,
        };
        let transfer = match self.lend.take() {
            Some(()) => Transfer::Lend,
            None => Transfer::Copy,
        };
        Ok(Generate { engine, on_failure, report, transfer, limit: self.bytes.take() })
    }

    fn left_over(&self) -> Option<&'static str> {
        let given = [
            ("--selftest", self.selftest.is_some()),
            ("--raw", self.raw.is_some()),
            ("--engine", self.engine.is_some()),
            ("--strict", self.strict.is_some()),
            ("--report", self.report.is_some()),
            ("--lend", self.lend.is_some()),
            ("--bytes", self.bytes.is_some()),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag)
    }
}

/// Splits `--flag=value`.
fn words(args: impl Iterator<Item = OsString>) -> Result<Vec<String>, Error> {
    let mut words = Vec::new();
    for arg in args {
        let word =
            arg.into_string().map_err(|arg| usage(&format!("{} is not UTF-8", arg.display())))?;
        match word.split_once('=') {
            Some((flag @ ("--bytes" | "--engine" | "--raw" | "--samples"), value)) => {
                words.extend([flag.to_owned(), value.to_owned()]);
            }
            _ => words.push(word),
        }
    }
    Ok(words)
}

fn once<T>(flag: &str, place: &mut Option<T>, value: T) -> Result<(), Error> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(usage(&format!("{flag} is given twice"))),
    }
}

fn engine(name: &str) -> Result<Engine, Error> {
    Engine::named(name)
        .ok_or_else(|| usage(&format!("--engine {name:?} is neither chacha20 nor ctr-aes256")))
}

fn kind(name: &str) -> Result<Kind, Error> {
    let found = Kind::ALL.into_iter().find(|kind| kind.name() == name);
    found.ok_or_else(|| usage(&format!("--raw {name:?} is not jitter, rdseed or getrandom")))
}

/// Parses a count: decimal digits only.
fn count(flag: &str, text: &str) -> Result<u64, Error> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(count) if digits => Ok(count),
        _ => Err(usage(&format!("{flag} {text:?} is not a whole number below 2^64"))),
    }
}

fn usage(sentence: &str) -> Error {
    Error::Usage(sentence.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Generate = Generate {
        engine: Engine::ChaCha20,
        on_failure: OnFailure::Drop,
        report: Report::Nothing,
        transfer: Transfer::Copy,
        limit: None,
    };

    fn parse(words: &[&str]) -> Result<Command, Error> {
        super::parse(words.iter().map(OsString::from))
    }

    #[test]
    fn every_form_is_understood() {
        assert_eq!(parse(&[]), Ok(Command::Generate(PLAIN)));
        for words in [&["--bytes", "42"][..], &["--bytes=42"]] {
            let order = Generate { limit: Some(42), ..PLAIN };
            assert_eq!(parse(words), Ok(Command::Generate(order)));
        }
        let strict = Generate {
            engine: Engine::CtrAes256,
            on_failure: OnFailure::Stop,
            report: Report::Json,
            transfer: Transfer::Lend,
            limit: None,
        };
        let words = ["--strict", "--report", "--lend", "--engine=ctr-aes256"];
        assert_eq!(parse(&words), Ok(Command::Generate(strict)));
        let raw = Raw { kind: Kind::Jitter, samples: 7 };
        assert_eq!(parse(&["--samples", "7", "--raw", "jitter"]), Ok(Command::Raw(raw)));
        assert_eq!(parse(&["--help", "whatever"]), Ok(Command::Help));
        assert_eq!(parse(&["-V"]), Ok(Command::Version));
        assert_eq!(parse(&["--selftest"]), Ok(Command::SelfTest));
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_name() {
        for (words, part) in [
            (&["--frobnicate"][..], "unknown argument \"--frobnicate\""),
            (&["12"], "unknown argument \"12\""),
            (&["--bytes"], "--bytes needs a number"),
            (&["--bytes="], "\"\" is not a whole number"),
            (&["--bytes", "-1"], "\"-1\" is not a whole number"),
            (&["--bytes", "+1"], "\"+1\" is not a whole number"),
            (&["--bytes", "1k"], "\"1k\" is not a whole number"),
            (&["--bytes", "18446744073709551616"], "is not a whole number"),
            (&["--bytes", "1", "--bytes", "2"], "--bytes is given twice"),
            (&["--selftest", "--bytes", "1"], "--bytes does not go with"),
            (&["--lend", "--raw", "jitter", "--samples", "1"], "--lend does not go with"),
            (&["--version", "--selftest"], "--selftest does not go with"),
            (&["--engine", "des"], "\"des\" is neither"),
            (&["--strict"], "--strict needs --engine ctr-aes256"),
            (&["--strict", "--engine", "chacha20"], "--strict needs --engine ctr-aes256"),
            (&["--raw", "dice", "--samples", "1"], "\"dice\" is not jitter"),
            (&["--raw", "jitter"], "--raw needs --samples"),
            (&["--samples", "1"], "--samples needs --raw"),
            (&["--raw", "jitter", "--samples", "1", "--strict"], "--strict does not go with"),
        ] {
            let error = parse(words).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert!(error.to_string().contains(part), "{words:?}: {error}");
        }
    }
}
