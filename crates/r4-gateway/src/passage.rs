//! The way of a body from an upstream to a client: read ahead, then streamed, never shortened.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use r4_service::context::carry;
use r4_service::upstream::{CallPermit, UpstreamError};
use tokio::sync::mpsc;

/// Bytes of an answer that are read before its head is sent.
const AHEAD_BYTES: usize = 64 * 1024;
/// Pieces of a long body that may wait for the client.
const PIECES: usize = 2;

/// Whether a body has been read to its end.
pub(crate) enum Ended {
    Whole,
    Not,
}

/// A body of an upstream, and what was read of it ahead.
pub(crate) struct Source {
    body: Incoming,
    ahead: Vec<Bytes>,
    name: &'static str,
}

impl Source {
    /// Takes the body of `upstream`'s answer.
    pub(crate) fn new(body: Incoming, upstream: &'static str) -> Self {
        Self { body, ahead: Vec::new(), name: upstream }
    }

    /// Returns what was read ahead.
    pub(crate) fn into_whole(self) -> Body {
        Body::from(self.ahead.concat())
    }

    /// Reads until the end or until more than 64 KiB are there.
    ///
    /// # Errors
    /// The upstream broke off, or was too slow.
    pub(crate) async fn read_ahead(&mut self, deadline: Duration) -> Result<Ended, UpstreamError> {
        let name = self.name;
        let reading = async {
            let mut seen = 0usize;
            while seen <= AHEAD_BYTES {
                let Some(frame) = self.body.frame().await else { return Ok(Ended::Whole) };
                if let Ok(data) = frame?.into_data() {
                    seen = seen.saturating_add(data.len());
                    self.ahead.push(data);
                }
            }
            Ok::<Ended, hyper::Error>(Ended::Not)
        };
        match tokio::time::timeout(deadline, reading).await {
            Ok(Ok(ended)) => Ok(ended),
            Ok(Err(cause)) => {
                tracing::warn!(upstream = name, %cause, "an answer broke off");
                Err(UpstreamError::Down { name })
            }
            Err(_) => Err(UpstreamError::Timeout { name }),
        }
    }

    /// Reads on in a task of its own, so that a client that stops reading does not hold the
    /// upstream longer than the deadline.
    pub(crate) fn stream(
        self,
        permit: CallPermit,
        length: Option<u64>,
        deadline: Duration,
    ) -> Body {
        let (sender, pieces) = mpsc::channel(PIECES);
        tokio::spawn(carry(async move {
            let (_permit, name) = (permit, self.name);
            match tokio::time::timeout(deadline, self.copy(sender)).await {
                Ok(Ok(())) => {}
                Ok(Err(cause)) => {
                    tracing::warn!(upstream = name, %cause, "a long answer broke off");
                    count(name);
                }
                Err(_) => tracing::warn!(upstream = name, "a long answer took too long"),
            }
        }));
        Body::new(Passage { pieces, length })
    }

    /// Sends the data until it ends, breaks, or nobody listens any more.
    async fn copy(mut self, sender: mpsc::Sender<Piece>) -> Result<(), hyper::Error> {
        for data in self.ahead {
            if sender.send(Piece::Data(data)).await.is_err() {
                return Ok(());
            }
        }
        while let Some(frame) = self.body.frame().await {
            if let Ok(data) = frame?.into_data()
                && sender.send(Piece::Data(data)).await.is_err()
            {
                return Ok(());
            }
        }
        // A listener that has left does not need the end.
        let _ = sender.send(Piece::End).await;
        Ok(())
    }
}

/// What passes from the upstream's task to the client's.
enum Piece {
    Data(Bytes),
    /// The body is complete; without it, it is not.
    End,
}

/// A body on its way, which is an error unless its end was seen.
struct Passage {
    pieces: mpsc::Receiver<Piece>,
    /// Bytes that are left, where the upstream stated how many there are.
    length: Option<u64>,
}

/// Counts a failure of an upstream.
pub(crate) fn count(upstream: &'static str) {
    metrics::counter!("r4_gateway_upstream_failures_total", "upstream" => upstream).increment(1);
}

/// The upstream's body had no end, or not the length that it stated.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the upstream's body broke off")]
struct BrokenOff;

impl HttpBody for Passage {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let piece = std::task::ready!(self.pieces.poll_recv(context));
        Poll::Ready(match piece {
            Some(Piece::End) if self.length.is_none_or(|left| left == 0) => None,
            None | Some(Piece::End) => Some(Err(BrokenOff)),
            Some(Piece::Data(data)) => match self.length {
                None => Some(Ok(Frame::data(data))),
                Some(left) => match left.checked_sub(data.len() as u64) {
                    None => Some(Err(BrokenOff)),
                    after => {
                        self.length = after;
                        Some(Ok(Frame::data(data)))
                    }
                },
            },
        })
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn pass(stated: Option<u64>, pieces: Vec<Piece>) -> Result<Bytes, BrokenOff> {
        let (sender, receiver) = mpsc::channel(8);
        for piece in pieces {
            assert!(sender.send(piece).await.is_ok());
        }
        drop(sender);
        let body = Passage { pieces: receiver, length: stated };
        body.collect().await.map(http_body_util::Collected::to_bytes)
    }

    fn hello() -> Vec<Piece> {
        [&b"he"[..], b"llo"].map(|data| Piece::Data(Bytes::from_static(data))).into()
    }

    #[tokio::test]
    async fn only_a_body_with_its_end_and_length_is_whole() {
        let whole = || hello().into_iter().chain([Piece::End]).collect::<Vec<_>>();
        let text = Bytes::from_static(b"hello");
        assert_eq!(pass(Some(5), whole()).await, Ok(text.clone()));
        assert_eq!(pass(None, whole()).await, Ok(text));
        assert_eq!(pass(Some(6), whole()).await, Err(BrokenOff));
        assert_eq!(pass(Some(4), whole()).await, Err(BrokenOff));
        assert_eq!(pass(Some(5), hello()).await, Err(BrokenOff));
        assert_eq!(pass(None, hello()).await, Err(BrokenOff));
        assert_eq!(pass(Some(0), vec![]).await, Err(BrokenOff));
    }
}
