//! The other sources on this machine, as settings name them. Runbooks are looked for there; whoever only
//! reads one is not kept from it by a mistake in the settings, which whatever runs something tells.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::Context;
use crate::catalog::{
    Index, Neighbour, Neighbours, PlaceKind, Sources, expand, places, read_settings,
};
use crate::effects::SystemClock;
use crate::policy::Authority;
use crate::session::Clock as _;
use crate::settings::{Settings, SettingsFile, Source};
use crate::value::{RunbookId, ServiceId};

/// So many mirrors are asked one after the other.
const FEW: usize = 8;

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
        let (said, asked) = (self.clone(), self.clone());
        let all = move || {
            let state = said.state.as_deref();
            let one = |source| Neighbour::of(source, state, &said.search);
            said.known().known.iter().filter_map(one).collect()
        };
        Neighbours::knowing(self.search.clone(), all, move |service, id| asked.holders(service, id))
    }

    /// The mirrors that hold a runbook with these names, as the index knows it; nothing if there are few, which
    /// are asked as fast, or if some could not be read.
    fn holders(&self, service: &ServiceId, id: &RunbookId) -> Option<BTreeSet<String>> {
        let state = self.state.as_deref();
        let mut places = places(&self.known(), state, Path::new("/"));
        places.retain(|place| place.kind == PlaceKind::Mirror);
        if places.len() <= FEW {
            return None;
        }
        let now = SystemClock::start().now();
        let (state, search) = (self.state.clone(), &self.search);
        let mut index = Index::open(state, search, places, now, &mut |_, _, _| ()).ok()?;
        let found = index.named(id.as_str(), Some(service.as_str())).ok()?;
        let whole = index.problems().is_empty();
        whole.then(|| found.iter().map(|entry| index.place(entry).name().to_owned()).collect())
    }

    /// Each folder and repository.
    fn known(&self) -> Sources {
        expand(&self.sources(), self.state.as_deref(), self.home.as_deref())
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
