//! The running generator: the process that makes bytes, and the buffer that small requests are cut
//! from. Large ones are read from the process where they are needed.
//!
//! The process lends the pages of its bytes to the pipe (`re4_dump --lend`), so what comes out of the
//! pipe is read(2) here, and nothing else is done with it.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::{ChildStdout, Command};
use tokio::time::{Instant, timeout};
use zeroize::{Zeroizing, optimization_barrier};

use crate::child::Child;
use crate::error::GeneratorError;
use crate::health::ReportedHealth;
use crate::moment::Moment;
use crate::observe;
use crate::patience::Waited;

/// Bytes read from the generator at a time.
const BUFFER_BYTES: usize = 64 * 1024;
/// What is read at once is as long as whole pages are: of a page that is read in part, the rest stays
/// in the pipe, and the first part in the generator's memory.
const PAGE_BYTES: usize = 4096;
/// A request of so many bytes is large.
const LARGE_BYTES: usize = 4 * PAGE_BYTES;
/// More than can be under way: what the pipe holds and what the generator is about to write.
const UNDER_WAY_BYTES: usize = 1024 * 1024;
/// Most time for what is needed to be written; only time in which this process ran counts.
pub const MOST_TIME: Duration = Duration::from_secs(3);
/// A generator that is late hangs if it was silent for this long; else it is too slow.
pub const SILENCE: Duration = Duration::from_secs(2);

/// A running generator and the bytes read from it that were not served yet.
#[derive(Debug)]
pub struct Generator {
    source: Source,
    buffer: Zeroizing<Vec<u8>>,
    /// Unserved bytes are `buffer[next..end]`.
    next: usize,
    end: usize,
    /// Every unserved byte was made after this moment.
    made_after: Moment,
}

/// The process, and the pipe that its bytes come through.
#[derive(Debug)]
struct Source {
    child: Child,
    pipe: ChildStdout,
    /// What the process is read for. Stays when the caller gives up, so that impatient callers do not
    /// hide a hang.
    effort: Option<Effort>,
}

/// Reading what a caller needs, or what is stale. A tick that a caller began who gave up is counted
/// by the next one.
#[derive(Clone, Copy, Debug)]
struct Effort {
    waited: Waited,
    /// The part of it since a byte came last.
    silent: Duration,
}

impl Effort {
    fn begin(now: Instant) -> Self {
        Self { waited: Waited::begin(now), silent: Duration::ZERO }
    }

    fn tick(&mut self, now: Instant) {
        self.silent += self.waited.count(now);
    }

    fn heard(&mut self, now: Instant) {
        self.tick(now);
        self.silent = Duration::ZERO;
    }

    /// Returns what is wrong with the generator, once it is late.
    fn late(self) -> Option<GeneratorError> {
        let late = if self.silent < SILENCE { GeneratorError::Slow } else { GeneratorError::Hung };
        self.waited.has_reached(MOST_TIME).then_some(late)
    }
}

impl Generator {
    /// Runs `command`, whose reports go to `health`, and waits for its first report and bytes.
    /// Nothing was made before `now`.
    ///
    /// # Errors
    /// [`GeneratorError`].
    pub async fn start(
        command: Command,
        health: &Arc<ReportedHealth>,
        now: Moment,
    ) -> Result<Self, GeneratorError> {
        let (child, pipe) = Child::spawn(command, health)?;
        let mut generator = Self {
            source: Source { child, pipe, effort: None },
            buffer: Zeroizing::new(vec![0; BUFFER_BYTES]),
            next: 0,
            end: 0,
            made_after: now,
        };
        generator.refill().await?;
        generator.source.first_report().await?;
        generator.source.effort = None;
        Ok(generator)
    }

