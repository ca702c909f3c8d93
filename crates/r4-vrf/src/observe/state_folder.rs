//! The folder of the seeds, the index and the log: its disk, and when it was backed up.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use metrics::gauge;
use rustix::fs::statvfs;
use serde::Deserialize;

pub(super) const FREE: &str = "r4_state_disk_free_bytes";
pub(super) const SIZE: &str = "r4_state_disk_size_bytes";
pub(super) const BACKUP: &str = "r4_backup_timestamp_seconds";

/// The file in which `r4 backup create` says when.
const LAST_BACKUP: &str = "last-backup.json";
/// More bytes than it has.
const MOST_BYTES: u64 = 4096;

/// The part of [`LAST_BACKUP`] that is shown.
#[derive(Deserialize)]
struct Backup {
    /// Unix seconds.
    time: u64,
}

/// Sets the gauges; those of a disk that cannot be asked stay as they were.
#[expect(clippy::cast_precision_loss, reason = "no disk has 2^53 bytes")]
pub(super) fn show(folder: &Path) {
    if let Ok(disk) = statvfs(folder) {
        let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize) as f64;
        // Not f_bfree: some of it is for root alone.
        gauge!(FREE).set(bytes(disk.f_bavail));
        gauge!(SIZE).set(bytes(disk.f_blocks));
    }
    gauge!(BACKUP).set(backed_up(folder) as f64);
}

/// Returns when the last backup was made, Unix seconds; 0 when no file says so.
fn backed_up(folder: &Path) -> u64 {
    let mut text = Vec::new();
    let read = File::open(folder.join(LAST_BACKUP))
        .and_then(|file| file.take(MOST_BYTES).read_to_end(&mut text));
    let backup = read.ok().and_then(|_| serde_json::from_slice::<Backup>(&text).ok());
    backup.map_or(0, |backup| backup.time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_backup_is_what_its_file_says() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(backed_up(folder.path()), 0);
        for (text, want) in [
            (r#"{"time": 1900000000, "log_size": 12}"#, 1_900_000_000),
            (r#"{"time": 1900000000}"#, 1_900_000_000),
            (r#"{"time": -1}"#, 0),
            (r#"{"log_size": 12}"#, 0),
            (r#"{"time": 1900000000"#, 0),
            ("", 0),
        ] {
            std::fs::write(folder.path().join(LAST_BACKUP), text).expect("written");
            assert_eq!(backed_up(folder.path()), want, "{text}");
        }
        let long = format!(r#"{{"time": 1900000000, "rest": "{}"}}"#, "x".repeat(5000));
        std::fs::write(folder.path().join(LAST_BACKUP), long).expect("written");
        assert_eq!(backed_up(folder.path()), 0);
    }
}
