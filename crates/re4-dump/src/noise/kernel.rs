//! getrandom(2): the kernel's generator. Conditioned, and never optional.

use r4_health::MinEntropy;
use rustix::{
    io::Errno,
    rand::{GetRandomFlags, getrandom},
};

use super::{Noise, Properties, Tested, Unavailable};

/// What is known of the source.
pub(super) const PROPERTIES: Properties = Properties {
    claim: MinEntropy::FULL,
    credited_bits_per_sample: 8,
    samples: 64,
    tested: Tested::AtStart,
};

/// The kernel's generator.
pub(crate) struct Kernel;

impl Noise for Kernel {
    /// Blocks until the kernel has seeded itself, never after that.
    fn fill(&mut self, mut rest: &mut [u8]) -> Result<(), Unavailable> {
        while !rest.is_empty() {
            match getrandom(&mut *rest, GetRandomFlags::empty()) {
                Ok(0) => return Err(Unavailable::Refused(Errno::IO)),
                Ok(count) => rest = rest.get_mut(count..).unwrap_or_default(),
                Err(Errno::INTR) => {}
                Err(cause) => return Err(Unavailable::Refused(cause)),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_fills_every_byte_it_is_asked_for() {
        // 1 KiB is longer than one uninterruptible read; 16 rounds leave no byte at zero by chance.
        let mut touched = [0_u8; 1024];
        for _ in 0..16 {
            let mut sample = [0; 1024];
            Kernel.fill(&mut sample).unwrap();
            touched.iter_mut().zip(sample).for_each(|(seen, byte)| *seen |= byte);
        }
        assert!(touched.iter().all(|&byte| byte != 0));
    }
}
