//! Generated runbooks, answers and results against a small model of what a walk means, with the
//! program dying after every single event.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use proptest::prelude::*;
use surefoot::engine::{Answer, Asking, End, Event, Found, Input, Role, StepStatus, Verdict};
use surefoot::plan::Plan;
use surefoot::runbook::{Effect, Outcome, StepId};
use surefoot::value::Name;

use crate::driver::{Setup, Walk, fold, read_back, resumed, wants};
use crate::notation::role_name;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Rule {
    Ask,
    Continue,
    Goto,
    Stop,
    Undo,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Choice {
    Again,
    Proceed,
    Skip,
    Stop,
    Undo,
}

/// A step that runs a command, with what happens to it and what is answered about it.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are generated, not passed around")]
struct Command {
    change: bool,
    undo: bool,
    verify: bool,
    rule: Rule,
    confirmed: bool,
    when_failed: Choice,
    /// `Proceed` stands for marking it done.
    when_in_doubt: Choice,
    /// The first results; then it succeeds.
    results: Vec<bool>,
}

#[derive(Clone, Debug)]
enum Item {
    Decide(usize),
    Do,
    Goto,
    Group(Vec<Item>),
    Run(Command),
    Use,
}

#[derive(Clone, Debug)]
struct Case {
    main: Vec<Item>,
    procedure: Vec<Item>,
    undo_at_stop: bool,
}

fn command() -> impl Strategy<Value = Command> {
    use Choice::{Again, Proceed, Skip, Stop};
    let rule = prop_oneof![
        3 => Just(Rule::Ask), 1 => Just(Rule::Continue), 1 => Just(Rule::Goto),
        1 => Just(Rule::Stop), 1 => Just(Rule::Undo),
    ];
    let failed = prop::sample::select(vec![Again, Proceed, Skip, Stop]);
    let doubt = prop::sample::select(vec![Again, Proceed, Skip, Stop, Choice::Undo]);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), prop::bool::weighted(0.8));
    let results = prop::collection::vec(any::<bool>(), 0..2);
    (flags, rule, failed, doubt, results).prop_map(
        |((change, undo, verify, confirmed), rule, when_failed, when_in_doubt, results)| {
            let undo = change && undo;
            let undoable = |choice: Choice| {
                if choice == Choice::Undo && !undo { Skip } else { choice }
            };
            Command {
                change,
                undo,
                verify: change && verify,
                rule: if rule == Rule::Undo && !undo { Rule::Continue } else { rule },
                confirmed,
                when_failed,
                when_in_doubt: undoable(when_in_doubt),
                results,
            }
        },
    )
}

fn case() -> impl Strategy<Value = Case> {
    let leaf = prop_oneof![
        8 => command().prop_map(Item::Run),
        1 => Just(Item::Do),
        2 => Just(Item::Use),
        2 => (0..3_usize).prop_map(Item::Decide),
        1 => Just(Item::Goto),
    ];
    let group = prop::collection::vec(leaf.clone(), 1..3).prop_map(Item::Group);
    let main = prop::collection::vec(prop_oneof![4 => leaf, 1 => group], 1..5);
    let procedure = prop::collection::vec(command().prop_map(Item::Run), 1..3);
    (main, procedure, any::<bool>()).prop_map(|(main, procedure, undo_at_stop)| Case {
        main,
        procedure,
        undo_at_stop,
    })
}

