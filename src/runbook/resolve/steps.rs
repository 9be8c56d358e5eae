//! Steps: the action of each, and the ways of its options.

use super::super::grammar::OPTION_WAYS;
use super::super::model::{Action, Ask, Choice, Multiplicity, Outcome, Step, StepKey, Then};
use super::super::parse::Node;
use super::declare::{choice_type, type_of};
use super::top::texts;
use super::{Moment, Place, Resolver};
use crate::diagnostic::cut;
use crate::template::Template;
use crate::value::{Name, Type};

impl Resolver<'_> {
    /// A whole step.
    pub(super) fn step(&mut self, index: usize) -> Option<Step> {
        let outline = self.outline;
        let sketch = &outline.steps[index];
        let key = StepKey(index);
        let node = sketch.node;
        // What is said of the step as a whole is said once, before the first item.
        let moment = match node.get("for_each") {
            Some(_) => Moment::Outside,
            None => Moment::Before,
        };
        let place = self.place(key, moment);
        let for_each = node.get("for_each").map(|repeats| self.for_each(repeats, &place));
        let timebox = node.get("timebox").map(|timebox| self.timebox(timebox, &place));
        let when = node.get("when").map(|when| self.condition(when, &place));
        if let Some(Some(when)) = &when {
            self.proves.insert(key, when.proves());
        }
        let title = node.get("title").map(|title| self.shown(title, &place));
        let links = self.links(node, &place);
        let inside = self.place(key, Moment::Before);
        let action = self.action(key, node, &inside)?;
        Some(Step {
            id: sketch.id.clone(),
            name: sketch.name.clone(),
            part: sketch.part.clone(),
            parent: sketch.parent,
            number: sketch.number.clone(),
            title: match title {
                Some(title) => title?,
                None => self.default_title(&action, node),
            },
            why: node.get("why").and_then(Node::text).map(str::to_owned),
            when: match when {
                Some(when) => Some(when?),
                None => None,
            },
            never: texts(node.get("never")),
            links: links?,
            for_each: match for_each {
                Some(for_each) => Some(for_each?),
                None => None,
            },
            loops: sketch.loops.clone(),
            role: node.get("role").and_then(Node::text).map(str::to_owned),
            timebox: match timebox {
                Some(timebox) => Some(timebox?),
                None => None,
            },
            action,
            span: outline.id_span(key),
        })
    }

    fn action(&mut self, key: StepKey, node: &Node, place: &Place) -> Option<Action> {
        if let Some(run) = node.get("run") {
            return self.run(key, node, run).map(|run| Action::Run(Box::new(run)));
        }
        if let Some(text) = node.get("do") {
            return self.instruction(text, node, place);
        }
        if let Some(question) = node.get("ask") {
            return self.ask(key, question, node, place).map(Action::Ask);
        }
        if let Some(open) = node.get("open") {
            return self.open(open, place);
        }
        if let Some(wait) = node.get("wait") {
            return match node.get("watch") {
                Some(watch) => self.watched(key, node, wait, watch).map(Box::new).map(Action::Run),
                None => self.wait(wait, node, place),
            };
        }
        if let Some(used) = node.get("use") {
            let used = self.used(used, place);
            let on_failure = self.on_failure(key);
            return Some(Action::Use { used: used?, on_failure: on_failure?.0 });
        }
        if let Some(goto) = node.get("goto") {
            return self.destination(goto).map(Action::Goto);
        }
        if let Some(role) = node.get("escalate") {
            return self.role(role).map(Action::Escalate);
        }
        if let Some(approval) = node.get("approve") {
            return Self::approval(approval).map(Action::Approve);
        }
        if let Some(end) = node.get("end") {
            return outcome(end).map(Action::End);
        }
        node.get("steps")?;
        self.on_failure(key)?;
        self.group_env(key, node, place);
        let children = self.outline.steps[key.0].children.clone();
        let order = Self::order(node)?;
        (!children.is_empty()).then_some(Action::Group { steps: children, order })
    }

    fn group_env(&mut self, _: StepKey, node: &Node, place: &Place) {
        if let Some(target) = node.get("target") {
            self.target_ref(target);
        }
        let mut env = std::collections::BTreeMap::new();
        self.add_env(node.get("env"), place, &mut env);
    }

    fn instruction(&mut self, text: &Node, node: &Node, place: &Place) -> Option<Action> {
        let text = self.shown(text, place);
        let items = node.get("checklist").and_then(Node::list).unwrap_or(&[]);
        let checklist: Vec<_> = items.iter().map(|item| self.shown(item, place)).collect();
        Some(Action::Do { text: text?, checklist: checklist.into_iter().collect::<Option<_>>()? })
    }

    fn ask(&mut self, key: StepKey, question: &Node, node: &Node, place: &Place) -> Option<Ask> {
        let map = node.map()?;
        let asked = self.shown(question, place);
        match (map.entry("options"), map.entry("into")) {
            (Some(_), Some(into)) => {
                self.error(
                    "misplaced-key",
                    into.key_span.clone(),
                    "`into` goes with `type` or `choices`, and `options` makes this a decision",
                );
                None
            }
            (None, None) => {
                self.error_help(
                    "missing-key",
                    question.span.clone(),
                    "a question needs `options`, or `into` with `type` or `choices`",
                    "options: [ { id: yes_please, label: Yes, goto: ... }, ... ]",
                );
                None
            }
            (Some(options), None) => {
                for key in ["type", "choices", "many"] {
                    if let Some(entry) = map.entry(key) {
                        self.error(
                            "misplaced-key",
                            entry.key_span.clone(),
                            format!("`{key}` belongs to `into`"),
                        );
                    }
                }
                let options = self.options(&options.value, place);
                Some(Ask::Decision { question: asked?, options: options? })
            }
            (None, Some(into)) => {
                let into = Name::new(into.value.text()?).ok();
                self.value_question(key, asked, into, node)
            }
        }
    }

    fn value_question(
        &mut self,
        key: StepKey,
        question: Option<Template>,
        into: Option<Name>,
        node: &Node,
    ) -> Option<Ask> {
        let map = node.map()?;
        let many = map.get("many").and_then(Node::text) == Some("true");
        let (ty, choices) = match (map.entry("type"), map.entry("choices")) {
            (Some(_), Some(choices)) => {
                self.error(
                    "misplaced-key",
                    choices.key_span.clone(),
                    "an answer has either `type` or `choices`, not both",
                );
                return None;
            }
            (None, None) => {
                let span =
                    map.entry("into").map_or(node.span.clone(), |entry| entry.key_span.clone());
                self.error_help(
                    "missing-key",
                    span,
                    "an answer needs `type` or `choices`",
                    "type: name",
                );
                return None;
            }
            (Some(_), None) => {
                if let (true, Some(many)) = (many, map.entry("many")) {
                    self.error(
                        "misplaced-key",
                        many.key_span.clone(),
                        "`many` goes with `choices`",
                    );
                }
                (type_of(node)?, None)
            }
            (None, Some(choices)) => {
                let ty = choice_type(choices.value.list().unwrap_or(&[]));
                let offered = self.offered(&choices.value, ty, key)?;
                (if many { Type::List } else { ty }, Some(offered))
            }
        };
        Some(Ask::Value {
            question: question?,
            into: into?,
            ty,
            choices,
            many: if many { Multiplicity::Many } else { Multiplicity::One },
        })
    }

    fn options(&mut self, node: &Node, place: &Place) -> Option<Vec<Choice>> {
        let mut options: Vec<Choice> = Vec::new();
        let mut whole = true;
        for item in node.list()? {
            match self.option(item, place) {
                Some(option) => {
                    if options.iter().any(|known| known.id == option.id) {
                        let message = format!("two options have the id `{}`", option.id);
                        self.error("duplicate-id", item.span.clone(), message);
                    }
                    options.push(option);
                }
                None => whole = false,
            }
        }
        whole.then_some(options)
    }

    fn option(&mut self, node: &Node, place: &Place) -> Option<Choice> {
        let map = node.map()?;
        let way = map.entries.iter().find(|entry| OPTION_WAYS.contains(&entry.key.as_str()));
        let then = match way.map(|entry| (entry.key.as_str(), &entry.value)) {
            Some(("use", used)) => self.used(used, place).map(Then::Use),
            Some(("goto", goto)) => self.destination(goto).map(Then::Goto),
            Some((_, end)) => outcome(end).map(Then::End),
            None => Some(Then::Next),
        };
        let label = node.get("label").and_then(|label| self.shown(label, place));
        let suggest = node.get("suggest").map(|suggest| self.condition(suggest, place));
        Some(Choice {
            id: Name::new(node.get("id")?.text()?).ok()?,
            label: label?,
            suggest: match suggest {
                Some(suggest) => Some(suggest?),
                None => None,
            },
            then: then?,
        })
    }

    fn open(&mut self, node: &Node, place: &Place) -> Option<Action> {
        let nodes = node.list().unwrap_or(std::slice::from_ref(node));
        let mut pages = Vec::new();
        for page in nodes {
            let text = page.text()?;
            let lower = text.to_ascii_lowercase();
            if !lower.starts_with("http://")
                && !lower.starts_with("https://")
                && !lower.starts_with("{{")
            {
                self.error_help(
                    "url",
                    page.span.clone(),
                    "only http and https pages can be opened",
                    "write an instruction with `do` for anything else",
                );
                return None;
            }
            if text.trim().contains(char::is_whitespace) {
                self.error("url", page.span.clone(), "a URL has no blanks and no line breaks");
                return None;
            }
            pages.push(self.shown(page, place)?);
        }
        Some(Action::Open(pages))
    }

    fn wait(&mut self, node: &Node, step: &Node, place: &Place) -> Option<Action> {
        self.check_unwatched(step);
        let text = node.text()?;
        if !text.contains("{{")
            && let Err(problem) = crate::value::Duration::parse(text)
        {
            self.error_help(
                "duration",
                node.span.clone(),
                format!("`{}` is not a duration: {problem}", cut(text)),
                "write whole numbers with units, the largest first: 90s or 1h30m",
            );
            return None;
        }
        self.shown(node, place).map(Action::Wait)
    }
}

fn outcome(node: &Node) -> Option<Outcome> {
    Some(match node.text()? {
        "abandoned" => Outcome::Abandoned,
        "done" => Outcome::Done,
        "escalated" => Outcome::Escalated,
        "mitigated" => Outcome::Mitigated,
        "no_action" => Outcome::NoAction,
        "resolved" => Outcome::Resolved,
        "rolled_back" => Outcome::RolledBack,
        _ => return None,
    })
}
