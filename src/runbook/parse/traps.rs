//! What YAML makes of text that its author did not mean as YAML, and the form to write instead.

use super::hints;
use crate::diagnostic::{Diagnostic, Fix, Span, cut};

/// A text in quotes that YAML gives back unchanged.
pub(in crate::runbook) fn quoted_form(text: &str) -> String {
    let text = text.trim();
    if text.contains(['"', '\\']) {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        format!("\"{text}\"")
    }
}

/// Whether the value of a line begins at a place, on a line that is no part of braces.
pub(in crate::runbook) fn is_value_of_line(text: &str, start: usize) -> bool {
    let line = line_of(text, start);
    line.start + value_start(&text[line]) == start
}

/// The help that shows the rest of a line in quotes.
pub(super) fn quote_help(text: &str, start: usize) -> String {
    format!("put the text in quotes: {}", cut(&quoted_form(rest_of_line(text, start))))
}

/// The finding for `{{` at the start of a plain value.
pub(super) fn braces(text: &str, start: usize) -> Diagnostic {
    let rest = rest_of_line(text, start);
    let message = "a value that starts with `{{` must be quoted: YAML takes it as a map";
    let span = start..start + rest.len();
    Diagnostic::error("quote-it", span.clone(), message)
        .help(quote_help(text, start))
        .fix(quote_rest(text, &span))
}

/// The repair that puts the rest of a line in quotes, where all of it is one text.
fn quote_rest(text: &str, span: &Span) -> Option<Fix> {
    let whole = &text[span.clone()];
    let one = is_value_of_line(text, span.start) && !whole.contains(" #");
    // A quote may begin a text in quotes that was not closed.
    (one && !whole.starts_with(['"', '\'', '[', '|', '>']))
        .then(|| Fix::replace("put the text in quotes", span.clone(), quoted_form(whole)))
}

/// The finding for a text that the parser could not read at `at`.
pub(super) fn unreadable(text: &str, at: usize, info: &str) -> Diagnostic {
    let mut at = at.min(text.len().saturating_sub(1));
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let line = line_of(text, at);
    let candidates = [Some(line.clone()), before(text, &line), after(text, &line)];
    for line in candidates.iter().flatten() {
        let found = tab(text, line)
            .or_else(|| missing_colon(text, line))
            .or_else(|| value_to_quote(text, line));
        if let Some(found) = found {
            return found;
        }
    }
    if info.contains("tab")
        && let Some(found) = tab_from(text, line.start)
    {
        return found;
    }
    let message = format!("the YAML cannot be read: {info}");
    let end = at + text[at..].chars().next().map_or(0, char::len_utf8);
    hints::with_hint(Diagnostic::error("yaml", at..end, message), text, at, info)
}

/// The first tab that indents a line, from a place on: the parser notices some of them lines before.
fn tab_from(text: &str, start: usize) -> Option<Diagnostic> {
    let mut at = start;
    text[start..].split_inclusive('\n').find_map(|line| {
        let span = at..at + line.trim_end_matches('\n').len();
        at += line.len();
        tab(text, &span)
    })
}

fn tab(text: &str, line: &Span) -> Option<Diagnostic> {
    let content = &text[line.clone()];
    let blank = content.len() - content.trim_start_matches([' ', '\t']).len();
    let at = content[..blank].find('\t')?;
    let place = line.start + at..line.start + at + 1;
    Some(
        Diagnostic::error("tab", place, "a tab cannot indent YAML")
            .help("indent with blanks, not tabs"),
    )
}

/// A key alone on its line, with what belongs to it below, that lacks its colon.
fn missing_colon(text: &str, line: &Span) -> Option<Diagnostic> {
    let content = text[line.clone()].trim_end();
    let word = content.trim_start();
    let named = !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let below = text.get(line.end + 1..)?.lines().next()?;
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let holds = indent(below) > indent(content)
        || indent(below) == indent(content) && below.trim_start().starts_with("- ");
    if !named || !holds {
        return None;
    }
    let at = line.start + indent(content)..line.start + content.len();
    Some(
        Diagnostic::error("yaml", at, format!("the key `{word}` needs a colon"))
            .help(format!("{word}:")),
    )
}

