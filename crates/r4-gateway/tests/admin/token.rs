//! The token's file in the state folder.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use r4_gateway::admin::{TOKEN_FILE, TokenError, token};
use r4_service::auth::ApiKey;

fn put(path: &Path, text: &str, mode: u32) {
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
}

#[test]
fn a_token_is_made_once() {
    let parent = tempfile::tempdir().expect("folder");
    let folder = parent.path().join("state");
    let made = token(None, Some(&folder)).expect("made");
    let path = folder.join(TOKEN_FILE);
    let text = fs::read_to_string(&path).expect("written");
    assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o7777, 0o600);
    assert_eq!(text.len(), 65, "64 digits and a line end");
    assert!(made.matches(text.trim()) && !made.matches(""));
    let again = token(None, Some(&folder)).expect("read");
    assert!(again.matches(text.trim()));
    assert_eq!(fs::read_dir(&folder).expect("folder").count(), 1, "nothing stays beside it");
    let other = token(None, Some(&parent.path().join("other"))).expect("made");
    assert!(!other.matches(text.trim()));
}

#[test]
fn the_token_of_the_environment_goes_first() {
    let folder = tempfile::tempdir().expect("folder");
    let given = token(Some(ApiKey::new("a-token-of-the-environment")), Some(folder.path()));
    assert!(given.expect("given").matches("a-token-of-the-environment"));
    assert!(!folder.path().join(TOKEN_FILE).exists());
    assert!(matches!(token(None, None), Err(TokenError::Nowhere)));
}

#[test]
fn files_that_are_no_token() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join(TOKEN_FILE);
    let good = "0123456789abcdef0123456789abcdef";
    let refused = || token(None, Some(folder.path())).expect_err("refused").to_string();
    for mode in [0o644, 0o640, 0o700] {
        put(&path, good, mode);
        assert!(refused().contains(&format!("{mode:04o}")), "{mode:o}");
    }
    for text in ["", "\n", "short", "demo", "two words of a long text", "0123456789abcdef\u{1}a"] {
        put(&path, text, 0o600);
        let error = refused();
        assert!(error.contains("at least 16") && !error.contains("short"), "{text:?}: {error}");
    }
    put(&path, good, 0o400);
    assert!(token(None, Some(folder.path())).expect("good").matches(good));
    fs::remove_file(&path).expect("removed");
    fs::create_dir(&path).expect("made");
    assert!(refused().contains(TOKEN_FILE));
}
