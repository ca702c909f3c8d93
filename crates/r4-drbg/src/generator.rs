//! The generator as its users see it: unseeded, then seeded, with the engine behind one type.

use zeroize::Zeroize;

use crate::{chacha20, seed::Seed};

/// Bytes of memory that a generator needs for its secrets.
pub const MEMORY_BYTES: usize = chacha20::MEMORY_BYTES;
/// Fresh bytes from the kernel that every [`Seeded::fill`] mixes in.
pub const FRESH_BYTES: usize = 32;
/// Most bytes that one [`Seeded::fill`] returns: no key serves more than this.
pub const MAX_FILL_BYTES: usize = 1 << 20;

/// Which construction makes the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// `ChaCha20` (RFC 8439) with fast key erasure.
    ChaCha20,
}

impl Engine {
    /// Returns the name used in configuration and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::ChaCha20 => "chacha20",
        }
    }
}

/// Why no bytes were made. The output is untouched and the generator as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FillError {
    /// More was asked for than one key may serve.
    #[error("{asked} bytes asked of the generator at once, the most is {max}", max = MAX_FILL_BYTES)]
    TooLong {
        /// Bytes asked for.
        asked: usize,
    },
}

/// A generator that cannot generate yet.
pub struct Unseeded<'m> {
    engine: Engine,
    memory: &'m mut [u8; MEMORY_BYTES],
}

impl<'m> Unseeded<'m> {
    /// Takes the memory that will hold the secrets, and wipes it.
    ///
    /// It stays where it is: lock its pages, keep them out of core dumps and forks.
    pub fn new(engine: Engine, memory: &'m mut [u8; MEMORY_BYTES]) -> Self {
        memory.zeroize();
        Self { engine, memory }
    }

    /// Seeds the generator (SP 800-90A §9.1).
    pub fn seed(self, seed: &Seed) -> Seeded<'m> {
        match self.engine {
            Engine::ChaCha20 => chacha20::seed(self.memory, seed),
        }
        Seeded { engine: self.engine, memory: self.memory }
    }
}

/// A generator that holds secret state. Its memory is wiped when it is dropped.
pub struct Seeded<'m> {
    engine: Engine,
    memory: &'m mut [u8; MEMORY_BYTES],
}

impl Seeded<'_> {
    /// Overwrites `out` with random bytes, after mixing in `fresh` bytes of the kernel.
    ///
    /// What the state held before cannot be computed from what it holds afterwards (backtracking
    /// resistance), and whoever knew the state does not know these bytes unless it also knows
    /// `fresh` (prediction resistance). `out` and `fresh` are the caller's to wipe.
    ///
    /// # Errors
    /// [`FillError::TooLong`] beyond [`MAX_FILL_BYTES`].
    pub fn fill(&mut self, fresh: &[u8; FRESH_BYTES], out: &mut [u8]) -> Result<(), FillError> {
        if out.len() > MAX_FILL_BYTES {
            return Err(FillError::TooLong { asked: out.len() });
        }
        match self.engine {
            Engine::ChaCha20 => chacha20::fill(self.memory, fresh, out),
        }
        Ok(())
    }

    /// Returns the engine in use.
    pub fn engine(&self) -> Engine {
        self.engine
    }
}

impl Drop for Seeded<'_> {
    fn drop(&mut self) {
        self.memory.zeroize();
    }
}

impl core::fmt::Debug for Seeded<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Seeded").field("engine", &self.engine).finish_non_exhaustive()
    }
}
