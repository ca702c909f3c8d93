//! A copy of the log, also while it is written: what a backup takes.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use r4_tlog::Hash;
use r4_tlog::hash::leaf_hash;
use r4_tlog::tree::Frontier;

use crate::error::{OpenError, folder};
use crate::layout::Layout;
use crate::locked::is_locked;
use crate::mark::Mark;
use crate::published::Published;
use crate::record::{HEAD_BYTES, Head, octets};
use crate::start::{exists, read_origin, read_published, unusable};

/// Most time until a mark covers what the journal had when the copy began; one is due each second.
const PATIENCE: Duration = Duration::from_secs(10);
/// Time between two looks at the mark.
const LOOK: Duration = Duration::from_millis(50);

/// What of a state folder's log a copy holds: the checkpoint, and a journal that covers it and every
/// answer that was given out before the copy began.
#[derive(Debug)]
pub struct CopyPoint {
    /// The log's name.
    pub origin: String,
    /// The published checkpoint. Its signatures are the caller's to check.
    pub published: Published,
    /// Octets of the journal that belong to the copy. They never change again.
    pub journal_bytes: u64,
    /// What the journal holds up to there.
    pub scan: Scan,
    journal: PathBuf,
}

/// What the records of a journal are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// Whole records.
    pub entries: u64,
    /// Octets that they take.
    pub bytes: u64,
    /// The root of their tree.
    pub root: Hash,
    /// The root of the size that was asked about, if there are so many.
    pub early: Option<Hash>,
    /// What is wrong after the last whole record, if anything follows it.
    pub flaw: Option<&'static str>,
}

impl CopyPoint {
    /// Looks at the log of a state folder, and calls `each` with every entry. It may be in use: then the copy ends at a mark of the
    /// store, because what is after it may still be taken back by a full disk.
    ///
    /// # Errors
    /// There is no log, or its files are missing, damaged or not of one log; or the store that has it
    /// open writes no mark.
    pub fn find(state_dir: &Path, each: impl FnMut(&[u8])) -> Result<Self, OpenError> {
        let layout = Layout::of(state_dir);
        if !exists(&layout) {
            return Err(unusable(&layout, layout.journal(), "holds no log yet"));
        }
        let origin = read_origin(&layout)?;
        // The checkpoint first: the journal that is read later covers it.
        let published = read_published(&layout, &origin)?;
        let path = layout.journal();
        let end = settled(&layout)?;
        let journal = File::open(&path).map_err(folder(&path))?;
        let scan = Scan::of(journal.take(end), published.checkpoint.size, each);
        let scan = scan.map_err(folder(&path))?;
        let point = Self { origin, published, journal_bytes: scan.bytes, scan, journal: path };
        point.check(&layout)?;
        Ok(point)
    }

    /// Refuses a journal that ends before the mark, or does not hold the checkpoint.
    fn check(&self, layout: &Layout) -> Result<(), OpenError> {
        let Self { scan, published, .. } = self;
        if let Some(why) = scan.flaw {
            let mark = Mark::read(&layout.mark()).map_err(folder(layout.mark()))?;
            // What follows the mark may be torn by a crash.
            if mark.is_none_or(|mark| scan.bytes < mark.journal_end) {
                return Err(unusable(layout, layout.journal(), why));
            }
        }
        if scan.early != Some(published.checkpoint.root) {
            let (folder, size) = (layout.state_dir().to_owned(), published.checkpoint.size);
            return Err(OpenError::OtherRoot { folder, size });
        }
        Ok(())
    }

    /// Opens the journal; the copy has its first [`Self::journal_bytes`].
    ///
    /// # Errors
    /// What the system says.
    pub fn open_journal(&self) -> io::Result<impl Read> {
        Ok(File::open(&self.journal)?.take(self.journal_bytes))
    }
}

/// Waits until nothing that the journal has now can be taken back; returns where that ends.
fn settled(layout: &Layout) -> Result<u64, OpenError> {
    let path = layout.journal();
    let length = || path.metadata().map(|found| found.len()).map_err(folder(&path));
    let mut begun = length()?;
    let until = Instant::now() + PATIENCE;
    loop {
        let mark = Mark::read(&layout.mark()).map_err(folder(layout.mark()))?;
        if let Some(mark) = mark.filter(|mark| mark.journal_end >= begun) {
            return Ok(mark.journal_end);
        }
        if !in_use(layout)? {
            // Nobody writes: all whole records stay, as a start would take them.
            return Ok(u64::MAX);
        }
        if Instant::now() > until {
            let why = "does not come up with the journal: is the disk full?";
            return Err(unusable(layout, layout.mark(), why));
        }
        thread::sleep(LOOK);
        // A full disk takes back what nobody was answered with.
        begun = begun.min(length()?);
    }
}

/// Tells whether a store has the log open.
fn in_use(layout: &Layout) -> Result<bool, OpenError> {
    let path = layout.offsets();
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(cause) => return Err(folder(path)(cause)),
    };
    is_locked(&file).map_err(folder(path))
}

impl Scan {
    /// Reads the records of a journal from its beginning, and calls `each` with the entry of each.
    /// Stops at the first that is damaged or cut short.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn of(journal: impl Read, size: u64, mut each: impl FnMut(&[u8])) -> io::Result<Self> {
        let mut journal = BufReader::with_capacity(1 << 20, journal);
        let mut frontier = Frontier::new();
        let (mut bytes, mut early) = (0_u64, None);
        let flaw = loop {
            let mut head = [0; HEAD_BYTES];
            match fill(&mut journal, &mut head)? {
                0 => break None,
                HEAD_BYTES => {}
                _ => break Some("ends within a record"),
            }
            let head = match Head::parse(head) {
                Ok(head) => head,
                Err(why) => break Some(why),
            };
            let mut rest = vec![0; head.length];
            if fill(&mut journal, &mut rest)? < rest.len() {
                break Some("ends within a record");
            }
            match head.record(&rest) {
                Ok(stored) if stored.index == frontier.size() => {
                    frontier.push(leaf_hash(&stored.entry));
                    each(&stored.entry);
                }
                Ok(_) => break Some("has a record of another index"),
                Err(why) => break Some(why),
            }
            bytes = bytes.saturating_add(octets(HEAD_BYTES.saturating_add(head.length)));
            if frontier.size() == size {
                early = Some(frontier.root());
            }
        };
        Ok(Self { entries: frontier.size(), bytes, root: frontier.root(), early, flaw })
    }
}

/// Fills the buffer as far as the reader goes; returns how far.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(free) = buffer.get_mut(filled..).filter(|free| !free.is_empty()) {
        match reader.read(free) {
            Ok(0) => break,
            Ok(read) => filled = filled.saturating_add(read),
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
    Ok(filled)
}

/// What of a state folder is made again from the rest, or belongs to the process that has it open:
/// a copy leaves it out. `path` is relative to the folder.
pub fn is_derived(path: &Path) -> bool {
    let kept = ["journal/journal", "journal/origin", "log/checkpoint"].map(Path::new);
    let of_the_log = path.starts_with("journal") || path.starts_with("log");
    let temporary = path.extension().is_some_and(|extension| extension == "new");
    temporary || (of_the_log && !kept.contains(&path))
}
