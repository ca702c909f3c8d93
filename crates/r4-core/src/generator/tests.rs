//! What is stale is dropped, and a generator that does not keep up is found out.

use super::*;
use std::fs;

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

use crate::moment::STALE_AFTER;
use crate::testing::script;

/// A generator of two processes that write the letter in a file, over and over.
struct Letters {
    folder: TempDir,
    generator: Generator,
}

impl Letters {
    async fn start(letter: u8) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write(&folder, letter);
        let mut command = script(r#"echo "$REPORT" >&2; while :; do cat letters; done"#);
        command.current_dir(folder.path()).process_group(0);
        let started = Generator::start(command, &Arc::default(), Moment::now()).await;
        Self { folder, generator: started.unwrap() }
    }

    async fn draw(&mut self, now: Moment) -> [u8; 16] {
        let mut out = [0; 16];
        self.generator.fill(now, &mut out).await.unwrap();
        out
    }

    fn group(&self) -> Pid {
        Pid::from_raw(self.generator.pid().unwrap().cast_signed()).unwrap()
    }

    fn signal(&self, signal: Signal) {
        kill_process_group(self.group(), signal).unwrap();
    }
}

impl Drop for Letters {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

fn write(folder: &TempDir, letter: u8) {
    let new = folder.path().join("new");
    fs::write(&new, vec![letter; BUFFER_BYTES]).unwrap();
    fs::rename(new, folder.path().join("letters")).unwrap();
}

/// The moment at which all that was made until now is stale.
fn later() -> Moment {
    Moment::now().later_by(STALE_AFTER + Duration::from_millis(100))
}

/// Asks again and again, each time for half a second at most, until the generator fails.
async fn ask_impatiently(generator: &mut Generator) -> GeneratorError {
    for _ in 0..20 {
        let fill = async { generator.fill(later(), &mut [0; 16]).await };
        if let Ok(done) = tokio::time::timeout(Duration::from_millis(500), fill).await {
            return done.expect_err("it cannot fill");
        }
    }
    panic!("callers who leave hide it");
}

#[tokio::test]
async fn what_was_made_too_long_ago_is_not_served() {
    let mut letters = Letters::start(b'a').await;
    assert_eq!(letters.draw(Moment::now()).await, [b'a'; 16]);
    write(&letters.folder, b'b');
    assert_eq!(letters.draw(later()).await, [b'b'; 16], "the buffer and the pipe held a");
}

#[tokio::test]
async fn nor_is_what_was_made_before_the_wall_clock_jumped() {
    let (none, second) = (Duration::ZERO, Duration::from_secs(1));
    for (ahead, back) in [(second, none), (none, second)] {
        let mut letters = Letters::start(b'a').await;
        assert_eq!(letters.draw(Moment::now()).await, [b'a'; 16]);
        write(&letters.folder, b'b');
        let now = Moment::now().with_wall_clock_set(ahead, back);
        assert_eq!(letters.draw(now).await, [b'b'; 16], "{ahead:?} {back:?}");
    }
}

#[tokio::test]
async fn nor_is_it_when_a_caller_left_while_it_was_dropped() {
    let mut letters = Letters::start(b'a').await;
    let now = later();
    letters.signal(Signal::STOP);
    let left = tokio::time::timeout(Duration::from_millis(200), letters.draw(now)).await;
    assert!(left.is_err(), "a stopped generator cannot fill up what is dropped");
    write(&letters.folder, b'b');
    letters.signal(Signal::CONT);
    assert_eq!(letters.draw(now).await, [b'b'; 16], "a was about to be written");
}

/// A generator that writes `letters` and then no more.
async fn only(letters: &str) -> Generator {
    let text = format!(r#"echo "$REPORT" >&2; printf {letters}; exec sleep 60"#);
    Generator::start(script(&text), &Arc::default(), Moment::now()).await.unwrap()
}

#[tokio::test]
async fn what_is_there_is_served_at_once_and_never_twice() {
    let mut generator = only("abcdefgh").await;
    let mut out = [0; 5];
    let now = Moment::now();
    assert!(generator.try_fill(now, &mut out));
    assert_eq!(&out, b"abcde");
    assert!(!generator.try_fill(now, &mut out), "three are left");
    assert_eq!(&out, b"abcde", "nothing was done");
    assert!(generator.try_fill(now, &mut out[..3]));
    assert_eq!(&out, b"fghde");
    assert!(!generator.try_fill(now, &mut out[..1]), "none is left");
    assert!(generator.buffer.iter().all(|&byte| byte == 0), "what was served is wiped");
}

#[tokio::test]
async fn large_requests_are_read_where_they_are_needed() {
    let text = r#"echo "$REPORT" >&2; i=0; while :; do i=$((i+1)); printf '%016d' $i; done"#;
    let started = Generator::start(script(text), &Arc::default(), Moment::now()).await;
    let (mut generator, now) = (started.unwrap(), Moment::now());
    let mut served = Vec::new();
    for count in [16, LARGE_BYTES, 3 * LARGE_BYTES + 160, 32, LARGE_BYTES - 16, 5 * LARGE_BYTES] {
        let mut out = vec![0; count];
        assert!(count < LARGE_BYTES || !generator.try_fill(now, &mut out), "{count} at once");
        generator.fill(now, &mut out).await.unwrap();
        served.extend_from_slice(&out);
    }
    let mut numbers: Vec<&[u8]> = served.chunks(16).collect();
    let all = numbers.len();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), all, "a number was served twice, or cut");
    assert!(numbers.iter().all(|number| number.iter().all(u8::is_ascii_digit)));
}

