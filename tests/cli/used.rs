//! Runbooks that use others are one content: pinned, trusted, frozen and walked together.

use std::fs;

use serde_json::Value;

use crate::sandbox::Sandbox;

const HEAD: &str = "schema: surefoot/v1\nowner: { team: payments }\nescalation: [ { role: secondary, how: page the rota } ]\n";

/// A repository `shop` whose runbook uses one by its path, twice, which uses one by its name. Two
/// of them bring files of one name.
fn shop() -> Sandbox {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.path("shop/.git")).unwrap();
    let note = "effect: read, files: { note: { from: note.txt } }, run: \"cat {{files.note}}\"";
    sandbox
        .file("shop/runbooks/note.txt", "of the main one\n")
        .file("shop/runbooks/db/note.txt", "of the database\n")
        .file(
            "shop/runbooks/main.yaml",
            format!(
                "{HEAD}title: Main
environments: {{ prod: {{}} }}
steps:
  - {{ id: own, title: Own, {note} }}
  - {{ id: one, use: {{ file: db/slow.yaml, with: {{ host: db1 }} }} }}
  - {{ id: two, use: {{ file: db/slow.yaml, with: {{ host: db2 }} }} }}
  - end: done
"
            ),
        )
        .file(
            "shop/runbooks/db/slow.yaml",
            format!(
                "{HEAD}title: Slow
inputs: {{ host: {{ type: host }} }}
environments: {{ prod: {{ protected: true }} }}
steps:
  - {{ id: own, title: Own, {note} }}
  - {{ id: deep, use: {{ runbook: shop/deep, with: {{ host: \"{{{{host}}}}\" }} }} }}
"
            ),
        )
        .file(
            "shop/runbooks/far/deep.yaml",
            format!(
                "{HEAD}title: Deep
inputs: {{ host: {{ type: host }} }}
steps:
  - {{ id: look, title: Look, effect: read, run: \"echo at {{{{host}}}}\" }}
  - id: ask
    ask: Which?
    options: [ {{ id: go, label: Go on, end: resolved }} ]
"
            ),
        )
        .file("answers.yaml", "one.deep.ask: go\ntwo.deep.ask: go\n");
    sandbox
}

const MAIN: &str = "shop/runbooks/main.yaml";

fn started(sandbox: &Sandbox) -> Value {
    sandbox.events_of("run_started").remove(0)
}

#[test]
fn the_first_record_and_the_frozen_copy_hold_all_that_is_used_once() {
    let sandbox = shop();
    sandbox.trust(MAIN);
    let outcome = sandbox.surefoot(&["run", MAIN, "--answers", "answers.yaml"]).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    let all = [
        "runbooks/main.yaml",
        "runbooks/note.txt",
        "runbooks/db/slow.yaml",
        "runbooks/db/note.txt",
        "runbooks/far/deep.yaml",
    ];
    let started = started(&sandbox);
    let files = started["runbook"]["files"].as_array().unwrap();
    let paths: Vec<&str> = files.iter().map(|file| file["path"].as_str().unwrap()).collect();
    assert_eq!(paths, all);
    for path in all {
        let frozen = fs::read(sandbox.run().join("runbook").join(path)).unwrap();
        assert_eq!(frozen, fs::read(sandbox.path("shop").join(path)).unwrap(), "{path}");
    }
    assert_eq!(started["policy"]["protection"], "protected");
    for text in ["of the main one", "of the database", "at db1", "at db2"] {
        assert!(outcome.stderr.contains(text), "{text}: {}", outcome.text());
    }
}

#[test]
fn a_change_in_anything_that_is_used_is_another_content() {
    let sandbox = shop();
    sandbox.trust(MAIN);
    let run = || sandbox.surefoot(&["run", MAIN, "--answers", "answers.yaml"]).run().code();
    for path in ["db/slow.yaml", "db/note.txt", "far/deep.yaml"] {
        let path = sandbox.path("shop/runbooks").join(path);
        let before = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{before}\n")).unwrap();
        assert_eq!(run(), 8, "{}", path.display());
        fs::write(&path, before).unwrap();
    }
    assert_eq!(run(), 0);
}

#[test]
fn a_run_goes_on_from_what_was_frozen_whatever_became_of_the_repository() {
    let sandbox = shop();
    sandbox.trust(MAIN);
    assert_eq!(sandbox.surefoot(&["run", MAIN]).run().code(), 4);
    fs::remove_dir_all(sandbox.path("shop")).unwrap();
    let outcome = sandbox.surefoot(&["resume", "--answers", "answers.yaml"]).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    assert!(outcome.stderr.contains("at db2"), "{}", outcome.text());
    let entered: Vec<Value> = sandbox.events_of("runbook_entered");
    assert_eq!(entered.len(), 4);
}

#[test]
fn a_used_file_that_was_changed_in_the_frozen_copy_is_damage() {
    let sandbox = shop();
    sandbox.trust(MAIN);
    assert_eq!(sandbox.surefoot(&["run", MAIN]).run().code(), 4);
    let frozen = sandbox.run().join("runbook/runbooks/far/deep.yaml");
    let text = fs::read_to_string(&frozen).unwrap();
    fs::remove_file(&frozen).unwrap();
    fs::write(&frozen, text.replace("echo at", "echo not at")).unwrap();
    assert_eq!(sandbox.surefoot(&["resume"]).run().code(), 10);
}

#[test]
fn a_plan_walks_through_what_is_used_with_what_it_is_given() {
    let sandbox = shop();
    sandbox.surefoot(&["plan", MAIN]).check(
        r"
        exit 0
        --- stdout
        Main
          shop/main: 5 read, 0 change, 0 destroy
          owner   payments
          help    secondary: page the rota
          env     prod

         1  Own  [read]
            $ cat ‹run-folder›/files/note

         2  Slow
            do      Slow (db/slow.yaml), then come back

             1  Own  [read]
                $ cat ‹run-folder›/files/note

             2  Deep
                do      Deep (shop/deep), then come back

                 1  Look  [read]
                    $ echo at db1

                 2  Which?
                    - Go on: end, resolved

         3  Slow
            do      Slow (db/slow.yaml), then come back

             1  Own  [read]
                $ cat ‹run-folder›/files/note

             2  Deep
                do      Deep (shop/deep), then come back

                 1  Look  [read]
                    $ echo at db2

                 2  Which?
                    - Go on: end, resolved

         4  End: done
    ",
    );
}

#[test]
fn a_used_runbook_is_shown_by_its_title() {
    let sandbox = shop();
    for form in [&["show", MAIN][..], &["show", "--markdown", MAIN], &["show", "--html", MAIN]] {
        let outcome = sandbox.surefoot(form).run();
        assert!(
            outcome.stdout.contains("Slow (db/slow.yaml), then come back"),
            "{form:?}: {}",
            outcome.text()
        );
        assert!(!outcome.stdout.contains("cat at"), "{form:?}");
    }
}
