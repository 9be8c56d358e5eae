//! The runbook that answers an alert, where none was named: the closest is offered to whoever is there;
//! without a person it must be the only one.

use std::cmp::Reverse;
use std::path::Path;

use super::Context;
use super::alerts::{described, gathered, headline, one_of, received};
use super::asking::pick;
use super::exit::Exit;
use super::failure::Failure;
use super::open::{Opened, open_at};
use super::walk::{Asked, ask, attendance};
use crate::catalog::{AlertState, Closeness, Fitting, Gathered, Notification, Received, fitting};
use crate::console::{Echo, Meaning, Text};
use crate::plan::Alert;
use crate::policy::Attendance;

/// The runbook that answers an alert best, opened, and the alert: offered to whoever is there.
pub(crate) fn choose(named: &Path, context: &Context) -> Result<(Opened, Alert), Failure> {
    let notification = received(named, context)?;
    let (gathered, _) = gathered(&[], &notification.alerts, context);
    let pairs = pairs(&notification, &gathered, context)?;
    let best = pairs.iter().take_while(|pair| pair.rank() == pairs[0].rank());
    let best: Vec<&Pair<'_>> = best.collect();
    let chosen = match attendance() {
        Attendance::Attended => offer(&pairs, &best, context)?,
        Attendance::Unattended => only(&best)?,
    };
    let opened = open_at(&chosen.fitting.answering.lies, context)?;
    let alert = match attendance() {
        Attendance::Attended => chosen.received.alert.clone(),
        Attendance::Unattended => {
            let alerts: Vec<&Received> = best.iter().map(|pair| pair.received).collect();
            one_of(&alerts, &opened.runbook, context)?
        }
    };
    Ok((opened, alert))
}

/// An alert that fires with a runbook that answers it.
struct Pair<'a> {
    received: &'a Received,
    fitting: Fitting<'a>,
}

impl Pair<'_> {
    /// The place of the pair among others: what fires before what is suppressed, then the closest.
    fn rank(&self) -> (AlertState, Reverse<Closeness>) {
        (self.received.state, Reverse(self.fitting.closeness))
    }
}

/// All pairs of an alert that fires and a runbook that answers it, the closest first.
fn pairs<'a>(
    notification: &'a Notification,
    gathered: &'a Gathered,
    context: &Context,
) -> Result<Vec<Pair<'a>>, Failure> {
    let firing = notification.firing();
    let firing = firing.map_err(|error| Failure::from_error(Exit::Usage, &error))?;
    let pairs = firing.iter().flat_map(|received| {
        let fits = fitting(&received.alert, &gathered.answering).into_iter();
        fits.map(|fitting| Pair { received, fitting })
    });
    let mut pairs: Vec<Pair<'a>> = pairs.collect();
    pairs.sort_by_key(Pair::rank);
    tell_unknown(gathered, context);
    if pairs.is_empty() {
        let alerts: Vec<String> = firing.iter().take(5).map(|it| described(it)).collect();
        let message = format!("no runbook here answers {}", alerts.join("; "));
        let failure = Failure::new(Exit::Invalid, message);
        return Err(failure.hint("name the runbook: surefoot run REF --alert ..."));
    }
    Ok(pairs)
}

/// Says which runbooks could not be asked whether an alert is theirs.
pub(crate) fn tell_unknown(gathered: &Gathered, context: &Context) {
    let what = match gathered.unknown.as_slice() {
        [] => return,
        [one] => format!("{one} is invalid: it answers no alert."),
        [first, rest @ ..] => {
            let others = rest.len();
            format!("{first} and {others} more are invalid: they answer no alert.")
        }
    };
    let text = format!("{what} (surefoot check)");
    context.terminal.line(&Text::of(Meaning::Warning, text));
}

/// Without a person: the only runbook that is closest.
fn only<'a, 'b>(best: &[&'b Pair<'a>]) -> Result<&'b Pair<'a>, Failure> {
    let first = best[0];
    let path = |pair: &Pair<'_>| pair.fitting.answering.lies.to_string();
    if best.iter().all(|pair| path(pair) == path(first)) {
        return Ok(first);
    }
    let mut names: Vec<String> = best
        .iter()
        .map(|it| format!("{} ({})", it.fitting.answering.name(), it.fitting.why()))
        .collect();
    names.sort();
    names.dedup();
    let message =
        format!("several runbooks answer equally well; nothing was run:\n{}", names.join("\n"));
    let failure = Failure::new(Exit::PersonNeeded, message);
    Err(failure.hint("name the one that is meant: surefoot run REF --alert ..."))
}

/// Offers the closest runbook, or a list where several are equally close or the list is wanted.
fn offer<'a, 'b>(
    pairs: &'b [Pair<'a>],
    best: &[&'b Pair<'a>],
    context: &Context,
) -> Result<&'b Pair<'a>, Failure> {
    let declined = || Failure::new(Exit::PersonNeeded, "no runbook was chosen; nothing was run");
    let terminal = &context.terminal;
    if let [only] = best {
        terminal.line(&headline(only.received));
        for line in proposal(only) {
            terminal.indented(&Text::plain("  ").join(line), 2);
        }
        let all = match pairs.len() {
            1 => String::new(),
            count => format!(", or l to list all {count}"),
        };
        loop {
            match ask(context, &format!("Walk it? y or n{all}: "), Echo::Shown)? {
                Asked::Line(line) => match line.trim() {
                    "y" => return Ok(only),
                    "n" => return Err(declined()),
                    "l" if pairs.len() > 1 => break,
                    _ => {}
                },
                Asked::Nobody => return Err(declined()),
            }
        }
    }
    let lines: Vec<Text> = pairs.iter().map(line_of).collect();
    let place = pick(context, "Which one?", &lines)?;
    place.map(|place| &pairs[place]).ok_or_else(declined)
}

/// What a pair is, on one line.
fn line_of(pair: &Pair<'_>) -> Text {
    let Fitting { answering, .. } = pair.fitting;
    Text::of(Meaning::Value, answering.name())
        .add(Meaning::Plain, format!("  {}", answering.title))
        .add(Meaning::Dim, format!("  for {}", described(pair.received)))
}

/// The runbook of a pair, and why it is proposed.
fn proposal(pair: &Pair<'_>) -> [Text; 2] {
    let Fitting { answering, .. } = pair.fitting;
    [
        Text::of(Meaning::Value, answering.name())
            .add(Meaning::Plain, format!("  {}", answering.title))
            .add(Meaning::Dim, format!("  {}", answering.lies)),
        Text::plain(format!("because {}", pair.fitting.why())),
    ]
}
