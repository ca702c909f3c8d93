//! Who the client is: the peer, or what a trusted proxy says of it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::http::HeaderMap;
use ipnet::IpNet;
use r4_service::auth::is_local;
use tokio::sync::Notify;

const FORWARDED_FOR: &str = "x-forwarded-for";
/// Time between two look-ups of the host names.
const LOOK_UP_EVERY: Duration = Duration::from_secs(30);
/// Least time between two look-ups.
const LOOK_UP_PAUSE: Duration = Duration::from_secs(1);

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// The address that is limited.
    pub address: IpAddr,
    /// The address that decides whether a weak key will do: the first on the way that is not
    /// local, whoever named it. A lie can only make a caller look less local.
    pub origin: IpAddr,
}

/// The peers whose `X-Forwarded-For` is believed.
#[derive(Debug, Default)]
pub struct TrustedProxies {
    nets: Vec<IpNet>,
    names: Vec<String>,
    /// The addresses of each name, in the order of `names`.
    looked_up: ArcSwap<Vec<Vec<IpAddr>>>,
    look_up_now: Notify,
}

/// An entry that is neither a network, nor an address, nor a host name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither a CIDR, nor an IP address, nor a host name")]
pub struct ProxyError(String);

impl FromStr for TrustedProxies {
    type Err = ProxyError;

    /// Parses CIDRs, addresses and host names, separated by commas or white space.
    fn from_str(text: &str) -> Result<Self, ProxyError> {
        let (mut nets, mut names) = (Vec::new(), Vec::new());
        let entries = text.split(|c: char| c == ',' || c.is_whitespace());
        for entry in entries.filter(|e| !e.is_empty()) {
            if let Ok(net) = entry.parse::<IpNet>() {
                nets.push(net);
            } else if let Ok(ip) = entry.parse::<IpAddr>() {
                nets.push(IpNet::from(ip));
            } else if is_host_name(entry) {
                names.push(entry.to_owned());
            } else {
                return Err(ProxyError(entry.to_owned()));
            }
        }
        Ok(Self { nets, names, ..Self::default() })
    }
}

/// Letters, digits, `-`, `_` and `.`, with a letter in it, so that a mistyped address is none.
fn is_host_name(text: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    text.len() <= 253 && text.bytes().all(good) && text.bytes().any(|b| b.is_ascii_alphabetic())
}

impl TrustedProxies {
    /// Returns where a request comes from: the right-most hop that is not a trusted proxy.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Client {
        let peer = peer.to_canonical();
        let hops: Vec<Option<IpAddr>> = headers
            .get_all(FORWARDED_FOR)
            .iter()
            .flat_map(|value| value.as_bytes().split(|b| *b == b','))
            .map(hop)
            .collect();
        let mut address = peer;
        if self.trusts(peer) {
            for hop in hops.iter().rev() {
                // What a proxy could not have written ends the chain.
                let Some(ip) = hop else { break };
                address = *ip;
                if !self.trusts(*ip) {
                    break;
                }
            }
        } else if !hops.is_empty() && !self.names.is_empty() {
            // Perhaps a proxy whose name has a new address.
            self.look_up_now.notify_one();
        }
        let named = hops.iter().map(|hop| hop.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)));
        let origin = std::iter::once(address).chain(named).find(|ip| !is_local(*ip));
        Client { address, origin: origin.unwrap_or(address) }
    }

    fn trusts(&self, ip: IpAddr) -> bool {
        self.nets.iter().any(|net| net.contains(&ip))
            || self.looked_up.load().iter().flatten().any(|known| *known == ip)
    }

    /// Looks the host names up. One that does not resolve now keeps the addresses it had.
    pub async fn look_up(&self) {
        let before = self.looked_up.load_full();
        let mut after = Vec::with_capacity(self.names.len());
        for (place, name) in self.names.iter().enumerate() {
            match tokio::net::lookup_host((name.as_str(), 0)).await {
                Ok(found) => after.push(found.map(|a| a.ip().to_canonical()).collect()),
                Err(cause) => {
                    tracing::debug!(name, %cause, "a trusted proxy does not resolve");
                    after.push(before.get(place).cloned().unwrap_or_default());
                }
            }
        }
        if *before != after {
            tracing::info!(addresses = ?after, "trusted proxies resolved");
            self.looked_up.store(Arc::new(after));
        }
    }

    /// Looks the host names up for ever: every 30 s, and when a peer suggests that one moved.
    pub async fn keep_looking_up(self: Arc<Self>) {
        if self.names.is_empty() {
            return;
        }
        loop {
            self.look_up().await;
            tokio::time::sleep(LOOK_UP_PAUSE).await;
            let unresolved = self.looked_up.load().iter().any(Vec::is_empty);
            let wait = if unresolved { LOOK_UP_PAUSE } else { LOOK_UP_EVERY };
            // Both ends mean the same: time to look again.
            let _ = tokio::time::timeout(wait, self.look_up_now.notified()).await;
        }
    }
}

