//! Label matchers as Alertmanager writes and reads them: `label="value"`.
//!
//! Patterns are Go's, which are RE2's. They are compiled by a crate that knows nearly the same
//! language; what it takes otherwise is rewritten or refused here.

use std::fmt;

use super::model::{MatchOperator, Matcher};
use crate::diagnostic::cut;
use crate::value::compile_regex;

/// Why a text is not a matcher.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum MatcherProblem {
    /// It has not the form of one.
    Form(String),
    /// Its pattern cannot be compiled.
    Pattern(String),
}

impl Matcher {
    /// Reads a matcher.
    pub fn parse(text: &str) -> Result<Self, MatcherProblem> {
        let Some((label, operator, value)) = split(text) else {
            return Err(MatcherProblem::Form(format!("`{}` is not a label matcher", cut(text))));
        };
        Self::new(label, operator, value)
    }

    /// A matcher of its parts.
    pub fn new(
        label: String,
        operator: MatchOperator,
        value: String,
    ) -> Result<Self, MatcherProblem> {
        let pattern = match operator {
            MatchOperator::Matches | MatchOperator::MatchesNot => Some(compiled(&value)?),
            MatchOperator::Equal | MatchOperator::NotEqual => None,
        };
        Ok(Self { label, operator, value, pattern })
    }
}

/// As it is written, with quotes.
impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operator = match self.operator {
            MatchOperator::Equal => "=",
            MatchOperator::NotEqual => "!=",
            MatchOperator::Matches => "=~",
            MatchOperator::MatchesNot => "!~",
        };
        let value = self.value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
        write!(f, "{}{operator}\"{value}\"", self.label)
    }
}

