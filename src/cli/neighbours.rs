//! The other sources on this machine, as settings name them. Runbooks are looked for there; whoever only
//! reads one is not kept from it by a mistake in the settings, which whatever runs something tells.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::Context;
use crate::catalog::{KnownSource, Mirror, Mirrored, Neighbour, Neighbours, expand, read_settings};
use crate::policy::Authority;
use crate::process::without_password;
use crate::settings::{Settings, SettingsFile, Source};

/// Where it is said which sources there are.
#[derive(Clone)]
pub(crate) struct Said {
    config: Option<PathBuf>,
    organisation: PathBuf,
    home: Option<PathBuf>,
    /// The folder of all state.
    state: Option<PathBuf>,
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
            state: own.state.clone(),
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
            said.known().iter().filter_map(|source| said.neighbour(source)).collect()
        })
    }

    /// Each folder and repository.
    fn known(&self) -> Vec<KnownSource> {
        expand(&self.sources(), self.state.as_deref(), self.home.as_deref()).known
    }

    /// A source as it lies here; nothing if it was never fetched.
    fn neighbour(&self, source: &KnownSource) -> Option<Neighbour> {
        if let Some(folder) = source.folder() {
            return Some(Neighbour::folder(&source.name, &source.services, &folder));
        }
        let mirror = Mirror::of(self.state.as_deref()?, source)?;
        let fetched = mirror.fetched()?;
        let mirrored = Mirrored {
            git_folder: &mirror.git_folder(),
            commit: &fetched.commit,
            url: &without_password(&fetched.url),
            runbooks: &fetched.runbooks,
            fetched: mirror.fetched_at()?,
        };
        Neighbour::mirror(&source.name, &source.services, mirrored, &self.search).ok()
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
