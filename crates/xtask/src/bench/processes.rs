//! What the kernel says of running processes.

use std::{fs, path::Path};

use anyhow::{Context, Result};

use super::machine;

/// Length of the unit in which the kernel counts processor time.
const TICK_SECONDS: f64 = 0.01;

/// Returns the processor time of a process and of all that it has started, their threads together.
pub(super) fn processor_seconds(process: u32) -> Result<f64> {
    let all = all()?;
    let of = |id: u32| all.iter().find(|one| one.id == id).map_or(0.0, |one| one.ticks);
    Ok(descent(&all, process).into_iter().map(of).sum::<f64>() * TICK_SECONDS)
}

/// Returns a process, those that it has started, and those that these have.
pub(super) fn family(process: u32) -> Result<Vec<u32>> {
    Ok(descent(&all()?, process))
}

/// Returns the memory that a process has in the machine, in MiB.
pub(super) fn resident(process: u32) -> Result<f64> {
    memory(process, "VmRSS")
}

/// Returns the most memory that a process has ever had in the machine, in MiB.
pub(super) fn most_resident(process: u32) -> Result<f64> {
    memory(process, "VmHWM")
}

fn memory(process: u32, name: &str) -> Result<f64> {
    let text = machine::field(&format!("/proc/{process}/status"), name)?;
    let kibibytes: f64 = text.trim_end_matches(" kB").parse().context("no memory is named")?;
    Ok(kibibytes / 1024.0)
}

/// A process, as in `/proc/PID/stat`.
struct Process {
    id: u32,
    parent: u32,
    ticks: f64,
}

fn all() -> Result<Vec<Process>> {
    let folder = fs::read_dir("/proc").context("cannot read /proc")?;
    // A process that has ended since is none.
    Ok(folder.filter_map(|entry| Process::read(&entry.ok()?.path())).collect())
}

impl Process {
    fn read(folder: &Path) -> Option<Self> {
        let id = folder.file_name()?.to_str()?.parse().ok()?;
        Self::parse(id, &fs::read_to_string(folder.join("stat")).ok()?)
    }

    fn parse(id: u32, stat: &str) -> Option<Self> {
        // The program's name is in parentheses and may hold spaces. After it: the state, the
        // parent, and as the twelfth and thirteenth field the times.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = |place: usize| fields.get(place)?.parse::<f64>().ok();
        Some(Self { id, parent: fields.get(1)?.parse().ok()?, ticks: ticks(11)? + ticks(12)? })
    }
}

fn descent(all: &[Process], first: u32) -> Vec<u32> {
    let mut found = vec![first];
    let mut looked_at = 0;
    while let Some(&parent) = found.get(looked_at) {
        found.extend(all.iter().filter(|one| one.parent == parent).map(|one| one.id));
        looked_at = looked_at.saturating_add(1);
    }
    found
}

#[cfg(test)]
mod tests {
    use std::{
        process::{Command, Stdio, id},
        time::{Duration, Instant},
    };

    use super::*;

    #[test]
    fn own_processor_time_grows() {
        let before = processor_seconds(id()).unwrap();
        let start = Instant::now();
        while processor_seconds(id()).unwrap() <= before {
            assert!(start.elapsed() < Duration::from_secs(30), "it does not grow");
        }
    }

    #[test]
    fn a_name_with_spaces_and_parentheses_is_no_field() {
        let stat = "7 (a) b (c)) S 3 7 7 0 -1 1 1 1 1 1 250 50 0 0 20";
        let Process { id, parent, ticks } = Process::parse(7, stat).unwrap();
        assert_eq!((id, parent), (7, 3));
        assert!((ticks - 300.0).abs() < f64::EPSILON, "{ticks}");
    }

    #[test]
    fn grandchildren_belong_to_the_family() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "sh -c 'sleep 1000; :'; :"]).stdin(Stdio::null());
        let mut shell = shell.spawn().unwrap();
        let start = Instant::now();
        let family = loop {
            let family = family(shell.id()).unwrap();
            if family.len() == 3 || start.elapsed() > Duration::from_secs(30) {
                break family;
            }
        };
        for id in &family {
            Command::new("kill").arg(id.to_string()).status().unwrap();
        }
        shell.wait().unwrap();
        assert_eq!(family.len(), 3);
    }

    #[test]
    fn memory_is_read_and_its_peak_is_no_less() {
        let (now, most) = (resident(id()).unwrap(), most_resident(id()).unwrap());
        assert!(now > 0.1 && most >= now, "{now} {most}");
        assert!(resident(u32::MAX).is_err());
    }
}
