//! Targets: where commands run, and how each proves what it is.

use std::collections::BTreeMap;

use super::super::model::{Assertion, Cluster, Place as TargetPlace, Target, TargetRef, User};
use super::super::parse::{Entry, Node};
use super::commands::{Inherited, Reads, user_of};
use super::{Moment, Place, Resolver};
use crate::diagnostic::{Span, cut};
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
        let kind = match kinds.first().map(|kind| (kind.key.as_str(), &kind.value)) {
            Some(("ssh", host)) => self.host(host, &place)?,
            Some(("kubectl", kubectl)) => self.kubectl(kubectl, &place)?,
            Some((_, prefix)) => {
                TargetPlace::Prefix(self.prefix(prefix.list().unwrap_or(&[]), &place)?)
            }
            None => TargetPlace::Here,
        };
        self.check_user(node);
        let mut env = BTreeMap::new();
        self.add_env(node.get("env"), &place, &mut env);
        let assertion = self.assertion(entry, &place)?;
        let user = user_of(node);
        Some(Target { place: kind, user, env, assertion, span: entry.key_span.clone() })
    }

    /// A host that ssh knows: one word, never an option.
    fn host(&mut self, node: &Node, place: &Place) -> Option<TargetPlace> {
        let help = "write a host, a name of your ssh configuration, or user@host; what else it \
                    needs stands in the ssh configuration";
        self.part(node, place, ("a host", TargetPlace::is_destination, help)).map(TargetPlace::Ssh)
    }

    fn kubectl(&mut self, node: &Node, place: &Place) -> Option<TargetPlace> {
        let object = "letters, digits, `-` and `.`";
        let mut part = |key: &str, what, holds: fn(&str) -> bool, help| match node.get(key) {
            Some(part) => Some(Some(self.part(part, place, (what, holds, help))?)),
            None => Some(None),
        };
        let context = part("context", "a context", Cluster::is_context, "write one line")?;
        let namespace = part("namespace", "a namespace", Cluster::is_object, object)?;
        let pod = part("pod", "a pod", Cluster::is_object, object)?;
        let container = part("container", "a container", Cluster::is_object, object)?;
        let cluster = Cluster { context: context?, namespace };
        match (pod, container) {
            (Some(pod), container) => Some(TargetPlace::Pod { cluster, pod, container }),
            (None, None) => Some(TargetPlace::Cluster(cluster)),
            (None, Some(_)) => {
                let span = node.get("container").map_or(node.span.clone(), |it| it.span.clone());
                let help = "say in which `pod` it is";
                self.error_help("missing-key", span, "a container alone names no pod", help);
                None
            }
        }
    }

    /// A text that is an argument of a program: everybody can see it, and it must be what it is
    /// said to be. With values it is looked at once they are known.
    fn part(
        &mut self,
        node: &Node,
        place: &Place,
        (what, holds, help): (&str, fn(&str) -> bool, &str),
    ) -> Option<Template> {
        let template = self.shown(node, place)?;
        self.refuse_list(node, &template, &format!("{what} is"), place);
        if template.mentions().is_empty() && !holds(template.source()) {
            let message = format!("`{}` is not {what}", cut(template.source()));
            self.error_help("target", node.span.clone(), message, help);
        }
        Some(template)
    }

    /// Whether an `as` names a user.
    pub(super) fn check_user(&mut self, node: &Node) {
        if let Some(user) = node.get("as")
            && let Some(text) = user.text()
            && User::new(text).is_none()
        {
            self.error_help(
                "user",
                user.span.clone(),
                format!("`{}` is no name of a user", cut(text)),
                "write one user's name, such as postgres",
            );
        }
    }

    /// Another user cannot read the private kubeconfig.
    pub(super) fn check_user_of_cluster(
        &mut self,
        user: Option<&User>,
        target: &TargetRef,
        span: &Span,
    ) {
        let TargetRef::Named(name) = target else {
            return;
        };
        let kubectl = self.target_node(name).and_then(|node| node.get("kubectl"));
        if user.is_some() && kubectl.is_some_and(|kubectl| kubectl.get("pod").is_none()) {
            self.error_help(
                "misplaced-key",
                span.clone(),
                format!("`as` and the target `{name}` exclude each other: its kubeconfig is yours"),
                "run the command without `as`, or in a `pod`",
            );
        }
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
                    user: None,
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
    pub(super) fn target_env(&self, name: &Name) -> BTreeMap<String, Template> {
        let node = self.target_node(name);
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

    /// The user that a target's commands run as.
    pub(super) fn target_user(&self, name: &Name) -> Option<User> {
        user_of(self.target_node(name)?)
    }

    fn target_node(&self, name: &Name) -> Option<&Node> {
        self.root.get("targets")?.get(name.as_str())
    }
}

/// Whether a word is the option of an interpreter that makes the next word its program: `-c`, `-lc`.
fn takes_a_program(word: &str) -> bool {
    word.strip_prefix('-').is_some_and(|letters| {
        letters.ends_with('c') && letters.bytes().all(|letter| letter.is_ascii_lowercase())
    })
}
