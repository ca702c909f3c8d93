//! `r4 witness`: cosigns the checkpoints of logs that never take anything back
//! (c2sp.org/tlog-witness).

mod answer;
mod config;
mod ledger;
mod logs;
mod serve;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueHint};
use r4_keystore::note_keys::NoteKeys;
use r4_keystore::seed::RootSeed;
use r4_service::healthcheck;

use crate::exit::{Error, Exit};
use crate::output;

const RUN_HELP: &str = "\
Examples:
  r4 witness run --state DIR --name witness.example.org/w1 --log 'log.example.org+1c8a..+AQ..'
  r4 witness run --state DIR --name NAME --log-url http://127.0.0.1:8082/v1/log

Takes POST /add-checkpoint: a checkpoint of a known log, with the proof that it begins with the last
one that was cosigned here. The answer is two signature lines under NAME, Ed25519 and ML-DSA-44. The
new checkpoint is on the disk before the answer is sent. GET /health says ok.

DIR holds witness.seed (made at the first start), the kept keys and the last checkpoint of each log.
It is the only place that is written to. Never put back an old copy of it: a witness that forgets
can be led to cosign a fork.

A witness beside the log that it watches is a demonstration: it is worth something where somebody
else runs it.

Environment, where a flag is not given (lists with spaces or commas):
  R4_WITNESS_STATE_DIR  R4_WITNESS_NAME  R4_WITNESS_LISTEN  R4_WITNESS_LOG  R4_WITNESS_LOG_URL
  R4_LOG_LEVEL          trace, debug, info (default), warning, error, critical
  R4_LOG_FORMAT         text (default) or json

Exit codes: 0 stopped by SIGTERM or Ctrl-C; 1 open requests were cut off; 2 it cannot start.";

const KEYS_HELP: &str = "\
Examples:
  r4 witness keys --state DIR --name witness.example.org/w1
  r4 witness keys --state DIR --name NAME >> keys-of-witnesses.txt

Prints the two keys, as logs and policies (c2sp.org/tlog-policy) take them. The seed is made if
there is none yet.

Exit codes: 0 shown; 2 the seed cannot be used (it must have mode 0600).";

const HEALTHCHECK_HELP: &str = "\
Examples:
  r4 witness healthcheck
  r4 witness healthcheck --listen 127.0.0.1:8083

For a container: asks GET /health where the witness listens (R4_WITNESS_LISTEN without the flag).

Exit codes: 0 it answers; 1 it does not; 2 the address cannot be used.";

/// The commands under `r4 witness`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve until SIGTERM or Ctrl-C
    #[command(after_help = RUN_HELP)]
    Run(RunArgs),
    /// Show the witness's public keys
    #[command(after_help = KEYS_HELP)]
    Keys(IdentityArgs),
    /// Ask a running witness whether it is well
    #[command(after_help = HEALTHCHECK_HELP)]
    Healthcheck(ListenArgs),
}

/// Who the witness is.
#[derive(Debug, clap::Args)]
pub(crate) struct IdentityArgs {
    /// The folder of the seed and of what was cosigned
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    state: Option<PathBuf>,
    /// The name under which it signs, such as witness.example.org/w1
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

/// Where the witness listens.
#[derive(Debug, clap::Args)]
pub(crate) struct ListenArgs {
    /// The address to listen on [default: 127.0.0.1:8083]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

/// Arguments of `r4 witness run`.
#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    identity: IdentityArgs,
    #[command(flatten)]
    listen: ListenArgs,
    /// A key of a log to be cosigned, as name+id+key; may be repeated
    #[arg(long, value_name = "VKEY")]
    log: Vec<String>,
    /// The prefix of a node's log; its keys are asked for once and kept
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    log_url: Vec<String>,
}

/// Runs one of the commands.
///
/// # Errors
/// What cannot be used.
pub(crate) fn run(command: &Command) -> Result<Exit, Error> {
    match command {
        Command::Run(args) => serve::run(&config::Config::read(args)?),
        Command::Keys(args) => show_keys(args),
        Command::Healthcheck(args) => healthcheck(args),
    }
}

fn show_keys(args: &IdentityArgs) -> Result<Exit, Error> {
    let identity = config::Identity::read(args)?;
    let keys = keys(&identity)?;
    let [classical, post_quantum] = keys.verifier_keys();
    output::print(&format!("{classical}\n{post_quantum}\n"))?;
    Ok(Exit::Success)
}

fn healthcheck(args: &ListenArgs) -> Result<Exit, Error> {
    let address = config::own_address(args)?;
    healthcheck::run(address, healthcheck::ALIVE).map_err(Error::failed)?;
    output::print("ok\n")?;
    Ok(Exit::Success)
}

/// Reads the seed in the state folder, or makes it, and derives the keys.
fn keys(identity: &config::Identity) -> Result<NoteKeys, Error> {
    let path = identity.state.join("witness.seed");
    let seed = seed(&identity.state, &path).map_err(|e| Error::Unusable(e.to_string()))?;
    NoteKeys::witness(&seed, &identity.name)
        .map_err(|e| Error::unusable(format_args!("the name {:?}", identity.name), e))
}

fn seed(folder: &Path, path: &Path) -> Result<RootSeed, r4_keystore::seed::SeedError> {
    if path.exists() {
        return RootSeed::load(path);
    }
    // A folder that cannot be made is named by the seed that cannot be made in it.
    drop(std::fs::create_dir_all(folder));
    let seed = RootSeed::create(path)?;
    output::note(&format!("made the witness's seed {}; keep a copy", path.display()));
    Ok(seed)
}
