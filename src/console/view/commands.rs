//! The commands that run, as the view shows them: what they print, how long they take, how they end.

use super::super::gutter::Gutter;
use super::super::interactive::{self, Way};
use super::super::result;
use super::super::running::{Held, Running, Watched, left};
use super::super::text::{Meaning, Text};
use super::super::wording;
use super::View;
use crate::engine::{AttemptEnded, AttemptId, AttemptStarted, Role, Run, Verdict};
use crate::runbook::{OnDisconnect, StepId, StepKey};
use crate::value::spoken;

/// After this many seconds without output the spinner turns, or a line says that a command runs.
const QUIET: f64 = 1.0;
const QUIET_LINE: f64 = 3.0;

/// When a command was shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Said {
    Before,
    Now,
}

impl View {
    pub(super) fn started(&mut self, started: &AttemptStarted, run: &Run) {
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

    /// A command of an earlier walk, which is followed again.
    pub(super) fn finds(&mut self, attempt: AttemptId, step: Option<StepKey>, way: Way, run: &Run) {
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
    pub(super) fn speaks(&mut self, attempt: AttemptId) {
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

    pub(super) fn ended(&mut self, ended: &AttemptEnded) {
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

    pub(super) fn tick(&mut self) {
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

    pub(super) fn stopping(&mut self, attempt: AttemptId, grace: u64) {
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
    pub(super) fn interrupted(&mut self, attempt: AttemptId) {
        self.terminal.spinner().clear();
        if let Some(running) = self.running.get_mut(&attempt) {
            running.gutter.finish();
        }
    }

    /// A background command is ready.
    pub(super) fn ready(&mut self, attempt: AttemptId) {
        let step = self.running.get(&attempt).and_then(|running| running.step.as_ref());
        self.beside(step, Meaning::Good, "is ready");
    }

    /// What became of a command that runs beside others.
    fn beside(&self, step: Option<&StepId>, meaning: Meaning, how: &str) {
        let name = step.map_or("the background command", |step| step.0.as_str());
        let mark = self.terminal.glyph("‖", "||");
        self.terminal.line(&Text::of(meaning, format!("    {mark} {name} {how}")));
    }

    pub(super) fn killing(&mut self, attempt: AttemptId) {
        if let Some(running) = self.running.get_mut(&attempt) {
            running.gutter.finish();
            running.killed_at = None;
            self.terminal.clear_line();
            let text = "Killing it and all it started.";
            self.terminal.line(&Text::plain("    ").add(Meaning::Bad, text));
        }
    }

    pub(super) fn suspending(&mut self) {
        for running in self.running.values_mut() {
            running.gutter.finish();
        }
        self.terminal.clear_line();
        self.suspended = Some(self.clock.monotonic());
    }

    /// The time in between is not the commands'.
    pub(super) fn continued(&mut self) {
        let now = self.clock.monotonic();
        let length = self.suspended.take().map_or(0.0, |suspended| now - suspended);
        for running in self.running.values_mut() {
            running.started += length;
            running.printed = now;
            running.killed_at = running.killed_at.map(|moment| moment + length);
        }
    }
}
