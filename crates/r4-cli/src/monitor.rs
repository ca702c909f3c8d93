//! `r4 monitor`: looks at nodes as a caller does, and tells somebody when that changes.

mod certificate;
mod channel;
mod judge;
mod look;
mod mail;
mod roots;
mod state;

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::ValueHint;
use r4_service::clock::unix_now;
use r4_service::config::Env;
use r4_service::secrets;
use zeroize::Zeroizing;

use crate::atomic_file::FileLock;
use crate::exit::{Error, Exit};
use crate::log::{Alarm, Client, Finding, seconds, url_prefix};
use crate::output;
use channel::{Channel, Message, Standing};
use look::{How, Look};
use roots::Roots;
use state::State;

const HELP: &str = "\
Examples:
  r4 monitor https://random.example.org --state /var/lib/r4-monitor.json --mail me@example.org
  r4 monitor https://a.example.org https://b.example.org --state FILE --receipt
  r4 monitor https://random.example.org --state FILE --mail me@example.org --test-alarm

For cron, from another machine than the nodes': each run looks once and writes one line for each
thing that is wrong. Mail and posts are sent only when that changes: something goes wrong, something
else does, all is well again. FILE remembers what each of them was told; what could not be delivered
is tried again by the next run. --test-alarm sends a marked alarm, and says who took it.

Environment, or a file that the variable with _FILE at its end names:
  R4_API_KEY       an API key: real bytes are asked for with it, by https or on this machine alone
  R4_MONITOR_POST  a URL to post to that is a secret, instead of --post

Exit codes, each alarm by its name:
   0  all is well
   2  the command line, the environment or FILE cannot be used
  15  stale         the log's checkpoint was signed longer than --max-age ago
  16  unreachable   no answer
  17  invalid       an answer that is not as it should be, or does not verify
  18  not-ready     a service says that it is not ready
  19  not-sealed    random bytes do not come from the sealed core
  20  entropy       a noise source fails its tests
  21  clock         the node's clock and this machine's differ by more than --max-skew
  22  certificate   it ends within --certificate
  23  version-skew  services, or nodes, of different versions
  24  undelivered   an alarm was not taken
`r4 log monitor` looks at the log itself.";

/// Where a URL to post to that is a secret comes from.
const POST: secrets::SecretSetting =
    secrets::SecretSetting { name: "R4_MONITOR_POST", file: "R4_MONITOR_POST_FILE", short: None };

/// Arguments of `r4 monitor`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// The address of a node, without /v1; several may be given
    #[arg(value_name = "URL", required = true, value_hint = ValueHint::Url)]
    urls: Vec<String>,
    /// The file that remembers who was told what
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    state: PathBuf,
    /// Mail to this address by the program sendmail; may be given several times
    #[arg(long, value_name = "ADDRESS", value_hint = ValueHint::EmailAddress)]
    mail: Vec<String>,
    /// Post JSON to this https address
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    post: Option<String>,
    /// Send a marked alarm to each address, and do nothing else
    #[arg(long)]
    test_alarm: bool,
    /// Ask for a receipt each time, and check it; it stays in the node's log
    #[arg(long)]
    receipt: bool,
    /// How old the checkpoint's signature may be: 60s, 5m, 2h
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = seconds)]
    max_age: u64,
    /// How much the clocks may differ
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = seconds)]
    max_skew: u64,
    /// How long the certificate must last
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = seconds)]
    certificate: u64,
    /// Trust these authorities (PEM) instead of the usual ones
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    ca: Option<PathBuf>,
}

