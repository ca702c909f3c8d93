//! `r4 log mirror`: the copy, its continuation, and the logs that are refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc::channel;

use crate::file_server::{FileServer, Mood};
use crate::log_sample::{ORIGIN, SampleLog, note_keys};
use crate::run::{Folder, Said, command, r4};

/// A log of `size` entries that is served, and an empty place for its mirror.
struct Setup {
    folder: Folder,
    log: SampleLog,
    server: FileServer,
}

impl Setup {
    fn new(size: u64) -> Self {
        let (folder, log) = (Folder::new(), SampleLog::new(size));
        log.publish(&folder.path("node"));
        let server = FileServer::start(&folder.path("node"));
        Self { folder, log, server }
    }

    fn place(&self) -> PathBuf {
        self.folder.path("mirror")
    }

    fn mirror(&self) -> Said {
        r4(&[&"log", &"mirror", &self.server.log(), &self.place()])
    }

    /// Serves another log from now on.
    fn serve(&self, log: &SampleLog) {
        fs::remove_dir_all(self.folder.path("node")).unwrap();
        log.publish(&self.folder.path("node"));
    }

    /// The mirror has the files of the log and no others.
    #[track_caller]
    fn is_a_copy(&self) {
        let (mut copy, log) = (files(&self.place()), files(&self.folder.path("node/log")));
        assert!(copy.remove(Path::new("keys.json")).is_some());
        assert!(copy.remove(Path::new(".lock")).is_some());
        let names = |files: &BTreeMap<PathBuf, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&copy), names(&log));
        assert!(copy == log);
    }
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn a_mirror_has_every_byte_and_verifies() {
    let setup = Setup::new(700);
    setup.mirror().exits(0).says("700 entries").says("trusted on first use").says("7 files new");
    setup.is_a_copy();
    r4(&[&"log", &"verify", &setup.place()]).exits(0).says("all 700 entries");
    setup.mirror().exits(0).says("0 files new");
}

#[test]
fn it_grows_with_the_log_and_drops_old_edges() {
    let mut setup = Setup::new(200);
    setup.mirror().exits(0);
    for size in [201, 256, 257, 900] {
        setup.log.grow(size);
        setup.serve(&setup.log);
        setup.mirror().exits(0).says(&format!("{size} entries"));
        setup.is_a_copy();
    }
}

#[test]
fn a_partial_tile_that_is_gone_is_cut_out_of_the_full_one() {
    let mut setup = Setup::new(200);
    let checkpoint = fs::read(setup.folder.path("node/log/checkpoint")).unwrap();
    setup.log.grow(300);
    setup.serve(&setup.log);
    fs::write(setup.folder.path("node/log/checkpoint"), checkpoint).unwrap();
    setup.mirror().exits(0).says("200 entries");
    r4(&[&"log", &"verify", &setup.place()]).exits(0).says("all 200 entries");
}

