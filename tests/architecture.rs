//! The architecture as a test: who may import whom, how long a file may be, and that every module
//! opens by saying what it is for.
#![expect(clippy::unwrap_used, reason = "clippy spares tests, not the helpers beside them")]

use std::fs;
use std::path::{Path, PathBuf};

/// The modules, bottom to top. Each may import only from those before it.
const LAYERS: [&str; 20] = [
    "diagnostic",
    "value",
    "expression",
    "template",
    "runbook",
    "policy",
    "settings",
    "plan",
    "engine",
    "journal",
    "report",
    "session",
    "process",
    "signing",
    "effects",
    "rehearsal",
    "catalog",
    "console",
    "cli",
    "main",
];

/// Modules that do no input or output and know no time.
const PURE: [&str; 9] = [
    "diagnostic",
    "value",
    "expression",
    "template",
    "runbook",
    "policy",
    "settings",
    "plan",
    "engine",
];

/// What a pure module must not name.
const IMPURE: [&str; 7] = [
    "std::fs",
    "std::net",
    "std::process",
    "std::env",
    "std::thread",
    "std::time::SystemTime",
    "std::time::Instant",
];

const MOST_LINES: usize = 500;

fn sources() -> Vec<(PathBuf, String)> {
    fn visit(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        let mut entries: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                visit(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    let mut found = Vec::new();
    visit(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.len() > 10, "the sources are not where this test looks");
    found
}

/// The first component below `src`, without the ending.
fn module(path: &Path) -> String {
    let below = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let first = below.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|known| *known == module)
}

/// The part of a file above its inline tests, without comments.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(index, line)| (index + 1, line))
}

/// The modules that a line names as `crate::x`.
fn named(line: &str) -> Vec<&str> {
    line.match_indices("crate::")
        .filter(|(at, _)| {
            !line[..*at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
        })
        .map(|(at, found)| {
            let rest = &line[at + found.len()..];
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            &rest[..end]
        })
        .collect()
}

#[test]
fn modules_import_downwards_only() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let own = module(&path);
        if own == "lib" {
            continue;
        }
        let Some(own_layer) = layer(&own) else {
            wrong.push(format!("{}: `{own}` is in no layer", path.display()));
            continue;
        };
        for (number, line) in code(&text) {
            if line.contains("crate::{") {
                wrong.push(format!("{}:{number}: one `use` a module, please", path.display()));
            }
            for name in named(line) {
                if layer(name).is_none_or(|other| other > own_layer) {
                    wrong.push(format!("{}:{number}: `{own}` imports `{name}`", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pure_modules_do_no_io_and_know_no_time() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        if !PURE.contains(&module(&path).as_str()) {
            continue;
        }
        for (number, line) in code(&text) {
            if let Some(name) = IMPURE.iter().find(|name| line.contains(**name)) {
                wrong.push(format!("{}:{number}: {name}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether a line names this crate, and not something whose name ends like it.
fn names_crate(line: &str, name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(&format!("{name}::")).any(|(at, _)| !line[..at].ends_with(word))
}

#[test]
fn only_process_spawns() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        if module(&path) == "process" {
            continue;
        }
        for (number, line) in code(&text) {
            if line.contains("process::Command") || names_crate(line, "duct") {
                wrong.push(format!("{}:{number}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_have_one_subject_and_say_which() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let lines = code(&text).count();
        if lines > MOST_LINES {
            wrong.push(format!("{}: {lines} lines of code", path.display()));
        }
        if !text.starts_with("//!") {
            wrong.push(format!("{}: does not open with what it is for", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_import_scan_sees_what_it_should() {
    assert_eq!(named("use crate::engine::Event;"), ["engine"]);
    assert_eq!(named("let x = crate::value::Name::new(crate::plan::y);"), ["value", "plan"]);
    assert_eq!(named("use other_crate::engine;"), Vec::<&str>::new());
    assert!(names_crate("duct::cmd(x)", "duct") && names_crate("use duct::cmd;", "duct"));
    assert!(!names_crate("Conduct::Followed", "duct"));
}
