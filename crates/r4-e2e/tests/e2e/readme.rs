//! The README's commands, run as they stand there: each works, and answers in the form shown.

use std::collections::BTreeSet;
use std::env::{join_paths, split_paths};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::harness::build::{program, workspace};
use crate::harness::external::{self, skipped_on_this_machine, skips_processes};
use crate::harness::node::Node;

/// Hexadecimal digits in a row from which on their number matters and not their value.
const LONG_HEX: usize = 16;

/// A command of the README and the output that it shows.
#[derive(Debug)]
struct Step {
    command: String,
    shown: String,
}

#[test]
fn the_commands_of_the_readme_work_as_shown() {
    if skips_processes() {
        return;
    }
    if Command::new("curl").arg("--version").output().is_err() {
        return skipped_on_this_machine("there is no curl");
    }
    let readme = fs::read_to_string(workspace().join("README.md")).unwrap();
    let tried = steps(between(&readme, "<!-- try -->", "<!-- /try -->"));
    let verified = steps(between(&readme, "## Verify a receipt", "<!-- /verify -->"));
    assert!(tried.len() > 10 && !verified.is_empty(), "{tried:?} {verified:?}");
    let node = Node::shared();
    let folder = tempfile::tempdir().unwrap();
    let addresses = [&node.core, &node.vrf, &node.gateway].map(|s| s.address().to_string());
    let other_form = |step: &Step| {
        let said = run(&here(&step.command, &addresses), folder.path());
        let how = same_form(&step.shown, &said).err()?;
        Some(format!("$ {}\n{how}\nthe README:\n{}\nnow:\n{said}", step.command, step.shown))
    };
    let wrong: Vec<String> = tried.iter().chain(&verified).filter_map(other_form).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[track_caller]
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("no {from} in the README"));
    rest.split_once(to).unwrap_or_else(|| panic!("no {to} in the README")).0
}

/// Returns the steps of all fenced blocks: `sh` is one command, `console` has prompts; without one
/// it is the output of the command before.
fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    // Outside, inside, outside: every second piece is a block.
    for block in text.split("\n```").skip(1).step_by(2) {
        let (language, lines) = block.split_once('\n').expect("a block has lines");
        match language {
            "sh" => steps.push(Step { command: lines.to_owned(), shown: String::new() }),
            "console" => console(lines, &mut steps),
            other => panic!("a block of {other:?}"),
        }
    }
    steps
}

fn console(lines: &str, steps: &mut Vec<Step>) {
    for line in lines.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step { command: command.to_owned(), shown: String::new() });
            continue;
        }
        let step = steps.last_mut().expect("an output has a command");
        if step.shown.is_empty() && step.command.ends_with('\\') {
            step.command.push('\n');
            step.command.push_str(line);
        } else {
            step.shown.push_str(line);
            step.shown.push('\n');
        }
    }
}

/// Returns the command for the node of this test; `addresses` in the order of the README's ports.
fn here(command: &str, addresses: &[String; 3]) -> String {
    let mut command = command.replace("docker compose exec -T r4-gateway r4 ", "r4 ");
    for (port, address) in ["8080", "8081", "8082"].iter().zip(addresses) {
        for host in ["127.0.0.1", "localhost"] {
            // The new address must not be taken for an old one.
            command = command.replace(&format!("//{host}:{port}"), &format!("//@{address}"));
        }
    }
    command.replace("//@", "//")
}

/// Runs a command in `folder`; asserts that it, and each part of a pipe, ends with 0.
fn run(command: &str, folder: &Path) -> String {
    let path = external::text("PATH").unwrap_or_default();
    let own = program("r4").parent().expect("a folder").to_owned();
    let path = join_paths([own].into_iter().chain(split_paths(&path))).unwrap();
    let mut bash = Command::new("bash");
    bash.args(["-e", "-o", "pipefail", "-c", command]).current_dir(folder);
    let done = bash.env_clear().env("PATH", path).output().expect("bash starts");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "$ {command}\n{}: {said}", done.status);
    String::from_utf8(done.stdout).expect("text").replace("\r\n", "\n")
}

