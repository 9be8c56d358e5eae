//! What must hold for any bytes whatever. A target takes bytes and panics when they break a promise;
//! `tests/fuzz.rs` runs it over seeds and changed seeds, `tests/fuzz.sh` for as long as wanted, led
//! by what the program covers.

mod alert;
mod display;
mod expression;
mod journal;
mod masker;
mod placement;
mod runbook;
mod scenario;
mod value;

use std::fs;
use std::path::Path;

/// Something that takes bytes from strangers.
pub(crate) struct Target {
    /// Its name.
    pub(crate) name: &'static str,
    /// Panics if the bytes break a promise.
    pub(crate) run: fn(&[u8]),
    /// Bytes worth starting from.
    pub(crate) seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub(crate) const TARGETS: [Target; 9] = [
    Target { name: "alert", run: alert::run, seeds: alert::seeds },
    Target { name: "display", run: display::run, seeds: display::seeds },
    Target { name: "expression", run: expression::run, seeds: expression::seeds },
    Target { name: "journal", run: journal::run, seeds: journal::seeds },
    Target { name: "masker", run: masker::run, seeds: masker::seeds },
    Target { name: "placement", run: placement::run, seeds: placement::seeds },
    Target { name: "runbook", run: runbook::run, seeds: runbook::seeds },
    Target { name: "scenario", run: scenario::run, seeds: scenario::seeds },
    Target { name: "value", run: value::run, seeds: value::seeds },
];

/// The files with this ending in a folder of the repository and those below it.
fn files(folder: &str, ending: &str) -> Vec<Vec<u8>> {
    fn visit(folder: &Path, ending: &str, found: &mut Vec<Vec<u8>>) {
        let mut paths: Vec<_> = fs::read_dir(folder)
            .expect("the repository is whole")
            .map(|entry| entry.expect("a folder can be read").path())
            .collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                visit(&path, ending, found);
            } else if path.extension().is_some_and(|it| it == ending) {
                found.push(fs::read(&path).expect("a file can be read"));
            }
        }
    }
    // The package of the fuzzer stands two folders below this one.
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = if root.ends_with("tests/fuzz") { root.join("../..") } else { root.to_owned() };
    let mut found = Vec::new();
    visit(&root.join(folder), ending, &mut found);
    found
}

/// Whether a terminal would obey something in this text.
fn has_controls(text: &str) -> bool {
    text.chars().any(|c| (c.is_control() && !matches!(c, '\n' | '\t')) || turns(c))
}

/// Whether a character turns text around.
fn turns(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Takes the first byte off as a number, 0 if there is none.
fn first(data: &[u8]) -> (usize, &[u8]) {
    data.split_first().map_or((0, data), |(first, rest)| (usize::from(*first), rest))
}
