//! `r4 keys split` and `r4 keys combine`: a seed as shares for paper, of which some make it again
//! (Shamir's secret sharing over GF(256), byte by byte).

mod share;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use blahaj::Sharks;
use clap::ValueHint;
use r4_keystore::keys::NodeKeys;
use r4_keystore::seed::{RootSeed, SEED_BYTES};
use r4_receipt::KeyHash;
use serde_json::json;
use zeroize::Zeroizing;

use self::share::{MAGIC, Share};
use crate::exit::{Error, Exit};
use crate::input::Source;
use crate::{hexadecimal, output, secret_file};

/// Help of `r4 keys split`.
pub(crate) const SPLIT_HELP: &str = "\
Examples:
  r4 keys split --seed root.seed --needed 2 --shares 3 --out shares
  docker compose exec r4-vrf r4 keys split --seed /var/lib/r4/root.seed --needed 2 --shares 3

Writes share-1.txt, share-2.txt .. into the folder (mode 0600), or to standard output: a few lines
each, to be printed and kept in different places. Any --needed of them make the seed again; fewer
say nothing about it. A share names its set, the key id of the seed and a checksum, so that a
mistyped share, or one of another set, is refused by r4 keys combine. Delete the files afterwards.

The log's seed is split in the same way (--seed log.seed): it has shares of its own.

Exit codes: 0 written; 2 the seed cannot be used (it must have mode 0600), or a file exists.";

/// Help of `r4 keys combine`.
pub(crate) const COMBINE_HELP: &str = "\
Examples:
  r4 keys combine --out root.seed share-1.txt share-3.txt
  cat typed-in.txt | r4 keys combine --out root.seed -

A file may hold several shares. The seed is written to a new file (mode 0600) once its keys have the
key id that stands on the shares, and the key hash of --key-hash where that is given.

Exit codes: 0 written; 1 the shares do not make the seed that they name; 2 a share is damaged, they
are of different sets or too few, or the file exists.";

/// Arguments of `r4 keys split`.
#[derive(Debug, clap::Args)]
pub(crate) struct SplitArgs {
    /// The file that holds the seed
    #[arg(long, value_name = "FILE")]
    seed: PathBuf,
    /// How many shares make the seed
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u8).range(2..=255))]
    needed: u8,
    /// How many shares to make
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(2..=255))]
    shares: u8,
    /// The folder for the shares (standard output)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    out: Option<PathBuf>,
}

