//! Commands that are lists of arguments: no shell reads them, but the programs they start may.

use std::collections::BTreeSet;

use super::pieces::Piece;
use super::position;
use super::script::{Declared, ScriptProblem, Surroundings};
use super::shell::{Command, Part, Word};
use super::{Selected, Template, select};
use crate::value::{Reference, Type};

/// A problem in one argument.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ArgumentProblem {
    /// Which argument, from 0.
    pub argument: usize,
    /// The problem; its place counts from the start of the argument.
    pub problem: ScriptProblem,
}

/// Checks a command that is a list of arguments.
///
/// Each piece of a choice is looked at as if it stood there, so no selection escapes.
pub fn check_arguments(
    arguments: &[Template],
    declared: &dyn Fn(&Reference) -> Option<Declared>,
) -> Vec<ArgumentProblem> {
    check_arguments_within(arguments, declared, &Surroundings::default())
}

/// Checks a command that is a list of arguments and stands among other values.
pub fn check_arguments_within(
    arguments: &[Template],
    declared: &dyn Fn(&Reference) -> Option<Declared>,
    surroundings: &Surroundings,
) -> Vec<ArgumentProblem> {
    let mut found = Vec::new();
    for set in [true, false] {
        for argument_problem in check_selection(arguments, set, declared, surroundings) {
            if !found.contains(&argument_problem) {
                found.push(argument_problem);
            }
        }
    }
    found
}

fn check_selection(
    arguments: &[Template],
    set: bool,
    declared: &dyn Fn(&Reference) -> Option<Declared>,
    surroundings: &Surroundings,
) -> Vec<ArgumentProblem> {
    let mut slots = Vec::new();
    let mut starts = Vec::new();
    let mut words = Vec::new();
    let mut start = 0;
    for template in arguments {
        starts.push(start);
        let mut parts = Vec::new();
        for part in select(&template.pieces, &|_| set) {
            parts.push(match part {
                Selected::Text(range) => Part::Text(template.source[range].to_owned()),
                Selected::Slot(slot) => {
                    let mut moved = slot.clone();
                    moved.at = moved.at.start + start..moved.at.end + start;
                    slots.push(moved);
                    Part::Slot(slots.len() - 1)
                }
            });
        }
        let at = start..start + template.source.len();
        start = at.end + 1;
        words.push(Word { parts, at });
    }
    // A list that is a whole argument becomes an argument for each item.
    let lists: BTreeSet<&Reference> = arguments.iter().filter_map(sole_list).collect();
    let as_argument = |reference: &Reference| {
        let known = declared(reference)?;
        let whole = known.ty == Type::List && lists.contains(reference);
        Some(Declared { ty: if whole { Type::Text } else { known.ty }, ..known })
    };
    let slots: Vec<&super::pieces::Slot> = slots.iter().collect();
    let command = Command { words, ..Command::default() };
    position::check_words(&slots, command, &as_argument, surroundings)
        .into_iter()
        .map(|mut problem| {
            let argument = starts.partition_point(|start| *start <= problem.at.start) - 1;
            let moved = starts[argument];
            problem.at = problem.at.start - moved..problem.at.end.saturating_sub(moved);
            ArgumentProblem { argument, problem }
        })
        .collect()
}

fn sole_list(template: &Template) -> Option<&Reference> {
    match template.pieces.as_slice() {
        [Piece::Slot(slot)] => Some(&slot.reference),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arguments: &[&str], expected: &[(usize, &str)]) {
        let templates: Vec<Template> =
            arguments.iter().map(|argument| Template::parse(argument).unwrap()).collect();
        let declared = |reference: &Reference| {
            Some(Declared {
                ty: Type::String,
                closed: reference.to_string() == "app",
                secret: reference.to_string() == "password",
                optional: false,
            })
        };
        let found = check_arguments(&templates, &declared);
        let codes: Vec<(usize, &str)> =
            found.iter().map(|found| (found.argument, found.problem.code)).collect();
        assert_eq!(codes, expected, "{arguments:?}");
    }

    #[test]
    fn a_program_among_the_arguments_takes_no_open_value() {
        check(&["printf", "%s", "{{text}}"], &[]);
        check(&["ssh", "db", "echo {{text}}"], &[(2, "unsafe-position")]);
        check(&["sudo", "sh", "-c", "x {{text}}"], &[(3, "unsafe-position")]);
        check(&["sh", "-c", "x {{app}}"], &[]);
        check(&["sh", "-c", "x \"$1\"", "_", "{{text}}"], &[]);
        check(&["sh", "-c", "echo $SF_x"], &[(2, "own-variable")]);
        check(&["{{app}}", "x"], &[(0, "unsafe-position")]);
        check(&["sudo", "{{app}}"], &[(1, "value-as-program")]);
        check(&["login", "{{password}}"], &[(1, "secret-argument")]);
    }
}
