//! The loop between engine and world: what is on the disk before what happens, and what becomes of
//! answers, interrupts, hang-ups and failing storage. The journal is a real one.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/started.rs"]
mod started;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use surefoot::diagnostic::Source;
use surefoot::engine::{
    Answer, Attempt, AttemptId, Checked, End, Ended, Event, Filtered, Input, Kept, PauseReason,
    Printed, Question, Rest, Run, Survey, Terms, Waiting,
};
use surefoot::expression::Filter;
use surefoot::journal::{JOURNAL, Journal, read};
use surefoot::plan::{Alert, DigestKey, Mode, Plan};
use surefoot::policy::{Attendance, Pace, Policy, Trust};
use surefoot::runbook::{NoRepository, Outcome, Protection, load};
use surefoot::session::{
    Beside, Broken, Clock, Executor, Happening, Notary, Notice, Observer, PasswordWanted, Reply,
    Responder, Session, Stream,
};
use surefoot::value::Secret;

use started::started;

/// What happened, in order, from whoever noticed it.
type Story = Rc<RefCell<Vec<String>>>;

/// An executor whose commands end when the script says so.
struct World {
    story: Story,
    journal: std::path::PathBuf,
    happens: VecDeque<Happening>,
    /// What happens while a question is open.
    beside: VecDeque<Happening>,
}

impl World {
    fn tell(&self, what: String) {
        self.story.borrow_mut().push(what);
    }
}

impl Executor for World {
    fn survey(&mut self, _: &Survey) -> Vec<String> {
        Vec::new()
    }

    fn hide(&mut self, name: &str, _: &Secret) {
        self.tell(format!("hide {name}"));
    }

    fn start(&mut self, attempt: &Attempt) {
        // What counts is what another process could read at this moment.
        let records = read(&self.journal).unwrap().records;
        let Event::AttemptStarted(last) = &records.last().unwrap().event else {
            panic!("a command starts and its start is not the last record");
        };
        assert_eq!(last.attempt, attempt.id);
        self.tell(format!("start {}", attempt.command.shown));
        if self.happens.is_empty() {
            self.happens.push_back(ended(attempt.id, End::Exited { code: 0 }));
        }
    }

    fn attach(&mut self, attempt: AttemptId) {
        self.tell(format!("attach {attempt}"));
        self.happens.push_back(ended(attempt, End::Exited { code: 0 }));
    }

    fn keep(&mut self, attempt: AttemptId, output: &str) -> Kept {
        self.tell(format!("keep {attempt} {output}"));
        Kept::default()
    }

    fn settle(&mut self) {
        let records = read(&self.journal).unwrap().records;
        let rests = records.last().is_some_and(|record| {
            matches!(record.event, Event::Paused { .. } | Event::RunFinished { .. })
        });
        assert!(!rests, "the record said that it rests before the outputs were durable");
        self.tell("settle".to_owned());
    }

    fn filter(&mut self, filters: &[Filter], document: &str) -> Filtered {
        let texts = filters.iter().map(|filter| filter.text().to_owned());
        let outcomes = texts.map(|text| {
            self.tell(format!("filter {text} {document}"));
            (text, Err("it finds nothing".to_owned()))
        });
        outcomes.collect()
    }

    fn next(&mut self, _: Option<Timestamp>) -> Happening {
        self.happens.pop_front().expect("something happens")
    }

    fn glance(&mut self) -> Option<Happening> {
        self.beside.pop_front()
    }

    fn give_password(&mut self, request: u32, password: Option<Secret>) {
        let given = password.is_some();
        self.tell(format!("password {request} given: {given}"));
    }

    fn interrupt(&mut self, attempt: AttemptId) {
        self.tell(format!("interrupt {attempt}"));
    }

    fn kill(&mut self, attempt: AttemptId) {
        self.tell(format!("kill {attempt}"));
    }

    fn suspend(&mut self) {
        self.tell("suspend".to_owned());
    }
}

fn ended(attempt: AttemptId, end: End) -> Happening {
    Happening::Ended(Box::new(Ended { took: 1, ..Ended::new(attempt, end) }))
}

/// Replies from a list.
struct Person {
    story: Story,
    replies: VecDeque<Reply>,
}

impl Responder for Person {
    fn ask(
        &mut self,
        question: &Question,
        _: &Run,
        _: Option<Timestamp>,
        beside: &mut dyn Beside,
    ) -> Reply {
        beside.look();
        self.story.borrow_mut().push(format!("ask {}", question.ask.name()));
        self.replies.pop_front().unwrap_or(Reply::Nobody)
    }

