//! Logs on standard error: text for people, JSON lines for machines.
//!
//! No log line holds a query string, a key, a body or a random byte.

use std::panic::PanicHookInfo;
use std::str::FromStr;
use std::sync::OnceLock;

use tracing::level_filters::LevelFilter;

use crate::line::{JsonLine, TextLine};

/// The one service of this process.
static SERVICE: OnceLock<&str> = OnceLock::new();

/// Least severe level that is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogLevel(LevelFilter);

impl Default for LogLevel {
    fn default() -> Self {
        Self(LevelFilter::INFO)
    }
}

impl FromStr for LogLevel {
    type Err = ();

    fn from_str(s: &str) -> Result<Self, ()> {
        Ok(Self(match s.to_ascii_lowercase().as_str() {
            "trace" => LevelFilter::TRACE,
            "debug" => LevelFilter::DEBUG,
            "info" => LevelFilter::INFO,
            "warn" | "warning" => LevelFilter::WARN,
            "error" | "critical" => LevelFilter::ERROR,
            _ => return Err(()),
        }))
    }
}

/// Shape of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// One readable line.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl FromStr for LogFormat {
    type Err = ();

    fn from_str(s: &str) -> Result<Self, ()> {
        match s.to_ascii_lowercase().as_str() {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(()),
        }
    }
}

/// What is logged, and how.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogConfig {
    /// Least severe level that is logged.
    pub level: LogLevel,
    /// Shape of a line.
    pub format: LogFormat,
}

/// Starts logging for the process; a second call changes nothing.
pub fn init(config: LogConfig) {
    let builder = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_max_level(config.level.0);
    let done = match config.format {
        LogFormat::Text => builder.event_format(TextLine).try_init(),
        LogFormat::Json => {
            std::panic::set_hook(Box::new(log_panic));
            builder.event_format(JsonLine).try_init()
        }
    };
    if done.is_err() {
        tracing::debug!("logging was already started");
    }
}

/// Logs a panic as a line like all others; by itself it would be text of several lines.
pub(crate) fn log_panic(panic: &PanicHookInfo<'_>) {
    let cause = panic.payload_as_str().unwrap_or("unknown");
    let location = panic.location().map(ToString::to_string);
    tracing::error!(cause, location, "a thread panicked");
}

/// Names the service that this process is, in log lines and traces; the first name stays.
pub(crate) fn name_service(name: &'static str) {
    SERVICE.get_or_init(|| name);
}

/// Returns the name of the service that this process is, if it is one.
pub(crate) fn service() -> Option<&'static str> {
    SERVICE.get().copied()
}
