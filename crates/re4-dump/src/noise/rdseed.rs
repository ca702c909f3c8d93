//! RDSEED: the processor's noise source, conditioned by the processor.

use std::hint::spin_loop;

use r4_health::MinEntropy;

use super::{Noise, Properties, Tested, Unavailable};
use crate::processor;

/// Times to ask for one word, [`PAUSES`] apart: some 10 ms. Intel's guide (Digital Random Number
/// Generator Software Implementation Guide) tells a program that can wait to ask on with a pause,
/// because the source is shared: on a busy host we saw one word in fifty take more than 100 tries,
/// and none more than 1000.
const TRIES: u32 = 10_000;
/// Pauses between two tries.
const PAUSES: u32 = 50;

/// What is known of the source.
pub(super) const PROPERTIES: Properties = Properties {
    claim: MinEntropy::FULL,
    credited_bits_per_sample: 0,
    samples: 64,
    tested: Tested::AtStart,
};

/// The instruction.
pub(crate) struct RdSeed(());

impl RdSeed {
    /// Returns the source if the processor has it.
    pub(crate) fn find() -> Option<Self> {
        processor::has_rdseed().then_some(Self(()))
    }

    fn word() -> Result<u64, Unavailable> {
        for _ in 0..TRIES {
            if let Some(word) = processor::rdseed() {
                return Ok(word);
            }
            (0..PAUSES).for_each(|_| spin_loop());
        }
        Err(Unavailable::Exhausted)
    }
}

impl Noise for RdSeed {
    fn fill(&mut self, samples: &mut [u8]) -> Result<(), Unavailable> {
        for chunk in samples.chunks_mut(8) {
            let word = Self::word()?.to_ne_bytes();
            chunk.iter_mut().zip(word).for_each(|(to, from)| *to = from);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_it_is_it_gives_words_that_differ() {
        let Some(mut source) = RdSeed::find() else {
            println!("this processor has no RDSEED");
            return;
        };
        let [mut one, mut other] = [[0; 32]; 2];
        source.fill(&mut one).unwrap();
        source.fill(&mut other).unwrap();
        assert_ne!(one, other);
    }
}
