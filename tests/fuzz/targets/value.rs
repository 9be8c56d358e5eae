//! Values: what is taken as a value prints as it was written and reads back as itself.

use surefoot::value::{Type, Value};

pub(super) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for ty in Type::keywords().filter_map(Type::from_keyword) {
        if let Ok(value) = Value::parse(ty, &text) {
            // A list is given an item a line, and a line may end as on Windows.
            if value.items().iter().any(|item| item.written().ends_with('\r')) {
                continue;
            }
            let lines: Vec<String> = value.items().iter().map(Value::written).collect();
            let written = lines.join("\n");
            let again = Value::parse(ty, &written);
            assert_eq!(again.as_ref().ok(), Some(&value), "{ty:?}: {written:?}");
            if ty.is_closed() {
                assert!(written.bytes().all(harmless), "{ty:?}: {written:?}");
            }
        }
    }
}

/// What can end no string and start no command in any language.
fn harmless(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-+.:_%".contains(&byte)
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    [
        "true",
        "1h30m",
        "90s",
        "-12",
        "9223372036854775807",
        "1.10",
        "1e3",
        "shop-1.a",
        "fe80::1%eth0",
        "example.org",
        "/var/log/x",
        "https://example.org/a?b=c#d",
        "2026-03-01T02:40:00+01:00",
        "a, b",
        "a\nb",
        "",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}
