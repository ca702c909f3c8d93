//! The machine: its clock and its disk.

use rsntp::SntpClient;
use rustix::fs::statvfs;

use super::Finding;
use crate::deploy::compose::{docker, output};

/// Most seconds that the clock may be off: receipts have a time of whole seconds.
const MOST_OFF: f64 = 1.0;
/// Bytes that must be free on Docker's disk: an update unpacks three images beside those that run.
const LEAST_FREE: u64 = 1 << 30;

pub(super) fn look(ntp: &str) -> Vec<Finding> {
    vec![clock(ntp), disk()]
}

fn clock(ntp: &str) -> Finding {
    match SntpClient::new().synchronize(ntp) {
        Ok(found) => {
            let off = found.clock_offset().as_secs_f64();
            let text = format!("{:.0} ms off {ntp}", off * 1000.0);
            if off.abs() <= MOST_OFF {
                Finding::good("clock", text)
            } else {
                let advice = "let systemd-timesyncd or chrony set it: receipts carry its time";
                Finding::bad("clock", format!("{text}; {advice}"))
            }
        }
        Err(error) => Finding::remark("clock", format!("not compared: {ntp}: {error}; see --ntp")),
    }
}

fn disk() -> Finding {
    let root = output(&mut docker(["info", "--format", "{{.DockerRootDir}}"]));
    let root = root.map_or_else(|_| "/".to_owned(), |root| root.trim().to_owned());
    let Ok(found) = statvfs(&root) else {
        return Finding::remark("disk", format!("not looked at: {root} cannot be read"));
    };
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    room(bytes(found.f_bavail), bytes(found.f_blocks), &root)
}

/// What `free` of `size` bytes mean for the disk that holds `root`.
///
/// How much is needed does not grow with the disk: a large one with little of it left is a remark alone.
fn room(free: u64, size: u64, root: &str) -> Finding {
    let text = format!("{} of {} MiB are free on {root}", free >> 20, size >> 20);
    if free < LEAST_FREE {
        Finding::bad("disk", format!("{text}: make room; r4-vrf stops answering when it is full"))
    } else if free < size / 5 {
        Finding::remark("disk", text)
    } else {
        Finding::good("disk", text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::check::Verdict;

    #[test]
    fn a_disk_is_judged_by_what_an_update_needs() {
        let verdict = |free: u64, size: u64| room(free << 20, size << 20, "/").verdict;
        assert_eq!(verdict(1_023, 10_000), Verdict::Bad);
        assert_eq!(verdict(1_023, 2_000), Verdict::Bad);
        assert_eq!(verdict(1_024, 10_000), Verdict::Remark);
        assert_eq!(verdict(12_536, 258_019), Verdict::Remark);
        assert_eq!(verdict(2_000, 10_000), Verdict::Good);
    }
}
