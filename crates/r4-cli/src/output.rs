//! Writing for people: colours only where a terminal shows them, and nothing that could steer it.

use std::io::Write as _;

use clap::builder::styling::{AnsiColor, Style};

use crate::exit::Error;

/// What a piece of text says at a glance.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tone {
    /// Green: checked, and right.
    Good,
    /// Red: checked, and wrong.
    Bad,
    /// Amber: not checked.
    Amber,
    /// Grey: a detail.
    Dim,
}

/// Wraps `text` in the codes of its tone; [`print()`] removes them where colours are not wanted.
pub(crate) fn paint(tone: Tone, text: &str) -> String {
    let style = match tone {
        Tone::Good => AnsiColor::Green.on_default().bold(),
        Tone::Bad => AnsiColor::Red.on_default().bold(),
        Tone::Amber => AnsiColor::Yellow.on_default().bold(),
        Tone::Dim => Style::new().dimmed(),
    };
    format!("{style}{text}{style:#}")
}

/// Replaces control characters, so that a file cannot move the cursor or recolour the answer.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Writes to standard output, in colour only on a terminal and where `NO_COLOR` is not set.
///
/// # Errors
/// [`Error::Unusable`] when it cannot be written. A reader that went away is no error: the exit
/// code still says what was found.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::unusable("standard output", error))
        }
        _ => Ok(()),
    }
}

/// Writes a JSON value and a line end to standard output.
///
/// # Errors
/// As [`print()`].
pub(crate) fn print_json(value: &serde_json::Value) -> Result<(), Error> {
    print(&format!("{value:#}\n"))
}

/// Writes a remark to standard error.
pub(crate) fn note(text: &str) {
    drop(writeln!(anstream::stderr().lock(), "{text}"));
}

/// Writes what went wrong to standard error, after the program's name.
pub(crate) fn complain(text: &str) {
    note(&format!("{} {}", paint(Tone::Bad, "r4:"), plain(text)));
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_file_cannot_steer_the_terminal() {
        assert_eq!(super::plain("a\u{1b}[2Jb\r\u{9b}é"), "a\u{fffd}[2Jb\u{fffd}\u{fffd}é");
    }
}
