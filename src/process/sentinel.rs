//! The words of a [`Handshake`] in the output of a command at a target: found wherever the stream is
//! cut, and taken out of it. What a login shell says before the first of them is not the command's.

use super::handshake::Handshake;

/// How much noise of a login shell is kept, to be shown if nothing else comes.
const NOISE: usize = 64 * 1024;

/// How far a command at a target has come, as far as it is known here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stage {
    /// It runs on this machine: its process tells everything.
    Here,
    /// Nothing was heard from the target yet.
    Calling,
    /// The shell there is ready.
    Ready,
    /// The command ended with this status.
    Ended(i32),
}

/// The search for the words.
pub(crate) struct Sentinel {
    ready: Vec<u8>,
    ended: Vec<u8>,
    stage: Stage,
    held: Vec<u8>,
}

impl Sentinel {
    /// Nothing is searched for in the output of a command of this machine.
    pub(crate) fn new(handshake: Option<&Handshake>) -> Self {
        let word = |word: fn(&Handshake) -> String, end: &str| {
            handshake.map_or_else(Vec::new, |it| (word(it) + end).into_bytes())
        };
        Self {
            ready: word(Handshake::ready, "\n"),
            ended: word(Handshake::ended, " "),
            stage: if handshake.is_some() { Stage::Calling } else { Stage::Here },
            held: Vec::new(),
        }
    }

    /// How far the command has come.
    pub(crate) fn stage(&self) -> Stage {
        self.stage
    }

    /// Takes what was printed; returns what is output.
    pub(crate) fn pass(&mut self, bytes: &[u8]) -> Vec<u8> {
        match self.stage {
            Stage::Here | Stage::Ended(_) => bytes.to_vec(),
            Stage::Calling => self.await_ready(bytes),
            Stage::Ready => self.await_end(bytes),
        }
    }

    fn await_ready(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        if let Some(at) = find(&self.held, &self.ready) {
            let rest = self.held.split_off(at + self.ready.len());
            self.held.clear();
            self.stage = Stage::Ready;
            return self.await_end(&rest);
        }
        if self.held.len() > NOISE {
            let keep = self.held.len() - begun(&self.held, &self.ready);
            return self.held.drain(..keep).collect();
        }
        Vec::new()
    }

    fn await_end(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        let Some(at) = find(&self.held, &self.ended) else {
            let keep = self.held.len() - begun(&self.held, &self.ended);
            return self.held.drain(..keep).collect();
        };
        let word = at + self.ended.len();
        if let Some(length) = self.held[word..].iter().position(|byte| *byte == b'\n') {
            let status = std::str::from_utf8(&self.held[word..word + length]);
            if let Some(status) = status.ok().and_then(|text| text.parse().ok()) {
                self.stage = Stage::Ended(status);
                let mut output = std::mem::take(&mut self.held);
                output.drain(at..=word + length);
                return output;
            }
        }
        self.held.drain(..at).collect()
    }

    /// What was held back.
    pub(crate) fn flush(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    let first = *word.first()?;
    let mut from = 0;
    while let Some(at) = text[from..].iter().position(|byte| *byte == first) {
        from += at;
        if text[from..].starts_with(word) {
            return Some(from);
        }
        from += 1;
    }
    None
}

/// How many bytes at the end of a text may be the beginning of a word.
fn begun(text: &[u8], word: &[u8]) -> usize {
    let longest = word.len().saturating_sub(1).min(text.len());
    (1..=longest).rev().find(|length| text.ends_with(&word[..*length])).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentinel() -> Sentinel {
        Sentinel::new(Some(&Handshake::new("7".to_owned())))
    }

    #[test]
    fn the_words_are_taken_out_wherever_they_are_cut() {
        let text = b"welcome\nsurefoot-7 ready\noutsurefoot-7 end\nput surefoot-7 ended 255\n";
        for first in 0..=text.len() {
            for second in first..=text.len() {
                let mut sentinel = sentinel();
                let mut out = sentinel.pass(&text[..first]);
                out.extend(sentinel.pass(&text[first..second]));
                out.extend(sentinel.pass(&text[second..]));
                assert_eq!(out, b"outsurefoot-7 end\nput ", "cut at {first} and {second}");
                assert_eq!(sentinel.stage(), Stage::Ended(255));
            }
        }
    }

    #[test]
    fn without_them_the_output_is_kept_and_nothing_is_proved() {
        let mut calling = sentinel();
        assert!(calling.pass(b"no such host\n").is_empty());
        assert_eq!(calling.flush(), b"no such host\n");
        assert_eq!(calling.stage(), Stage::Calling);

        let mut running = sentinel();
        assert_eq!(running.pass(b"surefoot-7 ready\nhalf surefoot-7 en"), b"half ");
        assert_eq!(running.flush(), b"surefoot-7 en");
        assert_eq!(running.stage(), Stage::Ready);
    }

    #[test]
    fn an_end_without_a_status_is_none() {
        let mut sentinel = sentinel();
        sentinel.pass(b"surefoot-7 ready\nsurefoot-7 ended 3");
        assert_eq!(sentinel.stage(), Stage::Ready);
        sentinel.pass(b"\n");
        assert_eq!(sentinel.stage(), Stage::Ended(3));
    }

    #[test]
    fn much_noise_does_not_hide_the_first_word() {
        let mut sentinel = sentinel();
        for _ in 0..3 {
            sentinel.pass(&vec![b's'; NOISE]);
        }
        sentinel.pass(b"surefoot-7 ready\n");
        assert_eq!(sentinel.stage(), Stage::Ready);
    }
}
