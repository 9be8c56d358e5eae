//! One request of HTTP/1.1, read strictly and within limits: what two readers could take differently is
//! refused, and no more is ever held than a request may have.

use std::io::{self, Read};

/// The most bytes of a request's line and headers.
const MOST_HEAD: usize = 16 << 10;
/// The most headers.
const MOST_HEADERS: usize = 64;
/// The longest line that says how long a chunk is.
const LONGEST_SIZE: usize = 256;

/// A request that was read to its end.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) target: String,
    /// Names in small letters, with their values.
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// Why there is no request.
#[derive(Debug)]
pub(super) enum Unread {
    /// It is answered with a status and a phrase.
    Refused(u16, &'static str),
    /// Nobody is there any more.
    Gone,
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
                Self::Refused(408, "it took too long")
            }
            _ => Self::Gone,
        }
    }
}

impl Request {
    /// The value of a header; nothing if it is not there or comes more than once.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(other, _)| other == name);
        let (_, value) = found.next()?;
        found.next().is_none().then_some(value)
    }

    /// Whether a header is there at all.
    pub(super) fn names(&self, name: &str) -> bool {
        self.headers.iter().any(|(other, _)| other == name)
    }
}

/// Reads a request with a body of so many bytes at most.
pub(super) fn read_request(stream: &mut impl Read, most: usize) -> Result<Request, Unread> {
    let mut reader = Reader { stream, held: Vec::new(), at: 0 };
    let mut left = MOST_HEAD;
    let line = reader.line(&mut left, Unread::Refused(431, "the head is too large"))?;
    let mut words = line.split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Unread::Refused(400, "it is not a request of HTTP/1.1"));
    };
    if !matches!(version, "HTTP/1.1" | "HTTP/1.0") {
        return Err(Unread::Refused(505, "only HTTP/1.1 is spoken here"));
    }
    if method.is_empty() || !method.bytes().all(is_token) || !target.starts_with('/') {
        return Err(Unread::Refused(400, "it is not a request of HTTP/1.1"));
    }
    let mut request = Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
    };
    loop {
        let line = reader.line(&mut left, Unread::Refused(431, "the head is too large"))?;
        if line.is_empty() {
            break;
        }
        if request.headers.len() == MOST_HEADERS {
            return Err(Unread::Refused(431, "it has too many headers"));
        }
        request.headers.push(header(&line)?);
    }
    request.body = body(&request, &mut reader, most)?;
    Ok(request)
}

