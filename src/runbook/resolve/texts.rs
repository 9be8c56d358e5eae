//! Templates, expressions, filters and patterns, compiled with their problems placed in the file.

use super::super::model::{Command, Form, Runbook, StepKey, TargetRef};
use super::super::parse::Node;
use super::super::span_map::SpanMap;
use super::scope::ExpressionScope;
use super::{Place, Resolver};
use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::expression::{Expression, Filter};
use crate::template::{Mention, Script, Shell, Template};
use crate::value::{Duration, Reference, Type, compile_regex};

impl Resolver<'_> {
    /// A template, with everything it names checked. Where it cannot be read, a text without slots
    /// stands for it, so that the rest of the runbook is still looked at.
    pub(super) fn template(&mut self, node: &Node, place: &Place) -> Option<Template> {
        let text = node.text()?;
        let map = SpanMap::of(&self.source.text, node);
        let template = match Template::parse(text) {
            Ok(template) => template,
            Err(problems) => {
                for problem in problems {
                    let mut found =
                        Diagnostic::error("template", map.place(&problem.at), problem.message);
                    found.help = problem.help;
                    self.findings.push(found);
                }
                return Some(Template::constant(""));
            }
        };
        self.name_all(&template.mentions(), &map, place);
        Some(template)
    }

    /// Checks and notes everything that a text names.
    pub(super) fn name_all(&mut self, mentions: &[Mention], map: &SpanMap, place: &Place) {
        for mention in mentions {
            let span = map.place(&mention.at);
            self.check_text_reference(&mention.reference, &span, place);
            self.check_optional(&mention.reference, &span, mention.guarded, place);
            self.mention(mention.reference.clone(), span, mention.guarded, place);
        }
    }

    /// A template of a text that is shown to people, where no secret may stand.
    pub(super) fn shown(&mut self, node: &Node, place: &Place) -> Option<Template> {
        let template = self.template(node, place)?;
        for mention in template.mentions() {
            let secret =
                self.declared(&mention.reference, place).is_some_and(|declared| declared.secret);
            if secret {
                let message = format!("`{}` is a secret and this text is shown", mention.reference);
                self.error("secret-shown", node.span.clone(), message);
            }
        }
        Some(template)
    }

    /// A value that may stay unset is used only where something asks whether it is set.
    pub(super) fn check_optional(
        &mut self,
        reference: &Reference,
        span: &Span,
        guarded: bool,
        place: &Place,
    ) {
        let Reference::Value(name) = reference else {
            return;
        };
        let optional = self.values.get(name).is_some_and(|value| value.declared.optional);
        if optional && !guarded && !self.proved(reference, place) {
            let message = format!("`{name}` may be unset here");
            let help = format!(
                "put it inside {{{{#if {name}}}}}...{{{{/if}}}}, or the step under `when: has({name})`"
            );
            self.error_help("maybe-unset", span.clone(), message, help);
        }
    }

    /// Whether the step or a group around it is entered only when a value is set.
    pub(super) fn proved(&self, reference: &Reference, place: &Place) -> bool {
        place.step.is_some_and(|step| {
            self.outline
                .ancestors(step)
                .any(|key| self.proves.get(&key).is_some_and(|proves| proves.contains(reference)))
        })
    }

    /// An expression of some type. One that is true, or an empty list, stands for one that cannot be
    /// compiled.
    pub(super) fn expression(
        &mut self,
        node: &Node,
        wanted: Type,
        place: &Place,
    ) -> Option<Expression> {
        let text = node.text()?;
        let map = SpanMap::of(&self.source.text, node);
        let scope = ExpressionScope { resolver: self, place };
        if text.contains("{{") {
            let message = "this is an expression (CEL), not a template";
            self.error_help(
                "expression",
                node.span.clone(),
                message,
                "write the name without braces",
            );
            return None;
        }
        match Expression::compile(text, &scope, wanted) {
            Ok(expression) => {
                for mention in expression.mentions() {
                    let span = map.place(&mention.at);
                    self.check_optional(&mention.reference, &span, mention.guarded, place);
                    self.mention(mention.reference, span, mention.guarded, place);
                }
                Some(expression)
            }
            Err(problems) => {
                for problem in problems {
                    let mut found =
                        Diagnostic::error("expression", map.place(&problem.at), problem.message);
                    found.help = problem.help;
                    self.findings.push(found);
                }
                let scope = ExpressionScope { resolver: self, place };
                let stand_in = if wanted == Type::List { "[]" } else { "true" };
                Expression::compile(stand_in, &scope, wanted).ok()
            }
        }
    }

    /// A condition.
    pub(super) fn condition(&mut self, node: &Node, place: &Place) -> Option<Expression> {
        self.expression(node, Type::Boolean, place)
    }

    /// One condition or several.
    pub(super) fn conditions(&mut self, node: &Node, place: &Place) -> Option<Vec<Expression>> {
        match node.list() {
            Some(items) => {
                let all: Vec<_> = items.iter().map(|item| self.condition(item, place)).collect();
                all.into_iter().collect()
            }
            None => Some(vec![self.condition(node, place)?]),
        }
    }

    /// A jq filter; where it cannot be read, one that changes nothing stands for it.
    pub(super) fn filter(&mut self, node: &Node) -> Option<Filter> {
        let text = node.text()?;
        let map = SpanMap::of(&self.source.text, node);
        if let Some(at) = text.find("{{") {
            let message = "a jq filter is a program, and no value is put into its text";
            let help =
                "write the name of the field; what depends on a value is done in the command";
            self.error_help("jq", map.place(&(at..at + 2)), message, help);
        } else {
            match Filter::compile(text) {
                Ok(filter) => return Some(filter),
                Err(error) => {
                    let span = error.at.map_or(node.span.clone(), |at| map.place(&at));
                    let message = format!("this jq filter cannot be compiled: {}", error.message);
                    self.error("jq", span, message);
                }
            }
        }
        Filter::compile(".").ok()
    }

    /// A regular expression.
    pub(super) fn regex(&mut self, node: &Node) -> Option<regex::Regex> {
        match compile_regex(node.text()?) {
            Ok(regex) => Some(regex),
            Err(problem) => {
                let message = format!("this regular expression cannot be compiled: {problem}");
                let help = "look-around and back-references are not supported (RE2)";
                self.error_help("regex", node.span.clone(), message, help);
                None
            }
        }
    }
}

