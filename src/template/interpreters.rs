//! Programs that take a program: which words of a command are text for another interpreter, start
//! a further program, name a variable, or are computed.
//!
//! [`roles`] is the only way in. It knows commands by their constant first word and looks through
//! wrappers such as `sudo`.

use std::borrow::Cow;

use super::programs::{CARRIERS, FIRST, FLAGGED, First, Language, SHELLS, SSH_VALUES, WRAPPERS};
use super::shell::{Part, Word};

/// What the words of a command are for.
#[derive(Debug, Default)]
pub(super) struct Roles {
    /// Words that are text for another interpreter.
    pub(super) texts: Vec<(usize, Language)>,
    /// Words that name a program to start, the first word included.
    pub(super) started: Vec<usize>,
    /// The program that wrappers such as `sudo` lead to; the first word if there are none.
    pub(super) program: usize,
    /// Words that name a variable or a function.
    pub(super) names: Vec<usize>,
    /// Words that are computed.
    pub(super) computed: Vec<usize>,
    /// Words that name a file to run.
    pub(super) files: Vec<usize>,
    /// Whether its input is a program.
    pub(super) input: Option<Language>,
}

/// Finds out what the words of a command are for.
pub(super) fn roles(words: &[Word]) -> Roles {
    let mut reader =
        Reader { texts: words.iter().map(Word::text).collect(), words, roles: Roles::default() };
    reader.command(0);
    reader.roles
}

struct Reader<'a> {
    words: &'a [Word],
    texts: Vec<Option<Cow<'a, str>>>,
    roles: Roles,
}

