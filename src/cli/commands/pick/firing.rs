//! What fires, as `surefoot` alone offers it: each alert with the runbook that answers it best and the
//! inputs that it fills.

use crate::catalog::{FiredStore, Fitting, Gathered, Index, Received, Whereabouts, fitting};
use crate::cli::Context;
use crate::cli::ages::Ages;
use crate::cli::alerts::{Filled, fetched_from, filled, headline, left, runbook_of};
use crate::console::{Key, Meaning, Offer, Preview, Text};
use crate::effects::SystemClock;
use crate::session::Clock as _;

/// So many alerts are offered.
const MOST: usize = 5;

/// An alert that fires.
pub(super) struct Firing {
    pub(super) fingerprint: String,
    /// Where the runbook lies that answers it best, if there is only one.
    pub(super) lies: Option<Whereabouts>,
    /// What it is called, and what is known of it.
    offer: Offer,
    preview: Preview,
}

impl Firing {
    /// What was heard of and fires, the latest first.
    pub(super) fn all(index: &mut Index, context: &Context) -> Vec<Self> {
        let Some(state) = &context.settings.state else { return Vec::new() };
        let mut fired = FiredStore::new(state).fired(SystemClock::start().now());
        fired.truncate(MOST);
        let alerts: Vec<Received> = fired.into_iter().map(|fired| fired.received).collect();
        let labels = alerts.iter().map(|it| &it.alert.labels);
        let gathered = Gathered::of_index(index, labels, &context.settings.here);
        let gathered = gathered.unwrap_or_default();
        alerts.iter().map(|received| Self::of(received, &gathered, context)).collect()
    }

    fn of(received: &Received, gathered: &Gathered, context: &Context) -> Self {
        let fits = fitting(&received.alert, &gathered.answering);
        let equal = fits.iter().filter(|fit| fit.closeness == fits[0].closeness).count();
        let best = fits.first();
        let answer = match (best, equal) {
            (None, _) => "no runbook answers it".to_owned(),
            (Some(best), 1) => format!("{}  {}", best.answering.name(), best.answering.title),
            (Some(_), several) => format!("{several} runbooks answer it"),
        };
        let name = match received.name() {
            "" => "an alert without a name",
            name => name,
        };
        let fingerprint = received.fingerprint();
        let mut lines = vec![headline(received)];
        for fit in fits.iter().take(equal) {
            lines.extend(told(received, fit, context));
        }
        Self {
            lies: best.filter(|_| equal == 1).map(|fit| fit.answering.lies.clone()),
            offer: Offer {
                key: Key::Alert(fingerprint.clone()),
                name: name.to_owned(),
                title: format!("({}) {answer}", received.state.name()),
            },
            preview: Preview { lines },
            fingerprint,
        }
    }

    pub(super) fn offer(&self) -> Offer {
        self.offer.clone()
    }

    pub(super) fn preview(&self) -> Preview {
        self.preview.clone()
    }

    /// What is compared with what is typed.
    pub(super) fn text(&self) -> String {
        format!("alert {} {}", self.offer.name, self.offer.title)
    }
}

/// A runbook for an alert: why it is, and its inputs.
fn told(received: &Received, fit: &Fitting<'_>, context: &Context) -> Vec<Text> {
    let answering = fit.answering;
    let mut lines = vec![
        Text::of(Meaning::Value, answering.name())
            .add(Meaning::Plain, format!("  because {}", fit.why())),
    ];
    lines.extend(fetched_from(answering, Ages::read(context)));
    if let Some(runbook) = runbook_of(answering, context) {
        let inputs = filled(&runbook, &received.alert);
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