/// A duration, which was checked before.
pub(super) fn duration(node: Option<&Node>) -> Option<Duration> {
    Duration::parse(node?.text()?).ok()
}

/// The way of a step's command that was edited during a run.
pub(in crate::runbook) fn edited_command(
    runbook: &Runbook,
    step: StepKey,
    text: &str,
) -> Result<Command, Vec<Diagnostic>> {
    let super::super::model::Action::Run(run) = &runbook.step(step).action else {
        let message = "this step runs no command";
        return Err(vec![Diagnostic::error("edit", 0..0, message)]);
    };
    let declared = |reference: &Reference| match reference {
        Reference::Value(name) => runbook.declared(name, step),
        Reference::File(name) => run.command.files.contains_key(name).then_some(plain(Type::Path)),
        Reference::Environment(key) => environment_declared(runbook, key),
        Reference::AlertAnnotation(_) | Reference::AlertLabel(_) => {
            Some(crate::template::Declared { optional: true, ..plain(Type::Text) })
        }
        Reference::RunId => Some(plain(Type::String)),
        _ => None,
    };
    let shell = run.command.form.shell().unwrap_or_default();
    let script = compiled(text, shell, &declared)?;
    Ok(Command { form: Form::Shell(script), ..run.command.clone() })
}

/// A command typed during a run: no templates.
pub(in crate::runbook) fn ad_hoc_command(
    runbook: &Runbook,
    target: &TargetRef,
    text: &str,
) -> Result<Command, Vec<Diagnostic>> {
    if let Some(at) = text.find("{{") {
        let message = "a command typed during a run has no templates";
        return Err(vec![
            Diagnostic::error("template", at..at + 2, message).help("write the value itself"),
        ]);
    }
    let script = compiled(text, Shell::default(), &|_| None)?;
    let (env, user) = match target {
        TargetRef::Here => (std::collections::BTreeMap::new(), None),
        TargetRef::Named(name) => {
            if let Some(target) = runbook.targets.get(name) {
                (target.env.clone(), target.user.clone())
            } else {
                let message = format!("there is no target `{name}`");
                return Err(vec![Diagnostic::error("target", 0..0, message)]);
            }
        }
    };
    Ok(Command {
        form: Form::Shell(script),
        target: target.clone(),
        user,
        env,
        cwd: None,
        stdin: None,
        files: std::collections::BTreeMap::new(),
        timeout: Duration::from_millis(30 * 60 * 1000),
        span: 0..text.len(),
    })
}

fn plain(ty: Type) -> crate::template::Declared {
    crate::template::Declared { ty, closed: ty.is_closed(), secret: false, optional: false }
}

fn environment_declared(
    runbook: &Runbook,
    key: &crate::value::Name,
) -> Option<crate::template::Declared> {
    if key.as_str() == "name" {
        return Some(plain(Type::Name));
    }
    let mut closed = true;
    let mut ty = None;
    for environment in &runbook.environments {
        let value = environment.values.get(key)?;
        let (own, fits) = super::declare::shape_of(value);
        ty = Some(own);
        closed &= fits;
    }
    ty.map(|ty| crate::template::Declared { closed, ..plain(ty) })
}

fn compiled(
    text: &str,
    shell: Shell,
    declared: &dyn Fn(&Reference) -> Option<crate::template::Declared>,
) -> Result<Script, Vec<Diagnostic>> {
    if text.trim().is_empty() {
        return Err(vec![Diagnostic::error("empty-command", 0..0, "the command is empty")]);
    }
    let odd = text.char_indices().find_map(|(at, character)| {
        super::super::parse::odd_character(text, at, character).map(|what| (at, character, what))
    });
    if let Some((at, character, what)) = odd {
        let message = format!("U+{:04X} is {what}", u32::from(character));
        let span = at..at + character.len_utf8();
        return Err(vec![Diagnostic::error("character", span, message)]);
    }
    let script = match Script::parse(text, shell, declared) {
        Ok((script, _)) => script,
        Err(problems) => {
            let errors = problems.into_iter().filter(|problem| problem.severity == Severity::Error);
            return Err(errors
                .map(|problem| {
                    let mut found = Diagnostic::error(problem.code, problem.at, problem.message);
                    found.help = problem.help;
                    found
                })
                .collect());
        }
    };
    let unknown: Vec<Diagnostic> = script
        .mentions()
        .into_iter()
        .filter(|mention| declared(&mention.reference).is_none())
        .map(|mention| {
            let message = format!("`{}` is not declared", mention.reference);
            Diagnostic::error("undefined", mention.at, message)
        })
        .collect();
    if unknown.is_empty() { Ok(script) } else { Err(unknown) }
}
