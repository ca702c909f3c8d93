//! Any bytes as files of the log's state folder: checking them and repairing them never panics, and
//! what was repaired is fine, or says why not.
#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use r4_logstore::fsck;
use r4_tlog::{Algorithm, VerifierKey};

fuzz_target!(|input: &[u8]| {
    let Some((which, bytes)) = input.split_first() else { return };
    let folder = folder();
    let _ = fs::remove_dir_all(folder);
    for name in ["journal/ids", "log/tile/0", "log/tile/entries"] {
        fs::create_dir_all(folder.join(name)).unwrap();
    }
    fs::write(folder.join("journal/origin"), "localhost/v1/log\n").unwrap();
    let file = [
        "journal/journal",
        "journal/offsets",
        "journal/mark",
        "journal/origin",
        "log/checkpoint",
        "log/tile/entries/000.p/1",
    ];
    let file = folder.join(file[usize::from(*which) % file.len()]);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, bytes).unwrap();
    let keys = [Algorithm::Ed25519]
        .map(|kind| VerifierKey::new("localhost/v1/log", kind, &[7; 32]).unwrap());
    let _ = fsck::check(folder, &keys).is_fine();
    let _ = fsck::repair(folder, &keys, 0).is_fine();
});

/// In memory, where the system has it.
fn folder() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let memory = PathBuf::from("/dev/shm");
        let base = if memory.is_dir() { memory } else { std::env::temp_dir() };
        base.join(format!("r4-fuzz-journal-{}", std::process::id()))
    })
}
