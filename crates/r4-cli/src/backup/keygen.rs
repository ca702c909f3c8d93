//! `r4 backup keygen`: an age identity, as `age-keygen` makes it.

use std::path::PathBuf;

use age::secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use crate::exit::{Error, Exit};
use crate::{output, secret_file};

/// Arguments of `r4 backup keygen`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The new file (mode 0600); without it the identity goes to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Makes an identity, and prints its recipient.
///
/// # Errors
/// The file exists or cannot be written.
pub(super) fn run(args: &Args) -> Result<Exit, Error> {
    let identity = age::x25519::Identity::generate();
    let recipient = identity.to_public().to_string();
    let secret = identity.to_string();
    let secret = secret.expose_secret();
    let text = Zeroizing::new(format!("# recipient: {recipient}\n{secret}\n"));
    let Some(path) = &args.out else {
        output::print(&text)?;
        return Ok(Exit::Success);
    };
    secret_file::create_bytes(path, text.as_bytes())?;
    output::note(&format!("wrote {}; keep it off the node, or no backup helps", path.display()));
    output::print(&format!("{recipient}\n"))?;
    Ok(Exit::Success)
}
