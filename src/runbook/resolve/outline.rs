//! The steps of a file in order, with their ids, numbers and groups, before any is compiled.

use std::collections::BTreeMap;

use super::super::model::{PartId, StepId, StepKey};
use super::super::parse::Node;
use crate::diagnostic::{Diagnostic, Span};
use crate::value::Name;

/// All steps and parts of a file.
pub(in crate::runbook) struct Outline<'a> {
    /// Every step, in the order of the file's parts.
    pub steps: Vec<Sketch<'a>>,
    /// The main line.
    pub main: Vec<StepKey>,
    /// The procedures, with the places of their names.
    pub procedures: BTreeMap<Name, (Vec<StepKey>, Span)>,
    /// The last line.
    pub finally: Vec<StepKey>,
    /// The steps that have ids.
    pub ids: BTreeMap<Name, StepKey>,
}

/// A step that is not compiled yet.
pub(in crate::runbook) struct Sketch<'a> {
    /// Its map.
    pub node: &'a Node,
    /// Its own id.
    pub name: Option<Name>,
    /// Its id in records.
    pub id: StepId,
    /// The line it stands on.
    pub part: PartId,
    /// The group it stands in.
    pub parent: Option<StepKey>,
    /// Its number as shown.
    pub number: String,
    /// The steps of a group.
    pub children: Vec<StepKey>,
}

impl<'a> Outline<'a> {
    /// Walks all parts of a file; ids that come twice are findings.
    pub(in crate::runbook) fn of(root: &'a Node, findings: &mut Vec<Diagnostic>) -> Self {
        let mut outline = Self {
            steps: Vec::new(),
            main: Vec::new(),
            procedures: BTreeMap::new(),
            finally: Vec::new(),
            ids: BTreeMap::new(),
        };
        outline.main = outline.line(root.get("steps"), &PartId::Main, None, findings);
        if let Some(map) = root.get("procedures").and_then(Node::map) {
            for entry in &map.entries {
                let Ok(name) = Name::new(&entry.key) else {
                    continue;
                };
                let part = PartId::Procedure(name.clone());
                let steps = outline.line(entry.value.get("steps"), &part, None, findings);
                outline.procedures.insert(name, (steps, entry.key_span.clone()));
            }
        }
        outline.finally = outline.line(root.get("finally"), &PartId::Finally, None, findings);
        outline.check_procedure_names(findings);
        outline
    }

    fn line(
        &mut self,
        node: Option<&'a Node>,
        part: &PartId,
        parent: Option<StepKey>,
        findings: &mut Vec<Diagnostic>,
    ) -> Vec<StepKey> {
        let Some(items) = node.and_then(Node::list) else {
            return Vec::new();
        };
        let mut keys = Vec::new();
        for (index, node) in items.iter().enumerate() {
            let number = match parent {
                Some(parent) => format!("{}.{}", self.steps[parent.0].number, index + 1),
                None => (index + 1).to_string(),
            };
            let key = StepKey(self.steps.len());
            let name = node.get("id").and_then(Node::text).and_then(|text| Name::new(text).ok());
            let line = match part {
                PartId::Main | PartId::Of(..) => "main",
                PartId::Procedure(name) => name.as_str(),
                PartId::Finally => "finally",
            };
            let id = match &name {
                Some(name) => name.to_string(),
                None => format!("{line}.{number}"),
            };
            self.steps.push(Sketch {
                node,
                name: name.clone(),
                id: StepId(id),
                part: part.clone(),
                parent,
                number,
                children: Vec::new(),
            });
            if let Some(name) = name {
                self.declare(&name, key, findings);
            }
            let children = self.line(node.get("steps"), part, Some(key), findings);
            self.steps[key.0].children = children;
            keys.push(key);
        }
        keys
    }

    fn declare(&mut self, name: &Name, key: StepKey, findings: &mut Vec<Diagnostic>) {
        let span = self.id_span(key);
        if let Some(first) = self.ids.get(name) {
            findings.push(
                Diagnostic::error("duplicate-id", span, format!("two steps have the id `{name}`"))
                    .label(self.id_span(*first), "the first is here")
                    .help("give one of them another id"),
            );
        } else {
            self.ids.insert(name.clone(), key);
        }
    }

    fn check_procedure_names(&self, findings: &mut Vec<Diagnostic>) {
        for (name, (_, span)) in &self.procedures {
            if let Some(step) = self.ids.get(name) {
                let message = format!("`{name}` is the id of a step and of a procedure");
                findings.push(
                    Diagnostic::error("duplicate-id", span.clone(), message)
                        .label(self.id_span(*step), "the step is here")
                        .help("give one of them another id"),
                );
            }
        }
    }

    /// The place of a step's id, or of the step.
    pub(in crate::runbook) fn id_span(&self, key: StepKey) -> Span {
        let node = self.steps[key.0].node;
        node.get("id").map_or(node.span.clone(), |id| id.span.clone())
    }

    /// The step and the groups around it, from the inside.
    pub(in crate::runbook) fn ancestors(&self, key: StepKey) -> impl Iterator<Item = StepKey> {
        std::iter::successors(Some(key), |key| self.steps[key.0].parent)
    }

    /// The value of a key of the step or of the nearest group around it.
    pub(in crate::runbook) fn inherited(&self, key: StepKey, name: &str) -> Option<&'a Node> {
        self.ancestors(key).find_map(|key| self.steps[key.0].node.get(name))
    }
}
