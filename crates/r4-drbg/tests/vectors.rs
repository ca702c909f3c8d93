//! `CTR_DRBG` against NIST's ACVP vectors, which are not in this repository: `R4_VECTORS` names
//! their folder.
#![expect(clippy::expect_used, reason = "a test stops where it is surprised")]

use std::{fs, path::Path};

use r4_drbg::{Engine, MEMORY_BYTES, Seed, Unseeded};
use serde_json::Value;

fn field(test: &Value, name: &str) -> [u8; 48] {
    let value = test[name].as_str().unwrap_or_else(|| panic!("{name} in {test}"));
    hex::decode(value).expect("hex").try_into().expect("48 bytes")
}

/// A seed with the optional input of the standard: both are xored (SP 800-90A §10.2.1.3.1, §10.2.1.4.1).
fn seed(test: &Value, entropy: &str, optional: &str) -> [u8; Seed::BYTES] {
    let mut bytes = field(test, entropy);
    bytes.iter_mut().zip(field(test, optional)).for_each(|(byte, with)| *byte ^= with);
    bytes
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the one setting of this test")]
fn ctr_aes256_gives_what_nist_publishes() {
    let Ok(folder) = std::env::var("R4_VECTORS") else {
        println!("skipped: R4_VECTORS is not set");
        return;
    };
    let file = fs::read(Path::new(&folder).join("ctr-drbg-aes256-acvp.json")).expect("the file");
    let all: Value = serde_json::from_slice(&file).expect("JSON");
    let tests = all["tests"].as_array().expect("a list");
    assert!(!tests.is_empty());
    for case in tests {
        let mut memory = [0; MEMORY_BYTES];
        let unseeded = Unseeded::new(Engine::CtrAes256, &mut memory);
        let mut generator =
            unseeded.seed(&Seed::new(&mut seed(case, "entropy_input", "personalization")));
        generator.reseed(&Seed::new(&mut seed(case, "reseed_entropy", "reseed_additional")));
        let mut out = [0; 512];
        for fresh in ["generate1_additional", "generate2_additional"] {
            generator.fill(&field(case, fresh), &mut out).expect("within the limits");
        }
        assert_eq!(out[..48], field(case, "returned_bits_first_48_bytes"));
    }
}
