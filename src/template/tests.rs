//! Tests of templates for shown text, environment, input and files.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::value::{Decimal, Name};

struct Known(BTreeMap<String, Datum>);

impl Facts for Known {
    fn get(&self, reference: &Reference) -> Option<Datum> {
        self.0.get(&reference.to_string()).cloned()
    }
}

fn known(values: &[(&str, Value)]) -> Known {
    Known(
        values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Datum::Open(value.clone())))
            .collect(),
    )
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

fn check(template: &str, expected: &str) {
    let mut facts = known(&[
        ("host", text("web-1")),
        ("nasty", text("{{host}} <b> & \"'")),
        ("empty", text("")),
        ("deep", Value::Boolean(true)),
        ("flat", Value::Boolean(false)),
        ("hosts", Value::List(vec![text("a"), text("b")])),
        ("elsewhere", text("there")),
        ("environment.context", text("prod-eu")),
        ("run.id", text("r1")),
        ("ratio", Value::Float(Decimal { number: 0.5, written: "0.50".to_owned() })),
    ]);
    let password = Datum::Secret(Secret::new("hunter2".to_owned()));
    facts.0.insert("password".to_owned(), password);
    let parsed = Template::parse(template).unwrap_or_else(|p| panic!("{template}: {p:?}"));
    assert_eq!(parsed.render(&facts).unwrap(), expected, "{template}");
}

#[test]
fn values_are_put_in_once_and_as_they_are() {
    check("on {{host}}.", "on web-1.");
    check("{{ host }}{{host}}", "web-1web-1");
    check("{{nasty}}", "{{host}} <b> & \"'");
    check("{{environment.context}} {{run.id}}", "prod-eu r1");
    check("{{ratio}} {{hosts}} {{deep}}", "0.50 a, b true");
    check("{{password}}", "${SF_password}");
    check("{{elsewhere}}", "there");
}

#[test]
fn text_comes_out_exactly_as_it_was_written() {
    check("a\n{{#if deep}}\n  b\n{{/if}}\nc\n", "a\n\n  b\n\nc\n");
    check("  {{#if flat}}x{{/if}}  \n", "    \n");
    check("\\{{.Names}} {a} }} \\ \\n", "{{.Names}} {a} }} \\ \\n");
    check("C:\\\\{{host}}", "C:\\web-1");
    check("&lt; <a href=\"x\">", "&lt; <a href=\"x\">");
    check("\\{{host}} {{host}}", "{{host}} web-1");
    check("", "");
}

#[test]
fn a_block_chooses_by_what_is_set_and_true() {
    check("{{#if deep}}a{{else}}b{{/if}}", "a");
    check("{{#if flat}}a{{else}}b{{/if}}", "b");
    check("{{#unless flat}}a{{else}}b{{/unless}}", "a");
    check("{{#if nowhere}}{{nowhere}}{{else}}b{{/if}}", "b");
    check("{{#if empty}}a{{else}}b{{/if}}", "b");
    check("{{#if host}}{{#if flat}}a{{else}}{{host}}{{/if}}{{/if}}", "web-1");
}

fn refused(template: &str, place: &str, word: &str) {
    let problems = Template::parse(template).expect_err(template);
    let first = &problems[0];
    assert_eq!(&template[first.at.clone()], place, "{template}: {problems:?}");
    let all = format!("{} {}", first.message, first.help.as_deref().unwrap_or(""));
    assert!(all.contains(word), "{template}: {all}");
}

#[test]
fn what_the_language_does_not_know_is_refused_where_it_stands() {
    refused("a {{{host}}} b", "{{{host}}}", "raw");
    refused("{ {{host}}}", "{{host}}}", "third brace");
    refused("{{{host}} }", "{{{host}}", "third brace");
    refused("{{&host}}", "{{&host}}", "raw");
    refused("{{> part}}", "{{> part}}", "include");
    refused("{{! note }}", "{{! note }}", "comment");
    refused("{{~host}}", "{{~host}}", "~");
    refused("{{#each hosts}}{{/each}}", "{{#each hosts}}", "for_each");
    refused("{{#with host}}{{/with}}", "{{#with host}}", "only");
    refused("{{lookup a b}}", "{{lookup a b}}", "calls");
    refused("{{.Names}}", "{{.Names}}", "\\{{");
    refused("{{*inline}}", "{{*inline}}", "decorator");
    refused("{{{{raw}}}}x{{{{/raw}}}}", "{{{{raw}}}}", "raw");
    refused("{{^host}}", "{{^host}}", "unless");
    refused("{{#if}}x{{/if}}", "{{#if}}", "needs");
    refused("{{#if deep}}x", "{{#if deep}}", "not closed");
    refused("{{/if}}", "{{/if}}", "closes no block");
    refused("{{else}}", "{{else}}", "outside");
    refused("{{#if a}}{{else}}{{else}}{{/if}}", "{{else}}", "already");
    refused("{{#if a}}{{/unless}}", "{{/unless}}", "{{/if}}");
    refused("{{#if a}}{{else if b}}{{/if}}", "{{else if b}}", "nest");
    refused("awk '{{print $1", "{{print $1", "\\{{");
    refused("{{}}", "{{}}", "empty");
}

