//! Text that others wrote, made harmless: nothing in it moves a cursor, hides, or is taken for
//! Markdown or HTML. What was there stays visible.

use crate::diagnostic::{visible, visible_line};

/// Shows a text on one line: controls, and what cannot be seen, as escapes.
pub fn line(text: &str) -> String {
    visible_line(text)
}

/// Shows a text that keeps its lines and tabs.
pub(super) fn lines(text: &str) -> String {
    visible(text).into_owned()
}

/// A text for the running text, a list or a table of a Markdown document. It is not at the start
/// of a line there.
pub(super) fn markdown(text: &str) -> String {
    let visible = line(text.trim_matches(' '));
    let mut safe = String::with_capacity(visible.len());
    // What could open a list, a heading or a quotation does so only at the start.
    let opening = visible.find(|c: char| !c.is_ascii_digit()).filter(|at| *at < 10);
    for (at, c) in visible.char_indices() {
        let opens = opening == Some(at)
            && match at {
                0 => matches!(c, '-' | '+' | '='),
                _ => matches!(c, '.' | ')'),
            };
        let links = (c == ':' && visible[at + 1..].starts_with('/'))
            || (c == '.' && visible[..at].to_ascii_lowercase().ends_with("www"));
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '!' | '|' | '~' | '$' | '^' => {
                safe.push('\\');
                safe.push(c);
            }
            _ if opens || links => {
                safe.push('\\');
                safe.push(c);
            }
            _ => safe.push(c),
        }
    }
    safe
}

/// A block of code that nothing inside can end.
pub(super) fn fenced(text: &str, language: &str) -> String {
    let visible = lines(text);
    let mut longest = 0;
    let mut run = 0;
    for c in visible.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(3.max(longest + 1));
    let end = if visible.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{language}\n{visible}{end}{fence}\n")
}

/// A link to a file of the run's folder; mere text, if its path is not as plain as ours are.
pub(super) fn link(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_');
    let inside = !path.is_empty() && !path.starts_with('/') && !path.contains("..");
    if inside && path.chars().all(plain) {
        format!("[{}]({path})", markdown(path))
    } else {
        markdown(path)
    }
}
