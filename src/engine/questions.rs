//! The questions in full: what a person sees before deciding.

use super::asking::{Asking, Card, CardKind, OptionShown};
use super::attempted::{AttemptId, End, Verdict};
use super::choices::Known;
use super::demand::Demands;
use super::demands::advance;
use super::event::Found;
use super::facts::StateFacts;
use super::job::{Job, JobKind};
use super::run::Run;
use super::scope::ScopeId;
use crate::plan::{BoundCommand, command_digest};
use crate::policy::{Decision, Level};
use crate::runbook::{
    Action, Ask, BookId, Choice, Effect, Multiplicity, StepKey, Then, Used, ValueOrigin,
};
use crate::template::Template;
use crate::value::{Name, Type, Value};

impl Run {
    /// The question of a step that runs no command.
    pub(super) fn ask_demands(&self, job: &Job, step: StepKey) -> Demands {
        let facts = self.job_facts(job);
        let asked = match &self.step(step).action {
            Action::Approve(_) => return self.go_on_demands(job, step),
            Action::Ask(ask) => {
                let wanted = match ask {
                    Ask::Decision { .. } => None,
                    Ask::Value { choices, .. } => choices.as_ref(),
                };
                match self.choices(job, wanted) {
                    Known::Free => self.asked(job, ask, None, &facts),
                    Known::Listed(choices) => self.asked(job, ask, Some(&choices), &facts),
                    Known::Needed(demands) => return *demands,
                }
            }
            Action::Do { text, checklist } => self.filled(job, text, &facts).and_then(|text| {
                let checklist = checklist.iter().map(|item| self.filled(job, item, &facts));
                Ok(Asking::Attest { text, checklist: checklist.collect::<Result<_, _>>()? })
            }),
            Action::Escalate(place) => Ok(self.hand_over(job, *place)),
            Action::Open(urls) => {
                let urls = urls.iter().map(|url| {
                    url.render_url(&facts).map_err(|unset| {
                        Box::new(self.missing_reference(self.job_scope(job), &unset.0))
                    })
                });
                urls.collect::<Result<_, _>>().map(|urls| Asking::Look { urls })
            }
            // These never wait: entering them is all there is to do.
            Action::End(_)
            | Action::Goto(_)
            | Action::Group { .. }
            | Action::Run(_)
            | Action::Use { .. } => return advance(job.lane),
            Action::Wait(duration) => match self.filled(job, duration, &facts) {
                Err(missing) => Err(missing),
                Ok(text) => match crate::value::Duration::parse(&text) {
                    Ok(_) => return advance(job.lane),
                    Err(why) => Ok(Asking::Refused { why: why.to_string() }),
                },
            },
        };
        match asked {
            Ok(asking) => self.question(job.lane, asking),
            Err(missing) => self.question(job.lane, *missing),
        }
    }

    fn asked(
        &self,
        job: &Job,
        ask: &Ask,
        choices: Option<&[Value]>,
        facts: &StateFacts<'_>,
    ) -> Result<Asking, Box<Asking>> {
        match ask {
            Ask::Decision { question, options } => {
                self.filled(job, question, facts).map(|question| Asking::Decide {
                    question,
                    options: options
                        .iter()
                        .map(|option| self.option_shown(option, facts))
                        .collect(),
                    findings: self.state.findings.clone(),
                })
            }
            Ask::Value { question, into, ty, many, .. } => {
                self.filled(job, question, facts).map(|question| Asking::Value {
                    question,
                    name: into.clone(),
                    ty: *ty,
                    choices: choices.map(|choices| choices.iter().map(Value::written).collect()),
                    many: *many == Multiplicity::Many,
                })
            }
        }
    }

    fn filled(
        &self,
        job: &Job,
        template: &Template,
        facts: &StateFacts<'_>,
    ) -> Result<String, Box<Asking>> {
        template
            .render(facts)
            .map_err(|unset| Box::new(self.missing_reference(self.job_scope(job), &unset.0)))
    }

    pub(super) fn missing_reference(
        &self,
        scope: ScopeId,
        reference: &crate::value::Reference,
    ) -> Asking {
        match reference {
            crate::value::Reference::Value(name) => self.missing_value(scope, name),
            other => Asking::Refused { why: format!("`{other}` has no value") },
        }
    }

    /// A value that is needed and not there.
    pub(super) fn missing_value(&self, scope: ScopeId, name: &Name) -> Asking {
        let declaration = self.book_of(scope).values.get(name);
        let from = match declaration.map(|declaration| &declaration.origin) {
            Some(ValueOrigin::Steps(steps)) => {
                let book = self.scope(scope).book;
                let linked = |step: &StepKey| self.plan.runbook.linked(book, *step);
                steps.iter().map(|step| self.step(linked(step)).id.clone()).collect()
            }
            _ => Vec::new(),
        };
        Asking::MissingValue {
            name: name.clone(),
            ty: declaration.map_or(Type::Text, |declaration| declaration.declared.ty),
            secret: declaration.is_some_and(|declaration| declaration.declared.secret),
            from,
        }
    }

    fn option_shown(&self, option: &Choice, facts: &StateFacts<'_>) -> OptionShown {
        let label = option.label.render(facts);
        let by_rule = option.suggest.as_ref().and_then(|suggest| {
            matches!(suggest.holds(facts), Ok(true)).then(|| suggest.text().to_owned())
        });
        let by_finding = || {
            let found = self.state.findings.iter().find(|finding| {
                finding.suggest.as_ref().is_some_and(|name| self.speaks_for(name, option))
            });
            found.map(|finding| finding.say.clone())
        };
        OptionShown {
            id: option.id.clone(),
            label: label.unwrap_or_else(|_| option.label.source().to_owned()),
            suggested: by_rule.or_else(by_finding),
        }
    }

