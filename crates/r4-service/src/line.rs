//! How a log line is written: as text, or as one flat JSON object. `docs/LOGGING.md` names the
//! fields.

use std::fmt;

use serde::ser::{SerializeMap as _, Serializer as _};
use serde_json::Serializer;
use serde_json::ser::CompactFormatter;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::context::{RequestContext, with_current};
use crate::trace::service;

/// One readable line: time, level, message and fields, the request's id last.
#[derive(Debug)]
pub(crate) struct TextLine;

impl<S, N> FormatEvent<S, N> for TextLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        SystemTime.format_time(&mut writer)?;
        write!(writer, " {:>5} ", event.metadata().level())?;
        context.format_fields(writer.by_ref(), event)?;
        with_current(|request| write!(writer, " request_id={}", request.id_text())).transpose()?;
        writeln!(writer)
    }
}

/// One JSON object a line.
#[derive(Debug)]
pub(crate) struct JsonLine;

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = Vec::with_capacity(384);
        write_json(&mut line, event).map_err(|_| fmt::Error)?;
        writeln!(writer, "{}", String::from_utf8_lossy(&line))
    }
}

fn write_json(line: &mut Vec<u8>, event: &Event<'_>) -> Result<(), serde_json::Error> {
    let mut serializer = Serializer::new(line);
    let mut map = serializer.serialize_map(None)?;
    let mut time = String::new();
    // Writing into a string does not fail.
    let _ = SystemTime.format_time(&mut Writer::new(&mut time));
    map.serialize_entry("timestamp", &time)?;
    map.serialize_entry("level", event.metadata().level().as_str())?;
    if let Some(service) = service() {
        map.serialize_entry("service", service)?;
    }
    map.serialize_entry("target", event.metadata().target())?;
    let mut fields = Fields { map: &mut map, result: Ok(()) };
    event.record(&mut fields);
    fields.result?;
    with_current(|context| write_request(&mut map, context)).transpose()?;
    map.end()
}

fn write_request(map: &mut Map<'_>, context: &RequestContext) -> Result<(), serde_json::Error> {
    map.serialize_entry("request_id", context.id_text())?;
    if let Some(trace) = &context.trace {
        map.serialize_entry("trace_id", &format!("{:032x}", trace.own.trace_id))?;
        map.serialize_entry("span_id", &format!("{:016x}", trace.own.span_id))?;
    }
    Ok(())
}

type Map<'a> = serde_json::ser::Compound<'a, &'a mut Vec<u8>, CompactFormatter>;

/// Writes an event's fields as they come, until one fails.
struct Fields<'a, 'b> {
    map: &'a mut Map<'b>,
    result: Result<(), serde_json::Error>,
}

impl Fields<'_, '_> {
    fn put(&mut self, field: &Field, value: &(impl serde::Serialize + ?Sized)) {
        if self.result.is_ok() {
            self.result = self.map.serialize_entry(field.name(), value);
        }
    }
}

impl Visit for Fields<'_, '_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, &value);
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use axum::http::HeaderValue;
    use serde_json::Value;
    use tracing_subscriber::fmt::MakeWriter;

    use super::*;
    use crate::context::RequestTrace;
    use crate::trace_context::TraceContext;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Written {
        type Writer = Self;

        fn make_writer(&self) -> Self {
            self.clone()
        }
    }

    fn request() -> Arc<RequestContext> {
        let own = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let own = TraceContext::parse(own).unwrap();
        let trace = RequestTrace { own, parent: None, state: None };
        RequestContext::new(HeaderValue::from_static("request-1"), Some(trace))
    }

    fn lines(json: bool) -> String {
        let written = Written::default();
        let builder = tracing_subscriber::fmt().with_writer(written.clone()).with_ansi(false);
        let emit = || {
            let cause = "a \"quoted\"\nbreak";
            tracing::warn!(status = 503_u64, well = false, %cause, "it broke");
            let run = async { tracing::info!(upstream = "r4-core", "within") };
            futures_util::FutureExt::now_or_never(request().scope(run)).unwrap();
        };
        if json {
            let subscriber = builder.event_format(JsonLine).finish();
            tracing::subscriber::with_default(subscriber, emit);
        } else {
            let subscriber = builder.event_format(TextLine).finish();
            tracing::subscriber::with_default(subscriber, emit);
        }
        let bytes = written.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_json_line_is_one_flat_object() {
        let text = lines(true);
        let read: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).expect(l)).collect();
        let [outside, within] = read.as_slice() else { panic!("{text}") };
        assert_eq!(outside["message"], "it broke");
        assert_eq!(outside["cause"], "a \"quoted\"\nbreak");
        assert_eq!((&outside["status"], &outside["well"]), (&503.into(), &false.into()));
        assert_eq!((&outside["level"], &within["level"]), (&"WARN".into(), &"INFO".into()));
        assert_eq!(outside["target"], "r4_service::line::tests");
        let time = outside["timestamp"].as_str().unwrap();
        assert!(time.len() == 27 && time.ends_with('Z') && time.contains('T'), "{time}");
        assert!(outside.get("request_id").is_none() && outside.get("trace_id").is_none());
        assert_eq!(within["request_id"], "request-1");
        assert_eq!(within["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(within["span_id"], "00f067aa0ba902b7");
        assert!(read.iter().flat_map(|l| l.as_object().unwrap().values()).all(|v| !v.is_object()));
    }

    #[test]
    fn a_panic_is_a_line_like_all_others() {
        std::panic::set_hook(Box::new(crate::trace::log_panic));
        let written = Written::default();
        let builder = tracing_subscriber::fmt().with_writer(written.clone());
        tracing::subscriber::with_default(builder.event_format(JsonLine).finish(), || {
            std::panic::catch_unwind(|| panic!("on\npurpose")).expect_err("a panic");
        });
        drop(std::panic::take_hook());
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let [line] = text.lines().collect::<Vec<_>>()[..] else { panic!("{text}") };
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!((&line["level"], &line["cause"]), (&"ERROR".into(), &"on\npurpose".into()));
        assert!(line["location"].as_str().unwrap().contains("line.rs:"), "{line}");
    }

    #[test]
    fn a_text_line_names_the_request_at_its_end() {
        let text = lines(false);
        let within = text.lines().last().unwrap();
        assert!(text.contains("Z  WARN it broke status=503"), "{text}");
        assert!(within.ends_with(r#"within upstream="r4-core" request_id=request-1"#), "{within}");
    }
}
