//! What a walk must never do: confirmations, proofs of targets, doubt after a crash, undo, secrets.

use surefoot::engine::{AnswerKind, End, Event, Found};
use surefoot::policy::Attendance;
use surefoot::runbook::{Effect, Protection};

use crate::driver::{Out, Setup, Walk, crash, ends, exit, says};

/// Two changes with an undo each, the second by a step of the main line.
const UNDOABLE: &str = "steps:
  - { id: a, run: [do, a], undo: [undo, a] }
  - { id: b, run: [do, b], undo: { step: c } }
  - { id: q, do: Look }
  - { id: c, run: [undo, b] }
";

const TARGET: &str = "targets:
  box: { prefix: [ssh, box], assert: hostname, equals: prod-eu }
";

fn on_target(step: &str) -> Setup {
    Setup::steps(&format!("{TARGET}steps:\n  - {{ id: a, target: box, {step} }}\n"))
}

fn accepts(walk: &Walk, kind: AnswerKind) -> bool {
    let question = walk.run.demands().question.unwrap();
    question.accepts.contains(&kind)
}

#[test]
fn a_change_waits_for_a_yes_and_a_read_for_a_key_or_the_pace() {
    let yaml = "steps:\n  - { id: a, run: [do, a], undo: { none: x } }\n";
    Setup::steps(yaml).walk(&[]).check("> a\n? confirm a");
    Setup::steps(yaml)
        .walk(&["proceed", "confirm: yes"])
        .check("> a\nrefused: that is no answer to this question\nconfirm: confirm\n$ main do a\n= passed\n< a done\n? outcome");
}

#[test]
fn destroying_needs_what_is_destroyed_typed() {
    let yaml = "steps:\n  - { id: a, effect: destroy, run: [rm, x], subject: volume-7, irreversible: gone }\n";
    Setup::steps(yaml).walk(&["yes", "type volume-8", "type volume-7"]).check(
        "> a\nrefused: type `volume-7` to confirm\nrefused: type `volume-7` to confirm
            confirm: confirm\n$ main rm x\n= passed\n< a done\n? outcome",
    );
    on_target("effect: destroy, run: [rm, x], irreversible: gone")
        .walk(&["type box", "type prod-eu"])
        .check(
            "$ assert hostname\n= passed\n> a\n$ assert hostname\n= passed
            refused: type `prod-eu` to confirm\nconfirm: confirm\n$ assert hostname\n= passed
            $ main rm x\n= passed\n< a done\n? outcome",
        );
}

#[test]
fn a_protected_environment_asks_for_its_name_even_with_a_flag() {
    let yaml = "environments: { production: { protected: true } }
steps:\n  - { id: a, run: [do, a], undo: { none: x } }\n";
    let mut setup = Setup::steps(yaml);
    setup.environment = Some("production");
    setup.policy.protection = Protection::Protected;
    setup.policy.agreed.insert(Effect::Change);
    setup
        .walk(&["yes", "type production"])
        .check("> a\nrefused: type `production` to confirm\nconfirm: confirm\n$ main do a\n= passed\n< a done\n? outcome");
}

#[test]
fn a_flag_agrees_to_a_change_once_and_nobody_to_a_refused_one() {
    let yaml = "steps:\n  - { id: a, run: [do, a], undo: { none: x } }\n  - { id: b, do: B }\n";
    let mut setup = Setup::steps(yaml);
    setup.policy.agreed.insert(Effect::Change);
    setup
        .walk(&["goto a", "yes"])
        .check("> a\n$ main do a\n= passed\n< a done\n> b\nattest: go_to\n> a\nconfirm: confirm\n$ main do a\n= passed\n< a done\n> b\n? attest b");
    let mut setup = Setup::steps(yaml);
    setup.policy.attendance = Attendance::Unattended;
    let walk = setup.walk(&["yes"]);
    walk.check("> a\nrefused: that is no answer to this question\n? confirm a");
    assert!(!accepts(&walk, AnswerKind::Elsewhere));
}

