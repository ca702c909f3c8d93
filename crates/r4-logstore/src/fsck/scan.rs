//! The whole journal, compared with what was made from it.

use std::fs::{self, File};
use std::io::{BufReader, Read as _};

use r4_tlog::tile::Tile;

use super::ids::IdCheck;
use super::{Fault, Remedy, Report};
use crate::edge::{Edge, partial_tiles};
use crate::journal::{Flaw, Reader};
use crate::layout::Layout;
use crate::mark::Mark;
use crate::published::Published;
use crate::record::Stored;

/// A walk through the journal.
struct Scan<'a> {
    layout: &'a Layout,
    published: Option<&'a Published>,
    mark: Option<&'a Mark>,
    report: &'a mut Report,
    edge: Edge,
    offsets: Option<BufReader<File>>,
    ids: IdCheck,
}

/// Compares everything with the journal.
pub(super) fn scan(
    layout: &Layout,
    published: Option<&Published>,
    mark: Option<&Mark>,
    report: &mut Report,
) {
    let path = layout.journal();
    let reader = match Reader::at(&path, 0, 0) {
        Ok(reader) => reader,
        Err(cause) => {
            let sentence = format!("the journal cannot be read ({cause}): put back a backup");
            return report.add(Fault::Journal, path, sentence, Remedy::Backup);
        }
    };
    let offsets = File::open(layout.offsets()).ok().map(BufReader::new);
    let (edge, ids) = (Edge::default(), IdCheck::default());
    let mut scan = Scan { layout, published, mark, report, edge, offsets, ids };
    if let Err(cause) = scan.run(reader) {
        let sentence = format!("the journal cannot be read ({cause}): put back a backup");
        report.add(Fault::Journal, path, sentence, Remedy::Backup);
    }
}

impl Scan<'_> {
    fn run(&mut self, mut reader: Reader) -> std::io::Result<()> {
        loop {
            let place = reader.offset;
            match reader.next()? {
                Some(Ok(stored)) => self.record(&stored, place, reader.offset),
                Some(Err(flaw)) => {
                    self.flaw(flaw);
                    break;
                }
                None => break,
            }
        }
        self.report.entries = self.edge.size();
        self.rolled_back();
        IdCheck::finish(self.layout, self.edge.size(), self.report);
        Ok(())
    }

    fn record(&mut self, stored: &Stored, place: u64, end: u64) {
        let mut full = Vec::new();
        if self.edge.push(&stored.entry, &mut full).is_err() {
            return;
        }
        self.edge.journal_end = end;
        for (tile, bytes) in &full {
            self.full_tile(tile, bytes);
        }
        if stored.index < self.marked() {
            self.offset(stored.index, place);
        }
        self.ids.entry(stored, self.marked(), self.layout, self.report);
        self.published_here();
        self.mark_here();
    }

    fn marked(&self) -> u64 {
        self.mark.map_or(0, |mark| mark.size)
    }

    fn published_size(&self) -> u64 {
        self.published.map_or(0, |published| published.checkpoint.size)
    }

    /// Checks a full tile, unless a start makes it again anyway.
    fn full_tile(&mut self, tile: &Tile, bytes: &[u8]) {
        if self.edge.size() <= self.marked().max(self.published_size()) {
            self.tile(tile, bytes);
        }
    }

    fn tile(&mut self, tile: &Tile, bytes: &[u8]) {
        let path = self.layout.tile(tile);
        let why = match fs::read(&path) {
            Ok(there) if there == bytes => return,
            Ok(_) => "is not what the journal says".to_owned(),
            Err(cause) => format!("cannot be read ({cause})"),
        };
        let sentence = format!("log/{tile} {why}");
        self.report.add(Fault::Tile, path, sentence, Remedy::Repair);
    }

    /// Compares a place, until one is wrong.
    fn offset(&mut self, index: u64, place: u64) {
        let mut bytes = [0; 8];
        let read = self.offsets.as_mut().map(|offsets| offsets.read_exact(&mut bytes));
        let right = matches!(read, Some(Ok(()))) && u64::from_be_bytes(bytes) == place;
        let reported = self.report.findings.iter().any(|finding| finding.fault == Fault::Offsets);
        if !right && !reported {
            let sentence = format!("the place of record {index} is missing or wrong");
            self.report.add(Fault::Offsets, self.layout.offsets(), sentence, Remedy::Repair);
        }
    }

    /// At the published size: the root, and the partial tiles.
    fn published_here(&mut self) {
        let Some(published) = self.published.filter(|p| p.checkpoint.size == self.edge.size())
        else {
            return;
        };
        if published.checkpoint.root != self.edge.root() {
            let sentence = format!(
                "the first {} entries of the journal are not those of log/checkpoint: put back a \
                 backup",
                self.edge.size()
            );
            let path = self.layout.journal();
            return self.report.add(Fault::OtherRoot, path, sentence, Remedy::Backup);
        }
        for tile in partial_tiles(self.edge.size()) {
            let bytes = match tile.kind {
                r4_tlog::tile::Kind::Entries => self.edge.bundle.clone(),
                r4_tlog::tile::Kind::Hashes(level) => self.edge.partial(level).to_vec(),
            };
            self.tile(&tile, &bytes);
        }
    }

    fn mark_here(&mut self) {
        let Some(mark) = self.mark.filter(|mark| mark.size == self.edge.size()) else { return };
        if *mark != Mark::of(&self.edge, mark.time) {
            let sentence = "the mark is not of this journal".to_owned();
            self.report.add(Fault::Mark, self.layout.mark(), sentence, Remedy::Repair);
        }
    }

    fn flaw(&mut self, flaw: Flaw) {
        let Flaw { offset, index, why, last } = flaw;
        let place = format!("the record of index {index} (byte {offset} of the journal: {why})");
        let covered = index < self.marked().max(self.published_size());
        let path = self.layout.journal();
        if last && !covered {
            let sentence = format!("{place} is a write that was cut short and never answered");
            self.report.add(Fault::TornTail, path, sentence, Remedy::Repair);
        } else {
            let sentence = format!("{place} is damaged: put back a backup");
            self.report.add(Fault::Record, path, sentence, Remedy::Backup);
        }
    }

    fn rolled_back(&mut self) {
        let have = self.edge.size();
        let published = (self.published_size(), "log/checkpoint".to_owned());
        let written = self.mark.map_or(0, |mark| mark.time);
        let marked = (self.marked(), format!("journal/mark (written at Unix time {written})"));
        for (want, witness) in [published, marked] {
            if want > have {
                let sentence = format!(
                    "the journal has {have} good entries, but {witness} says that it had {want}: \
                     put back a backup"
                );
                let path = self.layout.journal();
                self.report.add(Fault::RolledBack, path, sentence, Remedy::Backup);
            }
        }
    }
}
