//! A command's text: constant shell script with named, typed slots placed by position.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::emit::{self, Filling};
use super::pieces::{self, Piece, Slot};
use super::position;
use super::reading::{self, SimpleCommand};
use super::shell::{self, Item, Kind, Part, Scan, Symbol};
use super::{Mention, Selected, Unset, holds, mentions, select, show, variable, written};
use crate::diagnostic::Severity;
use crate::value::{Datum, Facts, Reference, Secret, Type, Value};

/// The most conditions in one script; every selection is checked as a script of its own.
const MOST_CONDITIONS: usize = 6;

/// The shell that runs a script.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shell {
    /// `bash -euo pipefail`
    #[default]
    Bash,
    /// `sh -eu`
    Sh,
}

/// What is known of a value before the run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Declared {
    /// Its type.
    pub ty: Type,
    /// Whether it can end no string and start no command in any language.
    pub closed: bool,
    /// Whether it must not be seen.
    pub secret: bool,
    /// Whether it may stay unset.
    pub optional: bool,
}

/// What a command finds around itself, which it may run as a program.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The variables of its environment that hold a value that may be anything.
    pub open_variables: BTreeSet<String>,
    /// What it can read.
    pub input: Input,
}

/// What a command can read from its input.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Input {
    /// Nothing that a value could have put there.
    #[default]
    Constant,
    /// A value that may be anything.
    Open,
}

/// A value on its way to a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Held {
    /// May be shown.
    Open(String),
    /// May not.
    Secret(Secret),
}

/// A shell script with slots.
#[derive(Clone, Debug)]
pub struct Script {
    source: String,
    shell: Shell,
    pieces: Vec<Piece>,
    programs: Vec<(String, Range<usize>)>,
    readings: Vec<Vec<SimpleCommand>>,
}

/// A problem in a script's text or in the position of a slot.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ScriptProblem {
    /// The stable name of the check, such as `unsafe-position`.
    pub code: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// Its place, in bytes from the start of the script.
    pub at: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// The fix.
    pub help: Option<String>,
}

/// A script or another command that cannot be bound to the values there are.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BindError {
    /// A value is not set.
    #[error("`{0}` has no value")]
    Unset(Reference),
    /// A value would be taken for an option, or cannot be an argument.
    #[error("`{reference}` {why}")]
    Refused {
        /// Which value.
        reference: Reference,
        /// Why, a phrase.
        why: String,
    },
}

impl From<Unset> for BindError {
    fn from(Unset(reference): Unset) -> Self {
        Self::Unset(reference)
    }
}

/// A script with its values: the same text whatever they are.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundScript {
    /// The constant text that the shell reads.
    pub text: String,
    /// The variables that carry the values, `SF_*`.
    pub variables: BTreeMap<String, Held>,
    /// The command with values in place, quoted so that it makes the same calls; secrets stay
    /// `${SF_name}`.
    pub shown: String,
}

impl Script {
    /// Parses a script and places its slots. Warnings come beside the script.
    ///
    /// A value that is not declared counts as open; that it is unknown is for others to say.
    pub fn parse(
        text: &str,
        shell: Shell,
        declared: &dyn Fn(&Reference) -> Option<Declared>,
    ) -> Result<(Self, Vec<ScriptProblem>), Vec<ScriptProblem>> {
        Self::parse_within(text, shell, declared, &Surroundings::default())
    }

    /// Parses a script that stands among values which do not come through its own slots.
    pub fn parse_within(
        text: &str,
        shell: Shell,
        declared: &dyn Fn(&Reference) -> Option<Declared>,
        surroundings: &Surroundings,
    ) -> Result<(Self, Vec<ScriptProblem>), Vec<ScriptProblem>> {
        let pieces = pieces::parse(text).map_err(template_problems)?;
        let conditions = conditions(&pieces);
        let mut problems = position::template(text, &pieces, declared);
        if conditions.len() > MOST_CONDITIONS {
            problems.push(too_many(&conditions[0]));
            return Err(problems);
        }
        let mut script = Self {
            source: text.to_owned(),
            shell,
            pieces,
            programs: Vec::new(),
            readings: Vec::new(),
        };
        for chosen in selections(&conditions) {
            let selected = select(&script.pieces, &|slot| chosen.contains(&slot.reference));
            let found = match scan_of(&script.source, &selected, shell) {
                Err(problem) => vec![syntax(problem)],
                Ok(scan) => {
                    let found =
                        position::check(&slots_of(&selected), &scan, declared, surroundings);
                    let reading = reading::commands(&scan, &slots_of(&selected));
                    merge(&mut script.programs, programs_of(&scan, &reading));
                    if !script.readings.contains(&reading) {
                        script.readings.push(reading);
                    }
                    found
                }
            };
            for problem in found {
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
            }
        }
        problems.sort_by_key(|problem| problem.at.start);
        if problems.iter().any(|p| p.severity == Severity::Error) {
            Err(problems)
        } else {
            Ok((script, problems))
        }
    }

