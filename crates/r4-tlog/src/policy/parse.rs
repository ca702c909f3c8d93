//! Reading a policy line by line.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Definition, Policy, Quorum, Witness};
use crate::line::decimal;
use crate::note::{Algorithm, KeyError, VerifierKey};

/// The longest policy that is read, in octets.
pub const MAX_POLICY_BYTES: usize = 1 << 20;
/// The most logs, and the most witnesses and groups together, that a policy may define.
pub const MAX_DEFINITIONS: usize = 256;

/// The name that stands for no cosignature, in the quorum alone.
const NONE: &str = "none";

/// Why a text is not a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The text is too long.
    #[error("a policy has at most {MAX_POLICY_BYTES} bytes, not {got}")]
    Long {
        /// Octets given.
        got: usize,
    },
    /// A line is wrong.
    #[error("line {line} of the policy: {error}")]
    Line {
        /// Which line, from one.
        line: usize,
        /// What is wrong with it.
        error: LineError,
    },
    /// No line says what the quorum is.
    #[error("the policy has no quorum line")]
    NoQuorum,
}

/// What is wrong with a line of a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// The last line has no newline.
    #[error("the line does not end in a newline")]
    Unterminated,
    /// A control character other than tab.
    #[error("the line has a control character")]
    Control,
    /// No known word stands first.
    #[error("a line begins with log, witness, group, quorum or #")]
    Keyword,
    /// Too few or too many items for the word.
    #[error("the line has too few or too many items")]
    Items,
    /// The key does not parse.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A key of another type.
    #[error("a log's key is of type 1 or 6, a witness's of type 4 or 6")]
    Algorithm,
    /// The same public key on two lines.
    #[error("the key is already on another line")]
    RepeatedKey,
    /// A name that is taken.
    #[error("the name {name} is already defined")]
    RepeatedName {
        /// The name.
        name: String,
    },
    /// A name that nothing before defines.
    #[error("the name {name} is not defined on a line before")]
    Undefined {
        /// The name.
        name: String,
    },
    /// A name that is a member twice.
    #[error("the name {name} is already a member of a group")]
    RepeatedMember {
        /// The name.
        name: String,
    },
    /// A threshold that is none.
    #[error("the threshold is not all, any or a number from 1 to that of the members")]
    Threshold,
    /// A second quorum line.
    #[error("the policy already has a quorum line")]
    RepeatedQuorum,
    /// More lines of a kind than are read.
    #[error("the policy defines more than {MAX_DEFINITIONS} of a kind")]
    TooMany,
}

impl Policy {
    /// Reads a policy (tlog-policy, "Policy file syntax and structure").
    ///
    /// # Errors
    /// Names the first line that is wrong, and how.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        if text.len() > MAX_POLICY_BYTES {
            return Err(PolicyError::Long { got: text.len() });
        }
        let mut reader = Reader::default();
        for (line, text) in (1..).zip(text.split_inclusive('\n')) {
            reader.line(text).map_err(|error| PolicyError::Line { line, error })?;
        }
        Ok(Self {
            logs: reader.logs,
            witnesses: reader.witnesses,
            definitions: reader.definitions,
            quorum: reader.quorum.ok_or(PolicyError::NoQuorum)?,
        })
    }
}

/// What the lines so far said.
#[derive(Default)]
struct Reader<'a> {
    logs: Vec<VerifierKey>,
    witnesses: Vec<Witness>,
    definitions: Vec<Definition>,
    /// The names of the definitions.
    names: Vec<&'a str>,
    /// Indices of the definitions that are in a group.
    members: Vec<usize>,
    quorum: Option<Quorum>,
}

impl<'a> Reader<'a> {
    fn line(&mut self, line: &'a str) -> Result<(), LineError> {
        let line = line.strip_suffix('\n').ok_or(LineError::Unterminated)?;
        if line.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
            return Err(LineError::Control);
        }
        let items: Vec<&str> = line.split([' ', '\t']).filter(|item| !item.is_empty()).collect();
        match items.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with('#') => Ok(()),
            ["log", vkey] | ["log", vkey, _] => self.log(vkey),
            ["witness", name, vkey] => self.witness(name, vkey, None),
            ["witness", name, vkey, url] => self.witness(name, vkey, Some(url)),
            ["group", name, threshold, members @ ..] => self.group(name, threshold, members),
            ["quorum", name] => self.quorum(name),
            ["log" | "witness" | "group" | "quorum", ..] => Err(LineError::Items),
            _ => Err(LineError::Keyword),
        }
    }

    fn log(&mut self, vkey: &str) -> Result<(), LineError> {
        let key = VerifierKey::parse(vkey)?;
        if key.algorithm() == Algorithm::CosignatureEd25519 {
            return Err(LineError::Algorithm);
        }
        if self.logs.len() == MAX_DEFINITIONS {
            return Err(LineError::TooMany);
        }
        if self.logs.iter().any(|log| log.public_key() == key.public_key()) {
            return Err(LineError::RepeatedKey);
        }
        self.logs.push(key);
        Ok(())
    }

    fn witness(&mut self, name: &'a str, vkey: &str, url: Option<&str>) -> Result<(), LineError> {
        let key = VerifierKey::parse(vkey)?;
        if key.algorithm() == Algorithm::Ed25519 {
            return Err(LineError::Algorithm);
        }
        if self.witnesses.iter().any(|witness| witness.key.public_key() == key.public_key()) {
            return Err(LineError::RepeatedKey);
        }
        self.define(name, Definition::Witness(self.witnesses.len()))?;
        let (name, url) = (name.to_string(), url.map(ToString::to_string));
        self.witnesses.push(Witness { name, key, url });
        Ok(())
    }

    fn group(&mut self, name: &'a str, threshold: &str, names: &[&str]) -> Result<(), LineError> {
        if names.is_empty() {
            return Err(LineError::Items);
        }
        let threshold = parse_threshold(threshold, names.len()).ok_or(LineError::Threshold)?;
        let mut members = Vec::new();
        for name in names {
            let member = self.defined(name)?;
            if self.members.contains(&member) {
                return Err(LineError::RepeatedMember { name: (*name).to_string() });
            }
            self.members.push(member);
            members.push(member);
        }
        self.define(name, Definition::Group { threshold, members })
    }

    fn quorum(&mut self, name: &str) -> Result<(), LineError> {
        if self.quorum.is_some() {
            return Err(LineError::RepeatedQuorum);
        }
        let quorum = if name == NONE { Quorum::None } else { Quorum::Of(self.defined(name)?) };
        self.quorum = Some(quorum);
        Ok(())
    }

    fn define(&mut self, name: &'a str, definition: Definition) -> Result<(), LineError> {
        if name == NONE || self.names.contains(&name) {
            return Err(LineError::RepeatedName { name: name.to_string() });
        }
        if self.definitions.len() == MAX_DEFINITIONS {
            return Err(LineError::TooMany);
        }
        self.names.push(name);
        self.definitions.push(definition);
        Ok(())
    }

    fn defined(&self, name: &str) -> Result<usize, LineError> {
        let index = self.names.iter().position(|defined| *defined == name);
        index.ok_or_else(|| LineError::Undefined { name: name.to_string() })
    }
}

/// Reads `all`, `any` or a number of at least one and at most `members`.
fn parse_threshold(text: &str, members: usize) -> Option<usize> {
    let threshold = match text {
        "all" => members,
        "any" => 1,
        number => decimal(number)?.try_into().ok()?,
    };
    (1..=members).contains(&threshold).then_some(threshold)
}
