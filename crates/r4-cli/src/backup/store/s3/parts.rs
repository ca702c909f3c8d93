//! Objects that are written and read in parts.

use std::io::{self, Read, Write};

use rusty_s3::actions::S3Action as _;
use ureq::http::header;

use super::{Bucket, Order, SIGNED, text};
use crate::exit::Error;

/// Bytes of a part of an upload, and of a read; 10,000 parts are allowed, so 156 GiB.
const PART_BYTES: u64 = 16 << 20;

/// An object that is written in parts, and is there once all of them are.
pub(in crate::backup) struct Upload {
    bucket: Bucket,
    key: String,
    id: String,
    tags: Vec<String>,
    part: Vec<u8>,
    done: bool,
}

/// An object that is read in parts.
pub(super) struct Download<'a> {
    bucket: &'a Bucket,
    key: String,
    size: u64,
    at: u64,
    part: io::Cursor<Vec<u8>>,
}

impl Upload {
    /// Begins with the answer of the store to the order of an upload.
    pub(super) fn new(bucket: Bucket, key: String, id: String) -> Self {
        Self { bucket, key, id, tags: Vec::new(), part: Vec::new(), done: false }
    }

    fn send(&mut self) -> io::Result<()> {
        let number = u16::try_from(self.tags.len().saturating_add(1)).map_err(io::Error::other)?;
        let Bucket { there: bucket, credentials, .. } = &self.bucket;
        let url = bucket.upload_part(Some(credentials), &self.key, number, &self.id).sign(SIGNED);
        let answer = self.bucket.ask(url.as_str(), &Order::Put(&self.part))?;
        let tag = answer.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok());
        self.tags.push(tag.ok_or_else(|| io::Error::other("no ETag in the answer"))?.to_owned());
        self.part.clear();
        Ok(())
    }

    /// Makes the object of its parts.
    pub(in crate::backup::store) fn finish(mut self) -> Result<(), Error> {
        self.complete().map_err(|e| self.bucket.failed(&self.key, &e))?;
        self.done = true;
        Ok(())
    }

    fn complete(&mut self) -> io::Result<()> {
        if !self.part.is_empty() || self.tags.is_empty() {
            self.send()?;
        }
        let Bucket { there: bucket, credentials, .. } = &self.bucket;
        let tags = self.tags.iter().map(String::as_str);
        let action = bucket.complete_multipart_upload(Some(credentials), &self.key, &self.id, tags);
        let (url, body) = (action.sign(SIGNED), action.body());
        // A store may answer 200 and only then find out that it failed.
        let answer = text(self.bucket.ask(url.as_str(), &Order::Post(&body))?)?;
        if answer.contains("CompleteMultipartUploadResult") {
            return Ok(());
        }
        Err(io::Error::other(format!("it was not put together: {answer}")))
    }
}

impl Drop for Upload {
    /// Takes back what was sent. What stays is not listed; rules of the bucket remove it.
    fn drop(&mut self) {
        if !self.done {
            let Bucket { there: bucket, credentials, .. } = &self.bucket;
            let abort = bucket.abort_multipart_upload(Some(credentials), &self.key, &self.id);
            drop(self.bucket.ask(abort.sign(SIGNED).as_str(), &Order::Delete));
        }
    }
}

impl Write for Upload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let part = usize::try_from(PART_BYTES).unwrap_or(usize::MAX);
        let room = part.saturating_sub(self.part.len());
        let taken = bytes.get(..room.min(bytes.len())).unwrap_or_default();
        self.part.extend_from_slice(taken);
        if self.part.len() >= part {
            self.send()?;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> Download<'a> {
    /// Begins at the first byte of `size`.
    pub(super) fn new(bucket: &'a Bucket, key: String, size: u64) -> Self {
        Self { bucket, key, size, at: 0, part: io::Cursor::default() }
    }
}

impl Read for Download<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.part.read(buffer)?;
        if read > 0 || self.at >= self.size || buffer.is_empty() {
            return Ok(read);
        }
        let end = self.size.min(self.at.saturating_add(PART_BYTES));
        let Bucket { there: bucket, credentials, .. } = self.bucket;
        let url = bucket.get_object(Some(credentials), &self.key).sign(SIGNED);
        let order = Order::GetPart(self.at, end.saturating_sub(1));
        let answer = self.bucket.ask(url.as_str(), &order)?;
        let mut part = Vec::new();
        let asked = end.saturating_sub(self.at);
        let read = answer.into_body().into_reader().take(asked).read_to_end(&mut part)?;
        // What is shorter than it should be ends here.
        self.at = if u64::try_from(read).is_ok_and(|read| read < asked) { self.size } else { end };
        self.part = io::Cursor::new(part);
        self.part.read(buffer)
    }
}
