//! A runbook for reading, and a plan for looking ahead, without running anything.
//!
//! [`show`] and [`plan`] walk the model once and make an outline; [`Outline::page`] is that on a
//! terminal, [`Outline::markdown`] a document, [`html`] a page with a picture. [`graph`] is the
//! picture alone.

mod around;
mod chart;
mod html;
mod inside;
mod mermaid;
mod outline;
mod prose;
mod steps;
mod svg;
mod tame;

pub use outline::Outline;

use std::fmt::Write as _;

use crate::runbook::{
    Argument, Command, Form, Link, PartId, Procedure, Requirement, Runbook, StepKey, ValueOrigin,
};
use crate::template::Template;
use crate::value::{Facts, Name, Reference};

use super::wording;
use chart::Chart;
use outline::Block;

/// Whether explanations are shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Detail {
    /// What is done.
    Folded,
    /// And why.
    Unfolded,
}

/// A runbook as its author wrote it.
pub fn show(runbook: &Runbook, detail: Detail) -> Outline {
    let mut writer = Writer { runbook, facts: None, detail, blocks: Vec::new() };
    writer.front();
    writer.parts();
    Outline::new(writer.blocks)
}

/// What a run would do, with the values that are known; the others say where they come from.
pub fn plan(runbook: &Runbook, facts: &dyn Facts, detail: Detail) -> Outline {
    let mut writer = Writer { runbook, facts: Some(facts), detail, blocks: Vec::new() };
    writer.front();
    writer.parts();
    Outline::new(writer.blocks)
}

/// A runbook as one HTML page that does nothing by itself.
pub fn html(runbook: &Runbook) -> String {
    html::page(&show(runbook, Detail::Unfolded).blocks, &Chart::of(runbook))
}

/// A runbook as a Mermaid flowchart.
pub fn graph(runbook: &Runbook) -> String {
    mermaid::flowchart(&Chart::of(runbook))
}

/// The procedures in the order of the file.
fn procedures(runbook: &Runbook) -> Vec<(&Name, &Procedure)> {
    let mut all: Vec<_> = runbook.procedures.iter().collect();
    all.sort_by_key(|(_, procedure)| procedure.span.start);
    all
}

/// Walks a runbook and writes blocks.
struct Writer<'a> {
    runbook: &'a Runbook,
    facts: Option<&'a dyn Facts>,
    detail: Detail,
    blocks: Vec<Block>,
}

