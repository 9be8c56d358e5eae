//! What runbooks require: the programs, versions, variables, checks and secrets of each that this
//! person may have to walk. It is looked for; a command of a runbook runs only if the user says so and
//! trusts the runbook, and a secret is never read.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::runbooks::{is_trusted, of_services};
use super::{Commands, Finding, Findings, State, walks};
use crate::cli::Context;
use crate::cli::failure::Failure;
use crate::cli::inputs::output_of;
use crate::cli::open::open;
use crate::cli::team::counted;
use crate::engine::version_in;
use crate::process::program_in_path;
use crate::runbook::{Argument, Command, Form, Requirement, Runbook, Secrecy, SecretSource};
use crate::settings::Settings;
use crate::value::Name;

/// So many runbooks are named where they need the same.
const MOST_NAMED: usize = 3;

/// Something that runbooks need, once for all of them.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Need {
    Program(String),
    Version { program: String, range: String, from: String },
    Check { command: String },
    Variable(String),
    SecretFile(String),
}

/// What became of a look for something.
struct Looked {
    state: State,
    found: String,
    advice: Option<String>,
    /// The runbooks that need it.
    by: Vec<String>,
}

pub(super) fn look(
    reference: Option<&str>,
    commands: Commands,
    settings: Option<&Settings>,
    context: &Context,
) -> Result<Vec<Finding>, Failure> {
    let mut findings = Findings::of("What runbooks require");
    let sources = settings.map(|settings| settings.sources.as_slice()).unwrap_or_default();
    let on_call = settings.map(|settings| settings.on_call.as_slice()).unwrap_or_default();
    let opened = match reference {
        Some(reference) => vec![open(reference, context)?],
        None => of_services(on_call, sources, context, &mut findings),
    };
    let mut needs: BTreeMap<Need, Looked> = BTreeMap::new();
    let mut untrusted = Vec::new();
    for opened in &opened {
        let trusted = is_trusted(opened, sources, context);
        if !trusted {
            untrusted.push(name(&opened.runbook));
        }
        let look = Look { context, trusted, commands };
        look.at(&opened.runbook, &mut needs);
    }
    for (need, looked) in needs {
        let what = match &need {
            Need::Program(program) | Need::Version { program, .. } => program.clone(),
            Need::Check { .. } => "check".to_owned(),
            Need::Variable(variable) => format!("${variable}"),
            Need::SecretFile(path) => path.clone(),
        };
        let by = some_of(&looked.by);
        findings.add(looked.state, &what, format!("{}; for {by}", looked.found), looked.advice);
    }
    if opened.is_empty() && findings.found.is_empty() {
        findings
            .ok("runbooks", "there are none here, and `on_call` in the settings names no service");
    } else if !untrusted.is_empty() {
        let found = format!("not trusted: {}", some_of(&untrusted));
        findings.warning("trust", found, "look at them before the shift: surefoot trust REF");
    } else if !opened.is_empty() {
        let count = counted(opened.len(), "runbook", "runbooks");
        findings.ok("runbooks", format!("{count} looked at, all trusted"));
    }
    walks::look(&opened, context, &mut findings);
    Ok(findings.found)
}

/// The first of several names.
pub(super) fn some_of(names: &[String]) -> String {
    let first = names.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MOST_NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

pub(super) fn name(runbook: &Runbook) -> String {
    match &runbook.service {
        Some(service) => format!("{service}/{}", runbook.id),
        None => runbook.id.clone(),
    }
}

/// A look at what one runbook requires.
struct Look<'a> {
    context: &'a Context,
    trusted: bool,
    commands: Commands,
}

