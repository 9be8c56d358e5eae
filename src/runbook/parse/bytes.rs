//! What can be wrong with a file before it is YAML: bytes, characters, size, and files that are
//! something else.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Source, Span, Unseen, is_joiner};

/// The largest runbook, in bytes.
const MOST_BYTES: usize = 1024 * 1024;
/// How many odd characters are reported before it is enough.
const MOST_REPORTED: usize = 20;

/// Takes a file's bytes as text. The source is there in any case, for messages to point into.
pub fn decode(name: &str, bytes: &[u8]) -> (Source, Vec<Diagnostic>) {
    let source = |text: &str| Source { name: name.to_owned(), text: Arc::from(text) };
    let refuse = |message: &str| vec![Diagnostic::error("encoding", 0..0, message)];
    if bytes.len() > MOST_BYTES {
        let found = refuse("the file is larger than the limit of 1 MiB");
        return (source(""), found);
    }
    if let Some(message) = other_encoding(bytes) {
        return (source(""), refuse(message));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => (source(text), Vec::new()),
        Err(error) => {
            let at = error.valid_up_to();
            let message = format!("byte 0x{:02X} is not valid UTF-8", bytes[at]);
            let found =
                Diagnostic::error("encoding", at..at + 1, message).help("save the file as UTF-8");
            (source(&String::from_utf8_lossy(bytes)), vec![found])
        }
    }
}

fn other_encoding(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(&[0xff, 0xfe, 0, 0]) || bytes.starts_with(&[0, 0, 0xfe, 0xff]) {
        Some("the file is UTF-32; save it as UTF-8")
    } else if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        Some("the file is UTF-16; save it as UTF-8")
    } else if bytes.starts_with(&[0x1f, 0x8b]) {
        Some("the file looks like gzip; unpack it first")
    } else if bytes.len() >= 4 && (bytes[1] == 0 && bytes[3] == 0 || bytes[0] == 0 && bytes[2] == 0)
    {
        Some("the file looks like UTF-16; save it as UTF-8")
    } else {
        None
    }
}

/// Checks the characters of a text and what kind of file it looks like.
pub(crate) fn check(source: &Source, findings: &mut Vec<Diagnostic>) {
    let text = &source.text;
    if text.trim().is_empty() {
        findings.push(Diagnostic::error("empty", 0..0, "the file is empty"));
        return;
    }
    if text.len() > MOST_BYTES {
        let message = "the file is larger than the limit of 1 MiB";
        findings.push(Diagnostic::error("limit", 0..0, message));
        return;
    }
    if let Some(message) = other_file(text) {
        let end = text.find('\n').unwrap_or(text.len());
        findings.push(Diagnostic::error("other-file", 0..end, message));
        return;
    }
    merge_marks(text, findings);
    let mut reported = 0;
    for (at, character) in text.char_indices() {
        // Most are.
        if matches!(character, ' '..='~' | '\n') {
            continue;
        }
        if character == '\r' && text[at + 1..].starts_with('\n') {
            continue;
        }
        if let Some(what) = odd_character(text, at, character) {
            findings.push(character_finding(at, character, what));
            reported += 1;
            if reported == MOST_REPORTED {
                break;
            }
        }
    }
}

fn character_finding(at: usize, character: char, what: &str) -> Diagnostic {
    let message = format!("U+{:04X} is {what}", u32::from(character));
    Diagnostic::error("character", at..at + character.len_utf8(), message)
        .help("remove it; where a text needs it, write it as an escape of the shell or the program")
}

/// What is wrong with a character of a text that is shown or run, if anything is.
pub(in crate::runbook) fn odd_character(
    text: &str,
    at: usize,
    character: char,
) -> Option<&'static str> {
    match (character, Unseen::of(character)?) {
        // It has a warning of its own where it stands in a command.
        ('\n' | '\t' | '\u{2800}', _) => None,
        (joiner, _) if is_joiner(joiner) && joins(text, at, joiner) => None,
        (_, Unseen::Control) => Some("a control character"),
        (_, Unseen::Invisible) => Some("an invisible character"),
        (_, Unseen::Turning) => Some("a bidirectional control character, which turns text around"),
    }
}

