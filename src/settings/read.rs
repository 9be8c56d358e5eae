//! From a tree that fits the table to a [`SettingsFile`], and what the keys mean together. What is
//! missing is left out: the findings say it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use super::branch::unusable;
use super::model::{
    Follow, Place, Records, RecordsPlace, SettingsFile, Shared, Signers, Source as Runbooks,
    SourceKind, SourceTrust,
};
use super::remote::Remote;
use crate::diagnostic::{Diagnostic, Lines, Source, Span, cut};
use crate::policy::{
    Approvers, Authority, Grant, Level, Origin, Pattern, Rule, Scope, StandardChange,
};
use crate::runbook::{Effect, Node};
use crate::value::{Duration, Type, Value};

/// The branch of records, if none is named.
const RECORDS: &str = "records";

/// What a whole file says.
pub(super) fn file(
    source: &Source,
    root: &Node,
    place: &Place,
    findings: &mut Vec<Diagnostic>,
) -> SettingsFile {
    let mut reader = Reader { source, lines: source.lines(), place, findings };
    let organisation = root.get("organisation").and_then(|node| {
        let path = reader.path(node.text()?);
        Some((path, reader.origin(&node.span)))
    });
    let check = root.get("check");
    let schemas = check.map(|check| reader.schemas(check)).unwrap_or_default();
    let approval = root.get("approval");
    SettingsFile {
        authority: place.authority,
        name: source.name.clone(),
        organisation,
        schemas,
        demands: items(root, "policy").filter_map(|node| reader.rule(node)).collect(),
        yes: items(root, "grant").filter_map(|node| reader.grant(node)).collect(),
        break_glass: items(root, "break_glass").filter_map(|node| reader.grant(node)).collect(),
        standard: items(root, "standard_change").filter_map(|node| reader.standard(node)).collect(),
        allowed_signers: approval.and_then(|node| reader.signers(node.get("allowed_signers")?)),
        expires: approval
            .and_then(|node| text(node, "expires"))
            .and_then(|text| Duration::parse(text).ok()),
        sources: reader.sources(root),
        records: root.get("records").and_then(|node| reader.records(node)),
        on_call: items(root, "on_call").filter_map(Node::text).map(str::to_owned).collect(),
        stale_after: text(root, "stale_after").and_then(|text| Duration::parse(text).ok()),
        sync_every: root
            .get("sync")
            .and_then(|sync| text(sync, "every"))
            .and_then(|text| Duration::parse(text).ok()),
    }
}

