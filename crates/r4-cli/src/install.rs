//! `r4 install`: run an unpacked release under systemd. What will be done is shown first.

mod plan;
mod step;

use std::path::{Path, PathBuf};

use clap::Subcommand;

use self::plan::{Host, Release};
use crate::exit::{Error, Exit};
use crate::output;

const SYSTEMD_HELP: &str = "\
Examples:
  re4_release/bin/r4 install systemd            shows what it will do, and does nothing
  re4_release/bin/r4 install systemd --yes      does it; again with a newer release: updates
  r4 install systemd --undo --yes               takes it away, but for keys, settings and the log

Check the release first: r4 release verify --help. Settings: /etc/re4ctor/re4ctor.env. The API key
is made at the first time: /etc/re4ctor/credentials/api-key.

Exit codes: 0 done, or shown; 2 something cannot be read, written or started.";

/// The commands under `r4 install`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the node as three services of systemd
    #[command(after_help = SYSTEMD_HELP)]
    Systemd(SystemdArgs),
}

/// Arguments of `r4 install systemd`.
#[derive(Debug, clap::Args)]
pub(crate) struct SystemdArgs {
    /// The unpacked release; without it, the one that this program is part of
    #[arg(long, value_name = "DIR", conflicts_with = "undo")]
    from: Option<PathBuf>,
    /// Do it, instead of showing it
    #[arg(long)]
    yes: bool,
    /// Take the node away again
    #[arg(long)]
    undo: bool,
    /// The root of the system to change
    #[arg(long, value_name = "DIR", default_value = "/")]
    root: PathBuf,
}

/// Runs one of the commands.
///
/// # Errors
/// What cannot be used or done.
pub(crate) fn run(command: &Command) -> Result<Exit, Error> {
    let Command::Systemd(args) = command;
    let host = Host::new(&args.root)?;
    let plan = if args.undo {
        host.undo()
    } else {
        host.install(&Release::open(&from(args.from.as_deref())?)?)?
    };
    for step in &plan.steps {
        output::print(&format!("{step}\n"))?;
        if args.yes {
            step.take()?;
        }
    }
    let end = if args.yes { plan.end } else { "nothing was done yet: add --yes".to_owned() };
    output::note(&end);
    Ok(Exit::Success)
}

/// Returns the folder above the one this program is in.
fn from(named: Option<&Path>) -> Result<PathBuf, Error> {
    if let Some(dir) = named {
        return Ok(dir.to_owned());
    }
    let own = std::env::current_exe().map_err(|error| Error::unusable("this program", error))?;
    let dir = own.ancestors().nth(2).map(Path::to_owned);
    dir.ok_or_else(|| Error::unusable(own.display(), "it is not in a release: use --from"))
}
