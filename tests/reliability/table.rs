//! `docs/reliability.md` names a test for each guarantee: each guarantee has a row, and each test
//! that is named exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What is promised, by name. A promise is never taken out of this list because no test shows it: its
/// row says so.
const GUARANTEES: [(&str, std::ops::RangeInclusive<u32>); 9] = [
    ("D", 1..=15),
    ("P", 1..=11),
    ("V", 1..=5),
    ("T", 1..=6),
    ("I", 1..=5),
    ("S", 1..=4),
    ("X", 1..=6),
    ("E", 1..=4),
    ("C", 1..=5),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The cells of the rows of the table that begin with a guarantee.
fn rows() -> Vec<Vec<String>> {
    let text = fs::read_to_string(root().join("docs/reliability.md")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| **"));
    let cells = |row: &str| row.split('|').map(|cell| cell.trim().to_owned()).collect();
    rows.map(cells).collect()
}

/// The names of all tests, each with the module that it is in.
fn tests() -> BTreeSet<String> {
    fn visit(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(&path, found);
            } else if path.extension().is_some_and(|it| it == "rs") {
                found.push(path);
            }
        }
    }
    let mut files = Vec::new();
    for folder in ["src", "tests"] {
        visit(&root().join(folder), &mut files);
    }
    let mut names = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let mut is_test = false;
        for line in text.lines().map(str::trim) {
            is_test |= line == "#[test]";
            if let Some(rest) = line.strip_prefix("fn ").filter(|_| is_test) {
                names.insert(rest.split('(').next().unwrap().to_owned());
                is_test = false;
            }
        }
    }
    assert!(names.len() > 500, "the tests are not where this one looks");
    names
}

#[test]
fn every_guarantee_has_a_row() {
    let mut wanted: Vec<String> = GUARANTEES
        .into_iter()
        .flat_map(|(letter, numbers)| numbers.map(move |number| format!("{letter}{number}")))
        .collect();
    // Its part about power cuts is in D1; the statuses have a page of their own.
    wanted.retain(|id| !["D4", "D14"].contains(&id.as_str()));
    let found: Vec<String> =
        rows().iter().map(|cells| cells[0].split("**").next().unwrap().to_owned()).collect();
    for id in wanted {
        assert!(found.contains(&id), "{id} has no row");
    }
}

#[test]
fn every_test_that_is_named_exists() {
    let tests = tests();
    let mut named = 0;
    for cells in rows() {
        for name in cells[1].split('`').skip(1).step_by(2) {
            // A file or a recipe is named with more than a name.
            if name.contains(['/', '.', ' ']) {
                let path = root().join(name);
                assert!(name.contains(' ') || path.exists(), "{name} does not exist");
                continue;
            }
            let name = name.rsplit("::").next().unwrap();
            assert!(tests.contains(name), "there is no test `{name}`: {}", cells[0]);
            named += 1;
        }
    }
    assert!(named > 60, "only {named} tests are named");
}
