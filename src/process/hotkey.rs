//! The keys that a responder has while a program has the terminal: Ctrl-] and then one more. All other
//! keys are the program's. Pure: bytes in, wishes out.

/// Ctrl-].
const HOTKEY: u8 = 0x1d;

/// What keys ask for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Wish {
    /// Says what can be asked for.
    Help,
    /// Hands these on to the program.
    Keys(Vec<u8>),
    /// Ends the program.
    Stop,
    /// Types the next prepared line.
    Type,
}

/// The keys so far.
#[derive(Debug, Default)]
pub(crate) struct Keyboard {
    /// The last key was the hotkey.
    waits: bool,
}

impl Keyboard {
    /// Takes what was typed, however it is cut.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Vec<Wish> {
        let mut wishes = Vec::new();
        for byte in bytes {
            let wish = match (std::mem::take(&mut self.waits), byte) {
                (false, &HOTKEY) => {
                    self.waits = true;
                    continue;
                }
                (true, b'.') => Wish::Stop,
                (true, b't') => Wish::Type,
                (false, other) | (true, other @ &HOTKEY) => {
                    if let Some(Wish::Keys(keys)) = wishes.last_mut() {
                        keys.push(*other);
                        continue;
                    }
                    Wish::Keys(vec![*other])
                }
                (true, _) => Wish::Help,
            };
            wishes.push(wish);
        }
        wishes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(typed: &[u8], expected: &[Wish]) {
        assert_eq!(Keyboard::default().take(typed), expected);
        let mut keyboard = Keyboard::default();
        let single: Vec<Wish> = typed.iter().flat_map(|byte| keyboard.take(&[*byte])).collect();
        let keys = |wishes: &[Wish]| -> Vec<u8> {
            let keys = wishes.iter().filter_map(|wish| match wish {
                Wish::Keys(keys) => Some(keys.clone()),
                _ => None,
            });
            keys.flatten().collect()
        };
        assert_eq!(keys(&single), keys(expected), "one by one");
    }

    #[test]
    fn all_keys_but_the_hotkey_are_the_programs() {
        let all: Vec<u8> = (0..=255).filter(|byte| *byte != HOTKEY).collect();
        check(&all, &[Wish::Keys(all.clone())]);
    }

    #[test]
    fn the_hotkey_and_one_more_are_a_wish() {
        check(
            b"a\x1d.b\x1dt\x1dx",
            &[
                Wish::Keys(b"a".to_vec()),
                Wish::Stop,
                Wish::Keys(b"b".to_vec()),
                Wish::Type,
                Wish::Help,
            ],
        );
    }

    #[test]
    fn twice_it_is_a_key_of_the_program() {
        check(b"\x1d\x1d.", &[Wish::Keys(b"\x1d.".to_vec())]);
    }
}
