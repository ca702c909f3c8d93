//! Who is told, and what: by mail, or by a post of JSON.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use ureq::http::Uri;
use zeroize::Zeroizing;

use super::mail;
use super::roots::Roots;
use crate::exit::Error;
use crate::log::{Alarm, Client, Finding};
use crate::output;

/// What is wrong, each with the node that it is wrong with.
#[derive(Debug)]
pub(super) struct Standing(pub(super) Vec<(String, Finding)>);

impl Standing {
    /// Returns a line for each.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> + '_ {
        self.0
            .iter()
            .map(|(node, finding)| format!("{}: {node}: {}", finding.alarm.name(), finding.reason))
    }

    /// Returns what a change is seen by: names and nodes, not the sentences, whose numbers change.
    pub(super) fn names(&self) -> BTreeSet<String> {
        self.0.iter().map(|(node, finding)| format!("{} {node}", finding.alarm.name())).collect()
    }

    /// Returns the gravest alarm.
    pub(super) fn gravest(&self) -> Option<Alarm> {
        self.0.iter().map(|(_, finding)| finding.alarm).min()
    }
}

/// What somebody is told.
#[derive(Debug)]
pub(super) struct Message {
    subject: String,
    lines: Vec<String>,
    json: Value,
}

impl Message {
    /// Says how it stands, to somebody who was told `before` last.
    pub(super) fn change(standing: &Standing, before: &BTreeSet<String>, now: u64) -> Self {
        let names = standing.names();
        let listed =
            |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(", ");
        let (status, subject) = if names.is_empty() {
            ("ok", format!("r4: all is well again: {}", listed(before)))
        } else {
            ("bad", format!("r4: {}", listed(&names)))
        };
        let mut lines: Vec<String> = standing.lines().map(|line| output::plain(&line)).collect();
        lines.extend(before.difference(&names).map(|name| format!("no longer: {name}")));
        let findings: Vec<Value> = standing
            .0
            .iter()
            .map(|(node, f)| json!({"name": f.alarm.name(), "node": node, "reason": f.reason}))
            .collect();
        let text = format!("{subject}\n{}", lines.join("\n"));
        let json = json!({"text": text, "status": status, "time": now, "findings": findings});
        Self { subject, lines, json }
    }

    /// A test, with a mark by which it is found.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub(super) fn test(now: u64) -> Result<Self, Error> {
        let mut mark = [0; 4];
        getrandom::fill(&mut mark).map_err(|e| Error::unusable("getrandom", e))?;
        let subject = format!("r4: TEST ALARM {}", hex::encode(mark));
        let lines = vec!["Nothing is wrong: somebody tried whether this alarm arrives.".to_owned()];
        let text = format!("{subject}\n{}", lines.join("\n"));
        let json = json!({"text": text, "status": "test", "time": now, "findings": []});
        Ok(Self { subject, lines, json })
    }

    /// Returns what it is found by.
    pub(super) fn mark(&self) -> &str {
        &self.subject
    }
}

/// Somebody who is told.
pub(super) struct Channel {
    name: String,
    way: Way,
}

enum Way {
    Mail(String),
    Post { url: Zeroizing<String>, client: Client },
}

impl Channel {
    /// Takes all that were named.
    ///
    /// # Errors
    /// An address is none.
    pub(super) fn all(
        mail: &[String],
        post: Option<&str>,
        secret_post: Option<Zeroizing<String>>,
        roots: &Roots,
    ) -> Result<Vec<Self>, Error> {
        let mut all = Vec::new();
        for address in mail {
            mail::check(address)?;
            all.push(Self { name: format!("mail {address}"), way: Way::Mail(address.clone()) });
        }
        let urls = post.map(|url| ("--post", Zeroizing::new(url.to_owned())));
        for (from, url) in urls.into_iter().chain(secret_post.map(|url| ("R4_MONITOR_POST", url))) {
            let host = host(&url).ok_or_else(|| {
                Error::unusable(from, "an https address is needed; http only on this machine")
            })?;
            let client = Client::strict(roots.for_requests());
            all.push(Self { name: format!("post {host}"), way: Way::Post { url, client } });
        }
        Ok(all)
    }

    /// Returns its name, without secrets.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Sends a message; returns what shows that it was taken.
    ///
    /// # Errors
    /// A sentence: it was not taken.
    pub(super) fn send(&self, message: &Message) -> Result<String, String> {
        match &self.way {
            Way::Mail(address) => mail::send(address, &message.subject, &message.lines),
            Way::Post { url, client } => client
                .post(url, &message.json.to_string())
                .map(|status| format!("answered {status}")),
        }
    }
}

/// Returns the host of an address that may be posted to.
fn host(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    let host = uri.host().filter(|host| !host.is_empty())?.to_owned();
    (uri.scheme_str() == Some("https") || is_here(&uri)).then_some(host)
}

/// Says whether an address is of http on this machine.
pub(super) fn is_here(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let loopback = host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    uri.scheme_str() == Some("http") && (host == "localhost" || loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_goes_by_https_or_nowhere_else() {
        for (url, want) in [
            ("https://hooks.example.org/s3cret", Some("hooks.example.org")),
            ("http://127.0.0.1:1/x", Some("127.0.0.1")),
            ("http://[::1]:1/x", Some("[::1]")),
            ("http://localhost/x", Some("localhost")),
            ("http://hooks.example.org/s3cret", None),
            ("http://localhost.example.org/", None),
            ("ftp://127.0.0.1/", None),
            ("s3cret", None),
            ("", None),
        ] {
            assert_eq!(host(url).as_deref(), want, "{url}");
        }
    }

    #[test]
    fn a_message_says_what_is_new_and_what_is_over() {
        let stale = |age| Finding::new(Alarm::Stale, format!("signed {age} s ago"));
        let standing = |age| Standing(vec![("https://a".to_owned(), stale(age))]);
        assert_eq!(standing(70).names(), standing(90).names());
        let before = BTreeSet::from(["unreachable https://a".to_owned()]);
        let message = Message::change(&standing(70), &before, 5);
        assert_eq!(message.subject, "r4: stale https://a");
        let lines = ["stale: https://a: signed 70 s ago", "no longer: unreachable https://a"];
        assert_eq!(message.lines, lines);
        assert_eq!((&message.json["status"], &message.json["time"]), (&json!("bad"), &json!(5)));
        let well = Message::change(&Standing(vec![]), &before, 6);
        assert_eq!(well.subject, "r4: all is well again: unreachable https://a");
        assert_eq!(well.json["status"], "ok");
    }
}
