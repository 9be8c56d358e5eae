//! Runbooks that must load without a word, and runbooks that must be refused or warned about with
//! exactly the findings written beside them. `BLESS=1` rewrites the findings.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic like tests do")]

#[path = "support/json_schema.rs"]
mod json_schema;

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use json_schema::problems;
use proptest::prelude::*;
use surefoot::diagnostic::{Colour, Severity, Source, render};
use surefoot::runbook::{
    BroughtFile, Loaded, NoRepository, Repository, StepId, TargetRef, UseFailed, UsedFile,
    UsedPlace, ad_hoc, decode, edit, load, scenario_schema, schema,
};
use surefoot::value::{Name, Type};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/runbooks").join(name)
}

fn runbooks(name: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder(name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no runbooks in {name}");
    paths
}

/// A repository that holds one script, and the runbooks of `tests/runbooks` for those that use
/// others. It stands in one of their folders.
struct OneScript {
    own: PathBuf,
}

impl OneScript {
    fn around(path: &Path) -> Self {
        Self { own: path.to_owned() }
    }
}

impl Repository for OneScript {
    fn read(&self, path: &str) -> Result<BroughtFile, String> {
        if path == "scripts/fix.sh" {
            Ok(BroughtFile {
                path: path.to_owned(),
                bytes: b"echo fixed\n".to_vec(),
                executable: true,
            })
        } else {
            Err(format!("`{path}` is not a file of the repository"))
        }
    }

    fn holds(&self, word: &str) -> bool {
        word == "scripts/fix.sh"
    }

    fn own_path(&self) -> Option<String> {
        let path = self.own.strip_prefix(folder("")).unwrap_or(&self.own);
        Some(path.to_str().unwrap().to_owned())
    }

    fn used(&self, place: &UsedPlace) -> Result<UsedFile, UseFailed> {
        let path = match place {
            UsedPlace::Catalog { service, id } if service.as_str() == "shop" => {
                folder("used").join(format!("{id}.yaml"))
            }
            UsedPlace::Catalog { .. } => return Err(UseFailed::Away),
            UsedPlace::File(path) => self.own.parent().unwrap().join(path),
        };
        let Ok(path) = fs::canonicalize(path) else {
            return Err(match place {
                UsedPlace::Catalog { .. } => UseFailed::Away,
                UsedPlace::File(path) => UseFailed::Unreadable(format!("there is no `{path}`")),
            });
        };
        let bytes = fs::read(&path).map_err(|error| UseFailed::Unreadable(error.to_string()))?;
        let repository = Self::around(&path);
        let name = repository.own_path().unwrap();
        Ok(UsedFile { name, bytes, repository: Box::new(repository) })
    }

    fn service_name(&self) -> Option<String> {
        Some("shop".to_owned())
    }
}

fn loaded(path: &Path) -> (Source, Loaded) {
    let name = path.file_name().unwrap().to_str().unwrap();
    let (source, findings) = decode(name, &fs::read(path).unwrap());
    if findings.is_empty() {
        let loaded = load(&source, &OneScript::around(path));
        return (source, loaded);
    }
    let loaded = Loaded { runbook: None, findings };
    (source, loaded)
}

fn check_text(text: &str) -> Loaded {
    let source = Source { name: "test.yaml".to_owned(), text: text.into() };
    load(&source, &OneScript::around(Path::new("test.yaml")))
}

#[test]
fn valid_runbooks_load_without_a_word() {
    for path in runbooks("valid") {
        let (source, loaded) = loaded(&path);
        let text = render(&source, &loaded.findings, 100, Colour::Plain);
        assert!(text.is_empty(), "{}:\n{text}", path.display());
        assert!(loaded.runbook.is_some(), "{}", path.display());
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test may be told to rewrite its expectations")]
fn invalid_runbooks_get_exactly_their_findings() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    for path in runbooks("invalid") {
        let (source, loaded) = loaded(&path);
        let text = render(&source, &loaded.findings, 100, Colour::Plain);
        let errors = loaded.findings.iter().any(|found| found.severity == Severity::Error);
        assert!(!text.is_empty(), "{}: no finding", path.display());
        assert_eq!(loaded.runbook.is_none(), errors, "{}", path.display());
        let beside = path.with_extension("diagnostics");
        if bless {
            fs::write(&beside, text).unwrap();
        } else if fs::read_to_string(&beside).unwrap_or_default() != text {
            wrong.push(format!("{}:\n{text}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_a_runbook_that_breaks_it() {
    let texts: String = runbooks("invalid")
        .iter()
        .map(|path| fs::read_to_string(path.with_extension("diagnostics")).unwrap_or_default())
        .collect();
    let missing: Vec<&str> = surefoot::runbook::RULES
        .iter()
        .map(|rule| rule.code)
        .filter(|code| !texts.contains(&format!("[{code}]")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn as_json(text: &str) -> serde_json::Value {
    serde_yaml::from_str(text).unwrap()
}

#[test]
fn every_runbook_that_loads_fits_the_schema() {
    let schema = schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks");
    let own = fs::read_dir(own).unwrap().map(|entry| entry.unwrap().path());
    let own = own.filter(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    for path in runbooks("valid").into_iter().chain(own) {
        let problems = problems(&schema, &as_json(&fs::read_to_string(&path).unwrap()));
        assert!(problems.is_empty(), "{}: {problems:#?}", path.display());
    }
    // Those that are only warned about load as well.
    for path in runbooks("invalid") {
        let (source, loaded) = loaded(&path);
        if loaded.runbook.is_some() {
            let problems = problems(&schema, &as_json(&source.text));
            assert!(problems.is_empty(), "{}: {problems:#?}", path.display());
        }
    }
}

#[test]
fn the_schema_refuses_what_the_loader_refuses_by_its_form() {
    let schema = schema();
    let step = |step: &str| format!("{{ schema: surefoot/v1, title: A, steps: [ {step} ] }}");
    for (text, told) in [
        (step("{ run: a, do: b }"), "nothing may stand here"),
        (step("{ title: a }"), "breaks required: [\"run\"]"),
        (step("{ do: a, expect: true }"), "nothing may stand here"),
        (step("{ rnu: a }"), "nothing may stand here"),
        (step("{ run: a, effect: reading }"), "breaks enum"),
        (step("{ run: a, timeout: 5 minutes }"), "breaks pattern"),
        (step("{ ask: a, options: [ { id: a, label: A, goto: b, end: done } ] }"), "nothing"),
        ("{ schema: surefoot/v1, steps: [] }".to_owned(), "breaks required"),
        ("{ schema: surefoot/v2, title: A, steps: [] }".to_owned(), "breaks enum"),
    ] {
        let found = problems(&schema, &as_json(&text));
        assert!(found.iter().any(|found| found.contains(told)), "{text}: {found:?}");
        assert!(check_text(&text).runbook.is_none(), "{text}");
    }
}

#[test]
fn every_key_is_described_and_has_an_example_that_fits() {
    fn visit(
        root: &serde_json::Value,
        value: &serde_json::Value,
        seen: &mut usize,
        wrong: &mut Vec<String>,
    ) {
        let properties = value.get("properties").and_then(|found| found.as_object());
        for (key, inner) in properties.into_iter().flatten().filter(|(_, inner)| inner.is_object())
        {
            *seen += 1;
            let text = |name: &str| inner[name].as_str().unwrap_or_default().to_owned();
            assert!(text("description").ends_with('.'), "{key}: {}", text("description"));
            assert_eq!(text("description"), text("markdownDescription"), "{key}");
            let mut own = inner.clone();
            own["$defs"] = root["$defs"].clone();
            match inner["examples"].get(0) {
                None => wrong.push(format!("{key} has none: {}", text("description"))),
                Some(example) => wrong.extend(
                    problems(&own, example).iter().map(|problem| format!("{key}: {problem}")),
                ),
            }
            if let Some(words) = inner.get("enum") {
                let meanings = inner["enumDescriptions"].as_array().map(Vec::len);
                let count = words.as_array().unwrap().len();
                assert!(key == "signal" || meanings == Some(count), "{key}: {words}");
            }
        }
        match value {
            serde_json::Value::Object(map) => {
                for inner in map.values() {
                    visit(root, inner, seen, wrong);
                }
            }
            serde_json::Value::Array(items) => {
                for item in items {
                    visit(root, item, seen, wrong);
                }
            }
            _ => {}
        }
    }
    for (schema, least) in [(schema(), 150), (scenario_schema(), 25)] {
        let (mut seen, mut wrong) = (0, Vec::new());
        visit(&schema, &schema, &mut seen, &mut wrong);
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert!(seen > least, "only {seen} keys were seen");
    }
}

#[test]
fn an_unknown_key_is_refused_in_every_mapping_of_the_schema() {
    let text = fs::read_to_string(folder("valid").join("everything.yaml")).unwrap();
    // A misspelt key at each place where a key stands on a line of its own.
    let mut tried = 0;
    for (index, line) in text.lines().enumerate() {
        let key = line.trim_start().trim_start_matches("- ");
        let Some(name) = key.split(':').next().filter(|name| name.len() > 2 && *name != key) else {
            continue;
        };
        if name.contains(|c: char| !c.is_ascii_lowercase() && c != '_') || line.contains(" # free")
        {
            continue;
        }
        let misspelt = line.replacen(name, &format!("{name}zz"), 1);
        let broken: Vec<&str> = text
            .lines()
            .enumerate()
            .map(|(at, line)| if at == index { misspelt.as_str() } else { line })
            .collect();
        let loaded = check_text(&(broken.join("\n") + "\n"));
        let line = format!("line {}: {misspelt}", index + 1);
        assert!(loaded.runbook.is_none(), "{line}");
        assert!(loaded.findings.iter().any(|found| found.severity == Severity::Error), "{line}");
        tried += 1;
    }
    assert!(tried > 60, "only {tried} keys were tried");
}

#[test]
fn an_edited_command_is_checked_like_the_authors() {
    let (_, loaded) = loaded(&folder("valid").join("everything.yaml"));
    let runbook = loaded.runbook.unwrap();
    let step = runbook.find(&StepId("restart".to_owned())).unwrap();
    assert!(edit(&runbook, step, "demo-ctl restart {{host}} --slowly").is_ok());
    assert!(edit(&runbook, step, "demo-ctl restart {{nobody}}").is_err());
    assert!(edit(&runbook, step, "   ").is_err());
    assert!(edit(&runbook, step, "echo \u{202e}x").is_err());
}

#[test]
fn a_typed_command_has_no_templates() {
    let (_, loaded) = loaded(&folder("valid").join("everything.yaml"));
    let runbook = loaded.runbook.unwrap();
    let command = ad_hoc(&runbook, &TargetRef::Here, "uptime").unwrap();
    assert_eq!(command.timeout.millis, 30 * 60 * 1000);
    assert!(ad_hoc(&runbook, &TargetRef::Here, "echo {{host}}").is_err());
    assert!(ad_hoc(&runbook, &TargetRef::Here, "").is_err());
}

#[test]
fn a_runbook_takes_its_defaults_from_its_file_and_source() {
    let text = "schema: surefoot/v1\ntitle: A\nsteps: [ { end: done } ]\n";
    let runbook = check_text(text).runbook.unwrap();
    assert_eq!(runbook.id, "test");
    assert_eq!(runbook.service.as_deref(), Some("shop"));
    assert_eq!(runbook.steps[0].id.0, "main.1");
    assert_eq!(runbook.steps[0].title.source(), "End: done");
    let source = Source { name: "a/b/db-slow.yaml".to_owned(), text: text.into() };
    let runbook = load(&source, &NoRepository).runbook.unwrap();
    assert_eq!(runbook.id, "db-slow");
    assert_eq!(runbook.service, None);
}

/// Each runbook uses the next one twice: followed blindly, the last would be loaded 2^10 times.
#[test]
fn a_runbook_that_is_used_many_times_is_loaded_once() {
    struct Chain {
        at: usize,
        loads: Rc<Cell<usize>>,
    }
    fn text(at: usize) -> String {
        let steps = if at == 10 {
            "[ { end: done } ]".to_owned()
        } else {
            let used = format!("{{ use: {{ file: {}.yaml }} }}", at + 1);
            format!("[ {used}, {used}, {{ end: done }} ]")
        };
        format!("schema: surefoot/v1\ntitle: A\nsteps: {steps}\n")
    }
    impl Repository for Chain {
        fn read(&self, path: &str) -> Result<BroughtFile, String> {
            Err(path.to_owned())
        }
        fn holds(&self, _: &str) -> bool {
            false
        }
        fn own_path(&self) -> Option<String> {
            Some(format!("{}.yaml", self.at))
        }
        fn used(&self, _: &UsedPlace) -> Result<UsedFile, UseFailed> {
            self.loads.set(self.loads.get() + 1);
            let next = Self { at: self.at + 1, loads: Rc::clone(&self.loads) };
            let name = next.own_path().unwrap();
            let bytes = text(next.at).into_bytes();
            Ok(UsedFile { name, bytes, repository: Box::new(next) })
        }
    }
    let loads = Rc::new(Cell::new(0));
    let chain = Chain { at: 0, loads: Rc::clone(&loads) };
    let source = Source { name: "0.yaml".to_owned(), text: text(0).into() };
    let loaded = load(&source, &chain);
    let errors = loaded.findings.iter().any(|found| found.severity == Severity::Error);
    assert!(!errors, "{:?}", loaded.findings);
    assert_eq!(loads.get(), 10);
}

#[test]
fn a_use_without_a_title_is_called_what_the_used_runbook_is_called() {
    let (_, loaded) = loaded(&folder("valid").join("uses-runbooks.yaml"));
    let runbook = loaded.runbook.unwrap();
    let look = runbook.find(&StepId("look".to_owned())).unwrap();
    assert_eq!(runbook.step(look).title.source(), "Look at one machine");
}

#[test]
fn behind_a_loop_there_is_the_list_of_all() {
    let (_, loaded) = loaded(&folder("valid").join("repeats.yaml"));
    let runbook = loaded.runbook.unwrap();
    let seen = |name: &str, step: &str| {
        let step = runbook.find(&StepId(step.to_owned())).unwrap();
        runbook.declared(&Name::new(name).unwrap(), step).unwrap().ty
    };
    assert_eq!(seen("broken", "look"), Type::Integer);
    assert_eq!(seen("broken", "main.2"), Type::List);
    assert_eq!(seen("state", "note"), Type::Name);
    assert_eq!(seen("state", "main.4"), Type::List);
    assert_eq!(seen("rest", "leave.2"), Type::Integer);
    assert_eq!(seen("rest", "main.6"), Type::List);
}

#[test]
fn places_inside_block_texts_are_exact() {
    let text = "schema: surefoot/v1\ntitle: A\nsteps:\n  - do: |\n      first\n\n        second {{nobody}}\n  - end: done\n";
    let loaded = check_text(text);
    let found = loaded.findings.iter().find(|found| found.code == "undefined").unwrap();
    let source = Source { name: String::new(), text: text.into() };
    assert_eq!(source.line_column(found.span.start).0, 7);
    assert!(text[found.span.clone()].contains("nobody"), "{:?}", &text[found.span.clone()]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is done to the bytes: no panic, and a runbook exactly when there is no error.
    #[test]
    fn mutated_runbooks_never_panic(which in any::<prop::sample::Index>(), changes in proptest::collection::vec((any::<prop::sample::Index>(), 0_u8..4, any::<u8>()), 1..8)) {
        const SIGNS: &[u8] = b"\n\r\t \"'{}[]:#&*!|>%@`-?,\\$(;<=~0aZ\x00\x1b\x7f\xc3\xff";
        let valid = runbooks("valid");
        let path = which.get(&valid);
        let mut bytes = fs::read(path).unwrap();
        for (place, kind, byte) in changes {
            if bytes.is_empty() {
                break;
            }
            let at = place.index(bytes.len());
            let sign = SIGNS[usize::from(byte) % SIGNS.len()];
            match kind {
                0 => bytes[at] = sign,
                1 => bytes.insert(at, sign),
                2 => { bytes.remove(at); }
                _ => { let end = (at + usize::from(byte)).min(bytes.len()); bytes.drain(at..end); }
            }
        }
        let (source, findings) = decode("test.yaml", &bytes);
        if findings.is_empty() {
            let loaded = load(&source, &OneScript::around(path));
            let errors = loaded.findings.iter().any(|found| found.severity == Severity::Error);
            prop_assert_eq!(loaded.runbook.is_none(), errors);
            let text = render(&source, &loaded.findings, 80, Colour::Plain);
            prop_assert!(!text.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
        }
    }
}
