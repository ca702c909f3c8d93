//! Records that wait to be written: in any order of index, taken in order.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::error::AppendError;
use crate::host::Settings;
use crate::journal::MAX_BATCH_BYTES;
use crate::record::{Included, Record, octets};

/// What is called once it is known whether a record is in the log.
pub(crate) type Done = Box<dyn FnOnce(Result<Included, AppendError>) + Send>;

/// Time between two attempts on a full disk.
const RETRY: Duration = Duration::from_secs(1);

/// What is waiting, and how the store is.
#[derive(Debug)]
pub(crate) struct Queue {
    /// The first index that was not taken.
    next: u64,
    /// The first index from `next` on that nothing waits for.
    ready: u64,
    slots: BTreeMap<u64, Slot>,
    /// When the last batch was taken.
    taken: Instant,
    /// Entries on disk.
    pub(crate) durable: u64,
    /// Why the last attempt to write failed, and when.
    trouble: Option<(String, Instant)>,
    /// Failed attempts so far.
    pub(crate) failures: u64,
    /// Somebody wants an attempt now.
    hurry: bool,
    pub(crate) stopped: Option<String>,
    pub(crate) closing: bool,
    settings: Settings,
}

/// What becomes of an index.
pub(crate) enum Slot {
    /// A record, and whom to tell.
    Record(Record, Done),
    /// A missed entry, made already or not.
    Missed(Option<Vec<u8>>),
}

/// Consecutive slots that are written together.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) first: u64,
    pub(crate) slots: Vec<Slot>,
}

/// What the writer does next.
#[derive(Debug)]
pub(crate) enum Next {
    Write(Batch),
    /// Wait until something comes.
    Wait,
    /// Wait, but not longer than this.
    WaitFor(Duration),
    Leave,
}

impl Queue {
    pub(crate) fn new(size: u64, settings: Settings) -> Self {
        Self {
            next: size,
            ready: size,
            slots: BTreeMap::new(),
            taken: Instant::now(),
            durable: size,
            trouble: None,
            failures: 0,
            hurry: false,
            stopped: None,
            closing: false,
            settings,
        }
    }

    /// Lets a slot wait; returns whether the writer must look again. Given back when its index is
    /// used.
    pub(crate) fn put(&mut self, index: u64, slot: Slot) -> Result<bool, Slot> {
        if index < self.next || self.slots.contains_key(&index) {
            return Err(slot);
        }
        let before = self.waiting();
        self.hurry |= self.trouble.is_some() && matches!(slot, Slot::Record(..));
        self.slots.insert(index, slot);
        while self.slots.contains_key(&self.ready) {
            self.ready = self.ready.saturating_add(1);
        }
        let now = self.waiting();
        let full = before < self.settings.batch_size && now >= self.settings.batch_size;
        Ok(self.hurry || full || (before == 0 && now > 0))
    }

    /// Lets missed entries wait at the next indexes below `end`, at most a batch of them; returns how
    /// many.
    pub(crate) fn put_missed(&mut self, end: u64) -> u64 {
        let batch = self.next.saturating_add(octets(self.settings.batch_size));
        let vacant = (self.next..end.min(batch)).filter(|index| !self.slots.contains_key(index));
        let vacant: Vec<u64> = vacant.collect();
        let put = vacant.iter().filter(|index| self.put(**index, Slot::Missed(None)).is_ok());
        octets(put.count())
    }

    /// Says what to do now.
    pub(crate) fn next(&mut self) -> Next {
        if self.stopped.is_some() || self.waiting() == 0 {
            return if self.closing { Next::Leave } else { Next::Wait };
        }
        let left = self.due().saturating_duration_since(Instant::now());
        if left.is_zero() || self.closing {
            self.hurry = false;
            return Next::Write(self.take());
        }
        Next::WaitFor(left)
    }

    /// Returns when the next batch is to be written.
    fn due(&self) -> Instant {
        match &self.trouble {
            Some(_) if self.hurry => self.taken,
            Some((_, tried)) => *tried + RETRY,
            None if self.waiting() >= self.settings.batch_size => self.taken,
            // What comes after a pause does not wait.
            None => self.taken + self.settings.batch_interval,
        }
    }

    /// Slots that wait, those behind a gap included.
    pub(crate) fn held(&self) -> usize {
        self.slots.len()
    }

    /// Slots that could be written now.
    fn waiting(&self) -> usize {
        usize::try_from(self.ready.saturating_sub(self.next)).unwrap_or(usize::MAX)
    }

    fn take(&mut self) -> Batch {
        let size = self.settings.batch_size.max(1);
        self.taken = Instant::now();
        let mut batch = Batch { first: self.next, slots: Vec::new() };
        let mut bytes = 0_usize;
        while batch.slots.len() < size && bytes < MAX_BATCH_BYTES / 2 {
            let Some(slot) = self.slots.remove(&self.next) else { break };
            if let Slot::Record(record, _) = &slot {
                bytes = bytes.saturating_add(record.body.len()).saturating_add(record.entry.len());
            }
            batch.slots.push(slot);
            self.next = self.next.saturating_add(1);
        }
        batch
    }

    /// Notes that a batch is on disk.
    pub(crate) fn written(&mut self) {
        self.durable = self.next;
        self.trouble = None;
    }

    /// Puts back a batch that the disk did not take. Its records, and all others that wait, become
    /// missed indexes; returns whom to tell.
    pub(crate) fn failed(&mut self, batch: Batch, why: &str) -> Vec<Done> {
        self.trouble = Some((why.to_owned(), Instant::now()));
        self.failures = self.failures.saturating_add(1);
        self.next = batch.first;
        self.slots.extend((batch.first..).zip(batch.slots));
        let mut told = Vec::new();
        for slot in self.slots.values_mut() {
            if matches!(slot, Slot::Record(..)) {
                told.extend(std::mem::replace(slot, Slot::Missed(None)).done());
            }
        }
        told
    }

    /// Stops for good; returns whom to tell.
    pub(crate) fn stop(&mut self, why: &str) -> Vec<Done> {
        self.stopped.get_or_insert_with(|| why.to_owned());
        self.clear()
    }

    /// Forgets all that waits; returns whom to tell.
    pub(crate) fn clear(&mut self) -> Vec<Done> {
        self.ready = self.next;
        let slots = std::mem::take(&mut self.slots).into_values();
        slots.filter_map(Slot::done).collect()
    }

    /// Refuses what comes after a stop or a close.
    pub(crate) fn is_open(&self) -> Result<(), AppendError> {
        match &self.stopped {
            Some(why) => Err(AppendError::Stopped { why: why.clone() }),
            None if self.closing => Err(AppendError::Closed),
            None => Ok(()),
        }
    }

    /// Asks for an attempt now, if the last one failed.
    pub(crate) fn hurry(&mut self) {
        self.hurry = self.trouble.is_some();
    }

    /// Says why nothing can be written now, if so.
    pub(crate) fn trouble(&self) -> Option<&str> {
        let trouble = self.trouble.as_ref().map(|(why, _)| why.as_str());
        self.stopped.as_deref().or(trouble)
    }
}

impl Slot {
    /// Returns whom to tell.
    pub(crate) fn done(self) -> Option<Done> {
        match self {
            Self::Record(_, done) => Some(done),
            Self::Missed(_) => None,
        }
    }
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Record(record, _) => f.debug_tuple("Record").field(record).finish(),
            Self::Missed(entry) => f.debug_tuple("Missed").field(entry).finish(),
        }
    }
}
