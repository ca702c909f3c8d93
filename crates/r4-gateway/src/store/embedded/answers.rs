//! Answers kept for a repeated request, and public lists.

use redb::{ReadableTable as _, WriteTransaction};

use super::Embedded;
use super::tables::{ANSWERS, LISTS, SLOT_COUNTS, SLOT_ENDS, SLOTS};
use crate::keys::KeyId;
use crate::store::{Begun, KEEP_SECONDS, Kept, MOST_SLOTS, StoreError, UNDER_WAY_SECONDS};

impl Embedded {
    pub(in crate::store) async fn begin(
        &self,
        slot: [u8; 32],
        owner: KeyId,
        fingerprint: [u8; 32],
        now: u64,
    ) -> Result<Begun, StoreError> {
        let owner = owner.number();
        self.write(move |writing| {
            let taken = Taken::find(writing, &slot)?;
            if let Some(taken) = taken.filter(|taken| taken.end > now) {
                return taken.judge(writing, &slot, &fingerprint);
            }
            sweep(writing, now)?;
            if count(writing, owner)? >= MOST_SLOTS {
                return Ok(Begun::Full);
            }
            let end = now.saturating_add(UNDER_WAY_SECONDS);
            put(writing, &slot, &Taken { owner, fingerprint, end })?;
            Ok(Begun::New)
        })
        .await
    }

    pub(in crate::store) async fn finish(
        &self,
        slot: [u8; 32],
        kept: Kept,
        now: u64,
    ) -> Result<(), StoreError> {
        self.write(move |writing| {
            let Some(taken) = Taken::find(writing, &slot)? else { return Ok(()) };
            remove(writing, &slot, &taken)?;
            put(writing, &slot, &Taken { end: now.saturating_add(KEEP_SECONDS), ..taken })?;
            let answer = (kept.status, kept.content_type.as_str(), kept.body.as_slice());
            writing.open_table(ANSWERS)?.insert(&slot, answer)?;
            Ok(())
        })
        .await
    }

    pub(in crate::store) async fn release(&self, slot: [u8; 32]) -> Result<(), StoreError> {
        self.write(move |writing| {
            let answered = writing.open_table(ANSWERS)?.get(&slot)?.is_some();
            match Taken::find(writing, &slot)? {
                Some(taken) if !answered => remove(writing, &slot, &taken),
                _ => Ok(()),
            }
        })
        .await
    }

    pub(in crate::store) async fn put_list(
        &self,
        hash: [u8; 32],
        text: &[u8],
    ) -> Result<(), StoreError> {
        let text = text.to_owned();
        self.write(move |writing| {
            writing.open_table(LISTS)?.insert(&hash, text.as_slice())?;
            Ok(())
        })
        .await
    }

    pub(in crate::store) async fn list_text(
        &self,
        hash: [u8; 32],
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(move |reading| {
            let text = reading.open_table(LISTS)?.get(&hash)?;
            Ok(text.map(|text| text.value().to_owned()))
        })
        .await
    }
}

/// A slot that is in use, until its end.
#[derive(Clone, Copy)]
struct Taken {
    owner: u64,
    fingerprint: [u8; 32],
    end: u64,
}

impl Taken {
    fn find(writing: &WriteTransaction, slot: &[u8; 32]) -> Result<Option<Self>, StoreError> {
        let slots = writing.open_table(SLOTS)?;
        let row = slots.get(slot)?;
        Ok(row.map(|row| {
            let (owner, fingerprint, end) = row.value();
            Self { owner, fingerprint: *fingerprint, end }
        }))
    }

    fn judge(
        &self,
        writing: &WriteTransaction,
        slot: &[u8; 32],
        fingerprint: &[u8; 32],
    ) -> Result<Begun, StoreError> {
        if self.fingerprint != *fingerprint {
            return Ok(Begun::Different);
        }
        let answers = writing.open_table(ANSWERS)?;
        let answer = answers.get(slot)?;
        Ok(answer.map_or(Begun::InProgress, |answer| {
            let (status, content_type, body) = answer.value();
            let (content_type, body) = (content_type.to_owned(), body.to_owned());
            Begun::Done(Kept { status, content_type, body })
        }))
    }
}

fn put(writing: &WriteTransaction, slot: &[u8; 32], taken: &Taken) -> Result<(), StoreError> {
    let Taken { owner, fingerprint, end } = taken;
    writing.open_table(SLOTS)?.insert(slot, (*owner, fingerprint, *end))?;
    writing.open_table(SLOT_ENDS)?.insert((*end, *owner, slot), ())?;
    let more = count(writing, *owner)?.saturating_add(1);
    writing.open_table(SLOT_COUNTS)?.insert(*owner, more)?;
    Ok(())
}

fn remove(writing: &WriteTransaction, slot: &[u8; 32], taken: &Taken) -> Result<(), StoreError> {
    writing.open_table(SLOTS)?.remove(slot)?;
    writing.open_table(SLOT_ENDS)?.remove((taken.end, taken.owner, slot))?;
    writing.open_table(ANSWERS)?.remove(slot)?;
    let fewer = count(writing, taken.owner)?.saturating_sub(1);
    let mut counts = writing.open_table(SLOT_COUNTS)?;
    if fewer == 0 {
        counts.remove(taken.owner)?;
    } else {
        counts.insert(taken.owner, fewer)?;
    }
    Ok(())
}

fn count(writing: &WriteTransaction, owner: u64) -> Result<u64, StoreError> {
    Ok(writing.open_table(SLOT_COUNTS)?.get(owner)?.map_or(0, |count| count.value()))
}

/// Frees the slots that have ended.
pub(super) fn sweep(writing: &WriteTransaction, now: u64) -> Result<(), StoreError> {
    let ended: Vec<[u8; 32]> = {
        let ends = writing.open_table(SLOT_ENDS)?;
        let rows = ends.range(..(now.saturating_add(1), 0, &[0; 32]))?;
        rows.map(|row| Ok::<_, StoreError>(*row?.0.value().2)).collect::<Result<_, _>>()?
    };
    for slot in ended {
        if let Some(taken) = Taken::find(writing, &slot)? {
            remove(writing, &slot, &taken)?;
        }
    }
    Ok(())
}
