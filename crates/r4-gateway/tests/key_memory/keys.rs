//! Tables of many keys.

use std::collections::HashMap;

use anyhow::{Result, anyhow};
use r4_gateway::keys::{KeyId, KeyPolicy, KeyRecord, KeyTable, NewKey, Scopes, SecretText};
use r4_gateway::limits::Rate;

use crate::allocator::bytes_of;

/// Any time.
pub(crate) const NOW: u64 = 1_800_000_000;

/// Returns the record of key `number`, whose text is `secret`.
fn record(number: u64, secret: &SecretText) -> Result<KeyRecord> {
    let rate: Rate = "50/s".parse().map_err(|()| anyhow!("no rate"))?;
    let key = NewKey {
        id: KeyId::try_from(number)?,
        name: format!("customer-{number:06}.production").parse()?,
        hash: secret.hash(),
        policy: KeyPolicy { rate, burst: rate.each_second(), quota: None, scopes: Scopes::ALL },
        expires: Some(NOW.saturating_add(1000)),
    };
    Ok(KeyRecord::new(key, NOW, number))
}

/// Returns so many texts of keys.
pub(crate) fn secrets(count: usize) -> Result<Vec<SecretText>> {
    Ok(std::iter::repeat_with(SecretText::generate).take(count).collect::<Result<_, _>>()?)
}

/// Returns a table that has the keys, and the bytes that it holds.
pub(crate) fn table(secrets: &[SecretText]) -> Result<(KeyTable, usize)> {
    let (table, bytes) = bytes_of(|| {
        let table = KeyTable::local();
        for (number, secret) in (1..).zip(secrets) {
            table.apply(vec![record(number, secret)?]);
        }
        anyhow::Ok(table)
    });
    Ok((table?, bytes))
}

/// Returns the bytes of the hash tables alone: a hash and a pointer a key, in as many parts.
pub(crate) fn own_bytes(secrets: &[SecretText]) -> usize {
    const PARTS: usize = 64;
    let fill = || {
        let mut parts: Vec<HashMap<[u8; 32], usize>> = vec![HashMap::new(); PARTS];
        for secret in secrets {
            let hash = *secret.hash().bytes();
            let part = hash.last().map_or(0, |last| usize::from(*last) % PARTS);
            if let Some(part) = parts.get_mut(part) {
                part.insert(hash, 0);
            }
        }
        parts
    };
    bytes_of(fill).1
}
