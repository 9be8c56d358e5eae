//! The display filter: the one place between untrusted bytes and the terminal.
//!
//! [`Filter`] takes a stream of bytes and lets printable text, newline and tab pass; everything else
//! becomes visible: `\x1b`, `\xff`, `\u{202e}`. [`shown`] does the same for one text that a person is
//! asked about, in a form that [`unescape`] reads back exactly. What is printable is not decided here
//! but in [`crate::diagnostic`], for everybody. Colours that a command chooses become visible, too, but
//! for those that whoever looks at it asked for.

use std::fmt::Write as _;

use anstyle::Style;

use super::sgr::{Sgr, Step};
use crate::diagnostic::{Speller, is_odd_blank, spell};

/// The filter of one stream of output. Its state is what is left of a character that was cut.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The first bytes of a character whose rest has not come yet; at most three.
    cut: Vec<u8>,
    speller: Speller,
    /// The colours of the stream, if they are wanted.
    colours: Option<Sgr>,
}

/// Harmless text, in pieces of one style each.
pub(super) type Styled = Vec<(Style, String)>;

impl Filter {
    /// A filter that keeps colours of the text.
    pub(super) fn keeping_colours() -> Self {
        Self { colours: Some(Sgr::default()), ..Self::default() }
    }

    /// Makes the next bytes of the stream harmless.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        joined(self.push_styled(bytes))
    }

    /// The same with colours.
    pub(super) fn push_styled(&mut self, bytes: &[u8]) -> Styled {
        let mut joined = std::mem::take(&mut self.cut);
        joined.extend_from_slice(bytes);
        let style = self.colours.as_ref().map_or(Style::new(), Sgr::style);
        let mut out = vec![(style, String::with_capacity(joined.len()))];
        let mut rest = joined.as_slice();
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    self.pass(text, &mut out);
                    return out;
                }
                Err(error) => {
                    let (good, bad) = rest.split_at(error.valid_up_to());
                    let text = std::str::from_utf8(good).expect("valid up to here");
                    self.pass(text, &mut out);
                    let Some(length) = error.error_len() else {
                        self.cut = bad.to_vec();
                        return out;
                    };
                    self.refuse(&bad[..length], &mut out);
                    rest = &bad[length..];
                }
            }
        }
    }

    /// The stream is over: what is left of a cut character becomes visible.
    pub fn finish(&mut self) -> String {
        joined(self.finish_styled())
    }

    /// The same with colours. What comes next has none.
    pub(super) fn finish_styled(&mut self) -> Styled {
        let mut out = vec![(self.colours.as_ref().map_or(Style::new(), Sgr::style), String::new())];
        let cut = std::mem::take(&mut self.cut);
        self.refuse(&cut, &mut out);
        self.speller.interrupt();
        if let Some(colours) = &mut self.colours {
            spell_open(&mut self.speller, &colours.give_up(), &mut out);
            colours.reset();
        }
        out
    }

    fn pass(&mut self, text: &str, out: &mut Styled) {
        let Some(colours) = &mut self.colours else {
            let (_, out) = last(out);
            text.chars().for_each(|character| self.speller.push(character, out));
            return;
        };
        for character in text.chars() {
            loop {
                match colours.push(character) {
                    Step::Ended => out.push((colours.style(), String::new())),
                    Step::No(open) if open.is_empty() => {
                        self.speller.push(character, &mut last(out).1);
                    }
                    Step::No(open) => {
                        spell_open(&mut self.speller, &open, out);
                        continue;
                    }
                    Step::Taken => {}
                }
                break;
            }
        }
    }

    fn refuse(&mut self, bytes: &[u8], out: &mut Styled) {
        if bytes.is_empty() {
            return;
        }
        if let Some(colours) = &mut self.colours {
            spell_open(&mut self.speller, &colours.give_up(), out);
        }
        for byte in bytes {
            self.speller.push_byte(*byte, &mut last(out).1);
        }
    }
}

/// The piece that is written to.
fn last(out: &mut Styled) -> &mut (Style, String) {
    out.last_mut().expect("there is one from the start")
}

/// What began like a colour and is none.
fn spell_open(speller: &mut Speller, open: &str, out: &mut Styled) {
    open.chars().for_each(|character| speller.push(character, &mut last(out).1));
}