/// A value of the line that YAML reads as something else than text.
fn value_to_quote(text: &str, line: &Span) -> Option<Diagnostic> {
    let content = &text[line.clone()];
    let start = value_start(content);
    let value = content[start..].trim_end();
    if value.is_empty() || value.starts_with(['"', '\'']) && value.len() > 1 && closes(value) {
        return None;
    }
    let place = line.start + start..line.start + start + value.len();
    let first = value.chars().next()?;
    let what = match first {
        '%' | '@' | '`' | ',' | ']' | '}' | '&' | '*' | '!' => {
            format!("a value that starts with `{first}` must be quoted")
        }
        '|' | '>' if value.len() > 1 && !block_header(value) => {
            format!("a value that starts with `{first}` and goes on is no block text: quote it")
        }
        '-' | '?' if value[1..].starts_with(' ') && start > 0 && content[..start].contains(':') => {
            format!("a value that starts with `{first} ` must be quoted")
        }
        '{' | '[' | '"' | '\'' if trailing_after_close(value) => {
            format!("a value that starts with `{first}` must be quoted as a whole")
        }
        '{' | '[' => return None,
        _ if value.contains(": ") || value.ends_with(':') && start > 0 => {
            "a value that holds a colon followed by a blank, or ends in one, must be quoted"
                .to_owned()
        }
        _ => return None,
    };
    let fix = quote_rest(text, &place);
    Some(
        Diagnostic::error("quote-it", place.clone(), what)
            .help(quote_help(text, place.start))
            .fix(fix),
    )
}

/// Where the value of a `key: value` line, or of a list item, starts.
fn value_start(content: &str) -> usize {
    let mut at = content.len() - content.trim_start().len();
    while content[at..].starts_with("- ") {
        at += 2 + (content[at + 2..].len() - content[at + 2..].trim_start().len());
    }
    let rest = &content[at..];
    let key = rest
        .bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        .count();
    if key > 0
        && rest[key..].starts_with(':')
        && (rest.len() == key + 1 || rest[key + 1..].starts_with(' '))
    {
        let blanks = rest[key + 1..].len() - rest[key + 1..].trim_start().len();
        at += key + 1 + blanks;
    }
    at
}

fn block_header(value: &str) -> bool {
    value[1..].split(" #").next().is_some_and(|rest| {
        rest.trim().bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-'))
    })
}

fn closes(value: &str) -> bool {
    value.ends_with(value.chars().next().unwrap_or('"'))
}

/// Whether a value in brackets or quotes closes before its end.
fn trailing_after_close(value: &str) -> bool {
    let close = match value.chars().next() {
        Some('{') => '}',
        Some('[') => ']',
        Some(quote) => quote,
        None => return false,
    };
    match value[1..].rfind(close) {
        Some(at) => !value[at + 2..].trim().is_empty() && !value[at + 2..].trim().starts_with('#'),
        None => false,
    }
}

fn rest_of_line(text: &str, start: usize) -> &str {
    text[start..].lines().next().unwrap_or("").trim_end()
}

fn line_of(text: &str, at: usize) -> Span {
    let start = text[..at].rfind('\n').map_or(0, |found| found + 1);
    let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
    start..end
}

fn after(text: &str, line: &Span) -> Option<Span> {
    let next = line_of(text, (line.end + 1).min(text.len()));
    // Only a tab is looked for there; what else the next line holds was not read yet.
    (line.end + 1 < text.len() && tab(text, &next).is_some()).then_some(next)
}

fn before(text: &str, line: &Span) -> Option<Span> {
    (line.start > 0).then(|| line_of(text, line.start - 1))
}
