//! `r4 keys`: the root seed of a node, the public keys that come from it, and the API keys of its
//! gateway.

mod revoke_epoch;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use r4_keystore::keys::NodeKeys;
use r4_keystore::seed::{RootSeed, SEED_BYTES, SeedError};
use r4_receipt::keys_document::KeysDocument;
use r4_sign::ecdsa::VerifyingKey;
use serde_json::json;

use crate::exit::{Error, Exit};
use crate::{api_keys, output, secret_file, seed_shares};

const GENERATE_HELP: &str = "\
Examples:
  r4 keys generate --out root.seed
  r4 keys generate --out /var/lib/r4/next.seed     announces a new key epoch (docs/secrets.md)

The file is the one secret of the node: all its keys come from it. Whoever has it can sign as you.
Keep a copy off the machine. An existing file is never overwritten. A node makes its own seed at
its first start; you need this command only to know the public keys beforehand. A node that is
given this file in its state folder, as root.seed, says at its start what else it needs.

Exit codes: 0 written; 2 the file exists or cannot be written.";

const SHOW_HELP: &str = "\
Examples:
  r4 keys show --seed root.seed > keys.json
  r4 verify --keys keys.json receipt.json

The answer holds public keys only, in the form of the node's /keys.

Exit codes: 0 shown; 2 the seed cannot be used (it must have mode 0600).";

/// The commands under `r4 keys`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a new root seed
    #[command(after_help = GENERATE_HELP)]
    Generate(GenerateArgs),
    /// Show the public keys of a root seed
    #[command(after_help = SHOW_HELP)]
    Show(ShowArgs),
    /// Split a seed into shares for paper
    #[command(after_help = seed_shares::SPLIT_HELP)]
    Split(seed_shares::SplitArgs),
    /// Make a seed of its shares
    #[command(after_help = seed_shares::COMBINE_HELP)]
    Combine(seed_shares::CombineArgs),
    /// Revoke a key epoch whose seed others may have
    #[command(after_help = revoke_epoch::HELP)]
    RevokeEpoch(revoke_epoch::Args),
    /// Make an API key
    #[command(after_help = api_keys::CREATE_HELP)]
    Create(api_keys::CreateArgs),
    /// List the API keys
    #[command(after_help = api_keys::LIST_HELP)]
    List(api_keys::ListArgs),
    /// Replace an API key; old and new are both good for a while
    #[command(after_help = api_keys::ROTATE_HELP)]
    Rotate(api_keys::RotateArgs),
    /// Revoke an API key for good
    #[command(after_help = api_keys::REVOKE_HELP)]
    Revoke(api_keys::RevokeArgs),
    /// Show what an API key used
    #[command(after_help = api_keys::USAGE_HELP)]
    Usage(api_keys::UsageArgs),
    /// Show every change of API keys, and check that none was changed since
    #[command(after_help = api_keys::AUDIT_HELP)]
    Audit(api_keys::AuditArgs),
}

/// Arguments of `r4 keys generate`.
#[derive(Debug, clap::Args)]
pub(crate) struct GenerateArgs {
    /// The new file (mode 0600)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `r4 keys show`.
#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    /// The file that holds the root seed
    #[arg(long, value_name = "FILE")]
    seed: PathBuf,
    /// Print JSON, which the answer always is
    #[arg(long = "json")]
    _json: bool,
}

/// Runs one of the commands.
///
/// # Errors
/// The seed cannot be made, written, read or used; the admin API refuses, or is not there.
pub(crate) fn run(command: &Command) -> Result<Exit, Error> {
    match command {
        Command::Generate(args) => generate(args),
        Command::Show(args) => show_keys(args),
        Command::Split(args) => seed_shares::split(args),
        Command::Combine(args) => seed_shares::combine(args),
        Command::RevokeEpoch(args) => revoke_epoch::run(args),
        Command::Create(args) => api_keys::create(args),
        Command::List(args) => api_keys::list(args),
        Command::Rotate(args) => api_keys::rotate(args),
        Command::Revoke(args) => api_keys::revoke(args),
        Command::Usage(args) => api_keys::usage(args),
        Command::Audit(args) => api_keys::audit(args),
    }
}

fn generate(args: &GenerateArgs) -> Result<Exit, Error> {
    let seed = RootSeed::create(&args.out).map_err(refuse)?;
    let keys = derive(&seed, &args.out)?;
    let public = keys.public_keys();
    let key_hash = public.key_set().key_hash().to_string();
    let signer = VerifyingKey::from_bytes(&public.ecdsa)
        .map_err(|e| Error::unusable(args.out.display(), e))?
        .address()
        .to_string();
    if args.json {
        let file = args.out.display().to_string();
        output::print_json(&json!({ "file": file, "key_hash": key_hash, "signer": signer }))?;
    } else {
        output::note(&format!("wrote {}; keep it secret, and keep a copy", args.out.display()));
        output::print(&format!("key_hash: {key_hash}\nsigner: {signer}\n"))?;
    }
    Ok(Exit::Success)
}

fn show_keys(args: &ShowArgs) -> Result<Exit, Error> {
    let seed = RootSeed::load(&args.seed).map_err(refuse)?;
    let keys = derive(&seed, &args.seed)?;
    let document = KeysDocument::of_active(keys.public_keys(), None);
    output::print(&format!("{}\n", document.to_json().trim_end()))?;
    Ok(Exit::Success)
}

fn derive(seed: &RootSeed, path: &Path) -> Result<NodeKeys, Error> {
    NodeKeys::derive(seed).map_err(|e| Error::unusable(path.display(), e))
}

/// Says what is wrong with the file. What a node should do about a seed of the wrong length is no
/// advice for someone who may have named the wrong file.
fn refuse(error: SeedError) -> Error {
    match error {
        SeedError::Create { path, cause } if cause.kind() == ErrorKind::AlreadyExists => {
            Error::exists(&path)
        }
        SeedError::Length { path, got } => {
            let hex = secret_file::read(&path).is_ok();
            let hint = if hex { "; this looks like hexadecimal digits" } else { "" };
            let reason = format!("a seed is {SEED_BYTES} raw bytes, not {got}{hint}");
            Error::unusable(path.display(), reason)
        }
        other => Error::Unusable(other.to_string()),
    }
}
