//! Links from alerts to runbooks: which of them lead nowhere, as far as that can be told here. Nothing
//! is fetched: an address is judged only if it is that of a file in a repository that is here.

use std::fs;
use std::path::{Path, PathBuf};

use super::alert_rules::RulesFile;
use super::beneath::read;
use super::folder::Folder;
use super::neighbours::Neighbour;
use crate::diagnostic::{Diagnostic, Span, cut};

/// A repository that is here, in a folder or in a mirror.
#[derive(Clone, Debug)]
pub struct KnownRepository {
    /// Its root.
    pub root: PathBuf,
    /// Where it was cloned from.
    pub remote: Option<String>,
    /// The mirror that its files are looked for in, if they do not lie on the disk.
    mirror: Option<Neighbour>,
}

impl KnownRepository {
    /// The repository with this root. Git is not asked: nothing is run to check something.
    pub fn at(root: PathBuf) -> Self {
        let remote = config_of(&root).and_then(|config| origin_in(&config));
        Self { root, remote, mirror: None }
    }

    /// A folder of which it is not known where it comes from.
    pub fn folder(root: PathBuf) -> Self {
        Self { root, remote: None, mirror: None }
    }

    /// What was fetched of a source; nothing if it is a folder.
    pub fn fetched(source: &Neighbour) -> Option<Self> {
        let version = source.version()?;
        let (root, remote) = (version.git_folder.clone(), version.remote.clone());
        Some(Self { root, remote, mirror: Some(source.clone()) })
    }

    /// Whether it has something of this path. What git cannot tell is not called dead.
    fn has(&self, path: &str) -> bool {
        match &self.mirror {
            Some(mirror) => mirror.has(path),
            None => self.root.join(path).exists(),
        }
    }
}

/// The text of a repository's settings; those of another working copy lie with the first.
fn config_of(root: &Path) -> Option<String> {
    let git = root.join(".git");
    let folder = match fs::read_to_string(&git) {
        Err(_) => git,
        Ok(pointer) => {
            let own = root.join(pointer.strip_prefix("gitdir:")?.trim());
            let common = fs::read_to_string(own.join("commondir")).unwrap_or_default();
            own.join(common.trim())
        }
    };
    let whole = read(&folder.join("config")).ok()?;
    String::from_utf8(whole.bytes).ok()
}

/// The address of `origin`.
fn origin_in(config: &str) -> Option<String> {
    let mut lines = config.lines().map(str::trim);
    lines.find(|line| *line == "[remote \"origin\"]")?;
    let own = lines.take_while(|line| !line.starts_with('['));
    let mut pairs = own.filter_map(|line| line.split_once('='));
    let (_, url) = pairs.find(|(key, _)| key.trim().eq_ignore_ascii_case("url"))?;
    Some(url.trim().trim_matches('"').to_owned())
}

/// Whether a link leads somewhere.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Leads {
    Nowhere,
    Somewhere,
    /// To a place that cannot be looked at.
    Elsewhere,
}

/// Adds what is found of links that lead nowhere. `names` are those of the runbooks that are here.
pub fn find_dead_links(file: &mut RulesFile, known: &[KnownRepository], names: &[String]) {
    let folder = Folder::around(&file.path);
    let links = file.alerts.iter().flat_map(|alert| &alert.runbooks);
    let dead: Vec<(String, Span)> = links
        .filter(|(link, _)| !names.contains(link) && leads(link, &folder, known) == Leads::Nowhere)
        .cloned()
        .collect();
    for (link, span) in dead {
        let message = format!("the link to the runbook leads nowhere: {}", cut(&link));
        let help = "correct the path, or name the runbook's new place";
        file.findings.push(Diagnostic::warning("dead-runbook-url", span, message).help(help));
    }
}

fn leads(link: &str, folder: &Folder, known: &[KnownRepository]) -> Leads {
    if link.is_empty() || link.contains("{{") || link.contains(char::is_whitespace) {
        return Leads::Elsewhere;
    }
    let link = link.split(['#', '?']).next().unwrap_or_default();
    let at = |exists: bool| if exists { Leads::Somewhere } else { Leads::Nowhere };
    if let Some(path) = link.strip_prefix("file://") {
        let path = path.strip_prefix("localhost").unwrap_or(path);
        return if path.starts_with('/') { at(Path::new(path).exists()) } else { Leads::Elsewhere };
    }
    if let Some(place) = link.strip_prefix("https://").or_else(|| link.strip_prefix("http://")) {
        return of_address(place, known);
    }
    if link.contains(':') || !(link.contains('/') || link.contains('.')) {
        return Leads::Elsewhere;
    }
    let path = Path::new(link);
    let below = |root: &Path| {
        let path = path.strip_prefix("/").unwrap_or(path);
        root.join(path).exists()
    };
    let on_disk = known.iter().filter(|it| it.mirror.is_none());
    let roots = on_disk.map(|it| it.root.as_path());
    at(below(folder.base()) || below(folder.root()) || roots.into_iter().any(below))
}

