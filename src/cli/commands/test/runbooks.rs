//! What a whole test reads once: the runbooks of its scenarios, each under the name that a person
//! knows its file by, with all that there is of it to be reached. Thousands of scenarios share few.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::one::shown;
use crate::rehearsal::Inventory;
use crate::runbook::{Runbook, ScenarioLoader};

/// The runbooks that were read so far.
#[derive(Default)]
pub(super) struct Runbooks {
    loader: ScenarioLoader,
    /// By the names they were read under.
    named: Mutex<BTreeMap<String, Named>>,
}

/// A runbook as a test speaks of it.
#[derive(Clone)]
pub(super) struct Named {
    pub(super) runbook: Arc<Runbook>,
    pub(super) inventory: Arc<Inventory>,
    /// What it was made of: a file that was written meanwhile is another runbook.
    read: Arc<Runbook>,
}

impl Runbooks {
    /// What reads scenarios with their runbooks.
    pub(super) fn loader(&self) -> &ScenarioLoader {
        &self.loader
    }

    /// A runbook that was read, as a person knows it from where they stand.
    pub(super) fn named(&self, read: &Arc<Runbook>, here: &Path) -> Named {
        let lock = || self.named.lock().unwrap_or_else(PoisonError::into_inner);
        let name = &read.source.name;
        if let Some(known) = lock().get(name).filter(|known| Arc::ptr_eq(&known.read, read)) {
            return known.clone();
        }
        let mut runbook = Runbook::clone(read);
        runbook.source.name = shown(Path::new(name), here);
        let inventory = Arc::new(Inventory::of(&runbook));
        let made = Named { runbook: Arc::new(runbook), inventory, read: Arc::clone(read) };
        lock().insert(name.clone(), made.clone());
        made
    }
}
