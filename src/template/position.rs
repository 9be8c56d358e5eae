//! Which values may stand where: the rules of "Values in commands" over a scanned script.

use std::collections::BTreeSet;
use std::ops::Range;

use super::pieces::{Piece, Slot};
use super::script::{Declared, Input, ScriptProblem, Surroundings};
use super::shell::{Command, Expansion, Placement, Quoting, Scan, Spot, Word};
use crate::diagnostic::Severity;
use crate::value::{Reference, Type};

type Declares<'a> = &'a dyn Fn(&Reference) -> Option<Declared>;

/// Problems that show in the template itself, whatever the shell makes of it.
pub(super) fn template(
    source: &str,
    pieces: &[Piece],
    declared: Declares<'_>,
) -> Vec<ScriptProblem> {
    let mut problems = Vec::new();
    for piece in pieces {
        let slot = match piece {
            Piece::Text(_) => continue,
            Piece::Slot(slot) => slot,
            Piece::Choice { condition, set, unset } => {
                let always = declared(&condition.reference)
                    .is_some_and(|known| known.ty != Type::Boolean && !known.optional);
                if always {
                    problems.push(error(
                        "template-condition",
                        &condition.at,
                        format!("`{}` is always set, so it decides nothing", condition.reference),
                        "blocks take a boolean, or a value that may stay unset",
                    ));
                }
                problems.extend(template(source, set, declared));
                problems.extend(template(source, unset, declared));
                condition
            }
        };
        if source[..slot.at.start].ends_with('\\') {
            problems.push(error(
                "unsafe-position",
                &slot.at,
                "a backslash stands directly before a value".to_owned(),
                "set it off; literal braces are written `\\{{`",
            ));
        }
    }
    problems
}

/// Checks the words of a command without a shell, by what the programs do with them.
pub(super) fn check_words(
    slots: &[&Slot],
    command: Command,
    declared: Declares<'_>,
    surroundings: &Surroundings,
) -> Vec<ScriptProblem> {
    let scan = Scan { commands: vec![command], ..Scan::default() };
    let mut checker = Checker::new(slots, &scan, declared, surroundings);
    checker.reader = Reader::Nobody;
    checker.command(&scan.commands[0]);
    checker.problems
}

/// Checks the slots of one selection.
pub(super) fn check(
    slots: &[&Slot],
    scan: &Scan,
    declared: Declares<'_>,
    surroundings: &Surroundings,
) -> Vec<ScriptProblem> {
    let mut checker = Checker::new(slots, scan, declared, surroundings);
    checker.text();
    checker.collect_open();
    for index in 0..slots.len() {
        checker.slot(index);
    }
    for command in &scan.commands {
        checker.command(command);
    }
    checker.handed_on_to_arithmetic();
    checker.problems
}

fn error(
    code: &'static str,
    at: &Range<usize>,
    message: String,
    help: impl Into<String>,
) -> ScriptProblem {
    ScriptProblem {
        code,
        severity: Severity::Error,
        at: at.clone(),
        message,
        help: Some(help.into()),
    }
}

/// Who reads a command before its program is started.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Reader {
    /// A shell, which has builtins and functions.
    Shell,
    /// Nobody: it is a list of arguments.
    Nobody,
}

pub(super) struct Checker<'a> {
    pub(super) slots: &'a [&'a Slot],
    pub(super) scan: &'a Scan,
    pub(super) known: Vec<Option<Declared>>,
    pub(super) problems: Vec<ScriptProblem>,
    /// The variables that hold an open value: the script's own, and those of its environment.
    pub(super) open: BTreeSet<String>,
    /// What a command can read where nothing is redirected.
    pub(super) input: Input,
    /// Who reads the command first.
    pub(super) reader: Reader,
}

