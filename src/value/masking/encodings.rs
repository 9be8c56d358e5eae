//! The forms in which a secret turns up in output: as it is, line by line, and in the encodings
//! that programs commonly put texts into. Reversed, compressed, encrypted or character by character it
//! is not recognised, nor in base64 that is broken into lines and begins before it.
//! `docs/guide/secrets.md` has the list for people.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use zeroize::Zeroizing;

use super::{Form, SHORTEST, weakness};
use crate::value::hex;

/// A last line of base64 that is shorter says little, and stands in other texts too.
const SHORTEST_LINE: usize = 12;
const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// All forms of a secret, sorted.
pub(super) fn encodings(secret: &str) -> Vec<Form> {
    let mut forms = BTreeSet::new();
    // A line that says nothing, such as `default:`, is no secret because others around it are.
    let mut texts: BTreeSet<&str> =
        secret.lines().map(str::trim).filter(|line| weakness(line).is_none()).collect();
    texts.extend([secret, secret.trim()]);
    for text in texts {
        forms.insert(text.as_bytes().to_vec());
        forms.extend(base64(text.as_bytes()));
        forms.extend(base64_lines(text.as_bytes()));
        forms.extend(percent(text).map(String::into_bytes));
        forms.extend(both_cases(text.as_bytes()).map(String::into_bytes));
        forms.extend(hex_lines(text.as_bytes()));
        forms.extend(json(text).map(String::into_bytes));
        forms.extend(quoted(text).map(String::into_bytes));
        forms.extend(markup(text).map(String::into_bytes));
    }
    forms.insert(secret.replace('\n', "\r\n").into_bytes());
    forms.retain(|form| form.len() >= SHORTEST);
    // Each moves into its wrapping: nothing of it is left behind.
    forms.into_iter().map(Zeroizing::new).collect()
}

/// The characters that do not depend on what stands before or after the text, for each of the three
/// places in a group where it may begin.
fn base64(bytes: &[u8]) -> BTreeSet<Vec<u8>> {
    let mut forms = BTreeSet::new();
    for alphabet in [STANDARD, URL] {
        for before in 0..3 {
            forms.insert(base64_at(bytes, alphabet, before));
        }
    }
    forms
}

/// The same for one alphabet and one place: so many bytes stand before it in its group.
fn base64_at(bytes: &[u8], alphabet: &[u8; 64], before: usize) -> Vec<u8> {
    let mut bits = vec![0; before];
    bits.extend_from_slice(bytes);
    let whole = bits.len() * 8 / 6;
    let first = (before * 8).div_ceil(6);
    let character = |index: usize| {
        let bit = index * 6;
        let high = usize::from(bits[bit / 8]) << 8;
        let low = usize::from(bits.get(bit / 8 + 1).copied().unwrap_or(0));
        alphabet[((high | low) >> (10 - bit % 8)) & 63]
    };
    (first..whole).map(character).collect()
}

/// The lines of `base64` (76 characters) and `openssl base64` (64), when the text is all they encode.
fn base64_lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    let whole = base64_at(bytes, STANDARD, 0);
    [76, 64]
        .into_iter()
        .flat_map(|width| whole.chunks(width))
        .map(<[u8]>::to_vec)
        .filter(|line| line.len() >= SHORTEST_LINE)
        .collect()
}

/// Percent-encoded, with digits in both cases, a space as `%20` or `+`, and what has a meaning in
/// addresses encoded or not.
fn percent(text: &str) -> impl Iterator<Item = String> {
    let mut forms = Vec::new();
    for (safe, plus) in [
        ("-_.~", false),
        ("-_.~", true),
        ("-_.*", true),
        ("-_.~/", false),
        ("-_.!~*'()", false),
        ("-_.!~*'();/?:@&=+$,#", false),
    ] {
        let mut upper = String::new();
        let mut lower = String::new();
        for byte in text.bytes() {
            let character = char::from(byte);
            if character.is_ascii_alphanumeric() || (byte < 128 && safe.contains(character)) {
                upper.push(character);
                lower.push(character);
            } else if plus && byte == b' ' {
                upper.push('+');
                lower.push('+');
            } else {
                write!(upper, "%{byte:02X}").expect("a string takes every write");
                write!(lower, "%{byte:02x}").expect("a string takes every write");
            }
        }
        forms.extend([upper, lower]);
    }
    forms.into_iter()
}

