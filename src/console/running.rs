//! A command that runs, as the live view follows it.

use super::gutter::Gutter;
use super::interactive::Way;
use super::text::Meaning;
use crate::engine::{AttemptEnded, End, LaneId, Role};
use crate::runbook::{OnDisconnect, StepId};
use crate::session::Stream;
use crate::value::spoken;

/// How much of the output of a check is held back, in bytes. Its whole output is one identity.
const MOST_HELD: usize = 4096;

/// A command that runs.
pub(super) struct Running {
    pub(super) lane: LaneId,
    /// Whether another command ran at the same time.
    pub(super) beside: bool,
    pub(super) step: Option<StepId>,
    pub(super) role: Role,
    /// What it is for, where nothing above its output says so.
    pub(super) unsaid: Option<&'static str>,
    pub(super) target: String,
    pub(super) on_disconnect: OnDisconnect,
    pub(super) gutter: Gutter,
    pub(super) started: f64,
    pub(super) printed: f64,
    pub(super) told: bool,
    /// The command and its output, of a check that is shown only if it fails.
    pub(super) held: Option<Held>,
    pub(super) watched: Watched,
    pub(super) way: Way,
    /// When it is killed, if it is being stopped.
    pub(super) killed_at: Option<f64>,
}

/// Since when a command has been watched.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Watched {
    FromItsStart,
    /// It ran before; how long is not known here.
    FromNow,
}

/// What is shown only if it turns out to matter.
pub(super) struct Held {
    pub(super) shown: String,
    pub(super) output: Vec<(Stream, Vec<u8>)>,
}

impl Running {
    /// A command that an earlier process started.
    pub(super) fn found(gutter: Gutter, step: Option<StepId>, way: Way, now: f64) -> Self {
        Self {
            lane: LaneId::MAIN,
            beside: false,
            step,
            role: Role::Main,
            unsaid: None,
            target: String::new(),
            on_disconnect: OnDisconnect::Finish,
            gutter,
            started: now,
            printed: now,
            told: false,
            held: None,
            watched: Watched::FromNow,
            way,
            killed_at: None,
        }
    }

    /// How the end of a background command is told. One that was stopped because the walk was left
    /// is no failure: it is started again, and nothing more is said.
    pub(super) fn ended_beside(ended: &AttemptEnded) -> (Meaning, &'static str) {
        match (&ended.end, ended.recovered) {
            (End::Interrupted { .. }, true) => {
                (Meaning::Plain, "was stopped when the walk was left; it is started again")
            }
            (End::Interrupted { .. }, false) => (Meaning::Warning, "is stopped"),
            _ => (Meaning::Warning, "has ended early"),
        }
    }

    /// Shows what it prints, or holds it back.
    pub(super) fn prints(&mut self, stream: Stream, bytes: &[u8]) {
        let Some(held) = &mut self.held else {
            return self.gutter.push(stream, bytes);
        };
        let so_far: usize = held.output.iter().map(|(_, bytes)| bytes.len()).sum();
        let room = MOST_HELD.saturating_sub(so_far).min(bytes.len());
        held.output.push((stream, bytes[..room].to_vec()));
    }

    /// `running 12 s, usually 4 s`, or how long it has until it is killed.
    pub(super) fn words(&self, now: f64, usual: Option<u64>) -> String {
        if let Some(killed_at) = self.killed_at {
            return format!("stopping, killed in {}", left(killed_at, now));
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

/// How long it is until a moment, in whole seconds, so that a countdown reads evenly.
pub(super) fn left(moment: f64, now: f64) -> String {
    spoken(millis(moment - now).div_ceil(1000) * 1000)
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
