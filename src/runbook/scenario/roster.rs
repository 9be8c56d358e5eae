//! The steps of a runbook and of those it uses, by the names that scenarios know them by, and what
//! each is asked and gives. Read from the tree: a runbook with faults has steps too.

use std::collections::BTreeMap;

use super::Shelf;
use crate::diagnostic::Source;
use crate::runbook::load::Repository;
use crate::runbook::parse::{Node, parse};
use crate::runbook::resolve::Outline;
use crate::value::Type;

/// Runbooks use each other only so deep.
const MOST_DEPTH: usize = 8;

/// The steps.
#[derive(Default)]
pub(super) struct Roster {
    /// By name: a step of a used runbook stands behind the name of its `use`.
    pub steps: BTreeMap<String, Known>,
    /// The names of the procedures.
    pub procedures: Vec<String>,
}

/// A step, as far as scenarios care.
pub(super) struct Known {
    /// What it asks, or does.
    pub asks: Asks,
    /// Which commands it has beside its own.
    pub parts: Vec<&'static str>,
    /// Whether it is a command's step.
    pub runs: bool,
    /// Whether it uses another runbook.
    pub uses: bool,
}

/// What a step asks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Asks {
    /// Whether a command may run, and what then becomes of it.
    Confirmation,
    /// Which of these ways to go.
    Decision(Vec<String>),
    /// Whether it was done.
    Instruction,
    /// Something else, or nothing.
    Other,
    /// A value.
    Value { ty: Option<Type>, choices: Option<Vec<String>>, many: bool },
}

impl Asks {
    /// Whether one answer may hold several values.
    pub(super) fn takes_many(&self) -> bool {
        matches!(self, Self::Value { many: true, .. } | Self::Value { ty: Some(Type::List), .. })
    }
}

impl Roster {
    /// The steps of a runbook.
    pub(super) fn of(root: &Node, repository: &dyn Repository, library: &dyn Shelf) -> Self {
        let mut roster = Self::default();
        let outline = Outline::of(root, &mut Vec::new());
        roster.procedures = outline.procedures.keys().map(ToString::to_string).collect();
        let place = Place { repository, folder: String::new(), depth: 0 };
        roster.add(root, "", &place, library);
        roster
    }

    fn add(&mut self, root: &Node, prefix: &str, place: &Place<'_>, library: &dyn Shelf) {
        let outline = Outline::of(root, &mut Vec::new());
        for (index, sketch) in outline.steps.iter().enumerate() {
            let node = sketch.node;
            let name = format!("{prefix}{}", sketch.id);
            let parts = ["verify", "recheck", "undo"];
            let readies = node.get("background").is_some_and(|it| it.get("ready").is_some());
            // The command of a wait runs beside it.
            let watches = node.get("wait").is_some() && node.get("watch").is_some();
            // What can be chosen may be told by a command, the only one of such a step.
            let offers = node.get("choices").is_some_and(|it| it.get("run").is_some());
            let key = crate::runbook::model::StepKey(index);
            let uses = node.get("use").filter(|used| used.get("procedure").is_none());
            let reads = outline.inherited(key, "effect").and_then(Node::text) == Some("read");
            let known = Known {
                asks: asks(node, reads),
                parts: parts
                    .into_iter()
                    .filter(|part| node.get(part).is_some())
                    .chain(readies.then_some("ready"))
                    .collect(),
                runs: node.get("run").is_some() || watches || offers,
                uses: uses.is_some(),
            };
            if let Some(used) = uses {
                self.used(used, &format!("{name}."), place, library);
            }
            self.steps.insert(name, known);
        }
    }

    /// The steps of a used runbook, if it can be read.
    fn used(&mut self, used: &Node, prefix: &str, place: &Place<'_>, library: &dyn Shelf) {
        if place.depth == MOST_DEPTH {
            return;
        }
        if let Some(file) = used.get("file").and_then(Node::text) {
            let path = format!("{}{file}", place.folder);
            let Ok(brought) = place.repository.read(&path) else { return };
            let Ok(text) = String::from_utf8(brought.bytes) else { return };
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
            let inner = Place { repository: place.repository, folder, depth: place.depth + 1 };
            let source = Source { name: path, text: text.into() };
            if let Some(root) = parse(&source, &mut Vec::new()) {
                self.add(&root, prefix, &inner, library);
            }
        } else if let Some(reference) = used.get("runbook").and_then(Node::text)
            && let Ok(found) = library.find(reference)
            && let Some(root) = parse(&found.source, &mut Vec::new())
        {
            let repository = found.repository.as_ref();
            let inner = Place { repository, folder: String::new(), depth: place.depth + 1 };
            self.add(&root, prefix, &inner, library);
        }
    }
}

/// Where a runbook's own paths are counted from.
struct Place<'a> {
    repository: &'a dyn Repository,
    folder: String,
    depth: usize,
}

fn asks(node: &Node, reads: bool) -> Asks {
    if node.get("run").is_some() {
        let talks = node.get("interactive").is_some();
        return if reads || talks { Asks::Other } else { Asks::Confirmation };
    }
    if node.get("do").is_some() {
        return Asks::Instruction;
    }
    if node.get("ask").is_none() {
        return Asks::Other;
    }
    let texts = |list: &[Node]| list.iter().filter_map(Node::text).map(str::to_owned).collect();
    if let Some(options) = node.get("options").and_then(Node::list) {
        let ids = options.iter().filter_map(|option| option.get("id")?.text());
        return Asks::Decision(ids.map(str::to_owned).collect());
    }
    Asks::Value {
        ty: node.get("type").and_then(Node::text).and_then(Type::from_keyword),
        choices: node.get("choices").and_then(Node::list).map(texts),
        many: node.get("many").and_then(Node::text) == Some("true"),
    }
}
