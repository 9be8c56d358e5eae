//! Every command of a runbook with its words, whose places are places in the file.

use super::Subject;
use crate::diagnostic::{Source, Span};
use crate::runbook::model::{
    Action, Ask, Background, Choices, Command, Effect, Form, Ready, Requirement, Run, Runbook,
    Secrecy, SecretSource, StepKey, TargetRef, Undo, Verify,
};
use crate::runbook::parse::{Kind, Node};
use crate::runbook::resolve::Outline;
use crate::runbook::span_map::SpanMap;
pub(super) use crate::template::{CommandWord as Word, SimpleCommand as Simple};
use crate::template::{Script, Shell, Template, arguments_as_command};

/// The shells that run a text.
const SHELLS: [&str; 5] = ["bash", "dash", "ksh", "sh", "zsh"];

/// What a command is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Purpose {
    /// To change something, or to undo that.
    Change,
    /// To look.
    Read,
}

/// Where the words of a command stand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Written {
    /// In the command itself.
    Here,
    /// In a file or an input that the command gives to a shell.
    HandedOver,
}

/// One reading of a command of the runbook.
pub(super) struct Placed<'a> {
    /// The command.
    pub command: &'a Command,
    /// What it is for.
    pub purpose: Purpose,
    /// The step whose main command it is.
    pub main_of: Option<&'a Run>,
    /// Where its words stand.
    pub written: Written,
    /// Its simple commands; the places are places in the file.
    pub simples: Vec<Simple>,
}

impl Placed<'_> {
    /// Whether bash runs it with `pipefail`.
    pub(super) fn pipefail(&self) -> bool {
        match &self.command.form {
            Form::Shell(script) => {
                self.written == Written::Here
                    && script.shell() == Shell::Bash
                    && !script.source().contains("+o pipefail")
            }
            Form::List(_) => false,
        }
    }
}

/// Calls `look` with every reading of every command.
pub(super) fn each<'a>(subject: &'a Subject<'_>, look: impl FnMut(&'a Placed<'a>)) {
    subject.commands.iter().for_each(look);
}

/// Reads all commands of a runbook.
pub(super) fn all<'a>(
    source: &Source,
    root: &Node,
    runbook: &'a Runbook,
    outline: &Outline<'_>,
) -> Vec<Placed<'a>> {
    let mut reader = Reader { text: &source.text, root, outline, placed: Vec::new() };
    for command in before_the_steps(runbook) {
        reader.add(command, Purpose::Read, None, None);
    }
    for (index, step) in runbook.steps.iter().enumerate() {
        let key = Some(StepKey(index));
        if let Action::Ask(Ask::Value { choices: Some(Choices::Command(command)), .. }) =
            &step.action
        {
            reader.add(command, Purpose::Read, key, None);
        }
        let Action::Run(run) = &step.action else {
            continue;
        };
        let purpose = if run.effect == Effect::Read { Purpose::Read } else { Purpose::Change };
        reader.add(&run.command, purpose, key, Some(run));
        if let Some(Verify::Command(command)) = &run.verify {
            reader.add(command, Purpose::Read, key, None);
        }
        if let Some(Background { ready: Some(Ready::Command(command)), .. }) = &run.background {
            reader.add(command, Purpose::Read, key, None);
        }
        if let Some(command) = &run.recheck {
            reader.add(command, Purpose::Read, key, None);
        }
        if let Some(Undo::Command(command)) = &run.undo {
            reader.add(command, Purpose::Change, key, None);
        }
    }
    reader.placed
}

/// The commands that belong to no step; all of them only look.
fn before_the_steps(runbook: &Runbook) -> Vec<&Command> {
    let mut commands = Vec::new();
    for requirement in &runbook.requires {
        match requirement {
            Requirement::Check { command, .. }
            | Requirement::Program { version: Some((_, command)), .. } => commands.push(command),
            Requirement::Env { .. } | Requirement::Program { .. } => {}
        }
    }
    for input in &runbook.inputs {
        if let Some(Choices::Command(command)) = &input.computed {
            commands.push(command);
        }
        if let Secrecy::Secret(Some(SecretSource::Run(command))) = &input.secrecy {
            commands.push(command);
        }
    }
    for target in runbook.targets.values() {
        if let Some(assertion) = &target.assertion {
            commands.push(&assertion.command);
        }
    }
    commands
}

struct Reader<'a, 'b> {
    text: &'b str,
    root: &'b Node,
    outline: &'b Outline<'b>,
    placed: Vec<Placed<'a>>,
}

impl<'a> Reader<'a, '_> {
    fn add(
        &mut self,
        command: &'a Command,
        purpose: Purpose,
        step: Option<StepKey>,
        main_of: Option<&'a Run>,
    ) {
        let readings = readings(self.text, self.root, command);
        let mut all: Vec<_> =
            readings.into_iter().map(|simples| (Written::Here, simples)).collect();
        if let (Some(step), Some(_)) = (step, main_of) {
            let node = self.outline.steps[step.0].node;
            let handed: Vec<_> = handed_over(node, all.iter().flat_map(|(_, simples)| simples))
                .into_iter()
                .flat_map(|node| scripts_in(self.text, node))
                .collect();
            all.extend(handed.into_iter().map(|simples| (Written::HandedOver, simples)));
        }
        for (written, simples) in all {
            self.placed.push(Placed { command, purpose, main_of, written, simples });
        }
    }
}

