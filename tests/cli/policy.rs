//! Settings files ask for more care, and what grants something stands where it may.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::sandbox::{Call, Sandbox};
use crate::{CHANGES, ledger};

const HEAD: &str = "schema = \"surefoot-config/v1\"\n";

/// A rule for every change.
fn rule(level: &str) -> String {
    format!("[[policy]]\neffect = \"change\"\nlevel = \"{level}\"\nwhy = \"by {level}\"\n")
}

const GRANT: &str = "[[grant]]\nyes = \"change\"\nwhy = \"jobs\"\n";

/// Writes a file of settings outside the folder that the program is started in.
fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("{HEAD}{text}")).unwrap();
}

fn user(sandbox: &Sandbox, text: &str) {
    write(&sandbox.root().join("home/.config/surefoot/config.toml"), text);
}

fn organisation(sandbox: &Sandbox, text: &str) {
    write(&sandbox.root().join("organisation.toml"), text);
    user(sandbox, "organisation = \"../../../organisation.toml\"\n");
}

fn repository(sandbox: &Sandbox, text: &str) {
    write(&sandbox.path("surefoot.toml"), text);
}

fn run(sandbox: &Sandbox) -> Call<'_> {
    sandbox.surefoot(&["run", "runbook.yaml", "--yes", "change"])
}

/// That nothing was run, and what was said.
#[track_caller]
fn refused(sandbox: &Sandbox, code: i32, expected: &str) {
    let outcome = run(sandbox).run();
    assert_eq!(outcome.code(), code, "{}", outcome.text());
    assert!(outcome.stderr.contains(expected), "{}", outcome.stderr);
    assert!(ledger(sandbox).is_empty() && sandbox.runs().is_empty(), "something was run");
}

#[test]
fn any_file_asks_for_more_and_none_takes_it_away() {
    for files in 0..8_u32 {
        let sandbox = Sandbox::trusting(CHANGES);
        let says = |bit: u32| if files & bit == 0 { String::new() } else { rule("typed") };
        organisation(&sandbox, &format!("{GRANT}{}", says(1)));
        let named = "organisation = \"../../../organisation.toml\"\n";
        user(&sandbox, &format!("{named}{}{GRANT}", says(2)));
        repository(&sandbox, &says(4));
        let code = run(&sandbox).run().code();
        assert_eq!(code, if files == 0 { 0 } else { 8 }, "{files:03b}");
    }
}

#[test]
fn a_repository_that_grants_is_refused_with_the_line() {
    let sandbox = Sandbox::trusting(CHANGES);
    repository(&sandbox, GRANT);
    refused(&sandbox, 3, "surefoot.toml is invalid: 1 error, nothing was run");
    let outcome = run(&sandbox).run();
    assert!(outcome.stderr.contains("a repository can only ask for more care: `grant`"));
    assert!(outcome.stderr.contains("surefoot.toml:2:3"), "{}", outcome.stderr);
}

#[test]
fn an_organisation_that_grants_no_yes_has_none() {
    let sandbox = Sandbox::trusting(CHANGES);
    organisation(&sandbox, "");
    assert_eq!(run(&sandbox).run().code(), 8);
    // What the user grants does not make up for it.
    user(&sandbox, &format!("organisation = \"../../../organisation.toml\"\n{GRANT}"));
    assert_eq!(run(&sandbox).run().code(), 8);
    organisation(&sandbox, GRANT);
    assert_eq!(run(&sandbox).run().code(), 0);
    let grants = GRANT.replace("why", "service = \"other\"\nwhy");
    organisation(&sandbox, &grants);
    assert_eq!(run(&sandbox).run().code(), 8);
}

#[test]
fn an_organisation_file_that_was_moved_away_takes_no_rules_along() {
    let sandbox = Sandbox::trusting(CHANGES);
    organisation(&sandbox, GRANT);
    let path = sandbox.root().join("organisation.toml");
    fs::remove_file(&path).unwrap();
    refused(&sandbox, 3, "organisation.toml, which");
    symlink(sandbox.root().join("nowhere"), &path).unwrap();
    refused(&sandbox, 3, "it is a link that leads nowhere");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    refused(&sandbox, 3, "it is not an ordinary file");
    fs::remove_dir(&path).unwrap();
    write(&path, GRANT);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    refused(&sandbox, 3, "everybody on this machine can write it");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(run(&sandbox).run().code(), 0);
}