/// Looks once, and tells what changed.
///
/// # Errors
/// The arguments, the environment or the file cannot be used. What is wrong with a node is an exit
/// code.
pub(crate) fn run(args: &Args) -> Result<Exit, Error> {
    let mut env = Env::from_process();
    let (key, post) = (secrets::API_KEY.read(&mut env), POST.read(&mut env));
    let (key, post) =
        env.finish(Some((key, post))).map_err(|errors| Error::Unusable(errors.to_string()))?;
    // Of several keys the first is the one to send, as between the services.
    let key = key
        .map(|keys| Zeroizing::new(keys.split_whitespace().next().unwrap_or_default().to_owned()));
    let roots = Roots::read(args.ca.as_deref())?;
    let channels = Channel::all(&args.mail, args.post.as_deref(), post, &roots)?;
    if args.test_alarm {
        return test_alarm(&channels);
    }
    let nodes: Vec<String> = args.urls.iter().map(|url| node(url)).collect::<Result<_, _>>()?;
    let how = How {
        client: Client::strict(roots.for_requests()),
        roots,
        key,
        receipt: args.receipt,
        max_age: args.max_age,
        max_skew: args.max_skew,
        certificate: args.certificate,
    };
    nodes.iter().try_for_each(|node| how.refuse_open_key(node))?;
    let _lock = FileLock::beside(&args.state)?;
    let mut state = State::load(&args.state)?;
    let looks: Vec<Look<'_>> = nodes.iter().map(|node| Look::at(&how, node)).collect();
    let standing = standing(&looks);
    print(&looks, &standing)?;
    let delivered = tell(&channels, &standing, &mut state);
    state.save(&args.state)?;
    Ok(match standing.gravest() {
        _ if !delivered => Alarm::Undelivered.into(),
        Some(alarm) => alarm.into(),
        None => Exit::Success,
    })
}

/// Takes the address of a node.
fn node(url: &str) -> Result<String, Error> {
    let prefix = url_prefix(url)?;
    if prefix.ends_with("/v1") {
        return Err(Error::unusable(url, "give the node's address without /v1"));
    }
    Ok(prefix)
}

/// Puts together what was found.
fn standing(looks: &[Look<'_>]) -> Standing {
    let findings = looks.iter().flat_map(|look| {
        look.findings.iter().map(move |finding| (look.node.to_owned(), finding.clone()))
    });
    let mut standing = Standing(findings.collect());
    let versions: BTreeSet<_> = looks.iter().flat_map(|look| look.versions.iter()).collect();
    let different: BTreeSet<&str> = versions.iter().map(|v| v.version.as_str()).collect();
    if different.len() > 1 {
        let of: Vec<String> = versions.iter().map(ToString::to_string).collect();
        let nodes: Vec<&str> = looks.iter().map(|look| look.node).collect();
        let finding = Finding::new(Alarm::VersionSkew, of.join(", "));
        standing.0.push((nodes.join(" "), finding));
    }
    standing
}

fn print(looks: &[Look<'_>], standing: &Standing) -> Result<(), Error> {
    let well = looks.iter().filter(|look| look.findings.is_empty());
    let well = well.map(|look| format!("ok: {}: {}", look.node, look.seen));
    let lines = standing.lines().chain(well).map(|line| output::plain(&line));
    output::print(&(lines.collect::<Vec<_>>().join("\n") + "\n"))
}

/// Tells each address that was told something else before; returns whether all took it.
fn tell(channels: &[Channel], standing: &Standing, state: &mut State) -> bool {
    let now = standing.names();
    let mut delivered = true;
    for channel in channels {
        let before = state.told(channel.name());
        if before == now {
            continue;
        }
        match channel.send(&Message::change(standing, &before, unix_now())) {
            Ok(_) => state.tell(channel.name(), now.clone()),
            Err(reason) => {
                delivered = false;
                output::complain(&format!("{}: {reason}", channel.name()));
            }
        }
    }
    delivered
}

/// Sends the test alarm to every address.
fn test_alarm(channels: &[Channel]) -> Result<Exit, Error> {
    if channels.is_empty() {
        let reason = "nobody would be told: give --mail, --post or R4_MONITOR_POST";
        return Err(Error::Unusable(reason.to_owned()));
    }
    let message = Message::test(unix_now())?;
    let mut exit = Exit::Success;
    for channel in channels {
        let said = match channel.send(&message) {
            Ok(said) => format!("taken: {}: {said}; look for {:?}", channel.name(), message.mark()),
            Err(reason) => {
                exit = Alarm::Undelivered.into();
                format!("undelivered: {}: {reason}", channel.name())
            }
        };
        output::print(&format!("{}\n", output::plain(&said)))?;
    }
    Ok(exit)
}
