//! A run as records, and what the terminal showed of it.

use super::*;
use crate::console::fixture::{StillClock, policy, record, run, terminal};
use crate::engine::{
    AttemptEnded, AttemptStarted, End, FindingRecord, Kept, LaneId, Recorded, Responder, Role,
    RunStarted, RunbookOrigin, StepStatus, Survivor, Verdict,
};
use crate::expression::Part;
use crate::plan::{Mode, World};
use crate::policy::Pace;
use crate::runbook::{Effect, FindingSeverity, OnDisconnect, Outcome};
use crate::session::Stream;
use crate::value::{Name, Secret, Value};

/// What the terminal shows of events and notices, a second apart.
fn check(columns: usize, known: Known, script: &[Moment], expected: &str) {
    let (terminal, captured) = terminal(columns);
    let clock = StillClock::new();
    let run = run();
    let mut view = View::new(terminal, clock.clone(), known);
    let mut time = 0.0;
    for moment in script {
        time += 1.0;
        clock.set(time);
        match moment {
            Moment::Event(event) => view.recorded(&record(time, (**event).clone()), &run),
            Moment::Prints(stream, text) => view.noticed(
                &Notice::Output { attempt: AttemptId(1), stream: *stream, bytes: text.as_bytes() },
                &run,
            ),
            Moment::Tick => view.noticed(&Notice::Tick, &run),
            Moment::Suspended(seconds) => {
                view.noticed(&Notice::Suspending, &run);
                time += seconds;
                clock.set(time);
                view.noticed(&Notice::Continued, &run);
            }
            Moment::Stopping => {
                view.noticed(&Notice::Interrupting { attempt: AttemptId(1), grace: 5000 }, &run);
            }
        }
    }
    assert_eq!(captured.walk(), expected);
}

