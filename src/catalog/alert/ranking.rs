//! Which runbooks answer an alert, the closest first, and why.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::super::index::Whereabouts;
use super::matching::{Closeness, closeness, matches};
use crate::plan::Alert;
use crate::runbook::Matcher;

/// A runbook, as far as alerts ask for it.
#[derive(Clone, Debug)]
pub struct Answering {
    /// Where it lies.
    pub lies: Whereabouts,
    /// Its id.
    pub id: String,
    /// Its service.
    pub service: Option<String>,
    /// Its title, as written.
    pub title: String,
    /// The matchers of each of the alerts it answers.
    pub rules: Vec<Vec<Matcher>>,
    /// When it was last walked.
    pub walked: Option<Timestamp>,
    /// Who did so and where, if that was somebody else.
    pub walked_by: Option<String>,
}

/// A runbook that answers an alert.
#[derive(Clone, Copy, Debug)]
pub struct Fitting<'a> {
    /// The runbook.
    pub answering: &'a Answering,
    /// The matchers that hold; of several alerts the closest.
    pub matchers: &'a [Matcher],
    /// How close that is.
    pub closeness: Closeness,
}

impl Answering {
    /// `service/id`, or the id alone.
    pub fn name(&self) -> String {
        match &self.service {
            Some(service) => format!("{service}/{}", self.id),
            None => self.id.clone(),
        }
    }
}

impl Fitting<'_> {
    /// Why the runbook answers the alert: the matchers that hold.
    pub fn why(&self) -> String {
        let matchers: Vec<String> = self.matchers.iter().map(ToString::to_string).collect();
        let service = if self.closeness.service > 0 { ", and the service is its own" } else { "" };
        match matchers.as_slice() {
            [] => format!("it answers every alert{service}"),
            some => format!("{}{service}", some.join(", ")),
        }
    }

    /// How close the answer is, in words.
    pub fn how_close(&self) -> String {
        let Closeness { equal, pattern, excluded, .. } = self.closeness;
        let counts = [(equal, "by value"), (pattern, "by pattern"), (excluded, "by exclusion")];
        let named = counts.iter().filter(|(count, _)| *count > 0);
        let named: Vec<String> = named.map(|(count, how)| format!("{count} {how}")).collect();
        match named.as_slice() {
            [] => "names no label".to_owned(),
            some => format!("names labels: {}", some.join(", ")),
        }
    }
}

/// The runbooks that answer an alert, the closest first. Of those that are equally close the one that was
/// walked last is the first; the others stand in the order of their names.
pub fn fitting<'a>(alert: &Alert, among: &'a [Answering]) -> Vec<Fitting<'a>> {
    let fits = among.iter().filter_map(|answering| {
        let matching = answering.rules.iter().filter(|rule| matches(rule, &alert.labels));
        let service = answering.service.as_deref();
        let close = matching.map(|rule| (closeness(rule, service, &alert.labels), rule));
        // Of rules that are equally close the first.
        let (closeness, matchers) =
            close.reduce(|best, next| if next.0 > best.0 { next } else { best })?;
        Some(Fitting { answering, matchers, closeness })
    });
    let mut fits: Vec<Fitting<'a>> = fits.collect();
    fits.sort_by_cached_key(|fit| {
        let Answering { walked, lies, .. } = fit.answering;
        (Reverse((fit.closeness, *walked)), fit.answering.name(), lies.to_string())
    });
    fits
}

#[cfg(test)]
mod tests {
    use super::super::matching::tests::{all, labels};
    use super::*;
    use crate::runbook::MatchOperator::{Equal, Matches, NotEqual};

    fn answering(id: &str, service: Option<&str>, rules: Vec<Vec<Matcher>>) -> Answering {
        Answering {
            lies: Whereabouts::of_file(format!("{id}.yaml").into()),
            id: id.to_owned(),
            service: service.map(str::to_owned),
            title: id.to_owned(),
            rules,
            walked: None,
            walked_by: None,
        }
    }

    #[test]
    fn the_more_specific_runbook_comes_first_and_says_why() {
        let among = [
            answering("any", None, vec![all(&[("severity", NotEqual, "none")])]),
            answering("b", None, vec![all(&[("alertname", Equal, "Disk")])]),
            answering("a", None, vec![all(&[("alertname", Equal, "Disk")])]),
            answering("web", Some("shop"), vec![all(&[("alertname", Equal, "Disk")])]),
            answering("pattern", None, vec![all(&[("alertname", Matches, "D.*")])]),
            answering("other", None, vec![all(&[("alertname", Equal, "Other")])]),
            answering(
                "host",
                None,
                vec![
                    all(&[("alertname", Equal, "Disk")]),
                    all(&[("alertname", Equal, "Disk"), ("host", Equal, "w")]),
                ],
            ),
            answering("none", None, Vec::new()),
        ];
        let mut among = among;
        let pairs = [("alertname", "Disk"), ("host", "w"), ("service", "shop")];
        let alert = Alert { labels: labels(&pairs), ..Alert::default() };
        let found = fitting(&alert, &among);
        let names: Vec<String> = found.iter().map(|fit| fit.answering.name()).collect();
        assert_eq!(names, ["host", "shop/web", "a", "b", "pattern", "any"]);
        assert_eq!(found[0].why(), "alertname=\"Disk\", host=\"w\"");
        assert_eq!(found[0].how_close(), "names labels: 2 by value");
        assert_eq!(found[1].why(), "alertname=\"Disk\", and the service is its own");
        assert_eq!(found[5].how_close(), "names labels: 1 by exclusion");
        assert_eq!(found[2].closeness, found[3].closeness);
        // The second of those that are equally close.
        among[1].walked = Some(Timestamp::UNIX_EPOCH);
        let found = fitting(&alert, &among);
        let names: Vec<String> = found.iter().map(|fit| fit.answering.name()).collect();
        assert_eq!(names, ["host", "shop/web", "b", "a", "pattern", "any"]);
    }
}
