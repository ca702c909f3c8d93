//! `r4 log monitor`: a log that is well, and each way in which it is not.

use std::fs;
use std::path::PathBuf;

use r4_receipt::Entry;
use r4_receipt::entry::EpochKeys;

use crate::file_server::{FileServer, Mood};
use crate::log_sample::{DAY, ORIGIN, SampleLog, note_keys, now};
use crate::run::{Folder, Said, r4};
use crate::sample::node;

/// A log that has been looked at once, at 300 entries.
struct Setup {
    folder: Folder,
    log: SampleLog,
    server: FileServer,
}

impl Setup {
    fn new() -> Self {
        let setup = Self::unseen(SampleLog::new(300));
        setup.look().exits(0).says("ok: log.example.org/v1/log: 300 entries, 300 new;");
        setup
    }

    fn unseen(log: SampleLog) -> Self {
        let folder = Folder::new();
        log.publish(&folder.path("node"));
        let server = FileServer::start(&folder.path("node"));
        Self { folder, log, server }
    }

    fn look(&self) -> Said {
        self.look_with(&[])
    }

    fn look_with(&self, more: &[&str]) -> Said {
        let (state, metrics) = (self.folder.path("state"), self.metrics());
        let url = self.server.log();
        let mut args: Vec<&dyn AsRef<std::ffi::OsStr>> =
            vec![&"log", &"monitor", &url, &"--state", &state, &"--metrics", &metrics];
        args.extend(more.iter().map(|word| word as &dyn AsRef<std::ffi::OsStr>));
        let said = r4(&args);
        assert!(said.out.lines().count() <= 1, "{}", said.out);
        said
    }

    fn metrics(&self) -> PathBuf {
        self.folder.path("r4.prom")
    }

    fn serve(&self, log: &SampleLog) {
        self.clear();
        log.publish(&self.folder.path("node"));
    }

    fn clear(&self) {
        fs::remove_dir_all(self.folder.path("node")).unwrap();
    }

    /// The alarm, its code, and the metrics that show it; what was seen before stays kept.
    #[track_caller]
    fn alarms(&self, name: &str, code: i32) -> Said {
        let state = self.folder.path("state/state.json");
        let before = fs::read(&state).ok();
        let said = self.look().exits(code);
        assert!(said.out.starts_with(&format!("{name}: ")), "{}", said.out);
        let metrics = fs::read_to_string(self.metrics()).unwrap();
        assert!(metrics.contains(&format!("alarm=\"{name}\"}} 1\n")), "{metrics}");
        assert!(metrics.contains("r4_log_monitor_ok{") && metrics.contains("\"} 0\n"), "{metrics}");
        assert_eq!(fs::read(&state).ok(), before);
        said
    }
}

#[test]
fn a_log_that_grows_is_well() {
    let mut setup = Setup::new();
    setup.look().exits(0).says("300 entries, 0 new;");
    for size in [301, 512, 513, 900] {
        let new = size - setup.log.size();
        setup.log.grow(size);
        setup.serve(&setup.log);
        setup.look().exits(0).says(&format!("ok: {ORIGIN}: {size} entries, {new} new;"));
    }
    let metrics = fs::read_to_string(setup.metrics()).unwrap();
    let log = format!("log=\"{}\"", setup.server.log());
    for line in [
        format!("r4_log_monitor_ok{{{log}}} 1\n"),
        format!("r4_log_monitor_alarm{{{log},alarm=\"fork\"}} 0\n"),
        format!("r4_log_monitor_tree_size{{{log}}} 900\n"),
        format!("r4_log_monitor_new_entries{{{log}}} 387\n"),
        format!("r4_log_monitor_missed_ratio{{{log}}} 0\n"),
    ] {
        assert!(metrics.contains(&line), "{line} is not in:\n{metrics}");
    }
}

#[test]
fn only_what_is_new_is_fetched() {
    let mut setup = Setup::new();
    setup.log.grow(600);
    setup.serve(&setup.log);
    setup.server.asked();
    setup.look().exits(0);
    let asked = setup.server.asked();
    assert!(!asked.contains(&"log/tile/entries/000".to_owned()), "{asked:?}");
    assert!(asked.contains(&"log/tile/entries/001".to_owned()), "{asked:?}");
}