#[test]
fn mentions_know_what_a_block_guards() {
    let template = Template::parse(
        "{{a}}{{#if b}}{{b}}{{a}}{{else}}{{b}}{{/if}}{{#unless c}}{{c}}{{else}}{{c}}{{/unless}}",
    )
    .unwrap();
    let found: Vec<(String, bool)> = template
        .mentions()
        .into_iter()
        .map(|mention| (mention.reference.to_string(), mention.guarded))
        .collect();
    let expected = [
        ("a", false),
        ("b", true),
        ("b", true),
        ("a", false),
        ("b", false),
        ("c", true),
        ("c", false),
        ("c", true),
    ];
    assert_eq!(found, expected.map(|(name, guarded)| (name.to_owned(), guarded)));
}

#[test]
fn secrets_stay_apart_and_lists_have_lines_when_a_file_is_filled() {
    let mut facts = known(&[("hosts", Value::List(vec![text("a"), text("b")]))]);
    let secret = Secret::new("s3cret".to_owned());
    facts.0.insert("password".to_owned(), Datum::Secret(secret.clone()));
    let template = Template::parse("x {{hosts}}\n{{password}}!").unwrap();
    assert_eq!(
        template.fill(&facts).unwrap(),
        [
            Fragment::Text("x a\nb\n".to_owned()),
            Fragment::Secret(Reference::Value(Name::new("password").unwrap()), secret),
            Fragment::Text("!".to_owned()),
        ]
    );
}

#[test]
fn a_value_cannot_leave_its_place_in_a_url() {
    let facts = known(&[("q", text("a b/c?d&e=ü"))]);
    let template = Template::parse("https://example.org/x?q={{q}}&n=1").unwrap();
    assert_eq!(
        template.render_url(&facts).unwrap(),
        "https://example.org/x?q=a%20b%2Fc%3Fd%26e%3D%C3%BC&n=1"
    );
}

#[test]
fn what_has_no_value_is_named() {
    let template = Template::parse("{{a}}").unwrap();
    let missing = Reference::Value(Name::new("a").unwrap());
    assert_eq!(template.render(&known(&[])), Err(Unset(missing)));
    assert_eq!(template.preview(&known(&[]), &|r| format!("<{r}>")), "<a>");
    let title = Template::parse("Port {{port}}{{#if host}} of {{host}}{{/if}}").unwrap();
    assert_eq!(title.unfilled(), "Port ‹port›");
}

#[test]
fn limits_hold() {
    assert!(Template::parse(&"x".repeat(64 * 1024)).is_ok());
    assert!(Template::parse(&"x".repeat(64 * 1024 + 1)).is_err());
    let nested = |depth: usize| "{{#if a}}".repeat(depth) + &"{{/if}}".repeat(depth);
    assert!(Template::parse(&nested(16)).is_ok());
    assert!(Template::parse(&nested(17)).is_err());
    assert!(Template::parse(&nested(3000)).is_err());
    assert!(Template::parse(&"{{(".repeat(20_000)).is_err());
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(source in "[{}#/~!&>\\\\ .a-c\"'\n\u{e9}if els]{0,60}") {
        let _ = Template::parse(&source);
    }

    #[test]
    fn a_text_without_double_braces_is_itself(source in "[^{]{0,60}") {
        let template = Template::parse(&source).unwrap();
        prop_assert_eq!(template.render(&known(&[])).unwrap(), source);
    }

    #[test]
    fn of_plain_slots_the_library_has_no_other_opinion(
        source in "([a-c \n\"'}]|\\\\|\\{|\\{\\{[a-c]{1,2}(\\.[a-z_0-9]{1,3})?\\}\\}){0,12}"
    ) {
        if super::pieces::is_plain(&source) {
            prop_assert!(handlebars::Template::compile(&source).is_ok(), "{source}");
        }
    }
}
