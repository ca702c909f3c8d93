//! Bounded work on blocking threads: so much runs, so much waits, the rest is refused at once.

use std::cell::Cell;
use std::sync::Arc;
use std::thread::available_parallelism;

use metrics::gauge;
use r4_service::context::carry_work;
use r4_service::metrics::show_places;
use r4_service::{Problem, kind};
use tokio::sync::Semaphore;

/// How much less urgent work is than answering, as nice(2) counts.
const LESS_URGENT: i32 = 5;

/// A bound on one kind of work. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Workers {
    running: Arc<Semaphore>,
    /// Running and waiting together.
    open: Arc<Semaphore>,
    most: Bounds,
}

#[derive(Clone, Copy, Debug)]
struct Bounds {
    running: usize,
    open: usize,
}

impl Workers {
    /// Lets `running` pieces of work run at once, and `open` run or wait.
    pub fn new(running: usize, open: usize) -> Self {
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        let most = Bounds { running, open };
        Self { running: semaphore(running), open: semaphore(open), most }
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
        show_places(Arc::downgrade(&self.running), running, move |running, most| {
            gauge!("r4_vrf_work_running", "work" => work).set(running);
            gauge!("r4_vrf_work_running_limit", "work" => work).set(most);
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
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(|_| busy())?;
        // The permits go with the work: a caller that gives up does not make room before its end.
        let done = tokio::task::spawn_blocking(carry_work(move || {
            give_way();
            let answer = work();
            drop((running, open));
            answer
        }));
        done.await.map_err(|cause| {
            tracing::error!(%cause, "work on a blocking thread failed");
            Problem::internal()
        })
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
        while workers.running.available_permits() > 0 {
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
    async fn nothing_is_done_for_a_caller_who_left_while_waiting() {
        let workers = Workers::new(1, 2);
        let (go, wait) = mpsc::channel::<()>();
        let first = workers.run(move || wait.recv());
        let (worked, done) = mpsc::channel();
        let second = workers.run(move || worked.send(()));
        tokio::select! {
            biased;
            _ = first => unreachable!("it waits"),
            _ = second => unreachable!("it waits for the first"),
            () = tokio::task::yield_now() => {}
        }
        go.send(()).unwrap();
        assert_eq!(workers.run(|| 7).await, Ok(7));
        assert!(done.recv().is_err(), "it was done for nobody");
    }

    #[tokio::test]
    async fn a_panic_frees_its_place() {
        let workers = Workers::new(1, 1);
        let failed = workers.run(|| panic!("on purpose")).await;
        assert_eq!(failed.map_err(|p| p.status().as_u16()), Err::<(), _>(500));
        assert_eq!(workers.run(|| 1).await, Ok(1));
    }
}
