//! `r4 keys revoke-epoch`: the secrets of an epoch are in other hands.

use std::path::PathBuf;

use clap::ValueHint;
use r4_keystore::revoked;
use r4_receipt::KeyHash;
use r4_service::config::Env;

use crate::backup;
use crate::exit::{Error, Exit};
use crate::output::note;

/// Help of `r4 keys revoke-epoch`.
pub(crate) const HELP: &str = "\
Examples:
  docker compose exec r4-vrf r4 keys revoke-epoch 0x23d9…
  r4 keys revoke-epoch 0x23d9… --state /var/lib/private/r4-vrf

Within a second r4-vrf shows the epoch as revoked in /keys, so that none of its receipts verifies
any more with keys that are fetched from then on, and signs nothing until another epoch begins:
announce one at once, if none is (docs/secrets.md, Root seed). One that signs no more can be
revoked, too, and one that is announced, which then never signs. It cannot be taken back. The key
hash is the one in /keys.

Exit codes: 0 revoked; 2 no epoch of this node has these keys, or the state cannot be used.";

/// Arguments of `r4 keys revoke-epoch`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The key hash of the epoch: 0x and 64 digits
    key_hash: String,
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    #[arg(help = "The state folder of r4-vrf (R4_STATE_DIR, or /var/lib/r4)")]
    state: Option<PathBuf>,
}

/// Notes the epoch as revoked.
///
/// # Errors
/// It is none of this node, or the state folder cannot be used.
pub(crate) fn run(args: &Args) -> Result<Exit, Error> {
    let key_hash = KeyHash::parse(&args.key_hash)
        .map_err(|error| Error::Unusable(format!("{error}: take the one of the epoch in /keys")))?;
    let state = backup::state_dir(args.state.as_deref(), &mut Env::from_process());
    if !backup::has_epoch(&state, &key_hash)? {
        let reason = format!("no epoch of this node has the key hash {key_hash}");
        return Err(Error::unusable(state.display(), reason));
    }
    revoked::add(&state, key_hash).map_err(|error| Error::Unusable(error.to_string()))?;
    note(&format!(
        "revoked {key_hash}: r4-vrf sees it within a second. Back the state up, and tell who pinned it"
    ));
    if backup::next_key(&state)? == Some(key_hash) {
        note("it was to sign next, and never will: remove next.seed, and put another seed there");
    }
    Ok(Exit::Success)
}
