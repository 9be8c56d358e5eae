//! The documents as a test: the runbooks in them load, their links lead somewhere, and their tables
//! say what the program says.
#![expect(clippy::unwrap_used, reason = "clippy spares tests, not the helpers beside them")]

#[path = "support/sandbox.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod sandbox;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use sandbox::Sandbox;
use serde_json::Value;
use surefoot::catalog::{ALERT_CHECKS, File, Folder, runbooks_below};
use surefoot::console::graph;
use surefoot::diagnostic::{Colour, Severity, Source, render};
use surefoot::runbook::{
    Action, Found, NoRepository, NotFound, RULES, Shelf, is_scenario, load, load_scenario,
    scenario_schema, schema, settings_schema,
};

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

/// The runbooks of this repository, and the one of a page.
struct OfPage {
    repository: Folder,
    own: Option<String>,
}

impl Shelf for OfPage {
    fn find(&self, reference: &str) -> Result<Found<'_>, NotFound> {
        self.repository.find(reference).or_else(|missing| {
            let text = self.own.as_deref().ok_or(missing)?;
            let source = Source { name: format!("{reference}.yaml"), text: text.into() };
            Ok(Found { source, repository: Box::new(NoRepository) })
        })
    }
}

#[test]
fn scenarios_in_the_documents_fit_their_runbooks() {
    let mut count = 0;
    for (path, text) in documents() {
        let runbook =
            |(_, block): (usize, String)| block.starts_with("schema: surefoot/v1").then_some(block);
        let own = blocks(&text, "yaml").into_iter().find_map(runbook);
        let repository = Folder::around(&root().join("runbooks/scenario.yaml"));
        let shelf = OfPage { repository, own };
        for (line, block) in blocks(&text, "yaml").into_iter().filter(|(_, it)| is_scenario(it)) {
            count += 1;
            let name = format!("{}, line {line}", path.display());
            let source = Source { name: "document.yaml".to_owned(), text: block.as_str().into() };
            let findings = load_scenario(&source, &shelf).findings;
            let told = render(&source, &findings, WIDTH, Colour::Plain);
            assert!(findings.is_empty(), "{name}:\n{told}");
        }
    }
    assert!(count >= 1, "no scenario was found in the documents");
}

#[test]
fn the_template_of_a_game_day_is_rehearsed_as_it_stands() {
    let blocks = blocks(&read("docs/guide/game-days.md"), "yaml");
    let (scenarios, runbooks): (Vec<_>, Vec<_>) =
        blocks.into_iter().map(|(_, block)| block).partition(|block| is_scenario(block));
    let sandbox = Sandbox::new();
    sandbox.file("runbooks/cache-lost.yaml", &runbooks[0]);
    // Nobody is at a terminal: this is what a person would answer.
    let answers = "announce: done\nrespond: done\n";
    sandbox.file("answers.yaml", answers);
    let drill = |more: &[&str]| {
        let drill = ["drill", "cache-lost", "--yes", "change", "--answers", "answers.yaml"];
        sandbox.surefoot(&drill).arguments(&["--speed", "10"]).arguments(more).run()
    };
    // Its samples alone lead to the question that nobody but a person answers: what is taken back.
    let by_samples = drill(&[]);
    for shown in ["│ ok", "│ active", "│ ActiveState=inactive", "The alert fires.", "undo offer"]
    {
        assert!(by_samples.stderr.contains(shown), "{shown}\n{}", by_samples.stderr);
    }
    for (at, scenario) in scenarios.iter().enumerate() {
        sandbox.file(&format!("runbooks/scenarios/cache-lost-{}.yaml", at + 1), scenario);
    }
    let tested =
        ["test", "runbooks/cache-lost.yaml", "--min-steps", "100", "--min-branches", "100"];
    let tested = sandbox.surefoot(&tested).run();
    assert_eq!(tested.code(), 0, "{}", tested.text());
    assert!(tested.stdout.starts_with("3 scenarios passed"), "{}", tested.stdout);
    let by_scenario = drill(&["--scenario", "runbooks/scenarios/cache-lost-1.yaml"]);
    for shown in ["14:00 on a Tuesday.", "not yet", "The alert fires.", "undo offer"] {
        assert!(by_scenario.stderr.contains(shown), "{shown}\n{}", by_scenario.stderr);
    }
}

