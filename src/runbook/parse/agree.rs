//! The second reading: another YAML parser reads the same text and must find the same values. Texts of
//! the plainest kind are read by a reader of our own instead, at a fraction of the time.
//!
//! What two parsers read differently, two people may read differently; it never runs.

use std::cell::RefCell;
use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess, SeqAccess,
    VariantAccess as _, Visitor,
};

use super::plain;
use super::tree::{Entry, Kind, Node, Scalar, Style};
use crate::diagnostic::{Diagnostic, Span, cut};

/// Compares the tree with what a second reading finds.
pub(super) fn check(text: &str, tree: &Node, findings: &mut Vec<Diagnostic>) {
    let plain = plain::says(text, tree);
    if plain && cfg!(not(debug_assertions)) {
        return;
    }
    let before = findings.len();
    other(text, tree, findings);
    assert!(!plain || findings.len() == before, "{:?}\n{text}", findings[before..].first());
}

/// Compares the tree with what the other parser finds.
fn other(text: &str, tree: &Node, findings: &mut Vec<Diagnostic>) {
    let difference = RefCell::new(None);
    let compare = |words| {
        Same { node: tree, difference: &difference, words }
            .deserialize(serde_yaml::Deserializer::from_str(text))
    };
    if compare(Words::AreText).is_ok() && difference.borrow().is_none() {
        return;
    }
    // Once more, for what is to be told of it.
    difference.take();
    if let Err(error) = compare(Words::MayBeAnything) {
        let at = error.location().map_or(0, |location| location.index());
        let at = text.floor_char_boundary(at);
        let message = format!("another YAML parser cannot read this: {}", cut(&error.to_string()));
        findings.push(Diagnostic::error("ambiguous-yaml", at..at, message));
        return;
    }
    if let Some(span) = difference.into_inner() {
        let message = "two YAML parsers read this value differently";
        findings.push(
            Diagnostic::error("ambiguous-yaml", span, message)
                .help("put the value in quotes, or write it as a block with `|`"),
        );
    }
}

/// Whether the other parser, which knows aliases, finds the same values in two texts.
pub(in crate::runbook) fn same_values(one: &str, other: &str) -> bool {
    let values = |text: &str| serde_yaml::from_str::<serde_yaml::Value>(text).ok();
    values(one).is_some_and(|one| values(other) == Some(one))
}

/// Reads a value of the other parser beside a node of ours. Nothing is built: to hold a second tree
/// would cost as much as to read it.
#[derive(Clone, Copy)]
struct Same<'a> {
    node: &'a Node,
    difference: &'a RefCell<Option<Span>>,
    words: Words,
}

/// What the other parser is asked for where a word stands without quotes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Words {
    /// A text, where a word can be nothing else: it need not try all kinds of numbers first.
    AreText,
    /// Whatever it takes it for.
    MayBeAnything,
}

impl Words {
    /// Whether a text is asked for: numbers do not begin with a letter, and three words are no text.
    fn ask_for_text(self, word: &str) -> bool {
        self == Self::AreText
            && word.starts_with(|c: char| c.is_ascii_alphabetic())
            && !["false", "null", "true"].iter().any(|other| word.eq_ignore_ascii_case(other))
    }
}

impl<'a> Same<'a> {
    fn other(self, node: &'a Node) -> Self {
        Self { node, ..self }
    }

    /// Notes the first difference.
    fn differs(self, span: &Span) {
        self.difference.borrow_mut().get_or_insert_with(|| span.clone());
    }

    fn scalar(self, agrees: impl Fn(&Scalar) -> bool) {
        if !self.node.scalar().is_some_and(agrees) {
            self.differs(&self.node.span);
        }
    }

    fn plain(self, agrees: impl Fn(&Scalar) -> bool) {
        self.scalar(|scalar| scalar.style == Style::Plain && agrees(scalar));
    }

    fn number(self, number: f64) {
        self.plain(|scalar| same_number(&scalar.value, number));
    }
}

