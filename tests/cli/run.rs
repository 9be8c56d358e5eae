//! Walks without a person: what runs, what is refused, and what the status says.

use crate::sandbox::{Sandbox, same};
use crate::{CHANGES, READS, ledger};

/// A runbook of these steps.
fn steps(steps: &str) -> String {
    let steps = textwrap::indent(textwrap::dedent(steps).trim_start_matches('\n'), "  ");
    format!("schema: surefoot/v1\ntitle: A test\nservice: shop\nsteps:\n{steps}")
}

/// The status of an unattended run of these steps.
#[track_caller]
fn check_status(runbook: &str, arguments: &[&str], expected: i32) -> Sandbox {
    let sandbox = Sandbox::trusting(&steps(runbook));
    let call = [&["run", "runbook.yaml"], arguments].concat();
    let outcome = sandbox.surefoot(&call).run();
    assert_eq!(outcome.code(), expected, "{}", outcome.text());
    assert_eq!(outcome.stdout, "");
    sandbox
}

#[test]
fn reads_run_by_themselves() {
    let sandbox = Sandbox::trusting(READS);
    sandbox.surefoot(&["run", "runbook.yaml"]).check(
        r"
        exit 0
        --- stderr
        Two looks                                                 shop/runbook @ DIGEST
          2 read, 0 change, 0 destroy

         1  Look once                                                               read
            $ echo one
          │ one
            ✓ exit 0

         2  Look twice                                                              read
            $ echo two
          │ two
            ✓ exit 0

         3  End: done

        Done · TOOK
            run     RUN
            report  surefoot report RUN
    ",
    );
}

#[test]
fn a_change_is_refused_without_a_person() {
    let sandbox = Sandbox::trusting(CHANGES);
    sandbox.surefoot(&["run", "runbook.yaml"]).check(
        r"
        exit 8
        --- stderr
        One change                                                shop/runbook @ DIGEST
          0 read, 1 change, 0 destroy

         1  Alter something                                                       change

        Refused: nobody is there to agree (confirm).
            go on   surefoot resume RUN
    ",
    );
    assert_eq!(ledger(&sandbox), "");
    assert!(sandbox.events_of("attempt_started").is_empty());
}

#[test]
fn a_change_that_was_agreed_to_runs_once() {
    let sandbox = Sandbox::trusting(CHANGES);
    sandbox.surefoot(&["run", "runbook.yaml", "--yes", "change"]).check(
        r#"
        exit 0
        --- stderr
        One change                                                shop/runbook @ DIGEST
          0 read, 1 change, 0 destroy

         1  Alter something                                                       change
            $ echo altered >> "$HOME/ledger"
            ✓ exit 0
            verify
            $ grep -q altered "$HOME/ledger"
            ✓ exit 0
            If you stop now: 1 undo step

         2  End: resolved

        Resolved · TOOK
            1 change was made and not undone
             1  alter: Alter something
                $ echo undone >> "$HOME/ledger"
            run     RUN
            report  surefoot report RUN
    "#,
    );
    assert_eq!(ledger(&sandbox), "altered\n");
    let started = &sandbox.events_of("attempt_started")[0];
    assert_eq!(started["confirmation"]["how"], "--yes change");
}

#[test]
fn agreeing_to_changes_does_not_reach_a_protected_environment() {
    let runbook = CHANGES.replace(
        "steps:",
        "environments:\n  staging: { where: a }\n  production: { where: b, protected: true }\nsteps:",
    );
    let sandbox = Sandbox::trusting(&runbook);
    let run = |environment| {
        let call = ["run", "runbook.yaml", "--yes", "change", "--env", environment];
        sandbox.surefoot(&call).run().code()
    };
    assert_eq!(run("production"), 8);
    assert_eq!(ledger(&sandbox), "");
    assert_eq!(run("staging"), 0);
    assert_eq!(ledger(&sandbox), "altered\n");
}

#[test]
fn agreeing_to_changes_does_not_reach_a_destroy() {
    let destroy = "
        - effect: destroy
          title: Wipe
          run: echo wiped >> \"$HOME/ledger\"
          subject: the old volume
          irreversible: gone is gone
        - end: done
    ";
    let sandbox = check_status(destroy, &["--yes", "change"], 8);
    assert_eq!(ledger(&sandbox), "");
}

