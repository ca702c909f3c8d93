//! Mail by this machine's `sendmail`, which knows how mail leaves it.

use std::io::{self, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::exit::Error;

/// Where it is; cron's PATH has not the second.
const PROGRAMS: [&str; 2] = ["sendmail", "/usr/sbin/sendmail"];
/// Most time that it may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Time between two looks whether it has ended.
const LOOK: Duration = Duration::from_millis(20);
/// Most characters of a message: less than a pipe holds.
const MOST_CHARACTERS: usize = 10_000;

/// Refuses what is no address, or what sendmail would take for more than one.
///
/// # Errors
/// It is none.
pub(super) fn check(address: &str) -> Result<(), Error> {
    let good = |c: char| c.is_ascii_alphanumeric() || "@.+-_=".contains(c);
    let is_address = !address.is_empty() && address.chars().all(good);
    if !is_address || address.starts_with('-') {
        let reason = "an address such as me@example.org is needed";
        return Err(Error::unusable(format_args!("--mail {address:?}"), reason));
    }
    Ok(())
}

/// Hands a message to sendmail.
///
/// # Errors
/// A sentence: it did not take it.
pub(super) fn send(address: &str, subject: &str, lines: &[String]) -> Result<String, String> {
    let body: String = lines.join("\n").chars().take(MOST_CHARACTERS).collect();
    let subject: String = subject.chars().take(200).collect();
    let text = format!(
        "To: {address}\nSubject: {subject}\nMIME-Version: 1.0\nContent-Type: text/plain; \
         charset=utf-8\nContent-Transfer-Encoding: 8bit\nAuto-Submitted: auto-generated\n\n{body}\n"
    );
    let mut child = start(address)?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that goes away early says so by its exit code.
        drop(stdin.write_all(text.as_bytes()));
    }
    match wait(&mut child).map_err(|e| format!("sendmail cannot be waited for: {e}"))? {
        Some(status) if status.success() => Ok("sendmail took it".to_owned()),
        Some(status) => Err(format!("sendmail did not take it: {status}")),
        None => Err(format!("sendmail did not end within {} s", PATIENCE.as_secs())),
    }
}

fn start(address: &str) -> Result<Child, String> {
    for program in PROGRAMS {
        let mut command = Command::new(program);
        // -i: a line with a dot alone does not end the message.
        let started = command.args(["-i", address]).stdin(Stdio::piped()).stdout(Stdio::null());
        match started.spawn() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => return other.map_err(|e| format!("{program} cannot be started: {e}")),
        }
    }
    Err("there is no program sendmail; install a mailer such as msmtp-mta or postfix".to_owned())
}

/// Waits for the end; one that does not come is made, and `None`.
fn wait(child: &mut Child) -> io::Result<Option<ExitStatus>> {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= until {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(LOOK);
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn an_address_is_one_and_no_option() {
        for good in ["root", "me@example.org", "me+r4@mail.example.org"] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in ["", "-t", "a b@c", "a@b,c@d", "a@b\nBcc: x@y", "<a@b>", "a@b;rm"] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
    }
}
