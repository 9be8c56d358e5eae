//! What a second person is asked to agree to: the same card for whoever asks and whoever signs.

use super::card;
use super::terminal::Terminal;
use super::text::{Meaning, Text};
use super::wording;
use crate::engine::{ApprovalRequest, Asked, Recorded};
use crate::runbook::Effect;

/// Shows a request in full.
pub fn request(terminal: &Terminal, request: &ApprovalRequest) {
    let ApprovalRequest { title, step_title, responder, host, run, .. } = request;
    terminal.line(&Text::of(Meaning::Heading, format!("{responder} asks for your agreement")));
    let environment = request.environment.as_ref();
    let environment = environment.map_or_else(String::new, |name| format!(" in {name}"));
    card::field(terminal, "runbook", Meaning::Plain, &format!("{title}{environment}"));
    let version = wording::short_digest(&request.runbook_digest);
    card::field(terminal, "", Meaning::Dim, &format!("{} @ {version}", request.runbook));
    card::field(terminal, "run", Meaning::Plain, &format!("{run} on {host}"));
    card::field(terminal, "step", Meaning::Plain, &format!("{}: {step_title}", request.step));
    card::field(terminal, "as", Meaning::Heading, &request.role);
    card::field(terminal, "why", Meaning::Plain, &request.why);
    for (name, value) in &request.values {
        let value = match value {
            Recorded::Open(value) => value.written(),
            Recorded::Secret(_) => "(secret)".to_owned(),
        };
        card::field(terminal, "value", Meaning::Plain, &format!("{name} = {value}"));
    }
    asked(terminal, request);
}

/// What is agreed to, after what speaks for it.
pub(super) fn asked(terminal: &Terminal, request: &ApprovalRequest) {
    card::findings(terminal, &request.findings);
    let digest = Text::of(Meaning::Dim, wording::short_digest(&request.digest));
    match &request.what {
        Asked::Command { effect, shown, target, place, identity, undo } => {
            let what = match effect {
                Effect::Read => "This reads",
                Effect::Change => "This changes something",
                Effect::Destroy => "This destroys something",
            };
            let left = Text::plain("    ").add(Meaning::Effect(*effect), what);
            terminal.line_with_right(&left, &digest);
            terminal.command(shown);
            let (place, identity) = (place.as_deref(), identity.as_deref());
            let place = card::where_it_runs(target, place, identity, terminal);
            card::field(terminal, "where", Meaning::Plain, &place);
            card::field(terminal, "undo", Meaning::Plain, undo);
        }
        Asked::GoOn { commands } if commands.is_empty() => {
            let left = Text::plain("    ").add(Meaning::Plain, "The run goes on past this step");
            terminal.line_with_right(&left, &digest);
        }
        Asked::GoOn { commands } => {
            let text = "The run goes on. These commands follow, as far as they are known";
            let left = Text::plain("    ").add(Meaning::Effect(Effect::Change), text);
            terminal.line_with_right(&left, &digest);
            for command in commands {
                terminal.command(command);
            }
        }
    }
    for rule in &request.never {
        card::field(terminal, "never", Meaning::Never, rule);
    }
    let until = request.expires.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    card::field(terminal, "until", Meaning::Plain, &until);
}