/// Whether a text is the name of a label.
pub(super) fn is_label(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// A pattern for whole values.
fn compiled(value: &str) -> Result<regex::Regex, MatcherProblem> {
    let pattern = rewritten(value).and_then(|it| compile_regex(&format!("^(?:{it})$")));
    pattern.map_err(|why| MatcherProblem::Pattern(format!("the pattern cannot be compiled: {why}")))
}

/// A pattern of Go's in the words of the crate that compiles it. To Go the classes `\d`, `\s` and `\w`
/// and the boundary `\b` know ASCII alone, `\Q..\E` is literal, and there is no arithmetic of classes.
fn rewritten(pattern: &str) -> Result<String, String> {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern;
    let mut in_class = false;
    while let Some(letter) = rest.chars().next() {
        let behind = &rest[letter.len_utf8()..];
        let taken = match letter {
            '\\' => escape(behind, &mut out),
            '[' if in_class => class_inside(behind, &mut out),
            '[' => {
                in_class = true;
                class_start(behind, &mut out)
            }
            '&' | '~' | '-' if in_class && behind.starts_with(letter) => {
                out.push('\\');
                out.push(letter);
                0
            }
            other => {
                if other == '(' && !in_class && behind.starts_with('?') {
                    only_known_flags(&behind[1..])?;
                }
                in_class = in_class && other != ']';
                out.push(other);
                0
            }
        };
        rest = &behind[taken..];
    }
    Ok(out)
}

/// Writes the beginning of a class, and says how much of what stands behind the bracket that is. What
/// comes first is in the class, even where it could close it.
fn class_start(behind: &str, out: &mut String) -> usize {
    let first = usize::from(behind.starts_with('^'));
    out.push('[');
    out.push_str(&behind[..first]);
    if behind[first..].starts_with(']') {
        out.push_str(r"\]");
        return first + 1;
    }
    first
}

/// Writes a bracket in a class: `[:alpha:]`, or itself, which to the crate would open another class.
fn class_inside(behind: &str, out: &mut String) -> usize {
    if behind.starts_with(':')
        && let Some(end) = behind.find(":]")
    {
        out.push('[');
        out.push_str(&behind[..end + 2]);
        return end + 2;
    }
    out.push_str(r"\[");
    0
}

/// Writes what stands behind a backslash, and says how much of it that is.
fn escape(behind: &str, out: &mut String) -> usize {
    let Some(letter) = behind.chars().next() else {
        out.push('\\');
        return 0;
    };
    match letter {
        'd' => out.push_str("[0-9]"),
        'D' => out.push_str("[^0-9]"),
        's' => out.push_str(r"[\t\n\f\r ]"),
        'S' => out.push_str(r"[^\t\n\f\r ]"),
        'w' => out.push_str("[0-9A-Za-z_]"),
        'W' => out.push_str("[^0-9A-Za-z_]"),
        'b' => out.push_str(r"(?-u:\b)"),
        'Q' => {
            let quoted = &behind[1..];
            let end = quoted.find(r"\E").unwrap_or(quoted.len());
            out.push_str(&regex::escape(&quoted[..end]));
            return (1 + end + r"\E".len()).min(behind.len());
        }
        other => {
            out.push('\\');
            out.push(other);
        }
    }
    letter.len_utf8()
}

/// Refuses flags that only the crate knows.
fn only_known_flags(behind: &str) -> Result<(), String> {
    let flags = behind.split([':', ')', '<', 'P']).next().unwrap_or_default();
    match flags.chars().find(|flag| matches!(flag, 'R' | 'u' | 'x')) {
        Some(flag) => Err(format!("`{flag}` is no flag of RE2")),
        None => Ok(()),
    }
}

/// The parts of `label="value"`.
fn split(text: &str) -> Option<(String, MatchOperator, String)> {
    let at = text.find(['=', '!'])?;
    let label = text[..at].trim();
    let (operator, length) = match &text.as_bytes()[at..] {
        [b'=', b'~', ..] => (MatchOperator::Matches, 2),
        [b'=', ..] => (MatchOperator::Equal, 1),
        [b'!', b'=', ..] => (MatchOperator::NotEqual, 2),
        [b'!', b'~', ..] => (MatchOperator::MatchesNot, 2),
        _ => return None,
    };
    let value = unquoted(text[at + length..].trim())?;
    is_label(label).then(|| (label.to_owned(), operator, value))
}

/// A value with or without double quotes, as Alertmanager takes both.
fn unquoted(text: &str) -> Option<String> {
    let Some(rest) = text.strip_prefix('"') else {
        return (!text.contains(['"', '{', '}', ',']) && !text.is_empty()).then(|| text.to_owned());
    };
    let mut value = String::new();
    let mut letters = rest.chars();
    loop {
        match letters.next()? {
            '"' => return letters.as_str().is_empty().then_some(value),
            '\\' => value.push(match letters.next()? {
                'n' => '\n',
                '"' => '"',
                '\\' => '\\',
                _ => return None,
            }),
            other => value.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matchers_are_read_as_alertmanager_reads_them() {
        let read = |text| split(text);
        assert_eq!(
            read(r#"severity =~ "page|\"x\"""#),
            Some(("severity".to_owned(), MatchOperator::Matches, "page|\"x\"".to_owned()))
        );
        assert_eq!(
            read("team!=db"),
            Some(("team".to_owned(), MatchOperator::NotEqual, "db".to_owned()))
        );
        for wrong in ["alertname", "=x", "a b=\"c\"", "a=\"b", "a=\"b\"c", "a=~"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn patterns_mean_what_they_mean_to_go() {
        for (pattern, text, fits) in [
            (r"\d+", "12", true),
            (r"\d+", "\u{661}", false),
            (r"\D", "\u{661}", true),
            (r"[\d.]+", "1.2", true),
            (r"[^\d]", "\u{661}", true),
            (r"[^\d]", "1", false),
            (r"[\D]", "1", false),
            (r"\w+", "a_1", true),
            (r"\w", "\u{e9}", false),
            (r"\W", "\u{e9}", true),
            (r"a\sb", "a b", true),
            (r"a\sb", "a\u{a0}b", false),
            (r"\S\S", "a\u{a0}", true),
            (r".\b.", "\u{e9}a", true),
            (r"[[a]", "[", true),
            (r"[]a]+", "a]", true),
            (r"[^]a]", "]", false),
            (r"[a&&b]", "&", true),
            (r"[a&&b]", "a", true),
            (r"[[:alpha:]x]+", "abx", true),
            (r"[[:^alpha:]]", "1", true),
            (r"\Qa.b\E.", "a.bc", true),
            (r"\Qa.b\E", "axb", false),
            (r"\Qa+", "a+", true),
            (r"\pL+", "\u{e9}", true),
            (r"(?i)DB-\d", "db-1", true),
            (r"(?P<x>a)|(?:b)", "b", true),
            (r"a|b.*", "bcd", true),
            (r"\.", ".", true),
        ] {
            let matcher = Matcher::parse(&format!("l=~\"{}\"", pattern.replace('\\', r"\\")));
            let matcher = matcher.unwrap_or_else(|problem| panic!("{pattern}: {problem:?}"));
            assert_eq!(matcher.pattern.unwrap().is_match(text), fits, "{pattern} {text}");
        }
        for wrong in ["(?x)a # b", "(?u:a)", "(", "[a", "a{2,1}", "(?=a)", r"(a)\\1", "(?s-x)"] {
            let parsed = Matcher::parse(&format!("l=~\"{wrong}\""));
            assert!(matches!(parsed, Err(MatcherProblem::Pattern(_))), "{wrong}: {parsed:?}");
        }
    }

    #[test]
    fn a_matcher_is_written_as_it_can_be_read() {
        for text in [r#"a="b""#, r#"a!="\"b\\\n\"""#, r#"a=~"b|c""#, "a!~\"\""] {
            assert_eq!(Matcher::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Matcher::parse(" a = b ").unwrap().to_string(), "a=\"b\"");
    }
}
