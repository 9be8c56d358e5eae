//! The exchange with the team's records: what waits is delivered, and what others delivered is read.
//! Put together from settings, for whoever asks for it: `records sync`, or `sync` beside the sources.

use std::time::Duration;

use super::Context;
use super::agreement::{programs, signers};
use super::exit::Exit;
use super::failure::Failure;
use super::past::ago;
use crate::catalog::{Delivered, Errand, PlaceFailed, RecordsIndex as Index, TeamRecords};
use crate::effects::SystemClock;
use crate::journal::{Holder, LockFailed, Store};
use crate::process::{Conversation, KeyPrograms, Watch};
use crate::session::Clock as _;
use crate::settings::Settings;
use crate::signing::{Scratch, Signers, Standing};

/// What is needed for it.
pub(crate) struct Exchange<'a> {
    context: &'a Context,
    team: TeamRecords,
    store: Store,
    programs: KeyPrograms,
    signers: Option<Signers>,
    scratch: Scratch,
    patience: Duration,
}

/// What came of it.
pub(crate) struct Exchanged {
    pub(crate) delivered: Delivered,
    pub(crate) index: Index,
}

/// Why there was none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotExchanged {
    /// Another process is at it, and took too long.
    #[error("another sync of them is under way{}", by(.0.as_ref()))]
    Held(Option<Holder>),
    /// The lock cannot be had.
    #[error(transparent)]
    Lock(LockFailed),
    /// The place cannot be used now.
    #[error(transparent)]
    Place(#[from] PlaceFailed),
}

fn by(holder: Option<&Holder>) -> String {
    holder.map(|holder| format!(" (process {})", holder.pid)).unwrap_or_default()
}

impl<'a> Exchange<'a> {
    /// Makes ready for an exchange with a team's records; a place that tells nothing for so long is
    /// given up.
    pub(crate) fn with(
        team: TeamRecords,
        settings: &Settings,
        patience: Duration,
        context: &'a Context,
    ) -> Result<Self, Failure> {
        let programs = programs(context);
        let list = signers(context, settings)?;
        // A list that cannot be read vouches for nobody; `doctor` tells of it.
        let signers = list.and_then(|list| Signers::read(&list, &programs.path).ok());
        let scratch = Scratch::below(&context.settings.emergency)
            .map_err(|error| Failure::from_error(Exit::Failed, &error))?;
        let store = context.store()?;
        Ok(Self { context, team, store, programs, signers, scratch, patience })
    }

    /// The team's records.
    pub(crate) fn team(&self) -> &TeamRecords {
        &self.team
    }

    /// Delivers what waits and reads what is there. It may be ended at any time.
    pub(crate) fn run(&self, watch: &dyn Watch) -> Result<Exchanged, NotExchanged> {
        let own = &self.context.settings;
        let responder = &own.responder.name;
        let holder = Holder {
            pid: std::process::id(),
            host: own.host.clone(),
            by: responder.clone(),
            run: "sync of records".to_owned(),
        };
        let turn = self.team.turn(&self.store, &holder, self.patience, watch);
        let _turn = turn.map_err(|error| match error {
            LockFailed::Held { holder, .. } => NotExchanged::Held(holder),
            failed @ LockFailed::Failed(_) => NotExchanged::Lock(failed),
        })?;
        let standing = Standing {
            signers: self.signers.as_ref(),
            programs: &self.programs,
            scratch: &self.scratch,
        };
        let (environment, patience) = (&own.environment, self.patience);
        let errand = Errand {
            store: &self.store,
            git: Conversation { environment, patience, watch },
            who: responder,
            now: SystemClock::start().now(),
            standing: &standing,
        };
        let (delivered, index) = self.team.sync(&errand)?;
        Ok(Exchanged { delivered, index })
    }

    /// What to know when there was none: nothing is lost by it.
    pub(crate) fn hint(&self, why: &NotExchanged) -> String {
        if let NotExchanged::Held(_) = why {
            return "what waits is delivered by the other one, too".to_owned();
        }
        let read = match self.team.state().read {
            Some(read) => format!("the team's records are those of {}", ago(read)),
            None => "the team's records were never read".to_owned(),
        };
        format!("what waits stays in the outbox, and {read}")
    }
}

impl NotExchanged {
    /// What tells scripts of it.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Held(_) => Exit::Held,
            Self::Lock(_) => Exit::Unrecorded,
            Self::Place(_) => Exit::Failed,
        }
    }
}

impl Exchanged {
    /// How many runs went there, and how many are there.
    pub(crate) fn summary(&self) -> String {
        let (delivered, there) = (self.delivered.runs.len(), self.index.good().count());
        let what = if delivered == 1 { "run" } else { "runs" };
        let text = format!("{delivered} {what} delivered, {there} there");
        match self.index.bad().count() {
            0 => text,
            bad => format!("{text}, {bad} not taken (surefoot history --team lists them)"),
        }
    }

    /// What the user should know of what was delivered: sentences.
    pub(crate) fn warnings(&self, team: &TeamRecords) -> Vec<String> {
        let Delivered { reduced, unreadable, replaced, .. } = &self.delivered;
        let replaced = replaced.then(|| {
            let place = team.place();
            format!(
                "{place} is not what it was before: all runs of this machine were looked for anew."
            )
        });
        let reduced =
            reduced.iter().map(|(run, why)| format!("{run} went there as a summary only: {why}"));
        let unreadable = unreadable
            .iter()
            .map(|run| format!("{run} cannot be read and stays here: surefoot verify {run}"));
        replaced.into_iter().chain(reduced).chain(unreadable).collect()
    }
}
