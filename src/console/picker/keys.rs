//! From the bytes of a terminal to keys.

use std::collections::VecDeque;

/// A longer sequence is none that is known.
const LONGEST: usize = 16;

/// A key that was pressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Press {
    Letter(char),
    Backspace,
    /// Ctrl-W: the last word goes.
    WordBack,
    /// Ctrl-U: all that was typed goes.
    Clear,
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    Enter,
    Tab,
    Escape,
    /// Ctrl-D.
    End,
}

/// Bytes that came, as far as they are no key yet.
#[derive(Default)]
pub(super) struct Decoder {
    bytes: VecDeque<u8>,
}

/// What stands at the beginning of the bytes.
enum Begins {
    /// A key of so many bytes; nothing if it does nothing here.
    Key(usize, Option<Press>),
    /// The beginning of a key.
    Begun,
}

impl Decoder {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    /// Whether a key has begun whose rest has not come.
    pub(super) fn is_begun(&self) -> bool {
        !self.bytes.is_empty()
    }

    /// The rest does not come: what is there is a key of its own, or nothing.
    pub(super) fn give_up(&mut self) {
        let escape = self.bytes.len() == 1 && self.bytes.front() == Some(&0x1b);
        self.bytes.clear();
        if escape {
            // No key begins with two of them.
            self.bytes.extend([0x1b, 0x1b]);
        }
    }

    /// The next key that does something.
    pub(super) fn next(&mut self) -> Option<Press> {
        while !self.bytes.is_empty() {
            match begins(self.bytes.make_contiguous()) {
                Begins::Begun => return None,
                Begins::Key(length, press) => {
                    self.bytes.drain(..length);
                    if press.is_some() {
                        return press;
                    }
                }
            }
        }
        None
    }
}

fn begins(bytes: &[u8]) -> Begins {
    let one = |press| Begins::Key(1, Some(press));
    match bytes[0] {
        0x1b => sequence(bytes),
        b'\r' | b'\n' => one(Press::Enter),
        b'\t' => one(Press::Tab),
        0x7f | 0x08 => one(Press::Backspace),
        0x04 => one(Press::End),
        0x0e => one(Press::Down),
        0x10 => one(Press::Up),
        0x15 => one(Press::Clear),
        0x17 => one(Press::WordBack),
        0x00..0x20 => Begins::Key(1, None),
        _ => letter(bytes),
    }
}

fn letter(bytes: &[u8]) -> Begins {
    let most = &bytes[..bytes.len().min(4)];
    let text = match std::str::from_utf8(most) {
        Ok(text) => text,
        Err(error) if error.valid_up_to() > 0 => {
            std::str::from_utf8(&most[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(error) if error.error_len().is_none() && bytes.len() < 4 => return Begins::Begun,
        Err(error) => return Begins::Key(error.error_len().unwrap_or(1), None),
    };
    match text.chars().next() {
        Some(letter) if letter.is_control() => Begins::Key(letter.len_utf8(), None),
        Some(letter) => Begins::Key(letter.len_utf8(), Some(Press::Letter(letter))),
        None => Begins::Key(1, None),
    }
}

/// A sequence of a terminal, from its escape on.
fn sequence(bytes: &[u8]) -> Begins {
    match bytes.get(1) {
        None => Begins::Begun,
        Some(0x1b) => Begins::Key(2, Some(Press::Escape)),
        Some(b'[' | b'O') => {
            let end = bytes[2..].iter().position(|byte| (0x40..0x7f).contains(byte));
            match end {
                None if bytes.len() > LONGEST => Begins::Key(bytes.len(), None),
                None => Begins::Begun,
                Some(end) => Begins::Key(end + 3, named(&bytes[2..end + 3])),
            }
        }
        // Alt with a letter.
        Some(_) => Begins::Key(2, None),
    }
}

fn named(sequence: &[u8]) -> Option<Press> {
    Some(match sequence {
        b"A" => Press::Up,
        b"B" => Press::Down,
        b"H" | b"1~" | b"7~" => Press::First,
        b"F" | b"4~" | b"8~" => Press::Last,
        b"5~" => Press::PageUp,
        b"6~" => Press::PageDown,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Press> {
        let mut whole = Decoder::default();
        whole.push(bytes);
        let keys: Vec<Press> = std::iter::from_fn(|| whole.next()).collect();
        // They are the same wherever the stream is cut.
        for cut in 0..bytes.len() {
            let mut decoder = Decoder::default();
            let mut cut_keys = Vec::new();
            for part in [&bytes[..cut], &bytes[cut..]] {
                decoder.push(part);
                cut_keys.extend(std::iter::from_fn(|| decoder.next()));
            }
            assert_eq!(cut_keys, keys, "{bytes:?} cut at {cut}");
        }
        keys
    }

    #[test]
    fn letters_and_sequences_are_keys_and_rubbish_is_none() {
        assert_eq!(keys("aé日".as_bytes()), ['a', 'é', '日'].map(Press::Letter));
        assert_eq!(
            keys(b"\x1b[A\x1bOB\x1b[5~\r"),
            [Press::Up, Press::Down, Press::PageUp, Press::Enter]
        );
        assert_eq!(keys(b"\x1b[1;5D\x1bx\xff\x01z"), [Press::Letter('z')]);
        assert_eq!(keys(b"\x7f\x17\x15\t\x04").len(), 5);
    }

    #[test]
    fn escape_is_a_key_when_nothing_comes_after_it() {
        let mut decoder = Decoder::default();
        decoder.push(b"\x1b");
        assert_eq!(decoder.next(), None);
        assert!(decoder.is_begun());
        decoder.give_up();
        assert_eq!(decoder.next(), Some(Press::Escape));
        assert!(!decoder.is_begun());
        decoder.push(b"\x1b[");
        decoder.give_up();
        assert_eq!(decoder.next(), None);
    }
}