#[test]
fn a_target_proves_itself_before_and_after_the_confirmation() {
    on_target("run: [do, a], undo: { none: x }")
        .end("a assert", [says("prod-eu"), says("prod-us")])
        .walk(&["confirm: yes", "assertion: again", "confirm: yes"])
        .check(
            "$ assert hostname\n= passed\n> a\n$ assert hostname\n= passed\nconfirm: confirm
            $ assert hostname\n= failed\nassertion: again\n$ assert hostname\n= passed
            confirm: confirm\n$ assert hostname\n= passed\n$ main do a\n= passed\n< a done\n? outcome",
        );
}

#[test]
fn no_rule_for_failures_goes_on_over_a_wrong_target() {
    on_target("run: [do, a], undo: { none: x }, on_failure: continue")
        .end("a assert", [says("prod-us")])
        .walk(&[])
        .check("$ assert hostname\n= passed\n> a\n$ assert hostname\n= failed\n? assertion a");
}

#[test]
fn the_proof_for_reads_is_good_for_a_minute_and_gone_when_it_fails() {
    let yaml = format!(
        "{TARGET}steps:
  - {{ id: a, target: box, effect: read, run: [ls, a] }}
  - {{ id: b, target: box, effect: read, run: [ls, b] }}
  - {{ id: c, target: box, effect: read, run: [ls, c] }}
"
    );
    let mut setup = Setup::steps(&yaml).end("a", [Out::End(End::Exited { code: 0 }, "", 59)]);
    setup = setup.end("b", [Out::End(End::Exited { code: 0 }, "", 2)]).end("c assert", [says("")]);
    let walk = setup.walk(&["skip"]);
    assert_eq!(walk.ledger, ["assert -", "main a", "main b", "assert c"]);
    assert_eq!(walk.run.identities().count(), 0);
}

#[test]
fn verify_fails_the_step_and_undo_takes_it_back() {
    let yaml = "steps:
  - { id: a, run: [do, a], undo: [undo, a], verify: [look, a], on_failure: undo }
  - { id: b, do: B }
";
    Setup::steps(yaml).end("a verify", [exit(1)]).walk(&["confirm: yes", "confirm: yes"]).check(
        "> a\nconfirm: confirm\n$ main do a\n= passed\n$ verify look a\n= failed
            < a failed_handled\nconfirm: confirm\n$ undo undo a\n= passed\n> b\n? attest b",
    );
    let expecting = "steps:\n  - { id: a, run: [do, a], undo: { none: x }, verify: { expect: 'stdout == \"ok\"' } }\n";
    Setup::steps(expecting)
        .end("a", [says("no")])
        .walk(&["yes"])
        .check("> a\nconfirm: confirm\n$ main do a\n= failed\n? failed a");
}

#[test]
fn undo_is_offered_in_reverse_when_the_run_is_stopped() {
    Setup::steps(UNDOABLE)
        .walk(&[
            "yes",
            "yes",
            "attest: stop",
            "undo_offer: undo",
            "yes",
            "yes",
            "finish rolled_back",
        ])
        .check_ledger(&["main a", "main b", "undo b", "undo a"]);
    Setup::steps(UNDOABLE)
        .walk(&["yes", "yes", "attest: stop", "undo_offer: leave", "finish abandoned"])
        .check_ledger(&["main a", "main b"]);
}

#[test]
fn what_the_main_line_has_undone_is_settled_and_the_rest_stays_visible() {
    let walk = Setup::steps(UNDOABLE).walk(&["yes", "yes", "done", "yes", "finish done"]);
    assert!(walk.text().ends_with("finished done, a stays"), "{}", walk.text());
    let walk =
        Setup::steps(UNDOABLE).walk(&["yes", "yes", "done", "skip", "finish rolled_back", "leave"]);
    assert!(walk.text().ends_with("finished rolled_back, b stays, a stays"), "{}", walk.text());
}

#[test]
fn a_failing_undo_asks_and_one_that_cannot_be_seen_is_in_doubt() {
    let walk = |out| {
        let setup = Setup::steps(UNDOABLE).end("a undo", [out, exit(0)]);
        setup.walk(&["yes", "skip", "stop", "undo", "yes"])
    };
    let mut failed = walk(exit(1));
    assert!(failed.text().ends_with("? failed a"), "{}", failed.text());
    assert!(!accepts(&failed, AnswerKind::Edit) && !accepts(&failed, AnswerKind::Elsewhere));
    failed.answer(&["again", "yes", "finish rolled_back"]);
    assert!(failed.text().ends_with("finished rolled_back"), "{}", failed.text());
    let mut lost = walk(ends(End::Disconnected));
    assert!(lost.text().ends_with("? doubt a"), "{}", lost.text());
    lost.answer(&["mark", "finish rolled_back"]);
    assert!(lost.text().ends_with("finished rolled_back"), "{}", lost.text());
}

