//! The generator as its users see it: unseeded, then seeded, with the engine behind one type.

use zeroize::Zeroize;

use crate::{chacha20, ctr_aes256, seed::Seed, stack::wiped_after};

/// Bytes of memory that a generator needs for its secrets.
pub const MEMORY_BYTES: usize = if chacha20::MEMORY_BYTES > ctr_aes256::MEMORY_BYTES {
    chacha20::MEMORY_BYTES
} else {
    ctr_aes256::MEMORY_BYTES
};
/// Fresh bytes from the kernel that every [`Seeded::fill`] mixes in; an engine takes as many of
/// them as of a seed.
pub const FRESH_BYTES: usize = Seed::BYTES;
/// Fills after which a reseed is due, and before which none is refused. SP 800-90A Table 3 allows
/// 2^48; this is the interval of the design.
pub const RESEED_AFTER_FILLS: u32 = 1 << 20;

/// Which construction makes the bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// `ChaCha20` (RFC 8439) with fast key erasure.
    #[default]
    ChaCha20,
    /// `CTR_DRBG` with AES-256 and no derivation function (SP 800-90A §10.2.1).
    CtrAes256,
}

impl Engine {
    /// Every engine.
    pub const ALL: [Self; 2] = [Self::ChaCha20, Self::CtrAes256];

    /// Returns the engine of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|engine| engine.name() == name)
    }

    /// Returns the name used in configuration and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::ChaCha20 => "chacha20",
            Self::CtrAes256 => "ctr-aes256",
        }
    }

    /// Returns the most bytes of one [`Seeded::fill`].
    pub fn max_fill_bytes(self) -> usize {
        match self {
            Self::ChaCha20 => chacha20::MAX_FILL_BYTES,
            Self::CtrAes256 => ctr_aes256::MAX_FILL_BYTES,
        }
    }
}

/// Why no bytes were made. The output is untouched and the generator as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FillError {
    /// More was asked for than one call may return.
    #[error("{asked} bytes asked of the generator at once, the most is {most}")]
    TooLong {
        /// Bytes asked for.
        asked: usize,
        /// Most bytes of this engine.
        most: usize,
    },
    /// The reseed interval is over (SP 800-90A §9.3.1).
    #[error("the generator must be reseeded after {RESEED_AFTER_FILLS} requests")]
    ReseedDue,
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
        wiped_after(|| match self.engine {
            Engine::ChaCha20 => chacha20::seed(part(self.memory), seed),
            Engine::CtrAes256 => ctr_aes256::seed(part(self.memory), seed),
        });
        Seeded { engine: self.engine, memory: self.memory, fills: 0 }
    }
}

/// A generator that holds secret state. Its memory is wiped when it is dropped.
pub struct Seeded<'m> {
    engine: Engine,
    memory: &'m mut [u8; MEMORY_BYTES],
    /// Fills since the last seed.
    fills: u32,
}

impl Seeded<'_> {
    /// Overwrites `out` with random bytes, after mixing in `fresh` bytes of the kernel.
    ///
    /// What the state held before cannot be computed from what it holds afterwards (backtracking
    /// resistance), and whoever knew the state does not know these bytes unless it also knows
    /// `fresh` (prediction resistance). `out` and `fresh` are the caller's to wipe.
    ///
    /// # Errors
    /// [`FillError::TooLong`] beyond [`Engine::max_fill_bytes`], [`FillError::ReseedDue`] after
    /// [`RESEED_AFTER_FILLS`] fills.
    pub fn fill(&mut self, fresh: &[u8; FRESH_BYTES], out: &mut [u8]) -> Result<(), FillError> {
        let (asked, most) = (out.len(), self.engine.max_fill_bytes());
        if asked > most {
            return Err(FillError::TooLong { asked, most });
        }
        if self.is_reseed_due() {
            return Err(FillError::ReseedDue);
        }
        self.fills = self.fills.saturating_add(1);
        wiped_after(|| match self.engine {
            Engine::ChaCha20 => chacha20::fill(part(self.memory), part_of(fresh), out),
            Engine::CtrAes256 => ctr_aes256::fill(part(self.memory), fresh, out),
        });
        Ok(())
    }

    /// Mixes a new seed into the state (SP 800-90A §9.2), and begins to count fills anew.
    pub fn reseed(&mut self, seed: &Seed) {
        wiped_after(|| match self.engine {
            Engine::ChaCha20 => chacha20::reseed(part(self.memory), seed),
            Engine::CtrAes256 => ctr_aes256::reseed(part(self.memory), seed),
        });
        self.fills = 0;
    }

    /// Tells whether [`Self::fill`] will refuse until a reseed.
    pub fn is_reseed_due(&self) -> bool {
        self.fills >= RESEED_AFTER_FILLS
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

/// The part of the memory that an engine uses.
fn part<const N: usize>(memory: &mut [u8; MEMORY_BYTES]) -> &mut [u8; N] {
    let Some(part) = memory.first_chunk_mut() else { unreachable!("MEMORY_BYTES is the larger") };
    part
}

/// The first 256 bits of the fresh bytes.
fn part_of(fresh: &[u8; FRESH_BYTES]) -> &[u8; 32] {
    let Some(first) = fresh.first_chunk() else { unreachable!("32 <= FRESH_BYTES") };
    first
}
