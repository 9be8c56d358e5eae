//! Walks a run without a world: commands end as scripted, answers come from a list, and every event
//! is written down in a short notation.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use surefoot::diagnostic::Source;
use surefoot::engine::{
    Answer, Asking, Attempt, AttemptId, Checked, Demands, End, Ended, Event, Filtered, Found,
    Input, Kept, Printed, Question, Recorded, Rejected, Responder, Resumed, Role, Run, Signed,
    Terms,
};
use surefoot::plan::{Alert, DigestKey, Given, Mode, Plan};
use surefoot::policy::{Attendance, Pace, Policy, Trust};
use surefoot::runbook::{Outcome, Protection, StepId, load};
use surefoot::value::{Name, Secret, Value};

use crate::notation::{noted, role_name};
use crate::shelf::Shelf;
use crate::started::started;

/// What becomes of a command.
#[derive(Clone, Debug)]
pub(crate) enum Out {
    /// It ends, having printed this, after these seconds.
    End(End, &'static str, i64),
    /// It runs on until it is stopped.
    Stays,
    /// The program dies before the end is recorded; this is found when the run is taken over.
    Crash(Found),
}

/// Exit 0 with an output.
pub(crate) fn says(text: &'static str) -> Out {
    Out::End(End::Exited { code: 0 }, text, 0)
}

/// An exit status.
pub(crate) fn exit(code: i32) -> Out {
    Out::End(End::Exited { code }, "", 0)
}

/// Another end.
pub(crate) fn ends(end: End) -> Out {
    Out::End(end, "", 0)
}

/// The program dies; nothing is known of the command.
pub(crate) fn crash() -> Out {
    Out::Crash(Found::Unknown)
}

/// How a run is started.
pub(crate) struct Setup {
    pub(crate) runbook: String,
    /// The runbooks that can be used.
    pub(crate) shelf: Shelf,
    pub(crate) policy: Policy,
    pub(crate) pace: Pace,
    pub(crate) environment: Option<&'static str>,
    pub(crate) inputs: BTreeMap<Name, Given>,
    pub(crate) missing: Vec<String>,
    /// The ends of commands, by `step` for the main one or `step role`; exit 0 when there is none.
    pub(crate) ends: BTreeMap<String, VecDeque<Out>>,
}

impl Setup {
    /// A runbook of these steps, whose reads run by themselves.
    pub(crate) fn steps(yaml: &str) -> Self {
        Self::new(&format!("schema: surefoot/v1\ntitle: Test\n{yaml}"))
    }

    pub(crate) fn new(yaml: &str) -> Self {
        Self {
            runbook: yaml.to_owned(),
            shelf: Shelf::default(),
            policy: Policy {
                attendance: Attendance::Attended,
                trust: Trust::Trusted,
                protection: Protection::Ordinary,
                agreed: BTreeSet::new(),
                rules: surefoot::policy::Rules::default(),
            },
            pace: Pace::Flow,
            environment: None,
            inputs: BTreeMap::new(),
            missing: Vec::new(),
            ends: BTreeMap::new(),
        }
    }

    /// Scripts the ends of a command.
    pub(crate) fn end(mut self, of: &str, outs: impl IntoIterator<Item = Out>) -> Self {
        self.ends.insert(of.to_owned(), outs.into_iter().collect());
        self
    }

    /// Adds a runbook that can be used.
    pub(crate) fn with(mut self, name: &str, yaml: &str) -> Self {
        self.shelf.put(name, &format!("schema: surefoot/v1\ntitle: Used\n{yaml}"));
        self
    }

    pub(crate) fn plan(&self) -> Arc<Plan> {
        let source = Source { name: "test.yaml".to_owned(), text: self.runbook.as_str().into() };
        let loaded = load(&source, &self.shelf);
        let runbook =
            loaded.runbook.unwrap_or_else(|| panic!("{:#?}\n{}", loaded.findings, self.runbook));
        let environment = self.environment.map(|wanted| {
            let mut environments = runbook.environments.iter();
            let found = environments.find(|it| it.name.as_str() == wanted);
            found.unwrap().clone()
        });
        Arc::new(Plan {
            runbook: Arc::new(runbook),
            run: "test-run".to_owned(),
            mode: Mode::Test,
            environment,
            inputs: self.inputs.clone(),
            alert: Alert::default(),
            policy: self.policy.clone(),
            work: "/work".to_owned(),
            key: DigestKey::new([7; 32]),
        })
    }