struct Reader<'a> {
    source: &'a Source,
    lines: Lines,
    place: &'a Place,
    findings: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn error(&mut self, code: &'static str, span: &Span, message: String, help: &str) {
        self.findings.push(Diagnostic::error(code, span.clone(), message).help(help));
    }

    fn origin(&self, span: &Span) -> Origin {
        Origin {
            authority: self.place.authority,
            file: self.source.name.clone(),
            line: self.lines.line(span.start),
        }
    }

    /// A path as it is meant: from the file's folder, or from the home folder.
    fn path(&self, text: &str) -> PathBuf {
        match (text.strip_prefix("~/"), &self.place.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => self.place.folder.join(text),
        }
    }

    fn schemas(&mut self, check: &Node) -> Vec<PathBuf> {
        let mut paths = Vec::new();
        for node in items(check, "schemas") {
            let Some(text) = node.text() else { continue };
            if self.place.authority == Authority::Repository && !stays_inside(text) {
                let message = format!("`{}` leads out of the repository", cut(text));
                self.error("path", &node.span, message, "name a file of the repository");
                continue;
            }
            paths.push(self.path(text));
        }
        paths
    }

    fn rule(&mut self, node: &Node) -> Option<Rule> {
        let scope = self.scope(node);
        let level = node.get("level")?;
        let level_named = Level::ALL.into_iter().find(|it| Some(it.name()) == level.text())?;
        let role = node.get("role");
        match (level_named, role) {
            (Level::Approve, None) => {
                let message = "`approve` needs `role`: who must agree".to_owned();
                self.error("missing-key", &level.span, message, "role = \"payments lead\"");
            }
            (Level::Approve, Some(_)) => {}
            (_, _) => {
                for key in ["role", "count"] {
                    if let Some(node) = node.map().and_then(|map| map.entry(key)) {
                        let message = format!("`{key}` goes only with level = \"approve\"");
                        let help = "remove it, or ask for `approve`";
                        self.error("misplaced-key", &node.key_span, message, help);
                    }
                }
            }
        }
        let adds = |effect: &Effect| level_named > asked_anyway(*effect);
        if !scope.effect.is_empty() && !scope.effect.iter().any(adds) {
            let message =
                "this rule asks for nothing that is not asked anyway, and no rule asks for less";
            let help = "a change asks for `confirm`, a destruction for `typed`; less is a grant";
            self.error("no-demand", &level.span, message.to_owned(), help);
        }
        let count = text(node, "count").and_then(|count| count.parse().ok()).unwrap_or(1);
        Some(Rule {
            scope,
            level: level_named,
            approvers: role
                .and_then(Node::text)
                .map(|role| Approvers { role: role.to_owned(), count }),
            why: text(node, "why")?.to_owned(),
            origin: self.origin(&node.span),
        })
    }

    fn grant(&mut self, node: &Node) -> Option<Grant> {
        let scope = self.scope(node);
        Some(Grant { scope, why: text(node, "why")?.to_owned(), origin: self.origin(&node.span) })
    }

    fn scope(&mut self, node: &Node) -> Scope {
        let effect = node.get("effect").map(words).unwrap_or_default();
        let effect: BTreeSet<Effect> = effect.iter().filter_map(|word| effect_of(word)).collect();
        let keys = ["effect", "environment", "service", "runbook", "target", "step", "tag"];
        for key in keys {
            let Some(list) = node.get(key).filter(|node| node.list().is_some_and(<[_]>::is_empty))
            else {
                continue;
            };
            let message = format!("`{key}` is empty: nothing fits it");
            let help = "name something, or leave the key out: then it asks for nothing";
            self.error("empty-list", &list.span, message, help);
        }
        let patterns = |key: &str| {
            let words = node.get(key).map(words).unwrap_or_default();
            words.into_iter().map(|word| Pattern(word.to_owned())).collect()
        };
        Scope {
            effect,
            environment: patterns("environment"),
            service: patterns("service"),
            runbook: patterns("runbook"),
            target: patterns("target"),
            step: patterns("step"),
            tag: patterns("tag"),
        }
    }

    fn standard(&mut self, node: &Node) -> Option<StandardChange> {
        let digest = self.digest(node.get("digest")?);
        let commands = items(node, "commands").map(|node| self.digest(node)).collect();
        let expires = text(node, "expires");
        let expires = expires.and_then(|text| match Value::parse(Type::Timestamp, text) {
            Ok(Value::Timestamp(moment)) => Some(moment.at),
            _ => None,
        });
        Some(StandardChange {
            template: text(node, "template")?.to_owned(),
            digest,
            commands,
            expires,
            origin: self.origin(&node.span),
        })
    }

    /// A digest in hexadecimal digits.
    fn digest(&mut self, node: &Node) -> String {
        let text = node.text().unwrap_or_default();
        let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if text.len() != 64 || !text.bytes().all(digit) {
            let message = format!("`{}` is not a digest", cut(text));
            let help = "a digest is 64 digits and letters from a to f; \
                        `surefoot trust --print PATH` prints that of a runbook";
            self.error("digest", &node.span, message, help);
        }
        text.to_owned()
    }

    fn signers(&mut self, node: &Node) -> Option<Signers> {
        if let Some(path) = node.text() {
            return Some(Signers::File(self.path(path)));
        }
        Some(Signers::Branch {
            repository: self.path(text(node, "repository")?),
            branch: self.branch(node)?,
            file: text(node, "file")?.to_owned(),
        })
    }

    /// The branch that is named, if it is one.
    fn branch(&mut self, node: &Node) -> Option<String> {
        let named = node.get("branch")?;
        let name = named.text()?;
        if let Some(why) = unusable(name) {
            let message = format!("`{}` is no name of a branch: {why}", cut(name));
            self.error("branch", &named.span, message, "branch = \"main\"");
            return None;
        }
        Some(name.to_owned())
    }

    fn records(&mut self, node: &Node) -> Option<Records> {
        let place = match (text(node, "folder"), text(node, "git")) {
            (Some(folder), None) => RecordsPlace::Folder(self.path(folder)),
            (None, Some(url)) => {
                let branch = text(node, "branch").unwrap_or(RECORDS);
                for (key, said) in [("git", url), ("branch", branch)] {
                    self.no_option(node, key, said);
                }
                // A path is one of this machine; git would count it from a folder of its own.
                let local = !url.contains(':');
                let url = if local { self.path(url).display().to_string() } else { url.to_owned() };
                RecordsPlace::Git { url, branch: branch.to_owned() }
            }
            _ => return None,
        };
        let what = match text(node, "what") {
            Some("bundle") => Shared::Bundle,
            _ => Shared::Summary,
        };
        Some(Records { place, what, origin: self.origin(&node.span) })
    }

    /// What git is given must not be taken for an option.
    fn no_option(&mut self, node: &Node, key: &str, said: &str) {
        if said.starts_with('-') || said.is_empty() {
            let span = node.get(key).map_or(&node.span, |node| &node.span);
            let message = format!("`{}` cannot be the name of a place in git", cut(said));
            self.error(
                "git-name",
                span,
                message,
                "no name begins with a hyphen, and none is empty",
            );
        }
    }

    fn sources(&mut self, root: &Node) -> Vec<Runbooks> {
        let mut sources: Vec<Runbooks> = Vec::new();
        // On which line a service is claimed first.
        let mut claimed: BTreeMap<String, usize> = BTreeMap::new();
        for node in items(root, "source") {
            let Some(source) = self.source(node) else { continue };
            let twice = source.services.iter().find_map(|it| claimed.get_key_value(it));
            if let Some((service, line)) = twice {
                let span = node.get("services").map_or(&node.span, |node| &node.span);
                let message = format!("`{service}` is claimed by two sources");
                let help = format!("the other one is on line {line}; keep one of them");
                self.error("two-claimants", span, message, &help);
            }
            for service in &source.services {
                claimed.entry(service.clone()).or_insert(source.origin.line);
            }
            sources.push(source);
        }
        sources
    }

    fn source(&mut self, node: &Node) -> Option<Runbooks> {
        let kind = self.source_kind(node)?;
        let trust = match text(node, "trust") {
            Some("branch") => SourceTrust::Branch,
            Some("signed") => SourceTrust::Signed,
            _ => SourceTrust::Ask,
        };
        if let (SourceKind::Path(_), SourceTrust::Branch | SourceTrust::Signed, Some(said)) =
            (&kind, trust, node.get("trust"))
        {
            let message = "a folder has no branch that could be trusted".to_owned();
            let help = "name the repository with `git`, or trust each content with `ask`";
            self.error("trust", &said.span, message, help);
        }
        if let (SourceKind::Git { url, .. }, SourceTrust::Branch) = (&kind, trust)
            && !Remote::of_url(url).is_guarded()
        {
            let span = node.get("trust").map_or(&node.span, |said| &said.span);
            let message = "whoever is on the way can change what comes from there".to_owned();
            let help = "fetch it over https or ssh, or trust only what is `signed`";
            self.error("trust", span, message, help);
        }
        if let Some(runbooks) = node.get("runbooks")
            && !runbooks.text().is_none_or(stays_inside)
        {
            let message = "the folder of runbooks leads out of its source".to_owned();
            let help = "name a folder below it, such as `ops/runbooks`";
            self.error("path", &runbooks.span, message, help);
        }
        let services = items(node, "services").filter_map(Node::text).map(str::to_owned);
        Some(Runbooks {
            name: text(node, "name").map(str::to_owned),
            kind,
            runbooks: text(node, "runbooks").map(str::to_owned),
            trust,
            signers: node.get("allowed_signers").and_then(|node| self.signers(node)),
            services: services.collect(),
            origin: self.origin(&node.span),
        })
    }

    fn source_kind(&mut self, node: &Node) -> Option<SourceKind> {
        if let (Some(_), Some(tag)) = (node.get("branch"), node.get("tag")) {
            let message = "a source follows a branch or tags, not both".to_owned();
            self.error("misplaced-key", &tag.span, message, "keep one of `branch` and `tag`");
        }
        let follow = self.follow(node);
        let command: Vec<String> =
            items(node, "command").filter_map(Node::text).map(str::to_owned).collect();
        match (text(node, "path"), node.get("git"), text(node, "list"), command) {
            (Some(path), None, None, words) if words.is_empty() => {
                Some(SourceKind::Path(self.path(path)))
            }
            (None, Some(git), None, words) if words.is_empty() => {
                let place = self.place;
                match Remote::parse(git.text()?, &place.folder, place.home.as_deref()) {
                    Ok(remote) => Some(SourceKind::Git { url: remote.into_url(), follow }),
                    Err(bad) => {
                        let help = "git fetches over https, ssh, http, git, and from a folder";
                        self.error("remote", &git.span, bad.to_string(), help);
                        None
                    }
                }
            }
            (None, None, Some(file), words) if words.is_empty() => {
                Some(SourceKind::List { file: self.path(file), follow })
            }
            (None, None, None, words) if !words.is_empty() => {
                Some(SourceKind::Command { words, follow })
            }
            _ => None,
        }
    }

    /// A branch or a tag is part of what git is asked: nothing else may be said by it.
    fn follow(&mut self, node: &Node) -> Follow {
        let branch = self.branch(node);
        for key in ["branch", "tag"] {
            let Some(named) = node.get(key) else { continue };
            let Some(name) = named.text() else { continue };
            if (key == "tag" || branch.is_some()) && !is_reference(name) {
                let message = format!("`{}` is no name of a {key}", cut(name));
                let help = "letters, digits and `-_./+`; in a tag `*` stands for any letters";
                self.error("remote", &named.span, message, help);
            }
        }
        match (branch, text(node, "tag")) {
            (Some(branch), _) => Follow::Branch(branch),
            (None, Some(tag)) => Follow::Tag(tag.to_owned()),
            (None, None) => Follow::Head,
        }
    }
}