/// Arguments of `r4 keys combine`.
#[derive(Debug, clap::Args)]
pub(crate) struct CombineArgs {
    /// Files with shares, or - for standard input
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
    files: Vec<OsString>,
    /// The new file of the seed (mode 0600)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The key hash that the seed must have
    #[arg(long, value_name = "HASH", value_parser = hexadecimal::key_hash)]
    key_hash: Option<KeyHash>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Most bytes of a file of shares.
const MOST_BYTES: u64 = 128 * 1024;

/// Splits a seed.
///
/// # Errors
/// The seed cannot be used, or a share cannot be written.
pub(crate) fn split(args: &SplitArgs) -> Result<Exit, Error> {
    if args.needed > args.shares {
        let reason = format!("{} shares cannot be needed of {}", args.needed, args.shares);
        return Err(Error::Unusable(reason));
    }
    let seed = RootSeed::load(&args.seed).map_err(|e| Error::Unusable(e.to_string()))?;
    let key_id = *key_hash(&seed)?.key_id().as_bytes();
    let mut set = [0; 4];
    getrandom::fill(&mut set).map_err(|e| Error::Unusable(e.to_string()))?;
    let dealt = Sharks(args.needed).dealer(seed.bytes()).take(args.shares.into());
    for (number, dealt) in (1..=args.shares).zip(dealt) {
        let raw = Zeroizing::new(Vec::from(&dealt));
        let bytes =
            raw.split_first().and_then(|(x, y)| (*x == number).then(|| y.try_into().ok())?);
        let bytes =
            bytes.ok_or_else(|| Error::failed("a share has another form than it should"))?;
        let bytes = Zeroizing::new(bytes);
        let (shares, needed) = (args.shares, args.needed);
        let text = Share { number, shares, needed, set, key_id, bytes }.text();
        match &args.out {
            Some(folder) => {
                let path = folder.join(format!("share-{number}.txt"));
                secret_file::create_bytes(&path, text.as_bytes())?;
            }
            None => output::print(&text)?,
        }
    }
    let told = format!(
        "set {}: {} shares, any {} of them make the seed of key {}; keep them in different places",
        hex::encode(set),
        args.shares,
        args.needed,
        hex::encode(key_id)
    );
    output::note(&told);
    Ok(Exit::Success)
}

/// Makes the seed of shares.
///
/// # Errors
/// The shares cannot be used, do not make their seed, or it cannot be written.
pub(crate) fn combine(args: &CombineArgs) -> Result<Exit, Error> {
    let seed = recover(&read(&args.files)?)?;
    let found = key_hash(&seed)?;
    if let Some(wanted) = args.key_hash.filter(|wanted| *wanted != found) {
        return Err(Error::failed(format!("the shares make the seed of {found}, not of {wanted}")));
    }
    seed.store(&args.out).map_err(|error| {
        let there = args.out.symlink_metadata().is_ok();
        if there { Error::exists(&args.out) } else { Error::Unusable(error.to_string()) }
    })?;
    if args.json {
        let file = args.out.display().to_string();
        output::print_json(&json!({ "file": file, "key_hash": found.to_string() }))?;
    } else {
        output::note(&format!("wrote {}; keep it secret", args.out.display()));
        output::print(&format!("key_hash: {found}\n"))?;
    }
    Ok(Exit::Success)
}

/// Reads all shares of the files, by their numbers, with the name of their file.
fn read(files: &[OsString]) -> Result<BTreeMap<u8, (String, Share)>, Error> {
    let mut shares: BTreeMap<u8, (String, Share)> = BTreeMap::new();
    for file in files {
        let source = Source::from(file.clone());
        let name = source.to_string();
        let bytes = Zeroizing::new(source.read("shares of a seed", MOST_BYTES)?);
        let refuse = |reason: &str| Error::unusable(&name, reason);
        let text = std::str::from_utf8(&bytes).map_err(|_| refuse("it is not text"))?;
        let begun = text.trim_start().strip_prefix(MAGIC);
        let parts = begun.ok_or_else(|| refuse("it does not begin with r4-seed-share/v1"))?;
        for part in parts.split(MAGIC) {
            let part = Zeroizing::new(format!("{MAGIC}{part}"));
            let share = Share::parse(&part).map_err(refuse)?;
            let number = share.number;
            if shares.contains_key(&number) {
                return Err(refuse(&format!("share {number} was given already")));
            }
            shares.insert(number, (name.clone(), share));
        }
    }
    Ok(shares)
}

fn recover(shares: &BTreeMap<u8, (String, Share)>) -> Result<RootSeed, Error> {
    let mut all = shares.values();
    let Some((first_name, first)) = all.next() else {
        return Err(Error::Unusable("there are no shares".to_owned()));
    };
    let set = |share: &Share| (share.set, share.key_id, share.needed, share.shares);
    if let Some((name, other)) = all.find(|(_, share)| set(share) != set(first)) {
        return Err(Error::Unusable(format!(
            "the shares are of different sets, which do not mix: {first_name} is of set {} of key \
             {}, {name} is of set {} of key {}",
            hex::encode(first.set),
            hex::encode(first.key_id),
            hex::encode(other.set),
            hex::encode(other.key_id),
        )));
    }
    let (given, needed) = (shares.len(), first.needed);
    if given < usize::from(needed) {
        return Err(Error::Unusable(format!("{needed} shares are needed, {given} given")));
    }
    let dealt = shares.values().map(|(_, share)| {
        let raw = Zeroizing::new([&[share.number], share.bytes.as_slice()].concat());
        blahaj::Share::try_from(raw.as_slice()).map_err(|e| Error::Unusable(e.to_owned()))
    });
    let dealt = dealt.collect::<Result<Vec<_>, _>>()?;
    let scheme = Sharks(needed);
    let recovered = scheme.recover(&dealt);
    let recovered = Zeroizing::new(recovered.map_err(|e| Error::Unusable(e.to_owned()))?);
    let bytes = <[u8; SEED_BYTES]>::try_from(recovered.as_slice());
    let bytes = bytes.map_err(|_| Error::failed("the shares make no seed"))?;
    let seed = RootSeed::from_bytes(Zeroizing::new(bytes));
    if *key_hash(&seed)?.key_id().as_bytes() == first.key_id {
        return Ok(seed);
    }
    Err(Error::failed(format!(
        "the shares do not make the seed of key {}, which they name: one of them is not of this set",
        hex::encode(first.key_id)
    )))
}

fn key_hash(seed: &RootSeed) -> Result<KeyHash, Error> {
    let keys = NodeKeys::derive(seed).map_err(|e| Error::Unusable(e.to_string()))?;
    Ok(keys.public_keys().key_set().key_hash())
}
