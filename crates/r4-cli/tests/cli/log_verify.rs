//! `r4 log verify`: a folder that is right, and one wrong thing after the other.

use std::ffi::OsStr;
use std::fs;

use r4_receipt::Entry;
use r4_receipt::entry::{EpochKeys, Handover, Missed};

use crate::file_server::FileServer;
use crate::log_sample::{DAY, SampleLog, note_keys};
use crate::run::{Folder, Said, r4};
use crate::sample::node;

/// Publishes the log and checks it in its folder, with the keys of `SampleLog::new`.
fn verify(log: &SampleLog) -> Said {
    verify_with(log, &[])
}

fn verify_with(log: &SampleLog, more: &[&str]) -> Said {
    let folder = Folder::new();
    log.publish(&folder.path(""));
    verify_in_with(&folder, more)
}

fn verify_in(folder: &Folder) -> Said {
    verify_in_with(folder, &[])
}

fn verify_in_with(folder: &Folder, more: &[&str]) -> Said {
    let keys = folder.write("pinned.json", SampleLog::new(1).keys_json());
    let log = folder.path("log");
    let mut args: Vec<&dyn AsRef<OsStr>> = vec![&"log", &"verify", &"--keys", &keys, &log];
    args.extend(more.iter().map(|word| word as &dyn AsRef<OsStr>));
    r4(&args)
}

/// Damages one byte of a file of a log of 600 entries.
fn damaged(path: &str, place: usize) -> Said {
    let folder = Folder::new();
    SampleLog::new(600).publish(&folder.path(""));
    let path = folder.path("log").join(path);
    let mut bytes = fs::read(&path).unwrap();
    bytes[place] ^= 1;
    fs::write(path, bytes).unwrap();
    verify_in(&folder)
}

#[test]
fn logs_of_many_sizes_are_right() {
    for size in [1, 2, 255, 256, 257, 512, 700] {
        let mut log = SampleLog::new(size - 1);
        let missed = Entry::Missed(log.missed());
        if size > 1 {
            log.push(&missed);
        }
        let said = verify(&log).exits(0).says(&format!("all {size} entries"));
        let missed = u64::from(size > 1);
        assert!(said.out.contains(&format!("missed    {missed}\nkeys      1\n")), "{}", said.out);
    }
}

#[test]
fn three_levels_of_tiles() {
    verify(&SampleLog::new(65536 + 300)).exits(0).says("all 65836 entries");
}

#[test]
fn a_server_is_checked_as_a_folder_is() {
    let folder = Folder::new();
    SampleLog::new(300).publish(&folder.path(""));
    let server = FileServer::start(&folder.path(""));
    r4(&[&"log", &"verify", &server.log()]).exits(0).says("all 300 entries").says("--keys");
}

#[test]
fn every_damage_is_found() {
    damaged("tile/entries/000", 2200).exits(1).says("entry 1 is not the one whose hash");
    damaged("tile/entries/002.p/88", 10).exits(1).says("entry 512 is not");
    damaged("tile/0/001", 100).exits(1).says("entry 259 is not");
    damaged("tile/1/000.p/2", 40).exits(1).says("tile/1/000.p/2 is not made of the tiles below");
    damaged("tile/entries/001", 0).exits(1).says("tile/entries/001 is malformed");
    damaged("checkpoint", 30).exits(1).says("invalid");
}

#[test]
fn what_is_missing_is_a_gap() {
    let folder = Folder::new();
    SampleLog::new(600).publish(&folder.path(""));
    fs::remove_file(folder.path("log/tile/entries/001")).unwrap();
    verify_in(&folder).exits(1).says("gap: tile/entries/001");
    fs::remove_dir_all(folder.path("log")).unwrap();
    verify_in(&folder).exits(2).says("no such folder");
}

#[test]
fn entries_that_were_left_out_hashed_or_not() {
    let mut log = SampleLog::new(3);
    let late = Entry::Vrf(log.answer(4));
    log.push(&late);
    verify(&log).exits(1).says("gap: the entry in place 3 has the index 4");
    log.entries[3] = b"junk".to_vec();
    verify(&log).exits(1).says("invalid: entry 3: the bytes are no entry");
    log.entries.truncate(3);
    log.entries.remove(0);
    verify(&log).exits(1).says("gap: the entry in place 0 has the index 1");
}

#[test]
fn an_output_that_is_not_the_indexs_own() {
    let mut log = SampleLog::new(3);
    let missed = log.missed();
    log.push(&Entry::Missed(Missed { beta: [1; 32], ..missed }));
    verify(&log).exits(1).says("entry 3 has not the output");
}

