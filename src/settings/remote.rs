//! Where git fetches from: a URL, `user@host:path`, or a folder. What git would take for something
//! else, such as an option or a program to run, is refused before git sees it.

use std::path::Path;

use crate::diagnostic::cut;

/// How repositories may be fetched.
const SCHEMES: [&str; 5] = ["https", "ssh", "http", "git", "file"];

/// A repository that git can fetch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Remote(String);

/// Why something is no repository to fetch.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BadRemote {
    /// Nothing is said.
    #[error("a repository has a name")]
    Empty,
    /// It could be taken for an option.
    #[error("`{0}` could be taken for an option")]
    Option(String),
    /// It names a program.
    #[error("`{0}` names a way to fetch that may run anything")]
    Helper(String),
    /// It is no way to fetch.
    #[error("`{0}` is no way to fetch a repository")]
    Scheme(String),
    /// It holds what no URL holds.
    #[error("`{0}` holds a blank or a control character")]
    Characters(String),
    /// It names no host.
    #[error("`{0}` names no host")]
    Host(String),
}

impl Remote {
    /// What was written down, in a file of this folder. A relative path counts from there.
    pub fn parse(text: &str, folder: &Path, home: Option<&Path>) -> Result<Self, BadRemote> {
        let told = || cut(text);
        if text.is_empty() {
            return Err(BadRemote::Empty);
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(BadRemote::Characters(told()));
        }
        if text.starts_with('-') {
            return Err(BadRemote::Option(told()));
        }
        if is_helper(text) {
            return Err(BadRemote::Helper(told()));
        }
        if let Some((scheme, rest)) = text.split_once("://") {
            if !SCHEMES.contains(&scheme) {
                return Err(BadRemote::Scheme(told()));
            }
            if scheme != "file" {
                is_host(host(rest)).ok_or_else(told).map_err(BadRemote::Host)?;
            }
            return Ok(Self(text.to_owned()));
        }
        if let Some((before, _)) = short_form(text) {
            is_host(host(before)).ok_or_else(told).map_err(BadRemote::Host)?;
            return Ok(Self(text.to_owned()));
        }
        let path = match (text.strip_prefix("~/"), home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => folder.join(text),
        };
        path.to_str().map(|path| Self(path.to_owned())).ok_or_else(|| BadRemote::Characters(told()))
    }

    /// One that has been taken already.
    pub fn of_url(url: &str) -> Self {
        Self(url.to_owned())
    }

    /// As git takes it.
    pub fn into_url(self) -> String {
        self.0
    }

    /// Whether nobody on the way can put something else in its place.
    pub fn is_guarded(&self) -> bool {
        let Some((scheme, rest)) = self.0.split_once("://") else {
            return true;
        };
        let loopback = ["localhost", "127.0.0.1", "[::1]"].contains(&host(rest));
        !matches!(scheme, "http" | "git") || loopback
    }

    /// What two ways to name one repository have in common: host and path.
    pub fn identity(&self) -> String {
        let (host, path) = match (self.0.split_once("://"), short_form(&self.0)) {
            (Some((_, rest)), _) => {
                let path = rest.split_once('/').map_or("", |(_, path)| path);
                (host(rest), path)
            }
            (None, Some((before, path))) => (host(before), path),
            (None, None) => ("", self.0.as_str()),
        };
        let path = path.trim_matches('/');
        format!("{}/{}", host.to_lowercase(), path.strip_suffix(".git").unwrap_or(path))
    }

    /// What names it among others: its path without the ending, the last part first.
    pub fn parts(&self) -> Vec<&str> {
        let path = match self.0.split_once("://") {
            Some((_, rest)) => rest,
            None => short_form(&self.0).map_or(self.0.as_str(), |(_, path)| path),
        };
        let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        parts.reverse();
        if let Some(last) = parts.first_mut() {
            *last = last.strip_suffix(".git").filter(|rest| !rest.is_empty()).unwrap_or(last);
        }
        parts
    }
}

/// `transport::address` starts a program of that name.
fn is_helper(text: &str) -> bool {
    let letters = |text: &str| text.chars().all(|c| c.is_alphanumeric() || "+-._".contains(c));
    text.split_once("::").is_some_and(|(before, _)| letters(before))
}

