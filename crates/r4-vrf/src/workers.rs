//! Bounded work on blocking threads: so much runs, so much waits, the rest is refused at once.

use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;

use metrics::gauge;
use r4_service::context::carry_work;
use r4_service::metrics::{at_each_look, count, show_places};
use r4_service::{Problem, kind};
use tokio::sync::{Semaphore, oneshot};

/// How much less urgent work is than answering, as nice(2) counts.
const LESS_URGENT: i32 = 5;

/// A bound on one kind of work. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Workers {
    line: Arc<Mutex<Line>>,
    /// Places for what runs or waits.
    open: Arc<Semaphore>,
    most: Bounds,
}

#[derive(Clone, Copy, Debug)]
struct Bounds {
    running: usize,
    open: usize,
}

type Work = Box<dyn FnOnce() + Send>;

/// Work that waits for a thread, and how many threads have some. A thread goes on with what has
/// waited longest, so that there is no change of threads between two pieces of work.
#[derive(Default)]
struct Line {
    waiting: VecDeque<Work>,
    running: usize,
}

impl Workers {
    /// Lets `running` pieces of work run at once, and `open` run or wait.
    pub fn new(running: usize, open: usize) -> Self {
        let most = Bounds { running, open };
        Self { line: Arc::default(), open: Arc::new(Semaphore::new(open)), most }
    }

    /// Lets `factor` pieces of work run for each processor, and `open` run or wait.
    pub fn per_processor(factor: usize, open: usize) -> Self {
        let processors = available_parallelism().map_or(1, usize::from);
        Self::new(processors.saturating_mul(factor), open)
    }

    /// Shows in the metrics how much of this work runs, and how much runs or waits.
    #[must_use]
    pub fn shown(self, work: &'static str) -> Self {
        let Bounds { running, open } = self.most;
        let line = Arc::downgrade(&self.line);
        at_each_look(move || {
            let now = lock(&*line.upgrade()?).running;
            gauge!("r4_vrf_work_running", "work" => work).set(count(now));
            gauge!("r4_vrf_work_running_limit", "work" => work).set(count(running));
            Some(())
        });
        show_places(Arc::downgrade(&self.open), open, move |open, most| {
            gauge!("r4_vrf_work_open", "work" => work).set(open);
            gauge!("r4_vrf_work_open_limit", "work" => work).set(most);
        });
        self
    }

    /// Runs `work` on a blocking thread, when its turn comes.
    ///
    /// # Errors
    /// 503 `busy` when too much is waiting; 500 when `work` panics.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let open = Arc::clone(&self.open).try_acquire_owned().map_err(|_| busy())?;
        let (tell, told) = oneshot::channel();
        let work = carry_work(work);
        // The place goes with the work: a caller that gives up does not make room before its end.
        self.begin(Box::new(move || {
            let answer = work();
            drop(open);
            // A caller that has gone needs no answer.
            drop(tell.send(answer));
        }));
        told.await.map_err(|_| {
            tracing::error!("work on a blocking thread failed");
            Problem::internal()
        })
    }

    /// Gives `work` to a thread of its own, or to the next that is done if there are enough.
    fn begin(&self, work: Work) {
        let mut line = lock(&self.line);
        line.waiting.push_back(work);
        if line.running < self.most.running {
            line.running = line.running.saturating_add(1);
            drop(line);
            let line = Arc::clone(&self.line);
            tokio::task::spawn_blocking(move || work_off(&line));
        }
    }
}

/// Works until nothing waits.
fn work_off(line: &Mutex<Line>) {
    give_way();
    while let Some(work) = next(line) {
        // The hook has reported a panic, and the caller learns of it by getting no answer.
        drop(catch_unwind(AssertUnwindSafe(work)));
    }
}

/// Takes what has waited longest; with nothing left, this thread no longer counts as running.
fn next(line: &Mutex<Line>) -> Option<Work> {
    let mut line = lock(line);
    let work = line.waiting.pop_front();
    if work.is_none() {
        line.running = line.running.saturating_sub(1);
    }
    work
}

fn lock(line: &Mutex<Line>) -> MutexGuard<'_, Line> {
    line.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} running, {} waiting", self.running, self.waiting.len())
    }
}

/// Lets this thread, with whatever it works on later, give way to those that take requests and answer
/// them: when all processors sign, who is refused must not wait for them.
fn give_way() {
    thread_local! {
        static GAVE_WAY: Cell<bool> = const { Cell::new(false) };
    }
    if !GAVE_WAY.replace(true)
        && let Err(cause) = rustix::process::nice(LESS_URGENT)
    {
        tracing::debug!(%cause, "the priority of a thread stays as it is");
    }
}

/// Says that too much is under way.
pub(crate) fn busy() -> Problem {
    Problem::unavailable(kind::BUSY, "too many requests wait for a signature", 1)
}

#[cfg(test)]
mod tests {
    use super::Workers;
    use std::sync::mpsc;

    #[tokio::test]
    async fn so_much_runs_so_much_waits_and_the_rest_is_refused() {
        let workers = Workers::new(1, 2);
        let (go, wait) = mpsc::channel::<()>();
        let runs = tokio::spawn({
            let workers = workers.clone();
            async move { workers.run(move || wait.recv()).await }
        });
        while super::lock(&workers.line).running == 0 {
            tokio::task::yield_now().await;
        }
        let waits = tokio::spawn({
            let workers = workers.clone();
            async move { workers.run(|| 7).await }
        });
        while workers.open.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let refused = workers.run(|| 8).await.expect_err("full");
        assert_eq!((refused.status().as_u16(), refused.slug()), (503, "busy"));
        go.send(()).unwrap();
        assert!(runs.await.unwrap().unwrap().is_ok());
        assert_eq!(waits.await.unwrap(), Ok(7));
        assert_eq!(workers.run(|| 9).await, Ok(9));
    }

    #[tokio::test]
    async fn a_panic_frees_its_place() {
        let workers = Workers::new(1, 1);
        let failed = workers.run(|| panic!("on purpose")).await;
        assert_eq!(failed.map_err(|p| p.status().as_u16()), Err::<(), _>(500));
        assert_eq!(workers.run(|| 1).await, Ok(1));
    }
}
