//! The public door: a text becomes a runbook, or findings that say why not.

use super::grammar::TOP;
use super::lineage::{Known, Lineage};
use super::link::link;
use super::model::{BroughtFile, Command, Runbook, StepKey, TargetRef, UsedPlace};
use super::resolve::{self, ad_hoc_command};
use super::{parse, rules, structure};
use crate::diagnostic::{Diagnostic, Severity, Source, Span, sort};

/// The repository that a runbook stands in, as far as loading needs it.
pub trait Repository {
    /// Reads a file, by its path from the runbook's folder.
    fn read(&self, path: &str) -> Result<BroughtFile, String>;

    /// Whether a word names an existing file, counted from the runbook's folder.
    fn holds(&self, word: &str) -> bool;

    /// What tells this runbook's file from all others: its path in the repository.
    fn own_path(&self) -> Option<String> {
        None
    }

    /// Finds a runbook that this one uses. Its paths count from its own file.
    fn used(&self, place: &UsedPlace) -> Result<UsedFile, UseFailed> {
        match place {
            UsedPlace::Catalog { .. } => Err(UseFailed::Away),
            UsedPlace::File(path) => {
                Err(UseFailed::Unreadable(format!("there is no file `{path}`")))
            }
        }
    }

    /// The service of the source, for runbooks that name none.
    fn service_name(&self) -> Option<String> {
        None
    }
}

/// The file of a used runbook.
pub struct UsedFile {
    /// Its path in the repository.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The repository as seen from it.
    pub repository: Box<dyn Repository>,
}

/// Why a used runbook cannot be used.
#[derive(Clone, Debug)]
pub enum UseFailed {
    /// It belongs to a source that is not on this machine.
    Away,
    /// It uses the runbook that uses it; how it comes to that.
    Circle(Vec<String>),
    /// It has an error of its own, the first of which is this.
    Invalid {
        /// The file.
        name: String,
        /// The line.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// There is no such file, or it may not be read.
    Unreadable(String),
}

/// A repository that holds nothing, for texts that stand alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRepository;

impl Repository for NoRepository {
    fn read(&self, path: &str) -> Result<BroughtFile, String> {
        Err(format!("there is no file `{path}`"))
    }

    fn holds(&self, _: &str) -> bool {
        false
    }
}

/// What became of a text.
#[derive(Debug)]
pub struct Loaded {
    /// The runbook, if no finding is an error.
    pub runbook: Option<Runbook>,
    /// All findings, in the order of their places.
    pub findings: Vec<Diagnostic>,
}

/// Loads a runbook: reads, checks and compiles it.
pub fn load(source: &Source, repository: &dyn Repository) -> Loaded {
    let known = Known::default();
    let mut loaded = load_within(source, repository, &Lineage::first(source, repository, &known));
    loaded.runbook = loaded.runbook.and_then(|runbook| match link(runbook) {
        Ok(runbook) => Some(runbook),
        Err(too_many) => {
            loaded.findings.insert(0, Diagnostic::error("limit", 0..0, too_many.to_string()));
            None
        }
    });
    loaded
}

/// Loads a runbook that others may use.
pub(super) fn load_within(
    source: &Source,
    repository: &dyn Repository,
    lineage: &Lineage<'_>,
) -> Loaded {
    let mut findings = Vec::new();
    let runbook = parse::parse(source, &mut findings)
        .and_then(|root| checked(source, &root, repository, lineage, &mut findings));
    conceal(&source.text, &mut findings);
    sort(&mut findings);
    let failed = findings.iter().any(|found| found.severity == Severity::Error);
    Loaded { runbook: runbook.filter(|_| !failed), findings }
}

/// Hides what one finding hides from the others that show the same line.
pub(super) fn conceal(text: &str, findings: &mut [Diagnostic]) {
    let hidden: Vec<Span> = findings.iter().filter_map(|found| found.concealed.clone()).collect();
    for found in findings.iter_mut().filter(|found| found.concealed.is_none()) {
        found.concealed =
            hidden.iter().find(|hidden| on_one_line(text, &found.span, hidden)).cloned();
    }
}

fn on_one_line(text: &str, one: &Span, other: &Span) -> bool {
    let between = one.start.min(other.start)..one.start.max(other.start);
    text.get(between).is_some_and(|text| !text.contains('\n'))
}

fn checked(
    source: &Source,
    root: &parse::Node,
    repository: &dyn Repository,
    lineage: &Lineage<'_>,
    findings: &mut Vec<Diagnostic>,
) -> Option<Runbook> {
    structure::check(&source.text, root, &TOP, structure::Notation::Yaml, findings);
    root.map()?;
    let resolved = resolve::resolve(source, root, repository, lineage, findings);
    rules::check(source, root, repository, &resolved, findings);
    resolved.runbook
}

/// Compiles the text that a responder put in the place of a step's command.
pub fn edit(runbook: &Runbook, step: StepKey, text: &str) -> Result<Command, Vec<Diagnostic>> {
    resolve::edited_command(runbook, step, text)
}

/// Compiles a command that a responder typed during a run; it has no templates.
pub fn ad_hoc(
    runbook: &Runbook,
    target: &TargetRef,
    text: &str,
) -> Result<Command, Vec<Diagnostic>> {
    ad_hoc_command(runbook, target, text)
}
