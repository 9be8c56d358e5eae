//! What a place may name, and a note of everything that is named.

use std::collections::BTreeSet;

use super::super::model::StepKey;
use super::{Place, Resolver};
use crate::diagnostic::{Span, did_you_mean};
use crate::expression::Scope;
use crate::template::Declared;
use crate::value::{Name, Reference, Type};

/// When something is looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::runbook) enum Moment {
    /// Before step 1.
    Start,
    /// When its step is reached, before the first of its items.
    Outside,
    /// When its step is entered.
    Before,
    /// When its step's command has ended.
    After,
    /// Whenever a target is used.
    Target,
}

/// A place where something is named.
#[derive(Clone, Debug)]
pub(in crate::runbook) struct Mentioned {
    /// What.
    pub reference: Reference,
    /// Where.
    pub span: Span,
    /// Whether it may be unset there.
    pub guarded: bool,
    /// In which step.
    pub step: Option<StepKey>,
    /// When.
    pub moment: Moment,
}

impl Resolver<'_> {
    /// What a reference is declared to be, for templates and scripts.
    pub(super) fn declared(&self, reference: &Reference, place: &Place) -> Option<Declared> {
        let plain = |ty, closed| Declared { ty, closed, secret: false, optional: false };
        match reference {
            // A target is looked at where it is used, which may be inside of any loop.
            Reference::Value(name) if place.moment == Moment::Target => {
                self.values.get(name).map(|value| value.declared)
            }
            Reference::Value(name) => {
                let around = |step: StepKey| &self.outline.steps[step.0].loops;
                self.values.get(name).map(|value| value.seen(&self.loops(place), around))
            }
            Reference::Environment(key) if key.as_str() == "name" => Some(plain(Type::Name, true)),
            Reference::Environment(key) => {
                let ty = *self.environment.get(key)?;
                Some(plain(ty, self.closed_environment.get(key).copied().unwrap_or(false)))
            }
            Reference::AlertAnnotation(_) | Reference::AlertLabel(_) => {
                Some(Declared { optional: true, ..plain(Type::Text, false) })
            }
            Reference::File(name) => place.files.contains(name).then(|| plain(Type::Path, false)),
            Reference::RunId => Some(plain(Type::String, true)),
            Reference::Exit
            | Reference::Now
            | Reference::RunMode
            | Reference::Stderr
            | Reference::StepExit(_)
            | Reference::StepOutcome(_)
            | Reference::Stdout
            | Reference::Took => None,
        }
    }

    /// The `for_each` steps that a place stands in.
    fn loops(&self, place: &Place) -> BTreeSet<StepKey> {
        let Some(step) = place.step else {
            return BTreeSet::new();
        };
        let mut loops = self.outline.steps[step.0].loops.clone();
        if place.moment == Moment::Outside {
            loops.remove(&step);
        }
        loops
    }

    /// Notes that something is named.
    pub(super) fn mention(
        &mut self,
        reference: Reference,
        span: Span,
        guarded: bool,
        place: &Place,
    ) {
        let guarded = guarded || self.proved(&reference, place);
        self.mentions.push(Mentioned {
            reference,
            span,
            guarded,
            step: place.step,
            moment: place.moment,
        });
    }

    /// Reports a name in a text that stands for nothing.
    pub(super) fn check_text_reference(
        &mut self,
        reference: &Reference,
        span: &Span,
        place: &Place,
    ) {
        if self.declared(reference, place).is_some() {
            return;
        }
        let message = format!("`{reference}` is not declared");
        let help = match reference {
            Reference::Value(name) => self.near_value(name.as_str()),
            Reference::Environment(key) => {
                let known: Vec<&str> = self.environment.keys().map(Name::as_str).collect();
                match did_you_mean(key.as_str(), known.iter().copied()) {
                    Some(near) => format!("did you mean `environment.{near}`?"),
                    None => format!("every environment needs the key `{key}`"),
                }
            }
            Reference::File(name) if near_file(name, place).is_some() => {
                near_file(name, place).unwrap_or_default()
            }
            Reference::File(name) => format!("declare it at the step: files: {{ {name}: {{ from: ... }} }}"),
            _ => "texts may name inputs, captures, answers, environment.*, alert.labels.*, alert.annotations.*, files.* and run.id".to_owned(),
        };
        self.error_help("undefined", span.clone(), message, help);
    }

    fn near_value(&self, name: &str) -> String {
        match did_you_mean(name, self.values.keys().map(Name::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "declare it as an input, or capture it in a step before this one".to_owned(),
        }
    }
}

/// The file of the step that was meant.
fn near_file(name: &Name, place: &Place) -> Option<String> {
    let near = did_you_mean(name.as_str(), place.files.iter().map(Name::as_str))?;
    Some(format!("did you mean `files.{near}`?"))
}

/// The names that an expression may use at a place.
pub(super) struct ExpressionScope<'a, 'b> {
    pub resolver: &'a Resolver<'b>,
    pub place: &'a Place,
}

impl Scope for ExpressionScope<'_, '_> {
    fn type_of(&self, reference: &Reference) -> Option<Type> {
        let after = self.place.moment == Moment::After;
        match reference {
            Reference::Exit => after.then_some(Type::Integer),
            Reference::Stdout | Reference::Stderr => after.then_some(Type::Text),
            Reference::Took => after.then_some(Type::Duration),
            Reference::Now => Some(Type::Timestamp),
            Reference::RunMode => Some(Type::String),
            Reference::StepExit(step) => self.exits(step).then_some(Type::Integer),
            Reference::StepOutcome(step) => self.step(step).then_some(Type::String),
            other => self.resolver.declared(other, self.place).map(|declared| declared.ty),
        }
    }

    /// Behind a `for_each` there is the list of all that was captured, each of the captured type.
    fn item_type(&self, reference: &Reference) -> Type {
        let captured = match reference {
            Reference::Value(name) => self.resolver.values.get(name),
            _ => None,
        };
        match captured.map(|value| value.declared.ty) {
            None | Some(Type::List) => Type::Text,
            Some(other) => other,
        }
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.resolver.values.keys().map(ToString::to_string).collect();
        names.extend(self.resolver.environment.keys().map(|key| format!("environment.{key}")));
        if self.place.moment == Moment::After {
            names.extend(["exit", "stdout", "stderr", "took"].map(str::to_owned));
        }
        names.push("now".to_owned());
        names
    }
}

impl ExpressionScope<'_, '_> {
    /// Whether a step has one exit status here: it runs a command, and not once for each item.
    fn exits(&self, name: &Name) -> bool {
        let outline = self.resolver.outline;
        outline.ids.get(name).map(|key| &outline.steps[key.0]).is_some_and(|sketch| {
            sketch.node.get("run").is_some()
                && sketch.loops.is_subset(&self.resolver.loops(self.place))
        })
    }

    fn step(&self, name: &Name) -> bool {
        self.resolver.outline.ids.contains_key(name)
    }
}
