//! The live view of a walk: what was recorded, as it is recorded, and what commands print.
//!
//! [`View`] is an observer: it shows and never asks. It knows no time but the clock it is given.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::answered;
use super::gutter::{Colours, Gutter};
use super::header;
use super::heading;
use super::interactive::{self, Way};
use super::items;
use super::outcome;
use super::result;
use super::running::{Held, Running, Watched, left, millis};
use super::terminal::Terminal;
use super::text::{Meaning, Text};
use super::wording;
use crate::engine::{
    Answer, AttemptEnded, AttemptId, AttemptStarted, Event, ItemRecord, LaneId, Resumed, Role, Run,
    Signed, Verdict,
};
use crate::journal::Record;
use crate::runbook::{Action, OnDisconnect, PartId, StepId, StepKey, Used};
use crate::session::{Clock, Notice, Observer};
use crate::value::spoken;

/// After this many seconds without output the spinner turns, or a line says that a command runs.
const QUIET: f64 = 1.0;
const QUIET_LINE: f64 = 3.0;

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

/// When a command was shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Said {
    Before,
    Now,
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

    fn started(&mut self, started: &AttemptStarted, run: &Run) {
        let held = (started.role == Role::Assert)
            .then(|| Held { shown: started.shown.clone(), output: Vec::new() });
        let said = held.is_none() && self.command(started.role, &started.shown) == Said::Now;
        let unsaid = wording::role(started.role).filter(|_| !said);
        let way = Way::of(started, run);
        if way == Way::Interactive {
            interactive::introduce(&self.terminal, started, run);
        }
        let now = self.clock.monotonic();
        self.running.insert(
            started.attempt,
            Running {
                lane: started.lane,
                beside: run.beside(started.lane).is_some(),
                step: started.step.clone(),
                role: started.role,
                unsaid,
                target: started.target.clone(),
                on_disconnect: started.on_disconnect,
                gutter: Gutter::new(self.terminal.clone(), self.colours),
                started: now,
                printed: now,
                told: false,
                held,
                watched: Watched::FromItsStart,
                way,
                killed_at: None,
            },
        );
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

    /// A command of an earlier walk, which is followed again.
    fn finds(&mut self, attempt: AttemptId, step: Option<StepKey>, way: Way, run: &Run) {
        let step = step.map(|key| run.plan().runbook.step(key).id.clone());
        let gutter = Gutter::new(self.terminal.clone(), self.colours);
        let found = Running::found(gutter, step, way, self.clock.monotonic());
        self.running.insert(attempt, found);
    }

    fn command(&self, role: Role, shown: &str) -> Said {
        // What was just asked about, or run before, needs no second heading.
        if self.terminal.has_mentioned(shown) {
            return Said::Before;
        }
        if let Some(role) = wording::role(role) {
            self.terminal.line(&Text::plain("    ").add(Meaning::Dim, role));
        }
        self.terminal.command(shown);
        Said::Now
    }

    /// Output comes from another command than before: where several run, it is said which.
    fn speaks(&mut self, attempt: AttemptId) {
        let before = self.speaks.replace(attempt);
        let beside = self.running.get(&attempt).is_some_and(|running| running.beside);
        if before == Some(attempt) || !beside {
            return;
        }
        if let Some(other) = before.and_then(|before| self.running.get_mut(&before)) {
            other.gutter.finish();
        }
        if let Some(name) = self.running.get(&attempt).and_then(|running| self.label(running)) {
            self.terminal.line(&Text::plain("    ").add(Meaning::Dim, name));
        }
    }

    /// What a command that runs beside others is called.
    fn label(&self, running: &Running) -> Option<String> {
        match self.lanes.get(&running.lane) {
            Some(name) => Some(name.clone()),
            None => {
                running.step.as_ref().filter(|_| !running.lane.is_main()).map(|step| step.0.clone())
            }
        }
    }

    fn ended(&mut self, ended: &AttemptEnded) {
        let mut role = Role::Main;
        let mut unsaid = None;
        let mut target = None;
        let mut stays = OnDisconnect::Finish;
        let mut label = None;
        if let Some(mut running) = self.running.remove(&ended.attempt) {
            if let Some(held) = running.held.take().filter(|_| ended.verdict != Verdict::Passed) {
                if self.command(running.role, &held.shown) == Said::Now {
                    running.unsaid = None;
                }
                for (stream, bytes) in held.output {
                    running.gutter.push(stream, &bytes);
                }
            }
            running.gutter.finish();
            label = self.label(&running).filter(|_| running.beside);
            if running.way == Way::Background {
                let (meaning, how) = Running::ended_beside(ended);
                self.beside(running.step.as_ref(), meaning, how);
                if meaning == Meaning::Plain {
                    return;
                }
            }
            role = running.role;
            unsaid = running.unsaid;
            stays = running.on_disconnect;
            target = Some(running.target);
        }
        let what = match (role, target, &ended.identity) {
            (Role::Assert, Some(target), Some(identity)) => Some(format!("{target} is {identity}")),
            _ => None,
        };
        let words = result::Words { what: label.as_deref().or(unsaid), good: what.as_deref() };
        result::show(&self.terminal, ended, words, stays);
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

    fn tick(&mut self) {
        let now = self.clock.monotonic();
        if self.running.values().any(|running| running.way == Way::Interactive) {
            return;
        }
        let followed = self.running.iter_mut().filter(|(_, it)| it.way == Way::Foreground);
        let mut followed: Vec<_> = followed.collect();
        if let [(_, running)] = followed.as_mut_slice() {
            let usual = running.step.as_ref().filter(|_| running.role == Role::Main);
            let usual = usual.and_then(|step| self.known.usual_steps.get(step)).copied();
            let words = running.words(now, usual);
            if self.terminal.spinner().turns() {
                let quiet = now - running.printed >= QUIET || running.killed_at.is_some();
                if quiet && !running.gutter.is_open() {
                    self.terminal.spinner().draw(&words);
                }
            } else if now - running.started >= QUIET_LINE && !running.told {
                running.told = true;
                running.gutter.finish();
                self.terminal.line(&Text::plain("    ").add(Meaning::Dim, words));
            }
        } else if !followed.is_empty() {
            let commands = wording::count(followed.len(), "command");
            let killed_at = followed.iter().filter_map(|(_, running)| running.killed_at);
            let words = match killed_at.reduce(f64::min) {
                None => format!("{commands} running"),
                Some(first) => format!("{commands} stopping, killed in {}", left(first, now)),
            };
            self.terminal.spinner().draw(&words);
        }
    }

    fn stopping(&mut self, attempt: AttemptId, grace: u64) {
        let Some(running) = self.running.get_mut(&attempt) else {
            return;
        };
        running.gutter.finish();
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a grace are few")]
        let seconds = grace as f64 / 1000.0;
        running.killed_at = Some(self.clock.monotonic() + seconds);
        let text =
            format!("Stopping it. It has {} to end; Ctrl-C again kills it at once.", spoken(grace));
        self.terminal.line(&Text::plain("    ").add(Meaning::Warning, text));
    }

    /// Something else is about to be shown.
    fn interrupted(&mut self, attempt: AttemptId) {
        self.terminal.spinner().clear();
        if let Some(running) = self.running.get_mut(&attempt) {
            running.gutter.finish();
        }
    }

    /// A background command is ready.
    fn ready(&mut self, attempt: AttemptId) {
        let step = self.running.get(&attempt).and_then(|running| running.step.as_ref());
        self.beside(step, Meaning::Good, "is ready");
    }

    /// What became of a command that runs beside others.
    fn beside(&self, step: Option<&StepId>, meaning: Meaning, how: &str) {
        let name = step.map_or("the background command", |step| step.0.as_str());
        let mark = self.terminal.glyph("‖", "||");
        self.terminal.line(&Text::of(meaning, format!("    {mark} {name} {how}")));
    }

    fn killing(&mut self, attempt: AttemptId) {
        if let Some(running) = self.running.get_mut(&attempt) {
            running.gutter.finish();
            running.killed_at = None;
            self.terminal.clear_line();
            let text = "Killing it and all it started.";
            self.terminal.line(&Text::plain("    ").add(Meaning::Bad, text));
        }
    }

    fn suspending(&mut self) {
        for running in self.running.values_mut() {
            running.gutter.finish();
        }
        self.terminal.clear_line();
        self.suspended = Some(self.clock.monotonic());
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

    /// The time in between is not the commands'.
    fn continued(&mut self) {
        let now = self.clock.monotonic();
        let length = self.suspended.take().map_or(0.0, |suspended| now - suspended);
        for running in self.running.values_mut() {
            running.started += length;
            running.printed = now;
            running.killed_at = running.killed_at.map(|moment| moment + length);
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
            Event::Paused { why } => outcome::paused(&self.terminal, why, run),
            Event::Resumed(resumed) => self.resumed(resumed, run),
            Event::RunFinished { outcome, failed, still_changed, .. } => {
                let took = self.began.map(|began| millis(record.mono - began));
                let end = outcome::End {
                    outcome: *outcome,
                    failed: failed.as_ref(),
                    still_changed,
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
