//! `r4 witness` as a process: crashes, restarts, its state folder and its settings.

use std::fs;
use std::net::TcpListener;
use std::process::{Command, Stdio};

use r4_tlog::SignedCheckpoint;

use crate::file_server::{FileServer, Mood};
use crate::log_sample::{ORIGIN, SampleLog, note_keys, now};
use crate::run::{Folder, command, finish, r4};
use crate::witness::{NAME, Witness, conflict, own_keys, run};

#[test]
fn what_was_cosigned_is_known_after_a_crash() {
    let (folder, mut log) = (Folder::new(), SampleLog::new(5));
    let witness = Witness::start(&folder.path("state"));
    let keys = own_keys(&folder.path("state"));
    assert_eq!(witness.add(&log, 0).status, 200);
    let witness = witness.crash();
    assert_eq!(own_keys(&folder.path("state")), keys);
    assert_eq!(witness.add(&log, 0), conflict(5));
    log.grow(7);
    assert_eq!(witness.add(&log, 5).status, 200);
    assert_eq!(witness.crash().add(&log, 3), conflict(7));
}

#[test]
fn a_crash_after_the_checkpoint_was_kept_and_before_the_answer() {
    let (folder, mut log) = (Folder::new(), SampleLog::new(5));
    let mut witness = Witness::start(&folder.path("state"));
    assert_eq!(witness.add(&log, 0).status, 200);
    // The next checkpoint is on the disk, and nobody got a cosignature.
    witness.child.kill().unwrap();
    witness.child.wait().unwrap();
    log.grow(8);
    let [path] = witness.checkpoints().try_into().unwrap();
    fs::write(&path, log.signed(now()).to_string()).unwrap();
    let half = format!(".{}.new", path.file_name().unwrap().display());
    fs::write(path.with_file_name(half), "half a checkp").unwrap();

    let witness = Witness::start(&folder.path("state"));
    assert_eq!(witness.add(&log, 5), conflict(8));
    assert_eq!(witness.add(&log, 8).status, 200);
    let mut other = SampleLog::new(8);
    other.entries[7][9] ^= 1;
    assert_eq!(witness.add(&other, 8), conflict(8));
}

#[test]
fn a_checkpoint_that_cannot_be_kept_is_not_cosigned() {
    let (folder, mut log) = (Folder::new(), SampleLog::new(5));
    let witness = Witness::start(&folder.path("state"));
    assert_eq!(witness.add(&log, 0).status, 200);
    let (there, away) = (folder.path("state/checkpoints"), folder.path("state/away"));
    fs::rename(&there, &away).unwrap();
    log.grow(7);
    assert_eq!(witness.add(&log, 5).status, 500);
    fs::rename(&away, &there).unwrap();
    assert_eq!(witness.add(&log, 7), conflict(5));
    assert_eq!(witness.add(&log, 5).status, 200);
}

#[test]
fn a_damaged_record_is_refused_at_the_start() {
    let (folder, log) = (Folder::new(), SampleLog::new(5));
    let witness = Witness::start(&folder.path("state"));
    assert_eq!(witness.add(&log, 0).status, 200);
    let [path] = witness.checkpoints().try_into().unwrap();
    drop(witness);
    let good = fs::read_to_string(&path).unwrap();
    assert_eq!(SignedCheckpoint::parse(&good).unwrap().checkpoint.size, 5);
    for bad in [String::new(), good[..40].to_owned(), good.replace(ORIGIN, "other.example/log")] {
        fs::write(&path, bad).unwrap();
        let vkey = note_keys(2, ORIGIN).verifier_keys()[0].to_string();
        let mut command = run(&folder.path("state"));
        finish(command.args(["--log", &vkey]).stderr(Stdio::piped()))
            .exits(2)
            .says("put back the last copy");
    }
}

#[test]
fn keys_of_a_node_are_asked_for_once_and_kept() {
    let (folder, log) = (Folder::new(), SampleLog::new(5));
    log.publish(&folder.path("node"));
    let server = FileServer::start(&folder.path("node"));
    let url = server.log();
    let witness = Witness::start_with(&folder.path("state"), &["--log-url", &url]);
    assert_eq!(witness.add(&log, 0).status, 200);
    assert_eq!(server.asked(), ["keys"]);
    drop(witness);
    server.behave(|_| Mood::Broken);
    let witness = Witness::start_with(&folder.path("state"), &["--log-url", &url]);
    assert_eq!(witness.add(&log, 0), conflict(5));
}

#[test]
fn a_state_folder_has_one_witness() {
    let folder = Folder::new();
    let witness = Witness::start(&folder.path("state"));
    let vkey = note_keys(2, ORIGIN).verifier_keys()[0].to_string();
    let mut second = run(&folder.path("state"));
    finish(second.args(["--log", &vkey]).stderr(Stdio::piped())).exits(2).says("another r4");
    drop(witness);
}

#[test]
fn it_is_well_until_it_is_stopped() {
    let folder = Folder::new();
    let mut witness = Witness::start(&folder.path("state"));
    let address = witness.url.strip_prefix("http://").unwrap().to_owned();
    r4(&[&"witness", &"healthcheck", &"--listen", &address]).exits(0).says("ok");
    let pid = witness.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(witness.child.wait().unwrap().code(), Some(0));
    r4(&[&"witness", &"healthcheck", &"--listen", &address]).exits(1).says("no answer");
}

#[test]
fn settings_that_cannot_be_used() {
    let folder = Folder::new();
    let state = folder.path("state");
    r4(&[&"witness", &"run"]).exits(2).says("--state").says("--name");
    r4(&[&"witness", &"run", &"--state", &state, &"--name", &NAME]).exits(2).says("--log-url");
    let log = |text: &str| {
        r4(&[&"witness", &"run", &"--state", &state, &"--name", &NAME, &"--log", &text])
    };
    log("junk").exits(2).says("is no key of a log");
    r4(&[&"witness", &"keys", &"--state", &state, &"--name", &"two words"])
        .exits(2)
        .says("the name \"two words\"");
    let own = own_keys(&state)[0].to_string();
    log(&own).exits(2).says("is the key of a witness");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let vkey = note_keys(2, ORIGIN).verifier_keys()[0].to_string();
    let mut second = command(&[&"witness", &"run", &"--listen", &address, &"--log", &vkey]);
    second.env("R4_WITNESS_STATE_DIR", &state).env("R4_WITNESS_NAME", NAME);
    finish(&mut second).exits(2).says("cannot be listened on");
}
