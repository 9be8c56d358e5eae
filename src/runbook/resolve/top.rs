//! The runbook as a whole: what stands at its top, around its steps.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::model::{
    Change, ChangeKind, Escalation, Link, Owner, Procedure, Requirement, Runbook, RunbookKind,
};
use super::super::parse::{Entry, Node};
use super::texts::duration;
use super::{Place, Resolver};
use crate::diagnostic::cut;
use crate::value::{Name, RunbookId};

impl Resolver<'_> {
    /// Everything; `None` if a part of it is missing.
    pub(super) fn runbook(&mut self) -> Option<Runbook> {
        let root = self.root;
        self.declare_values();
        let environments = self.environments();
        let inputs = self.inputs();
        let targets = self.targets();
        let alerts = self.alerts();
        let requires = self.requires();
        let start = Place::start();
        let title = root.get("title").and_then(|title| self.shown(title, &start));
        let lock = root.get("lock").map(|lock| self.shown(lock, &start));
        let links = self.links(root, &start);
        let id = self.id();
        if let Some(target) = root.get("target") {
            self.target_ref(target);
        }
        let steps: Vec<_> = (0..self.outline.steps.len()).map(|index| self.step(index)).collect();
        let procedures = self.procedures();
        Some(Runbook {
            source: self.source.clone(),
            id: id?,
            kind: match self.text("kind").as_deref() {
                Some("game_day") => RunbookKind::GameDay,
                _ => RunbookKind::Runbook,
            },
            service: self.text("service").or_else(|| self.repository.service_name()),
            title: title?,
            summary: self.text("summary"),
            impact: self.text("impact"),
            owner: self.owner(),
            escalation: self.escalation(),
            alerts: alerts?,
            environments,
            targets: targets?,
            requires: requires?,
            inputs: inputs?,
            change: self.change(),
            never: texts(root.get("never")),
            links: links?,
            tags: texts(root.get("tags")),
            lock: match lock {
                Some(lock) => Some(lock?),
                None => None,
            },
            steps: steps.into_iter().collect::<Option<_>>()?,
            main: self.outline.main.clone(),
            procedures: procedures?,
            finally: self.outline.finally.clone(),
            values: self.values.clone(),
            brought: std::mem::take(&mut self.brought),
            bytes: Arc::default(),
            books: Vec::new(),
        })
    }

    fn text(&self, key: &str) -> Option<String> {
        self.root.get(key).and_then(Node::text).map(str::to_owned)
    }

    /// The id, which defaults to the file's stem.
    fn id(&mut self) -> Option<String> {
        if self.root.get("id").is_some() {
            return self.text("id");
        }
        let file = self.source.name.rsplit('/').next().unwrap_or("");
        let stem = file.strip_suffix(".yaml").or_else(|| file.strip_suffix(".yml")).unwrap_or(file);
        if RunbookId::new(stem).is_ok() {
            return Some(stem.to_owned());
        }
        let end = self.source.text.find('\n').unwrap_or(self.source.text.len());
        let message =
            format!("the id defaults to the file's name, and `{}` cannot be one", cut(stem));
        self.error_help(
            "id",
            0..end,
            message,
            "give the runbook an `id`, or rename the file: ids are [a-z0-9][a-z0-9._-]*",
        );
        None
    }

    fn owner(&self) -> Option<Owner> {
        let node = self.root.get("owner")?;
        Some(Owner {
            team: node.get("team")?.text()?.to_owned(),
            channel: node.get("channel").and_then(Node::text).map(str::to_owned),
        })
    }

    fn escalation(&mut self) -> Vec<Escalation> {
        let root = self.root;
        let items = root.get("escalation").and_then(Node::list).unwrap_or(&[]);
        let mut roles: Vec<Escalation> = Vec::new();
        for node in items {
            let (Some(role), Some(how)) =
                (node.get("role").and_then(Node::text), node.get("how").and_then(Node::text))
            else {
                continue;
            };
            if roles.iter().any(|known| known.role == role) {
                self.error(
                    "duplicate-role",
                    node.span.clone(),
                    format!("the role `{}` stands here twice", cut(role)),
                );
            }
            roles.push(Escalation {
                role: role.to_owned(),
                how: how.to_owned(),
                after: duration(node.get("after")),
            });
        }
        roles
    }

    fn change(&self) -> Option<Change> {
        let node = self.root.get("change")?;
        Some(Change {
            kind: match node.get("type")?.text()? {
                "standard" => ChangeKind::Standard,
                "emergency" => ChangeKind::Emergency,
                _ => ChangeKind::Normal,
            },
            template: node.get("template").and_then(Node::text).map(str::to_owned),
        })
    }

    fn requires(&mut self) -> Option<Vec<Requirement>> {
        let root = self.root;
        let items = root.get("requires").and_then(Node::list).unwrap_or(&[]);
        let all: Vec<_> = items.iter().map(|node| self.requirement(node)).collect();
        all.into_iter().collect()
    }

    fn requirement(&mut self, node: &Node) -> Option<Requirement> {
        let span = node.span.clone();
        let start = Place::start();
        if let Some(name) = node.get("env") {
            self.check_env_name(name.text()?, &name.span);
            return Some(Requirement::Env { name: name.text()?.to_owned(), span });
        }
        if let Some(check) = node.get("check") {
            return Some(Requirement::Check {
                command: self.plain_command(check, &start)?,
                say: node.get("say").and_then(Node::text).map(str::to_owned),
                span,
            });
        }
        let map = node.map()?;
        let version = match (map.entry("version"), map.entry("from")) {
            (None, None) => None,
            (Some(version), Some(from)) => {
                let range = self.version_range(&version.value);
                let command = self.plain_command(&from.value, &start);
                Some((range?, command?))
            }
            (Some(alone), None) => {
                self.error_help(
                    "missing-key",
                    alone.key_span.clone(),
                    "`version` needs `from`: the command that tells the version",
                    "from: kubectl version --client -o json",
                );
                return None;
            }
            (None, Some(alone)) => {
                self.error_help(
                    "missing-key",
                    alone.key_span.clone(),
                    "`from` needs `version`: the versions that do",
                    "version: \">=1.27\"",
                );
                return None;
            }
        };
        let program = node.get("program")?.text()?;
        if program.contains(char::is_whitespace) {
            self.error("program", span.clone(), "a program's name holds no blanks");
        }
        Some(Requirement::Program { program: program.to_owned(), version, span })
    }

    fn version_range(&mut self, node: &Node) -> Option<semver::VersionReq> {
        let text = node.text()?;
        match semver::VersionReq::parse(text) {
            Ok(range) if !text.trim().is_empty() => Some(range),
            _ => {
                let message = format!("`{}` is not a range of versions", cut(text));
                self.error_help(
                    "version-range",
                    node.span.clone(),
                    message,
                    "write \">=1.27\" or \">=1.2, <2\"",
                );
                None
            }
        }
    }

    /// The links of a map.
    pub(super) fn links(&mut self, node: &Node, place: &Place) -> Option<Vec<Link>> {
        let mut links = Vec::new();
        let mut whole = true;
        for item in node.get("links").and_then(Node::list).unwrap_or(&[]) {
            let title = item.get("title").and_then(|title| self.shown(title, place));
            let url = item.get("url").and_then(|url| self.shown(url, place));
            match (title, url) {
                (Some(title), Some(url)) => links.push(Link { title, url }),
                _ => whole = false,
            }
        }
        whole.then_some(links)
    }

    fn procedures(&mut self) -> Option<BTreeMap<Name, Procedure>> {
        let outline = self.outline;
        let root = self.root;
        let entries: &[Entry] =
            root.get("procedures").and_then(Node::map).map_or(&[], |map| &map.entries);
        let mut procedures = BTreeMap::new();
        let mut whole = true;
        for entry in entries {
            let Some((name, (steps, span))) = Name::new(&entry.key).ok().and_then(|name| {
                let found = outline.procedures.get(&name)?;
                Some((name, found))
            }) else {
                whole = false;
                continue;
            };
            let title = match entry.value.get("title") {
                Some(title) => {
                    let title = self
                        .shown(title, &Place { step: steps.first().copied(), ..Place::start() });
                    whole &= title.is_some();
                    title
                }
                None => None,
            };
            procedures.insert(name, Procedure { title, steps: steps.clone(), span: span.clone() });
        }
        whole.then_some(procedures)
    }
}

/// The texts of a list.
pub(super) fn texts(node: Option<&Node>) -> Vec<String> {
    let items = node.and_then(Node::list).unwrap_or(&[]);
    items.iter().filter_map(Node::text).map(str::to_owned).collect()
}
