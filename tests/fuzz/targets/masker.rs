//! The masker: whatever the secrets and however a stream is cut, what comes out is what a plain
//! search over the whole stream makes of it, and holds no secret.

use surefoot::value::{MASK, Masker, Patterns};

use super::first;

pub(super) fn run(data: &[u8]) {
    let mut parts = data.split(|byte| *byte == 0xff);
    let (size, secrets) = first(parts.next().unwrap_or_default());
    let secrets: Vec<Vec<u8>> = secrets
        .split(|byte| *byte == b',')
        .filter(|it| !it.is_empty())
        .map(<[u8]>::to_vec)
        .collect();
    let stream = parts.collect::<Vec<_>>().concat();
    let mut patterns = Patterns::default();
    patterns.add(secrets.clone());

    let expected = plainly(&secrets, &stream);
    assert_eq!(patterns.masked_bytes(&stream), expected);
    let mut masker = Masker::default();
    let mut out = Vec::new();
    for piece in stream.chunks(size % 9 + 1) {
        masker.mask(&patterns, piece, &mut out);
    }
    masker.flush(&patterns, &mut out);
    assert_eq!(out, expected, "in pieces of {}", size % 9 + 1);
}

/// The longest secret at the first place where there is one, again and again.
fn plainly(secrets: &[Vec<u8>], stream: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < stream.len() {
        let here = secrets.iter().filter(|secret| stream[at..].starts_with(secret));
        if let Some(length) = here.map(Vec::len).max() {
            out.extend_from_slice(MASK);
            at += length;
        } else {
            out.push(stream[at]);
            at += 1;
        }
    }
    out
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let texts: [&[u8]; 5] = [
        b"\x01hunter2\xffthe password is hunter2, hunter",
        b"\x00aab,ab,b\xffaaaabab",
        b"\x03abcabd,cab\xffabcabcabd",
        b"\x02line one,line two\xffline one\nline two\n",
        b"\x07aaaa,aaa\xffaaaaaaaaaaa",
    ];
    texts.iter().map(|text| text.to_vec()).collect()
}
