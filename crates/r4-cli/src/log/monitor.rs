//! `r4 log monitor`: looks at a log again and again and says when it does not keep its promises.

mod metrics;
mod state;

use std::path::PathBuf;

use clap::ValueHint;
use r4_service::clock::unix_now;
use r4_tlog::tree::Frontier;

use super::audit::{Audit, Counts, NoticeArg, WINDOW};
use super::continuity;
use super::finding::{Alarm, Finding, Trouble};
use super::reader::Reader;
use super::tree_reader::TreeReader;
use super::trust::{KeysArg, Seen, Trust};
use super::walk;
use crate::atomic_file::FolderLock;
use crate::exit::{Error, Exit};
use crate::output;
use state::State;

pub(super) const HELP: &str = "\
Examples:
  r4 log monitor --state /var/lib/r4-monitor https://random.example.org/v1/log
  r4 log monitor --state DIR --keys keys.json --max-age 5m --metrics r4-log.prom URL

For cron, from another machine than the node's: each run looks once, writes one line to standard
output and keeps what it saw in DIR. The first run checks the log from its beginning; later ones
check that the new tree begins with the last one, and every new entry as `r4 log verify` does.

Both signed checkpoints of a fork or a rollback are kept in DIR/evidence: they prove it to anyone.

Exit codes, each alarm by its name:
   0  all is well
   2  the command line or DIR cannot be used
  10  fork         two signed trees of which neither is the beginning of the other
  11  rollback     a signed tree that is smaller than the last one
  12  gap          an index without its entry, or an entry that is not served
  13  missed       too many indexes that nobody was answered with: --max-missed of the new entries,
                   or of the last 1000 where fewer are new
  14  key-change   other keys than the pinned ones and those that follow them in the log, where the
                   ones before announce them, signed, --notice before their use
  15  stale        the checkpoint was signed longer than --max-age ago
  16  unreachable  no answer
  17  invalid      anything else that does not verify";

/// Arguments of `r4 log monitor`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The prefix of the log
    #[arg(value_name = "URL", value_hint = ValueHint::Url)]
    url: String,
    /// The folder that keeps what was seen
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    state: PathBuf,
    #[command(flatten)]
    keys: KeysArg,
    #[command(flatten)]
    notice: NoticeArg,
    /// How old a checkpoint's signature may be: 60s, 5m, 2h
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = seconds)]
    max_age: u64,
    /// Which share of the new entries may be missed
    #[arg(long, value_name = "SHARE", default_value_t = 0.05, value_parser = share)]
    max_missed: f64,
    /// Write Prometheus text to this file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    metrics: Option<PathBuf>,
}

/// Looks once.
///
/// # Errors
/// The folder or a file cannot be used. What is wrong with the log is an exit code.
pub(super) fn run(args: &Args) -> Result<Exit, Error> {
    let reader = Reader::server(&args.url)?;
    let _lock = FolderLock::take(&args.state)?;
    let mut look = Look::at(unix_now());
    match look.run(args, &reader) {
        Ok(()) => {}
        Err(Trouble::Log(finding)) => look.findings.push(finding),
        Err(Trouble::Here(error)) => return Err(error),
    }
    look.findings.sort_by_key(|finding| finding.alarm);
    if let Some(path) = &args.metrics {
        metrics::write(path, &args.url, &look)?;
    }
    output::print(&format!("{}\n", output::plain(&look.line())))?;
    Ok(look.findings.first().map_or(Exit::Success, |finding| finding.alarm.into()))
}

/// What one run saw.
#[derive(Debug)]
struct Look {
    now: u64,
    seen: Option<Seen>,
    /// The entries that are new since the last run.
    new: Counts,
    /// Missed entries, and the entries among which they were counted.
    missed: (u64, u64),
    findings: Vec<Finding>,
}

impl Look {
    fn at(now: u64) -> Self {
        Self { now, seen: None, new: Counts::default(), missed: (0, 0), findings: Vec::new() }
    }

    fn run(&mut self, args: &Args, reader: &Reader) -> Result<(), Trouble> {
        let (trust, named) = Trust::find_and_keep(&args.keys, reader, &args.state)?;
        let before = State::load(&args.state, &trust)?;
        let seen = trust.accept(&reader.checkpoint()?)?;
        self.seen = Some(seen.clone());
        self.findings.extend(Finding::of_age(self.now, seen.timestamp, args.max_age));
        let after = match self.follow(args, reader, &trust, before.as_ref(), &seen) {
            Err(Trouble::Log(finding)) => {
                if let Some(before) = &before {
                    state::keep_evidence(&args.state, &finding, &before.seen, &seen)?;
                }
                return Err(finding.into());
            }
            other => other?,
        };
        if let Some(named) = named {
            after.progress.agrees(&named)?;
        }
        self.check_missed(&after, args.max_missed);
        after.save(&args.state)?;
        Ok(())
    }

