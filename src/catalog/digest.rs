//! The digest of a runbook and everything it brings: what trust and records speak of.

use sha2::{Digest, Sha256};

use super::closure::Part;
use crate::value::hex;

/// What the digest is of: a change of the form below is a change of this word, too.
const FORM: &str = "surefoot-closure/v1";

/// SHA-256 over the paths of all files of a runbook, sorted, each with whether it is a program and
/// with the digest of its content. It is taken of JSON, in which no path can look like two files.
pub(super) fn closure_digest<'a>(parts: impl Iterator<Item = &'a Part>) -> String {
    let mut files: Vec<(&str, bool, String)> =
        parts.map(|part| (part.path.as_str(), part.executable, sha256(&part.bytes))).collect();
    files.sort();
    let json = serde_json::to_vec(&(FORM, files)).expect("words and truth values are JSON");
    sha256(&json)
}

/// SHA-256 of bytes, in lower-case hex.
pub fn sha256(bytes: &[u8]) -> String {
    hex(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::PartKind;

    fn part(path: &str, text: &str, executable: bool) -> Part {
        let bytes = text.as_bytes().to_vec();
        Part { path: path.to_owned(), bytes, executable, kind: PartKind::Brought }
    }

    fn digest(pairs: &[(&str, &str)]) -> String {
        let parts: Vec<Part> = pairs.iter().map(|(path, text)| part(path, text, false)).collect();
        closure_digest(parts.iter())
    }

    #[test]
    fn the_order_of_files_does_not_matter_and_all_else_does() {
        let one = digest(&[("a", "1"), ("b", "2")]);
        assert_eq!(one, digest(&[("b", "2"), ("a", "1")]));
        for other in [
            digest(&[("a", "2"), ("b", "1")]),
            digest(&[("a", "1")]),
            digest(&[("a", "1"), ("c", "2")]),
            digest(&[("a", "1"), ("b", "2"), ("b2", "")]),
            digest(&[("a", "1"), ("B", "2")]),
            digest(&[("a", "1"), ("./b", "2")]),
            digest(&[("a", "1"), ("b", "2 ")]),
            closure_digest([part("a", "1", false), part("b", "2", true)].iter()),
            digest(&[]),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn no_path_looks_like_two_files() {
        let two = digest(&[("a", "1"), ("b", "2")]);
        let line = format!("a\n{}  b", sha256(b"2"));
        assert_ne!(two, digest(&[(&line, "1")]));
        let json = format!("a\",false,\"{}\"],[\"b", sha256(b"1"));
        assert_ne!(two, digest(&[(&json, "2")]));
    }
}