    /// Begins the run and walks it as far as the answers go.
    pub(crate) fn walk(self, answers: &[&str]) -> Walk {
        let mut walk = Walk::begin(self);
        walk.answer(answers);
        walk
    }
}

/// A walk with all that happened.
pub(crate) struct Walk {
    pub(crate) setup: Setup,
    pub(crate) plan: Arc<Plan>,
    pub(crate) run: Run,
    pub(crate) now: Timestamp,
    pub(crate) events: Vec<(Event, Timestamp)>,
    pub(crate) log: Vec<String>,
    /// What reached the world, in order: role, step.
    pub(crate) ledger: Vec<String>,
    /// Commands that run on until they are stopped.
    stays: BTreeSet<AttemptId>,
    /// The commands that were started and have not ended.
    pub(crate) open: VecDeque<(AttemptId, Out)>,
}

impl Walk {
    pub(crate) fn begin(setup: Setup) -> Self {
        let plan = setup.plan();
        Self::with(setup, plan)
    }

    /// Begins a run whose runbook is loaded already.
    pub(crate) fn with(setup: Setup, plan: Arc<Plan>) -> Self {
        let mut walk = Self {
            run: Run::new(Arc::clone(&plan)),
            plan,
            now: "2026-03-01T02:40:00Z".parse().unwrap(),
            events: Vec::new(),
            log: Vec::new(),
            ledger: Vec::new(),
            stays: BTreeSet::new(),
            open: VecDeque::new(),
            setup,
        };
        let started = started(person(), walk.setup.policy.clone(), walk.setup.pace);
        walk.put(Input::Begin(Box::new(started))).unwrap();
        walk
    }

    /// Establishes a fact.
    pub(crate) fn put(&mut self, input: Input) -> Result<(), Rejected> {
        let event = self.run.decide(input, self.now)?;
        self.run.apply(&event, self.now).unwrap();
        self.log.extend(noted(&event));
        self.events.push((event, self.now));
        assert_total(&self.run);
        Ok(())
    }

    /// Does all that needs no person, then gives the next answer, until there is none left.
    pub(crate) fn answer(&mut self, answers: &[&str]) {
        let mut answers = answers.iter();
        loop {
            self.settle();
            let Some(answer) = answers.next() else { break };
            if let Some(by) = answer.strip_prefix("crash") {
                self.take_over_by(by.trim(), &Found::Unknown);
                continue;
            }
            let Some(question) = self.run.demands().question else {
                panic!("`{answer}` answers nothing\n{}", self.log.join("\n"));
            };
            let (asked, given) = answer.split_once(": ").unwrap_or(("", answer));
            assert!(
                asked.is_empty() || asked == question.ask.name(),
                "`{answer}` answers {question:?}\n{}",
                self.log.join("\n")
            );
            let input = self.input(given, &question);
            if let Err(why) = self.put(input) {
                self.log.push(format!("refused: {why}"));
            }
        }
        if let Some(question) = self.run.demands().question {
            let step = question.step.map_or_else(String::new, |step| format!(" {step}"));
            self.log.push(format!("? {}{step}", question.ask.name()));
        }
    }

    /// Gives one answer to the question that is asked now, and does nothing more.
    pub(crate) fn give(&mut self, given: &str) {
        let question = self.run.demands().question.unwrap();
        let input = self.input(given, &question);
        self.put(input).unwrap();
    }

    /// Everything up to the next question or rest.
    fn settle(&mut self) {
        for _ in 0..1000 {
            let demands = self.run.demands();
            if let Some(attempt) = demands.stop.first() {
                self.end(*attempt, End::Interrupted { signal: Some(2) }, "");
            } else if demands.advance.is_some() {
                self.put(Input::Advance).unwrap();
            } else if demands.approval.is_some() {
                self.put(Input::ApprovalRequested(terms(self.events.len()))).unwrap();
            } else if demands.survey.is_some() {
                self.put(Input::Surveyed(self.setup.missing.clone())).unwrap();
            } else if let Some(attempt) = demands.start.into_iter().next() {
                self.start_command(&attempt);
            } else if let Some((attempt, out)) = self.open.pop_front() {
                match out {
                    Out::End(end, printed, seconds) => {
                        self.now += SignedDuration::from_secs(seconds);
                        self.end(attempt, end, printed);
                    }
                    Out::Crash(found) => self.take_over(&found),
                    Out::Stays => {
                        self.stays.insert(attempt);
                    }
                }
            } else {
                let running = self.run.running().find(|attempt| !self.stays.contains(attempt));
                match running.filter(|_| demands.question.is_none()) {
                    // Taken part in after a take-over.
                    Some(attempt) => self.end(attempt, End::Exited { code: 0 }, ""),
                    None => return,
                }
            }
        }
        panic!("no end in sight\n{}", self.log.join("\n"));
    }

