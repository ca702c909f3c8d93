//! `r4 completions`: scripts for the shells.

use clap::{CommandFactory as _, ValueEnum};

use crate::exit::{Error, Exit};
use crate::output;

const HELP: &str = "\
Examples:
  bash, for this session:   source <(r4 completions bash)
  bash, for good:           r4 completions bash > ~/.local/share/bash-completion/completions/r4
  zsh:                      r4 completions zsh > \"${fpath[1]}/_r4\"
  fish:                     r4 completions fish > ~/.config/fish/completions/r4.fish";

/// Arguments of `r4 completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// Your shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// Prints the script.
///
/// # Errors
/// Standard output cannot be written.
pub(crate) fn run(args: &Args) -> Result<Exit, Error> {
    let shell = match args.shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut crate::cli::Cli::command(), "r4", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Success)
}
