//! Orders and answers of the admin API of r4-gateway: API keys, their usage, and the audit trail.
//!
//! Times are Unix seconds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::gateway::{DayUsage, QuotaStanding};

/// Most rows of one page of a list.
pub const MOST_ROWS: usize = 1000;

/// Body of `POST /admin/v1/keys`: a key to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyOrder {
    /// 1 to 64 of `A-Z a-z 0-9 . _ -`, which no other key has that is not revoked.
    pub name: String,
    /// Units that come back, such as `50/s`; the gateway's `R4_RATE_KEY` without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// Units that may be spent at once; one second's worth without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<u32>,
    /// Units of a day or month, such as `1000000/month`; no bound without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<String>,
    /// What the key may do: `random`, `vrf`, `draws`; all of it without this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// When the key ends; never without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<u64>,
}

/// Body of `POST /admin/v1/keys/{key}/rotate`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotateOrder {
    /// How long the key's earlier texts stay good, in seconds; a day without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap_seconds: Option<u64>,
}

/// Whether a key is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyStatus {
    /// It is.
    Live,
    /// It has ended.
    Expired,
    /// It was revoked.
    Revoked,
}

impl KeyStatus {
    /// Returns the word used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// What is told of a key; nothing of its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyInfo {
    /// Id of the key.
    pub id: String,
    /// Name of the key.
    pub name: String,
    /// Whether it is taken.
    pub status: KeyStatus,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Units that come back.
    pub rate: String,
    /// Units that may be spent at once.
    pub burst: u32,
    /// Units of a day or month.
    pub quota: Option<String>,
    /// When it was made.
    pub created: u64,
    /// When it ends.
    pub expires: Option<u64>,
    /// When its text was last replaced.
    pub rotated: Option<u64>,
    /// Until when an earlier text of it is still good.
    pub old_until: Option<u64>,
    /// When it was revoked.
    pub revoked: Option<u64>,
}

/// A key that was just made or rotated, with its text: the only answer that ever holds it.
#[derive(Clone, Serialize, Deserialize)]
pub struct FreshKey<Text> {
    /// The text of the key.
    pub key: Text,
    /// What is told of it from now on.
    pub info: KeyInfo,
}

impl<Text> std::fmt::Debug for FreshKey<Text> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FreshKey").field("info", &self.info).finish_non_exhaustive()
    }
}

/// `GET /admin/v1/keys`: a page of the keys, in the order of their ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPage {
    /// The keys.
    pub keys: Vec<KeyInfo>,
    /// The id to give as `after` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// `GET /admin/v1/keys/{key}/usage`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyUsage {
    /// Id of the key.
    pub id: String,
    /// Name of the key.
    pub name: String,
    /// Where its quota stands, if it has one.
    pub quota: Option<QuotaStanding>,
    /// What it used, the oldest day first.
    pub days: Vec<DayUsage>,
}

/// `GET /admin/v1/audit`: a page of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    /// The rows, the oldest first.
    pub rows: Vec<AuditRow>,
    /// Where the trail ends.
    pub head: AuditHead,
}

/// What was done to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuditAction {
    /// It was made.
    Create,
    /// Its text was replaced.
    Rotate,
    /// It was revoked.
    Revoke,
}

impl AuditAction {
    /// Every action.
    pub const ALL: [Self; 3] = [Self::Create, Self::Rotate, Self::Revoke];

    /// Returns the word used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Rotate => "rotate",
            Self::Revoke => "revoke",
        }
    }
}

/// One change of a key. Its hash covers the row and the hash of the row before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditRow {
    /// Number of the row, from 1 without a gap.
    pub seq: u64,
    /// When it was done.
    pub time: u64,
    /// Who did it.
    pub actor: String,
    /// What was done.
    pub action: AuditAction,
    /// Id of the key.
    pub key_id: String,
    /// Name of the key.
    pub name: String,
    /// What belongs to the action: settings of a new key, the end of earlier texts.
    pub detail: BTreeMap<String, Value>,
    /// Hash of the row before; zeros in the first.
    pub previous_hash: String,
    /// Hash of this row.
    pub hash: String,
}

/// Where an audit trail ends: number and hash of its last row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditHead {
    /// Number of the last row; 0 when there is none.
    pub seq: u64,
    /// Hash of the last row; zeros when there is none.
    pub hash: String,
}

/// What is wrong with an audit trail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditFault {
    /// A row is missing, or is there twice.
    #[error("row {want} is missing: row {got} stands in its place")]
    Gap {
        /// The number that comes next.
        want: u64,
        /// The number that is there.
        got: u64,
    },
    /// A row does not follow the one before.
    #[error("row {seq} does not follow row {before}: one of them was changed", before = seq.saturating_sub(1))]
    Link {
        /// Number of the row.
        seq: u64,
    },
    /// A row does not have its own hash.
    #[error("row {seq} was changed: it does not have the hash that stands in it")]
    Hash {
        /// Number of the row.
        seq: u64,
    },
    /// The last row is not the one that the store remembers.
    #[error("the trail ends with row {got}, and should end with row {want}: the end was changed")]
    End {
        /// The number of the last row that was written.
        want: u64,
        /// The number of the last row that is there.
        got: u64,
    },
}

