//! Alerts as commands are given them: from a file, from standard input or from what was heard of; how
//! they are told, and what they make of the inputs of a runbook.

use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use super::Context;
use super::ages::Ages;
use super::asking::pick;
use super::catalogue::catalogue;
use super::exit::Exit;
use super::failure::Failure;
use super::inputs;
use super::past::{ago, last_walks};
use crate::catalog::{
    AlertState, Answering, Brought, FiredStore, Gathered, MOST_ALERT_BYTES, Notification, Received,
    brought, gather, matches, read_notification,
};
use crate::console::{Meaning, Text};
use crate::effects::SystemClock;
use crate::plan::{Alert, Origin};
use crate::runbook::{Input, Presence, Runbook, Secrecy};
use crate::session::Clock as _;

/// The shortest beginning of a fingerprint that names an alert.
const SHORTEST_PART: usize = 4;

/// What becomes of an input when an alert is given.
pub(crate) enum Filled {
    /// The alert fills it.
    By {
        /// The value, as it is shown.
        value: String,
        /// Where it comes from.
        from: String,
    },
    /// The alert should fill it, and does not.
    Not(String),
}

/// The alerts that are named: by a file, by `-`, or by what was heard of.
pub(crate) fn received(named: &Path, context: &Context) -> Result<Notification, Failure> {
    let bytes = if named.as_os_str() == "-" {
        read_standard_input(context)
    } else {
        match std::fs::File::open(named) {
            Ok(file) => limited(file),
            Err(error) => match remembered(named, context) {
                Some(notification) => return Ok(notification),
                None => Err(error),
            },
        }
    };
    let bytes = bytes.map_err(|error| {
        let message = format!("failed to read the alert {}: {error}", named.display());
        let failure = Failure::new(Exit::Usage, message);
        failure.hint("an alert is a file, `-`, or the name or fingerprint of one that was heard of")
    })?;
    let notification = read_notification(&bytes);
    let notification = notification.map_err(|error| Failure::from_error(Exit::Usage, &error))?;
    tell_left_out(&notification, context);
    Ok(notification)
}

/// Says which alerts are left out of a notification, and why.
pub(crate) fn tell_left_out(notification: &Notification, context: &Context) {
    const MOST: usize = 3;
    let say = |text: String| context.terminal.line(&Text::of(Meaning::Warning, text));
    for why in notification.left_out.iter().take(MOST) {
        say(format!("An alert is left out: {why}."));
    }
    let more = notification.left_out.len().saturating_sub(MOST);
    if more > 0 {
        say(format!("And {more} more are left out."));
    }
}

/// Alerts that were heard of, by the beginning of a fingerprint or by their name.
fn remembered(named: &Path, context: &Context) -> Option<Notification> {
    let (Some(wanted), Some(state)) = (named.to_str(), context.settings.state.as_deref()) else {
        return None;
    };
    let fired = FiredStore::new(state).fired(SystemClock::start().now());
    let all = || fired.iter().map(|fired| &fired.received);
    let by_print =
        |it: &&Received| wanted.len() >= SHORTEST_PART && it.fingerprint().starts_with(wanted);
    let mut alerts: Vec<Received> = all().filter(by_print).cloned().collect();
    if alerts.is_empty() {
        alerts = all().filter(|it| it.name() == wanted).cloned().collect();
    }
    let left_out = Vec::new();
    (!alerts.is_empty()).then_some(Notification { alerts, truncated: 0, left_out })
}

/// The runbooks that may answer alerts: those that are named, else all that this machine knows. Without
/// an index, those of the repository around here. And when what was fetched of them counts as old.
pub(crate) fn gathered(
    paths: &[PathBuf],
    alerts: &[Received],
    context: &Context,
) -> (Gathered, Ages) {
    if paths.is_empty()
        && let Ok(mut catalogue) = catalogue(context)
    {
        let labels = alerts.iter().map(|received| &received.alert.labels);
        let here = &context.settings.here;
        if let Ok(gathered) = Gathered::of_index(&mut catalogue.index, labels, here) {
            return (gathered, catalogue.ages);
        }
    }
    let mut gathered = gather(paths, &context.settings.here);
    let walks = context.store().map(|store| last_walks(&store)).unwrap_or_default();
    for answering in &mut gathered.answering {
        let name = (answering.service.clone(), answering.id.clone());
        answering.walked = walks.get(&name).copied();
    }
    (gathered, Ages::read(context))
}

#[expect(clippy::disallowed_methods, reason = "data that was asked for by `-`")]
fn read_standard_input(context: &Context) -> std::io::Result<Vec<u8>> {
    let input = std::io::stdin();
    if input.is_terminal() {
        let text = "Paste the alert as Alertmanager sends it, then Ctrl-D on a line of its own.";
        context.terminal.line(&Text::of(Meaning::Hint, text));
    }
    limited(input)
}