#[test]
fn an_undo_sees_the_values_of_the_moment_its_change_started() {
    let yaml = "steps:
  - { id: v, ask: Which?, into: v, type: name }
  - { id: a, run: [do, '{{v}}'], undo: [undo, '{{v}}'] }
  - { id: q, do: Look }
";
    let walk = Setup::steps(yaml).walk(&[
        "value one",
        "yes",
        "goto v",
        "value two",
        "yes",
        "stop",
        "undo",
        "yes",
        "yes",
        "finish rolled_back",
    ]);
    let text = walk.text();
    let undone: Vec<&str> = text.lines().filter(|line| line.starts_with("$ undo")).collect();
    assert_eq!(undone, ["$ undo undo two", "$ undo undo one"]);
}

#[test]
fn another_attempt_of_a_change_is_undone_once_and_one_that_never_started_not_at_all() {
    let yaml = "steps:
  - { id: a, run: [do, a], undo: [undo, a] }
  - { id: q, do: Look }
";
    let walk =
        Setup::steps(yaml).end("a", [exit(1), exit(0)]).walk(&["yes", "again", "yes", "stop"]);
    assert_eq!(walk.run.open_undo().len(), 1);
    let never = || ends(End::CouldNotStart { why: "no".to_owned() });
    let walk = Setup::steps(yaml).end("a", [never()]).walk(&["yes", "failed: stop"]);
    assert!(walk.text().ends_with("? outcome"), "{}", walk.text());
    let walk = Setup::steps(yaml).end("a", [exit(1), never()]).walk(&[
        "yes",
        "again",
        "yes",
        "failed: stop",
    ]);
    assert!(walk.text().ends_with("? undo_offer"), "{}", walk.text());
}

#[test]
fn stopping_in_the_final_steps_passes_over_them_and_does_not_begin_again() {
    let yaml =
        "steps:\n  - { id: a, do: A }\nfinally:\n  - { id: f, do: F }\n  - { id: g, do: G }\n";
    Setup::steps(yaml)
        .walk(&["stop", "stop", "finish abandoned"])
        .check("> a\nattest: stop\n> f\nattest: stop\noutcome: finish\nfinished abandoned");
}

#[test]
fn a_change_that_was_running_when_the_program_died_is_in_doubt() {
    let yaml = "steps:
  - { id: a, run: [do, a], undo: [undo, a], recheck: [did, a], verify: [look, a] }
  - { id: b, do: B }
";
    let walk = |answers: &[&str]| Setup::steps(yaml).end("a", [crash()]).walk(answers);
    walk(&["yes"]).check("> a\nconfirm: confirm\n$ main do a\nresumed\n? doubt a");
    walk(&["yes", "mark", "done"]).check_ledger(&["main a", "verify a"]);
    assert!(walk(&["yes", "mark"]).text().contains("< a marked_done"));
    walk(&["yes", "recheck", "doubt: again"]).check_ledger(&["main a", "recheck a"]);
    walk(&["yes", "again", "confirm: yes"]).check_ledger(&["main a", "main a", "verify a"]);
    walk(&["yes", "undo", "confirm: yes", "confirm: skip"]).check_ledger(&["main a", "undo a"]);
    walk(&["yes", "stop", "undo_offer: undo", "yes"]).check_ledger(&["main a", "undo a"]);
    walk(&["yes", "crash", "crash"])
        .check("> a\nconfirm: confirm\n$ main do a\nresumed\nresumed\nresumed\n? doubt a");
}

