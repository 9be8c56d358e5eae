//! The timing file beside an output: one line a piece, in the advanced format of script(1), so that
//! `scriptreplay --timing 0012.timing --log-out <(echo; cat 0012.log)` plays it (the program skips the
//! first line of a log, where script(1) puts a header; ours is byte-exact and has none). All pieces
//! are `O` lines, since both streams stand in one log; an `H` line `STREAM stderr` says where the
//! following pieces came from. Standard output needs no such line until the stream changes.

use std::fmt::Write as _;
use std::time::Duration;

use crate::session::Stream;

/// A piece of an output.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// Where it was printed.
    pub stream: Stream,
    /// Seconds since the piece before.
    pub delay: f64,
    /// How many bytes of the log it is.
    pub bytes: u64,
}

/// Writes the lines.
#[derive(Debug)]
pub(crate) struct Timing {
    stream: Stream,
}

impl Default for Timing {
    fn default() -> Self {
        Self { stream: Stream::Stdout }
    }
}

impl Timing {
    /// Adds the lines of a piece.
    pub(crate) fn line(&mut self, stream: Stream, delay: Duration, bytes: usize, out: &mut String) {
        if stream != self.stream {
            self.stream = stream;
            let name = name(stream);
            writeln!(out, "H 0.000000 STREAM {name}").expect("a string takes every write");
        }
        let (seconds, micros) = (delay.as_secs(), delay.subsec_micros());
        writeln!(out, "O {seconds}.{micros:06} {bytes}").expect("a string takes every write");
    }
}

fn name(stream: Stream) -> &'static str {
    match stream {
        Stream::Stderr => "stderr",
        Stream::Stdout => "stdout",
    }
}

/// Reads a timing file back. Lines of other kinds and a torn last line are passed over.
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut stream = Stream::Stdout;
    let mut pieces = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["H", _, "STREAM", "stderr"] => stream = Stream::Stderr,
            ["H", _, "STREAM", _] => stream = Stream::Stdout,
            ["O", delay, bytes] => {
                if let (Ok(delay), Ok(bytes)) = (delay.parse(), bytes.parse()) {
                    pieces.push(Piece { stream, delay, bytes });
                }
            }
            _ => {}
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_back_with_their_stream() {
        let mut timing = Timing::default();
        let mut text = String::new();
        for (stream, millis, bytes) in [
            (Stream::Stdout, 1, 5),
            (Stream::Stderr, 1500, 6),
            (Stream::Stderr, 0, 7),
            (Stream::Stdout, 2, 8),
        ] {
            timing.line(stream, Duration::from_millis(millis), bytes, &mut text);
        }
        assert_eq!(
            text,
            "O 0.001000 5\nH 0.000000 STREAM stderr\nO 1.500000 6\nO 0.000000 7\n\
             H 0.000000 STREAM stdout\nO 0.002000 8\n"
        );
        let read = pieces(&text);
        let streams: Vec<Stream> = read.iter().map(|piece| piece.stream).collect();
        assert_eq!(streams, [Stream::Stdout, Stream::Stderr, Stream::Stderr, Stream::Stdout]);
        assert_eq!(read.iter().map(|piece| piece.bytes).sum::<u64>(), 26);
    }
}
