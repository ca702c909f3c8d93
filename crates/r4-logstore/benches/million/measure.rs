//! What the system says of this process, and of a folder.

use std::{fs, path::Path, time::Duration};

/// Length of the unit in which the kernel counts processor time.
const TICK: Duration = Duration::from_millis(10);

/// Returns the processor time of all threads of this process.
pub(crate) fn processor_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux says");
    // The name of the program is in parentheses and may hold spaces; utime and stime are the
    // twelfth and thirteenth field after it.
    let fields = stat.rsplit(')').next().into_iter().flat_map(str::split_whitespace);
    let ticks: u32 = fields.skip(11).take(2).map(|field| field.parse().unwrap_or(0_u32)).sum();
    TICK * ticks
}

/// Returns the bytes that this process caused to be written to a disk.
pub(crate) fn written() -> u64 {
    let io = fs::read_to_string("/proc/self/io").expect("Linux says");
    field(&io, "write_bytes:")
}

/// Returns the resident memory of this process, in bytes.
pub(crate) fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux says");
    field(&status, "VmRSS:") * 1024
}

fn field(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).expect("a known field")
}

/// Returns the bytes of all files in a folder.
pub(crate) fn bytes_in(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).expect("a folder").map_while(Result::ok);
    let bytes = entries.map(|entry| {
        let about = entry.metadata().expect("a file");
        if about.is_dir() { bytes_in(&entry.path()) } else { about.len() }
    });
    bytes.sum()
}
