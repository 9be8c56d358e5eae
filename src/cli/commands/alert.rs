//! `surefoot alert`: the runbooks that answer alerts, and why. Without a file: what was heard of, with
//! the offer to walk what answers it.

mod print;

use crate::catalog::{FiredStore, Fitting, Gathered, Notification, Received, fitting};
use crate::cli::Context;
use crate::cli::alerts::{Filled, filled, gathered, left, received, runbook_of};
use crate::cli::answering::tell_unknown;
use crate::cli::args::{
    AlertArguments, InputArguments, ListFormat, ModeArgument, RunArguments, WalkingArguments,
};
use crate::cli::asking::pick;
use crate::cli::commands::run;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::walk::attendance;
use crate::console::{Meaning, Text};
use crate::effects::SystemClock;
use crate::policy::Attendance;
use crate::session::Clock as _;

/// An alert with the runbooks that answer it, the closest first.
struct Found<'a> {
    received: &'a Received,
    answers: Vec<Answer<'a>>,
}

/// A runbook that answers an alert, and what it makes of it.
struct Answer<'a> {
    fitting: Fitting<'a>,
    /// The inputs that the alert fills or should fill, by name.
    inputs: Vec<(String, Filled)>,
    /// The inputs that a person is asked for all the same.
    left: Vec<String>,
}

pub(crate) fn run(arguments: &AlertArguments, context: &Context) -> Result<Exit, Failure> {
    let notification = match &arguments.alert {
        Some(named) => received(named, context)?,
        None => heard(context)?,
    };
    let (gathered, ages) = gathered(&arguments.paths, &notification.alerts, context);
    let found: Vec<Found<'_>> =
        notification.alerts.iter().map(|received| find(received, &gathered, context)).collect();
    match arguments.format {
        ListFormat::Json => context.print(&print::json(&found, notification.truncated))?,
        ListFormat::Text if found.is_empty() => {
            context.print("Nothing that was heard of fires.\n")?;
        }
        ListFormat::Text => {
            let named = arguments.alert.as_deref();
            context.publish(&print::page(&found, notification.truncated, named, ages))?;
        }
    }
    tell_unknown(&gathered, context);
    if arguments.alert.is_none() && arguments.format == ListFormat::Text {
        if found.is_empty() {
            let text = "surefoot listen hears of alerts, if Alertmanager tells it.";
            context.terminal.line(&Text::of(Meaning::Hint, text));
        } else if let Some(exit) = offer(&found, context)? {
            return Ok(exit);
        }
    }
    let answered = found.is_empty() || found.iter().any(|found| !found.answers.is_empty());
    Ok(if answered { Exit::Done } else { Exit::Failed })
}

/// What was heard of and still fires.
fn heard(context: &Context) -> Result<Notification, Failure> {
    let fired = FiredStore::new(context.state()?).fired(SystemClock::start().now());
    let alerts = fired.into_iter().map(|fired| fired.received).collect();
    Ok(Notification { alerts, truncated: 0, left_out: Vec::new() })
}

fn find<'a>(received: &'a Received, gathered: &'a Gathered, context: &Context) -> Found<'a> {
    let fits = fitting(&received.alert, &gathered.answering);
    let answers = fits.into_iter().map(|fitting| {
        let runbook = runbook_of(fitting.answering, context);
        let (inputs, left) = runbook.map_or_else(Default::default, |runbook| {
            let filled = filled(&runbook, &received.alert);
            let left = left(&runbook, &filled);
            let named = filled.into_iter().map(|(input, filled)| (input.name.to_string(), filled));
            (named.collect(), left)
        });
        Answer { fitting, inputs, left }
    });
    Found { received, answers: answers.collect() }
}

/// Offers to walk one of the runbooks; nothing if nobody is there or wants it.
fn offer(found: &[Found<'_>], context: &Context) -> Result<Option<Exit>, Failure> {
    let pairs: Vec<_> = found
        .iter()
        .flat_map(|found| found.answers.iter().map(|answer| (found.received, answer)))
        .collect();
    if pairs.is_empty() || attendance() == Attendance::Unattended {
        return Ok(None);
    }
    let lines: Vec<Text> =
        pairs.iter().map(|(received, answer)| print::offered(received, answer)).collect();
    let Some(place) = pick(context, "Walk one of them?", &lines)? else {
        return Ok(None);
    };
    let (received, answer) = pairs[place];
    let arguments = RunArguments {
        reference: None,
        inputs: InputArguments {
            alert: Some(received.fingerprint().into()),
            ..InputArguments::default()
        },
        change: None,
        mode: ModeArgument::Incident,
        at: None,
        walking: WalkingArguments::default(),
    };
    run::run_at(&answer.fitting.answering.lies, &arguments, context).map(Some)
}
