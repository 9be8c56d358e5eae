//! A password that a program wants, asked for on the run's terminal with the command that wants it
//! named. What the program says is shown as the untrusted text it is, and what is typed is not seen.

use std::cell::RefCell;
use std::os::fd::{AsFd as _, OwnedFd};

use super::ask::{Walker, own};
use super::input::{Echo, Line};
use super::text::{Meaning, Text};
use crate::session::{Beside, Heard, PasswordWanted};
use crate::value::Secret;

/// Asks for it; nothing if it is not given.
pub(super) fn ask(
    walker: &mut Walker,
    wanted: &PasswordWanted<'_>,
    beside: &mut dyn Beside,
) -> Option<Secret> {
    let terminal = walker.terminal.clone();
    terminal.spinner().clear();
    terminal.line(&Text::plain("    ").add(Meaning::Warning, "A password is asked for by"));
    terminal.command_lines("    ", wanted.command);
    let wakes = own(beside.wakes());
    let beside = RefCell::new(beside);
    walker.input.discard();
    loop {
        let prompt = wanted.prompt.trim();
        let prompt = if prompt.is_empty() { "Password:" } else { prompt };
        let text = Text::plain("    ").add(Meaning::Plain, format!("{prompt} "));
        terminal.prompt(&text.add(Meaning::Heading, "> "));
        let line = loop {
            if beside.borrow_mut().look() == Heard::Something {
                terminal.blank();
                walker.say(Meaning::Hint, "Not asked any more.");
                return None;
            }
            match walker.input.line_beside(echo(prompt), None, wakes.as_ref().map(OwnedFd::as_fd)) {
                Line::Nothing | Line::Woken => {}
                Line::Suspended => {
                    beside.borrow_mut().suspend();
                    terminal.clear_line();
                    break Line::Nothing;
                }
                line => break line,
            }
        };
        match line {
            // The prompt is shown again.
            Line::Nothing => {}
            Line::Text(line) => return Some(Secret::new(line.to_string())),
            Line::NotText | Line::TooLong => {
                walker.say(Meaning::Warning, "That cannot be a password; type it again.");
            }
            _ => {
                terminal.blank();
                walker.say(Meaning::Hint, "No password is given.");
                return None;
            }
        }
    }
}

/// ssh asks in the same way whether a host is the right one: that answer is no secret.
fn echo(prompt: &str) -> Echo {
    if prompt.contains("(yes/no") { Echo::Shown } else { Echo::Hidden }
}