/// The runbook of a case. Steps are named by their place; `mark` is where every `goto` leads.
fn yaml(case: &Case) -> String {
    fn write(items: &[Item], at: &str, depth: usize, text: &mut String) {
        let pad = "  ".repeat(depth);
        for (place, item) in items.iter().enumerate() {
            let id = format!("{at}_{place}");
            let _ = match item {
                Item::Decide(_) => writeln!(
                    text,
                    "{pad}- {{ id: {id}, ask: Which?, options: [ {{ id: o0, label: A }}, \
                     {{ id: o1, label: B, use: {{ procedure: p }} }}, {{ id: o2, label: C, goto: mark }} ] }}"
                ),
                Item::Do => writeln!(text, "{pad}- {{ id: {id}, do: Look }}"),
                Item::Goto => writeln!(text, "{pad}- {{ id: {id}, goto: mark }}"),
                Item::Group(_) => writeln!(text, "{pad}- id: {id}\n{pad}  title: G\n{pad}  steps:"),
                Item::Run(command) => {
                    writeln!(text, "{pad}- {{ id: {id}, {} }}", keys(command, &id))
                }
                Item::Use => writeln!(text, "{pad}- {{ id: {id}, use: {{ procedure: p }} }}"),
            };
            if let Item::Group(inner) = item {
                write(inner, &id, depth + 2, text);
            }
        }
    }
    fn keys(command: &Command, id: &str) -> String {
        let effect = if command.change { "change" } else { "read" };
        let mut keys = format!("effect: {effect}, run: [do, {id}]");
        if command.change {
            let undo = if command.undo { "[undo, it]" } else { "{ none: x }" };
            let _ = write!(keys, ", undo: {undo}");
        }
        if command.verify {
            keys.push_str(", verify: [look, it]");
        }
        keys + match command.rule {
            Rule::Ask => "",
            Rule::Continue => ", on_failure: continue",
            Rule::Goto => ", on_failure: { goto: mark }",
            Rule::Stop => ", on_failure: stop",
            Rule::Undo => ", on_failure: undo",
        }
    }
    let mut text = "procedures:\n  p:\n    steps:\n".to_owned();
    write(&case.procedure, "p", 3, &mut text);
    text.push_str("finally:\n  - use: { procedure: f }\nsteps:\n");
    write(&case.main, "m", 1, &mut text);
    text.push_str("  - { id: mark, do: Here }\n");
    text.replace("procedures:\n", "procedures:\n  f: { steps: [ { id: last, do: Tell } ] }\n")
}

/// What a walk comes to: the commands that reached the world, and how the run ended.
#[derive(Debug, Default, PartialEq)]
struct Fate {
    ledger: Vec<String>,
    failed: Option<String>,
    still_changed: Vec<String>,
}

/// The model: a plain recursive walk that knows nothing of events or resuming.
struct Model<'a> {
    case: &'a Case,
    fate: Fate,
    /// The command whose end is not seen, by its place in the ledger.
    lost: Option<usize>,
    /// Steps that can be undone, the latest last.
    open: Vec<String>,
    starts: BTreeMap<String, usize>,
}

#[derive(PartialEq)]
enum Flow {
    On,
    Mark,
    Stop,
}

impl Model<'_> {
    fn fate(case: &Case, lost: Option<usize>) -> Fate {
        let mut model =
            Model { case, fate: Fate::default(), lost, open: Vec::new(), starts: BTreeMap::new() };
        if model.line(&case.main, "m") == Flow::Stop && case.undo_at_stop {
            for step in model.open.clone().into_iter().rev() {
                if model.undo(&step) == Flow::Stop {
                    break;
                }
            }
        }
        model.fate.still_changed = model.open.iter().rev().cloned().collect();
        model.fate
    }

    fn line(&mut self, items: &[Item], at: &str) -> Flow {
        for (place, item) in items.iter().enumerate() {
            let id = format!("{at}_{place}");
            let flow = match item {
                Item::Decide(0) | Item::Do => Flow::On,
                Item::Decide(1) | Item::Use => self.line(&self.case.procedure, "p"),
                Item::Decide(_) | Item::Goto => Flow::Mark,
                Item::Group(inner) => self.line(inner, &id),
                Item::Run(command) => self.run(command, &id),
            };
            if flow != Flow::On {
                return flow;
            }
        }
        Flow::On
    }

    /// A command reaches the world; whether its end is seen.
    fn start(&mut self, role: &str, step: &str) -> bool {
        self.fate.ledger.push(format!("{role} {step}"));
        self.lost != Some(self.fate.ledger.len() - 1)
    }

    fn run(&mut self, command: &Command, id: &str) -> Flow {
        if command.change && !command.confirmed {
            return Flow::On;
        }
        if command.undo && !self.open.iter().any(|step| step == id) {
            self.open.push(id.to_owned());
        }
        let count = self.starts.entry(id.to_owned()).or_default();
        *count += 1;
        let good = command.results.get(*count - 1).copied().unwrap_or(true);
        if !self.start("main", id) {
            return match command.when_in_doubt {
                Choice::Again => self.run(command, id),
                Choice::Proceed | Choice::Skip => Flow::On,
                Choice::Stop => Flow::Stop,
                Choice::Undo => match self.undo(id) {
                    Flow::On => self.run(command, id),
                    flow => flow,
                },
            };
        }
        if good {
            return Flow::On;
        }
        match (command.rule, command.when_failed) {
            (Rule::Continue, _) | (Rule::Ask, Choice::Proceed | Choice::Skip | Choice::Undo) => {
                Flow::On
            }
            (Rule::Goto, _) => Flow::Mark,
            (Rule::Undo, _) => self.undo(id),
            (Rule::Ask, Choice::Again) => self.run(command, id),
            (Rule::Stop, _) | (Rule::Ask, Choice::Stop) => {
                self.fate.failed = Some(id.to_owned());
                Flow::Stop
            }
        }
    }

    fn undo(&mut self, id: &str) -> Flow {
        let choice = find(self.case, id).when_in_doubt;
        if !self.start("undo", id) {
            match choice {
                Choice::Again => return self.undo(id),
                Choice::Skip | Choice::Undo => return Flow::On,
                Choice::Stop => return Flow::Stop,
                Choice::Proceed => {}
            }
        }
        self.open.retain(|step| step != id);
        Flow::On
    }
}

