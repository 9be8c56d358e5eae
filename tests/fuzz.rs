//! What strangers can send, held against promises that hold for any bytes: each seed as it is, and
//! changed in ways that are the same in every run. `tests/fuzz.sh` goes on from here for as long as
//! wanted, led by coverage.

#[path = "fuzz/targets/mod.rs"]
mod targets;

use std::fs;
use std::path::Path;

use targets::TARGETS;

/// How many changed inputs a target is given. The whole takes seconds in a build without
/// optimisation; more belongs to the fuzzer.
const CHANGED: u64 = 300;

/// Bytes that decide something somewhere.
const TOKENS: [&[u8]; 24] = [
    b"\0",
    b"\n",
    b"\r\n",
    b"\t",
    b" ",
    b"'",
    b"\"",
    b"\\",
    b"`",
    b"$(",
    b"${",
    b"{{",
    b"}}",
    b"#",
    b": ",
    b"- ",
    b"&a ",
    b"*a",
    b"<<: ",
    b"!!str ",
    b"\x1b[",
    b"\xc2\x9b",
    "\u{202e}".as_bytes(),
    b"\xff",
];

/// Changes bytes by numbers that follow from where it began.
struct Changes(u64);

impl Changes {
    /// The generator of Vigna's "An experimental exploration of Marsaglia's xorshift generators".
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).expect("a length");
        usize::try_from(self.next() % end).expect("a length")
    }

    fn change(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            let end = (at + self.below(40)).min(bytes.len());
            match self.below(5) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 => drop(bytes.drain(at..end)),
                2 => {
                    let again = bytes[at..end].to_vec();
                    bytes.splice(at..at, again);
                }
                3 => {
                    let other = &seeds[self.below(seeds.len())];
                    let from = self.below(other.len() + 1);
                    bytes.truncate(at);
                    bytes.extend_from_slice(&other[from..]);
                }
                _ => drop(bytes.splice(at..at, TOKENS[self.below(TOKENS.len())].iter().copied())),
            }
        }
        bytes
    }
}

/// Runs a target over its seeds and what comes of them.
fn holds(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target");
    let seeds = (target.seeds)();
    assert!(!seeds.is_empty());
    for seed in &seeds {
        tried(name, target.run, seed);
    }
    let mut changes = Changes(0x9e37_79b9_7f4a_7c15);
    for _ in 0..CHANGED {
        tried(name, target.run, &changes.change(&seeds));
    }
}

/// Runs it once; where it panics, the bytes are kept to be looked at.
fn tried(name: &str, run: fn(&[u8]), bytes: &[u8]) {
    if std::panic::catch_unwind(|| run(bytes)).is_err() {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{name}"));
        fs::write(&path, bytes).expect("room for the bytes");
        panic!("these bytes, kept in {}: {}", path.display(), bytes.escape_ascii());
    }
}

macro_rules! holds {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            holds(stringify!($name));
        })*

        #[test]
        fn every_target_is_tried() {
            let tried = [$(stringify!($name)),*];
            assert_eq!(TARGETS.map(|target| target.name), tried);
        }
    };
}

holds!(alert display expression journal masker placement runbook scenario value);

#[test]
#[ignore = "writes what the fuzzer starts from: tests/fuzz.sh"]
fn write_seeds() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz-seeds");
    for target in &TARGETS {
        let folder = folder.join(target.name);
        fs::create_dir_all(&folder).expect("a folder can be made");
        for (n, seed) in (target.seeds)().iter().enumerate() {
            fs::write(folder.join(format!("seed-{n}")), seed).expect("room for a seed");
        }
    }
}