impl Writer<'_> {
    fn push(&mut self, block: Block) {
        self.blocks.push(block);
    }

    fn field(&mut self, label: &'static str, text: impl Into<String>) {
        self.push(Block::Field { label, text: text.into() });
    }

    fn code(&mut self, label: &'static str, text: impl Into<String>) {
        self.push(Block::Code { label, text: text.into() });
    }

    fn front(&mut self) {
        let runbook = self.runbook;
        self.push(Block::Title(self.text(&runbook.title)));
        let service = runbook.service.as_deref();
        let name =
            service.map_or(runbook.id.clone(), |service| format!("{service}/{}", runbook.id));
        let counts = wording::effects(runbook.effects());
        self.push(Block::Plain(format!("{name}: {counts}")));
        if let Some(summary) = &runbook.summary {
            self.push(Block::Prose(summary.clone()));
        }
        if let Some(impact) = &runbook.impact {
            self.field("impact", impact);
        }
        for rule in &runbook.never {
            self.push(Block::Never(rule.clone()));
        }
        if let Some(owner) = &runbook.owner {
            let channel = owner.channel.as_deref().map_or(String::new(), |c| format!(", {c}"));
            self.field("owner", format!("{}{channel}", owner.team));
        }
        for role in &runbook.escalation {
            let after = role.after.as_ref();
            let after = after.map_or(String::new(), |after| format!(", after {}", after.written));
            self.field("help", format!("{}: {}{after}", role.role, role.how));
        }
        self.inputs();
        self.places();
        for link in &runbook.links {
            self.link(link);
        }
    }

    /// Where commands run, and what must be there.
    fn places(&mut self) {
        let runbook = self.runbook;
        for (name, target) in &runbook.targets {
            let text = match &target.assertion {
                Some(proof) => format!("{name}, proven to be {}", self.text(&proof.equals)),
                None => format!("{name}, not proven"),
            };
            self.field("target", text);
        }
        for requirement in &runbook.requires {
            let text = match requirement {
                Requirement::Check { command, say, .. } => {
                    say.clone().unwrap_or_else(|| self.command(command))
                }
                Requirement::Env { name, .. } => format!("the variable {name}"),
                Requirement::Program { program, version: None, .. } => program.clone(),
                Requirement::Program { program, version: Some((range, _)), .. } => {
                    format!("{program} {range}")
                }
            };
            self.field("needs", text);
        }
    }

    fn link(&mut self, link: &Link) {
        let (title, url) = (self.text(&link.title), self.text(&link.url));
        self.push(Block::Link { label: "link", title, url });
    }

    fn inputs(&mut self) {
        for input in &self.runbook.inputs {
            let mut text = format!("{}, {}", input.name, input.ty.described());
            if let Some(description) = &input.description {
                let _infallible = write!(text, ": {description}");
            }
            let known =
                self.facts.and_then(|facts| facts.get(&Reference::Value(input.name.clone())));
            match known {
                Some(crate::value::Datum::Open(value)) => {
                    let _infallible = write!(text, " = {}", value.written());
                }
                Some(crate::value::Datum::Secret(_)) => text.push_str(" = (secret)"),
                None => {}
            }
            self.field("input", text);
        }
        for environment in &self.runbook.environments {
            let protected = match environment.protection {
                crate::runbook::Protection::Ordinary => "",
                crate::runbook::Protection::Protected => ", protected",
            };
            self.field("env", format!("{}{protected}", environment.name));
        }
    }

    fn parts(&mut self) {
        self.part(&PartId::Main);
        for (name, procedure) in procedures(self.runbook) {
            let title = procedure.title.as_ref().map(|title| self.text(title));
            let title = title.unwrap_or_else(|| wording::spoken_name(name));
            let title = format!("{title} ({name})");
            self.push(Block::Heading(title));
            self.part(&PartId::Procedure(name.clone()));
        }
        if !self.runbook.finally.is_empty() {
            self.push(Block::Heading("Finally".to_owned()));
            self.part(&PartId::Finally);
        }
    }

    fn part(&mut self, part: &PartId) {
        let runbook = self.runbook;
        for key in runbook.part(part) {
            self.step(*key);
        }
    }

    /// A template: as written, or with the values that are known.
    fn text(&self, template: &Template) -> String {
        match self.facts {
            None => template.source().to_owned(),
            Some(facts) => template.preview(facts, &|reference| self.unknown(reference)),
        }
    }

    /// A command: as written, or with the values that are known.
    fn command(&self, command: &Command) -> String {
        match (&command.form, self.facts) {
            (Form::Shell(script), None) => script.source().to_owned(),
            (Form::Shell(script), Some(facts)) => {
                script.preview(facts, &|reference| self.unknown(reference))
            }
            (Form::List(words), _) => {
                let words: Vec<String> = words.iter().map(|word| self.word(word)).collect();
                words.join(" ")
            }
        }
    }

    fn word(&self, argument: &Argument) -> String {
        let text = match argument {
            Argument::One(template) => self.text(template),
            Argument::Each(name) => match self.facts {
                None => return format!("{{{{{name}}}}}"),
                Some(_) => return self.unknown(&Reference::Value(name.clone())),
            },
        };
        if text.contains(['‹', '{']) {
            return text;
        }
        shlex::try_quote(&text).map_or_else(|_| text.clone(), Into::into)
    }

    /// What stands for a value that is not known: its name and where it comes from.
    fn unknown(&self, reference: &Reference) -> String {
        let Reference::Value(name) = reference else {
            return format!("‹{reference}›");
        };
        let origin = self.runbook.values.get(name).map(|declared| &declared.origin);
        match origin {
            Some(ValueOrigin::Steps(steps)) if !steps.is_empty() => {
                let steps: Vec<&str> = steps.iter().map(|key| self.id(*key)).collect();
                format!("‹{name}: from {}›", steps.join(", "))
            }
            Some(ValueOrigin::Input) => format!("‹{name}: input›"),
            _ => format!("‹{name}›"),
        }
    }

    fn id(&self, key: StepKey) -> &str {
        &self.runbook.step(key).id.0
    }
}

#[cfg(test)]
mod tests;
