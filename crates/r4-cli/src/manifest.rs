//! `r4 manifest`: describe the sealed core, sign the description, check both.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use r4_api::manifest::{Manifest, ManifestError};
use r4_sign::ed25519::SigningKey;
use serde_json::json;
use zeroize::Zeroizing;

use crate::exit::{Error, Exit};
use crate::hexadecimal::array;
use crate::{input, output, secret_file};

const MAX_BINARY_BYTES: u64 = 256 << 20;
const MAX_MANIFEST_BYTES: u64 = 64 << 10;
const MAX_SIGNATURE_BYTES: u64 = 1 << 10;

const WRITE_HELP: &str = "\
Examples:
  r4 manifest write target/sealed/release/re4_dump --out selftest/manifest.json
  r4 manifest write re4_dump --git $(git rev-parse HEAD) > manifest.json

Exit codes: 0 written; 2 the binary cannot be read or the manifest cannot be written.";

const CHECK_HELP: &str = "\
Examples:
  r4 manifest check re4_dump --manifest manifest.json
  r4 manifest check re4_dump --manifest manifest.json --public-key $R4_MANIFEST_PUBLIC_KEY

Without --public-key only damage is found: whoever can change the binary can change the manifest
too. With it, manifest.json.sig must be a signature of the manifest by that key.

Exit codes: 0 all of it fits; 1 the binary or the signature does not fit; 2 a file cannot be used.";

const KEYGEN_HELP: &str = "\
Examples:
  r4 manifest keygen --out manifest.key               prints R4_MANIFEST_PUBLIC_KEY=...
  r4 manifest keygen --out manifest.key >> .env       and keeps the public half where r4-core looks

Keep the file away from the machine that runs the node. An existing file is never overwritten.

Exit codes: 0 written; 2 the file exists or cannot be written.";

const SIGN_HELP: &str = "\
Examples:
  r4 manifest sign --manifest manifest.json --key manifest.key      writes manifest.json.sig

Exit codes: 0 signed; 2 a file cannot be used (the key must have mode 0600).";

/// The commands under `r4 manifest`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Describe a binary: name, size, SHA-256, version
    #[command(after_help = WRITE_HELP)]
    Write(WriteArgs),
    /// Check that a binary is the one a manifest describes
    #[command(after_help = CHECK_HELP)]
    Check(CheckArgs),
    /// Make a key pair that signs manifests
    #[command(after_help = KEYGEN_HELP)]
    Keygen(KeygenArgs),
    /// Sign a manifest
    #[command(after_help = SIGN_HELP)]
    Sign(SignArgs),
}

/// Arguments of `r4 manifest write`.
#[derive(Debug, clap::Args)]
pub(crate) struct WriteArgs {
    /// The binary to describe
    binary: PathBuf,
    /// Where to write the manifest; without it, standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The commit that the binary was built from
    #[arg(long, value_name = "REV", default_value = "unknown")]
    git: String,
    /// The version of the binary
    #[arg(long, value_name = "V", default_value = env!("CARGO_PKG_VERSION"))]
    version: String,
}

/// Arguments of `r4 manifest check`.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// The binary to check
    binary: PathBuf,
    /// The manifest to check it against
    #[arg(long, value_name = "FILE")]
    manifest: PathBuf,
    /// The public key whose signature FILE.sig must hold: 64 hexadecimal digits
    #[arg(long, value_name = "HEX")]
    public_key: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `r4 manifest keygen`.