fn header(line: &str) -> Result<(String, String), Unread> {
    let wrong = Unread::Refused(400, "a header is malformed");
    match line.split_once(':') {
        Some((name, value)) if !name.is_empty() && name.bytes().all(is_token) => {
            let value = value.trim_matches([' ', '\t']);
            Ok((name.to_ascii_lowercase(), value.to_owned()))
        }
        _ => Err(wrong),
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn body<R: Read>(
    request: &Request,
    reader: &mut Reader<'_, R>,
    most: usize,
) -> Result<Vec<u8>, Unread> {
    let large = Unread::Refused(413, "the body is too large");
    match (request.names("transfer-encoding"), request.names("content-length")) {
        (true, true) => Err(Unread::Refused(400, "it has two lengths")),
        (true, false) => match request.header("transfer-encoding") {
            Some(coding) if coding.eq_ignore_ascii_case("chunked") => reader.chunks(most),
            _ => Err(Unread::Refused(501, "only chunks are known as a transfer coding")),
        },
        (false, true) => {
            let length = request.header("content-length").and_then(decimal);
            let length = length.ok_or(Unread::Refused(400, "its length is malformed"))?;
            if length > most {
                return Err(large);
            }
            let mut body = Vec::new();
            reader.exactly(length, &mut body)?;
            Ok(body)
        }
        (false, false) if request.method == "POST" => {
            Err(Unread::Refused(411, "it does not say its length"))
        }
        (false, false) => Ok(Vec::new()),
    }
}

/// Digits alone: no sign, no blank.
fn decimal(text: &str) -> Option<usize> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Bytes of a stream, some of which are here already.
struct Reader<'a, R> {
    stream: &'a mut R,
    held: Vec<u8>,
    at: usize,
}

impl<R: Read> Reader<'_, R> {
    fn fill(&mut self) -> Result<(), Unread> {
        if self.at == self.held.len() {
            let mut buffer = [0; 8192];
            let count = loop {
                match self.stream.read(&mut buffer) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    other => break other?,
                }
            };
            if count == 0 {
                return Err(Unread::Gone);
            }
            self.held.clear();
            self.held.extend_from_slice(&buffer[..count]);
            self.at = 0;
        }
        Ok(())
    }

    /// A line without its end, which is a carriage return and a newline; no other control may be in it.
    fn line(&mut self, left: &mut usize, long: Unread) -> Result<String, Unread> {
        let mut line = Vec::new();
        loop {
            self.fill()?;
            let byte = self.held[self.at];
            self.at += 1;
            let Some(fewer) = left.checked_sub(1) else { return Err(long) };
            *left = fewer;
            match byte {
                b'\n' if line.last() == Some(&b'\r') => {
                    line.pop();
                    let text = String::from_utf8(line).ok();
                    let text = text.filter(|it| !it.chars().any(|c| c.is_control() && c != '\t'));
                    return text.ok_or(Unread::Refused(400, "the head is not text"));
                }
                b'\n' => return Err(Unread::Refused(400, "a line has a wrong end")),
                byte => line.push(byte),
            }
        }
    }

    /// So many bytes.
    fn exactly(&mut self, count: usize, into: &mut Vec<u8>) -> Result<(), Unread> {
        let mut left = count;
        while left > 0 {
            self.fill()?;
            let some = left.min(self.held.len() - self.at);
            into.extend_from_slice(&self.held[self.at..self.at + some]);
            self.at += some;
            left -= some;
        }
        Ok(())
    }

    /// A body in chunks, to its end.
    fn chunks(&mut self, most: usize) -> Result<Vec<u8>, Unread> {
        let wrong = || Unread::Refused(400, "a chunk is malformed");
        let mut body = Vec::new();
        loop {
            let mut left = LONGEST_SIZE;
            let line = self.line(&mut left, wrong())?;
            let size = line.split(';').next().unwrap_or_default();
            let plain =
                (1..=8).contains(&size.len()) && size.bytes().all(|b| b.is_ascii_hexdigit());
            let size = usize::from_str_radix(size, 16).ok().filter(|_| plain).ok_or_else(wrong)?;
            if size == 0 {
                break;
            }
            if size > most - body.len() {
                return Err(Unread::Refused(413, "the body is too large"));
            }
            self.exactly(size, &mut body)?;
            if !self.line(&mut 2, wrong())?.is_empty() {
                return Err(wrong());
            }
        }
        // Headers behind the body say nothing here.
        let mut left = MOST_HEAD;
        while !self.line(&mut left, wrong())?.is_empty() {}
        Ok(body)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Gives a few bytes at a time, as networks do.
    struct Slowly<'a>(&'a [u8], usize);

    impl Read for Slowly<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(into.len());
            into[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn read(text: &str) -> Result<Request, Unread> {
        read_request(&mut text.as_bytes(), 1000)
    }

    const HEAD: &str = "POST / HTTP/1.1\r\nHost: localhost:9099\r\n";

    #[test]
    fn a_body_is_read_by_its_length_or_in_chunks_however_it_arrives() {
        let length = format!("{HEAD}Content-Length: 5\r\n\r\nhellorest");
        let chunks = format!(
            "{HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nTail: 1\r\n\r\n"
        );
        for text in [length, chunks] {
            for step in [1, 2, 7, 10_000] {
                let request = read_request(&mut Slowly(text.as_bytes(), step), 5).unwrap();
                assert_eq!(request.body, b"hello");
                assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/"));
                assert_eq!(request.header("host"), Some("localhost:9099"));
            }
        }
    }

    #[test]
    fn what_could_be_taken_in_two_ways_is_refused() {
        let long = format!("{HEAD}X: {}\r\n\r\n", "x".repeat(MOST_HEAD));
        let many = format!("{HEAD}{}\r\n", "X: y\r\n".repeat(MOST_HEADERS));
        for (text, status) in [
            ("POST / HTTP/1.1\n\n", 400),
            ("POST  / HTTP/1.1\r\n\r\n", 400),
            ("POST / HTTP/2.0\r\n\r\n", 505),
            ("POST http://localhost/ HTTP/1.1\r\n\r\n", 400),
            ("P(ST / HTTP/1.1\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\n\r\n", 411),
            ("POST / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nX: a\rb\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nX: \u{1}\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400),
            ("POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\nx", 400),
            ("POST / HTTP/1.1\r\nContent-Length: \r\n\r\nx", 400),
            ("POST / HTTP/1.1\r\nContent-Length: 1,1\r\n\r\nx", 400),
            ("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\nx", 400),
            ("POST / HTTP/1.1\r\nContent-Length: 1001\r\n\r\nx", 413),
            ("POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx", 400),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", 400),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n", 400),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n 1\r\nx\r\n", 400),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n", 413),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n123456789\r\n", 400),
            (&long, 431),
            (&many, 431),
        ] {
            match read(text) {
                Err(Unread::Refused(found, _)) => assert_eq!(found, status, "{text:.80}"),
                other => panic!("{text:.80}: {other:?}"),
            }
        }
        for short in ["", "POST", HEAD, "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nx"] {
            assert!(matches!(read(short), Err(Unread::Gone)), "{short}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fail_otherwise(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            step in 1_usize..40,
        ) {
            let _ = read_request(&mut Slowly(&bytes, step), 100);
            let framed = [b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".as_slice(), &bytes];
            if let Ok(request) = read_request(&mut Slowly(&framed.concat(), step), 100) {
                prop_assert!(request.body.len() <= 100);
            }
        }
    }
}
