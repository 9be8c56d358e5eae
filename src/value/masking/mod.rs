//! Hides secrets in a stream of bytes, however the stream is cut into pieces: what may yet become a
//! secret is held back until it is decided. [`Patterns`] are what to look for, a [`Masker`] is the
//! state of one stream. Whoever writes anything down uses it: the supervisor for output, the engine
//! for what it takes from output.

mod encodings;

use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::Secret;
use encodings::encodings;

/// What stands in the place of a secret.
pub const MASK: &[u8] = b"***";

/// A text shorter than this would hide half the world.
pub const SHORTEST: usize = 6;

/// Words that are no secrets, however often they are used as such.
const COMMON: [&str; 24] = [
    "access",
    "admin123",
    "administrator",
    "changeme",
    "client",
    "default",
    "disabled",
    "enabled",
    "example",
    "localhost",
    "master",
    "nobody",
    "passphrase",
    "password",
    "password1",
    "postgres",
    "production",
    "qwerty",
    "secret",
    "secrets",
    "service",
    "staging",
    "123456",
    "12345678",
];

/// A secret that cannot be hidden without hiding what is none.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TooWeak {
    /// It is a word that stands in ordinary output.
    #[error("is a common word: hiding it would hide ordinary output, so it is no secret")]
    Common,
    /// It is too short.
    #[error("is shorter than {SHORTEST} characters: hiding it would hide ordinary output")]
    Short,
}

/// A secret in every form in which it is recognised.
#[derive(Clone)]
pub struct Hidden {
    forms: BTreeSet<Vec<u8>>,
}

impl Hidden {
    /// Takes a secret; refuses one that would make half of all output unreadable.
    pub fn new(secret: &Secret) -> Result<Self, TooWeak> {
        let text = secret.expose().trim();
        if text.chars().count() < SHORTEST {
            return Err(TooWeak::Short);
        }
        if COMMON.contains(&text.to_lowercase().as_str()) {
            return Err(TooWeak::Common);
        }
        Ok(Self { forms: encodings(secret.expose()) })
    }

    /// Its forms, for the supervisor.
    pub fn into_forms(self) -> Vec<Vec<u8>> {
        self.forms.into_iter().collect()
    }
}

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hidden(…)")
    }
}

/// All that is hidden.
#[derive(Default)]
pub struct Patterns {
    /// Sorted, without doubles.
    all: BTreeSet<Vec<u8>>,
    ordered: Vec<Vec<u8>>,
    search: Option<Search>,
}

struct Search {
    automaton: AhoCorasick,
    longest: usize,
    /// Whether some pattern begins with this byte.
    begins: Box<[bool; 256]>,
}

impl std::fmt::Debug for Patterns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Patterns(…)")
    }
}

impl Patterns {
    /// Hides these too. Empty ones are passed over.
    pub fn add(&mut self, more: impl IntoIterator<Item = Vec<u8>>) {
        let before = self.all.len();
        self.all.extend(more.into_iter().filter(|pattern| !pattern.is_empty()));
        if self.all.len() == before {
            return;
        }
        self.ordered = self.all.iter().cloned().collect();
        let mut begins = Box::new([false; 256]);
        for pattern in &self.ordered {
            begins[usize::from(pattern[0])] = true;
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .kind(Some(AhoCorasickKind::DFA))
            .build(&self.ordered)
            .or_else(|_| {
                // Too many for a table: the slower automaton takes any number.
                AhoCorasick::builder()
                    .match_kind(MatchKind::LeftmostLongest)
                    .kind(Some(AhoCorasickKind::NoncontiguousNFA))
                    .build(&self.ordered)
            })
            .expect("secrets that fit into memory fit into an automaton");
        self.search = Some(Search {
            automaton,
            longest: self.ordered.iter().map(Vec::len).max().unwrap_or(0),
            begins,
        });
    }

    /// A text with everything hidden that is to be.
    pub fn masked(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.masked_bytes(text.as_bytes())).into_owned()
    }

    /// The same for bytes.
    pub fn masked_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len());
        let mut masker = Masker::default();
        masker.mask(self, bytes, &mut out);
        masker.flush(self, &mut out);
        out
    }

    /// Whether nothing is hidden.
    pub fn is_empty(&self) -> bool {
        self.search.is_none()
    }

    /// Where the first tail of the bytes begins, from `from` on, that may grow into a pattern.
    fn open_tail(&self, search: &Search, bytes: &[u8], from: usize) -> usize {
        let first = from.max((bytes.len() + 1).saturating_sub(search.longest));
        (first..bytes.len())
            .find(|at| search.begins[usize::from(bytes[*at])] && self.grows(&bytes[*at..]))
            .unwrap_or(bytes.len())
    }

    /// Whether some pattern is longer than this and begins with it.
    fn grows(&self, tail: &[u8]) -> bool {
        let next = self.ordered.partition_point(|pattern| pattern.as_slice() <= tail);
        self.ordered.get(next).is_some_and(|pattern| pattern.starts_with(tail))
    }
}

/// The state of one stream.
#[derive(Default)]
pub struct Masker {
    held: Vec<u8>,
}

impl std::fmt::Debug for Masker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Masker({} held)", self.held.len())
    }
}

impl Masker {
    /// Takes the next bytes of the stream; adds what is decided to `out`.
    pub fn mask(&mut self, patterns: &Patterns, bytes: &[u8], out: &mut Vec<u8>) {
        let Some(search) = &patterns.search else {
            out.append(&mut self.held);
            out.extend_from_slice(bytes);
            return;
        };
        if self.held.is_empty() {
            let rest = settle(patterns, search, bytes, out);
            self.held.extend_from_slice(&bytes[rest..]);
        } else {
            self.held.extend_from_slice(bytes);
            let rest = settle(patterns, search, &self.held, out);
            self.held.drain(..rest);
        }
    }

    /// The stream is over: adds what was held back.
    pub fn flush(&mut self, patterns: &Patterns, out: &mut Vec<u8>) {
        match &patterns.search {
            None => out.append(&mut self.held),
            Some(search) => replace(search, &self.held, 0, out),
        }
        self.held.clear();
    }
}

/// Adds to `out` all of the bytes that is decided; returns where the rest begins. A match is decided
/// when no tail that may still grow begins at or before its start: only then can neither a longer
/// nor an earlier one come of what follows.
fn settle(patterns: &Patterns, search: &Search, bytes: &[u8], out: &mut Vec<u8>) -> usize {
    let mut at = 0;
    let mut open = patterns.open_tail(search, bytes, at);
    for found in search.automaton.find_iter(bytes) {
        if open <= found.start() {
            break;
        }
        out.extend_from_slice(&bytes[at..found.start()]);
        out.extend_from_slice(MASK);
        at = found.end();
        if open < at {
            open = patterns.open_tail(search, bytes, at);
        }
    }
    out.extend_from_slice(&bytes[at..open]);
    open
}

fn replace(search: &Search, bytes: &[u8], mut at: usize, out: &mut Vec<u8>) {
    for found in search.automaton.find_iter(bytes) {
        out.extend_from_slice(&bytes[at..found.start()]);
        out.extend_from_slice(MASK);
        at = found.end();
    }
    out.extend_from_slice(&bytes[at..]);
}

#[cfg(test)]
mod tests;
