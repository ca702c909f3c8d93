//! What a monitor saw, as Prometheus text.

use std::fmt::Write as _;
use std::path::Path;

use super::super::finding::Alarm;
use super::Look;
use crate::atomic_file;
use crate::exit::Error;

/// Replaces the file in `path`.
///
/// # Errors
/// It cannot be written.
pub(super) fn write(path: &Path, url: &str, look: &Look) -> Result<(), Error> {
    atomic_file::keep(path, render(url, look).as_bytes())
}

#[expect(clippy::cast_precision_loss, reason = "a share needs no more than 52 bits")]
fn render(url: &str, look: &Look) -> String {
    let log = format!("log=\"{}\"", escape(url));
    let mut text = String::new();
    let mut gauge = |name: &str, help: &str, samples: &[(String, String)]| {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
        for (labels, value) in samples {
            let _ = writeln!(text, "{name}{{{labels}}} {value}");
        }
    };
    let one = |value: String| [(log.clone(), value)];
    let raised = |alarm| look.findings.iter().any(|finding| finding.alarm == alarm);
    let alarms = Alarm::OF_LOGS.map(|alarm| {
        let labels = format!("{log},alarm=\"{}\"", alarm.name());
        (labels, u8::from(raised(alarm)).to_string())
    });
    let ok = u8::from(look.findings.is_empty()).to_string();
    gauge("r4_log_monitor_ok", "1 when the last run found nothing wrong", &one(ok));
    gauge("r4_log_monitor_alarm", "1 for each alarm of the last run", &alarms);
    gauge("r4_log_monitor_run_time_seconds", "When the last run was", &one(look.now.to_string()));
    if let Some(seen) = &look.seen {
        let (missed, of) = look.missed;
        let share = missed as f64 / of.max(1) as f64;
        let size = seen.checkpoint.size.to_string();
        gauge("r4_log_monitor_tree_size", "Entries of the signed tree", &one(size));
        let time = seen.timestamp.to_string();
        gauge("r4_log_monitor_checkpoint_time_seconds", "When the log signed it", &one(time));
        let new = look.new.total().to_string();
        gauge("r4_log_monitor_new_entries", "Entries that the last run checked", &one(new));
        let help = "Share of indexes that nobody was answered with";
        gauge("r4_log_monitor_missed_ratio", help, &one(share.to_string()));
    }
    text
}

/// Escapes a label's value (Prometheus text format 0.0.4).
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
