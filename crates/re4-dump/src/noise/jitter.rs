//! CPU jitter: how long the same work takes, again and again, in the manner of jitterentropy.
//!
//! The work walks through more memory than the first cache holds, and hashes a piece of it with the
//! time that it took before; both say where it walks next. A raw sample is the low byte of the time
//! that the work took, in steps of the clock.

use r4_health::MinEntropy;
use sha2::{Digest, Sha256};

use super::{Noise, Properties, Tested, Unavailable};
use crate::processor::time_stamp;

/// Bytes to walk through.
const MEMORY_BYTES: usize = 1 << 19;
/// Memory accesses a sample.
const ACCESSES: usize = 256;
/// Times from which the step of the clock is found.
const CALIBRATION: usize = 256;
/// What is known of the source.
pub(super) const PROPERTIES: Properties = Properties {
    claim: MinEntropy::JITTER,
    credited_bits_per_sample: 0,
    // 512 bits by the claim.
    samples: 1536,
    tested: Tested::Always,
};

/// The work, and when it was last done.
pub(crate) struct Jitter {
    memory: Box<[u8]>,
    place: usize,
    digest: [u8; 32],
    last: u64,
    /// Counts of [`time_stamp`] that the clock really moves by.
    step: u64,
}

impl Jitter {
    /// Takes the memory and finds the step of the clock. Allocates: call it before the system call
    /// filter is installed.
    pub(crate) fn new() -> Self {
        let memory = vec![0; MEMORY_BYTES].into_boxed_slice();
        let mut jitter = Self { memory, place: 0, digest: [0; 32], last: time_stamp(), step: 1 };
        let times = (0..CALIBRATION).map(|_| jitter.time());
        jitter.step = times.fold(0, greatest_common_divisor).max(1);
        jitter
    }

    /// Does the work once; returns the counts since it was last done.
    fn time(&mut self) -> u64 {
        self.walk();
        let mut hash = Sha256::new_with_prefix(self.digest);
        hash.update(self.last.to_ne_bytes());
        hash.update(
            self.memory.get(self.place..).and_then(|m| m.first_chunk()).unwrap_or(&[0; 64]),
        );
        self.digest = hash.finalize().into();
        let now = time_stamp();
        let taken = now.wrapping_sub(self.last);
        self.last = now;
        taken
    }

    /// Reads and writes at places that the digest and the memory choose.
    fn walk(&mut self) {
        let [low, high, ..] = self.digest;
        let mut next = self.place ^ usize::from(u16::from_ne_bytes([low, high]));
        for _ in 0..ACCESSES {
            // A full-period step of a linear congruential generator modulo 2^19 (Knuth's constants).
            next = next.wrapping_mul(1_664_525).wrapping_add(1_013_904_223) % MEMORY_BYTES;
            if let Some(byte) = self.memory.get_mut(next) {
                *byte = byte.wrapping_add(1);
                next ^= usize::from(*byte & 1);
            }
        }
        self.place = next;
    }
}

impl Noise for Jitter {
    fn fill(&mut self, samples: &mut [u8]) -> Result<(), Unavailable> {
        for sample in samples {
            let steps = self.time().checked_div(self.step).unwrap_or_default();
            *sample = steps.to_le_bytes()[0];
        }
        Ok(())
    }
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a.checked_rem(b).unwrap_or_default());
    }
    a
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_step_of_the_clock_divides_every_time() {
        assert_eq!([26, 104, 78].into_iter().fold(0, greatest_common_divisor), 26);
        assert_eq!([0, 7, 0].into_iter().fold(0, greatest_common_divisor), 7);
        assert_eq!([0, 0].into_iter().fold(0, greatest_common_divisor), 0);
    }

    #[test]
    fn samples_vary() {
        let mut samples = [0; 4096];
        Jitter::new().fill(&mut samples).unwrap();
        let different = HashSet::from(samples).len();
        assert!(different > 8, "{different} different times: a clock too coarse for jitter");
    }
}
