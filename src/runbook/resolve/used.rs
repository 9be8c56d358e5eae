//! What a `use` names: a procedure of the file, or a whole runbook with the inputs it is given.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::load::UseFailed;
use super::super::model::{Input, Presence, Runbook, Secrecy, SecretSource};
use super::super::model::{Used, UsedPlace, UsedRunbook};
use super::super::parse::{Entry, Node};
use super::super::structure::cut_by_comment;
use super::{Place, Resolver};
use crate::diagnostic::{Diagnostic, Span, cut, did_you_mean};
use crate::template::Template;
use crate::value::{Name, RunbookId, ServiceId, Type};

impl Resolver<'_> {
    /// What a `use` names.
    pub(super) fn used(&mut self, node: &Node, place: &Place) -> Option<Used> {
        if node.get("procedure").is_some() {
            return self.used_procedure(node).map(Used::Procedure);
        }
        let (name, used) = match (node.get("file"), node.get("runbook")) {
            (Some(file), _) => (file, UsedPlace::File(self.repository_path(file)?.to_owned())),
            (None, Some(runbook)) => (runbook, self.catalog_place(runbook)?),
            (None, None) => return None,
        };
        let runbook = self.load_used(&used, &name.span);
        if let Some(runbook) = &runbook {
            self.check_environments(runbook, &used, &name.span);
            self.check_given(runbook, node, &name.span);
        }
        let with = self.with(node, runbook.as_deref(), place);
        let span = name.span.clone();
        Some(Used::Runbook(Box::new(UsedRunbook { place: used, with, runbook, book: None, span })))
    }

    fn used_procedure(&mut self, node: &Node) -> Option<Name> {
        let name = node.get("procedure")?;
        let text = name.text()?;
        let outline = self.outline;
        if let Some((known, _)) =
            outline.procedures.iter().find(|(known, _)| known.as_str() == text)
        {
            return Some(known.clone());
        }
        let help = match did_you_mean(text, outline.procedures.keys().map(Name::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if outline.ids.keys().any(|id| id.as_str() == text) => {
                format!("`{text}` is a step; go there with `goto`")
            }
            None if text.contains('.') => {
                format!("another runbook is used with `use: {{ file: {} }}`", cut(text))
            }
            None => "declare it under `procedures`".to_owned(),
        };
        self.error_help(
            "unknown-procedure",
            name.span.clone(),
            format!("there is no procedure `{}`", cut(text)),
            help,
        );
        None
    }

    /// `service/id`, and nothing else.
    fn catalog_place(&mut self, node: &Node) -> Option<UsedPlace> {
        let text = node.text()?;
        let path = matches!(text.rsplit_once('.'), Some((_, "yaml" | "yml")));
        let parts: Vec<&str> = text.split('/').collect();
        if let ([service, id], false) = (parts.as_slice(), path)
            && let (Ok(service), Ok(id)) = (ServiceId::new(service), RunbookId::new(id))
        {
            return Some(UsedPlace::Catalog { service, id });
        }
        let (message, help) = if path {
            let help = format!("file: {}", cut(text));
            ("`runbook` names a service and an id, and this is a path", help)
        } else {
            let help =
                "write service/id; a revision belongs on the command line, a path under `file`";
            ("`runbook` names a service and an id, as in payments/db-slow", help.to_owned())
        };
        self.error_help("runbook-id", node.span.clone(), message, help);
        None
    }

    /// Loads a used runbook; what is wrong with it is one finding here.
    fn load_used(&mut self, place: &UsedPlace, span: &Span) -> Option<Arc<Runbook>> {
        let failed = match self.lineage.used(self.repository, place) {
            Ok(runbook) => return Some(runbook),
            Err(failed) => failed,
        };
        let found = match failed {
            UseFailed::Away => {
                let message = format!("there is no runbook `{place}` on this machine");
                let help =
                    "what it needs cannot be checked here: check where its source is at hand";
                Diagnostic::warning("used-runbook-away", span.clone(), message).help(help)
            }
            UseFailed::Circle(chain) => {
                let chain: Vec<String> = chain.iter().map(|name| format!("`{name}`")).collect();
                let message =
                    format!("a runbook that uses itself never returns: {}", chain.join(" uses "));
                let help = "go back with `goto`, or leave it out";
                Diagnostic::error("recursion", span.clone(), message).help(help)
            }
            UseFailed::Invalid { name, line, message } => {
                let message = format!("in {name}:{line}: {message}");
                let help = format!("surefoot check {name}");
                Diagnostic::error("used-runbook", span.clone(), message).help(help)
            }
            UseFailed::Unreadable(problem) => {
                Diagnostic::error("repository-path", span.clone(), problem)
            }
        };
        self.findings.push(found);
        None
    }

    /// A used runbook has the environments that this one has, or none at all.
    fn check_environments(&mut self, runbook: &Runbook, place: &UsedPlace, span: &Span) {
        if runbook.environments.is_empty() {
            return;
        }
        let own = self.root.get("environments").and_then(Node::map);
        let own: Vec<&str> =
            own.map_or(&[][..], |map| &map.entries).iter().map(|e| e.key.as_str()).collect();
        let theirs: Vec<&str> =
            runbook.environments.iter().map(|environment| environment.name.as_str()).collect();
        let lacking: Vec<&str> =
            own.iter().filter(|name| !theirs.contains(name)).copied().collect();
        let message = if own.is_empty() {
            format!("`{place}` has environments and this runbook has none")
        } else if lacking.is_empty() {
            return;
        } else {
            format!("`{place}` does not have the environment {}", lacking.join(", "))
        };
        let help = format!(
            "a used runbook runs in its own environment of the same name; its are: {}",
            theirs.join(", ")
        );
        self.error_help("used-environment", span.clone(), message, help);
    }

    /// Inputs that must be set and are not given.
    fn check_given(&mut self, runbook: &Runbook, node: &Node, span: &Span) {
        let given = |input: &Input| {
            node.get("with").is_some_and(|with| with.get(input.name.as_str()).is_some())
        };
        let finds_itself = |input: &Input| {
            matches!(
                input.secrecy,
                Secrecy::Secret(Some(
                    SecretSource::Env(_) | SecretSource::File(_) | SecretSource::Run(_)
                ))
            )
        };
        for input in &runbook.inputs {
            let needed = input.presence == Presence::Required && input.default.is_none();
            if needed && !given(input) && !finds_itself(input) {
                let message = format!("the used runbook needs its input `{}`", input.name);
                let help = format!("with: {{ {}: ... }}", input.name);
                self.error_help("used-input", span.clone(), message, help);
            }
        }
    }

    /// The inputs of a used runbook, compared with what it declares if it is known.
    fn with(
        &mut self,
        node: &Node,
        runbook: Option<&Runbook>,
        place: &Place,
    ) -> BTreeMap<Name, Template> {
        let mut with = BTreeMap::new();
        let map = node.get("with").and_then(Node::map);
        for entry in map.map_or(&[][..], |map| &map.entries) {
            let Ok(name) = Name::new(&entry.key) else {
                continue;
            };
            let input = runbook.map(|runbook| {
                let found = runbook.inputs.iter().find(|input| input.name == name);
                found.ok_or(runbook)
            });
            let template = match input {
                Some(Ok(input)) => self.given(input, &entry.value, place),
                Some(Err(runbook)) => {
                    self.unknown_input(entry, runbook);
                    self.given_text(&entry.value, place)
                }
                None => self.given_text(&entry.value, place),
            };
            if let Some(template) = template {
                with.insert(name, template);
            }
        }
        with
    }

    fn unknown_input(&mut self, entry: &Entry, runbook: &Runbook) {
        let names: Vec<&str> = runbook.inputs.iter().map(|input| input.name.as_str()).collect();
        let help = match did_you_mean(&entry.key, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => "it has no inputs".to_owned(),
            None => format!("its inputs are: {}", names.join(", ")),
        };
        let message = format!("the used runbook has no input `{}`", cut(&entry.key));
        self.error_help("used-input", entry.key_span.clone(), message, help);
    }

    /// A value for an input: a constant is one of its type, a value has a type that fits.
    fn given(&mut self, input: &Input, node: &Node, place: &Place) -> Option<Template> {
        let secret = matches!(input.secrecy, Secrecy::Secret(_));
        let templated = |node: &Node| node.text().is_some_and(|text| text.contains("{{"));
        let parts = node.list().unwrap_or(std::slice::from_ref(node));
        if !parts.iter().any(templated) {
            if secret {
                let message = format!("the secret `{}` would stand in the file", input.name);
                let found = Diagnostic::error("secret-default", node.span.clone(), message)
                    .help("give it a secret of this runbook");
                let concealed = Some(node.span.clone());
                self.findings.push(Diagnostic { concealed, ..found });
                return None;
            }
            self.checked_value(node, input.ty, &input.constraints)?;
            return self.given_text(node, place);
        }
        let template = self.given_text(node, place)?;
        if template.sole_slot().is_none() {
            self.refuse_list(node, &template, "this is", place);
        }
        for mention in template.mentions() {
            let Some(declared) = self.declared(&mention.reference, place) else {
                continue;
            };
            if declared.secret && !secret {
                let message = format!(
                    "`{}` is a secret, and the input `{}` of the used runbook is not",
                    mention.reference, input.name
                );
                let help = format!("declare `{}` there with `secret: true`", input.name);
                self.error_help("secret-shown", node.span.clone(), message, help);
            }
            let whole = template.sole_slot().is_some();
            if declared.secret && secret && !whole {
                let message = format!("the secret `{}` is given whole, or not", mention.reference);
                let help = format!("{}: \"{{{{{}}}}}\"", input.name, mention.reference);
                self.error_help("secret-shown", node.span.clone(), message, help);
            }
            if whole && !fits(declared.ty, input.ty) {
                let message = format!(
                    "`{}` is {}, and the input `{}` is {}",
                    mention.reference,
                    declared.ty.described(),
                    input.name,
                    input.ty.described()
                );
                let help = "declare the type where the value is captured or asked for";
                self.error_help("used-input", node.span.clone(), message, help);
            }
        }
        Some(template)
    }

    /// The text of a given value; a list has a line for each item.
    fn given_text(&mut self, node: &Node, place: &Place) -> Option<Template> {
        let Some(items) = node.list() else {
            self.findings.extend(cut_by_comment(&self.source.text, node));
            return self.template(node, place);
        };
        let mut lines = Vec::new();
        for item in items {
            lines.push(self.template(item, place)?.source().to_owned());
        }
        Template::parse(&lines.join("\n")).ok()
    }
}

/// Whether a value of one type may become an input of another. Texts are looked at when they are
/// known; what has another type for good is an error before step 1.
fn fits(value: Type, input: Type) -> bool {
    let is_text = |ty| {
        matches!(ty, Type::Host | Type::Name | Type::Path | Type::String | Type::Text | Type::Url)
    };
    let plain = matches!(input, Type::String | Type::Text) && value != Type::List;
    value == input
        || plain
        || is_text(value) && is_text(input)
        || (value, input) == (Type::Integer, Type::Float)
}