    /// It ends when everything that can begin beside it has begun.
    fn start_command(&mut self, attempt: &Attempt) {
        self.put(Input::Started(attempt.id)).unwrap();
        let step = attempt.step.as_ref().map_or("-", |step| step.0.as_str());
        let role = role_name(attempt.role);
        self.ledger.push(format!("{role} {step}"));
        let key = match attempt.role {
            Role::Main => step.to_owned(),
            _ => format!("{step} {role}"),
        };
        let scripted = self.setup.ends.get_mut(&key).and_then(VecDeque::pop_front);
        let out = scripted.unwrap_or(match attempt.role {
            Role::Assert => says("prod-eu"),
            _ => exit(0),
        });
        self.open.push_back((attempt.id, out));
    }

    pub(crate) fn end(&mut self, attempt: AttemptId, end: End, printed: &str) {
        let ended = Ended {
            took: 5,
            stdout: Printed { bytes: printed.as_bytes().to_vec(), more: 0 },
            filtered: filtered(&self.run, attempt, printed),
            ..Ended::new(attempt, end)
        };
        self.put(Input::Ended(Box::new(ended))).unwrap();
    }

    /// The program dies and another takes over: what is known is what can be read back.
    pub(crate) fn take_over(&mut self, found: &Found) {
        self.take_over_by("", found);
    }

    /// Somebody goes on: who agreed before, perhaps.
    fn take_over_by(&mut self, by: &str, found: &Found) {
        self.open.clear();
        self.events = read_back(&self.events);
        self.run = fold(&self.plan, &self.events);
        let found = self.run.running().map(|id| (id, found.clone())).collect();
        let own = self.run.standing().into_iter().filter(|standing| standing.principal == by);
        let voided = own.map(|it| (it.nonce, format!("{by} has the login of the responder")));
        let mut taken = resumed(&self.setup.policy, found);
        if let Input::Resumed(resumed) = &mut taken {
            resumed.voided = voided.collect();
        }
        self.put(taken).unwrap();
    }

    fn input(&mut self, given: &str, question: &Question) -> Input {
        let (word, rest) = given.split_once(' ').unwrap_or((given, ""));
        let reason = None;
        Input::Answered(match word {
            "agreed" => return agreed(rest, question, self.now),
            "adhoc" => Answer::AdHoc { command: rest.to_owned() },
            "again" => Answer::Again,
            "back" => Answer::Back,
            "choose" => Answer::Choose { option: Name::new(rest).unwrap(), reason },
            "done" => Answer::Done { note: None },
            "edit" => Answer::Edit { command: rest.to_owned() },
            "elapse" => {
                if let Asking::Wait { until } = question.ask {
                    self.now = until;
                } else if let Some(wait) = self.run.demands().waits.first() {
                    self.now = wait.until;
                }
                return Input::Elapsed;
            }
            "elsewhere" => {
                let next = AttemptId(self.run.last_attempt().0 + 1);
                return Input::Elsewhere {
                    output: rest.to_owned(),
                    exit: 0,
                    filtered: filtered(&self.run, next, rest),
                    kept: Kept::default(),
                };
            }
            "finish" => Answer::Finish { outcome: outcome(rest) },
            "glass" => Answer::BreakGlass { reason: rest.to_owned() },
            "gopast" => {
                let (step, reason) = rest.split_once(' ').unwrap_or((rest, ""));
                Answer::GoPast { step: StepId(step.to_owned()), reason: reason.to_owned() }
            }
            "goto" => Answer::GoTo { step: StepId(rest.to_owned()) },
            "leave" => Answer::Leave,
            "mark" => Answer::MarkDone,
            "none" => Answer::NoneOfThese,
            "notsure" => Answer::NotSure { reason },
            "pause" => return Input::Paused(surefoot::engine::PauseReason::Wished),
            "predict" => Answer::Predict { text: rest.to_owned() },
            "proceed" => Answer::Proceed,
            "recheck" => Answer::Recheck,
            "secret" => {
                Answer::Value { value: Recorded::Secret(Some(Secret::new(rest.to_owned()))) }
            }
            "skip" if !rest.is_empty() => Answer::Skip { reason: Some(rest.to_owned()) },
            "skip" => Answer::Skip { reason },
            "stop" => Answer::Stop,
            "type" => Answer::Confirm { typed: Some(rest.to_owned()) },
            "undo" => {
                // A number after the step tells one of several items' changes.
                let (step, entry) = rest.split_once(' ').unwrap_or((rest, ""));
                let step = (!step.is_empty()).then(|| StepId(step.to_owned()));
                Answer::Undo { step, entry: entry.parse().ok() }
            }
            "value" => Answer::Value { value: Recorded::Open(Value::Text(rest.to_owned())) },
            "wait" => Answer::WaitForEnd,
            "yes" => Answer::Confirm { typed: None },
            other => panic!("no answer `{other}`"),
        })
    }

