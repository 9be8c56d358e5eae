//! The commands of a runbook as data: what trust in it is given to, and what a change of it is told
//! by. All that a command is made of is in it; nothing else of the runbook is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::plan::place_words;
use crate::runbook::{
    Action, Argument, Ask, Background, Choices, Command, Effect, FileSource, Form, Ready,
    Requirement, Run, Runbook, Secrecy, SecretSource, Stdin, StepKey, TargetRef, Undo, Verify,
};
use crate::template::Shell;

/// One command, as its author wrote it.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Stated {
    /// Whose it is: the id of a step, or `input token`, `target db`.
    pub of: String,
    /// What it is to that: `run`, `verify`, `undo`.
    pub role: String,
    /// What it does to the world.
    pub effect: Effect,
    /// Where it runs, and as whom; empty for this machine.
    pub place: String,
    /// What is run, and below it all that is given to it.
    pub lines: Vec<String>,
}

/// All commands of a runbook and of those that it uses, in the order in which they stand.
pub(super) fn commands(runbook: &Runbook) -> Vec<Stated> {
    let mut list = List(Vec::new());
    for (id, book) in runbook.all_books() {
        let of = match runbook.used_by(id) {
            Some(_) => format!("{}/{}: ", book.service.as_deref().unwrap_or("-"), book.id),
            None => String::new(),
        };
        list.before(&of, book);
    }
    for (place, step) in runbook.steps.iter().enumerate() {
        let (book, _) = runbook.own(StepKey(place));
        list.action(book, &step.id.0, &step.action);
    }
    list.0
}

struct List(Vec<Stated>);

impl List {
    /// What runs before the first step, or for no step.
    fn before(&mut self, prefix: &str, book: &Runbook) {
        for (place, requirement) in book.requires.iter().enumerate() {
            let of = format!("{prefix}requirement {}", place + 1);
            match requirement {
                Requirement::Check { command, .. } => self.read(book, &of, "check", command),
                Requirement::Program { version: Some((_, command)), .. } => {
                    self.read(book, &of, "version", command);
                }
                Requirement::Env { .. } | Requirement::Program { .. } => {}
            }
        }
        for input in &book.inputs {
            let of = format!("{prefix}input {}", input.name);
            if let Some(Choices::Command(command)) = &input.computed {
                self.read(book, &of, "choices", command);
            }
            match &input.secrecy {
                Secrecy::Open | Secrecy::Secret(None) => {}
                Secrecy::Secret(Some(SecretSource::Run(command))) => {
                    self.read(book, &of, "secret", command);
                }
                Secrecy::Secret(Some(SecretSource::Env(name))) => {
                    self.look(&of, "secret", format!("the variable {name}"));
                }
                Secrecy::Secret(Some(SecretSource::File(path))) => {
                    self.look(&of, "secret", format!("the file {path}"));
                }
            }
        }
        for (name, target) in &book.targets {
            if let Some(assertion) = &target.assertion {
                let of = format!("{prefix}target {name}");
                let expected = format!("must print {}", assertion.equals.source());
                let named = (of.as_str(), "assert", Effect::Read);
                self.add(book, named, &assertion.command, vec![expected]);
            }
        }
    }

    fn action(&mut self, book: &Runbook, step: &str, action: &Action) {
        match action {
            Action::Ask(Ask::Value { choices: Some(Choices::Command(command)), .. }) => {
                self.read(book, step, "choices", command);
            }
            Action::Run(run) => self.run(book, step, run),
            _ => {}
        }
    }

