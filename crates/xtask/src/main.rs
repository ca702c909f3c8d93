//! `cargo xtask`: the node's own build and development tasks.

use std::{
    io::{Write, stderr, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Result;
use xtask::{bench, dist, instructions, release, sealed, up};

const HELP: &str = "\
Usage: cargo xtask up                   build the node and run it on 127.0.0.1, without Docker
       cargo xtask sealed [--out DIR]   build re4_dump, and copy it with its manifest into DIR
       cargo xtask dist DIR             build every program of a release into DIR
       cargo xtask release [--out DIR] [--sign-with KEY]
                                        make the files of a release of the commit, into DIR; KEY is
                                        whom gpg signs them for
       cargo xtask bench [--quick] [--dir DIR] [--only PART]
                                        measure, on the disk of DIR; write proof/benchmarks.md. PART:
                                        random, bulk, gateway, receipts, start, overload, growth, answers, million
       cargo xtask instructions [--write]
                                        count instructions under callgrind; fail where something needs
                                        over 3 % more than proof/instructions.md says, or write that

`up` reads R4_CORE_PORT, R4_VRF_PORT, R4_GATEWAY_PORT (8080, 8081, 8082) and R4_API_KEY (demo);
what the services themselves read is handed on. Its state is in .r4/: delete that to start anew.
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args.as_slice() {
        ["up"] => up::run(),
        ["sealed"] => sealed(None),
        ["sealed", "--out", dir] => sealed(Some(dir.into())),
        ["dist", dir] if !dir.starts_with('-') => dist::write(Path::new(dir)),
        ["release", options @ ..] if release::Options::parse(options).is_some() => {
            released(&release::Options::parse(options).unwrap_or_default())
        }
        ["bench", options @ ..] if bench::Options::parse(options).is_some() => {
            bench::run(&bench::Options::parse(options).unwrap_or_default())
        }
        ["instructions"] => instructions::run(instructions::Mode::Compare),
        ["instructions", "--write"] => instructions::run(instructions::Mode::Write),
        ["help" | "--help" | "-h", ..] | [_, "--help" | "-h"] => show(&mut stdout(), HELP),
        _ => {
            let _unread = show(&mut stderr(), HELP);
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _unread = show(&mut stderr(), &format!("error: {error:#}\n"));
            ExitCode::FAILURE
        }
    }
}

/// Builds `re4_dump` and prints the path of the result.
fn sealed(out: Option<PathBuf>) -> Result<()> {
    let built = sealed::build(&sealed::Options::default())?;
    let path = match out {
        Some(dir) => dist::write_sealed(&built, &dir)?,
        None => built,
    };
    show(&mut stdout(), &format!("{}\n", path.display()))
}

/// Makes a release and prints its folder.
fn released(options: &release::Options) -> Result<()> {
    show(&mut stdout(), &format!("{}\n", release::run(options)?.display()))
}

fn show(to: &mut impl Write, text: &str) -> Result<()> {
    Ok(to.write_all(text.as_bytes())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_names_every_part_of_the_benchmark() {
        assert!(HELP.contains(&bench::parts().collect::<Vec<_>>().join(", ")));
    }
}
