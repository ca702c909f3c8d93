//! The running generator: a child process that executes the sealed copy, and the buffer that its
//! bytes pass through.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStdout, Command};
use zeroize::{Zeroize, Zeroizing};

/// Bytes read from the generator at a time.
const BUFFER_BYTES: usize = 64 * 1024;
/// More than can be under way: what the pipe holds and what the generator is about to write.
const UNDER_WAY_BYTES: usize = 256 * 1024;
/// Age at which unserved bytes are dropped, so that a copy of the machine that is resumed later
/// does not serve what the first one served.
const STALE_AFTER: Duration = Duration::from_secs(1);
/// A generator that writes nothing for this long hangs.
const HANG: Duration = Duration::from_secs(3);
/// Most time for the known-answer tests.
const SELFTEST: Duration = Duration::from_secs(5);

/// Why the generator gives no bytes.
#[derive(Debug, thiserror::Error)]
pub enum GeneratorError {
    /// It cannot be started.
    #[error("the sealed core cannot be started: {0}")]
    Spawn(std::io::Error),
    /// It ended.
    #[error("the sealed core died")]
    Died,
    /// It runs, but writes nothing.
    #[error("the sealed core hangs: no byte within {} s", HANG.as_secs())]
    Hung,
    /// Its known-answer tests took too long.
    #[error("the sealed core hangs in its self-test")]
    SelftestHung,
    /// A known-answer test failed; holds what the generator said.
    #[error("the sealed core failed its self-test: {0}")]
    SelftestFailed(String),
}

