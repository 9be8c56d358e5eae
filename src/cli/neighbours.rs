//! The other sources on this machine, as settings name them. Runbooks are looked for there; whoever only
//! reads one is not kept from it by a mistake in the settings, which whatever runs something tells.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::Context;
use crate::catalog::{Neighbour, Neighbours, read_settings};
use crate::policy::Authority;
use crate::settings::{Settings, SettingsFile, Source, SourceKind};

/// A folder of this name says nothing of which source it is.
const RUNBOOKS: &str = "runbooks";

/// Where it is said which sources there are.
#[derive(Clone)]
pub(crate) struct Said {
    config: Option<PathBuf>,
    organisation: PathBuf,
    home: Option<PathBuf>,
    /// Where git is found.
    search: OsString,
}

impl Context {
    /// Where it is said which sources there are.
    pub(crate) fn said(&self) -> Said {
        let own = &self.settings;
        Said {
            config: own.config.as_ref().map(|folder| folder.join("config.toml")),
            organisation: own.organisation.clone(),
            home: own.home.clone(),
            search: own.search_path(),
        }
    }

    /// The other sources; nothing is read before they are asked for.
    pub(crate) fn neighbours(&self) -> Neighbours {
        self.said().neighbours()
    }
}

impl Said {
    /// The other sources; nothing is read before they are asked for.
    pub(crate) fn neighbours(&self) -> Neighbours {
        let said = self.clone();
        Neighbours::new(self.search.clone(), move || {
            said.sources().iter().filter_map(neighbour).collect()
        })
    }

    fn sources(&self) -> Vec<Source> {
        let read = |path: &Path, authority| {
            let read = read_settings(path, authority, self.home.as_deref()).ok().flatten();
            read.and_then(|(_, loaded)| loaded.file)
        };
        let user = self.config.as_ref().and_then(|path| read(path, Authority::User));
        let mut files: Vec<SettingsFile> = Vec::new();
        files.extend(read(&self.organisation, Authority::Organisation));
        let named = user.as_ref().and_then(|user| user.organisation.as_ref());
        let named = named.filter(|(path, _)| *path != self.organisation);
        files.extend(named.and_then(|(path, _)| read(path, Authority::Organisation)));
        files.extend(user);
        Settings::of(&files).map_or_else(|_| Vec::new(), |settings| settings.sources)
    }
}

/// A source that is a folder.
fn neighbour(source: &Source) -> Option<Neighbour> {
    let SourceKind::Path(folder) = &source.kind else {
        return None;
    };
    let below = folder.join(&source.runbooks);
    let runbooks = if below.is_dir() { &below } else { folder };
    let mut names = folder.iter().rev().filter(|name| *name != RUNBOOKS);
    let name = names.next()?.to_string_lossy().to_lowercase();
    Some(Neighbour::folder(&name, &source.services, runbooks))
}