    fn password(&mut self, wanted: &PasswordWanted<'_>, _: &mut dyn Beside) -> Option<Secret> {
        self.story.borrow_mut().push(format!("{} for {}", wanted.prompt, wanted.command));
        Some(Secret::new("horse battery".to_owned()))
    }

    fn refused(&mut self, why: &str) {
        self.story.borrow_mut().push(format!("refused: {why}"));
    }
}

/// Nobody else can be asked.
struct Nobody;

impl Notary for Nobody {
    fn terms(&mut self, record: u64, head: &str) -> Terms {
        Terms {
            nonce: format!("nonce-{record}"),
            record,
            head: head.to_owned(),
            lifetime: 900,
            own_keys: Vec::new(),
        }
    }

    fn hand_out(&mut self, _: &Waiting) {}

    fn has_arrived(&mut self, _: &Waiting) -> bool {
        false
    }

    fn arrived(&mut self, _: &Waiting) -> Option<String> {
        None
    }

    fn check(&mut self, waiting: &Waiting, _: &str, _: Timestamp) -> Checked {
        Checked::Bad { nonce: waiting.request.nonce.clone(), why: "nobody signs".to_owned() }
    }
}

struct Watcher(Story);

impl Observer for Watcher {
    fn recorded(&mut self, record: &surefoot::journal::Record, _: &Run) {
        if let Event::AttemptStarted(_) | Event::AttemptEnded(_) | Event::Paused { .. } =
            &record.event
        {
            let event = serde_json::to_value(&record.event).unwrap();
            let mut story = self.0.borrow_mut();
            story.push(format!("recorded {}", event["type"].as_str().unwrap()));
        }
    }

    fn noticed(&mut self, notice: &Notice<'_>, _: &Run) {
        let mut story = self.0.borrow_mut();
        match notice {
            Notice::Continued
            | Notice::Interrupting { .. }
            | Notice::Killing { .. }
            | Notice::Suspending => story.push("noticed".to_owned()),
            Notice::Output { bytes, .. } => story.push(String::from_utf8_lossy(bytes).into_owned()),
            Notice::Ready { attempt } => story.push(format!("ready {attempt}")),
            Notice::NotGiven { .. }
            | Notice::Orphaned { .. }
            | Notice::PasswordWanted { .. }
            | Notice::Tick => {}
        }
    }
}

/// A second passes at every look.
struct Ticking(Cell<Timestamp>);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        let next = self.0.get() + SignedDuration::from_secs(1);
        self.0.set(next);
        next
    }

    fn monotonic(&self) -> f64 {
        1.5
    }
}

fn plan(steps: &str) -> Arc<Plan> {
    let source = Source {
        name: "test.yaml".to_owned(),
        text: format!("schema: surefoot/v1\ntitle: Test\nsteps:\n{steps}").into(),
    };
    let loaded = load(&source, &NoRepository);
    let findings = loaded.findings;
    let runbook = loaded.runbook.unwrap_or_else(|| panic!("{findings:#?}"));
    Arc::new(Plan {
        runbook: Arc::new(runbook),
        run: "test-run".to_owned(),
        mode: Mode::Test,
        environment: None,
        inputs: std::collections::BTreeMap::new(),
        alert: Alert::default(),
        policy: policy(),
        work: "/work".to_owned(),
        key: DigestKey::new([7; 32]),
    })
}

fn policy() -> Policy {
    Policy {
        attendance: Attendance::Attended,
        trust: Trust::Trusted,
        protection: Protection::Ordinary,
        agreed: BTreeSet::new(),
        rules: surefoot::policy::Rules::default(),
    }
}

fn begin(pace: Pace) -> Input {
    let person =
        surefoot::engine::Responder { name: "dana@host".to_owned(), known_by: "login".to_owned() };
    Input::Begin(Box::new(started(person, policy(), pace)))
}

