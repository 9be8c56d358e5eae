//! What an author can do about YAML that cannot be read, from what the parser was in the middle of.

use crate::diagnostic::{Diagnostic, Span};

/// How far up a quote is looked for that was not closed.
const MOST_LINES: usize = 20;

/// Adds what helps: where an open quote may have begun, or what to look at.
pub(super) fn with_hint(found: Diagnostic, text: &str, at: usize, info: &str) -> Diagnostic {
    if info.contains("quoted")
        && let Some(quote) = open_quote(text, at)
    {
        return found
            .label(quote, "this quote may be the one that is not closed")
            .help("close the quotes where the text ends");
    }
    match hint(text, at, info) {
        Some(hint) => found.help(hint),
        None => found,
    }
}

fn hint(text: &str, at: usize, info: &str) -> Option<&'static str> {
    let line = &text[text[..at].rfind('\n').map_or(0, |end| end + 1)..];
    let item = line.trim_start_matches(' ').starts_with("- ");
    Some(if info.contains("block mapping") && item {
        "a list item stands where a key is expected: either each part of this list begins with `- `, \
         or none does; and all of them stand equally far in"
    } else if info.contains("block mapping") || info.contains("block collection") {
        "this line belongs to nothing above it: keys of one step stand exactly below each other, \
         and each step of a list begins with `- `"
    } else if info.contains("mapping values") {
        "keys that belong together stand exactly below each other; and a text that goes on in the \
         next line, or holds a colon, needs quotes"
    } else if info.contains("simple key") {
        "a key ends in a colon; the lines of a text after `|` stand further in than its key"
    } else if info.contains("flow") {
        "between { } or [ ] a text that holds braces, brackets, commas or colons needs quotes, and \
         what is opened is closed"
    } else {
        return None;
    })
}

/// A quote that begins a value and has no partner on its line, nearest above.
fn open_quote(text: &str, at: usize) -> Option<Span> {
    // The line itself may hold the end of the text as well as its begin.
    let mut end = text[..at].rfind('\n')?;
    for line in text[..end].split('\n').rev().take(MOST_LINES) {
        let start = end - line.len();
        for quote in ['"', '\''] {
            let first = line.find(quote).filter(|_| line.matches(quote).count() % 2 == 1);
            let begins = |at: &usize| {
                let before = line[..*at].trim_end_matches(' ');
                before.is_empty() || before.ends_with([':', '-', '[', '{', ','])
            };
            if let Some(first) = first.filter(begins) {
                return Some(start + first..start + first + 1);
            }
        }
        end = start.saturating_sub(1);
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::Source;

    fn check(text: &str, help: &str, label: Option<usize>) {
        let mut findings = Vec::new();
        let source = Source { name: "t.yaml".to_owned(), text: text.into() };
        super::super::parse(&source, &mut findings);
        let found = &findings[0];
        assert!(found.help.as_ref().is_some_and(|it| it.contains(help)), "{found:?}");
        assert_eq!(found.labels.first().map(|label| label.span.start), label, "{found:?}");
    }

    #[test]
    fn what_people_really_do_is_told_with_what_to_look_at() {
        check("steps:\n  - id: a\n   run: b\n", "exactly below each other", None);
        check("steps:\n  a:\n    run: b\n  - id: c\n    run: d\n", "a list item stands", None);
        check("steps:\n  - run: |\n    ls\n  - run: b\n", "after `|` stand further in", None);
        check("a: [ { b: c {d} } ]\n", "needs quotes", None);
        check("a: b\n  c: d\n", "need", None);
        check("a: \"b\nc: d\n", "close the quotes", Some(3));
        check("a: 'b\nc: 'd'\n", "close the quotes", Some(3));
        check("a: { b: 'c }\nd: 'e'\n", "close the quotes", Some(8));
    }
}