#[tokio::test]
async fn what_is_stale_is_not_there() {
    let mut generator = only("abcdefgh").await;
    let mut out = [0; 4];
    assert!(!generator.try_fill(later(), &mut out));
    assert_eq!(out, [0; 4]);
}

#[tokio::test]
async fn impatient_callers_do_not_hide_a_hang() {
    let mut letters = Letters::start(b'a').await;
    letters.signal(Signal::STOP);
    let seen = ask_impatiently(&mut letters.generator).await;
    assert!(matches!(seen, GeneratorError::Hung), "{seen}");
}

/// Lets `ticks` pass; none of them may be judged too late.
fn pass(effort: &mut Effort, now: &mut Instant, ticks: u32) {
    for _ in 0..ticks {
        assert!(effort.late().is_none(), "{effort:?}");
        *now += Duration::from_millis(100);
        effort.tick(*now);
    }
}

#[test]
fn an_hour_in_which_nothing_ran_counts_as_a_tick() {
    for (ticks_to_last_byte, silent_ticks, hangs) in [(9, 19, false), (8, 20, true)] {
        let mut now = Instant::now();
        let mut effort = Effort::begin(now);
        now += Duration::from_hours(1);
        effort.tick(now);
        assert_eq!(effort.silent, Duration::from_millis(200));
        pass(&mut effort, &mut now, ticks_to_last_byte);
        effort.heard(now);
        pass(&mut effort, &mut now, silent_ticks);
        let late = effort.late().unwrap();
        assert_eq!(matches!(late, GeneratorError::Hung), hangs, "{late}");
        assert_eq!(matches!(late, GeneratorError::Slow), !hangs, "{late}");
    }
}

#[tokio::test]
async fn a_freeze_is_no_hang() {
    let mut letters = Letters::start(b'a').await;
    letters.signal(Signal::STOP);
    let group = letters.group();
    let thaw = async {
        // The only thread stands still, as all do in a freeze; the generator goes on a little later.
        std::thread::sleep(MOST_TIME + Duration::from_millis(500));
        tokio::time::sleep(Duration::from_millis(50)).await;
        kill_process_group(group, Signal::CONT).unwrap();
    };
    let mut out = [0; 16];
    let (filled, ()) = tokio::join!(letters.generator.fill(later(), &mut out), thaw);
    filled.unwrap();
    assert_eq!(out, [b'a'; 16]);
}

#[tokio::test]
async fn a_generator_that_says_nothing_more_hangs() {
    let text = r#"echo "$REPORT" >&2; head -c 16 /dev/zero; exec sleep 60"#;
    let mut generator =
        Generator::start(script(text), &Arc::default(), Moment::now()).await.unwrap();
    generator.fill(Moment::now(), &mut [0; 16]).await.unwrap();
    let begun = Instant::now();
    let hung = generator.fill(Moment::now(), &mut [0; 16]).await.unwrap_err();
    assert!(matches!(hung, GeneratorError::Hung), "{hung}");
    assert!((MOST_TIME..MOST_TIME + Duration::from_secs(1)).contains(&begun.elapsed()));
}

/// Writes a byte now and then: each read gets one, and what is needed never comes together.
async fn trickle() -> Generator {
    let text = r#"echo "$REPORT" >&2; while :; do printf x; sleep 0.05; done"#;
    Generator::start(script(text), &Arc::default(), Moment::now()).await.unwrap()
}

#[tokio::test]
async fn a_trickle_is_too_slow_for_what_is_stale() {
    let mut generator = trickle().await;
    let begun = Instant::now();
    let slow = generator.fill(later(), &mut [0]).await.unwrap_err();
    assert!(matches!(slow, GeneratorError::Slow), "{slow}");
    assert!((MOST_TIME..MOST_TIME + Duration::from_secs(1)).contains(&begun.elapsed()));
}

#[tokio::test]
async fn a_trickle_is_too_slow_for_a_large_request_and_for_impatient_callers() {
    let (mut large, mut impatient) = (trickle().await, trickle().await);
    let begun = Instant::now();
    let mut out = [0; 1000];
    let (slow, found) =
        tokio::join!(large.fill(Moment::now(), &mut out), ask_impatiently(&mut impatient));
    assert!(matches!(slow, Err(GeneratorError::Slow)), "{slow:?}");
    assert!(matches!(found, GeneratorError::Slow), "{found}");
    assert!(begun.elapsed() < MOST_TIME + Duration::from_millis(1500));
}

#[tokio::test]
async fn a_fill_that_ends_gives_the_next_one_its_own_time() {
    let mut generator = trickle().await;
    // On a clock that stands still nothing grows stale.
    let (now, begun) = (Moment::now(), Instant::now());
    while begun.elapsed() < MOST_TIME + Duration::from_millis(500) {
        generator.fill(now, &mut [0; 4]).await.unwrap();
    }
}
