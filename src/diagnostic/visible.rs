//! Which characters may be shown as they are: the one definition of what a terminal would act on or a
//! reader would not see, and how it is spelled out instead.
//!
//! Whoever shows a text that others wrote asks here, whether it goes to a terminal, a document or a
//! message, so that no two places disagree.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Why a character is not shown as it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unseen {
    /// A terminal acts on it.
    Control,
    /// It takes no room, or a room that looks empty.
    Invisible,
    /// It turns the direction of the text around.
    Turning,
}

impl Unseen {
    /// What is wrong with a character, if anything is. Newline and tab are controls, too.
    pub fn of(character: char) -> Option<Self> {
        Some(match character {
            ' '..='~' => return None,
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => Self::Control,
            '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                Self::Turning
            }
            // Soft hyphen, joiners, fillers, vowels that are not written, selectors of variants.
            '\u{ad}'
            | '\u{34f}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200d}'
            | '\u{2028}'..='\u{2029}'
            | '\u{2060}'..='\u{2065}'
            | '\u{206a}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            // Annotations, marks of shorthand and music, and the tags with their selectors.
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
            // No characters at all.
            | '\u{fdd0}'..='\u{fdef}' => Self::Invisible,
            other if u32::from(other) & 0xfffe == 0xfffe => Self::Invisible,
            _ => return None,
        })
    }
}

/// Whether a character must not reach a terminal or a reader as it is; newline and tab may.
pub fn is_unsafe(character: char) -> bool {
    !matches!(character, '\n' | '\t') && Unseen::of(character).is_some()
}

/// Joiners and selectors of variants, which emoji and some scripts need.
pub fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}')
}

/// Blanks that look like a space and are none. They can be seen, and mislead where it matters which
/// blank it is.
pub fn is_odd_blank(character: char) -> bool {
    matches!(
        character,
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    )
}

/// Writes characters one after the other, each as it is or spelled out: `\x1b`, `\u{202e}`. Newline
/// and tab stay. Its state is whether a joiner would join something.
#[derive(Clone, Debug, Default)]
pub struct Speller {
    joins: bool,
}

impl Speller {
    /// Writes the next character.
    pub fn push(&mut self, character: char, out: &mut String) {
        match character {
            ' '..='~' | '\n' | '\t' => {
                self.joins = false;
                out.push(character);
            }
            _ if cfg!(feature = "sabotage-unfiltered") => out.push(character),
            _ => self.push_odd(character, out),
        }
    }

    /// What is neither plain nor ASCII.
    fn push_odd(&mut self, character: char, out: &mut String) {
        match character {
            _ if is_joiner(character) => {
                if self.joins {
                    out.push(character);
                } else {
                    spell(character, out);
                }
                // An emoji may go on behind its selector, and nothing behind a joiner.
                self.joins &= character == '\u{fe0f}';
            }
            _ if Unseen::of(character).is_some() => {
                self.joins = false;
                spell(character, out);
            }
            _ => {
                self.joins = true;
                out.push(character);
            }
        }
    }

    /// Writes a byte that is no character.
    pub fn push_byte(&mut self, byte: u8, out: &mut String) {
        self.joins = false;
        let _infallible = write!(out, "\\x{byte:02x}");
    }

    /// Something else was written in between.
    pub fn interrupt(&mut self) {
        self.joins = false;
    }
}

/// Writes a character by its number.
pub fn spell(character: char, out: &mut String) {
    let code = u32::from(character);
    let _infallible =
        if code < 0x80 { write!(out, "\\x{code:02x}") } else { write!(out, "\\u{{{code:x}}}") };
}

/// The text with everything spelled out that must not be shown as it is.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut speller = Speller::default();
    for character in text.chars() {
        speller.push(character, &mut shown);
    }
    Cow::Owned(shown)
}

/// The same on one line: `\n`, `\t` and `\r` are spelled out, too.
pub fn visible_line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut speller = Speller::default();
    for character in text.chars() {
        let short = match character {
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            _ => {
                speller.push(character, &mut shown);
                continue;
            }
        };
        speller.interrupt();
        shown.push_str(short);
    }
    shown
}

/// JSON that shows no control and hides nothing either, with the same meaning: what JSON lets stand
/// as it is can only be inside of its strings.
pub fn visible_json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if is_unsafe(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _infallible = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(character);
        }
    }
    safe
}

/// A word of the author's, visible, on one line and cut to a length that suits a message.
pub fn cut(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        None => visible_line(text),
        Some((end, _)) => visible_line(&text[..end]) + "…",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_spelled_out() {
        assert_eq!(visible("a\u{1b}[2Jb"), "a\\x1b[2Jb");
        assert_eq!(visible("x\u{202e}y\u{9b}z"), "x\\u{202e}y\\u{9b}z");
        assert_eq!(visible("tab\tand\nlines stay"), "tab\tand\nlines stay");
        assert_eq!(visible_line("tab\tand\r\nlines go\0"), "tab\\tand\\r\\nlines go\\x00");
        assert_eq!(cut("tab\tand\nlines go"), "tab\\tand\\nlines go");
    }

    #[test]
    fn long_words_are_cut_by_characters() {
        assert_eq!(cut(&"ä".repeat(61)).chars().count(), 61);
        assert_eq!(cut("two\nlines"), "two\\nlines");
    }

    #[test]
    fn joiners_pass_only_where_they_can_join() {
        for text in ["👩\u{200d}🚒", "❤\u{fe0f}", "🏳\u{fe0f}\u{200d}🌈", "می\u{200c}خواهم"]
        {
            assert_eq!(visible(text), text);
        }
        assert_eq!(visible("r\u{200d}m \u{fe0f}"), "r\\u{200d}m \\u{fe0f}");
        assert_eq!(visible("é\u{200d}\u{200d}"), "é\u{200d}\\u{200d}");
        assert_eq!(visible("é\n\u{200d}"), "é\n\\u{200d}");
    }

    /// Whatever Unicode calls a control, a format or a separator of lines is unseen; that is all but
    /// a few that are seen as something.
    #[test]
    fn every_kind_of_unseen_character_is_known() {
        let known = [
            ('\u{7}', Unseen::Control),
            ('\u{7f}', Unseen::Control),
            ('\u{85}', Unseen::Control),
            ('\u{9f}', Unseen::Control),
            ('\u{ad}', Unseen::Invisible),
            ('\u{200b}', Unseen::Invisible),
            ('\u{200f}', Unseen::Turning),
            ('\u{2029}', Unseen::Invisible),
            ('\u{2067}', Unseen::Turning),
            ('\u{2800}', Unseen::Invisible),
            ('\u{fe0e}', Unseen::Invisible),
            ('\u{fdd0}', Unseen::Invisible),
            ('\u{fffe}', Unseen::Invisible),
            ('\u{1ffff}', Unseen::Invisible),
            ('\u{e0041}', Unseen::Invisible),
            ('\u{e0100}', Unseen::Invisible),
        ];
        for (character, unseen) in known {
            assert_eq!(Unseen::of(character), Some(unseen), "{character:?}");
        }
        assert!(('\0'..=char::MAX).filter(|c| c.is_control()).all(|c| Unseen::of(c).is_some()));
        for seen in " ~é日‘\u{301}\u{3000}\u{fffd}😀".chars() {
            assert_eq!(Unseen::of(seen), None, "{seen:?}");
        }
    }
}