/// No more than can be an alert is ever held.
fn limited(from: impl std::io::Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MOST_ALERT_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The alert for a runbook that was named, if one is given: of several, those that it answers; of
/// these, the one that is chosen.
pub(crate) fn alert_for(
    named: Option<&PathBuf>,
    runbook: &Runbook,
    context: &Context,
) -> Result<Option<Alert>, Failure> {
    let Some(named) = named else { return Ok(None) };
    let notification = received(named, context)?;
    let firing = notification.firing();
    let firing = firing.map_err(|error| Failure::from_error(Exit::Usage, &error))?;
    let answers = |it: &&Received| {
        runbook.alerts.iter().any(|rule| matches(&rule.matchers, &it.alert.labels))
    };
    let mut meant: Vec<&Received> = firing.iter().copied().filter(answers).collect();
    if meant.is_empty() {
        meant = firing;
    }
    one_of(&meant, runbook, context).map(Some)
}

/// The one alert of several that is meant. Those that bring the same inputs are the same to a runbook.
pub(crate) fn one_of(
    alerts: &[&Received],
    runbook: &Runbook,
    context: &Context,
) -> Result<Alert, Failure> {
    let brings = |it: &Received| -> Vec<Option<Brought>> {
        let names = runbook.inputs.iter().map(|input| &input.name);
        names.map(|name| brought(&runbook.alerts, name, &it.alert)).collect()
    };
    let first = alerts.first().expect("an alert fires");
    if alerts.iter().all(|other| brings(other) == brings(first)) {
        return Ok(first.alert.clone());
    }
    let lines: Vec<Text> = alerts.iter().map(|it| Text::plain(described(it))).collect();
    let question = format!("{} alerts fire that {} answers. Which one?", lines.len(), runbook.id);
    if let Some(place) = pick(context, &question, &lines)? {
        return Ok(alerts[place].alert.clone());
    }
    let described: Vec<String> = alerts.iter().map(|it| described(it)).collect();
    let message = format!(
        "{} alerts fire, which bring different inputs; nothing was run:\n{}",
        alerts.len(),
        described.join("\n")
    );
    let failure = Failure::new(Exit::PersonNeeded, message);
    Err(failure.hint("give one of them alone, or the inputs with --set"))
}

/// An alert and since when it fires.
pub(crate) fn headline(received: &Received) -> Text {
    let since = received.since.map(|since| format!(", began {}", ago(since)));
    let state = received.state.name();
    let meaning = match received.state {
        AlertState::Resolved => Meaning::Good,
        _ => Meaning::Warning,
    };
    Text::of(Meaning::Heading, name_of(received))
        .add(Meaning::Plain, "  ")
        .add(meaning, state)
        .add(Meaning::Plain, since.unwrap_or_default())
        .add(Meaning::Dim, format!("  {}", other_labels(received)))
}

/// What an alert is called, for people.
pub(crate) fn name_of(received: &Received) -> &str {
    match received.name() {
        "" => "an alert without a name",
        name => name,
    }
}

/// An alert by its name and its other labels.
pub(crate) fn described(received: &Received) -> String {
    match other_labels(received).as_str() {
        "" => name_of(received).to_owned(),
        labels => format!("{} {labels}", name_of(received)),
    }
}

/// All labels of an alert but its name, as far as a line has room for them.
pub(crate) fn other_labels(received: &Received) -> String {
    const MOST: usize = 200;
    let labels = received.alert.labels.iter().filter(|(name, _)| *name != "alertname");
    let labels: Vec<String> = labels.map(|(name, value)| format!("{name}={value}")).collect();
    let labels = labels.join(" ");
    match labels.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &labels[..end]),
        None => labels,
    }
}

/// What an alert makes of the inputs of a runbook: those that it fills, and those that it should fill
/// and does not.
pub(crate) fn filled<'a>(runbook: &'a Runbook, alert: &Alert) -> Vec<(&'a Input, Filled)> {
    let open = runbook.inputs.iter().filter(|input| matches!(input.secrecy, Secrecy::Open));
    let filled = open.filter_map(|input| {
        let filled = match brought(&runbook.alerts, &input.name, alert)? {
            Brought::Nothing { why } => Filled::Not(why),
            Brought::Text { text, from } => match inputs::checked(input, &text, Origin::Alert) {
                Ok(_) => {
                    let from = from.to_string();
                    let from = from.strip_prefix("alert.").unwrap_or(&from).to_owned();
                    Filled::By { value: text, from }
                }
                Err(why) => Filled::Not(why),
            },
        };
        Some((input, filled))
    });
    filled.collect()
}

/// The inputs that a person is asked for all the same.
pub(crate) fn left(runbook: &Runbook, filled: &[(&Input, Filled)]) -> Vec<String> {
    let by_alert = |input: &Input| {
        let found = filled.iter().find(|(other, _)| other.name == input.name);
        found.is_some_and(|(_, filled)| matches!(filled, Filled::By { .. }))
    };
    let required = runbook.inputs.iter().filter(|input| input.presence == Presence::Required);
    let asked = required.filter(|input| input.default.is_none() && !by_alert(input));
    asked.map(|input| input.name.to_string()).collect()
}

/// The runbook of an answer, loaded once more for its inputs.
pub(crate) fn runbook_of(answering: &Answering, context: &Context) -> Option<Runbook> {
    let located =
        answering.lies.open(context.neighbours(), &context.settings.search_path()).ok()?;
    located.file.load_in(&answering.lies.to_string(), &located.folder).1.runbook
}

/// Which mirror a runbook comes from, and how old what that holds is; nothing of a file.
pub(crate) fn fetched_from(answering: &Answering, ages: Ages) -> Option<Text> {
    let (source, at) = answering.lies.fetched()?;
    let from = Text::of(Meaning::Dim, format!("from {source}, "));
    Some(from.join(ages.said(at).dimmed()))
}
