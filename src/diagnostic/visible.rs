//! Makes characters visible that a terminal would act on or a reader would not see.
//!
//! Whatever a file holds, what is printed about it holds no control character but tab and newline.

use std::borrow::Cow;

/// Whether a character moves the cursor, turns the text around or cannot be seen.
pub fn is_unsafe(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{fffe}'
        | '\u{ffff}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => true,
        other => other.is_control(),
    }
}

/// The text with every such character spelled out: `\x1b`, `\u{202e}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        push_visible(&mut shown, character);
    }
    Cow::Owned(shown)
}

/// A word of the author's, visible, on one line and cut to a length that suits a message.
pub fn cut(text: &str) -> String {
    const MOST: usize = 60;
    let mut shown: String = text.chars().take(MOST).collect();
    shown = shown.replace('\n', "\\n").replace('\t', "\\t");
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    visible(&shown).into_owned()
}

pub(super) fn push_visible(shown: &mut String, character: char) {
    use std::fmt::Write as _;

    if !is_unsafe(character) {
        shown.push(character);
        return;
    }
    let code = u32::from(character);
    let written =
        if code < 0x80 { write!(shown, "\\x{code:02x}") } else { write!(shown, "\\u{{{code:x}}}") };
    written.expect("writing to a String cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_spelled_out() {
        assert_eq!(visible("a\u{1b}[2Jb"), "a\\x1b[2Jb");
        assert_eq!(visible("x\u{202e}y\u{9b}z"), "x\\u{202e}y\\u{9b}z");
        assert_eq!(visible("tab\tand\nlines stay"), "tab\tand\nlines stay");
        assert_eq!(cut("tab\tand\nlines go"), "tab\\tand\\nlines go");
    }

    #[test]
    fn long_words_are_cut_by_characters() {
        assert_eq!(cut(&"ä".repeat(61)).chars().count(), 61);
        assert_eq!(cut("two\nlines"), "two\\nlines");
    }
}
