//! Faults on demand, for tests: in builds with the feature `induced-faults` alone.
//!
//! `R4_INDUCED_FAULT` is a list `part:fault@after,…`; `after` counts samples of a source or bytes of
//! the output, 0 without it.
//!
//! | part | faults |
//! |---|---|
//! | `jitter`, `rdseed`, `getrandom` | `stick` the same sample for ever; `repeat` it 100 times, once; `bias` 30 equal ones in 31; `lag` eight samples in a cycle; `vanish` no samples; `busy` none just now, `pause` once; `absent` (rdseed) |
//! | `selftest` | the name of a known-answer test, which fails; `hang` |
//! | `output` | `hang`, `die`, `short` half a piece and the end, `slow` a byte every 10 ms |
//! | `seed` | `show`: every seed on standard error, its bits inverted, so that tests can search for it |
//! | `call` | `open`, `socket`, `fork`, `execve`, `ptrace`, `mmap`, else `getpid`: tried once confined |

use std::{
    fmt::Write as _,
    hint::spin_loop,
    sync::OnceLock,
    time::{Duration, Instant},
};

use r4_drbg::{Seed, TestResult};
use rustix::io::{Errno, Result};

use crate::{
    error::Error,
    noise::{Kind, Noise, Unavailable},
};

/// Time after which the generator is reseeded: short, so that faults show.
pub(crate) const RESEED_AFTER: Duration = Duration::from_secs(1);
const SETTING: &str = "R4_INDUCED_FAULT";
const REPEATS: u64 = 100;

#[derive(Debug)]
struct Fault {
    part: String,
    name: String,
    after: u64,
}

static FAULTS: OnceLock<Vec<Fault>> = OnceLock::new();

/// Reads the setting.
///
/// # Errors
/// [`Error::Usage`] when it makes no sense.
#[expect(clippy::disallowed_methods, reason = "the one variable of a test build")]
pub(crate) fn prepare() -> std::result::Result<(), Error> {
    let text = std::env::var(SETTING).unwrap_or_default();
    let faults = text.split(',').filter(|fault| !fault.is_empty()).map(|fault| {
        parse(fault)
            .ok_or_else(|| Error::Usage(format!("{SETTING}: {fault:?} is not part:fault@after")))
    });
    let faults: Vec<Fault> = faults.collect::<std::result::Result<_, _>>()?;
    crate::report::say(format_args!("test build, faults: {faults:?}"));
    let _once = FAULTS.set(faults);
    Ok(())
}

fn parse(fault: &str) -> Option<Fault> {
    let (part, rest) = fault.split_once(':')?;
    let (name, after) = rest.split_once('@').unwrap_or((rest, "0"));
    Some(Fault { part: part.to_owned(), name: name.to_owned(), after: after.parse().ok()? })
}

fn fault(part: &str) -> Option<&'static Fault> {
    FAULTS.get()?.iter().find(|fault| fault.part == part)
}

/// A source that fails as it is told.
struct Faulty {
    noise: Box<dyn Noise>,
    fault: &'static Fault,
    taken: u64,
}

/// Puts the fault of a source before it. RDSEED is played by the kernel's generator when it is to
/// fail on a processor that has none.
pub(crate) fn source(kind: Kind, noise: Option<Box<dyn Noise>>) -> Option<Box<dyn Noise>> {
    match fault(kind.name()) {
        None => noise,
        Some(fault) if fault.name == "absent" => None,
        Some(fault) => {
            let noise = noise.or_else(|| Kind::Kernel.open())?;
            Some(Box::new(Faulty { noise, fault, taken: 0 }))
        }
    }
}

impl Noise for Faulty {
    fn fill(&mut self, samples: &mut [u8]) -> std::result::Result<(), Unavailable> {
        self.noise.fill(samples)?;
        for sample in samples {
            let since = self.taken.checked_sub(self.fault.after);
            self.taken = self.taken.saturating_add(1);
            if let Some(since) = since {
                *sample = spoilt(*sample, &self.fault.name, since)?;
            }
        }
        Ok(())
    }
}

/// Returns what the fault makes of the sample that comes `since` samples after it began.
fn spoilt(sample: u8, fault: &str, since: u64) -> std::result::Result<u8, Unavailable> {
    match fault {
        "stick" => Ok(7),
        "repeat" if since < REPEATS => Ok(7),
        "bias" if since % 31 < 30 => Ok(7),
        "lag" => Ok((since % 8) as u8),
        "busy" => Err(Unavailable::Exhausted),
        "pause" if since == 0 => Err(Unavailable::Exhausted),
        "vanish" => Err(Unavailable::Refused(Errno::NODEV)),
        _ => Ok(sample),
    }
}

/// Makes one test fail.
pub(crate) fn known_answers(
    results: impl Iterator<Item = TestResult>,
) -> impl Iterator<Item = TestResult> {
    let spoilt = fault("selftest").map(|fault| fault.name.as_str());
    if spoilt == Some("hang") {
        hang();
    }
    results.map(move |result| TestResult {
        passed: result.passed && spoilt != Some(result.test),
        ..result
    })
}

/// Shows a seed.
pub(crate) fn seeded(seed: &[u8; Seed::BYTES]) {
    if fault("seed").is_some() {
        let mut line = String::new();
        for byte in seed {
            let _memory = write!(line, "{:02x}", !byte);
        }
        crate::report::say(format_args!("inverted seed {line}"));
    }
}

/// Tries what the confinement forbids.
#[expect(unsafe_code, reason = "system calls that no library would make")]
pub(crate) fn confined() {
    let call = match fault("call").map(|fault| fault.name.as_str()) {
        None => return,
        Some("open") => libc::SYS_openat,
        Some("socket") => libc::SYS_socket,
        Some("fork") => libc::SYS_clone,
        Some("execve") => libc::SYS_execve,
        Some("ptrace") => libc::SYS_ptrace,
        Some("mmap") => libc::SYS_mmap,
        Some(_) => libc::SYS_getpid,
    };
    // SAFETY: whatever the call would do with zeros, the kernel kills this process before it does it.
    let answer = unsafe { libc::syscall(call, 0, 0, 0, 0, 0, 0) };
    crate::report::say(format_args!("system call {call} was allowed and answered {answer}"));
}

fn hang() -> ! {
    loop {
        spin_loop();
    }
}

/// Writes as it is told, up to where the fault begins.
pub(crate) fn write(
    write: impl Fn(&[u8]) -> Result<usize>,
    written: u64,
    bytes: &[u8],
) -> Result<usize> {
    let Some(fault) = fault("output") else { return write(bytes) };
    let until = usize::try_from(fault.after.saturating_sub(written)).unwrap_or(usize::MAX);
    if until > 0 {
        return write(bytes.get(..until).unwrap_or(bytes));
    }
    match fault.name.as_str() {
        "hang" => hang(),
        "die" => std::process::exit(1),
        "short" => {
            let _half = write(bytes.get(..bytes.len() / 2).unwrap_or_default());
            std::process::exit(0)
        }
        "slow" => {
            let since = Instant::now();
            while since.elapsed() < Duration::from_millis(10) {
                spin_loop();
            }
            write(bytes.get(..1).unwrap_or_default())
        }
        _ => write(bytes),
    }
}
