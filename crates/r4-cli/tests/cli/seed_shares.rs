//! `r4 keys split` and `combine`.

use std::fs;
use std::path::PathBuf;

use crate::run::{Folder, Said, mode, r4, r4_with_input};

/// A folder with a seed, and `shares` shares of it in a folder of their own, `needed` of them needed.
struct Split {
    folder: Folder,
    key_hash: String,
}

impl Split {
    fn new() -> Self {
        let folder = Folder::new();
        let seed = folder.path("root.seed");
        let made = r4(&[&"keys", &"generate", &"--json", &"--out", &seed]).exits(0).json();
        Self { folder, key_hash: made["key_hash"].as_str().unwrap().to_owned() }
    }

    fn split(&self, needed: &str, shares: &str, out: &str) -> Said {
        let (seed, out) = (self.folder.path("root.seed"), self.folder.path(out));
        fs::create_dir_all(&out).unwrap();
        let args = ["keys", "split", "--needed", needed, "--shares", shares];
        let mut command = crate::run::command(&[]);
        crate::run::finish(command.args(args).arg("--seed").arg(seed).arg("--out").arg(out))
    }

    fn share(&self, set: &str, number: usize) -> PathBuf {
        self.folder.path(&format!("{set}/share-{number}.txt"))
    }

    fn combine(&self, shares: &[PathBuf]) -> Said {
        let mut command = crate::run::command(&[&"keys", &"combine", &"--out"]);
        crate::run::finish(command.arg(self.folder.path("again.seed")).args(shares))
    }

    /// The seed was made again; it is removed.
    #[track_caller]
    fn made_again(&self) {
        let (old, new) = (self.folder.path("root.seed"), self.folder.path("again.seed"));
        assert_eq!(fs::read(old).unwrap(), fs::read(&new).unwrap());
        assert_eq!(mode(&new), 0o600);
        fs::remove_file(new).unwrap();
    }

    #[track_caller]
    fn refused(&self, shares: &[PathBuf], code: i32, words: &str) {
        self.combine(shares).exits(code).says(words);
        assert!(!self.folder.path("again.seed").exists(), "{words}");
    }
}

#[test]
fn any_shares_that_are_enough_make_the_seed_again() {
    let split = Split::new();
    let said = split.split("3", "5", "a").exits(0).says("any 3 of them make the seed");
    assert!(said.out.is_empty(), "{said:?}");
    assert_eq!(mode(&split.share("a", 1)), 0o600);
    for numbers in [&[1, 2, 3][..], &[5, 1, 4], &[2, 4, 5], &[1, 2, 3, 4, 5]] {
        let shares: Vec<_> = numbers.iter().map(|number| split.share("a", *number)).collect();
        split.combine(&shares).exits(0).says(&split.key_hash);
        split.made_again();
    }
    // All of them typed into one file, in capital groups and lines of another length.
    let typed: String =
        [1, 3, 5].map(|number| fs::read_to_string(split.share("a", number)).unwrap()).concat();
    let out = split.folder.path("again.seed");
    let typed = typed.replace('\n', " \n\n");
    r4_with_input(&[&"keys", &"combine", &"--out", &out, &"-"], typed.as_bytes()).exits(0);
    split.made_again();
    split.split("3", "5", "a").exits(2).says("share-1.txt: it exists already");
    split.split("4", "3", "b").exits(2).says("4 shares cannot be needed of 3");
    split.split("1", "3", "b").exits(2).says("--needed");
}

#[test]
fn shares_that_do_not_make_the_seed_are_refused_by_name() {
    let split = Split::new();
    split.split("2", "3", "a").exits(0);
    split.split("2", "3", "b").exits(0);
    let share = |set, number| split.share(set, number);
    split.refused(&[share("a", 1)], 2, "2 shares are needed, 1 given");
    split.refused(&[share("a", 1), share("a", 1)], 2, "share 1 was given already");
    split.refused(&[share("a", 1), share("b", 2)], 2, "different sets, which do not mix");
    let text = fs::read_to_string(share("a", 2)).unwrap();
    let mistyped = text.replacen(&text[text.find("key").unwrap() + 21..][..8], "00000000", 1);
    assert_ne!(mistyped, text);
    let bad = split.folder.write("bad.txt", mistyped);
    split.refused(&[share("a", 1), bad], 2, "something in it was mistyped");
    let half = split.folder.write("half.txt", &text[..text.len() / 2]);
    split.refused(&[share("a", 1), half], 2, "or not all of it");
    let hash = "0x".to_owned() + &"5e".repeat(32);
    let out = split.folder.path("again.seed");
    let (one, two) = (share("a", 1), share("a", 2));
    r4(&[&"keys", &"combine", &"--out", &out, &"--key-hash", &hash, &one, &two])
        .exits(1)
        .says(&split.key_hash);
    assert!(!out.exists());
    let taken = split.folder.path("root.seed");
    r4(&[&"keys", &"combine", &"--out", &taken, &one, &two]).exits(2).says("exists already");
    split.combine(&[one, two]).exits(0);
    split.made_again();
}
