//! A repository of texts, each under a plain name.

use std::collections::BTreeMap;

use surefoot::runbook::{BroughtFile, Repository, UseFailed, UsedFile, UsedPlace};

/// Texts by name, seen from one of them.
#[derive(Clone, Default)]
pub(crate) struct Shelf {
    texts: BTreeMap<String, String>,
    own: String,
}

impl Shelf {
    pub(crate) fn put(&mut self, name: &str, text: &str) {
        self.texts.insert(name.to_owned(), text.to_owned());
    }
}

impl Repository for Shelf {
    fn read(&self, path: &str) -> Result<BroughtFile, String> {
        Err(format!("there is no file `{path}`"))
    }

    fn holds(&self, _: &str) -> bool {
        false
    }

    fn own_path(&self) -> Option<String> {
        Some(self.own.clone())
    }

    fn used(&self, place: &UsedPlace) -> Result<UsedFile, UseFailed> {
        let name = match place {
            UsedPlace::Catalog { id, .. } => format!("{id}.yaml"),
            UsedPlace::File(path) => path.clone(),
        };
        let text = self.texts.get(&name).ok_or(UseFailed::Away)?;
        let repository = Box::new(Self { texts: self.texts.clone(), own: name.clone() });
        Ok(UsedFile { name, bytes: text.clone().into_bytes(), repository })
    }
}
