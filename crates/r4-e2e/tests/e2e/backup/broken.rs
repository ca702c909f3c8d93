//! Backups that are cut short, damaged, for somebody else, or in somebody's way.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use super::site::{Site, files};
use crate::harness::build::program;
use crate::harness::disk::SmallDisk;
use crate::harness::external::{skipped_on_this_machine, skips_processes};
use crate::harness::node::{NOWHERE, vrf};
use crate::harness::r4::r4;

/// A node that was stopped after a few receipts, and one backup of it.
fn backed_up() -> (Site, String) {
    let mut site = Site::new();
    let service = vrf(&site.state(), NOWHERE);
    site.answers(&service, 5);
    service.stop();
    let name = site.create(&["--without-gateway"]);
    (site, name)
}

#[test]
fn every_changed_part_is_noticed_and_nothing_is_restored() {
    if skips_processes() {
        return;
    }
    let (site, name) = backed_up();
    site.verify(&name).exits(0);
    let archive = site.store().join(format!("{name}.tar.age"));
    let good = fs::read(&archive).unwrap();
    let last = good.len() - 1;
    for place in [0, 30, 60, 150, 250, good.len() / 2, last] {
        let mut bad = good.clone();
        bad[place] ^= 1;
        fs::write(&archive, bad).unwrap();
        let code = site.verify(&name).code;
        assert!(code == 1 || code == 2, "byte {place}: {code}");
        fs::rename(site.state(), site.path("kept")).unwrap();
        assert_ne!(site.restore(&[]).code, 0, "byte {place}");
        assert_eq!(files(&site.state()), ["backup.lock"], "byte {place}: something stays");
        fs::remove_dir_all(site.state()).unwrap();
        fs::rename(site.path("kept"), site.state()).unwrap();
    }
    for end in [0, 100, good.len() / 2, last] {
        fs::write(&archive, &good[..end]).unwrap();
        assert_ne!(site.verify(&name).code, 0, "cut at {end}");
    }
    fs::write(&archive, [&good[..], b"x"].concat()).unwrap();
    assert_ne!(site.verify(&name).code, 0, "one byte more");
    fs::write(&archive, &good).unwrap();

    let manifest = site.store().join(format!("{name}.json"));
    let kept = fs::read_to_string(&manifest).unwrap();
    let json: serde_json::Value = serde_json::from_str(&kept).unwrap();
    for (field, value) in json.as_object().unwrap() {
        // To whom it is encrypted and which program made it are remarks.
        if ["program", "recipients"].contains(&field.as_str()) {
            continue;
        }
        let mut changed = json.clone();
        changed[field] = match value {
            serde_json::Value::Number(number) => (number.as_u64().unwrap() + 1).into(),
            _ if field == "gateway" => "included".into(),
            _ => value.as_str().unwrap().replacen(['0', '1', 'l'], "7", 1).into(),
        };
        assert_ne!(&changed[field], value);
        fs::write(&manifest, changed.to_string()).unwrap();
        assert_ne!(site.verify(&name).code, 0, "{field}");
    }
    fs::write(&manifest, kept).unwrap();
    site.verify(&name).exits(0);
}

#[test]
fn only_the_right_identity_reads_it_and_only_an_empty_folder_takes_it() {
    if skips_processes() {
        return;
    }
    let (site, name) = backed_up();
    let (store, other) = (site.store().display().to_string(), site.path("other.txt"));
    let other = other.display().to_string();
    r4(&["backup", "keygen", "--out", &other], b"").exits(0);
    r4(&["backup", "verify", "--store", &store, "--identity", &other], b"")
        .exits(2)
        .says("cannot decrypt");
    let hash = "0x".to_owned() + &"5e".repeat(32);
    let identity = site.identity();
    let args = ["backup", "verify", "--store", &store, "--identity", &identity];
    r4(&[&args[..], &["--key-hash", &hash]].concat(), b"").exits(1).says(&hash);
    for secret in ["root.seed", "log.seed"] {
        let seed = fs::read(site.state().join(secret)).unwrap();
        let archive = fs::read(site.store().join(format!("{name}.tar.age"))).unwrap();
        assert!(!archive.windows(32).any(|part| part == seed), "{secret} is there in clear");
    }
    site.restore(&[]).exits(2).says("into an empty folder only");
    vrf(&site.state(), NOWHERE).stop();
    fs::remove_dir_all(site.state()).unwrap();
    fs::create_dir(site.path("gateway")).unwrap();
    fs::write(site.path("gateway/r4.redb"), "keys").unwrap();
    // This backup has no keys, so that nothing goes there.
    site.restore(&[]).exits(0);
    assert_eq!(fs::read(site.path("gateway/r4.redb")).unwrap(), b"keys");
}