#[test]
fn keys_that_nobody_announced_or_pinned() {
    let mut log = SampleLog::new(3);
    let other = node(9).public_keys().clone();
    let mut answer = log.answer(3);
    answer.key_hash = other.key_set().key_hash();
    log.push(&Entry::Vrf(answer));
    verify(&log).exits(1).says("were not announced before it");

    // Nobody's word, and a stranger's.
    log.entries.truncate(3);
    log.push(&Entry::Keys(Box::new(EpochKeys {
        index: 3,
        timestamp: 1,
        previous: None,
        keys: other.clone(),
    })));
    verify(&log).exits(1).says("key-change: entry 3 announces").says("has not signed");
    let stranger = SampleLog { node: node(8), ..SampleLog::new(3) };
    let entry = stranger.announcement(&node(9), DAY);
    let previous = entry.previous.clone().map(|word| Handover { key_hash: log.key_hash(), ..word });
    for entry in [entry.clone(), EpochKeys { previous, ..entry }] {
        log.entries.truncate(3);
        log.push(&Entry::Keys(Box::new(entry)));
        verify(&log).exits(1).says("key-change: entry 3 announces").says("has not signed");
    }

    let mut log = SampleLog::new(3);
    log.entries[0] = Entry::Vrf(log.answer(0)).to_bytes();
    verify(&log).exits(1).says("entry 0 is of the keys").says("not announced before it");
}

#[test]
fn an_epoch_that_follows_as_it_must() {
    let mut log = SampleLog::new(3);
    let old = log.answer(7);
    log.hand_over(node(9), DAY);
    log.grow(6);
    let (again, missed) = (log.announcement(&node(1), DAY), log.missed());
    log.push(&Entry::Missed(missed));
    let good = log.entries.clone();
    verify(&log).exits(0).says("keys      2");
    // The first epoch signs no more, and does not come back.
    log.push(&Entry::Vrf(old));
    verify(&log).exits(1).says("key-change: entry 7 is of the keys").says("sign no more");
    log.entries = good;
    log.push(&Entry::Keys(Box::new(EpochKeys { index: 7, ..again })));
    verify(&log).exits(1).says("announces the keys").says("again");

    let mut log = SampleLog::new(3);
    log.hand_over(node(9), 60);
    log.grow(6);
    verify(&log).exits(1).says("key-change: entry 3 announces").says("only 60 s before");
    verify_with(&log, &["--notice", "60s"]).exits(0);

    let mut log = SampleLog::new(3);
    log.hand_over(node(9), 3 * DAY);
    log.grow(6);
    verify(&log).exits(1).says("key-change: entry 4 is of the keys").says("did not sign yet");
}

#[test]
fn an_epoch_that_was_announced_and_withdrawn() {
    let mut log = SampleLog::new(3);
    let (withdrawn, next) = (log.announcement(&node(8), DAY), node(9));
    log.push(&Entry::Keys(Box::new(withdrawn)));
    log.grow(6);
    log.hand_over(next, DAY);
    log.grow(9);
    verify(&log).exits(0).says("keys      3");
    let mut answer = log.answer(9);
    answer.key_hash = node(8).public_keys().key_set().key_hash();
    log.push(&Entry::Vrf(answer));
    verify(&log).exits(1).says("key-change: entry 9 is of the keys");
}

#[test]
fn both_signatures_of_the_pinned_log_are_needed() {
    let folder = Folder::new();
    let mut log = SampleLog::new(3);
    log.publish(&folder.path(""));
    let path = folder.path("log/checkpoint");
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for without in [4, 5] {
        let mut lines = lines.clone();
        lines.remove(without);
        fs::write(&path, lines.concat()).unwrap();
        verify_in(&folder).exits(1).says("invalid: the checkpoint is not signed by the key");
    }
    log.keys = note_keys(7, crate::log_sample::ORIGIN);
    log.publish(&folder.path(""));
    verify_in(&folder).exits(1).says("key-change:").says("other keys of its name");
    log.keys = note_keys(2, "other.example/log");
    log.publish(&folder.path(""));
    verify_in(&folder).exits(1);
}

#[test]
fn keys_are_needed() {
    let folder = Folder::new();
    SampleLog::new(3).publish(&folder.path(""));
    r4(&[&"log", &"verify", &folder.path("log")]).exits(2).says("--keys");
    let server = FileServer::start(&folder.path("log"));
    r4(&[&"log", &"verify", &server.log()]).exits(2).says("/v1/keys is not there");
    let bare = folder.write("bare.json", crate::sample::keys_json(&node(1)));
    r4(&[&"log", &"verify", &"--keys", &bare, &folder.path("log")])
        .exits(2)
        .says("it names no keys of a log");
}
