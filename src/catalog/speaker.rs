//! Who may speak for a service. Which source does is the user's or the organisation's word; a runbook
//! that names a service of somebody else's is not what it says.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::sources::{KnownSource, SourcePlace};
use crate::policy::Pattern;
use crate::settings::{Remote, Source, SourceKind};

/// A runbook that names a service for which it may not speak.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Claimed {
    /// Its own source speaks for others.
    #[error("it names the service `{service}`, for which {source_name} does not speak ({said})")]
    Beyond {
        /// The service.
        service: String,
        /// The source that it comes from.
        source_name: String,
        /// Where that is said.
        said: String,
    },
    /// Another source speaks for it.
    #[error("it names the service `{service}`, for which only {source_name} speaks ({said})")]
    Taken {
        /// The service.
        service: String,
        /// The source that speaks for it.
        source_name: String,
        /// Where that is said.
        said: String,
    },
}

/// Where a runbook lies, as far as that says which source it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Lies<'a> {
    /// Its file.
    pub file: &'a Path,
    /// What git says its repository was cloned from.
    pub remote: Option<&'a str>,
}

/// Whether a runbook that lies there may speak for the service that it names.
pub fn may_speak_for(
    service: &str,
    lies: Lies<'_>,
    sources: &[Source],
    known: &[KnownSource],
) -> Result<(), Claimed> {
    let own = source_of(lies, sources, known);
    let speaks = |source: &Source| source.services.iter().any(|named| named == service);
    if own.is_some_and(speaks) {
        return Ok(());
    }
    let service = service.to_owned();
    let told = |source: &Source| (name(source), source.origin.to_string());
    if let Some(other) = sources.iter().find(|source| speaks(source)) {
        let (source_name, said) = told(other);
        return Err(Claimed::Taken { service, source_name, said });
    }
    match own.filter(|own| !own.services.is_empty()) {
        None => Ok(()),
        Some(own) => {
            let (source_name, said) = told(own);
            Err(Claimed::Beyond { service, source_name, said })
        }
    }
}

/// The source that a file comes from: the innermost folder around it, whole components compared
/// after links are resolved; else the repository that its own was cloned from.
fn source_of<'a>(
    lies: Lies<'_>,
    sources: &'a [Source],
    known: &[KnownSource],
) -> Option<&'a Source> {
    let file = real(lies.file);
    let depth = |source: &Source| match &source.kind {
        SourceKind::Path(folder) => fits(folder, &file).then(|| folder.components().count()),
        _ => None,
    };
    let around = sources.iter().filter_map(|source| Some((depth(source)?, source)));
    let innermost = around.max_by_key(|(depth, _)| *depth).map(|(_, source)| source);
    innermost.or_else(|| {
        let remote = Remote::of_url(lies.remote?).identity();
        let is_remote = |url: &String| Remote::of_url(url).identity() == remote;
        let lists = |source: &Source| {
            known.iter().any(|one| {
                one.origin == source.origin
                    && matches!(&one.place, SourcePlace::Git { url, .. } if is_remote(url))
            })
        };
        sources.iter().find(|source| match &source.kind {
            SourceKind::Path(_) => false,
            SourceKind::Git { url, .. } => is_remote(url),
            SourceKind::List { .. } | SourceKind::Command { .. } => lists(source),
        })
    })
}

fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Whether a file lies in a folder, whose name may hold `*` for any letters of one component.
fn fits(folder: &Path, file: &Path) -> bool {
    let is_pattern = |part: &Component<'_>| part.as_os_str().as_encoded_bytes().contains(&b'*');
    let written: PathBuf = folder.components().take_while(|part| !is_pattern(part)).collect();
    let mut patterns = folder.components().skip(written.components().count());
    let Ok(below) = file.strip_prefix(real(&written)) else {
        return false;
    };
    let mut parts = below.components();
    let text = |part: Component<'_>| part.as_os_str().to_string_lossy().into_owned();
    let all =
        patterns.all(|it| parts.next().is_some_and(|part| Pattern(text(it)).fits(&text(part))));
    // What fits must be a folder around the file, not the file.
    all && parts.next().is_some()
}