    fn run(&mut self, book: &Runbook, step: &str, run: &Run) {
        let mut more = Vec::new();
        if let Some(subject) = &run.subject {
            more.push(format!("typed: {}", subject.source()));
        }
        if run.approval.is_some() {
            more.push("a second person must agree".to_owned());
        }
        self.add(book, (step, "run", run.effect), &run.command, more);
        if let Some(Background { ready: Some(Ready::Command(command)), .. }) = &run.background {
            self.read(book, step, "ready", command);
        }
        if let Some(Verify::Command(command)) = &run.verify {
            self.read(book, step, "verify", command);
        }
        if let Some(command) = &run.recheck {
            self.read(book, step, "recheck", command);
        }
        if let Some(Undo::Command(command)) = &run.undo {
            self.add(book, (step, "undo", Effect::Change), command, Vec::new());
        }
    }

    fn read(&mut self, book: &Runbook, of: &str, role: &str, command: &Command) {
        self.add(book, (of, role, Effect::Read), command, Vec::new());
    }

    /// What is read without a command.
    fn look(&mut self, of: &str, role: &str, line: String) {
        let (of, role) = (of.to_owned(), role.to_owned());
        let (effect, place) = (Effect::Read, String::new());
        self.0.push(Stated { of, role, effect, place, lines: vec![line] });
    }

    fn add(
        &mut self,
        book: &Runbook,
        (of, role, effect): (&str, &str, Effect),
        command: &Command,
        more: Vec<String>,
    ) {
        let mut lines = text(command);
        lines.extend(beside(book, command));
        lines.extend(more);
        let place = place(book, command);
        self.0.push(Stated { of: of.to_owned(), role: role.to_owned(), effect, place, lines });
    }
}

/// What is run.
fn text(command: &Command) -> Vec<String> {
    match &command.form {
        Form::Shell(script) => script.source().lines().map(str::to_owned).collect(),
        Form::List(words) => {
            let word = |word: &Argument| match word {
                Argument::One(template) => shlex::try_quote(template.source())
                    .map_or_else(|_| template.source().to_owned(), Into::into),
                Argument::Each(name) => format!("{{{{{name}}}}}…"),
            };
            vec![words.iter().map(word).collect::<Vec<_>>().join(" ")]
        }
    }
}

/// What is given to it, each with a word in front of it that no command line begins with alone.
fn beside(book: &Runbook, command: &Command) -> Vec<String> {
    let mut lines = Vec::new();
    if let Form::Shell(script) = &command.form
        && script.shell() == Shell::Sh
    {
        lines.push("shell: sh".to_owned());
    }
    if let Some(folder) = &command.cwd {
        lines.push(format!("folder: {}", folder.source()));
    }
    for (name, value) in &command.env {
        lines.push(format!("env: {name}={}", value.source()));
    }
    match &command.stdin {
        None => {}
        Some(Stdin::Lines(name)) => lines.push(format!("input: a line for each of {name}")),
        Some(Stdin::Text(text)) => {
            lines.extend(text.source().lines().map(|line| format!("input: {line}")));
        }
    }
    for (name, source) in &command.files {
        match source {
            FileSource::Content(text) => {
                let line = |line| format!("file {name}: {line}");
                lines.extend(text.source().lines().map(line));
            }
            FileSource::From(place) => {
                let path = book.brought.get(*place).map_or("?", |brought| &brought.path);
                lines.push(format!("file {name}: from {path}"));
            }
        }
    }
    lines
}

/// Where it runs, and as whom.
fn place(book: &Runbook, command: &Command) -> String {
    let target = match &command.target {
        TargetRef::Here => None,
        TargetRef::Named(name) => book.targets.get_key_value(name),
    };
    let words = target.and_then(|(_, target)| {
        place_words(&target.place, &|template| template.source().to_owned())
    });
    let name = target.map(|(name, _)| name.to_string());
    let user = command.user.as_ref().map(|user| format!("as {}", user.as_str()));
    name.into_iter().chain(words).chain(user).collect::<Vec<_>>().join(", ")
}

/// What became of a command.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Changed {
    /// It is new.
    Added(Stated),
    /// It is otherwise: before, now.
    Altered(Stated, Stated),
    /// It is the same, elsewhere among the others.
    Moved(Stated),
    /// It is gone.
    Removed(Stated),
}

