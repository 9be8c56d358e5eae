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

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) use facts::ATTEMPT;
pub use model::{
    Answer, Answers, End, Expected, Fault, Inject, Part, Placed, Results, Scenario, StepResult,
    Trigger, Undoing,
};

use self::roster::Roster;
use super::grammar::SCENARIO;
use super::load::{Repository, conceal, load};
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
    pub runbook: Option<Arc<Runbook>>,
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
pub fn load_scenario(source: &Source, library: &dyn Shelf) -> LoadedScenario {
    ScenarioLoader::default().load(source, library)
}

/// Loads scenarios and reads each of their runbooks once, as it is when the first of them names it.
#[derive(Default)]
pub struct ScenarioLoader {
    /// By the names of their texts.
    opened: Mutex<BTreeMap<String, (Source, Arc<Opened>)>>,
}

impl ScenarioLoader {
    /// Loads a scenario: reads it, and checks it against its runbook.
    pub fn load(&self, source: &Source, library: &dyn Shelf) -> LoadedScenario {
        let mut findings = Vec::new();
        let root = parse::parse(source, &mut findings);
        let (mut scenario, mut runbook) = (None, None);
        if let Some(root) = &root {
            let notation = structure::Notation::Yaml;
            structure::check(&source.text, root, &SCENARIO, notation, &mut findings);
            if let Some(opened) = references::open(root, self, library, &mut findings) {
                scenario = references::check(source, root, &opened, &mut findings);
                runbook.clone_from(&opened.runbook);
            }
        }
        conceal(&source.text, &mut findings);
        sort(&mut findings);
        let failed = findings.iter().any(|found| found.severity == Severity::Error);
        LoadedScenario { scenario: scenario.filter(|_| !failed), runbook, findings }
    }

    /// The runbook that was found, read if it has another text than it had.
    fn open(&self, found: &Found<'_>, library: &dyn Shelf) -> Option<Arc<Opened>> {
        let lock = || self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((source, opened)) = lock().get(&found.source.name)
            && source.text == found.source.text
        {
            return Some(Arc::clone(opened));
        }
        let opened = Arc::new(Opened::of(found, library)?);
        let known = (found.source.clone(), Arc::clone(&opened));
        lock().insert(found.source.name.clone(), known);
        Some(opened)
    }
}

/// A runbook with its tree, as far as either can be had, and its steps by their names.
struct Opened {
    root: parse::Node,
    runbook: Option<Arc<Runbook>>,
    roster: Roster,
}

impl Opened {
    fn of(found: &Found<'_>, library: &dyn Shelf) -> Option<Self> {
        let repository = found.repository.as_ref();
        let root = parse::parse(&found.source, &mut Vec::new())?;
        let runbook = load(&found.source, repository).runbook.map(Arc::new);
        let roster = Roster::of(&root, repository, library);
        Some(Self { root, runbook, roster })
    }
}
