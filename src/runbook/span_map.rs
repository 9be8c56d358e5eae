//! From a place in what a scalar says to its place in the file.
//!
//! Exact for plain, quoted and `|` texts on their own lines; near enough for text that YAML folds.

use super::parse::{Kind, Node, Style};
use crate::diagnostic::Span;

/// Where each byte of a scalar's value stands in the file.
#[derive(Clone, Debug)]
pub(super) struct SpanMap {
    offsets: Offsets,
    whole: Span,
}

#[derive(Clone, Debug)]
enum Offsets {
    /// The value stands there as it is: where it starts, and how long it is.
    Whole(usize, usize),
    /// The offset in the file of each byte of the value, and of its end.
    Each(Vec<usize>),
}

impl Offsets {
    fn get(&self, at: usize) -> Option<usize> {
        match self {
            Self::Whole(start, length) => (at <= *length).then_some(start + at),
            Self::Each(offsets) => offsets.get(at).copied(),
        }
    }
}

impl SpanMap {
    /// The map of a scalar; of anything else, its whole place.
    pub(super) fn of(text: &str, node: &Node) -> Self {
        let offsets = match &node.kind {
            Kind::Scalar(scalar) => match scalar.style {
                Style::Literal => Offsets::Each(literal(text, node.span.start, &scalar.value)),
                style => verbatim(text, &node.span, &scalar.value, style).unwrap_or_else(|| {
                    Offsets::Each(aligned(text, &node.span, &scalar.value, style))
                }),
            },
            Kind::List(_) | Kind::Map(_) => Offsets::Each(Vec::new()),
        };
        Self { offsets, whole: node.span.clone() }
    }

    /// The place in the file of a place in the value.
    pub(super) fn place(&self, within: &Span) -> Span {
        let (Some(start), Some(end)) =
            (self.offsets.get(within.start), self.offsets.get(within.end))
        else {
            return self.whole.clone();
        };
        // The end maps to where the next character starts, which may be a line further.
        let last = within
            .end
            .checked_sub(1)
            .filter(|last| *last >= within.start)
            .and_then(|last| self.offsets.get(last))
            .map_or(end, |last| last + 1);
        start..last.max(start)
    }
}

/// A text on one line without anything that YAML reads as something else: most are.
fn verbatim(text: &str, span: &Span, value: &str, style: Style) -> Option<Offsets> {
    let quote = usize::from(matches!(style, Style::Single | Style::Double));
    let raw = text.get(span.start + quote..span.end.checked_sub(quote)?)?;
    (raw == value).then_some(Offsets::Whole(span.start + quote, value.len()))
}

/// A `|` text: each line of the value is the end of a line of the file.
fn literal(text: &str, start: usize, value: &str) -> Vec<usize> {
    let mut offsets = Vec::with_capacity(value.len() + 1);
    let mut line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    // A text that opens with empty lines starts at its first letter; go back to the mark.
    for _ in value.chars().take_while(|c| *c == '\n') {
        line_start = text[..line_start.saturating_sub(1)].rfind('\n').map_or(0, |at| at + 1);
    }
    for line in value.split_inclusive('\n') {
        let bare = line.strip_suffix('\n').unwrap_or(line);
        let raw = text[line_start..].split('\n').next().unwrap_or("");
        let raw_bare = raw.strip_suffix('\r').unwrap_or(raw);
        let indent = raw_bare.len().saturating_sub(bare.len());
        for at in 0..line.len() {
            offsets.push((line_start + indent + at).min(text.len()));
        }
        line_start = (line_start + raw.len() + 1).min(text.len());
    }
    let end = offsets.last().map_or(start, |last| last + 1);
    offsets.push(end.min(text.len()));
    offsets
}

/// Any other text: walks the raw source beside the value.
fn aligned(text: &str, span: &Span, value: &str, style: Style) -> Vec<usize> {
    let raw = &text[span.clone()];
    let mut at = usize::from(matches!(style, Style::Single | Style::Double));
    let mut offsets = Vec::with_capacity(value.len() + 1);
    for character in value.chars() {
        at = skip_folding(raw, at, character, style);
        let width = raw_width(raw, at, character, style);
        for within in 0..character.len_utf8() {
            let inside = if width == character.len_utf8() { within } else { 0 };
            offsets.push((span.start + at + inside).min(span.end));
        }
        at += width;
    }
    offsets.push((span.start + at).min(span.end));
    offsets
}

/// Skips line ends and indentation that folding took away before this character.
fn skip_folding(raw: &str, mut at: usize, character: char, style: Style) -> usize {
    while let Some(found) = raw.get(at..).and_then(|rest| rest.chars().next()) {
        if style == Style::Double && raw[at..].starts_with("\\\n") {
            at += 2;
        } else if found == character
            || !found.is_whitespace()
            || character == ' ' && found == '\n'
            || character == '\n' && found == '\r'
        {
            break;
        } else {
            at += found.len_utf8();
        }
    }
    at
}

/// How many bytes of the source make this character.
fn raw_width(raw: &str, at: usize, character: char, style: Style) -> usize {
    let rest = raw.get(at..).unwrap_or("");
    match style {
        Style::Single if character == '\'' && rest.starts_with("''") => 2,
        Style::Double if rest.starts_with('\\') => match rest.as_bytes().get(1) {
            Some(b'x') => 4,
            Some(b'u') => 6,
            Some(b'U') => 10,
            _ => 2,
        },
        _ => rest.chars().next().map_or(0, char::len_utf8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_stands_as_it_is_maps_as_letter_by_letter() {
        let text = "key: größer als 'ä' \"b\"\n";
        for (span, style) in
            [(5..27, Style::Plain), (18..22, Style::Single), (23..26, Style::Double)]
        {
            let quote = usize::from(style != Style::Plain);
            let value = &text[span.start + quote..span.end - quote];
            let whole = verbatim(text, &span, value, style).unwrap();
            let each = Offsets::Each(aligned(text, &span, value, style));
            for at in 0..value.len() + 2 {
                assert_eq!(whole.get(at), each.get(at), "{value} {at}");
            }
        }
        assert!(verbatim(text, &(0..3), "kez", Style::Plain).is_none());
        assert!(verbatim(text, &(0..1), "", Style::Double).is_none());
    }
}