/// The text alone.
fn joined(styled: Styled) -> String {
    let mut pieces = styled.into_iter().map(|(_, text)| text);
    let first = pieces.next().unwrap_or_default();
    pieces.fold(first, |text, piece| text + &piece)
}

/// The longest run of blanks that a text for a person may hold before the run is spelled out.
const LONGEST_BLANK: usize = 40;

/// The most newlines that such a run may hold.
const MOST_NEWLINES: usize = 3;

/// A text that a person is asked about, with everything unprintable spelled out. Newlines and tabs
/// stay; a backslash is spelled out only where it would read as one of these spellings; blanks that
/// would push something out of sight are counted: `\x20{120}`.
pub fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut speller = Speller::default();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let blank = blank_run(rest);
        if blank.len() > LONGEST_BLANK || newlines(blank) > MOST_NEWLINES {
            push_blank(blank, &mut out);
            rest = &rest[blank.len()..];
            speller.interrupt();
            continue;
        }
        if !blank.is_empty() {
            out.push_str(blank);
            rest = &rest[blank.len()..];
            speller.interrupt();
            continue;
        }
        rest = &rest[character.len_utf8()..];
        if character == '\\' && spelled(rest).is_some() {
            speller.push_byte(b'\\', &mut out);
        } else if is_odd_blank(character) {
            spell(character, &mut out);
            speller.interrupt();
        } else {
            speller.push(character, &mut out);
        }
    }
    out
}

/// As [`shown`], on one line: newlines and tabs are spelled out too.
pub fn shown_line(text: &str) -> String {
    let shown = shown(text);
    let mut out = String::with_capacity(shown.len());
    for (at, character) in shown.char_indices() {
        let blank = match character {
            '\n' | '\t' => character as u8,
            other => {
                out.push(other);
                continue;
            }
        };
        let _infallible = write!(out, "\\x{blank:02x}");
        // What stands behind it must not be taken for its count.
        if repeated(Meant::Byte(blank), &shown[at + 1..]).1 > 0 {
            out.push_str("{1}");
        }
    }
    out
}

