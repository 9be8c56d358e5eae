//! The live view of a walk: what was recorded, as it is recorded, and what commands print.
//!
//! [`View`] is an observer: it shows and never asks. It knows no time but the clock it is given.

mod commands;

use std::collections::BTreeMap;
use std::rc::Rc;

use super::answered;
use super::gutter::Colours;
use super::header;
use super::heading;
use super::interactive::Way;
use super::items;
use super::outcome;
use super::result;
use super::running::{Running, millis};
use super::terminal::Terminal;
use super::text::{Meaning, Text};
use super::wording;
use crate::engine::{
    Answer, AttemptId, Event, ItemRecord, LaneId, Resumed, Run, Signed, Told, ToldKind,
};
use crate::journal::Record;
use crate::runbook::{Action, PartId, StepId, Used};
use crate::session::{Clock, Notice, Observer};

/// What is known of the runbook from before.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// How long a walk usually takes, in milliseconds.
    pub usual: Option<u64>,
    /// How the last walk went, such as `last walked OK on this machine 12 days ago`.
    pub last_walked: Option<String>,
    /// Whether the runbook differs from the one that was walked last.
    pub changed: bool,
    /// How long each step's command usually takes, in milliseconds.
    pub usual_steps: BTreeMap<StepId, u64>,
    /// How long undoing each step usually takes, in milliseconds.
    pub usual_undo: BTreeMap<StepId, u64>,
}

/// Shows a run on the terminal.
pub struct View {
    terminal: Terminal,
    clock: Rc<dyn Clock>,
    known: Known,
    running: BTreeMap<AttemptId, Running>,
    /// What the lanes of items are called.
    lanes: BTreeMap<LaneId, String>,
    /// The command whose output was shown last.
    speaks: Option<AttemptId>,
    part: PartId,
    /// When the run began, by the clock of the records.
    began: Option<f64>,
    /// How many undo steps were open when they were last told.
    undo_told: usize,
    /// When Ctrl-Z stopped the program.
    suspended: Option<f64>,
    /// Whether the last line names what follows, so that nothing stands between them.
    headed: bool,
    colours: Colours,
}

impl View {
    /// Shows on this terminal.
    pub fn new(terminal: Terminal, clock: Rc<dyn Clock>, known: Known) -> Self {
        Self {
            terminal,
            clock,
            known,
            running: BTreeMap::new(),
            lanes: BTreeMap::new(),
            speaks: None,
            part: PartId::Main,
            began: None,
            undo_told: 0,
            suspended: None,
            headed: false,
            colours: Colours::Spelled,
        }
    }

    /// Shows what commands print in the colours that they choose.
    #[must_use]
    pub fn keeping_colours(self) -> Self {
        Self { colours: Colours::Kept, ..self }
    }

    fn entered(&mut self, step: &StepId, title: &str, before: u32, run: &Run) {
        let runbook = &run.plan().runbook;
        let Some(key) = runbook.find(step) else {
            return;
        };
        let step = runbook.step(key);
        self.enter_part(&step.part, run);
        self.terminal.forget();
        if let Action::Use { used: Used::Procedure(procedure), .. } = &step.action
            && let part = step.part.beside(PartId::Procedure(procedure.clone()))
            && let heading = heading::part(&part, run)
            && (heading == title || heading == wording::capital(title))
            && step.never.is_empty()
        {
            // The procedure's heading follows and says the same.
            return;
        }
        if let Action::Group { .. } = &step.action {
            self.heading(title);
            return;
        }
        if !std::mem::take(&mut self.headed) {
            self.terminal.blank();
        }
        self.terminal.mention(title);
        heading::step(&self.terminal, key, title, run, before);
    }

    /// Somebody comes to a walk that began before, at this moment of its own clock, if that clock is
    /// still the same.
    pub(super) fn met(&mut self, by: &str, began: Option<f64>, run: &Run) {
        self.began = began;
        header::joined(&self.terminal, by, &self.known, run);
    }

    /// They are shown where it is, and the commands that run.
    pub(super) fn joined(&mut self, running: &[Record], run: &Run) {
        self.undo_told = run.open_undo().len();
        self.here(run);
        for (lane, item) in run.open_items() {
            self.name_lane(lane, &item);
        }
        for record in running {
            self.recorded(record, run);
        }
    }

    /// The step that a resumed run is at, as if it had just been entered.
    fn here(&mut self, run: &Run) {
        let runbook = &run.plan().runbook;
        let Some(key) = run.current().filter(|key| run.status(*key).is_none()) else {
            return;
        };
        let step = runbook.step(key);
        if matches!(step.action, Action::Group { .. } | Action::Use { .. }) {
            return;
        }
        self.enter_part(&step.part, run);
        if !std::mem::take(&mut self.headed) {
            self.terminal.blank();
        }
        let title = wording::title(runbook, &step.id, &*run.facts());
        self.terminal.mention(&title);
        heading::step(&self.terminal, key, &title, run, 0);
    }

