//! Filters as captures use them, and the bounds around them.

use proptest::prelude::*;

use super::*;

const DEPLOYS: &str = r#"{"current":{"at":"2026-03-01T02:31:00Z","revision":42},
    "previous":{"revision":41},"rate":0.030,"big":123456789012345678901234567890,
    "pods":[{"name":"a","ready":true},{"name":"b","ready":false}]}"#;

fn texts(filter: &str) -> Vec<String> {
    texts_of(filter, DEPLOYS)
}

fn texts_of(filter: &str, json: &str) -> Vec<String> {
    let outputs = Filter::compile(filter).unwrap().run(json).unwrap();
    outputs.into_iter().map(|output| output.text).collect()
}

fn refused(filter: &str, piece: &str, says: &str) {
    let error = Filter::compile(filter).unwrap_err();
    assert!(error.message.contains(says), "{filter}: {error}");
    assert!(!error.message.is_empty() && error.message.len() < 200);
    let at = error.at.unwrap_or_else(|| panic!("{filter}: {}: no place", error.message));
    assert_eq!(&filter[at], piece, "{filter}");
}

#[test]
fn filters_take_values_out_of_json() {
    assert_eq!(texts(".current.at"), ["2026-03-01T02:31:00Z"]);
    assert_eq!(texts(".current.revision - 1"), ["41"]);
    assert_eq!(texts(".pods[] | select(.ready | not) | .name"), ["b"]);
    assert_eq!(texts("[.pods[].name] | join(\" \")"), ["a b"]);
    assert_eq!(texts(".pods | length"), ["2"]);
    assert_eq!(texts(".missing // \"none\""), ["none"]);
    assert_eq!(texts(".previous"), [r#"{"revision":41}"#]);
    assert_eq!(texts(".missing"), ["null"]);
    assert_eq!(texts("[..|numbers] | length"), ["4"]);
    assert_eq!(texts(".pods | map(.name) | sort | reverse | first"), ["b"]);
    assert_eq!(texts("[keys | length][0], (.rate | tostring)").len(), 2);
    assert_eq!(texts("\"\\(.current.revision)-x\" | ascii_upcase"), ["42-X"]);
    assert_eq!(texts("reduce .pods[] as $p (0; . + 1)"), ["2"]);
    assert_eq!(texts("if .rate > 0.01 then \"high\" else \"low\" end"), ["high"]);
    assert_eq!(texts("to_entries | map(.key) | .[0]"), ["current"]);
}

#[test]
fn numbers_keep_their_digits() {
    assert_eq!(texts(".rate"), ["0.030"]);
    assert_eq!(texts(".big"), ["123456789012345678901234567890"]);
}

#[test]
fn outputs_say_what_they_are() {
    let run = |filter: &str| Filter::compile(filter).unwrap().run(DEPLOYS);
    let kinds = |filter: &str| -> Vec<OutputKind> {
        run(filter).unwrap().into_iter().map(|output| output.kind).collect()
    };
    assert_eq!(
        kinds(".pods[0].name, .missing, .current"),
        [OutputKind::Other, OutputKind::Null, OutputKind::Other]
    );
    let item = |text: &str, kind| Output { text: text.to_owned(), kind };
    assert_eq!(
        kinds("[.pods[0].name, .rate, null, [1]]"),
        [OutputKind::Array(vec![
            item("a", OutputKind::Other),
            item("0.030", OutputKind::Other),
            item("null", OutputKind::Null),
            item("[1]", OutputKind::Other),
        ])]
    );
    assert!(run("nan").is_err());
    assert!(run("[nan]").is_err());
}

#[test]
fn what_reaches_outside_the_document_is_refused_with_its_place() {
    refused("env", "env", "environment");
    refused(". as $x | $ENV.HOME", "$ENV", "environment");
    refused("[.a, (input)]", "input", "one document");
    refused("\"a\\(inputs)\"", "inputs", "one document");
    refused(".a | now", "now", "time");
    refused("debug", "debug", "effects");
    refused("halt", "halt", "effects");
    refused("import \"a\" as a; .", "import", "effects");
}

#[test]
fn filters_that_may_never_end_are_refused() {
    refused("def f: f; f", "def", "never end");
    refused("repeat(.)", "repeat", "never end");
    refused("[.[] | until(false; .)]", "until", "never end");
    refused("recurse(.)", "recurse", "never end");
}

#[test]
fn words_of_the_language_are_free_as_keys() {
    let filter = r#".input, .env, {now: 1}.now, .["def"]"#;
    let json = r#"{"input":1,"env":2,"def":3}"#;
    assert_eq!(texts_of(filter, json), ["1", "2", "1", "3"]);
}

#[test]
fn slips_are_answered_with_their_place() {
    refused(".a | lenght", "lenght", "there is no filter `lenght`");
    refused(".a | $x", "$x", "there is no variable `$x`");
    refused(".a |", "", "ends where term");
    refused(".a | )", ")", "");
    refused("[.a", "", "");
    refused("", "", "empty");
    refused("  ", "  ", "empty");
    refused(".a ; .b", ";", "");
}

#[test]
fn output_that_is_not_json_is_said_to_be_so() {
    let filter = Filter::compile(".").unwrap();
    for json in ["", " \n", "{", "{a:1}", "1 2", "nan", "# x\n1", "\u{1b}[31m{}"] {
        let error = filter.run(json).unwrap_err();
        assert!(error.message.contains("JSON"), "{json:?}: {error}");
    }
    assert!(filter.run(&"[".repeat(100_000)).is_err());
}

#[test]
fn a_failure_is_one_short_line() {
    let json = serde_json::json!({ "a": "\u{1b}[2J".repeat(1000) }).to_string();
    let error = Filter::compile(".a[0]").unwrap().run(&json).unwrap_err();
    assert!(error.message.chars().count() < 300, "{error}");
    assert!(!error.message.contains(char::is_control));
}

#[test]
fn outputs_are_bounded() {
    let fails = |filter: &str, says: &str| {
        let error = Filter::compile(filter).unwrap().run("1").unwrap_err();
        assert!(error.message.contains(says), "{error}");
    };
    fails("range(1000000000)", "10000 outputs");
    fails("range(9000) | \"x\" * 1000", "bytes");
}

#[test]
fn no_filter_exhausts_the_stack() {
    let pieces = [
        "(",
        "[",
        "{a:",
        "-",
        "try ",
        "if ",
        "reduce ",
        "foreach ",
        ".|",
        ".,",
        "\"\\(",
        ".a",
        ".[",
        "?",
        "1+",
        "1<",
        "..",
        "not|",
        "label $x|",
        "1 as $x|",
        ".=",
        "1//",
        "map(",
        "@text ",
        "$__loc__|",
    ];
    for piece in pieces {
        for tail in ["", ".", "1"] {
            for count in [10, 32, 64, 140, 290, 1000, 5000] {
                if let Ok(filter) = Filter::compile(&(piece.repeat(count) + tail)) {
                    let _ = filter.run("1");
                }
            }
        }
    }
}

#[test]
fn texts_are_tested_against_patterns_in_linear_time() {
    assert_eq!(texts(".pods[].name | test(\"^a\")"), ["true", "false"]);
    let fails = |filter: &str| Filter::compile(filter).unwrap().run("\"a\"").is_err();
    assert!(fails("test(\"(\")"));
    assert!(fails("1 | test(\"a\")"));
    assert!(fails("test(1)"));
}

proptest! {
    #[test]
    fn no_text_makes_the_compiler_panic(text in "[ -~äλ\n]{0,40}") {
        if let Err(error) = Filter::compile(&text) && let Some(at) = error.at {
            prop_assert!(text.get(at).is_some());
        }
    }
}

#[test]
fn no_definition_hides_a_function_so_what_is_not_needed_changes_nothing() {
    let functions: Vec<_> =
        functions().map(|(name, arguments, _)| (name.to_owned(), arguments.len())).collect();
    for definition in DEFINITIONS.iter() {
        let own = (definition.name.to_owned(), definition.args.len());
        assert!(!functions.contains(&own), "{own:?}");
    }
}

#[test]
fn every_definition_compiles_with_what_it_needs() {
    let mut count = 0;
    for definition in DEFINITIONS.iter() {
        let arguments = vec!["."; definition.args.len()].join("; ");
        let call = match definition.args.len() {
            0 => definition.name.to_owned(),
            _ => format!("{}({arguments})", definition.name),
        };
        if let Err(error) = super::program(&call, Vec::new()) {
            panic!("{call}: {error}");
        }
        count += 1;
    }
    assert!(count > 60, "{count}");
    let error = Filter::compile("first(.;.;.)").unwrap_err();
    assert_eq!(error.message, "there is no filter `first`");
    assert_eq!(error.at, Some(0..5));
}

#[test]
fn filters_are_kept_under_their_own_texts_however_many_there_are() {
    for number in (0..2 * super::MOST_KEPT).chain(0..2) {
        let filter = Filter::compile(&format!(". + {number}")).unwrap();
        assert_eq!(filter.run("1").unwrap()[0].text, (number + 1).to_string());
    }
    assert!(super::KEPT.lock().unwrap().len() <= super::MOST_KEPT);
}
