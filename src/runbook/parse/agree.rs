//! The second reading: another YAML parser reads the same text and must find the same values.
//!
//! What two parsers read differently, two people may read differently; it never runs.

use std::cell::RefCell;
use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess, SeqAccess,
    VariantAccess as _, Visitor,
};

use super::tree::{Entry, Kind, Node, Scalar, Style};
use crate::diagnostic::{Diagnostic, Span, cut};

/// Compares the tree with what the other parser finds.
pub(super) fn check(text: &str, tree: &Node, findings: &mut Vec<Diagnostic>) {
    let difference = RefCell::new(None);
    let compared = Same { node: tree, difference: &difference }
        .deserialize(serde_yaml::Deserializer::from_str(text));
    if let Err(error) = compared {
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
        deserializer.deserialize_any(self)
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
        deserializer.deserialize_any(self)
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