impl AuditHead {
    /// The head of a trail without rows.
    pub fn empty() -> Self {
        Self { seq: 0, hash: "0".repeat(64) }
    }

    /// Returns the head after `row`.
    ///
    /// # Errors
    /// [`AuditFault`], when the row does not come next.
    pub fn extend(&self, row: &AuditRow) -> Result<Self, AuditFault> {
        let want = self.seq.saturating_add(1);
        if row.seq != want {
            return Err(AuditFault::Gap { want, got: row.seq });
        }
        if row.previous_hash != self.hash {
            return Err(AuditFault::Link { seq: row.seq });
        }
        if row.hash != row.own_hash() {
            return Err(AuditFault::Hash { seq: row.seq });
        }
        Ok(Self { seq: row.seq, hash: row.hash.clone() })
    }

    /// Checks that the trail ends here, as the store remembers it.
    ///
    /// # Errors
    /// [`AuditFault::End`].
    pub fn ends_at(&self, kept: &Self) -> Result<(), AuditFault> {
        let fault = AuditFault::End { want: kept.seq, got: self.seq };
        if self == kept { Ok(()) } else { Err(fault) }
    }
}

impl AuditRow {
    /// Returns the SHA-256 that the row should have, in hexadecimal: of the line `r4-audit/v1` and
    /// one line for each field in order, each ended by LF, with `detail` as JSON without spaces and
    /// in the order of its names.
    pub fn own_hash(&self) -> String {
        let detail: Vec<String> = self
            .detail
            .iter()
            .map(|(name, value)| format!("{}:{value}", Value::from(name.as_str())))
            .collect();
        let lines = format!(
            "r4-audit/v1\n{}\n{}\n{}\n{}\n{}\n{}\n{{{}}}\n{}\n",
            self.seq,
            self.time,
            self.actor,
            self.action.as_str(),
            self.key_id,
            self.name,
            detail.join(","),
            self.previous_hash
        );
        hex::encode(Sha256::digest(lines.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(seq: u64, previous: &AuditHead) -> AuditRow {
        let mut row = AuditRow {
            seq,
            time: 1_800_000_000,
            actor: "admin".to_owned(),
            action: AuditAction::Create,
            key_id: "key_0123456789ab".to_owned(),
            name: "alice".to_owned(),
            detail: BTreeMap::from([
                ("rate".to_owned(), Value::from("50/s")),
                ("burst".to_owned(), Value::from(50)),
            ]),
            previous_hash: previous.hash.clone(),
            hash: String::new(),
        };
        row.hash = row.own_hash();
        row
    }

    fn trail() -> Vec<AuditRow> {
        let mut head = AuditHead::empty();
        let mut rows = Vec::new();
        for seq in 1..=3 {
            let row = row(seq, &head);
            head = head.extend(&row).expect("good");
            rows.push(row);
        }
        rows
    }

    fn check(rows: &[AuditRow]) -> Result<AuditHead, AuditFault> {
        rows.iter().try_fold(AuditHead::empty(), |head, row| head.extend(row))
    }

    #[test]
    fn the_hashed_bytes_are_fixed() {
        // printf 'r4-audit/v1\n1\n1800000000\nadmin\ncreate\nkey_0123456789ab\nalice\n
        // {"burst":50,"rate":"50/s"}\n000…0\n' | sha256sum
        assert_eq!(
            row(1, &AuditHead::empty()).hash,
            "0b59b2769fcefcb3d573d2f6b68d1931ffb2359dde82444a1444da091b3cdd47"
        );
    }

    type Change = fn(&mut AuditRow);

    #[test]
    fn every_field_is_under_the_hash() {
        let rows = trail();
        assert_eq!(check(&rows).expect("good").seq, 3);
        let changes: [Change; 6] = [
            |row| row.time += 1,
            |row| row.actor.push('x'),
            |row| row.action = AuditAction::Revoke,
            |row| row.key_id.push('0'),
            |row| row.name = "bob".to_owned(),
            |row| drop(row.detail.insert("burst".to_owned(), Value::from(51))),
        ];
        for change in changes {
            let mut rows = rows.clone();
            change(&mut rows[1]);
            assert_eq!(check(&rows), Err(AuditFault::Hash { seq: 2 }));
            rows[1].hash = rows[1].own_hash();
            assert_eq!(
                check(&rows),
                Err(AuditFault::Link { seq: 3 }),
                "a new hash breaks the link"
            );
        }
    }

    #[test]
    fn rows_cannot_be_taken_out_or_swapped() {
        let rows = trail();
        let without = [rows[0].clone(), rows[2].clone()];
        assert_eq!(check(&without), Err(AuditFault::Gap { want: 2, got: 3 }));
        let swapped = [rows[0].clone(), rows[2].clone(), rows[1].clone()];
        assert_eq!(check(&swapped), Err(AuditFault::Gap { want: 2, got: 3 }));
        let head = check(&rows).expect("good");
        let shorter = check(&rows[..2]).expect("good by itself");
        assert_eq!(shorter.ends_at(&head), Err(AuditFault::End { want: 3, got: 2 }));
        assert_eq!(head.ends_at(&head), Ok(()));
    }
}
