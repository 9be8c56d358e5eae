//! What is repaired, what stays, and that nothing says something else afterwards.

use proptest::prelude::*;

use super::super::load::NoRepository;
use super::super::parse::{Kind, Node};
use super::*;

const HEAD: &str = "schema: surefoot/v1\ntitle: T\nowner: { team: t }\nescalation: [ { role: r, how: h, after: 5m } ]\n";

fn source(text: &str) -> Source {
    Source { name: "a.yaml".to_owned(), text: text.into() }
}

fn repaired(text: &str) -> Repaired {
    repair(&source(text), &NoRepository)
}

/// The text after its repairs, behind the usual head.
fn body(text: &str) -> String {
    let repaired = repaired(&format!("{HEAD}{text}"));
    repaired.source.text.strip_prefix(HEAD).expect("the head stays").to_owned()
}

/// What the second parser, which knows anchors, makes of a text.
fn meaning(text: &str) -> serde_yaml::Value {
    serde_yaml::from_str(text).unwrap()
}

/// What every scalar says, however it is written.
fn said(node: &Node) -> Vec<String> {
    match &node.kind {
        Kind::Scalar(scalar) => vec![scalar.value.clone()],
        Kind::List(items) => items.iter().flat_map(said).collect(),
        Kind::Map(map) => {
            let entries = map.entries.iter();
            entries
                .flat_map(|entry| [vec![entry.key.clone()], said(&entry.value)].concat())
                .collect()
        }
    }
}

#[test]
fn a_name_is_repaired_with_everything_that_mentions_it() {
    let text = "\
environments: { stg-eu: { kubeContext: a }, prod: { kubeContext: b } }
inputs:
  podName: { type: name }
steps:
  - ask: Where to?
    options:
      - { id: roll-back, label: Back, use: { procedure: roll-back } }
      - { id: stop, label: Stop, end: done }
  - id: look
    effect: read
    run: kubectl --context {{environment.kubeContext}} get pod {{podName}} # podName
    when: podName != \"x\" && has(podName)
  - end: done
procedures:
  roll-back:
    steps:
      - { do: \"Look at {{podName}}, not at podName.\" }
      - { goto: roll-back }
";
    let expected = text
        .replace("roll-back", "roll_back")
        .replace("kubeContext", "kube_context")
        .replace("stg-eu", "stg_eu")
        .replace("{{podName}}", "{{pod_name}}")
        .replace("  podName:", "  pod_name:")
        .replace("podName != \"x\" && has(podName)", "pod_name != \"x\" && has(pod_name)");
    let expected = expected.replace(
        "kubectl --context {{environment.kube_context}} get pod {{pod_name}} # podName",
        "\"kubectl --context {{environment.kube_context}} get pod {{pod_name}} # podName\"",
    );
    assert_eq!(body(text), expected);
}

#[test]
fn a_name_whose_meaning_cannot_be_told_stays() {
    for text in [
        // Two names would be one.
        "inputs: { podName: { type: name }, pod-name: { type: name } }\nsteps: [ { do: x } ]\n",
        // The new name is taken.
        "inputs: { podName: { type: name }, pod_name: { type: name } }\nsteps: [ { do: x } ]\n",
        // A difference.
        "inputs: { a: { type: integer }, b: { type: integer }, a-b: { type: integer } }\nsteps: [ { do: x, when: a-b > 1 } ]\n",
        // The name is a value, too.
        "environments: { pre-prod: { x: 1 } }\nsteps: [ { do: x, when: environment.name == \"pre-prod\" } ]\n",
        // Nothing has that name.
        "steps: [ { goto: roll-back } ]\n",
    ] {
        assert_eq!(body(text), text);
    }
}

#[test]
fn text_that_yaml_would_cut_or_respell_is_put_in_quotes() {
    for (before, after) in [
        ("summary: 1.10\nsteps: [ { do: x } ]\n", "summary: \"1.10\"\nsteps: [ { do: x } ]\n"),
        ("summary: ~\nsteps: [ { do: x } ]\n", "summary: \"~\"\nsteps: [ { do: x } ]\n"),
        (
            "environments: { a: { v: 1e3 } }\nsteps: [ { do: x } ]\n",
            "environments: { a: { v: \"1e3\" } }\nsteps: [ { do: x } ]\n",
        ),
        ("steps:\n  - do: Look at #ops now\n", "steps:\n  - do: Look at #ops now\n"),
        ("steps:\n  - do: Ask in  #ops now\n", "steps:\n  - do: Ask in  #ops now\n"),
        ("steps:\n  - do: {{x}} is high\n", "steps:\n  - do: \"{{x}} is high\"\n"),
        ("steps:\n  - do: @dana knows\n", "steps:\n  - do: \"@dana knows\"\n"),
        ("steps:\n  - do: say \"a\": now\n", "steps:\n  - do: 'say \"a\": now'\n"),
    ] {
        let after = if before.contains(" #ops") {
            after.replace("do: ", "do: \"").replace("now\n", "now\"\n")
        } else {
            after.to_owned()
        };
        assert_eq!(body(before), after);
    }
}

#[test]
fn keys_and_keywords_in_another_spelling_are_respelled() {
    assert_eq!(
        body(
            "steps:\n  - run: uptime\n    effect: Read\n    onFailure: continue\n  - end: rolled-back\n"
        ),
        "steps:\n  - run: uptime\n    effect: read\n    on_failure: continue\n  - end: rolled_back\n"
    );
    // Which of the two counts is not for us to say.
    let both = "steps:\n  - run: uptime\n    effect: read\n    on_failure: continue\n    on-failure: stop\n";
    assert_eq!(body(both), both);
}

#[test]
fn lines_that_belong_together_stay_lines() {
    let step =
        |command: &str| format!("steps:\n  - effect: read\n    run: {command}\n  - end: done\n");
    for (before, after) in [
        (
            "kubectl get pods\n      -n shop\n      -o wide",
            "|\n      kubectl get pods \\\n      -n shop \\\n      -o wide",
        ),
        (">\n      uptime &&\n      df -h", "|\n      uptime &&\n      df -h"),
        ("ps aux |\n      sort", "|\n      ps aux |\n      sort"),
        ("kubectl \\\n      get pods", "|\n      kubectl \\\n      get pods"),
    ] {
        assert_eq!(body(&step(before)), step(after), "{before}");
    }
    // One command or two? The author must say.
    for unclear in [
        "uptime\n      df -h",
        ">\n      cd /tmp\n      ls",
        ">-\n      echo 'a\n      -n b'",
        "uptime\n\n      -n b",
    ] {
        assert_eq!(body(&step(unclear)), step(unclear), "{unclear}");
    }
}

#[test]
fn aliases_are_written_out() {
    let text = "\
inputs:
  a: &name { type: name }
  b: *name
steps:
  - &look
    run: uptime
    effect: read
  - *look
  - id: x
    do: &text |
      Look
        there.
  - do: *text
";
    let after = body(text);
    assert!(!after.contains(['&', '*']), "{after}");
    assert_eq!(meaning(&after), meaning(text), "{after}");
    assert_eq!(repaired(&format!("{HEAD}{after}")).made, []);
}

#[test]
fn aliases_that_cannot_be_written_out_stay() {
    for text in [
        "base: &b { a: 1 }\nsteps: [ { <<: *b } ]\n",
        "steps: &a [ { do: x }, *a ]\n",
        "steps: [ { do: *nothing } ]\n",
    ] {
        assert_eq!(body(text), text);
    }
}

#[test]
fn what_a_repair_brings_to_light_is_repaired_and_no_new_error_is_made() {
    let text = "steps:\n  - do: @dana\n  - do: @eve\n  - do: 1.10\n  - run: @x\n    effect: reed\n";
    let repaired = repaired(&format!("{HEAD}{text}"));
    assert_eq!(repaired.made.len(), 4, "{:?}", repaired.made);
    assert_eq!(repaired.made[0].place, (6, 9));
    let left: Vec<_> = repaired.loaded.findings.iter().map(|found| found.code).collect();
    assert!(left.contains(&"keyword"), "{left:?}");
}

#[test]
fn new_lines_end_as_the_others_do() {
    let text =
        format!("{HEAD}steps:\n  - effect: read\n    run: a\n      -b\n").replace('\n', "\r\n");
    let after = repaired(&text).source.text;
    assert!(after.contains("run: |\r\n      a \\\r\n      -b\r\n"), "{after:?}");
    assert_eq!(after.matches('\n').count(), after.matches("\r\n").count());
}

fn word() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "1.10",
        "0755",
        "~",
        "null",
        "1e3",
        "a b",
        "x # y",
        "*a",
        "&a b",
        "'q'",
        "\"d\"",
        "{{x}}",
        "@z",
        "roll-back",
        "8080",
        "true",
        "- x",
        "a: b",
        "podName",
        "|",
        ">-",
        "[1",
        "",
    ])
}

