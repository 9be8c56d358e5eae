//! Secrets that stand in the file for everybody to read.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::Regex;

use super::{Findings, Rule, Subject};
use crate::diagnostic::{Severity, Span};
use crate::runbook::parse::{Kind, Node};
use crate::runbook::span_map::SpanMap;

pub(super) const RULE: Rule = Rule {
    code: "credential",
    severity: Severity::Warning,
    title: "a secret in the text",
    explanation: "What stands in a runbook is read by everybody who can read the repository, and \
        stays in its history. Make it an input with `secret: true`, and change the secret: it is \
        known by now.",
    check,
};

/// A pattern whose group `secret` is what must not be there. It is compiled only for a text that
/// holds one of the words without which it cannot match: compiling costs more than all other checks.
struct Pattern {
    words: &'static [&'static str],
    regex: LazyLock<Regex>,
}

macro_rules! pattern {
    ($words:expr, $pattern:expr) => {
        Pattern {
            words: $words,
            regex: LazyLock::new(|| {
                Regex::new($pattern).expect("the patterns are constant and valid")
            }),
        }
    };
}

static PATTERNS: [Pattern; 11] = [
    pattern!(
        &["pass", "secret", "token", "api"],
        r#"(?i)(?:password|passwd|passphrase|secret|token|api[_-]?key)["']?\s*[=:]\s*["']?(?P<secret>[^\s"'{}$<>,;*]{6,})"#
    ),
    pattern!(
        &["pass", "token", "secret", "api"],
        r#"(?i)--?(?:password|passwd|token|secret|api-?key)[ ]+["']?(?P<secret>[^\s"'{}$<>/-][^\s"'{}$<>]{5,})"#
    ),
    pattern!(
        &["password"],
        r"(?i)\bpassword (?:is )?(?P<secret>[a-z]*[0-9][a-z0-9]{5,}|[a-z]+[0-9]+[a-z]{3,})"
    ),
    pattern!(&["://"], r"[a-z][a-z0-9+.-]*://[^\s/:@{}$]+:(?P<secret>[^\s/@{}$]{4,})@"),
    pattern!(
        &["authorization"],
        r"(?i)authorization: *(?:basic|bearer|token) +(?P<secret>[a-z0-9+/=._-]{10,})"
    ),
    pattern!(&["akia", "asia"], r"\b(?P<secret>(?:AKIA|ASIA)[0-9A-Z]{16})\b"),
    pattern!(
        &["gh", "xox", "glpat"],
        r"\b(?P<secret>gh[pousr]_[A-Za-z0-9]{20,}|xox[abpr]-[A-Za-z0-9-]{10,}|glpat-[A-Za-z0-9_-]{15,})"
    ),
    pattern!(&["-----begin"], r"(?P<secret>-----BEGIN [A-Z ]*PRIVATE KEY-----)"),
    pattern!(
        &["curl"],
        r#"\bcurl\b.* (?:-u|--user)[ =]?["']?[^\s:"'{}$]+:(?P<secret>[^\s"'{}$]{4,})"#
    ),
    pattern!(&["sshpass"], r#"\bsshpass +-p *["']?(?P<secret>[^\s"'{}$]{4,})"#),
    pattern!(&["mysql", "mariadb"], r#"\b(?:mysql|mariadb)\b.* -p(?P<secret>[^\s"'{}$]{6,})"#),
];

/// Keys whose text is no place for a secret, or is a pattern.
const QUIET: &[&str] = &["sample", "allow", "pattern", "regex", "json", "never"];

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    visit(subject, subject.root, "", findings);
    let environments = subject.root.get("environments").and_then(Node::map);
    for environment in environments.map_or(&[][..], |map| &map.entries) {
        let values = environment.value.map().map_or(&[][..], |map| &map.entries);
        for entry in values {
            let text = entry.value.text().unwrap_or("");
            if says_secret(&entry.key) && literal(text) && secret(text).is_none() {
                report(text, entry.value.span.clone(), findings);
            }
        }
    }
}

fn visit(subject: &Subject<'_>, node: &Node, key: &str, findings: &mut Findings<'_>) {
    match &node.kind {
        Kind::Map(map) => {
            for entry in map.entries.iter().filter(|entry| !QUIET.contains(&entry.key.as_str())) {
                visit(subject, &entry.value, &entry.key, findings);
            }
        }
        Kind::List(items) => {
            for item in items {
                visit(subject, item, "", findings);
            }
        }
        Kind::Scalar(scalar) => {
            let named = names_secret(key) && literal(&scalar.value);
            let found = if named { Some(0..scalar.value.len()) } else { secret(&scalar.value) };
            let Some(at) = found else {
                return;
            };
            let span = SpanMap::of(subject.text, node).place(&at);
            report(&scalar.value[at], span, findings);
        }
    }
}

fn report(text: &str, span: Span, findings: &mut Findings<'_>) {
    let letters: String = text.chars().take(2).collect();
    let message = format!("this looks like a secret: {letters}…");
    let found = findings.add(
        span.clone(),
        message,
        "make it an input with `secret: true`, and change it: it is known by now",
    );
    found.concealed = Some(span);
}

/// Whether the name of an environment's value says that it holds a secret.
fn says_secret(key: &str) -> bool {
    let ends = ["password", "passwd", "passphrase", "secret", "token", "api_key", "access_key"];
    ends.iter()
        .any(|end| key == *end || key.strip_suffix(end).is_some_and(|rest| rest.ends_with('_')))
}

/// Whether a variable's name says that it holds a secret.
fn names_secret(key: &str) -> bool {
    let shouted = key.len() > 4
        && key.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    shouted
        && ["PASSWORD", "PASSWD", "TOKEN", "SECRET", "API_KEY", "ACCESS_KEY"]
            .iter()
            .any(|word| key.contains(word))
        && !["_FILE", "_PATH", "_URL", "_NAME", "_ID"].iter().any(|end| key.ends_with(end))
}

fn literal(text: &str) -> bool {
    text.len() >= 4 && !text.contains("{{") && !text.contains('$') && !text.starts_with('/')
}

/// All words of all patterns, with the pattern that each belongs to.
static WORDS: LazyLock<(AhoCorasick, Vec<usize>)> = LazyLock::new(|| {
    let all = || {
        let patterns = PATTERNS.iter().enumerate();
        patterns.flat_map(|(at, pattern)| pattern.words.iter().map(move |word| (word, at)))
    };
    let words = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(all().map(|(word, _)| word))
        .expect("the words are constant and few");
    (words, all().map(|(_, at)| at).collect())
});

fn secret(text: &str) -> Option<Range<usize>> {
    let (words, owners) = &*WORDS;
    let mut possible = [false; PATTERNS.len()];
    for found in words.find_overlapping_iter(text) {
        possible[owners[found.pattern().as_usize()]] = true;
    }
    PATTERNS.iter().zip(possible).filter(|(_, possible)| *possible).find_map(|(pattern, _)| {
        let found = pattern.regex.captures(text)?.name("secret")?;
        Some(found.range())
    })
}

#[cfg(test)]
mod tests {
    use super::secret;

    #[test]
    fn secrets_are_told_from_words_about_them() {
        for text in [
            "demo --password=hunter2secret",
            "demo --token d0a1b2c3d4e5",
            "psql postgresql://demo:hunter2secret@db/x",
            "curl -H 'Authorization: Basic ZGVtbzpodW50ZXIy'",
            "-----BEGIN RSA PRIVATE KEY-----",
        ] {
            assert!(secret(text).is_some(), "{text}");
        }
        for text in [
            "grep -c 'password=' /var/log/demo.log",
            "demo --token \"$DEMO_TOKEN_FILE\"",
            "Take the password from the vault, and never write it down.",
            "demo --password={{password}}",
            "show token-bucket --limit 20",
            "https://{{host}}:8080/a@b",
        ] {
            assert!(secret(text).is_none(), "{text}");
        }
    }
}
