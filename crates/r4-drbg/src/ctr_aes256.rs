//! The engine `ctr-aes256`: `CTR_DRBG` with AES-256 and no derivation function (SP 800-90A §10.2.1).
//!
//! The state is the standard's Key (32 bytes) and V (16 bytes). Every fill is one generate call with
//! the fresh bytes as additional input.

use aes::Aes256Enc;
use cipher::{KeyIvInit, StreamCipher};
use ctr::Ctr128BE;
use zeroize::{Zeroize, Zeroizing};

use crate::seed::Seed;

/// Key, then V.
pub(crate) const MEMORY_BYTES: usize = Seed::BYTES;
/// Most bytes of one generate call: 2^19 bits (SP 800-90A Table 3).
pub(crate) const MAX_FILL_BYTES: usize = 1 << 16;
const KEY_BYTES: usize = 32;
const BLOCK_BYTES: usize = 16;

type Material = [u8; Seed::BYTES];
type Stream = Ctr128BE<Aes256Enc>;

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
    let mut stream = stream(memory);
    stream.write_keystream(out);
    // The rest of the last block is thrown away, as the standard's leftmost() does.
    let used = out.len().checked_rem(BLOCK_BYTES).unwrap_or_default();
    if used != 0 {
        let mut rest = Zeroizing::new([0; BLOCK_BYTES]);
        stream.write_keystream(rest.get_mut(used..).unwrap_or_default());
    }
    replace(memory, stream, fresh);
}

/// `CTR_DRBG_Update` (§10.2.1.2).
fn update(memory: &mut [u8; MEMORY_BYTES], provided: &Material) {
    replace(memory, stream(memory), provided);
}

/// Makes the next 48 bytes of the key stream, xored with `provided`, the new Key and V.
fn replace(memory: &mut [u8; MEMORY_BYTES], mut stream: Stream, provided: &Material) {
    stream.write_keystream(memory);
    memory.iter_mut().zip(provided).for_each(|(byte, with)| *byte ^= with);
}

/// The blocks E(Key, V + 1), E(Key, V + 2), …
fn stream(memory: &[u8; MEMORY_BYTES]) -> Stream {
    let Some((key, rest)) = memory.split_first_chunk::<KEY_BYTES>() else {
        unreachable!("32 < 48")
    };
    let Some(v) = rest.first_chunk::<BLOCK_BYTES>() else { unreachable!("16 = 48 - 32") };
    let mut first = u128::from_be_bytes(*v).wrapping_add(1).to_be_bytes();
    let stream = Stream::new(key.into(), &first.into());
    first.zeroize();
    stream
}
