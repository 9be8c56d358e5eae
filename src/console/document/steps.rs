//! One step for reading: what it does, what it takes, what comes after.

use super::chart::{Kind, anchor};
use super::{Block, Detail, Writer};
use crate::console::wording;
use crate::expression::Expression;
use crate::plan::place_words;
use crate::runbook::{
    Action, Ask, AtTheEnd, Choice, Choices, Command, Destination, Effect, OnFailure, Run, Step,
    StepKey, TargetRef, Then, Undo, Verify,
};
use crate::template::Template;

impl Writer<'_> {
    /// A step, and those inside it.
    pub(super) fn step(&mut self, key: StepKey) {
        let runbook = self.runbook;
        let step = runbook.step(key);
        let title = self.text(&step.title);
        let Some(kind) = Kind::of(&step.action) else {
            self.push(Block::Group(title));
            self.around(step);
            if let Action::Group { steps: inside, .. } = &step.action {
                for key in inside {
                    self.step(*key);
                }
            }
            self.push(Block::Leave);
            return;
        };
        self.push(Block::Step { number: step.number.clone(), title, kind, anchor: anchor(step) });
        self.around(step);
        self.action(step);
    }

    fn action(&mut self, step: &Step) {
        match &step.action {
            Action::Approve(approval) => {
                let text = format!("{} must agree. {}", approval.role, approval.why);
                self.push(Block::Prose(text));
            }
            Action::Ask(ask) => self.ask(step, ask),
            Action::Do { text, checklist } => {
                if let Some(role) = &step.role {
                    self.field("by", role);
                }
                let text = self.text(text);
                self.push(Block::Prose(text));
                for item in checklist {
                    let item = self.text(item);
                    self.push(Block::Item(item));
                }
            }
            Action::End(outcome) => {
                let outcome = wording::outcome(*outcome);
                // A step without a title of its own is called so.
                if self.text(&step.title) != format!("End: {outcome}") {
                    self.field("end", outcome);
                }
            }
            Action::Escalate(place) => {
                let runbook = self.runbook;
                if let Some(role) = runbook.escalation.get(*place) {
                    self.field("ask", format!("{}: {}", role.role, role.how));
                }
            }
            Action::Goto(destination) => {
                let text = self.destination(destination);
                self.field("go to", text);
            }
            Action::Group { .. } => {}
            Action::Open(urls) => {
                for url in urls {
                    let url = self.text(url);
                    self.push(Block::Link { label: "open", title: url.clone(), url });
                }
            }
            Action::Run(run) => self.run(run),
            Action::Use { used, on_failure } => {
                self.field("do", format!("{}, then come back", self.used(used)));
                self.inside(used);
                if !matches!(on_failure, OnFailure::Ask) {
                    self.failed(on_failure);
                }
            }
            Action::Wait(duration) => {
                let text = self.text(duration);
                self.field("wait", text);
            }
        }
    }

    /// What is asked, unless the step's title says it already.
    fn question(&mut self, step: &Step, question: &Template) {
        let text = self.text(question);
        if text != self.text(&step.title) {
            self.push(Block::Plain(text));
        }
    }

    fn ask(&mut self, step: &Step, ask: &Ask) {
        match ask {
            Ask::Decision { question, options } => {
                self.question(step, question);
                for option in options {
                    let text = self.option(option);
                    self.push(Block::Item(text));
                    if let Then::Use(used) = &option.then {
                        self.inside(used);
                    }
                }
            }
            Ask::Value { question, into, ty, choices, .. } => {
                self.question(step, question);
                self.field("gives", format!("{into}, {}", ty.described()));
                if let Some(Choices::Listed(choices)) = choices {
                    for choice in choices {
                        self.push(Block::Item(choice.written()));
                    }
                }
            }
        }
    }

    fn option(&self, option: &Choice) -> String {
        let leads = match &option.then {
            Then::End(outcome) => format!(": end, {}", wording::outcome(*outcome)),
            Then::Goto(destination) => format!(": go to {}", self.destination(destination)),
            Then::Next => String::new(),
            Then::Use(used) => format!(": do {}, then come back", self.used(used)),
        };
        format!("{}{leads}", self.text(&option.label))
    }

    fn destination(&self, destination: &Destination) -> String {
        match destination {
            Destination::Procedure(name) => name.to_string(),
            Destination::Step(key) => {
                let step = self.runbook.step(*key);
                format!("{} {}", step.number, self.text(&step.title))
            }
        }
    }

    fn run(&mut self, run: &Run) {
        let command = self.command(&run.command);
        self.push(Block::Command(command));
        self.place(&run.command);
        if let Some(subject) = &run.subject {
            let subject = self.text(subject);
            self.field("typed", subject);
        }
        if run.expect_given {
            self.expressions("expect", &run.expect);
        }
        if let Some(poll) = &run.poll {
            let (every, within) = (&poll.every.written, &poll.within.written);
            let text = match poll.at_the_end {
                AtTheEnd::Failed => {
                    format!("{}, every {every}, within {within}", poll.until.text())
                }
                AtTheEnd::Passed if poll.until.text() == "false" => {
                    format!("{within} are over, every {every}")
                }
                AtTheEnd::Passed => {
                    format!("{}, or {within} are over, every {every}", poll.until.text())
                }
            };
            self.field("until", text);
            if let Some(abort_when) = &poll.abort_when {
                self.field("abort", format!("when {}", abort_when.text()));
            }
        }
        let names: Vec<&str> = run.captures.iter().map(|capture| capture.name.as_str()).collect();
        if !names.is_empty() {
            self.field("gives", names.join(", "));
        }
        if let Some(sample) = run.sample.as_ref().filter(|_| self.detail == Detail::Unfolded) {
            self.push(Block::Sample(sample.clone()));
        }
        for finding in &run.findings {
            let speaks = finding.suggest.as_ref();
            let speaks = speaks.map_or_else(String::new, |it| format!(", speaks for {it}"));
            let text = self.text(&finding.say);
            self.field("finds", format!("{text} (when {}){speaks}", finding.when.text()));
        }
        self.beside(run);
        self.after(run);
    }

    /// Where it runs, if not here as the responder.
    fn place(&mut self, command: &Command) {
        let target = match &command.target {
            TargetRef::Here => None,
            TargetRef::Named(name) => self.runbook.targets.get_key_value(name),
        };
        let user = command.user.as_ref().map(|user| format!("as {}", user.as_str()));
        let place = target.and_then(|(_, target)| place_words(&target.place, &|it| self.text(it)));
        let name = target.map(|(name, _)| name.to_string());
        let parts: Vec<String> = name.into_iter().chain(place).chain(user).collect();
        if !parts.is_empty() {
            self.field("where", parts.join(", "));
        }
    }

    /// What follows the command itself.
    fn after(&mut self, run: &Run) {
        match &run.verify {
            None => {}
            Some(Verify::Command(command)) => {
                self.field("verify", "");
                let command = self.command(command);
                self.push(Block::Command(command));
            }
            Some(Verify::Expect(expressions)) => self.expressions("verify", expressions),
        }
        match &run.undo {
            None if run.effect == Effect::Read => {}
            None => self.field("undo", "not said"),
            Some(Undo::Command(command)) => {
                self.field("undo", "");
                let command = self.command(command);
                self.push(Block::Command(command));
            }
            Some(Undo::Irreversible(why)) => self.field("undo", format!("cannot be undone: {why}")),
            Some(Undo::None(why)) => self.field("undo", format!("nothing to undo: {why}")),
            Some(Undo::Step(key)) => {
                let text = self.destination(&Destination::Step(*key));
                self.field("undo", text);
            }
        }
        if let Some(retry) = &run.retry {
            let times = wording::count(retry.times as usize, "time");
            self.field("retry", format!("{times}, every {}", retry.every.written));
        }
        if run.on_failure_given {
            self.failed(&run.on_failure);
        }
    }

    /// What a failure does.
    fn failed(&mut self, rule: &OnFailure) {
        let text = self.on_failure(rule);
        self.field("failed", text);
        if let OnFailure::Use(used) = rule {
            self.inside(used);
        }
    }

    fn on_failure(&self, on_failure: &OnFailure) -> String {
        match on_failure {
            OnFailure::Ask => "ask".to_owned(),
            OnFailure::Continue => "go on".to_owned(),
            OnFailure::Goto(destination) => format!("go to {}", self.destination(destination)),
            OnFailure::Stop => "stop".to_owned(),
            OnFailure::Undo => "undo".to_owned(),
            OnFailure::Use(used) => format!("do {}, then go on", self.used(used)),
        }
    }

    fn expressions(&mut self, label: &'static str, expressions: &[Expression]) {
        for expression in expressions {
            self.code(label, expression.text());
        }
    }
}
