//! Texts: what YAML cuts, joins and respells without a word, and characters nobody sees.

use super::super::grammar::Slots;
use super::super::parse::{Node, Scalar, Style, is_value_of_line, odd_character, quoted_form};
use super::rename::Language;
use super::{Checker, joined};
use crate::diagnostic::{Diagnostic, Fix, cut, is_odd_blank};

impl Checker<'_> {
    pub(super) fn text(&mut self, node: &Node, scalar: &Scalar, slots: Slots, owner: &str) {
        self.characters(node, &scalar.value);
        if slots == Slots::Template {
            self.names.text(node, scalar.style, Language::Template);
        }
        self.spelled(node, scalar, owner);
        if slots == Slots::Plain && scalar.value.contains("{{") {
            let message = format!("`{}` is plain text: templates do not stand here", cut(owner));
            let found = Diagnostic::error("no-template-here", node.span.clone(), message)
                .help("write the text without `{{`");
            self.findings.push(found);
        }
        let may_be_empty = matches!(owner, "content" | "stdin")
            || !owner.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        if scalar.value.trim().is_empty() && !may_be_empty && slots_hold_text(owner) {
            self.error("empty-text", node, format!("`{}` is empty", cut(owner)));
        }
    }

    /// That YAML neither cuts a text nor spells it otherwise.
    pub(super) fn spelled(&mut self, node: &Node, scalar: &Scalar, owner: &str) {
        if scalar.style != Style::Plain {
            return;
        }
        self.findings.extend(cut_by_comment(self.text, node));
        if respelled(&scalar.value) {
            let message = format!(
                "YAML would respell `{}`, and `{}` is text",
                cut(&scalar.value),
                cut(owner)
            );
            let found = Diagnostic::error("quote-it", node.span.clone(), message)
                .help(format!("put it in quotes: \"{}\"", cut(&scalar.value)))
                .fix(quoted(node, &scalar.value));
            self.findings.push(found);
        }
    }

    pub(super) fn command_text(&mut self, node: &Node, scalar: &Scalar, owner: &str) {
        self.characters(node, &scalar.value);
        self.look_alikes(node, &scalar.value);
        self.names.text(node, scalar.style, Language::Template);
        if scalar.style == Style::Plain {
            self.findings.extend(cut_by_comment(self.text, node));
        }
        if scalar.value.trim().is_empty() {
            self.error("empty-command", node, format!("the command of `{owner}` is empty"));
            return;
        }
        let raw = &self.text[node.span.clone()];
        let joined = match scalar.style {
            Style::Folded => raw.trim_end().contains('\n'),
            Style::Plain | Style::Single | Style::Double => raw.contains('\n'),
            Style::Literal => false,
        };
        if joined {
            let message = format!("YAML joins the lines of this command (`{owner}`) into one");
            let found = Diagnostic::error("joined-command", node.span.clone(), message).help(
                format!("write `{owner}: |` and the command on the lines below, or one line"),
            );
            let found = found.fix(joined::as_block(self.text, node, scalar));
            self.findings.push(found);
        }
        if respelled(&scalar.value) && scalar.style == Style::Plain {
            let message =
                format!("YAML would respell `{}`, and a command is text", cut(&scalar.value));
            let found = Diagnostic::error("quote-it", node.span.clone(), message)
                .help(format!("put it in quotes: \"{}\"", cut(&scalar.value)))
                .fix(quoted(node, &scalar.value));
            self.findings.push(found);
        }
    }

    /// What reads like something else in a command, or stands where nobody looks.
    fn look_alikes(&mut self, node: &Node, value: &str) {
        let odd = if value.is_ascii() { "" } else { value }
            .chars()
            .find(|c| matches!(c, '\u{2800}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2018}'..='\u{201f}'));
        if let Some(odd) = odd {
            let message = format!(
                "`{odd}` (U+{:04X}) looks like another sign, and the shell takes it as a letter",
                u32::from(odd)
            );
            let found = Diagnostic::warning("look-alike", node.span.clone(), message)
                .help("write the plain sign: `-`, `'`, `\"` or a blank");
            self.findings.push(found);
        }
        if value.contains(&" ".repeat(60)) {
            let message = "a long run of blanks pushes a part of this command out of sight";
            let found = Diagnostic::warning("look-alike", node.span.clone(), message)
                .help("write one blank, or lines of their own");
            self.findings.push(found);
        }
    }

    /// Characters that an escape brought in; what stands in the file itself was checked before.
    pub(super) fn characters(&mut self, node: &Node, value: &str) {
        // Most are plain.
        if value.bytes().all(|b| matches!(b, b' '..=b'~' | b'\n' | b'\t')) {
            return;
        }
        for (at, character) in value.char_indices() {
            if character == '\r' && value[at..].starts_with("\r\n") {
                continue;
            }
            if let Some(what) = odd_character(value, at, character) {
                let message = format!("U+{:04X} is {what}", u32::from(character));
                let found = Diagnostic::error("character", node.span.clone(), message)
                    .help("remove it; a program such as printf can make it: \\033");
                self.findings.push(found);
                return;
            }
        }
        let mut marks = 0;
        for character in value.chars() {
            let mark = matches!(character, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{20d0}'..='\u{20ff}');
            marks = if mark { marks + 1 } else { 0 };
            if marks == 8 {
                let message = "this letter carries so many marks that it covers its neighbours";
                let found = Diagnostic::error("character", node.span.clone(), message);
                self.findings.push(found.help("write the letter without them"));
                return;
            }
        }
        let odd = value.chars().find(|c| is_odd_blank(*c));
        if let Some(blank) = odd {
            let message = format!("U+{:04X} looks like a blank and is none", u32::from(blank));
            let found = Diagnostic::warning("odd-blank", node.span.clone(), message)
                .help("write an ordinary blank");
            self.findings.push(found);
        }
    }
}

