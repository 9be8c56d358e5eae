//! The tree of a YAML text: every scalar with its raw source, every key with its place.
//!
//! What YAML has and the language has not (tags, anchors, aliases, merge keys, directives, second
//! documents, keys that are no text) is refused here, with the fix.

use std::borrow::Cow;

use granit_parser::{Event, Options, Parser, ScalarStyle, Span as Place, StructureStyle};

use super::anchors::Anchors;
use super::keys::Keys;
use super::traps;
use crate::diagnostic::{Diagnostic, Span, cut};

/// How deep a runbook may nest.
const MOST_DEPTH: usize = 32;
/// How many nodes a runbook may have.
const MOST_NODES: usize = 50_000;

/// A node of the tree.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Its place, without the blanks behind it.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// A list.
    List(Vec<Node>),
    /// Keys with values.
    Map(Map),
    /// A text, or something written like one.
    Scalar(Scalar),
}

/// Keys with values, in the order of the file. No key comes twice.
#[derive(Clone, Debug)]
pub(crate) struct Map {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Whether it is written with braces.
    pub flow: bool,
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The key.
    pub key: String,
    /// Its place.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

/// A scalar as it is written.
#[derive(Clone, Debug)]
pub(crate) struct Scalar {
    /// What it says, after YAML's quoting and folding.
    pub value: String,
    /// How it is written.
    pub style: Style,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Style {
    /// `"..."`
    Double,
    /// `>`
    Folded,
    /// `|`
    Literal,
    /// Without quotes.
    Plain,
    /// `'...'`
    Single,
}

/// What a text in quotes is.
pub(crate) fn text_node(text: &str) -> Kind {
    Kind::Scalar(Scalar { value: text.to_owned(), style: Style::Double })
}

impl Map {
    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// A key with its value.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }
}

impl Node {
    /// The map, if it is one.
    pub(crate) fn map(&self) -> Option<&Map> {
        match &self.kind {
            Kind::Map(map) => Some(map),
            Kind::List(_) | Kind::Scalar(_) => None,
        }
    }

    /// The items, if it is a list.
    pub(crate) fn list(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::List(items) => Some(items),
            Kind::Map(_) | Kind::Scalar(_) => None,
        }
    }

    /// The scalar, if it is one.
    pub(crate) fn scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar),
            Kind::Map(_) | Kind::List(_) => None,
        }
    }

    /// The text of a scalar that is not null.
    pub(crate) fn text(&self) -> Option<&str> {
        let scalar = self.scalar()?;
        (!scalar.is_null()).then_some(scalar.value.as_str())
    }

    /// The value of a key, if this is a map that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.map()?.get(key)
    }
}

impl Scalar {
    /// Whether YAML takes it as null.
    pub(crate) fn is_null(&self) -> bool {
        self.style == Style::Plain
            && matches!(self.value.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }
}

/// Builds the tree. What is wrong goes to `findings`; the tree is there if the text could be read.
pub(super) fn build(text: &str, findings: &mut Vec<Diagnostic>) -> Option<Node> {
    let mut options = Options::default();
    options.emit_anchor_events = true;
    options.emit_unresolved_aliases = true;
    options.set_emit_comments(false);
    let mut builder = Builder {
        parser: Parser::new_from_str_with_options(text, options),
        text,
        findings,
        nodes: 0,
        anchors: Anchors::default(),
    };
    let root = builder.document().ok().flatten();
    let Builder { anchors, findings, .. } = builder;
    if let Some(found) = findings.iter_mut().find(|found| matches!(found.code, "alias" | "anchor"))
    {
        found.fix = anchors.repair(text);
    }
    root
}

/// The text cannot be read any further; the finding is already there.
struct Unreadable;

type Step<'input> = (Event<'input>, Place);

struct Builder<'input, 'findings> {
    parser: Parser<'input, granit_parser::StrInput<'input>>,
    text: &'input str,
    findings: &'findings mut Vec<Diagnostic>,
    nodes: usize,
    anchors: Anchors,
}

