//! `r4 deploy`: look at a node in containers before it is changed, change it so that it is well afterwards or
//! as it was before, and go back.

mod check;
mod compose;
mod frozen;
mod gate;
mod image;
mod secrets;
mod update;

use std::path::PathBuf;

use clap::{Subcommand, ValueHint};

use self::compose::Project;
use crate::exit::{Error, Exit};

const CHECK_HELP: &str = "\
Examples:
  r4 deploy check
  r4 deploy check --dir /srv/r4 --json | jq -r '.[] | select(.verdict == \"bad\").text'

Looks at the folder of docker-compose.yml, at its .env and at Docker, and changes nothing: secrets
in files that git has or in images, who may read .env and keys, weak keys and keys of two uses,
ports that others reach, the clock (by SNTP), disk, digests of images, age of the backup, and the
health of what runs. What cannot be looked at is a remark, not a success.

Exit codes: 0 nothing bad, remarks apart; 1 something bad; 2 Docker or the folder cannot be used.";

const UPDATE_HELP: &str = "\
Examples:
  git pull && r4 deploy update
  tar -xzf re4_release.tar.gz --strip-components 1 && r4 deploy update
  r4 deploy update --without-backup --watch 60

Puts what the folder says in place of what runs: r4 deploy check, a backup (r4-backup), the images,
then one service after the other. The node must become well within --wait seconds, and stay so for
--watch seconds: every container healthy and never restarted, the gateway ready, and Caddy leading
to it. If not, the images, the settings and the files from before are put back, and all of that is
waited for again.

What runs is kept in .deploy: the settings as Compose understands them, with their secrets (mode
0700), and copies of the files that containers only read (Caddyfile, site). So a change of these
reaches a node that was updated like this by the next update alone.

Exit codes: 0 updated; 1 not, and all is as it was before; 2 nothing was begun; 4 not, and it could
not be put back: the sentence says what is wrong.";

const ROLLBACK_HELP: &str = "\
Examples:
  r4 deploy rollback
  r4 deploy rollback --dir /srv/r4

Puts back what ran before the last r4 deploy update, or before one that was cut short. The state
stays as it is: receipts that were given out meanwhile count.

Exit codes: 0 done; 2 there is nothing to go back to; 4 it did not become well.";

/// The commands under `r4 deploy`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say what is wrong before it is deployed
    #[command(after_help = CHECK_HELP)]
    Check(check::Args),
    /// Update the node, and take that back if it does not become well
    #[command(after_help = UPDATE_HELP)]
    Update(update::UpdateArgs),
    /// Go back to what ran before the last update
    #[command(after_help = ROLLBACK_HELP)]
    Rollback(update::RollbackArgs),
}

/// Which node.
#[derive(Debug, clap::Args)]
struct DirArg {
    /// The folder with docker-compose.yml and .env
    #[arg(long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    dir: PathBuf,
}

impl DirArg {
    fn open(&self) -> Result<Project, Error> {
        Project::open(&self.dir)
    }
}

/// Runs one of the commands.
///
/// # Errors
/// What cannot be used.
pub(crate) fn run(command: &Command) -> Result<Exit, Error> {
    match command {
        Command::Check(args) => check::run(args),
        Command::Update(args) => update::run(args),
        Command::Rollback(args) => update::roll_back(args),
    }
}
