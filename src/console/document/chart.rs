//! A runbook as a picture, as data: parts with nodes, and lines between them. How it is drawn is
//! the business of `mermaid` and `svg`.

use crate::console::filter::shown_line;
use crate::console::wording;
use crate::runbook::{
    Action, Ask, Cause, Edge, Effect, Outcome, PartId, Runbook, Step, StepKey, To, Way, flow,
};

/// A picture of a runbook.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Chart {
    /// What the runbook is about.
    pub title: String,
    /// Its lines of steps, the main one first.
    pub parts: Vec<Part>,
    /// From node to node, by their places in the order of the parts.
    pub lines: Vec<Line>,
}

/// A line of steps.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Part {
    /// Its name; the main line has none.
    pub title: Option<String>,
    /// Its nodes and groups, in the order of the file.
    pub items: Vec<Item>,
}

/// A node, or a group of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Item {
    /// A group of steps.
    Group { title: String, items: Vec<Item> },
    /// One node.
    Node(Node),
}

/// A step, or where a run ends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Node {
    /// Its place among all nodes.
    pub id: usize,
    /// What it is.
    pub kind: Kind,
    /// Its number as shown.
    pub number: String,
    /// What it is about.
    pub title: String,
    /// Where it stands in a document.
    pub anchor: Option<String>,
}

/// What a node is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// A question.
    Ask,
    /// Comes back from a part that is used.
    Back,
    /// Something for a person to do.
    Do,
    /// The end of the run; without an outcome it is asked for.
    End(Option<Outcome>),
    /// A second person agrees.
    Approve,
    /// Help is called.
    Escalate,
    /// Goes elsewhere.
    Goto,
    /// Pages are opened.
    Open,
    /// A command.
    Run(Effect),
    /// A procedure is gone through.
    Use,
    /// Time passes.
    Wait,
    /// The condition of a group.
    When,
}

/// A line between two nodes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Line {
    /// Where it begins.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
    /// What it takes to go there; nothing if it is what comes next.
    pub label: Option<String>,
    /// How it is gone.
    pub manner: Manner,
}

/// How a line is gone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Manner {
    /// There and back.
    Call,
    /// After a failure.
    Failed,
    /// There.
    Go,
    /// Past something whose condition does not hold.
    Skipped,
}

impl Kind {
    /// A word for what happens there.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Approve => "approval",
            Self::Ask => "question",
            Self::Back | Self::Use => "part",
            Self::Do => "by hand",
            Self::End(_) => "end",
            Self::Escalate => "help",
            Self::Goto => "go to",
            Self::Open => "pages",
            Self::Run(effect) => wording::effect(effect),
            Self::Wait => "wait",
            Self::When => "condition",
        }
    }

    /// The class by which it is coloured.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Run(effect) => wording::effect(effect),
            Self::Approve | Self::Ask | Self::Do | Self::Escalate | Self::Open => "person",
            Self::End(_) => "ending",
            Self::Back | Self::Goto | Self::Use | Self::Wait | Self::When => "other",
        }
    }

    /// What a step's action is; a group is none.
    pub(super) fn of(action: &Action) -> Option<Self> {
        Some(match action {
            Action::Ask(_) => Self::Ask,
            Action::Approve(_) => Self::Approve,
            Action::Do { .. } => Self::Do,
            Action::End(outcome) => Self::End(Some(*outcome)),
            Action::Escalate(_) => Self::Escalate,
            Action::Goto(_) => Self::Goto,
            Action::Group { .. } => return None,
            Action::Open(_) => Self::Open,
            Action::Run(run) => Self::Run(run.effect),
            Action::Use { .. } => Self::Use,
            Action::Wait(_) => Self::Wait,
        })
    }
}

impl Chart {
    /// Draws a runbook.
    pub(super) fn of(runbook: &Runbook) -> Self {
        let edges = flow(runbook);
        let count = runbook.own_steps().len();
        let mut drawing = Drawing {
            runbook,
            edges: &edges,
            ends: Vec::new(),
            chart: Self { title: shown_line(runbook.title.source()), ..Self::default() },
            next: count,
        };
        drawing.part(None, &PartId::Main);
        for (name, procedure) in super::procedures(runbook) {
            let title = procedure.title.as_ref().map_or(name.as_str(), |title| title.source());
            drawing.part(Some(title.to_owned()), &PartId::Procedure(name.clone()));
        }
        drawing.part(Some("Finally, however the run ended".to_owned()), &PartId::Finally);
        drawing.lines();
        drawing.chart
    }

    /// All nodes, in order.
    pub(super) fn nodes(&self) -> Vec<&Node> {
        fn visit<'a>(items: &'a [Item], found: &mut Vec<&'a Node>) {
            for item in items {
                match item {
                    Item::Group { items, .. } => visit(items, found),
                    Item::Node(node) => found.push(node),
                }
            }
        }
        let mut found = Vec::new();
        for part in &self.parts {
            visit(&part.items, &mut found);
        }
        found
    }
}

/// The anchor of a step in a document.
pub(super) fn anchor(step: &Step) -> String {
    format!("step-{}", step.id.0)
}

struct Drawing<'a> {
    runbook: &'a Runbook,
    edges: &'a [Vec<Edge>],
    /// Where runs end, and parts are left, beside the steps themselves.
    ends: Vec<(To, usize)>,
    chart: Chart,
    next: usize,
}

