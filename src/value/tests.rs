//! Values of every type: what is accepted, what is refused, and that nothing is respelled.

use proptest::prelude::*;

use super::*;

fn accepts(ty: Type, texts: &[&str]) {
    for text in texts {
        let value = Value::parse(ty, text);
        let value = value.unwrap_or_else(|error| panic!("{ty} {text:?}: {error}"));
        assert_eq!(value.written(), *text, "{ty}: a value prints as it was written");
    }
}

fn refuses(ty: Type, texts: &[&str]) {
    for text in texts {
        assert!(Value::parse(ty, text).is_err(), "{ty} {text:?}");
    }
}

#[test]
fn a_string_is_one_line_that_is_no_option() {
    accepts(Type::String, &["a", "a b", "ä 💥", "$(rm -rf /)", "'", " x ", "a-"]);
    refuses(
        Type::String,
        &["", "-x", "-", "a\nb", "a\r", "a\tb", "\u{1b}[2J", "a\0", "a\u{85}", "a\u{2028}b"],
    );
}

#[test]
fn a_text_is_anything_without_nul() {
    accepts(Type::Text, &["", "-x", "a\nb\n", "\t", "\u{1b}"]);
    refuses(Type::Text, &["a\0b"]);
}

#[test]
fn a_name_has_letters_or_digits_at_both_ends() {
    accepts(Type::Name, &["a", "9", "shop", "a-b", "a.b", "a--b", "checkout-7d9f"]);
    refuses(Type::Name, &["", "-a", "a-", ".a", "a.", "A", "a_b", "a b", "a\n", "ä", "a/b", "a;b"]);
}

#[test]
fn a_host_is_a_dns_name_or_an_address() {
    accepts(
        Type::Host,
        &[
            "db",
            "db-1.example.org",
            "DB.Example.org",
            "example.org.",
            "10.0.0.1",
            "::1",
            "2001:db8::7",
            "1a",
        ],
    );
    refuses(
        Type::Host,
        &[
            "",
            "-db",
            "db-",
            "db:5432",
            "10.0.0.1:80",
            "[::1]",
            "[::1]:80",
            "::1%eth0",
            "a..b",
            ".a",
            "https://a.b",
            "a/b",
            "root@db",
            "a b",
            "a\n",
            "1.2.3.256",
            "1.2.3",
            "999",
            "a_b",
            "ä.de",
            "a;b",
            "$(x)",
        ],
    );
    refuses(Type::Host, &[&"a".repeat(64), &"a.".repeat(127).repeat(2)]);
    let message = Value::parse(Type::Host, "db:5432").unwrap_err().to_string();
    assert_eq!(message, "`db:5432` is not a host: write the host alone, without port and brackets");
}

#[test]
fn a_path_is_one_line_that_is_no_option() {
    accepts(Type::Path, &["/var/log/a.log", "./-x", "a b", "..", "~/x"]);
    refuses(Type::Path, &["", "-rf", "a\nb", "a\0"]);
}

#[test]
fn a_whole_number_prints_as_it_was_written_or_is_refused() {
    accepts(Type::Integer, &["0", "42", "-7", "9223372036854775807", "-9223372036854775808"]);
    refuses(
        Type::Integer,
        &[
            "",
            "-",
            "+5",
            "007",
            "-0",
            "1.0",
            "1e3",
            "0x10",
            " 1",
            "1 ",
            "1_000",
            "9223372036854775808",
            "٣",
        ],
    );
}

#[test]
fn a_decimal_number_keeps_its_digits() {
    accepts(Type::Float, &["0.01", "1.10", "3", "-0.5", "1e3", "1.5E-7", "0", "0.1000"]);
    refuses(
        Type::Float,
        &[
            "", "-", ".5", "5.", "+1", "1e", "1e999", "inf", "NaN", "nan", "infinity", "0x1p3",
            "1,5", "01.5", "1 ", "--1",
        ],
    );
}

#[test]
fn a_boolean_is_true_or_false_in_small_letters() {
    accepts(Type::Boolean, &["true", "false"]);
    refuses(Type::Boolean, &["", "True", "yes", "no", "on", "1", "0", "true "]);
}

