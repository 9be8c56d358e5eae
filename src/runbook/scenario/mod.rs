//! Scenarios: what the commands of a runbook give, what people answer, and what is expected of the
//! walk. From the text to a [`Scenario`] that fits its runbook.
//!
//! Its form is checked against its table like a runbook's; what it names is looked for in the
//! runbook as it is written, so that a fault of the runbook is told only where it stands.

mod around;
mod facts;
mod model;
mod read;
mod references;
mod roster;

pub(crate) use facts::ATTEMPT;
pub use model::{
    Answer, Answers, End, Expected, Fault, Inject, Part, Placed, Results, Scenario, StepResult,
    Trigger, Undoing,
};

use super::grammar::SCENARIO;
use super::load::{Loaded, Repository, conceal, load};
use super::model::Runbook;
use super::{parse, structure};
use crate::diagnostic::{Diagnostic, Severity, Source, sort};

/// Where the runbooks are that scenarios name.
pub trait Shelf {
    /// Finds a runbook by its id, `service/id` or path; else says what is wrong and what to do.
    fn find(&self, reference: &str) -> Result<Found<'_>, NotFound>;
}

/// A runbook that was found.
pub struct Found<'a> {
    /// Its text.
    pub source: Source,
    /// The repository it stands in.
    pub repository: Box<dyn Repository + 'a>,
}

/// Why there is no runbook.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NotFound {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// What became of the text of a scenario.
#[derive(Debug)]
pub struct LoadedScenario {
    /// The scenario, if no finding is an error.
    pub scenario: Option<Scenario>,
    /// Its runbook, if that was found and no finding of it is an error.
    pub runbook: Option<Runbook>,
    /// All findings, in the order of their places.
    pub findings: Vec<Diagnostic>,
}

/// Whether a text says that it is a scenario.
pub fn is_scenario(text: &str) -> bool {
    let schema = text.lines().find_map(|line| line.strip_prefix("schema:"));
    schema.is_some_and(|value| {
        value.trim().trim_start_matches(['"', '\'']).starts_with("surefoot-scenario/")
    })
}

/// Loads a scenario: reads it, and checks it against its runbook.
pub fn load_scenario(source: &Source, shelf: &dyn Shelf) -> LoadedScenario {
    let mut findings = Vec::new();
    let root = parse::parse(source, &mut findings);
    let (mut scenario, mut runbook) = (None, None);
    if let Some(root) = &root {
        structure::check(&source.text, root, &SCENARIO, structure::Notation::Yaml, &mut findings);
        if let Some(opened) = references::open(root, shelf, &mut findings) {
            scenario = references::check(source, root, &opened, shelf, &mut findings);
            runbook = opened.loaded.runbook;
        }
    }
    conceal(&source.text, &mut findings);
    sort(&mut findings);
    let failed = findings.iter().any(|found| found.severity == Severity::Error);
    LoadedScenario { scenario: scenario.filter(|_| !failed), runbook, findings }
}

/// A runbook with its tree, as far as either can be had.
struct Opened<'a> {
    root: parse::Node,
    loaded: Loaded,
    repository: Box<dyn Repository + 'a>,
}

impl<'a> Opened<'a> {
    fn of(found: Found<'a>) -> Option<Self> {
        let Found { source, repository } = found;
        let root = parse::parse(&source, &mut Vec::new())?;
        let loaded = load(&source, repository.as_ref());
        Some(Self { root, loaded, repository })
    }
}
