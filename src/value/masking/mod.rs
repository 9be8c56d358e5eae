//! Hides secrets in a stream of bytes, however the stream is cut into pieces: what may yet become a
//! secret is held back until it is decided. [`Patterns`] are what to look for, a [`Masker`] is the
//! state of one stream. Whoever writes anything down uses it: the supervisor for output, the engine
//! for what it takes from output.

mod encodings;

use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError, MatchKind};
use zeroize::Zeroizing;

use super::Secret;
use encodings::encodings;

/// What stands in the place of a secret.
pub const MASK: &[u8] = b"***";

/// A text shorter than this would hide half the world.
pub const SHORTEST: usize = 6;

/// Words that are no secrets, however often they are used as such.
const COMMON: [&str; 40] = [
    "123456",
    "12345678",
    "123456789",
    "1234567890",
    "access",
    "admin123",
    "administrator",
    "changeme",
    "client",
    "cluster",
    "database",
    "default",
    "disabled",
    "enabled",
    "example",
    "failed",
    "kubernetes",
    "letmein",
    "localhost",
    "master",
    "nobody",
    "nothing",
    "passphrase",
    "password",
    "password1",
    "password123",
    "postgres",
    "production",
    "qwerty",
    "running",
    "secret",
    "secrets",
    "server",
    "service",
    "staging",
    "status",
    "undefined",
    "unknown",
    "username",
    "welcome",
];

/// Above so many bytes of forms, a key of some lines, a table of all transitions would take tens of
/// megabytes; what stands in its place is half as fast.
const LARGE: usize = 16 * 1024;

/// One form of a secret; it is wiped when it is dropped.
pub type Form = Zeroizing<Vec<u8>>;

/// So many bytes of what may yet become a secret may be shown to a person who waits for them.
const GLIMPSE: usize = 2;

/// A secret that cannot be hidden without hiding what is none.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TooWeak {
    /// It is a word that stands in ordinary output.
    #[error("is a common word: hiding it would hide ordinary output, so it is no secret")]
    Common,
    /// It repeats one or two characters, as lines between paragraphs do.
    #[error(
        "is made of one or two characters: hiding it would hide ordinary output, so it is no secret"
    )]
    Monotonous,
    /// It is too short.
    #[error("is shorter than {SHORTEST} characters: hiding it would hide ordinary output")]
    Short,
}

/// What keeps a text from being hidden, if anything does.
fn weakness(text: &str) -> Option<TooWeak> {
    if text.chars().count() < SHORTEST {
        return Some(TooWeak::Short);
    }
    let mut others = text.chars();
    let first = others.next();
    let second = others.find(|c| Some(*c) != first);
    if others.all(|c| Some(c) == first || Some(c) == second) {
        return Some(TooWeak::Monotonous);
    }
    COMMON.contains(&text.to_lowercase().as_str()).then_some(TooWeak::Common)
}

/// A secret in every form in which it is recognised.
#[derive(Clone)]
pub struct Hidden {
    forms: Vec<Form>,
}

impl Hidden {
    /// Takes a secret; refuses one that would make half of all output unreadable.
    pub fn new(secret: &Secret) -> Result<Self, TooWeak> {
        if let Some(weak) = weakness(secret.expose().trim()) {
            return Err(weak);
        }
        Ok(Self { forms: encodings(secret.expose()) })
    }

    /// Its forms, for the supervisor.
    pub fn into_forms(self) -> Vec<Form> {
        self.forms
    }
}

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hidden(…)")
    }
}

/// All that is hidden. The forms are wiped when this is dropped; the automaton that finds them belongs
/// to a library and is not.
#[derive(Default)]
pub struct Patterns {
    /// Sorted, without doubles.
    ordered: Vec<Form>,
    search: Option<Search>,
    amount: Amount,
}

