//! A document as a file of c2sp.org/tlog-proof: the proof of inclusion and the checkpoint as every
//! tool reads them, and the document itself in the line `extra`, from which the entry is made.

use alloc::string::{String, ToString as _};

use r4_tlog::{SignedCheckpoint, TlogProof, hash};

use crate::document::Document;
use crate::log::Log;
use crate::object::{MAX_DOCUMENT_BYTES, ParseError};

/// First line of the file.
const MAGIC: &[u8] = b"c2sp.org/tlog-proof@v1\n";

impl Document {
    /// Writes the file, if the document says where it stands in the log.
    pub fn to_tlog_proof(&self) -> Option<String> {
        let log = self.envelope().log.as_ref()?;
        let proof = TlogProof {
            extra: Some(self.clone().with_log(None).to_json().into_bytes()),
            index: log.index,
            hashes: log.inclusion.clone(),
            checkpoint: log.checkpoint.clone(),
        };
        Some(proof.to_string())
    }

    /// Parses a document's JSON, or the file that [`Self::to_tlog_proof`] writes.
    ///
    /// # Errors
    /// As for [`Document::parse`], and what is wrong with the file.
    pub fn parse_file(input: &[u8]) -> Result<Self, ParseError> {
        if !input.starts_with(MAGIC) {
            return Self::parse(input);
        }
        let limit = MAX_DOCUMENT_BYTES.saturating_mul(2);
        if input.len() > limit {
            return Err(ParseError::TooLarge { got: input.len(), limit });
        }
        let wrong = |message: String| ParseError::TlogProof { message };
        let text = core::str::from_utf8(input).map_err(|error| wrong(error.to_string()))?;
        let proof = TlogProof::parse(text).map_err(|error| wrong(error.to_string()))?;
        let signed =
            SignedCheckpoint::parse(&proof.checkpoint).map_err(|error| wrong(error.to_string()))?;
        let document = proof.extra.as_deref().map(Self::parse).transpose()?;
        let document =
            document.ok_or_else(|| wrong("it has no receipt in the line extra".to_string()))?;
        let key_hash = document.envelope().keys.key_hash();
        let log = Log {
            origin: signed.checkpoint.origin.clone(),
            index: proof.index,
            leaf_hash: hash::leaf_hash(&document.entry(key_hash).to_bytes()),
            tree_size: signed.checkpoint.size,
            root: signed.checkpoint.root,
            inclusion: proof.hashes,
            checkpoint: proof.checkpoint,
        };
        Ok(document.with_log(Some(log)))
    }
}
