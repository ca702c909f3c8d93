//! W3C Trace Context, level 1: the headers `traceparent` and `tracestate`.

use std::fmt;
use std::num::{NonZeroU64, NonZeroU128};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// Header that names the trace and the caller's span.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// Header of what other tracing systems want passed on.
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Most characters of `tracestate` that are passed on (§3.3.1.5); a longer one is dropped whole.
const MOST_STATE: usize = 512;

/// A place in a trace: one span of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace.
    pub trace_id: NonZeroU128,
    /// The span.
    pub span_id: NonZeroU64,
    /// Whether the span is recorded somewhere.
    pub sampled: bool,
}

impl TraceContext {
    /// Parses the value of `traceparent` (§3.2). Of a version to come, what version 00 has is read
    /// (§3.2.4).
    pub fn parse(text: &str) -> Option<Self> {
        let (version, rest) = text.split_at_checked(2)?;
        let version = hex(version)?;
        let (known, more) = rest.split_at_checked(53)?;
        let fits = if version == 0 { more.is_empty() } else { matches_more(more) };
        if version == 0xff || !fits {
            return None;
        }
        let mut fields = known.split('-');
        let [empty, trace, span, flags] = std::array::from_fn(|_| fields.next().unwrap_or("?"));
        let lengths = (empty.len(), trace.len(), span.len(), flags.len());
        if lengths != (0, 32, 16, 2) || fields.next().is_some() {
            return None;
        }
        Some(Self {
            trace_id: NonZeroU128::new(hex(trace)?)?,
            span_id: NonZeroU64::new(u64::try_from(hex(span)?).ok()?)?,
            sampled: hex(flags)? & 1 == 1,
        })
    }

    /// Returns the caller's place, if its headers say one: exactly one valid `traceparent`.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(TRACEPARENT).iter();
        let value = values.next()?;
        if values.next().is_some() {
            return None;
        }
        Self::parse(value.to_str().ok()?)
    }

    /// Begins a trace of its own.
    pub fn new_trace(sampled: bool) -> Self {
        let low = next_id();
        let trace_id = NonZeroU128::from(low) | (u128::from(next_id().get()) << 64);
        Self { trace_id, span_id: next_id(), sampled }
    }

    /// Returns the place of a new span in the same trace.
    #[must_use]
    pub fn child(self) -> Self {
        Self { span_id: next_id(), ..self }
    }

    /// Returns whether a new trace belongs to the share `ratio` of traces that are recorded. Decided
    /// by the trace's id, so that all who ask decide alike.
    #[expect(clippy::cast_precision_loss, reason = "a share of all ids need not be exact")]
    pub(crate) fn falls_within(self, ratio: f64) -> bool {
        let low = u64::try_from(self.trace_id.get() & u128::from(u64::MAX)).unwrap_or_default();
        ((low >> 1) as f64) < ratio * (1_u64 << 63) as f64
    }

    /// Returns the value of `traceparent` that says this place.
    pub fn header_value(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.to_string()).ok()
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { trace_id, span_id, sampled } = self;
        write!(f, "00-{trace_id:032x}-{span_id:016x}-{:02x}", u8::from(*sampled))
    }
}

/// Returns `tracestate` as it is passed on, if it is sane: its lines in order, none too long (§3.3).
/// What is in it is not looked at.
pub(crate) fn state_of(headers: &HeaderMap) -> Option<HeaderValue> {
    let lines = headers.get_all(TRACESTATE).iter();
    let lines: Option<Vec<&str>> = lines.map(|line| line.to_str().ok()).collect();
    let joined = lines?.join(",");
    let sane = !joined.trim().is_empty() && joined.len() <= MOST_STATE;
    HeaderValue::from_str(&joined).ok().filter(|_| sane)
}

/// What may follow in a version to come: nothing, or another field.
fn matches_more(more: &str) -> bool {
    more.is_empty() || more.starts_with('-')
}

/// Parses lowercase hex of at most 32 digits; `from_str_radix` would take a sign and capitals.
fn hex(text: &str) -> Option<u128> {
    let lowercase = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    let good = text.bytes().all(lowercase);
    good.then(|| u128::from_str_radix(text, 16).ok())?
}

