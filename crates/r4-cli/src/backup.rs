//! `r4 backup`: the node's seeds, its log and its API keys, encrypted, in a folder or a bucket; and
//! back again.

mod archive;
mod create;
mod epochs;
mod files;
mod keygen;
mod list;
mod manifest;
mod restore;
mod resume;
mod retention;
mod store;
mod verify;

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueHint};
use r4_keystore::handover;
use r4_receipt::KeyHash;
use r4_service::config::Env;
use zeroize::Zeroizing;

use self::store::Store;
use crate::atomic_file::FileLock;
use crate::exit::{Error, Exit};
use crate::input::Source;

/// Held by the one command that reads or writes a state folder.
const LOCK_FILE: &str = "backup.lock";
/// In the state folder: when the last good backup was made, for r4-vrf's metrics.
const LAST_FILE: &str = "last-backup.json";
/// Where the state is when nobody says.
const STATE_DIR: &str = "/var/lib/r4";
/// Most bytes of a file of secrets.
const MOST_SECRET: u64 = 64 * 1024;

const CREATE_HELP: &str = "\
Examples:
  r4 backup create --store /srv/backups --recipient age1… --gateway-state /var/lib/r4-gateway
  r4 backup create --store s3://bucket/r4 --keep-last 7 --keep-daily 30
  docker compose run --rm -T --no-deps r4-backup create --keep-daily 30

The node may serve meanwhile. A backup has the seeds, the log and the gateway's API keys with what
they used, encrypted to age recipients, and a small manifest in clear. It is read again and compared
before it counts, and before an older one is removed. Its name goes to standard output.

Environment, where a flag is not given:
  R4_BACKUP_STORE  R4_BACKUP_RECIPIENT  R4_STATE_DIR  R4_GATEWAY_STATE_DIR
  R4_ADMIN_URL, R4_ADMIN_TOKEN          as for r4 keys list
  R4_BACKUP_S3_ENDPOINT                 of a store that is not Amazon's, such as https://host
  R4_BACKUP_S3_REGION                   (us-east-1)
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
  R4_BACKUP_S3_CREDENTIALS_FILE         instead of these: id and secret, a line each, mode 0600

Exit codes: 0 made; 1 what was written is not what is there; 2 something cannot be read or written.";

const VERIFY_HELP: &str = "\
Examples:
  r4 backup verify --store /srv/backups --identity identity.txt
  r4 backup verify --store s3://bucket/r4 --identity - NAME < identity.txt

Decrypts a backup (the newest one, if none is named) without writing anything, and checks that it is
what its manifest says; that every file has its hash; that the root seed has the key hash, and that
the log announces it; that the log's seed signed the checkpoint, and the journal has its root.

A backup is not signed: whoever may write to the store can put another node's there. --key-hash says
which one it must be.

Exit codes: 0 all of it holds; 1 something does not; 2 it cannot be read, or not by this identity.";

const RESTORE_HELP: &str = "\
Examples:
  r4 backup restore --store /srv/backups --identity identity.txt --gateway-state /var/lib/r4-gateway
  docker compose run --rm -T r4-restore restore --identity - --last URL < identity.txt

Both folders must be empty. All that r4 backup verify checks is checked; if it does not hold, the
folders are empty again. Then r4-vrf refuses to start until it was said what became of the receipts
that were given out after the backup: here with --last or --close, or later by r4 backup resume.

Exit codes: 0 restored; 1 the backup does not hold; 2 it cannot be read, or a folder is not empty.";

const RESUME_HELP: &str = "\
Examples:
  r4 backup resume --last mirror
  r4 backup resume --last https://mirror.example.org/log
  r4 backup resume --close
  r4 backup resume --last mirror --close

Receipts that were given out after the backup have indexes that the restored log does not know, and
no index may be given out twice. Say one of these:

--last: where the log ended. It must be the last checkpoint under which anything was given out: that
of a mirror (r4 log mirror) that was brought up to date after the node had stopped, or the same
checkpoint as the backup's. Entries after the backup are taken from the mirror. If the log went on
after that checkpoint, its receipts prove a fork to everyone: then say --close.

--close: later entries are lost. The log ends; it moves to closed/ in the state folder, with the
keys.json that verifies its receipts for ever. r4-vrf begins a new log, with new keys, under the new
name that you set as R4_LOG_ORIGIN.

Exit codes: 0 r4-vrf may start; 1 the checkpoint is not one of this log, is older than the backup,
or entries are missing; 2 the state was not restored, or cannot be used.";

const LIST_HELP: &str = "\
Examples:
  r4 backup list --store /srv/backups
  r4 backup list --store s3://bucket/r4 --json | jq -r '.[0].name'

The newest comes first. What was not finished is not a backup, and is named on standard error.

Exit codes: 0 listed; 2 the store cannot be read.";

const KEYGEN_HELP: &str = "\
Examples:
  r4 backup keygen --out identity.txt
  age-keygen -o identity.txt      is as good

