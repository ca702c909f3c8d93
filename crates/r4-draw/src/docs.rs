//! Holds `docs/draws.md` to the code: its worked examples are those of `vectors/draws.json`, computed
//! here once more, step by step, from the text of the documentation.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "small numbers, in tests alone"
)]

use std::path::Path;
use std::prelude::v1::*;
use std::{format, vec};

use serde_json::Value;

use crate::lists::MAX_PARTICIPANT_BYTES;
use crate::spec::MAX_LABEL;
use crate::{MAX_COUNT, MAX_DRAW_BYTES, Stream};

/// The examples, by their names in the vectors.
const EXAMPLES: [&str; 8] = [
    "integers: six of 49, unique",
    "shuffle: the running order of five",
    "winners: two of four",
    "winners: weighted, two of four",
    "dice: five of six sides",
    "cards: a hand of five",
    "decimals: three",
    "uuids: one",
];

fn file(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

#[test]
fn the_worked_examples_are_right() {
    let vectors: Value = serde_json::from_str(&file("vectors/draws.json")).unwrap();
    let docs = file("docs/draws.md");
    for name in EXAMPLES {
        let cases = vectors["algorithm"].as_array().unwrap();
        let case = cases.iter().find(|case| case["name"] == name).unwrap();
        let example = Example::of(case);
        assert_eq!(Value::from(example.result.clone()), case["result"], "{name}");
        let text = example.text(case);
        assert!(docs.contains(&text), "docs/draws.md must have this for {name}:\n{text}");
    }
}

#[test]
fn the_limits_are_right() {
    let docs = file("docs/draws.md");
    for (words, limit) in [
        ("at most 10,000 results", MAX_COUNT as usize == 10_000),
        ("1 to 200 bytes of UTF-8", MAX_PARTICIPANT_BYTES == 200),
        ("1 to 128 printable ASCII", MAX_LABEL == 128),
        ("8 MiB", MAX_DRAW_BYTES == 8 << 20),
    ] {
        assert!(docs.contains(words) && limit, "{words}");
    }
}

/// An example as it is written in the documentation.
struct Example {
    words: Stream,
    steps: Vec<String>,
    result: Vec<Value>,
}

impl Example {
    fn of(case: &Value) -> Self {
        let random = hex::decode(case["random"].as_str().unwrap()).unwrap();
        let words = Stream::new(&random.try_into().unwrap());
        let mut example = Self { words, steps: vec![], result: vec![] };
        let draw = &case["draw"];
        let number = |name: &str| draw[name].as_u64().unwrap();
        match draw["kind"].as_str().unwrap() {
            "integers" => example.pick(number("count"), number("max"), |at| (1 + at).into()),
            "shuffle" => example.pick(number("n"), number("n"), Value::from),
            "winners" if case["weights"].is_array() => {
                let weights = case["weights"].as_array().unwrap();
                example.weighted(weights.iter().map(|weight| weight.as_u64().unwrap()).collect());
            }
            "winners" => example.pick(number("k"), number("n"), Value::from),
            "dice" => example.each(number("count"), number("sides"), |at| (1 + at).into()),
            "cards" => example.pick(number("count"), 52, |at| {
                let letter = |letters: &str, at: u64| letters.chars().nth(at as usize).unwrap();
                format!("{}{}", letter("A23456789TJQK", at % 13), letter("SHDC", at / 13)).into()
            }),
            "decimals" => {
                example.each(number("count"), 1_000_000, |at| format!("0.{at:06}").into());
            }
            _ => example.uuid(),
        }
        example
    }

    /// Takes a word below a limit; no example has one that is thrown away.
    fn below(&mut self, m: u64) -> (String, u64) {
        let word = self.words.word();
        assert!(u128::from(word) < (1 << 64) - (1 << 64) % u128::from(m));
        (format!("{word:016x} mod {m} = {}", word % m), word % m)
    }

    fn each(&mut self, count: u64, m: u64, value: impl Fn(u64) -> Value) {
        for _ in 0..count {
            let (step, number) = self.below(m);
            self.step(&step, value(number));
        }
    }

    fn pick(&mut self, k: u64, m: u64, value: impl Fn(u64) -> Value) {
        let mut list: Vec<u64> = (0..m).collect();
        for at in 0..k {
            let (step, number) = self.below(m - at);
            let other = at + number;
            list.swap(at as usize, other as usize);
            let entry = list[at as usize];
            self.step(&format!("{step}, j = {other}, a[{at}] = {entry}"), value(entry));
        }
    }

    fn weighted(&mut self, mut weights: Vec<u64>) {
        for _ in 0..2 {
            let (step, x) = self.below(weights.iter().sum());
            let sums: Vec<u64> =
                (1..=weights.len()).map(|end| weights[..end].iter().sum()).collect();
            let winner = sums.iter().position(|sum| *sum > x).unwrap();
            weights[winner] = 0;
            self.step(&format!("{step}, sums {sums:?}"), winner.into());
        }
    }

    fn uuid(&mut self) {
        let (high, low) = (self.words.word(), self.words.word());
        let high = (format!("{high:016x}"), high & !0xf000 | 0x4000);
        let low = (format!("{low:016x}"), low << 2 >> 2 | 1 << 63);
        let digits = format!("{:016x}{:016x}", high.1, low.1);
        let part = |from: usize, to: usize| digits[from..to].to_string();
        let uuid = [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-");
        self.step(&format!("{} {}", high.0, low.0), uuid.into());
    }

    fn step(&mut self, step: &str, value: Value) {
        self.steps.push(format!("word    {step} -> {value}\n"));
        self.result.push(value);
    }

    fn text(&self, case: &Value) -> String {
        let alpha = hex::decode(case["alpha"].as_str().unwrap()).unwrap();
        let alpha = String::from_utf8(alpha).unwrap().trim_end().replace('\n', "\n        ");
        let random = case["random"].as_str().unwrap();
        let result = Value::from(self.result.clone());
        let steps = self.steps.concat();
        format!("alpha   {alpha}\nrandom  {random}\n{steps}result  {result}\n")
    }
}
