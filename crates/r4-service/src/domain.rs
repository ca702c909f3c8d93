//! Whether the node stands on a public name (`DOMAIN`).

/// The names of `DOMAIN`, and whether any of them is public.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Domain {
    names: Vec<String>,
}

impl Domain {
    /// Parses a list of site addresses, separated by commas or white space: `example.org`,
    /// `https://example.org:8443`, `:80`, `localhost`.
    pub fn parse(text: &str) -> Self {
        let names = text
            .split(|c: char| c == ',' || c.is_whitespace())
            .map(host)
            .filter(|h| !h.is_empty())
            .collect();
        Self { names }
    }

    /// Returns whether any name is public: not empty, `localhost`, `*.localhost` or loopback.
    pub fn is_public(&self) -> bool {
        self.public_name().is_some()
    }

    /// Returns the first public name.
    pub fn public_name(&self) -> Option<&str> {
        self.names.iter().map(String::as_str).find(|n| !is_local(n))
    }
}

fn host(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, r)| r);
    let rest = rest.split('/').next().unwrap_or(rest);
    let host = match rest.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or(v6),
        None if rest.matches(':').count() > 1 => rest,
        None => rest.split(':').next().unwrap_or(rest),
    };
    host.trim_end_matches('.').to_ascii_lowercase()
}

fn is_local(name: &str) -> bool {
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::Domain;

    #[test]
    fn public_and_local_names() {
        for local in [
            "",
            ":80",
            "localhost",
            "a.localhost",
            "127.0.0.1",
            "[::1]:443",
            "::1",
            "http://localhost:8080",
            "localhost, 127.0.0.2",
            "LOCALHOST.",
        ] {
            assert!(!Domain::parse(local).is_public(), "{local:?}");
        }
        for public in [
            "example.org",
            "localhost, example.org",
            "https://r4.example:8443",
            "203.0.113.9",
            "localhost.example.org",
            "notlocalhost",
        ] {
            assert!(Domain::parse(public).is_public(), "{public:?}");
        }
        let domain = Domain::parse("localhost, https://a.example:8443, b.example");
        assert_eq!(domain.public_name(), Some("a.example"));
    }
}
