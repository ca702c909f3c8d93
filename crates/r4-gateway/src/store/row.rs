//! A key's record as JSON, in which the embedded store keeps it.

use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::keys::{KeyPolicy, KeyRecord, OldSecret, SecretHash};

/// A [`KeyRecord`] with its values as text.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    revision: u64,
    id: String,
    name: String,
    hash: String,
    old: Vec<(String, u64)>,
    rate: String,
    burst: u32,
    quota: Option<String>,
    scopes: String,
    created: u64,
    expires: Option<u64>,
    rotated: Option<u64>,
    revoked: Option<u64>,
}

/// Writes a record.
pub(super) fn encode(record: &KeyRecord) -> Result<Vec<u8>, StoreError> {
    let row = Row {
        revision: record.revision,
        id: record.id.to_string(),
        name: record.name.to_string(),
        hash: hex::encode(record.hash.bytes()),
        old: record.old.iter().map(|old| (hex::encode(old.hash.bytes()), old.until)).collect(),
        rate: record.policy.rate.to_string(),
        burst: record.policy.burst.get(),
        quota: record.policy.quota.map(|quota| quota.to_string()),
        scopes: record.policy.scopes.to_string(),
        created: record.created,
        expires: record.expires,
        rotated: record.rotated,
        revoked: record.revoked,
    };
    serde_json::to_vec(&row).map_err(|cause| StoreError::Corrupt(cause.to_string()))
}

/// Reads a record.
pub(super) fn decode(bytes: &[u8]) -> Result<KeyRecord, StoreError> {
    let row: Row =
        serde_json::from_slice(bytes).map_err(|_| broken("a key's record is not its JSON"))?;
    row.read().ok_or_else(|| broken("a key's record has a value that no key has"))
}

impl Row {
    fn read(self) -> Option<KeyRecord> {
        let old = self
            .old
            .iter()
            .map(|(hash, until)| Some(OldSecret { hash: read_hash(hash)?, until: *until }));
        Some(KeyRecord {
            revision: self.revision,
            id: self.id.parse().ok()?,
            name: self.name.parse().ok()?,
            hash: read_hash(&self.hash)?,
            old: old.collect::<Option<_>>()?,
            policy: KeyPolicy {
                rate: self.rate.parse().ok()?,
                burst: self.burst.try_into().ok()?,
                quota: self.quota.map(|quota| quota.parse()).transpose().ok()?,
                scopes: self.scopes.parse().ok()?,
            },
            created: self.created,
            expires: self.expires,
            rotated: self.rotated,
            revoked: self.revoked,
        })
    }
}

fn read_hash(text: &str) -> Option<SecretHash> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(SecretHash::new(bytes))
}

pub(super) fn broken(what: &str) -> StoreError {
    StoreError::Corrupt(what.to_owned())
}