/// Returns an id that no other one is like: a random start of the process, then `SplitMix64`, so that
/// no id costs a system call. Not secret.
fn next_id() -> NonZeroU64 {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    static START: OnceLock<u64> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let start = START.get_or_init(|| getrandom::u64().unwrap_or_default());
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut id = start.wrapping_add(count.wrapping_mul(GOLDEN));
    id = (id ^ (id >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    id = (id ^ (id >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    NonZeroU64::new(id ^ (id >> 31)).unwrap_or(NonZeroU64::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_valid_one_is_read_and_written_alike() {
        let context = TraceContext::parse(GOOD).expect("valid");
        assert_eq!(context.trace_id.get(), 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
        assert_eq!((context.span_id.get(), context.sampled), (0x00f0_67aa_0ba9_02b7, true));
        assert_eq!(context.to_string(), GOOD);
        let flags = |flags: &str| TraceContext::parse(&GOOD.replace("-01", flags)).expect(flags);
        assert!(!flags("-00").sampled && !flags("-fe").sampled && flags("-ff").sampled);
    }

    #[test]
    fn a_version_to_come_is_read_as_far_as_it_is_known() {
        for good in [GOOD.replacen("00", "01", 1), GOOD.replacen("00", "cc", 1) + "-what-comes"] {
            let context = TraceContext::parse(&good).expect(&good);
            assert_eq!(context.to_string(), GOOD);
        }
        for bad in [GOOD.replacen("00", "ff", 1), GOOD.replacen("00", "01", 1) + "x"] {
            assert_eq!(TraceContext::parse(&bad), None, "{bad}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        let zero_trace = GOOD.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32));
        let zero_span = GOOD.replace("00f067aa0ba902b7", &"0".repeat(16));
        for bad in [
            "",
            "00",
            "-",
            &GOOD[..54],
            &format!("{GOOD}-"),
            &format!("{GOOD}-00"),
            &format!("{GOOD} "),
            &GOOD.to_uppercase(),
            &GOOD.replace("4bf9", "+bf9"),
            &GOOD.replace("4bf9", "4bg9"),
            &GOOD.replace("-00f0", "000f0"),
            &GOOD.replace("36-", "3-6"),
            &GOOD.replace("4736-00f0", "473-600f0"),
            &GOOD.replace('-', "_"),
            &GOOD.replace("4bf9", "4bé9"),
            &zero_trace,
            &zero_span,
        ] {
            assert_eq!(TraceContext::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn two_headers_are_none() {
        let mut headers = HeaderMap::new();
        assert_eq!(TraceContext::of(&headers), None);
        headers.append(TRACEPARENT, HeaderValue::from_static(GOOD));
        assert!(TraceContext::of(&headers).is_some());
        headers.append(TRACEPARENT, HeaderValue::from_static(GOOD));
        assert_eq!(TraceContext::of(&headers), None);
    }

    #[test]
    fn the_state_is_passed_on_in_order_unless_it_is_too_long() {
        let mut headers = HeaderMap::new();
        assert_eq!(state_of(&headers), None);
        headers.append(TRACESTATE, HeaderValue::from_static("a=1,b=2"));
        headers.append(TRACESTATE, HeaderValue::from_static("c=3"));
        assert_eq!(state_of(&headers).expect("sane"), "a=1,b=2,c=3");
        let long = format!("d={}", "x".repeat(510));
        headers.append(TRACESTATE, HeaderValue::from_str(&long).expect("a value"));
        assert_eq!(state_of(&headers), None);
    }

    #[test]
    fn new_ids_differ_and_the_share_is_what_was_asked_for() {
        let traces: Vec<_> = (0..10_000).map(|_| TraceContext::new_trace(true)).collect();
        let ids: std::collections::HashSet<_> = traces.iter().map(|t| t.trace_id).collect();
        assert_eq!(ids.len(), traces.len());
        let share = |ratio| traces.iter().filter(|t| t.falls_within(ratio)).count();
        assert_eq!((share(0.0), share(1.0)), (0, traces.len()));
        // Ten standard deviations around a quarter.
        assert!((2067..2933).contains(&share(0.25)), "{}", share(0.25));
        let child = traces[0].child();
        assert_eq!(child.trace_id, traces[0].trace_id);
        assert_ne!(child.span_id, traces[0].span_id);
    }
}
