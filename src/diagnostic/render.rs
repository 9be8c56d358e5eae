//! Renders findings for people: each with its lines, and carets below them.
//!
//! Nothing of the source, the path or a message reaches the result as a control character.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::visible::Speller;
use super::{Diagnostic, Severity, Source, Span, visible};

/// Whether the text for people is coloured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Colour {
    /// With ANSI colours.
    Coloured,
    /// Plain text.
    Plain,
}

/// The findings as text for people, one block each.
pub fn render(source: &Source, findings: &[Diagnostic], width: usize, colour: Colour) -> String {
    let renderer = match colour {
        Colour::Coloured => Renderer::styled(),
        Colour::Plain => Renderer::plain(),
    }
    .term_width(width);
    // What one finding conceals, another must not show.
    let concealed: Vec<Span> =
        findings.iter().filter_map(|finding| finding.concealed.clone()).collect();
    let mut text = String::new();
    for finding in findings {
        text.push_str(&block(source, finding, &concealed, &renderer));
        text.push_str("\n\n");
    }
    text
}

fn block(source: &Source, finding: &Diagnostic, concealed: &[Span], renderer: &Renderer) -> String {
    let excerpt = Excerpt::of(source, finding, concealed);
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let message = visible(&finding.message);
    let name = visible(&source.name).replace(['\n', '\t'], " ");
    let snippet = Snippet::source(excerpt.text.as_str())
        .line_start(excerpt.first_line)
        .path(name.as_str())
        .annotation(AnnotationKind::Primary.span(excerpt.place(&finding.span)))
        .annotations(finding.labels.iter().map(|label| {
            AnnotationKind::Context.span(excerpt.place(&label.span)).label(visible(&label.text))
        }));
    let mut group = level.primary_title(message.as_ref()).id(finding.code).element(snippet);
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(visible(help)));
    }
    renderer.render(&[group])
}

/// The lines that a finding needs, made visible, with the way from old offsets to new ones.
struct Excerpt {
    text: String,
    first_line: usize,
    start: usize,
    /// The new offset of each old byte, and of the end.
    offsets: Vec<usize>,
}

impl Excerpt {
    fn of(source: &Source, finding: &Diagnostic, concealed: &[Span]) -> Self {
        let text = &source.text;
        let spans = || std::iter::once(&finding.span).chain(finding.labels.iter().map(|l| &l.span));
        let first = spans().map(|span| span.start).min().unwrap_or(0);
        let last = spans().map(|span| shortened(text, span).end).max().unwrap_or(0);
        let first = first.min(text.len());
        let start =
            text.as_bytes()[..first].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let last = last.clamp(first, text.len());
        let end = text.as_bytes()[last..]
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(text.len(), |at| last + at);
        let mut shown = String::with_capacity(end - start);
        let mut offsets = vec![0; end - start + 1];
        let mut speller = Speller::default();
        for (at, character) in text[start..end].char_indices() {
            for offset in &mut offsets[at..at + character.len_utf8()] {
                *offset = shown.len();
            }
            let hidden = concealed.iter().any(|span| span.contains(&(start + at)));
            match character {
                '\r' => {}
                '\n' => shown.push('\n'),
                _ if hidden => shown.push('•'),
                other => speller.push(other, &mut shown),
            }
        }
        offsets[end - start] = shown.len();
        Self { first_line: source.line_column(start).0, text: shown, start, offsets }
    }

    fn place(&self, span: &Span) -> Range<usize> {
        let most = self.offsets.len() - 1;
        let at = |offset: usize| self.offsets[offset.saturating_sub(self.start).min(most)];
        let start = at(span.start);
        let end = at(span.end).max(start);
        // A caret under the first line says enough about a place of many lines.
        let line_end =
            self.text[start..].find('\n').map_or(self.text.len(), |length| start + length);
        start..end.min(line_end).max(start)
    }
}

/// The part of a span on its first line.
fn shortened(text: &str, span: &Span) -> Span {
    let start = span.start.min(text.len());
    let end = span.end.clamp(start, text.len());
    let line_end = text.as_bytes()[start..end]
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(end, |at| start + at);
    start..line_end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source { name: "a.yaml".to_owned(), text: text.into() }
    }

    #[test]
    fn a_finding_shows_its_line_with_carets_and_help() {
        let finding = Diagnostic::error("unknown-key", 9..14, "`titel` is no key here")
            .help("did you mean `title`?");
        let text = render(
            &source("schema: 1\ntitel: a\n"),
            std::slice::from_ref(&finding),
            80,
            Colour::Plain,
        );
        assert!(text.contains("a.yaml:1:10"), "{text}");
        let finding = Diagnostic { span: 10..15, ..finding };
        let text = render(&source("schema: 1\ntitel: a\n"), &[finding], 80, Colour::Plain);
        assert!(text.contains("a.yaml:2:1"), "{text}");
        assert!(text.contains("^^^^^"), "{text}");
        assert!(text.contains("did you mean `title`?"), "{text}");
    }

    #[test]
    fn nothing_reaches_the_text_as_a_control_character() {
        let source = Source {
            name: "a\u{1b}[2J.yaml".to_owned(),
            text: "x: \u{1b}]0;a\u{7}\u{202e}b\n".into(),
        };
        let finding = Diagnostic::error("control", 3..4, "no \u{1b} here")
            .help("remove \u{9b}")
            .label(5..6, "and \u{7}");
        let text = render(&source, std::slice::from_ref(&finding), 80, Colour::Plain);
        assert!(!text.contains(super::super::is_unsafe), "{text:?}");
        assert!(text.contains("\\x1b]0;a"), "{text}");
    }

    #[test]
    fn what_one_finding_conceals_no_finding_shows() {
        let secret = Diagnostic {
            concealed: Some(3..10),
            ..Diagnostic::warning("credential", 3..10, "a secret")
        };
        let other = Diagnostic::warning("other", 0..1, "something else");
        let text = render(&source("a: hunter2 b\n"), &[secret, other], 80, Colour::Plain);
        assert!(!text.contains("hunter2"), "{text}");
        assert_eq!(text.matches("•••••••").count(), 2, "{text}");
    }
}