/// The texts of a step that its command gives to a shell: its input, and files that are run.
fn handed_over<'a, 'b>(step: &'a Node, simples: impl Iterator<Item = &'b Simple>) -> Vec<&'a Node> {
    let files = step.get("files").and_then(Node::map);
    let mut texts = Vec::new();
    for simple in simples {
        let Some((name, arguments)) = simple.program() else {
            continue;
        };
        let shell = SHELLS.contains(&name);
        let first = arguments.first().map(|word| word.text.as_str());
        if shell && matches!(first, None | Some("-" | "-s")) && simple.fed_by.is_none() {
            texts.extend(step.get("stdin").filter(|_| simple.reads.is_empty()));
        }
        let run = simple.program.and_then(|at| simple.words.get(at));
        let run = if shell { first } else { run.map(|word| word.text.as_str()) };
        let file = run.and_then(|text| text.strip_prefix("{{files.")?.strip_suffix("}}"));
        texts.extend(file.and_then(|file| files?.get(file)?.get("content")));
    }
    texts
}

/// The readings of a text that a shell runs; none if it is no shell script.
fn scripts_in(text: &str, node: &Node) -> Vec<Vec<Simple>> {
    let script = node
        .text()
        .and_then(|own| Script::parse(own, Shell::Bash, &|_| None).ok().map(|(script, _)| script));
    let map = SpanMap::of(text, node);
    script.map_or_else(Vec::new, |script| in_the_file(script.readings(), &map))
}

/// The simple commands of a command, once for each way in which its conditions can fall.
fn readings(text: &str, root: &Node, command: &Command) -> Vec<Vec<Simple>> {
    let Some(node) = node_at(root, &command.span) else {
        return Vec::new();
    };
    match (&command.form, node.list()) {
        (Form::Shell(script), _) => in_the_file(script.readings(), &SpanMap::of(text, node)),
        (Form::List(_), Some(items)) => vec![vec![listed(items)]],
        (Form::List(_), None) => Vec::new(),
    }
}

fn listed(items: &[Node]) -> Simple {
    let template = |item: &Node| Template::parse(item.text()?).ok();
    let arguments: Vec<Template> =
        items.iter().map(|item| template(item).unwrap_or_else(|| Template::constant(""))).collect();
    let mut simple = arguments_as_command(&arguments);
    for (word, item) in simple.words.iter_mut().zip(items) {
        word.at = item.span.clone();
    }
    simple
}

fn in_the_file(readings: &[Vec<Simple>], map: &SpanMap) -> Vec<Vec<Simple>> {
    let mut readings = readings.to_vec();
    for simple in readings.iter_mut().flatten() {
        let words = simple.words.iter_mut().chain(&mut simple.assignments);
        for word in words.chain(&mut simple.reads).chain(&mut simple.writes) {
            word.at = map.place(&word.at);
        }
    }
    readings
}

/// Whether a word is among the arguments, as `-x`, inside of `-axb`, or as `--name`.
pub(super) fn has_flag(arguments: &[Word], short: char, long: &str) -> bool {
    arguments.iter().any(|word| {
        let text = word.text.as_str();
        let name = text.split('=').next().unwrap_or(text);
        !long.is_empty() && name == long
            || text.starts_with('-') && !text.starts_with("--") && text[1..].contains(short)
    })
}

/// The scalar or list that has exactly this place.
pub(super) fn node_at<'a>(node: &'a Node, span: &Span) -> Option<&'a Node> {
    if node.span == *span && node.map().is_none() {
        return Some(node);
    }
    let holds = |node: &Node| node.span.start <= span.start && span.end <= node.span.end;
    match &node.kind {
        Kind::Map(map) => map
            .entries
            .iter()
            .filter(|entry| holds(&entry.value))
            .find_map(|entry| node_at(&entry.value, span)),
        Kind::List(items) => {
            items.iter().filter(|item| holds(item)).find_map(|item| node_at(item, span))
        }
        Kind::Scalar(_) => None,
    }
}

/// Whether a command's environment, or its target's, sets one of these variables.
pub(super) fn sets_one_of(command: &Command, names: &[&str]) -> bool {
    command.env.keys().any(|name| names.contains(&name.as_str()))
}

/// The simple commands by which a command's target proves what it is.
pub(super) fn assertion<'a>(
    subject: &'a Subject<'_>,
    command: &Command,
) -> Option<impl Iterator<Item = &'a Simple>> {
    let TargetRef::Named(name) = &command.target else {
        return None;
    };
    let assertion = subject.runbook.targets.get(name)?.assertion.as_ref()?;
    let own =
        subject.commands.iter().filter(move |placed| placed.command.span == assertion.command.span);
    Some(own.flat_map(|placed| &placed.simples))
}

/// The place of a simple command, from its program to its last word.
pub(super) fn place(simple: &Simple) -> Span {
    let start = simple.words.first().map_or(0, |word| word.at.start);
    let end = simple.words.last().map_or(start, |word| word.at.end);
    start..end
}
