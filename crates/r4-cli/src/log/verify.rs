//! `r4 log verify`: a whole log, from nothing.

use clap::ValueHint;
use r4_tlog::Hash;
use r4_tlog::tile::{self, Kind, Tile};
use r4_tlog::tree::Frontier;

use super::audit::{Audit, Counts, NoticeArg, Progress};
use super::finding::{Finding, Trouble};
use super::reader::Reader;
use super::trust::{KeysArg, Seen, Trust};
use super::walk;
use crate::exit::{Error, Exit};
use crate::output::{self, Tone, paint};

pub(super) const HELP: &str = "\
Examples:
  r4 log verify mirror                                        a folder made by r4 log mirror
  r4 log verify --keys keys.json https://random.example.org/v1/log

What is checked, with no trust in the tiles:
  the checkpoint is signed by both keys of the log
  the entries of every bundle hash to the tiles of level 0, these to the tiles above them, and all
    of them to the signed root
  every entry is of a known form and stands at its own index: none is left out
  the first entry announces keys, which are pinned; later keys are announced by the ones before,
    which signed that, --notice before their use; every entry is of the keys that sign at its time
  for every missed index: the output and the proof are the ones that this index has

The keys are the ones in --keys, else the folder's keys.json, else those that the server names.
Memory does not grow with the log.

Exit codes: 0 all of it holds; 1 something does not, and is named; 2 it cannot be read.";

/// Arguments of `r4 log verify`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder of a mirror, or the prefix of a log
    #[arg(value_name = "DIR|URL", value_hint = ValueHint::AnyPath)]
    log: String,
    #[command(flatten)]
    keys: KeysArg,
    #[command(flatten)]
    notice: NoticeArg,
}

/// Checks the log and prints how many entries of each kind it has.
///
/// # Errors
/// Something does not hold or cannot be read.
pub(super) fn run(args: &Args) -> Result<Exit, Error> {
    let reader = Reader::of(&args.log)?;
    let (seen, counts) = verify(args, &reader)?;
    output::print(&render(&seen, counts))?;
    Ok(Exit::Success)
}

fn verify(args: &Args, reader: &Reader) -> Result<(Seen, Counts), Trouble> {
    let trust = Trust::find(&args.keys, reader)?;
    let seen = trust.accept(&reader.checkpoint()?)?;
    let size = seen.checkpoint.size;
    let mut audit = Audit::after(Progress::default(), &trust, &args.notice);
    let mut frontier = Frontier::new();
    let mut pyramid = Pyramid::new(reader, size);
    walk::entries(reader, 0..size, |position, leaf, entry| {
        frontier.push(*leaf);
        pyramid.push(0, leaf)?;
        audit.entry(position, entry)
    })?;
    pyramid.finish()?;
    if frontier.root() != seen.checkpoint.root {
        let reason = "the entries do not give the root of the signed checkpoint";
        return Err(Finding::invalid(reason).into());
    }
    Ok((seen, audit.counts))
}

fn render(seen: &Seen, counts: Counts) -> String {
    let Counts { vrf, attested, missed, keys } = counts;
    let tick = paint(Tone::Good, "✓");
    let checkpoint = &seen.checkpoint;
    format!(
        "{tick} {}: all {} entries are in the signed tree, each at its own index\n\
         vrf       {vrf}\nattested  {attested}\nmissed    {missed}\nkeys      {keys}\n\
         root      {}\n",
        output::plain(&checkpoint.origin),
        checkpoint.size,
        crate::hexadecimal::show(&checkpoint.root),
    )
}

/// Makes every tile anew from the leaves and compares it with the log's: one unfinished tile for
/// each level. Those of level 0 have been compared with the entries already.
struct Pyramid<'a> {
    reader: &'a Reader,
    size: u64,
    rows: Vec<Row>,
}

#[derive(Default)]
struct Row {
    index: u64,
    hashes: Vec<u8>,
}

impl<'a> Pyramid<'a> {
    fn new(reader: &'a Reader, size: u64) -> Self {
        let rows = (0..=tile::top_level(size)).map(|_| Row::default()).collect();
        Self { reader, size, rows }
    }

    fn push(&mut self, level: u8, hash: &Hash) -> Result<(), Finding> {
        let Some(row) = self.rows.get_mut(usize::from(level)) else { return Ok(()) };
        row.hashes.extend(hash);
        let Some(root) = full_tile(&row.hashes) else { return Ok(()) };
        self.compare(level)?;
        self.push(level.saturating_add(1), &root)
    }

    fn finish(mut self) -> Result<(), Finding> {
        (0..=tile::top_level(self.size)).try_for_each(|level| self.compare(level))
    }

    /// Compares what a row has with the log's tile, and empties it.
    fn compare(&mut self, level: u8) -> Result<(), Finding> {
        let Some(row) = self.rows.get_mut(usize::from(level)) else { return Ok(()) };
        let hashes = std::mem::take(&mut row.hashes);
        let index = row.index;
        row.index = index.saturating_add(1);
        let width = u16::try_from(hashes.len() / 32).unwrap_or(u16::MAX);
        if width == 0 || level == 0 {
            return Ok(());
        }
        let tile = Tile { kind: Kind::Hashes(level), index, width };
        if self.reader.tile(&tile)? == hashes {
            return Ok(());
        }
        Err(Finding::invalid(format!("{tile} is not made of the tiles below it")))
    }
}

fn full_tile(hashes: &[u8]) -> Option<Hash> {
    (hashes.len() == 256 * 32).then(|| tile::subtree_root(hashes)).flatten()
}
