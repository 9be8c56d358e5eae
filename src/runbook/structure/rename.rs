//! Near misses of names, repaired together with everything in the file that mentions them.
//!
//! A name is renamed only where that is unambiguous: the new one is not taken, no two names would
//! become one, and no text mentions the old one where its meaning cannot be told.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::super::parse::{Node, Style};
use crate::diagnostic::{Diagnostic, Edit, Fix, Span};

/// What a place does with the name that stands there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Part {
    /// It makes the name known.
    Declares,
    /// It names something that is known elsewhere.
    Mentions,
}

/// In which language a text mentions names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Language {
    /// CEL: anywhere but in quotes.
    Expression,
    /// Handlebars: between two braces.
    Template,
}

/// The names of a file, right and wrong.
#[derive(Debug, Default)]
pub(super) struct Names {
    declared: BTreeSet<String>,
    wrong: Vec<Wrong>,
    texts: Vec<(Span, Style, Language)>,
}

/// A name that is not written as names are.
#[derive(Debug)]
struct Wrong {
    /// The finding that says so, by its index.
    finding: usize,
    old: String,
    new: String,
    span: Span,
    part: Part,
}

impl Names {
    /// Notes a name as it should be.
    pub(super) fn right(&mut self, name: &str, part: Part) {
        if part == Part::Declares {
            self.declared.insert(name.to_owned());
        }
    }

    /// Notes a near miss, and the finding that was made of it.
    pub(super) fn wrong(&mut self, names: [&str; 2], span: &Span, part: Part, finding: usize) {
        let [old, new] = names.map(str::to_owned);
        self.wrong.push(Wrong { finding, old, new, span: span.clone(), part });
    }

    /// Notes a text that may mention names.
    pub(super) fn text(&mut self, node: &Node, style: Style, language: Language) {
        self.texts.push((node.span.clone(), style, language));
    }

    /// Adds the repairs to the findings.
    pub(super) fn repair(&self, text: &str, findings: &mut [Diagnostic]) {
        let mut repaired: BTreeMap<&str, Option<Fix>> = BTreeMap::new();
        for wrong in &self.wrong {
            let fix =
                repaired.entry(wrong.old.as_str()).or_insert_with(|| self.rename(text, &wrong.old));
            findings[wrong.finding].fix.clone_from(fix);
        }
    }

    /// The repair of all places with one name.
    fn rename(&self, text: &str, old: &str) -> Option<Fix> {
        let places = || self.wrong.iter().filter(|wrong| wrong.old == old);
        let new = &places().next()?.new;
        let declares = places().any(|wrong| wrong.part == Part::Declares);
        let one_meaning = places().all(|wrong| wrong.new == *new);
        let others = self
            .wrong
            .iter()
            .any(|wrong| wrong.new == *new && wrong.old != old && wrong.part == Part::Declares);
        // A mention follows the name that is there; a declaration must not meet another.
        if !one_meaning || others || declares == self.declared.contains(new) {
            return None;
        }
        // `a-b` in an expression may be a difference.
        if old.contains('-') && old.split('-').all(|part| self.declared.contains(part)) {
            return None;
        }
        let edit = |span: Span| Edit { span, text: new.clone() };
        let mut edits: Vec<Edit> = places().map(|wrong| edit(wrong.span.clone())).collect();
        if declares {
            for (span, style, language) in &self.texts {
                edits.extend(mentions(text, span, *style, *language, old)?.into_iter().map(edit));
            }
        }
        Some(Fix { title: format!("rename `{old}` to `{new}`"), edits })
    }
}

/// Where a text mentions a name; `None` if that cannot be told.
fn mentions(
    text: &str,
    span: &Span,
    style: Style,
    language: Language,
    name: &str,
) -> Option<Vec<Span>> {
    let raw = text.get(span.clone())?;
    let mut found = Vec::new();
    for (at, _) in raw.match_indices(name) {
        let place = at..at + name.len();
        if !stands_alone(raw, &place) {
            continue;
        }
        match language {
            Language::Expression if is_quoted(raw, style, at)? => return None,
            Language::Template if !in_braces(raw, at) => continue,
            Language::Expression | Language::Template => {}
        }
        found.push(span.start + place.start..span.start + place.end);
    }
    Some(found)
}

/// Whether nothing beside a word makes it a part of another.
fn stands_alone(text: &str, place: &Range<usize>) -> bool {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    !text[..place.start].ends_with(part) && !text[place.end..].starts_with(part)
}

fn in_braces(text: &str, at: usize) -> bool {
    text[..at].rfind("{{").is_some_and(|open| !text[open..at].contains("}}"))
        && text[at..].contains("}}")
}

/// Whether a place of an expression is inside a text in quotes. Quotes in quotes of YAML are not
/// looked through.
fn is_quoted(raw: &str, style: Style, at: usize) -> Option<bool> {
    if matches!(style, Style::Double | Style::Single) {
        let inner = raw.get(1..raw.len().checked_sub(1)?)?;
        return (!inner.contains(['"', '\''])).then_some(false);
    }
    let mut open = None;
    for c in raw[..at].chars() {
        match open {
            None if matches!(c, '"' | '\'') => open = Some(c),
            Some(quote) if c == quote => open = None,
            _ => {}
        }
    }
    (!raw.contains('\\')).then_some(open.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(raw: &str, style: Style, language: Language, name: &str) -> Option<Vec<usize>> {
        let places = mentions(raw, &(0..raw.len()), style, language, name)?;
        Some(places.into_iter().map(|place| place.start).collect())
    }

    #[test]
    fn templates_mention_names_between_braces_only() {
        let raw = "pod-name {{pod-name}} {{#if pod-name}}x{{/if}} {{my-pod-name}}";
        assert_eq!(found(raw, Style::Plain, Language::Template, "pod-name"), Some(vec![11, 28]));
    }

    #[test]
    fn expressions_mention_names_outside_of_quotes_only() {
        let look = |raw, style| found(raw, style, Language::Expression, "podName");
        assert_eq!(look("podName == \"x\"", Style::Plain), Some(vec![0]));
        assert_eq!(look("x == 'podName'", Style::Plain), None);
        assert_eq!(look("\"podName > 1\"", Style::Double), Some(vec![1]));
        assert_eq!(look("'podName == \"x\"'", Style::Single), None);
        assert_eq!(look("myPodName > 1", Style::Plain), Some(vec![]));
    }
}
