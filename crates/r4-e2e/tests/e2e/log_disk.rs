//! A disk that is full, nearly full, or cannot be written: what was answered stays, nothing is
//! answered that is not kept, and the node goes on when there is room.

use std::fs;
use std::path::PathBuf;

use crate::harness::disk::SmallDisk;
use crate::harness::external::{skipped_on_this_machine, skips_processes};
use crate::harness::ledger::Ledger;
use crate::harness::load::ask;
use crate::harness::node::{NOWHERE, try_vrf, vrf};
use crate::harness::target::problem;
use crate::harness::{seconds, wait_for};

/// A small disk with a node's folder to come, and what clients have seen of it; none where this
/// process may not mount.
fn disk() -> Option<(SmallDisk, PathBuf, Ledger)> {
    let disk = SmallDisk::mount();
    if disk.is_none() {
        skipped_on_this_machine("this process may not mount a file system");
    }
    let disk = disk?;
    let state = disk.path().join("state");
    Some((disk, state, Ledger::default()))
}

#[test]
fn a_full_disk_stops_receipts_and_loses_none() {
    if skips_processes() {
        return;
    }
    let Some((disk, state, mut ledger)) = disk() else { return };
    let service = vrf(&state, NOWHERE);
    let client = service.client();
    let receipt = || ask(&client, "/vrf?sig=ecdsa").unwrap();
    ledger.answered(&receipt().expect(200));
    disk.fill();
    let refused = (0..200).find_map(|_| {
        let answer = receipt();
        if answer.status == 200 {
            ledger.answered(&answer);
            return None;
        }
        Some(answer)
    });
    let (slug, detail) = problem(&refused.expect("200 receipts on a full disk"), 503);
    println!("after {} receipts: {slug}: {detail}", ledger.answers());
    assert!(["log-unavailable", "index-unavailable"].contains(&slug.as_str()), "{slug}: {detail}");
    assert!(!detail.contains("journal/"), "{detail}");
    wait_for("the log does not say why", seconds(5), || {
        service.log().contains("nothing can be written").then_some(())
    });
    // What was answered can be read, and what writes nothing goes on.
    ledger.prove(&client);
    client.get("/health").expect(200);
    assert_eq!(client.get("/ready").status, 503);
    disk.free();
    wait_for("no receipts after there is room again", seconds(10), || {
        let answer = receipt();
        (answer.status == 200).then(|| ledger.answered(&answer))
    });
    for _ in 0..70 {
        ledger.answered(&receipt().expect(200));
    }
    ledger.prove(&client);
    service.kill();
    ledger.prove_all(&vrf(&state, NOWHERE).client());
}

#[test]
fn refusals_for_want_of_room_use_up_no_indexes() {
    if skips_processes() {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let journal = state.path().join("journal");
    fs::create_dir(&journal).unwrap();
    let Some(disk) = SmallDisk::mount_at(&journal) else {
        return skipped_on_this_machine("this process may not mount a file system");
    };
    let mut ledger = Ledger::default();
    let service = vrf(state.path(), NOWHERE);
    let client = service.client();
    let receipt = || ask(&client, "/vrf?sig=ecdsa").unwrap();
    ledger.answered(&receipt().expect(200));
    // Room for the index, and none for what is made with it.
    disk.fill();
    let mut refusals = 0;
    while refusals < 300 {
        let answer = receipt();
        match answer.status {
            200 => ledger.answered(&answer),
            _ => refusals += usize::from(problem(&answer, 503).0 == "log-unavailable"),
        }
    }
    let index = fs::read_to_string(state.path().join("index")).unwrap();
    let reserved: usize = index.lines().nth(1).unwrap().parse().unwrap();
    // All of them would be missed ones; and a start believes no log that is far behind the index.
    assert!(reserved < ledger.answers() + 128, "{reserved} reserved, {}", ledger.answers());
    // The operator is told once, not with each refusal.
    assert_eq!(service.log().matches("nothing can be written").count(), 1, "{}", service.log());
    service.kill();
    disk.free();
    ledger.prove_all(&vrf(state.path(), NOWHERE).client());
}

#[test]
fn a_start_on_a_full_disk_is_refused_and_loses_nothing() {
    if skips_processes() {
        return;
    }
    let Some((disk, state, mut ledger)) = disk() else { return };
    let service = vrf(&state, NOWHERE);
    for _ in 0..3 {
        ledger.answered(&ask(&service.client(), "/vrf").unwrap().expect(200));
    }
    service.kill();
    disk.fill();
    let left = try_vrf(&state, NOWHERE).err().expect("it starts on a full disk");
    println!("{left}");
    assert!(left.contains("No space left") && !left.contains("panicked"), "{left}");
    disk.free();
    ledger.prove_all(&vrf(&state, NOWHERE).client());
}

#[test]
fn a_disk_that_cannot_be_written_is_refused_and_loses_nothing() {
    if skips_processes() {
        return;
    }
    let Some((disk, state, mut ledger)) = disk() else { return };
    for round in 0..2 {
        let service = vrf(&state, NOWHERE);
        ledger.answered(&ask(&service.client(), "/vrf").unwrap().expect(200));
        // After a crash there is something to write; after a clean stop there is not.
        if round == 0 {
            service.kill();
        } else {
            service.stop();
        }
        disk.remount("ro");
        let left = try_vrf(&state, NOWHERE).err().expect("it starts where it cannot write");
        println!("{left}");
        assert!(left.contains("Read-only file system"), "{left}");
        assert!(left.contains(state.to_str().unwrap()) && !left.contains("panicked"), "{left}");
        disk.remount("rw");
        ledger.prove_all(&vrf(&state, NOWHERE).client());
    }
}
