//! Values in commands: each arrives as it is, in every place that takes it, and none ever runs.

use crate::payloads::payloads;
use crate::sandbox::Sandbox;

/// Texts that become more than text wherever a value is not one. `FIRED` is a file that must not be.
const HOSTILE: [&str; 38] = [
    "; touch FIRED",
    "&& touch FIRED",
    "| touch FIRED",
    "& touch FIRED &",
    "$(touch FIRED)",
    "`touch FIRED`",
    "${x:=$(touch FIRED)}",
    "x[$(touch FIRED)]",
    "a[`touch FIRED`]+1",
    "' ; touch FIRED ; '",
    "\" ; touch FIRED ; \"",
    "\\\" ; touch FIRED ; \\\"",
    "'\"'\"'; touch FIRED; '\"'\"'",
    "\\",
    "\\\\",
    "\\'",
    "> FIRED",
    ">> FIRED 2>&1",
    "<(touch FIRED)",
    "*",
    "?? [a-z]*",
    "~ ~root",
    "!! !$ !-1",
    "{a,b}{1..9}",
    "%s %d %n",
    "() { :; }; touch FIRED",
    "EOF",
    "EOF\\nmore",
    "=x y=z",
    "IFS=x",
    "# no comment",
    "{{other}} {{{raw}}} ${SF_text} $SF_text",
    "#{x} <%= x %> %{x} @{x}",
    "  two  blanks  ",
    "tab\\there",
    "grün 日本語 🚒",
    "$'\\x41' $\"x\"",
    "x' || touch FIRED || 'x",
];

/// The commands in which the value stands, each of which prints it and a full stop.
const PLACES: [&str; 9] = [
    "printf '%s.' {{text}}",
    "printf '%s.' \"{{text}}\"",
    "printf '%s.' \"a {{text}} b\" | sed 's/^a //; s/ b\\.$/./'",
    "x={{text}}; printf '%s.' \"$x\"",
    "cat <<EOF | tr -d '\\n'\n{{text}}\nEOF\nprintf .",
    "cat <<< {{text}} | tr -d '\\n'; printf .",
    "if [[ {{text}} == \"{{text}}\" ]]; then printf '%s.' {{text}}; fi",
    "for x in {{text}}; do printf '%s.' \"$x\"; done",
    "case {{text}} in nothing-like-it) ;; *) printf '%s.' {{text}} ;; esac",
];

fn runbook() -> String {
    let script = PLACES.join("\n");
    let script = textwrap::indent(&script, "      ");
    format!(
        "\
schema: surefoot/v1
title: Values
inputs:
  text: {{ type: string }}
steps:
  - id: shell
    title: Print it
    effect: read
    run: |
{script}
  - {{ id: list, title: Print it, effect: read, run: [ printf, '%s.', '{{{{text}}}}' ] }}
  - id: environment
    title: Print it
    effect: read
    env: {{ TEXT: '{{{{text}}}}' }}
    run: printf '%s.' \"$TEXT\"
  - id: input
    title: Print it
    effect: read
    stdin: '{{{{text}}}}'
    run: cat; printf .
  - end: done
"
    )
}

#[test]
fn hostile_values_arrive_whole_and_never_run() {
    let sandbox = Sandbox::trusting(&runbook());
    let fired = sandbox.root().join("home/fired");
    for hostile in HOSTILE {
        let text = hostile.replace("FIRED", fired.to_str().unwrap());
        for old in sandbox.runs() {
            std::fs::remove_dir_all(old).unwrap();
        }
        let call = ["run", "runbook.yaml", "--set", &format!("text={text}")];
        let outcome = sandbox.surefoot(&call).run();
        assert_eq!(outcome.code(), 0, "{text:?}: {}", outcome.text());
        assert!(!fired.exists(), "{text:?} fired");
        let ended = sandbox.events_of("attempt_ended");
        assert_eq!(ended.len(), 4, "{text:?}");
        for (event, times) in ended.iter().zip([PLACES.len(), 1, 1, 1]) {
            let path = event["output"]["path"].as_str().unwrap();
            let printed = std::fs::read_to_string(sandbox.run().join(path)).unwrap();
            assert_eq!(printed, format!("{text}.").repeat(times), "{path}");
        }
        let files: Vec<_> =
            std::fs::read_dir(sandbox.run().join("work")).unwrap().flatten().collect();
        assert!(files.iter().all(|file| file.file_name() == "files"), "{text:?} left {files:?}");
    }
}

