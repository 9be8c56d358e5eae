//! What is shown before all branches of a step are agreed to at once: each item with its commands.

use super::asking::{ItemShown, ItemsCard};
use super::event::Recorded;
use super::job::Job;
use super::run::Run;
use super::spread::{Branch, BranchState, Over, Spread};
use crate::plan::bind;
use crate::policy::Level;
use crate::runbook::{Action, StepKey};
use crate::template::BindError;
use crate::value::Facts;

impl Run {
    /// What is shown before all branches are agreed to at once.
    pub(super) fn items_card(&self, job: &Job, spread: &Spread) -> ItemsCard {
        let effect = self.effect_within(job.step());
        let level = self.level_within(job.step(), effect);
        let ahead = spread.branches.iter().enumerate();
        let ahead = ahead.filter(|(_, branch)| !matches!(branch.state, BranchState::Over(..)));
        let items: Vec<ItemShown> =
            ahead.map(|(index, branch)| self.branch_shown(job, index, branch)).collect();
        let at_once = match self.spreads_over(job) {
            Some(Over::Items(each)) => each.at_once,
            Some(Over::Steps(_, count)) => count,
            None => 1,
        };
        ItemsCard {
            effect,
            must_type: (level >= Level::Typed).then(|| items.len().to_string()),
            items,
            at_once,
            never: self.rules_for(job.step()),
        }
    }

    fn branch_shown(&self, job: &Job, index: usize, branch: &Branch) -> ItemShown {
        let (step, item) = match self.spreads_over(job) {
            Some(Over::Items(each)) => {
                (job.step(), branch.item.clone().map(|item| (each.name.clone(), item)))
            }
            Some(Over::Steps(steps, _)) => (steps.get(index).copied(), None),
            None => (None, None),
        };
        let facts = self.job_facts(job).with_item(item.as_ref());
        let name = match &item {
            Some((_, Recorded::Open(value))) => value.written(),
            Some((_, Recorded::Secret(_))) => "(secret)".to_owned(),
            None => step.map_or_else(String::new, |step| {
                self.step(step).title.preview(&facts, &|name| format!("‹{name}›"))
            }),
        };
        let mut commands = Vec::new();
        self.add_commands(step, &facts, &mut commands);
        ItemShown { name, commands }
    }

    /// The commands of a step and what it holds, as far as their values are known.
    pub(super) fn add_commands(
        &self,
        step: Option<StepKey>,
        facts: &dyn Facts,
        into: &mut Vec<String>,
    ) {
        let Some(step) = step else { return };
        let (part, foreseen);
        let (inside, facts) = match &self.step(step).action {
            Action::Group { steps, .. } => (steps.as_slice(), facts),
            Action::Use { used, .. } => {
                part = self.used_part(step, used);
                foreseen = part.as_ref().and_then(|part| self.foreseen_beyond(step, part));
                let facts = foreseen.as_deref().unwrap_or(facts);
                (part.as_ref().map_or(&[][..], |part| self.plan.runbook.part(part)), facts)
            }
            Action::Run(_) => {
                if let Some(command) = self.command(step) {
                    let title =
                        || self.step(step).title.preview(facts, &|name| format!("‹{name}›"));
                    into.push(match bind(self.plan.runbook.own(step).0, command, facts) {
                        Ok(bound) => bound.shown,
                        Err(BindError::Unset(name)) => format!("({}: {name} comes later)", title()),
                        Err(failure) => format!("({}: {failure})", title()),
                    });
                }
                return;
            }
            _ => return,
        };
        for step in inside {
            self.add_commands(Some(*step), facts, into);
        }
    }
}
