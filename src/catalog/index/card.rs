//! What the index keeps of one file: how the runbook is called, what it does, which alerts it
//! answers, and its words.

use crate::diagnostic::{Severity, Source, visible_line};
use crate::runbook::{
    Action, Argument, Ask, Command, Form, Loaded, Matcher, Run, Runbook, Undo, Used, Verify,
    is_scenario, own_names,
};

/// A longer summary is cut: it is for a preview.
const MOST_OF_A_SUMMARY: usize = 2000;

/// More words of one file are not looked for.
const MOST_OF_A_TEXT: usize = 64 << 10;

/// What a file holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// Something else, such as a scenario.
    Other = 0,
    /// A runbook, valid or not.
    Runbook = 1,
}

/// Whether a runbook is made of more than its own file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stands {
    /// It is not.
    Alone = 0,
    /// Others may make it valid, or invalid.
    Linked = 1,
}

/// What is kept of a file.
#[derive(Clone, Debug)]
pub(super) struct Card {
    pub(super) kind: Kind,
    pub(super) stands: Stands,
    pub(super) runbook: String,
    pub(super) service: Option<String>,
    pub(super) title: String,
    pub(super) summary: Option<String>,
    pub(super) owner: Option<String>,
    pub(super) tags: Vec<String>,
    /// How many commands read, change, destroy.
    pub(super) effects: [usize; 3],
    /// Why it is invalid.
    pub(super) invalid: Option<String>,
    /// The matchers of each of its alerts.
    pub(super) alerts: Vec<Vec<Matcher>>,
    /// The words of its steps.
    pub(super) steps: String,
    /// The words of its commands.
    pub(super) commands: String,
}

impl Card {
    /// What is kept of a text that was loaded. A runbook that does not say it is called as its file
    /// and belongs to its repository.
    pub(super) fn of(source: &Source, loaded: &Loaded, stem: &str, service: Option<&str>) -> Self {
        match &loaded.runbook {
            Some(runbook) => Self::valid(runbook),
            None if is_scenario(&source.text) => Self::other(),
            None => Self::invalid(source, loaded, stem, service),
        }
    }

    fn other() -> Self {
        Self {
            kind: Kind::Other,
            stands: Stands::Alone,
            runbook: String::new(),
            service: None,
            title: String::new(),
            summary: None,
            owner: None,
            tags: Vec::new(),
            effects: [0; 3],
            invalid: None,
            alerts: Vec::new(),
            steps: String::new(),
            commands: String::new(),
        }
    }

    /// A file that cannot be read at all.
    pub(super) fn unreadable(stem: &str, service: Option<&str>, why: &str) -> Self {
        Self {
            kind: Kind::Runbook,
            stands: Stands::Linked,
            runbook: stem.to_owned(),
            service: service.map(str::to_owned),
            title: stem.to_owned(),
            invalid: Some(why.to_owned()),
            ..Self::other()
        }
    }

    /// All that can be told of one that is invalid: what it calls itself, and its text.
    fn invalid(source: &Source, loaded: &Loaded, stem: &str, service: Option<&str>) -> Self {
        let first = loaded.findings.iter().find(|found| found.severity == Severity::Error);
        let why = first.map_or_else(
            || "it cannot be read".to_owned(),
            |found| {
                let line = source.line_column(found.span.start).0;
                format!("line {line}: {}", visible_line(&found.message))
            },
        );
        let (own_service, own_id) = own_names(source);
        let title = source.text.lines().find_map(|line| line.strip_prefix("title:"));
        let title = title.map(|title| title.trim().trim_matches(['"', '\'']).to_owned());
        let runbook = own_id.map_or_else(|| stem.to_owned(), |id| id.to_string());
        Self {
            service: own_service.map(|own| own.to_string()).or(service.map(str::to_owned)),
            title: title.filter(|title| !title.is_empty()).unwrap_or_else(|| runbook.clone()),
            steps: cut(source.text.to_string(), MOST_OF_A_TEXT),
            ..Self::unreadable(&runbook, None, &why)
        }
    }