#[test]
fn what_is_known_of_a_lost_command_is_believed() {
    let yaml = "steps:\n  - { id: a, run: [do, a], undo: { none: x } }\n";
    let with = |found| Setup::steps(yaml).end("a", [Out::Crash(found)]);
    let finished = Found::Finished { end: End::Exited { code: 0 }, took: 1 };
    with(finished)
        .walk(&["yes"])
        .check("> a\nconfirm: confirm\n$ main do a\nresumed\n= passed\n< a done\n? outcome");
    let walk = with(Found::Running { supervisor: 7 }).walk(&["yes"]);
    assert!(!accepts(&walk, AnswerKind::Again) && !accepts(&walk, AnswerKind::MarkDone));
    with(Found::Running { supervisor: 7 })
        .walk(&["yes", "doubt: wait"])
        .check("> a\nconfirm: confirm\n$ main do a\nresumed\ndoubt: wait_for_end\n= passed\n< a done\n? outcome");
}

#[test]
fn a_command_that_was_left_running_and_has_ended_since_is_not_asked_about() {
    let yaml = "steps:\n  - { id: a, run: [do, a], undo: { none: x } }\n";
    let left = Out::Crash(Found::Running { supervisor: 7 });
    let mut walk = Setup::steps(yaml).end("a", [left]).walk(&["yes"]);
    assert!(accepts(&walk, AnswerKind::WaitForEnd));
    let end = End::Exited { code: 0 };
    walk.take_over(&Found::Finished { end, took: 1 });
    assert_eq!(walk.run.demands().question, None);
    assert_eq!(walk.run.running().count(), 1);
}

#[test]
fn a_consent_from_before_a_crash_is_given_anew() {
    let yaml = "steps:\n  - { id: a, run: [do, a], undo: { none: x }, retry: { times: 3 } }\n";
    Setup::steps(yaml)
        .end("a", [exit(1)])
        .walk(&["yes", "crash", "wait: elapse"])
        .check("> a\nconfirm: confirm\n$ main do a\n= pending\nresumed\nwaited\n? confirm a");
    on_target("run: [do, a], undo: { none: x }")
        .end("a assert", [says("prod-eu"), crash()])
        .walk(&["yes"])
        .check(
            "$ assert hostname\n= passed\n> a\n$ assert hostname\n= passed\nconfirm: confirm
            $ assert hostname\nresumed\n$ assert hostname\n= passed\n? confirm a",
        );
}

#[test]
fn helpers_that_only_look_are_started_again_after_a_crash() {
    let yaml = "requires: [ { check: [test, x] } ]
steps:\n  - { id: a, run: [do, a], undo: { none: x }, verify: [look, a] }\n";
    Setup::steps(yaml)
        .end("- require", [crash()])
        .end("a verify", [crash()])
        .walk(&["yes"])
        .check_ledger(&["require -", "require -", "main a", "verify a", "verify a"]);
}

#[test]
fn a_secret_is_asked_for_again_after_a_crash_and_is_in_no_event() {
    let yaml = "steps:
  - { id: a, effect: read, run: [token], capture: { t: { secret: true } } }
  - { id: b, do: B }
  - { id: c, effect: read, run: { run: [use], env: { T: '{{t}}' } } }
";
    let mut walk = Setup::steps(yaml).end("a", [says("hunter22")]).walk(&["crash", "done"]);
    assert!(walk.text().ends_with("? missing_value c"), "{}", walk.text());
    walk.answer(&["value hunter22", "secret hunter22", "finish done"]);
    assert!(walk.text().contains("refused: a secret stays a secret"));
    assert_eq!(walk.ledger, ["main a", "main c"]);
    let journal = serde_json::to_string(&walk.events.iter().map(|it| &it.0).collect::<Vec<_>>());
    assert!(!journal.unwrap().contains("hunter22"));
}

#[test]
fn an_edit_is_what_runs_and_an_own_command_is_confirmed_and_changes_nothing_of_the_walk() {
    let yaml = "steps:\n  - { id: a, run: [do, a], undo: { none: x } }\n";
    Setup::steps(yaml).walk(&["edit echo better", "yes"]).check(
        "> a\nconfirm: edit\nconfirm: confirm\n$ main echo better\n= passed\n< a done\n? outcome",
    );
    Setup::steps(yaml).walk(&["adhoc uptime", "confirm: yes", "confirm: yes"]).check(
        "> a\nconfirm: ad_hoc\nconfirm: confirm\n$ adhoc uptime\n= passed\nconfirm: confirm
            $ main do a\n= passed\n< a done\n? outcome",
    );
}