    /// Fills `out` with bytes that were never served before and are not stale at `now`.
    ///
    /// # Errors
    /// [`GeneratorError`]; `out` must not be served then.
    pub async fn fill(&mut self, now: Moment, out: &mut [u8]) -> Result<(), GeneratorError> {
        if self.made_after.is_stale_at(now) {
            self.drop_stale(now).await?;
        }
        let mut done = 0;
        while let Some(rest) = out.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let count = match large_part(rest) {
                Some(part) => self.source.read(part).await?,
                None => self.cut_or_refill(rest).await?,
            };
            done = done.saturating_add(count);
        }
        self.source.effort = None;
        observe::buffered(self.end.saturating_sub(self.next), self.buffer.len());
        Ok(())
    }

    /// Fills `out` as [`Self::fill`] does, if it is small and there are enough bytes that are not
    /// stale at `now`; else it does nothing and returns false.
    #[must_use = "false means that out was not filled"]
    pub fn try_fill(&mut self, now: Moment, out: &mut [u8]) -> bool {
        let enough = self.end.saturating_sub(self.next) >= out.len();
        let filled = enough && out.len() < LARGE_BYTES && !self.made_after.is_stale_at(now);
        if filled {
            self.cut(out);
            observe::buffered(self.end.saturating_sub(self.next), self.buffer.len());
        }
        filled
    }

    /// Returns the id of the process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.source.child.id()
    }

    /// Moves bytes out of the buffer, which is refilled when it is empty; returns how many.
    async fn cut_or_refill(&mut self, out: &mut [u8]) -> Result<usize, GeneratorError> {
        if self.next == self.end {
            self.refill().await?;
        }
        Ok(self.cut(out))
    }

    /// Moves bytes out of the buffer and wipes their place; returns how many.
    fn cut(&mut self, out: &mut [u8]) -> usize {
        let held = self.buffer.get_mut(self.next..self.end).unwrap_or_default();
        let count = held.len().min(out.len());
        let (Some(from), Some(to)) = (held.get_mut(..count), out.get_mut(..count)) else {
            return 0;
        };
        to.copy_from_slice(from);
        wipe(from);
        self.next = self.next.saturating_add(count);
        count
    }

    /// Reads once into the emptied buffer. Safe to cancel: then nothing was read.
    async fn refill(&mut self) -> Result<(), GeneratorError> {
        (self.next, self.end) = (0, 0);
        self.end = self.source.read(&mut self.buffer).await?;
        Ok(())
    }

    /// Drops all that is unserved or under way. Cancelled, it begins anew at the next call.
    async fn drop_stale(&mut self, now: Moment) -> Result<(), GeneratorError> {
        let mut dropped = 0_usize;
        while dropped < UNDER_WAY_BYTES {
            self.refill().await?;
            dropped = dropped.saturating_add(self.end);
        }
        (self.next, self.end) = (0, 0);
        wipe(&mut self.buffer);
        self.made_after = now;
        Ok(())
    }
}

impl Source {
    /// Waits for the first report, for the rest of the time of an effort.
    async fn first_report(&mut self) -> Result<(), GeneratorError> {
        let left = self.effort.map_or(MOST_TIME, |effort| effort.waited.left(MOST_TIME));
        self.child.first_report(left).await
    }

    /// Reads once; returns how many bytes. Safe to cancel: then nothing was read.
    async fn read(&mut self, out: &mut [u8]) -> Result<usize, GeneratorError> {
        let begun = Instant::now();
        let effort = self.effort.get_or_insert_with(|| Effort::begin(begun));
        effort.tick(begun);
        let read = loop {
            let read = self.pipe.read(out);
            match timeout(effort.waited.next_tick(MOST_TIME), read).await {
                Ok(read) => break read,
                Err(_) => effort.tick(Instant::now()),
            }
            if let Some(late) = effort.late() {
                return Err(late);
            }
        };
        let Ok(count @ 1..) = read else { return Err(self.child.end().await) };
        let now = Instant::now();
        effort.heard(now);
        observe::refilled(now.saturating_duration_since(begun));
        Ok(count)
    }
}

/// Returns the whole pages of what is large.
fn large_part(out: &mut [u8]) -> Option<&mut [u8]> {
    let whole = out.len().saturating_sub(out.len() % PAGE_BYTES);
    out.get_mut(..whole).filter(|_| whole >= LARGE_BYTES)
}

/// Overwrites `bytes` with zeros at the speed of memset; the compiler cannot leave it out.
pub(crate) fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    optimization_barrier(bytes);
}

#[cfg(test)]
mod tests;
