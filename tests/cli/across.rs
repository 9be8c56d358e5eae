//! Runbooks across sources: found by their service, used from each other, recorded and kept apart, and
//! walked on when all of the sources are gone.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::author::{HEAD, author, git_is_here};
use crate::sandbox::Sandbox;

/// Says which folders runbooks come from.
fn sources(sandbox: &Sandbox, folders: &[PathBuf]) {
    let path = sandbox.root().join("home/.config/surefoot/config.toml");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut text = "schema = \"surefoot-config/v1\"\n".to_owned();
    for folder in folders {
        text = format!("{text}[[source]]\npath = \"{}\"\n", folder.display());
    }
    fs::write(path, text).unwrap();
}

/// A repository around the responder that uses a runbook of another one, which brings a file of the same
/// path and uses a further one by its path.
fn two() -> Option<Sandbox> {
    let sandbox = Sandbox::new();
    if !git_is_here(&sandbox) {
        return None;
    }
    let note = "effect: read, files: { note: { from: note.txt } }, run: \"cat {{files.note}}\"";
    sandbox
        .file("runbooks/note.txt", "of the shop\n")
        .file(
            "runbooks/slow.yaml",
            format!(
                "{HEAD}title: Slow
steps:
  - {{ id: own, title: Own, {note} }}
  - {{ id: db, use: {{ runbook: payments/db, with: {{ host: db1 }} }} }}
  - id: ask
    ask: Which?
    options: [ {{ id: go, label: Go on, end: resolved }} ]
"
            ),
        )
        .file("answers.yaml", "ask: go\n");
    let elsewhere = sandbox.root().join("payments/runbooks");
    fs::create_dir_all(elsewhere.join("deep")).unwrap();
    fs::write(elsewhere.join("note.txt"), "of payments\n").unwrap();
    let text = format!(
        "{HEAD}title: Database
inputs: {{ host: {{ type: host }} }}
steps:
  - {{ id: own, title: Own, {note} }}
  - {{ id: deep, use: {{ file: deep/deep.yaml }} }}
"
    );
    fs::write(elsewhere.join("db.yaml"), text).unwrap();
    let text = format!(
        "{HEAD}title: Deep\nsteps: [ {{ id: look, title: Look, effect: read, run: echo deep }} ]\n"
    );
    fs::write(elsewhere.join("deep/deep.yaml"), text).unwrap();
    author(
        &sandbox,
        "for folder in . ../payments; do
           git init -q -b main $folder; git -C $folder add .; git -C $folder commit -q -m one
         done
         git config remote.origin.url https://git.example.org/shop.git
         git -C ../payments config remote.origin.url https://git.example.org/payments.git",
    );
    sources(&sandbox, &[sandbox.root().join("payments")]);
    Some(sandbox)
}

fn head(sandbox: &Sandbox, folder: &str) -> String {
    author(sandbox, &format!("git -C {folder} rev-parse HEAD")).stdout.trim().to_owned()
}

#[test]
fn a_runbook_of_another_source_is_used_recorded_and_kept() {
    let Some(sandbox) = two() else { return };
    let own = sandbox.surefoot(&["trust", "--print", "slow"]).run().stdout;
    sandbox.trust("slow");
    let paused = sandbox.surefoot(&["run", "slow"]).run();
    assert_eq!(paused.code(), 4, "{}", paused.text());
    for said in ["of the shop", "of payments", "deep"] {
        assert!(paused.text().contains(said), "{said}: {}", paused.text());
    }
    let files = sandbox.events_of("run_started")[0]["runbook"]["files"].clone();
    let told = |file: &Value| {
        let word = |key: &str| file[key].as_str().unwrap_or("-").to_owned();
        (word("path"), word("remote"), word("commit"), file["dirty"].clone())
    };
    let told: Vec<_> = files.as_array().unwrap().iter().map(told).collect();
    let row = |path: &str, name: &str, commit: String| {
        let remote = format!("https://git.example.org/{name}.git");
        (path.to_owned(), remote, commit, Value::Bool(false))
    };
    let (shop, payments) = (head(&sandbox, "."), head(&sandbox, "../payments"));
    let expected = [
        row("runbooks/slow.yaml", "shop", shop.clone()),
        row("runbooks/note.txt", "shop", shop),
        row(".sources/payments/runbooks/db.yaml", "payments", payments.clone()),
        row(".sources/payments/runbooks/note.txt", "payments", payments.clone()),
        row(".sources/payments/runbooks/deep/deep.yaml", "payments", payments),
    ];
    let sorted = |mut rows: Vec<_>| {
        rows.sort_by_key(|(path, ..): &(String, String, String, Value)| path.clone());
        rows
    };
    assert_eq!(sorted(told), sorted(expected.to_vec()));

    // A change of either is another content.
    author(&sandbox, "echo more >>../payments/runbooks/note.txt");
    assert_eq!(sandbox.surefoot(&["run", "slow"]).run().code(), 8);
    author(&sandbox, "git -C ../payments checkout -q .");
    assert_eq!(sandbox.surefoot(&["trust", "--print", "slow"]).run().stdout, own);

    author(&sandbox, "rm -rf ../payments .git runbooks");
    let resumed = sandbox.surefoot(&["resume", "--answers", "answers.yaml"]).run();
    assert_eq!(resumed.code(), 0, "{}", resumed.text());
}