fn command(executable: &Path) -> Command {
    let mut command = Command::new(executable);
    command.env_clear().stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs the generator's known-answer tests in a process of their own.
///
/// # Errors
/// [`GeneratorError::SelftestFailed`] names the test.
pub async fn selftest(executable: &Path) -> Result<(), GeneratorError> {
    let output = command(executable).arg("--selftest").output();
    let output = tokio::time::timeout(SELFTEST, output)
        .await
        .map_err(|_| GeneratorError::SelftestHung)?
        .map_err(GeneratorError::Spawn)?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().last().unwrap_or("it gave no reason").trim();
    Err(GeneratorError::SelftestFailed(format!("{line} ({})", output.status)))
}

/// A running generator and the bytes read from it that were not served yet.
#[derive(Debug)]
pub struct Generator {
    child: Child,
    pipe: ChildStdout,
    buffer: Zeroizing<Vec<u8>>,
    /// Unserved bytes are `buffer[next..end]`.
    next: usize,
    end: usize,
    /// Every unserved byte was made after this moment.
    made_after: Moment,
    /// Since when a read waits. Stays when the reader gives up, so that impatient callers do not
    /// hide a hang.
    waiting_since: Option<Instant>,
}

/// A moment on the clock that goes on while the machine sleeps.
#[derive(Clone, Copy, Debug)]
struct Moment(Duration);

impl Moment {
    fn now() -> Self {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Self(Duration::try_from(now).unwrap_or_default())
    }

    fn elapsed(self) -> Duration {
        Self::now().0.saturating_sub(self.0)
    }
}

impl Generator {
    /// Starts the generator and waits for its first bytes.
    ///
    /// # Errors
    /// [`GeneratorError`].
    pub async fn start(executable: &Path) -> Result<Self, GeneratorError> {
        Self::run(command(executable)).await
    }

    async fn run(mut command: Command) -> Result<Self, GeneratorError> {
        let made_after = Moment::now();
        command.stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().map_err(GeneratorError::Spawn)?;
        let pipe = child.stdout.take().ok_or(GeneratorError::Died)?;
        let buffer = Zeroizing::new(vec![0; BUFFER_BYTES]);
        let mut generator =
            Self { child, pipe, buffer, next: 0, end: 0, made_after, waiting_since: None };
        generator.refill().await?;
        Ok(generator)
    }

    /// Fills `out` with bytes that were never served before.
    ///
    /// # Errors
    /// [`GeneratorError::Died`] or [`GeneratorError::Hung`]; `out` must not be served then.
    pub async fn fill(&mut self, out: &mut [u8]) -> Result<(), GeneratorError> {
        if self.made_after.elapsed() > STALE_AFTER {
            self.drop_stale().await?;
        }
        let mut done = 0;
        while let Some(rest) = out.get_mut(done..).filter(|rest| !rest.is_empty()) {
            if self.next == self.end {
                self.refill().await?;
            }
            done = done.saturating_add(self.cut(rest));
        }
        Ok(())
    }

    /// Returns the id of the process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Moves bytes out of the buffer and wipes their place; returns how many.
    fn cut(&mut self, out: &mut [u8]) -> usize {
        let held = self.buffer.get_mut(self.next..self.end).unwrap_or_default();
        let count = held.len().min(out.len());
        let (Some(from), Some(to)) = (held.get_mut(..count), out.get_mut(..count)) else {
            return 0;
        };
        to.copy_from_slice(from);
        from.zeroize();
        self.next = self.next.saturating_add(count);
        count
    }

    /// Reads once into the emptied buffer. Safe to cancel: then nothing was read.
    async fn refill(&mut self) -> Result<(), GeneratorError> {
        (self.next, self.end) = (0, 0);
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        let read = self.pipe.read(&mut self.buffer);
        let count = match tokio::time::timeout_at((since + HANG).into(), read).await {
            Err(_) => return Err(GeneratorError::Hung),
            Ok(Err(_) | Ok(0)) => return Err(GeneratorError::Died),
            Ok(Ok(count)) => count,
        };
        self.waiting_since = None;
        (self.next, self.end) = (0, count);
        Ok(())
    }

    /// Drops all that is unserved or under way. Cancelled, it begins anew at the next call.
    async fn drop_stale(&mut self) -> Result<(), GeneratorError> {
        let begun = Moment::now();
        let mut dropped = 0_usize;
        while dropped < UNDER_WAY_BYTES {
            self.refill().await?;
            dropped = dropped.saturating_add(self.end);
        }
        (self.next, self.end) = (0, 0);
        self.buffer.iter_mut().zeroize();
        self.made_after = begun;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    use rustix::process::{Pid, Signal, kill_process_group};
    use tempfile::TempDir;

    /// A generator of two processes that write the letter in a file, over and over.
    struct Letters {
        folder: TempDir,
        generator: Generator,
    }

    impl Letters {
        async fn start(letter: u8) -> Self {
            let folder = tempfile::tempdir().unwrap();
            write(&folder, letter);
            let mut command = command(Path::new("/bin/sh"));
            command.arg("-c").arg("while :; do cat letters; done");
            command.current_dir(folder.path()).process_group(0);
            let generator = Generator::run(command).await.unwrap();
            Self { folder, generator }
        }

        async fn draw(&mut self) -> [u8; 16] {
            let mut out = [0; 16];
            self.generator.fill(&mut out).await.unwrap();
            out
        }

        fn signal(&self, signal: Signal) {
            let pid = self.generator.pid().unwrap().cast_signed();
            kill_process_group(Pid::from_raw(pid).unwrap(), signal).unwrap();
        }
    }

    impl Drop for Letters {
        fn drop(&mut self) {
            self.signal(Signal::KILL);
        }
    }

    fn write(folder: &TempDir, letter: u8) {
        let new = folder.path().join("new");
        fs::write(&new, vec![letter; BUFFER_BYTES]).unwrap();
        fs::rename(new, folder.path().join("letters")).unwrap();
    }

    async fn grow_stale() {
        tokio::time::sleep(STALE_AFTER + Duration::from_millis(100)).await;
    }

    #[tokio::test]
    async fn what_was_made_too_long_ago_is_not_served() {
        let mut letters = Letters::start(b'a').await;
        assert_eq!(letters.draw().await, [b'a'; 16]);
        write(&letters.folder, b'b');
        grow_stale().await;
        assert_eq!(letters.draw().await, [b'b'; 16], "the buffer and the pipe held a");
    }

    #[tokio::test]
    async fn nor_is_it_when_a_caller_left_while_it_was_dropped() {
        let mut letters = Letters::start(b'a').await;
        grow_stale().await;
        letters.signal(Signal::STOP);
        let left = tokio::time::timeout(Duration::from_millis(200), letters.draw()).await;
        assert!(left.is_err(), "a stopped generator cannot fill up what is dropped");
        write(&letters.folder, b'b');
        letters.signal(Signal::CONT);
        assert_eq!(letters.draw().await, [b'b'; 16], "a was about to be written");
    }

    #[tokio::test]
    async fn impatient_callers_do_not_hide_a_hang() {
        let mut letters = Letters::start(b'a').await;
        letters.signal(Signal::STOP);
        grow_stale().await;
        let mut seen = None;
        for _ in 0..20 {
            let fill = async { letters.generator.fill(&mut [0; 16]).await };
            if let Ok(done) = tokio::time::timeout(Duration::from_millis(500), fill).await {
                seen = Some(done);
                break;
            }
        }
        assert!(matches!(seen, Some(Err(GeneratorError::Hung))), "{seen:?}");
    }
}
