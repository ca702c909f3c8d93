//! The generator with its sources: seeds it, reseeds it in time, and pumps its bytes out.

use std::time::Duration;

use r4_drbg::{Engine, MEMORY_BYTES, Seeded, Unseeded};
use rustix::time::{ClockId, clock_gettime};

use crate::{
    error::Error,
    induced::RESEED_AFTER,
    output::Outlet,
    pages::{Desk, wipe},
    report::Reporter,
    sources::Sources,
};

/// A seeded generator.
pub(crate) struct Machine<'p> {
    generator: Seeded<'p>,
    desk: Desk<'p>,
    sources: Sources,
    reporter: Reporter,
    seeded_at: Duration,
}

impl<'p> Machine<'p> {
    /// Seeds the generator after the start-up tests of its sources.
    ///
    /// # Errors
    /// [`Error::Source`] or [`Error::Entropy`].
    pub(crate) fn start(
        engine: Engine,
        memory: &'p mut [u8; MEMORY_BYTES],
        desk: Desk<'p>,
        mut sources: Sources,
        mut reporter: Reporter,
    ) -> Result<Self, Error> {
        let seeded_at = now();
        let seed = sources.seed(desk.seed, seeded_at, &mut reporter)?;
        let generator = Unseeded::new(engine, memory).seed(&seed);
        drop(seed);
        reporter.seeded(&sources);
        Ok(Self { generator, desk, sources, reporter, seeded_at })
    }

    /// Writes `limit` bytes, or bytes without end.
    ///
    /// # Errors
    /// [`Error::Closed`] when the reader is gone, [`Error::Output`], [`Error::Source`],
    /// [`Error::Copied`].
    pub(crate) fn run(mut self, limit: Option<u64>, outlet: &mut impl Outlet) -> Result<(), Error> {
        let most = self.generator.engine().max_fill_bytes();
        let mut left = limit;
        while left != Some(0) {
            let place = outlet.place();
            let most = most.min(place.len());
            let len = left.map_or(most, |left| usize::try_from(left).unwrap_or(most).min(most));
            self.fill(place.get_mut(..len).unwrap_or_default())?;
            outlet.send(len)?;
            left = left.map(|left| left.saturating_sub(len as u64));
        }
        Ok(())
    }

    /// Makes `out` random, with fresh kernel bytes.
    fn fill(&mut self, out: &mut [u8]) -> Result<(), Error> {
        self.desk.check_original()?;
        let now = now();
        if self.generator.is_reseed_due() || now.saturating_sub(self.seeded_at) >= RESEED_AFTER {
            self.reseed(now)?;
        }
        self.sources.refresh(self.desk.fresh, now, &mut self.reporter)?;
        let filled = self.generator.fill(self.desk.fresh, out);
        wipe(self.desk.fresh);
        Ok(filled?)
    }

    fn reseed(&mut self, now: Duration) -> Result<(), Error> {
        let seed = self.sources.seed(self.desk.seed, now, &mut self.reporter)?;
        self.generator.reseed(&seed);
        drop(seed);
        self.seeded_at = now;
        self.reporter.reseeded(&self.sources);
        Ok(())
    }
}

/// Returns the time since the computer started, on the clock that goes on while it sleeps.
pub(crate) fn now() -> Duration {
    Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap_or_default()
}
