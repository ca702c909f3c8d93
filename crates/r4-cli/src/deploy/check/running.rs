//! What runs: whether it is well, and whether it could be brought back.

use serde::Deserialize;

use super::{Finding, Subject};
use crate::deploy::compose::output;
use crate::deploy::gate;
use crate::exit::Error;
use r4_service::clock::unix_now;

/// Seconds after which a backup is old.
const OLD: u64 = 2 * 86_400;

/// What r4-vrf's state folder says of backups.
#[derive(Deserialize)]
struct LastBackup {
    time: u64,
}

pub(super) fn look(subject: &Subject<'_>) -> Result<Vec<Finding>, Error> {
    let project = subject.project;
    if project.containers()?.is_empty() {
        return Ok(vec![Finding::remark("node", "nothing runs yet"), recipient(subject)]);
    }
    let troubles = gate::troubles(project)?;
    let mut found: Vec<Finding> =
        troubles.into_iter().map(|why| Finding::bad("node", why.to_string())).collect();
    if found.is_empty() {
        let well = "every container is healthy, and the gateway is ready";
        found.push(Finding::good("node", well));
    }
    let words = ["exec", "-T", "r4-vrf", "cat", "/var/lib/r4/last-backup.json"];
    let last = output(&mut project.compose(words)).ok();
    let last = last.and_then(|text| serde_json::from_str::<LastBackup>(&text).ok());
    let age = last.map(|last| unix_now().saturating_sub(last.time));
    let backup = match age {
        Some(age) if age <= OLD => Finding::good("backup", format!("{} h old", age / 3600)),
        Some(age) => {
            Finding::remark("backup", format!("{} days old: see docs/backup.md", age / 86_400))
        }
        None => Finding::remark("backup", "there is none: see docs/backup.md"),
    };
    found.extend([backup, recipient(subject)]);
    Ok(found)
}

fn recipient(subject: &Subject<'_>) -> Finding {
    let service = subject.config.services.get("r4-backup");
    match service.and_then(|service| service.setting("R4_BACKUP_RECIPIENT")) {
        Some(_) => Finding::good("backup", "R4_BACKUP_RECIPIENT is set"),
        None => Finding::remark(
            "backup",
            "R4_BACKUP_RECIPIENT is not set, so no backup can be made: see docs/backup.md",
        ),
    }
}
