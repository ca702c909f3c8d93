//! The three services together: started, watched, stopped.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};

use super::{
    ready::{self, Answer},
    service::{POLL, Plan, Service, Stopped},
};

/// The running services, in the order in which they were started.
pub(crate) struct Node {
    services: Vec<Service>,
    /// Set by a signal handler.
    stop: Arc<AtomicBool>,
}

/// What ended a wait.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Watch {
    /// Every service is ready.
    Ready,
    /// A signal came first.
    StopAsked,
}

impl Node {
    /// Starts every service; `stop` is the flag that a signal sets.
    ///
    /// # Errors
    /// When a program does not start; those already started are killed.
    pub(crate) fn start(
        plans: impl IntoIterator<Item = Plan>,
        stop: Arc<AtomicBool>,
    ) -> Result<Self> {
        let mut services = Vec::new();
        for (place, plan) in plans.into_iter().enumerate() {
            services.push(Service::start(plan, place)?);
        }
        Ok(Self { services, stop })
    }

    /// Waits until every service says that it is ready.
    ///
    /// # Errors
    /// A service that dies, or is not ready in time, with its reason.
    pub(crate) fn wait_ready(&mut self, limit: Duration) -> Result<Watch> {
        let start = Instant::now();
        for place in 0..self.services.len() {
            loop {
                if self.stop_asked() {
                    return Ok(Watch::StopAsked);
                }
                self.all_alive()?;
                let Some(Service { name, port, .. }) = self.services.get(place) else { break };
                let reason = match ready::ask(*port) {
                    Ok(Answer::Ready) => break,
                    Ok(Answer::NotReady(reason)) => reason,
                    Err(error) => error.to_string(),
                };
                let seconds = limit.as_secs();
                ensure!(start.elapsed() < limit, "{name} is not ready after {seconds} s: {reason}");
                thread::sleep(POLL);
            }
        }
        Ok(Watch::Ready)
    }

    /// Returns the process of each service.
    pub(crate) fn process_ids(&self) -> Vec<u32> {
        self.services.iter().map(Service::process_id).collect()
    }

    /// Waits for a signal.
    ///
    /// # Errors
    /// A service that dies.
    pub(crate) fn watch(&mut self) -> Result<()> {
        while !self.stop_asked() {
            self.all_alive()?;
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// Stops the services, last started first, so that each finds those it needs until its end.
    ///
    /// `drain` is for all of them together; a second signal ends it at once.
    ///
    /// # Errors
    /// The services that had to be killed or failed while they stopped.
    pub(crate) fn stop(self, drain: Duration) -> Result<()> {
        let start = Instant::now();
        self.stop.store(false, Ordering::SeqCst);
        let mut failures = Vec::new();
        for service in self.services.into_iter().rev() {
            let name = service.name;
            let give_up = || start.elapsed() >= drain || self.stop.load(Ordering::SeqCst);
            match service.stop(give_up)? {
                Stopped::Ended(status) if status.success() => {}
                Stopped::Ended(status) => failures.push(format!("{name} ended with {status}")),
                Stopped::Killed => failures.push(format!("{name} did not stop and was killed")),
            }
        }
        ensure!(failures.is_empty(), "{}", failures.join("; "));
        Ok(())
    }

    fn stop_asked(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    fn all_alive(&mut self) -> Result<()> {
        for service in &mut self.services {
            if let Some(status) = service.ended()? {
                bail!("{} ended with {status}; its last lines are above", service.name);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::service::tests::script, *};

    const POLITE: &str = "trap 'exit 0' TERM; while :; do sleep 0.05; done";
    const LONG: Duration = Duration::from_secs(30);

    fn node(scripts: &[(&'static str, &str)]) -> Node {
        let plans = scripts.iter().map(|(name, text)| script(name, text));
        Node::start(plans, Arc::new(AtomicBool::new(false))).unwrap()
    }

    #[test]
    fn a_service_that_dies_is_named_with_its_status() {
        let mut node = node(&[("one", POLITE), ("two", "exit 7")]);
        let error = node.watch().unwrap_err().to_string();
        assert!(error.contains("two ended with exit status: 7"), "{error}");
    }

    #[test]
    fn a_service_that_dies_before_it_is_ready_ends_the_wait() {
        let error = node(&[("one", "exit 7")]).wait_ready(LONG).unwrap_err().to_string();
        assert!(error.contains("one ended with exit status: 7"), "{error}");
    }

    #[test]
    fn a_service_that_is_never_ready_is_named_with_the_reason() {
        let error = node(&[("one", POLITE)]).wait_ready(Duration::ZERO).unwrap_err().to_string();
        assert!(error.starts_with("one is not ready after 0 s: "), "{error}");
    }

    #[test]
    fn a_signal_ends_every_wait() {
        let mut node = node(&[("one", POLITE)]);
        node.stop.store(true, Ordering::SeqCst);
        assert_eq!(node.wait_ready(LONG).unwrap(), Watch::StopAsked);
        node.watch().unwrap();
    }

    #[test]
    fn services_that_stop_badly_are_all_named() {
        let mut node = node(&[("ends", "exit 0"), ("fails", "exit 7"), ("hangs", "sleep 1000")]);
        while node.services[..2].iter_mut().any(|s| s.ended().unwrap().is_none()) {
            thread::sleep(POLL);
        }
        let error = node.stop(LONG).unwrap_err().to_string();
        assert!(error.contains("hangs ended with signal: 15"), "{error}");
        assert!(error.contains("fails ended with exit status: 7"), "{error}");
        assert!(!error.contains("ends ended"), "{error}");
    }
}