#[test]
fn answers_from_a_file_cannot_confirm() {
    let sandbox = Sandbox::trusting(CHANGES);
    for answer in ["yes", "y", "confirm", "done"] {
        sandbox.file("answers.yaml", format!("alter: {answer}\n"));
        let call = ["run", "runbook.yaml", "--answers", "answers.yaml"];
        assert_eq!(sandbox.surefoot(&call).run().code(), 8, "{answer}");
    }
    assert_eq!(ledger(&sandbox), "");
}

#[test]
fn every_outcome_has_its_status() {
    for (outcome, status) in [
        ("resolved", 0),
        ("mitigated", 0),
        ("done", 0),
        ("no_action", 0),
        ("rolled_back", 5),
        ("escalated", 5),
        ("abandoned", 5),
    ] {
        let sandbox = check_status(&format!("- end: {outcome}\n"), &[], status);
        assert_eq!(sandbox.events_of("run_finished")[0]["outcome"], outcome);
    }
}

#[test]
fn a_question_needs_a_person_and_the_run_can_be_resumed() {
    let ask = "
        - id: cause
          title: What is it?
          ask: What does the evidence say?
          options:
            - { id: deploy, label: A deploy, end: mitigated }
            - { id: other, label: Something else, end: escalated }
    ";
    let sandbox = check_status(ask, &[], 4);
    let resumed = sandbox.surefoot(&["resume"]).run();
    assert_eq!(resumed.code(), 4, "{}", resumed.text());
    sandbox.file("answers.yaml", "cause: deploy\n");
    let resumed = sandbox.surefoot(&["resume", "--answers", "answers.yaml"]).run();
    assert_eq!(resumed.code(), 0, "{}", resumed.text());
    assert_eq!(sandbox.events_of("run_finished")[0]["outcome"], "mitigated");
    sandbox.surefoot(&["resume"]).check(
        r"
        exit 2
        --- stderr
        error: there is no run to go on with
    ",
    );
    let over = sandbox.run();
    let id = over.file_name().unwrap().to_str().unwrap();
    sandbox.surefoot(&["resume", id]).check(
        r"
        exit 2
        --- stderr
        error: the run RUN is over
        hint: surefoot report RUN writes its document
    ",
    );
}

#[test]
fn answers_come_from_a_file_by_step() {
    let all = "
        - { id: look, title: Look, do: Look at the dashboard. }
        - id: pick
          title: Pick
          ask: Which?
          into: choice
          choices: [ alpha, beta ]
        - id: cause
          title: Cause
          ask: What is it?
          options:
            - { id: deploy, label: A deploy, end: resolved }
            - { id: other, label: Something else, end: escalated }
    ";
    let sandbox = Sandbox::trusting(&steps(all));
    sandbox.file("answers.yaml", "look: done\npick: beta\ncause: other\n");
    let call = ["run", "runbook.yaml", "--answers", "answers.yaml"];
    let outcome = sandbox.surefoot(&call).run();
    assert_eq!(outcome.code(), 5, "{}", outcome.text());
    let answered = sandbox.events_of("answered");
    assert_eq!(answered.len(), 3, "{answered:?}");
    assert_eq!(answered[1]["answer"]["value"]["open"]["value"], "beta", "{answered:?}");
}

#[test]
fn a_file_of_answers_that_cannot_be_read_is_a_usage_error_before_anything_runs() {
    let sandbox = Sandbox::trusting(READS);
    sandbox.file("answers.yaml", "- just\n- a list\n");
    sandbox.file("unknown.yaml", "secnd: done\n");
    for file in ["answers.yaml", "missing.yaml", "unknown.yaml"] {
        let call = ["run", "runbook.yaml", "--answers", file];
        let outcome = sandbox.surefoot(&call).run();
        assert_eq!(outcome.code(), 2, "{}", outcome.text());
        assert!(outcome.stderr.contains(file), "{}", outcome.stderr);
    }
    assert!(sandbox.runs().is_empty(), "nothing was to be started: {:?}", sandbox.runs());
}

#[test]
fn a_step_that_fails_stops_the_run() {
    let fails = "
        - id: alter
          title: Alter
          effect: change
          run: 'echo no >&2; exit 3'
          undo: { none: nothing happened }
          on_failure: stop
        - end: done
    ";
    let sandbox = check_status(fails, &["--yes", "change"], 1);
    let ended = &sandbox.events_of("attempt_ended")[0];
    assert_eq!(ended["end"]["code"], 3, "{ended}");
    let sandbox =
        check_status(&fails.replace("          on_failure: stop\n", ""), &["--yes", "change"], 4);
    assert!(sandbox.events_of("run_finished").is_empty());
}

