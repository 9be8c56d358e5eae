//! Repairs the findings of a text that have a repair which cannot be wrong.
//!
//! Whatever was repaired is read and checked again. A repair that brings a new error is not made,
//! nor one after which the text says something else. Only errors have repairs: a text that loads
//! stays as it is.

use super::load::{Loaded, Repository, load};
use super::parse::{self, Kind, Node};
use crate::diagnostic::{Diagnostic, Fix, Severity, Source, apply};

/// How often what a repair brings to light is repaired in turn.
const MOST_ROUNDS: usize = 50;

/// A text after its repairs.
#[derive(Debug)]
pub struct Repaired {
    /// The text.
    pub source: Source,
    /// What was repaired.
    pub made: Vec<Repair>,
    /// What the text is now.
    pub loaded: Loaded,
}

/// A repair that was made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Repair {
    /// The finding it settled.
    pub code: &'static str,
    /// What it did.
    pub title: String,
    /// Where, in the text before it: line and column, from 1.
    pub place: (usize, usize),
}

/// Repairs a text as far as that is safe.
pub fn repair(source: &Source, repository: &dyn Repository) -> Repaired {
    let mut now = Version::of(source.clone(), repository);
    let mut made = Vec::new();
    for _ in 0..MOST_ROUNDS {
        let Some((next, repairs)) = now.repaired(repository) else {
            break;
        };
        made.extend(repairs);
        now = next;
    }
    Repaired { source: now.source, made, loaded: now.loaded }
}

/// A text and what it is.
struct Version {
    source: Source,
    loaded: Loaded,
    /// The tree, if it is one; if not, most of its errors are still hidden.
    tree: Option<Node>,
}

impl Version {
    fn of(source: Source, repository: &dyn Repository) -> Self {
        let loaded = load(&source, repository);
        let tree = parse::parse(&source, &mut Vec::new());
        Self { source, loaded, tree }
    }

    /// The next version: with all repairs if they go together, else with the first that is safe.
    fn repaired(&self, repository: &dyn Repository) -> Option<(Self, Vec<Repair>)> {
        let fixable: Vec<(&Diagnostic, Fix)> = self
            .loaded
            .findings
            .iter()
            .filter_map(|found| Some((found, self.with_line_ends(found.fix.clone()?))))
            .collect();
        let alone = fixable.iter().map(std::slice::from_ref);
        let tries = std::iter::once(&fixable[..]).chain(alone).filter(|those| !those.is_empty());
        tries.into_iter().find_map(|those| self.with(those, repository))
    }

    fn with(
        &self,
        those: &[(&Diagnostic, Fix)],
        repository: &dyn Repository,
    ) -> Option<(Self, Vec<Repair>)> {
        let applied = apply(&self.source.text, those.iter().map(|(_, fix)| fix));
        if applied.made.is_empty() || applied.text == *self.source.text {
            return None;
        }
        let source = Source { name: self.source.name.clone(), text: applied.text.into() };
        let next = Self::of(source, repository);
        let repairs = applied.made.iter().map(|index| {
            let (found, fix) = &those[*index];
            Repair {
                code: found.code,
                title: fix.title.clone(),
                place: self.source.line_column(found.span.start),
            }
        });
        (next.improves(self) && next.says_the_same(self)).then(|| (next, repairs.collect()))
    }

    /// Whether no error is new.
    fn improves(&self, before: &Self) -> bool {
        if before.tree.is_none() {
            // What the parser stumbled over is told alone: it must be gone, or further down.
            let first = |version: &Self| version.errors().map(|found| found.span.start).min();
            return self.tree.is_some() || first(self) > first(before);
        }
        let mut known: Vec<_> = before.errors().map(|found| (found.code, &found.message)).collect();
        let old = known.len();
        let mut errors = self.errors();
        let none_new = errors.all(|found| {
            let same = known.iter().position(|known| *known == (found.code, &found.message));
            same.map(|at| known.swap_remove(at)).is_some()
        });
        none_new && self.errors().count() < old
    }

    /// Whether the text says what it said. The tree is compared, or the values, if aliases are
    /// written out now; of what was no tree, everything but quotes.
    fn says_the_same(&self, before: &Self) -> bool {
        let bare = |text: &str| text.replace(['"', '\''], "");
        match (&before.tree, &self.tree) {
            (Some(before_tree), Some(tree)) => {
                same(before_tree, tree)
                    || parse::same_values(&before.source.text, &self.source.text)
            }
            (Some(_), None) => false,
            (None, _) => bare(&self.source.text) == bare(&before.source.text),
        }
    }

    fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.loaded.findings.iter().filter(|found| found.severity == Severity::Error)
    }

    /// New lines end as the others do.
    fn with_line_ends(&self, mut fix: Fix) -> Fix {
        if self.source.text.contains("\r\n") {
            for edit in &mut fix.edits {
                edit.text = edit.text.replace('\n', "\r\n");
            }
        }
        fix
    }
}

/// Whether two trees have the same words at the same places.
fn same(before: &Node, after: &Node) -> bool {
    match (&before.kind, &after.kind) {
        (Kind::Map(before), Kind::Map(after)) => {
            before.entries.len() == after.entries.len()
                && before.entries.iter().zip(&after.entries).all(|(before, after)| {
                    words(&before.key) == words(&after.key) && same(&before.value, &after.value)
                })
        }
        (Kind::List(before), Kind::List(after)) => {
            before.len() == after.len()
                && before.iter().zip(after).all(|(before, after)| same(before, after))
        }
        (Kind::Scalar(before), Kind::Scalar(after)) => {
            // What YAML cut off at ` #` is there again.
            let rest = words(&after.value);
            let rest = rest.strip_prefix(&words(&before.value));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
        }
        _ => false,
    }
}

/// A text without what repairs change: how words are joined, in names and in lines of a command.
fn words(text: &str) -> String {
    let kept = |c: &char| !c.is_whitespace() && !matches!(c, '_' | '-' | '\\');
    text.chars().filter(kept).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests;
