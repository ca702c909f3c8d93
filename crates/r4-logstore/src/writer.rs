//! The writer: takes batches, makes each durable, then in the tree, then signed, then answered.

use std::io;
use std::sync::{Arc, PoisonError};

use r4_tlog::{Hash, SignedCheckpoint};

use crate::edge::{Edge, Full};
use crate::error::AppendError;
use crate::ids::Hint;
use crate::journal::{Journal, write_offsets};
use crate::keeper::MARK_EVERY;
use crate::nodes::{Remembered, checked_proof};
use crate::queue::{Batch, Done, Next, Slot};
use crate::record::{Included, Record, octets, push};
use crate::shared::{Shared, tell};

/// What a stopped store advises.
const RESTART: &str = "restart the service, which reads again what is on disk";

/// The one who writes to the journal.
pub(crate) struct Writer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) journal: Journal,
}

/// A batch as bytes, and the tree with it.
struct Prepared {
    bytes: Vec<u8>,
    places: Vec<u64>,
    edge: Edge,
    full: Vec<Full>,
    leaves: Vec<Hash>,
}

/// Why a batch is not in the log.
enum Failure {
    /// The disk took no more; what was written is to be undone.
    Disk(io::Error),
    /// Nobody knows what is on disk, or the host cannot go on.
    Stop(String),
}

/// Stops the store when the writer's thread ends by a panic.
struct Alarm(Arc<Shared>);

impl Writer {
    /// Writes until the store is closed.
    pub(crate) fn run(mut self) {
        let alarm = Alarm(self.shared.clone());
        while let Some(batch) = self.wait() {
            self.shared.host.reached("batch-taken");
            if !self.write(batch) {
                break;
            }
        }
        let left = self.shared.queue().clear();
        self.shared.ended.notify_all();
        tell(left, &AppendError::Closed);
        drop(alarm);
    }

