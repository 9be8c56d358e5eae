//! Handing a walk over: whether that can be now, and the evidence so far as a text for the next
//! person: what each step showed, what is still changed, how to go on.

use std::fmt::Write as _;

use super::attempted::Role;
use super::event::{Recorded, StepStatus};
use super::job::{Job, Stage};
use super::lane::LaneId;
use super::run::Run;
use crate::runbook::{Action, Effect, FindingSeverity, StepKey};
use crate::value::Datum;

impl Run {
    /// Why nobody else can go on with the walk at this moment; none if they can. What was agreed to
    /// is seen to its end by whoever agreed, and so is what nobody knows the end of.
    pub fn holds_on(&self) -> Option<String> {
        let doubted = |job: &Job| job.doubted().is_some();
        if self.state.lanes.values().flat_map(|lane| &lane.jobs).any(doubted) {
            return Some("it is not settled yet how a command ended".to_owned());
        }
        let running = self.state.running.iter().filter(|(id, _)| !self.is_beside(**id));
        for (_, running) in running {
            let step = self.current_in(running.lane).and_then(|step| self.run_of(step));
            if running.role == Role::Main && step.is_some_and(|run| run.interactive.is_some()) {
                return Some("a program has the terminal".to_owned());
            }
            if running.effect != Effect::Read {
                return Some(format!("a change is under way: {}", running.shown));
            }
        }
        let jobs = self.state.lanes.values().flat_map(|lane| &lane.jobs);
        let confirmed = |job: &Job| match &job.stage {
            Stage::Confirmed => true,
            Stage::Proving(then) => **then == Stage::Confirmed,
            _ => false,
        };
        let mut confirmed = jobs.filter(|job| confirmed(job));
        let changes = confirmed.any(|job| self.job_effect(job) != Effect::Read);
        changes.then(|| "a change was agreed to and is about to run".to_owned())
    }

    /// The evidence so far, for whoever is asked for help.
    pub fn hand_over_text(&self) -> String {
        let runbook = &self.plan.runbook;
        let mut text = self.title_now(&runbook.title);
        if let Some(environment) = &self.plan.environment {
            let _ = write!(text, ", in {}", environment.name);
        }
        text.push('\n');
        for (name, given) in &self.plan.inputs {
            let value = match &given.datum {
                Datum::Open(value) => value.written(),
                Datum::Secret(_) => "(secret)".to_owned(),
            };
            let _ = writeln!(text, "  with {name} = {value}");
        }
        for step in &self.state.trail {
            self.tell_step(*step, &mut text);
        }
        let open = self.open_undo();
        if open.is_empty() {
            text.push_str("Nothing is changed that could still be undone.\n");
        } else {
            text.push_str("Still changed, and how to undo it, the latest first:\n");
        }
        for entry in open {
            let doubt = if entry.in_doubt { " (not known if it took effect)" } else { "" };
            let _ = writeln!(text, "  {}{doubt}", entry.title);
            for line in entry.shown.lines() {
                let _ = writeln!(text, "      {line}");
            }
        }
        let _ = writeln!(text, "Go on with: surefoot resume {}", self.plan.run);
        text
    }

    /// A step and what it showed. What only holds other steps has nothing to show.
    fn tell_step(&self, key: StepKey, text: &mut String) {
        let step = self.step(key);
        if matches!(step.action, Action::Group { .. } | Action::Use { .. }) {
            return;
        }
        let status = match self.status(key) {
            None => "not finished",
            Some(StepStatus::FailedHandled) => "failed, handled",
            Some(StepStatus::MarkedDone) => "marked done",
            Some(StepStatus::Unexpected) => "unexpected result",
            Some(status) => status.name(),
        };
        let title = self.title_now(&step.title);
        let _ = writeln!(text, "  {title}: {status}");
        let Some(record) = self.state.steps.get(&key) else {
            return;
        };
        for (name, value) in &record.captured {
            let value = match value {
                Recorded::Open(value) => value.written(),
                Recorded::Secret(_) => "(secret)".to_owned(),
            };
            let _ = writeln!(text, "      {name} = {value}");
        }
        for finding in &record.findings {
            let severity = match finding.severity {
                FindingSeverity::Critical => "critical",
                FindingSeverity::Info => "info",
                FindingSeverity::Warning => "warning",
            };
            let _ = writeln!(text, "      {severity}: {}", finding.say);
        }
    }

    fn title_now(&self, title: &crate::template::Template) -> String {
        title.preview(&self.now(LaneId::MAIN), &|reference| format!("\u{2039}{reference}\u{203a}"))
    }
}
