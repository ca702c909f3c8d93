//! What a start reads: the mark, the edge of its tree, and the journal from there on.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use r4_tlog::hash::leaf_hash;
use r4_tlog::{Hash, SignedCheckpoint};

use crate::edge::Edge;
use crate::error::{OpenError, PublishError, folder};
use crate::ids::Ids;
use crate::journal::{Flaw, Journal, Reader};
use crate::layout::Layout;
use crate::locked::LockedFile;
use crate::mark::Mark;
use crate::nodes::View;
use crate::published::{Published, write_partial};
use crate::record::octets;
use crate::replace::{folder_of, read_if_present, sync_folder};
use crate::tiles::Tiles;

mod index;
mod load;
mod replay;

use index::Index;

/// Everything that a start has read or made again.
pub(crate) struct Started {
    pub(crate) origin: String,
    pub(crate) published: Published,
    pub(crate) edge: Edge,
    pub(crate) tiles: Tiles,
    pub(crate) offsets: LockedFile,
    pub(crate) ids: Ids,
    pub(crate) journal: Journal,
    /// Files that were written and not synced.
    pub(crate) files: BTreeSet<PathBuf>,
    /// Entries of the mark.
    pub(crate) marked: u64,
    /// What the caller should log.
    pub(crate) notes: Vec<String>,
}

/// What the journal holds from some entry on.
struct Survey {
    size: u64,
    end: u64,
    /// The root of the tree of the published size.
    published: Option<Hash>,
    flaw: Option<Flaw>,
}

/// Reads the log of a state folder and makes again what is missing after the mark.
pub(crate) fn start(layout: &Layout) -> Result<Started, OpenError> {
    let origin = read_origin(layout)?;
    let published = read_published(layout, &origin)?;
    writable(layout)?;
    if !layout.journal().exists() {
        let why = "is missing, although the log has begun";
        return Err(unusable(layout, layout.journal(), why));
    }
    let mark = Mark::read(&layout.mark()).map_err(folder(layout.mark()))?;
    let tiles = Tiles::new(layout);
    let mut notes = Vec::new();
    let (edge, survey) = survey_from_mark(layout, &tiles, mark.as_ref(), &published, &mut notes)?;
    let offsets = open_offsets(layout)?;
    let written = written_again(&layout.journal(), edge.journal_end, survey.end);
    written.map_err(folder(layout.journal()))?;
    let journal = Journal::open(&layout.journal(), survey.end).map_err(folder(layout.journal()))?;
    if let Some(flaw) = survey.flaw {
        journal.undo().map_err(folder(layout.journal()))?;
        notes.push(format!(
            "a write to the journal was cut short at index {} ({}); no checkpoint on disk covers \
             it, and it is cut off",
            flaw.index, flaw.why
        ));
    }
    let marked = edge.size();
    let index = Index { layout, tiles: &tiles, offsets: &offsets, edge: &edge };
    let ids = index.read(survey.size, &mut notes)?;
    let mut replay = replay::Replay { layout, tiles: &tiles, offsets: &offsets, ids: &ids, edge };
    let mut files = replay.run(survey.size)?;
    let edge = replay.edge;
    let view = View { size: edge.size(), edge: &edge, tiles: &tiles };
    write_partial(layout, &view, published.checkpoint.size)
        .map_err(|error| failed(layout, error))?;
    files.retain(|path| path.exists());
    Ok(Started { origin, published, edge, tiles, offsets, ids, journal, files, marked, notes })
}

/// Reads the name of the log.
pub(crate) fn read_origin(layout: &Layout) -> Result<String, OpenError> {
    let path = layout.origin();
    let bytes = read_if_present(&path).map_err(folder(&path))?;
    let text = match bytes.map(String::from_utf8) {
        None => return Err(unusable(layout, path, "is missing")),
        Some(text) => text.unwrap_or_default(),
    };
    match text.strip_suffix('\n') {
        Some(origin) if !origin.is_empty() && !origin.contains('\n') => Ok(origin.to_owned()),
        _ => Err(unusable(layout, path, "is not one line with the log's name")),
    }
}

/// Reads the published checkpoint. Its signatures are the caller's to check.
pub(crate) fn read_published(layout: &Layout, origin: &str) -> Result<Published, OpenError> {
    let path = layout.checkpoint();
    let bytes = read_if_present(&path).map_err(folder(&path))?;
    let Some(bytes) = bytes else {
        return Err(unusable(layout, path, "is missing, although the log has begun"));
    };
    let text = String::from_utf8(bytes).unwrap_or_default();
    let checkpoint = match SignedCheckpoint::parse(&text) {
        Ok(signed) => signed.checkpoint,
        Err(error) => return Err(unusable(layout, path, format!("is unusable ({error})"))),
    };
    if checkpoint.origin != origin {
        let why = format!("is of another log: {}, not {origin}", checkpoint.origin);
        return Err(unusable(layout, path, why));
    }
    Ok(Published { checkpoint, text: text.into() })
}

pub(crate) fn unusable(layout: &Layout, path: PathBuf, why: impl Into<String>) -> OpenError {
    OpenError::Unusable { folder: layout.state_dir().to_owned(), path, why: why.into() }
}

/// Shows that files can be made in both folders.
fn writable(layout: &Layout) -> Result<(), OpenError> {
    for folder_path in [layout.journal_folder(), layout.log_folder()] {
        let probe = folder_path.join("probe.new");
        File::create(&probe).and_then(|_| fs::remove_file(&probe)).map_err(folder(folder_path))?;
    }
    Ok(())
}

