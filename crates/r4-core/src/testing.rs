//! What stands for the sealed core in the tests: shell scripts, and files of any content.

use std::fs;
use std::path::Path;

use r4_api::manifest::Manifest;
use tokio::process::Command;

use crate::child::command;
use crate::config::SealedConfig;
use crate::sealed::SealedBinary;

/// A good report, to be written by a script to its standard error.
pub(crate) const REPORT: &str = r#"{"engine":"chacha20","reseeds":0,"sources":[
{"name":"jitter","state":"ok","credited_bits":0,"samples":2048,"intermittent_failures":0,
"permanent_failures":0,"failed_test":null}]}"#;

/// Returns the command that runs `script`, in which `$REPORT` is a good report of one line.
pub(crate) fn script(script: &str) -> Command {
    let mut command = command(Path::new("/bin/sh"));
    command.arg("-c").arg(script).env("REPORT", REPORT.replace('\n', ""));
    command
}

/// Writes a binary of this content, and its manifest.
pub(crate) fn sealed_files(dir: &Path, binary: &[u8]) -> SealedConfig {
    let config = SealedConfig {
        binary: dir.join("re4_dump"),
        manifest: dir.join("manifest.json"),
        public_key: None,
        engine: r4_drbg::Engine::default(),
    };
    fs::write(&config.binary, binary).unwrap();
    let manifest = Manifest::of_bytes("re4_dump", "0", "x", binary);
    fs::write(&config.manifest, manifest.to_json()).unwrap();
    config
}

/// Returns a sealed core that is run by `interpreter`; without that it cannot be started.
pub(crate) fn run_by(interpreter: &Path) -> SealedBinary {
    let dir = tempfile::tempdir().unwrap();
    let text = format!("#!{}\n", interpreter.display());
    SealedBinary::load(&sealed_files(dir.path(), text.as_bytes())).unwrap()
}
