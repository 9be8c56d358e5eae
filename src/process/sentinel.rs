//! Proof that a command arrived at its target: the first line that the shell there prints, taken out
//! of the output. Without it a prefix that does not pass its input on would look like a success.

/// How much noise of a login shell may come before it.
const NOISE: usize = 64 * 1024;

/// The search for the line.
pub(crate) struct Sentinel {
    awaited: Option<Vec<u8>>,
    held: Vec<u8>,
    /// It did not come within the limit: what is printed is passed on, the arrival stays unproved.
    given_up: bool,
}

impl Sentinel {
    /// Nothing is awaited if there is no line.
    pub(crate) fn new(line: Option<Vec<u8>>) -> Self {
        Self { awaited: line, held: Vec::new(), given_up: false }
    }

    /// Whether it has not come yet.
    pub(crate) fn is_awaited(&self) -> bool {
        self.awaited.is_some()
    }

    /// Takes what was printed; returns what is output.
    pub(crate) fn pass(&mut self, bytes: &[u8]) -> Vec<u8> {
        let Some(line) = self.awaited.as_ref().filter(|_| !self.given_up) else {
            return bytes.to_vec();
        };
        self.held.extend_from_slice(bytes);
        let found = self.held.windows(line.len()).position(|window| window == line.as_slice());
        if let Some(at) = found {
            let end = at + line.len();
            let mut rest = std::mem::take(&mut self.held);
            rest.drain(at..end);
            self.awaited = None;
            return rest;
        }
        if self.held.len() > NOISE {
            self.given_up = true;
            return self.flush();
        }
        Vec::new()
    }

    /// What was held back.
    pub(crate) fn flush(&mut self) -> Vec<u8> {
        self.given_up = true;
        std::mem::take(&mut self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_taken_out_wherever_it_is_cut() {
        let text = b"welcome\nhere-7\noutput\n";
        for cut in 0..=text.len() {
            let mut sentinel = Sentinel::new(Some(b"here-7\n".to_vec()));
            let mut out = sentinel.pass(&text[..cut]);
            out.extend(sentinel.pass(&text[cut..]));
            assert_eq!(out, b"welcome\noutput\n", "cut at {cut}");
            assert!(!sentinel.is_awaited());
        }
    }

    #[test]
    fn without_it_the_output_is_kept_and_the_arrival_unproved() {
        let mut sentinel = Sentinel::new(Some(b"here-7\n".to_vec()));
        assert!(sentinel.pass(b"no such host\n").is_empty());
        assert_eq!(sentinel.flush(), b"no such host\n");
        assert!(sentinel.is_awaited());
    }
}