/// Whether a joiner stands where it joins something: in an emoji, or in a script that writes so. A
/// selector of variants needs only something to select from; a digit becomes a key by it.
fn joins(text: &str, at: usize, character: char) -> bool {
    let before = text[..at].chars().next_back();
    let after = text[at + character.len_utf8()..].chars().next();
    if !matches!(character, '\u{200c}' | '\u{200d}') {
        let key = after == Some('\u{20e3}');
        return key || before.is_some_and(|c| !c.is_ascii() && Unseen::of(c).is_none());
    }
    let takes = |neighbour: Option<char>| {
        neighbour.is_some_and(|c| {
            matches!(u32::from(c),
                0x0600..=0x08ff | 0x0900..=0x0dff | 0x1000..=0x109f | 0x1780..=0x17ff
                | 0x1800..=0x18af | 0x2190..=0x2bff | 0xfe00..=0xfe0f | 0x1f000..=0x1faff)
        })
    };
    takes(before) && takes(after)
}

fn other_file(text: &str) -> Option<&'static str> {
    let start = text.trim_start();
    let head = start.get(..64.min(start.len())).unwrap_or(start).to_lowercase();
    if head.starts_with("<!doctype") || head.starts_with("<html") {
        Some("this looks like an HTML page, not a runbook")
    } else if start.starts_with("version https://git-lfs.github.com/spec") {
        Some("this is a Git LFS pointer, not the file; run `git lfs pull`")
    } else if start.starts_with("$ANSIBLE_VAULT;") {
        Some("this looks like an encrypted file, not a runbook")
    } else if start.starts_with("-----BEGIN ") {
        Some("this looks like a key or a certificate, not a runbook")
    } else {
        None
    }
}

fn merge_marks(text: &str, findings: &mut Vec<Diagnostic>) {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end();
        let marked = ["<<<<<<< ", ">>>>>>> ", "||||||| "].iter().any(|mark| bare.starts_with(mark))
            || matches!(bare, "=======" | "<<<<<<<" | ">>>>>>>");
        if marked {
            let span: Span = start..start + bare.len();
            findings.push(
                Diagnostic::error("merge-conflict", span, "a merge conflict is not resolved")
                    .help("choose one side and remove the marks"),
            );
        }
        start += line.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(text: &str) -> Vec<String> {
        let source = Source { name: "a.yaml".to_owned(), text: text.into() };
        let mut findings = Vec::new();
        check(&source, &mut findings);
        findings.into_iter().map(|found| found.message).collect()
    }

    #[test]
    fn bytes_that_are_no_utf8_are_named_with_their_place() {
        let (_, found) = decode("a", b"title: caf\xe9\n");
        assert_eq!(found[0].message, "byte 0xE9 is not valid UTF-8");
        assert_eq!(found[0].span, 10..11);
        assert!(decode("a", &[0xff, 0xfe, b'a', 0]).1[0].message.contains("UTF-16"));
        assert!(decode("a", &[0x1f, 0x8b, 8, 0]).1[0].message.contains("gzip"));
    }

    #[test]
    fn a_byte_order_mark_is_dropped_once() {
        let (source, found) = decode("a", "\u{feff}a: b\n".as_bytes());
        assert!(found.is_empty());
        assert_eq!(&*source.text, "a: b\n");
        let (source, _) = decode("a", "\u{feff}\u{feff}a: b\n".as_bytes());
        assert_eq!(messages(&source.text), ["U+FEFF is an invisible character"]);
    }

    #[test]
    fn joiners_are_fine_only_where_they_join() {
        assert!(messages("a: \u{1f469}\u{200d}\u{1f4bb}\n").is_empty());
        assert!(messages("a: \u{0645}\u{06cc}\u{200c}\u{062e}\n").is_empty());
        assert_eq!(messages("a: b\u{200d}c\n").len(), 1);
        assert!(messages("a: \u{26a0}\u{fe0f} 1\u{fe0f}\u{20e3}\n").is_empty());
        assert_eq!(messages("a: b\u{fe0f}c\n").len(), 1);
    }

    #[test]
    fn marks_of_a_merge_are_found_at_the_start_of_lines_only() {
        assert_eq!(messages("a: 1\n<<<<<<< HEAD\nb: 2\n=======\n>>>>>>> x\n").len(), 3);
        assert!(messages("a: '<<<<<<< HEAD'\n").is_empty());
    }
}