/// A place that holds the runbooks of this repository.
fn with_runbooks() -> Sandbox {
    fn copy(sandbox: &Sandbox, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                copy(sandbox, &path);
            } else {
                let name = path.strip_prefix(root()).unwrap().display().to_string();
                sandbox.file(&name, fs::read(&path).unwrap());
            }
        }
    }
    let sandbox = Sandbox::new();
    copy(&sandbox, &root().join("runbooks"));
    sandbox
}

/// What a line of a document calls the program with, without what the shell does around it.
fn call(line: &str) -> Option<Vec<String>> {
    let line = line.trim_start_matches("$ ");
    let line = line.split([';', '|', '>', '<', '#']).next().unwrap();
    let words = shlex::split(line)?;
    let (program, arguments) = words.split_first()?;
    (program == "surefoot").then(|| arguments.to_vec())
}

#[test]
fn examples_on_the_console_print_what_they_show() {
    let sandbox = with_runbooks();
    let mut count = 0;
    for (path, text) in documents() {
        for (line, block) in blocks(&text, "console") {
            for example in block.split("$ ").skip(1) {
                count += 1;
                let (command, shown) = example.split_once('\n').unwrap();
                let arguments = call(command).expect("examples call the program");
                let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
                let outcome = sandbox.surefoot(&arguments).run();
                let place = format!("{}, line {line}: {command}", path.display());
                let printed = format!("{}{}", outcome.stdout, outcome.stderr);
                assert_eq!(printed.trim_end(), shown.trim_end(), "{place}");
            }
        }
    }
    assert!(count >= 2, "only {count} examples were found");
}

#[test]
fn commands_in_the_documents_are_known_with_their_options() {
    let sandbox = with_runbooks();
    let mut seen = BTreeSet::new();
    for (path, text) in documents() {
        let lines = ["", "console"].iter().flat_map(|language| blocks(&text, language));
        for (at, block) in lines {
            for arguments in block.lines().filter_map(call) {
                if !seen.insert(arguments.clone()) {
                    continue;
                }
                // What stands before `--help` is read before it.
                let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
                let place = format!("{}, line {at}: {arguments:?}", path.display());
                arguments.push("--help");
                let outcome = sandbox.surefoot(&arguments).run();
                assert_eq!(outcome.code(), 0, "{place}: {}", outcome.stderr);
            }
        }
    }
    assert!(seen.len() >= 10, "only {} commands were found", seen.len());
}

/// A page whose generated parts, between `<!-- what: of which -->` and `<!-- end -->`, are made
/// anew.
fn remade(page: &str, what: &str, make: &mut dyn FnMut(&str) -> String) -> String {
    let opening = format!("<!-- {what}: ");
    let mut out = String::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once(&opening) {
        let (of, after) = after.split_once(" -->\n").expect("the mark is closed");
        let (_, behind) = after.split_once("<!-- end -->").expect("the part has an end");
        write!(out, "{before}{opening}{of} -->\n\n{}\n<!-- end -->", make(of)).unwrap();
        rest = behind;
    }
    out + rest
}

fn assert_made(path: &str, made: &str) {
    if bless() {
        fs::write(root().join(path), made).unwrap();
    } else {
        assert!(read(path) == made, "{path} is out of date: BLESS=1 cargo test --test documents");
    }
}

/// The keys of a definition that go with some others only.
fn companions(definition: &Value) -> BTreeMap<&str, Vec<&str>> {
    let mut found = BTreeMap::new();
    for rule in definition["allOf"].as_array().into_iter().flatten() {
        let message = rule["then"]["errorMessage"].as_str().unwrap_or_default();
        if !message.starts_with("this key goes only with") {
            continue;
        }
        let with: Vec<&str> = needed(rule);
        for key in rule["then"]["properties"].as_object().into_iter().flatten() {
            found.insert(key.0.as_str(), with.clone());
        }
    }
    found
}

