//! The live view of a walk: what was recorded, as it is recorded, and what commands print.
//!
//! [`View`] is an observer: it shows and never asks. It knows no time but the clock it is given.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::answered;
use super::gutter::Gutter;
use super::header;
use super::interactive::{self, Way};
use super::items;
use super::outcome;
use super::result;
use super::terminal::Terminal;
use super::text::{Meaning, Text};
use super::wording;
use crate::engine::{
    Answer, AttemptEnded, AttemptId, AttemptStarted, End, Event, LaneId, Role, Run, Verdict,
};
use crate::journal::Record;
use crate::runbook::{Action, BookId, OnDisconnect, PartId, StepId, StepKey, Used};
use crate::session::{Clock, Notice, Observer, Stream};
use crate::value::spoken;

/// After this many seconds without output the spinner turns, or a line says that a command runs.
const QUIET: f64 = 1.0;
const QUIET_LINE: f64 = 3.0;

/// How much of the output of a check is held back, in bytes. Its whole output is one identity.
const MOST_HELD: usize = 4096;

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
}

/// A command that runs.
struct Running {
    lane: LaneId,
    /// Whether others run beside it, or did.
    beside: bool,
    step: Option<StepId>,
    role: Role,
    /// What it is for, where nothing above its output says so.
    unsaid: Option<&'static str>,
    target: String,
    on_disconnect: OnDisconnect,
    gutter: Gutter,
    started: f64,
    printed: f64,
    told: bool,
    /// The command and its output, of a check that is shown only if it fails.
    held: Option<Held>,
    watched: Watched,
    way: Way,
    /// When it is killed, if it is being stopped.
    killed_at: Option<f64>,
}

/// Since when a command has been watched.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Watched {
    FromItsStart,
    /// It ran before; how long is not known here.
    FromNow,
}

/// When a command was shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Said {
    Before,
    Now,
}

/// What is shown only if it turns out to matter.
struct Held {
    shown: String,
    output: Vec<(Stream, Vec<u8>)>,
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
        }
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
            && let heading = part_title(&part, run)
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
        self.step_line(key, title, run, before);
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
        self.step_line(key, &title, run, 0);
    }

    fn heading(&mut self, title: &str) {
        self.terminal.blank();
        self.terminal.line(&Text::of(Meaning::Heading, title));
        self.headed = true;
    }

    fn step_line(&self, key: StepKey, title: &str, run: &Run, before: u32) {
        let step = run.plan().runbook.step(key);
        let mut left =
            Text::of(Meaning::Dim, format!("{:>2}  ", step.number)).add(Meaning::Heading, title);
        if before > 0 {
            left = left.add(Meaning::Dim, format!(" ({} time)", ordinal(before + 1)));
        }
        let right = match &step.action {
            Action::Run(run) => wording::effect_text(run.effect),
            _ => Text::new(),
        };
        self.terminal.line_with_right(&left, &right);
        for rule in &step.never {
            super::card::field(&self.terminal, "never", Meaning::Never, rule);
        }
    }

    fn enter_part(&mut self, part: &PartId, run: &Run) {
        if self.part == *part {
            return;
        }
        self.part = part.clone();
        self.heading(&part_title(part, run));
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
                gutter: Gutter::new(self.terminal.clone()),
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

    /// A command of an earlier walk, whose end is waited for.
    fn waits_for(&mut self, attempt: AttemptId, run: &Run) {
        let now = self.clock.monotonic();
        let runbook = &run.plan().runbook;
        let waited = Running {
            lane: LaneId::MAIN,
            beside: false,
            step: run.current().map(|key| runbook.step(key).id.clone()),
            role: Role::Main,
            unsaid: None,
            target: String::new(),
            on_disconnect: OnDisconnect::Finish,
            gutter: Gutter::new(self.terminal.clone()),
            started: now,
            printed: now,
            told: false,
            held: None,
            watched: Watched::FromNow,
            way: Way::Foreground,
            killed_at: None,
        };
        self.running.insert(attempt, waited);
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
                let how = match ended.end {
                    End::Interrupted { .. } => "is stopped",
                    _ => "has ended early",
                };
                self.beside(running.step.as_ref(), Meaning::Warning, how);
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
                if now - running.printed >= QUIET && !running.gutter.is_open() {
                    self.terminal.spinner().draw(&words);
                }
            } else if now - running.started >= QUIET_LINE && !running.told {
                running.told = true;
                running.gutter.finish();
                self.terminal.line(&Text::plain("    ").add(Meaning::Dim, words));
            }
        } else if !followed.is_empty() {
            let words = format!("{} running", wording::count(followed.len(), "command"));
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

    fn answered(&self, step: Option<&StepId>, answer: &Answer, run: &Run) {
        if let Some(text) = answered::words(step, answer, run) {
            let arrow = self.terminal.glyph("→ ", "-> ");
            let line = Text::of(Meaning::Dim, format!("    {arrow}{text}"));
            self.terminal.indented(&line, 2);
        }
    }
}

