//! The running generator: the process that makes bytes, and the buffer that they pass through.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::{ChildStdout, Command};
use tokio::time::{Instant, timeout};
use zeroize::{Zeroize, Zeroizing};

use crate::child::Child;
use crate::error::GeneratorError;
use crate::health::ReportedHealth;
use crate::moment::Moment;
use crate::observe;
use crate::patience::Waited;

/// Bytes read from the generator at a time.
const BUFFER_BYTES: usize = 64 * 1024;
/// More than can be under way: what the pipe holds and what the generator is about to write.
const UNDER_WAY_BYTES: usize = 256 * 1024;
/// Most time for what is needed to be written; only time in which this process ran counts.
pub const MOST_TIME: Duration = Duration::from_secs(3);
/// A generator that is late hangs if it was silent for this long; else it is too slow.
pub const SILENCE: Duration = Duration::from_secs(2);

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
    /// What the generator is read for. Stays when the caller gives up, so that impatient callers
    /// do not hide a hang.
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
            child,
            pipe,
            buffer: Zeroizing::new(vec![0; BUFFER_BYTES]),
            next: 0,
            end: 0,
            made_after: now,
            effort: None,
        };
        generator.refill().await?;
        let left = generator.effort.map_or(MOST_TIME, |effort| effort.waited.left(MOST_TIME));
        generator.child.first_report(left).await?;
        generator.effort = None;
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
            if self.next == self.end {
                self.refill().await?;
            }
            done = done.saturating_add(self.cut(rest));
        }
        self.effort = None;
        observe::buffered(self.end.saturating_sub(self.next), self.buffer.len());
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
        let begun = Instant::now();
        let effort = self.effort.get_or_insert_with(|| Effort::begin(Instant::now()));
        effort.tick(Instant::now());
        let read = loop {
            let read = self.pipe.read(&mut self.buffer);
            match timeout(effort.waited.next_tick(MOST_TIME), read).await {
                Ok(read) => break read,
                Err(_) => effort.tick(Instant::now()),
            }
            if let Some(late) = effort.late() {
                return Err(late);
            }
        };
        let Ok(count @ 1..) = read else { return Err(self.child.end().await) };
        effort.heard(Instant::now());
        self.end = count;
        observe::refilled(begun.elapsed());
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
        self.buffer.iter_mut().zeroize();
        self.made_after = now;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