fn name(source: &Source) -> String {
    match &source.kind {
        SourceKind::Path(folder) => folder.display().to_string(),
        SourceKind::Git { url, .. } => url.clone(),
        SourceKind::List { file, .. } => file.display().to_string(),
        SourceKind::Command { words, .. } => words.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Authority;
    use crate::settings::{Place, load};

    fn sources(text: &str) -> Vec<Source> {
        let text = format!("schema = \"surefoot-config/v1\"\n{text}");
        let source =
            crate::diagnostic::Source { name: "config.toml".to_owned(), text: text.into() };
        let folder = PathBuf::from("/nowhere");
        let place = Place { authority: Authority::User, folder, home: None };
        load(&source, &place).file.unwrap().sources
    }

    const SETTINGS: &str = "
[[source]]
path = \"/srv/books\"
services = [\"shop\"]
[[source]]
path = \"/srv/books/pay\"
services = [\"payments\"]
[[source]]
git = \"https://git.example.org/ops/db.git\"
services = [\"db\"]
[[source]]
path = \"/srv/any\"
[[source]]
path = \"/srv/teams/*/books\"
services = [\"team\"]
";

    #[test]
    fn only_its_source_speaks_for_a_service() {
        let sources = sources(SETTINGS);
        let db = Some("https://git.example.org/ops/db");
        let good = [
            ("/srv/books/a.yaml", None, "shop"),
            ("/srv/books/pay/deep/a.yaml", None, "payments"),
            ("/home/dana/db/a.yaml", db, "db"),
            ("/srv/any/a.yaml", None, "other"),
            ("/srv/teams/blue/books/deep/a.yaml", None, "team"),
            ("/home/dana/a.yaml", None, "other"),
            ("/home/dana/a.yaml", Some("https://elsewhere.org/x"), "other"),
        ];
        for (file, remote, service) in good {
            let lies = Lies { file: Path::new(file), remote };
            assert_eq!(may_speak_for(service, lies, &sources, &[]), Ok(()), "{file} {service}");
        }
        let taken = [
            ("/srv/books/a.yaml", None, "payments"),
            ("/srv/books/pay/a.yaml", None, "shop"),
            ("/srv/books2/a.yaml", None, "shop"),
            ("/srv/book/a.yaml", None, "shop"),
            ("/srv/any/a.yaml", None, "db"),
            ("/srv/teams/blue/more/books/a.yaml", None, "team"),
            ("/srv/teams/books/a.yaml", None, "team"),
            ("/home/dana/a.yaml", None, "shop"),
            ("/home/dana/a.yaml", Some("https://git.example.org/ops/db2"), "db"),
            ("/srv/books/a.yaml", db, "db"),
        ];
        for (file, remote, service) in taken {
            let lies = Lies { file: Path::new(file), remote };
            let claimed = may_speak_for(service, lies, &sources, &[]);
            assert!(matches!(claimed, Err(Claimed::Taken { .. })), "{file} {service}: {claimed:?}");
        }
        let lies = Lies { file: Path::new("/srv/books/a.yaml"), remote: None };
        let beyond = may_speak_for("cache", lies, &sources, &[]).unwrap_err().to_string();
        assert!(
            beyond.starts_with(
                "it names the service `cache`, for which /srv/books does not speak (config.toml"
            ),
            "{beyond}"
        );
    }

    #[test]
    fn a_link_does_not_lead_into_a_source() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in ["books", "elsewhere"] {
            fs::create_dir(root.join(name)).unwrap();
        }
        fs::write(root.join("elsewhere/a.yaml"), "").unwrap();
        std::os::unix::fs::symlink("../elsewhere/a.yaml", root.join("books/a.yaml")).unwrap();
        let settings = format!(
            "[[source]]\npath = \"{}\"\nservices = [\"shop\"]\n",
            root.join("books").display()
        );
        let sources = sources(&settings);
        for (file, speaks) in
            [("books/a.yaml", false), ("elsewhere/../books/b.yaml", true), ("books/b.yaml", true)]
        {
            let file = root.join(file);
            fs::write(root.join("books/b.yaml"), "").unwrap();
            let lies = Lies { file: &file, remote: None };
            assert_eq!(
                may_speak_for("shop", lies, &sources, &[]).is_ok(),
                speaks,
                "{}",
                file.display()
            );
        }
    }
}