/// Keys whose text is somebody's reason or instruction; others may be empty.
fn slots_hold_text(owner: &str) -> bool {
    !matches!(owner, "sample" | "env" | "prefix" | "with" | "default" | "example")
}

/// The finding for a plain text that a comment follows.
pub(in crate::runbook) fn cut_by_comment(text: &str, node: &Node) -> Option<Diagnostic> {
    let rest = text[node.span.end..].lines().next().unwrap_or("");
    let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    if blanks == 0 || !rest[blanks..].starts_with('#') {
        return None;
    }
    let span = node.span.start..node.span.end + rest.trim_end().len();
    let whole = &text[span.clone()];
    // In braces or brackets, what follows may be theirs; on several lines, quotes join.
    let ends_there = !whole.contains('\n') && !whole.ends_with([',', '}', ']']);
    let fix = (ends_there && is_value_of_line(text, node.span.start))
        .then(|| Fix::replace("put the text in quotes", span.clone(), quoted_form(whole)));
    Some(
        Diagnostic::error("cut-by-comment", span, "YAML cuts this text off at ` #`")
            .help(format!("put the text in quotes: {}", cut(&quoted_form(whole))))
            .fix(fix),
    )
}

/// The repair that puts a plain text in quotes, in which YAML leaves it alone.
pub(in crate::runbook) fn quoted(node: &Node, value: &str) -> Fix {
    Fix::replace("put it in quotes", node.span.clone(), quoted_form(value))
}

/// Whether YAML takes a plain text as a number that it would write otherwise.
pub(in crate::runbook) fn respelled(text: &str) -> bool {
    let unsigned = text.trim_start_matches(['+', '-']);
    let lower = unsigned.to_ascii_lowercase();
    if matches!(lower.as_str(), ".inf" | ".nan") {
        return true;
    }
    if lower.starts_with("0x") || lower.starts_with("0o") || lower.starts_with("0b") {
        return unsigned.len() > 2 && unsigned[2..].bytes().all(|b| b.is_ascii_hexdigit());
    }
    let numeric = unsigned
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'))
        && unsigned.bytes().any(|b| b.is_ascii_digit())
        && unsigned.bytes().next().is_some_and(|b| b.is_ascii_digit() || b == b'.');
    if !numeric {
        return false;
    }
    if unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return text.starts_with('+') || unsigned.len() > 1 && unsigned.starts_with('0');
    }
    text.parse::<f64>().is_ok_and(|number| format!("{number:?}") != text)
}

#[cfg(test)]
mod tests {
    use super::respelled;

    #[test]
    fn numbers_that_yaml_writes_otherwise_are_known() {
        for text in ["1.10", "0755", "1e3", "0x1f", "0o17", "+1", ".5", ".inf", "-.INF", ".nan"] {
            assert!(respelled(text), "{text}");
        }
        for text in ["8080", "true", "1.5", "1.2.3", "22:22", "-3", "0", "e1", "10.0.0.1", "a"] {
            assert!(!respelled(text), "{text}");
        }
    }
}
