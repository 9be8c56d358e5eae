//! The modes of a screen that a program switched on and did not switch off, because it was killed:
//! the other screen of editors, a hidden cursor, reports of the mouse, bracketed paste. They are
//! noticed in its output, and undone when it has ended.

use std::collections::BTreeSet;

/// Modes that are off on a screen that nobody changed.
const OFF: [u16; 12] = [1, 9, 47, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 1047, 1049];
/// The same, of later terminals.
const OFF_LATER: [u16; 2] = [2004, 2026];
/// Modes that are on: lines wrap, the cursor is seen.
const ON: [u16; 2] = [7, 25];
/// No sequence that is looked for is longer.
const LONGEST: usize = 32;

/// What was switched so far.
#[derive(Debug, Default)]
pub(crate) struct LeftModes {
    /// The beginning of a sequence: what came after `ESC [ ?`, or less.
    sequence: Vec<u8>,
    changed: BTreeSet<u16>,
    /// Whether anything was coloured.
    styled: bool,
}

impl LeftModes {
    /// Takes what the program printed.
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let fits = match (self.sequence.len(), byte) {
                (_, 0x1b) => {
                    self.sequence.clear();
                    true
                }
                (1, b'[') | (2.., b'?' | b'0'..=b'9' | b';') => self.sequence.len() < LONGEST,
                (2.., b'h' | b'l') => {
                    self.switched(*byte);
                    false
                }
                (2.., b'm') => {
                    self.styled = true;
                    false
                }
                _ => false,
            };
            if fits {
                self.sequence.push(*byte);
            } else {
                self.sequence.clear();
            }
        }
    }

    fn switched(&mut self, end: u8) {
        let Some(numbers) = self.sequence.strip_prefix(b"\x1b[?") else {
            return;
        };
        for number in numbers.split(|byte| *byte == b';') {
            let number = std::str::from_utf8(number).ok().and_then(|text| text.parse().ok());
            let Some(mode) = number else { continue };
            let usual = if ON.contains(&mode) {
                b'h'
            } else if OFF.contains(&mode) || OFF_LATER.contains(&mode) {
                b'l'
            } else {
                continue;
            };
            if end == usual {
                self.changed.remove(&mode);
            } else {
                self.changed.insert(mode);
            }
        }
    }

    /// What must be written to have all modes as they were.
    pub(crate) fn restored(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for mode in &self.changed {
            let end = if ON.contains(mode) { 'h' } else { 'l' };
            out.extend_from_slice(format!("\x1b[?{mode}{end}").as_bytes());
        }
        if self.styled {
            out.extend_from_slice(b"\x1b[0m");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(printed: &[u8], expected: &[u8]) {
        for cut in 0..=printed.len() {
            let mut modes = LeftModes::default();
            modes.take(&printed[..cut]);
            modes.take(&printed[cut..]);
            assert_eq!(modes.restored(), expected, "cut at {cut}");
        }
    }

    #[test]
    fn what_a_killed_editor_left_is_undone() {
        check(b"\x1b[?1049h\x1b[?25l\x1b[2Jtext", b"\x1b[?25h\x1b[?1049l");
        check(b"\x1b[?1000;1006h", b"\x1b[?1000l\x1b[?1006l");
        check(b"\x1b[31mred", b"\x1b[0m");
    }

    #[test]
    fn what_the_program_undid_itself_is_left_alone() {
        check(b"\x1b[?1049h\x1b[?25l\x1b[?25h\x1b[?1049l", b"");
        check(b"plain \x1b[2K\x1b[10;3H text?25l [?1049h \x1b]0;?25l\x07", b"");
        check(b"\x1b[4h\x1b[?12345h\x1b[?h", b"");
    }
}
