//! The command line as a whole: the list of commands and the help that opens it.

use clap::builder::Styles;
use clap::builder::styling::AnsiColor;
use clap::{Parser, Subcommand};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default())
    .placeholder(AnsiColor::Cyan.on_default());

const ABOUT: &str =
    "The tool of a Re4ctoR node: check receipts, draws, proofs, keys, manifests and the log";

const HELP: &str = "\
Examples:
  Ask a node for a receipt and check it on your own machine:
    curl -s http://127.0.0.1:8082/v1/keys > keys.json
    curl -s -H 'X-API-Key: demo' http://127.0.0.1:8082/v1/vrf > receipt.json
    r4 verify --keys keys.json receipt.json

  Check that this program computes correctly on this machine:
    r4 selftest

Exit codes, the same for every command:
  0  it worked; for verify: everything is right and you said whom to trust
  1  a check failed
  2  the input or the command line cannot be used
  3  only verify, draw verify, log inclusion and release verify: it fits together, but you did not
     say whom to trust
`r4 log monitor` and `r4 monitor` have a code for each alarm.

`r4 COMMAND --help` explains one command, with examples. Only log, monitor, witness, backup, deploy,
release --node and the API keys of keys use the network.";

/// The parsed command line.
#[derive(Debug, Parser)]
#[command(name = "r4", version, about = ABOUT, styles = STYLES, after_help = HELP)]
#[command(arg_required_else_help = true)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands, one module each.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check a receipt: who answered, and that the answer is the only possible one
    Verify(crate::verify::Args),
    /// Check a draw: that its result is the only possible one
    #[command(subcommand)]
    Draw(crate::draw::Command),
    /// Make or check a proof of verifiable randomness
    #[command(subcommand)]
    Ecvrf(crate::ecvrf::Command),
    /// Write a proof the way an Ethereum contract checks it
    EvmProof(crate::evm_proof::Args),
    /// Make a node's secret seed, show its public keys, or look after its API keys
    #[command(subcommand)]
    Keys(crate::keys::Command),
    /// Say which sealed core may run: write, sign and check its manifest
    #[command(subcommand)]
    Manifest(crate::manifest::Command),
    /// Back the node's seeds, log and API keys up, and restore them
    #[command(subcommand)]
    Backup(crate::backup::Command),
    /// Copy, check and watch the log of a node's answers
    #[command(subcommand)]
    Log(crate::log::Command),
    /// Look at nodes once, as often as cron says, and tell somebody when something changes
    Monitor(crate::monitor::Args),
    /// Cosign a log's checkpoints as long as it takes nothing back
    #[command(subcommand)]
    Witness(crate::witness::Command),
    /// Check the files of a release before they are used
    #[command(subcommand)]
    Release(crate::release::Command),
    /// Check, update and take back a node in containers
    #[command(subcommand)]
    Deploy(crate::deploy::Command),
    /// Run an unpacked release on this machine
    #[command(subcommand)]
    Install(crate::install::Command),
    /// Screen the raw samples of a noise source: their min-entropy and the health tests
    Assess(crate::assess::Args),
    /// Test every cryptographic building block against known answers
    Selftest(crate::selftest::Args),
    /// Print a script that lets your shell complete r4's commands
    Completions(crate::completions::Args),
}
