//! Backtracking resistance as an attacker sees it: whoever reads the whole memory of a process after
//! a fill finds neither a key that was used, nor the state before, nor a byte that was served.
//!
//! The process that is read is this test program once more, so that it holds nothing of what it is
//! searched for but what the generator leaves behind.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where it is surprised"
)]
#![expect(clippy::disallowed_methods, reason = "the second process is told its part so")]

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    os::unix::fs::FileExt,
    process::{Command, Stdio},
};

use aes::Aes256Enc;
use chacha20::ChaCha20;
use cipher::{BlockCipherEncrypt, KeyInit, KeyIvInit, StreamCipher};
use r4_drbg::{Engine, FRESH_BYTES, MEMORY_BYTES, Seed, Unseeded};
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

const SEED: [u8; 48] = [0x5E; 48];
const FRESH: [u8; FRESH_BYTES] = [0xF5; FRESH_BYTES];
const OUT_BYTES: usize = 1000;
const PART: &str = "R4_DRBG_TEST_ENGINE";

/// What an engine used: secrets that must be gone, and the state that must be there.
struct Secrets {
    gone: Vec<(&'static str, Vec<u8>)>,
    state: Vec<u8>,
}

/// Two fills of `chacha20` by its formula.
fn secrets_of_chacha20() -> Secrets {
    let mut gone = Vec::new();
    let mut carry = SEED[..32].to_vec();
    for (key_name, carry_name) in [("first key", "first carry"), ("second key", "state")] {
        let key = Sha256::digest([&b"r4/drbg/chacha20/v1"[..], &carry, &FRESH[..32]].concat());
        let mut stream = [0; 32 + OUT_BYTES];
        ChaCha20::new(&key, &[0; 12].into()).write_keystream(&mut stream);
        gone.push((key_name, key.to_vec()));
        gone.push(("served bytes", stream[32..64].to_vec()));
        carry = stream[..32].to_vec();
        gone.push((carry_name, carry.clone()));
    }
    let (_, state) = gone.pop().expect("the last carry");
    Secrets { gone, state }
}

/// Two fills of `ctr-aes256` by the steps of SP 800-90A §10.2.1.
fn secrets_of_ctr_aes256() -> Secrets {
    let (mut key, mut v) = (vec![0; 32], 0_u128);
    let next = |key: &[u8], v: &mut u128| {
        *v = v.wrapping_add(1);
        let mut block = v.to_be_bytes().into();
        Aes256Enc::new_from_slice(key).expect("32 bytes").encrypt_block(&mut block);
        block.to_vec()
    };
    let mut gone = Vec::new();
    let update = |key: &mut Vec<u8>, v: &mut u128, provided: [u8; 48]| {
        let temp = [(); 3].map(|()| next(key, v)).concat();
        let temp: Vec<u8> = temp.iter().zip(provided).map(|(a, b)| a ^ b).collect();
        *key = temp[..32].to_vec();
        *v = u128::from_be_bytes(temp[32..].try_into().expect("16 of 48"));
        ("key", key.clone())
    };
    gone.push(update(&mut key, &mut v, SEED));
    for _ in 0..2 {
        gone.push(update(&mut key, &mut v, FRESH));
        let blocks: Vec<u8> =
            (0..OUT_BYTES.div_ceil(16)).flat_map(|_| next(&key, &mut v)).collect();
        gone.push(("served bytes", blocks[..32].to_vec()));
        gone.push(update(&mut key, &mut v, FRESH));
    }
    let (_, state) = gone.pop().expect("the last key");
    Secrets { gone, state }
}

/// The second process: two fills, then it waits to be read. Alone, it does nothing.
#[test]
fn second_process() {
    let Ok(name) = env::var(PART) else { return };
    let engine = Engine::named(&name).expect("an engine");
    let mut memory = Box::new([0; MEMORY_BYTES]);
    let mut out = Box::new([0; OUT_BYTES]);
    let mut seed = Box::new(SEED);
    let mut generator = Unseeded::new(engine, &mut memory).seed(&Seed::new(&mut seed));
    for _ in 0..2 {
        generator.fill(&FRESH, &mut *out).expect("short");
        out.zeroize();
    }
    println!("\nfilled");
    std::io::stdout().flush().expect("a pipe");
    let _closed = std::io::stdin().read(&mut [0]);
    drop(generator);
}

/// Counts where each of `needles` begins in the writable memory of a process.
fn count(pid: u32, needles: &[&[u8]]) -> Vec<usize> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).expect("our own child");
    let memory = fs::File::open(format!("/proc/{pid}/mem")).expect("our own child");
    let mut counts = vec![0; needles.len()];
    for line in maps.lines() {
        let mut words = line.split([' ', '-']);
        let mut address = || u64::from_str_radix(words.next()?, 16).ok();
        let (Some(start), Some(end)) = (address(), address()) else { continue };
        if !words.next().is_some_and(|access| access.starts_with("rw")) {
            continue;
        }
        let length = usize::try_from(end.saturating_sub(start)).expect("64 bits");
        let mut bytes = vec![0; length];
        if memory.read_exact_at(&mut bytes, start).is_ok() {
            for (count, needle) in counts.iter_mut().zip(needles) {
                *count += bytes.windows(needle.len()).filter(|window| window == needle).count();
            }
        }
    }
    counts
}

fn leaves_nothing_behind(engine: Engine, secrets: &Secrets) {
    let mut child = Command::new(env::current_exe().expect("this program"))
        .args(["--exact", "second_process", "--nocapture"])
        .env(PART, engine.name())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    assert!(lines.any(|line| line.is_ok_and(|line| line == "filled")), "{engine:?} never filled");
    let needles: Vec<&[u8]> = secrets.gone.iter().map(|(_, bytes)| &bytes[..16]).collect();
    let found = count(child.id(), &needles);
    let state = count(child.id(), &[&secrets.state]);
    drop(child.stdin.take());
    assert!(child.wait().expect("it ends").success());
    assert_eq!(state, [1], "{engine:?}: the state is where it belongs, and found by this search");
    for ((name, _), found) in secrets.gone.iter().zip(found) {
        assert_eq!(found, 0, "{engine:?}: {name} is still in memory");
    }
}

#[test]
fn no_old_key_and_no_served_byte_is_left_in_memory() {
    leaves_nothing_behind(Engine::ChaCha20, &secrets_of_chacha20());
    leaves_nothing_behind(Engine::CtrAes256, &secrets_of_ctr_aes256());
}
