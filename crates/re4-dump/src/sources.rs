//! The sources of a node together: which are asked, in which order, and what a failure costs.

use std::time::Duration;

use r4_drbg::{FRESH_BYTES, Seed};
use r4_health::Severity;
use zeroize::Zeroizing;

use crate::{
    combine::{Mixed, TooLittleEntropy},
    error::Error,
    induced,
    noise::Kind,
    processor::time_stamp,
    report::Reporter,
    source::{Source, State},
};

/// At least as many samples as any source is asked for.
const MOST_SAMPLES: usize = 2048;

/// What happens when jitter or RDSEED fails for good. The kernel's failure always ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnFailure {
    /// Go on without the source, and say so.
    Drop,
    /// Stop (strict mode).
    Stop,
}

/// All sources, in the order in which they are hashed: the kernel last.
pub(crate) struct Sources {
    held: [(Kind, Option<Source>); 3],
    on_failure: OnFailure,
}

impl Sources {
    /// Finds the sources of this machine. Allocates: call it before the system call filter.
    pub(crate) fn find(on_failure: OnFailure) -> Self {
        let find = |kind: Kind| {
            let noise = induced::source(kind, kind.open());
            (kind, noise.map(|noise| Source::new(kind, noise)))
        };
        Self { held: Kind::ALL.map(find), on_failure }
    }

    /// Returns every kind of source, and the source where it is present.
    pub(crate) fn all(&self) -> &[(Kind, Option<Source>); 3] {
        &self.held
    }

    /// Takes samples of each source that has not failed and makes a seed of them at `place`.
    ///
    /// # Errors
    /// [`Error::Source`] when the kernel fails, or in strict mode any; [`Error::Entropy`].
    pub(crate) fn seed<'s>(
        &mut self,
        place: &'s mut [u8; Seed::BYTES],
        now: Duration,
        reporter: &mut Reporter,
    ) -> Result<Seed<'s>, Error> {
        let mut mixed = Mixed::new();
        // Uncredited: two copies of one machine part here even where nothing else tells them apart.
        mixed.add(&time_stamp().to_be_bytes(), 0);
        let mut samples = Zeroizing::new([0; MOST_SAMPLES]);
        for kind in Kind::ALL {
            let properties = kind.properties();
            let samples = samples.get_mut(..properties.samples).unwrap_or_default();
            if self.draw(kind, samples, now, reporter)? == Drawn::Good {
                mixed.add(samples, properties.credited_bits());
            }
        }
        Ok(mixed.into_seed(place)?)
    }

    /// Overwrites `fresh` with bytes of the kernel, and mixes the time-stamp counter in.
    ///
    /// # Errors
    /// [`Error::Source`] when the kernel fails, [`Error::Entropy`] ever after.
    pub(crate) fn refresh(
        &mut self,
        fresh: &mut [u8; FRESH_BYTES],
        now: Duration,
        reporter: &mut Reporter,
    ) -> Result<(), Error> {
        if self.draw(Kind::Kernel, fresh, now, reporter)? == Drawn::Nothing {
            return Err(TooLittleEntropy { got: 0 }.into());
        }
        fresh.iter_mut().zip(time_stamp().to_ne_bytes()).for_each(|(byte, with)| *byte ^= with);
        Ok(())
    }

    /// Draws from a source until it gives good samples, has nothing to give just now, or fails for
    /// good.
    fn draw(
        &mut self,
        kind: Kind,
        samples: &mut [u8],
        now: Duration,
        reporter: &mut Reporter,
    ) -> Result<Drawn, Error> {
        loop {
            let Some(source) = self.at(kind) else { return Ok(Drawn::Nothing) };
            let Err(failure) = source.draw(samples, now) else { return Ok(Drawn::Good) };
            reporter.failed(self, failure);
            if failure.is_for_later() {
                return Ok(Drawn::Nothing);
            }
            let needed = kind == Kind::Kernel || self.on_failure == OnFailure::Stop;
            if failure.severity == Severity::Permanent && needed {
                return Err(failure.into());
            }
        }
    }

    /// Returns a source that is there and has not failed for good.
    fn at(&mut self, kind: Kind) -> Option<&mut Source> {
        let (_, source) = self.held.iter_mut().find(|(held, _)| *held == kind)?;
        source.as_mut().filter(|source| source.state() != State::Failed)
    }
}

