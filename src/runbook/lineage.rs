//! The runbooks that use each other: each is loaded once, and none uses itself.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::load::{Repository, UseFailed, load_within};
use super::model::{Runbook, UsedPlace};
use super::parse::{self, decode};
use crate::diagnostic::{Severity, Source};
use crate::value::{RunbookId, ServiceId};

/// Runbooks that use each other deeper than this are not followed.
const MOST_DEPTH: usize = 32;

/// What became of a used runbook.
type Outcome = Result<Arc<Runbook>, UseFailed>;

/// What became of the used runbooks that were met.
#[derive(Default)]
pub(super) struct Known {
    /// By their paths.
    files: RefCell<BTreeMap<String, Outcome>>,
    /// By the path of the runbook that uses them, and what it calls them.
    places: RefCell<BTreeMap<(String, String), Outcome>>,
}

/// A runbook that is being loaded, and those that use it.
pub(super) struct Lineage<'a> {
    /// Its path, which tells it from others.
    path: Option<String>,
    /// How it is called in messages.
    name: String,
    user: Option<&'a Lineage<'a>>,
    depth: usize,
    known: &'a Known,
}

impl<'a> Lineage<'a> {
    /// A runbook that no other one uses.
    pub(super) fn first(source: &Source, repository: &dyn Repository, known: &'a Known) -> Self {
        let path = repository.own_path();
        let name = path.clone().unwrap_or_else(|| source.name.clone());
        Self { path, name, user: None, depth: 0, known }
    }

    /// Loads a runbook that this one uses.
    pub(super) fn used(&self, repository: &dyn Repository, place: &UsedPlace) -> Outcome {
        let Some(path) = &self.path else {
            return self.found(repository, place);
        };
        let key = (path.clone(), place.to_string());
        if let Some(known) = self.known.places.borrow().get(&key) {
            return known.clone();
        }
        let outcome = self.found(repository, place);
        self.known.places.borrow_mut().insert(key, outcome.clone());
        outcome
    }

    fn found(&self, repository: &dyn Repository, place: &UsedPlace) -> Outcome {
        let file = repository.used(place)?;
        let path = file.repository.own_path();
        if let Some(path) = &path {
            if let Some(chain) = self.circle(path) {
                return Err(UseFailed::Circle(chain));
            }
            if let Some(known) = self.known.files.borrow().get(path) {
                return known.clone();
            }
        }
        if self.depth >= MOST_DEPTH {
            let problem = format!("runbooks use each other more than {MOST_DEPTH} deep");
            return Err(UseFailed::Unreadable(problem));
        }
        let own = Lineage {
            path: path.clone(),
            name: file.name.clone(),
            user: Some(self),
            depth: self.depth + 1,
            known: self.known,
        };
        let loaded = own.load(&file.bytes, &*file.repository);
        if let Some(path) = path {
            self.known.files.borrow_mut().insert(path, loaded.clone());
        }
        loaded
    }

    fn load(&self, bytes: &[u8], repository: &dyn Repository) -> Outcome {
        let (source, mut findings) = decode(&self.name, bytes);
        let mut runbook = None;
        if findings.is_empty() {
            let loaded = load_within(&source, repository, self);
            (runbook, findings) = (loaded.runbook, loaded.findings);
        }
        if let Some(runbook) = runbook {
            return Ok(Arc::new(Runbook { bytes: bytes.into(), ..runbook }));
        }
        let first = findings.into_iter().find(|found| found.severity == Severity::Error);
        let (line, message) = first.map_or_else(
            || (1, "it cannot be read".to_owned()),
            |found| (source.line_column(found.span.start).0, found.message),
        );
        Err(UseFailed::Invalid { name: self.name.clone(), line, message })
    }

    /// How a runbook of this path comes to use itself, if it is among those that use this one.
    fn circle(&self, path: &str) -> Option<Vec<String>> {
        let mut chain = Vec::new();
        let mut at = Some(self);
        while let Some(lineage) = at {
            chain.push(lineage.name.clone());
            if lineage.path.as_deref() == Some(path) {
                chain.reverse();
                chain.push(lineage.name.clone());
                return Some(chain);
            }
            at = lineage.user;
        }
        None
    }
}

/// The service and the id that the text of a runbook gives itself, without looking further.
pub fn own_names(source: &Source) -> (Option<ServiceId>, Option<RunbookId>) {
    let Some(root) = parse::parse(source, &mut Vec::new()) else {
        return (None, None);
    };
    let text = |key: &str| root.get(key).and_then(parse::Node::text);
    (
        text("service").and_then(|text| ServiceId::new(text).ok()),
        text("id").and_then(|text| RunbookId::new(text).ok()),
    )
}
