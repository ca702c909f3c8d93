//! What the processor itself offers: its time-stamp counter and RDSEED.
//!
//! One of the three places of unsafe code.
#![expect(unsafe_code, reason = "the instructions have no safe wrapper")]

/// Returns a fine count of time; only differences mean something.
#[cfg(target_arch = "x86_64")]
pub(crate) fn time_stamp() -> u64 {
    // SAFETY: every x86-64 processor has RDTSC, and Linux does not forbid it unless asked to.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// Returns nanoseconds; only differences mean something.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn time_stamp() -> u64 {
    use rustix::time::{ClockId, clock_gettime};
    let now = std::time::Duration::try_from(clock_gettime(ClockId::MonotonicRaw));
    u64::try_from(now.unwrap_or_default().as_nanos()).unwrap_or_default()
}

/// Tells whether the processor says that it has RDSEED. Linux may hide it all the same, because of
/// the shorter forms that [`rdseed`] does not use.
pub(crate) fn has_rdseed() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("rdseed");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Asks RDSEED once; `None` when it has nothing to give just now. Call it only after
/// [`has_rdseed`].
///
/// 64 bits at a time: the shorter forms return zeros as if they were noise on some processors
/// (AMD-SB-7055).
pub(crate) fn rdseed() -> Option<u64> {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "rdseed")]
        fn step(word: &mut u64) -> i32 {
            core::arch::x86_64::_rdseed64_step(word)
        }
        let mut word = 0;
        // SAFETY: the caller has asked has_rdseed.
        let given = unsafe { step(&mut word) };
        (given == 1).then_some(word)
    }
    #[cfg(not(target_arch = "x86_64"))]
    None
}
