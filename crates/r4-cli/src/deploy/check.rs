//! `r4 deploy check`.

mod images;
mod keys;
mod machine;
mod ports;
mod running;
mod tree;

use serde::Serialize;
use serde_json::Value;

use super::DirArg;
use super::compose::{Config, Project, from_value};
use super::secrets::{self, Secret};
use crate::exit::{Error, Exit};
use crate::output::{self, Tone, paint, plain};

/// Arguments of `r4 deploy check`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    dir: DirArg,
    /// The time server that the clock is compared with
    #[arg(long, value_name = "HOST", default_value = "pool.ntp.org")]
    ntp: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    /// Looked at, and right.
    Good,
    /// Could be better, or could not be looked at.
    Remark,
    /// Not to be deployed like this.
    Bad,
}

/// What a check found.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    check: &'static str,
    verdict: Verdict,
    /// What was found, and what to do about it.
    text: String,
}

impl Finding {
    fn new(check: &'static str, verdict: Verdict, text: impl Into<String>) -> Self {
        Self { check, verdict, text: text.into() }
    }

    fn good(check: &'static str, text: impl Into<String>) -> Self {
        Self::new(check, Verdict::Good, text)
    }

    fn remark(check: &'static str, text: impl Into<String>) -> Self {
        Self::new(check, Verdict::Remark, text)
    }

    fn bad(check: &'static str, text: impl Into<String>) -> Self {
        Self::new(check, Verdict::Bad, text)
    }

    /// Tells whether it must not be deployed like this.
    pub(super) fn is_bad(&self) -> bool {
        self.verdict == Verdict::Bad
    }

    /// Writes it for people.
    pub(super) fn line(&self) -> String {
        let (tone, mark) = match self.verdict {
            Verdict::Good => (Tone::Good, "✓"),
            Verdict::Remark => (Tone::Amber, "!"),
            Verdict::Bad => (Tone::Bad, "✗"),
        };
        format!("{} {:<11} {}\n", paint(tone, mark), self.check, plain(&self.text))
    }
}

/// What the checks look at.
struct Subject<'a> {
    project: &'a Project,
    config: Config,
    secrets: Vec<Secret>,
}

impl<'a> Subject<'a> {
    fn of(project: &'a Project, config: Value) -> Result<Self, Error> {
        let config: Config = from_value("docker compose config", config)?;
        let secrets = secrets::of(&config);
        Ok(Self { project, config, secrets })
    }
}

/// Prints what was found.
///
/// # Errors
/// Docker or the folder cannot be used.
pub(super) fn run(args: &Args) -> Result<Exit, Error> {
    let project = args.dir.open()?;
    let findings = look(&project, &args.ntp)?;
    if args.json {
        output::print_json(&serde_json::to_value(&findings).map_err(Error::failed)?)?;
    } else {
        let lines: String = findings.iter().map(Finding::line).collect();
        output::print(&lines)?;
    }
    let bad = findings.iter().filter(|finding| finding.is_bad()).count();
    if bad == 0 {
        return Ok(Exit::Success);
    }
    let things = if bad == 1 { "one thing is".to_owned() } else { format!("{bad} things are") };
    output::note(&format!("{things} not as it should be"));
    Ok(Exit::Failed)
}

/// Looks at everything.
///
/// # Errors
/// Docker or the folder cannot be used.
pub(super) fn look(project: &Project, ntp: &str) -> Result<Vec<Finding>, Error> {
    let subject = Subject::of(project, project.config(true)?)?;
    let mut findings = keys::look(&subject);
    findings.extend(ports::look(&subject));
    findings.extend(tree::look(&subject)?);
    findings.extend(images::look(&subject)?);
    findings.extend(machine::look(ntp));
    findings.extend(running::look(&subject)?);
    Ok(findings)
}

/// Returns the finding, or that nothing was found.
fn or_good(findings: Vec<Finding>, check: &'static str, text: &str) -> Vec<Finding> {
    if findings.is_empty() { vec![Finding::good(check, text)] } else { findings }
}