/// Parses one hop: an address, perhaps in brackets, perhaps with a port.
fn hop(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    let ip = bare.parse::<IpAddr>().ok();
    ip.or_else(|| text.parse::<SocketAddr>().ok().map(|a| a.ip())).map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &str, peer: &str, forwarded: &[&str]) -> (String, bool) {
        let proxies: TrustedProxies = trusted.parse().expect("list");
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, line.parse().expect("header"));
        }
        let client = proxies.client(peer.parse().expect("peer"), &headers);
        (client.address.to_string(), is_local(client.origin))
    }

    #[test]
    fn who_the_client_is() {
        let (lan, both) = ("172.16.0.0/12", "172.16.0.0/12, 192.0.2.9");
        // (trusted, peer, header lines) -> (address, may use a weak key)
        let table: &[(&str, &str, &[&str], &str, bool)] = &[
            ("", "127.0.0.1", &[], "127.0.0.1", true),
            ("", "::ffff:127.0.0.1", &[], "127.0.0.1", true),
            ("", "203.0.113.5", &[], "203.0.113.5", false),
            // not trusted: the header is not believed, but it shows that the caller is not local
            ("", "127.0.0.1", &["10.0.0.1"], "127.0.0.1", true),
            ("", "172.18.0.2", &["203.0.113.5"], "172.18.0.2", false),
            ("", "172.18.0.2", &["unknown"], "172.18.0.2", false),
            (lan, "203.0.113.5", &["127.0.0.1"], "203.0.113.5", false),
            // trusted
            (lan, "172.18.0.2", &["203.0.113.5"], "203.0.113.5", false),
            (lan, "::ffff:172.18.0.2", &["203.0.113.5"], "203.0.113.5", false),
            (lan, "172.18.0.2", &["192.168.1.9"], "192.168.1.9", true),
            (lan, "172.18.0.2", &[], "172.18.0.2", true),
            // what the client wrote itself stands to the left and is not believed
            (lan, "172.18.0.2", &["127.0.0.1, 203.0.113.5"], "203.0.113.5", false),
            (lan, "172.18.0.2", &["127.0.0.1", "203.0.113.5"], "203.0.113.5", false),
            (lan, "172.18.0.2", &["203.0.113.5, 192.168.1.9"], "192.168.1.9", false),
            (both, "172.18.0.2", &["198.51.100.1, 192.0.2.9"], "198.51.100.1", false),
            (both, "172.18.0.2", &["192.0.2.9"], "192.0.2.9", false),
            // forms
            (lan, "172.18.0.2", &["203.0.113.5:4711"], "203.0.113.5", false),
            (lan, "172.18.0.2", &["[2001:db8::1]:4711"], "2001:db8::1", false),
            (lan, "172.18.0.2", &["[2001:db8::1]"], "2001:db8::1", false),
            (lan, "172.18.0.2", &["2001:db8::1"], "2001:db8::1", false),
            (lan, "172.18.0.2", &["203.0.113.5, garbage"], "172.18.0.2", false),
            (lan, "172.18.0.2", &[""], "172.18.0.2", false),
        ];
        for (trusted, peer, lines, address, local) in table {
            let got = client(trusted, peer, lines);
            assert_eq!(got, ((*address).to_owned(), *local), "{trusted:?} {peer} {lines:?}");
        }
    }

    #[test]
    fn lists_parse() {
        let list = "10.0.0.0/8, ::1 caddy,proxy_1.example.org";
        let proxies: TrustedProxies = list.parse().expect("list");
        assert_eq!((proxies.nets.len(), proxies.names.len()), (2, 2));
        for bad in ["10.0.0.0/33", "10.0.0.256", "caddy:80", "http://caddy", "a b/c"] {
            assert!(bad.parse::<TrustedProxies>().is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn host_names_are_looked_up() {
        let proxies: TrustedProxies = "localhost".parse().expect("list");
        let loopback = IpAddr::from([127, 0, 0, 1]);
        assert!(!proxies.trusts(loopback));
        proxies.look_up().await;
        assert!(proxies.trusts(loopback));
    }
}
