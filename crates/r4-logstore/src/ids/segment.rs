//! A file of the ids of 65,536 entries: a record of 16 octets for each entry that has an id, the first
//! eight octets of the id and the index, numbers big-endian, sorted; then the checksum of all of them.

use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use crate::record::{id_of, octets};

/// Entries of a file.
pub(crate) const SEGMENT: u64 = 65_536;
/// Octets of a record.
const HINT_BYTES: usize = 16;
/// Octets of the checksum.
const CRC_BYTES: u64 = 4;
/// Records read on either side of the place where a prefix is expected, as prefixes look random:
/// four times their standard deviation at most.
const AROUND: u64 = 512;

/// How an id begins, and its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hint {
    pub(crate) prefix: u64,
    pub(crate) index: u64,
}

impl Hint {
    pub(crate) fn of(id: &[u8; 32], index: u64) -> Self {
        // An id has more than eight octets.
        let prefix = id.first_chunk().map_or(0, |prefix| u64::from_be_bytes(*prefix));
        Self { prefix, index }
    }

    /// Returns the hint of an entry, if that has an id.
    pub(crate) fn of_entry(entry: &[u8], index: u64) -> Option<Self> {
        id_of(entry).map(|id| Self::of(&id, index))
    }

    /// Returns the last hint of its prefix.
    pub(crate) const fn last(self) -> Self {
        Self { prefix: self.prefix, index: u64::MAX }
    }

    /// Returns the number of the file that the index belongs to.
    pub(crate) const fn segment(self) -> u64 {
        self.index / SEGMENT
    }
}

/// Writes sorted hints as a file.
pub(crate) fn encode<'a>(hints: impl Iterator<Item = &'a Hint>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for hint in hints {
        bytes.extend(hint.prefix.to_be_bytes());
        bytes.extend(hint.index.to_be_bytes());
    }
    let crc = crc32fast::hash(&bytes);
    bytes.extend(crc.to_be_bytes());
    bytes
}

/// Tells whether a file is there and of a length that one can have.
pub(crate) fn has_a_length(path: &Path) -> io::Result<bool> {
    match fs::metadata(path) {
        Ok(about) => Ok(hints_in(about.len()).is_some()),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(cause) => Err(cause),
    }
}

/// Returns the indexes in a file that have the prefix of a hint, the newest first.
pub(super) fn search(path: &Path, wanted: Hint) -> io::Result<Vec<u64>> {
    let file = File::open(path)?;
    let count = hints_in(file.metadata()?.len()).ok_or(io::ErrorKind::InvalidData)?;
    let place = expected(wanted.prefix, count);
    let window = place.saturating_sub(AROUND)..place.saturating_add(AROUND).min(count);
    let mut hints = read(&file, &window)?;
    let begins = window.start == 0 || hints.first().is_some_and(|h| h.prefix < wanted.prefix);
    let ends = window.end == count || hints.last().is_some_and(|h| h.prefix > wanted.prefix);
    if !begins || !ends {
        hints = read(&file, &(0..count))?;
    }
    let found = hints.iter().rev().filter(|hint| hint.prefix == wanted.prefix);
    Ok(found.map(|hint| hint.index).collect())
}

/// Returns how many records a file of this length has; none has another length.
fn hints_in(length: u64) -> Option<u64> {
    let hints = length.checked_sub(CRC_BYTES)?;
    let count = hints.checked_div(octets(HINT_BYTES))?;
    (hints.is_multiple_of(octets(HINT_BYTES)) && count <= SEGMENT).then_some(count)
}

/// Returns where a prefix is among `count` that are spread evenly.
fn expected(prefix: u64, count: u64) -> u64 {
    let place = u128::from(prefix).saturating_mul(count.into()) >> 64;
    u64::try_from(place).unwrap_or(count)
}

fn read(file: &File, records: &Range<u64>) -> io::Result<Vec<Hint>> {
    let count = usize::try_from(records.end.saturating_sub(records.start)).unwrap_or(usize::MAX);
    let mut bytes = vec![0; count.saturating_mul(HINT_BYTES)];
    file.read_exact_at(&mut bytes, records.start.saturating_mul(octets(HINT_BYTES)))?;
    let (hints, _) = bytes.as_chunks::<HINT_BYTES>();
    Ok(hints.iter().map(hint).collect())
}

fn hint(bytes: &[u8; HINT_BYTES]) -> Hint {
    let number = u128::from_be_bytes(*bytes);
    let [prefix, index] = [number >> 64, number & u128::from(u64::MAX)];
    let half = |half| u64::try_from(half).unwrap_or(u64::MAX);
    Hint { prefix: half(prefix), index: half(index) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(hints: &[Hint]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), encode(hints.iter())).unwrap();
        file
    }

    fn finds_as_a_walk_does(mut prefixes: Vec<u64>) {
        prefixes.sort_unstable();
        let hints = (0..).zip(&prefixes).map(|(index, prefix)| Hint { prefix: *prefix, index });
        let hints: Vec<Hint> = hints.collect();
        let file = written(&hints);
        assert!(has_a_length(file.path()).unwrap());
        let others = prefixes.iter().flat_map(|prefix| [prefix.wrapping_add(1), prefix ^ 1 << 63]);
        for prefix in [0, u64::MAX].into_iter().chain(others).chain(prefixes.iter().copied()) {
            let walked = hints.iter().rev().filter(|hint| hint.prefix == prefix);
            let walked: Vec<u64> = walked.map(|hint| hint.index).collect();
            let found = search(file.path(), Hint { prefix, index: 0 }).unwrap();
            assert_eq!(found, walked, "{prefix} of {}", hints.len());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn prefixes_of_any_kind_are_found(spread in prop::collection::vec(any::<u64>(), 0..3000),
                                          low in prop::collection::vec(0..9_u64, 0..40)) {
            finds_as_a_walk_does([spread, low].concat());
        }
    }

    #[test]
    fn prefixes_that_are_all_the_same_are_found() {
        for prefix in [0, 7, 1 << 63, u64::MAX] {
            finds_as_a_walk_does(vec![prefix; 1500]);
        }
    }

    #[test]
    fn one_length_in_sixteen_is_right() {
        let file = written(&[Hint { prefix: 1, index: 2 }]);
        let lengths = (0..64).filter(|length| hints_in(*length).is_some());
        assert_eq!(lengths.collect::<Vec<_>>(), [4, 20, 36, 52]);
        assert_eq!(hints_in(SEGMENT * 16 + 4), Some(SEGMENT));
        assert_eq!(hints_in(SEGMENT * 16 + 20), None);
        assert!(has_a_length(file.path()).unwrap());
        fs::write(file.path(), [0; 19]).unwrap();
        assert!(!has_a_length(file.path()).unwrap());
        fs::remove_file(file.path()).unwrap();
        assert!(!has_a_length(file.path()).unwrap());
    }
}
