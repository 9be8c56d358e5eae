//! `surefoot listen`: takes the webhooks of an Alertmanager and remembers what fires. It runs nothing,
//! whatever it hears.

use std::collections::BTreeSet;

use crate::catalog::{
    AlertState, Answering, FiredStore, MOST_ALERT_BYTES, Notification, Received, fitting,
    read_notification,
};
use crate::cli::Context;
use crate::cli::alerts::{gathered, headline, tell_left_out};
use crate::cli::args::ListenArguments;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::console::{Meaning, Text};
use crate::effects::{Arrival, Delivery, SystemClock, Verdict, Webhook};
use crate::process::{Arrived, Signals, suspend};
use crate::session::Clock as _;

/// So many alerts of one notification are told.
const MOST_TOLD: usize = 20;

pub(crate) fn run(arguments: &ListenArguments, context: &Context) -> Result<Exit, Failure> {
    let address = arguments.address;
    if !address.ip().to_canonical().is_loopback() && !arguments.allow_remote {
        let message = format!("other machines could reach {address}, and tell of any alert");
        let failure = Failure::new(Exit::Usage, message);
        return Err(failure.hint("listen on 127.0.0.1, or say --allow-remote"));
    }
    let failed = |error: std::io::Error| {
        Failure::new(Exit::Failed, format!("failed to listen at {address}: {error}"))
    };
    let signals = Signals::get().map_err(failed)?;
    let store = FiredStore::new(context.state()?);
    let webhook = Webhook::bind(address, MOST_ALERT_BYTES, &context.settings.host);
    let mut webhook = webhook.map_err(failed)?;
    let address = webhook.address().map_err(failed)?;
    context.print(&format!("http://{address}/\n"))?;
    let hint = "Alertmanager's webhook_configs name this address. Nothing is run. Ctrl-C ends it.";
    context.terminal.line(&Text::of(Meaning::Hint, hint));
    let mut refused = BTreeSet::new();
    loop {
        match signals.take() {
            Some(Arrived::Interrupt | Arrived::HangUp) => return Ok(Exit::Done),
            Some(Arrived::Suspend) => suspend(),
            Some(Arrived::Called) | None => {}
        }
        match webhook.wait(std::os::fd::AsFd::as_fd(signals)).map_err(failed)? {
            Some(Arrival::Body(delivery)) => take(delivery, &store, context),
            // Once: whoever sends one such request may send thousands.
            Some(Arrival::Refused(why)) if refused.insert(why.clone()) => {
                let text = format!("A request was refused: {why}. (Told once.)");
                context.terminal.line(&Text::of(Meaning::Warning, text));
            }
            Some(Arrival::Refused(_)) | None => {}
        }
    }
}

/// Keeps what was sent, answers, and tells of it.
fn take(delivery: Delivery, store: &FiredStore, context: &Context) {
    let notification = match read_notification(&delivery.body) {
        Ok(notification) => notification,
        Err(error) => {
            context.terminal.line(&Text::of(Meaning::Warning, error.to_string()));
            return delivery.answer(Verdict::Senseless(error.to_string()));
        }
    };
    match store.take(&notification, SystemClock::start().now()) {
        Ok(()) => delivery.answer(Verdict::Taken),
        Err(error) => {
            let why = Failure::from_error(Exit::Failed, &error).message.unwrap_or_default();
            context.terminal.line(&Text::of(Meaning::Bad, why));
            delivery.answer(Verdict::NotKept("it could not be kept".to_owned()));
        }
    }
    tell_left_out(&notification, context);
    tell(&notification, context);
}

fn tell(notification: &Notification, context: &Context) {
    let (gathered, _) = gathered(&[], &notification.alerts, context);
    let clock = SystemClock::start().now().strftime("%H:%M:%S ").to_string();
    for received in notification.alerts.iter().take(MOST_TOLD) {
        let text = Text::of(Meaning::Dim, &clock).join(headline(received));
        context.terminal.indented(&text, 9);
        if received.state != AlertState::Resolved {
            let (line, command) = answer(received, &gathered.answering);
            context.terminal.indented(&line, 2);
            if let Some(command) = command {
                context.terminal.unbroken(&command);
            }
        }
    }
    let more = notification.alerts.len().saturating_sub(MOST_TOLD) as u64;
    let why =
        [(more, "surefoot alert lists them"), (notification.truncated, "cut off by Alertmanager")];
    for (count, why) in why.into_iter().filter(|(count, _)| *count > 0) {
        let text = format!("{clock}and {count} more ({why})");
        context.terminal.line(&Text::of(Meaning::Dim, text));
    }
}

/// The runbook that fits best, and how to walk it.
fn answer(received: &Received, among: &[Answering]) -> (Text, Option<Text>) {
    let fits = fitting(&received.alert, among);
    let margin = Text::plain("         ");
    let Some(best) = fits.first() else {
        return (margin.add(Meaning::Warning, "no runbook here answers it"), None);
    };
    let equal = fits.iter().filter(|fit| fit.closeness == best.closeness).count();
    let others = match (equal, fits.len()) {
        (1, 1) => String::new(),
        (1, all) => format!(" and {} less close", all - 1),
        (equal, _) => format!(" and {} as close", equal - 1),
    };
    let command = format!("$ surefoot run --alert {}", received.fingerprint());
    let line = margin
        .clone()
        .add(Meaning::Value, best.answering.name())
        .add(Meaning::Plain, format!("{others}  because {}", best.why()));
    (line, Some(margin.add(Meaning::Command, command)))
}
