//! The command line: four flags, one action.

use std::ffi::OsString;

use crate::error::Error;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
re4_dump writes random bytes to standard output until the pipe closes.

Usage: re4_dump [--bytes N]
       re4_dump --selftest | --help | --version

  --bytes N    write N bytes, then stop
  --selftest   run the known-answer tests, print their names, stop
  --help       print this text
  --version    print the version

Example: re4_dump | head -c 32 | od -An -tx1

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
    /// Write `limit` bytes, or bytes without end.
    Generate { limit: Option<u64> },
}

/// Parses the arguments after the program's name.
///
/// # Errors
/// [`Error::Usage`] with a sentence that names the argument.
pub(crate) fn parse(args: impl Iterator<Item = OsString>) -> Result<Command, Error> {
    let mut words = Vec::new();
    for arg in args {
        let word =
            arg.into_string().map_err(|arg| usage(&format!("{} is not UTF-8", arg.display())))?;
        match word.split_once('=') {
            Some(("--bytes", count)) => words.extend(["--bytes".to_owned(), count.to_owned()]),
            _ => words.push(word),
        }
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => Ok(Command::Generate { limit: None }),
        ["--help" | "-h", ..] => Ok(Command::Help),
        ["--version" | "-V"] => Ok(Command::Version),
        ["--selftest"] => Ok(Command::SelfTest),
        ["--bytes"] => Err(usage("--bytes needs a number")),
        ["--bytes", count] => Ok(Command::Generate { limit: Some(bytes(count)?) }),
        ["--version" | "-V" | "--selftest", extra, ..] | ["--bytes", _, extra, ..] => {
            Err(usage(&format!("unexpected argument {extra:?}")))
        }
        [unknown, ..] => Err(usage(&format!("unknown argument {unknown:?}"))),
    }
}

/// Parses a count of bytes: decimal digits only.
fn bytes(text: &str) -> Result<u64, Error> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(count) if digits => Ok(count),
        _ => Err(usage(&format!("--bytes {text:?} is not a whole number below 2^64"))),
    }
}

fn usage(sentence: &str) -> Error {
    Error::Usage(sentence.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Command, Error> {
        super::parse(words.iter().map(OsString::from))
    }

    #[test]
    fn every_form_is_understood() {
        assert_eq!(parse(&[]), Ok(Command::Generate { limit: None }));
        for words in [&["--bytes", "42"][..], &["--bytes=42"]] {
            assert_eq!(parse(words), Ok(Command::Generate { limit: Some(42) }));
        }
        assert_eq!(parse(&["--help"]), Ok(Command::Help));
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
            (&["--bytes", "1", "--bytes", "2"], "unexpected argument \"--bytes\""),
            (&["--selftest", "x"], "unexpected argument \"x\""),
        ] {
            let error = parse(words).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert!(error.to_string().contains(part), "{words:?}: {error}");
        }
    }
}
