//! Colours that commands choose, as far as they may: what sets a colour of the text or makes it bold
//! becomes a [`Style`], which whoever writes it ends again. All other sequences are no colours, and
//! neither is one that hides, blinks or is written in an unusual way.

use anstyle::{Ansi256Color, AnsiColor, Color, Effects, Style};

/// The longest sequence that is waited for.
const LONGEST: usize = 48;

/// What a character does to the sequence before it.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// It is a part of one that has not ended.
    Taken,
    /// It ends one: the style is another from now on.
    Ended,
    /// It is no part of one, and neither is what was taken before it. It is to be looked at again, for
    /// it may begin another one.
    No(String),
}

/// The style of a stream, and the sequence that has begun.
#[derive(Clone, Debug, Default)]
pub(super) struct Sgr {
    style: Style,
    open: String,
}

impl Sgr {
    /// The style of what follows.
    pub(super) fn style(&self) -> Style {
        self.style
    }

    /// Takes the next character.
    pub(super) fn push(&mut self, character: char) -> Step {
        let fits = match (self.open.len(), character) {
            (0, '\x1b') | (1, '[') => true,
            (2.., '0'..='9' | ';') => self.open.len() < LONGEST,
            (2.., 'm') => {
                if let Some(style) = styled(self.style, &self.open[2..]) {
                    self.style = style;
                    self.open.clear();
                    return Step::Ended;
                }
                false
            }
            _ => false,
        };
        if fits {
            self.open.push(character);
            return Step::Taken;
        }
        Step::No(self.give_up())
    }

    /// What was taken of a sequence that does not end.
    pub(super) fn give_up(&mut self) -> String {
        std::mem::take(&mut self.open)
    }

    /// The stream is over.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }
}

/// A style after the numbers of a sequence; none if one of them is more than a colour.
fn styled(before: Style, numbers: &str) -> Option<Style> {
    let mut style = before;
    let mut numbers = numbers.split(';').map(|number| match number {
        "" => Some(0),
        number => number.parse::<u8>().ok(),
    });
    while let Some(number) = numbers.next() {
        style = match number? {
            0 => Style::new(),
            1 => style.bold(),
            2 => style.dimmed(),
            3 => style.italic(),
            4 => style.underline(),
            22 => style.effects(style.get_effects() - (Effects::BOLD | Effects::DIMMED)),
            23 => style.effects(style.get_effects() - Effects::ITALIC),
            24 => style.effects(style.get_effects() - Effects::UNDERLINE),
            colour @ (30..=39 | 90..=97) if colour != 38 => style.fg_color(seen(colour)),
            kind @ (38 | 48) => {
                let chosen = match numbers.next()?? {
                    5 => palette(numbers.next()??),
                    2 => {
                        for _ in 0..3 {
                            numbers.next()??;
                        }
                        None
                    }
                    _ => return None,
                };
                // The ground stays what it is, so that nothing can be the colour of its ground.
                if kind == 38 { style.fg_color(chosen) } else { style }
            }
            40..=49 | 100..=107 => style,
            _ => return None,
        };
    }
    Some(style)
}

/// A colour of the palette, by its number: the first sixteen are those that have sequences of their own;
/// of the cube that follows, those that are neither nearly black nor nearly white.
fn palette(number: u8) -> Option<Color> {
    match number {
        0..=7 => seen(30 + number),
        8..=15 => seen(82 + number),
        16..=231 => {
            let place = number - 16;
            let parts = [place / 36, place / 6 % 6, place % 6];
            let told = parts.iter().any(|part| *part >= 3) && parts.iter().any(|part| *part <= 3);
            told.then_some(Ansi256Color(number).into())
        }
        _ => None,
    }
}

/// A colour that can be seen on dark and on light ground; black and white are the terminal's own.
fn seen(number: u8) -> Option<Color> {
    let colour = match number {
        31 => AnsiColor::Red,
        32 => AnsiColor::Green,
        33 => AnsiColor::Yellow,
        34 => AnsiColor::Blue,
        35 => AnsiColor::Magenta,
        36 => AnsiColor::Cyan,
        91 => AnsiColor::BrightRed,
        92 => AnsiColor::BrightGreen,
        93 => AnsiColor::BrightYellow,
        94 => AnsiColor::BrightBlue,
        95 => AnsiColor::BrightMagenta,
        96 => AnsiColor::BrightCyan,
        _ => return None,
    };
    Some(colour.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes a text; returns the last style and what was no sequence.
    fn take(text: &str) -> (Style, String) {
        let mut sgr = Sgr::default();
        let mut no = String::new();
        for character in text.chars() {
            while let Step::No(open) = sgr.push(character) {
                no += &open;
                if open.is_empty() {
                    no.push(character);
                    break;
                }
            }
        }
        no += &sgr.give_up();
        (sgr.style(), no)
    }

    #[test]
    fn colours_of_the_text_are_taken() {
        let red = Style::new().fg_color(Some(AnsiColor::Red.into()));
        assert_eq!(take("\x1b[31m"), (red, String::new()));
        assert_eq!(take("\x1b[1;31m"), (red.bold(), String::new()));
        assert_eq!(take("\x1b[1;31m\x1b[22m"), (red, String::new()));
        assert_eq!(take("\x1b[38;5;1m"), (red, String::new()));
        let orange = Style::new().fg_color(Some(Ansi256Color(208).into()));
        assert_eq!(take("\x1b[38;5;208m"), (orange, String::new()));
        for none in
            ["\x1b[m", "\x1b[31m\x1b[0m", "\x1b[31m\x1b[;m", "\x1b[31;39m", "\x1b[30m", "\x1b[97m"]
        {
            assert_eq!(take(none), (Style::new(), String::new()), "{none:?}");
        }
        for ground in [
            "\x1b[41m",
            "\x1b[38;5;16m",
            "\x1b[38;5;231m",
            "\x1b[38;5;255m",
            "\x1b[48;5;9m",
            "\x1b[48;2;1;2;3m",
            "\x1b[38;2;0;0;0m",
        ] {
            assert_eq!(take(ground), (Style::new(), String::new()), "{ground:?}");
        }
    }

    #[test]
    fn everything_else_is_no_colour() {
        for text in [
            "\x1b[8m",
            "\x1b[5m",
            "\x1b[7m",
            "\x1b[31;8m",
            "\x1b[38:5:1m",
            "\x1b[999m",
            "\x1b[38;5m",
            "\x1b[38;9;1m",
            "\x1b[?31m",
            "\x1b[31 m",
            "\x1b[31",
            "\x1b",
            "\x1bc",
            "\x1b[2J",
            "m",
        ] {
            assert_eq!(take(text), (Style::new(), text.to_owned()), "{text:?}");
        }
        let long = format!("\x1b[{}m", "1;".repeat(40));
        assert_eq!(take(&long).1, long);
    }

    #[test]
    fn a_sequence_inside_of_another_is_looked_at_anew() {
        let red = Style::new().fg_color(Some(AnsiColor::Red.into()));
        assert_eq!(take("\x1b[3\x1b[31m"), (red, "\x1b[3".to_owned()));
        assert_eq!(take("\x1b\x1b[31mx"), (red, "\x1bx".to_owned()));
    }
}