    /// The script as its author wrote it.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The shell it is for.
    pub fn shell(&self) -> Shell {
        self.shell
    }

    /// What it names.
    pub fn mentions(&self) -> Vec<Mention> {
        mentions(&self.pieces)
    }

    /// The programs it starts that are constant words, in order of appearance, with the places;
    /// wrappers such as `sudo` and what they start are each among them.
    pub fn programs(&self) -> Vec<(String, Range<usize>)> {
        self.programs.clone()
    }

    /// Its commands, once for each way in which its conditions can fall; those in substitutions
    /// stand before the command around them.
    pub fn readings(&self) -> &[Vec<SimpleCommand>] {
        &self.readings
    }

    /// Fills the slots.
    pub fn bind(&self, facts: &dyn Facts) -> Result<BoundScript, BindError> {
        let selected = select(&self.pieces, &|slot| holds(facts, slot));
        let scan = self.scan(&selected);
        let slots = slots_of(&selected);
        let mut values = Vec::new();
        let mut variables = BTreeMap::new();
        for slot in &slots {
            let held = held(facts, slot)?;
            variables.insert(variable::name(&slot.reference), held.0.clone());
            values.push(held);
        }
        refuse_options(&scan, &slots, &values)?;
        let text = emit::emit(&self.source, &selected, &scan, &|_, _, _, _| Filling::Variable);
        let shown =
            emit::emit(
                &self.source,
                &selected,
                &scan,
                &|index, _, place, tabs| match &values[index].0 {
                    Held::Secret(_) => Filling::Variable,
                    Held::Open(value) => {
                        Filling::Quoted(show::value(value, place, self.shell, tabs))
                    }
                },
            );
        Ok(BoundScript { text, variables, shown })
    }

    /// The command with the values that are known; the rest as `unknown` says, for a plan.
    pub fn preview(&self, facts: &dyn Facts, unknown: &dyn Fn(&Reference) -> String) -> String {
        let selected = select(&self.pieces, &|slot| holds(facts, slot));
        let scan = self.scan(&selected);
        emit::emit(&self.source, &selected, &scan, &|_, reference, place, tabs| match facts
            .get(reference)
        {
            Some(Datum::Secret(_)) => Filling::Variable,
            Some(Datum::Open(value)) => {
                Filling::Quoted(show::value(&written::shown(&value), place, self.shell, tabs))
            }
            None => Filling::Quoted(unknown(reference)),
        })
    }

    fn scan(&self, selected: &[Selected<'_>]) -> Scan {
        scan_of(&self.source, selected, self.shell)
            .expect("every selection was scanned when the script was parsed")
    }
}

/// The letters and slots of a selection.
fn scan_of(
    source: &str,
    selected: &[Selected<'_>],
    shell: Shell,
) -> Result<Scan, shell::SyntaxProblem> {
    let mut items = Vec::new();
    let mut slots = 0;
    for part in selected {
        match part {
            Selected::Text(range) => {
                items.extend(source[range.clone()].char_indices().map(|(offset, c)| {
                    let at = range.start + offset;
                    Item { symbol: Symbol::Char(c), at, end: at + c.len_utf8() }
                }));
            }
            Selected::Slot(slot) => {
                items.push(Item {
                    symbol: Symbol::Slot(slots),
                    at: slot.at.start,
                    end: slot.at.end,
                });
                slots += 1;
            }
        }
    }
    shell::scan(&items, slots, shell)
}

fn slots_of<'a>(selected: &[Selected<'a>]) -> Vec<&'a Slot> {
    selected
        .iter()
        .filter_map(|part| match part {
            Selected::Slot(slot) => Some(*slot),
            Selected::Text(_) => None,
        })
        .collect()
}

/// The conditions of all blocks, each once.
fn conditions(pieces: &[Piece]) -> Vec<Slot> {
    fn collect(pieces: &[Piece], into: &mut Vec<Slot>) {
        for piece in pieces {
            if let Piece::Choice { condition, set, unset } = piece {
                if !into.iter().any(|known| known.reference == condition.reference) {
                    into.push(condition.clone());
                }
                collect(set, into);
                collect(unset, into);
            }
        }
    }
    let mut found = Vec::new();
    collect(pieces, &mut found);
    found
}