fn both_cases(bytes: &[u8]) -> impl Iterator<Item = String> {
    let lower = hex(bytes);
    [lower.to_uppercase(), lower].into_iter()
}

/// The lines of `xxd -p`, when the text is all they encode.
fn hex_lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    let whole = hex(bytes).into_bytes();
    whole.chunks(60).map(<[u8]>::to_vec).filter(|line| line.len() >= SHORTEST_LINE).collect()
}

/// As it stands inside the quotes of JSON: as most write it, with its slashes escaped, safe for HTML,
/// in ASCII alone with digits in both cases, and both of these.
fn json(text: &str) -> impl Iterator<Item = String> {
    let json = serde_json::to_string(text).expect("a text always serialises");
    let json = json[1..json.len() - 1].to_owned();
    let numbered = |text: &str, plain: &dyn Fn(char) -> bool, upper: bool| {
        text.chars().fold(String::new(), |mut out, character| {
            if plain(character) {
                out.push(character);
                return out;
            }
            for unit in character.encode_utf16(&mut [0; 2]) {
                let written =
                    if upper { write!(out, "\\u{unit:04X}") } else { write!(out, "\\u{unit:04x}") };
                written.expect("a string takes every write");
            }
            out
        })
    };
    let markup = |c: char| matches!(c, '<' | '>' | '&');
    let html = numbered(&json, &|c| !markup(c) && !matches!(c, '\u{2028}' | '\u{2029}'), false);
    [
        json.replace('/', "\\/"),
        numbered(&json, &|c| c.is_ascii(), false),
        numbered(&json, &|c| c.is_ascii(), true),
        numbered(&json, &|c| c.is_ascii() && !markup(c), false),
        html,
        json,
    ]
    .into_iter()
}

/// As it stands inside the quotes of shells, and as they show it: `set -x`, `printf %q`, `declare -p`.
fn quoted(text: &str) -> impl Iterator<Item = String> {
    // Quoted as a word of its own, and as the rest of one.
    let rest = escaped(text, |c| c == ' ' || "!\"$&'()*,;<>?[\\]^`{|}".contains(c));
    let word = if text.starts_with(['~', '#']) { format!("\\{rest}") } else { rest.clone() };
    let double = escaped(text, |c| "\\\"$`".contains(c));
    [
        rest,
        word,
        double,
        escaped(text, |c| !c.is_alphanumeric() && !"_-./:=@%+,".contains(c)),
        escaped(text, |c| "\\'".contains(c)),
        ansi_c(text, |c| c.is_ascii()),
        ansi_c(text, |_| true),
        text.replace('\'', "'\\''"),
        text.replace('\'', "'\"'\"'"),
        text.replace('\'', "''"),
    ]
    .into_iter()
}

fn escaped(text: &str, special: impl Fn(char) -> bool) -> String {
    text.chars().fold(String::new(), |mut escaped, character| {
        if special(character) {
            escaped.push('\\');
        }
        escaped.push(character);
        escaped
    })
}

/// Inside of `$'..'`; what the locale cannot show is in octal.
fn ansi_c(text: &str, shown: impl Fn(char) -> bool) -> String {
    text.chars().fold(String::new(), |mut quoted, character| {
        match character {
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\t' => quoted.push_str("\\t"),
            '\n' => quoted.push_str("\\n"),
            '\u{b}' => quoted.push_str("\\v"),
            '\u{c}' => quoted.push_str("\\f"),
            '\r' => quoted.push_str("\\r"),
            '\u{1b}' => quoted.push_str("\\E"),
            '\\' => quoted.push_str("\\\\"),
            '\'' => quoted.push_str("\\'"),
            plain if !plain.is_control() && shown(plain) => quoted.push(plain),
            other => {
                for byte in other.encode_utf8(&mut [0; 4]).bytes() {
                    write!(quoted, "\\{byte:03o}").expect("a string takes every write");
                }
            }
        }
        quoted
    })
}

