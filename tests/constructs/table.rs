//! The table of `README.md`: every construct is in it, and every test that it names is there.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The constructs that a runbook language must hold, by what they are for: A values, B ways, C
/// commands, D people, E safety, F others, G the runbook as a whole.
const MUST: [&str; 39] = [
    "A1", "A2", "A3", "A5", "A6", "A7", "B1", "B2", "B3", "B4", "B5", "B7", "C1", "C2", "C3", "C4",
    "C5", "C6", "C7", "D1", "D2", "D3", "D4", "D6", "E1", "E2", "E3", "E4", "E5", "E6", "E7", "F1",
    "F3", "F4", "F6", "G1", "G2", "G4", "G6",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The rows of the table: what follows an id.
fn rows() -> BTreeMap<String, Vec<String>> {
    let text = fs::read_to_string(root().join("tests/constructs/README.md")).unwrap();
    let mut rows = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("| **")) {
        let cells: Vec<String> = line.split('|').map(|cell| cell.trim().to_owned()).collect();
        let id = cells[1].trim_matches('*').to_owned();
        assert!(rows.insert(id, cells[2..].to_vec()).is_none(), "twice: {line}");
    }
    rows
}

/// What stands in backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_construct_is_in_the_table() {
    let rows = rows();
    let ids: Vec<&str> = rows.keys().map(String::as_str).collect();
    assert_eq!(ids, MUST);
}

#[test]
fn every_test_that_the_table_names_is_there() {
    for (id, cells) in rows() {
        let (runbook, tests) = (&cells[1], quoted(&cells[2]));
        assert!(!tests.is_empty(), "{id} names no test");
        for name in quoted(runbook) {
            let path = root().join("tests/constructs").join(name);
            assert!(path.is_file(), "{id}: there is no {name}");
        }
        for test in tests {
            let (file, name) = test.split_once("::").unwrap_or_else(|| panic!("{id}: {test}"));
            let text = fs::read_to_string(root().join("tests").join(format!("{file}.rs")));
            let text = text.unwrap_or_else(|error| panic!("{id}: {file}: {error}"));
            assert!(text.contains(&format!("#[test]\nfn {name}() {{")), "{id}: there is no {test}");
        }
    }
}

#[test]
fn every_runbook_here_is_in_the_table_and_walked() {
    let folder = root().join("tests/constructs");
    let table = fs::read_to_string(folder.join("README.md")).unwrap();
    let walks = ["answered.rs", "by_hand.rs"].map(|file| fs::read_to_string(folder.join(file)));
    let walks = walks.map(Result::unwrap).concat();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|it| it == "yaml") {
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(table.contains(&format!("`{name}`")), "{name} is not in the table");
            assert!(walks.contains(&format!("include_str!(\"{name}\")")), "{name} is not walked");
        }
    }
}
