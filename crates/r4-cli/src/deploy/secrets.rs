//! The secrets of a node: which there are, and whether some bytes hold one.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use r4_service::secrets;
use zeroize::Zeroizing;

use super::compose::{Config, Service};

/// Settings of other programs that are secrets.
const OF_OTHERS: [&str; 4] =
    ["AWS_SECRET_ACCESS_KEY", "REDISCLI_AUTH", "POSTGRES_PASSWORD", "GF_SECURITY_ADMIN_PASSWORD"];
/// A shorter value is a word, which files have for other reasons.
const SHORTEST: usize = 8;
/// Bytes that are looked at together.
const PIECE: usize = 1 << 16;

/// A secret.
pub(super) struct Secret {
    /// The setting.
    pub(super) name: String,
    /// Its text.
    pub(super) value: Zeroizing<String>,
    /// The file of this machine that it is in, if it is not in `.env`.
    pub(super) file: Option<PathBuf>,
}

/// Returns the secrets that the services get, each once for each setting.
pub(super) fn of(config: &Config) -> Vec<Secret> {
    let mut found: Vec<Secret> = Vec::new();
    for service in config.services.values() {
        for secret in of_service(service) {
            if !found
                .iter()
                .any(|known| (&known.name, &known.value) == (&secret.name, &secret.value))
            {
                found.push(secret);
            }
        }
    }
    found
}

fn of_service(service: &Service) -> Vec<Secret> {
    let ours = secrets::ALL.iter().flat_map(|setting| {
        let given = service.setting(setting.name);
        let given = given.or_else(|| service.setting(setting.short?)).map(|text| (text, None));
        let file = service.setting(setting.file).and_then(|path| on_this_machine(service, &path));
        let kept = file.and_then(|path| Some((fs::read_to_string(&path).ok()?, Some(path))));
        given.into_iter().chain(kept).map(|(text, file)| (setting.name, text, file))
    });
    let others = OF_OTHERS.iter().filter_map(|name| Some((*name, service.setting(name)?, None)));
    let all = ours.chain(others).flat_map(|(name, text, file)| {
        let text = Zeroizing::new(text);
        let words: Vec<Zeroizing<String>> = text
            .split_whitespace()
            .map(|word| Zeroizing::new(secret_part(word).to_owned()))
            .collect();
        words.into_iter().map(move |value| Secret {
            name: name.to_owned(),
            value,
            file: file.clone(),
        })
    });
    all.filter(|secret| !secret.value.is_empty()).collect()
}

/// Returns the password of a URL, and anything else as it is.
fn secret_part(text: &str) -> &str {
    let Some((_, rest)) = text.split_once("://") else { return text };
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    user.split_once(':').map_or("", |(_, password)| password)
}

/// Returns where a file of a container is on this machine.
fn on_this_machine(service: &Service, path: &str) -> Option<PathBuf> {
    service.volumes.iter().filter(|volume| volume.kind == "bind").find_map(|volume| {
        let within = Path::new(path).strip_prefix(&volume.target).ok()?;
        let source = volume.source.as_ref()?;
        Some(if within.as_os_str().is_empty() { source.clone() } else { source.join(within) })
    })
}

/// Returns the names of the secrets whose text is among the bytes.
///
/// # Errors
/// They cannot be read.
pub(super) fn within(mut from: impl Read, secrets: &[Secret]) -> io::Result<Vec<String>> {
    let longest = secrets.iter().map(|secret| secret.value.len()).max().unwrap_or(0);
    let sought = secrets.iter().filter(|secret| secret.value.len() >= SHORTEST);
    let sought: Vec<_> =
        sought.map(|s| (&s.name, memchr::memmem::Finder::new(s.value.as_bytes()))).collect();
    let (mut held, mut names) = (Vec::new(), Vec::new());
    loop {
        let kept = held.len();
        let taken = (&mut from).take(PIECE as u64).read_to_end(&mut held)?;
        for (name, finder) in &sought {
            if finder.find(&held).is_some() && !names.contains(*name) {
                names.push((*name).clone());
            }
        }
        if taken == 0 {
            return Ok(names);
        }
        // The next piece may bring the rest of one.
        let cut = kept.saturating_add(taken).saturating_sub(longest);
        held.drain(..cut);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(name: &str, value: &str) -> Secret {
        Secret { name: name.to_owned(), value: Zeroizing::new(value.to_owned()), file: None }
    }

    #[test]
    fn a_secret_is_found_wherever_it_stands() {
        let secrets = [
            secret("one", "0123456789abcdef"),
            secret("two", "zyxwvutsrq"),
            secret("word", "demo"),
        ];
        for place in [0, 1, PIECE - 9, PIECE - 1, PIECE, 2 * PIECE + 3] {
            let mut bytes = vec![b' '; 3 * PIECE];
            bytes[place..place + 16].copy_from_slice(b"0123456789abcdef");
            assert_eq!(within(bytes.as_slice(), &secrets).unwrap(), ["one"], "{place}");
            bytes[place + 15] = b'x';
            assert!(within(bytes.as_slice(), &secrets).unwrap().is_empty(), "{place}");
        }
        assert!(within(&b"demo demo"[..], &secrets).unwrap().is_empty());
        assert!(within(&b""[..], &[]).unwrap().is_empty());
    }

    #[test]
    fn the_password_of_a_url_is_the_secret() {
        for (text, part) in [
            ("redis://:pass@redis:6379", "pass"),
            ("postgres://r4:p:a@ss@db:5432/r4?x=@y:z", "p:a@ss"),
            ("redis://redis:6379", ""),
            ("plain:text@", "plain:text@"),
        ] {
            assert_eq!(secret_part(text), part, "{text}");
        }
    }

    #[test]
    fn settings_and_files_are_told_apart_from_what_is_public() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("api.key"), "new-0123456789abcdef\nold-0123456789abcdef\n")
            .unwrap();
        let config = serde_json::json!({ "services": { "r4-core": {
            "environment": {
                "API_KEY": "", "R4_API_KEY_FILE": "/run/r4/api.key", "R4_INTERNAL_KEY": "a$$b",
                "R4_RATE_KEY": "10/s", "R4_MANIFEST_PUBLIC_KEY": "0x00", "R4_ADMIN_TOKEN": null,
            },
            "volumes": [{ "type": "bind", "source": folder.path(), "target": "/run/r4" }],
        }, "redis": { "environment": { "REDISCLI_AUTH": "shared" } } } });
        let config: Config = serde_json::from_value(config).unwrap();
        let found = of(&config);
        let found: Vec<_> =
            found.iter().map(|s| (s.name.as_str(), s.value.as_str(), s.file.is_some())).collect();
        assert_eq!(
            found,
            [
                ("R4_API_KEY", "new-0123456789abcdef", true),
                ("R4_API_KEY", "old-0123456789abcdef", true),
                ("R4_INTERNAL_KEY", "a$b", false),
                ("REDISCLI_AUTH", "shared", false),
            ]
        );
    }
}