proptest! {
    #[test]
    fn whatever_the_text_no_error_is_new_and_what_loads_stays(words in prop::collection::vec(word(), 6)) {
        let [a, b, c, d, e, f] = words.try_into().unwrap();
        let text = format!(
            "{HEAD}summary: {a}\ninputs:\n  {d}: {{ type: string, default: {b} }}\nsteps:\n  - id: {d}\n    do: {c}\n  - effect: read\n    run: {e}\n      -n {f}\n  - goto: {d}\n"
        );
        let before = load(&source(&text), &NoRepository);
        let after = repaired(&text);
        if before.runbook.is_some() {
            prop_assert_eq!(&*after.source.text, text.as_str());
        }
        // Once repaired, there is nothing to repair.
        prop_assert_eq!(repaired(&after.source.text).made, vec![]);
    }

    #[test]
    fn what_is_put_in_quotes_says_the_same(text in "[0-9]{1,3}\\.[0-9]{1,3}|0[0-9]{1,4}|[0-9]e[0-9]|~|null") {
        let text = format!("{HEAD}summary: {text}\nsteps: [ {{ do: x }} ]\n");
        let read = |text: &str| said(&parse::parse(&source(text), &mut Vec::new()).unwrap());
        prop_assert_eq!(read(&repaired(&text).source.text), read(&text));
    }

    #[test]
    fn written_out_aliases_mean_what_they_meant(
        anchored in prop::sample::select(vec!["{ type: name }", "\n    type: name", "\n    type: name\n    description: |\n      a\n       b"]),
        uses in 1..4usize,
    ) {
        let aliases: Vec<String> = (0..uses).map(|index| format!("  b{index}: *x\n")).collect();
        let aliases = aliases.concat();
        let text = format!(
            "{HEAD}inputs:\n  a: &x {anchored}\n{aliases}steps: [ {{ do: x }} ]\n"
        );
        let text = text.replace("&x \n", "&x\n");
        let after = repaired(&text);
        prop_assert!(!after.source.text.contains("*x"), "{}", after.source.text);
        prop_assert_eq!(meaning(&after.source.text), meaning(&text));
    }
}
