//! From a tree that fits the table to a [`Runbook`]: names, types, inheritance, references, and
//! every template, expression and script compiled in its scope.
//!
//! A part that is wrong leaves a finding and `None`; the rest is still looked at.

mod alerts;
mod background;
mod choices;
mod commands;
mod declare;
mod environments;
mod files;
mod inputs;
mod outline;
mod references;
mod repeats;
mod run;
mod scope;
mod steps;
mod targets;
mod texts;
mod titles;
mod top;
mod used;
mod watched;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use outline::Outline;
pub(super) use scope::{Mentioned, Moment};
pub(super) use texts::{ad_hoc_command, edited_command};

use super::lineage::{Known, Lineage};
use super::load::{NoRepository, Repository};
use super::model::{BroughtFile, Input, Runbook, StepKey, ValueDeclaration};
use super::parse::Node;
use crate::diagnostic::{Diagnostic, Source, Span};
use crate::value::{Name, Reference, Type, Value};

/// What resolving brings to light beside the runbook, for the rules.
pub(super) struct Resolved<'a> {
    /// The runbook, if nothing of it is missing.
    pub runbook: Option<Runbook>,
    /// Its steps as they are written.
    pub outline: Outline<'a>,
    /// Every place where something is named.
    pub mentions: Vec<Mentioned>,
}

/// Resolves a whole tree.
pub(super) fn resolve<'a>(
    source: &Source,
    root: &'a Node,
    repository: &dyn Repository,
    lineage: &Lineage<'_>,
    findings: &mut Vec<Diagnostic>,
) -> Resolved<'a> {
    let outline = Outline::of(root, findings);
    let mut resolver = Resolver::new(source, root, repository, lineage, &outline);
    let runbook = resolver.runbook();
    findings.append(&mut resolver.findings);
    let mentions = resolver.mentions;
    Resolved { runbook, outline, mentions }
}

/// A value for an input that stands in another file than the runbook.
pub(super) fn plain_value(
    source: &Source,
    root: &Node,
    node: &Node,
    input: &Input,
    findings: &mut Vec<Diagnostic>,
) -> Option<Value> {
    let outline = Outline::of(root, &mut Vec::new());
    let known = Known::default();
    let lineage = Lineage::first(source, &NoRepository, &known);
    let mut resolver = Resolver::new(source, root, &NoRepository, &lineage, &outline);
    let value = resolver.checked_value(node, input.ty, &input.constraints);
    findings.append(&mut resolver.findings);
    value
}

/// The work of resolving one file.
struct Resolver<'a> {
    source: &'a Source,
    root: &'a Node,
    repository: &'a dyn Repository,
    /// The runbooks that use this one.
    lineage: &'a Lineage<'a>,
    outline: &'a Outline<'a>,
    findings: Vec<Diagnostic>,
    /// What every value is declared to be.
    values: BTreeMap<Name, ValueDeclaration>,
    /// The types of the environments' values.
    environment: BTreeMap<Name, Type>,
    /// Whether all values of an environment's key are closed.
    closed_environment: BTreeMap<Name, bool>,
    brought: Vec<BroughtFile>,
    /// What is set whenever a step is entered, because its `when` asks for it.
    proves: BTreeMap<StepKey, BTreeSet<Reference>>,
    mentions: Vec<Mentioned>,
}

/// Where something stands: in which step, when it is looked at, and which files it may name.
#[derive(Clone, Debug)]
struct Place {
    step: Option<StepKey>,
    moment: Moment,
    files: Vec<Name>,
}

impl Place {
    fn start() -> Self {
        Self { step: None, moment: Moment::Start, files: Vec::new() }
    }
}

impl<'a> Resolver<'a> {
    fn new(
        source: &'a Source,
        root: &'a Node,
        repository: &'a dyn Repository,
        lineage: &'a Lineage<'a>,
        outline: &'a Outline<'a>,
    ) -> Self {
        Self {
            source,
            root,
            repository,
            lineage,
            outline,
            findings: Vec::new(),
            values: BTreeMap::new(),
            environment: BTreeMap::new(),
            closed_environment: BTreeMap::new(),
            brought: Vec::new(),
            proves: BTreeMap::new(),
            mentions: Vec::new(),
        }
    }
}

impl Resolver<'_> {
    /// A place in a step, which may name the step's files.
    fn place(&self, step: StepKey, moment: Moment) -> Place {
        let files = self.outline.steps[step.0].node.get("files");
        let entries = files.and_then(Node::map).map_or(&[][..], |map| &map.entries);
        Place {
            step: Some(step),
            moment,
            files: entries.iter().filter_map(|entry| Name::new(&entry.key).ok()).collect(),
        }
    }

    fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>) {
        self.findings.push(Diagnostic::error(code, span, message));
    }

    fn error_help(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.findings.push(Diagnostic::error(code, span, message).help(help));
    }
}
