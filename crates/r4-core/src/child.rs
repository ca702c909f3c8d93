//! The sealed copy as a process: what it says on standard error, and how it ended.

use std::io::PipeWriter;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use rustix::pipe::{fcntl_getpipe_size, fcntl_setpipe_size};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{self, ChildStderr, ChildStdout, Command};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::error::GeneratorError;
use crate::health::{Report, ReportedHealth};
use crate::patience::within;

/// What the pipe is to hold: wide enough that the generator makes bytes while others are read, and
/// no wider, because what is stale is dropped.
const PIPE_BYTES: usize = 512 * 1024;
/// Most bytes of one line; what is longer counts as several.
const LINE_BYTES: u64 = 8 * 1024;
/// Most time for a process whose pipe has ended to end itself.
const END: Duration = Duration::from_secs(1);
/// What the sealed core says before a sentence.
const NAME: &str = "re4_dump: ";
/// Exit codes of the sealed core.
const USAGE: i32 = 2;
const SELFTEST: i32 = 3;
const NOISE: i32 = 4;
const CONFINEMENT: i32 = 5;

/// Returns the command that runs the sealed copy, without orders yet.
pub(crate) fn command(executable: &Path) -> Command {
    let mut command = Command::new(executable);
    command.env_clear().stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// A process that makes bytes. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Child {
    process: process::Child,
    /// The task that reads its standard error, always, so that it never waits to be heard; gives
    /// its last sentence.
    listener: JoinSet<Option<String>>,
    /// Tells that the first report is there.
    reported: oneshot::Receiver<()>,
}

impl Child {
    /// Starts `command`; returns its standard output, too.
    ///
    /// # Errors
    /// [`GeneratorError::Spawn`].
    pub(crate) fn spawn(
        mut command: Command,
        health: &Arc<ReportedHealth>,
    ) -> Result<(Self, ChildStdout), GeneratorError> {
        let (bytes, writer) = pipe().map_err(GeneratorError::Spawn)?;
        command.stdout(writer).stderr(Stdio::piped());
        let mut process = command.spawn().map_err(GeneratorError::Spawn)?;
        let Some(words) = process.stderr.take() else { return Err(GeneratorError::Died) };
        let (tell, reported) = oneshot::channel();
        let mut listener = JoinSet::new();
        listener.spawn(listen(words, Arc::clone(health), tell));
        Ok((Self { process, listener, reported }, bytes))
    }

    /// Returns the id of the process, while it runs.
    pub(crate) fn id(&self) -> Option<u32> {
        self.process.id()
    }

    /// Waits for the first report.
    ///
    /// # Errors
    /// [`GeneratorError::Unreported`] when it takes longer than `limit`, or why it ended.
    pub(crate) async fn first_report(&mut self, limit: Duration) -> Result<(), GeneratorError> {
        match within(limit, &mut self.reported).await {
            Some(Ok(())) => Ok(()),
            Some(Err(_)) => Err(self.end().await),
            None => Err(GeneratorError::Unreported),
        }
    }

    /// Waits for the end of a process that has closed a pipe, and returns what it means.
    pub(crate) async fn end(&mut self) -> GeneratorError {
        let (mut code, mut said) = (None, None);
        let ended = async {
            code = self.process.wait().await.ok().and_then(|status| status.code());
            said = self.listener.join_next().await.and_then(Result::ok).flatten();
        };
        // What is known in time counts, even if the rest is not.
        let _all = within(END, ended).await;
        let said = said.unwrap_or_else(|| "it did not say why".to_owned());
        match code {
            Some(SELFTEST) => GeneratorError::SelftestFailed(said),
            Some(NOISE) => GeneratorError::Noise(said),
            Some(USAGE | CONFINEMENT) => GeneratorError::GaveUp(said),
            _ => GeneratorError::Died,
        }
    }
}

/// Returns a pipe that is as wide as it should be before anything is written to it.
fn pipe() -> std::io::Result<(ChildStdout, PipeWriter)> {
    let (reader, writer) = std::io::pipe()?;
    set_size(&writer)?;
    Ok((ChildStdout::from_std(OwnedFd::from(reader).into())?, writer))
}

/// Makes a pipe hold [`PIPE_BYTES`]. One that must stay as it is may, if it holds no more: the kernel
/// gives a user who has many pipes narrow ones.
fn set_size(pipe: impl AsFd) -> std::io::Result<()> {
    let set = fcntl_setpipe_size(&pipe, PIPE_BYTES);
    match set.or_else(|_| fcntl_getpipe_size(&pipe))? {
        0..=PIPE_BYTES => Ok(()),
        held => Err(std::io::Error::other(format!("its pipe holds {held} bytes"))),
    }
}

/// Reads what the process says until it has ended: reports, and sentences, which go to the log.
async fn listen(
    words: ChildStderr,
    health: Arc<ReportedHealth>,
    tell: oneshot::Sender<()>,
) -> Option<String> {
    let (mut words, mut tell) = (BufReader::new(words), Some(tell));
    let (mut before, mut last) = (Report::default(), None);
    let mut line = Vec::new();
    while (&mut words).take(LINE_BYTES).read_until(b'\n', &mut line).await.is_ok_and(|n| n > 0) {
        match serde_json::from_slice::<Report>(&line) {
            Ok(report) => {
                health.take(report.clone(), &before);
                before = report;
                if let Some(tell) = tell.take() {
                    // Who waited may have given up.
                    let _ = tell.send(());
                }
            }
            Err(_) => last = sentence(&line).or(last),
        }
        line.clear();
    }
    last
}

/// Logs a line that is not a report, and returns the sentence in it.
fn sentence(line: &[u8]) -> Option<String> {
    let said = sentence_of(line)?;
    if said.starts_with('{') {
        tracing::warn!(said, "the sealed core sent a report that cannot be read");
        return None;
    }
    tracing::warn!(said, "the sealed core says");
    Some(said)
}

/// Returns the text of a line without control characters and the program's name.
pub(crate) fn sentence_of(line: &[u8]) -> Option<String> {
    let text: String = String::from_utf8_lossy(line).chars().filter(|c| !c.is_control()).collect();
    let text = text.trim();
    let said = text.strip_prefix(NAME).unwrap_or(text);
    (!said.is_empty()).then(|| said.to_owned())
}

#[cfg(test)]
mod tests;