    /// Whether a suggestion names this option, or where it leads.
    fn speaks_for(&self, name: &Name, option: &Choice) -> bool {
        let leads = match &option.then {
            Then::Goto(crate::runbook::Destination::Procedure(procedure))
            | Then::Use(Used::Procedure(procedure)) => procedure == name,
            Then::Goto(crate::runbook::Destination::Step(step)) => {
                self.step(*step).name.as_ref() == Some(name)
            }
            Then::End(_) | Then::Next | Then::Use(Used::Runbook(_)) => false,
        };
        leads || option.id == *name
    }

    fn hand_over(&self, job: &Job, place: usize) -> Asking {
        match self.own_runbook(job).escalation.get(place) {
            Some(escalation) => Asking::HandOver {
                role: escalation.role.clone(),
                how: escalation.how.clone(),
                text: self.hand_over_text(),
            },
            None => Asking::Refused { why: "there is no such role".to_owned() },
        }
    }

    pub(super) fn read(&self, job: &Job, command: &BoundCommand) -> Asking {
        Asking::Read {
            shown: command.shown.clone(),
            target: command.target.name.clone(),
            place: command.place(),
            identity: self.identity(self.job_scope(job), command),
            sample: self.sample(job),
        }
    }

    pub(super) fn identity(&self, scope: ScopeId, command: &BoundCommand) -> Option<String> {
        self.state
            .proved
            .get(&self.proof_key(scope, &command.target.name))
            .map(|proved| proved.identity.clone())
    }

    fn sample(&self, job: &Job) -> Option<String> {
        match &self.step(job.step()?).action {
            Action::Run(run) => run.sample.clone(),
            _ => None,
        }
    }

    /// What is shown before a command changes something.
    pub(super) fn card(
        &self,
        job: &Job,
        effect: Effect,
        decision: &Decision,
        command: &BoundCommand,
    ) -> Card {
        let identity = self.identity(self.job_scope(job), command);
        let digest = command_digest(command, identity.as_deref(), &self.plan.key);
        let (of, undo) = match &job.of {
            JobKind::AdHoc(_) => (CardKind::AdHoc, super::asking::UndoPlan::Unknown),
            JobKind::Step(step) => (CardKind::Step, self.undo_plan(job, *step)),
            JobKind::Undo(entry) => {
                let step = self.state.undo[*entry].step;
                let why = "this is the undo itself".to_owned();
                (CardKind::Undo(self.step(step).id.clone()), super::asking::UndoPlan::Nothing(why))
            }
        };
        Card {
            effect,
            findings: self.evidence(),
            shown: command.shown.clone(),
            digest,
            target: command.target.name.clone(),
            place: command.place(),
            policy: decision.rules(),
            must_type: self.must_type(job, decision.level, identity.as_deref()),
            identity,
            sample: self.sample(job),
            undo,
            never: self.rules_for(job.step()),
            done_before: self.has_changed(job),
            of,
        }
    }

    /// The rules that hold at a step.
    pub(super) fn rules_for(&self, step: Option<StepKey>) -> Vec<String> {
        let own = step.map_or(&[][..], |step| &self.step(step).never);
        let runbook = &self.plan.runbook;
        let book = step.map_or(BookId::MAIN, |step| self.step(step).part.book());
        let mut rules: Vec<&[String]> = vec![own];
        // What uses a runbook says what holds inside it too.
        rules.extend(runbook.around(book).map(|book| &*runbook.book(book).never));
        rules.into_iter().rev().flatten().cloned().collect()
    }

    /// What must be typed: the subject, else what the target proved to be, else the environment's
    /// name. Never the target's name in the file.
    fn must_type(&self, job: &Job, level: Level, identity: Option<&str>) -> Option<String> {
        if level < Level::Typed {
            return None;
        }
        let environment = || self.plan.environment.as_ref().map(|it| it.name.to_string());
        let subject = self.subject(job, level).ok().flatten();
        subject
            .or_else(|| identity.map(str::to_owned))
            .or_else(environment)
            // A change somewhere that has no name at all: a `y` would still be too little.
            .or_else(|| Some(self.plan.runbook.id.clone()))
    }

    pub(super) fn doubt(
        &self,
        job: &Job,
        attempt: AttemptId,
        found: &Found,
        rechecked: Option<bool>,
    ) -> Asking {
        Asking::Doubt {
            attempt,
            shown: job.ran.as_ref().map_or_else(String::new, |ran| ran.shown.clone()),
            effect: self.job_effect(job),
            found: found.clone(),
            rechecked,
        }
    }

    /// What a failed command, or a read with an unexpected result, asks.
    pub(super) fn judged(&self, job: &Job) -> Asking {
        let (end, verdict) = match &job.last {
            Some((end, verdict)) => (end.clone(), verdict.clone()),
            None => (End::Unknown, Verdict::InDoubt),
        };
        if let (Some((target, _)), true) = (self.assertion(job), job.unproved.is_some()) {
            return Asking::Assertion {
                target: target.to_string(),
                expected: self.expected(job).unwrap_or_default(),
                why: match verdict {
                    Verdict::Failed { why, .. } => why,
                    _ => "its answer did not arrive".to_owned(),
                },
            };
        }
        match verdict {
            Verdict::Unexpected { why, parts } => Asking::Unexpected { why, end, parts },
            Verdict::Failed { why, parts } => Asking::Failed { why, end, parts },
            Verdict::InDoubt | Verdict::Passed | Verdict::Pending { .. } => Asking::Failed {
                why: "the check afterwards did not come to its end".to_owned(),
                end,
                parts: Vec::new(),
            },
        }
    }
}