    /// Something that reaches the responder from outside of the run.
    fn told(&self, told: &Told) {
        let by = told.by.as_deref().unwrap_or("the exercise");
        let (mark, meaning, text) = match told.kind {
            ToldKind::Answer | ToldKind::Inject => ("  » ", Meaning::Heading, told.text.clone()),
            ToldKind::Asked => ("  « ", Meaning::Dim, told.text.clone()),
            ToldKind::Hint => ("    hint  ", Meaning::Plain, told.text.clone()),
            ToldKind::Held => ("  » ", Meaning::Heading, held(by, &told.text)),
            ToldKind::Joined => {
                ("  » ", Meaning::Hint, format!("{by} leads this drill: x asks the others."))
            }
            ToldKind::Left => ("  » ", Meaning::Hint, format!("{by} leads it no more.")),
            ToldKind::GoneOn => ("  » ", Meaning::Heading, format!("{by} lets it go on.")),
        };
        let line = Text::of(Meaning::Warning, mark).add_lines(meaning, &text);
        self.terminal.indented(&line, 4);
        if !matches!(told.kind, ToldKind::Asked | ToldKind::Hint) {
            self.terminal.bell();
        }
    }

    fn heading(&mut self, title: &str) {
        self.terminal.blank();
        self.terminal.line(&Text::of(Meaning::Heading, title));
        self.headed = true;
    }

    fn enter_part(&mut self, part: &PartId, run: &Run) {
        if self.part == *part {
            return;
        }
        self.part = part.clone();
        self.heading(&heading::part(part, run));
    }

    /// A step that was not needed.
    fn skipped(&mut self, step: &StepId, title: &str, condition: &str, run: &Run) {
        if !std::mem::take(&mut self.headed) {
            self.terminal.blank();
        }
        let runbook = &run.plan().runbook;
        let number = runbook.find(step);
        let number = number.map_or("", |key| runbook.step(key).number.as_str());
        let left = Text::of(Meaning::Dim, format!("{number:>2}  {title}"));
        self.terminal.line_with_right(&left, &Text::of(Meaning::Dim, "skipped"));
        let text = format!("not needed: {condition}");
        self.terminal.indented(&Text::plain("    ").add(Meaning::Dim, text), 2);
    }

    fn closed(&mut self, run: &Run) {
        let open = run.open_undo().len();
        if open == self.undo_told {
            return;
        }
        self.undo_told = open;
        if open > 0 {
            header::stop_now(&self.terminal, run, &self.known);
        }
    }

    /// A branch begins, in a lane of its own.
    fn branches(&mut self, lane: LaneId, branch: &ItemRecord) {
        items::begins(&self.terminal, branch);
        self.name_lane(lane, branch);
    }

    fn name_lane(&mut self, lane: LaneId, branch: &ItemRecord) {
        let name = branch.item.as_ref().map(items::name);
        self.lanes.extend(name.map(|name| (lane, name)));
    }

    /// A step takes longer than its author allowed.
    fn takes_long(&self, after: &str, say: Option<&str>, escalate: Option<&str>) {
        self.terminal.blank();
        let text = match say {
            Some(say) => format!("This takes longer than {after}: {say}"),
            None => format!("This takes longer than {after}."),
        };
        self.terminal.indented(&Text::plain("    ").add(Meaning::Warning, text), 4);
        if let Some(role) = escalate {
            let text = format!("Ask {role} for help: x tells how.");
            self.terminal.indented(&Text::plain("    ").add(Meaning::Warning, text), 4);
        }
    }

    /// The run goes on: where it is, and for which item.
    fn resumed(&mut self, resumed: &Resumed, run: &Run) {
        header::resumed(&self.terminal, resumed, &self.known, run);
        self.undo_told = run.open_undo().len();
        for attempt in run.running() {
            if let Some(step) = run.background(attempt) {
                self.finds(attempt, Some(step), Way::Background, run);
            }
        }
        self.here(run);
        for (lane, item) in run.open_items() {
            match run.beside(lane) {
                // The question says which it is about.
                Some(_) => self.name_lane(lane, &item),
                None => self.branches(lane, &item),
            }
        }
    }

    fn answered(&self, step: Option<&StepId>, answer: &Answer, run: &Run) {
        if let Some(text) = answered::words(step, answer, run) {
            let arrow = self.terminal.glyph("→ ", "-> ");
            let line = Text::of(Meaning::Dim, format!("    {arrow}{text}"));
            self.terminal.indented(&line, 2);
        }
    }
}

/// That the clock of an exercise stands still.
fn held(by: &str, why: &str) -> String {
    let why = if why.is_empty() { String::new() } else { format!(" {why}") };
    format!("Held by {by}: the clock stands still, and nothing is taken until it goes on.{why}")
}

