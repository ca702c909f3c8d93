//! The published checkpoint: signed anew when the log has grown, and in any case often enough that
//! its age shows whether the node lives; with the cosignatures of witnesses, where there are any.

use std::sync::Arc;
use std::time::Duration;

use r4_tlog::SignedCheckpoint;

use crate::error::PublishFailure;
use crate::node::Node;
use crate::observe;
use crate::witness::Witness;

/// Time between two looks at a log without witnesses.
const LOOK: Duration = Duration::from_secs(1);
/// Looks after which a checkpoint is signed again although the log has not grown.
const MOST_LOOKS: u32 = 10;

/// Keeps the published checkpoint fresh until the runtime ends.
pub async fn keep_publishing(node: Arc<Node>, witnesses: Vec<Witness>, interval: Duration) {
    let (pause, most) = if witnesses.is_empty() { (LOOK, MOST_LOOKS) } else { (interval, 1) };
    let mut looks: u32 = 0;
    observe::witnesses(witnesses.len());
    loop {
        looks = looks.saturating_add(1);
        let published = node.log().published().checkpoint.size;
        if looks >= most || node.log().head().size > published {
            looks = 0;
            if let Err(failure) = round(&node, &witnesses).await {
                tracing::error!(%failure, "the log's checkpoint cannot be published");
                observe::publish_failed();
            }
        }
        tokio::time::sleep(pause).await;
    }
}

/// Signs the newest tree, asks every witness at once, and publishes what came in time.
async fn round(node: &Arc<Node>, witnesses: &[Witness]) -> Result<(), PublishFailure> {
    let signed = signed_head(node).await?;
    let asked: Vec<_> = witnesses.iter().map(|witness| ask(node, witness, &signed)).collect();
    let (mut signed, mut cosigned) = (signed, 0_usize);
    for lines in asked {
        let lines = lines.await.unwrap_or_default();
        cosigned = cosigned.saturating_add(usize::from(!lines.is_empty()));
        for line in lines {
            signed.add(line);
        }
    }
    let node = Arc::clone(node);
    let size = signed.checkpoint.size;
    tokio::task::spawn_blocking(move || node.publish(signed)).await??;
    observe::published(size);
    observe::cosigned_by(cosigned);
    Ok(())
}

async fn signed_head(node: &Arc<Node>) -> Result<SignedCheckpoint, PublishFailure> {
    let node = Arc::clone(node);
    tokio::task::spawn_blocking(move || node.sign_head()).await?
}

fn ask(
    node: &Arc<Node>,
    witness: &Witness,
    signed: &SignedCheckpoint,
) -> tokio::task::JoinHandle<Vec<r4_tlog::SignatureLine>> {
    let (node, witness, signed) = (Arc::clone(node), witness.clone(), signed.clone());
    tokio::task::spawn_blocking(move || witness.cosign(node.log(), &signed))
}
