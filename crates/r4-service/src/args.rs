//! The command line that every service has: serve, `healthcheck`, `--help`, `--version`.

use std::process::ExitCode;

use crate::common::read_own_address;
use crate::config::Env;
use crate::healthcheck;

/// What a service says about itself.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Name of the binary.
    pub name: &'static str,
    /// Version of the crate.
    pub version: &'static str,
    /// One line: what it does.
    pub purpose: &'static str,
    /// Port without `PORT`.
    pub default_port: u16,
    /// Own flags, each with its line of help.
    pub flags: &'static [(&'static str, &'static str)],
    /// Variables that the service reads, one line of help each.
    pub environment: &'static str,
}

/// What the caller asked for.
#[derive(Debug)]
pub enum Action {
    /// Serve; holds the own flags that were given.
    Serve(Vec<&'static str>),
    /// Something that is done already.
    Exit(ExitCode),
}

/// Reads the command line (with the program's name first) and does what is not serving.
pub fn parse(about: &About, args: impl IntoIterator<Item = String>) -> Action {
    let mut given = Vec::new();
    let mut args = args.into_iter().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "healthcheck" => return Action::Exit(check(about, args.next().as_deref())),
            "-h" | "--help" => return Action::Exit(say(&help(about))),
            "-V" | "--version" => {
                return Action::Exit(say(&format!("{} {}", about.name, about.version)));
            }
            other => match about.flags.iter().find(|(flag, _)| *flag == other) {
                Some((flag, _)) => given.push(*flag),
                None => return Action::Exit(refuse(about, other)),
            },
        }
    }
    Action::Serve(given)
}

fn check(about: &About, flag: Option<&str>) -> ExitCode {
    let path = match flag {
        None => healthcheck::ALIVE,
        Some("--ready") => healthcheck::READY,
        Some(path) if path.starts_with('/') => path,
        Some(other) => return refuse(about, other),
    };
    let mut env = Env::from_process();
    let address = read_own_address(&mut env, about.default_port);
    match env.finish(Some(address)).map_err(|e| e.to_string()) {
        Ok(address) => match healthcheck::run(address, path) {
            Ok(()) => say("ok"),
            Err(error) => complain(&error.to_string(), 1),
        },
        Err(text) => complain(&text, 2),
    }
}

const EXIT_CODES: &str =
    "Exit codes: 0 stopped as told; 1 it failed, or was told to stop before it was ever ready;
2 a setting is wrong.";

fn help(about: &About) -> String {
    let mut text = format!(
        "{name}: {purpose}\n\nUsage: {name} [FLAGS]        serve until SIGTERM or Ctrl-C\n       \
         {name} healthcheck    ask GET /health on the own port; exit 0 or 1\n       \
         {name} healthcheck --ready\n                              ask GET /ready; exit 0 or 1\n       \
         {name} healthcheck /PATH\n                              ask GET /PATH; exit 0 or 1\n\nFlags:\n",
        name = about.name,
        purpose = about.purpose,
    );
    let common = [("-h, --help", "print this text"), ("-V, --version", "print the version")];
    for (flag, line) in about.flags.iter().chain(&common) {
        text = format!("{text}  {flag:<15} {line}\n");
    }
    format!(
        "{text}\n{EXIT_CODES}\n\nEnvironment (an empty variable counts as unset):\n{}",
        about.environment
    )
}

fn refuse(about: &About, arg: &str) -> ExitCode {
    complain(&format!("{}: unknown argument {arg:?}; see {} --help", about.name, about.name), 2)
}

fn say(text: &str) -> ExitCode {
    use std::io::Write as _;
    // A closed standard output is the reader's choice, not a failure.
    let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
    ExitCode::SUCCESS
}

/// Writes a sentence to standard error and returns the exit code.
pub fn complain(text: &str, code: u8) -> ExitCode {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{text}");
    ExitCode::from(code)
}
