//! The words that a draw is made of, and unbiased numbers below a limit.

use core::num::NonZeroU64;

use sha2::{Digest as _, Sha256};

/// What is hashed before the VRF's output and the number of a block.
const DOMAIN: &[u8] = b"r4-draw/v1/stream\0";
/// Words of a block.
const WORDS: usize = 4;

/// Words of 64 bits, the same for the same VRF output.
///
/// Block i is SHA-256(`r4-draw/v1/stream` ‖ 0x00 ‖ random ‖ i, 64 bits big-endian), read as four
/// big-endian words.
#[derive(Clone, Debug)]
pub struct Stream {
    prefix: Sha256,
    /// Number of the next block.
    next: u64,
    block: [u64; WORDS],
    /// Words of the block that have been taken.
    taken: usize,
}

impl Stream {
    /// Starts the words of a VRF output.
    pub fn new(random: &[u8; 32]) -> Self {
        let prefix = Sha256::new_with_prefix(DOMAIN).chain_update(random);
        Self { prefix, next: 0, block: [0; WORDS], taken: WORDS }
    }

    /// Takes the next word.
    pub fn word(&mut self) -> u64 {
        loop {
            if let Some(word) = self.block.get(self.taken) {
                self.taken = self.taken.saturating_add(1);
                return *word;
            }
            self.fill();
        }
    }

    /// Draws a number below `m`, each as likely as any other. At least one word is taken; a word of
    /// the last round of `m`, which is not whole, is thrown away.
    pub fn below(&mut self, m: NonZeroU64) -> u64 {
        // 2^64 mod m, without 2^64.
        let rest = 0_u64.wrapping_sub(m.get()) % m;
        let last = u64::MAX.wrapping_sub(rest);
        loop {
            let word = self.word();
            if word <= last {
                return word % m;
            }
        }
    }

    fn fill(&mut self) {
        let digest = self.prefix.clone().chain_update(self.next.to_be_bytes()).finalize();
        // 2^64 blocks are never reached: a draw takes some 10^4.
        self.next = self.next.wrapping_add(1);
        for (word, bytes) in self.block.iter_mut().zip(digest.as_chunks::<8>().0) {
            *word = u64::from_be_bytes(*bytes);
        }
        self.taken = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::prelude::v1::*;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_those_of_the_blocks() {
        let random = [0xa5; 32];
        let mut stream = Stream::new(&random);
        for block in 0..3_u64 {
            let bytes =
                [&b"r4-draw/v1/stream"[..], &[0], &random, &block.to_be_bytes()[..]].concat();
            for word in Sha256::digest(bytes).chunks(8) {
                assert_eq!(stream.word().to_be_bytes(), word);
            }
        }
    }

    proptest! {
        /// Limits of all sizes: of large ones nearly every second word is thrown away.
        #[test]
        fn below_is_its_definition(random: [u8; 32], m in 1..=u64::MAX, shift in 0_u32..64) {
            let m = NonZeroU64::new(m >> shift).unwrap_or(NonZeroU64::MIN);
            let (mut one, mut other) = (Stream::new(&random), Stream::new(&random));
            let all = 1_u128 << 64;
            let whole_rounds = all.wrapping_sub(all.rem_euclid(m.get().into()));
            for _ in 0..20 {
                let word = core::iter::repeat_with(|| other.word())
                    .find(|word| u128::from(*word) < whole_rounds);
                prop_assert_eq!(Some(one.below(m)), word.map(|word| word % m));
            }
            prop_assert_eq!(one.word(), other.word(), "as many words were taken");
        }
    }
}