    /// The log in one text.
    pub(crate) fn text(&self) -> String {
        self.log.join("\n")
    }

    /// Compares the log with what is expected, line by line without indentation.
    #[track_caller]
    pub(crate) fn check(&self, expected: &str) {
        let expected: Vec<&str> =
            expected.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
        assert_eq!(self.text(), expected.join("\n"), "\n--- walked:\n{}\n", self.text());
        assert_replays(self);
    }

    /// Compares what reached the world.
    #[track_caller]
    pub(crate) fn check_ledger(&self, expected: &[&str]) {
        assert_eq!(self.ledger, expected, "\n{}\n", self.text());
        assert_replays(self);
    }
}

/// What a request needs, as the world would give it.
fn terms(count: usize) -> Terms {
    Terms {
        nonce: format!("nonce-{count}"),
        record: count as u64,
        head: "0".repeat(64),
        lifetime: 900,
        own_keys: Vec::new(),
    }
}

/// An answer that the world found good: by somebody, perhaps to an older request.
pub(crate) fn agreed(words: &str, question: &Question, now: Timestamp) -> Input {
    let (by, nonce) = words.split_once(' ').unwrap_or((words, ""));
    let Asking::Approve(waiting) = &question.ask else { panic!("{question:?}") };
    let nonce = if nonce.is_empty() { waiting.request.nonce.clone() } else { nonce.to_owned() };
    let signed = Signed {
        principal: by.to_owned(),
        key: "SHA256:x".to_owned(),
        signature: "signature".to_owned(),
        signers: "list".to_owned(),
        signers_writable: false,
    };
    Input::ApprovalChecked(Checked::Good { nonce, signed, now })
}

/// What the step's filters make of an output: the filters of tests are harmless.
fn filtered(run: &Run, attempt: AttemptId, printed: &str) -> Filtered {
    let outputs = run.filters(attempt).into_iter().map(|filter| {
        let outputs = filter.run(printed).map_err(|error| error.to_string());
        (filter.text().to_owned(), outputs)
    });
    outputs.collect()
}

pub(crate) fn person() -> Responder {
    Responder { name: "dana@host".to_owned(), known_by: "login".to_owned() }
}

pub(crate) fn resumed(policy: &Policy, found: BTreeMap<AttemptId, Found>) -> Input {
    Input::Resumed(Box::new(Resumed {
        program: "0".to_owned(),
        host: "host".to_owned(),
        boot: "boot".to_owned(),
        responder: person(),
        pace: None,
        policy: policy.clone(),
        found,
        set_aside: 0,
        voided: BTreeMap::new(),
        from: None,
    }))
}

/// The events as a journal gives them back.
pub(crate) fn read_back(events: &[(Event, Timestamp)]) -> Vec<(Event, Timestamp)> {
    let read = events.iter().map(|(event, at)| {
        let text = serde_json::to_string(event).unwrap();
        (serde_json::from_str(&text).unwrap(), *at)
    });
    read.collect()
}

pub(crate) fn fold(plan: &Arc<Plan>, events: &[(Event, Timestamp)]) -> Run {
    let mut run = Run::new(Arc::clone(plan));
    for (event, at) in events {
        run.apply(event, *at).unwrap();
    }
    run
}

/// What a run demands, as a text that can be compared.
pub(crate) fn wants(run: &Run) -> String {
    format!("{:?}", run.demands())
}

/// Something is needed, or something runs, or the run rests.
pub(crate) fn assert_total(run: &Run) {
    let demands = run.demands();
    let Demands { advance, approval, start, question, survey, rest, .. } = &demands;
    let needs = !demands.stop.is_empty()
        || advance.is_some()
        || approval.is_some()
        || !start.is_empty()
        || question.is_some()
        || survey.is_some()
        || rest.is_some();
    assert!(needs || run.running().next().is_some(), "stuck: {run:#?}");
    // Only lanes of their own begin something beside what runs.
    for attempt in start.iter().filter(|_| run.followed().next().is_some()) {
        assert!(!attempt.lane.is_main(), "two at a time: {demands:?}");
    }
}

/// Every prefix folds; the whole folds to the same state, from memory and from text.
#[track_caller]
fn assert_replays(walk: &Walk) {
    for length in 1..=walk.events.len() {
        assert_total(&fold(&walk.plan, &walk.events[..length]));
    }
    let again = fold(&walk.plan, &walk.events);
    assert_eq!(wants(&again), wants(&walk.run));
    let read = fold(&walk.plan, &read_back(&walk.events));
    if !walk.text().contains("secret") {
        assert_eq!(wants(&read), wants(&walk.run));
    }
}

fn outcome(word: &str) -> Outcome {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).unwrap()
}