#[test]
fn forks() {
    let setup = Setup::new();
    let mut other = SampleLog::new(300);
    other.entries[299][40] ^= 1;
    setup.serve(&other);
    setup.alarms("fork", 10).says("two trees of size 300");
    other.grow(1000);
    setup.serve(&other);
    setup.alarms("fork", 10).says("size 1000 does not begin with the signed tree of size 300");
    setup.alarms("fork", 10);

    let evidence: Vec<_> = fs::read_dir(setup.folder.path("state/evidence")).unwrap().collect();
    assert_eq!(evidence.len(), 2);
    for folder in evidence {
        let folder = folder.unwrap().path();
        let before = fs::read_to_string(folder.join("before")).unwrap();
        let after = fs::read_to_string(folder.join("after")).unwrap();
        assert!(before.starts_with(&format!("{ORIGIN}\n300\n")) && after != before);
    }
}

#[test]
fn a_fork_where_the_old_tree_is_complete() {
    let setup = Setup::unseen(SampleLog::new(256));
    setup.look().exits(0);
    let mut other = SampleLog::new(700);
    other.entries[9][40] ^= 1;
    setup.serve(&other);
    setup.alarms("fork", 10);
}

#[test]
fn a_rollback() {
    let setup = Setup::new();
    setup.serve(&SampleLog::new(299));
    setup.alarms("rollback", 11).says("size 299 after it had signed size 300");
    let evidence = setup.folder.path("state/evidence");
    assert_eq!(fs::read_dir(evidence).unwrap().count(), 1);
}

#[test]
fn a_gap() {
    let mut setup = Setup::new();
    let late = Entry::Vrf(setup.log.answer(301));
    setup.log.push(&late);
    setup.serve(&setup.log);
    setup.alarms("gap", 12).says("the entry in place 300 has the index 301");
}

#[test]
fn an_entry_that_is_not_served_is_a_gap() {
    let mut setup = Setup::new();
    setup.log.grow(600);
    setup.serve(&setup.log);
    fs::remove_file(setup.folder.path("node/log/tile/entries/001")).unwrap();
    setup.alarms("gap", 12).says("tile/entries/001");
}

#[test]
fn too_many_missed() {
    let mut setup = Setup::new();
    let miss = |log: &mut SampleLog, number| {
        for _ in 0..number {
            let missed = Entry::Missed(log.missed());
            log.push(&missed);
        }
    };
    miss(&mut setup.log, 15);
    setup.serve(&setup.log);
    setup.look().exits(0).says("15 of the last 315 missed");
    miss(&mut setup.log, 2);
    setup.serve(&setup.log);
    let said = setup.look().exits(13).says("missed: 17 of the last 317 indexes");
    assert!(said.out.starts_with("missed: "), "{}", said.out);
    setup.look_with(&["--max-missed", "0.06"]).exits(0);
    // They alarm once, and again with the next one, as long as they count.
    setup.look().exits(0).says("0 new");
    miss(&mut setup.log, 1);
    setup.serve(&setup.log);
    setup.look().exits(13).says("18 of the last 318");
    setup.log.grow(1400);
    setup.serve(&setup.log);
    setup.look().exits(0).says("0 of the last 1082 missed");
}

#[test]
fn changed_keys() {
    let setup = Setup::new();
    let mut other = SampleLog::new(300);
    other.keys = note_keys(5, ORIGIN);
    setup.serve(&other);
    setup.alarms("key-change", 14).says("other keys of the log");
    // The same keys document, and a checkpoint by others.
    fs::write(setup.folder.path("node/keys"), setup.log.keys_json()).unwrap();
    setup.alarms("key-change", 14).says("other keys of its name");
    let mut other = SampleLog::new(300);
    other.node = node(8);
    setup.serve(&other);
    setup.alarms("key-change", 14).says("other key epochs");
}

#[test]
fn a_revoked_epoch_is_told_of_and_is_not_to_come_back() {
    let setup = Setup::new();
    let (good, keys) = (setup.log.keys_json(), setup.folder.path("node/keys"));
    let active = format!("\"active\":\"{}\"", setup.log.key_hash());
    let revoked = good.replace(&active, "\"active\":null");
    let revoked = revoked.replace("\"status\":\"active\"", "\"status\":\"revoked\"");
    fs::write(&keys, &revoked).unwrap();
    setup.look().exits(0).says("has revoked the key epoch").says("give the new keys once");
    let pinned = setup.folder.path("revoked.json");
    fs::write(&pinned, &revoked).unwrap();
    setup.look_with(&["--keys", pinned.to_str().unwrap()]).exits(0);
    let said = setup.look().exits(0);
    assert!(!said.err.contains("has revoked"), "{}", said.err);
    fs::write(&keys, &good).unwrap();
    setup.alarms("key-change", 14).says("fewer revoked key epochs");
}