/// How much is looked through, which decides how much is made ready for it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Amount {
    /// Gigabytes, maybe.
    #[default]
    Stream,
    /// A few short texts: the fastest automaton would take longer to make than they do.
    Texts,
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
    /// What hides nothing yet, for a few short texts. [`Patterns::default`] is for streams.
    pub fn for_texts() -> Self {
        Self { amount: Amount::Texts, ..Self::default() }
    }

    /// Hides these too. Empty ones are passed over.
    pub fn add<F: Into<Form>>(&mut self, more: impl IntoIterator<Item = F>) {
        let before = self.ordered.len();
        let more = more.into_iter().map(F::into).filter(|pattern| !pattern.is_empty());
        self.ordered.extend(more);
        self.ordered.sort_unstable_by(|one, other| one.as_slice().cmp(other));
        self.ordered.dedup_by(|one, other| one == other);
        if self.ordered.len() == before {
            return;
        }
        let mut begins = Box::new([false; 256]);
        for pattern in &self.ordered {
            begins[usize::from(pattern[0])] = true;
        }
        let size: usize = self.ordered.iter().map(|form| form.len()).sum();
        let kind = match self.amount {
            Amount::Stream if size <= LARGE => AhoCorasickKind::DFA,
            Amount::Stream | Amount::Texts => AhoCorasickKind::ContiguousNFA,
        };
        let automaton = self
            .automaton(kind)
            // Too many for the compact form, too: the largest takes any number.
            .or_else(|_| self.automaton(AhoCorasickKind::NoncontiguousNFA))
            .expect("secrets that fit into memory fit into an automaton");
        self.search = Some(Search {
            automaton,
            longest: self.ordered.iter().map(|form| form.len()).max().unwrap_or(0),
            begins,
        });
    }

    fn automaton(&self, kind: AhoCorasickKind) -> Result<AhoCorasick, BuildError> {
        AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .kind(Some(kind))
            .build(self.ordered.iter().map(|form| form.as_slice()))
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
    held: Form,
    /// How much of what is held has been shown.
    shown: usize,
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
            self.release(out);
            out.extend_from_slice(bytes);
            return;
        };
        if self.held.is_empty() {
            let rest = settle(patterns, search, bytes, &mut Plain::new(out));
            self.held.extend_from_slice(&bytes[rest..]);
        } else {
            self.held.extend_from_slice(bytes);
            let rest = settle(patterns, search, &self.held, &mut Plain { out, shown: self.shown });
            self.held.drain(..rest);
            self.shown = self.shown.saturating_sub(rest);
        }
        if cfg!(feature = "sabotage-piecemeal") {
            self.flush(patterns, out);
        }
    }

    /// The stream pauses, and a person waits for what it said: adds the first bytes of what is held
    /// back, too few to tell a secret. What follows is compared with all of it as before.
    pub fn glimpse(&mut self, out: &mut Vec<u8>) {
        let most = self.held.len().min(GLIMPSE);
        if self.shown < most {
            out.extend_from_slice(&self.held[self.shown..most]);
            self.shown = most;
        }
    }

    /// The stream is over: adds what was held back.
    pub fn flush(&mut self, patterns: &Patterns, out: &mut Vec<u8>) {
        match &patterns.search {
            None => self.release(out),
            Some(search) => {
                replace(search, &self.held, 0, &mut Plain { out, shown: self.shown });
            }
        }
        self.held.clear();
        self.shown = 0;
    }

    fn release(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.held[self.shown..]);
        self.held.clear();
        self.shown = 0;
    }
}

/// Where masked bytes go. So many at the start have been shown already.
struct Plain<'a> {
    out: &'a mut Vec<u8>,
    shown: usize,
}

impl<'a> Plain<'a> {
    fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, shown: 0 }
    }

    /// Adds a part as it is.
    fn copy(&mut self, bytes: &[u8], from: usize, to: usize) {
        self.out.extend_from_slice(&bytes[from.max(self.shown).min(to)..to]);
    }
}

/// Adds to `out` all of the bytes that is decided; returns where the rest begins. A match is decided
/// when no tail that may still grow begins at or before its start: only then can neither a longer
/// nor an earlier one come of what follows.
fn settle(patterns: &Patterns, search: &Search, bytes: &[u8], out: &mut Plain<'_>) -> usize {
    let mut at = 0;
    let mut open = patterns.open_tail(search, bytes, at);
    for found in search.automaton.find_iter(bytes) {
        if open <= found.start() {
            break;
        }
        out.copy(bytes, at, found.start());
        out.out.extend_from_slice(MASK);
        at = found.end();
        if open < at {
            open = patterns.open_tail(search, bytes, at);
        }
    }
    out.copy(bytes, at, open);
    open
}

fn replace(search: &Search, bytes: &[u8], mut at: usize, out: &mut Plain<'_>) {
    for found in search.automaton.find_iter(bytes) {
        out.copy(bytes, at, found.start());
        out.out.extend_from_slice(MASK);
        at = found.end();
    }
    out.copy(bytes, at, bytes.len());
}

#[cfg(test)]
mod tests;
