//! Makes one seed out of samples of several sources.
//!
//! ```text
//! seed = first 384 bits of SHA-512("r4/seed/v1" ‖ len ‖ samples ‖ len ‖ samples …), len as u64-be
//! ```
//!
//! Computationally at least as strong as the best *independent* source: none can undo another.

use r4_drbg::Seed;
use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

use crate::induced;

/// Entropy that the samples of one seed must be credited with: 384 bits and 64 to spare.
const NEEDED_BITS: usize = 448;
const LABEL: &[u8] = b"r4/seed/v1";

/// The samples are credited with less than a seed needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("noise sources gave {got} bits of entropy, a seed needs {NEEDED_BITS}")]
pub(crate) struct TooLittleEntropy {
    /// Bits credited.
    pub(crate) got: usize,
}

/// Samples hashed so far, and what they are credited with.
pub(crate) struct Mixed {
    hash: Sha512,
    credited_bits: usize,
}

impl Mixed {
    pub(crate) fn new() -> Self {
        Self { hash: Sha512::new_with_prefix(LABEL), credited_bits: 0 }
    }

    /// Adds samples that are credited with `credited_bits` of entropy.
    pub(crate) fn add(&mut self, sample: &[u8], credited_bits: usize) {
        self.hash.update((sample.len() as u64).to_be_bytes());
        self.hash.update(sample);
        self.credited_bits = self.credited_bits.saturating_add(credited_bits);
    }

    /// Makes the seed at `place`.
    ///
    /// # Errors
    /// [`TooLittleEntropy`].
    pub(crate) fn into_seed(
        self,
        place: &mut [u8; Seed::BYTES],
    ) -> Result<Seed<'_>, TooLittleEntropy> {
        if self.credited_bits < NEEDED_BITS {
            return Err(TooLittleEntropy { got: self.credited_bits });
        }
        let mut digest = Zeroizing::new([0; 64]);
        self.hash.finalize_into((&mut *digest).into());
        place.iter_mut().zip(&*digest).for_each(|(to, from)| *to = *from);
        induced::seeded(place);
        Ok(Seed::new(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use r4_drbg::{Engine, MEMORY_BYTES, Unseeded};

    /// Bytes of a generator that starts from this seed: seeds have no other visible contents.
    fn first_bytes(seed: &Seed<'_>) -> [u8; 32] {
        let (mut memory, mut out) = ([0; MEMORY_BYTES], [0; 32]);
        let mut generator = Unseeded::new(Engine::ChaCha20, &mut memory).seed(seed);
        generator.fill(&[0; 48], &mut out).unwrap();
        out
    }

    fn combined(samples: &[&[u8]]) -> [u8; 32] {
        let mut all = Mixed::new();
        for sample in samples {
            all.add(sample, NEEDED_BITS);
        }
        first_bytes(&all.into_seed(&mut [0; 48]).unwrap())
    }

    #[test]
    fn a_seed_is_the_start_of_the_hash_of_length_prefixed_samples() {
        let text = [&b"r4/seed/v1"[..], &[0, 0, 0, 0, 0, 0, 0, 3], b"abc", &[0; 7], &[1], b"d"];
        let digest = Sha512::digest(text.concat());
        let mut want = digest[..48].try_into().unwrap();
        let want = Seed::new(&mut want);
        assert_eq!(combined(&[b"abc", b"d"]), first_bytes(&want));
    }

    #[test]
    fn where_one_sample_ends_matters() {
        assert_ne!(combined(&[b"abc", b"d"]), combined(&[b"ab", b"cd"]));
        assert_ne!(combined(&[b"abc"]), combined(&[b"abc", b""]));
    }

    #[test]
    fn too_little_credit_makes_no_seed_however_long_the_samples() {
        let mut samples = Mixed::new();
        samples.add(&[7; 4096], 0);
        samples.add(&[7; 64], NEEDED_BITS - 1);
        assert_eq!(samples.into_seed(&mut [0; 48]).unwrap_err(), TooLittleEntropy { got: 447 });
    }
}
