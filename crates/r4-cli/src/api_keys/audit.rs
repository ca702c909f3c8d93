//! `r4 keys audit`: the audit trail, and whether it is whole.

use r4_api::keys::{AuditFault, AuditHead, AuditPage, AuditRow};
use serde_json::json;

use super::client::{AdminArgs, Client};
use super::show::Table;
use super::times::time;
use crate::exit::{Error, Exit};
use crate::output::{self, Tone};

/// Help of `r4 keys audit`.
pub(crate) const HELP: &str = "\
Examples:
  r4 keys audit
  r4 keys audit --json > trail.json

Each row has the hash of the row before it, so that a row that was changed, taken out or put in is
found. Whoever can rewrite the whole store can rewrite the whole trail: keep the last line, and see
that the row with its number has the same hash later.

Exit codes: 0 the trail is whole; 1 it was changed; 2 the admin API or its token cannot be used.";

/// Arguments of `r4 keys audit`.
#[derive(Debug, clap::Args)]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    admin: AdminArgs,
}

/// Shows the trail and checks it.
///
/// # Errors
/// The trail was changed; the admin API or its token cannot be used.
pub(crate) fn run(args: &AuditArgs) -> Result<Exit, Error> {
    let (rows, kept) = read(&Client::new(&args.admin)?)?;
    let checked = check(&rows, &kept);
    if args.admin.json {
        let fault = checked.as_ref().err().map(ToString::to_string);
        output::print_json(&json!({ "rows": rows, "head": kept, "fault": fault }))?;
    } else {
        output::print(&table(&rows).to_string())?;
    }
    checked.map_err(Error::failed)?;
    if !args.admin.json {
        let tick = output::paint(Tone::Good, "✓");
        let head = output::plain(&kept.hash);
        output::note(&format!("{tick} the trail is whole: row {} has the hash {head}", kept.seq));
    }
    Ok(Exit::Success)
}

/// Reads all rows, and where the trail ends.
fn read(client: &Client) -> Result<(Vec<AuditRow>, AuditHead), Error> {
    let mut rows: Vec<AuditRow> = Vec::new();
    loop {
        let from = rows.last().map_or(1, |row| row.seq.saturating_add(1));
        let page: AuditPage = client.get(&format!("/admin/v1/audit?from={from}"))?;
        let last = page.rows.last().map(|row| row.seq);
        rows.extend(page.rows);
        if last.is_none_or(|last| last >= page.head.seq || last < from) {
            return Ok((rows, page.head));
        }
    }
}

fn check(rows: &[AuditRow], kept: &AuditHead) -> Result<(), AuditFault> {
    let head = rows.iter().try_fold(AuditHead::empty(), |head, row| head.extend(row))?;
    head.ends_at(kept)
}

fn table(rows: &[AuditRow]) -> Table {
    let mut table = Table::new(["ROW", "TIME", "BY", "ACTION", "NAME", "ID", "DETAIL"]);
    table.align_right([0]);
    for row in rows {
        table.row(&[
            row.seq.to_string(),
            time(row.time),
            row.actor.clone(),
            row.action.as_str().to_owned(),
            row.name.clone(),
            row.key_id.clone(),
            detail(row),
        ]);
    }
    table
}

/// Returns what is known of the change, without what was left open.
fn detail(row: &AuditRow) -> String {
    let told = row.detail.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| {
        let end = matches!(name.as_str(), "expires" | "old_until");
        match (value.as_str(), value.as_u64().filter(|_| end)) {
            (Some(text), _) => format!("{name}={text}"),
            (None, Some(seconds)) => format!("{name}={}", time(seconds)),
            (None, None) => format!("{name}={value}"),
        }
    });
    told.collect::<Vec<_>>().join(" ")
}
