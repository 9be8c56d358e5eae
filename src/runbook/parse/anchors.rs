//! Anchors and aliases, which the language refuses, and the text without them.
//!
//! Each alias is replaced by the text of what it stands for. Where that holds aliases itself, or
//! where a merge key needs it, there is no repair.

use std::collections::BTreeMap;

use crate::diagnostic::{Edit, Fix, Span};

/// How the parser numbers anchors, in their order.
type AnchorId = usize;

/// How much longer a text may become.
const MOST_BYTES: usize = 256 * 1024;

/// The anchors and aliases of a text, as the parser comes by them.
#[derive(Debug, Default)]
pub(super) struct Anchors {
    anchors: BTreeMap<AnchorId, Anchor>,
    aliases: Vec<Span>,
}

#[derive(Debug, Default)]
struct Anchor {
    /// The place of `&name`.
    mark: Span,
    /// Where what it marks ends.
    end: Option<usize>,
}

impl Anchors {
    /// An anchor was read.
    pub(super) fn anchor(&mut self, id: AnchorId, mark: Span) {
        self.anchors.entry(id).or_default().mark = mark;
    }

    /// What an anchor marks was read.
    pub(super) fn marks(&mut self, id: AnchorId, node: &Span) {
        self.anchors.entry(id).or_default().end = Some(node.end);
    }

    /// An alias was read.
    pub(super) fn alias(&mut self, span: Span) {
        self.aliases.push(span);
    }

    /// The repair of all of them together.
    pub(super) fn repair(&self, text: &str) -> Option<Fix> {
        if text.contains("<<:") {
            return None;
        }
        let mut edits = Vec::new();
        let mut grown = 0;
        for anchor in self.anchors.values() {
            edits.push(Edit { span: removed(text, anchor)?, text: String::new() });
        }
        for alias in &self.aliases {
            let name = text.get(alias.start + 1..alias.end)?;
            let anchor = self.anchors.values().rev().find(|anchor| {
                anchor.mark.start < alias.start
                    && text.get(anchor.mark.start + 1..anchor.mark.end) == Some(name)
            })?;
            let node = marked(text, anchor)?;
            let nested = |span: &Span| node.start <= span.start && span.end <= node.end;
            if self.aliases.iter().any(nested) || self.anchors.values().any(|it| nested(&it.mark)) {
                return None;
            }
            let expanded = expanded(text, &node, alias)?;
            grown += expanded.len();
            let blanks =
                text[..alias.start].len() - text[..alias.start].trim_end_matches(' ').len();
            let before = if expanded.starts_with('\n') { blanks } else { 0 };
            edits.push(Edit { span: alias.start - before..alias.end, text: expanded });
        }
        let title = "write what the aliases stand for where they stand";
        (!edits.is_empty() && grown <= MOST_BYTES).then(|| Fix { title: title.to_owned(), edits })
    }
}

/// What an anchor marks, from the sign of a block text on.
fn marked(text: &str, anchor: &Anchor) -> Option<Span> {
    let behind = text.get(anchor.mark.end..anchor.end?)?;
    let start = anchor.mark.end + (behind.len() - behind.trim_start().len());
    (!behind.trim().is_empty()).then_some(start..anchor.end?)
}

/// What goes with an anchor: its mark, and the blanks beside it.
fn removed(text: &str, anchor: &Anchor) -> Option<Span> {
    let node = marked(text, anchor)?;
    if text.get(anchor.mark.end..node.start)?.contains('\n') {
        // The line of the key ends behind its colon again.
        let before = text[..anchor.mark.start].trim_end_matches(' ').len();
        return Some(before..anchor.mark.end);
    }
    Some(anchor.mark.start..node.start)
}

/// The text of a node, written where an alias stands.
fn expanded(text: &str, node: &Span, alias: &Span) -> Option<String> {
    let raw = text.get(node.clone())?;
    let is_flow = raw.starts_with(['"', '\'', '{', '[']);
    let is_block_text = raw.starts_with(['|', '>']);
    let is_block = !is_flow && (raw.contains(": ") || raw.ends_with(':') || raw.starts_with("- "));
    if !raw.contains('\n') && !is_block {
        return Some(raw.to_owned());
    }
    let line_of = |at: usize| text[..at].rfind('\n').map_or(0, |found| found + 1);
    let before = &text[line_of(alias.start)..alias.start];
    let key = before.trim_start_matches([' ', '-']);
    let alone = text[alias.end..].lines().next().unwrap_or("").trim().is_empty();
    // What has lines of its own stands behind a key or a dash, not in braces or brackets.
    if is_flow || !alone || !(key.is_empty() || key.ends_with(": ")) {
        return None;
    }
    let indent = if key.is_empty() { before.len() } else { before.len() - key.len() + 2 };
    let mut lines = raw.lines();
    let first = lines.next()?;
    // Signs in the header count from elsewhere.
    if is_block_text && first.contains(|c: char| c.is_ascii_digit() || c == '+') {
        return None;
    }
    let depth = if is_block_text {
        lines.clone().filter(|line| !line.trim().is_empty()).map(depth_of).min()?
    } else {
        node.start - line_of(node.start)
    };
    let blanks = " ".repeat(indent);
    let on_own_line = !key.is_empty() && !is_block_text;
    let mut written = if on_own_line { format!("\n{blanks}{first}") } else { first.to_owned() };
    for line in lines {
        written.push('\n');
        if !line.trim().is_empty() {
            // What is further out belongs to something else.
            let own = line.get(depth..).filter(|_| depth_of(line) >= depth)?;
            written.push_str(&blanks);
            written.push_str(own);
        }
    }
    Some(written)
}

fn depth_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}