/// Compares an answer with the one shown: status line, names of headers, JSON, else text.
fn same_form(shown: &str, said: &str) -> Result<(), String> {
    let heads = shown.split_once("\n\n").zip(said.split_once("\n\n"));
    if let Some(((shown_head, shown), (head, said))) = heads
        && shown_head.starts_with("HTTP/")
    {
        let line = |head: &str| head.lines().next().map(str::to_owned);
        let names = |head: &str| -> BTreeSet<String> {
            let names = head.lines().skip(1).filter_map(|line| line.split_once(':'));
            names.map(|(name, _)| name.to_ascii_lowercase()).collect()
        };
        same(&line(shown_head), &line(head), "status line")?;
        same(&names(shown_head), &names(head), "headers")?;
        return same_form(shown, said);
    }
    // A last line in brackets says what is left out.
    let (json, cut) = match shown.trim_end().rsplit_once("\n(") {
        Some((json, _)) => (json, true),
        None => (shown, false),
    };
    match (serde_json::from_str::<Value>(json), serde_json::from_str(said)) {
        (Ok(shown), Ok(said)) => same_json(&shown, &said, cut, "$"),
        (Ok(Value::Object(_) | Value::Array(_)), Err(e)) => Err(format!("not JSON: {e}")),
        _ => same(&skeleton(shown), &skeleton(said), "text"),
    }
}

/// Compares kinds, keys and lengths; of lists that the README cuts, the first element.
fn same_json(shown: &Value, said: &Value, cut: bool, at: &str) -> Result<(), String> {
    match (shown, said) {
        (Value::Object(shown), Value::Object(said)) => {
            let keys = |map: &serde_json::Map<String, Value>| -> BTreeSet<String> {
                map.keys().cloned().collect()
            };
            same(&keys(shown), &keys(said), at)?;
            // How long a proof is depends on what was asked for before.
            let cut = |k: &str| cut || k == "inclusion";
            shown.iter().try_for_each(|(k, v)| same_json(v, &said[k], cut(k), &format!("{at}.{k}")))
        }
        (Value::Array(shown), Value::Array(said)) => {
            if !cut {
                same(&shown.len(), &said.len(), &format!("{at}: length"))?;
            }
            let mut pairs = shown.iter().zip(said);
            pairs.try_for_each(|(shown, said)| same_json(shown, said, cut, &format!("{at}[]")))
        }
        (Value::String(shown), Value::String(said)) => match long_hex(shown) {
            Some(length) => same(&Some(length), &long_hex(said), &format!("{at}: hex digits")),
            None => Ok(()),
        },
        _ if std::mem::discriminant(shown) == std::mem::discriminant(said) => Ok(()),
        _ => Err(format!("{at}: {said}, and not {shown}")),
    }
}

/// Returns how many digits a string has that is one long hexadecimal value.
fn long_hex(text: &str) -> Option<usize> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let hex = digits.len() >= LONG_HEX && digits.bytes().all(|b| b.is_ascii_hexdigit());
    hex.then_some(digits.len())
}

/// Returns the text with its numbers as `#`, and long hexadecimal values by their length.
fn skeleton(text: &str) -> String {
    let mut out = String::new();
    for piece in text.trim_end().split_inclusive(|c: char| !c.is_ascii_hexdigit()) {
        let digits = piece.trim_end_matches(|c: char| !c.is_ascii_hexdigit());
        let end = &piece[digits.len()..];
        match digits.len() {
            LONG_HEX.. => write!(out, "<{} hex>", digits.len()).expect("memory"),
            _ if digits.bytes().any(|b| b.is_ascii_digit()) => out.push('#'),
            _ => out += digits,
        }
        out += end;
    }
    out
}

fn same<T: PartialEq + std::fmt::Debug>(shown: &T, said: &T, what: &str) -> Result<(), String> {
    if shown == said { Ok(()) } else { Err(format!("{what}: {said:?}, and not {shown:?}")) }
}

#[test]
fn another_form_is_told_apart() {
    for (shown, said) in [
        ("ok\n", "no\n"),
        ("11a083792f831550", "11a083792f8315"),
        ("[1,2,3]", "[1,2]"),
        (r#"{"a":1}"#, r#"{"b":1}"#),
        (r#"{"a":null}"#, r#"{"a":1}"#),
        (r#"{"a":"0x11a083792f831550"}"#, r#"{"a":"0x11a083792f8315"}"#),
        (r#"{"a":1}"#, "502 Bad Gateway"),
        ("HTTP/1.1 401 Unauthorized\nA: 1\n\nx", "HTTP/1.1 403 Forbidden\nA: 1\n\nx"),
        ("HTTP/1.1 200 OK\nA: 1\n\nx", "HTTP/1.1 200 OK\nB: 1\n\nx"),
        ("HTTP/1.1 200 OK\nA: 1\n\nx", "x"),
        ("", "error"),
    ] {
        assert!(same_form(shown, said).is_err(), "{shown:?} and {said:?}");
        assert_eq!(same_form(shown, shown), Ok(()));
    }
    assert_eq!(same_form("64 a\n", "65 a\n"), Ok(()));
    assert_eq!(same_form("{\"a\":[1]}\n(one of 2 shown)", r#"{"a":[1,2]}"#), Ok(()));
}