/// `user@host:path`: a colon before any slash.
fn short_form(text: &str) -> Option<(&str, &str)> {
    text.split_once(':').filter(|(before, _)| !before.contains('/'))
}

/// The host of what stands before the path, without user and port.
fn host(rest: &str) -> &str {
    let authority = rest.split('/').next().unwrap_or(rest);
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    match place.split_once(']') {
        Some((address, _)) => &place[..=address.len()],
        None => place.split(':').next().unwrap_or(place),
    }
}

fn is_host(host: &str) -> Option<()> {
    (!host.is_empty() && !host.starts_with('-')).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<String, BadRemote> {
        let home = Path::new("/home/dana");
        Remote::parse(text, Path::new("/srv/conf"), Some(home)).map(Remote::into_url)
    }

    #[test]
    fn what_git_fetches_is_taken_as_it_is_and_folders_count_from_the_file() {
        for same in [
            "https://git.example.org/a/b.git",
            "ssh://git@git.example.org:22/a/b",
            "git@git.example.org:a/b.git",
            "host:b",
            "file:///srv/git/b",
            "/srv/git/b",
            "http://[::1]:80/b",
        ] {
            assert_eq!(parsed(same).as_deref(), Ok(same));
        }
        assert_eq!(parsed("../b").as_deref(), Ok("/srv/conf/../b"));
        assert_eq!(parsed("~/b").as_deref(), Ok("/home/dana/b"));
    }

    #[test]
    fn what_could_run_something_or_be_an_option_is_refused() {
        use BadRemote::{Characters, Empty, Helper, Host, Option, Scheme};
        let check = |text: &str, bad: fn(String) -> BadRemote| {
            assert_eq!(parsed(text), Err(bad(text.to_owned())), "{text}");
        };
        assert_eq!(parsed(""), Err(Empty));
        check("-oProxyCommand=x", Option);
        check("--upload-pack=x", Option);
        check("ext::sh -c x", Characters);
        check("ext::x", Helper);
        check("fd::3", Helper);
        check("::x", Helper);
        check("ftp://a/b", Scheme);
        check("ssh://-oProxyCommand=x/b", Host);
        check("ssh://git@-oProxyCommand=x/b", Host);
        check("-x:b", Option);
        check("git@-oProxyCommand=x:b", Host);
        check("https:///b", Host);
        assert!(matches!(parsed("a\nb"), Err(Characters(_))));
    }

    #[test]
    fn only_what_nobody_can_change_on_the_way_is_guarded() {
        let guarded = |url: &str| Remote::of_url(url).is_guarded();
        for url in
            ["https://a/b", "ssh://a/b", "a:b", "/b", "http://localhost:80/b", "git://127.0.0.1/b"]
        {
            assert!(guarded(url), "{url}");
        }
        for url in ["http://a/b", "git://a/b", "http://localhost@a/b", "http://localhost.a/b"] {
            assert!(!guarded(url), "{url}");
        }
    }

    #[test]
    fn one_repository_has_several_names() {
        let same = |one: &str, other: &str| {
            Remote::of_url(one).identity() == Remote::of_url(other).identity()
        };
        assert!(same("https://h/a/b.git", "git@h:a/b"));
        assert!(same("ssh://git@H:22/a/b/", "https://u@h/a/b"));
        assert!(same("/srv/b", "file:///srv/b.git"));
        for other in ["https://h/a/c", "https://i/a/b", "https://h/a/b/c", "/a/b"] {
            assert!(!same("https://h/a/b", other), "{other}");
        }
    }

    #[test]
    fn its_parts_name_it() {
        let check = |url: &str, parts: &[&str]| assert_eq!(Remote::of_url(url).parts(), parts);
        check("https://h/acme/pay.git", &["pay", "acme", "h"]);
        check("git@h:acme/pay.git/", &["pay", "acme"]);
        check("/srv/git/pay", &["pay", "git", "srv"]);
        check("/srv/pay/.git", &[".git", "pay", "srv"]);
    }
}
