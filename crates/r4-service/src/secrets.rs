//! Settings that are secrets: each comes from its variable, or from the file that its other variable
//! names, as systemd's `LoadCredential`, Docker and Kubernetes give secrets to a service.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::config::Env;

/// Most bytes of a file.
const MOST_BYTES: usize = 64 * 1024;
/// As many, and one that shows that there are more.
const TAKEN_BYTES: u64 = MOST_BYTES as u64 + 1;

/// A setting that is a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretSetting {
    /// Variable that has the secret.
    pub name: &'static str,
    /// Variable that names the file with the secret.
    pub file: &'static str,
    /// Short name of the first, in an image that runs alone.
    pub short: Option<&'static str>,
}

/// Key that callers present.
pub const API_KEY: SecretSetting =
    SecretSetting { name: "R4_API_KEY", file: "R4_API_KEY_FILE", short: Some("API_KEY") };
/// Key that the services present to each other.
pub const INTERNAL_KEY: SecretSetting = named("R4_INTERNAL_KEY", "R4_INTERNAL_KEY_FILE");
/// Token of the gateway's admin API.
pub const ADMIN_TOKEN: SecretSetting = named("R4_ADMIN_TOKEN", "R4_ADMIN_TOKEN_FILE");
/// Where Redis is, with its password.
pub const REDIS_URL: SecretSetting = named("R4_REDIS_URL", "R4_REDIS_URL_FILE");
/// Where PostgreSQL is, with its password.
pub const DATABASE_URL: SecretSetting = named("R4_DATABASE_URL", "R4_DATABASE_URL_FILE");

/// Every setting that is a secret.
pub const ALL: [SecretSetting; 5] = [API_KEY, INTERNAL_KEY, ADMIN_TOKEN, REDIS_URL, DATABASE_URL];

const fn named(name: &'static str, file: &'static str) -> SecretSetting {
    SecretSetting { name, file, short: None }
}

/// Where a secret comes from.
#[derive(Clone)]
pub(crate) enum Source {
    /// The environment.
    Value(Zeroizing<String>),
    /// A file.
    File(PathBuf),
}

/// Why a file has no secret. The sentence goes on after the variable and the file.
#[derive(Debug, thiserror::Error)]
enum FileError {
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
    #[error("it is empty")]
    Empty,
    #[error("it is longer than {MOST_BYTES} bytes")]
    Long,
    #[error("it is not UTF-8 text")]
    Text,
}

impl SecretSetting {
    /// Returns the secret, trimmed, if it is set; what is wrong is gathered in `env`.
    pub fn read(self, env: &mut Env) -> Option<Zeroizing<String>> {
        let source = self.source(env)?;
        self.text(&source).map_err(|sentence| env.error(sentence)).ok()
    }

    /// Returns where the secret comes from, if it is set; two places are an error.
    pub(crate) fn source(self, env: &mut Env) -> Option<Source> {
        let value = match self.short {
            Some(short) => env.text_either(self.name, short),
            None => env.text(self.name),
        };
        let value = value.map(Zeroizing::new);
        let Some(file) = env.text(self.file) else { return value.map(Source::Value) };
        if value.is_some() {
            let short = self.short.map(|short| format!(" (or {short}, which the images set)"));
            let (name, short, file) = (self.name, short.unwrap_or_default(), self.file);
            env.error(format!("{name}{short} and {file} are both set: leave one of them empty"));
        }
        Some(Source::File(file.into()))
    }

    /// Returns the secret that `source` has now.
    ///
    /// # Errors
    /// A sentence that names the variable and the file.
    pub(crate) fn text(self, source: &Source) -> Result<Zeroizing<String>, String> {
        match source {
            Source::Value(text) => Ok(text.clone()),
            Source::File(path) => {
                read(path).map_err(|error| format!("{} {}: {error}", self.file, path.display()))
            }
        }
    }
}

/// Reads a file of text without its surrounding white space.
fn read(path: &Path) -> Result<Zeroizing<String>, FileError> {
    // It never grows, so no copy stays behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(2 * MOST_BYTES));
    File::open(path)?.take(TAKEN_BYTES).read_to_end(&mut bytes)?;
    if bytes.len() > MOST_BYTES {
        return Err(FileError::Long);
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| FileError::Text)?.trim();
    if text.is_empty() { Err(FileError::Empty) } else { Ok(Zeroizing::new(text.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn read_with(pairs: &[(&str, &str)]) -> Result<Option<String>, String> {
        let mut env = Env::of(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        let secret = API_KEY.read(&mut env).map(|text| text.to_string());
        env.finish(Some(secret)).map_err(|errors| errors.to_string())
    }

    #[test]
    fn a_secret_comes_from_its_variable_or_from_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("api.key");
        let file = ("R4_API_KEY_FILE", path.to_str().unwrap());
        fs::write(&path, " a-key\n").unwrap();
        assert_eq!(read_with(&[]), Ok(None));
        assert_eq!(read_with(&[("API_KEY", "short")]), Ok(Some("short".to_owned())));
        assert_eq!(read_with(&[file]), Ok(Some("a-key".to_owned())));
        assert_eq!(read_with(&[file, ("API_KEY", "")]), Ok(Some("a-key".to_owned())));
        for name in ["R4_API_KEY", "API_KEY"] {
            let both = read_with(&[file, (name, "a-key")]).expect_err("both");
            assert!(both.contains(name) && both.contains("R4_API_KEY_FILE are both"), "{both}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_used_is_named_with_its_variable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("api.key");
        let text = path.to_str().unwrap();
        let table: [(&[u8], _); 4] = [
            (b" \n", Some("is empty")),
            (b"\xff\xfe", Some("not UTF-8")),
            (&vec![b'a'; MOST_BYTES + 1], Some("longer than 65536 bytes")),
            (&vec![b'a'; MOST_BYTES], None),
        ];
        let refused = read_with(&[("R4_API_KEY_FILE", text)]).expect_err("no file");
        assert!(refused.contains("cannot be read"), "{refused}");
        for (content, wrong) in table {
            fs::write(&path, content).unwrap();
            match (read_with(&[("R4_API_KEY_FILE", text)]), wrong) {
                (Ok(_), None) => {}
                (Err(said), Some(wrong)) => {
                    assert!(said.contains(wrong) && said.contains("R4_API_KEY_FILE"), "{said}");
                    assert!(said.contains(text) && !said.contains("aaa"), "{said}");
                }
                (got, _) => panic!("{got:?} instead of {wrong:?}"),
            }
        }
    }
}