/// Where the address of a file leads, as the hosts of repositories spell it: `blob/BRANCH/PATH` and so
/// on. Branches may have slashes in their names: any may end the branch.
fn of_address(place: &str, known: &[KnownRepository]) -> Leads {
    let place = place.strip_prefix("raw.githubusercontent.com/").map_or_else(
        || place.to_owned(),
        |raw| {
            let mut parts = raw.splitn(3, '/');
            let mut next = || parts.next().unwrap_or_default();
            let (owner, name) = (next(), next());
            format!("github.com/{owner}/{name}/raw/{}", next())
        },
    );
    let found = known.iter().find_map(|repository| {
        let own = repository_of(repository.remote.as_deref()?)?;
        let rest = place.get(own.len()..)?.strip_prefix('/')?;
        place[..own.len()].eq_ignore_ascii_case(&own).then_some((repository, rest))
    });
    let Some((repository, rest)) = found else { return Leads::Elsewhere };
    let rest = rest.strip_prefix("-/").unwrap_or(rest);
    let kinds = ["blob/", "tree/", "raw/", "src/branch/", "src/tag/", "src/commit/", "src/"];
    let Some(rest) = kinds.iter().find_map(|kind| rest.strip_prefix(kind)) else {
        return Leads::Elsewhere;
    };
    let mut paths = rest.match_indices('/').map(|(at, _)| &rest[at + 1..]).peekable();
    if paths.peek().is_none() {
        return Leads::Elsewhere;
    }
    let exists = |path: &str| {
        let plain = !path.split('/').any(|part| part.is_empty() || part == "..");
        plain && repository.has(path)
    };
    if paths.any(exists) { Leads::Somewhere } else { Leads::Nowhere }
}

/// `host/owner/name` of a repository's address, however it is written.
fn repository_of(remote: &str) -> Option<String> {
    let (rest, slashes) = match remote.split_once("://") {
        Some((_, rest)) => (rest, true),
        None => (remote, false),
    };
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let (host, path) = if slashes { rest.split_once('/')? } else { rest.split_once(':')? };
    let host = host.split(':').next().unwrap_or_default();
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    (!host.is_empty() && !path.is_empty()).then(|| format!("{host}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_repository_is_read_without_git() {
        let place = tempfile::tempdir().unwrap();
        let (main, other) = (place.path().join("main"), place.path().join("other"));
        fs::create_dir_all(main.join(".git/worktrees/other")).unwrap();
        fs::create_dir(&other).unwrap();
        let config = "[core]\n\tbare = false\n[remote \"fork\"]\n\turl = a:b/c\n\
            [remote \"origin\"]\n\tfetch = +refs/*\n\turl = git@git.example:shop/web.git\n";
        fs::write(main.join(".git/config"), config).unwrap();
        fs::write(main.join(".git/worktrees/other/commondir"), "../..\n").unwrap();
        let pointer = format!("gitdir: {}\n", main.join(".git/worktrees/other").display());
        fs::write(other.join(".git"), pointer).unwrap();
        for root in [main, other] {
            let known = KnownRepository::at(root);
            assert_eq!(known.remote.as_deref(), Some("git@git.example:shop/web.git"));
        }
        assert_eq!(KnownRepository::at(place.path().to_owned()).remote, None);
    }

    #[test]
    fn repositories_are_known_by_any_of_their_addresses() {
        for remote in [
            "https://git.example/shop/web.git",
            "https://user@git.example:8443/shop/web",
            "ssh://git@git.example:22/shop/web.git",
            "git@git.example:shop/web.git",
            "git://git.example/shop/web/",
        ] {
            assert_eq!(repository_of(remote).as_deref(), Some("git.example/shop/web"), "{remote}");
        }
        for remote in ["/srv/web.git", "../web", "", "https://git.example"] {
            assert_eq!(repository_of(remote), None, "{remote}");
        }
    }

    #[test]
    fn only_what_can_be_looked_at_is_called_dead() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path();
        for folder in [".git", "runbooks", "rules"] {
            fs::create_dir(root.join(folder)).unwrap();
        }
        fs::write(root.join("runbooks/disk.md"), "").unwrap();
        fs::write(root.join("rules/disk.yaml"), "").unwrap();
        let folder = Folder::around(&root.join("rules/disk.yaml"));
        let remote = Some("git@git.example:shop/web.git".to_owned());
        let hub = Some("https://github.com/shop/hub".to_owned());
        let known = [
            KnownRepository { root: root.to_owned(), remote, mirror: None },
            KnownRepository { root: root.to_owned(), remote: hub, mirror: None },
        ];
        let there = root.join("runbooks/disk.md").display().to_string();
        for (link, expected) in [
            ("../runbooks/disk.md", Leads::Somewhere),
            ("runbooks/disk.md#disk-full", Leads::Somewhere),
            ("/runbooks/disk.md", Leads::Somewhere),
            ("runbooks/gone.md", Leads::Nowhere),
            ("gone.md", Leads::Nowhere),
            (&format!("file://{there}"), Leads::Somewhere),
            ("file:///nowhere/at/all", Leads::Nowhere),
            ("https://git.example/shop/web/-/blob/main/runbooks/disk.md#x", Leads::Somewhere),
            ("https://git.example/shop/web/-/blob/main/runbooks/gone.md", Leads::Nowhere),
            (
                "https://GIT.example/shop/web/src/branch/feature/x/runbooks/disk.md",
                Leads::Somewhere,
            ),
            ("https://git.example/shop/web/blob/main/../../x", Leads::Nowhere),
            ("https://git.example/shop/web/-/wikis/disk", Leads::Elsewhere),
            ("https://git.example/shop/website/blob/main/gone.md", Leads::Elsewhere),
            ("https://raw.githubusercontent.com/shop/hub/main/runbooks/disk.md", Leads::Somewhere),
            ("https://raw.githubusercontent.com/shop/hub/main/gone.md", Leads::Nowhere),
            ("https://wiki.example/disk", Leads::Elsewhere),
            ("https://wiki.example/{{ $labels.x }}", Leads::Elsewhere),
            ("ask the storage team", Leads::Elsewhere),
            ("TBD", Leads::Elsewhere),
            ("", Leads::Elsewhere),
            ("mailto:a@b.example", Leads::Elsewhere),
        ] {
            assert_eq!(leads(link, &folder, &known), expected, "{link}");
        }
    }
}