impl Look<'_> {
    fn at(&self, runbook: &Runbook, needs: &mut BTreeMap<Need, Looked>) {
        let by = name(runbook);
        for (_, book) in runbook.all_books() {
            for requirement in &book.requires {
                self.requirement(book, requirement, &by, needs);
            }
            for input in &book.inputs {
                if let Secrecy::Secret(Some(source)) = &input.secrecy {
                    self.secret(&input.name, source, &by, needs);
                }
            }
        }
    }

    fn requirement(
        &self,
        book: &Runbook,
        requirement: &Requirement,
        by: &str,
        needs: &mut BTreeMap<Need, Looked>,
    ) {
        match requirement {
            Requirement::Env { name, .. } => self.variable(name, by, needs),
            Requirement::Program { program, version, .. } => {
                let there = self.program(program, by, needs);
                if let (true, Some((range, from))) = (there, version) {
                    let need = Need::Version {
                        program: program.clone(),
                        range: range.to_string(),
                        from: written(from),
                    };
                    note(needs, need, by, || self.version(book, range, from));
                }
            }
            Requirement::Check { command, say, .. } => {
                let need = Need::Check { command: written(command) };
                note(needs, need, by, || self.check(book, command, say.as_deref()));
            }
        }
    }

    fn variable(&self, variable: &str, by: &str, needs: &mut BTreeMap<Need, Looked>) {
        let set = self.context.settings.environment.contains_key(OsStr::new(variable));
        note(needs, Need::Variable(variable.to_owned()), by, || {
            if set {
                looked(State::Ok, "set", None)
            } else {
                looked(State::Missing, "not set", Some(format!("export {variable}=…")))
            }
        });
    }

    /// Whether a program is there.
    fn program(&self, program: &str, by: &str, needs: &mut BTreeMap<Need, Looked>) -> bool {
        // Somebody whom nobody trusts may name a path that is slow or noticed elsewhere.
        if program.contains('/') && !self.trusted {
            note(needs, Need::Program(program.to_owned()), by, || {
                looked(State::NotRun, "not looked at: its runbook is not trusted", None)
            });
            return false;
        }
        let path = program_in_path(program, &self.context.settings.search_path());
        let there = path.is_some();
        note(needs, Need::Program(program.to_owned()), by, || {
            if let Some(path) = path {
                return looked(State::Ok, &path.display().to_string(), None);
            }
            let advice = "install it, or put its folder into PATH".to_owned();
            looked(State::Missing, "not found", Some(advice))
        });
        there
    }

    fn version(&self, book: &Runbook, range: &semver::VersionReq, from: &Command) -> Looked {
        let told = match self.run(book, from) {
            Err(why) => return why,
            Ok(told) => told,
        };
        let text = told.unwrap_or_default();
        match version_in(&text) {
            Some(version) if range.matches(&version) => {
                looked(State::Ok, &format!("{version}, which is {range}"), None)
            }
            Some(version) => {
                let advice = format!("install a version that is {range}");
                looked(State::Missing, &format!("{version}, and {range} is needed"), Some(advice))
            }
            None => {
                let found = format!("`{}` tells no version", written(from));
                looked(State::Missing, &found, Some(format!("{range} is needed")))
            }
        }
    }

    fn check(&self, book: &Runbook, command: &Command, say: Option<&str>) -> Looked {
        let shown = written(command);
        match self.run(book, command) {
            Err(why) => why,
            Ok(Ok(_)) => looked(State::Ok, &format!("`{shown}` succeeds"), None),
            Ok(Err(why)) => {
                let found = format!("`{shown}` fails: {why}");
                looked(State::Missing, &found, say.map(str::to_owned))
            }
        }
    }

    /// What a command prints, or why it failed; or that it was not run.
    fn run(&self, book: &Runbook, command: &Command) -> Result<Result<String, String>, Looked> {
        let not_run = |why: &str, advice: Option<&str>| {
            let found = format!("`{}` was not run: {why}", written(command));
            looked(State::NotRun, &found, advice.map(str::to_owned))
        };
        if self.commands == Commands::None {
            return Err(not_run(
                "nobody asked for it",
                Some("surefoot doctor --run-checks runs it"),
            ));
        }
        if !self.trusted {
            return Err(not_run("its runbook is not trusted", None));
        }
        output_of(book, command, &self.context.settings).map_err(|why| not_run(&why, None))
    }

    /// Whether a secret's source is there; what it holds is nobody's business yet.
    fn secret(
        &self,
        input: &Name,
        source: &SecretSource,
        by: &str,
        needs: &mut BTreeMap<Need, Looked>,
    ) {
        match source {
            SecretSource::Env(variable) => self.variable(variable, by, needs),
            SecretSource::File(path) => {
                let need = Need::SecretFile(path.clone());
                note(needs, need, by, || self.secret_file(input, path));
            }
            SecretSource::Run(command) => {
                if let Form::Shell(script) = &command.form {
                    for (program, _) in script.programs() {
                        // What the shell itself knows is no program.
                        if !SHELLS_OWN.contains(&program.as_str()) {
                            self.program(&program, by, needs);
                        }
                    }
                }
            }
        }
    }

    fn secret_file(&self, input: &Name, path: &str) -> Looked {
        if !self.trusted {
            return looked(State::NotRun, "not looked at: its runbook is not trusted", None);
        }
        match fs::metadata(path) {
            Ok(found) if !found.is_file() => {
                let advice = format!("the secret `{input}` is asked for instead");
                looked(State::Missing, "it is not an ordinary file", Some(advice))
            }
            Ok(found) if found.permissions().mode() & 0o077 != 0 => {
                looked(State::Warning, "others can read it", Some(format!("chmod 600 {path}")))
            }
            Ok(_) => looked(State::Ok, "there, and for nobody else to read", None),
            Err(error) => {
                let advice = format!("the secret `{input}` is asked for instead");
                looked(State::Missing, &error.to_string(), Some(advice))
            }
        }
    }
}

/// Words of a shell that are no programs.
const SHELLS_OWN: [&str; 12] = [
    ".", "cd", "command", "echo", "eval", "exec", "exit", "export", "printf", "read", "set", "test",
];

/// A command as it stands in the runbook.
fn written(command: &Command) -> String {
    match &command.form {
        Form::Shell(script) => script.source().to_owned(),
        Form::List(words) => {
            let word = |word: &Argument| match word {
                Argument::One(template) => template.source().to_owned(),
                Argument::Each(_) => "…".to_owned(),
            };
            words.iter().map(word).collect::<Vec<_>>().join(" ")
        }
    }
}

fn looked(state: State, found: &str, advice: Option<String>) -> Looked {
    Looked { state, found: found.to_owned(), advice, by: Vec::new() }
}

/// Notes who needs something; it is looked for once, and again only if whoever needs it lets more be
/// found out.
fn note(needs: &mut BTreeMap<Need, Looked>, need: Need, by: &str, look: impl FnOnce() -> Looked) {
    match needs.get_mut(&need) {
        Some(known) if known.state != State::NotRun => {
            if !known.by.iter().any(|it| it == by) {
                known.by.push(by.to_owned());
            }
        }
        known => {
            let mut by_all = known.map(|known| std::mem::take(&mut known.by)).unwrap_or_default();
            if !by_all.iter().any(|it| it == by) {
                by_all.push(by.to_owned());
            }
            let mut looked = look();
            looked.by = by_all;
            needs.insert(need, looked);
        }
    }
}
