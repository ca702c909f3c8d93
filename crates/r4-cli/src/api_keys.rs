//! `r4 keys create`, `list`, `rotate`, `revoke`, `usage` and `audit`: the API keys of a gateway, over
//! its admin API.

mod audit;
mod client;
mod show;
mod times;

use r4_api::keys::{FreshKey, KeyInfo, KeyOrder, KeyPage, KeyStatus, KeyUsage, RotateOrder};
use r4_service::clock::unix_now;
use serde_json::json;
use zeroize::Zeroizing;

use self::client::key_path;
use self::times::{Expiry, Span, time};
use crate::exit::{Error, Exit};
use crate::output;

pub(crate) use client::{AdminArgs, Client, Snapshot, TOKEN_FILE};
pub(crate) use show::Table;

pub(crate) use audit::{AuditArgs, HELP as AUDIT_HELP, run as audit};

/// Help of `r4 keys create`.
pub(crate) const CREATE_HELP: &str = "\
Examples:
  r4 keys create --name alice
  r4 keys create --name shop --rate 50/s --quota 1000000/month --scope random,vrf --expires 90d
  KEY=$(r4 keys create --name alice)
  docker compose exec r4-gateway r4 keys create --name alice

The key alone goes to standard output, and what it may do to standard error. It is shown this once:
the gateway keeps its hash. 32 bytes cost one unit, a receipt or a draw five.

The admin API is at --admin, else R4_ADMIN_URL, else http://127.0.0.1:8084. Its token is in
--token-file, else R4_ADMIN_TOKEN (or the file R4_ADMIN_TOKEN_FILE), else the file admin.token in
R4_STATE_DIR.

Exit codes: 0 made; 2 the order, the admin API or its token cannot be used.";

/// Help of `r4 keys list`.
pub(crate) const LIST_HELP: &str = "\
Examples:
  r4 keys list
  r4 keys list --all --json | jq -r '.[] | select(.status != \"live\") | .name'

Exit codes: 0 listed; 2 the admin API or its token cannot be used.";

/// Help of `r4 keys rotate`.
pub(crate) const ROTATE_HELP: &str = "\
Examples:
  r4 keys rotate alice
  r4 keys rotate alice --overlap 2h
  KEY=$(r4 keys rotate alice --overlap 0s)      after a leak: the old key ends at once

The new key alone goes to standard output; it is shown this once. The key keeps its name, limits and
usage. No earlier key of that name stays good for longer than the overlap.

Exit codes: 0 rotated; 2 there is no such key, or the admin API or its token cannot be used.";

/// Help of `r4 keys revoke`.
pub(crate) const REVOKE_HELP: &str = "\
Examples:
  r4 keys revoke alice
  r4 keys revoke key_0123456789ab

Every gateway refuses the key within a second. It cannot be taken back; the name is free again.

Exit codes: 0 revoked; 2 there is no such key, or the admin API or its token cannot be used.";

/// Help of `r4 keys usage`.
pub(crate) const USAGE_HELP: &str = "\
Examples:
  r4 keys usage alice
  r4 keys usage alice --days 90 --json
  r4 keys usage default                         what R4_API_KEY used

Exit codes: 0 shown; 2 there is no such key, or the admin API or its token cannot be used.";

/// Arguments of `r4 keys create`.
#[derive(Debug, clap::Args)]
pub(crate) struct CreateArgs {
    /// Name of the key: 1 to 64 of A-Z a-z 0-9 . _ -
    #[arg(long)]
    name: String,
    /// Units that come back.
    #[arg(long, help = "Units that come back, such as 50/s, 600/m, 1000/h (R4_RATE_KEY)")]
    rate: Option<String>,
    /// Units that may be spent at once (one second's worth)
    #[arg(long, value_name = "UNITS")]
    burst: Option<u32>,
    /// Units of a day or month (UTC), such as 1000000/month (no bound)
    #[arg(long)]
    quota: Option<String>,
    /// What the key may do: random, vrf, draws (all)
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    scope: Option<Vec<String>>,
    /// When the key ends: 90d, 2030-01-31 or 2030-01-31T12:00:00Z (never)
    #[arg(long, value_name = "WHEN")]
    expires: Option<Expiry>,
    #[command(flatten)]
    admin: AdminArgs,
}

/// Arguments of `r4 keys list`.
#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// List revoked keys, too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    admin: AdminArgs,
}

/// Arguments of `r4 keys rotate`.
#[derive(Debug, clap::Args)]
pub(crate) struct RotateArgs {
    /// Name or id of the key
    key: String,
    /// How long the old key stays good, from 0s to 30d
    #[arg(long, value_name = "SPAN", default_value = "24h")]
    overlap: Span,
    #[command(flatten)]
    admin: AdminArgs,
}

/// Arguments of `r4 keys revoke`.
#[derive(Debug, clap::Args)]
pub(crate) struct RevokeArgs {
    /// Name or id of the key
    key: String,
    #[command(flatten)]
    admin: AdminArgs,
}

/// Arguments of `r4 keys usage`.
#[derive(Debug, clap::Args)]
pub(crate) struct UsageArgs {
    /// Name or id of the key; default is what the gateway's environment has
    key: String,
    /// How many days, today included
    #[arg(long, default_value_t = 31, value_parser = clap::value_parser!(u32).range(1..=400))]
    days: u32,
    #[command(flatten)]
    admin: AdminArgs,
}

