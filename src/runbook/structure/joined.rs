//! A command that YAML joins from several lines, written so that its lines stay.
//!
//! Whether the author meant one command or several is known only where both readings are the same,
//! or where only one is a reading at all. Elsewhere there is no repair.

use super::super::parse::{Node, Scalar, Style};
use crate::diagnostic::Fix;

/// What a line of a command ends in where the next goes on with it, whether joined or not.
const GOES_ON: [&str; 4] = ["&&", "||", "|", ";"];

/// The repair: the lines below `|`.
pub(super) fn as_block(text: &str, node: &Node, scalar: &Scalar) -> Option<Fix> {
    if !matches!(scalar.style, Style::Folded | Style::Plain) {
        return None;
    }
    let start = match scalar.style {
        Style::Folded => sign(text, node.span.start)?,
        _ => node.span.start,
    };
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let before = &text[line_start..start];
    // Braces and brackets hold no blocks.
    if !before.trim_end().ends_with(':') && !before.trim_start_matches([' ', '-']).is_empty() {
        return None;
    }
    let raw = text[node.span.clone()].trim_end();
    let lines: Vec<&str> = raw.lines().map(str::trim).collect();
    let quoted = |line: &&str| line.contains(['\'', '"', '#', '`']) || line.contains("<<");
    if lines.is_empty() || lines.iter().any(|line| line.is_empty()) || lines.iter().any(quoted) {
        return None;
    }
    let indent = " ".repeat(indent_of(before) + 2);
    let mut block = String::from("|");
    for (index, line) in lines.iter().enumerate() {
        block.push('\n');
        block.push_str(&indent);
        block.push_str(line);
        if let Some(next) = lines.get(index + 1)
            && continued(line, next)?
        {
            block.push_str(" \\");
        }
    }
    Some(Fix::replace("keep its lines with `|`", start..node.span.start + raw.len(), block))
}

/// Whether the shell must be told that the next line belongs to this one; `None` if the author's
/// meaning is not plain.
fn continued(line: &str, next: &str) -> Option<bool> {
    if GOES_ON.iter().any(|end| line.ends_with(end)) && !line.ends_with(";;") {
        return Some(false);
    }
    // Whoever ends a line so says it.
    if line.ends_with('\\') {
        return Some(false);
    }
    // No program has a name that begins so: it is an option of the command above.
    next.starts_with('-').then_some(true)
}

/// How far in the key of a line, or the item of a list, stands.
fn indent_of(before: &str) -> usize {
    before.chars().take_while(|c| matches!(c, ' ' | '-')).count()
}

/// Where the `>` of a text stands, whose first letter is known.
fn sign(text: &str, start: usize) -> Option<usize> {
    let before = text[..start].trim_end();
    let at = before.rfind('>')?;
    matches!(&before[at..], ">" | ">-" | ">+").then_some(at)
}