impl Drawing<'_> {
    fn part(&mut self, title: Option<String>, part: &PartId) {
        let steps = self.runbook.part(part);
        if steps.is_empty() {
            return;
        }
        let mut items: Vec<Item> = steps.iter().flat_map(|key| self.items(*key)).collect();
        items.extend(self.leaving(part));
        self.chart.parts.push(Part { title: title.map(|title| shown_line(&title)), items });
    }

    fn items(&self, key: StepKey) -> Vec<Item> {
        let step = self.runbook.step(key);
        let node = |kind, title: &str| {
            Item::Node(Node {
                id: key.0,
                kind,
                number: step.number.clone(),
                title: shown_line(title),
                anchor: Some(anchor(step)),
            })
        };
        let title = step.title.source();
        let Some(kind) = Kind::of(&step.action) else {
            let Action::Group { steps: children, .. } = &step.action else { return Vec::new() };
            let inside = children.iter().flat_map(|child| self.items(*child)).collect();
            let group = Item::Group { title: shown_line(title), items: inside };
            let when = step.when.as_ref().map(|when| node(Kind::When, when.text()));
            return when.into_iter().chain([group]).collect();
        };
        vec![node(kind, title)]
    }

    /// The nodes behind a part's steps: what its options end, and its own end if it is reached.
    fn leaving(&mut self, part: &PartId) -> Vec<Item> {
        let mut items = Vec::new();
        let steps = self.runbook.own_steps().iter().zip(self.edges);
        let edges = steps.filter(|(step, _)| step.part == *part).flat_map(|(step, edges)| {
            let own = matches!(step.action, Action::End(_));
            edges.iter().filter(move |edge| !(own && matches!(edge.to, To::End(_))))
        });
        for edge in edges {
            let known = self.ends.iter().any(|(to, _)| *to == edge.to);
            let (kind, title) = match &edge.to {
                To::Step(_) | To::Exit(PartId::Finally) => continue,
                _ if known => continue,
                To::End(outcome) => {
                    (Kind::End(Some(*outcome)), wording::outcome(*outcome).to_owned())
                }
                To::Exit(PartId::Main | PartId::Of(..)) => {
                    (Kind::End(None), "How did it end?".to_owned())
                }
                To::Exit(PartId::Procedure(_)) => (Kind::Back, "Back".to_owned()),
            };
            let id = self.next;
            self.next += 1;
            self.ends.push((edge.to.clone(), id));
            let number = String::new();
            items.push(Item::Node(Node { id, kind, number, title, anchor: None }));
        }
        items
    }

    fn lines(&mut self) {
        for (index, edges) in self.edges.iter().enumerate() {
            let step = &self.runbook.steps[index];
            let group = matches!(step.action, Action::Group { .. });
            if group && step.when.is_none() || matches!(step.action, Action::End(_)) {
                self.skips(index, edges);
                continue;
            }
            for edge in edges {
                self.line(index, step, edge);
            }
        }
    }

    /// Of an end with a condition, only the way past it.
    fn skips(&mut self, index: usize, edges: &[Edge]) {
        let step = &self.runbook.steps[index];
        for edge in edges.iter().filter(|edge| edge.way == Way::Skipped) {
            self.line(index, step, edge);
        }
    }

    fn line(&mut self, from: usize, step: &Step, edge: &Edge) {
        let Some(to) = self.place(&edge.to) else { return };
        let label = label(step, edge).map(|label| shown_line(&label));
        let manner = match edge.way {
            Way::Enter => Manner::Call,
            Way::Failed => Manner::Failed,
            Way::Skipped => Manner::Skipped,
            Way::Call(_) | Way::Done => Manner::Go,
        };
        let line = Line { from, to, label, manner };
        if !self.chart.lines.contains(&line) {
            self.chart.lines.push(line);
        }
    }

    /// The node to which an edge leads.
    fn place(&self, to: &To) -> Option<usize> {
        match to {
            To::Step(key) => self.visible(*key),
            other => self.ends.iter().find(|(end, _)| end == other).map(|(_, id)| *id),
        }
    }

    /// A group without a condition is no node: its first step is.
    fn visible(&self, key: StepKey) -> Option<usize> {
        let step = self.runbook.step(key);
        match &step.action {
            Action::Group { steps: children, .. } if step.when.is_none() => {
                self.visible(*children.first()?)
            }
            _ => Some(key.0),
        }
    }
}

/// What it takes to follow an edge, if that is more than going on.
fn label(step: &Step, edge: &Edge) -> Option<String> {
    match (edge.cause, &edge.way) {
        (_, Way::Call(_)) | (Cause::Action, _) => None,
        (Cause::Condition, _) if matches!(step.action, Action::Group { .. }) => {
            Some("if not".to_owned())
        }
        (Cause::Condition, _) => {
            let when = step.when.as_ref().map_or("", |when| when.text());
            Some(format!("skipped unless {when}"))
        }
        (Cause::Failure, _) => Some("if it fails".to_owned()),
        (Cause::Option(index), _) => match &step.action {
            Action::Ask(Ask::Decision { options, .. }) => {
                options.get(index).map(|option| option.label.source().to_owned())
            }
            _ => None,
        },
    }
}
