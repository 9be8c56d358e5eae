//! `surefoot approve`: shows what another person asks for, and signs that.

use std::fs;
use std::io::Read as _;

use crate::cli::Context;
use crate::cli::args::ApproveArguments;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output_file;
use crate::cli::signing_key::{key, signed};
use crate::cli::walk::{Asked, ask};
use crate::console::{Echo, Meaning, Text, request};
use crate::effects::SystemClock;
use crate::engine::ApprovalRequest;
use crate::session::Clock as _;
use crate::signing::{APPROVAL, answer_line, read_request, role_name};

/// More is no request.
const MOST: u64 = 1 << 20;

/// What is typed to agree.
const AGREE: &str = "agree";

pub(crate) fn run(arguments: &ApproveArguments, context: &Context) -> Result<Exit, Failure> {
    let line = line(&arguments.request)?;
    let (text, asked) =
        read_request(&line).map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
    let terminal = &context.terminal;
    request(terminal, &asked);
    in_time(&asked)?;
    if !agreed(&asked, context)? {
        terminal.line(&Text::plain("Nothing was signed."));
        return Ok(Exit::Refused);
    }
    let key = key(arguments.key.as_deref(), context)?;
    let signature = signed(&key, APPROVAL, text.as_bytes(), context)?;
    let answer = answer_line(&asked.nonce, &signature) + "\n";
    let told = match &arguments.output {
        None => {
            context.print(&answer)?;
            "is the answer"
        }
        Some(path) => {
            output_file::write(path, &answer)?;
            "has the answer"
        }
    };
    let name = arguments
        .output
        .as_ref()
        .map_or("The line above".to_owned(), |path| path.display().to_string());
    let text = format!("{name} {told}: give it to {}.", asked.responder);
    terminal.line(&Text::of(Meaning::Good, text));
    Ok(Exit::Done)
}

/// The request: a line, a file that holds one, or standard input.
fn line(given: &str) -> Result<String, Failure> {
    if given.trim_start().starts_with("surefoot-") {
        return Ok(given.to_owned());
    }
    let mut text = String::new();
    let read = if given == "-" {
        standard_input().take(MOST).read_to_string(&mut text)
    } else {
        fs::File::open(given).and_then(|file| file.take(MOST).read_to_string(&mut text))
    };
    read.map_err(|error| Failure::new(Exit::Usage, format!("failed to read {given}: {error}")))?;
    // What stands around it is dropped, such as the words of a mail or the command itself.
    let at = text.find("surefoot-request:").unwrap_or(0);
    Ok(text.split_off(at))
}

#[expect(clippy::disallowed_methods, reason = "data that was asked for by `-`")]
fn standard_input() -> std::io::Stdin {
    std::io::stdin()
}

/// The machine that asks has the last word; this saves a way.
fn in_time(asked: &ApprovalRequest) -> Result<(), Failure> {
    if SystemClock::start().now() < asked.expires {
        return Ok(());
    }
    let failure = Failure::new(Exit::Refused, "the request has expired: nothing was signed");
    Err(failure.hint("ask for a new one"))
}

/// Only somebody who has seen it can agree.
fn agreed(asked: &ApprovalRequest, context: &Context) -> Result<bool, Failure> {
    let role = role_name(&asked.role);
    let prompt = format!("Type {AGREE} to sign this as {role}; anything else signs nothing: ");
    match ask(context, &prompt, Echo::Shown)? {
        Asked::Line(line) => Ok(line.trim() == AGREE),
        Asked::Nobody => {
            let failure = Failure::new(Exit::Refused, "nobody is there to look at it");
            Err(failure.hint("run surefoot approve on a terminal"))
        }
    }
}
