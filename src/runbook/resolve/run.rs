//! Steps that run a command: its effect, what is expected of it, what is taken from it, and how it
//! is proved, repeated and undone.

use super::super::model::{
    AtTheEnd, Capture, CaptureSource, Command, Effect, Finding, FindingSeverity, OnDisconnect,
    OnFailure, Poll, Retry, Run, StepKey, TargetRef, Undo, Verify,
};
use super::super::parse::{Entry, Node};
use super::commands::Reads;
use super::{Moment, Resolver};
use crate::diagnostic::did_you_mean;
use crate::expression::Expression;
use crate::value::{Duration, Name, Type};

/// The pauses and limits that hold if none are given, in milliseconds.
const RETRY_EVERY: u64 = 5_000;
pub(super) const POLL_EVERY: u64 = 10_000;
const POLL_WITHIN: u64 = 600_000;
/// A person who talks to a program is not hurried: a week, in milliseconds.
const INTERACTIVE_WITHIN: u64 = 7 * 24 * 3_600_000;

/// Something was given and is wrong; the finding is there already.
struct Refused;

impl Resolver<'_> {
    /// A step that runs a command.
    pub(super) fn run(&mut self, key: StepKey, node: &Node, run: &Node) -> Option<Run> {
        let effect = self.effect(key);
        let reads = if effect == Effect::Read { Reads::Only } else { Reads::Perhaps };
        self.check_user(node);
        let inherited = self.inherited(key, Moment::Before, reads);
        let command = if run.map().is_some() {
            self.command(run, &inherited)
        } else {
            self.command_of(run, node, &inherited)
        };
        let expect = node
            .get("expect")
            .map(|expect| self.conditions(expect, &self.place(key, Moment::After)));
        let findings = self.findings(key, node);
        let captures = self.captures(node);
        let interactive = self.interactive(key, node);
        let background = self.background(key, node);
        let evidence = self.evidence(node, &self.place(key, Moment::Before));
        let verify = node.get("verify").map(|verify| self.verify(key, verify));
        let recheck = node.get("recheck").map(|recheck| self.recheck(key, recheck));
        let undo =
            (node.get("undo").or_else(|| node.get("irreversible"))).map(|_| self.undo(key, node));
        let retry = node.get("retry").map(|retry| self.retry(retry));
        let poll = node.get("until").map(|until| self.poll(key, node, until));
        self.check_poll_keys(node);
        let on_failure = self.on_failure(key);
        let approval = node.get("approval").map(Self::approval);
        let subject = node
            .get("subject")
            .map(|subject| self.shown(subject, &self.place(key, Moment::Before)));
        let command = unhurried(command?, node, run);
        let (on_failure, on_failure_given) = on_failure?;
        let expect_given = expect.is_some();
        let run = Run {
            command,
            effect,
            subject: subject.map(|found| found.ok_or(Refused)).transpose().ok()?,
            expect: match expect {
                Some(expect) => expect?,
                None => vec![self.exit_is_zero(key)?],
            },
            expect_given,
            sample: node.get("sample").and_then(Node::text).map(str::to_owned),
            findings: findings?,
            captures: captures?,
            verify: verify.map(|found| found.ok_or(Refused)).transpose().ok()?,
            recheck: recheck.map(|found| found.ok_or(Refused)).transpose().ok()?,
            undo: undo.map(|found| found.ok_or(Refused)).transpose().ok()?,
            retry: retry.map(|found| found.ok_or(Refused)).transpose().ok()?,
            poll: poll.map(|found| found.ok_or(Refused)).transpose().ok()?,
            on_failure,
            on_failure_given,
            on_disconnect: on_disconnect(node, effect),
            interactive: interactive?,
            background: background?,
            evidence: evidence?,
            approval: approval.map(|found| found.ok_or(Refused)).transpose().ok()?,
        };
        self.check_destroy(key, node, &run);
        self.check_undo_on_failure(node, &run);
        Some(run)
    }

    /// The effect of a step, its own or the nearest group's.
    pub(super) fn effect(&self, key: StepKey) -> Effect {
        match self.outline.inherited(key, "effect").and_then(Node::text) {
            Some("read") => Effect::Read,
            Some("destroy") => Effect::Destroy,
            _ => Effect::Change,
        }
    }

    fn exit_is_zero(&mut self, key: StepKey) -> Option<Expression> {
        self.of_result(key, "exit == 0")
    }

    /// An expression of our own over a step's result.
    pub(super) fn of_result(&mut self, key: StepKey, text: &str) -> Option<Expression> {
        let place = self.place(key, Moment::After);
        let scope = super::scope::ExpressionScope { resolver: self, place: &place };
        Expression::compile(text, &scope, Type::Boolean).ok()
    }

    pub(super) fn findings(&mut self, key: StepKey, node: &Node) -> Option<Vec<Finding>> {
        let items = node.get("findings").and_then(Node::list).unwrap_or(&[]);
        let all: Vec<_> = items.iter().map(|item| self.finding(key, item)).collect();
        all.into_iter().collect()
    }

    fn finding(&mut self, key: StepKey, node: &Node) -> Option<Finding> {
        let when = self.condition(node.get("when")?, &self.place(key, Moment::After));
        let say = self.shown(node.get("say")?, &self.place(key, Moment::After));
        let suggest = match node.get("suggest") {
            Some(suggest) => Some(self.suggested(suggest)?),
            None => None,
        };
        Some(Finding {
            when: when?,
            say: say?,
            severity: match node.get("severity").and_then(Node::text) {
                Some("critical") => FindingSeverity::Critical,
                Some("warning") => FindingSeverity::Warning,
                _ => FindingSeverity::Info,
            },
            suggest,
        })
    }

    fn suggested(&mut self, node: &Node) -> Option<Name> {
        let text = node.text()?;
        let outline = self.outline;
        let options = outline.steps.iter().flat_map(|sketch| {
            let items = sketch.node.get("options").and_then(Node::list).unwrap_or(&[]);
            items.iter().filter_map(|item| item.get("id")?.text())
        });
        let known: Vec<&str> = outline
            .ids
            .keys()
            .chain(outline.procedures.keys())
            .map(Name::as_str)
            .chain(options)
            .collect();
        if known.contains(&text) {
            return Name::new(text).ok();
        }
        let help = match did_you_mean(text, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`suggest` names an option, a step or a procedure".to_owned(),
        };
        let message =
            format!("there is nothing called `{}` to suggest", crate::diagnostic::cut(text));
        self.error_help("unknown-step", node.span.clone(), message, help);
        None
    }

    pub(super) fn captures(&mut self, node: &Node) -> Option<Vec<Capture>> {
        let Some(capture) = node.get("capture") else {
            return Some(Vec::new());
        };
        if let Some(text) = capture.text() {
            return Some(vec![Capture {
                name: Name::new(text).ok()?,
                from: CaptureSource::Whole,
                ty: Type::Text,
                secret: false,
                max_age: None,
            }]);
        }
        let entries = capture.map().map_or(&[][..], |map| &map.entries);
        if entries.is_empty() && capture.map().is_some() {
            self.error("capture", capture.span.clone(), "`capture` names nothing");
        }
        let all: Vec<_> = entries.iter().map(|entry| self.capture(entry)).collect();
        all.into_iter().collect()
    }

    fn capture(&mut self, entry: &Entry) -> Option<Capture> {
        let node = &entry.value;
        let ways: Vec<&Entry> = node
            .map()?
            .entries
            .iter()
            .filter(|entry| ["json", "regex", "lines", "line"].contains(&entry.key.as_str()))
            .collect();
        if let [first, second, ..] = ways.as_slice() {
            let message =
                format!("a capture takes one of `{}` and `{}`, not both", first.key, second.key);
            self.error("capture", second.key_span.clone(), message);
            return None;
        }
        let from = match ways.first().map(|way| (way.key.as_str(), &way.value)) {
            Some(("json", filter)) => CaptureSource::Json(self.filter(filter)?),
            Some(("regex", regex)) => CaptureSource::Regex(self.regex(regex)?),
            Some(("lines", lines)) if lines.text() == Some("true") => CaptureSource::Lines,
            Some(("line", line)) => self.line(line)?,
            _ => CaptureSource::Whole,
        };
        let lines = matches!(from, CaptureSource::Lines);
        let ty =
            super::declare::type_of(node).unwrap_or(if lines { Type::List } else { Type::Text });
        if lines && ty != Type::List {
            self.error("capture", node.span.clone(), "`lines` gives a list");
        }
        Some(Capture {
            name: Name::new(&entry.key).ok()?,
            from,
            ty,
            secret: node.get("secret").and_then(Node::text) == Some("true"),
            max_age: super::texts::duration(node.get("max_age")),
        })
    }

    fn line(&mut self, node: &Node) -> Option<CaptureSource> {
        let line = node.text()?.parse::<i64>().ok()?;
        if line == 0 {
            self.error_help(
                "capture",
                node.span.clone(),
                "lines count from 1",
                "1 is the first line, -1 the last",
            );
            return None;
        }
        Some(CaptureSource::Line(line))
    }

    fn recheck(&mut self, key: StepKey, recheck: &Node) -> Option<Command> {
        let inherited = self.inherited(key, Moment::Before, Reads::Only);
        self.command(recheck, &inherited)
    }

    fn verify(&mut self, key: StepKey, verify: &Node) -> Option<Verify> {
        if let Some(expect) = verify.get("expect") {
            let place = self.place(key, Moment::After);
            return self.conditions(expect, &place).map(Verify::Expect);
        }
        let inherited = self.inherited(key, Moment::After, Reads::Only);
        let command = self.command(verify, &inherited)?;
        Some(Verify::Command(Box::new(command)))
    }

    /// What `undo` or `irreversible` of a step says; one of them is there.
    fn undo(&mut self, key: StepKey, node: &Node) -> Option<Undo> {
        let map = node.map()?;
        let undo = match (map.get("undo"), map.entry("irreversible")) {
            (None, None) => return None,
            (Some(_), Some(irreversible)) => {
                let message = "a step can be undone or is irreversible, not both";
                self.error("many-actions", irreversible.key_span.clone(), message);
                return None;
            }
            (None, Some(why)) => {
                return Some(Undo::Irreversible(why.value.text()?.to_owned()));
            }
            (Some(undo), None) => undo,
        };
        if let Some(why) = undo.get("none") {
            if self.effect(key) == Effect::Destroy {
                self.error_help(
                    "destroy",
                    undo.span.clone(),
                    "what destroys has something to undo, or is irreversible",
                    "write `irreversible: <why>` instead",
                );
            }
            return Some(Undo::None(why.text()?.to_owned()));
        }
        if let Some(step) = undo.get("step") {
            return self.undo_step(key, step);
        }
        let inherited = self.inherited(key, Moment::Before, Reads::Perhaps);
        let command = self.command(undo, &inherited)?;
        Some(Undo::Command(Box::new(command)))
    }

    fn undo_step(&mut self, own: StepKey, node: &Node) -> Option<Undo> {
        let text = node.text()?;
        let outline = self.outline;
        let Some((_, key)) = outline.ids.iter().find(|(id, _)| id.as_str() == text) else {
            let help = match did_you_mean(text, outline.ids.keys().map(Name::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`undo: { step: id }` names a step of this file".to_owned(),
            };
            self.error_help(
                "unknown-step",
                node.span.clone(),
                format!("there is no step `{}`", crate::diagnostic::cut(text)),
                help,
            );
            return None;
        };
        if *key == own || outline.steps[key.0].node.get("run").is_none() {
            let message = if *key == own {
                "a step cannot be its own undo"
            } else {
                "the undo of a step is a step that runs a command"
            };
            self.error("undo", node.span.clone(), message);
            return None;
        }
        Some(Undo::Step(*key))
    }

    fn retry(&mut self, retry: &Node) -> Option<Retry> {
        let backoff = match retry.get("backoff") {
            None => 1.0,
            Some(node) => {
                let factor = node.text().and_then(|text| text.parse::<f64>().ok())?;
                if !(1.0..=100.0).contains(&factor) {
                    let message = "`backoff` is a factor from 1 to 100";
                    self.error("wrong-type", node.span.clone(), message);
                    return None;
                }
                factor
            }
        };
        Some(Retry {
            times: retry.get("times")?.text()?.parse().ok()?,
            every: Self::duration_or(retry.get("every"), RETRY_EVERY),
            backoff,
        })
    }

    fn poll(&mut self, key: StepKey, node: &Node, until: &Node) -> Option<Poll> {
        let until = self.condition(until, &self.place(key, Moment::After))?;
        Some(Poll {
            abort_when: None,
            at_the_end: AtTheEnd::Failed,
            until,
            every: Self::duration_or(node.get("every"), POLL_EVERY),
            within: Self::duration_or(node.get("within"), POLL_WITHIN),
        })
    }

    pub(super) fn duration_or(node: Option<&Node>, millis: u64) -> Duration {
        super::texts::duration(node).unwrap_or_else(|| Duration::from_millis(millis))
    }

    fn check_poll_keys(&mut self, node: &Node) {
        if node.get("until").is_some() {
            return;
        }
        for name in ["every", "within"] {
            if let Some(entry) = node.map().and_then(|map| map.entry(name)) {
                self.error_help(
                    "misplaced-key",
                    entry.key_span.clone(),
                    format!("`{name}` needs `until`"),
                    "until: <what must hold>",
                );
            }
        }
    }

    fn check_destroy(&mut self, key: StepKey, node: &Node, run: &Run) {
        if run.effect != Effect::Destroy {
            return;
        }
        let span = self.outline.id_span(key);
        if run.undo.is_none() && !self.is_undo_of_another(key) {
            self.error_help(
                "destroy",
                span.clone(),
                "a step that destroys needs `undo` or `irreversible`",
                "irreversible: <why it cannot be undone>",
            );
        }
        let asserted = match &run.command.target {
            TargetRef::Here => false,
            TargetRef::Named(name) => {
                let targets = self.root.get("targets");
                targets.and_then(|targets| targets.get(name.as_str())?.get("assert")).is_some()
            }
        };
        if run.subject.is_none() && !asserted && node.get("subject").is_none() {
            self.error_help(
                "destroy",
                span,
                "a step that destroys needs a `subject`, or a target that asserts what it is",
                "subject: <what is destroyed, which the responder must type>",
            );
        }
    }

    fn is_undo_of_another(&self, key: StepKey) -> bool {
        let Some(name) = &self.outline.steps[key.0].name else {
            return false;
        };
        self.outline.steps.iter().any(|sketch| {
            let undo = sketch.node.get("undo").and_then(|undo| undo.get("step")?.text());
            undo == Some(name.as_str())
        })
    }

    fn check_undo_on_failure(&mut self, node: &Node, run: &Run) {
        let undoes = matches!(run.undo, Some(Undo::Command(_) | Undo::Step(_)));
        if matches!(run.on_failure, OnFailure::Undo)
            && !undoes
            && let Some(own) = node.get("on_failure")
        {
            self.error_help(
                "undo",
                own.span.clone(),
                "`on_failure: undo` needs an `undo` of this step",
                "undo: <the command that undoes it>",
            );
        }
    }
}

/// A person who talks to a program has the time they need, unless the author limits it.
fn unhurried(mut command: Command, node: &Node, run: &Node) -> Command {
    let limited = node.get("timeout").or_else(|| run.get("timeout")).is_some();
    if says_true(node, "interactive") && !limited {
        command.timeout = Duration::from_millis(INTERACTIVE_WITHIN);
    }
    command
}

fn on_disconnect(node: &Node, effect: Effect) -> OnDisconnect {
    match node.get("on_disconnect").and_then(Node::text) {
        Some("finish") => OnDisconnect::Finish,
        Some("stop") => OnDisconnect::Stop,
        _ if effect == Effect::Read || says_true(node, "interactive") => OnDisconnect::Stop,
        _ => OnDisconnect::Finish,
    }
}

/// Whether a key of a map is `true`.
fn says_true(node: &Node, key: &str) -> bool {
    node.get(key).and_then(Node::text) == Some("true")
}