/// A walk's story and how it came to rest.
fn walk_in(
    folder: &Path,
    steps: &str,
    pace: Pace,
    replies: Vec<Reply>,
    happens: Vec<Happening>,
) -> (Vec<String>, Result<Rest, Broken>) {
    let story = Story::default();
    let (beside, happens) = happens.into_iter().partition(|happening| {
        matches!(happening, Happening::Ready { .. } | Happening::Output { .. })
    });
    let journal = folder.join(JOURNAL);
    let mut world = World { story: Rc::clone(&story), journal, happens, beside };
    let mut person = Person { story: Rc::clone(&story), replies: replies.into() };
    let mut watcher = Watcher(Rc::clone(&story));
    let clock = Ticking(Cell::new("2026-03-01T02:40:00Z".parse().unwrap()));
    let mut session = Session {
        run: Run::new(plan(steps)),
        journal: Journal::create(folder).unwrap(),
        executor: &mut world,
        responder: &mut person,
        notary: &mut Nobody,
        observers: vec![&mut watcher],
        clock: &clock,
        by: "dana".to_owned(),
    };
    let rest = session.walk(begin(pace));
    drop(session);
    let mut story = story.take();
    // Whatever the way to it: outputs are durable before a rest is recorded.
    assert!(rest.is_err() || story.iter().any(|what| what == "settle"), "{story:?}");
    story.retain(|what| what != "settle");
    (story, rest)
}

fn walk(steps: &str, replies: Vec<Reply>, happens: Vec<Happening>) -> (Vec<String>, Rest) {
    let folder = tempfile::tempdir().unwrap();
    let (story, rest) = walk_in(folder.path(), steps, Pace::Step, replies, happens);
    (story, rest.unwrap())
}

const CHANGE: &str = "  - { id: a, run: [do, it], undo: { none: x } }\n";

fn yes() -> Reply {
    Reply::Answer(Answer::Confirm { typed: None })
}

fn finish() -> Reply {
    Reply::Answer(Answer::Finish { outcome: Outcome::Done })
}

#[test]
fn a_start_is_recorded_before_the_command_starts_and_its_end_after() {
    let (story, rest) = walk(CHANGE, vec![yes(), finish()], Vec::new());
    assert_eq!(
        story,
        [
            "ask confirm",
            "recorded attempt_started",
            "start do it",
            "recorded attempt_ended",
            "ask outcome"
        ]
    );
    assert!(matches!(rest, Rest::Finished { .. }));
}

#[test]
fn an_answer_that_does_not_fit_is_refused_and_asked_again() {
    let wrong = Reply::Answer(Answer::Proceed);
    let (story, _) = walk(CHANGE, vec![wrong], Vec::new());
    assert_eq!(
        story,
        [
            "ask confirm",
            "refused: that is no answer to this question",
            "ask confirm",
            "recorded paused"
        ]
    );
}

#[test]
fn every_way_to_leave_a_question_is_a_pause_of_its_own() {
    let left = |reply| walk(CHANGE, vec![reply], Vec::new()).1;
    let question = || "confirm".to_owned();
    assert_eq!(left(Reply::Answer(Answer::Pause)), Rest::Paused(PauseReason::Wished));
    assert_eq!(left(Reply::Interrupted), Rest::Paused(PauseReason::Interrupted));
    assert_eq!(left(Reply::HungUp), Rest::Paused(PauseReason::HungUp));
    let nobody = PauseReason::PersonNeeded { question: question() };
    assert_eq!(left(Reply::Nobody), Rest::Paused(nobody));
    let refused = PauseReason::Refused { question: question() };
    assert_eq!(left(Reply::Refused), Rest::Paused(refused));
}

#[test]
fn the_first_interrupt_asks_the_command_to_end_and_the_second_kills_it() {
    let happens = vec![
        Happening::Interrupt,
        Happening::Tick,
        Happening::Interrupt,
        ended(AttemptId(1), End::Interrupted { signal: Some(9) }),
    ];
    let (story, rest) = walk(CHANGE, vec![yes()], happens);
    let told: Vec<&str> = story.iter().map(String::as_str).collect();
    assert_eq!(
        told[3..],
        [
            "interrupt 1",
            "noticed",
            "kill 1",
            "noticed",
            "recorded attempt_ended",
            "ask failed",
            "recorded paused"
        ]
    );
    assert!(matches!(rest, Rest::Paused(_)));
}

#[test]
fn control_z_stops_the_commands_and_is_told_before_and_after() {
    let happens = vec![Happening::Suspend, ended(AttemptId(1), End::Exited { code: 0 })];
    let (story, _) = walk(CHANGE, vec![yes()], happens);
    assert_eq!(story[3..7], ["noticed", "suspend", "noticed", "recorded attempt_ended"]);
}

#[test]
fn a_hang_up_while_a_command_runs_pauses_and_records_no_end() {
    let (story, rest) = walk(CHANGE, vec![yes()], vec![Happening::HangUp]);
    assert_eq!(rest, Rest::Paused(PauseReason::HungUp));
    assert_eq!(story.last().unwrap(), "recorded paused");
    assert!(!story.contains(&"recorded attempt_ended".to_owned()));
}