    /// Checks what is new since `before`.
    fn follow(
        &mut self,
        args: &Args,
        reader: &Reader,
        trust: &Trust,
        before: Option<&State>,
        seen: &Seen,
    ) -> Result<State, Trouble> {
        let now = &seen.checkpoint;
        if let Some(before) = before {
            continuity::refuse_contradiction(&before.seen.checkpoint, now)?;
        }
        let tree = TreeReader::open(reader, now)?;
        if let Some(before) = before {
            continuity::check(&before.seen.checkpoint, now, &tree)?;
        }
        let start = before.map_or(0, |before| before.seen.checkpoint.size);
        let progress = before.map(|before| before.progress.clone()).unwrap_or_default();
        let mut audit = Audit::after(progress, trust, &args.notice);
        let mut frontier = Frontier::of(&tree, start)?;
        walk::entries(reader, start..now.size, |position, leaf, entry| {
            frontier.push(*leaf);
            audit.entry(position, entry)
        })?;
        if frontier.root() != now.root {
            let reason = "the new entries do not give the root of the signed checkpoint";
            return Err(Finding::invalid(reason).into());
        }
        self.new = audit.counts;
        Ok(State { seen: seen.clone(), progress: audit.into_progress() })
    }

    #[expect(clippy::cast_precision_loss, reason = "a share needs no more than 52 bits")]
    fn check_missed(&mut self, state: &State, most: f64) {
        let new = self.new.total();
        let last = WINDOW.min(state.seen.checkpoint.size);
        self.missed = if new > last {
            (self.new.missed, new)
        } else {
            (state.progress.missed.len() as u64, last)
        };
        let (missed, of) = self.missed;
        // Those of one crash alarm once, not until a thousand entries have passed.
        if self.new.missed > 0 && missed as f64 > most * of as f64 {
            let reason = format!("{missed} of the last {of} indexes were never answered");
            self.findings.push(Finding::new(Alarm::Missed, reason));
        }
    }

    /// Says in one line what was seen.
    fn line(&self) -> String {
        let findings: Vec<String> = self.findings.iter().map(ToString::to_string).collect();
        let Some(seen) = &self.seen else { return findings.join("; ") };
        let (missed, of) = self.missed;
        let (checkpoint, new) = (&seen.checkpoint, self.new.total());
        let age = self.now.saturating_sub(seen.timestamp);
        let what = format!(
            "{}: {} entries, {new} new; signed {age} s ago; {missed} of the last {of} missed",
            checkpoint.origin, checkpoint.size
        );
        let name = if findings.is_empty() { "ok".to_owned() } else { findings.join("; ") };
        if findings.is_empty() { format!("{name}: {what}") } else { format!("{name} ({what})") }
    }
}

/// Reads a time: a number, and s, m, h or d.
pub(crate) fn seconds(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(['s', 'm', 'h', 'd']);
    let factor = match text.strip_prefix(digits) {
        Some("" | "s") => 1,
        Some("m") => 60,
        Some("h") => 3600,
        Some("d") => 86400,
        _ => 0,
    };
    let number: Option<u64> = digits.parse().ok();
    let seconds = number.and_then(|number| number.checked_mul(factor));
    seconds.filter(|_| factor != 0).ok_or_else(|| "a time such as 60s, 5m or 2h is needed".into())
}

/// Reads a share: 0 to 1.
fn share(text: &str) -> Result<f64, String> {
    let share: Option<f64> = text.parse().ok();
    share.filter(|share| (0.0..=1.0).contains(share)).ok_or_else(|| "0 to 1 is needed".into())
}

#[cfg(test)]
mod tests {
    use super::{seconds, share};

    #[test]
    fn times_and_shares() {
        for (text, want) in [("60", 60), ("60s", 60), ("5m", 300), ("2h", 7200), ("1d", 86400)] {
            assert_eq!(seconds(text), Ok(want), "{text}");
        }
        for bad in ["", "s", "5 m", "5ms", "-1", "1w", "99999999999999999999", "1ss"] {
            assert!(seconds(bad).is_err(), "{bad:?}");
        }
        assert_eq!(share("0.05"), Ok(0.05));
        for bad in ["", "-0.1", "1.1", "NaN", "5%"] {
            assert!(share(bad).is_err(), "{bad:?}");
        }
    }
}
