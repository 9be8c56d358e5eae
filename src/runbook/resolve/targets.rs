//! Targets: where commands run, and how each proves what it is.

use std::collections::BTreeMap;

use super::super::model::{Assertion, Target, TargetRef};
use super::super::parse::{Entry, Node};
use super::commands::{Inherited, Reads};
use super::{Moment, Place, Resolver};
use crate::template::{Shell, Template};
use crate::value::Name;

impl Resolver<'_> {
    /// All targets.
    pub(super) fn targets(&mut self) -> Option<BTreeMap<Name, Target>> {
        let root = self.root;
        let entries = root.get("targets").and_then(Node::map).map_or(&[][..], |map| &map.entries);
        let mut targets = BTreeMap::new();
        let mut whole = true;
        for entry in entries {
            match (Name::new(&entry.key), self.target(entry)) {
                (Ok(name), Some(target)) => {
                    if name.as_str() == "here" {
                        self.error(
                            "reserved-name",
                            entry.key_span.clone(),
                            "`here` always names this machine",
                        );
                    }
                    targets.insert(name, target);
                }
                _ => whole = false,
            }
        }
        whole.then_some(targets)
    }

    fn target(&mut self, entry: &Entry) -> Option<Target> {
        let node = &entry.value;
        let place = Place { step: None, moment: Moment::Target, files: Vec::new() };
        let kinds: Vec<&Entry> = node
            .map()?
            .entries
            .iter()
            .filter(|entry| ["ssh", "kubectl", "prefix"].contains(&entry.key.as_str()))
            .collect();
        if let [_, second, ..] = kinds.as_slice() {
            self.error(
                "many-actions",
                second.key_span.clone(),
                "a target is one of `ssh`, `kubectl` and `prefix`",
            );
        }
        self.refuse_keys(node, &["ssh", "kubectl", "as"]);
        let prefix = self.prefix(node.get("prefix").and_then(Node::list).unwrap_or(&[]), &place)?;
        let mut env = BTreeMap::new();
        self.add_env(node.get("env"), &place, &mut env);
        let assertion = self.assertion(entry, &place)?;
        Some(Target { prefix, env, assertion, span: entry.key_span.clone() })
    }

    /// The words before a command, which follow the same rules as its own.
    fn prefix(&mut self, items: &[Node], place: &Place) -> Option<Vec<Template>> {
        if let Some(last) = items.last()
            && last.text().is_some_and(takes_a_program)
        {
            self.error_help(
                "unsafe-position",
                last.span.clone(),
                "what follows this word is read as a program, not as the words of a command",
                "end the prefix before it: the command brings its own shell",
            );
        }
        self.words(items, place)
    }

    /// How a target proves what it is, if it does.
    #[expect(
        clippy::option_option,
        reason = "outside: something is wrong; inside: nothing is given"
    )]
    fn assertion(&mut self, entry: &Entry, place: &Place) -> Option<Option<Assertion>> {
        let map = entry.value.map()?;
        let (alone, message, help) = match (map.entry("assert"), map.entry("equals")) {
            (None, None) => return Some(None),
            (Some(assert), Some(equals)) => {
                let inherited = Inherited {
                    place: place.clone(),
                    shell: Shell::default(),
                    target: TargetRef::Named(Name::new(&entry.key).ok()?),
                    env: BTreeMap::new(),
                    cwd: None,
                    files: BTreeMap::new(),
                    timeout: None,
                    reads: Reads::Only,
                };
                return Some(Some(Assertion {
                    command: self.command(&assert.value, &inherited)?,
                    equals: self.shown(&equals.value, place)?,
                }));
            }
            (Some(alone), None) => (
                alone,
                "`assert` needs `equals`: what it must print",
                "equals: \"{{environment.context}}\"",
            ),
            (None, Some(alone)) => (
                alone,
                "`equals` needs `assert`: the command that tells what the target is",
                "assert: hostname",
            ),
        };
        self.error_help("missing-key", alone.key_span.clone(), message, help);
        None
    }

    /// The environment that a target gives its commands. Problems in it are found at the target.
    pub(super) fn target_env(&mut self, name: &Name, _: &Place) -> BTreeMap<String, Template> {
        let node = self.root.get("targets").and_then(|targets| targets.get(name.as_str()));
        let entries = node
            .and_then(|node| node.get("env"))
            .and_then(Node::map)
            .map_or(&[][..], |map| &map.entries);
        entries
            .iter()
            .filter_map(|entry| {
                Some((entry.key.clone(), Template::parse(entry.value.text()?).ok()?))
            })
            .collect()
    }
}

/// Whether a word is the option of an interpreter that makes the next word its program: `-c`, `-lc`.
fn takes_a_program(word: &str) -> bool {
    word.strip_prefix('-').is_some_and(|letters| {
        letters.ends_with('c') && letters.bytes().all(|letter| letter.is_ascii_lowercase())
    })
}
