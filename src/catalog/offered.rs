//! Which commit of a remote is followed, of all that it offers.

use std::cmp::Ordering;

use crate::policy::Pattern;
use crate::process::Offer;
use crate::settings::Follow;

/// What is followed, as the remote has it now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Chosen {
    /// The branch or tag, as in `refs/heads/main`.
    pub(super) reference: String,
    /// Its commit.
    pub(super) commit: String,
}

/// The remote does not have what is followed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NotOffered {
    /// There is nothing in it.
    #[error("there is no commit in it yet")]
    Empty,
    /// The branch is not there.
    #[error("it has no branch `{branch}`{}", known(.has))]
    Branch {
        /// Which.
        branch: String,
        /// Those that it has.
        has: Vec<String>,
    },
    /// No tag fits.
    #[error("it has no tag that fits `{0}`")]
    Tag(String),
}

impl NotOffered {
    pub(super) fn branch(branch: String, has: &Offer) -> Self {
        let name = |name: &str| name.strip_prefix("refs/heads/").map(str::to_owned);
        Self::Branch { branch, has: has.names.iter().filter_map(|it| name(&it.name)).collect() }
    }
}

fn known(has: &[String]) -> String {
    const MOST: usize = 5;
    let more = if has.len() > MOST { ", …" } else { "" };
    let some: Vec<&str> = has.iter().take(MOST).map(String::as_str).collect();
    if some.is_empty() { String::new() } else { format!(", but {}{more}", some.join(", ")) }
}

/// What the remote is asked for.
pub(super) fn patterns(follow: &Follow) -> Vec<String> {
    match follow {
        Follow::Head => vec!["HEAD".to_owned()],
        Follow::Branch(branch) => vec![format!("refs/heads/{branch}")],
        Follow::Tag(tag) => vec![format!("refs/tags/{tag}"), format!("refs/tags/{tag}^{{}}")],
    }
}

/// What of the offer is followed. Its names fit the patterns somewhere, which is not enough.
pub(super) fn choose(follow: &Follow, offer: &Offer) -> Result<Chosen, NotOffered> {
    let object = |name: &str| {
        let found = offer.names.iter().find(|offered| offered.name == name);
        found.map(|offered| offered.object.clone())
    };
    match follow {
        Follow::Head => {
            let commit = object("HEAD").ok_or(NotOffered::Empty)?;
            Ok(Chosen {
                reference: offer.head.clone().unwrap_or_else(|| "HEAD".to_owned()),
                commit,
            })
        }
        Follow::Branch(branch) => {
            let reference = format!("refs/heads/{branch}");
            let missing = || NotOffered::Branch { branch: branch.clone(), has: Vec::new() };
            let commit = object(&reference).ok_or_else(missing)?;
            Ok(Chosen { reference, commit })
        }
        Follow::Tag(pattern) => {
            let fits = Pattern(pattern.clone());
            let tags = offer.names.iter().filter_map(|it| it.name.strip_prefix("refs/tags/"));
            let newest = tags
                .filter(|tag| !tag.ends_with("^{}") && fits.fits(tag))
                .max_by(|one, other| by_version(one, other))
                .ok_or_else(|| NotOffered::Tag(pattern.clone()))?;
            let reference = format!("refs/tags/{newest}");
            // A tag with a message is an object of its own; what it is of has its name and a mark.
            let commit = object(&format!("{reference}^{{}}")).or_else(|| object(&reference));
            let commit = commit.ok_or_else(|| NotOffered::Tag(pattern.clone()))?;
            Ok(Chosen { reference, commit })
        }
    }
}

/// The order of versions: numbers count as numbers, and `1.0-rc1` comes before `1.0`.
fn by_version(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one, other);
    loop {
        let (a, rest_of_one) = piece(one);
        let (b, rest_of_other) = piece(other);
        let order = match (a.is_empty(), b.is_empty()) {
            (true, true) => return Ordering::Equal,
            (true, false) => {
                return if b.starts_with('-') { Ordering::Greater } else { Ordering::Less };
            }
            (false, true) => {
                return if a.starts_with('-') { Ordering::Less } else { Ordering::Greater };
            }
            (false, false) => compare(a, b),
        };
        if order != Ordering::Equal {
            return order;
        }
        (one, other) = (rest_of_one, rest_of_other);
    }
}

/// The digits that a text begins with, or what comes before the next ones.
fn piece(text: &str) -> (&str, &str) {
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    let end = text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len());
    text.split_at(end)
}

fn compare(one: &str, other: &str) -> Ordering {
    let number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    match (number(one), number(other)) {
        (true, true) => {
            let plain = |text: &str| text.trim_start_matches('0').to_owned();
            let (one, other) = (plain(one), plain(other));
            one.len().cmp(&other.len()).then_with(|| one.cmp(&other))
        }
        // `1.0-rc` is before `1.0.1`.
        _ => match (one.starts_with('-'), other.starts_with('-')) {
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            _ => one.cmp(other),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Offered;

    #[test]
    fn versions_are_in_their_order() {
        let sorted =
            ["v1.0-rc1", "v1.0-rc2", "v1.0", "v1.0.1", "v1.2", "v1.9.9", "v1.10.0", "v2", "v010"];
        for (place, one) in sorted.iter().enumerate() {
            for other in &sorted[place + 1..] {
                assert_eq!(by_version(one, other), Ordering::Less, "{one} {other}");
                assert_eq!(by_version(other, one), Ordering::Greater, "{one} {other}");
            }
            assert_eq!(by_version(one, one), Ordering::Equal);
        }
    }

    fn offer(names: &[(&str, &str)]) -> Offer {
        let offered = |(name, object): &(&str, &str)| Offered {
            name: (*name).to_owned(),
            object: (*object).to_owned(),
        };
        Offer { head: None, names: names.iter().map(offered).collect() }
    }

    fn chosen(follow: &Follow, offer: &Offer) -> Result<(String, String), String> {
        let chosen = choose(follow, offer).map_err(|error| error.to_string())?;
        Ok((chosen.reference, chosen.commit))
    }

    #[test]
    fn what_is_followed_is_chosen_by_its_whole_name() {
        let found = |reference: &str, commit: &str| Ok((reference.to_owned(), commit.to_owned()));
        let tags = offer(&[
            ("refs/tags/v1.9", "a"),
            ("refs/tags/v1.10", "b"),
            ("refs/tags/v1.10^{}", "c"),
            ("refs/tags/x", "d"),
            ("refs/remotes/refs/tags/v9", "e"),
        ]);
        assert_eq!(chosen(&Follow::Tag("v*".to_owned()), &tags), found("refs/tags/v1.10", "c"));
        assert_eq!(
            chosen(&Follow::Tag("w*".to_owned()), &tags),
            Err("it has no tag that fits `w*`".to_owned())
        );
        let branches = offer(&[("refs/x/refs/heads/main", "a"), ("refs/heads/main", "b")]);
        let main = Follow::Branch("main".to_owned());
        assert_eq!(chosen(&main, &branches), found("refs/heads/main", "b"));
        assert_eq!(
            chosen(&Follow::Head, &branches),
            Err("there is no commit in it yet".to_owned())
        );
        let mut head = offer(&[("HEAD", "a")]);
        assert_eq!(chosen(&Follow::Head, &head), found("HEAD", "a"));
        head.head = Some("refs/heads/trunk".to_owned());
        assert_eq!(chosen(&Follow::Head, &head), found("refs/heads/trunk", "a"));
        let gone = NotOffered::branch("old".to_owned(), &branches).to_string();
        assert_eq!(gone, "it has no branch `old`, but main");
    }
}