/// Writes the records after the mark once more and syncs them: they are about to be believed. After
/// an fsync that failed, the kernel may show bytes that it never wrote and will not try to write
/// again; those before the mark were synced before it was written.
fn written_again(path: &Path, from: u64, end: u64) -> io::Result<()> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    let mut buffer = vec![0; 1 << 20];
    let mut at = from;
    while at < end {
        let left = usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX);
        let part = buffer.get_mut(..left.min(1 << 20)).unwrap_or_default();
        file.read_exact_at(part, at)?;
        file.write_all_at(part, at)?;
        at = at.saturating_add(octets(part.len()));
    }
    file.sync_all()?;
    sync_folder(folder_of(path))
}

/// Surveys the journal from the mark on, or from its beginning if that does not fit.
fn survey_from_mark(
    layout: &Layout,
    tiles: &Tiles,
    mark: Option<&Mark>,
    published: &Published,
    notes: &mut Vec<String>,
) -> Result<(Edge, Survey), OpenError> {
    if let Some(edge) = mark.and_then(|mark| load::edge(layout, tiles, mark)) {
        let survey = survey(layout, tiles, &edge, published)?;
        if judge(layout, &survey, mark, published).is_ok() {
            return Ok((edge, survey));
        }
    }
    let edge = Edge::default();
    let survey = survey(layout, tiles, &edge, published)?;
    judge(layout, &survey, mark, published)?;
    // A log that was just made has no mark yet.
    if survey.size > 1 {
        notes.push(format!(
            "there is no usable mark: tiles and offsets of all {} entries are made again from the \
             journal",
            survey.size
        ));
    }
    Ok((edge, survey))
}

fn survey(
    layout: &Layout,
    tiles: &Tiles,
    edge: &Edge,
    published: &Published,
) -> Result<Survey, OpenError> {
    let path = layout.journal();
    let wanted = published.checkpoint.size;
    let view = View { size: edge.size(), edge, tiles };
    let early = (wanted <= edge.size()).then(|| view.root(wanted).ok()).flatten();
    let mut frontier = edge.frontier.clone();
    let mut reader = Reader::at(&path, edge.journal_end, edge.size()).map_err(folder(&path))?;
    let (mut published, mut flaw) = (early, None);
    while let Some(next) = reader.next().map_err(folder(&path))? {
        match next {
            Ok(stored) => frontier.push(leaf_hash(&stored.entry)),
            Err(found) => {
                flaw = Some(found);
                break;
            }
        }
        if frontier.size() == wanted {
            published = Some(frontier.root());
        }
    }
    Ok(Survey { size: reader.index, end: reader.offset, published, flaw })
}

/// Refuses a journal that is damaged, or shorter or other than what was published or synced.
fn judge(
    layout: &Layout,
    survey: &Survey,
    mark: Option<&Mark>,
    published: &Published,
) -> Result<(), OpenError> {
    let folder = layout.state_dir().to_owned();
    let size = published.checkpoint.size;
    let marked = mark.map_or(0, |mark| mark.size);
    let covered = survey.size < size.max(marked);
    match survey.flaw {
        Some(Flaw { index, offset, why, last }) if covered || !last => {
            Err(OpenError::Damaged { folder, index, offset, why })
        }
        _ if covered => {
            let (want, witness) =
                if size >= marked { (size, "log/checkpoint") } else { (marked, "journal/mark") };
            Err(OpenError::RolledBack { folder, have: survey.size, want, witness })
        }
        _ if survey.published != Some(published.checkpoint.root) => {
            Err(OpenError::OtherRoot { folder, size })
        }
        _ => Ok(()),
    }
}

/// Opens the offsets, and locks them as long as the log is open.
fn open_offsets(layout: &Layout) -> Result<LockedFile, OpenError> {
    let path = layout.offsets();
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).create(true).truncate(false);
    let file = options.open(&path).map_err(folder(&path))?;
    LockedFile::lock(file).map_err(|error| match error {
        TryLockError::WouldBlock => OpenError::InUse { path },
        TryLockError::Error(cause) => OpenError::Folder { path, cause },
    })
}

/// Says which file a start could not write or read.
fn failed(layout: &Layout, error: PublishError) -> OpenError {
    match error {
        PublishError::Write { path, cause } => OpenError::Folder { path, cause },
        other => unusable(layout, layout.tile_folder(), other.to_string()),
    }
}

/// Tells whether a log was begun in the folder; one whose creation was cut short was not.
pub(crate) fn exists(layout: &Layout) -> bool {
    let present = |path: PathBuf| path.symlink_metadata().is_ok();
    if present(layout.checkpoint()) || present(layout.mark()) || present(layout.ids()) {
        return true;
    }
    if present(layout.journal()) {
        !is_first_record(&layout.journal()).unwrap_or(false)
    } else {
        present(layout.tile_folder())
    }
}

/// Tells whether a journal has not more than a first record, whole or torn.
fn is_first_record(path: &Path) -> io::Result<bool> {
    let mut reader = Reader::at(path, 0, 0)?;
    Ok(match reader.next()? {
        None => true,
        Some(Ok(_)) => reader.next()?.is_none(),
        Some(Err(flaw)) => flaw.last,
    })
}