#[test]
fn a_new_epoch_that_is_not_pinned() {
    let mut setup = Setup::new();
    let previous = None;
    let keys = node(8).public_keys().clone();
    let entry = EpochKeys { index: 300, timestamp: 1, previous, keys };
    setup.log.push(&Entry::Keys(Box::new(entry)));
    setup.serve(&setup.log);
    setup.alarms("key-change", 14).says("entry 300 announces the keys");
}

#[test]
fn an_epoch_that_the_log_announces_is_followed() {
    let mut setup = Setup::new();
    setup.log.hand_over(node(8), DAY);
    setup.serve(&setup.log);
    setup.look().exits(0).says("301 entries, 1 new");
    setup.log.grow(400);
    setup.serve(&setup.log);
    setup.look().exits(0).says("99 new");
    // What was seen is remembered: the next one must follow this one.
    setup.log.hand_over(node(7), DAY);
    setup.log.grow(410);
    setup.serve(&setup.log);
    setup.look().exits(0).says("10 new");
    // A server that names keys that are not in the log.
    let named = setup.log.keys_json();
    setup.log.hand_over(node(6), DAY);
    let more = setup.log.keys_json();
    setup.log.entries.pop();
    setup.log.publish(&setup.folder.path("node"));
    fs::write(setup.folder.path("node/keys"), more).unwrap();
    setup.alarms("key-change", 14).says("which the log does not announce");
    fs::write(setup.folder.path("node/keys"), named).unwrap();
    setup.look().exits(0).says("0 new");
}

#[test]
fn a_stale_checkpoint() {
    let setup = Setup::new();
    setup.log.publish_at(&setup.folder.path("node"), now() - 100);
    let said = setup.look().exits(15);
    assert!(said.out.starts_with("stale: the checkpoint was signed 10"), "{}", said.out);
    setup.look_with(&["--max-age", "5m"]).exits(0);
    setup.log.publish_at(&setup.folder.path("node"), now() + 100);
    setup.look().exits(15).says("ahead of this machine's clock");
}

#[test]
fn a_log_that_does_not_answer() {
    let setup = Setup::new();
    setup.server.behave(|_| Mood::Broken);
    setup.alarms("unreachable", 16).says("500");
    setup.server.behave(|path| if path == "keys" { Mood::Serve } else { Mood::Broken });
    setup.alarms("unreachable", 16).says("log/checkpoint");
    setup.server.behave(|_| Mood::Serve);
    setup.clear();
    setup.alarms("unreachable", 16).says("/v1/keys is not there");
}

#[test]
fn what_does_not_verify() {
    let mut setup = Setup::new();
    let checkpoint = setup.folder.path("node/log/checkpoint");
    let good = fs::read_to_string(&checkpoint).unwrap();
    fs::write(&checkpoint, good.replacen("300", "301", 1)).unwrap();
    setup.alarms("invalid", 17);
    fs::write(&checkpoint, "junk").unwrap();
    setup.alarms("invalid", 17).says("this is no checkpoint");
    setup.log.grow(600);
    setup.serve(&setup.log);
    for name in ["tile/entries/001", "tile/0/001", "tile/1/000.p/2"] {
        let path = setup.folder.path("node/log").join(name);
        let good = fs::read(&path).unwrap();
        let mut bytes = good.clone();
        bytes[50] ^= 1;
        fs::write(&path, bytes).unwrap();
        setup.alarms("invalid", 17);
        fs::write(&path, good).unwrap();
    }
    setup.look().exits(0);
}

#[test]
fn the_gravest_alarm_is_the_exit_code() {
    let setup = Setup::new();
    SampleLog::new(299).publish_at(&setup.folder.path("node"), now() - 100);
    let said = setup.look().exits(11);
    assert!(said.out.starts_with("rollback: ") && said.out.contains("; stale: "), "{}", said.out);
}

#[test]
fn the_folder_must_be_usable() {
    let setup = Setup::new();
    let state = setup.folder.path("state/state.json");
    fs::write(&state, "{}").unwrap();
    setup.look().exits(2).says("state.json: it is damaged");
    fs::remove_file(&state).unwrap();
    setup.look().exits(0).says("300 new");
    let file = setup.folder.write("file", "");
    r4(&[&"log", &"monitor", &"--state", &file, &setup.server.log()])
        .exits(2)
        .says("the folder cannot be used");
}
