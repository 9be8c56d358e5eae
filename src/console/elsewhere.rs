//! A command that is run in another place: the form to copy, then what it printed and its status.

use super::ask::{Scene, Stop, Walker};
use super::filter::shown;
use super::text::{Meaning, Text};
use crate::engine::{Answer, Asking};

/// What ends a pasted output.
const END: &str = ".";

/// Shows the command for another place and asks what became of it.
pub(super) fn result(walker: &mut Walker, scene: Scene<'_>) -> Result<Answer, Stop> {
    let command = match &scene.question.ask {
        Asking::Confirm(card) => card.shown.as_str(),
        Asking::Doubt { shown, .. } | Asking::Read { shown, .. } => shown.as_str(),
        _ => return Err(Stop::Back("There is no command to run elsewhere.")),
    };
    copy_form(walker, command);
    let output = output(walker, scene)?;
    let exit = status(walker, scene)?;
    Ok(Answer::Elsewhere { output, exit })
}

fn copy_form(walker: &Walker, command: &str) {
    walker.say(Meaning::Heading, "Copy this to the place where it should run:");
    walker.terminal.blank();
    for line in here_document(command).lines() {
        walker.terminal.unbroken(&Text::new().add_lines(Meaning::Command, line));
    }
    walker.terminal.blank();
    if shown(command) != command {
        let text = "Characters that cannot be shown are spelled out above; put them back by hand.";
        walker.say(Meaning::Warning, text);
    }
    if command.contains("${SF_") {
        walker.say(Meaning::Warning, "Set the secrets it names (SF_...) there first.");
    }
    let text = "Then paste what it printed and end with a line with a single dot. \
                `f FILE` takes it from a file; a dot alone says that it ran, without output.";
    walker.say(Meaning::Hint, text);
}

/// The command for `bash -euo pipefail`, so that strict mode does not end the reader's own shell.
pub(super) fn here_document(command: &str) -> String {
    let mut mark = "SUREFOOT".to_owned();
    while command.lines().any(|line| line == mark) {
        mark.push('_');
    }
    format!("bash -euo pipefail <<'{mark}'\n{}\n{mark}\n", command.trim_end_matches('\n'))
}

fn output(walker: &mut Walker, scene: Scene<'_>) -> Result<String, Stop> {
    let mut output = String::new();
    let mut line = walker.line(scene, "Output")?;
    if let Some(path) = line.trim().strip_prefix("f ") {
        return match walker.backstage.read(path.trim()) {
            Ok(text) => Ok(text),
            Err(why) => {
                walker.say(Meaning::Warning, &super::wording::capital(&why));
                Err(Stop::Back("No result was taken."))
            }
        };
    }
    while line.trim_end() != END {
        output.push_str(&line);
        output.push('\n');
        line = walker.read(super::input::Echo::Shown, scene, &|_| ())?.to_string();
    }
    Ok(output)
}

fn status(walker: &mut Walker, scene: Scene<'_>) -> Result<i32, Stop> {
    let line = walker.prompt(scene, "Exit status there [0]")?;
    match line.trim() {
        "" => Ok(0),
        text => match text.parse::<u8>() {
            Ok(status) => Ok(status.into()),
            Err(_) => {
                Err(Stop::Back("An exit status is a number from 0 to 255; no result was taken."))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::here_document;

    #[test]
    fn the_mark_is_no_line_of_the_command() {
        assert_eq!(
            here_document("cat <<'SUREFOOT'\nx\nSUREFOOT\n"),
            "bash -euo pipefail <<'SUREFOOT_'\ncat <<'SUREFOOT'\nx\nSUREFOOT\nSUREFOOT_\n"
        );
    }
}
