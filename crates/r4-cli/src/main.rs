//! `r4`: check receipts and draws, make and check proofs, look after keys and manifests, and assess
//! noise, all offline; copy, check, watch and witness the log; back the node up; check a release and
//! install it; check and update a node in containers.
//!
//! Every command returns an [`exit::Exit`]; whatever stops one becomes a sentence on standard
//! error. No command but those of [`log`], [`witness`], [`monitor`], [`backup`], [`api_keys`],
//! [`release`] and [`deploy`] opens a network connection.

mod api_keys;
mod assess;
mod atomic_file;
mod backup;
mod cli;
mod completions;
mod deploy;
mod draw;
mod ecvrf;
mod evm_proof;
mod exit;
mod file_tree;
mod hexadecimal;
mod http;
mod input;
mod install;
mod keys;
mod log;
mod manifest;
mod monitor;
mod output;
mod release;
mod secret_file;
mod seed_shares;
mod selftest;
mod verify;
mod witness;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Command};
use crate::exit::{Error, Exit};

fn main() -> ExitCode {
    let result = run(Cli::parse().command);
    let exit = result.unwrap_or_else(|error| {
        output::complain(&error.to_string());
        error.exit()
    });
    exit.into()
}

fn run(command: Command) -> Result<Exit, Error> {
    match command {
        Command::Verify(args) => verify::run(&args),
        Command::Draw(command) => draw::run(&command),
        Command::Ecvrf(command) => ecvrf::run(&command),
        Command::EvmProof(args) => evm_proof::run(&args),
        Command::Keys(command) => keys::run(&command),
        Command::Manifest(command) => manifest::run(&command),
        Command::Backup(command) => backup::run(&command),
        Command::Log(command) => log::run(&command),
        Command::Monitor(args) => monitor::run(&args),
        Command::Witness(command) => witness::run(&command),
        Command::Release(command) => release::run(&command),
        Command::Deploy(command) => deploy::run(&command),
        Command::Install(command) => install::run(&command),
        Command::Assess(args) => assess::run(&args),
        Command::Selftest(args) => selftest::run(&args),
        Command::Completions(args) => completions::run(&args),
    }
}
