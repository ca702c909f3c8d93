//! `r4 backup list`.

use r4_service::config::Env;
use serde_json::json;

use super::StoreArgs;
use super::manifest::Gateway;
use super::store::Listed;
use crate::api_keys::Table;
use crate::exit::{Error, Exit};
use crate::output;

/// Arguments of `r4 backup list`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    store: StoreArgs,
    /// Print the manifests as JSON
    #[arg(long)]
    json: bool,
}

/// Lists the backups, the newest first.
///
/// # Errors
/// The store cannot be read.
pub(super) fn run(args: &Args) -> Result<Exit, Error> {
    let store = args.store.open(&mut Env::from_process())?;
    let Listed { manifests, strays } = store.manifests()?;
    for stray in strays {
        output::note(&output::plain(&format!("{stray} is half of a backup, and not counted")));
    }
    if args.json {
        let manifests: Vec<_> = manifests
            .into_iter()
            .map(|(name, manifest)| json!({ "name": name, "manifest": manifest }))
            .collect();
        output::print_json(&json!(manifests))?;
        return Ok(Exit::Success);
    }
    if manifests.is_empty() {
        output::note("there are no backups; r4 backup create makes one");
        return Ok(Exit::Success);
    }
    let mut table = Table::new(["NAME", "TIME", "ENTRIES", "API KEYS", "BYTES"]);
    table.align_right([2, 4]);
    for (name, manifest) in manifests {
        let keys = match manifest.gateway {
            Gateway::Included => "yes",
            Gateway::Elsewhere => "elsewhere",
            Gateway::LeftOut => "left out",
        };
        let (entries, size) = (manifest.log_size.to_string(), manifest.size.to_string());
        table.row(&[name, manifest.when(), entries, keys.to_owned(), size]);
    }
    output::print(&table.to_string())?;
    Ok(Exit::Success)
}