#[test]
fn a_command_that_is_typed_with_a_secret_in_it_is_neither_run_nor_recorded() {
    let yaml = "steps:
  - { id: a, effect: read, run: [token], capture: { t: { secret: true } } }
  - { id: b, run: { run: [use], env: { T: '{{t}}' } }, undo: { none: x } }
";
    let typed =
        ["edit login hunter22", "adhoc echo aHVudGVyMjI=", "adhoc echo other", "yes", "yes"];
    let walk = Setup::steps(yaml).end("a", [says("hunter22")]).walk(&typed);
    assert_eq!(walk.text().matches("holds the text of a secret").count(), 2, "{}", walk.text());
    assert_eq!(walk.ledger, ["main a", "adhoc b", "main b"]);
    let journal = serde_json::to_string(&walk.events.iter().map(|it| &it.0).collect::<Vec<_>>());
    assert!(!journal.unwrap().contains("hunter22"));
}

#[test]
fn what_somebody_expects_changes_nothing_and_tells_no_secret() {
    let yaml = "steps:
  - { id: a, effect: read, run: [token], capture: { t: { secret: true } } }
  - { id: b, run: { run: [use], env: { T: '{{t}}' } }, undo: { none: x } }
";
    let typed = ["predict it says hunter22", "predict or not", "yes"];
    let walk = Setup::steps(yaml).end("a", [says("hunter22")]).walk(&typed);
    assert_eq!(walk.ledger, ["main a", "main b"]);
    let journal = serde_json::to_string(&walk.events.iter().map(|it| &it.0).collect::<Vec<_>>());
    let journal = journal.unwrap();
    assert_eq!(journal.matches("\"answer\":\"predict\"").count(), 2, "{journal}");
    assert!(!journal.contains("hunter22"), "{journal}");
    // Nothing is to be seen where no command runs.
    let asks = "steps:\n  - { id: q, do: Look }\n";
    let walk = Setup::steps(asks).walk(&["predict nothing"]);
    assert!(!walk.events.iter().any(|it| matches!(it.0, Event::Answered { .. })));
}

#[test]
fn a_result_from_elsewhere_counts_as_the_commands_own() {
    let yaml = "steps:\n  - { id: a, run: [do, a], undo: [undo, a], capture: n }\n";
    let walk = Setup::steps(yaml).walk(&["elsewhere seven"]);
    walk.check("> a\n= passed n=seven\n< a done\n? outcome");
    assert_eq!(walk.run.open_undo().len(), 1);
}

#[test]
fn a_pause_rests_and_is_gone_on_from() {
    let yaml = "steps:\n  - { id: a, run: [do, a], undo: { none: x } }\n";
    let mut walk = Setup::steps(yaml).walk(&["pause"]);
    assert!(walk.run.demands().rest.is_some());
    walk.answer(&["crash", "yes"]);
    walk.check(
        "> a\npaused\nresumed\nconfirm: confirm\n$ main do a\n= passed\n< a done\n? outcome",
    );
}

#[test]
fn what_a_secret_is_decides_nothing_that_a_record_cannot_tell() {
    let yaml = "steps:
  - { id: t, effect: read, run: [token], capture: { t: { secret: true } } }
  - { id: a, run: { run: [do, a], env: { T: '{{t}}' } }, undo: [undo, a] }
  - { id: q, do: Look }
";
    let mut walk = Setup::steps(yaml).end("t", [says("hunter22")]).walk(&["yes", "crash"]);
    walk.answer(&["goto a", "secret hunter22", "yes"]);
    assert_eq!(walk.run.open_undo().len(), 1);
    walk.answer(&["crash"]);
    assert_eq!(walk.run.open_undo().len(), 1);
}

#[test]
fn what_was_changed_before_the_point_of_no_return_says_so() {
    let yaml = "steps:
  - { id: new, run: add, undo: remove }
  - { id: old, run: drop, irreversible: The old one is gone. }
  - { id: later, run: note, undo: forget }
  - { id: q, do: Look }
";
    let walk = Setup::steps(yaml).walk(&["confirm: yes", "confirm: yes", "confirm: yes"]);
    let undo = walk.run.open_undo();
    let before: Vec<_> = undo.iter().map(|it| (it.step.0.as_str(), it.before.is_some())).collect();
    assert_eq!(before, [("later", false), ("new", true)]);
}
