//! Copies the services' output to ours, each line with the name of the service before it.

use std::{
    io::{BufRead, BufReader, IsTerminal, Read, Write, stdout},
    thread::{self, JoinHandle},
};

use crate::environment;

/// Terminal colours, one per service.
const COLOURS: [&str; 3] = ["\x1b[36m", "\x1b[35m", "\x1b[33m"];
const RESET: &str = "\x1b[0m";

/// Returns what goes before each line of the service with this name and place in the list.
pub(super) fn prefix(name: &str, place: usize) -> String {
    let plain = !stdout().is_terminal() || environment::text("NO_COLOR").is_some();
    match COLOURS.get(place) {
        Some(colour) if !plain => format!("{colour}{name:<10} |{RESET} "),
        _ => format!("{name:<10} | "),
    }
}

/// Copies lines in the background until the service closes its end.
pub(super) fn copy(prefix: String, from: impl Read + Send + 'static) -> JoinHandle<()> {
    thread::spawn(move || copy_lines(&prefix, from, &mut stdout()))
}

/// Reads to the end even when nobody listens: a full pipe would stop the service.
fn copy_lines(prefix: &str, from: impl Read, to: &mut impl Write) {
    for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
        let line = [prefix.as_bytes(), &line, b"\n"].concat();
        let _unread = to.write_all(&line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_gets_the_prefix_even_the_last_and_the_garbled() {
        let mut out = Vec::new();
        copy_lines("a | ", &b"one\n\xff\n\nend"[..], &mut out);
        assert_eq!(out, b"a | one\na | \xff\na | \na | end\n");
    }

    #[test]
    fn without_a_terminal_there_is_no_colour() {
        // Under `cargo test` standard output may be a terminal; the place beyond the list never is.
        assert_eq!(prefix("r4-core", 99), "r4-core    | ");
    }
}
