//! Scripts and lists of arguments as commands with words, for checks that look at what is called.
//!
//! [`SimpleCommand`] keeps the words as they are written; whether a value may stand in them is
//! judged elsewhere.

use std::ops::Range;

use super::Template;
use super::interpreters::{self, base};
use super::pieces::{Piece, Slot};
use super::shell::{Assignment, Command, Direction, Kind, Part, Scan, Word};

/// A command of a script with its words.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SimpleCommand {
    /// Its words; those of `for`, `case` and `[[` too, which start nothing.
    pub words: Vec<CommandWord>,
    /// The words that name a program to start.
    pub started: Vec<usize>,
    /// The one of them that wrappers such as `sudo` lead to.
    pub program: Option<usize>,
    /// `name=value` before the program, or alone.
    pub assignments: Vec<CommandWord>,
    /// Where its input comes from, if it is redirected.
    pub reads: Vec<CommandWord>,
    /// Where its output goes, if it is redirected.
    pub writes: Vec<CommandWord>,
    /// The commands whose output it reads through a pipe, by number.
    pub fed_by: Option<Range<usize>>,
    /// The commands in the substitutions of its words, by number.
    pub substitutions: Vec<Range<usize>>,
    /// What its failure does.
    pub failure: Failure,
}

/// What the failure of a command does.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Failure {
    /// It counts.
    #[default]
    Counts,
    /// Something follows for that case, behind `||`.
    Handled,
}

/// A word of a command.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CommandWord {
    /// Its text without quotes; what is not constant stands as `{{name}}`, `$name` or `$()`.
    pub text: String,
    /// Where it stands, in bytes from the start of the script or the argument.
    pub at: Range<usize>,
}

impl SimpleCommand {
    /// The program, without its folder, and its arguments.
    pub fn program(&self) -> Option<(&str, &[CommandWord])> {
        self.started_at(self.program?)
    }

    /// Every program that it starts, with what stands behind its name.
    pub fn programs(&self) -> impl Iterator<Item = (&str, &[CommandWord])> {
        self.started.iter().filter_map(|index| self.started_at(*index))
    }

    fn started_at(&self, index: usize) -> Option<(&str, &[CommandWord])> {
        let name = base(&self.words.get(index)?.text);
        Some((name, &self.words[index + 1..]))
    }
}

/// A list of arguments as the command that it is; the place of a word counts from its start.
pub fn arguments_as_command(arguments: &[Template]) -> SimpleCommand {
    let mut slots = Vec::new();
    let mut words = Vec::new();
    for template in arguments {
        let mut parts = Vec::new();
        for piece in &template.pieces {
            parts.push(match piece {
                Piece::Text(range) => Part::Text(template.source[range.clone()].to_owned()),
                Piece::Slot(slot) => {
                    slots.push(slot);
                    Part::Slot(slots.len() - 1)
                }
                Piece::Choice { .. } => Part::Other,
            });
        }
        words.push(Word { parts, at: 0..template.source.len() });
    }
    let command = Command { words, ..Command::default() };
    simple(&command, &slots)
}

/// The commands of a scan, under the numbers that they have there.
pub(super) fn commands(scan: &Scan, slots: &[&Slot]) -> Vec<SimpleCommand> {
    scan.commands.iter().map(|command| simple(command, slots)).collect()
}

fn simple(command: &Command, slots: &[&Slot]) -> SimpleCommand {
    let word = |word: &Word| written(word, slots);
    let redirected = |reads: bool| {
        let fitting = command
            .redirects
            .iter()
            .filter(move |redirect| (redirect.direction != Direction::Out) == reads);
        fitting.map(|redirect| word(&redirect.target)).collect()
    };
    let starts = command.kind == Kind::Simple && !command.words.is_empty();
    let roles =
        if starts { interpreters::roles(&command.words) } else { interpreters::Roles::default() };
    SimpleCommand {
        words: command.words.iter().map(word).collect(),
        program: starts.then_some(roles.program),
        started: roles.started,
        assignments: command
            .assignments
            .iter()
            .map(|assignment| assigned(assignment, slots))
            .collect(),
        reads: redirected(true),
        writes: redirected(false),
        fed_by: command.fed_by.clone(),
        substitutions: substitutions(command),
        failure: command.failure,
    }
}

fn assigned(assignment: &Assignment, slots: &[&Slot]) -> CommandWord {
    let value = written(&assignment.value, slots);
    let start = value.at.start.saturating_sub(assignment.name.len() + 1);
    CommandWord { text: format!("{}={}", assignment.name, value.text), at: start..value.at.end }
}

