//! The evidence so far as a text for the next person: what each step showed, what is still changed,
//! how to go on.

use std::fmt::Write as _;

use super::event::{Recorded, StepStatus};
use super::lane::LaneId;
use super::run::Run;
use crate::runbook::{Action, FindingSeverity, StepKey};
use crate::value::Datum;

impl Run {
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
