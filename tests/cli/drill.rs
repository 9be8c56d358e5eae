//! Drills: the same walk, and nothing of it is run.

use crate::sandbox::{self, Sandbox};
use crate::{CHANGES, READS};

const SCENARIO: &str = "\
schema: surefoot-scenario/v1
runbook: runbook
title: Both look odd
brief: It is 02:40.
now: 2026-03-01T02:40:00Z
results:
  again: { stdout: \"from the scenario\\n\", takes: 10s }
expect: { outcome: done, visited: [once, again] }
";

/// Two reads, of which each would leave something behind, and one has a sample.
const BOOK: &str = "\
schema: surefoot/v1
title: Two looks
service: shop
steps:
  - { id: once, title: Look once, effect: read, run: touch canary; echo one, sample: sampled }
  - { id: again, title: Look again, effect: read, run: touch canary; echo two, sample: as well }
  - end: done
";

fn nothing_ran(sandbox: &Sandbox) {
    for run in sandbox.runs() {
        assert!(!run.join("work/canary").exists());
        assert!(!run.join("supervisor.json").exists());
    }
}

#[test]
fn samples_are_what_commands_print_and_nothing_is_run() {
    // Nobody trusted it, and nothing of it is run.
    let sandbox = Sandbox::new();
    sandbox.file("runbook.yaml", BOOK);
    let outcome = sandbox.surefoot(&["drill", "runbook.yaml"]).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    assert!(outcome.stderr.starts_with("DRILL Nothing is run"), "{}", outcome.stderr);
    for shown in ["DRILL  1  Look once", "│ sampled", "│ as well", "DRILL Debrief"] {
        assert!(outcome.stderr.contains(shown), "{shown} in\n{}", outcome.stderr);
    }
    nothing_ran(&sandbox);
    assert_eq!(sandbox.events_of("run_started")[0]["mode"], "drill");
}

#[test]
fn a_scenario_says_what_happens_and_the_debrief_what_was_expected() {
    let sandbox = Sandbox::new();
    sandbox.file(
        "runbook.yaml",
        BOOK.replace("  - end", "  - { id: more, effect: read, run: date, sample: now }\n  - end"),
    );
    let scenario = SCENARIO.replace(
        "results:\n",
        "results:\n  once: { stdout: \"first\\n\" }\n  more: { stdout: \"later\\n\" }\n",
    );
    sandbox.file("odd.yaml", &scenario);
    let drill = ["drill", "runbook.yaml", "--scenario", "odd.yaml", "--speed", "200"];
    let outcome = sandbox.surefoot(&drill).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    for shown in ["It is 02:40.", "│ first", "│ from the scenario", "done, as expected", "more"]
    {
        assert!(outcome.stderr.contains(shown), "{shown} in\n{}", outcome.stderr);
    }
    let detours = outcome.stderr.lines().find(|line| line.contains("detours")).unwrap();
    assert!(detours.contains("(more)"), "{detours}");
    // The scenario's time is the time of the record.
    let journal = sandbox.journal();
    assert!(journal.contains("\"at\":\"2026-03-01T02:40:0"), "{journal}");
    nothing_ran(&sandbox);
}

#[test]
fn a_drill_is_no_run_of_the_runbook_and_gone_on_with_only_by_its_name() {
    let sandbox = Sandbox::trusting(READS);
    let ran = sandbox.surefoot(&["drill", "runbook.yaml"]).run();
    // There is no sample: the person has to say what it gives.
    assert_eq!(ran.code(), 4, "{}", ran.text());
    let resumed = sandbox.surefoot(&["resume"]).run();
    assert_eq!(resumed.code(), 2, "{}", resumed.text());
    assert!(resumed.stderr.contains("there is no run to go on with"), "{}", resumed.stderr);
    let id = sandbox.runs()[0].file_name().unwrap().to_str().unwrap().to_owned();
    let resumed = sandbox.surefoot(&["resume", &id]).run();
    assert_eq!(resumed.code(), 4, "{}", resumed.text());
    assert!(resumed.stderr.contains("DRILL"), "{}", resumed.stderr);
    // Nobody is told to go on with it, and whoever looks on sees what it is.
    let doctor = sandbox.surefoot(&["doctor"]).run();
    assert!(doctor.stdout.contains("none is open or in doubt"), "{}", doctor.stdout);
    let followed = sandbox.surefoot(&["follow", "--once", "--from-start"]).run();
    assert!(followed.stderr.contains("DRILL  1  Look once"), "{}", followed.text());
    nothing_ran(&sandbox);
    let listed = sandbox.surefoot(&["history"]).run();
    assert!(listed.stdout.contains("(drill)"), "{}", listed.stdout);
    // What was only rehearsed is still otherwise than what is known here.
    sandbox.file("runbook.yaml", READS.replace("echo one", "echo other"));
    sandbox.surefoot(&["drill", "runbook.yaml"]).run();
    let shown = sandbox.surefoot(&["show", "runbook.yaml", "--diff"]).run();
    assert!(shown.stdout.contains("Since what was trusted"), "{}", shown.text());
}

#[test]
fn a_training_is_no_run_either_although_one_may_be_real() {
    let sandbox = Sandbox::trusting(READS);
    let ran = sandbox.surefoot(&["drill", "runbook.yaml", "--learn"]).run();
    assert_eq!(ran.code(), 4, "{}", ran.text());
    let started = &sandbox.events_of("run_started")[0];
    assert_eq!((&started["mode"], &started["world"]), (&"training".into(), &"scripted".into()));
    let id = sandbox.runs()[0].file_name().unwrap().to_str().unwrap().to_owned();
    // It is gone on with by its name only, and still as what it was.
    for (resume, code) in
        [(&["resume"][..], 2), (&["resume", &id], 4), (&["resume", &id, "--take-over"], 4)]
    {
        let resumed = sandbox.surefoot(resume).run();
        assert_eq!(resumed.code(), code, "{}", resumed.text());
        assert_eq!(resumed.stderr.contains("Nothing is run"), code == 4, "{}", resumed.text());
    }
    nothing_ran(&sandbox);
    // Who learns on the real thing can go on with it.
    let real = Sandbox::trusting(CHANGES);
    let left = real.surefoot(&["run", "runbook.yaml", "--mode", "training"]).run();
    assert_eq!(left.code(), 8, "{}", left.text());
    assert!(real.events_of("run_started")[0].get("world").is_none());
    let resumed = real.surefoot(&["resume", "--yes", "change"]).run();
    assert_eq!(resumed.code(), 0, "{}", resumed.text());
}

#[test]
fn a_scenario_of_another_runbook_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.file("runbook.yaml", BOOK);
    sandbox.file("other.yaml", BOOK);
    sandbox.file("odd.yaml", SCENARIO);
    let outcome = sandbox.surefoot(&["drill", "other.yaml", "--scenario", "odd.yaml"]).run();
    assert_eq!(outcome.code(), 2, "{}", outcome.text());
    assert!(outcome.stderr.contains("is a scenario of `runbook`, not of `other`"));
    assert!(sandbox.runs().is_empty());
}

