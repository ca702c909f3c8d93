//! What a process says, when, and how it ends.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use r4_api::core::Mode;
use r4_api::entropy::{Entropy, EntropyStatus, HealthCounters};
use rustix::pipe::{fcntl_getpipe_size, fcntl_setpipe_size};

use super::{Child, PIPE_BYTES, set_size};
use crate::error::GeneratorError;
use crate::generator::Generator;
use crate::health::ReportedHealth;
use crate::moment::Moment;
use crate::testing::script;

async fn start(text: &str) -> (Result<Generator, GeneratorError>, Arc<ReportedHealth>) {
    let health = Arc::default();
    (Generator::start(script(text), &health, Moment::now()).await, health)
}

/// Runs a script that reports and writes a thousand bytes before `rest`; returns how it ended.
async fn end(rest: &str) -> GeneratorError {
    let begin = r#"echo "$REPORT" >&2; head -c 1000 /dev/zero;"#;
    let mut generator = start(&format!("{begin} {rest}")).await.0.unwrap();
    let mut out = [0; 2000];
    generator.fill(Moment::now(), &mut out).await.unwrap_err()
}

fn entropy(health: &ReportedHealth) -> Entropy {
    health.entropy(Mode::Sealed, HealthCounters::default())
}

#[tokio::test]
async fn the_exit_code_says_what_an_end_means() {
    let said = "echo 're4_dump: jitter failed' >&2; exit";
    let noise = end(&format!("{said} 4")).await;
    assert!(matches!(&noise, GeneratorError::Noise(why) if why == "jitter failed"), "{noise}");
    let selftest = end(&format!("{said} 3")).await;
    assert!(matches!(&selftest, GeneratorError::SelftestFailed(w) if w == "jitter failed"));
    for code in [2, 5] {
        let gave_up = end(&format!("{said} {code}")).await;
        assert!(matches!(&gave_up, GeneratorError::GaveUp(w) if w == "jitter failed"), "{code}");
    }
    for code in [0, 1, 6] {
        let died = end(&format!("{said} {code}")).await;
        assert!(matches!(died, GeneratorError::Died), "{code}: {died}");
    }
    let killed = end("kill -KILL $$").await;
    assert!(matches!(killed, GeneratorError::Died), "{killed}");
    let silent = end("exit 4").await;
    assert!(silent.to_string().contains("did not say why"), "{silent}");
    let last = end("echo first >&2; echo last >&2; echo \"$REPORT\" >&2; exit 4").await;
    assert!(matches!(&last, GeneratorError::Noise(why) if why == "last"), "{last}");
}

#[tokio::test]
async fn an_end_before_the_first_byte_is_named_too() {
    let (started, _) = start("echo 're4_dump: no getrandom' >&2; exit 4").await;
    assert!(matches!(started, Err(GeneratorError::Noise(why)) if why == "no getrandom"));
    let (started, _) = start("exit 2").await;
    assert!(matches!(started, Err(GeneratorError::GaveUp(_))));
}

#[tokio::test]
async fn a_closed_pipe_is_an_end_within_the_second() {
    let begun = tokio::time::Instant::now();
    let closed = end("exec >&-; sleep 5").await;
    assert!(matches!(closed, GeneratorError::Died), "{closed}");
    assert!(begun.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_start_has_a_report_whether_it_comes_before_the_bytes_or_after() {
    for text in [
        r#"echo "$REPORT" >&2; sleep 0.2; exec cat /dev/zero"#,
        r#"head -c 100 /dev/zero; sleep 0.2; echo "$REPORT" >&2; exec cat /dev/zero"#,
    ] {
        let (started, health) = start(text).await;
        started.unwrap();
        let entropy = entropy(&health);
        assert_eq!((entropy.status, entropy.drbg.as_str()), (EntropyStatus::Ok, "chacha20"));
        assert_eq!(entropy.sources[0].samples, 2048, "{entropy:?}");
    }
}

#[tokio::test]
async fn bytes_without_a_report_are_not_served() {
    let nothing = start("exec cat /dev/zero");
    let not_one = start(r#"echo "{}" >&2; exec cat /dev/zero"#);
    let ((nothing, _), (not_one, _)) = tokio::join!(nothing, not_one);
    assert!(matches!(nothing, Err(GeneratorError::Unreported)));
    assert!(matches!(not_one, Err(GeneratorError::Unreported)), "not every JSON is a report");
}

#[tokio::test]
async fn garbage_and_floods_on_standard_error_hold_nothing_up() {
    let text = r#"
        printf '\377\000 \n\n{"engine":1}\n{\n' >&2
        head -c 1000000 /dev/zero >&2; yes | head -c 300000 >&2
        echo "$REPORT" >&2
        head -c 1000 /dev/zero
        echo 'the end' >&2
        exit 5"#;
    let (started, health) = start(text).await;
    let mut generator = started.unwrap();
    assert_eq!(entropy(&health).sources.len(), 1);
    let ended = generator.fill(Moment::now(), &mut [0; 2000]).await.unwrap_err();
    assert!(matches!(&ended, GeneratorError::GaveUp(why) if why == "the end"), "{ended}");
}

#[tokio::test]
async fn later_reports_are_taken_as_they_come() {
    let failed = r#"echo "$REPORT" | sed 's/"ok"/"failed"/; s/null/"lag"/' >&2"#;
    let text = format!(r#"echo "$REPORT" >&2; head -c 9 /dev/zero; {failed}; exec cat /dev/zero"#);
    let (started, health) = start(&text).await;
    let _runs = started.unwrap();
    let told = async {
        while entropy(&health).status == EntropyStatus::Ok {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), told).await.unwrap();
    assert_eq!(entropy(&health).sources[0].failed_test.as_deref(), Some("lag"));
}

#[tokio::test]
async fn nobody_listens_any_more_when_the_generator_is_given_up() {
    // The sleeper keeps standard error open.
    let (started, health) = start(r#"echo "$REPORT" >&2; sleep 3 & exec cat /dev/zero"#).await;
    drop(started.unwrap());
    let left = async {
        while Arc::strong_count(&health) > 1 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(2), left).await.unwrap();
}

#[tokio::test]
async fn the_pipe_has_its_size_whatever_it_had_before() {
    for before in [PIPE_BYTES / 4, 2 * PIPE_BYTES] {
        let (reader, writer) = std::io::pipe().unwrap();
        fcntl_setpipe_size(&writer, before).unwrap();
        set_size(&writer).unwrap();
        assert_eq!(fcntl_getpipe_size(&reader), Ok(PIPE_BYTES));
    }
    let (_runs, bytes) = Child::spawn(script("exec sleep 60"), &Arc::default()).unwrap();
    assert_eq!(fcntl_getpipe_size(&bytes), Ok(PIPE_BYTES));
}

#[test]
fn a_pipe_that_stays_too_wide_is_refused() {
    let (_reader, mut writer) = std::io::pipe().unwrap();
    fcntl_setpipe_size(&writer, 2 * PIPE_BYTES).unwrap();
    writer.write_all(&vec![0; PIPE_BYTES + PIPE_BYTES / 2]).unwrap();
    set_size(&writer).unwrap_err();
}