/// Whether git could have a branch or tag with this name; where `*` stands for letters, too.
fn is_reference(name: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "-_./+@#*".contains(c);
    name.chars().all(plain)
        && !name.starts_with(['-', '.', '/', '@'])
        && !name.ends_with(['.', '/'])
        && !["..", "//", "/.", "@{"].iter().any(|bad| name.contains(bad))
        && !name.is_empty()
}

/// What a command with this effect asks for, whatever settings say.
fn asked_anyway(effect: Effect) -> Level {
    match effect {
        Effect::Read => Level::Auto,
        Effect::Change => Level::Confirm,
        Effect::Destroy => Level::Typed,
    }
}

fn effect_of(word: &str) -> Option<Effect> {
    match word {
        "read" => Some(Effect::Read),
        "change" => Some(Effect::Change),
        "destroy" => Some(Effect::Destroy),
        _ => None,
    }
}

/// Whether a path of a repository's file stays below that file's folder.
fn stays_inside(path: &str) -> bool {
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    !path.starts_with('~') && Path::new(path).components().all(plain)
}

/// The items of a key's list.
fn items<'a>(node: &'a Node, key: &str) -> impl Iterator<Item = &'a Node> + use<'a> {
    node.get(key).and_then(Node::list).unwrap_or_default().iter()
}

/// One text, or several.
fn words(node: &Node) -> Vec<&str> {
    match node.list() {
        Some(items) => items.iter().filter_map(Node::text).collect(),
        None => node.text().into_iter().collect(),
    }
}

fn text<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
    node.get(key).and_then(Node::text)
}