#[test]
fn a_backup_that_was_killed_does_not_count() {
    if skips_processes() {
        return;
    }
    let mut site = Site::new();
    let service = vrf(&site.state(), NOWHERE);
    site.answers(&service, 200);
    let mut finished = 0;
    for wait in 0..40 {
        let mut command = Command::new(program("r4"));
        command.args(site.create_args(&["--without-gateway"])).env_clear();
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_millis(wait * 4));
        drop(child.kill());
        finished += usize::from(child.wait().unwrap().success());
    }
    let listed = site.list();
    println!("{finished} of 40 finished; {} are listed; {:?}", listed.len(), files(&site.store()));
    for backup in &listed {
        site.verify(backup["name"].as_str().unwrap()).exits(0);
    }
    thread::sleep(Duration::from_millis(1100));
    let name = site.create(&["--without-gateway"]);
    site.verify(&name).exits(0);
    let left = files(&site.store()).into_iter().filter(|file| file.ends_with(".partial"));
    assert_eq!(left.count(), 0);
}

#[test]
fn a_full_disk_makes_no_backup_and_removes_none() {
    if skips_processes() {
        return;
    }
    let (site, first) = backed_up();
    let last = fs::read(site.state().join("last-backup.json")).unwrap();
    let kept = site.path("kept");
    fs::rename(site.store(), &kept).unwrap();
    fs::create_dir(site.store()).unwrap();
    let Some(disk) = SmallDisk::mount_at(&site.store()) else {
        return skipped_on_this_machine("this process may not mount a file system");
    };
    for file in files(&kept) {
        fs::copy(kept.join(&file), site.store().join(file)).unwrap();
    }
    disk.fill();
    thread::sleep(Duration::from_millis(1100));
    let said = site.try_create(&["--without-gateway", "--keep-last", "1"]).exits(2);
    assert!(said.says("No space left").out.is_empty());
    assert_eq!(fs::read(site.state().join("last-backup.json")).unwrap(), last);
    let listed = site.list();
    assert_eq!((listed.len(), listed[0]["name"].as_str()), (1, Some(first.as_str())));
    assert!(files(&site.store()).iter().all(|file| !file.ends_with(".partial")));
    disk.free();
    let name = site.create(&["--without-gateway", "--keep-last", "1"]);
    assert_eq!(site.list().len(), 1);
    site.verify(&name).exits(0);
}

#[test]
fn two_at_once_do_not_meet() {
    if skips_processes() {
        return;
    }
    let (site, _) = backed_up();
    thread::sleep(Duration::from_millis(1100));
    let said: Vec<_> = thread::scope(|scope| {
        let create = || site.try_create(&["--without-gateway"]);
        let both = [scope.spawn(create), scope.spawn(create)];
        both.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let made = said.iter().filter(|said| said.code == 0).count();
    assert!(made >= 1, "{said:?}");
    for said in said.iter().filter(|said| said.code != 0) {
        let known = ["another r4 backup is at work", "exists already"];
        assert!(known.iter().any(|words| said.err.contains(words)), "{said:?}");
    }
    for backup in site.list() {
        site.verify(backup["name"].as_str().unwrap()).exits(0);
    }
}
