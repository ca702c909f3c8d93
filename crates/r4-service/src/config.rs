//! The environment, read once into typed values, all errors reported together.
//!
//! An empty variable counts as unset. [`Env::keys_read`] lists every key that was asked for, so
//! that a test can hold `.env.example` against it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use zeroize::Zeroizing;

/// A snapshot of the environment that gathers what is wrong with it.
#[derive(Debug, Default)]
pub struct Env {
    /// Some values are keys.
    vars: BTreeMap<String, Zeroizing<String>>,
    read: Vec<&'static str>,
    errors: Vec<String>,
}

/// Everything that is wrong with the configuration, one sentence each.
#[derive(Debug, thiserror::Error)]
pub struct ConfigErrors(pub Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration cannot be used:")?;
        self.0.iter().try_for_each(|e| write!(f, "\n  - {e}"))
    }
}

impl Env {
    /// Takes a snapshot of the process environment.
    pub fn from_process() -> Self {
        let pairs = std::env::vars_os()
            .filter_map(|(k, v)| Some((k.into_string().ok()?, v.to_string_lossy().into_owned())));
        Self::of(pairs)
    }

    /// Makes an environment of the given pairs.
    pub fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let vars = pairs.into_iter().map(|(key, value)| (key, Zeroizing::new(value)));
        let vars = vars.filter(|(_, value)| !value.trim().is_empty()).collect();
        Self { vars, ..Self::default() }
    }

    /// Returns the trimmed value of `key`, if it is set and not empty.
    pub fn text(&mut self, key: &'static str) -> Option<String> {
        self.read.push(key);
        self.vars.get(key).map(|v| v.trim().to_owned())
    }

    /// Returns the value of `key` or of its short form; different values in both are an error.
    pub fn text_either(&mut self, key: &'static str, short: &'static str) -> Option<String> {
        match (self.text(key), self.text(short)) {
            (Some(a), Some(b)) if a != b => {
                self.error(format!(
                    "{key} and {short} are set to different values; set one (an image that sets \
                     {short} itself wants that name)"
                ));
                Some(a)
            }
            (a, b) => a.or(b),
        }
    }

    /// Parses a value already read; a failure is gathered as `{key} must be {what}`.
    pub fn parse<T: FromStr>(&mut self, key: &str, value: Option<String>, what: &str) -> Option<T> {
        let parsed = value?.parse().ok();
        if parsed.is_none() {
            self.error(format!("{key} must be {what}"));
        }
        parsed
    }

    /// Reads and parses `key`; a failure is gathered as `{key} must be {what}`.
    pub fn parsed<T: FromStr>(&mut self, key: &'static str, what: &str) -> Option<T> {
        let value = self.text(key);
        self.parse(key, value, what)
    }

    /// Parses a boolean: 0, 1, true or false.
    pub fn boolean(&mut self, key: &str, value: Option<&str>) -> bool {
        match value.map(str::to_ascii_lowercase).as_deref() {
            None | Some("0" | "false") => false,
            Some("1" | "true") => true,
            Some(_) => {
                self.error(format!("{key} must be 0, 1, true or false"));
                false
            }
        }
    }

    /// Gathers one more error.
    pub fn error(&mut self, sentence: impl Into<String>) {
        self.errors.push(sentence.into());
    }

    /// Returns every key asked for so far, in order, duplicates included.
    pub fn keys_read(&self) -> &[&'static str] {
        &self.read
    }

    /// Ends the reading: returns `config`, or every error gathered.
    ///
    /// # Errors
    /// [`ConfigErrors`] when any value was missing or malformed.
    pub fn finish<T>(self, config: Option<T>) -> Result<T, ConfigErrors> {
        match config {
            Some(config) if self.errors.is_empty() => Ok(config),
            _ => Err(ConfigErrors(self.errors)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Env {
        Env::of(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
    }

    #[test]
    fn empty_means_unset() {
        assert_eq!(env(&[("A", " ")]).text("A"), None);
        assert_eq!(env(&[("A", "")]).text_either("A", "B"), None);
    }

    #[test]
    fn two_names_with_two_values_are_refused_naming_both() {
        let mut e = env(&[("R4_PORT", "1"), ("PORT", "2")]);
        e.text_either("R4_PORT", "PORT");
        let text = e.finish(Some(())).expect_err("conflict").to_string();
        assert!(text.contains("R4_PORT") && text.contains(" PORT"), "{text}");
        let mut same = env(&[("R4_PORT", "1"), ("PORT", "1")]);
        assert_eq!(same.text_either("R4_PORT", "PORT").as_deref(), Some("1"));
        assert!(same.finish(Some(())).is_ok());
    }

    #[test]
    fn all_errors_are_reported_together() {
        let mut e = env(&[("A", "x"), ("B", "maybe")]);
        e.parsed::<u16>("A", "a port");
        let b = e.text("B");
        e.boolean("B", b.as_deref());
        assert_eq!(e.finish(Some(())).expect_err("two errors").0.len(), 2);
    }
}
