//! The open log.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};

use r4_tlog::{Checkpoint, SignedCheckpoint};

use crate::create::create;
use crate::error::{AppendError, OpenError, PublishError, folder};
use crate::host::{Host, Settings};
use crate::keeper;
use crate::layout::Layout;
use crate::published::{Board, Published, publish};
use crate::queue::{Queue, Slot};
use crate::record::{Included, Record};
use crate::shared::{Chores, Shared, tell};
use crate::start::{Started, exists, read_origin, start};
use crate::writer::Writer;

/// The log of a state folder, open for its one writer. Shared by threads.
///
/// The caller holds the lock of the state folder. Dropping the store closes it as
/// [`LogStore::close`] does, without saying what failed.
pub struct LogStore {
    pub(crate) shared: Arc<Shared>,
    notes: OpenNotes,
    writer: Thread,
    keeper: Thread,
    #[cfg(test)]
    pub(crate) faults: Arc<crate::fault::Faults>,
}

/// A thread of the store, until somebody waits for its end.
type Thread = Mutex<Option<JoinHandle<()>>>;

/// What opening a log found and dealt with, for the caller to log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenNotes {
    /// One sentence each.
    pub sentences: Vec<String>,
}

impl LogStore {
    /// Tells whether the state folder has a log. One whose creation was cut short does not count:
    /// [`LogStore::create`] begins it again.
    pub fn exists(state_dir: &Path) -> bool {
        exists(&Layout::of(state_dir))
    }

    /// Returns the name of the log of a state folder, without opening it.
    ///
    /// # Errors
    /// It is missing or unusable.
    pub fn read_origin(state_dir: &Path) -> Result<String, OpenError> {
        read_origin(&Layout::of(state_dir))
    }

    /// Makes a log whose first record has index 0, publishes its checkpoint, and opens it.
    ///
    /// # Errors
    /// There is a log, the record or the origin cannot be used, the folder cannot be written, or the
    /// host does not sign.
    #[expect(clippy::needless_pass_by_value, reason = "a record is given away, as to `append`")]
    pub fn create(
        state_dir: &Path,
        origin: &str,
        first: Record,
        host: Arc<dyn Host>,
        settings: Settings,
    ) -> Result<Self, OpenError> {
        create(&Layout::of(state_dir), origin, &first, &*host)?;
        Self::open(state_dir, host, settings)
    }

    /// Opens the log of a state folder. What a crash left half done is finished from the journal.
    ///
    /// # Errors
    /// The folder cannot be read and written, or its files are missing, damaged, rolled back or not
    /// of one log.
    pub fn open(
        state_dir: &Path,
        host: Arc<dyn Host>,
        settings: Settings,
    ) -> Result<Self, OpenError> {
        let layout = Layout::of(state_dir);
        let started = start(&layout)?;
        let threads = folder(state_dir);
        Self::run(layout, started, host, settings).map_err(threads)
    }

    fn run(
        layout: Layout,
        started: Started,
        host: Arc<dyn Host>,
        settings: Settings,
    ) -> std::io::Result<Self> {
        let Started { origin, published, edge, tiles, offsets, ids, journal, files, marked, notes } =
            started;
        let shared = Arc::new(Shared {
            layout,
            origin,
            host,
            tiles,
            offsets,
            ids,
            board: Board::new(published),
            queue: Mutex::new(Queue::new(edge.size(), settings)),
            edge: RwLock::new(Arc::new(edge)),
            came: Condvar::new(),
            ended: Condvar::new(),
            chores: Mutex::new(Chores { files, marked, ..Chores::default() }),
            due: Condvar::new(),
        });
        #[cfg(test)]
        let faults = journal.faults.clone();
        let writer = Writer { shared: shared.clone(), journal };
        let keeping = shared.clone();
        let keeper = thread::Builder::new().name("log-keeper".to_owned());
        let keeper = keeper.spawn(move || keeper::run(&keeping))?;
        let mut store = Self {
            shared,
            notes: OpenNotes { sentences: notes },
            writer: Mutex::new(None),
            keeper: Mutex::new(Some(keeper)),
            #[cfg(test)]
            faults,
        };
        let thread = thread::Builder::new().name("log-writer".to_owned());
        store.writer = Mutex::new(Some(thread.spawn(move || writer.run())?));
        Ok(store)
    }

    /// Returns what opening found and dealt with.
    pub fn notes(&self) -> &OpenNotes {
        &self.notes
    }

    /// Returns the log's name.
    pub fn origin(&self) -> &str {
        &self.shared.origin
    }

    /// Returns the number of durable entries.
    pub fn size(&self) -> u64 {
        self.shared.edge().size()
    }

    /// Returns the newest durable tree.
    pub fn head(&self) -> Checkpoint {
        self.shared.edge().checkpoint(&self.shared.origin)
    }

    /// Returns what `log/checkpoint` holds.
    pub fn published(&self) -> Arc<Published> {
        self.shared.board.seen()
    }

