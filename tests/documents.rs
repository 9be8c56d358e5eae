//! The documents as a test: the runbooks in them load, their links lead somewhere, and their tables
//! say what the program says.
#![expect(clippy::unwrap_used, reason = "clippy spares tests, not the helpers beside them")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use surefoot::catalog::{File, runbooks_below};
use surefoot::diagnostic::{Colour, Severity, Source, render};
use surefoot::runbook::{NoRepository, RULES, load, schema};

const WIDTH: usize = 100;

#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says whether to write")]
fn bless() -> bool {
    std::env::var_os("BLESS").is_some()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All documents: those at the root, and all below `docs/`.
fn documents() -> BTreeMap<PathBuf, String> {
    let mut folders = vec![root().to_owned(), root().join("docs")];
    let mut found = BTreeMap::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && folder != root() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "md") {
                let text = fs::read_to_string(&path).unwrap();
                found.insert(path, text);
            }
        }
    }
    assert!(found.len() > 8, "documents are missing: {:?}", found.keys());
    found
}

/// The blocks of code in one language, with the line each begins at.
fn blocks(text: &str, language: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, bool, String)> = None;
    for (number, line) in text.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => open = Some((number + 1, info.trim() == language, String::new())),
            (Some(_), Some(_)) => {
                if let Some((at, true, block)) = open.take() {
                    found.push((at, block));
                }
            }
            (Some((_, _, block)), None) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block of code is not closed");
    found
}

/// The text without its blocks of code.
fn prose(text: &str) -> String {
    let mut inside = false;
    let outside = text.lines().filter(|line| {
        let fence = line.starts_with("```");
        inside ^= fence;
        !fence && !inside
    });
    outside.collect::<Vec<_>>().join("\n")
}

#[test]
fn runbooks_in_the_documents_load_without_findings() {
    let mut count = 0;
    for (path, text) in documents() {
        for (line, block) in blocks(&text, "yaml") {
            if !block.starts_with("schema: surefoot/v1") {
                continue;
            }
            count += 1;
            let name = format!("{}, line {line}", path.display());
            let source = Source { name: "document.yaml".to_owned(), text: block.as_str().into() };
            let findings = load(&source, &NoRepository).findings;
            let told = render(&source, &findings, WIDTH, Colour::Plain);
            assert!(findings.is_empty(), "{name}:\n{told}");
        }
    }
    assert!(count >= 5, "only {count} runbooks were found in the documents");
}

#[test]
fn a_broken_runbook_in_a_document_would_be_found() {
    let text = "words\n\n```yaml\nschema: surefoot/v1\ntitle: x\nsteps: [ { rnu: uptime } ]\n```\n";
    let found = blocks(text, "yaml");
    let (line, block) = &found[0];
    assert_eq!(*line, 3);
    let source = Source { name: "document.yaml".to_owned(), text: block.as_str().into() };
    let findings = load(&source, &NoRepository).findings;
    assert!(findings.iter().any(|found| found.severity == Severity::Error));
}

#[test]
fn the_runbooks_of_this_repository_have_no_findings() {
    let paths = runbooks_below(&root().join("runbooks"));
    assert!(paths.len() >= 3, "runbooks are missing: {paths:?}");
    for path in paths {
        let name = path.display().to_string();
        let (source, loaded) = File::read(&path).unwrap().load(&name);
        let told = render(&source, &loaded.findings, WIDTH, Colour::Plain);
        assert!(loaded.findings.is_empty(), "{told}");
        assert!(loaded.runbook.is_some(), "{name} does not load");
    }
}

#[test]
fn the_quick_start_is_two_commands() {
    let readme = read("README.md");
    let (_, start) = readme.split_once("\n## Quick start\n").expect("a quick start");
    let section = start.split("\n## ").next().unwrap();
    let commands: Vec<&str> = section.lines().filter(|line| line.starts_with("cargo ")).collect();
    assert_eq!(commands, ["cargo run --release -- run runbooks/demo.yaml", "cargo test"]);
}

/// The targets of links in a text that are no addresses.
fn links(text: &str) -> Vec<String> {
    let parts = text.split("](").skip(1);
    let targets = parts.filter_map(|part| part.split(')').next());
    targets.filter(|it| !it.contains("://")).map(str::to_owned).collect()
}

/// The name under which a heading is linked to.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter_map(|c| match c {
        ' ' => Some('-'),
        '-' | '_' => Some(c),
        c if c.is_alphanumeric() => Some(c.to_ascii_lowercase()),
        _ => None,
    });
    kept.collect()
}

fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#'))).collect()
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut count = 0;
    for (path, text) in documents() {
        for link in links(&prose(&text)) {
            count += 1;
            let (file, heading) = link.split_once('#').unwrap_or((&link, ""));
            let target = match file {
                "" => path.clone(),
                file => path.parent().unwrap().join(file),
            };
            let place = format!("{}: {link}", path.display());
            assert!(target.exists(), "{place}: there is no such file");
            if !heading.is_empty() {
                let there = anchors(&prose(&fs::read_to_string(&target).unwrap()));
                assert!(there.contains(heading), "{place}: there is no such heading: {there:?}");
            }
        }
    }
    assert!(count >= 10, "only {count} links were found");
}

#[test]
fn the_page_of_exit_codes_is_the_table_of_the_program() {
    let source = read("src/cli/exit.rs");
    let variants = source.lines().filter_map(|line| line.trim().strip_suffix(','));
    let program: Vec<u8> = variants
        .filter_map(|line| line.split_once(" = "))
        .filter_map(|(_, code)| code.parse().ok())
        .collect();
    assert!(program.contains(&0) && program.contains(&130), "{program:?}");
    let page = read("docs/reference/exit-codes.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| "));
    let documented: Vec<u8> = rows.filter_map(|row| row.split(' ').next()?.parse().ok()).collect();
    assert_eq!(documented, program);
}

/// The names of all keys of the language.
fn keys(schema: &Value, found: &mut BTreeSet<String>) {
    let Some(map) = schema.as_object() else {
        return;
    };
    if let Some(properties) = map.get("properties").and_then(Value::as_object) {
        found.extend(properties.keys().cloned());
    }
    for definition in map.get("$defs").and_then(Value::as_object).into_iter().flatten() {
        keys(definition.1, found);
    }
}

#[test]
fn every_key_of_the_language_is_in_the_reference() {
    let mut all = BTreeSet::new();
    keys(&schema(), &mut all);
    assert!(all.len() > 60, "keys are missing: {all:?}");
    let page = read("docs/reference/runbook.md");
    // Keys stand alone between backticks, or in a form such as `{ from: scripts/fix.sh }`.
    let code: Vec<&str> = page.split('`').skip(1).step_by(2).collect();
    let code = code.join(" ");
    let words: BTreeSet<&str> =
        code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let missing: Vec<_> = all.iter().filter(|key| !words.contains(key.as_str())).collect();
    assert!(missing.is_empty(), "the reference does not name {missing:?}");
}

#[test]
fn the_command_table_of_the_readme_names_every_command() {
    let source = read("src/cli/args.rs");
    let (_, commands) = source.split_once("enum Command {").expect("the commands");
    let commands = commands.split("\n}\n").next().unwrap();
    let names = commands
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()))
        .filter_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric()).next());
    let readme = read("README.md");
    let mut count = 0;
    for name in names {
        count += 1;
        let row = format!("| `{}", name.to_lowercase());
        assert!(readme.contains(&row), "the README has no row for `{}`", name.to_lowercase());
    }
    assert!(count >= 10, "only {count} commands were found");
}

#[test]
fn the_architecture_page_names_every_module() {
    let page = read("docs/architecture.md");
    let mut modules: Vec<String> = fs::read_dir(root().join("src"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    modules.sort();
    assert!(modules.len() > 10, "modules are missing: {modules:?}");
    for module in modules {
        assert!(page.contains(&format!("| `{module}` |")), "there is no row for `{module}`");
    }
}

#[test]
fn the_page_of_checks_is_made_from_the_rules() {
    let page = read("docs/reference/checks.md");
    let (head, _) = page.split_once("## Errors\n").expect("the page has its heading");
    let mut made = head.to_owned();
    for (severity, heading) in [(Severity::Error, "Errors"), (Severity::Warning, "Warnings")] {
        writeln!(made, "## {heading}").unwrap();
        for rule in RULES.iter().filter(|rule| rule.severity == severity) {
            let text =
                textwrap::fill(&format!("{}. {}", capital(rule.title), rule.explanation), 118);
            writeln!(made, "\n### {}\n\n{text}", rule.code).unwrap();
        }
        if severity == Severity::Error {
            made.push('\n');
        }
    }
    if bless() {
        fs::write(root().join("docs/reference/checks.md"), &made).unwrap();
    } else {
        assert!(page == made, "the page is out of date: BLESS=1 cargo test --test documents");
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Editors read it from the repository; `surefoot schema` prints the same.
#[test]
fn the_committed_schema_is_the_one_of_the_program() {
    let path = root().join("schemas/runbook-v1.schema.json");
    let made = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if bless() {
        fs::write(path, made).unwrap();
    } else {
        let kept = fs::read_to_string(path).unwrap();
        assert!(kept == made, "it is out of date: BLESS=1 cargo test --test documents");
    }
}
