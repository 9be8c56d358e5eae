//! The digest of a runbook and everything it brings: what trust and records speak of.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// SHA-256 over the sorted paths and digests of all files of a runbook, one line a file:
/// `<sha256>  <path>`, as `sha256sum` prints them.
pub(super) fn closure_digest<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut lines: Vec<(&str, String)> = files.map(|(path, bytes)| (path, sha256(bytes))).collect();
    lines.sort();
    let mut text = String::new();
    for (path, digest) in lines {
        let _ = writeln!(text, "{digest}  {path}");
    }
    sha256(text.as_bytes())
}

/// SHA-256 of bytes, in lower-case hex.
pub fn sha256(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(pairs: &[(&str, &str)]) -> String {
        closure_digest(pairs.iter().map(|(path, text)| (*path, text.as_bytes())))
    }

    #[test]
    fn the_order_of_files_does_not_matter_and_all_else_does() {
        let one = digest(&[("a", "1"), ("b", "2")]);
        assert_eq!(one, digest(&[("b", "2"), ("a", "1")]));
        assert_ne!(one, digest(&[("a", "2"), ("b", "1")]));
        assert_ne!(one, digest(&[("a", "1")]));
        assert_ne!(one, digest(&[("a", "1"), ("c", "2")]));
    }
}
