//! What the process gives up before it holds a secret.
//!
//! All of it works unprivileged and inside a container.

use rustix::{
    process::{DumpableBehavior, set_dumpable_behavior},
    thread::set_no_new_privs,
};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

use crate::error::Error;

/// The system calls that stay allowed. Writing bytes takes `write` or `vmsplice`, and `getrandom`;
/// the end takes `munmap`, `sigaltstack` and `exit_group`; the others let a signal handler or a clock
/// work.
const ALLOWED: [libc::c_long; 10] = [
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_vmsplice,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_sigaltstack,
    libc::SYS_munmap,
    libc::SYS_rt_sigreturn,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// Closes every descriptor but the standard ones, and hides the process from debuggers and core
/// dumps.
///
/// # Errors
/// [`Error::Confinement`] with the step that failed.
pub(crate) fn hide() -> Result<(), Error> {
    close_descriptors().map_err(Error::confinement("close inherited descriptors"))?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(Error::confinement("forbid core dumps and debuggers"))?;
    set_no_new_privs(true).map_err(Error::confinement("set no_new_privs"))
}

/// Lets the kernel kill the process at any system call that is not on the list.
///
/// # Errors
/// [`Error::Confinement`].
pub(crate) fn restrict_system_calls() -> Result<(), Error> {
    let filter = filter().map_err(Error::confinement("compile the system call filter"))?;
    seccompiler::apply_filter(&filter).map_err(Error::confinement("install the system call filter"))
}

fn filter() -> Result<BpfProgram, seccompiler::BackendError> {
    SeccompFilter::new(
        ALLOWED.into_iter().map(|call| (call, Vec::new())).collect(),
        SeccompAction::KillProcess,
        SeccompAction::Allow,
        std::env::consts::ARCH.try_into()?,
    )?
    .try_into()
}

#[expect(unsafe_code, reason = "no safe wrapper of close_range(2) exists")]
fn close_descriptors() -> std::io::Result<()> {
    const FIRST: libc::c_uint = 3;
    // SAFETY: the program opens no file, so nothing in it owns a descriptor from FIRST on.
    let done = unsafe { libc::syscall(libc::SYS_close_range, FIRST, libc::c_uint::MAX, 0) };
    if done == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_compiles_for_this_processor() {
        assert!(!filter().unwrap().is_empty());
    }
}