    fn valid(runbook: &Runbook) -> Self {
        let mut words = Words::default();
        words.runbook(runbook);
        let linked = !runbook.books.is_empty() || !runbook.brought.is_empty() || words.uses;
        Self {
            kind: Kind::Runbook,
            stands: if linked { Stands::Linked } else { Stands::Alone },
            runbook: runbook.id.clone(),
            service: runbook.service.clone(),
            title: runbook.title.unfilled(),
            summary: runbook.summary.clone().map(|text| cut(text, MOST_OF_A_SUMMARY)),
            owner: runbook.owner.as_ref().map(|owner| owner.team.clone()),
            tags: runbook.tags.clone(),
            effects: runbook.effects(),
            invalid: None,
            alerts: runbook.alerts.iter().map(|rule| rule.matchers.clone()).collect(),
            steps: cut(words.steps, MOST_OF_A_TEXT),
            commands: cut(words.commands, MOST_OF_A_TEXT),
        }
    }

    /// All by which it is called beside its title, as words.
    pub(super) fn names(&self) -> String {
        let mut names = vec![self.runbook.clone()];
        names.extend(self.service.clone());
        names.extend(self.owner.clone());
        names.extend(self.tags.iter().cloned());
        for matcher in self.alerts.iter().flatten() {
            names.push(matcher.value.clone());
            names.push(parts(&matcher.value));
        }
        names.join("\n")
    }
}

/// The words of a runbook's own steps.
#[derive(Default)]
struct Words {
    steps: String,
    commands: String,
    /// Whether it uses other runbooks.
    uses: bool,
}

impl Words {
    fn runbook(&mut self, runbook: &Runbook) {
        let texts = [&runbook.impact].into_iter().flatten().chain(&runbook.never);
        texts.for_each(|text| self.say(text));
        for step in runbook.own_steps() {
            self.say(step.title.source());
            step.why.iter().chain(&step.never).for_each(|text| self.say(text));
            self.action(&step.action);
        }
    }

    fn action(&mut self, action: &Action) {
        match action {
            Action::Ask(Ask::Decision { question, options }) => {
                self.say(question.source());
                for option in options {
                    self.say(option.label.source());
                }
            }
            Action::Ask(Ask::Value { question, .. }) => self.say(question.source()),
            Action::Do { text, checklist } => {
                self.say(text.source());
                for item in checklist {
                    self.say(item.source());
                }
            }
            Action::Open(pages) => pages.iter().for_each(|page| self.say(page.source())),
            Action::Run(run) => self.run(run),
            Action::Use { used: Used::Runbook(used), .. } => {
                self.uses = true;
                let place = used.place.to_string();
                self.say(&place);
            }
            Action::Approve(_)
            | Action::End(_)
            | Action::Escalate(_)
            | Action::Goto(_)
            | Action::Group { .. }
            | Action::Use { .. }
            | Action::Wait(_) => {}
        }
    }

    fn run(&mut self, run: &Run) {
        run.findings.iter().for_each(|finding| self.say(finding.say.source()));
        self.command(&run.command);
        if let Some(Verify::Command(command)) = &run.verify {
            self.command(command);
        }
        if let Some(Undo::Command(command)) = &run.undo {
            self.command(command);
        }
    }

    fn command(&mut self, command: &Command) {
        match &command.form {
            Form::Shell(script) => self.commands.push_str(script.source()),
            Form::List(arguments) => {
                for argument in arguments {
                    if let Argument::One(word) = argument {
                        self.commands.push_str(word.source());
                        self.commands.push(' ');
                    }
                }
            }
        }
        self.commands.push('\n');
    }

    fn say(&mut self, text: &str) {
        self.steps.push_str(text);
        self.steps.push('\n');
    }
}

/// A name in capitals as its words: `KubePodCrashLooping` is looked for by `crash`, too.
fn parts(name: &str) -> String {
    let mut parts = String::with_capacity(name.len() + 8);
    let mut before = ' ';
    for letter in name.chars() {
        if letter.is_uppercase() && !before.is_uppercase() {
            parts.push(' ');
        }
        parts.push(letter);
        before = letter;
    }
    parts
}

fn cut(mut text: String, most: usize) -> String {
    if text.len() > most {
        let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
    }
    text
}
