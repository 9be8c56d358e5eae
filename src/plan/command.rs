//! A command with its slots filled: exactly what will run.

use std::collections::BTreeMap;

use serde::Serialize;

use super::place::{BoundTarget, FarFiles, bind_target, files_folder};
use super::shown::{shown, shown_words};
use crate::runbook::{
    Argument, Command, FileSource, Form, Runbook, Stdin as StdinSource, TargetRef,
};
use crate::template::{BindError, Fragment, Held, Script, Shell, Template, Unset};
use crate::value::{Datum, Facts, Name, Reference, Secret, Value};

/// A command with its values.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundCommand {
    /// What is run.
    pub form: BoundForm,
    /// The variables that carry values into a script, `SF_*`.
    pub variables: BTreeMap<String, Held>,
    /// Environment the author asked for.
    pub env: BTreeMap<String, Held>,
    /// Its input.
    pub stdin: Option<Held>,
    /// Files made for it, by name.
    pub files: BTreeMap<Name, BoundFile>,
    /// Its working directory, if not the run's own.
    pub cwd: Option<String>,
    /// The folder of its files where it runs, if that is not the run's own `files/`.
    pub folder: Option<String>,
    /// Where it runs.
    pub target: BoundTarget,
    /// As whom, through sudo; as whoever gets there if not given.
    pub user: Option<String>,
    /// How long it may take, in milliseconds.
    pub timeout: u64,
    /// What the responder sees.
    pub shown: String,
}

/// What is run.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BoundForm {
    /// A program and its arguments.
    List(Vec<String>),
    /// A script for a shell.
    Shell {
        /// Which.
        shell: Shell,
        /// The constant text.
        text: String,
    },
}

/// A file made for a command.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundFile {
    /// Its content.
    pub content: Held,
    /// Bytes of a file of the repository, which need not be text; then `content` is empty.
    pub bytes: Option<Vec<u8>>,
    /// Whether its owner may execute it.
    pub executable: bool,
}

impl BoundCommand {
    /// Whether a shell elsewhere, or of another user, runs it: what it needs must be brought there.
    pub fn is_far(&self) -> bool {
        self.user.is_some() || self.target.place.is_far()
    }

    /// What the responder sees of it where nothing else says where it runs.
    pub fn shown_with_place(&self) -> String {
        match self.place() {
            None => self.shown.clone(),
            Some(place) => format!("# {place}\n{}", self.shown),
        }
    }

    /// Where it runs and as whom, in words; nothing for this machine and the responder.
    pub fn place(&self) -> Option<String> {
        let user = self.user.as_ref().map(|user| format!("as {user}"));
        let words: Vec<String> = self.target.place.words().into_iter().chain(user).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }
}

/// Fills the slots of a command.
pub fn bind(
    runbook: &Runbook,
    command: &Command,
    facts: &dyn Facts,
) -> Result<BoundCommand, BindError> {
    let target = bind_target(
        match &command.target {
            TargetRef::Here => None,
            TargetRef::Named(name) => runbook.targets.get_key_value(name),
        },
        facts,
    )?;
    let far = target.place.is_far() || command.user.is_some();
    let folder = if far && !command.files.is_empty() {
        Some(files_folder(&bind_files(runbook, command, facts)?, facts)?)
    } else {
        None
    };
    let far_files = folder.as_ref().map(|folder| FarFiles { facts, folder });
    let facts = far_files.as_ref().map_or(facts, |far| far as &dyn Facts);
    let (form, variables, script) = bind_form(runbook, &command.form, facts)?;
    let shown = shown(command, &script, facts)?;
    Ok(BoundCommand {
        form,
        variables,
        env: held_map(&command.env, facts)?,
        stdin: command.stdin.as_ref().map(|stdin| bind_stdin(stdin, facts)).transpose()?,
        files: bind_files(runbook, command, facts)?,
        cwd: command.cwd.as_ref().map(|cwd| open_text(cwd, facts)).transpose()?,
        folder,
        target,
        user: command.user.as_ref().map(|user| user.as_str().to_owned()),
        timeout: command.timeout.millis,
        shown,
    })
}

/// Lines that may hold secrets, such as those to be typed.
pub fn bind_lines(templates: &[Template], facts: &dyn Facts) -> Result<Vec<Held>, BindError> {
    templates.iter().map(|template| Ok(held(template, facts)?)).collect()
}

/// Paths, which everybody may read.
pub fn bind_paths(templates: &[Template], facts: &dyn Facts) -> Result<Vec<String>, BindError> {
    templates.iter().map(|template| open_text(template, facts)).collect()
}

type BoundParts = (BoundForm, BTreeMap<String, Held>, String);

fn bind_form(runbook: &Runbook, form: &Form, facts: &dyn Facts) -> Result<BoundParts, BindError> {
    match form {
        Form::List(arguments) => {
            let words = bind_arguments(arguments, facts)?;
            let shown = shown_words(&words);
            Ok((BoundForm::List(words), BTreeMap::new(), shown))
        }
        Form::Shell(script) => {
            refuse_found_secrets(script, runbook, facts)?;
            let bound = script.bind(facts)?;
            let form = BoundForm::Shell { shell: script.shell(), text: bound.text };
            Ok((form, bound.variables, bound.shown))
        }
    }
}

fn bind_arguments(arguments: &[Argument], facts: &dyn Facts) -> Result<Vec<String>, BindError> {
    let mut words = Words::default();
    for argument in arguments {
        match argument {
            Argument::Each(name) => {
                let reference = Reference::Value(name.clone());
                for item in items(&reference, facts)? {
                    words.value(&reference, item)?;
                }
            }
            Argument::One(template) => words.template(template, facts)?,
        }
    }
    Ok(words.bound)
}