fn find<'a>(case: &'a Case, id: &str) -> &'a Command {
    let mut places = id.split('_');
    let mut items = match places.next() {
        Some("m") => &case.main,
        _ => &case.procedure,
    };
    loop {
        let place: usize = places.next().unwrap().parse().unwrap();
        match &items[place] {
            Item::Group(inner) => items = inner,
            Item::Run(command) => return command,
            other => panic!("{id} is {other:?}"),
        }
    }
}

/// What the responder of a case answers.
fn reply(case: &Case, walk: &Walk) -> Answer {
    let question = walk.run.demands().question.unwrap();
    let id = question.step.map_or_else(String::new, |step: StepId| step.0);
    let reason = None;
    let undoing = matches!(
        walk.events.iter().rev().find_map(|(event, _)| match event {
            Event::AttemptStarted(started) => Some(started.role),
            _ => None,
        }),
        Some(Role::Undo)
    );
    match &question.ask {
        Asking::Attest { .. } => Answer::Done { note: None },
        Asking::Confirm(card) if card.of == surefoot::engine::CardKind::Step => {
            if find(case, &id).confirmed {
                Answer::Confirm { typed: None }
            } else {
                Answer::Skip { reason }
            }
        }
        Asking::Confirm(_) => Answer::Confirm { typed: None },
        Asking::Decide { .. } => {
            let option = format!("o{}", decision(case, &id));
            let option = Name::new(&option).unwrap();
            Answer::Choose { option, reason }
        }
        Asking::Doubt { .. } => match find(case, &id).when_in_doubt {
            Choice::Again => Answer::Again,
            Choice::Proceed => Answer::MarkDone,
            Choice::Stop => Answer::Stop,
            Choice::Undo if !undoing => Answer::Undo { step: Some(StepId(id)), entry: None },
            Choice::Skip | Choice::Undo => Answer::Skip { reason },
        },
        Asking::Failed { .. } | Asking::Unexpected { .. } => match find(case, &id).when_failed {
            Choice::Again => Answer::Again,
            Choice::Proceed => Answer::Proceed,
            Choice::Stop => Answer::Stop,
            Choice::Skip | Choice::Undo => Answer::Skip { reason },
        },
        Asking::Outcome { .. } => Answer::Finish { outcome: Outcome::Done },
        Asking::UndoOffer { .. } if case.undo_at_stop => Answer::Undo { step: None, entry: None },
        Asking::UndoOffer { .. } => Answer::Leave,
        other => panic!("nobody expected {other:?}"),
    }
}

fn decision(case: &Case, id: &str) -> usize {
    let mut items = &case.main;
    for place in id.split('_').skip(1) {
        match &items[place.parse::<usize>().unwrap()] {
            Item::Group(inner) => items = inner,
            Item::Decide(option) => return *option,
            other => panic!("{id} is {other:?}"),
        }
    }
    panic!("{id} is a group")
}