#[test]
fn no_variable_leads_away_from_the_settings() {
    let sandbox = Sandbox::trusting(CHANGES);
    user(&sandbox, &rule("refuse"));
    // A relative path is none, and an empty one neither.
    for value in ["", "elsewhere", "./home"] {
        let outcome = run(&sandbox).env("XDG_CONFIG_HOME", value).run();
        assert_eq!(outcome.code(), 8, "{value}: {}", outcome.text());
    }
    for name in ["SUREFOOT_CONFIG", "SUREFOOT_ORGANISATION", "SUREFOOT_POLICY", "XDG_CONFIG_DIRS"] {
        assert_eq!(run(&sandbox).env(name, "/dev/null").run().code(), 8, "{name}");
    }
    let elsewhere = sandbox.root().join("elsewhere");
    write(&elsewhere.join("surefoot/config.toml"), &rule("typed"));
    let outcome = run(&sandbox).env("XDG_CONFIG_HOME", elsewhere.to_str().unwrap()).run();
    assert_eq!(outcome.code(), 8);
}

#[test]
fn a_link_in_a_repository_is_not_followed() {
    let sandbox = Sandbox::trusting(CHANGES);
    let outside = sandbox.root().join("outside.toml");
    write(&outside, "");
    symlink(&outside, sandbox.path("surefoot.toml")).unwrap();
    refused(&sandbox, 3, "it is a link, and a repository's settings are a file");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how long it takes is what this is about")]
fn hostile_settings_are_refused_within_a_second_each() {
    let sandbox = Sandbox::trusting(CHANGES);
    let texts = [
        format!("x = {}", "[".repeat(500_000)),
        format!("{}x = 1", "a.".repeat(300_000)),
        "[[policy]]\n".repeat(80_000),
        "\0".repeat(1000),
        "x".repeat(3 << 20),
    ];
    for text in texts {
        repository(&sandbox, &text);
        let begun = Instant::now();
        refused(&sandbox, 3, "surefoot.toml is invalid");
        // Far more than it takes: the machine may be busy.
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    }
}

#[test]
fn the_first_record_keeps_policy_digest_rules_and_levels() {
    let sandbox = Sandbox::trusting(CHANGES);
    repository(&sandbox, &rule("typed"));
    assert_eq!(run(&sandbox).run().code(), 8);
    let started = sandbox.events_of("run_started").remove(0);
    let rules = &started["policy"]["rules"];
    assert_eq!(rules["levels"]["alter"], "typed", "{started:#}");
    let demand = &rules["demands"][0];
    assert_eq!((&demand["level"], &demand["origin"]["line"]), (&"typed".into(), &2.into()));
    assert_eq!(demand["origin"]["authority"], "repository");
    assert_eq!(started["policy_digest"].as_str().unwrap().len(), 64);
}

#[test]
fn a_run_that_goes_on_has_the_stricter_of_both_policies() {
    // It began under a rule that is gone.
    let sandbox = Sandbox::trusting(CHANGES);
    user(&sandbox, &rule("typed"));
    assert_eq!(run(&sandbox).run().code(), 8);
    user(&sandbox, "");
    let resume = || sandbox.surefoot(&["resume", "--yes", "change"]).run();
    assert_eq!(resume().code(), 8);
    assert_eq!(ledger(&sandbox), "");

    // It began under none, and there is one now.
    let sandbox = Sandbox::trusting(CHANGES);
    assert_eq!(sandbox.surefoot(&["run", "runbook.yaml"]).run().code(), 8);
    user(&sandbox, &rule("typed"));
    let resume = |sandbox: &Sandbox| sandbox.surefoot(&["resume", "--yes", "change"]).run().code();
    assert_eq!(resume(&sandbox), 8);
    // Once it has held, it holds.
    user(&sandbox, "");
    assert_eq!(resume(&sandbox), 8);
    assert_eq!(ledger(&sandbox), "");

    let sandbox = Sandbox::trusting(CHANGES);
    assert_eq!(sandbox.surefoot(&["run", "runbook.yaml"]).run().code(), 8);
    user(&sandbox, "polcy = 1\n");
    assert_eq!(resume(&sandbox), 3, "settings that are wrong hold up a resume, too");
    user(&sandbox, "");
    assert_eq!(resume(&sandbox), 0);
    assert_eq!(ledger(&sandbox), "altered\n");
}

#[test]
fn a_standard_change_is_for_one_content_and_one_command() {
    let destroys = CHANGES
        .replace("owner:", "change: { type: standard, template: CHG-42 }\nowner:")
        .replace("effect: change\n", "effect: destroy\n    subject: all\n");
    let sandbox = Sandbox::trusting(&destroys);
    let digest = sandbox.digest("runbook.yaml");
    let explained = || {
        let json = sandbox.surefoot(&["policy", "explain", "runbook.yaml", "--format", "json"]);
        let json: serde_json::Value = serde_json::from_str(&json.run().stdout).unwrap();
        json
    };
    let standard = |digest: &str, more: &str| {
        let change = format!("template = \"CHG-42\"\ndigest = \"{digest}\"\n");
        user(&sandbox, &format!("[[standard_change]]\n{change}{more}"));
    };
    let command = explained()["steps"][0]["digest"].as_str().unwrap().to_owned();
    let commands = format!("commands = [\"{command}\"]\n");
    // The content alone lets nobody destroy anything without a person.
    standard(&digest, "");
    assert_eq!(explained()["standard_changes"][0]["template"], "CHG-42");
    assert_eq!(run(&sandbox).run().code(), 8);
    // Neither does another command, another content, or what was approved once.
    standard(&digest, &commands.replace(&command, &"0".repeat(64)));
    assert_eq!(run(&sandbox).run().code(), 8);
    standard(&"0".repeat(64), &commands);
    assert_eq!(run(&sandbox).run().code(), 8);
    standard(&digest, &format!("{commands}expires = 2020-01-01T00:00:00Z\n"));
    assert_eq!(run(&sandbox).run().code(), 8);
    assert_eq!(ledger(&sandbox), "");
    standard(&digest, &commands);
    assert_eq!(explained()["steps"][0]["unattended"]["level"], "auto");
    let outcome = run(&sandbox).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    assert_eq!(ledger(&sandbox), "altered\n");
    let journals = sandbox.runs().into_iter().map(|run| run.join("journal.jsonl"));
    let said = journals.map(|path| fs::read_to_string(path).unwrap()).collect::<String>();
    assert!(said.contains("standard change CHG-42 ("), "the record shows which");
}

#[test]
fn explain_says_what_is_asked_and_which_line_decides_it() {
    let sandbox = Sandbox::trusting(CHANGES);
    organisation(
        &sandbox,
        "[[policy]]\neffect = \"change\"\nservice = \"shop\"\nlevel = \"approve\"\nrole = \"lead\"\ncount = 2\nwhy = \"Two look.\"\n",
    );
    repository(&sandbox, &rule("typed"));
    let text = sandbox.surefoot(&["policy", "explain", "runbook.yaml"]).run();
    assert_eq!(text.code(), 0, "{}", text.text());
    for part in
        ["approve", "refused", "Two look. (", "organisation.toml:2)", "2 people: lead must agree"]
    {
        assert!(text.stdout.contains(part), "{part}: {}", text.stdout);
    }
    let json = sandbox.surefoot(&["policy", "explain", "runbook.yaml", "--format", "json"]).run();
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let step = &json["steps"][0];
    assert_eq!((&step["step"], &step["level"]), (&"alter".into(), &"approve".into()), "{json:#}");
    assert_eq!(step["causes"][0]["origin"]["line"], 2);
    assert_eq!(step["approvals"][0]["count"], 2);
    assert_eq!(step["unattended"]["with_yes_change"], "refuse");
    let files = json["files"].as_array().unwrap();
    assert_eq!(files.len(), 3);
    // The source of a decision that no file has a part in.
    let plain = Sandbox::trusting(CHANGES);
    let text = plain.surefoot(&["policy", "explain", "runbook.yaml"]).run();
    assert!(text.stdout.contains("the command changes something"), "{}", text.stdout);
    assert!(text.stdout.contains("There are no settings files"), "{}", text.stdout);
}

#[test]
fn check_looks_at_the_settings_of_the_repository_too() {
    let sandbox = Sandbox::trusting(CHANGES);
    let check = |sandbox: &Sandbox| sandbox.surefoot(&["check", "runbook.yaml"]).run();
    let before = check(&sandbox).code();
    repository(&sandbox, "[[polcy]]\n");
    let outcome = check(&sandbox);
    assert_eq!(outcome.code(), 3, "{}", outcome.text());
    assert!(outcome.stdout.contains("did you mean `policy`?"), "{}", outcome.text());
    assert!(outcome.stdout.contains("surefoot.toml:2:3"), "{}", outcome.text());
    sandbox.file("owners.json", r#"{ "properties": { "title": { "const": "Another title" } } }"#);
    repository(&sandbox, "[check]\nschemas = [\"owners.json\"]\n");
    let outcome = check(&sandbox);
    assert_eq!(outcome.code(), 3, "{}", outcome.text());
    assert!(outcome.stdout.contains("Another title"), "{}", outcome.text());
    let outside = sandbox.root().join("outside.json");
    fs::write(&outside, "{}").unwrap();
    fs::remove_file(sandbox.path("owners.json")).unwrap();
    symlink(&outside, sandbox.path("owners.json")).unwrap();
    let outcome = check(&sandbox);
    assert!(outcome.stderr.contains("leads out of the repository"), "{}", outcome.text());
    fs::remove_file(sandbox.path("surefoot.toml")).unwrap();
    assert_eq!(check(&sandbox).code(), before);
    user(&sandbox, "polcy = 1\n");
    assert_eq!(check(&sandbox).code(), 3);
}
