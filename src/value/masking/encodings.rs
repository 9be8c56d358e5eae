//! The forms in which a secret turns up in output: as it is, line by line, and in the encodings
//! that programs commonly put texts into. Reversed, compressed, encrypted or character by character it
//! is not recognised, nor in base64 that is broken into lines and begins before it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::SHORTEST;

/// A last line of base64 that is shorter says little, and stands in other texts too.
const SHORTEST_LINE: usize = 12;
const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// All forms of a secret.
pub(super) fn encodings(secret: &str) -> BTreeSet<Vec<u8>> {
    let mut forms = BTreeSet::new();
    let mut texts = BTreeSet::from([secret, secret.trim()]);
    texts.extend(secret.lines().map(str::trim));
    texts.retain(|text| text.chars().count() >= SHORTEST);
    for text in texts {
        forms.insert(text.as_bytes().to_vec());
        forms.extend(base64(text.as_bytes()));
        forms.extend(base64_lines(text.as_bytes()));
        forms.extend(percent(text).map(String::into_bytes));
        forms.extend(hex(text.as_bytes()).map(String::into_bytes));
        forms.extend(quoted(text).map(String::into_bytes));
        forms.extend(markup(text).map(String::into_bytes));
    }
    forms.insert(secret.replace('\n', "\r\n").into_bytes());
    forms.retain(|form| form.len() >= SHORTEST);
    forms
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

/// Percent-encoded, with digits in both cases, a space as `%20` or `+`, and `/` encoded or not.
fn percent(text: &str) -> impl Iterator<Item = String> {
    let mut forms = Vec::new();
    for (safe, plus) in [("-_.~", false), ("-_.~", true), ("-_.~/", false), ("-_.!~*'()", false)] {
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

fn hex(bytes: &[u8]) -> impl Iterator<Item = String> {
    let lower = bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes every write");
        text
    });
    [lower.to_uppercase(), lower].into_iter()
}

/// As it stands inside the quotes of JSON and of shells.
fn quoted(text: &str) -> impl Iterator<Item = String> {
    let json = serde_json::to_string(text).expect("a text always serialises");
    let json = json[1..json.len() - 1].to_owned();
    let ascii = json.chars().fold(String::new(), |mut ascii, character| {
        if character.is_ascii() {
            ascii.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(ascii, "\\u{unit:04x}").expect("a string takes every write");
            }
        }
        ascii
    });
    let escaped = text.chars().fold(String::new(), |mut escaped, character| {
        if !character.is_alphanumeric() && !"_-./:=@%+,".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
        escaped
    });
    let double = ['\\', '"', '$', '`']
        .into_iter()
        .fold(text.to_owned(), |text, special| text.replace(special, &format!("\\{special}")));
    [
        json.replace('/', "\\/"),
        json,
        ascii,
        escaped,
        double,
        text.replace('\'', "'\\''"),
        text.replace('\'', "'\"'\"'"),
    ]
    .into_iter()
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
        assert!(
            encodings(secret).contains(form.as_bytes()),
            "{form} is not among the forms of {secret:?}"
        );
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
        assert!(!encodings("a long line\nabc").contains(&b"abc"[..]));
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
