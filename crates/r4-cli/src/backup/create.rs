//! `r4 backup create`.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use r4_keystore::note_keys::NoteKeys;
use r4_keystore::restored::Restored;
use r4_keystore::seed::RootSeed;
use r4_keystore::state::LOG_SEED_FILE;
use r4_logstore::CopyPoint;
use r4_receipt::KeyHash;
use r4_service::clock::unix_now;
use r4_service::config::Env;
use r4_tlog::SignedCheckpoint;
use serde_json::json;

use super::archive::{GATEWAY, Hashed, Writer};
use super::epochs::{Epochs, root_key};
use super::files::add_state;
use super::manifest::{Gateway, Manifest, Subject, archive_of, manifest_of, name};
use super::retention::Keep;
use super::store::Store;
use super::{LAST_FILE, StoreArgs, state_dir};
use crate::api_keys::{AdminArgs, Client, Snapshot, TOKEN_FILE};
use crate::atomic_file;
use crate::exit::{Error, Exit};
use crate::output;

/// Arguments of `r4 backup create`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    store: StoreArgs,
    /// The state folder of r4-vrf.
    #[arg(long, value_name = "DIR")]
    #[arg(help = "The state folder of r4-vrf (R4_STATE_DIR, or /var/lib/r4)")]
    state: Option<PathBuf>,
    /// The gateway's state folder, with the token of its admin API.
    #[arg(long, value_name = "DIR")]
    #[arg(help = "The gateway's state, for its admin token (R4_GATEWAY_STATE_DIR)")]
    gateway_state: Option<PathBuf>,
    /// The gateway's admin API.
    #[arg(long, value_name = "URL")]
    #[arg(help = "The gateway's admin API (R4_ADMIN_URL, or http://127.0.0.1:8084)")]
    admin: Option<String>,
    /// Leave the gateway's API keys out
    #[arg(long, conflicts_with_all = ["gateway_state", "admin"])]
    without_gateway: bool,
    /// Who can read it.
    #[arg(long, value_name = "RECIPIENT")]
    #[arg(help = "Who can read it, age1…; may be repeated (R4_BACKUP_RECIPIENT)")]
    recipient: Vec<String>,
    #[command(flatten)]
    keep: Keep,
    /// Print the manifest as JSON
    #[arg(long)]
    json: bool,
}

/// Makes a backup, checks what was written, and removes those that need not be kept.
///
/// # Errors
/// Something cannot be read or written; then there is no new backup, and no old one is gone.
pub(super) fn run(args: &Args) -> Result<Exit, Error> {
    let mut env = Env::from_process();
    let state = state_dir(args.state.as_deref(), &mut env);
    let store = args.store.open(&mut env)?;
    let recipients = recipients(args, &mut env)?;
    let _lock = super::lock(&state)?;
    if Restored::read(&state).map_err(|e| Error::Unusable(e.to_string()))?.is_some() {
        let reason = "it was restored and has not gone on since: first r4 backup resume";
        return Err(Error::unusable(state.display(), reason));
    }
    let gateway = ask_gateway(args, &mut env)?;
    let manifest = make(&state, &store, &recipients, gateway)?;
    let last = json!({ "time": manifest.time, "log_size": manifest.log_size });
    atomic_file::keep(&state.join(LAST_FILE), format!("{last}\n").as_bytes())?;
    let removed = args.keep.apply(&store, &manifest)?;
    let name = manifest.name().unwrap_or_default();
    if args.json {
        output::print(&manifest.to_json()?)?;
    } else {
        output::print(&format!("{name}\n"))?;
        let size = manifest.log_size;
        output::note(&format!("{store}: written and checked, with {size} entries of the log"));
        for name in removed {
            output::note(&format!("removed {name}"));
        }
    }
    Ok(Exit::Success)
}

fn recipients(args: &Args, env: &mut Env) -> Result<Vec<age::x25519::Recipient>, Error> {
    let set = env.text("R4_BACKUP_RECIPIENT").unwrap_or_default();
    let set = set.split([',', ' ']).filter(|word| !word.is_empty()).map(str::to_owned);
    let named = if args.recipient.is_empty() { set.collect() } else { args.recipient.clone() };
    if named.is_empty() {
        return Err(Error::Unusable(
            "nobody could read the backup: name an age recipient with --recipient or \
             R4_BACKUP_RECIPIENT; r4 backup keygen makes one"
                .to_owned(),
        ));
    }
    let parse = |text: &String| text.parse().map_err(|reason: &str| Error::unusable(text, reason));
    named.iter().map(parse).collect()
}

/// What is known of the gateway's keys.
enum Keys {
    Copy { length: u64, bytes: Box<dyn Read>, token: Option<PathBuf> },
    None(Gateway),
}

