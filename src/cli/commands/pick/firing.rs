//! What fires, as `surefoot` alone offers it: each alert with the runbook that answers it best and the
//! inputs that it fills.

use crate::catalog::{Answering, FiredStore, Fitting, Gathered, Index, Received, fitting};
use crate::cli::Context;
use crate::cli::ages::Ages;
use crate::cli::alerts::{
    Filled, fetched_from, filled, headline, left, name_of, other_labels, runbook_of,
};
use crate::console::{Key, Meaning, Offer, Preview, Text};
use crate::effects::SystemClock;
use crate::session::Clock as _;

/// An alert that fires.
pub(super) struct Firing {
    received: Received,
    pub(super) fingerprint: String,
    /// The runbooks that answer it best, each with the reason.
    best: Vec<(Answering, String)>,
}

impl Firing {
    /// What was heard of and fires: what a runbook answers before what none does, and then the latest
    /// first.
    pub(super) fn all(index: &mut Index, context: &Context) -> Vec<Self> {
        let Some(state) = &context.settings.state else { return Vec::new() };
        let fired = FiredStore::new(state).fired(SystemClock::start().now());
        let labels = fired.iter().map(|fired| &fired.received.alert.labels);
        let gathered = Gathered::of_index(index, labels, &context.settings.here);
        let gathered = gathered.unwrap_or_default();
        let mut all: Vec<Self> =
            fired.into_iter().map(|fired| Self::of(fired.received, &gathered)).collect();
        all.sort_by_key(|firing| firing.best.is_empty());
        all
    }

    fn of(received: Received, gathered: &Gathered) -> Self {
        let fits = fitting(&received.alert, &gathered.answering);
        let best = fits.iter().take_while(|fit| fit.closeness == fits[0].closeness);
        let best = best.map(|fit: &Fitting<'_>| (fit.answering.clone(), fit.why())).collect();
        Self { fingerprint: received.fingerprint(), received, best }
    }

    /// The runbook that answers it best, if there is only one.
    pub(super) fn answer(&self) -> Option<&Answering> {
        match self.best.as_slice() {
            [(only, _)] => Some(only),
            _ => None,
        }
    }

    pub(super) fn key(&self) -> Key {
        Key::Alert(self.fingerprint.clone())
    }

    /// Several of one name are told apart by their other labels.
    pub(super) fn offer(&self) -> Offer {
        let answer = match self.best.as_slice() {
            [] => "no runbook answers it".to_owned(),
            [(only, _)] => only.name(),
            several => format!("{} runbooks answer it", several.len()),
        };
        let (state, labels) = (self.received.state.name(), other_labels(&self.received));
        let name = name_of(&self.received).to_owned();
        Offer { key: self.key(), name, title: format!("({state}) {answer}  {labels}") }
    }

    /// Read when it is looked at: in a storm there are many.
    pub(super) fn preview(&self, context: &Context) -> Preview {
        let mut lines = vec![headline(&self.received)];
        let best = self.best.iter();
        lines.extend(best.flat_map(|(answering, why)| self.told(answering, why, context)));
        Preview { lines }
    }

    /// What is compared with what is typed.
    pub(super) fn text(&self) -> String {
        let titles = self.best.iter().map(|(answering, _)| answering.title.as_str());
        let Offer { name, title, .. } = self.offer();
        format!("alert {name} {title} {}", titles.collect::<Vec<_>>().join(" "))
    }

    /// A runbook for it: why it is, and its inputs.
    fn told(&self, answering: &Answering, why: &str, context: &Context) -> Vec<Text> {
        let name = format!("{}  {}", answering.name(), answering.title);
        let mut lines =
            vec![Text::of(Meaning::Value, name).add(Meaning::Plain, format!("  because {why}"))];
        lines.extend(fetched_from(answering, Ages::read(context)));
        if let Some(runbook) = runbook_of(answering, context) {
            let inputs = filled(&runbook, &self.received.alert);
            let values = inputs.iter().filter_map(|(input, filled)| match filled {
                Filled::By { value, .. } => Some(format!("{} = {value}", input.name)),
                Filled::Not(_) => None,
            });
            let values: Vec<String> = values.collect();
            let left = left(&runbook, &inputs);
            for (what, names) in [("", values), ("asked for: ", left)] {
                if !names.is_empty() {
                    lines.push(Text::plain(format!("{what}{}", names.join(", "))));
                }
            }
        }
        lines
    }
}