/// Every payload through what no shell reads: an argument, a part of one, the environment, input.
#[test]
fn payloads_arrive_where_no_shell_reads_them() {
    use std::fmt::Write as _;
    // An input that is empty is asked for.
    let payloads: Vec<String> = payloads().into_iter().filter(|it| !it.is_empty()).collect();
    let mut inputs = String::new();
    let mut steps = String::new();
    for at in 0..payloads.len() {
        let _ = writeln!(inputs, "  p{at}: {{ type: text }}");
        let _ = writeln!(
            steps,
            "  - {{ title: L{at}, effect: read, run: [printf, '%s\\0', '{{{{p{at}}}}}', 'a{{{{p{at}}}}}b'] }}\n\
             \x20 - {{ title: I{at}, effect: read, env: {{ IT: '{{{{p{at}}}}}' }}, stdin: '{{{{p{at}}}}}', run: 'printf \"%s\\0\" \"$IT\"; cat' }}"
        );
    }
    let runbook = format!(
        "schema: surefoot/v1\ntitle: Values\ninputs:\n{inputs}steps:\n{steps}  - end: done\n"
    );
    let sandbox = Sandbox::trusting(&runbook);
    let canary = sandbox.root().join("canary");
    let mut call = sandbox.surefoot(&["run", "runbook.yaml"]);
    call = call.env("CANARY", canary.to_str().unwrap());
    for (at, payload) in payloads.iter().enumerate() {
        call = call.env(&format!("SUREFOOT_INPUT_P{at}"), payload);
    }
    let outcome = call.run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    assert!(!canary.exists(), "a payload fired");
    let ended = sandbox.events_of("attempt_ended");
    assert_eq!(ended.len(), 2 * payloads.len());
    for (at, event) in ended.iter().enumerate() {
        let payload = &payloads[at / 2];
        let expected = match at % 2 {
            0 => format!("{payload}\0a{payload}b\0"),
            _ => format!("{payload}\0{payload}"),
        };
        let path = event["output"]["path"].as_str().unwrap();
        let printed = std::fs::read_to_string(sandbox.run().join(path)).unwrap();
        assert!(printed == expected, "{payload:.200?}: {printed:.400?}");
    }
}

#[test]
fn a_value_is_no_option_of_a_program() {
    let sandbox = Sandbox::trusting(
        "schema: surefoot/v1\ntitle: Options\ninputs: { text: { type: text } }\nsteps:\n  - { id: it, title: It, effect: read, run: 'cat {{text}}' }\n  - end: done\n",
    );
    for option in ["-n", "--version", "-oProxyCommand=x"] {
        let call = ["run", "runbook.yaml", "--set", &format!("text={option}")];
        let outcome = sandbox.surefoot(&call).run();
        assert_ne!(outcome.code(), 0, "{}", outcome.text());
    }
    let started: usize = sandbox
        .runs()
        .iter()
        .filter(|run| {
            std::fs::read_to_string(run.join("journal.jsonl")).unwrap().contains("attempt_started")
        })
        .count();
    assert_eq!(started, 0, "a value became an option");
}

#[test]
fn places_that_no_value_may_stand_in_are_refused_with_the_fix() {
    for (command, code) in [
        ("echo 'it is {{text}}'", 3),
        ("sh -c \"echo {{text}}\"", 3),
        ("eval \"echo {{text}}\"", 3),
        ("echo `echo {{text}}`", 3),
        ("echo $(({{text}} + 1))", 3),
        ("{{text}} --now", 3),
        ("ssh host \"ls {{text}}\"", 3),
        ("awk \"/{{text}}/\" x", 3),
        ("cat <<'EOF'\n{{text}}\nEOF", 3),
        ("echo {{{text}}}", 3),
        ("echo hi # {{text}}", 3),
        ("echo \"$({{text}})\"", 3),
        ("echo {{text}}", 0),
    ] {
        let sandbox = Sandbox::new();
        let command = textwrap::indent(command, "      ");
        sandbox.file("book.yaml", format!(
            "schema: surefoot/v1\ntitle: Places\ninputs: {{ text: {{ type: string }} }}\nsteps:\n  - id: it\n    title: It\n    effect: read\n    run: |\n{command}\n  - end: done\n"
        ));
        let outcome = sandbox.surefoot(&["check", "book.yaml"]).run();
        assert_eq!(outcome.code(), code, "{command}: {}", outcome.text());
        if code == 3 {
            let finding = outcome.stdout.find("error[").map(|at| &outcome.stdout[at..]).unwrap();
            assert!(
                finding.contains("book.yaml:9:") || finding.contains("book.yaml:10:"),
                "{finding}"
            );
            assert!(finding.contains("help:"), "no fix is shown: {finding}");
        }
    }
}

#[test]
fn a_list_is_given_with_commas_or_an_item_a_line() {
    let book = "schema: surefoot/v1\ntitle: Hosts\ninputs: { hosts: { type: list } }\nsteps:\n  - id: it\n    title: It\n    effect: read\n    run: [printf, '<%s>', '{{hosts}}']\n  - end: done\n";
    for (given, expected) in [("a, b,c", "<a><b><c>"), ("a,b\nc", "<a,b><c>"), ("a", "<a>")] {
        let sandbox = Sandbox::trusting(book);
        let hosts = format!("hosts={given}");
        let outcome = sandbox.surefoot(&["run", "runbook.yaml", "--set", &hosts]).run();
        assert_eq!(outcome.code(), 0, "{}", outcome.text());
        let log = std::fs::read_to_string(sandbox.run().join("output/0001.log")).unwrap();
        assert_eq!(log, expected);
    }
}