Makes an age identity, as age-keygen does. The recipient, age1…, is public: it goes to standard
output, and into R4_BACKUP_RECIPIENT on the node. The file is what reads the backups: keep it, and a
copy of it, off the node.

Exit codes: 0 made; 2 the file exists or cannot be written.";

/// The commands under `r4 backup`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a backup, also while the node serves
    #[command(after_help = CREATE_HELP)]
    Create(create::Args),
    /// Check a backup without restoring it
    #[command(after_help = VERIFY_HELP)]
    Verify(verify::Args),
    /// Put a backup into empty folders
    #[command(after_help = RESTORE_HELP)]
    Restore(restore::Args),
    /// Say what became of the receipts after a backup, so that a restored node may start
    #[command(after_help = RESUME_HELP)]
    Resume(resume::Args),
    /// List the backups
    #[command(after_help = LIST_HELP)]
    List(list::Args),
    /// Make the identity that reads the backups
    #[command(after_help = KEYGEN_HELP)]
    Keygen(keygen::Args),
}

/// Where the backups are.
#[derive(Debug, clap::Args)]
struct StoreArgs {
    /// A folder, or a part of a bucket.
    #[arg(long, value_name = "PLACE", value_hint = ValueHint::AnyPath)]
    #[arg(help = "A folder or s3://bucket/prefix (R4_BACKUP_STORE)")]
    store: Option<String>,
}

impl StoreArgs {
    fn open(&self, env: &mut Env) -> Result<Store, Error> {
        let named = self.store.clone().or_else(|| env.text("R4_BACKUP_STORE"));
        let named = named.ok_or_else(|| {
            Error::Unusable("say where backups are with --store or R4_BACKUP_STORE".to_owned())
        })?;
        Store::new(&named, env)
    }
}

/// Who reads a backup.
#[derive(Debug, clap::Args)]
struct IdentityArg {
    /// The file with the age identity (- for standard input)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    identity: Source,
}

impl IdentityArg {
    fn read(&self) -> Result<Vec<Box<dyn age::Identity>>, Error> {
        verify::identities(&self.identity)
    }
}

/// Runs one of the commands.
///
/// # Errors
/// What cannot be used, or what does not hold.
pub(crate) fn run(command: &Command) -> Result<Exit, Error> {
    match command {
        Command::Create(args) => create::run(args),
        Command::Verify(args) => verify::run(args),
        Command::Restore(args) => restore::run(args),
        Command::Resume(args) => resume::run(args),
        Command::List(args) => list::run(args),
        Command::Keygen(args) => keygen::run(args),
    }
}

/// Tells whether the node of a state folder has or had an epoch, or has announced it.
///
/// # Errors
/// The folder cannot be used.
pub(crate) fn has_epoch(state: &Path, key_hash: &KeyHash) -> Result<bool, Error> {
    if epochs::root_key(state)? == *key_hash {
        return Ok(true);
    }
    Ok(epochs::Epochs::of_journal(state)?.find(key_hash).is_some())
}

/// Returns the key hash of the seed that is to follow, if there is one.
///
/// # Errors
/// It cannot be used.
pub(crate) fn next_key(state: &Path) -> Result<Option<KeyHash>, Error> {
    let seed = handover::next_seed(state).map_err(|e| Error::Unusable(e.to_string()))?;
    seed.as_ref().map(epochs::key_hash).transpose()
}

/// Returns the state folder: the one named, or `R4_STATE_DIR`, or where it is in the container.
pub(crate) fn state_dir(named: Option<&Path>, env: &mut Env) -> PathBuf {
    let set = named.map(Path::to_owned).or_else(|| env.text("R4_STATE_DIR").map(PathBuf::from));
    set.unwrap_or_else(|| PathBuf::from(STATE_DIR))
}

/// Returns the gateway's state folder: the one named, or that of the environment.
fn gateway_dir(named: Option<&Path>, env: &mut Env) -> Option<PathBuf> {
    named.map(Path::to_owned).or_else(|| env.text("R4_GATEWAY_STATE_DIR").map(PathBuf::from))
}

/// Keeps other backups and restores away from a state folder, as long as the lock lives.
fn lock(state: &Path) -> Result<FileLock, Error> {
    let busy = "another r4 backup is at work on this state folder";
    FileLock::of(&state.join(LOCK_FILE), state, busy)
}

/// Reads a small file of text that nobody else may read.
fn secret_text(path: &Path) -> Result<Zeroizing<String>, Error> {
    let refuse = |e: io::Error| Error::unusable(path.display(), format!("it cannot be read: {e}"));
    let file = File::open(path).map_err(refuse)?;
    let mode = file.metadata().map_err(refuse)?.mode() & 0o7777;
    if mode & 0o077 != 0 {
        let reason = format!("its mode is {mode:04o}, so others may read it; it must be 0600");
        return Err(Error::unusable(path.display(), reason));
    }
    let most = usize::try_from(MOST_SECRET).unwrap_or_default();
    let mut text = Zeroizing::new(String::with_capacity(most));
    file.take(MOST_SECRET).read_to_string(&mut text).map_err(refuse)?;
    Ok(text)
}
