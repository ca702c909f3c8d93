//! Backtracking resistance of the sealed program as it runs: whoever reads all of its memory finds
//! neither a byte that it has served, nor the state that made one, nor a seed.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::harness::build;
use crate::harness::external::{skipped_on_this_machine, skips_processes};

/// Bytes of the state that are looked at: the carry of `chacha20`, the key of `ctr-aes256`.
const STATE_BYTES: usize = 32;
/// More than the generator has made ahead of its reader: a pipe and a buffer.
const AHEAD_BYTES: usize = 256 * 1024;

/// A generator that waits for its reader.
struct Generator {
    child: Child,
    pipe: ChildStdout,
}

impl Generator {
    fn start(program: &Path, args: &[&str], fault: Option<&str>) -> Self {
        let mut command = Command::new(program);
        command.args(args).env_clear().stdout(Stdio::piped());
        if let Some(fault) = fault {
            command.env("R4_INDUCED_FAULT", fault).stderr(Stdio::piped());
        }
        let mut child = command.spawn().expect("it starts");
        let pipe = child.stdout.take().expect("piped");
        Self { child, pipe }
    }

    fn read(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.pipe.read_exact(&mut bytes).expect("bytes");
        bytes
    }

    /// Waits until the pipe is full and the generator sleeps in its write.
    fn settle(&self) {
        let state = || {
            let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
            stat.rsplit_once(") ")?.1.chars().next()
        };
        let mut quiet = 0;
        while quiet < 10 {
            quiet = if state() == Some('S') { quiet + 1 } else { 0 };
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// Returns its writable memory, mapping by mapping, with the flags of each.
    fn memory(&self) -> std::io::Result<Vec<(String, Vec<u8>)>> {
        let pid = self.child.id();
        let maps = fs::read_to_string(format!("/proc/{pid}/smaps"))?;
        let memory = File::open(format!("/proc/{pid}/mem"))?;
        let mut found: Vec<(String, Vec<u8>)> = Vec::new();
        let mut range = None;
        for line in maps.lines() {
            if let Some(flags) = line.strip_prefix("VmFlags:") {
                let Some((start, length)) = range.take() else { continue };
                let mut bytes = vec![0; length];
                memory.read_exact_at(&mut bytes, start)?;
                found.push((flags.to_owned(), bytes));
            } else if line.contains(" rw-p ") {
                let (start, rest) = line.split_once('-').expect("a range");
                let end = rest.split(' ').next().expect("its end");
                let [start, end] = [start, end].map(|hex| u64::from_str_radix(hex, 16).expect(hex));
                range = Some((start, usize::try_from(end - start).expect("64 bits")));
            }
        }
        Ok(found)
    }
}

impl Drop for Generator {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn contains(memory: &[(String, Vec<u8>)], needle: &[u8]) -> bool {
    memory.iter().any(|(_, bytes)| bytes.windows(needle.len()).any(|window| window == needle))
}

/// The state at rest begins the one mapping that is neither dumped nor inherited by a fork.
fn state(memory: &[(String, Vec<u8>)]) -> Vec<u8> {
    let secret = |flags: &str| ["dd", "wf"].iter().all(|f| flags.split(' ').any(|flag| flag == *f));
    let mut secret = memory.iter().filter(|(flags, _)| secret(flags));
    let (flags, bytes) = secret.next().expect("a mapping with dd and wf");
    assert!(secret.next().is_none(), "one mapping has all the secrets");
    assert!(flags.contains("lo"), "locked in memory: {flags}");
    bytes[..STATE_BYTES].to_vec()
}

#[test]
fn no_served_byte_and_no_old_state_is_left_in_the_generator() {
    if skips_processes() {
        return;
    }
    for engine in ["chacha20", "ctr-aes256"] {
        // Of a lent page that is read in part, the generator still holds all.
        for (args, first) in
            [(&["--engine", engine][..], 1000), (&["--lend", "--engine", engine], 4096)]
        {
            let generator = Generator::start(build::re4_dump(), args, None);
            if let Err(cause) = leaves_nothing(generator, first, &args.join(" ")) {
                return skipped_on_this_machine(&format!("root alone reads its memory: {cause}"));
            }
        }
    }
}

/// Fails if a generator that waits holds what was read of it, or a state that it had.
fn leaves_nothing(mut generator: Generator, first: usize, args: &str) -> std::io::Result<()> {
    let mut served = generator.read(first);
    generator.settle();
    let old = state(&generator.memory()?);
    served.extend(generator.read(AHEAD_BYTES));
    // A part of a page stays in the pipe: what is served next has been made, and may be there.
    served.truncate(served.len() / 64 * 64);
    generator.settle();
    let after = generator.memory()?;

    let new = state(&after);
    assert!(contains(&after, &new), "{args}: the search finds what is there");
    assert_ne!(old, new, "{args}: it has been refilled meanwhile");
    assert!(!contains(&after, &old), "{args}: an old state is left");
    let chunks = served.chunks_exact(64).map(|chunk| &chunk[..16]);
    let served: std::collections::HashSet<&[u8]> = chunks.collect();
    for (flags, bytes) in &after {
        let found = bytes.windows(16).find(|window| served.contains(window));
        assert_eq!(found, None, "{args}: a served byte is left in a mapping with {flags}");
    }
    Ok(())
}

/// A test build shows its seeds inverted, so that it holds none but those it leaves behind.
#[test]
fn no_seed_is_left_in_the_generator() {
    if skips_processes() {
        return;
    }
    for engine in ["chacha20", "ctr-aes256"] {
        let mut generator =
            Generator::start(build::induced_re4_dump(), &["--engine", engine], Some("seed:show"));
        let said = BufReader::new(generator.child.stderr.take().expect("piped"));
        let mut inverted = said
            .lines()
            .map_while(Result::ok)
            .filter_map(|line| Some(line.strip_prefix("re4_dump: inverted seed ")?.to_owned()));
        let mut seeds = vec![inverted.next().expect("the first seed")];
        // A test build makes a new seed each second, when it is asked for bytes.
        std::thread::sleep(std::time::Duration::from_millis(1100));
        generator.read(2 * AHEAD_BYTES);
        seeds.push(inverted.next().expect("a second seed"));
        generator.read(AHEAD_BYTES);
        generator.settle();
        let memory = match generator.memory() {
            Ok(memory) => memory,
            Err(cause) => {
                return skipped_on_this_machine(&format!("root alone reads its memory: {cause}"));
            }
        };
        for seed in seeds {
            let inverted = hex::decode(&seed).expect("hex");
            let seed: Vec<u8> = inverted.iter().map(|byte| !byte).collect();
            for (at, piece) in seed.windows(8).enumerate() {
                assert!(!contains(&memory, piece), "{engine}: a seed's bytes from {at} are left");
            }
        }
    }
}
