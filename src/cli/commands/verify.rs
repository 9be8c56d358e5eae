//! `surefoot verify`: whether the record of a run was changed.

use crate::cli::Context;
use crate::cli::args::{ListFormat, RunReference};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::runs::{damaged, find};
use crate::diagnostic::{visible, visible_json};
use crate::journal::{OutputState, Verification, verify};

pub(crate) fn run(arguments: &RunReference, context: &Context) -> Result<Exit, Failure> {
    let folder = find(arguments.run.as_deref(), context)?;
    let verification = verify(folder.path()).map_err(|error| damaged(&folder, &error))?;
    let text = match arguments.format {
        ListFormat::Json => {
            let json = serde_json::to_string_pretty(&verification);
            visible_json(&json.expect("a verification is texts and numbers")) + "\n"
        }
        // Whoever wrote the record may have written anything.
        ListFormat::Text => visible(&text(folder.id(), &verification)).into_owned(),
    };
    context.print(&text)?;
    Ok(if verification.is_sound() { Exit::Done } else { Exit::Damaged })
}

fn text(run: &str, verification: &Verification) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    if let Some(damage) = &verification.damage {
        let _ = writeln!(text, "{run}: DAMAGED: {damage}");
    } else {
        let records = verification.records;
        let _ = writeln!(text, "{run}: {records} records, unchanged as far as the chain can tell");
        let _ = writeln!(text, "head {}", verification.head);
    }
    let ended = if verification.finished { "the run is over" } else { "the run is not over" };
    let _ = writeln!(text, "{ended}; {}", verification.anchored);
    if let Some(tail) = &verification.torn {
        let length = tail.bytes.len();
        let _ =
            writeln!(text, "{length} bytes of a record were being written when the writer died");
    }
    let sound = verification.outputs.iter().filter(|output| output.state.is_as_recorded()).count();
    let _ = writeln!(text, "{sound} of {} outputs as recorded", verification.outputs.len());
    for output in verification.outputs.iter().filter(|output| !output.state.is_as_recorded()) {
        let _ = writeln!(text, "  {}: {}", output.path, state(&output.state));
    }
    text
}

fn state(state: &OutputState) -> String {
    match state {
        OutputState::AsLong | OutputState::AsRecorded => "as recorded".to_owned(),
        OutputState::Changed(why) => format!("changed: {why}"),
        OutputState::Missing(why) => format!("missing: {why}"),
    }
}
