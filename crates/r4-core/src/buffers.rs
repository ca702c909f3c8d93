//! Buffers for long answers of raw bytes, which are made whole: sent in pieces they cost the more.
//!
//! There are few, so that memory stays bounded; who finds none gets pieces. A buffer is wiped when its
//! answer has been sent, before another one can have it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::generator::wipe;

/// Most buffers.
const MOST: usize = 8;

/// Buffers that come back. Cloning shares them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buffers(Arc<Mutex<Stock>>);

#[derive(Debug, Default)]
struct Stock {
    free: Vec<Vec<u8>>,
    lent: usize,
}

/// A buffer for one answer.
#[derive(Debug)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    home: Buffers,
}

impl Buffers {
    /// Lends a buffer of `length` bytes, if one is left.
    pub(crate) fn take(&self, length: usize) -> Option<Buffer> {
        let mut stock = self.lock();
        if stock.lent >= MOST {
            return None;
        }
        stock.lent = stock.lent.saturating_add(1);
        let mut bytes = stock.free.pop().unwrap_or_default();
        drop(stock);
        bytes.resize(length, 0);
        Some(Buffer { bytes, home: self.clone() })
    }

    fn lock(&self) -> MutexGuard<'_, Stock> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Buffer {
    /// Returns the place of the answer.
    pub(crate) fn bytes(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

impl From<Buffer> for Bytes {
    fn from(buffer: Buffer) -> Self {
        Self::from_owner(buffer)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.bytes);
        wipe(&mut bytes);
        let mut stock = self.home.lock();
        stock.lent = stock.lent.saturating_sub(1);
        stock.free.push(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_come_back_wiped_and_are_never_more_than_there_may_be() {
        let buffers = Buffers::default();
        let mut lent: Vec<_> = (0..MOST).map_while(|_| buffers.take(1000)).collect();
        assert_eq!(lent.len(), MOST);
        assert!(buffers.take(1).is_none());
        for buffer in &mut lent {
            assert_eq!(buffer.bytes(), [0; 1000]);
            buffer.bytes().fill(7);
        }
        let sent: Vec<Bytes> = lent.into_iter().map(Bytes::from).collect();
        assert!(buffers.take(1).is_none(), "they are being sent");
        assert!(sent.iter().all(|bytes| bytes[..] == [7; 1000]));
        drop(sent);
        let mut again: Vec<_> = (0..MOST).map_while(|_| buffers.take(2000)).collect();
        assert_eq!(again.len(), MOST);
        assert!(again.iter_mut().all(|buffer| buffer.bytes() == [0; 2000]));
        drop(again);
        assert_eq!(buffers.lock().free.len(), MOST);
    }
}