enum Moment {
    Event(Box<Event>),
    Prints(Stream, &'static str),
    Tick,
    Stopping,
    Suspended(f64),
}

fn event(event: Event) -> Moment {
    Moment::Event(Box::new(event))
}

fn began() -> Moment {
    event(Event::RunStarted(Box::new(RunStarted {
        format: "surefoot-journal/1".to_owned(),
        program: "0.1.0".to_owned(),
        run: "2026-11-20-0312-checkout-k3f9".to_owned(),
        host: "laptop".to_owned(),
        boot: "1".to_owned(),
        runbook: RunbookOrigin {
            id: "checkout-error-rate".to_owned(),
            service: Some("checkout".to_owned()),
            repository: None,
            title: "Checkout error rate is high".to_owned(),
            digest: "4f2a91c0ffee".to_owned(),
            files: Vec::new(),
        },
        responder: Responder { name: "dana@laptop".to_owned(), known_by: "login".to_owned() },
        mode: Mode::Incident,
        change: None,
        environment: Some(Name::new("production").unwrap()),
        policy: policy(),
        policy_digest: String::new(),
        pace: Pace::Step,
        inputs: vec![
            crate::engine::InputRecord {
                name: Name::new("namespace").unwrap(),
                value: Recorded::Open(Value::Text("shop".to_owned())),
                origin: crate::plan::Origin::Alert,
            },
            crate::engine::InputRecord {
                name: Name::new("token").unwrap(),
                value: Recorded::Secret(Some(Secret::new("hunter2hunter2".to_owned()))),
                origin: crate::plan::Origin::Asked,
            },
        ],
        alert: None,
        at: None,
        behind: Vec::new(),
        world: World::Real,
        follows: None,
        rehearsal: None,
    })))
}

fn entered(step: &str, title: &str) -> Moment {
    event(Event::StepEntered {
        lane: LaneId::MAIN,
        step: StepId(step.to_owned()),
        title: title.to_owned(),
        before: 0,
        unclear: None,
    })
}

fn started(step: &str, role: Role, shown: &str) -> Moment {
    event(Event::AttemptStarted(Box::new(AttemptStarted {
        lane: LaneId::MAIN,
        attempt: AttemptId(1),
        step: Some(StepId(step.to_owned())),
        role,
        effect: Effect::Read,
        digest: String::new(),
        shown: shown.to_owned(),
        values: Vec::new(),
        target: "here".to_owned(),
        place: None,
        identity: None,
        approvals: Vec::new(),
        confirmation: None,
        on_disconnect: OnDisconnect::Stop,
        timeout: 600_000,
        undoes: Vec::new(),
    })))
}

fn ending(end: End, verdict: Verdict) -> AttemptEnded {
    AttemptEnded {
        lane: LaneId::MAIN,
        attempt: AttemptId(1),
        end,
        took: 1234,
        output: Kept::default(),
        evidence: Vec::new(),
        left_running: Vec::new(),
        containment: None,
        verdict,
        captured: BTreeMap::new(),
        findings: Vec::new(),
        elsewhere: false,
        recovered: false,
        identity: None,
    }
}

fn ended(end: End, verdict: Verdict) -> Moment {
    event(Event::AttemptEnded(Box::new(ending(end, verdict))))
}

fn passed() -> Moment {
    ended(End::Exited { code: 0 }, Verdict::Passed)
}

#[test]
fn a_walk_begins_with_all_that_matters() {
    let known = Known {
        usual: Some(420_000),
        last_walked: Some("last walked OK on this machine 12 days ago".to_owned()),
        changed: true,
        usual_steps: BTreeMap::new(),
        usual_undo: BTreeMap::new(),
    };
    check(
        80,
        known,
        &[began(), entered("main.1", "Diagnose"), entered("pods", "Are the pods healthy?")],
        "\
Checkout error rate is high               checkout/checkout-error-rate @ 4f2a91c
  2 read, 1 change, 0 destroy · usually 7 min · last walked OK on this machine
  12 days ago · changed since you last ran it (d)
  production · namespace shop (from the alert) · token (secret)
  never  Do not delete the checkout database pods. They hold unsettled payments.

Diagnose
 1  Are the pods healthy?                                                   read
",
    );
}

#[test]
fn everything_fits_into_forty_columns() {
    check(
        40,
        Known::default(),
        &[
            began(),
            entered("pods", "Are the pods healthy?"),
            started("pods", Role::Main, &"x".repeat(50)),
        ],
        "\
Checkout error rate is high
    checkout/checkout-error-rate @
    4f2a91c
  2 read, 1 change, 0 destroy
  production · namespace shop (from the
  alert) · token (secret)
  never  Do not delete the checkout
         database pods. They hold
         unsettled payments.

 1  Are the pods healthy?           read
    $ xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    ↪ xxxxxxxxxxxxxxxx
",
    );
}

#[test]
fn a_command_its_output_and_its_result() {
    let mut end = ending(End::Exited { code: 0 }, Verdict::Passed);
    let value = Value::Text("2026-11-20\n02:31".to_owned());
    end.captured.insert(Name::new("deployed_at").unwrap(), Recorded::Open(value));
    end.captured.insert(Name::new("token").unwrap(), Recorded::Secret(None));
    end.findings.push(FindingRecord {
        say: "A deploy in the last hour.".to_owned(),
        severity: FindingSeverity::Warning,
        suggest: Some(Name::new("roll_back").unwrap()),
    });
    end.left_running.push(Survivor { pid: 4711, command: "sleep 60".to_owned() });
    check(
        80,
        Known::default(),
        &[
            entered("deploy", "When was the last deploy?"),
            started("deploy", Role::Main, "deploys --json"),
            Moment::Prints(Stream::Stdout, "{\"at\":"),
            Moment::Prints(Stream::Stdout, "1}\n"),
            Moment::Prints(Stream::Stderr, "\x1b[31mslow\x1b[0m"),
            event(Event::AttemptEnded(Box::new(end))),
        ],
        "
 2  When was the last deploy?                                               read
    $ deploys --json
  │ {\"at\":1}
  ┆ \\x1b[31mslow\\x1b[0m
    ✓ exit 0 · 1.2 s
    deployed_at = 2026-11-20\\x0a02:31
    token = (secret)
    warning  A deploy in the last hour. → roll_back
    ends with this walk: 4711 sleep 60
",
    );
}

#[test]
fn an_unexpected_result_shows_its_values() {
    let parts = vec![Part { text: "error_rate".to_owned(), value: "0.03".to_owned() }];
    let why = "error_rate < 0.01 does not hold".to_owned();
    check(
        80,
        Known::default(),
        &[ended(End::Exited { code: 3 }, Verdict::Unexpected { why, parts })],
        "    ! exit 3 · 1.2 s\n      error_rate < 0.01 does not hold\n      error_rate = 0.03\n",
    );
}

#[test]
fn every_end_has_its_line() {
    let failed = |why: &str| Verdict::Failed { why: why.to_owned(), parts: Vec::new() };
    check(
        80,
        Known::default(),
        &[
            ended(End::Signalled { signal: 9 }, failed("it was killed")),
            ended(End::TimedOut { after: 600_000 }, failed("its time was up")),
            ended(End::Unknown, Verdict::InDoubt),
            ended(
                End::Exited { code: 1 },
                Verdict::Pending { why: "not yet".to_owned(), parts: Vec::new() },
            ),
        ],
        "    ✗ killed by SIGKILL · 1.2 s\n      it was killed\n    \
         ✗ timed out after 10 min · 1.2 s\n      its time was up\n    \
         ? nobody saw it end · 1.2 s · in doubt: it is not known what it did\n    \
         · exit 1 · 1.2 s · not yet\n",
    );
}

#[test]
fn a_reason_that_the_result_says_already_is_not_said_again() {
    let failed = |why: &str| Verdict::Failed { why: why.to_owned(), parts: Vec::new() };
    let missing = || "no such file".to_owned();
    check(
        80,
        Known::default(),
        &[
            ended(
                End::CouldNotStart { why: missing() },
                failed("it could not be started: no such file"),
            ),
            ended(End::Interrupted { signal: Some(2) }, failed("it was interrupted")),
            ended(End::Exited { code: 3 }, failed("exit 3: no queue")),
        ],
        "    ✗ could not start: no such file · 1.2 s\n    \
         ✗ stopped by you, ended by SIGINT · 1.2 s\n    \
         ✗ exit 3 · 1.2 s\n      exit 3: no queue\n",
    );
}

#[test]
fn the_same_command_is_shown_once_for_all_its_attempts() {
    check(
        80,
        Known::default(),
        &[
            started("pods", Role::Main, "kubectl get pods"),
            passed(),
            started("pods", Role::Main, "kubectl get pods"),
            passed(),
            started("pods", Role::Verify, "kubectl rollout status"),
            passed(),
        ],
        "    $ kubectl get pods\n    ✓ exit 0 · 1.2 s\n    ✓ exit 0 · 1.2 s\n    verify\n    \
         $ kubectl rollout status\n    ✓ exit 0 · 1.2 s\n",
    );
}

#[test]
fn a_quiet_command_is_told_once_where_nothing_can_turn() {
    let known = Known {
        usual_steps: BTreeMap::from([(StepId("pods".to_owned()), 4000)]),
        ..Known::default()
    };
    check(
        80,
        known,
        &[
            started("pods", Role::Main, "kubectl get pods"),
            Moment::Tick,
            Moment::Tick,
            Moment::Tick,
            Moment::Tick,
            Moment::Stopping,
        ],
        "    $ kubectl get pods\n    running 3 s, usually 4 s\n    \
         Stopping it. It has 5 s to end; Ctrl-C again kills it at once.\n",
    );
}

#[test]
fn a_skipped_step_says_why() {
    check(
        60,
        Known::default(),
        &[
            event(Event::StepSkipped {
                lane: LaneId::MAIN,
                step: StepId("deploy".to_owned()),
                title: "When was the last deploy?".to_owned(),
                condition: "environment.name == \"production\"".to_owned(),
            }),
            event(Event::StepClosed {
                lane: LaneId::MAIN,
                step: StepId("pods".to_owned()),
                status: StepStatus::FailedHandled,
            }),
        ],
        "
 2  When was the last deploy?                        skipped
    not needed: environment.name == \"production\"
    Failed, handled: the run goes on.
",
    );
}

#[test]
fn who_waits_for_a_command_of_an_earlier_walk_sees_that_it_runs() {
    let (terminal, captured) = terminal(80);
    let clock = StillClock::new();
    let run = run();
    let mut view = View::new(terminal, clock.clone(), Known::default());
    view.answered(None, &Answer::WaitForEnd, &run);
    view.finds(AttemptId(1), run.current(), Way::Foreground, &run);
    clock.set(5.0);
    view.noticed(&Notice::Tick, &run);
    assert_eq!(
        captured.walk(),
        "    → waiting for its end; Ctrl-C stops it\n    waiting for its end, 5 s\n"
    );
}

#[test]
fn the_end_says_what_is_left_to_do() {
    check(
        80,
        Known::default(),
        &[
            began(),
            event(Event::RunFinished {
                outcome: Outcome::RolledBack,
                failed: Some(StepId("pods".to_owned())),
                still_changed: vec![StepId("undo_deploy".to_owned())],
                changed_by: Vec::new(),
                ended_by: None,
            }),
        ],
        "\
Checkout error rate is high               checkout/checkout-error-rate @ 4f2a91c
  2 read, 1 change, 0 destroy
  production · namespace shop (from the alert) · token (secret)
  never  Do not delete the checkout database pods. They hold unsettled payments.

Rolled back · 1 s
    failed  pods: Are the pods healthy?
    1 change was made and not undone
        undo_deploy: Undo the deploy
    run     2026-11-20-0312-checkout-k3f9
    report  surefoot report 2026-11-20-0312-checkout-k3f9
",
    );
}

#[test]
fn the_check_of_a_target_is_shown_only_if_it_fails() {
    let mut good = ending(End::Exited { code: 0 }, Verdict::Passed);
    good.identity = Some("prod-eu".to_owned());
    let why = "it says stg-eu".to_owned();
    let bad = Verdict::Failed { why, parts: Vec::new() };
    check(
        80,
        Known::default(),
        &[
            started("pods", Role::Assert, "cat identity"),
            Moment::Prints(Stream::Stdout, "prod-eu\n"),
            event(Event::AttemptEnded(Box::new(good))),
            started("pods", Role::Assert, "cat identity"),
            Moment::Prints(Stream::Stdout, "stg-eu\n"),
            ended(End::Exited { code: 0 }, bad),
        ],
        "    ✓ here is prod-eu · 1.2 s
    check the target
    $ cat identity
  │ stg-eu
    ✗ exit 0 · 1.2 s
      it says stg-eu
",
    );
}

#[test]
fn a_verification_that_is_run_again_says_what_it_is() {
    let verified = || {
        let failed = Verdict::Failed { why: "the check failed".to_owned(), parts: Vec::new() };
        event(Event::AttemptEnded(Box::new(ending(End::Exited { code: 1 }, failed))))
    };
    check(
        60,
        Known::default(),
        &[
            entered("pods", "Are the pods healthy?"),
            started("pods", Role::Verify, "test -e there"),
            verified(),
            started("pods", Role::Verify, "test -e there"),
            verified(),
        ],
        "
 1  Are the pods healthy?                               read
    verify
    $ test -e there
    ✗ exit 1 · 1.2 s
      the check failed
    ✗ verify: exit 1 · 1.2 s
      the check failed
",
    );
}

#[test]
fn the_time_that_control_z_took_is_not_the_commands() {
    check(
        60,
        Known::default(),
        &[
            started("pods", Role::Main, "sleep 9"),
            Moment::Tick,
            Moment::Suspended(60.0),
            Moment::Tick,
            Moment::Tick,
        ],
        "    $ sleep 9\n    running 3 s\n",
    );
}
