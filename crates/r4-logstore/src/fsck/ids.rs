//! The files of ids, compared with those of the journal's entries.

use std::fs;

use super::{Fault, Remedy, Report};
use crate::ids::{Hint, SEGMENT, encode};
use crate::layout::Layout;
use crate::record::Stored;

/// The ids of the segment that is being read.
#[derive(Default)]
pub(super) struct IdCheck {
    hints: Vec<Hint>,
}

impl IdCheck {
    /// Takes the next entry. At the end of a segment its file is checked, unless a start makes it again
    /// anyway, as it is not within the `marked` entries.
    pub(super) fn entry(
        &mut self,
        stored: &Stored,
        marked: u64,
        layout: &Layout,
        report: &mut Report,
    ) {
        self.hints.extend(Hint::of_entry(&stored.entry, stored.index));
        let end = stored.index.saturating_add(1);
        if !end.is_multiple_of(SEGMENT) {
            return;
        }
        let mut hints = std::mem::take(&mut self.hints);
        if end <= marked {
            hints.sort_unstable();
            compare(stored.index / SEGMENT, &encode(hints.iter()), layout, report);
        }
    }

    /// Reports files of entries that the journal does not have.
    pub(super) fn finish(layout: &Layout, size: u64, report: &mut Report) {
        for path in layout.segments_from(size / SEGMENT) {
            let name = path.strip_prefix(layout.state_dir()).unwrap_or(&path).display();
            let sentence = format!("{name} is ahead of the journal");
            report.add(Fault::Ids, path.clone(), sentence, Remedy::Repair);
        }
    }
}

fn compare(number: u64, expected: &[u8], layout: &Layout, report: &mut Report) {
    let path = layout.segment(number);
    let why = match fs::read(&path) {
        Ok(there) if there == expected => return,
        Ok(_) => "is damaged: it does not hold the ids of the journal's entries".to_owned(),
        Err(cause) => format!("cannot be read ({cause})"),
    };
    let sentence = format!("journal/ids/{number:08} {why}");
    report.add(Fault::Ids, path, sentence, Remedy::Repair);
}
