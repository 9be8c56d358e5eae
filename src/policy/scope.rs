//! Where a rule or a grant holds: patterns over what a command is about.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::runbook::Effect;

/// A text in which `*` stands for any letters and `?` for one.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Pattern(pub String);

impl Pattern {
    /// Whether it stands for the whole of a text.
    pub fn fits(&self, text: &str) -> bool {
        let pattern: Vec<char> = self.0.chars().collect();
        let text: Vec<char> = text.chars().collect();
        let (mut p, mut t) = (0, 0);
        // Where the latest star stands, and where the text stood when it was met: only that star
        // ever has to take more, so that no pattern takes long.
        let mut star = None;
        while t < text.len() {
            match pattern.get(p) {
                Some('*') => {
                    star = Some((p, t));
                    p += 1;
                }
                Some(c) if *c == '?' || *c == text[t] => {
                    p += 1;
                    t += 1;
                }
                _ => {
                    let Some((at, taken)) = star else {
                        return false;
                    };
                    star = Some((at, taken + 1));
                    p = at + 1;
                    t = taken + 1;
                }
            }
        }
        pattern[p..].iter().all(|c| *c == '*')
    }
}

/// A runbook, as rules name it.
#[derive(Clone, Copy, Debug)]
pub struct Book<'a> {
    /// Its service.
    pub service: Option<&'a str>,
    /// Its id.
    pub id: &'a str,
    /// Its tags.
    pub tags: &'a [String],
}

/// What a decision is about: a command that may run, or all with one effect.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// What the command does to the world.
    pub effect: Effect,
    /// The environment of the run.
    pub environment: Option<&'a str>,
    /// The runbook that is run, and those around the step on the way to it.
    pub books: Vec<Book<'a>>,
    /// The step, by its name in records.
    pub step: Option<&'a str>,
    /// The same step, if the command is its own: neither its undo nor the responder's.
    pub own: Option<&'a str>,
    /// What the target is called: in the runbook, by the system, and by what it proved to be.
    pub target: Vec<&'a str>,
    /// The digest of the command.
    pub command: Option<&'a str>,
}

impl Subject<'_> {
    /// All commands with an effect, wherever they stand.
    pub fn any(effect: Effect) -> Self {
        Self {
            effect,
            environment: None,
            books: Vec::new(),
            step: None,
            own: None,
            target: Vec::new(),
            command: None,
        }
    }
}

/// Where something holds. A list that is empty asks for nothing.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Scope {
    /// What commands do to the world.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub effect: BTreeSet<Effect>,
    /// The environment of the run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub environment: Vec<Pattern>,
    /// The service of the runbook.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub service: Vec<Pattern>,
    /// The runbook: its id, or `service/id`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub runbook: Vec<Pattern>,
    /// The target: its name, its host or context, or what it proves to be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub target: Vec<Pattern>,
    /// The step.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub step: Vec<Pattern>,
    /// A tag of the runbook.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tag: Vec<Pattern>,
}

impl Scope {
    /// Whether it holds for a command. Of several runbooks on the way to it, any may be meant.
    pub fn holds(&self, subject: &Subject<'_>) -> bool {
        let books = &subject.books;
        let named = |book: &Book<'_>| {
            let whole = book.service.map(|service| format!("{service}/{}", book.id));
            fits(&self.runbook, book.id) || whole.is_some_and(|name| fits(&self.runbook, &name))
        };
        let tagged = |book: &Book<'_>| book.tags.iter().any(|tag| fits(&self.tag, tag));
        let of = |book: &Book<'_>| book.service.is_some_and(|name| fits(&self.service, name));
        (self.effect.is_empty() || self.effect.contains(&subject.effect))
            && asks(&self.environment, || {
                subject.environment.is_some_and(|name| fits(&self.environment, name))
            })
            && asks(&self.service, || books.iter().any(of))
            && asks(&self.runbook, || books.iter().any(named))
            && asks(&self.tag, || books.iter().any(tagged))
            && asks(&self.target, || subject.target.iter().any(|name| fits(&self.target, name)))
            && asks(&self.step, || subject.step.is_some_and(|id| fits_step(&self.step, id)))
    }
}

fn asks(patterns: &[Pattern], fit: impl FnOnce() -> bool) -> bool {
    patterns.is_empty() || fit()
}

fn fits(patterns: &[Pattern], text: &str) -> bool {
    patterns.iter().any(|pattern| pattern.fits(text))
}

/// A step of a used runbook is meant by its own id, too.
fn fits_step(patterns: &[Pattern], id: &str) -> bool {
    fits(patterns, id) || id.match_indices('.').any(|(at, _)| fits(patterns, &id[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(texts: &[&str]) -> Vec<Pattern> {
        texts.iter().map(|text| Pattern((*text).to_owned())).collect()
    }

    #[test]
    fn stars_and_question_marks_stand_for_letters() {
        let fits = |pattern: &str, text: &str| Pattern(pattern.to_owned()).fits(text);
        for (pattern, text) in [
            ("*", ""),
            ("prod-*", "prod-eu"),
            ("*-eu", "prod-eu"),
            ("p?od", "prod"),
            ("a*b*c", "abxbc"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("", "a"),
            ("prod", "prod-eu"),
            ("prod-*", "xprod-eu"),
            ("?", ""),
            ("a*b", "abc"),
            ("Prod", "prod"),
        ] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
        // A pattern that makes others try everything.
        assert!(!fits(&("*a".repeat(200) + "b"), &"a".repeat(10_000)));
    }

    #[test]
    fn every_list_of_a_scope_must_fit_and_one_runbook_on_the_way_is_enough() {
        let tags = ["database".to_owned()];
        let main = Book { service: Some("checkout"), id: "errors", tags: &[] };
        let used = Book { service: None, id: "failover", tags: &tags };
        let subject = Subject {
            effect: Effect::Change,
            environment: Some("production"),
            books: vec![main, used],
            step: Some("db.promote"),
            own: None,
            target: vec!["cluster", "prod-eu"],
            command: None,
        };
        let whole = Scope {
            effect: BTreeSet::from([Effect::Change]),
            environment: patterns(&["staging", "prod*"]),
            service: patterns(&["checkout"]),
            runbook: patterns(&["checkout/*"]),
            target: patterns(&["prod-*"]),
            step: patterns(&["promote"]),
            tag: patterns(&["data*"]),
        };
        assert!(whole.holds(&subject));
        assert!(Scope::default().holds(&subject));
        assert!(Scope::default().holds(&Subject::any(Effect::Read)));
        let others = [
            Scope { effect: BTreeSet::from([Effect::Destroy]), ..whole.clone() },
            Scope { environment: patterns(&["staging"]), ..whole.clone() },
            Scope { service: patterns(&["failover"]), ..whole.clone() },
            Scope { runbook: patterns(&["checkout"]), ..whole.clone() },
            Scope { target: patterns(&["prod"]), ..whole.clone() },
            Scope { step: patterns(&["db"]), ..whole.clone() },
            Scope { tag: patterns(&["x"]), ..whole.clone() },
        ];
        for other in others {
            assert!(!other.holds(&subject), "{other:?}");
        }
        assert!(!whole.holds(&Subject::any(Effect::Change)), "what is not known does not fit");
    }
}