impl<'de> DeserializeSeed<'de> for Same<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.node.scalar() {
            Some(scalar) if self.words.ask_for_text(&scalar.value) => {
                deserializer.deserialize_str(self)
            }
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Same<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any YAML value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        let word = if value { "true" } else { "false" };
        self.plain(|scalar| scalar.value.eq_ignore_ascii_case(word));
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "numbers are compared as the tree has them")]
    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.number(value as f64);
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "numbers are compared as the tree has them")]
    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.number(value as f64);
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.number(value);
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.scalar(|scalar| scalar.value == value);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.plain(Scalar::is_null);
        Ok(())
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        for node in self.node.list().unwrap_or(&[]) {
            if items.next_element_seed(self.other(node))?.is_none() {
                self.differs(&node.span);
                return Ok(());
            }
        }
        let mut more = self.node.list().is_none();
        while items.next_element::<IgnoredAny>()?.is_some() {
            more = true;
        }
        if more {
            self.differs(&self.node.span);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let own = self.node.map().map_or(&[][..], |map| &map.entries);
        for entry in own {
            if entries.next_key_seed(SameKey { entry, same: self })?.is_none() {
                self.differs(&entry.key_span);
                return Ok(());
            }
            entries.next_value_seed(self.other(&entry.value))?;
        }
        let mut more = !matches!(self.node.kind, Kind::Map(_));
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            more = true;
        }
        if more {
            self.differs(&self.node.span);
        }
        Ok(())
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<(), A::Error> {
        self.differs(&self.node.span);
        let (_, value) = tagged.variant::<IgnoredAny>()?;
        value.newtype_variant::<IgnoredAny>().map(|_| ())
    }
}

/// Reads a key beside a key of ours.
struct SameKey<'a> {
    entry: &'a Entry,
    same: Same<'a>,
}

impl<'de> DeserializeSeed<'de> for SameKey<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.same.words.ask_for_text(&self.entry.key) {
            deserializer.deserialize_str(self)
        } else {
            deserializer.deserialize_any(self)
        }
    }
}

impl Visitor<'_> for SameKey<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<(), E> {
        if key != self.entry.key {
            self.same.differs(&self.entry.key_span);
        }
        Ok(())
    }

    // What a key is apart from its text does not matter: the language has only texts.

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

fn same_number(text: &str, number: f64) -> bool {
    if text.starts_with("0x") || text.starts_with("0o") || text.starts_with("0b") {
        return true;
    }
    if text.trim_start_matches(['+', '-']).starts_with('.')
        && text.ends_with(|c: char| c.is_ascii_alphabetic())
    {
        return true;
    }
    text.parse::<f64>().is_ok_and(|ours| (ours - number).abs() <= ours.abs() * f64::EPSILON)
}

#[cfg(test)]
mod tests {
    use super::super::tree;
    use super::*;

    /// Where the other parser's reading of `text` differs from our reading of another one.
    fn difference(text: &str, ours: &str) -> Option<Span> {
        let mut findings = Vec::new();
        let tree = tree::build(ours, &mut findings).unwrap();
        check(text, &tree, &mut findings);
        assert!(findings.len() < 2, "{findings:?}");
        let found = findings.pop()?;
        assert_eq!(found.message, "two YAML parsers read this value differently", "{text}");
        Some(found.span)
    }

    #[test]
    fn what_is_read_alike_is_no_difference() {
        for value in ["a", "true", "NULL", "~", "12", "-1.5e3", "nan", "inf", "0x1f", "'1'", "a b"]
        {
            for text in [format!("a: {value}\n"), format!("- [{value}]\n"), format!("{value}: a\n")]
            {
                assert_eq!(difference(&text, &text), None, "{text}");
            }
        }
    }

    #[test]
    fn every_difference_is_told_with_its_place() {
        for (text, ours) in [
            ("a: b\n", "a: c\n"),
            ("a: b\n", "a: 1\n"),
            ("a: 1\n", "a: b\n"),
            ("a: true\n", "a: 'true'\n"),
            ("a: 'true'\n", "a: no\n"),
            ("a: null\n", "a: b\n"),
            ("a: [b]\n", "a: b\n"),
            ("a: {b: c}\n", "a: b\n"),
            ("a: b\n", "a: [b]\n"),
        ] {
            assert_eq!(difference(text, ours).map(|span| span.start), Some(3), "{text}{ours}");
        }
        assert_eq!(difference("b: c\n", "a: c\n"), Some(0..1));
        assert_eq!(difference("a: b\nc: d\n", "a: b\n"), Some(0..4));
    }
}