/// As it stands in HTML and XML.
fn markup(text: &str) -> impl Iterator<Item = String> {
    let brackets = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let quote = |double: &str, single: &str| brackets.replace('"', double).replace('\'', single);
    [
        quote("&quot;", "'"),
        quote("&quot;", "&#39;"),
        quote("&quot;", "&#x27;"),
        quote("&quot;", "&apos;"),
        quote("&#34;", "&#39;"),
        brackets.clone(),
    ]
    .into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(secret: &str, form: &str) {
        let forms = encodings(secret);
        let known = forms.iter().any(|known| known.as_slice() == form.as_bytes());
        assert!(known, "{form} is not among the forms of {secret:?}");
    }

    #[test]
    fn common_encodings_are_known() {
        check("p@ss w/rd", "p%40ss%20w%2Frd");
        check("p@ss w/rd", "p%40ss%20w%2frd");
        check("p@ss w/rd", "p%40ss+w%2Frd");
        check("p@ss w/rd", "p%40ss%20w/rd");
        check("quo\"te\n", "quo\\\"te\\n");
        check("schlüssel", "schl\\u00fcssel");
        check("a<b>&'c\"", "a&lt;b&gt;&amp;&#39;c&quot;");
        check("it's me", "it'\\''s me");
        check("it's me", "it\\'s\\ me");
        check("secre7", "736563726537");
        check("kkkkkk\u{7f}", "6B6B6B6B6B6B7F");
        check("first line\nother line", "other line");
        check("first line\nother line", "first line\r\nother line");
        check("p@ss w/rd?", "p@ss%20w/rd?");
        check("a<b>&c/d", "a\\u003cb\\u003e\\u0026c/d");
        check("schlüssel", "schl\\u00FCssel");
        check("it's me", "it''s me");
    }

    /// As bash 5.2 writes them.
    #[test]
    fn what_shells_show_is_known() {
        check("p#a,b$c d~", "p#a\\,b\\$c\\ d~");
        check("#a;bcde", "\\#a\\;bcde");
        check("a\tb'c\\\u{1b}\u{1}ü", "a\\tb\\'c\\\\\\E\\001ü");
        check("a\tb'c\\\u{1b}\u{1}ü", "a\\tb\\'c\\\\\\E\\001\\303\\274");
        check("a$b\"c`d", "a\\$b\\\"c\\`d");
    }

    #[test]
    fn base64_is_known_wherever_the_text_begins() {
        // "hunter2!" alone, after one byte "x", after two bytes "xy", each followed by "z".
        check("hunter2!", "aHVudGVyMi");
        check("hunter2!", "h1bnRlcjIh");
        check("hunter2!", "odW50ZXIyI");
        // 0xff bytes of U+00FF give both alphabets.
        check("ÿÿÿÿÿÿ", "w7/Dv8O/w7/Dv8O/");
        check("ÿÿÿÿÿÿ", "w7_Dv8O_w7_Dv8O_");
    }

    #[test]
    fn short_lines_are_no_forms_of_their_own() {
        let hidden = |line: &str| {
            let secret = format!("a long line\n{line}");
            encodings(&secret).iter().any(|form| form.as_slice() == line.as_bytes())
        };
        for plain in ["abc", "default", "-------", "Password"] {
            assert!(!hidden(plain), "{plain}");
        }
        assert!(hidden("hunter2"));
    }

    #[test]
    fn base64_in_lines_is_known() {
        let secret = "0123456789".repeat(10);
        let line = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2";
        assert_eq!(line.len(), 76);
        check(&secret, line);
        check(&secret, &line[..64]);
    }
}
