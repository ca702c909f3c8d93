//! What a node tells of itself: exactly the documented fields.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::harness::external::skipped;
use crate::harness::target::Target;

#[test]
fn version_has_exactly_the_documented_fields() {
    let node = Target::get();
    let Some(core) = &node.core else { return skipped("R4_E2E_CORE is not set") };
    let version = core.get("/version").expect(200).json();
    let wanted = BTreeSet::from([
        "name",
        "version",
        "api_git",
        "core_git",
        "integrity",
        "selftest",
        "mode",
        "strict",
        "sealed_core",
        "core_sha256",
        "limits",
        "entropy",
    ]);
    assert_eq!(fields(&version), wanted);
    for (field, value) in [
        ("/name", "re4ctor-api"),
        ("/integrity", "verified"),
        ("/selftest", "pass"),
        ("/mode", "sealed"),
        ("/limits/rate_limit", "10/s per address (by r4-gateway)"),
        ("/entropy/status", "ok"),
        ("/entropy/drbg", "chacha20"),
    ] {
        assert_eq!(version.pointer(field).and_then(Value::as_str), Some(value), "{version}");
    }
    assert_eq!(version["limits"]["max_bytes_per_request"], 1_000_000);
    assert!(version["sealed_core"].as_str().unwrap().starts_with('/'), "{version}");
    assert_eq!(version["core_sha256"].as_str().unwrap().len(), 64, "{version}");
    assert!(version["entropy"]["reseeds"].is_u64(), "{version}");
    let wanted =
        ["starts", "restarts", "integrity_failures", "selftests", "selftest_failures"].into();
    assert_eq!(fields(&version["entropy"]["health"]), wanted);
    let sources = version["entropy"]["sources"].as_array().unwrap();
    let wanted = BTreeSet::from([
        "name",
        "state",
        "credited_bits",
        "samples",
        "intermittent_failures",
        "permanent_failures",
        "failed_test",
    ]);
    assert!(sources.iter().all(|source| fields(source) == wanted), "{version}");
    let names: BTreeSet<&str> = sources.iter().filter_map(|s| s["name"].as_str()).collect();
    assert_eq!(names, BTreeSet::from(["jitter", "rdseed", "getrandom"]), "{version}");
    let health = node.gateway.get("/v1/health/entropy").expect(200).json();
    assert_eq!((&health["status"], &health["mode"]), (&"ok".into(), &"sealed".into()), "{health}");
    assert_eq!(health["core_sha256"], version["core_sha256"]);
    assert_eq!(fields(&health["entropy"]), fields(&version["entropy"]));
}

fn fields(object: &Value) -> BTreeSet<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}