#[test]
fn a_runbook_is_found_by_its_service_here_then_elsewhere() {
    let Some(sandbox) = two() else { return };
    let shown = |reference: &str| sandbox.surefoot(&["show", reference]).run();
    assert!(shown("payments/db").stdout.contains("Database"), "{}", shown("payments/db").text());
    let digest = |reference: &str| {
        let printed = sandbox.surefoot(&["trust", "--print", reference]).run();
        assert_eq!(printed.code(), 0, "{}", printed.text());
        printed.stdout.split(' ').next().unwrap().to_owned()
    };
    assert_eq!(digest("payments/db"), digest("../payments/runbooks/db.yaml"));
    assert_eq!(digest("payments/db@main"), digest("payments/db"));
    // A part of a name is a name, too.
    assert!(shown("payments/dee").stdout.contains("Deep"), "{}", shown("payments/dee").text());
    let none = shown("payments/dc");
    assert_eq!(none.code(), 3);
    assert!(none.stderr.contains("there is no runbook `payments/dc`"), "{}", none.text());

    // Its name belongs to one.
    // A folder that shares its name with another one lends it to no service: the runbooks say it.
    author(&sandbox, "echo 'service: payments' >> ../payments/runbooks/db.yaml");
    author(&sandbox, "cp -r ../payments ../other; mkdir ../more; mv ../other ../more/payments");
    let folders = ["payments", "more/payments"].map(|folder| sandbox.root().join(folder));
    sources(&sandbox, &folders);
    let several = shown("payments/db");
    assert_eq!(several.code(), 3);
    for folder in ["/payments/runbooks", "/more/payments/runbooks"] {
        assert!(several.stderr.contains(folder), "{}", several.text());
    }
    let used = sandbox.surefoot(&["plan", "slow"]).run();
    assert_eq!(used.code(), 3);
    assert!(used.text().contains("several sources have payments/db"), "{}", used.text());
}

#[test]
fn what_is_used_of_a_source_that_is_not_here_is_a_warning_and_then_an_error() {
    let Some(sandbox) = two() else { return };
    sources(&sandbox, &[]);
    let checked = sandbox.surefoot(&["check", "runbooks/slow.yaml"]).run();
    assert_eq!(checked.code(), 0, "{}", checked.text());
    assert!(checked.text().contains("there is no runbook `payments/db` on this machine"));
    sandbox.trust("slow");
    let run = sandbox.surefoot(&["run", "slow"]).run();
    assert_ne!(run.code(), 0, "{}", run.text());
    assert!(!run.text().contains("of payments"), "{}", run.text());
}

#[test]
fn no_file_passes_for_one_of_another_source() {
    let Some(sandbox) = two() else { return };
    sandbox.file(".sources/payments/runbooks/note.txt", "forged\n");
    let text = sandbox.read("runbooks/slow.yaml");
    let forged = text.replace("from: note.txt", "from: ../.sources/payments/runbooks/note.txt");
    sandbox.file("runbooks/slow.yaml", forged);
    let outcome = sandbox.surefoot(&["plan", "slow"]).run();
    assert_eq!(outcome.code(), 3, "{}", outcome.text());
    assert!(outcome.stderr.contains("files of other sources are kept"), "{}", outcome.text());
}

#[test]
fn another_source_asks_for_care_with_its_own_runbooks() {
    let Some(sandbox) = two() else { return };
    let settings = "schema = \"surefoot-config/v1\"\n[[policy]]\neffect = [\"read\"]\nlevel = \"confirm\"\nwhy = \"Money.\"\n";
    fs::write(sandbox.root().join("payments/surefoot.toml"), settings).unwrap();
    let explained = sandbox.surefoot(&["policy", "explain", "slow"]).run();
    assert_eq!(explained.code(), 0, "{}", explained.text());
    assert!(explained.stdout.contains("Money. (payments:surefoot.toml:2)"), "{}", explained.stdout);
    sandbox.trust("slow");
    let run = sandbox.surefoot(&["run", "slow"]).run();
    assert_eq!(run.code(), 4, "{}", run.text());
    assert!(run.text().contains("a person is needed") && !run.text().contains("of the shop"));
    fs::write(sandbox.root().join("payments/surefoot.toml"), "nothing = 1\n").unwrap();
    let wrong = sandbox.surefoot(&["run", "slow"]).run();
    assert_eq!(wrong.code(), 3, "{}", wrong.text());
    assert!(wrong.stderr.contains("payments:surefoot.toml"), "{}", wrong.stderr);
}