/// What a source gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Drawn {
    Good,
    Nothing,
}

#[cfg(test)]
mod tests {
    use r4_drbg::Engine;
    use rustix::io::Errno;

    use super::*;
    use crate::{
        noise::{Noise, Unavailable},
        report::Report,
    };

    /// A source that never gives anything.
    struct Gone(Unavailable);

    impl Noise for Gone {
        fn fill(&mut self, _samples: &mut [u8]) -> Result<(), Unavailable> {
            Err(self.0)
        }
    }

    const BROKEN: Unavailable = Unavailable::Refused(Errno::NODEV);

    /// The real kernel, with the other sources absent but for those that are gone.
    fn sources(gone: &[Kind], why: Unavailable, on_failure: OnFailure) -> Sources {
        let held = Kind::ALL.map(|kind| {
            let noise: Option<Box<dyn Noise>> = match kind {
                _ if gone.contains(&kind) => Some(Box::new(Gone(why))),
                Kind::Kernel => kind.open(),
                _ => None,
            };
            (kind, noise.map(|noise| Source::new(kind, noise)))
        });
        Sources { held, on_failure }
    }

    fn seed(sources: &mut Sources) -> Result<(), Error> {
        let mut reporter = Reporter::new(Report::Nothing, Engine::ChaCha20);
        sources.seed(&mut [0; Seed::BYTES], Duration::ZERO, &mut reporter).map(drop)
    }

    #[test]
    fn without_strict_mode_the_kernel_alone_suffices() {
        for gone in [&[][..], &[Kind::Jitter], &[Kind::RdSeed], &[Kind::Jitter, Kind::RdSeed]] {
            let mut sources = sources(gone, BROKEN, OnFailure::Drop);
            assert!(seed(&mut sources).is_ok(), "{gone:?}");
            for (kind, source) in sources.all() {
                let state = source.as_ref().map(Source::state);
                assert_eq!(state == Some(State::Failed), gone.contains(kind), "{kind:?}");
            }
        }
    }

    #[test]
    fn in_strict_mode_a_failure_ends_it_and_an_absence_does_not() {
        assert!(seed(&mut sources(&[], BROKEN, OnFailure::Stop)).is_ok());
        for gone in [Kind::Jitter, Kind::RdSeed] {
            let error = seed(&mut sources(&[gone], BROKEN, OnFailure::Stop)).unwrap_err();
            assert_eq!(error.exit_code(), 4);
            assert!(error.to_string().contains(gone.name()), "{error}");
        }
    }

    #[test]
    fn what_has_nothing_to_give_is_asked_again_for_the_next_seed() {
        let mut sources = sources(&[Kind::RdSeed], Unavailable::Exhausted, OnFailure::Stop);
        let state = |sources: &Sources| sources.all()[1].1.as_ref().map(Source::state);
        for _ in 0..2 {
            assert!(seed(&mut sources).is_ok());
            assert_eq!(state(&sources), Some(State::Intermittent));
        }
        assert!(matches!(seed(&mut sources), Err(Error::Source(_))), "three within ten minutes");
        assert_eq!(state(&sources), Some(State::Failed));
    }

    #[test]
    fn the_kernel_is_never_optional() {
        for on_failure in [OnFailure::Drop, OnFailure::Stop] {
            let mut sources = sources(&[Kind::Kernel], BROKEN, on_failure);
            assert!(matches!(seed(&mut sources), Err(Error::Source(_))));
            let mut reporter = Reporter::new(Report::Nothing, Engine::ChaCha20);
            let refreshed = sources.refresh(&mut [0; FRESH_BYTES], Duration::ZERO, &mut reporter);
            assert!(refreshed.is_err(), "a failed source gives nothing later either");
        }
    }

    #[test]
    fn the_kernel_is_the_last_to_be_hashed() {
        assert_eq!(Kind::ALL.last(), Some(&Kind::Kernel));
        assert!(Kind::Kernel.properties().credited_bits() >= 448);
    }
}
