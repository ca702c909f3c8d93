//! The receipt index: each number once, whatever is asked at once and whatever crashes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::harness::client::{Client, Request};
use crate::harness::external::{skipped_on_this_machine, skips_processes};
use crate::harness::node::{KEY, NOWHERE, vrf};
use crate::harness::target::{PinnedKeys, problem};
use crate::harness::wire::{Broken, Response};
use crate::harness::{seconds, wait_for};

const TOGETHER: usize = 64;
const ROUNDS: usize = 3;

/// Asks for a receipt; one that is refused because too many ask is asked for again.
fn receipt(vrf: &Client, query: &str) -> Result<Response, Broken> {
    loop {
        let answer = vrf.once(&Request::get(&format!("/vrf{query}")).key(KEY))?;
        if answer.status != 503 || !answer.text().contains("busy") {
            return Ok(answer);
        }
        assert!(answer.header("retry-after").is_some(), "{answer:?}");
        thread::sleep(Duration::from_millis(100));
    }
}

fn index(receipt: &Response) -> u64 {
    let receipt = receipt.json();
    let index = receipt["index"].as_str().unwrap_or_else(|| panic!("no index: {receipt}"));
    index.parse().expect("a decimal number")
}

#[test]
fn receipts_asked_for_together_have_indexes_of_their_own() {
    if skips_processes() {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let vrf = vrf(state.path(), NOWHERE);
    let client = vrf.client();
    let keys = PinnedKeys::write(&client.get("/keys").expect(200).body);
    let receipts: Vec<Response> = thread::scope(|scope| {
        let ask = |_| scope.spawn(|| receipt(&client, "").unwrap().expect(200));
        let asked: Vec<_> = (0..TOGETHER).map(ask).collect();
        asked.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let indexes: BTreeSet<u64> = receipts.iter().map(index).collect();
    assert_eq!(indexes.len(), TOGETHER, "{indexes:?}");
    for receipt in receipts.iter().step_by(8) {
        let said = keys.verify(&receipt.body, &[]);
        assert_eq!(said.code, 0, "{said:?}");
    }
}

#[test]
fn no_index_repeats_when_the_process_is_killed_under_load() {
    if skips_processes() {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let seen = Mutex::new(BTreeSet::new());
    let mut keys = None;
    for round in 0..ROUNDS {
        let vrf = vrf(state.path(), NOWHERE);
        let client = vrf.client();
        let document = client.get("/keys").expect(200).json();
        let active = document["active"].clone();
        assert_eq!(*keys.get_or_insert(active.clone()), active, "other keys after a restart");
        let before = seen.lock().unwrap().len();
        let dead = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while !dead.load(Ordering::Relaxed) {
                        let Ok(answer) = receipt(&client, "?sig=ecdsa") else { return };
                        let index = index(&answer.expect(200));
                        assert!(seen.lock().unwrap().insert(index), "index {index} repeats");
                    }
                });
            }
            // More than one batch, so that the kill can fall between two.
            wait_for("no load", seconds(30), || {
                (seen.lock().unwrap().len() > before + 70 + round * 7).then_some(())
            });
            vrf.kill();
            dead.store(true, Ordering::Relaxed);
        });
    }
    let seen = seen.into_inner().unwrap();
    println!("{} receipts, the last index is {:?}", seen.len(), seen.last());
    let lost = seen.last().unwrap() + 1 - seen.len() as u64;
    assert!(lost <= 64 * ROUNDS as u64, "{lost} indexes were lost");
}

/// A file system in memory that is as small as the test needs; gone with the value.
struct SmallDisk {
    dir: tempfile::TempDir,
}

impl SmallDisk {
    /// `None` where this process may not mount.
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs"]).arg(dir.path());
        let mounted = mount.output().is_ok_and(|done| done.status.success());
        mounted.then_some(Self { dir })
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes until nothing more fits.
    fn fill(&self) {
        let filler = self.path().join("filler");
        let mut size = 1024 * 1024;
        let mut written = Vec::new();
        while size > 0 {
            written.resize(written.len() + size, 0);
            if fs::write(&filler, &written).is_err() {
                written.truncate(written.len() - size);
                size /= 2;
            }
        }
        let _full = fs::write(&filler, vec![0; 1024 * 1024]);
    }

    fn free(&self) {
        fs::remove_file(self.path().join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily, because the service may hold files until it is dropped itself.
        let _gone = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

#[test]
fn a_full_disk_stops_receipts_and_repeats_none() {
    if skips_processes() {
        return;
    }
    let Some(disk) = SmallDisk::mount() else {
        return skipped_on_this_machine("this process may not mount a file system");
    };
    let state = disk.path().join("state");
    let mut seen = BTreeSet::new();
    let vrf = vrf(&state, NOWHERE);
    let client = vrf.client();
    disk.fill();
    let refused = (0..200).find_map(|_| {
        let answer = receipt(&client, "?sig=ecdsa").unwrap();
        if answer.status == 200 {
            assert!(seen.insert(index(&answer)));
            return None;
        }
        Some(answer)
    });
    let refused = refused.expect("200 receipts on a full disk");
    let (slug, detail) = problem(&refused, 503);
    println!("after {} receipts: {slug}: {detail}", seen.len());
    assert!(!detail.contains("root.seed"), "{detail}");
    // What needs no index goes on.
    client.get("/keys").expect(200);
    client.get("/health").expect(200);
    disk.free();
    wait_for("no receipts after there is room again", seconds(10), || {
        let answer = receipt(&client, "?sig=ecdsa").unwrap();
        (answer.status == 200).then(|| assert!(seen.insert(index(&answer))))
    });
    for _ in 0..70 {
        let answer = receipt(&client, "?sig=ecdsa").unwrap().expect(200);
        assert!(seen.insert(index(&answer)), "index {} repeats", index(&answer));
    }
}
