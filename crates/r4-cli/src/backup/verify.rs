//! `r4 backup verify`, and what must hold of every backup that is restored.

use std::io::{self, Write};

use r4_keystore::note_keys::NoteKeys;
use r4_receipt::KeyHash;
use r4_service::config::Env;

use super::archive::{self, Found};
use super::manifest::{Gateway, Manifest, archive_of};
use super::store::Store;
use super::{IdentityArg, StoreArgs, epochs};
use crate::exit::{Error, Exit};
use crate::output::{self, Tone, paint};
use crate::{hexadecimal, input};

/// A backup, and who reads it.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// The backup (the newest one)
    name: Option<String>,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    identity: IdentityArg,
    /// The key hash that its root seed must have
    #[arg(long, value_name = "HASH", value_parser = hexadecimal::key_hash)]
    key_hash: Option<KeyHash>,
}

/// A backup that was found, and can be read.
pub(super) struct Backup {
    store: Store,
    /// Its name.
    pub(super) name: String,
    /// What is said of it in clear.
    pub(super) manifest: Manifest,
    identities: Vec<Box<dyn age::Identity>>,
}

/// Arguments of `r4 backup verify`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
    /// Print the manifest as JSON
    #[arg(long)]
    json: bool,
}

/// Checks a backup, without writing anything.
///
/// # Errors
/// It does not hold, or cannot be read.
pub(super) fn run(args: &Args) -> Result<Exit, Error> {
    let backup = args.which.find(&mut Env::from_process())?;
    let (found, _) = backup.read(|_| Ok(Box::new(io::sink())))?;
    let Backup { name, manifest, .. } = backup;
    if args.json {
        output::print(&manifest.to_json()?)?;
    } else {
        output::print(&format!(
            "{} {name}: {} files, the log of {} entries, {}\n",
            paint(Tone::Good, "✓"),
            found.files(),
            manifest.log_size,
            match manifest.gateway {
                Gateway::Included => "the gateway's API keys",
                Gateway::Elsewhere => "no API keys (they are in PostgreSQL, or nowhere)",
                Gateway::LeftOut => "no API keys (they were left out)",
            }
        ))?;
    }
    Ok(Exit::Success)
}

impl Which {
    /// Finds the backup.
    ///
    /// # Errors
    /// There is none, it has another key hash, or nobody is there who could read it.
    pub(super) fn find(&self, env: &mut Env) -> Result<Backup, Error> {
        let store = self.store.open(env)?;
        let (name, manifest) = store.find(self.name.as_deref())?;
        if let Some(wanted) = self.key_hash.filter(|hash| hash.to_string() != manifest.key_hash) {
            let reason = format!("{name} is of the key {}, not of {wanted}", manifest.key_hash);
            return Err(Error::failed(reason));
        }
        Ok(Backup { store, name, manifest, identities: self.identity.read()? })
    }
}

impl Backup {
    /// Reads it, gives its files to what `place` returns, and checks all of it; also returns how many
    /// octets its journal has.
    ///
    /// # Errors
    /// It does not hold, or cannot be read; what `place` refuses.
    pub(super) fn read(
        &self,
        place: impl FnMut(&str) -> Result<Box<dyn Write>, Error>,
    ) -> Result<(Found, u64), Error> {
        let Self { store, name, manifest, identities } = self;
        let archive = store.open(&archive_of(name), manifest.size)?;
        let found = archive::read(io::BufReader::new(archive), identities, place)?;
        if (found.size, &found.sha256) != (manifest.size, &manifest.sha256) {
            return Err(Error::failed(format!("{name}: the archive is not that of the manifest")));
        }
        let journal_bytes = check(name, manifest, &found)?;
        Ok((found, journal_bytes))
    }
}

fn check(name: &str, manifest: &Manifest, found: &Found) -> Result<u64, Error> {
    let fail = |reason: &str| Error::failed(format!("{name}: {reason}"));
    let root = found.root.as_ref().ok_or_else(|| fail("it has no root seed"))?;
    let key_hash = epochs::key_hash(root)?;
    if key_hash.to_string() != manifest.key_hash {
        return Err(fail("the root seed has not the key hash of the manifest"));
    }
    let scan = found.scan.as_ref().ok_or_else(|| fail("it has no journal"))?;
    if found.epochs.find(&key_hash).is_none() {
        return Err(fail("the log does not announce the keys of the root seed"));
    }
    let signed = found.checkpoint.as_ref().ok_or_else(|| fail("it has no checkpoint"))?;
    let log = found.log.as_ref().ok_or_else(|| fail("it has no seed of the log"))?;
    let notes = NoteKeys::log(log, &signed.checkpoint.origin).map_err(Error::failed)?;
    for key in notes.verifier_keys() {
        let reason = |e| fail(&format!("the seed of the log did not sign its checkpoint: {e}"));
        signed.verify(key).map_err(reason)?;
    }
    if let Some(why) = scan.flaw {
        return Err(fail(&format!("the journal {why}")));
    }
    if scan.early != Some(signed.checkpoint.root) {
        return Err(fail("the journal is not that of its signed checkpoint"));
    }
    let said = (scan.entries, hexadecimal::show(&scan.root));
    if said != (manifest.log_size, manifest.log_root.clone())
        || signed.checkpoint.origin != manifest.origin
    {
        return Err(fail("the log is not that of the manifest"));
    }
    if (manifest.gateway == Gateway::Included) != found.has("gateway/r4.redb") {
        return Err(fail("it has not the API keys that the manifest tells of"));
    }
    Ok(scan.bytes)
}

/// Reads identities: lines of AGE-SECRET-KEY-1… and comments.
///
/// # Errors
/// Others may read the file, or it holds none.
pub(super) fn identities(source: &input::Source) -> Result<Vec<Box<dyn age::Identity>>, Error> {
    let text = match source {
        input::Source::File(path) => super::secret_text(path)?,
        input::Source::Stdin => {
            let bytes = source.read("an age identity", super::MOST_SECRET)?;
            let text = String::from_utf8(bytes);
            text.map_err(|_| Error::unusable(source, "it is not text"))?.into()
        }
    };
    let refuse = |reason: String| Error::unusable(source, reason);
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let parse = |line: &str| -> Result<Box<dyn age::Identity>, Error> {
        let identity: age::x25519::Identity = line.parse().map_err(|_| {
            refuse("it must hold lines that begin with AGE-SECRET-KEY-1".to_owned())
        })?;
        Ok(Box::new(identity))
    };
    let identities = lines.map(parse).collect::<Result<Vec<_>, _>>()?;
    if identities.is_empty() {
        return Err(refuse("there is no identity in it".to_owned()));
    }
    Ok(identities)
}