/// All ways in which the conditions can fall.
fn selections(conditions: &[Slot]) -> Vec<BTreeSet<Reference>> {
    (0..1_usize << conditions.len())
        .map(|mask| {
            conditions
                .iter()
                .enumerate()
                .filter(|(bit, _)| mask >> bit & 1 == 1)
                .map(|(_, slot)| slot.reference.clone())
                .collect()
        })
        .collect()
}

fn programs_of(scan: &Scan, reading: &[SimpleCommand]) -> Vec<(String, Range<usize>)> {
    let mut programs = Vec::new();
    for (command, read) in scan.commands.iter().zip(reading) {
        for word in read.started.iter().map(|index| &command.words[*index]) {
            if let Some(text) = word.text() {
                programs.push((text.into_owned(), word.at.clone()));
            }
        }
    }
    programs
}

/// Adds what is new and keeps the order of appearance.
fn merge(into: &mut Vec<(String, Range<usize>)>, found: Vec<(String, Range<usize>)>) {
    for item in found {
        if !into.contains(&item) {
            into.push(item);
        }
    }
    into.sort_by_key(|(_, at)| at.start);
}

/// A value with whether its type is a number's.
fn held(facts: &dyn Facts, slot: &Slot) -> Result<(Held, bool), BindError> {
    let datum =
        facts.get(&slot.reference).ok_or_else(|| BindError::Unset(slot.reference.clone()))?;
    let (held, number) = match datum {
        Datum::Open(value) => {
            let number = matches!(value, Value::Integer(_) | Value::Float(_) | Value::Duration(_));
            (Held::Open(written::shown(&value)), number)
        }
        Datum::Secret(secret) => (Held::Secret(secret), false),
    };
    if text_of(&held).contains('\0') {
        return Err(BindError::Refused {
            reference: slot.reference.clone(),
            why: "holds a NUL byte, which no command can be given".to_owned(),
        });
    }
    Ok((held, number))
}

fn text_of(held: &Held) -> &str {
    match held {
        Held::Open(text) => text,
        Held::Secret(secret) => secret.expose(),
    }
}

/// Refuses values that would be taken for options.
fn refuse_options(scan: &Scan, slots: &[&Slot], values: &[(Held, bool)]) -> Result<(), BindError> {
    for command in scan.commands.iter().filter(|c| c.kind == Kind::Simple) {
        let name = command.words.first().and_then(shell::Word::text);
        if matches!(name.as_deref(), Some("[" | "test")) {
            continue;
        }
        for word in command.words.iter().skip(1) {
            if word.text().as_deref() == Some("--") {
                break;
            }
            if let Some(slot) = first_slot(word, values)
                && text_of(&values[slot].0).starts_with('-')
                && !values[slot].1
            {
                return Err(BindError::Refused {
                    reference: slots[slot].reference.clone(),
                    why: "begins with `-` and would be taken for an option; put `--` before it if the program knows that".to_owned(),
                });
            }
        }
    }
    Ok(())
}

/// The slot whose value gives a word its first letter.
fn first_slot(word: &shell::Word, values: &[(Held, bool)]) -> Option<usize> {
    for part in &word.parts {
        match part {
            Part::Text(text) if text.is_empty() => {}
            Part::Slot(slot) if text_of(&values[*slot].0).is_empty() => {}
            Part::Slot(slot) => return Some(*slot),
            // What a variable holds is not known: it may be empty.
            Part::Variable(_) | Part::Commands(_) => {}
            Part::Text(_) | Part::Other => return None,
        }
    }
    None
}

fn template_problems(problems: Vec<super::TemplateProblem>) -> Vec<ScriptProblem> {
    problems
        .into_iter()
        .map(|problem| ScriptProblem {
            code: "template-syntax",
            severity: Severity::Error,
            at: problem.at,
            message: problem.message,
            help: problem.help,
        })
        .collect()
}

fn too_many(condition: &Slot) -> ScriptProblem {
    ScriptProblem {
        code: "template-syntax",
        severity: Severity::Error,
        at: condition.at.clone(),
        message: format!("a command may choose by at most {MOST_CONDITIONS} values"),
        help: Some("split the step, or use `when`".to_owned()),
    }
}

fn syntax(problem: shell::SyntaxProblem) -> ScriptProblem {
    ScriptProblem {
        code: "shell-syntax",
        severity: Severity::Error,
        at: problem.at,
        message: problem.message,
        help: None,
    }
}