/// A value in the flow form of YAML.
fn flow(value: &Value) -> String {
    let list = |items: Vec<String>| items.join(", ");
    match value {
        Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| format!("{key}: {}", flow(value)));
            format!("{{ {} }}", list(entries.collect()))
        }
        Value::Array(items) => format!("[ {} ]", list(items.iter().map(flow).collect())),
        Value::String(text) => {
            let plain = |c: char| c.is_alphanumeric() || " -_./=<>*".contains(c);
            let starts = text.starts_with(|c: char| c.is_alphabetic() || c == '.' || c == '/');
            let read: Result<Value, _> = serde_yaml::from_str(text);
            let same = read.is_ok_and(|read| read == *value);
            if starts && same && text.chars().all(plain) { text.clone() } else { value.to_string() }
        }
        other => other.to_string(),
    }
}

/// A value as it stands in TOML.
fn toml(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let entries: Vec<String> =
                map.iter().map(|(key, value)| format!("{key} = {}", toml(value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(toml).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

/// The keys of which a rule asks for one.
fn needed(rule: &Value) -> Vec<&str> {
    let ways = rule["if"]["not"]["anyOf"].as_array().into_iter().flatten();
    ways.filter_map(|way| way["required"][0].as_str()).collect()
}

/// How an example is written.
type Notation = fn(&Value) -> String;

/// A table of the keys of a definition.
fn table_of_keys(definition: &Value, keep: &dyn Fn(&str) -> bool, write: Notation) -> String {
    let with = companions(definition);
    let required: Vec<&str> =
        definition["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut out = String::from("| key | | meaning | example |\n| --- | --- | --- | --- |\n");
    for (key, property) in definition["properties"].as_object().unwrap() {
        if !keep(key) {
            continue;
        }
        let beside = match with.get(key.as_str()) {
            _ if required.contains(&key.as_str()) => "required".to_owned(),
            Some(with) if keep("run") || *with != ["run"] => {
                let with: Vec<String> = with.iter().map(|key| format!("`{key}`")).collect();
                format!("with {}", with.join(", "))
            }
            _ => String::new(),
        };
        let mut about = property["description"].as_str().unwrap().to_owned();
        let words = property["enum"].as_array().into_iter().flatten();
        let meanings = property["enumDescriptions"].as_array();
        for (index, word) in words.enumerate() {
            let meaning = meanings.and_then(|all| all[index].as_str());
            match meaning {
                Some(meaning) => write!(about, " `{}`: {meaning}", word.as_str().unwrap()),
                None => write!(about, " `{}`", word.as_str().unwrap()),
            }
            .unwrap();
        }
        let about = about.replace('|', "\\|");
        let told = property.get("enum").is_some() || property["type"] == "boolean";
        let example = property["examples"].get(0).filter(|_| !told).map_or_else(String::new, write);
        let example = match example.replace('|', "\\|") {
            example if example.is_empty() => example,
            example => format!("`{example}`"),
        };
        writeln!(out, "| `{key}` | {beside} | {about} | {example} |").unwrap();
    }
    out
}

/// The tables that a mark asks for: names of definitions; of a step only a group of its keys; and
/// `without` the keys of another definition.
fn tables(schema: &Value, of: &str, write: Notation) -> String {
    let (names, without) = of.split_once(" without ").unwrap_or((of, ""));
    let find = |name: &str| match name {
        "config" | "runbook" | "scenario" => schema,
        name => schema["$defs"].get(name).unwrap_or_else(|| panic!("there is no `{name}`")),
    };
    let hidden = |key: &str| !without.is_empty() && find(without)["properties"].get(key).is_some();
    let words: Vec<&str> = names.split(' ').collect();
    if let ["a_step", group] = words.as_slice() {
        let step = find("a_step");
        let actions = needed(&step["allOf"][0]);
        let with = companions(step);
        let own = |key: &str| match (actions.contains(&key), with.get(key).map(Vec::as_slice)) {
            (true, _) => "actions",
            (false, None) => "common",
            (false, Some(["run"])) => "run",
            (false, Some(_)) => "others",
        };
        assert!(["actions", "common", "others", "run"].contains(group), "{group}");
        return table_of_keys(step, &|key| own(key) == *group, write);
    }
    let mut out = Vec::new();
    for name in &words {
        let definition = find(name);
        let head = match words.len() {
            1 => String::new(),
            _ => format!("{}:\n\n", definition["title"].as_str().unwrap()),
        };
        out.push(head + &table_of_keys(definition, &|key| !hidden(key), write));
    }
    out.join("\n")
}

#[test]
fn the_tables_of_keys_are_made_from_the_schemas() {
    let pages: [(&str, Value, Notation); 3] = [
        ("docs/reference/configuration.md", settings_schema(), toml),
        ("docs/reference/runbook.md", schema(), flow),
        ("docs/reference/scenario.md", scenario_schema(), flow),
    ];
    for (path, schema, write) in pages {
        let mut named = Vec::new();
        let made = remade(&read(path), "keys", &mut |of| {
            named.push(of.to_owned());
            tables(&schema, of, write)
        });
        let shown: Vec<&str> = named.iter().flat_map(|of| of.split(' ')).collect();
        let definitions = schema["$defs"].as_object().unwrap();
        for (name, definition) in definitions {
            // A definition may be a part of one that is shown.
            let within = |other: &&str| {
                let keys = definition["properties"].as_object().unwrap();
                let others = definitions.get(*other).and_then(|it| it["properties"].as_object());
                others
                    .is_some_and(|others| keys.iter().all(|(key, it)| others.get(key) == Some(it)))
            };
            assert!(shown.iter().any(within), "{path} has no table of `{name}`");
        }
        assert_made(path, &made);
    }
}

#[test]
fn the_picture_in_the_guide_is_the_one_of_the_program() {
    let path = "docs/guide/reading.md";
    let mut count = 0;
    let made = remade(&read(path), "graph", &mut |of| {
        count += 1;
        let (_, loaded) = File::read(&root().join(of)).unwrap().load(of);
        format!("```mermaid\n{}```\n", graph(&loaded.runbook.unwrap()))
    });
    assert_eq!(count, 1);
    assert_made(path, &made);
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
        let (source, checked) = File::read(&path).unwrap().check(&name);
        let told = render(&source, &checked.findings, WIDTH, Colour::Plain);
        assert!(checked.findings.is_empty(), "{told}");
        if !surefoot::runbook::is_scenario(&source.text) {
            let (_, loaded) = File::read(&path).unwrap().load(&name);
            assert!(loaded.runbook.is_some(), "{name} does not load");
        }
    }
}

/// A drill without a scenario prints the samples, as commands would print them.
#[test]
fn the_runbooks_of_the_readme_can_be_rehearsed_without_a_scenario() {
    for name in ["disk-filling", "port-silent"] {
        let path = root().join(format!("runbooks/{name}.yaml"));
        let (_, loaded) = File::read(&path).unwrap().load(name);
        let mut commands = 0;
        for step in &loaded.runbook.unwrap().steps {
            let Action::Run(run) = &step.action else { continue };
            commands += 1;
            let sample = run.sample.as_deref();
            let sample = sample.unwrap_or_else(|| panic!("{name}: {} has no sample", step.id.0));
            assert!(!sample.contains("bad:"), "{name}: {} prints advice", step.id.0);
        }
        assert!(commands > 5, "{name}: {commands}");
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
    let (_, alerts) = page.split_once("## Alerts\n").expect("the page has its part about alerts");
    let (intro, _) = alerts.split_once("\n### ").expect("the part has its introduction");
    write!(made, "\n## Alerts\n{intro}").unwrap();
    for check in ALERT_CHECKS {
        let text = textwrap::fill(&format!("{}. {}", capital(check.title), check.explanation), 118);
        writeln!(made, "\n### {}\n\n{text}", check.code).unwrap();
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

/// Editors read them from the repository; `surefoot schema` prints the same.
#[test]
fn the_committed_schemas_are_those_of_the_program() {
    let schemas =
        [("config", settings_schema()), ("runbook", schema()), ("scenario", scenario_schema())];
    for (name, made) in schemas {
        let made = serde_json::to_string_pretty(&made).unwrap() + "\n";
        assert_made(&format!("schemas/{name}-v1.schema.json"), &made);
    }
}

#[test]
fn the_script_of_the_manual_is_the_one_that_is_tested() {
    let script = read("tests/verify-record.py");
    assert!(script.lines().count() <= 60, "the script is too long to be read");
    let page = read("docs/verify-without-surefoot.md");
    assert!(page.contains(&format!("```python\n{script}```\n")), "the page has another script");
}
