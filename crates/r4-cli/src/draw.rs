//! `r4 draw`: check draws offline.

mod render;
mod verify;

use crate::exit::{Error, Exit};

/// What to do with a draw.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Check a draw: who answered, what was drawn, and that the result is the only possible one
    Verify(verify::Args),
}

/// Runs one of the commands.
///
/// # Errors
/// As the command says.
pub(crate) fn run(command: &Command) -> Result<Exit, Error> {
    match command {
        Command::Verify(args) => verify::run(args),
    }
}