/// The words of a command, bound one after the other.
#[derive(Default)]
pub(super) struct Words {
    pub(super) bound: Vec<String>,
    options: Options,
}

/// Whether a program may still take a word for an option.
#[derive(Clone, Copy, Default, Eq, PartialEq)]
enum Options {
    #[default]
    Possible,
    Over,
}

impl Words {
    pub(super) fn template(
        &mut self,
        template: &Template,
        facts: &dyn Facts,
    ) -> Result<(), BindError> {
        let word = open_text(template, facts)?;
        if let Some(first) = template.first_value(facts) {
            return self.value(first, word);
        }
        if word == "--" {
            self.options = Options::Over;
        }
        self.push(word, template.mentions().first().map(|mention| &mention.reference))
    }

    /// A word that begins with a value, which must not become an option of the program.
    fn value(&mut self, reference: &Reference, word: String) -> Result<(), BindError> {
        let number = word.parse::<f64>().is_ok();
        let option = word.starts_with('-') && !number && !self.bound.is_empty();
        if option && self.options == Options::Possible {
            return Err(BindError::Refused {
                reference: reference.clone(),
                why: "begins with `-` and would be taken for an option; put `--` before it"
                    .to_owned(),
            });
        }
        self.push(word, Some(reference))
    }

    fn push(&mut self, word: String, from: Option<&Reference>) -> Result<(), BindError> {
        match from {
            Some(reference) if word.contains('\0') => Err(BindError::Refused {
                reference: reference.clone(),
                why: "holds a NUL, which no argument can".to_owned(),
            }),
            _ => {
                self.bound.push(word);
                Ok(())
            }
        }
    }
}

/// A text that every process may read.
pub(super) fn open_text(template: &Template, facts: &dyn Facts) -> Result<String, BindError> {
    let filled = template.fill(facts)?;
    let secret = filled.iter().find_map(|fragment| match fragment {
        Fragment::Secret(reference, _) => Some(reference),
        Fragment::Text(_) => None,
    });
    match secret {
        Some(reference) => Err(secret_argument(reference)),
        None => Ok(template.render(facts)?),
    }
}

fn secret_argument(reference: &Reference) -> BindError {
    BindError::Refused {
        reference: reference.clone(),
        why: "is a secret, which must not be an argument".to_owned(),
    }
}

/// A value that is declared open may turn out to hold a secret that a command printed. Whether its
/// place in a script lets others see it was decided for an open one.
fn refuse_found_secrets(
    script: &Script,
    runbook: &Runbook,
    facts: &dyn Facts,
) -> Result<(), BindError> {
    for mention in script.mentions() {
        let Reference::Value(name) = &mention.reference else {
            continue;
        };
        let declared = runbook.values.get(name).is_some_and(|value| value.declared.secret);
        if !declared && matches!(facts.get(&mention.reference), Some(Datum::Secret(_))) {
            return Err(BindError::Refused {
                reference: mention.reference.clone(),
                why:
                    "holds a secret that a command printed; say `secret: true` where it is captured"
                        .to_owned(),
            });
        }
    }
    Ok(())
}

fn items(reference: &Reference, facts: &dyn Facts) -> Result<Vec<String>, BindError> {
    match facts.get(reference) {
        None => Err(BindError::Unset(reference.clone())),
        Some(Datum::Secret(_)) => Err(secret_argument(reference)),
        Some(Datum::Open(Value::List(items))) => Ok(items.iter().map(Value::written).collect()),
        Some(Datum::Open(value)) => Ok(vec![value.written()]),
    }
}

fn bind_stdin(stdin: &StdinSource, facts: &dyn Facts) -> Result<Held, BindError> {
    match stdin {
        StdinSource::Lines(name) => {
            let lines = items(&Reference::Value(name.clone()), facts)?;
            Ok(Held::Open(lines.into_iter().map(|line| line + "\n").collect()))
        }
        StdinSource::Text(template) => Ok(held(template, facts)?),
    }
}

fn bind_files(
    runbook: &Runbook,
    command: &Command,
    facts: &dyn Facts,
) -> Result<BTreeMap<Name, BoundFile>, BindError> {
    let mut bound = BTreeMap::new();
    for (name, source) in &command.files {
        let file = match source {
            FileSource::Content(template) => {
                BoundFile { content: held(template, facts)?, bytes: None, executable: false }
            }
            FileSource::From(place) => {
                let brought = &runbook.brought[*place];
                BoundFile {
                    content: Held::Open(String::new()),
                    bytes: Some(brought.bytes.clone()),
                    executable: brought.executable,
                }
            }
        };
        bound.insert(name.clone(), file);
    }
    Ok(bound)
}

fn held_map(
    templates: &BTreeMap<String, Template>,
    facts: &dyn Facts,
) -> Result<BTreeMap<String, Held>, BindError> {
    templates.iter().map(|(key, template)| Ok((key.clone(), held(template, facts)?))).collect()
}

/// A filled template; secret as a whole if any part of it is.
fn held(template: &Template, facts: &dyn Facts) -> Result<Held, Unset> {
    let fragments = template.fill(facts)?;
    let secret = fragments.iter().any(|fragment| matches!(fragment, Fragment::Secret(..)));
    let text: String = fragments
        .iter()
        .map(|fragment| match fragment {
            Fragment::Secret(_, secret) => secret.expose(),
            Fragment::Text(text) => text,
        })
        .collect();
    Ok(if secret { Held::Secret(Secret::new(text)) } else { Held::Open(text) })
}