impl<'a> Checker<'a> {
    fn new(
        slots: &'a [&'a Slot],
        scan: &'a Scan,
        declared: Declares<'_>,
        surroundings: &Surroundings,
    ) -> Self {
        Self {
            slots,
            scan,
            known: slots.iter().map(|slot| declared(&slot.reference)).collect(),
            problems: Vec::new(),
            open: surroundings.open_variables.clone(),
            input: surroundings.input,
            reader: Reader::Shell,
        }
    }

    pub(super) fn name(&self, slot: usize) -> String {
        self.slots[slot].reference.to_string()
    }

    pub(super) fn error(
        &mut self,
        slot: usize,
        code: &'static str,
        message: String,
        help: impl Into<String>,
    ) {
        let at = self.slots[slot].at.clone();
        // One slot, one problem of a kind.
        if !self.problems.iter().any(|p| p.at == at && p.code == code) {
            self.problems.push(error(code, &at, message, help));
        }
    }

    pub(super) fn warn(
        &mut self,
        at: Range<usize>,
        code: &'static str,
        message: String,
        help: &str,
    ) {
        if !self.problems.iter().any(|p| p.at == at && p.code == code) {
            self.problems.push(ScriptProblem {
                code,
                severity: Severity::Warning,
                at,
                message,
                help: Some(help.to_owned()),
            });
        }
    }

    pub(super) fn is_open(&self, slot: usize) -> bool {
        !self.known[slot].is_some_and(|known| known.closed)
    }

    pub(super) fn is_integer(&self, slot: usize) -> bool {
        self.known[slot].is_some_and(|known| known.closed && known.ty == Type::Integer)
    }

    pub(super) fn is_secret(&self, slot: usize) -> bool {
        self.known[slot].is_some_and(|known| known.secret)
    }

    pub(super) fn is_file(&self, slot: usize) -> bool {
        matches!(self.slots[slot].reference, Reference::File(_))
    }

    /// Problems of the script's text.
    fn text(&mut self) {
        for at in &self.scan.own {
            self.problems.push(own_variable(at));
        }
        for at in &self.scan.dollars {
            self.problems.push(error(
                "unsafe-position",
                at,
                "a `$` stands directly before a value and would change its meaning".to_owned(),
                "leave the `$` away, or write `\\$` for a dollar sign",
            ));
        }
        for problem in &self.scan.unsure {
            self.problems.push(error(
                "shell-syntax",
                &problem.at,
                problem.message.clone(),
                "use double quotes, or `shell: bash`",
            ));
        }
    }

    /// The variables that take over an open value.
    fn collect_open(&mut self) {
        // Twice, so that a value is followed through one more variable.
        for _ in 0..2 {
            for command in &self.scan.commands {
                for assignment in &command.assignments {
                    if self.carries(&assignment.value) {
                        self.open.insert(assignment.name.clone());
                    }
                }
            }
            for (name, command) in &self.scan.loops {
                if self.scan.commands[*command].words.iter().any(|word| self.carries(word)) {
                    self.open.insert(name.clone());
                }
            }
        }
    }

    fn carries(&self, word: &Word) -> bool {
        word.slots().any(|slot| self.is_open(slot) && !self.is_file(slot))
            || word.variables().any(|name| self.open.contains(name))
    }

    /// The rules that follow from the quoting alone.
    fn slot(&mut self, slot: usize) {
        let name = self.name(slot);
        let Some(place) = self.scan.placements[slot] else {
            self.error(
                slot,
                "unsafe-position",
                format!("`{name}` stands where no value can"),
                "move it into a word of its own",
            );
            return;
        };
        if self.known[slot].is_some_and(|known| known.ty == Type::List) {
            self.error(
                slot,
                "unsafe-position",
                format!("`{name}` is a list, which cannot stand in a command's text"),
                "use `for_each`, the list form of the command, or `stdin`",
            );
        }
        match place.purpose {
            Spot::Descriptor => self.error(
                slot,
                "unsafe-position",
                format!(
                    "`{name}` stands behind `>&` or `<&`, where it could be a descriptor or a file"
                ),
                "redirect to a file: `> file 2>&1`",
            ),
            Spot::EndMark => self.error(
                slot,
                "unsafe-position",
                format!("`{name}` stands in the end mark of a here-document"),
                "use a constant mark such as `EOF`",
            ),
            Spot::Name => self.error(
                slot,
                "unsafe-position",
                format!("`{name}` stands where a name is expected"),
                "use a constant name",
            ),
            Spot::Word | Spot::Pattern => self.quoting(slot, &name, place),
        }
    }

    fn quoting(&mut self, slot: usize, name: &str, place: Placement) {
        if place.quoting == Quoting::Arithmetic {
            if !self.is_integer(slot) {
                self.error(
                    slot,
                    "unsafe-position",
                    format!("`{name}` stands in arithmetic, where the shell would compute it"),
                    "only integers may stand there: declare `type: integer`",
                );
            }
            return;
        }
        let verbatim = match place.quoting {
            Quoting::HereDoc(document) => {
                self.scan.documents[document].expansion == Expansion::Verbatim
            }
            _ => false,
        };
        if verbatim && place.backticks > 0 {
            self.error(
                slot,
                "unsafe-position",
                format!("`{name}` stands in a quoted here-document inside backticks"),
                "write `$(...)` instead of backticks",
            );
        }
        if !self.is_open(slot) {
            return;
        }
        let (place_name, help) = match place.quoting {
            Quoting::Single => ("inside single quotes", format!("end them around the value: `'...'{{{{{name}}}}}'...'`, or use double quotes")),
            Quoting::AnsiC => ("inside `$'..'`", format!("end the quotes around the value: `$'...'{{{{{name}}}}}$'...'`")),
            Quoting::Comment => ("in a comment", "leave it out; what a step is for is said in `why`".to_owned()),
            Quoting::HereDoc(_) if verbatim => ("in a quoted here-document", "take the quotes off the end mark (`<<EOF`) and put a backslash before each `$`, backtick and backslash that is meant literally".to_owned()),
            _ if place.backticks > 0 => ("inside backticks", format!("write `$(... {{{{{name}}}}} ...)`")),
            _ => return,
        };
        self.error(
            slot,
            "unsafe-position",
            format!("`{name}` is text that may hold anything, and stands {place_name}"),
            help,
        );
    }
}

pub(super) fn own_variable(at: &Range<usize>) -> ScriptProblem {
    error(
        "own-variable",
        at,
        "variables whose names begin with `SF_` are Surefoot's own".to_owned(),
        "write the value as `{{name}}`; call a variable of your own something else",
    )
}