#[test]
fn a_killed_mirror_goes_on_where_it_was() {
    let setup = Setup::new(256 * 40);
    let (stalled, wait) = channel();
    let mut served = 0;
    setup.server.behave(move |path| {
        served += usize::from(path.contains("/entries/"));
        if served < 10 {
            return Mood::Serve;
        }
        let _ = stalled.send(());
        Mood::Stall
    });
    let mut child = command(&[&"log", &"mirror", &setup.server.log(), &setup.place()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait.recv().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!setup.place().join("checkpoint").exists());
    let there = files(&setup.place());
    assert!(there.keys().any(|path| path.starts_with("tile/entries")), "nothing was copied");

    setup.server.asked();
    setup.server.behave(|_| Mood::Serve);
    setup.mirror().exits(0);
    let asked = setup.server.asked();
    let full = |path: &&PathBuf| !path.to_string_lossy().contains(".p/");
    for path in there.keys().filter(|path| path.starts_with("tile")).filter(full) {
        let path = format!("log/{}", path.display());
        assert!(!asked.contains(&path), "{path} was fetched again");
    }
    setup.is_a_copy();
}

#[test]
fn what_is_damaged_is_fetched_again() {
    let setup = Setup::new(600);
    setup.mirror().exits(0);
    for name in ["tile/0/001", "tile/entries/000", "tile/entries/002.p/88", "tile/1/000.p/2"] {
        let path = setup.place().join(name);
        let mut bytes = fs::read(&path).unwrap();
        bytes[50] ^= 1;
        fs::write(&path, bytes).unwrap();
        setup.mirror().exits(0).says("1 files new");
    }
    setup.is_a_copy();
}

#[test]
fn a_busy_server_is_left_alone_for_a_while() {
    let setup = Setup::new(300);
    let mut refusals = 0;
    setup.server.behave(move |path| {
        let busy = path == "log/tile/0/000" && refusals < 1;
        refusals += u32::from(busy);
        if busy { Mood::Busy } else { Mood::Serve }
    });
    setup.mirror().exits(0);
    setup.is_a_copy();
}

#[test]
fn a_broken_server_is_an_error_that_names_it() {
    let setup = Setup::new(300);
    setup.server.behave(|path| if path.ends_with("000") { Mood::Broken } else { Mood::Serve });
    setup.mirror().exits(2).says("it answered 500");
    assert!(!setup.place().join("checkpoint").exists());
    r4(&[&"log", &"mirror", &"http://127.0.0.1:9/v1/log", &setup.place()])
        .exits(2)
        .says("nothing answers there");
    let https = setup.server.log().replacen("http", "https", 1);
    r4(&[&"log", &"mirror", &https, &setup.place()]).exits(2).says("it cannot be asked");
    r4(&[&"log", &"mirror", &"mirror", &setup.place()]).exits(2).says("a URL such as");
}

#[test]
fn a_log_that_is_no_continuation_is_refused_and_nothing_is_touched() {
    let setup = Setup::new(300);
    setup.mirror().exits(0);
    let before = files(&setup.place());

    setup.serve(&SampleLog::new(299));
    setup
        .mirror()
        .exits(1)
        .says("rollback: the log has signed size 299 after it had signed size 300");
    let mut other = SampleLog::new(300);
    other.entries[7][20] ^= 1;
    setup.serve(&other);
    setup.mirror().exits(1).says("fork: the log has signed two trees of size 300");
    other.grow(900);
    setup.serve(&other);
    setup.mirror().exits(1).says("fork: the signed tree of size 900 does not begin with");
    assert!(files(&setup.place()) == before);
}

#[test]
fn tiles_that_do_not_belong_to_the_checkpoint_are_refused() {
    let setup = Setup::new(600);
    for (name, says) in [
        ("tile/0/001", "invalid: tile/0/001 does not fit the signed tree"),
        ("tile/entries/001", "invalid: tile/entries/001 does not fit"),
        ("tile/1/000.p/2", "do not give the root of its signed checkpoint"),
    ] {
        let path = setup.folder.path("node/log").join(name);
        let good = fs::read(&path).unwrap();
        let mut bytes = good.clone();
        bytes[50] ^= 1;
        fs::write(&path, bytes).unwrap();
        setup.mirror().exits(1).says(says);
        assert!(!setup.place().join("checkpoint").exists());
        fs::write(&path, good).unwrap();
    }
}

#[test]
fn other_keys_are_refused_by_name_until_they_are_given() {
    let mut setup = Setup::new(300);
    setup.mirror().exits(0);
    setup.log.keys = note_keys(5, ORIGIN);
    setup.serve(&setup.log);
    setup.mirror().exits(1).says("key-change: the server names other keys of the log");
    let keys = setup.folder.write("new.json", setup.log.keys_json());
    r4(&[&"log", &"mirror", &"--keys", &keys, &setup.server.log(), &setup.place()])
        .exits(2)
        .says("checkpoint: key-change");
}

#[test]
fn pinned_keys_are_kept_with_the_mirror() {
    let setup = Setup::new(10);
    let keys = setup.folder.write("pinned.json", setup.log.keys_json());
    fs::remove_file(setup.folder.path("node/keys")).unwrap();
    r4(&[&"log", &"mirror", &"--keys", &keys, &setup.server.log(), &setup.place()]).exits(0);
    assert_eq!(fs::read(setup.place().join("keys.json")).unwrap(), fs::read(&keys).unwrap());
    r4(&[&"log", &"verify", &setup.place()]).exits(0);
}