#[test]
fn what_is_said_meanwhile_is_in_the_record_and_the_report() {
    let sandbox = Sandbox::new();
    sandbox.file("runbook.yaml", BOOK);
    let told = "injects:\n  - { enters: again, say: \"database team: it was us\" }\nresults:\n  \
                once: { stdout: \"first\\n\" }\n";
    sandbox.file("odd.yaml", SCENARIO.replace("results:\n", told));
    let drill = ["drill", "runbook.yaml", "--scenario", "odd.yaml", "--speed", "200"];
    let outcome = sandbox.surefoot(&drill).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    assert!(outcome.stderr.contains("» database team: it was us"), "{}", outcome.stderr);
    let told = sandbox.events_of("told");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["kind"], "inject");
    assert_eq!(told[0]["text"], "database team: it was us");
    let report = sandbox.surefoot(&["report"]).run();
    assert!(report.stdout.contains("inject: database team: it was us"), "{}", report.text());
}

/// A change, whose sample is what a drill of it prints.
const CHANGE: &str = "\
schema: surefoot/v1
title: One change
service: shop
owner: { team: shop }
escalation: [ { role: secondary, how: page the rota } ]
environments: { staging: { zone: a }, production: { zone: b, protected: true } }
steps:
  - { id: alter, title: Alter it, effect: change, run: touch canary, undo: \"true\", sample: altered }
  - end: done
";

#[test]
fn a_drill_asks_what_settings_files_and_environments_ask_of_the_real_walk() {
    let settings = |level: &str| {
        let rule = "[[policy]]\neffect = \"change\"\nwhy = \"care\"";
        format!("schema = \"surefoot-config/v1\"\n{rule}\nlevel = \"{level}\"\n")
    };
    let drilled = |environment: &str, file: Option<&str>, yes: &[&str]| {
        let sandbox = Sandbox::new();
        sandbox.file("runbook.yaml", CHANGE);
        let path = match file {
            Some("repository") => Some(sandbox.path("surefoot.toml")),
            Some(file) => Some(sandbox.root().join(file)),
            None => None,
        };
        if let Some(path) = path {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, settings("typed")).unwrap();
        }
        if file == Some("organisation.toml") {
            let folder = sandbox.root().join("home/.config/surefoot");
            std::fs::create_dir_all(&folder).unwrap();
            let grant = "[[grant]]\nyes = \"change\"\nwhy = \"jobs\"\n";
            let named =
                "schema = \"surefoot-config/v1\"\norganisation = \"../../../organisation.toml\"\n";
            std::fs::write(folder.join("config.toml"), format!("{named}{grant}")).unwrap();
        }
        let drill = ["drill", "runbook.yaml", "--env", environment];
        let outcome = sandbox.surefoot(&drill).arguments(yes).run();
        nothing_ran(&sandbox);
        (outcome.code(), outcome.text())
    };
    let yes = ["--yes", "change"];
    let (code, text) = drilled("staging", None, &yes);
    assert_eq!(code, 0, "{text}");
    // As in a run, what nobody agreed to is not done with nobody there.
    let (code, text) = drilled("staging", None, &[]);
    assert_eq!(code, 8, "{text}");
    let (code, text) = drilled("production", None, &yes);
    assert_eq!(code, 8, "{text}");
    for file in ["home/.config/surefoot/config.toml", "organisation.toml", "repository"] {
        let (code, text) = drilled("staging", Some(file), &yes);
        assert_eq!(code, 8, "{file}: {text}");
    }
}

