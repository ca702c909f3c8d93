//! `r4 manifest`: write, check, keygen, sign.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::run::{Folder, Said, mode, r4};

struct Core {
    folder: Folder,
    binary: PathBuf,
    manifest: PathBuf,
}

/// A binary and its manifest.
fn core() -> Core {
    let folder = Folder::new();
    let binary = folder.write("re4_dump", b"\x7fELF and so on");
    let manifest = folder.path("manifest.json");
    r4(&[
        &"manifest",
        &"write",
        &binary,
        &"--out",
        &manifest,
        &"--git",
        &"abc",
        &"--version",
        &"9",
    ])
    .exits(0);
    Core { folder, binary, manifest }
}

impl Core {
    fn check(&self) -> Said {
        r4(&[&"manifest", &"check", &self.binary, &"--manifest", &self.manifest])
    }

    fn check_signed(&self, public_key: &str) -> Said {
        let manifest = &self.manifest;
        r4(&[
            &"manifest",
            &"check",
            &self.binary,
            &"--manifest",
            manifest,
            &"--public-key",
            &public_key,
        ])
    }

    fn sign(&self, key: &Path) -> Said {
        r4(&[&"manifest", &"sign", &"--manifest", &self.manifest, &"--key", &key])
    }
}

fn keygen(path: &Path) -> String {
    let said = r4(&[&"manifest", &"keygen", &"--out", &path]).exits(0);
    let key = said.out.trim().strip_prefix("R4_MANIFEST_PUBLIC_KEY=").unwrap().to_owned();
    assert_eq!(key.len(), 64);
    assert_eq!(said.out.lines().count(), 1, "{}", said.out);
    key
}

#[test]
fn written_and_checked() {
    let core = core();
    core.check().exits(0).says("✓ the binary is re4_dump").says("the signature was not checked");
    let text = fs::read_to_string(&core.manifest).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(manifest["file"], json!("re4_dump"));
    assert_eq!(manifest["size"], json!(14));
    assert_eq!((&manifest["version"], &manifest["core_git"]), (&json!("9"), &json!("abc")));
    let printed = r4(&[&"manifest", &"write", &core.binary]).exits(0).json();
    assert_eq!(printed["sha256"], manifest["sha256"]);
    assert_eq!(printed["core_git"], json!("unknown"));
}

#[test]
fn a_changed_binary_exits_1() {
    let core = core();
    core.folder.write("re4_dump", b"\x7fELF and so oN");
    core.check().exits(1).says("re4_dump: sealed core has sha256");
    core.folder.write("re4_dump", b"\x7fELF and so on.");
    core.check().exits(1).says("re4_dump: sealed core is 15 bytes, the manifest says 14");
    let (binary, manifest) = (&core.binary, &core.manifest);
    let said = r4(&[&"manifest", &"check", &"--json", binary, &"--manifest", manifest]).exits(1);
    assert_eq!(said.json()["valid"], json!(false));
    assert!(said.json()["error"].as_str().unwrap().contains("re4_dump: "), "{said:?}");
}

#[test]
fn a_signature_ties_the_manifest_to_a_key() {
    let core = core();
    let (key, other) = (core.folder.path("a.key"), core.folder.path("b.key"));
    let (public, stranger) = (keygen(&key), keygen(&other));
    assert_eq!(mode(&key), 0o600);
    core.check_signed(&public).exits(1).says("not signed");
    core.sign(&key).exits(0);
    let signature = fs::read_to_string(core.folder.path("manifest.json.sig")).unwrap();
    assert_eq!((signature.len(), signature.ends_with('\n')), (129, true));
    core.check_signed(&public).exits(0).says("is signed by the given key");
    core.check_signed(&format!("0x{}", public.to_uppercase())).exits(0);
    core.check_signed(&stranger).exits(1).says("does not verify");
    core.check_signed("1234").exits(2).says("--public-key");
    // The manifest is changed to fit another binary, which a checksum alone would not show.
    core.folder.write("re4_dump", b"other");
    let (binary, manifest) = (&core.binary, &core.manifest);
    r4(&[&"manifest", &"write", binary, &"--out", manifest]).exits(0).says("sign again");
    core.check().exits(0);
    core.check_signed(&public).exits(1).says("does not verify");
    core.folder.write("manifest.json.sig", "00");
    core.check_signed(&public).exits(2).says("128 hex digits");
}

#[test]
fn keys_are_private_and_never_overwritten() {
    let core = core();
    let key = core.folder.path("a.key");
    keygen(&key);
    let secret = fs::read_to_string(&key).unwrap();
    assert_eq!(secret.len(), 65);
    r4(&[&"manifest", &"keygen", &"--out", &key]).exits(2).says("it exists already");
    assert_eq!(fs::read_to_string(&key).unwrap(), secret);
    let loose = core.folder.write_with_mode("loose.key", &secret, 0o644);
    let said = core.sign(&loose).exits(2).says("0644");
    assert!(!said.err.contains(secret.trim()), "{}", said.err);
    assert!(!core.folder.path("manifest.json.sig").exists());
}

#[test]
fn files_that_cannot_be_used() {
    let core = core();
    let key = core.folder.path("a.key");
    keygen(&key);
    core.folder.write("manifest.json", "{\"file\":1}");
    core.check().exits(2).says("manifest is not valid");
    core.sign(&key).exits(2).says("manifest is not valid");
    fs::remove_file(&core.manifest).unwrap();
    core.check().exits(2).says("there is no such file");
    r4(&[&"manifest", &"write", &core.folder.path("none")]).exits(2);
    r4(&[&"manifest", &"write", &core.folder.path("")]).exits(2).says("this is a folder");
}
