use super::*;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use axum::http::{HeaderMap, Uri};

use crate::auth::Guard;

const OLD: &str = "old-0123456789abcdef";
const NEW: &str = "new-0123456789abcdef";

fn read(pairs: &[(&str, &str)]) -> Result<Keys, String> {
    let mut env = Env::of(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
    let keys = Keys::read(&mut env, &Domain::default());
    env.finish(keys).map_err(|errors| errors.to_string())
}

fn accepts(keys: &Keys, accepts: Accepts, key: &str) -> bool {
    let mut headers = HeaderMap::new();
    headers.insert("x-api-key", key.parse().unwrap());
    let guard = Guard::new(keys.clone(), accepts);
    guard.check(&headers, &Uri::from_static("/"), IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7))).is_ok()
}

fn sent(keys: &Keys) -> String {
    keys.now().sent().header_value().to_str().unwrap().to_owned()
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_first_key_is_sent_and_every_one_is_accepted() {
    let keys = read(&[("R4_API_KEY", &format!(" {NEW}\n{OLD} "))]).unwrap();
    assert_eq!(sent(&keys), NEW);
    for key in [NEW, OLD] {
        assert!(accepts(&keys, Accepts::Callers, key), "{key}");
    }
    assert!(!accepts(&keys, Accepts::Callers, &format!("{NEW} {OLD}")));
    let keys = read(&[("R4_API_KEY", NEW), ("R4_INTERNAL_KEY", OLD)]).unwrap();
    assert_eq!(sent(&keys), OLD);
    assert!(accepts(&keys, Accepts::CallersAndServices, NEW));
    assert!(accepts(&keys, Accepts::CallersAndServices, OLD));
    assert!(accepts(&keys, Accepts::Callers, NEW) && !accepts(&keys, Accepts::Callers, OLD));
}

#[test]
fn each_of_several_keys_must_be_strong_and_there_are_not_many() {
    let several = |text: &str| read(&[("R4_API_KEY", text)]).map(|keys| sent(&keys));
    assert_eq!(several("demo"), Ok("demo".to_owned()), "one weak key is for local callers");
    for (bad, word) in [
        (format!("{NEW} demo"), "too weak"),
        (format!("{NEW} {}", "ключ-из-шестнадцати"), "ASCII"),
        ([NEW; MOST_KEYS + 1].join("\n"), "more than 8 keys"),
    ] {
        let said = several(&bad).expect_err(&bad);
        assert!(
            said.contains(word) && said.contains("R4_API_KEY") && !said.contains(NEW),
            "{said}"
        );
    }
    assert!(several(&[NEW; MOST_KEYS].join("\n")).is_ok());
}

#[test]
fn files_are_read_again_together_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let (api, internal) = (folder.path().join("api.key"), folder.path().join("internal.key"));
    let inner = "inner-0123456789abcdef";
    fs::write(&api, OLD).unwrap();
    fs::write(&internal, inner).unwrap();
    let (api_path, internal_path) = (text(&api), text(&internal));
    let pairs = [("R4_API_KEY_FILE", &*api_path), ("R4_INTERNAL_KEY_FILE", &internal_path)];
    let keys = read(&pairs).unwrap();
    let knows = |key: &str| accepts(&keys, Accepts::CallersAndServices, key);

    // A half of the change that cannot be used holds the other half back.
    fs::write(&api, format!("{NEW}\n{OLD}\n")).unwrap();
    for bad in ["", "demo x", &"x".repeat(70_000)] {
        fs::write(&internal, bad).unwrap();
        keys.read_again();
        assert!(knows(OLD) && knows(inner) && !knows(NEW), "{bad:.8}");
    }
    fs::write(&internal, format!("{NEW} {inner}")).unwrap();
    assert!(!knows(NEW), "nothing is read before it is asked for");
    keys.read_again();
    assert!(knows(OLD) && knows(inner) && knows(NEW));
    assert_eq!(sent(&keys), NEW);
    fs::write(&api, NEW).unwrap();
    fs::write(&internal, NEW).unwrap();
    keys.read_again();
    assert!(!knows(OLD) && !knows(inner) && knows(NEW));

    let fixed = read(&[("R4_API_KEY", OLD)]).unwrap();
    fixed.read_again();
    assert_eq!(sent(&fixed), OLD);
}