impl Running {
    fn prints(&mut self, stream: Stream, bytes: &[u8]) {
        let Some(held) = &mut self.held else {
            return self.gutter.push(stream, bytes);
        };
        let so_far: usize = held.output.iter().map(|(_, bytes)| bytes.len()).sum();
        let room = MOST_HELD.saturating_sub(so_far).min(bytes.len());
        held.output.push((stream, bytes[..room].to_vec()));
    }

    /// `running 12 s, usually 4 s`, or how long it has until it is killed.
    fn words(&self, now: f64, usual: Option<u64>) -> String {
        if let Some(killed_at) = self.killed_at {
            return format!("stopping, killed in {}", spoken(millis(killed_at - now)));
        }
        let running = spoken(millis(now - self.started) / 1000 * 1000);
        if self.watched == Watched::FromNow {
            return format!("waiting for its end, {running}");
        }
        match usual {
            None => format!("running {running}"),
            Some(usual) => format!("running {running}, usually {}", spoken(usual)),
        }
    }
}

/// The heading of a part.
fn part_title(part: &PartId, run: &Run) -> String {
    let runbook = run.plan().runbook.book(part.book());
    match part.own() {
        PartId::Main | PartId::Of(..) if part.book() != BookId::MAIN => {
            runbook.title.preview(&*run.facts(), &|reference| format!("‹{reference}›"))
        }
        PartId::Main | PartId::Of(..) => "Back on the main line".to_owned(),
        PartId::Finally => "Finally".to_owned(),
        PartId::Procedure(name) => wording::procedure(runbook, name, &*run.facts()),
    }
}

/// Seconds as whole milliseconds; none if the clock went back.
pub(super) fn millis(seconds: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a length of time in milliseconds, cut at nothing"
    )]
    let millis = (seconds.max(0.0) * 1000.0) as u64;
    millis
}

fn ordinal(number: u32) -> String {
    let ending = match (number % 10, number % 100) {
        (1, tens) if tens != 11 => "st",
        (2, tens) if tens != 12 => "nd",
        (3, tens) if tens != 13 => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

impl Observer for View {
    fn recorded(&mut self, record: &Record, run: &Run) {
        self.terminal.spinner().clear();
        match &record.event {
            Event::Answered { step, answer, .. } => {
                self.answered(step.as_ref(), answer, run);
                if let (Answer::WaitForEnd, Some(attempt)) = (answer, run.running().next()) {
                    self.waits_for(attempt, run);
                }
            }
            Event::AttemptEnded(ended) => self.ended(ended),
            Event::AttemptStarted(started) => self.started(started, run),
            Event::Paused { why } => outcome::paused(&self.terminal, why, run),
            Event::Resumed(resumed) => {
                header::resumed(&self.terminal, resumed, &self.known, run);
                self.undo_told = run.open_undo().len();
                self.here(run);
            }
            Event::RunFinished { outcome, failed, still_changed } => {
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
            Event::LaneOpened { lane, branch, .. } => {
                items::begins(&self.terminal, branch);
                let name = branch.item.as_ref().map(items::name);
                self.lanes.extend(name.map(|name| (*lane, name)));
            }
            Event::RunbookEntered { .. } => {}
            // What a person sees of these is the question or the step that follows.
            Event::LineEnded { .. } | Event::SurveyClosed | Event::WaitStarted { .. } => {}
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
            Notice::Ready { attempt } => self.ready(*attempt),
            Notice::Tick => self.tick(),
        }
    }
}

#[cfg(test)]
mod tests;