/// Walks a case; after so many events the program dies and another one takes over.
fn walk(
    case: &Case,
    plan: &Arc<Plan>,
    dies_after: Option<usize>,
    seen: bool,
) -> (Walk, Fate, Option<usize>) {
    let mut walk = Walk::with(Setup::steps(""), Arc::clone(plan));
    let mut starts: BTreeMap<String, usize> = BTreeMap::new();
    let (mut lost, mut died, mut code) = (None, false, 0);
    for _ in 0..2000 {
        if dies_after.is_some_and(|n| !died && walk.events.len() >= n) {
            died = true;
            lost = take_over(&mut walk, seen, code);
        }
        let demands = walk.run.demands();
        let running = walk.run.running().next();
        if demands.rest.is_some() {
            break;
        } else if demands.advance.is_some() {
            walk.put(Input::Advance).unwrap();
        } else if demands.survey.is_some() {
            walk.put(Input::Surveyed(Vec::new())).unwrap();
        } else if let Some(attempt) = demands.start.into_iter().next() {
            walk.put(Input::Started(attempt.id)).unwrap();
            let Some((Event::AttemptStarted(started), _)) = walk.events.last() else {
                panic!("a command starts before its start is the last fact");
            };
            assert_eq!((started.attempt, &started.digest), (attempt.id, &attempt.digest));
            let id = attempt.step.unwrap().0;
            code = 0;
            if attempt.role == Role::Main {
                let count = starts.entry(id.clone()).or_default();
                *count += 1;
                code = i32::from(!find(case, &id).results.get(*count - 1).copied().unwrap_or(true));
            }
            if attempt.role != Role::Verify {
                walk.ledger.push(format!("{} {id}", role_name(attempt.role)));
            }
        } else if demands.question.is_some() {
            let answer = reply(case, &walk);
            walk.put(Input::Answered(answer)).unwrap();
        } else {
            walk.end(running.unwrap(), End::Exited { code }, "");
        }
    }
    let fate = fate(&walk);
    (walk, fate, lost)
}

/// The state that can be read back is the state there was; taking over twice changes nothing.
/// Says which command's end nobody saw.
fn take_over(walk: &mut Walk, seen: bool, code: i32) -> Option<usize> {
    let read = fold(&walk.plan, &read_back(&walk.events));
    assert_eq!(wants(&read), wants(&walk.run), "{}", walk.text());
    let found = if seen {
        let end = End::Exited { code };
        Found::Finished { end, took: 1 }
    } else {
        Found::Unknown
    };
    let running = walk.run.running().next();
    let helper = walk.events.iter().rev().find_map(|(event, _)| match event {
        Event::AttemptStarted(started) => Some(started.role == Role::Verify),
        _ => None,
    });
    walk.take_over(&found);
    let once = wants(&walk.run);
    let found = walk.run.running().map(|id| (id, found.clone())).collect();
    walk.put(resumed(&walk.setup.policy.clone(), found)).unwrap();
    assert_eq!(wants(&walk.run), once, "{}", walk.text());
    running.filter(|_| !seen && helper != Some(true)).map(|_| walk.ledger.len() - 1)
}

fn fate(walk: &Walk) -> Fate {
    let Some((Event::RunFinished { failed, still_changed, .. }, _)) = walk.events.last() else {
        panic!("no end\n{}", walk.text());
    };
    Fate {
        ledger: walk.ledger.clone(),
        failed: failed.as_ref().map(|step| step.0.clone()),
        still_changed: still_changed.iter().map(|step| step.0.clone()).collect(),
    }
}

/// What must hold of every journal, whatever the walk.
fn check_journal(walk: &Walk) {
    let (mut agreed, mut passed) = (false, false);
    for (event, _) in &walk.events {
        match event {
            Event::Answered { answer, .. } => agreed = matches!(answer, Answer::Confirm { .. }),
            Event::AttemptStarted(started) if started.effect != Effect::Read => {
                assert!(agreed, "{} starts without a yes\n{}", started.shown, walk.text());
                agreed = false;
            }
            Event::Resumed(_) => agreed = false,
            Event::StepEntered { .. } => passed = false,
            Event::AttemptEnded(ended) => passed = ended.verdict == Verdict::Passed,
            Event::StepClosed { step, status, .. } if *status == StepStatus::Done => {
                let key = walk.plan.runbook.find(step).unwrap();
                let runs =
                    matches!(walk.plan.runbook.step(key).action, surefoot::runbook::Action::Run(_));
                assert!(!runs || passed, "{step} is done and did not pass\n{}", walk.text());
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_walk_is_what_the_model_says_wherever_the_program_dies(case in case()) {
        let plan = Setup::steps(&yaml(&case)).plan();
        let (whole, fate, _) = walk(&case, &plan, None, false);
        check_journal(&whole);
        prop_assert_eq!(&fate, &Model::fate(&case, None), "{}\n{}", yaml(&case), whole.text());
        for length in 1..whole.events.len() {
            for seen in [false, true] {
                let (walked, fate, lost) = walk(&case, &plan, Some(length), seen);
                check_journal(&walked);
                let expected = Model::fate(&case, lost);
                prop_assert_eq!(&fate, &expected, "{}\n{}", yaml(&case), walked.text());
            }
        }
    }
}