fn ask_gateway(args: &Args, env: &mut Env) -> Result<Keys, Error> {
    if args.without_gateway {
        return Ok(Keys::None(Gateway::LeftOut));
    }
    let folder = super::gateway_dir(args.gateway_state.as_deref(), env);
    let set = env.text("R4_ADMIN_TOKEN").or_else(|| env.text("R4_ADMIN_TOKEN_FILE")).is_some();
    if folder.is_none() && !set {
        return Err(Error::Unusable(
            "the gateway's API keys belong to a backup: say where its state is with --gateway-state \
             or R4_GATEWAY_STATE_DIR, or leave them out by --without-gateway"
                .to_owned(),
        ));
    }
    let token = folder.map(|folder| folder.join(TOKEN_FILE)).filter(|_| !set);
    let admin = AdminArgs { admin: args.admin.clone(), token_file: token.clone(), json: false };
    match Client::new(&admin)?.snapshot()? {
        Snapshot::Here { length, bytes } => Ok(Keys::Copy { length, bytes, token }),
        Snapshot::Elsewhere(why) => {
            output::note(&output::plain(&format!("not in this backup: {why}")));
            Ok(Keys::None(Gateway::Elsewhere))
        }
    }
}

fn make(
    state: &Path,
    store: &Store,
    recipients: &[age::x25519::Recipient],
    keys: Keys,
) -> Result<Manifest, Error> {
    let mut epochs = Epochs::default();
    let point = CopyPoint::find(state, epochs.reader());
    let point = point.map_err(|e| Error::Unusable(e.to_string()))?;
    let time = unix_now();
    let key_hash = owner(state, &point)?;
    if epochs.find(&key_hash).is_none() {
        return Err(changed());
    }
    let name = name(&key_hash, time).ok_or_else(|| Error::failed("the clock is wrong"))?;
    let (beginning, _) = name.rsplit_once('-').unwrap_or((&name, ""));
    store.sweep(beginning)?;
    let sink = store.create(&archive_of(&name))?;
    let mut writer = Writer::new(sink, recipients, time)?;
    add_state(&mut writer, state, &point)?;
    if root_key(state)? != key_hash {
        return Err(changed());
    }
    let gateway = add_gateway(&mut writer, keys)?;
    let (sink, size, sha256) = writer.finish()?;
    sink.finish()?;
    let CopyPoint { origin, scan, .. } = point;
    let subject = Subject { time, key_hash, origin, log_size: scan.entries, log_root: scan.root };
    let named = recipients.iter().map(ToString::to_string).collect();
    let manifest = Manifest::new(subject, gateway, named, (size, sha256));
    compare(store, &name, &manifest)?;
    store.put(&manifest_of(&name), manifest.to_json()?.as_bytes())?;
    Ok(manifest)
}

/// Another root seed took over while the folder was read.
fn changed() -> Error {
    Error::Unusable("the root seed is being replaced just now: try again in a moment".to_owned())
}

/// Checks that the seeds and the log are of one node; returns its key hash.
fn owner(state: &Path, point: &CopyPoint) -> Result<KeyHash, Error> {
    let unusable = |e: &dyn std::fmt::Display| Error::Unusable(e.to_string());
    let log = RootSeed::load(&state.join(LOG_SEED_FILE)).map_err(|e| unusable(&e))?;
    let notes = NoteKeys::log(&log, &point.origin).map_err(|e| unusable(&e))?;
    let signed = SignedCheckpoint::parse(&point.published.text).map_err(|e| unusable(&e))?;
    for key in notes.verifier_keys() {
        signed.verify(key).map_err(|e| {
            Error::unusable(state.display(), format!("its log.seed did not sign its log: {e}"))
        })?;
    }
    root_key(state)
}

fn add_gateway(writer: &mut Writer, keys: Keys) -> Result<Gateway, Error> {
    let (length, bytes, token) = match keys {
        Keys::None(why) => return Ok(why),
        Keys::Copy { length, bytes, token } => (length, bytes, token),
    };
    writer.add(&format!("{GATEWAY}/r4.redb"), length, bytes)?;
    if let Some(path) = token {
        let fail = |e: io::Error| Error::unusable(path.display(), e);
        let file = File::open(&path).map_err(fail)?;
        let size = file.metadata().map_err(fail)?.len();
        writer.add(&format!("{GATEWAY}/{TOKEN_FILE}"), size, file)?;
    }
    Ok(Gateway::Included)
}

/// Reads the archive again and compares it with what was written.
fn compare(store: &Store, name: &str, manifest: &Manifest) -> Result<(), Error> {
    let mut archive = Hashed::new(store.open(&archive_of(name), manifest.size)?);
    io::copy(&mut archive, &mut io::sink()).map_err(|e| Error::unusable(name, e))?;
    let (_, size, sha256) = archive.finish();
    if (size, &sha256) == (manifest.size, &manifest.sha256) {
        return Ok(());
    }
    drop(store.remove(&archive_of(name)));
    Err(Error::failed(format!("{store} does not hold what was written to {name}")))
}
