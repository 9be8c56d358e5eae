//! A value as shell text, quoted for the place where it stands.
//!
//! Read by the shell, the text yields the value again, byte for byte; it holds no control
//! characters but newlines and tabs.

use std::fmt::Write as _;

use super::Fragment;
use super::script::Shell;
use super::shell::{Placement, Quoting, Showing};
use super::variable::in_braces;
use crate::diagnostic::is_unsafe;

/// What a here-document does to tabs at the beginning of its lines.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum LeadingTabs {
    Kept,
    Stripped,
}

/// Writes a filled template as one word; secrets stay `${SF_name}`.
pub fn quoted(fragments: &[Fragment], shell: Shell) -> String {
    let secret = fragments.iter().any(|fragment| matches!(fragment, Fragment::Secret(..)));
    let words = |open: &dyn Fn(&str) -> String| {
        let word = |fragment: &Fragment| match fragment {
            Fragment::Secret(reference, _) => in_braces(reference),
            Fragment::Text(text) => open(text),
        };
        fragments.iter().map(word).collect::<String>()
    };
    if secret {
        format!("\"{}\"", words(&|text| inside(text, "\"", LeadingTabs::Kept)))
    } else {
        bare(&words(&str::to_owned), Showing::Bare, shell)
    }
}

/// Writes a value for a place.
pub(super) fn value(text: &str, place: Placement, shell: Shell, tabs: LeadingTabs) -> String {
    match place.quoting {
        Quoting::Bare if place.operand => format!("\"{}\"", in_operand(text)),
        Quoting::Double | Quoting::HereDoc(_) if place.operand => in_operand(text),
        Quoting::Bare => bare(text, place.showing, shell),
        Quoting::Double => inside(text, "\"", tabs),
        Quoting::HereDoc(_) => inside(text, "", tabs),
        Quoting::Single => text.replace('\'', "'\\''"),
        Quoting::AnsiC => text.replace('\\', "\\\\").replace('\'', "\\'"),
        Quoting::Arithmetic => text.to_owned(),
        Quoting::Comment => text.replace('\n', " "),
    }
}

/// Whether a shell takes a text as one word as it is; with the marks of what is not known yet.
fn plain(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+-‹›".contains(c);
    !text.is_empty() && text.chars().all(plain)
}

/// A whole word, or a part of one.
fn bare(text: &str, showing: Showing, shell: Shell) -> String {
    if showing == Showing::Bare && plain(text) {
        return text.to_owned();
    }
    if !text.contains(is_unsafe) {
        return format!("'{}'", text.replace('\'', "'\\''"));
    }
    match shell {
        Shell::Bash => ansi_c(text),
        Shell::Sh => format!("\"{}\"", inside(text, "\"", LeadingTabs::Kept)),
    }
}

fn ansi_c(text: &str) -> String {
    let mut quoted = String::from("$'");
    for c in text.chars() {
        match c {
            '\\' => quoted.push_str("\\\\"),
            '\'' => quoted.push_str("\\'"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if is_unsafe(c) => push_octal(&mut quoted, c),
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}

/// Bytes in octal, which no digit that follows can lengthen.
fn push_octal(into: &mut String, c: char) {
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        write!(into, "\\{byte:03o}").expect("a string takes any text");
    }
}

/// Inside `${x:-...}`, where shells differ on what a backslash or a quote does: every letter that
/// might act comes from a substitution.
fn in_operand(text: &str) -> String {
    let mut quoted = String::new();
    for c in text.chars() {
        if (c.is_alphanumeric() && !is_unsafe(c)) || "_./:@%+- \n".contains(c) {
            quoted.push(c);
        } else {
            quoted.push_str("$(printf '");
            push_octal(&mut quoted, c);
            quoted.push_str("')");
        }
    }
    quoted
}

/// Inside double quotes or an expanded here-document.
fn inside(text: &str, also: &str, tabs: LeadingTabs) -> String {
    let mut quoted = String::new();
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        let escape = |c: char| is_unsafe(c) || (c == '\t' && tabs == LeadingTabs::Stripped);
        if escape(c) {
            // No newline is among them, which the substitution would take away at its end.
            quoted.push_str("$(printf '");
            push_octal(&mut quoted, c);
            while let Some(next) = letters.next_if(|next| escape(*next)) {
                push_octal(&mut quoted, next);
            }
            quoted.push_str("')");
            continue;
        }
        if "\\$`".contains(c) || also.contains(c) {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted
}
