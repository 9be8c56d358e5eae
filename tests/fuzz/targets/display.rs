//! The display filter: nothing passes that a terminal would obey, wherever a stream is cut, and what
//! a person is asked about reads back as the very bytes.

use surefoot::console::{Filter, shown, shown_line, unescape};

use super::{first, has_controls};

pub(super) fn run(data: &[u8]) {
    let (cut, bytes) = first(data);
    let mut whole = Filter::default();
    let mut expected = whole.push(bytes);
    expected.push_str(&whole.finish());
    assert!(!has_controls(&expected), "{expected:?}");

    let size = cut % 7 + 1;
    let mut pieces = Filter::default();
    let mut joined: String = bytes.chunks(size).map(|piece| pieces.push(piece)).collect();
    joined.push_str(&pieces.finish());
    assert_eq!(joined, expected, "in pieces of {size}");

    let text = String::from_utf8_lossy(bytes);
    for told in [shown(&text), shown_line(&text)] {
        assert!(!has_controls(&told), "{told:?}");
        assert_eq!(unescape(&told), text.as_bytes(), "{told:?}");
    }
    assert!(!shown_line(&text).contains('\n'));
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let texts: [&[u8]; 15] = [
        b"\x01plain text\n",
        b"\x02\x1b[31mred\x1b[0m",
        b"\x03\x1b]0;title\x07",
        b"\x01\x1bP1$r0m\x1b\\",
        b"\x01\xc2\x9b31m\x9b31m",
        b"\x04over\rwritten\x08\x08",
        "\u{1}\u{202e}txt.exe\u{2066}".as_bytes(),
        "\u{2}👩\u{200d}💻 e\u{301} \u{feff}".as_bytes(),
        b"\x01\\x1b \\u{202e} \\x20{120} \\\\",
        b"\x05                                                                       end",
        b"\x01\n\n\n\n\n\n\n\n\nfar below",
        b"\x01\xff\xfe\xf0\x9f\x92",
        "\u{1}\u{a0}\u{3000}\u{2003}".as_bytes(),
        b"\x00\x00\t\x7f",
        b"\x01\n{2} e",
    ];
    texts.iter().map(|text| text.to_vec()).collect()
}