fn written(word: &Word, slots: &[&Slot]) -> CommandWord {
    let mut text = String::new();
    for part in &word.parts {
        match part {
            Part::Text(letters) => text.push_str(letters),
            Part::Slot(slot) => {
                text.push_str("{{");
                text.push_str(&slots[*slot].reference.to_string());
                text.push_str("}}");
            }
            Part::Variable(name) => {
                text.push('$');
                text.push_str(name);
            }
            Part::Commands(_) => text.push_str("$()"),
            Part::Other => {}
        }
    }
    CommandWord { text, at: word.at.clone() }
}

fn substitutions(command: &Command) -> Vec<Range<usize>> {
    let values = command.assignments.iter().map(|assignment| &assignment.value);
    let targets = command.redirects.iter().map(|redirect| &redirect.target);
    command
        .words
        .iter()
        .chain(values)
        .chain(targets)
        .flat_map(|word| &word.parts)
        .filter_map(|part| match part {
            Part::Commands(commands) => Some(commands.clone()),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Failure::{Counts, Handled};
    use super::*;
    use crate::template::{Script, Shell};

    fn read(script: &str) -> Vec<Vec<SimpleCommand>> {
        let (script, _) = Script::parse(script, Shell::Bash, &|_| None).unwrap();
        script.readings().to_vec()
    }

    fn check(script: &str, expected: &[&str]) {
        let readings = read(script);
        let found: Vec<String> = readings[0]
            .iter()
            .map(|command| {
                let words: Vec<&str> = command.words.iter().map(|word| &*word.text).collect();
                let pipe = if command.fed_by.is_some() { "| " } else { "" };
                format!("{pipe}{}", words.join(" "))
            })
            .collect();
        assert_eq!(found, expected, "{script}");
    }

    #[test]
    fn a_script_is_read_as_its_simple_commands() {
        check("a b | c 'd e'; f", &["a b", "| c d e", "f"]);
        check("x=1 a && b || c # d", &["a", "b", "c"]);
        check("if a | grep -q b; then c; fi", &["a", "| grep -q b", "c"]);
        check("a \"$(b c)\"", &["b c", "a $()"]);
        check("cat <<EOF\nrm -rf /\nEOF\nb", &["cat", "b"]);
        check("a 'b | c' \"d | e\"", &["a b | c d | e"]);
        check("a 2>&1 >out", &["a"]);
        check("a --of={{app}} $x", &["a --of={{app}} $x"]);
        check("select x in a; do b; done", &["select", "a", "b"]);
    }

    #[test]
    fn the_program_stands_behind_sudo_and_its_kin() {
        let name = |script: &str| {
            let readings = read(script);
            let (name, _) = readings[0][0].program().unwrap();
            name.to_owned()
        };
        assert_eq!(name("sudo -u postgres /usr/bin/psql -c x"), "psql");
        assert_eq!(name("A=1 env B=2 timeout 5 curl x"), "curl");
        assert_eq!(name("sudo -i"), "sudo");
        assert_eq!(name("command -v rm"), "command");
        // What another program starts is started, but is not the command's program.
        assert_eq!(name("find . -exec rm {} +"), "find");
        let found = read("find . -exec rm {} +");
        let programs: Vec<&str> = found[0][0].programs().map(|(name, _)| name).collect();
        assert_eq!(programs, ["find", "rm"]);
    }

    #[test]
    fn redirections_substitutions_and_failures_are_kept() {
        let script = "x=$(a | head -1) || true; b <in >out <<<word; c";
        let found = &read(script)[0];
        let failures: Vec<Failure> = found.iter().map(|command| command.failure).collect();
        assert_eq!(failures, [Handled, Handled, Handled, Counts, Counts, Counts]);
        let substitution = 0..2;
        assert_eq!(found[2].substitutions, [substitution]);
        assert_eq!(&script[found[2].assignments[0].at.clone()], "x=$(a | head -1)");
        let texts = |words: &[CommandWord]| -> Vec<String> {
            words.iter().map(|word| word.text.clone()).collect()
        };
        assert_eq!(texts(&found[4].reads), ["in", "word"]);
        assert_eq!(texts(&found[4].writes), ["out"]);
    }

    #[test]
    fn each_way_in_which_conditions_fall_is_a_reading() {
        let readings = read("a {{#if x}}| b{{else}}| c{{/if}}");
        let last: Vec<&str> = readings.iter().map(|commands| &*commands[1].words[0].text).collect();
        assert_eq!(last, ["c", "b"]);
    }
}
