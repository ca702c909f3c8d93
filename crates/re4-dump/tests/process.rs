//! The program as its users run it.
#![expect(clippy::expect_used, reason = "a test stops where it is surprised")]

use std::{
    fs,
    io::Read,
    process::{Child, Command, Output, Stdio},
};

fn re4_dump(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_re4_dump"));
    command.args(args).env_clear().stdin(Stdio::null());
    command
}

fn output(args: &[&str]) -> Output {
    re4_dump(args).output().expect("re4_dump starts")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text is UTF-8")
}

/// A generator that runs until its pipe is dropped, and has already written a byte.
fn running(command: &mut Command) -> Child {
    let mut child = command.stdout(Stdio::piped()).spawn().expect("re4_dump starts");
    let out = child.stdout.as_mut().expect("piped");
    out.read_exact(&mut [0]).expect("a byte");
    child
}

const ENGINES: [&str; 2] = ["chacha20", "ctr-aes256"];

#[test]
fn bytes_are_exact_and_no_two_runs_agree() {
    for engine in ENGINES {
        for count in ["0", "1", "32", "4097", "65422", "65423", "65424", "65536", "1000000"] {
            for lend in [None, Some("--lend")] {
                let args = ["--engine", engine, "--bytes", count].into_iter().chain(lend);
                let run = output(&args.collect::<Vec<_>>());
                assert!(run.status.success(), "{run:?}");
                assert_eq!(run.stdout.len().to_string(), count);
            }
        }
        let [one, two] = [(), ()].map(|()| output(&["--engine", engine, "--bytes=64"]).stdout);
        assert_ne!(one, two);
    }
}

#[test]
fn output_has_no_repeated_block_and_no_gap() {
    for engine in ENGINES {
        for lend in [None, Some("--lend")] {
            let args = ["--engine", engine, "--bytes", "3000000"].into_iter().chain(lend);
            let run = output(&args.collect::<Vec<_>>());
            let mut blocks: Vec<_> = run.stdout.chunks_exact(16).collect();
            assert!(!blocks.contains(&&[0_u8; 16][..]), "wiped memory was served");
            blocks.sort_unstable();
            assert!(blocks.windows(2).all(|pair| pair[0] != pair[1]), "{engine} {lend:?}");
        }
    }
}

