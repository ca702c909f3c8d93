//! `r4 evm-proof`: a proof as contracts take it.

use r4_ecvrf::evm::evm_proof;

use crate::ecvrf::Claim;
use crate::exit::{Error, Exit};
use crate::hexadecimal::show;
use crate::output;

const HELP: &str = "\
Examples:
  r4 evm-proof --public-key 0x02.. --alpha 0x73616d706c65 --proof 0x03..

The answer is the argument `proof` of verify(publicKey, alpha, proof) of R4EcvrfVerifier: the proof
of 81 bytes, and after it numbers that are cheaper to check on chain than to compute. The contract
checks each of them, so whoever made them need not be trusted. The same proof always gives the same
bytes: 305, and 32 for each hash of alpha that is on no point of the curve.

Exit codes: 0 done; 1 the proof is wrong, or has no such form (a chance below 2^-126); 2 a value is
malformed.";

/// Arguments of `r4 evm-proof`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    claim: Claim,
}

/// Prints the bytes in hexadecimal.
///
/// # Errors
/// A value is malformed, or the proof is wrong or has no such form.
pub(crate) fn run(args: &Args) -> Result<Exit, Error> {
    let (key, alpha, proof) = args.claim.parse()?;
    let bytes = evm_proof(&key, &alpha, &proof).map_err(Error::failed)?;
    output::print(&format!("{}\n", show(&bytes)))?;
    Ok(Exit::Success)
}