#[test]
fn an_unexpected_read_needs_a_person() {
    let sandbox = check_status(
        "
        - { id: look, title: Look, effect: read, run: exit 3 }
        - end: done
    ",
        &[],
        4,
    );
    assert_eq!(sandbox.events_of("attempt_ended")[0]["verdict"]["verdict"], "unexpected");
}

#[test]
fn every_event_comes_as_it_stands_in_the_journal() {
    let sandbox = Sandbox::trusting(CHANGES);
    let call = ["run", "runbook.yaml", "--yes", "change", "--format", "jsonl"];
    let outcome = sandbox.surefoot(&call).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    assert_eq!(outcome.stdout, sandbox.journal());
    assert!(outcome.stdout.lines().count() > 5);
}

#[test]
fn a_run_can_start_at_a_step() {
    let sandbox = Sandbox::trusting(READS);
    let at = |step| sandbox.surefoot(&["run", "runbook.yaml", "--at", step]).run();
    let outcome = at("secnd");
    assert_eq!(outcome.code(), 2, "{}", outcome.text());
    assert!(outcome.stderr.contains("did you mean `second`?"), "{}", outcome.stderr);
    assert!(sandbox.runs().is_empty());
    assert_eq!(at("second").code(), 0);
    let shown: Vec<_> =
        sandbox.events_of("attempt_started").iter().map(|it| it["shown"].clone()).collect();
    assert_eq!(shown, ["echo two"]);
}

#[test]
fn a_runbook_is_found_by_any_unique_part_of_its_name() {
    let sandbox = Sandbox::new();
    sandbox.file("runbooks/disk-filling.yaml", READS);
    sandbox.file("runbooks/deep/disk-failing.yaml", READS);
    sandbox.trust("runbooks/disk-filling.yaml");
    for reference in ["disk-filling", "shop/disk-filling", "filling"] {
        let outcome = sandbox.surefoot(&["run", reference]).run();
        assert_eq!(outcome.code(), 0, "{reference}: {}", outcome.text());
    }
    let several = sandbox.surefoot(&["run", "disk"]).run();
    assert_eq!(several.code(), 3);
    same(
        several.stderr.lines().next().unwrap(),
        r"
        error: several runbooks match `disk`: disk-failing, disk-filling
    ",
    );
    let near = sandbox.surefoot(&["run", "disk-fillin-up"]).run();
    assert_eq!(near.code(), 3);
    assert!(near.stderr.contains("did you mean `disk-filling`?"), "{}", near.stderr);
}

#[test]
fn the_environment_of_a_command_is_clean() {
    let runbook = steps(
        "
        - { id: look, title: Look, effect: read, run: 'env; ls -l /proc/self/fd | wc -l; pwd' }
        - end: done
    ",
    );
    let sandbox = Sandbox::trusting(&runbook);
    let outcome = sandbox.surefoot(&["run", "runbook.yaml"]).env("KEPT", "as it was").run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    let output = std::fs::read_to_string(sandbox.run().join("output/0001.log")).unwrap();
    assert!(output.contains("KEPT=as it was\n"), "{output}");
    assert!(output.contains(&format!("{}/work\n", sandbox.run().display())), "{output}");
    assert!(output.contains("HOME="), "{output}");
}

/// It doubles a text, so that even a slow machine runs out of memory before it runs out of time.
#[test]
fn a_filter_that_grows_too_much_is_a_failed_capture() {
    let sandbox = check_status(
        r#"
        - id: grow
          effect: read
          run: echo '{"a":1}'
          capture: { one: { json: .a }, grown: { json: 'reduce range(29) as $i ("x"; . + .) | length' } }
        - end: done
        "#,
        &[],
        4,
    );
    let ended = &sandbox.events_of("attempt_ended")[0];
    assert_eq!(
        ended["verdict"]["why"], "`grown`: the filter needs more than 256 MiB of memory",
        "{ended}"
    );
    // It is not evaluated again: what is recorded is what a resume goes on with.
    let resumed = sandbox.surefoot(&["resume"]).under(&["prlimit", "--as=1073741824"]).run();
    assert_eq!(resumed.code(), 4, "{}", resumed.text());
    assert_eq!(sandbox.surefoot(&["verify"]).run().code(), 0);
}