/// Makes a key.
///
/// # Errors
/// The order, the admin API or its token cannot be used.
pub(crate) fn create(args: &CreateArgs) -> Result<Exit, Error> {
    let order = KeyOrder {
        name: args.name.clone(),
        rate: args.rate.clone(),
        burst: args.burst,
        quota: args.quota.clone(),
        scopes: args.scope.clone(),
        expires: args.expires.map(|expiry| expiry.at(unix_now())),
    };
    let client = Client::new(&args.admin)?;
    let fresh: FreshKey<String> = client.post("/admin/v1/keys", &json!(order))?;
    show_fresh(&args.admin, "made", fresh)
}

/// Replaces the text of a key.
///
/// # Errors
/// There is no such key, or the admin API or its token cannot be used.
pub(crate) fn rotate(args: &RotateArgs) -> Result<Exit, Error> {
    let client = Client::new(&args.admin)?;
    let order = RotateOrder { overlap_seconds: Some(args.overlap.seconds()) };
    let path = key_path(&args.key, "/rotate")?;
    let fresh: FreshKey<String> = client.post(&path, &json!(order))?;
    show_fresh(&args.admin, "rotated", fresh)
}

/// Shows a key, which alone goes to standard output.
fn show_fresh(admin: &AdminArgs, done: &str, fresh: FreshKey<String>) -> Result<Exit, Error> {
    let (key, info) = (Zeroizing::new(fresh.key), fresh.info);
    if admin.json {
        let answer = FreshKey { key: key.as_str(), info };
        let text = serde_json::to_string_pretty(&answer);
        let text = Zeroizing::new(text.map_err(|e| Error::unusable("the answer", e))?);
        output::print(&Zeroizing::new(format!("{}\n", text.as_str())))?;
        return Ok(Exit::Success);
    }
    output::print(&Zeroizing::new(format!("{}\n", key.as_str())))?;
    output::note(&output::plain(&describe(done, &info)));
    output::note("this is the one time that it is shown; keep it where your other secrets are");
    Ok(Exit::Success)
}

fn describe(done: &str, info: &KeyInfo) -> String {
    let quota = info.quota.as_deref().unwrap_or("no quota");
    let end = info.expires.map_or_else(String::new, |end| format!(", until {}", time(end)));
    let old = info
        .old_until
        .map_or_else(String::new, |end| format!("; the old key is good until {}", time(end)));
    let (name, id, scopes) = (&info.name, &info.id, info.scopes.join(","));
    format!("{done} {name} ({id}): {scopes}, {}, {quota}{end}{old}", info.rate)
}

/// Lists the keys.
///
/// # Errors
/// The admin API or its token cannot be used.
pub(crate) fn list(args: &ListArgs) -> Result<Exit, Error> {
    let client = Client::new(&args.admin)?;
    let (mut keys, mut after): (Vec<KeyInfo>, _) = (Vec::new(), String::new());
    loop {
        let page: KeyPage = client.get(&format!("/admin/v1/keys{after}"))?;
        keys.extend(page.keys);
        let Some(next) = page.next else { break };
        after = format!("?after={next}");
    }
    keys.retain(|key| args.all || key.status != KeyStatus::Revoked);
    keys.sort_by(|one, other| (&one.name, one.created).cmp(&(&other.name, other.created)));
    if args.admin.json {
        output::print_json(&json!(keys))?;
        return Ok(Exit::Success);
    }
    if keys.is_empty() {
        output::note("there are no keys; r4 keys create --name NAME makes one");
        return Ok(Exit::Success);
    }
    let mut table =
        Table::new(["NAME", "ID", "STATUS", "SCOPES", "RATE", "QUOTA", "CREATED", "EXPIRES"]);
    for key in &keys {
        table.row(&[
            key.name.clone(),
            key.id.clone(),
            key.status.as_str().to_owned(),
            key.scopes.join(","),
            key.rate.clone(),
            key.quota.clone().unwrap_or_else(|| "-".to_owned()),
            time(key.created),
            key.expires.map_or_else(|| "-".to_owned(), time),
        ]);
    }
    output::print(&table.to_string())?;
    Ok(Exit::Success)
}

/// Revokes a key.
///
/// # Errors
/// There is no such key, or the admin API or its token cannot be used.
pub(crate) fn revoke(args: &RevokeArgs) -> Result<Exit, Error> {
    let client = Client::new(&args.admin)?;
    let info: KeyInfo = client.post(&key_path(&args.key, "/revoke")?, &json!({}))?;
    if args.admin.json {
        output::print_json(&json!(info))?;
    } else {
        let told = format!("revoked {} ({}); its name is free again", info.name, info.id);
        output::note(&output::plain(&told));
    }
    Ok(Exit::Success)
}

/// Shows what a key used.
///
/// # Errors
/// There is no such key, or the admin API or its token cannot be used.
pub(crate) fn usage(args: &UsageArgs) -> Result<Exit, Error> {
    let client = Client::new(&args.admin)?;
    let path = key_path(&args.key, &format!("/usage?days={}", args.days))?;
    let usage: KeyUsage = client.get(&path)?;
    if args.admin.json {
        output::print_json(&json!(usage))?;
        return Ok(Exit::Success);
    }
    let mut table = Table::new(["DAY", "ROUTE", "REQUESTS", "UNITS"]);
    table.align_right([2, 3]);
    for day in &usage.days {
        let (requests, units) = (day.requests.to_string(), day.units.to_string());
        table.row(&[day.day.clone(), day.route.clone(), requests, units]);
    }
    if usage.days.is_empty() {
        output::note(&output::plain(&format!("{} was not used in these days", usage.name)));
    } else {
        output::print(&table.to_string())?;
    }
    if let Some(quota) = usage.quota {
        output::note(&output::plain(&format!(
            "quota of this {}: {} of {} units given out, {} left; it begins anew at {}",
            quota.per,
            quota.used,
            quota.units,
            quota.left,
            time(quota.resets)
        )));
    }
    Ok(Exit::Success)
}