    fn wait(&self) -> Option<Batch> {
        let mut queue = self.shared.queue();
        loop {
            let came = &self.shared.came;
            queue = match queue.next() {
                Next::Write(batch) => return Some(batch),
                Next::Leave => return None,
                Next::Wait => came.wait(queue).unwrap_or_else(PoisonError::into_inner),
                Next::WaitFor(time) => {
                    came.wait_timeout(queue, time).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// Writes a batch; returns whether to go on.
    fn write(&mut self, mut batch: Batch) -> bool {
        match self.durable(&mut batch) {
            Ok(prepared) => {
                let (edge, leaves) = self.install(&batch, prepared);
                self.answer(batch, &edge, &leaves);
            }
            Err(Failure::Stop(why)) => self.give_up(batch, &why),
            Err(Failure::Disk(cause)) => match self.journal.undo() {
                Ok(()) => return self.undone(batch, &cause),
                Err(undo) => self.give_up(batch, &format!("{cause}, and then {undo}: {RESTART}")),
            },
        }
        true
    }

    fn undone(&self, batch: Batch, cause: &io::Error) -> bool {
        let why = cause.to_string();
        let (told, closing) = {
            let mut queue = self.shared.queue();
            (queue.failed(batch, &why), queue.closing)
        };
        self.shared.ended.notify_all();
        tell(told, &AppendError::Disk { why });
        !closing
    }

    /// Stops, and tells those in the batch after everybody can see that the store has stopped.
    fn give_up(&self, batch: Batch, why: &str) {
        self.shared.stop(why);
        let told = batch.slots.into_iter().filter_map(Slot::done);
        tell(told.collect(), &AppendError::Stopped { why: why.to_owned() });
    }

    /// Writes the journal and syncs it, then writes what is made from it.
    fn durable(&self, batch: &mut Batch) -> Result<Prepared, Failure> {
        let shared = &self.shared;
        let prepared = self.prepare(batch)?;
        self.journal.write(&prepared.bytes).map_err(Failure::Disk)?;
        shared.host.reached("journal-written");
        self.journal.sync().map_err(|cause| {
            Failure::Stop(format!("the journal could not be synced ({cause}): {RESTART}"))
        })?;
        shared.host.reached("journal-synced");
        let offsets = write_offsets(&shared.offsets, batch.first, &prepared.places);
        let written = offsets.and_then(|()| shared.tiles.write(&prepared.full));
        if let Err(cause) = written {
            // Under these names other bytes will stand once there is room.
            for (tile, _) in &prepared.full {
                let _ = std::fs::remove_file(shared.layout.tile(tile));
            }
            return Err(Failure::Disk(cause));
        }
        shared.host.reached("tiles-written");
        Ok(prepared)
    }

    fn prepare(&self, batch: &mut Batch) -> Result<Prepared, Failure> {
        let edge = Edge::clone(&self.shared.edge());
        let (bytes, places, full, leaves) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut prepared = Prepared { bytes, places, edge, full, leaves };
        for (index, slot) in (batch.first..).zip(&mut batch.slots) {
            match slot {
                Slot::Record(record, _) => {
                    prepared.push(self.journal.length(), index, &record.entry, &record.body)?;
                }
                Slot::Missed(Some(entry)) => {
                    prepared.push(self.journal.length(), index, entry, &[])?;
                }
                Slot::Missed(missing) => {
                    let entry = self.missed(index)?;
                    prepared.push(self.journal.length(), index, &entry, &[])?;
                    *missing = Some(entry);
                }
            }
        }
        prepared.edge.journal_end =
            self.journal.length().saturating_add(octets(prepared.bytes.len()));
        Ok(prepared)
    }

    fn missed(&self, index: u64) -> Result<Vec<u8>, Failure> {
        let stop = |why: String| {
            Failure::Stop(format!("the entry of the missed index {index} was not made ({why})"))
        };
        self.shared.host.missed(index).map_err(|error| stop(error.to_string()))
    }

    /// Makes a batch part of the durable tree, for all to see.
    fn install(&mut self, batch: &Batch, prepared: Prepared) -> (Arc<Edge>, Vec<Hash>) {
        let Prepared { edge, full, leaves, .. } = prepared;
        let shared = &self.shared;
        self.journal.keep(edge.journal_end);
        for slot in &batch.slots {
            if let Slot::Record(Record { id: Some(id), index, .. }, _) = slot {
                shared.ids.note(Hint::of(id, *index));
            }
        }
        let edge = Arc::new(edge);
        let paths = full.iter().map(|(tile, _)| shared.layout.tile(tile));
        let unmarked = {
            let mut chores = shared.chores();
            chores.files.extend(paths);
            edge.size().saturating_sub(chores.marked)
        };
        shared.tiles.remember(full);
        *shared.edge.write().unwrap_or_else(PoisonError::into_inner) = edge.clone();
        shared.queue().written();
        shared.ended.notify_all();
        if unmarked >= MARK_EVERY {
            shared.due.notify_all();
        }
        (edge, leaves)
    }

    /// Signs the batch's checkpoint and tells everybody in it; a batch that nobody waits for is not
    /// signed.
    fn answer(&self, batch: Batch, edge: &Edge, leaves: &[Hash]) {
        let leaves = (batch.first..).zip(leaves.iter().copied());
        let waiting = batch.slots.into_iter().zip(leaves);
        let waiting = waiting.filter_map(|(slot, leaf)| slot.done().map(|done| (leaf, done)));
        let (leaves, told): (Vec<(u64, Hash)>, Vec<Done>) = waiting.unzip();
        if told.is_empty() {
            return;
        }
        match self.included(edge, &leaves) {
            Ok(included) => {
                told.into_iter().zip(included).for_each(|(done, included)| done(Ok(included)));
                self.shared.host.reached("answered");
            }
            Err(why) => {
                self.shared.stop(&why);
                tell(told, &AppendError::Stopped { why });
            }
        }
    }

    fn included(&self, edge: &Edge, leaves: &[(u64, Hash)]) -> Result<Vec<Included>, String> {
        let (tree_size, root) = (edge.size(), edge.root());
        let signed = self.sign(edge)?;
        self.shared.host.reached("checkpoint-signed");
        let checkpoint: Arc<str> = signed.to_string().into();
        let nodes = Remembered::new(self.shared.view(edge));
        let included = leaves.iter().map(|&(index, leaf_hash)| {
            let proof = checked_proof(&nodes, &leaf_hash, index, tree_size, &root)
                .map_err(|error| error.to_string())?
                .ok_or("the tree's hashes do not fit together: run r4 log fsck")?;
            let checkpoint = checkpoint.clone();
            Ok(Included { index, leaf_hash, tree_size, root, proof, checkpoint })
        });
        included.collect()
    }

    fn sign(&self, edge: &Edge) -> Result<SignedCheckpoint, String> {
        let checkpoint = edge.checkpoint(&self.shared.origin);
        let signed = self.shared.host.sign(&checkpoint);
        let signed = signed.map_err(|error| format!("a checkpoint was not signed ({error})"))?;
        if signed.checkpoint == checkpoint {
            Ok(signed)
        } else {
            Err("another checkpoint was signed than the one asked for".to_owned())
        }
    }
}

impl Prepared {
    fn push(&mut self, start: u64, index: u64, entry: &[u8], body: &[u8]) -> Result<(), Failure> {
        let leaf = self.edge.push(entry, &mut self.full);
        let stop =
            |error| Failure::Stop(format!("the entry of index {index} is unusable: {error}"));
        self.leaves.push(leaf.map_err(stop)?);
        self.places.push(start.saturating_add(octets(self.bytes.len())));
        push(&mut self.bytes, index, entry, body);
        Ok(())
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop("its thread has panicked: restart the service");
        }
    }
}