impl Observer for View {
    #[expect(clippy::too_many_lines, reason = "a table: a row for each kind of fact")]
    fn recorded(&mut self, record: &Record, run: &Run) {
        self.terminal.spinner().clear();
        match &record.event {
            Event::Answered { step, answer, .. } => {
                self.answered(step.as_ref(), answer, run);
                if let (Answer::WaitForEnd, Some(attempt)) = (answer, run.followed().next()) {
                    self.finds(attempt, run.current(), Way::Foreground, run);
                }
            }
            Event::ApprovalGiven(given) => {
                let Signed { principal, key, .. } = &given.signed;
                let text = format!("    {principal} agreed as {} ({key})", given.role);
                self.terminal.indented(&Text::of(Meaning::Good, text), 4);
            }
            Event::ApprovalRefused { why, .. } => {
                let text = format!("    Not taken: {why}");
                self.terminal.indented(&Text::of(Meaning::Warning, text), 4);
            }
            Event::ApprovalLapsed { .. } => {
                self.terminal.line(&Text::of(Meaning::Warning, "    The request has expired."));
            }
            Event::AttemptEnded(ended) => self.ended(ended),
            Event::AttemptStarted(started) => self.started(started, run),
            Event::Paused { why } => outcome::paused(&self.terminal, why, record.at, run),
            Event::Resumed(resumed) => self.resumed(resumed, run),
            Event::RunFinished { outcome, failed, still_changed, ended_by, .. } => {
                let took = self.began.map(|began| millis(record.mono - began));
                let end = outcome::End {
                    outcome: *outcome,
                    failed: failed.as_ref(),
                    still_changed,
                    ended_by: ended_by.as_deref(),
                    took,
                };
                outcome::finished(&self.terminal, &end, run);
            }
            Event::RunStarted(started) => {
                self.began = Some(record.mono);
                header::started(&self.terminal, started, &self.known, run);
            }
            Event::StepClosed { status, .. } => {
                result::closed(&self.terminal, *status);
                self.closed(run);
            }
            Event::StepEntered { step, title, before, .. } => {
                self.entered(step, title, *before, run);
            }
            Event::StepSkipped { step, title, condition, .. } => {
                self.skipped(step, title, condition, run);
            }
            Event::ItemsListed { items, .. } => items::listed(&self.terminal, items),
            Event::LaneOpened { lane, branch, .. } => self.branches(*lane, branch),
            Event::TimeboxPassed { after, say, escalate, .. } => {
                self.takes_long(after, say.as_deref(), escalate.as_deref());
            }
            Event::ValueStale { value, .. } => {
                let text = format!("{value} is too old for a change; it is read again.");
                self.terminal.indented(&Text::plain("    ").add(Meaning::Dim, text), 4);
            }
            // What a person sees of these is the question or the step that follows.
            Event::ApprovalRequested(_)
            | Event::LineEnded { .. }
            | Event::Readied { .. }
            | Event::RunbookEntered { .. }
            | Event::SurveyClosed
            | Event::WaitStarted { .. } => {}
            // What an inject changes is found out, and not told.
            Event::Told(told) if told.kind == ToldKind::Inject && told.text.is_empty() => {}
            Event::Told(told) => self.told(told),
            Event::Surveyed { missing } => header::surveyed(&self.terminal, missing),
            Event::Waited { .. } => {
                self.terminal.line(&Text::of(Meaning::Dim, "    The wait is over."));
            }
        }
    }

    fn noticed(&mut self, notice: &Notice<'_>, run: &Run) {
        let _ = run;
        match notice {
            Notice::Continued => self.continued(),
            Notice::Interrupting { attempt, grace } => self.stopping(*attempt, *grace),
            Notice::Killing { attempt } => self.killing(*attempt),
            Notice::NotGiven { by, why } => {
                self.terminal.spinner().clear();
                let text = format!("    {by} asked for this walk and does not get it: {why}");
                self.terminal.indented(&Text::of(Meaning::Warning, text), 4);
            }
            Notice::Output { attempt, stream, bytes } => {
                let now = self.clock.monotonic();
                self.speaks(*attempt);
                if let Some(running) = self.running.get_mut(attempt) {
                    running.printed = now;
                    running.prints(*stream, bytes);
                }
            }
            Notice::Suspending => {
                self.terminal.spinner().clear();
                self.suspending();
            }
            Notice::PasswordWanted { attempt } => self.interrupted(*attempt),
            Notice::Orphaned { attempt, processes, stays } => {
                self.interrupted(*attempt);
                result::orphaned(&self.terminal, processes, *stays);
            }
            Notice::Ready { attempt } => self.ready(*attempt),
            Notice::Tick => self.tick(),
        }
    }
}

#[cfg(test)]
mod tests;