#[test]
fn lent_bytes_can_be_read_when_the_generator_has_ended() {
    let mut child = re4_dump(&["--lend", "--bytes", "60000"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("re4_dump starts");
    let mut out = child.stdout.take().expect("piped");
    assert!(child.wait().expect("it ends").success());
    let mut bytes = Vec::new();
    out.read_to_end(&mut bytes).expect("what the pipe holds");
    assert_eq!(bytes.len(), 60_000);
    assert!(bytes.chunks_exact(16).all(|block| block != [0; 16]), "they were wiped at the end");
}

#[test]
fn what_is_no_pipe_is_written_to_all_the_same() {
    let run = re4_dump(&["--lend", "--bytes", "100000"]).stdout(Stdio::null()).status();
    assert!(run.expect("re4_dump starts").success());
}

#[test]
fn raw_samples_are_as_many_as_asked_and_differ_from_run_to_run() {
    for source in ["jitter", "getrandom"] {
        let [one, two] = [(), ()].map(|()| output(&["--raw", source, "--samples", "5000"]).stdout);
        assert_eq!((one.len(), two.len()), (5000, 5000));
        assert_ne!(one, two, "{source}");
    }
    let none = output(&["--raw", "rdseed", "--samples", "100"]);
    match none.status.code() {
        Some(0) => assert_eq!(none.stdout.len(), 100),
        code => {
            assert_eq!(code, Some(4));
            assert!(text(&none.stderr).contains("no rdseed"), "{none:?}");
        }
    }
}

#[test]
fn health_is_told_before_the_first_byte_and_only_when_asked() {
    let quiet = output(&["--bytes", "1"]);
    assert!(!text(&quiet.stderr).contains('{'), "{quiet:?}");
    for (engine, strict) in [("chacha20", None), ("ctr-aes256", Some("--strict"))] {
        let args = ["--report", "--engine", engine, "--bytes", "0"];
        let args: Vec<&str> = args.into_iter().chain(strict).collect();
        let run = output(&args);
        let line = text(&run.stderr).lines().find(|line| line.starts_with('{')).expect("a line");
        let told: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(told["engine"], engine);
        let names: Vec<_> = told["sources"].as_array().expect("a list").iter().collect();
        assert_eq!(names.len(), 3, "{line}");
    }
}

#[test]
fn a_release_refuses_to_induce_faults() {
    let run = re4_dump(&["--bytes", "32"]).env("R4_INDUCED_FAULT", "jitter:stick").output();
    let run = run.expect("re4_dump starts");
    assert_eq!(run.status.code(), Some(2));
    assert!(run.stdout.is_empty());
    assert!(text(&run.stderr).contains("R4_INDUCED_FAULT is set"), "{run:?}");
}

#[test]
fn a_closed_pipe_is_a_quiet_success() {
    let mut child = running(re4_dump(&[]).stderr(Stdio::piped()));
    drop(child.stdout.take());
    let run = child.wait_with_output().expect("it ends");
    assert_eq!(run.status.code(), Some(0), "{run:?}");
    assert!(!text(&run.stderr).contains("closed"), "{run:?}");
}

#[test]
fn a_full_disk_is_exit_1_with_a_sentence() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    let run = re4_dump(&[]).stdout(full).output().expect("re4_dump starts");
    assert_eq!(run.status.code(), Some(1));
    assert!(text(&run.stderr).contains("cannot write to standard output"), "{run:?}");
}

#[test]
fn selftest_names_every_test() {
    let run = output(&["--selftest"]);
    assert!(run.status.success());
    let names = text(&run.stdout).lines().map(|line| line.strip_suffix(": pass"));
    assert!(names.eq(r4_drbg::run_tests().map(|result| Some(result.test))), "{run:?}");
}

#[test]
fn help_and_version_answer() {
    let help = output(&["--help"]);
    assert!(help.status.success());
    let flags = ["engine", "strict", "report", "lend", "bytes", "raw", "samples", "selftest"];
    for flag in flags.map(|name| format!("--{name}")) {
        assert!(text(&help.stdout).contains(&flag), "{flag}");
    }
    let version = output(&["--version"]);
    assert_eq!(text(&version.stdout), concat!("re4_dump ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn bad_flags_are_exit_2_with_a_sentence_and_no_bytes() {
    for args in [&["--frobnicate"][..], &["--bytes"], &["--bytes", "many"], &["--strict"]] {
        let run = output(args);
        assert_eq!(run.status.code(), Some(2), "{args:?}");
        assert!(run.stdout.is_empty());
        let sentence = text(&run.stderr);
        assert!(sentence.starts_with("re4_dump: ") && sentence.contains("--help"), "{sentence}");
        assert_eq!(sentence.lines().count(), 1);
    }
}

#[test]
fn a_running_generator_is_confined() {
    let mut child = running(&mut re4_dump(&["--lend"]));
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).expect("status");
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{name} in {status}")).trim().to_owned()
    };
    assert_eq!(field("Seccomp:"), "2", "a filter is installed");
    assert_eq!(field("NoNewPrivs:"), "1");
    assert_eq!(field("Threads:"), "1");
    drop(child.stdout.take());
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn inherited_descriptors_are_closed() {
    // The shell opens descriptor 9 and then becomes the generator.
    let script = "exec 9</dev/null; exec \"$0\"";
    let mut shell = Command::new("sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_re4_dump")]);
    let mut child = running(&mut shell);
    match fs::read_dir(format!("/proc/{}/fd", child.id())) {
        Ok(entries) => {
            let mut open: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
            open.sort();
            assert_eq!(open, ["0", "1", "2"]);
        }
        // Not dumpable: its descriptors are hidden from everybody but root.
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied),
    }
    drop(child.stdout.take());
    assert!(child.wait().expect("it ends").success());
}