#[derive(Debug, clap::Args)]
pub(crate) struct KeygenArgs {
    /// The new file for the secret half (mode 0600)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Arguments of `r4 manifest sign`.
#[derive(Debug, clap::Args)]
pub(crate) struct SignArgs {
    /// The manifest to sign
    #[arg(long, value_name = "FILE")]
    manifest: PathBuf,
    /// The file that `r4 manifest keygen` wrote
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

/// Runs one of the commands.
///
/// # Errors
/// What cannot be used, or what does not fit.
pub(crate) fn run(command: &Command) -> Result<Exit, Error> {
    match command {
        Command::Write(args) => write(args),
        Command::Check(args) => check(args),
        Command::Keygen(args) => keygen(args),
        Command::Sign(args) => sign(args),
    }
}

fn write(args: &WriteArgs) -> Result<Exit, Error> {
    let bytes = input::file(&args.binary, "a binary", MAX_BINARY_BYTES)?;
    let name = args.binary.file_name().unwrap_or_default().to_string_lossy();
    let text = Manifest::of_bytes(&name, &args.version, &args.git, &bytes).to_json();
    let Some(out) = &args.out else {
        output::print(&text)?;
        return Ok(Exit::Success);
    };
    write_file(out, &text)?;
    let signature = signature_path(out);
    if signature.exists() {
        output::note(&format!(
            "{} is of the manifest before this one; sign again",
            signature.display()
        ));
    }
    Ok(Exit::Success)
}

fn check(args: &CheckArgs) -> Result<Exit, Error> {
    let result = checked_manifest(args);
    if args.json {
        let manifest = result.as_ref().ok();
        output::print_json(&json!({
            "valid": manifest.is_some(),
            "signed": manifest.is_some() && args.public_key.is_some(),
            "sha256": manifest.map(|m| m.sha256.as_str()),
            "error": result.as_ref().err().map(ToString::to_string),
        }))?;
        return result.map(|_| Exit::Success);
    }
    let manifest = result?;
    let tick = output::paint(output::Tone::Good, "✓");
    let signed = match args.public_key {
        Some(_) => format!("{tick} the manifest is signed by the given key\n"),
        None => "- no --public-key given: the signature was not checked\n".to_owned(),
    };
    let (file, size) = (output::plain(&manifest.file), manifest.size);
    output::print(&format!(
        "{tick} the binary is {file}, {size} bytes, sha256 {}\n{signed}",
        manifest.sha256
    ))?;
    Ok(Exit::Success)
}

fn checked_manifest(args: &CheckArgs) -> Result<Manifest, Error> {
    let (text, manifest) = read_manifest(&args.manifest)?;
    if let Some(public_key) = &args.public_key {
        let public_key = array(public_key).map_err(|e| Error::unusable("--public-key", e))?;
        let signature = read_signature(&args.manifest)?;
        Manifest::verify_signature(&text, &signature, &public_key).map_err(|e| match e {
            ManifestError::Signature => Error::failed(e),
            _ => Error::unusable(signature_path(&args.manifest).display(), e),
        })?;
    }
    let bytes = input::file(&args.binary, "a binary", MAX_BINARY_BYTES)?;
    let name = args.binary.display();
    manifest.matches(&bytes).map_err(|e| Error::failed(format_args!("{name}: {e}")))?;
    Ok(manifest)
}

fn keygen(args: &KeygenArgs) -> Result<Exit, Error> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut_slice()).map_err(|e| Error::unusable("getrandom", e))?;
    let public_key = hex::encode(SigningKey::from_seed(&seed).public_key());
    secret_file::create(&args.out, &seed)?;
    output::note(&format!("wrote {}; keep it secret, and keep a copy", args.out.display()));
    output::print(&format!("R4_MANIFEST_PUBLIC_KEY={public_key}\n"))?;
    Ok(Exit::Success)
}

fn sign(args: &SignArgs) -> Result<Exit, Error> {
    let (text, _) = read_manifest(&args.manifest)?;
    let seed = secret_file::read(&args.key)?;
    let signature = SigningKey::from_seed(&seed).sign(&text);
    let out = signature_path(&args.manifest);
    write_file(&out, &format!("{}\n", hex::encode(signature)))?;
    output::note(&format!("wrote {}", out.display()));
    Ok(Exit::Success)
}

fn read_manifest(path: &Path) -> Result<(Vec<u8>, Manifest), Error> {
    let text = input::file(path, "a manifest", MAX_MANIFEST_BYTES)?;
    let manifest = Manifest::parse(&text).map_err(|e| Error::unusable(path.display(), e))?;
    Ok((text, manifest))
}

/// A key was pinned, so that a missing signature is a failed check and not a slip.
fn read_signature(manifest: &Path) -> Result<String, Error> {
    let path = signature_path(manifest);
    if !path.exists() {
        return Err(Error::Failed(format!("{}: the manifest is not signed", path.display())));
    }
    let bytes = input::file(&path, "a signature", MAX_SIGNATURE_BYTES)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn signature_path(manifest: &Path) -> PathBuf {
    let mut path = manifest.as_os_str().to_owned();
    path.push(".sig");
    path.into()
}

fn write_file(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text)
        .map_err(|e| Error::unusable(path.display(), format!("cannot be written: {e}")))
}
