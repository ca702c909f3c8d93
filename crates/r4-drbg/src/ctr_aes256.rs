//! The engine `ctr-aes256`: `CTR_DRBG` with AES-256 and no derivation function (SP 800-90A §10.2.1).
//!
//! The state is the standard's Key (32 bytes) and V (16 bytes). Every fill is one generate call with
//! the fresh bytes as additional input.

use aes::{Aes256Enc, Block};
use cipher::{BlockCipherEncrypt, KeyInit};
use zeroize::{Zeroize, Zeroizing};

use crate::seed::Seed;

/// Key, then V.
pub(crate) const MEMORY_BYTES: usize = Seed::BYTES;
/// Most bytes of one generate call: 2^19 bits (SP 800-90A Table 3).
pub(crate) const MAX_FILL_BYTES: usize = 1 << 16;
const KEY_BYTES: usize = 32;
const BLOCK_BYTES: usize = 16;
/// Blocks that are encrypted while they lie in the nearest cache; processors take up to 64 at once.
const BLOCKS_AT_ONCE: usize = 256;

type Material = [u8; Seed::BYTES];

/// `CTR_DRBG_Instantiate_algorithm` (§10.2.1.3.1): from Key and V of zeros.
pub(crate) fn seed(memory: &mut [u8; MEMORY_BYTES], seed: &Seed) {
    memory.zeroize();
    update(memory, seed.bytes());
}

/// `CTR_DRBG_Reseed_algorithm` (§10.2.1.4.1).
pub(crate) fn reseed(memory: &mut [u8; MEMORY_BYTES], seed: &Seed) {
    update(memory, seed.bytes());
}

/// `CTR_DRBG_Generate_algorithm` (§10.2.1.5.1), with `fresh` as additional input.
pub(crate) fn fill(memory: &mut [u8; MEMORY_BYTES], fresh: &Material, out: &mut [u8]) {
    update(memory, fresh);
    let mut stream = Stream::new(memory);
    stream.write(out);
    stream.replace(memory, fresh);
}

/// `CTR_DRBG_Update` (§10.2.1.2).
fn update(memory: &mut [u8; MEMORY_BYTES], provided: &Material) {
    Stream::new(memory).replace(memory, provided);
}

/// The blocks E(Key, V + 1), E(Key, V + 2), …
struct Stream {
    cipher: Aes256Enc,
    v: Zeroizing<u128>,
}

impl Stream {
    fn new(memory: &[u8; MEMORY_BYTES]) -> Self {
        let Some((key, rest)) = memory.split_first_chunk::<KEY_BYTES>() else {
            unreachable!("32 < 48")
        };
        let Some(v) = rest.first_chunk::<BLOCK_BYTES>() else { unreachable!("16 = 48 - 32") };
        Self { cipher: Aes256Enc::new(key.into()), v: Zeroizing::new(u128::from_be_bytes(*v)) }
    }

    /// Overwrites `out`; of the last block it takes the first bytes.
    fn write(&mut self, out: &mut [u8]) {
        let (blocks, rest) = Block::slice_as_chunks_mut(out);
        for blocks in blocks.chunks_mut(BLOCKS_AT_ONCE) {
            self.write_blocks(blocks);
        }
        if !rest.is_empty() {
            let mut last = Zeroizing::new(Block::default());
            self.write_blocks(core::slice::from_mut(&mut last));
            rest.iter_mut().zip(last.iter()).for_each(|(byte, with)| *byte = *with);
        }
    }

    fn write_blocks(&mut self, blocks: &mut [Block]) {
        for block in &mut *blocks {
            *self.v = self.v.wrapping_add(1);
            *block = self.v.to_be_bytes().into();
        }
        self.cipher.encrypt_blocks(blocks);
    }

    /// Makes the next 48 bytes, xored with `provided`, the new Key and V.
    fn replace(mut self, memory: &mut [u8; MEMORY_BYTES], provided: &Material) {
        self.write(memory);
        memory.iter_mut().zip(provided).for_each(|(byte, with)| *byte ^= with);
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn the_counter_carries_through_all_its_bytes_and_wraps() {
        for v in [u128::from(u64::MAX) - 300, u128::MAX - 300] {
            let mut memory = [7; MEMORY_BYTES];
            memory[KEY_BYTES..].copy_from_slice(&v.to_be_bytes());
            let mut out = [0; 1000 * BLOCK_BYTES];
            Stream::new(&memory).write(&mut out);
            let cipher = Aes256Enc::new(&[7; KEY_BYTES].into());
            for (index, got) in out.chunks(BLOCK_BYTES).enumerate() {
                let counter = v.wrapping_add(1).wrapping_add(index as u128);
                let mut want = counter.to_be_bytes().into();
                cipher.encrypt_block(&mut want);
                assert_eq!(got, &want[..], "block {index} after {v:x}");
            }
        }
    }
}
