//! Whether this machine is ready: what is looked at, and what is found. Nothing is changed, nobody
//! elsewhere is asked, no secret is read, and no command of a runbook runs unless the user says so and
//! trusts the runbook.

mod machine;
mod needs;
mod people;
mod places;
mod runbooks;
mod walks;

use serde::Serialize;

use super::Context;
use super::failure::Failure;

/// What was found out about one thing.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    /// The group that it belongs to.
    pub(crate) area: &'static str,
    /// What was looked at.
    pub(crate) what: String,
    /// How it is.
    pub(crate) state: State,
    /// What was found.
    pub(crate) found: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) advice: Option<String>,
}

/// How something is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// As it should be, as far as can be told.
    Ok,
    /// A shift can begin, and something will be in the way.
    Warning,
    /// It is not there, or cannot be used.
    Missing,
    /// Only a command could tell, and it was not run.
    NotRun,
}

/// Which commands of runbooks may run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Commands {
    /// None.
    None,
    /// Those of runbooks that are trusted.
    OfTrusted,
}

/// What is found in one group.
struct Findings {
    area: &'static str,
    found: Vec<Finding>,
}

impl Findings {
    fn of(area: &'static str) -> Self {
        Self { area, found: Vec::new() }
    }

    fn add(&mut self, state: State, what: &str, found: impl AsRef<str>, advice: Option<String>) {
        let (what, found) = (what.to_owned(), found.as_ref().to_owned());
        self.found.push(Finding { area: self.area, what, state, found, advice });
    }

    fn ok(&mut self, what: &str, found: impl AsRef<str>) {
        self.add(State::Ok, what, found, None);
    }

    fn warning(&mut self, what: &str, found: impl AsRef<str>, advice: impl AsRef<str>) {
        self.add(State::Warning, what, found, Some(advice.as_ref().to_owned()));
    }

    fn missing(&mut self, what: &str, found: impl AsRef<str>, advice: impl AsRef<str>) {
        self.add(State::Missing, what, found, Some(advice.as_ref().to_owned()));
    }
}

/// Looks at everything.
pub(crate) fn look(
    reference: Option<&str>,
    commands: Commands,
    context: &Context,
) -> Result<Vec<Finding>, Failure> {
    let mut found = machine::look(context);
    let (of_settings, settings) = places::settings(context);
    found.extend(of_settings);
    found.extend(people::look(settings.as_ref(), context));
    if let Some(settings) = &settings {
        found.extend(places::look(settings, context));
    }
    found.extend(places::runs(context));
    found.extend(needs::look(reference, commands, settings.as_ref(), context)?);
    Ok(found)
}
