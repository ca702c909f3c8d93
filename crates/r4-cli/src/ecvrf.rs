//! `r4 ecvrf`: make and check single proofs (ECVRF-SECP256K1-SHA256-TAI, RFC 9381).

use std::path::PathBuf;

use clap::Subcommand;
use r4_ecvrf::{KeyError, Proof, ProofError, PublicKey, SecretKey};
use serde_json::json;

use crate::exit::{Error, Exit};
use crate::hexadecimal::show;
use crate::{hexadecimal, output, secret_file};

const PROVE_HELP: &str = "\
Examples:
  umask 077
  head -c 32 /dev/urandom | od -An -vtx1 | tr -d ' \\n' > secret.hex
  r4 ecvrf prove --secret-key-file secret.hex --alpha 0x73616d706c65

The answer has three lines:
  public_key  give it to whoever is to check the proof
  proof       81 bytes; the same key and alpha always give the same proof
  beta        the random output, 32 bytes; public, never use it as a secret

Exit codes: 0 done; 2 the key file or alpha cannot be used.";

const VERIFY_HELP: &str = "\
Examples:
  r4 ecvrf verify --public-key 0x02.. --alpha 0x73616d706c65 --proof 0x03..

When the proof is right, its output beta is printed. It is the only output that this key and alpha
can have. Malformed means: no hexadecimal, or of the wrong length.

Exit codes: 0 the proof is right; 1 it is wrong; 2 a value is malformed.";

/// The commands under `r4 ecvrf`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Compute the output for an input, with a proof that it is the only possible one
    #[command(after_help = PROVE_HELP)]
    Prove(ProveArgs),
    /// Check a proof and print the output
    #[command(after_help = VERIFY_HELP)]
    Verify(VerifyArgs),
}

/// Arguments of `r4 ecvrf prove`.
#[derive(Debug, clap::Args)]
pub(crate) struct ProveArgs {
    /// The file of the secret key: 64 hexadecimal digits, mode 0600
    #[arg(long, value_name = "FILE")]
    secret_key_file: PathBuf,
    /// The input, in hexadecimal
    #[arg(long, value_name = "HEX")]
    alpha: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `r4 ecvrf verify`.
#[derive(Debug, clap::Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    claim: Claim,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A proof, and the key and input that it is said to be for.
#[derive(Debug, clap::Args)]
pub(crate) struct Claim {
    /// The public key: 33 bytes in hexadecimal
    #[arg(long, value_name = "HEX")]
    public_key: String,
    /// The input, in hexadecimal
    #[arg(long, value_name = "HEX")]
    alpha: String,
    /// The proof: 81 bytes in hexadecimal
    #[arg(long, value_name = "HEX")]
    proof: String,
}

/// Runs one of the commands.
///
/// # Errors
/// What cannot be used, or a proof that is wrong.
pub(crate) fn run(command: &Command) -> Result<Exit, Error> {
    match command {
        Command::Prove(args) => prove(args),
        Command::Verify(args) => verify(args),
    }
}

fn prove(args: &ProveArgs) -> Result<Exit, Error> {
    let alpha = bytes("--alpha", &args.alpha)?;
    let name = args.secret_key_file.display();
    let secret = secret_file::read(&args.secret_key_file)?;
    let key = SecretKey::from_bytes(&secret).map_err(|e| Error::unusable(name, e))?;
    let proof = key.prove(&alpha).map_err(|e| Error::unusable("--alpha", e))?;
    let public_key = show(&key.public_key().to_bytes());
    let (proof, beta) = (show(&proof.to_bytes()), show(proof.beta().as_bytes()));
    if args.json {
        output::print_json(&json!({ "public_key": public_key, "proof": proof, "beta": beta }))?;
    } else {
        let text = format!("public_key: {public_key}\nproof: {proof}\nbeta: {beta}\n");
        output::print(&text)?;
    }
    Ok(Exit::Success)
}

fn verify(args: &VerifyArgs) -> Result<Exit, Error> {
    match checked_beta(&args.claim) {
        Ok(beta) => {
            let beta = show(&beta);
            if args.json {
                output::print_json(&json!({ "valid": true, "beta": beta, "error": null }))?;
            } else {
                output::print(&format!("{beta}\n"))?;
            }
            Ok(Exit::Success)
        }
        Err(error) => {
            if args.json {
                let error = error.to_string();
                output::print_json(&json!({ "valid": false, "beta": null, "error": error }))?;
            }
            Err(error)
        }
    }
}

fn checked_beta(claim: &Claim) -> Result<[u8; 32], Error> {
    let (key, alpha, proof) = claim.parse()?;
    let beta = key.verify(&alpha, &proof).map_err(Error::failed)?;
    Ok(beta.to_bytes())
}

impl Claim {
    /// A wrong length is a slip of the caller; octets of the right length that decode to nothing
    /// are an invalid proof or key, as in RFC 9381 §5.3 steps 2 and 6.
    ///
    /// # Errors
    /// A value is malformed, or no proof or key.
    pub(crate) fn parse(&self) -> Result<(PublicKey, Vec<u8>, Proof), Error> {
        let public_key = bytes("--public-key", &self.public_key)?;
        let alpha = bytes("--alpha", &self.alpha)?;
        let proof = bytes("--proof", &self.proof)?;
        let key = PublicKey::from_bytes(&public_key).map_err(|e| match e {
            KeyError::Length { .. } => Error::unusable("--public-key", e),
            _ => Error::failed(e),
        })?;
        let proof = Proof::parse(&proof).map_err(|e| match e {
            ProofError::Length { .. } => Error::unusable("--proof", e),
            _ => Error::failed(e),
        })?;
        Ok((key, alpha, proof))
    }
}

/// Reads an argument. clap only takes it as it is, so that `--json` can answer for every mistake.
fn bytes(option: &str, text: &str) -> Result<Vec<u8>, Error> {
    hexadecimal::bytes(text).map_err(|e| Error::unusable(option, e))
}
