//! `r4 keys create`, `list`, `rotate`, `revoke`, `usage` and `audit`.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use r4_api::keys::{AuditAction, AuditHead, AuditRow};
use serde_json::{Value, json};

use crate::admin_stub::AdminStub;
use crate::run::{Folder, Said, command, finish};

const TOKEN: &str = "a-token-of-the-operator";
const KEY: &str = "r4_live_0123456789abcdefghijklmnopqrstABCDEF";

/// Runs `r4 keys` with a token in the environment.
fn keys(stub: &AdminStub, args: &[&dyn AsRef<OsStr>]) -> Said {
    let mut command = command(&[&"keys"]);
    command.args(args.iter().map(AsRef::as_ref));
    command.env("R4_ADMIN_TOKEN", TOKEN).env("R4_ADMIN_URL", stub.url());
    finish(command.env_remove("R4_STATE_DIR"))
}

fn info(name: &str, status: &str) -> Value {
    json!({
        "id": "key_0123456789ab", "name": name, "status": status, "scopes": ["random", "vrf"],
        "rate": "50/s", "burst": 50, "quota": "1000000/month", "created": 1_800_000_000,
        "expires": null, "rotated": null, "old_until": null, "revoked": null,
    })
}

fn problem(status: u16, kind: &str, detail: &str) -> (u16, String) {
    let kind = format!("/errors/{kind}");
    (status, json!({"type": kind, "status": status, "detail": detail}).to_string())
}

