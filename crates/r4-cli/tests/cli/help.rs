//! `--help`, `--version` and the completions.

use crate::run::{command, finish, r4};

const COMMANDS: [&[&str]; 44] = [
    &[],
    &["verify"],
    &["draw", "verify"],
    &["ecvrf", "prove"],
    &["ecvrf", "verify"],
    &["evm-proof"],
    &["keys", "generate"],
    &["keys", "show"],
    &["keys", "split"],
    &["keys", "combine"],
    &["keys", "revoke-epoch"],
    &["keys", "create"],
    &["keys", "list"],
    &["keys", "rotate"],
    &["keys", "revoke"],
    &["keys", "usage"],
    &["keys", "audit"],
    &["manifest", "write"],
    &["manifest", "check"],
    &["manifest", "keygen"],
    &["manifest", "sign"],
    &["backup", "create"],
    &["backup", "verify"],
    &["backup", "restore"],
    &["backup", "resume"],
    &["backup", "list"],
    &["backup", "keygen"],
    &["log", "mirror"],
    &["log", "verify"],
    &["log", "monitor"],
    &["log", "inclusion"],
    &["log", "fsck"],
    &["monitor"],
    &["witness", "run"],
    &["witness", "keys"],
    &["witness", "healthcheck"],
    &["assess"],
    &["release", "verify"],
    &["deploy", "check"],
    &["deploy", "update"],
    &["deploy", "rollback"],
    &["install", "systemd"],
    &["selftest"],
    &["completions"],
];

#[test]
fn every_command_teaches_by_example() {
    for words in COMMANDS {
        let said = finish(command(&[]).args(words).arg("--help")).exits(0);
        assert!(said.out.contains("Examples:\n"), "{words:?}: {}", said.out);
        let example = format!("r4 {}", words.join(" "));
        assert!(said.out.matches(example.trim()).count() >= 2, "{words:?}: {}", said.out);
        if words != ["completions"] {
            assert!(said.out.contains("Exit codes"), "{words:?}: {}", said.out);
        }
        let widest = said.out.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(100), "{words:?}: {}", said.out);
    }
}

#[test]
fn the_help_of_verify() {
    let out = r4(&[&"verify", &"--help"]).exits(0).out;
    for words in [
        "r4 verify --keys keys.json receipt.json",
        "| r4 verify --keys keys.json -",
        "Whom to trust:",
        "What it shows:",
        "  0  every check passed, and the keys are the ones you named",
        "  1  a check failed; its name is printed",
        "  2  this is not a receipt, or a file cannot be read",
        "  3  the receipt fits together, but you named no key: signer NOT checked",
    ] {
        assert!(out.contains(words), "{words:?} is not in:\n{out}");
    }
}

#[test]
fn version_and_mistakes() {
    let version = format!("r4 {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(r4(&[&"--version"]).exits(0).out, version);
    r4(&[]).exits(2).says("Usage:");
    r4(&[&"verfy"]).exits(2).says("verify");
    r4(&[&"keys"]).exits(2).says("generate");
    r4(&[&"draw"]).exits(2).says("verify");
    r4(&[&"log"]).exits(2).says("monitor");
    r4(&[&"witness"]).exits(2).says("run");
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let out = r4(&[&"completions", &shell]).exits(0).out;
        assert!(out.contains("key-hash") && out.contains("selftest"), "{shell}: {out}");
    }
    r4(&[&"completions", &"powershell"]).exits(2);
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    use std::process::Stdio;
    let mut child = command(&[&"completions", &"zsh"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
