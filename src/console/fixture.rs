//! What tests of the console have in common: a runbook, a terminal in memory, a clock that is set.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;

use super::terminal::{Captured, Colour, Cursor, Glyphs, Settings, Terminal, Width};
use crate::diagnostic::Source;
use crate::engine::{Event, Run};
use crate::journal::Record;
use crate::plan::{Alert, DigestKey, Mode, Plan};
use crate::policy::{Attendance, Policy, Trust};
use crate::runbook::{
    Action, Command, Effect, Escalation, Form, OnDisconnect, OnFailure, Order, PartId, Protection,
    Run as RunStep, Runbook, Step, StepId, StepKey, TargetRef,
};
use crate::session::Clock;
use crate::template::{Script, Shell, Template};
use crate::value::Duration;

/// A terminal in memory.
pub(super) fn terminal(columns: usize) -> (Terminal, Captured) {
    Terminal::buffered(Settings {
        colour: Colour::Never,
        cursor: Cursor::Still,
        glyphs: Glyphs::Unicode,
        width: Width::Columns(columns),
    })
}

/// A clock that stands still until it is set.
#[derive(Debug, Default)]
pub(super) struct StillClock(Cell<f64>);

impl StillClock {
    pub(super) fn new() -> Rc<Self> {
        Rc::default()
    }

    pub(super) fn set(&self, seconds: f64) {
        self.0.set(seconds);
    }
}

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs_f64(self.0.get())
    }

    fn monotonic(&self) -> f64 {
        self.0.get()
    }
}

/// A fact as a record; what chains it is not looked at.
pub(super) fn record(mono: f64, event: Event) -> Record {
    Record {
        n: 1,
        at: Timestamp::UNIX_EPOCH,
        mono,
        by: "dana@laptop".to_owned(),
        event,
        prev: String::new(),
        sha256: String::new(),
    }
}

/// A run of [`runbook`] that has not begun.
pub(super) fn run() -> Run {
    run_of(runbook())
}

/// A run of a runbook that has not begun.
pub(super) fn run_of(runbook: Runbook) -> Run {
    Run::new(Arc::new(Plan {
        runbook: Arc::new(runbook),
        run: "2026-11-20-0312-checkout-k3f9".to_owned(),
        mode: Mode::Incident,
        environment: None,
        inputs: BTreeMap::new(),
        alert: Alert::default(),
        policy: policy(),
        work: "/tmp/work".to_owned(),
        key: DigestKey::new([0; 32]),
    }))
}

pub(super) fn policy() -> Policy {
    Policy {
        attendance: Attendance::Attended,
        trust: Trust::Trusted,
        protection: Protection::Ordinary,
        agreed: std::collections::BTreeSet::new(),
        rules: crate::policy::Rules::default(),
    }
}

/// A group of two reads, then a change.
fn steps() -> Vec<Step> {
    let mut steps = vec![
        step(
            "main.1",
            "",
            "Diagnose",
            Action::Group { steps: vec![StepKey(1), StepKey(2)], order: Order::InTurn },
        ),
        step("pods", "1", "Are the pods healthy?", command(Effect::Read, "kubectl get pods")),
        step("deploy", "2", "When was the last deploy?", command(Effect::Read, "deploys --json")),
        step(
            "undo_deploy",
            "3",
            "Undo the deploy",
            command(Effect::Change, "kubectl rollout undo"),
        ),
    ];
    steps[1].why = Some("A crash loop is the usual cause.".to_owned());
    steps
}

/// A runbook without anything but [`steps`] and a few lines for people.
pub(super) fn runbook() -> Runbook {
    Runbook {
        source: Source { name: "checkout.yaml".to_owned(), text: "".into() },
        id: "checkout-error-rate".to_owned(),
        kind: crate::runbook::RunbookKind::Runbook,
        service: Some("checkout".to_owned()),
        title: Template::constant("Checkout error rate is high"),
        summary: Some("More than 1 % of checkouts fail.".to_owned()),
        impact: None,
        owner: None,
        escalation: vec![Escalation {
            role: "payments secondary".to_owned(),
            how: "page the service \"payments\"".to_owned(),
            after: None,
        }],
        alerts: Vec::new(),
        environments: Vec::new(),
        targets: BTreeMap::new(),
        requires: Vec::new(),
        inputs: Vec::new(),
        change: None,
        never: vec![
            "Do not delete the checkout database pods. They hold unsettled payments.".to_owned(),
        ],
        links: Vec::new(),
        tags: Vec::new(),
        lock: None,
        steps: steps(),
        main: vec![StepKey(0), StepKey(3)],
        procedures: BTreeMap::new(),
        finally: Vec::new(),
        values: BTreeMap::new(),
        brought: Vec::new(),
        bytes: std::sync::Arc::default(),
        books: Vec::new(),
    }
}

fn step(id: &str, number: &str, title: &str, action: Action) -> Step {
    Step {
        id: StepId(id.to_owned()),
        name: None,
        part: PartId::Main,
        parent: None,
        number: number.to_owned(),
        title: Template::constant(title),
        why: None,
        when: None,
        never: Vec::new(),
        links: Vec::new(),
        for_each: None,
        loops: BTreeSet::new(),
        role: None,
        timebox: None,
        action,
        span: 0..0,
    }
}

fn command(effect: Effect, text: &str) -> Action {
    let (script, _) = Script::parse(text, Shell::Bash, &|_| None).unwrap();
    Action::Run(Box::new(RunStep {
        command: Command {
            form: Form::Shell(script),
            target: TargetRef::Here,
            user: None,
            env: BTreeMap::new(),
            cwd: None,
            stdin: None,
            files: BTreeMap::new(),
            timeout: Duration { millis: 600_000, written: "10m".to_owned() },
            span: 0..0,
        },
        effect,
        subject: None,
        expect: Vec::new(),
        expect_given: false,
        sample: None,
        findings: Vec::new(),
        captures: Vec::new(),
        verify: None,
        recheck: None,
        undo: None,
        retry: None,
        poll: None,
        on_failure: OnFailure::Ask,
        on_failure_given: false,
        on_disconnect: OnDisconnect::Stop,
        interactive: None,
        background: None,
        evidence: Vec::new(),
        approval: None,
    }))
}

/// Nothing happens beside a question.
pub(super) struct NothingElse;

impl crate::session::Beside for NothingElse {
    fn wakes(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        None
    }

    fn look(&mut self) -> crate::session::Heard {
        crate::session::Heard::Nothing
    }

    fn suspend(&mut self) {}
}
