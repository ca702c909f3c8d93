//! Whether one signed tree is the beginning of another.

use r4_tlog::Checkpoint;
use r4_tlog::tree::{consistency_proof, root, verify_consistency};

use super::finding::{Alarm, Finding};
use super::tree_reader::TreeReader;

/// Checks that the tree of `new`, which `tree` reads, begins with the tree of `old`. Both
/// checkpoints are signed by the same log.
///
/// # Errors
/// As [`refuse_contradiction`]. `fork`: it begins otherwise. What the tiles do not show: `invalid`.
pub(super) fn check(
    old: &Checkpoint,
    new: &Checkpoint,
    tree: &TreeReader<'_>,
) -> Result<(), Finding> {
    refuse_contradiction(old, new)?;
    let (before, now) = (old.size, new.size);
    let proof = consistency_proof(tree, before, now)?;
    if verify_consistency(before, &old.root, now, &new.root, &proof).is_ok() {
        return Ok(());
    }
    // The tiles are no one's word: only if they prove what the tree begins with, it is another one.
    let beginning = root(tree, before)?;
    match verify_consistency(before, &beginning, now, &new.root, &proof) {
        Ok(()) => Err(Finding::new(
            Alarm::Fork,
            format!(
                "the signed tree of size {now} does not begin with the signed tree of size {before}"
            ),
        )),
        Err(_) => {
            Err(Finding::invalid("the tiles do not fit together: no proof can be made of them"))
        }
    }
}

/// Checks what needs no tile: the log has not become smaller, nor another one of the same size.
///
/// # Errors
/// `rollback` or `fork`.
pub(super) fn refuse_contradiction(old: &Checkpoint, new: &Checkpoint) -> Result<(), Finding> {
    let (before, now) = (old.size, new.size);
    if now < before {
        let reason = format!("the log has signed size {now} after it had signed size {before}");
        return Err(Finding::new(Alarm::Rollback, reason));
    }
    if now == before && new.root != old.root {
        let reason = format!("the log has signed two trees of size {now} with different roots");
        return Err(Finding::new(Alarm::Fork, reason));
    }
    Ok(())
}