#[test]
fn a_timestamp_has_a_zone() {
    accepts(
        Type::Timestamp,
        &["2026-03-01T02:40:00Z", "2026-03-01T02:40:00.123Z", "2026-03-01T03:40:00+01:00"],
    );
    refuses(
        Type::Timestamp,
        &[
            "",
            "2026-03-01",
            "2026-03-01T02:40:00",
            "2026-03-01 02:40:00Z",
            "2026-03-01T02:40Z",
            "2026-02-30T00:00:00Z",
            "2026-03-01T25:00:00Z",
            "1740796800",
            "2026-03-01T02:40:00.Z",
            "2026-03-01T02:40:00+0100",
            "2026-03-01T02:40:00Z[Europe/Berlin]",
            "20260301T024000Z",
            "2026-03-01T02:40:00é",
            "now",
        ],
    );
    let message = Value::parse(Type::Timestamp, "2026-03-01T02:40:00").unwrap_err();
    assert!(message.to_string().contains("zone is missing"), "{message}");
}

#[test]
fn the_same_moment_in_two_zones_is_the_same() {
    let utc = Value::parse(Type::Timestamp, "2026-03-01T02:40:00Z").unwrap();
    let berlin = Value::parse(Type::Timestamp, "2026-03-01T03:40:00+01:00").unwrap();
    assert!(utc.is_same(&berlin));
    assert_ne!(utc, berlin);
}

#[test]
fn a_url_is_absolute() {
    accepts(
        Type::Url,
        &[
            "https://example.org",
            "http://localhost:8080/a?b=c#d",
            "ssh://git@host/x",
            "https://ä.de/",
        ],
    );
    refuses(
        Type::Url,
        &[
            "",
            "example.org",
            "/path",
            "//host/x",
            "https://",
            "https:///x",
            "javascript:alert(1)",
            "-x://a",
            "https://a b",
            "https://a\nb",
            "https://a/`x`",
            "https://a/\"",
            "1x://a",
        ],
    );
}

#[test]
fn a_list_has_one_item_a_line() {
    let check = |text: &str, expected: &[&str]| {
        let list = Value::parse(Type::List, text).unwrap();
        let items: Vec<String> = list.items().iter().map(Value::written).collect();
        assert_eq!(items, expected);
    };
    check("a\nb\n", &["a", "b"]);
    check("a\r\nb", &["a", "b"]);
    check("\n\na, b\n \n", &["a, b"]);
    check("", &[]);
    refuses(Type::List, &["a\0"]);
    assert_eq!(Value::parse(Type::List, "a\nb").unwrap().written(), "a, b");
}

#[test]
fn a_single_value_is_its_own_only_item() {
    let value = Value::Integer(3);
    assert_eq!(value.items(), std::slice::from_ref(&value));
}

#[test]
fn a_message_repeats_no_control_characters_and_a_secret_not_at_all() {
    let error = Value::parse(Type::Name, "x\u{1b}]0;evil\u{7}").unwrap_err();
    assert!(!error.to_string().contains(char::is_control));
    assert!(!error.without_text().contains("evil"));
    let long = Value::parse(Type::Integer, &"x".repeat(10_000)).unwrap_err();
    assert!(long.to_string().len() < 200);
}

#[test]
fn values_survive_the_journal() {
    for (ty, text) in [
        (Type::Float, "1.10"),
        (Type::Duration, "90s"),
        (Type::Timestamp, "2026-03-01T03:40:00+01:00"),
        (Type::List, "a\nb"),
        (Type::Boolean, "true"),
        (Type::Integer, "-9223372036854775808"),
    ] {
        let value = Value::parse(ty, text).unwrap();
        let json = serde_json::to_string(&value).unwrap();
        let back: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(back, value, "{json}");
    }
}

proptest! {
    #[test]
    fn what_a_type_accepts_prints_as_it_was_written(text in "\\PC*", at in 0..Type::ALL.len()) {
        let ty = Type::ALL[at];
        if let Ok(value) = Value::parse(ty, &text) && ty != Type::List {
            prop_assert_eq!(value.written(), text);
        }
    }

    #[test]
    fn closed_values_hold_no_character_that_means_something_to_a_shell(text in ".{0,12}", at in 0..Type::ALL.len()) {
        let ty = Type::ALL[at];
        if ty.is_closed() && let Ok(value) = Value::parse(ty, &text) {
            let harmless = |c: char| c.is_ascii_alphanumeric() || "-+.:".contains(c);
            prop_assert!(value.written().chars().all(harmless));
        }
    }

    #[test]
    fn every_whole_number_reads_back(number: i64) {
        let read = Value::parse(Type::Integer, &number.to_string()).unwrap();
        prop_assert_eq!(read, Value::Integer(number));
    }
}
