//! The rules for the words of one command: what is a program, a name or a file to run, and where
//! secrets may be given.

use std::borrow::Cow;
use std::ops::Range;

use super::interpreters::{self, Roles};
use super::position::{Checker, Reader, own_variable};
use super::programs::Language;
use super::script::Input;
use super::shell::{Command, Direction, Kind, Part, Word};
use super::variable;

/// Variables that a shell itself runs.
const RUN_BY_SHELL: [&str; 4] = ["BASH_ENV", "ENV", "PROMPT_COMMAND", "PS4"];

/// Builtins, which get their arguments without another process seeing them.
const BUILTINS: &[&str] = &[
    ".",
    ":",
    "[",
    "alias",
    "cd",
    "declare",
    "echo",
    "eval",
    "exit",
    "export",
    "false",
    "getopts",
    "let",
    "local",
    "mapfile",
    "printf",
    "pushd",
    "read",
    "readarray",
    "readonly",
    "return",
    "set",
    "shift",
    "source",
    "test",
    "trap",
    "true",
    "type",
    "typeset",
    "umask",
    "unset",
    "wait",
];

impl Checker<'_> {
    pub(super) fn command(&mut self, command: &Command) {
        for assignment in &command.assignments {
            if RUN_BY_SHELL.contains(&assignment.name.as_str()) {
                self.program_text(&assignment.value, Language::Again);
            }
        }
        match command.kind {
            Kind::Words => {}
            Kind::Test => self.test(command),
            Kind::Simple if command.words.is_empty() => {}
            Kind::Simple => self.simple(command),
        }
    }

    fn test(&mut self, command: &Command) {
        let texts: Vec<Option<Cow<'_, str>>> = command.words.iter().map(Word::text).collect();
        for (index, text) in texts.iter().enumerate() {
            match text.as_deref() {
                Some("-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge") => {
                    for operand in [index.checked_sub(1), Some(index + 1)].into_iter().flatten() {
                        if let Some(word) = command.words.get(operand) {
                            self.computed(word);
                        }
                    }
                }
                Some("-v") => {
                    if let Some(word) = command.words.get(index + 1) {
                        self.named(word);
                    }
                }
                _ => {}
            }
        }
    }

    fn simple(&mut self, command: &Command) {
        let roles = interpreters::roles(&command.words);
        self.started(command, &roles);
        for (index, language) in &roles.texts {
            self.program_text(&command.words[*index], *language);
        }
        for index in &roles.names {
            self.named(&command.words[*index]);
        }
        for index in &roles.computed {
            self.computed(&command.words[*index]);
        }
        for index in &roles.files {
            self.run_file(&command.words[*index]);
        }
        if let Some(language) = roles.input {
            self.input(command, language);
        }
        self.secrets(command);
    }

    fn started(&mut self, command: &Command, roles: &Roles) {
        for (nth, index) in roles.started.iter().enumerate() {
            let word = &command.words[*index];
            let only_file = word.slots().all(|slot| self.is_file(slot))
                && word.parts.iter().all(|part| match part {
                    Part::Text(text) => text.is_empty(),
                    other => matches!(other, Part::Slot(_)),
                });
            if only_file {
                continue;
            }
            let slots: Vec<usize> = word.slots().collect();
            for slot in slots {
                let name = self.name(slot);
                if nth == 0 {
                    self.error(slot, "unsafe-position", format!("`{name}` is the command itself"), "write the command out; `{{#if}}` can choose between two, `{{files.name}}` runs a file");
                } else {
                    let at = self.slots[slot].at.clone();
                    self.warn(
                        at,
                        "value-as-program",
                        format!("`{name}` is the program that is started"),
                        "write the program out; `{{#if}}` can choose between two",
                    );
                }
            }
        }
    }

    /// A text that another interpreter reads.
    fn program_text(&mut self, word: &Word, language: Language) {
        let slots: Vec<usize> = word.slots().collect();
        for slot in slots {
            let name = self.name(slot);
            if self.is_open(slot) {
                self.error(slot, "unsafe-position", format!("`{name}` is text that may hold anything, and stands in a program for another interpreter"), language.advice(&name));
            } else if interpreters::begins_with_value(word)
                && matches!(language, Language::Shell | Language::Again)
            {
                let at = self.slots[slot].at.clone();
                self.warn(
                    at,
                    "value-as-program",
                    format!("`{name}` is the program that is started"),
                    "write the program out; `{{#if}}` can choose between two",
                );
            }
        }
        self.handed_on(word, "a program for another interpreter");
        let shell = matches!(language, Language::Shell | Language::Again | Language::Remote);
        let own = word.parts.iter().any(|part| {
            matches!(part, Part::Text(text) if ["$SF_", "${SF_", "${!SF_", "${#SF_"].iter().any(|use_| text.contains(use_)))
        });
        if shell && own {
            self.problems.push(own_variable(&word.at));
        }
    }

    fn handed_on(&mut self, word: &Word, into: &str) {
        let names: Vec<String> =
            word.variables().filter(|name| self.open.contains(*name)).map(str::to_owned).collect();
        for name in names {
            self.warn(
                word.at.clone(),
                "handed-on",
                format!(
                    "`${name}` holds text that may hold anything, and is handed on into {into}"
                ),
                "pass it as an argument of the program instead",
            );
        }
    }

    pub(super) fn handed_on_to_arithmetic(&mut self) {
        for (name, at) in &self.scan.arithmetic {
            if self.open.contains(name) {
                self.warn(
                    at.clone(),
                    "handed-on",
                    format!(
                        "`{name}` holds text that may hold anything, and the shell computes it"
                    ),
                    "declare the value as an integer",
                );
            }
        }
    }

    fn named(&mut self, word: &Word) {
        let slots: Vec<usize> = word.slots().collect();
        for slot in slots {
            let name = self.name(slot);
            self.error(
                slot,
                "unsafe-position",
                format!("`{name}` stands where the name of a variable is expected"),
                "use a constant name",
            );
        }
        let text = word.prefix();
        let value = text.rsplit('=').next().unwrap_or_default();
        if text.starts_with(variable::PREFIX) || value.starts_with(variable::PREFIX) {
            self.problems.push(own_variable(&word.at));
        }
    }

    fn computed(&mut self, word: &Word) {
        let slots: Vec<usize> = word.slots().collect();
        for slot in slots {
            let name = self.name(slot);
            if !self.is_integer(slot) {
                self.error(
                    slot,
                    "unsafe-position",
                    format!("`{name}` stands where the shell computes it"),
                    "only integers may stand there: declare `type: integer`",
                );
            }
        }
        self.handed_on(word, "arithmetic");
    }

    /// A file that is run.
    fn run_file(&mut self, word: &Word) {
        self.handed_on(word, "the name of a file that is run");
        for part in &word.parts {
            if let Part::Commands(commands) = part {
                self.printed(commands.clone(), Language::Again);
            }
        }
        let slots: Vec<usize> = word.slots().filter(|slot| !self.is_file(*slot)).collect();
        for slot in slots.into_iter().filter(|slot| self.is_open(*slot)).collect::<Vec<_>>() {
            let name = self.name(slot);
            let at = self.slots[slot].at.clone();
            self.warn(
                at,
                "value-as-program",
                format!("`{name}` names the file that is run"),
                "bring the file with `files` and write `{{files.name}}`",
            );
        }
    }

    /// A program that comes by the input.
    fn input(&mut self, command: &Command, language: Language) {
        for redirect in &command.redirects {
            match redirect.direction {
                Direction::HereDoc(document) => {
                    let parts = self.scan.documents[document].parts.clone();
                    let at = self.scan.documents[document].body.clone();
                    self.program_text(&Word { parts, at }, language);
                }
                Direction::HereString => self.program_text(&redirect.target, language),
                Direction::In => self.run_file(&redirect.target),
                Direction::Out => {}
            }
        }
        if let Some(commands) = &command.fed_by {
            self.printed(commands.clone(), language);
        } else if self.input == Input::Open && redirects_no_input(command) {
            self.warn(
                command.words[0].at.clone(),
                "input-as-program",
                "this runs its input, and the step's `stdin` holds text that may be anything"
                    .to_owned(),
                "run a constant script that reads the value: `IFS= read -r value`",
            );
        }
    }

    /// The output of commands that becomes a program.
    fn printed(&mut self, commands: Range<usize>, language: Language) {
        let scan = self.scan;
        for command in &scan.commands[commands] {
            let name = command.words.first().and_then(Word::text);
            match name.as_deref() {
                Some("echo" | "printf") => {
                    for word in &command.words[1..] {
                        self.program_text(word, language);
                    }
                }
                Some("cat") => self.input(command, language),
                _ => {}
            }
        }
    }

    fn secrets(&mut self, command: &Command) {
        let name = command.words[0].text().unwrap_or_default();
        let own = BUILTINS.contains(&&*name) || self.scan.functions.iter().any(|it| *it == name);
        if own && self.reader == Reader::Shell {
            return;
        }
        for word in &command.words[1..] {
            self.printed_secrets(word);
        }
        let slots: Vec<usize> = command.words.iter().skip(1).flat_map(Word::slots).collect();
        for slot in slots {
            if self.is_secret(slot) {
                let secret = self.name(slot);
                self.error(slot, "secret-argument", format!("the secret `{secret}` is an argument of a program, where every process can read it"), format!("give it in `env` or `stdin`, or as `... <<< {{{{{secret}}}}}`"));
            }
        }
    }

    /// Secrets that a substitution does nothing to but print them into an argument.
    fn printed_secrets(&mut self, word: &Word) {
        let scan = self.scan;
        for (index, part) in word.parts.iter().enumerate() {
            let Part::Commands(commands) = part else {
                continue;
            };
            let is_file = index > 0 && word.parts[index - 1] == Part::Other;
            if is_file {
                continue;
            }
            let inner = &scan.commands[commands.clone()];
            let prints = |command: &Command| {
                let name = command.words.first().and_then(Word::text);
                matches!(name.as_deref(), Some("echo" | "printf" | "cat"))
            };
            if !inner.iter().all(prints) {
                continue;
            }
            let slots: Vec<usize> = inner
                .iter()
                .flat_map(|command| command.words.iter().flat_map(Word::slots))
                .filter(|slot| self.is_secret(*slot))
                .collect();
            for slot in slots {
                let secret = self.name(slot);
                let at = self.slots[slot].at.clone();
                self.warn(
                    at,
                    "secret-argument",
                    format!("the secret `{secret}` is printed into an argument of a program, where every process can read it"),
                    "give it in `env` or `stdin`, or as a here-string",
                );
            }
        }
    }
}

/// Whether a command reads what it was given, and nothing of its own.
fn redirects_no_input(command: &Command) -> bool {
    command.redirects.iter().all(|redirect| redirect.direction == Direction::Out)
}
