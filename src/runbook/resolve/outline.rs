//! The steps of a file in order, with their ids, numbers and groups, before any is compiled.

use std::collections::{BTreeMap, BTreeSet};

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
    /// The `for_each` steps around it and around what uses its part, itself among them.
    pub loops: BTreeSet<StepKey>,
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
        outline.find_loops();
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
                loops: BTreeSet::new(),
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

    /// Finds the `for_each` steps around each step. Grows to a fixed point, as a procedure may be
    /// used in another one.
    fn find_loops(&mut self) {
        let repeats = |key: &StepKey| self.steps[key.0].node.get("for_each").is_some();
        let keys = || (0..self.steps.len()).map(StepKey);
        if !keys().any(|key| repeats(&key)) {
            return;
        }
        let mut loops: Vec<BTreeSet<StepKey>> =
            keys().map(|key| self.ancestors(key).filter(repeats).collect()).collect();
        let used: Vec<Vec<Name>> = keys().map(|key| self.procedures_used(key)).collect();
        loop {
            let mut grew = false;
            for key in keys() {
                let inside = used[key.0].iter().filter_map(|name| self.procedures.get(name));
                for step in inside.flat_map(|(steps, _)| self.all_below(steps)) {
                    let before = loops[step.0].len();
                    let around = loops[key.0].clone();
                    loops[step.0].extend(around);
                    grew |= loops[step.0].len() > before;
                }
            }
            if !grew {
                break;
            }
        }
        for (sketch, loops) in self.steps.iter_mut().zip(loops) {
            sketch.loops = loops;
        }
    }

    /// Steps and all that stands in them.
    fn all_below(&self, steps: &[StepKey]) -> Vec<StepKey> {
        let mut all = steps.to_vec();
        let mut at = 0;
        while let Some(key) = all.get(at) {
            all.extend_from_slice(&self.steps[key.0].children);
            at += 1;
        }
        all
    }

    /// The procedures that a step may go through and come back.
    pub(in crate::runbook) fn procedures_used(&self, key: StepKey) -> Vec<Name> {
        let node = self.steps[key.0].node;
        let options = node.get("options").and_then(Node::list).unwrap_or(&[]);
        let may_fail = node.get("run").is_some() || node.get("use").is_some();
        let failure = self.inherited(key, "on_failure").filter(|_| may_fail);
        let all = options.iter().chain(failure).chain([node]);
        all.filter_map(|node| Name::new(node.get("use")?.get("procedure")?.text()?).ok()).collect()
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
