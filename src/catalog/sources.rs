//! Which sources there are: those of the settings, each folder and repository for itself, under a name
//! of its own.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::digest::sha256;
use super::listing::{Listed, ListingFailed};
use crate::policy::{Origin, Pattern};
use crate::process::without_password;
use crate::settings::{Follow, Remote, Signers, Source, SourceKind, SourceTrust};

/// The folder of a source's runbooks, if none is named.
const RUNBOOKS: &str = "runbooks";

/// More folders do not come from one pattern.
const MOST_FOLDERS: usize = 10_000;

/// A folder or repository that runbooks come from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KnownSource {
    /// Its name: no other source has it.
    pub name: String,
    /// Where it is.
    pub place: SourcePlace,
    /// The folder of its runbooks, as settings name it.
    pub named_runbooks: Option<String>,
    /// How far it is trusted.
    pub trust: SourceTrust,
    /// Whose signatures count, if not of those who may agree.
    pub signers: Option<Signers>,
    /// The services that it may speak for; any if none is named.
    pub services: Vec<String>,
    /// Which lines of which settings it comes from.
    pub origin: Origin,
}

/// Where a source is.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum SourcePlace {
    /// In a folder.
    Folder(PathBuf),
    /// In a repository that is fetched from.
    Git {
        /// As git names it.
        url: String,
        /// What of it.
        follow: Follow,
    },
}

/// All sources.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Each, in the order of the settings.
    pub known: Vec<KnownSource>,
    /// What of the settings leads to none.
    pub unknown: Vec<Unknown>,
}

/// Something of the settings that leads to no source.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unknown {
    /// Which lines of which settings.
    pub origin: Origin,
    /// Why.
    pub why: String,
}

impl SourcePlace {
    fn address(&self) -> String {
        match self {
            Self::Folder(folder) => folder.display().to_string(),
            Self::Git { url, .. } => without_password(url),
        }
    }
}

impl KnownSource {
    /// Where it is, for people.
    pub fn address(&self) -> String {
        self.place.address()
    }

    /// The folder of its runbooks below its root.
    pub fn runbooks(&self) -> &str {
        below(self.named_runbooks.as_deref())
    }

    /// Where its runbooks lie, if it is a folder: in the folder below it, or, where none is named and
    /// none has the usual name, in itself.
    pub fn folder(&self) -> Option<PathBuf> {
        match &self.place {
            SourcePlace::Folder(folder) => {
                Some(runbooks_in(folder, self.named_runbooks.as_deref()))
            }
            SourcePlace::Git { .. } => None,
        }
    }
}

fn below(named: Option<&str>) -> &str {
    named.unwrap_or(RUNBOOKS).trim_end_matches('/')
}

/// Where the runbooks of a folder lie.
pub(super) fn runbooks_in(folder: &Path, named: Option<&str>) -> PathBuf {
    let below = folder.join(below(named));
    let itself = named.is_none() && !below.is_dir();
    if itself { folder.to_owned() } else { below }
}

impl Sources {
    /// The source with a name.
    pub fn named(&self, name: &str) -> Option<&KnownSource> {
        self.known.iter().find(|source| source.name == name)
    }
}

/// The sources that settings speak of. Nothing is fetched and nothing is run for that: what a command
/// lists is known from the last `sync`.
pub fn expand(declared: &[Source], state: Option<&Path>, home: Option<&Path>) -> Sources {
    let mut sources = Sources::default();
    let mut given: Vec<Option<&str>> = Vec::new();
    let mut taken: HashMap<SourcePlace, Origin> = HashMap::new();
    // What a list names again is what settings say of it by itself.
    let mut seen: BTreeSet<String> = declared
        .iter()
        .filter_map(|source| match &source.kind {
            SourceKind::Git { url, .. } => Some(url.clone()),
            _ => None,
        })
        .collect();
    for source in declared {
        let (places, findings) = places(&source.kind, state, home, &mut seen);
        let unknown = |why| Unknown { origin: source.origin.clone(), why };
        sources.unknown.extend(findings.into_iter().map(unknown));
        for place in places {
            if let Some(other) = taken.get(&place) {
                let why = format!("{} is a source already ({other})", place.address());
                sources.unknown.push(unknown(why));
                continue;
            }
            taken.insert(place.clone(), source.origin.clone());
            given.push(source.name.as_deref());
            sources.known.push(KnownSource {
                name: String::new(),
                place,
                named_runbooks: source.runbooks.clone(),
                trust: source.trust,
                signers: source.signers.clone(),
                services: source.services.clone(),
                origin: source.origin.clone(),
            });
        }
    }
    let names = names(&sources.known, &given);
    for (source, name) in sources.known.iter_mut().zip(names) {
        source.name = name;
    }
    sources
}

