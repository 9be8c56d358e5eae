//! Writes a scanned selection out again: as the constant text that the shell reads, or with values
//! in place.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Selected;
use super::shell::{Expansion, HereDoc, Placement, Quoting, Scan, Tabs};
use super::show::LeadingTabs;
use super::variable;
use crate::value::Reference;

/// What is to be written in a slot.
pub(super) enum Filling {
    /// A reference to the variable that carries the value.
    Variable,
    /// Text that is quoted already.
    Quoted(String),
}

/// Writes a selection, each slot as `fill` says.
pub(super) fn emit(
    source: &str,
    selected: &[Selected<'_>],
    scan: &Scan,
    fill: &dyn Fn(usize, &Reference, Placement, LeadingTabs) -> Filling,
) -> String {
    let mut slots = Vec::new();
    let mut rewritten = vec![false; scan.documents.len()];
    let references = selected.iter().filter_map(|part| match part {
        Selected::Slot(slot) => Some(&slot.reference),
        Selected::Text(_) => None,
    });
    for (index, reference) in references.enumerate() {
        let Some(place) = scan.placements[index] else {
            slots.push(String::new());
            continue;
        };
        let filling = fill(index, reference, place, tabs(scan, place));
        if let (Filling::Variable, Quoting::HereDoc(document)) = (&filling, place.quoting) {
            rewritten[document] |= scan.documents[document].expansion == Expansion::Verbatim;
        }
        slots.push(match filling {
            Filling::Variable => in_place(reference, place),
            Filling::Quoted(text) => text,
        });
    }
    let mut edits = Edits::default();
    for name in &scan.unbraced {
        edits.replace(name.clone(), format!("{{{}}}", &source[name.clone()]));
    }
    for (document, _) in scan.documents.iter().zip(&rewritten).filter(|(_, rewrite)| **rewrite) {
        edits.expand(source, document);
    }
    for (index, document) in scan.documents.iter().enumerate() {
        let body = write(source, selected, &slots, &edits, document.body.clone());
        let mark = free_mark(document, &body);
        if mark != document.mark || rewritten[index] {
            let quote = document.expansion == Expansion::Verbatim && !rewritten[index];
            let opening = if quote { format!("'{mark}'") } else { mark.clone() };
            edits.replace(document.mark_at.clone(), opening);
            edits.replace(document.end_at.clone(), mark);
        }
    }
    write(source, selected, &slots, &edits, 0..source.len())
}

fn tabs(scan: &Scan, place: Placement) -> LeadingTabs {
    match place.quoting {
        Quoting::HereDoc(document) if scan.documents[document].tabs == Tabs::Stripped => {
            LeadingTabs::Stripped
        }
        _ => LeadingTabs::Kept,
    }
}

/// The reference to a variable, for a place.
fn in_place(reference: &Reference, place: Placement) -> String {
    let braces = variable::in_braces(reference);
    match place.quoting {
        Quoting::Bare => format!("\"{braces}\""),
        Quoting::Single => format!("'\"{braces}\"'"),
        Quoting::AnsiC => format!("'\"{braces}\"$'"),
        Quoting::Double | Quoting::HereDoc(_) | Quoting::Arithmetic | Quoting::Comment => braces,
    }
}

/// An end mark that no line of the body equals, nor one that is not ASCII begins like: dash compares
/// such a line with the mark letter by letter and garbles what it takes back.
fn free_mark(document: &HereDoc, body: &str) -> String {
    let taken = |mark: &str| {
        body.lines().any(|line| {
            let bare = line.trim_start_matches('\t');
            let alike = mark.chars().next().is_some_and(|first| bare.starts_with(first));
            line == mark || bare == mark || (alike && !line.is_ascii())
        })
    };
    if !taken(&document.mark) {
        return document.mark.clone();
    }
    let marks = ('A'..='Z').rev().map(|first| format!("{first}_{}", document.mark));
    let free = marks.into_iter().find(|mark| !taken(mark));
    free.unwrap_or_else(|| {
        let mut mark = document.mark.clone();
        while body.lines().any(|line| line.trim_start_matches('\t') == mark) {
            mark.push('_');
        }
        mark
    })
}

/// Replacements of ranges of the source.
#[derive(Default)]
struct Edits(BTreeMap<usize, (usize, String)>);

impl Edits {
    fn replace(&mut self, range: Range<usize>, text: String) {
        self.0.insert(range.start, (range.end, text));
    }

    /// Makes an expanded here-document of a verbatim one.
    fn expand(&mut self, source: &str, document: &HereDoc) {
        for (offset, c) in source[document.body.clone()].char_indices() {
            if "\\$`".contains(c) {
                let at = document.body.start + offset;
                self.replace(at..at + 1, format!("\\{c}"));
            }
        }
    }
}

/// Writes the part of a selection that stands in a range of the source.
fn write(
    source: &str,
    selected: &[Selected<'_>],
    slots: &[String],
    edits: &Edits,
    within: Range<usize>,
) -> String {
    let mut text = String::new();
    let mut next = 0;
    for part in selected {
        match part {
            Selected::Slot(slot) => {
                if within.contains(&slot.at.start) {
                    text.push_str(&slots[next]);
                }
                next += 1;
            }
            Selected::Text(range) => {
                let mut from = range.start.max(within.start);
                let end = range.end.min(within.end);
                if from >= end {
                    continue;
                }
                for (start, (stop, replacement)) in edits.0.range(from..end) {
                    if *start < from {
                        continue;
                    }
                    text.push_str(&source[from..*start]);
                    text.push_str(replacement);
                    from = (*stop).min(end);
                }
                text.push_str(&source[from..end]);
            }
        }
    }
    text
}
