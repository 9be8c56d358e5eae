//! Whatever a file, its name or a message holds, in every form that findings are given in.

use super::terminal_strings::{assert_inert, texts};
use super::*;

/// A finding in which everything that can hold a text holds this one.
fn finding(text: &str, source: &Source) -> Diagnostic {
    let end = source.text.len();
    Diagnostic::error("code", 0..end, text).help(text).label(0..end, text).fix(Fix::replace(
        text,
        0..end,
        text,
    ))
}

#[test]
fn no_string_is_obeyed_in_any_form_of_a_finding() {
    for (name, text) in texts() {
        for in_name in [text, "a.yaml"] {
            let source = Source { name: in_name.to_owned(), text: text.into() };
            let finding = finding(text, &source);
            let all = std::slice::from_ref(&finding);
            assert_inert(name, &render(&source, all, 80, Colour::Plain));
            let github = to_github(&source, all);
            assert_inert(name, &github);
            assert_eq!(github.lines().count(), 1, "{name}: {github:?}");
            assert!(github.starts_with("::error file="), "{name}: {github:?}");
            for value in to_json(&source, all) {
                assert_inert(name, &visible_json(&value.to_string()));
            }
            let report = Report { source: source.clone(), findings: vec![finding.clone()] };
            let sarif = to_sarif(&[report], "1", |_| None);
            let told = visible_json(&sarif.to_string());
            assert_inert(name, &told);
            assert_eq!(serde_json::from_str::<serde_json::Value>(&told).unwrap(), sarif, "{name}");
        }
    }
}

#[test]
fn no_string_is_obeyed_in_a_message() {
    for (name, text) in texts() {
        assert_inert(name, &visible(text));
        assert_inert(name, &cut(text));
        let line = visible_line(text);
        assert_inert(name, &line);
        assert!(!line.contains('\n'), "{name}: {line:?}");
    }
}