#[test]
fn nothing_starts_when_its_start_cannot_be_recorded() {
    // The answer fits into a record; the command with sixty times the answer, escaped, does not.
    let value =
        surefoot::engine::Recorded::Open(surefoot::value::Value::Text("\u{1}".repeat(100_000)));
    let words = ", '{{v}}'".repeat(60);
    let steps = format!(
        "  - {{ id: q, ask: What?, into: v, type: text }}\n  - {{ id: a, effect: read, run: [do{words}] }}\n"
    );
    let folder = tempfile::tempdir().unwrap();
    let replies = vec![Reply::Answer(Answer::Value { value })];
    let (story, broken) = walk_in(folder.path(), &steps, Pace::Flow, replies, Vec::new());
    assert!(matches!(broken, Err(Broken::Unrecorded(_))));
    assert_eq!(story, ["ask value"]);
}

#[test]
fn what_is_pasted_is_kept_unless_a_secret_is_taken_from_it() {
    let elsewhere =
        || Reply::Answer(Answer::Elsewhere { output: "seven and eight".to_owned(), exit: 0 });
    let open = "  - { id: a, effect: read, run: [x], capture: v }\n";
    assert!(
        walk(open, vec![elsewhere()], Vec::new()).0.contains(&"keep 1 seven and eight".to_owned())
    );
    let secret = "  - { id: a, effect: read, run: [x], capture: { v: { secret: true } } }\n";
    let (story, _) = walk(secret, vec![elsewhere()], Vec::new());
    assert!(story.contains(&"hide v".to_owned()), "{story:?}");
    assert!(!story.iter().any(|line| line.starts_with("keep")), "{story:?}");
}

#[test]
fn the_journal_on_the_disk_folds_to_the_state_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let (_, rest) = walk_in(folder.path(), CHANGE, Pace::Step, vec![yes()], Vec::new());
    let records = read(&folder.path().join(JOURNAL)).unwrap().records;
    let mut run = Run::new(plan(CHANGE));
    for record in &records {
        run.apply(&record.event, record.at).unwrap();
    }
    assert_eq!(run.rest(), Some(&rest.unwrap()));
    assert_eq!(run.trail().len(), 1);
}

#[test]
fn filters_run_in_the_world_once_an_output_is_there() {
    let steps = "  - { id: a, effect: read, run: [x], capture: { v: { json: .b } } }\n";
    let ended = |bytes: &[u8], more| {
        let stdout = Printed { bytes: bytes.to_vec(), more };
        let ended = Ended { stdout, ..Ended::new(AttemptId(1), End::Exited { code: 0 }) };
        vec![Happening::Ended(Box::new(ended))]
    };
    let go = || vec![Reply::Answer(Answer::Proceed)];
    let (story, _) = walk(steps, go(), ended(b"{}", 0));
    let filtered = story.iter().position(|line| line == "filter .b {}");
    let recorded = story.iter().position(|line| line == "recorded attempt_ended");
    assert!(filtered.unwrap() < recorded.unwrap(), "{story:?}");
    for (bytes, more) in [(&b"{}"[..], 1), (b"\xff", 0)] {
        let (story, _) = walk(steps, go(), ended(bytes, more));
        assert!(!story.iter().any(|line| line.starts_with("filter")), "{story:?}");
    }
}

#[test]
fn what_happens_beside_a_question_is_told_and_the_question_is_asked_again() {
    let output = Happening::Output {
        attempt: AttemptId(7),
        stream: Stream::Stdout,
        bytes: b"forwarding".to_vec(),
    };
    let happens = vec![output, Happening::Ready { attempt: AttemptId(7) }];
    let (story, _) = walk(CHANGE, vec![Reply::Woken], happens);
    assert_eq!(story, ["ask confirm", "forwarding", "ready 7", "ask confirm", "recorded paused"]);
}

#[test]
fn a_password_is_asked_for_by_its_command_and_is_no_fact() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = Happening::PasswordWanted {
        attempt: AttemptId(1),
        request: 3,
        prompt: "Password:".to_owned(),
    };
    let happens = vec![wanted, ended(AttemptId(1), End::Exited { code: 0 })];
    let (story, _) = walk_in(folder.path(), CHANGE, Pace::Step, vec![yes(), finish()], happens);
    assert_eq!(story[3..5], ["Password: for do it", "password 3 given: true"]);
    let journal = std::fs::read_to_string(folder.path().join(JOURNAL)).unwrap();
    assert!(!journal.contains("horse battery"));
}