/// What became of the commands of a runbook. Ids of steps that were never given one change with
/// every step before them: a command that stays the same among the others is no change.
pub(super) fn changes(before: &[Stated], now: &[Stated]) -> Vec<Changed> {
    let same = |command: &Stated| Stated { of: String::new(), ..command.clone() };
    let contents = |commands: &[Stated]| -> Vec<Stated> { commands.iter().map(same).collect() };
    let (contents_before, contents_now) = (contents(before), contents(now));
    let mut gone: BTreeMap<usize, &Stated> = BTreeMap::new();
    let mut come: Vec<usize> = Vec::new();
    let algorithm = similar::Algorithm::Myers;
    for part in similar::capture_diff_slices(algorithm, &contents_before, &contents_now) {
        if part.tag() != similar::DiffTag::Equal {
            gone.extend(part.old_range().map(|place| (place, &before[place])));
            come.extend(part.new_range());
        }
    }
    let mut changed = Vec::new();
    for place in come {
        let command = &now[place];
        let moved = gone.keys().copied().find(|old| contents_before[*old] == contents_now[place]);
        let named = |old: &&Stated| old.of == command.of && old.role == command.role;
        let altered = || gone.iter().find(|(_, old)| named(old)).map(|(old, _)| *old);
        if let Some(old) = moved {
            gone.remove(&old);
            changed.push(Changed::Moved(command.clone()));
        } else if let Some(old) = altered() {
            let old = gone.remove(&old).expect("it was found there");
            changed.push(Changed::Altered(old.clone(), command.clone()));
        } else {
            changed.push(Changed::Added(command.clone()));
        }
    }
    changed.extend(gone.into_values().map(|old| Changed::Removed(old.clone())));
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(of: &str, role: &str, effect: Effect, line: &str) -> Stated {
        let (of, role) = (of.to_owned(), role.to_owned());
        Stated { of, role, effect, place: String::new(), lines: vec![line.to_owned()] }
    }

    fn read(of: &str, line: &str) -> Stated {
        command(of, "run", Effect::Read, line)
    }

    #[test]
    fn a_step_before_others_changes_nothing_but_itself() {
        let before = [read("main.1", "uptime"), read("main.2", "df")];
        let now = [read("main.1", "id"), read("main.2", "uptime"), read("main.3", "df")];
        assert_eq!(changes(&before, &now), [Changed::Added(now[0].clone())]);
        assert_eq!(changes(&now, &before), [Changed::Removed(now[0].clone())]);
        assert_eq!(changes(&now, &now), []);
    }

    #[test]
    fn what_is_otherwise_is_told_with_what_it_was() {
        let before = [read("a", "uptime"), read("b", "df")];
        let text = [read("a", "uptime"), read("b", "rm -r /")];
        let altered = |now: &Stated| [Changed::Altered(before[1].clone(), now.clone())];
        assert_eq!(changes(&before, &text), altered(&text[1]));
        let effect = [read("a", "uptime"), command("b", "run", Effect::Destroy, "df")];
        assert_eq!(changes(&before, &effect), altered(&effect[1]));
        let mut far = before.clone();
        far[1].place = "db, ssh db-1, as root".to_owned();
        assert_eq!(changes(&before, &far), altered(&far[1]));
        let undo = [read("a", "uptime"), command("b", "undo", Effect::Read, "df")];
        assert_eq!(changes(&before, &undo).len(), 2, "another role is another command");
    }

    #[test]
    fn another_order_is_a_change() {
        let before = [read("a", "drain"), read("b", "restart"), read("c", "look")];
        let now = [read("b", "restart"), read("a", "drain"), read("c", "look")];
        let changes = changes(&before, &now);
        assert!(matches!(changes.as_slice(), [Changed::Moved(_)]), "{changes:?}");
    }
}
