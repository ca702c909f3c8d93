//! On what instructions were counted.

use std::process::Command;

use anyhow::{Context, Result, ensure};

/// What counts depend on, apart from the code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Made {
    /// What the processor can do as valgrind shows it: by that the libraries choose their code.
    pub(super) processor: String,
    pub(super) compiler: String,
    pub(super) valgrind: String,
    /// The C library, whose `memcpy` is counted too.
    pub(super) c_library: String,
}

impl Made {
    /// Asks the system for the rest.
    pub(super) fn here(processor: String, valgrind: String) -> Result<Self> {
        let (compiler, c_library) =
            (said("rustc", &["--version"])?, said("getconf", &["GNU_LIBC_VERSION"])?);
        Ok(Self { processor, compiler, valgrind, c_library })
    }

    /// The lines of the table's head.
    pub(super) fn lines(&self) -> [(&'static str, &str); 4] {
        [
            ("Processor", &self.processor),
            ("Compiler", &self.compiler),
            ("Valgrind", &self.valgrind),
            ("C library", &self.c_library),
        ]
    }

    /// Reads the lines; none when one is missing.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let line = |name: &str| {
            let mut values = text.lines().filter_map(|line| {
                line.strip_prefix("- ")?.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned)
            });
            values.next()
        };
        let [processor, compiler, valgrind, c_library] =
            Self::default().lines().map(|(name, _)| line(name));
        Some(Self {
            processor: processor?,
            compiler: compiler?,
            valgrind: valgrind?,
            c_library: c_library?,
        })
    }

    /// Says what else was other when the table was made; nothing where nothing was.
    pub(super) fn others(&self, now: &Self) -> String {
        let pairs = self.lines().into_iter().zip(now.lines());
        let others = pairs.filter(|(was, is)| was != is).map(|((name, was), (_, is))| {
            format!("\n  the {} is another: {was} → {is}", name.to_lowercase())
        });
        others.collect()
    }
}

fn said(program: &str, args: &[&str]) -> Result<String> {
    let output = Command::new(program).args(args).output();
    let output = output.with_context(|| format!("cannot start {program}"))?;
    ensure!(output.status.success(), "{program} {} failed", args.join(" "));
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
