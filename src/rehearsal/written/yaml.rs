//! Values and texts as YAML that every reader takes for the same: words as they are where they can be
//! nothing else, long texts as blocks, all others in double quotes.

use std::fmt::Write as _;

use crate::diagnostic::Unseen;
use crate::value::Value;

/// The longest line of a list.
const WIDTH: usize = 96;

/// A value where the runbook knows its type.
pub(in crate::rehearsal) fn scalar(value: &Value) -> String {
    match value {
        Value::Boolean(_) | Value::Float(_) | Value::Integer(_) | Value::Duration(_) => {
            value.written()
        }
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(scalar).collect();
            format!("[ {} ]", items.join(", "))
        }
        Value::Text(_) | Value::Timestamp(_) => word(&value.written()),
    }
}

/// A word as it is, where YAML takes it for nothing else.
pub(in crate::rehearsal) fn word(text: &str) -> String {
    let letter = text.starts_with(|c: char| c.is_ascii_lowercase());
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/' | '.');
    let keyword = matches!(text, "true" | "false" | "null");
    if letter && !keyword && text.chars().all(plain) { text.to_owned() } else { quoted(text) }
}

/// In double quotes. What does not show stands there as an escape.
pub(in crate::rehearsal) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if Unseen::of(c).is_none() => out.push(c),
            c if u32::from(c) <= 0xffff => {
                let _infallible = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => {
                let _infallible = write!(out, "\\U{:08x}", u32::from(c));
            }
        }
    }
    out.push('"');
    out
}

/// Words in brackets behind their key, over several lines if they need them.
pub(in crate::rehearsal) fn list(lead: &str, words: &[&str]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = lead.to_owned();
    for (index, word) in words.iter().enumerate() {
        let last = index + 1 == words.len();
        let piece = if last { format!("{word} ]") } else { format!("{word}, ") };
        if line.len() + piece.trim_end().len() > WIDTH {
            lines.push(line.trim_end().to_owned());
            "    ".clone_into(&mut line);
        }
        line.push_str(&piece);
    }
    lines.push(line.trim_end().to_owned());
    lines
}

/// A key with its text: as a block if it has lines, else in quotes.
pub(super) fn text(key: &str, text: &str) -> Vec<String> {
    let Some(ending) = block(text) else { return vec![format!("{key}: {}", quoted(text))] };
    let mut lines = vec![format!("{key}: |{ending}")];
    lines.extend(inset(text.lines().map(str::to_owned).collect()));
    lines
}

/// What follows the sign of a block that holds this text; nothing if none can hold it unchanged.
fn block(text: &str) -> Option<&'static str> {
    let shows = |c: char| matches!(c, '\n' | '\t') || Unseen::of(c).is_none();
    // Readers differ on blanks that only indent, and on what comes before the first word.
    let odd = |line: &str| !line.is_empty() && line.trim().is_empty();
    let opens = text.starts_with(|c: char| !c.is_whitespace());
    let fits = opens && text.contains('\n');
    if !fits || text.ends_with("\n\n") || !text.chars().all(shows) || text.lines().any(odd) {
        return None;
    }
    Some(if text.ends_with('\n') { "" } else { "-" })
}

/// Lines below a key.
pub(super) fn below(key: &str, lines: Vec<String>) -> Vec<String> {
    let mut all = vec![format!("{key}:")];
    all.extend(inset(lines));
    all
}

/// Lines as one item of a list.
pub(super) fn item(lines: Vec<String>) -> Vec<String> {
    let mut lines = inset(lines);
    if let Some(first) = lines.first_mut() {
        first.replace_range(..2, "- ");
    }
    lines
}

fn inset(lines: Vec<String>) -> Vec<String> {
    let inset = |line: String| if line.is_empty() { line } else { format!("  {line}") };
    lines.into_iter().map(inset).collect()
}

/// A comment, a line for each of its own.
pub(super) fn comment(text: &str) -> Vec<String> {
    let clean = |c: char| if Unseen::of(c).is_some() { ' ' } else { c };
    let line = |line: &str| format!("# {}", line.chars().map(clean).collect::<String>());
    text.lines().map(|it| line(it).trim_end().to_owned()).collect()
}