/// The last component of a path.
pub(super) fn base(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

impl Reader<'_> {
    fn text(&self, index: usize) -> Option<&str> {
        self.texts.get(index).and_then(Option::as_deref)
    }

    /// Reads the command whose first word is at `from`.
    fn command(&mut self, from: usize) {
        if from >= self.words.len() {
            return;
        }
        self.roles.started.push(from);
        let Some(program) = self.text(from).map(|text| base(text).to_owned()) else {
            return;
        };
        let name = program.as_str();
        if let Some((_, values, operands)) = WRAPPERS.iter().find(|(known, ..)| *known == name) {
            self.wrapper(name, from, values, *operands);
        }
        if SHELLS.contains(&name) {
            self.shell(from);
        } else if let Some(first) = FIRST.iter().find(|first| first.name == name) {
            self.first_operand(from, first);
        } else if let Some((_, flags, language, input)) =
            FLAGGED.iter().find(|(names, ..)| names.contains(&name))
        {
            self.flagged(from, flags, *language, *input);
        } else if !self.special(name, from) {
            self.shells_within(from + 1);
        }
    }

    fn special(&mut self, name: &str, from: usize) -> bool {
        match name {
            "alias" | "eval" => self.all(from + 1, Language::Again),
            "let" => self.roles.computed.extend(from + 1..self.words.len()),
            "trap" => {
                let text = self.operand(from + 1, &[]);
                self.push_text(text, Language::Again);
            }
            "source" | "." => {
                let file = self.operand(from + 1, &[]);
                self.roles.files.extend((file < self.words.len()).then_some(file));
            }
            "ssh" | "autossh" | "mosh" => self.ssh(from),
            "find" => self.find(from),
            "make" | "gmake" => self.make(from),
            "sqlite3" => {
                let database = self.operand(from + 1, &["-cmd", "-separator"]);
                self.all(database + 1, Language::Sql);
                if database + 1 >= self.words.len() {
                    self.roles.input = Some(Language::Sql);
                }
            }
            "redis-cli" => {
                let eval = (from..self.words.len()).find(|index| {
                    self.text(*index).is_some_and(|text| text.eq_ignore_ascii_case("eval"))
                });
                if let Some(eval) = eval {
                    self.push_text(eval + 1, Language::Other);
                }
            }
            _ if CARRIERS.contains(&name) => self.carrier(from),
            _ => return self.builtin(name, from),
        }
        true
    }

    /// Builtins that take names.
    fn builtin(&mut self, name: &str, from: usize) -> bool {
        match name {
            "[" | "printf" | "test" => self.value_of(from, "-v"),
            "wait" => self.value_of(from, "-p"),
            "read" => {
                self.value_of(from, "-a");
                let first =
                    self.operand(from + 1, &["-a", "-d", "-i", "-n", "-N", "-p", "-t", "-u"]);
                self.roles.names.extend(first..self.words.len());
            }
            "unset" => self.roles.names.extend(from + 1..self.words.len()),
            "getopts" => {
                self.roles.names.extend((from + 2 < self.words.len()).then_some(from + 2));
            }
            "mapfile" | "readarray" => {
                let values = ["-C", "-c", "-d", "-n", "-O", "-s", "-u"];
                for index in from + 1..self.words.len() {
                    if self.text(index) == Some("-C") {
                        self.push_text(index + 1, Language::Again);
                    }
                }
                let first = self.operand(from + 1, &values);
                self.roles.names.extend(first..self.words.len());
            }
            "declare" | "typeset" | "local" | "export" | "readonly" => self.declaration(from),
            _ => return false,
        }
        true
    }

    fn declaration(&mut self, from: usize) {
        let has = |flag: char| {
            self.texts[from + 1..].iter().flatten().any(|text| {
                text.strip_prefix('-')
                    .is_some_and(|flags| !flags.starts_with('-') && flags.contains(flag))
            })
        };
        let (computed, reference) = (has('i'), has('n'));
        for index in from + 1..self.words.len() {
            if self.text(index).is_some_and(|text| text.starts_with('-')) {
                continue;
            }
            let named = self.words[index].prefix().contains('=');
            if !named || reference {
                self.roles.names.push(index);
            }
            if computed {
                self.roles.computed.push(index);
            }
        }
    }

    fn value_of(&mut self, from: usize, option: &str) {
        for index in from + 1..self.words.len() {
            if self.text(index) == Some(option) && index + 1 < self.words.len() {
                self.roles.names.push(index + 1);
            }
        }
    }

    fn push_text(&mut self, index: usize, language: Language) {
        if index < self.words.len() {
            self.roles.texts.push((index, language));
        }
    }

    fn all(&mut self, from: usize, language: Language) {
        for index in from..self.words.len() {
            self.roles.texts.push((index, language));
        }
    }

    /// The first word that is neither an option nor the value of one.
    fn operand(&self, from: usize, values: &[&str]) -> usize {
        let mut index = from;
        while index < self.words.len() {
            match self.text(index) {
                Some("--") => return index + 1,
                Some(text) if text.len() > 1 && text.starts_with('-') => {
                    index += if values.contains(&text) { 2 } else { 1 };
                }
                None if self.words[index].prefix().starts_with('-') => index += 1,
                Some(_) | None => return index,
            }
        }
        index
    }

    fn wrapper(&mut self, name: &str, from: usize, values: &[&str], operands: usize) {
        if name == "command" && matches!(self.text(from + 1), Some("-v" | "-V")) {
            return;
        }
        let mut index = self.operand(from + 1, values) + operands;
        if name == "env" || name == "sudo" || name == "doas" {
            while self.words.get(index).is_some_and(|word| word.prefix().contains('=')) {
                index += 1;
            }
        }
        if name == "env" {
            for split in from + 1..index.min(self.words.len()) {
                if matches!(self.text(split), Some("-S" | "--split-string")) {
                    self.push_text(split + 1, Language::Shell);
                    return;
                }
            }
        }
        if self.roles.program == from && index < self.words.len() {
            self.roles.program = index;
        }
        self.command(index);
    }

    /// `sh`: its `-c`, its file, or its input.
    fn shell(&mut self, from: usize) {
        let mut takes_text = false;
        let mut takes_input = false;
        let mut index = from + 1;
        while let Some(option) = self.text(index) {
            let Some(flags) = option.strip_prefix(['-', '+']) else {
                break;
            };
            index += 1;
            match flags {
                "" => takes_input = true,
                "-" => break,
                "o" | "O" | "-rcfile" | "-init-file" => index += 1,
                long if long.starts_with('-') => {}
                cluster => {
                    takes_text |= cluster.contains('c');
                    takes_input |= cluster.contains('s');
                    index += usize::from(cluster.ends_with('o'));
                }
            }
        }
        if takes_text {
            self.push_text(index, Language::Shell);
        } else if takes_input || index >= self.words.len() {
            self.roles.input = Some(Language::Shell);
        } else {
            self.roles.files.push(index);
        }
    }

    fn first_operand(&mut self, from: usize, first: &First) {
        let mut given = false;
        let mut index = from + 1;
        while index < self.words.len() {
            let prefix = self.words[index].prefix();
            if !prefix.starts_with('-') || prefix.len() < 2 {
                break;
            }
            let whole = self.text(index).map(str::to_owned);
            let is =
                |options: &[&str]| whole.as_deref().is_some_and(|text| options.contains(&text));
            if whole.as_deref() == Some("--") {
                index += 1;
                break;
            } else if is(first.given) {
                self.push_text(index + 1, first.language);
                given = true;
                index += 2;
            } else if is(first.files) {
                self.program_file(index + 1, first.language);
                given = true;
                index += 2;
            } else {
                if first.given.iter().any(|option| begins(&prefix, option)) {
                    self.push_text(index, first.language);
                    given = true;
                }
                index += match (is(first.pairs), is(first.values)) {
                    (true, _) => 3,
                    (_, true) => 2,
                    _ => 1,
                };
            }
        }
        if !given {
            self.push_text(index, first.language);
            if matches!(first.name, "watch" | "parallel") {
                self.all(index + 1, first.language);
            }
        }
    }

    /// A file that holds the program; `-` is the input.
    fn program_file(&mut self, index: usize, language: Language) {
        match self.text(index) {
            Some("-" | "/dev/stdin") => self.roles.input = Some(language),
            _ if index < self.words.len() => self.roles.files.push(index),
            _ => {}
        }
    }

    fn flagged(&mut self, from: usize, flags: &[&str], language: Language, input: bool) {
        let mut given = false;
        let mut operands = Vec::new();
        let mut index = from + 1;
        while index < self.words.len() {
            let prefix = self.words[index].prefix();
            let whole = self.text(index).is_some();
            if flags.iter().any(|flag| whole && is_flag(&prefix, flag)) {
                self.push_text(index + 1, language);
                given = true;
                index += 2;
                continue;
            }
            if flags.iter().any(|flag| begins(&prefix, flag)) {
                self.push_text(index, language);
                given = true;
            } else if !prefix.starts_with('-') || prefix == "-" {
                operands.push(index);
            }
            index += 1;
        }
        let loops = language == Language::Perl
            && self.texts[from + 1..].iter().flatten().any(|text| {
                text.starts_with('-') && !text.starts_with("--") && text.contains(['n', 'p'])
            });
        if loops {
            // `<>` starts a program when a file's name ends in `|`.
            for operand in &operands {
                self.push_text(*operand, Language::Other);
            }
        }
        if given {
            return;
        }
        let scripts = matches!(
            language,
            Language::Perl
                | Language::Python
                | Language::Ruby
                | Language::JavaScript
                | Language::Php
        );
        match operands.first() {
            Some(file) if scripts && self.text(*file) != Some("-") => {
                self.roles.files.push(*file);
            }
            _ if input => self.roles.input = Some(language),
            _ => {}
        }
    }

    fn ssh(&mut self, from: usize) {
        let host = self.operand(from + 1, SSH_VALUES);
        for index in from + 1..host.min(self.words.len()) {
            let prefix = self.words[index].prefix().to_ascii_lowercase();
            if prefix.contains("proxycommand") || prefix.contains("localcommand") {
                self.push_text(index, Language::Remote);
            }
        }
        self.all(host + 1, Language::Remote);
        if host + 1 >= self.words.len() {
            self.roles.input = Some(Language::Remote);
            return;
        }
        let remote = roles(&self.words[host + 1..]);
        self.roles.input = remote.input;
    }

    fn find(&mut self, from: usize) {
        for index in from + 1..self.words.len() {
            if matches!(self.text(index), Some("-exec" | "-execdir" | "-ok" | "-okdir")) {
                self.command(index + 1);
            }
        }
    }

    fn make(&mut self, from: usize) {
        for index in from + 1..self.words.len() {
            if self.words[index].prefix().contains('=') {
                self.push_text(index, Language::Make);
            }
        }
    }

    /// `docker exec`, `kubectl exec`: whatever interpreter stands among the words.
    fn carrier(&mut self, from: usize) {
        let verb = (from + 1..self.words.len())
            .find(|index| matches!(self.text(*index), Some("exec" | "run" | "debug" | "ssh")));
        let Some(verb) = verb else {
            return self.shells_within(from + 1);
        };
        let program = (verb + 1..self.words.len()).find(|index| {
            self.text(*index).map(base).is_some_and(|name| {
                SHELLS.contains(&name)
                    || name == "eval"
                    || FIRST.iter().any(|first| first.name == name)
                    || FLAGGED.iter().any(|(names, ..)| names.contains(&name))
            })
        });
        if let Some(program) = program {
            self.command(program);
        }
    }

    /// `anything sh -c text`
    fn shells_within(&mut self, from: usize) {
        let found = (from..self.words.len()).find(|index| {
            let shell = self.text(*index).map(base).is_some_and(|name| SHELLS.contains(&name));
            let option = self.text(index + 1).is_some_and(|text| {
                text.starts_with('-') && !text.starts_with("--") && text.contains('c')
            });
            shell && option
        });
        if let Some(found) = found {
            self.shell(found);
        }
    }
}

/// Whether a word is the option itself, or a cluster that ends with it: `-ne`.
fn is_flag(word: &str, flag: &str) -> bool {
    if word == flag {
        return true;
    }
    let single = flag.len() == 2 && flag.starts_with('-');
    single
        && word.len() <= 6
        && word.starts_with('-')
        && !word.starts_with("--")
        && word[1..].chars().all(|c| c.is_ascii_alphabetic())
        && word.ends_with(&flag[1..])
}

/// Whether a word holds the option and its value: `--eval=...`, `-e...`.
fn begins(word: &str, flag: &str) -> bool {
    match word.strip_prefix(flag) {
        Some(rest) if flag.starts_with("--") => rest.starts_with('='),
        Some(_) => flag.len() == 2 && !word.starts_with("--"),
        None => false,
    }
}

/// Whether a word puts the output of commands, or a value, first.
pub(super) fn begins_with_value(word: &Word) -> bool {
    word.parts
        .iter()
        .find(|part| !matches!(part, Part::Text(text) if text.trim().is_empty()))
        .is_some_and(|part| matches!(part, Part::Slot(_)))
}