#[test]
fn a_new_key_goes_to_standard_output_alone() {
    let stub =
        AdminStub::start(|_| (201, json!({"key": KEY, "info": info("alice", "live")}).to_string()));
    let said = keys(&stub, &[&"create", &"--name", &"alice"]).exits(0);
    assert_eq!(said.out, format!("{KEY}\n"));
    assert!(!said.err.contains(KEY), "{said:?}");
    let said = said.says("made alice (key_0123456789ab): random,vrf, 50/s, 1000000/month");
    said.says("the one time");
    let asked = stub.asked();
    assert_eq!(asked[0].line, "POST /admin/v1/keys");
    assert_eq!(asked[0].authorization, format!("Bearer {TOKEN}"));
    assert_eq!(asked[0].body, r#"{"name":"alice"}"#);

    let flags: [&dyn AsRef<OsStr>; 14] = [
        &"create",
        &"--name",
        &"shop",
        &"--rate",
        &"600/m",
        &"--burst",
        &"20",
        &"--quota",
        &"5/day",
        &"--scope",
        &"random,draws",
        &"--expires",
        &"2030-01-31",
        &"--json",
    ];
    let said = keys(&stub, &flags).exits(0);
    assert_eq!(said.json()["key"], KEY);
    let order: Value = serde_json::from_str(&stub.asked()[0].body).unwrap();
    let want = json!({
        "name": "shop", "rate": "600/m", "burst": 20, "quota": "5/day",
        "scopes": ["random", "draws"], "expires": 1_896_048_000,
    });
    assert_eq!(order, want);
    keys(&stub, &[&"create", &"--name", &"a", &"--expires", &"soon"]).exits(2).says("90d");
    keys(&stub, &[&"create"]).exits(2).says("--name");
}

#[test]
fn a_rotated_key_tells_how_long_the_old_one_is_good() {
    let stub = AdminStub::start(|_| {
        let mut info = info("alice", "live");
        info["old_until"] = json!(1_800_000_060);
        (200, json!({"key": KEY, "info": info}).to_string())
    });
    let said = keys(&stub, &[&"rotate", &"alice"]).exits(0);
    assert_eq!(said.out, format!("{KEY}\n"));
    said.says("the old key is good until 2027-01-15T08:01:00Z");
    assert_eq!(stub.asked()[0].body, r#"{"overlap_seconds":86400}"#);
    keys(&stub, &[&"rotate", &"alice", &"--overlap", &"0s"]).exits(0);
    let asked = &stub.asked()[0];
    assert_eq!(asked.line, "POST /admin/v1/keys/alice/rotate");
    assert_eq!(asked.body, r#"{"overlap_seconds":0}"#);
    keys(&stub, &[&"rotate", &"alice", &"--overlap", &"soon"]).exits(2).says("24h");
}

#[test]
fn revoking() {
    let stub = AdminStub::start(|_| (200, info("alice", "revoked").to_string()));
    let said = keys(&stub, &[&"revoke", &"key_0123456789ab"]).exits(0);
    assert!(said.out.is_empty(), "{said:?}");
    said.says("revoked alice (key_0123456789ab)");
    assert_eq!(stub.asked()[0].line, "POST /admin/v1/keys/key_0123456789ab/revoke");
    let said = keys(&stub, &[&"revoke", &"alice", &"--json"]).exits(0);
    assert_eq!(said.json()["status"], "revoked");
    for bad in ["a/b", "..", "", "a b", "é"] {
        keys(&stub, &[&"revoke", &bad]).exits(2).says("no key is named so");
    }
}

#[test]
fn all_pages_are_listed_in_columns() {
    let pages = |line: &str| {
        let page = if line.ends_with("after=key_0123456789ab") {
            json!({"keys": [info("alice", "live"), info("old", "revoked")]})
        } else {
            json!({"keys": [info("zoe\u{1b}[2J", "expired")], "next": "key_0123456789ab"})
        };
        (200, page.to_string())
    };
    let stub = AdminStub::start(pages);
    let said = keys(&stub, &[&"list"]).exits(0);
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(lines.len(), 3, "{said:?}");
    assert!(lines[0].starts_with("NAME "));
    assert!(lines[1].starts_with("alice ") && lines[1].contains("2027-01-15T08:00:00Z"));
    assert!(lines[2].starts_with("zoe\u{fffd}[2J"));
    let column = |line: &str| {
        line.chars().collect::<String>().find("key_0").map(|at| line[..at].chars().count())
    };
    assert_eq!(column(lines[1]), column(lines[2]));
    let all = keys(&stub, &[&"list", &"--all", &"--json"]).exits(0).json();
    assert_eq!(all.as_array().unwrap().len(), 3);
    let none = AdminStub::start(|_| (200, json!({"keys": []}).to_string()));
    let said = keys(&none, &[&"list"]).exits(0).says("r4 keys create");
    assert!(said.out.is_empty());
}

#[test]
fn usage_is_a_table() {
    let stub = AdminStub::start(|_| {
        let day = |route, units| json!({"day": "2030-01-02", "route": route, "requests": 3, "units": units});
        let quota =
            json!({"units": 1000, "per": "day", "used": 30, "left": 970, "resets": 1_893_628_800});
        let usage = json!({
            "id": "key_0123456789ab", "name": "alice", "quota": quota,
            "days": [day("/v1/random", 3), day("/v1/vrf", 15)],
        });
        (200, usage.to_string())
    });
    let said = keys(&stub, &[&"usage", &"alice", &"--days", &"7"]).exits(0);
    assert_eq!(said.out.lines().nth(1), Some("2030-01-02  /v1/random         3      3"));
    said.says("30 of 1000 units given out, 970 left; it begins anew at 2030-01-03T00:00:00Z");
    assert_eq!(stub.asked()[0].line, "GET /admin/v1/keys/alice/usage?days=7");
    let json = keys(&stub, &[&"usage", &"alice", &"--json"]).exits(0).json();
    assert_eq!(json["days"][1]["units"], 15);
    keys(&stub, &[&"usage", &"alice", &"--days", &"0"]).exits(2);
}

/// Returns a good trail of three rows.
fn trail() -> Vec<AuditRow> {
    let mut head = AuditHead::empty();
    (1..=3)
        .map(|seq| {
            let mut row = AuditRow {
                seq,
                time: 1_800_000_000,
                actor: "admin@127.0.0.1".to_owned(),
                action: AuditAction::Create,
                key_id: "key_0123456789ab".to_owned(),
                name: format!("key{seq}"),
                detail: BTreeMap::from([("expires".to_owned(), json!(1_800_000_060))]),
                previous_hash: head.hash.clone(),
                hash: String::new(),
            };
            row.hash = row.own_hash();
            head = head.extend(&row).unwrap();
            row
        })
        .collect()
}

/// Serves rows, two a page.
fn serve(rows: Vec<AuditRow>, head: AuditHead) -> AdminStub {
    AdminStub::start(move |line| {
        let from: u64 = line.rsplit_once("from=").unwrap().1.parse().unwrap();
        let page: Vec<_> = rows.iter().filter(|row| row.seq >= from).take(2).collect();
        (200, json!({"rows": page, "head": head}).to_string())
    })
}

#[test]
fn a_whole_trail_is_shown_and_checked() {
    let rows = trail();
    let head = AuditHead { seq: 3, hash: rows[2].hash.clone() };
    let stub = serve(rows, head.clone());
    let said = keys(&stub, &[&"audit"]).exits(0);
    assert_eq!(said.out.lines().count(), 4, "{said:?}");
    let said = said.says("key3").says("expires=2027-01-15T08:01:00Z");
    said.says(&format!("the trail is whole: row 3 has the hash {}", head.hash));
    let json = keys(&stub, &[&"audit", &"--json"]).exits(0).json();
    assert_eq!((json["rows"].as_array().unwrap().len(), &json["fault"]), (3, &Value::Null));
    let empty = serve(Vec::new(), AuditHead::empty());
    keys(&empty, &[&"audit"]).exits(0).says("row 0");
}

#[test]
fn a_changed_trail_is_found_out() {
    let head = AuditHead { seq: 3, hash: trail()[2].hash.clone() };
    let check = |rows: Vec<AuditRow>, words: &str| {
        let stub = serve(rows, head.clone());
        keys(&stub, &[&"audit"]).exits(1).says(words);
        let json = keys(&stub, &[&"audit", &"--json"]).exits(1).json();
        assert!(json["fault"].as_str().unwrap().contains(words), "{json}");
    };
    let mut rows = trail();
    rows[1].actor = "nobody".to_owned();
    check(rows, "row 2 was changed");
    let mut rows = trail();
    rows.remove(1);
    check(rows, "row 2 is missing");
    let mut rows = trail();
    rows.truncate(2);
    check(rows, "ends with row 2");
    check(Vec::new(), "ends with row 0");
}

#[test]
fn what_is_wrong_says_what_to_do() {
    let nowhere = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", free.local_addr().unwrap())
    };
    let said =
        finish(command(&[&"keys", &"list", &"--admin", &nowhere]).env("R4_ADMIN_TOKEN", TOKEN));
    said.exits(2).says("nothing answers there").says("R4_ADMIN_PORT");
    let other = AdminStub::start(|_| (404, "<html>".to_owned()));
    keys(&other, &[&"list"]).exits(2).says("as no admin API does").says("R4_ADMIN_URL");
    let public = AdminStub::start(|_| problem(404, "not-found", "there is no such path"));
    keys(&public, &[&"list"]).exits(2).says("as no admin API does");
    let strict = AdminStub::start(|_| problem(401, "invalid-admin-token", "no"));
    let said = keys(&strict, &[&"list"]).exits(2).says("does not take this token");
    assert!(!format!("{said:?}").contains(TOKEN), "{said:?}");
    let detail = "another key is named alice: choose another name";
    let taken = AdminStub::start(move |_| problem(409, "name-taken", detail));
    keys(&taken, &[&"create", &"--name", &"alice"]).exits(2).says(detail);
    for url in ["ftp://h", "h", "http://", "http://h/admin", "http://h?x"] {
        keys(&other, &[&"list", &"--admin", &url]).exits(2).says("a URL such as");
    }
}

#[test]
fn the_token_comes_from_a_file_too() {
    let stub = AdminStub::start(|_| (200, json!({"keys": []}).to_string()));
    let folder = Folder::new();
    let file = folder.write_with_mode("admin.token", &format!("{TOKEN}\n"), 0o600);
    let list = |name: &str, value: &OsStr, more: &[&dyn AsRef<OsStr>]| {
        let mut command = command(&[&"keys", &"list"]);
        command.args(more.iter().map(AsRef::as_ref)).env_remove("R4_ADMIN_TOKEN");
        finish(command.env_remove("R4_STATE_DIR").env("R4_ADMIN_URL", stub.url()).env(name, value))
    };
    let state = file.parent().unwrap().as_os_str();
    list("R4_STATE_DIR", state, &[]).exits(0);
    list("R4_ADMIN_TOKEN_FILE", file.as_os_str(), &[]).exits(0);
    list("R4_ADMIN_TOKEN", "another".as_ref(), &[&"--token-file", &file]).exits(0);
    for asked in stub.asked() {
        assert_eq!(asked.authorization, format!("Bearer {TOKEN}"));
    }
    let nowhere = folder.path("none");
    list("R4_ADMIN_TOKEN_FILE", nowhere.as_os_str(), &[]).exits(2).says("R4_ADMIN_TOKEN_FILE");
    list("NOTHING", "".as_ref(), &[]).exits(2).says("R4_ADMIN_TOKEN").says("--token-file");
    list("NOTHING", "".as_ref(), &[&"--token-file", &nowhere]).exits(2).says("no such file");
    let loose = folder.write_with_mode("loose", TOKEN, 0o644);
    let said = list("NOTHING", "".as_ref(), &[&"--token-file", &loose]).exits(2).says("0644");
    assert!(!said.err.contains(TOKEN));
    let spaced = folder.write_with_mode("spaced", "two words", 0o600);
    list("NOTHING", "".as_ref(), &[&"--token-file", &spaced]).exits(2).says("visible ASCII");
    assert!(stub.asked().is_empty());
}
