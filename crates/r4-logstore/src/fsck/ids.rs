//! The index of ids, checked on a copy, because opening it writes to it.

use std::fs;
use std::path::PathBuf;

use super::{Fault, Remedy, Report};
use crate::ids::{Ids, check_integrity};
use crate::layout::Layout;
use crate::record::{Stored, id_of};

/// The copy, which is removed at the end.
pub(super) struct IdCheck {
    copy: Copy,
    ids: Ids,
    indexed: u64,
    wrong: Option<u64>,
}

struct Copy(PathBuf);

impl IdCheck {
    /// Copies the database and checks its pages.
    pub(super) fn open(layout: &Layout, report: &mut Report) -> Option<Self> {
        let copy = Copy(layout.journal_folder().join("ids.fsck.new"));
        let opened = fs::copy(layout.ids(), &copy.0).map_err(|cause| cause.to_string());
        let opened = opened.and_then(|_| check_integrity(&copy.0));
        let opened = opened.and_then(|()| Ids::open(&copy.0).map_err(|error| format!("{error:?}")));
        match opened.and_then(|ids| Ok((ids.indexed()?, ids))) {
            Ok((indexed, ids)) => Some(Self { copy, ids, indexed, wrong: None }),
            Err(why) => {
                let sentence = format!("the index of ids cannot be checked or is damaged: {why}");
                report.add(Fault::Ids, layout.ids(), sentence, Remedy::Repair);
                None
            }
        }
    }

    /// Looks up the id of an entry, if it should be there.
    pub(super) fn entry(&mut self, stored: &Stored) {
        if stored.index < self.indexed
            && let Some(id) = id_of(&stored.entry)
            && self.ids.find(&id) != Ok(Some(stored.index))
        {
            self.wrong.get_or_insert(stored.index);
        }
    }

    /// Reports what was wrong.
    pub(super) fn finish(self, layout: &Layout, size: u64, report: &mut Report) {
        let Self { copy, ids, indexed, wrong } = self;
        drop(ids);
        drop(copy);
        let sentence = match wrong {
            Some(index) => format!("the index of ids does not find entry {index}"),
            None if indexed > size => "the index of ids is ahead of the journal".to_owned(),
            None => return,
        };
        report.add(Fault::Ids, layout.ids(), sentence, Remedy::Repair);
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // What cannot be removed is a stray file, which the next check remarks on.
        drop(fs::remove_file(&self.0));
    }
}