impl<'input> Builder<'input, '_> {
    fn next(&mut self) -> Result<Step<'input>, Unreadable> {
        loop {
            match self.parser.next_event() {
                Some(Ok((Event::Anchor(id, _), place))) => {
                    let span = self.span(&place);
                    self.anchors.anchor(id, span.clone());
                    self.refuse_anchor(span);
                }
                Some(Ok(step)) => return Ok(step),
                Some(Err(error)) => {
                    let at = error.marker().byte_offset().unwrap_or(self.text.len());
                    if self.findings.is_empty() {
                        let found = traps::unreadable(self.text, at, &error.info());
                        self.findings.push(found);
                    }
                    return Err(Unreadable);
                }
                None => return Ok((Event::StreamEnd, Place::default())),
            }
        }
    }

    fn document(&mut self) -> Result<Option<Node>, Unreadable> {
        let mut root = None;
        loop {
            let (event, place) = self.next()?;
            let span = self.span(&place);
            match event {
                Event::StreamEnd => break,
                Event::StreamStart | Event::DocumentEnd => {}
                Event::DocumentStart(_, version) => {
                    if version.is_some()
                        || self.text[..span.start].lines().any(|l| l.starts_with('%'))
                    {
                        let message = "YAML directives are not part of the language";
                        let found =
                            Diagnostic::error("directive", 0..first_line(self.text), message)
                                .help("remove the line; runbooks are YAML 1.2");
                        self.findings.push(found);
                    }
                    if root.is_some() {
                        let message = "a second document starts here; a file holds one runbook";
                        let end = span.end.max((span.start + 3).min(self.text.len()));
                        let found = Diagnostic::error("second-document", span.start..end, message)
                            .help("remove the `---`, or move what follows to a file of its own");
                        self.findings.push(found);
                        return Err(Unreadable);
                    }
                }
                event => root = Some(self.node((event, place), 0)?),
            }
        }
        if root.is_none() {
            let message = "the file is empty: it holds nothing but comments";
            self.findings.push(Diagnostic::error("empty", 0..0, message));
        }
        Ok(root)
    }

    fn node(&mut self, (event, place): Step<'input>, depth: usize) -> Result<Node, Unreadable> {
        let span = self.span(&place);
        self.nodes += 1;
        if depth > MOST_DEPTH || self.nodes > MOST_NODES {
            let message = if depth > MOST_DEPTH {
                format!("this is nested deeper than the limit of {MOST_DEPTH}")
            } else {
                format!("the file holds more than {MOST_NODES} values, the limit")
            };
            self.findings.push(Diagnostic::error("limit", span, message));
            return Err(Unreadable);
        }
        let anchor = event.anchor_id();
        let node = self.kind_of_node(event, &place, span, depth)?;
        if let Some(id) = anchor {
            self.anchors.marks(id, &node.span);
        }
        Ok(node)
    }

    fn kind_of_node(
        &mut self,
        event: Event<'input>,
        place: &Place,
        span: Span,
        depth: usize,
    ) -> Result<Node, Unreadable> {
        match event {
            Event::Scalar(value, style, _, tag) => {
                self.refuse_tag(tag.is_some(), place);
                Ok(self.scalar(value, style, span))
            }
            Event::SequenceStart(_, _, tag) => {
                self.refuse_tag(tag.is_some(), place);
                self.list(span.start, depth)
            }
            Event::MappingStart(style, _, tag) => {
                self.refuse_tag(tag.is_some(), place);
                self.mapping(span.start, style == StructureStyle::Flow, depth)
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.anchors.alias(span.clone());
                self.refuse_alias(span.clone());
                Ok(Node {
                    kind: Kind::Scalar(Scalar {
                        value: self.text[span.clone()].to_owned(),
                        style: Style::Double,
                    }),
                    span,
                })
            }
            _ => {
                let message = "the YAML cannot be read here";
                self.findings.push(Diagnostic::error("yaml", span, message));
                Err(Unreadable)
            }
        }
    }

    fn scalar(&self, value: Cow<'_, str>, style: ScalarStyle, span: Span) -> Node {
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::Single,
            ScalarStyle::DoubleQuoted => Style::Double,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
        };
        let raw = self.text.get(span.clone()).unwrap_or("");
        let end = span.start + raw.trim_end().len();
        let implicit = style == Style::Plain && raw.trim().is_empty();
        Node {
            span: span.start..end,
            kind: Kind::Scalar(Scalar {
                value: if implicit { String::new() } else { value.into_owned() },
                style,
            }),
        }
    }

    fn list(&mut self, start: usize, depth: usize) -> Result<Node, Unreadable> {
        let mut items = Vec::new();
        let mut end = start;
        loop {
            let (event, place) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                let own = self.span(&place);
                if own.end > own.start {
                    end = end.max(own.end);
                }
                break;
            }
            let node = self.node((event, place), depth + 1)?;
            end = end.max(node.span.end);
            items.push(node);
        }
        Ok(Node { span: start..end, kind: Kind::List(items) })
    }

    fn mapping(&mut self, start: usize, flow: bool, depth: usize) -> Result<Node, Unreadable> {
        if flow && self.text[start..].starts_with("{{") {
            let found = traps::braces(self.text, start);
            self.findings.push(found);
            return Err(Unreadable);
        }
        let mut entries: Vec<Entry> = Vec::new();
        let mut keys = Keys::default();
        let mut end = start;
        loop {
            let (event, place) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                let own = self.span(&place);
                if own.end > own.start {
                    end = end.max(own.end);
                }
                break;
            }
            let key = self.node((event, place), depth + 1)?;
            let step = self.next()?;
            let value = self.node(step, depth + 1)?;
            end = end.max(value.span.end).max(key.span.end);
            if let Some(entry) = self.entry(key, value, &entries, &mut keys) {
                entries.push(entry);
            }
        }
        Ok(Node { span: start..end, kind: Kind::Map(Map { entries, flow }) })
    }

    fn entry(
        &mut self,
        key: Node,
        value: Node,
        before: &[Entry],
        keys: &mut Keys,
    ) -> Option<Entry> {
        let Kind::Scalar(scalar) = key.kind else {
            let message = "a key must be a text, not a list or a map";
            self.findings.push(Diagnostic::error("key", key.span, message));
            return None;
        };
        let name = scalar.value;
        if name == "<<" {
            let message = "merge keys `<<` are not part of the language";
            let found = Diagnostic::error("merge-key", key.span, message)
                .help("write the keys where they are needed");
            self.findings.push(found);
            return None;
        }
        if let Some(first) = keys.find(before, &name) {
            let message = format!("the key `{}` comes twice", cut(&name));
            let found = Diagnostic::error("duplicate-key", key.span, message)
                .label(first.key_span.clone(), "it was here first")
                .help("keep one of them");
            self.findings.push(found);
            return None;
        }
        Some(Entry { key: name, key_span: key.span, value })
    }

    fn refuse_alias(&mut self, span: Span) {
        const MOST: usize = 10;
        let told = self.findings.iter().filter(|found| found.code == "alias");
        if told.count() >= MOST {
            return;
        }
        let help = traps::quote_help(self.text, span.start);
        let message = "a value that starts with `*` is an alias to YAML, and aliases are refused";
        self.findings.push(Diagnostic::error("alias", span, message).help(help));
    }

    fn refuse_anchor(&mut self, span: Span) {
        // One message is enough for a file that is full of them.
        if self.findings.iter().any(|found| found.code == "anchor") {
            return;
        }
        let help = traps::quote_help(self.text, span.start);
        let message = "a value that starts with `&` is an anchor to YAML, and anchors are refused";
        self.findings.push(Diagnostic::error("anchor", span, message).help(help));
    }

    fn refuse_tag(&mut self, tagged: bool, place: &Place) {
        if !tagged {
            return;
        }
        let span = match place.tag_span() {
            Some(tag) => self.span(&tag),
            None => self.span(place),
        };
        let help = traps::quote_help(self.text, span.start);
        let message = "a value that starts with `!` is a tag to YAML, and tags are refused";
        self.findings.push(Diagnostic::error("tag", span, message).help(help));
    }

    /// The place of an event, within the text and on the boundaries of characters.
    fn span(&self, place: &Place) -> Span {
        let range = place.byte_range().unwrap_or(0..0);
        let inside = |mut at: usize| {
            at = at.min(self.text.len());
            while !self.text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = inside(range.start);
        start..inside(range.end).max(start)
    }
}

fn first_line(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}