    /// Replaces `log/checkpoint`, if it still is what this store wrote or read last. The partial
    /// tiles of the new size are written before, those of the old one removed afterwards.
    ///
    /// # Errors
    /// The checkpoint is not of this log as it is on disk or its size is below the published one,
    /// somebody else wrote the file, or a file cannot be read or written.
    pub fn publish(&self, signed: SignedCheckpoint) -> Result<(), PublishError> {
        publish(&self.shared, signed)
    }

    /// Appends a record once all before it have come; does not wait for the disk. `done` is called
    /// once, from the store's thread: when the record is durable and signed, or when it is not in
    /// the log. A record that is refused at once is told so before this returns.
    pub fn append(
        &self,
        record: Record,
        done: Box<dyn FnOnce(Result<Included, AppendError>) + Send>,
    ) {
        if let Err(error) = record.check() {
            return done(Err(error));
        }
        let index = record.index;
        let mut queue = self.shared.queue();
        let put = match queue.is_open() {
            Ok(()) => queue
                .put(index, Slot::Record(record, done))
                .map_err(|slot| (AppendError::Repeated { index }, slot)),
            Err(error) => Err((error, Slot::Record(record, done))),
        };
        drop(queue);
        match put {
            Ok(true) => self.shared.came.notify_all(),
            Ok(false) => {}
            Err((error, slot)) => tell(slot.done().into_iter().collect(), &error),
        }
    }

    /// Gives an index up: its entry becomes a missed one. Nothing happens if a record with it is
    /// waiting or in the log.
    pub fn abandon(&self, index: u64) {
        let put = self.shared.queue().put(index, Slot::Missed(None));
        if matches!(put, Ok(true)) {
            self.shared.came.notify_all();
        }
    }

    /// Writes missed entries for all indexes below `up_to` that nothing waits for; returns how many
    /// once the log has `up_to` durable entries.
    ///
    /// # Errors
    /// The disk takes no more, or the store has stopped or was closed.
    pub fn fill(&self, up_to: u64) -> Result<u64, AppendError> {
        let mut filled = 0_u64;
        let mut queue = self.shared.queue();
        let failures = queue.failures;
        queue.hurry();
        loop {
            if queue.durable >= up_to {
                return Ok(filled);
            }
            queue.is_open()?;
            if queue.failures != failures {
                let why = queue.trouble().unwrap_or_default().to_owned();
                return Err(AppendError::Disk { why });
            }
            filled = filled.saturating_add(queue.put_missed(up_to));
            self.shared.came.notify_all();
            queue = self.shared.ended.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Returns how many records and missed entries wait to be written.
    pub fn waiting(&self) -> usize {
        self.shared.queue().held()
    }

    /// Says why the store cannot write now, if so: the disk is full, or the store has stopped.
    ///
    /// # Errors
    /// A sentence.
    pub fn healthy(&self) -> Result<(), String> {
        if let Some(why) = self.shared.queue().trouble() {
            return Err(why.to_owned());
        }
        self.shared.chores().trouble.clone().map_or(Ok(()), Err)
    }

    /// Tries again now what a full disk did not take; returns whether the store can write. Waits for
    /// the disk.
    pub fn retry(&self) -> bool {
        let mut queue = self.shared.queue();
        let failures = queue.failures;
        queue.hurry();
        self.shared.came.notify_all();
        let queue = self.shared.ended.wait_while(queue, |queue| {
            queue.is_open().is_ok() && queue.trouble().is_some() && queue.failures == failures
        });
        queue.unwrap_or_else(PoisonError::into_inner).trouble().is_none()
    }

    /// Writes what waits, syncs everything, and writes the mark. Records that wait for an index
    /// before them are told that the log was closed.
    ///
    /// # Errors
    /// Something could not be written; the next start finishes it from the journal.
    pub fn close(&self) -> Result<(), AppendError> {
        self.finish();
        if let Some(why) = self.shared.queue().stopped.clone() {
            return Err(AppendError::Stopped { why });
        }
        self.healthy().map_err(|why| AppendError::Disk { why })
    }

    fn finish(&self) {
        self.shared.queue().closing = true;
        self.shared.came.notify_all();
        join(&self.writer);
        self.shared.chores().closing = true;
        self.shared.due.notify_all();
        join(&self.keeper);
    }
}

impl Drop for LogStore {
    fn drop(&mut self) {
        self.finish();
    }
}

impl std::fmt::Debug for LogStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (origin, size) = (self.origin(), self.size());
        f.debug_struct("LogStore")
            .field("origin", &origin)
            .field("size", &size)
            .finish_non_exhaustive()
    }
}

/// Waits for a thread to end. One that panicked has stopped the store, which everybody sees.
fn join(thread: &Thread) {
    let thread = thread.lock().unwrap_or_else(PoisonError::into_inner).take();
    drop(thread.map(JoinHandle::join));
}
