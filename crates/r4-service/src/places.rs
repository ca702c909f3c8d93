//! Places for connections. Where all are taken, the connection that has waited longest for a
//! request makes room: who connects and says nothing keeps nobody out.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use axum::response::Response;
use http_body::Body as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;

use crate::held::hold;

/// Instead of a time: a request is being answered.
const BUSY: u64 = u64::MAX;
/// Longest wait for a connection to make room, before another one has to.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// Most bytes of an answer that is as good as sent when it is made.
const SOON_SENT: u64 = 64 * 1024;

/// All places of one listener.
pub(crate) struct Places {
    free: Arc<Semaphore>,
    /// Open connections; never locked across an await.
    seats: Mutex<HashMap<u64, Arc<Seat>>>,
    clock: Arc<Clock>,
}

/// Time, in connections that have come: all that is asked of it is who waited longer.
type Clock = AtomicU64;

/// What is known of a connection.
pub(crate) struct Seat {
    /// Since when it waits for a request, or [`BUSY`].
    waiting: AtomicU64,
    clock: Arc<Clock>,
    task: OnceLock<AbortHandle>,
}

/// A place; it is free again when this is dropped.
pub(crate) struct Place {
    places: Arc<Places>,
    number: u64,
    pub(crate) seat: Arc<Seat>,
    _permit: OwnedSemaphorePermit,
}

/// A request that is being answered: its connection makes no room.
pub(crate) struct Work(Arc<Seat>);

impl Places {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        let free = Arc::new(Semaphore::new(most));
        Arc::new(Self { free, seats: Mutex::default(), clock: Arc::default() })
    }

    /// Returns what tells how many places are free.
    pub(crate) fn free(&self) -> Weak<Semaphore> {
        Arc::downgrade(&self.free)
    }

    /// Takes a place, if one is free.
    pub(crate) fn try_take(self: &Arc<Self>) -> Option<Place> {
        let permit = Arc::clone(&self.free).try_acquire_owned().ok()?;
        Some(self.seat(permit))
    }

    /// Takes a place. Where none is free, the connection that has waited longest is closed; while
    /// all are busy, this waits.
    pub(crate) async fn take(self: &Arc<Self>) -> Place {
        loop {
            if let Some(place) = self.try_take() {
                return place;
            }
            self.make_room();
            let acquired = Arc::clone(&self.free).acquire_owned();
            // The semaphore is never closed.
            if let Ok(Ok(permit)) = tokio::time::timeout(LOOK_AGAIN, acquired).await {
                return self.seat(permit);
            }
        }
    }

    fn seat(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> Place {
        let number = self.clock.fetch_add(1, Ordering::Relaxed);
        let seat = Arc::new(Seat {
            waiting: AtomicU64::new(number),
            clock: Arc::clone(&self.clock),
            task: OnceLock::new(),
        });
        self.seats().insert(number, Arc::clone(&seat));
        Place { places: Arc::clone(self), number, seat, _permit: permit }
    }

    fn make_room(&self) {
        let seats = self.seats();
        let waiting = seats.values().map(|seat| (seat.waiting.load(Ordering::Relaxed), seat));
        let Some((since, longest)) = waiting.min_by_key(|(since, _)| *since) else { return };
        // Busy from now on, so that no other loop chooses it, too. Its first request may have come.
        let chosen = since != BUSY && longest.change(since, BUSY);
        if chosen && let Some(task) = longest.task.get() {
            task.abort();
            tracing::debug!("all places are taken: closed the connection that waited longest");
        }
    }

    fn seats(&self) -> MutexGuard<'_, HashMap<u64, Arc<Seat>>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.seats().remove(&self.number);
    }
}

impl Seat {
    /// Names the task that serves the connection.
    pub(crate) fn serve_by(&self, task: AbortHandle) {
        let _only_once = self.task.set(task);
    }

    /// Begins to answer a request.
    pub(crate) fn work(self: &Arc<Self>) -> Work {
        self.waiting.store(BUSY, Ordering::Relaxed);
        Work(Arc::clone(self))
    }

    fn change(&self, from: u64, to: u64) -> bool {
        self.waiting.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

impl Work {
    /// Ends when the answer has been sent.
    pub(crate) fn until_sent(self, response: Response) -> Response {
        match response.body().size_hint().upper() {
            Some(bytes) if bytes <= SOON_SENT => response,
            _ => hold(response, self),
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.0.waiting.store(self.0.clock.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}
