//! The rows of the audit trail that changes of keys leave.

use std::collections::BTreeMap;

use r4_api::keys::{AuditAction, AuditHead, AuditRow};
use serde_json::{Value, json};

use crate::keys::KeyRecord;

/// What was done to a key, when, and by whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deed<'a> {
    pub(super) action: AuditAction,
    pub(super) actor: &'a str,
    pub(super) now: u64,
}

impl Deed<'_> {
    /// Returns the row that comes after `head`; `record` is the key after the change.
    pub(super) fn row(&self, head: &AuditHead, record: &KeyRecord) -> AuditRow {
        let mut row = AuditRow {
            seq: head.seq.saturating_add(1),
            time: self.now,
            // A line break would let one row read as another.
            actor: self.actor.chars().filter(|c| !c.is_control()).collect(),
            action: self.action,
            key_id: record.id.to_string(),
            name: record.name.to_string(),
            detail: self.detail(record),
            previous_hash: head.hash.clone(),
            hash: String::new(),
        };
        row.hash = row.own_hash();
        row
    }

    fn detail(&self, record: &KeyRecord) -> BTreeMap<String, Value> {
        let policy = &record.policy;
        let detail = match self.action {
            AuditAction::Create => vec![
                ("rate", json!(policy.rate.to_string())),
                ("burst", json!(policy.burst)),
                ("quota", json!(policy.quota.map(|quota| quota.to_string()))),
                ("scopes", json!(policy.scopes.to_string())),
                ("expires", json!(record.expires)),
            ],
            AuditAction::Rotate => vec![("old_until", json!(record.old_until(self.now)))],
            AuditAction::Revoke => Vec::new(),
        };
        detail.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}