/// Two reads that take a while, an inject, and a question between them.
const SLOW: &str = "\
schema: surefoot/v1
title: A slow look
service: shop
steps:
  - { id: first, title: Look once, effect: read, run: touch canary }
  - id: which
    ask: Which way?
    options:
      - { id: on, label: Go on, goto: second }
      - { id: again, label: Look again, goto: first }
  - { id: second, title: Look twice, effect: read, run: touch canary }
  - end: done
";

const LONG: &str = "\
schema: surefoot-scenario/v1
runbook: slow
title: It takes long
now: 2026-03-01T02:40:00Z
facts: { looked: false }
results:
  first: [ { stdout: \"one\\n\", sets: { looked: true } }, { stdout: \"never again\\n\" } ]
  second:
    - { when: looked, stdout: \"it was looked at\\n\", takes: 6s }
    - { stdout: \"it was not\\n\" }
injects: [ { enters: first, say: Somebody calls. } ]
answers: { which: on }
expect: { outcome: done, visited: [ first, which, second ] }
";

/// A place with both, and the words that start the drill.
fn slow() -> (Sandbox, [&'static str; 6]) {
    let sandbox = Sandbox::new();
    sandbox.file("slow.yaml", SLOW).file("long.yaml", LONG).file("on.yaml", "which: on\n");
    (sandbox, ["drill", "slow.yaml", "--scenario", "long.yaml", "--auto", "read"])
}

fn id(sandbox: &Sandbox) -> String {
    sandbox.run().file_name().unwrap().to_str().unwrap().to_owned()
}

fn shows(text: &str, all: &[&str]) {
    for shown in all {
        assert!(text.contains(shown), "{shown} in\n{text}");
    }
}

#[test]
fn a_drill_that_was_left_goes_on_where_it_was() {
    let (sandbox, drill) = slow();
    let left = sandbox.surefoot(&drill).arguments(&["--speed", "200"]).run();
    assert_eq!(left.code(), 4, "{}", left.text());
    shows(&left.stderr, &["│ one", "Somebody calls."]);
    let kept = std::fs::read_to_string(sandbox.run().join("scenario.yaml")).unwrap();
    assert_eq!(kept, LONG);
    let id = id(&sandbox);
    let resumed = sandbox.surefoot(&["resume", &id, "--answers", "on.yaml"]).run();
    assert_eq!(resumed.code(), 0, "{}", resumed.text());
    shows(&resumed.stderr, &["DRILL", "times as fast", "│ it was looked at", "done, as expected"]);
    // What was given and said before is neither given nor said again.
    assert!(!resumed.stderr.contains("Somebody calls."), "{}", resumed.stderr);
    assert_eq!(sandbox.events_of("attempt_started").len(), 2);
    let last = sandbox.journal().lines().last().unwrap().to_owned();
    assert!(last.contains("\"at\":\"2026-03-01T0"), "{last}");
    let over = sandbox.surefoot(&["resume", &id]).run();
    assert!(over.stderr.contains("is over"), "{}", over.text());
    nothing_ran(&sandbox);
}

#[test]
fn a_command_of_a_drill_goes_on_when_the_program_was_killed() {
    let (sandbox, drill) = slow();
    let drill = sandbox.surefoot(&drill).arguments(&["--answers", "on.yaml"]).start();
    let journal = || sandbox.runs().first().map(|run| run.join("journal.jsonl"));
    let started = sandbox::eventually(|| {
        let text = std::fs::read_to_string(journal()?).ok()?;
        (text.matches("\"attempt_started\"").count() == 2).then_some(())
    });
    assert!(started.is_some(), "{}", drill.stream("stderr"));
    // It is killed as it is dropped.
    drop(drill);
    let id = id(&sandbox);
    let latest = sandbox.surefoot(&["resume"]).run();
    assert!(latest.stderr.contains("there is no run to go on with"), "{}", latest.text());
    let resumed = sandbox.surefoot(&["resume", &id, "--answers", "on.yaml"]).run();
    assert_eq!(resumed.code(), 0, "{}", resumed.text());
    shows(&resumed.stderr, &["ended while nobody watched", "✓ exit 0", "done, as expected"]);
    assert_eq!(sandbox.events_of("attempt_started").len(), 2, "{}", resumed.text());
    let ended = sandbox.events_of("attempt_ended");
    assert!(ended[1]["took"].as_u64().unwrap() >= 6_000, "{ended:?}");
    // A drill is as good a record as any to make an exercise of.
    let saved = sandbox.surefoot(&["drill", "--from", &id, "--save", "again.yaml"]).run();
    assert_eq!(saved.code(), 0, "{}", saved.text());
    let text = sandbox.read("again.yaml");
    shows(&text, &["stdout: |\n      it was looked at", "Somebody calls.", "which: on"]);
    let tested = sandbox.surefoot(&["test", "again.yaml"]).run();
    assert_eq!(tested.code(), 0, "{}\n{text}", tested.text());
    nothing_ran(&sandbox);
}

#[test]
fn a_drill_whose_scenario_was_changed_is_not_gone_on_with() {
    let (sandbox, drill) = slow();
    sandbox.surefoot(&drill).arguments(&["--speed", "200"]).run();
    let kept = sandbox.run().join("scenario.yaml");
    std::fs::write(&kept, LONG.replace("one", "two")).unwrap();
    let resumed = sandbox.surefoot(&["resume", &id(&sandbox), "--answers", "on.yaml"]).run();
    assert_eq!(resumed.code(), 10, "{}", resumed.text());
    assert!(resumed.stderr.contains("was changed"), "{}", resumed.stderr);
}