/// The places that a source of the settings stands for, and what is wrong with them. Of lists only
/// what was not seen before counts.
fn places(
    kind: &SourceKind,
    state: Option<&Path>,
    home: Option<&Path>,
    seen: &mut BTreeSet<String>,
) -> (Vec<SourcePlace>, Vec<String>) {
    let mut listed = |list: Result<Listed, ListingFailed>, follow: &Follow, from: String| {
        let list = match list {
            Ok(list) => list,
            Err(error) => return (Vec::new(), vec![error.to_string()]),
        };
        let new = list.urls.into_iter().filter(|url| seen.insert(url.clone()));
        let places = new.map(|url| SourcePlace::Git { url, follow: follow.clone() });
        let findings = list.findings.iter().map(|why| format!("{from}: {why}"));
        (places.collect(), findings.collect())
    };
    match kind {
        SourceKind::Path(pattern) => {
            let folders = folders(pattern);
            let missing = folders.is_empty();
            let missing = missing.then(|| format!("there is no folder {}", pattern.display()));
            let folders = folders.into_iter().map(SourcePlace::Folder).collect();
            (folders, missing.into_iter().collect())
        }
        SourceKind::Git { url, follow } => {
            (vec![SourcePlace::Git { url: url.clone(), follow: follow.clone() }], Vec::new())
        }
        SourceKind::List { file, follow } => {
            listed(Listed::of_file(file, home), follow, file.display().to_string())
        }
        SourceKind::Command { words, follow } => match state {
            Some(state) => listed(Listed::of_command(words, state), follow, words.join(" ")),
            None => (Vec::new(), Vec::new()),
        },
    }
}

/// A name for each: the one that is given where it is of one source, else the shortest part of where
/// it is that no other has. A name does not depend on the order of the settings.
fn names(known: &[KnownSource], given: &[Option<&str>]) -> Vec<String> {
    let mut named: Vec<Option<String>> = vec![None; known.len()];
    let mut uses: HashMap<&str, usize> = HashMap::new();
    for name in given.iter().flatten() {
        *uses.entry(name).or_default() += 1;
    }
    for (place, name) in given.iter().enumerate() {
        let alone = |name: &&str| uses.get(name) == Some(&1);
        named[place] = name.filter(alone).map(str::to_owned);
    }
    let mut taken: HashSet<String> = named.iter().flatten().cloned().collect();
    for parts in 1..=2 {
        let proposed: Vec<Option<String>> = known
            .iter()
            .zip(&named)
            .map(|(source, name)| name.is_none().then(|| proposal(&source.place, parts)))
            .collect();
        let mut count: HashMap<&str, usize> = HashMap::new();
        for name in proposed.iter().flatten() {
            *count.entry(name).or_default() += 1;
        }
        for (place, name) in proposed.iter().enumerate() {
            let Some(name) = name else { continue };
            if count[name.as_str()] == 1 && taken.insert(name.clone()) {
                named[place] = Some(name.clone());
            }
        }
    }
    let last = |(source, name): (&KnownSource, Option<String>)| {
        name.unwrap_or_else(|| {
            let digest = sha256(format!("{:?}", source.place).as_bytes());
            format!("{}-{}", proposal(&source.place, 1), &digest[..8])
        })
    };
    known.iter().zip(named).map(last).collect()
}

/// The last parts of where it is.
fn proposal(place: &SourcePlace, count: usize) -> String {
    let mut parts: Vec<String> = match place {
        SourcePlace::Folder(folder) => {
            // One more than is wanted: the last may be left out.
            let last = folder.iter().rev().take(count + 1);
            last.map(|part| part.to_string_lossy().into_owned()).collect()
        }
        SourcePlace::Git { url, .. } => {
            Remote::of_url(url).parts().into_iter().map(str::to_owned).collect()
        }
    };
    // These names say nothing of which it is.
    if parts.len() > 1 && [RUNBOOKS, ".git"].contains(&parts[0].as_str()) {
        parts.remove(0);
    }
    parts.truncate(count);
    parts.reverse();
    slug(&parts.join("-"))
}

/// A text as an id: small letters, digits and single hyphens.
pub(super) fn slug(text: &str) -> String {
    const MOST: usize = 40;
    let mut slug = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() == MOST {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "source".to_owned() } else { slug.to_owned() }
}

/// The folders that a path stands for, in which a component may hold `*` for any letters; sorted.
fn folders(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    // What was read from a folder is known to be one.
    let mut sure = false;
    for part in pattern.components() {
        let text = part.as_os_str().to_string_lossy();
        if !matches!(part, Component::Normal(_)) || !text.contains('*') {
            for path in &mut found {
                path.push(part);
            }
            sure = false;
            continue;
        }
        let fits = Pattern(text.into_owned());
        let shown = |name: &str| fits.0.starts_with('.') || !name.starts_with('.');
        let mut below = Vec::new();
        for folder in &found {
            let mut names = Vec::new();
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let name = entry.file_name();
                let text = name.to_string_lossy();
                let kind = entry.file_type();
                let is_folder = kind
                    .is_ok_and(|kind| kind.is_dir() || kind.is_symlink() && entry.path().is_dir());
                let room = below.len() + names.len() < MOST_FOLDERS;
                if room && is_folder && shown(&text) && fits.fits(&text) {
                    names.push(name);
                }
            }
            // By names, which are compared sooner than paths.
            names.sort();
            below.extend(names.into_iter().map(|name| folder.join(name)));
        }
        found = below;
        sure = true;
    }
    if !sure {
        found.retain(|folder| folder.is_dir());
    }
    found
}