/// The bytes that a shown text stands for.
pub fn unescape(shown: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(shown.len());
    let mut rest = shown;
    while let Some(character) = rest.chars().next() {
        rest = &rest[character.len_utf8()..];
        match (character, spelled(rest)) {
            ('\\', Some((meant, length))) => {
                rest = &rest[length..];
                let (times, length) = repeated(meant, rest);
                rest = &rest[length..];
                for _ in 0..times {
                    meant.write(&mut bytes);
                }
            }
            _ => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

/// What a spelling stands for.
#[derive(Clone, Copy)]
enum Meant {
    Byte(u8),
    Character(char),
}

impl Meant {
    fn write(self, bytes: &mut Vec<u8>) {
        match self {
            Self::Byte(byte) => bytes.push(byte),
            Self::Character(character) => {
                bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
}

/// What the text after a backslash spells, and how many bytes of it: `x1b` or `u{202e}`.
fn spelled(after: &str) -> Option<(Meant, usize)> {
    let lower_hex = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let two = after.strip_prefix('x').and_then(|rest| rest.get(..2));
    if let Some(digits) = two.filter(|digits| lower_hex(digits)) {
        let byte = u8::from_str_radix(digits, 16).ok()?;
        return Some((Meant::Byte(byte), 3));
    }
    let braced = after.strip_prefix("u{")?;
    let end = braced.find('}').filter(|end| *end <= 6)?;
    let digits = braced.get(..end).filter(|digits| lower_hex(digits))?;
    let character = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
    Some((Meant::Character(character), end + 3))
}

/// How often a spelled blank stands there, and the length of the count: `{120}`.
fn repeated(meant: Meant, after: &str) -> (usize, usize) {
    let once = (1, 0);
    let Meant::Byte(b' ' | b'\t' | b'\n') = meant else {
        return once;
    };
    let Some(braced) = after.strip_prefix('{') else {
        return once;
    };
    match braced.split_once('}') {
        Some((digits, _)) if digits.len() <= 9 => match digits.parse::<usize>() {
            Ok(times) => (times, digits.len() + 2),
            Err(_) => once,
        },
        _ => once,
    }
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n')
}

fn blank_run(text: &str) -> &str {
    let end = text.find(|c| !is_blank(c)).unwrap_or(text.len());
    &text[..end]
}

fn newlines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

fn push_blank(blank: &str, out: &mut String) {
    let mut rest = blank.as_bytes();
    while let Some(first) = rest.first() {
        let times = rest.iter().take_while(|byte| *byte == first).count();
        let _infallible = write!(out, "\\x{first:02x}{{{times}}}");
        rest = &rest[times..];
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    use crate::diagnostic::terminal_strings::{STRINGS, assert_inert, texts};

    fn check_stream(bytes: &[u8], expected: &str) {
        let mut filter = Filter::default();
        let out = filter.push(bytes) + &filter.finish();
        assert_eq!(out, expected);
    }

    fn check_shown(text: &str, expected: &str) {
        assert_eq!(shown(text), expected);
        assert_eq!(unescape(expected), text.as_bytes());
    }

    #[test]
    fn printable_text_passes() {
        check_stream("NAME\tREADY\ncafé 日本 ✓\n".as_bytes(), "NAME\tREADY\ncafé 日本 ✓\n");
    }

    #[test]
    fn controls_become_visible() {
        check_stream(b"\x1b[2Ja\rb\x08c\x07\0\x7f", r"\x1b[2Ja\x0db\x08c\x07\x00\x7f");
        check_stream(b"\x9b31m", r"\x9b31m");
        check_stream("\u{9b}31m".as_bytes(), r"\u{9b}31m");
        check_stream("a\u{202e}b\u{200b}".as_bytes(), r"a\u{202e}b\u{200b}");
        check_stream(b"a\xff\xc3(", r"a\xff\xc3(");
    }

    #[test]
    fn emoji_keep_their_joiners_and_ascii_gets_none() {
        check_stream("👩‍🚒 ❤️".as_bytes(), "👩‍🚒 ❤️");
        check_stream("r\u{200d}m".as_bytes(), r"r\u{200d}m");
    }

    #[test]
    fn a_cut_character_waits_for_its_rest() {
        let mut filter = Filter::default();
        assert_eq!(filter.push(b"\xe2\x9c"), "");
        assert_eq!(filter.push(b"\x93!"), "✓!");
        assert_eq!(filter.push(b"\xe2\x9c"), "");
        assert_eq!(filter.finish(), r"\xe2\x9c");
    }

    #[test]
    fn a_command_stays_readable() {
        check_shown(r"grep '\.com$' \\ | sed s/\n//", r"grep '\.com$' \\ | sed s/\n//");
        check_shown("a\nb\tc", "a\nb\tc");
    }

    #[test]
    fn a_backslash_is_spelled_only_where_it_would_mislead() {
        check_shown(r"printf '\x1b[0m'", r"printf '\x5cx1b[0m'");
        check_shown(r"\u{202e}", r"\x5cu{202e}");
        check_shown(r"\x5cx", r"\x5cx5cx");
        check_shown(r"\x1B \u{zz} \x1", r"\x1B \u{zz} \x1");
    }

    #[test]
    fn blanks_that_hide_something_are_counted() {
        let command = format!("true{};rm -r /", " ".repeat(120));
        check_shown(&command, r"true\x20{120};rm -r /");
        check_shown("a\n\n\n\n\n\nb", r"a\x0a{6}b");
        check_shown("a\u{a0}b", r"a\u{a0}b");
        check_shown("a\n        b", "a\n        b");
    }

    #[test]
    fn a_line_has_no_newline() {
        assert_eq!(shown_line("a\nb\tc"), r"a\x0ab\x09c");
    }

    #[test]
    fn what_looks_like_a_count_is_none() {
        for (text, expected) in [
            ("\n{2} e", r"\x0a{1}{2} e"),
            ("\t{+3}", r"\x09{1}{+3}"),
            ("\n{0}", r"\x0a{1}{0}"),
            ("\n{1}{2}", r"\x0a{1}{1}{2}"),
            ("if x\n{ y; }", r"if x\x0a{ y; }"),
        ] {
            assert_eq!(shown_line(text), expected);
            assert_eq!(unescape(expected), text.as_bytes());
            check_shown(text, text);
        }
        check_shown("\n\n\n\n{2}", r"\x0a{4}{2}");
    }

    #[test]
    fn no_string_reaches_the_terminal_at_any_split() {
        for (name, bytes) in STRINGS {
            let mut whole = Filter::default();
            let expected = whole.push(bytes) + &whole.finish();
            assert_inert(name, &expected);
            for first in 0..=bytes.len() {
                for second in first..=bytes.len() {
                    let mut filter = Filter::default();
                    let mut out = filter.push(&bytes[..first]);
                    out += &filter.push(&bytes[first..second]);
                    out += &filter.push(&bytes[second..]);
                    out += &filter.finish();
                    assert_eq!(out, expected, "{name} at {first} and {second}");
                }
            }
        }
    }

    /// The text between the colours, and whether there were any.
    fn coloured(parts: &[&[u8]]) -> (String, bool) {
        let mut filter = Filter::keeping_colours();
        let mut styled: Styled = parts.iter().flat_map(|part| filter.push_styled(part)).collect();
        styled.extend(filter.finish_styled());
        let colours = styled.iter().any(|(style, text)| *style != Style::new() && !text.is_empty());
        (joined(styled), colours)
    }

    #[test]
    fn colours_that_are_wanted_pass_and_nothing_else_does_at_any_split() {
        for (name, bytes) in STRINGS {
            let expected = coloured(&[bytes]);
            assert_inert(name, &expected.0);
            assert_eq!(expected.1, name.starts_with("colour"), "{name}");
            for cut in 0..=bytes.len() {
                assert_eq!(coloured(&[&bytes[..cut], &bytes[cut..]]), expected, "{name} at {cut}");
            }
        }
        assert_eq!(coloured(&[b"a\x1b[31mb\x1b[0mc"]), ("abc".to_owned(), true));
        assert_eq!(coloured(&[b"a\x1b[31"]), ("a\\x1b[31".to_owned(), false));
        assert_eq!(coloured(&[b"\x1b[3\xff1m"]), ("\\x1b[3\\xff1m".to_owned(), false));
        assert_eq!(coloured(&[b"\x1b[8mx"]), ("\\x1b[8mx".to_owned(), false));
    }

    #[test]
    fn a_text_that_is_asked_about_holds_no_string_and_reads_back() {
        for (name, text) in texts() {
            for shown in [shown(text), shown_line(text)] {
                assert_inert(name, &shown);
                assert_eq!(unescape(&shown), text.as_bytes(), "{name}");
            }
        }
    }

    fn hostile() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            any::<Vec<u8>>(),
            "\\PC{0,8}".prop_map(String::into_bytes),
            Just(b"\x1b]0;x\x07".to_vec()),
            Just("\u{202e}\u{200d}\u{9b}\u{2066}".as_bytes().to_vec()),
            Just("👩\u{200d}🚒".as_bytes().to_vec()),
            Just(br"\x1b\u{41}\x20{3}".to_vec()),
            "[ \t\n]{0,2}\\{\\+?[0-9]{0,2}\\}".prop_map(String::into_bytes),
            (0..STRINGS.len()).prop_map(|at| STRINGS[at].1.to_vec()),
        ];
        proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn nothing_harmful_passes_at_any_split(bytes in hostile(), at in 0usize..200) {
            let (first, second) = bytes.split_at(at.min(bytes.len()));
            let mut split = Filter::default();
            let out = split.push(first) + &split.push(second) + &split.finish();
            assert_inert("it", &out);
            let mut whole = Filter::default();
            prop_assert_eq!(out, whole.push(&bytes) + &whole.finish());
            let mut single = Filter::default();
            let mut by_byte: String = bytes.iter().map(|byte| single.push(std::slice::from_ref(byte))).collect();
            by_byte += &single.finish();
            let mut again = Filter::default();
            prop_assert_eq!(by_byte, again.push(&bytes) + &again.finish());
        }

        #[test]
        fn a_shown_text_reads_back_exactly(bytes in hostile(), blanks in "[ \t\n]{0,60}") {
            let text = String::from_utf8_lossy(&bytes).into_owned() + &blanks + "x";
            let out = shown(&text);
            assert_inert("it", &out);
            prop_assert_eq!(unescape(&out), text.as_bytes());
            let line = shown_line(&text);
            prop_assert!(!line.contains(['\n', '\t']));
            prop_assert_eq!(unescape(&line), text.as_bytes());
        }
    }
}
