//! What systemd is told, where it started the service with `Type=notify` (`sd_notify(3)`): that it
//! listens, whether it is ready, that it is alive, that it stops.

use std::time::Duration;

use sd_notify::NotifyState;

use crate::ready::Readiness;

/// How often it is told.
const EACH: Duration = Duration::from_secs(1);

/// Says that the service listens.
///
/// That is the start's end: whether it can be sent work is its readiness, which may come and go.
pub(crate) fn listening() {
    say(&NotifyState::Ready);
}

/// Says that the service stops.
pub(crate) fn stopping() {
    say(&NotifyState::Stopping);
}

/// Says each second that the runtime still runs tasks, and what the readiness is when it changed.
pub(crate) async fn keep_telling(readiness: Readiness) {
    let mut told = None;
    loop {
        say(&NotifyState::Watchdog);
        let status = match readiness.reason() {
            Some(reason) => format!("not ready: {reason}"),
            None => "ready".to_owned(),
        };
        if told.as_ref() != Some(&status) {
            say(&NotifyState::Status(&status));
            told = Some(status);
        }
        tokio::time::sleep(EACH).await;
    }
}

fn say(state: &NotifyState<'_>) {
    if let Err(cause) = sd_notify::notify(std::slice::from_ref(state)) {
        tracing::debug!(%cause, "cannot tell systemd");
    }
}
