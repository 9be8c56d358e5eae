//! What an expression names, where, and under which conditions.
//!
//! A mention is guarded where `has(name)` was asked before it in the same expression.

use std::collections::BTreeSet;
use std::ops::Range;

use super::node::{Node, Sort, Work};
use crate::value::Reference;

/// A place where an expression names something.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mention {
    /// What it names.
    pub reference: Reference,
    /// Where, in bytes from the start of the expression.
    pub at: Range<usize>,
    /// Whether it may be unset here: under `has`, or where `has` was asked before.
    pub guarded: bool,
}

type References = BTreeSet<Reference>;

/// All mentions, in the order of the text.
pub(super) fn mentions(root: &Node) -> Vec<Mention> {
    let mut found = Vec::new();
    walk(root, &References::new(), &mut found);
    found
}

fn walk(node: &Node, asked: &References, found: &mut Vec<Mention>) {
    match &node.work {
        Work::Reference(reference) => found.push(Mention {
            reference: reference.clone(),
            at: node.at.clone(),
            guarded: asked.contains(reference),
        }),
        Work::Has(reference) => {
            found.push(Mention {
                reference: reference.clone(),
                at: node.at.clone(),
                guarded: true,
            });
        }
        Work::And(parts) => walk_chain(parts, true, asked, found),
        Work::Or(parts) => walk_chain(parts, false, asked, found),
        Work::Choice(three) => {
            let [condition, then, otherwise] = &**three;
            walk(condition, asked, found);
            walk(then, &union(asked, &proves(condition, true)), found);
            walk(otherwise, &union(asked, &proves(condition, false)), found);
        }
        _ => {
            for child in node.children() {
                walk(child, asked, found);
            }
        }
    }
}

/// Each part of a chain is looked at only if all before it turned out `so_far`.
fn walk_chain(parts: &[Node], so_far: bool, asked: &References, found: &mut Vec<Mention>) {
    let mut asked = asked.clone();
    for part in parts {
        walk(part, &asked, found);
        asked.extend(proves(part, so_far));
    }
}

/// What is certainly set if a piece came out as `outcome`.
pub(super) fn proves(node: &Node, outcome: bool) -> References {
    match (&node.work, outcome) {
        (Work::Has(reference), true) => References::from([reference.clone()]),
        (Work::Has(_), false) => References::new(),
        (Work::Not(inner), outcome) => proves(inner, !outcome),
        // All parts of a true `&&` are true; of a false one, some part is false.
        (Work::And(parts), true) | (Work::Or(parts), false) => {
            parts.iter().flat_map(|part| proves(part, outcome)).collect()
        }
        (Work::And(parts), false) | (Work::Or(parts), true) => {
            common(parts.iter().map(|part| proves(part, outcome)))
        }
        (Work::Choice(three), outcome) => {
            let [condition, then, otherwise] = &**three;
            common(
                [
                    union(&proves(condition, true), &proves(then, outcome)),
                    union(&proves(condition, false), &proves(otherwise, outcome)),
                ]
                .into_iter(),
            )
        }
        _ => needs(node),
    }
}

/// What is certainly set if a piece has a value at all.
fn needs(node: &Node) -> References {
    match &node.work {
        Work::Reference(reference) => References::from([reference.clone()]),
        Work::Choice(three) => {
            let [condition, then, otherwise] = &**three;
            let either = common([needs(then), needs(otherwise)].into_iter());
            union(&needs(condition), &either)
        }
        Work::And(_) | Work::Or(_) | Work::Not(_) | Work::Has(_) if node.sort == Sort::Boolean => {
            common([proves(node, true), proves(node, false)].into_iter())
        }
        // The list may be empty: nothing else is certainly looked at.
        Work::Loop(fold) => needs(&fold.list),
        _ => node.children().into_iter().flat_map(needs).collect(),
    }
}

fn union(a: &References, b: &References) -> References {
    a.union(b).cloned().collect()
}

fn common(mut sets: impl Iterator<Item = References>) -> References {
    let first = sets.next().unwrap_or_default();
    sets.fold(first, |kept, set| kept.intersection(&set).cloned().collect())
}
