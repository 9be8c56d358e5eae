//! Whether a background command is ready, as its output tells: a regular expression that is looked
//! for in the last part of each stream, as far as it has come.

use regex::bytes::Regex;

use crate::session::Stream;

/// So much of a stream is looked at again when more of it comes.
const WINDOW: usize = 16 * 1024;

/// What is awaited, until it came.
#[derive(Debug, Default)]
pub(crate) struct Readiness {
    awaited: Option<Regex>,
    /// Whether it came.
    came: bool,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Readiness {
    /// Awaits a match of this regular expression; nothing if there is none.
    pub(crate) fn awaiting(pattern: Option<&str>) -> Self {
        // It was compiled when the runbook was read; what does not compile never comes, and the
        // limit in time says so.
        Self { awaited: pattern.and_then(|pattern| Regex::new(pattern).ok()), ..Self::default() }
    }

    /// Whether what was awaited has come.
    pub(crate) fn has_come(&self) -> bool {
        self.came
    }

    /// Takes what was printed; true when this is what was awaited.
    pub(crate) fn comes(&mut self, stream: Stream, bytes: &[u8]) -> bool {
        let Some(awaited) = &self.awaited else {
            return false;
        };
        let window = match stream {
            Stream::Stderr => &mut self.stderr,
            Stream::Stdout => &mut self.stdout,
        };
        window.extend_from_slice(bytes);
        let came = awaited.is_match(window);
        let spare = window.len().saturating_sub(WINDOW);
        window.drain(..spare);
        if came {
            *self = Self { came, ..Self::default() };
        }
        came
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_match_is_told_once_wherever_it_is_cut() {
        let text = b"starting\nListening on 8080\nListening on 8081\n";
        for cut in 0..=text.len() {
            let mut readiness = Readiness::awaiting(Some("Listening on [0-9]+\n"));
            let came =
                [&text[..cut], &text[cut..]].map(|part| readiness.comes(Stream::Stdout, part));
            assert_eq!(came.iter().filter(|came| **came).count(), 1, "cut at {cut}");
        }
    }

    #[test]
    fn streams_are_apart_and_nothing_matches_nothing() {
        let mut readiness = Readiness::awaiting(Some("ab"));
        assert!(!readiness.comes(Stream::Stdout, b"a"));
        assert!(!readiness.comes(Stream::Stderr, b"b"));
        assert!(readiness.comes(Stream::Stdout, b"b"));
        assert!(!Readiness::awaiting(None).comes(Stream::Stdout, b"ab"));
    }

    #[test]
    fn memory_does_not_grow_with_the_output() {
        let mut readiness = Readiness::awaiting(Some("never"));
        for _ in 0..100 {
            assert!(!readiness.comes(Stream::Stdout, &[b'x'; 10_000]));
        }
        assert!(readiness.stdout.len() <= WINDOW);
    }
}
