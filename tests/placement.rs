//! Values in commands, really run: nothing in a value is ever run, every value arrives byte for
//! byte, and the command that is shown makes the same calls as the one that runs.
#![expect(clippy::disallowed_methods, reason = "shells are what is tested")]
#![expect(clippy::unwrap_used, reason = "clippy spares tests, not the helpers beside them")]

#[path = "support/payloads.rs"]
mod payloads;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use payloads::payloads;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use surefoot::template::{BoundScript, Declared, Held, Script, Shell};
use surefoot::value::{Datum, Facts, Reference, Secret, Type, Value};

const SHELLS: [Shell; 2] = [Shell::Bash, Shell::Sh];

struct Known(BTreeMap<String, Datum>);

impl Facts for Known {
    fn get(&self, reference: &Reference) -> Option<Datum> {
        self.0.get(&reference.to_string()).cloned()
    }
}

fn known(values: &[(&str, &str)]) -> Known {
    let open = |text: &str| Datum::Open(Value::Text(text.to_owned()));
    Known(values.iter().map(|(name, value)| ((*name).to_owned(), open(value))).collect())
}

#[expect(clippy::unnecessary_wraps, reason = "the form that scripts ask for")]
fn declared(reference: &Reference) -> Option<Declared> {
    let name = reference.to_string();
    let closed = name.starts_with("closed");
    Some(Declared {
        ty: if closed { Type::Name } else { Type::Text },
        closed,
        secret: name.starts_with("secret"),
        optional: name.starts_with("maybe"),
    })
}

fn parse(template: &str, shell: Shell) -> Script {
    Script::parse(template, shell, &declared)
        .unwrap_or_else(|problems| panic!("{template}: {problems:?}"))
        .0
}

/// Runs a text in a fresh shell, with nothing in its environment but what is given.
fn run(shell: Shell, text: &str, folder: &Path, variables: &BTreeMap<String, Held>) -> Output {
    let mut command = match shell {
        Shell::Bash => Command::new("bash"),
        Shell::Sh => Command::new("sh"),
    };
    match shell {
        Shell::Bash => command.args(["-euo", "pipefail", "-c", text]),
        Shell::Sh => command.args(["-eu", "-c", text]),
    };
    let path = format!("{}:/usr/bin:/bin", folder.join("bin").display());
    command
        .current_dir(folder.join("work"))
        .env_clear()
        .env("PATH", path)
        .env("HOME", folder)
        .env("LC_ALL", "C.UTF-8")
        .env("NAME", "name")
        .env("CANARY", folder.join("canary"))
        .env("CALLS", folder.join("calls"));
    for (name, held) in variables {
        command.env(
            name,
            match held {
                Held::Open(text) => text.as_str(),
                Held::Secret(secret) => secret.expose(),
            },
        );
    }
    command.output().unwrap()
}

/// A folder with a program `record`, which writes down its arguments and its input.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("bin")).unwrap();
    fs::create_dir(folder.path().join("work")).unwrap();
    let stub = folder.path().join("bin/record");
    fs::write(
        &stub,
        "#!/bin/sh\nprintf '%s\\0' \"$#\" \"$@\" >>\"$CALLS\"\nif [ \"${1-}\" = in ]; then cat >>\"$CALLS\"; printf '\\0' >>\"$CALLS\"; fi\n",
    )
    .unwrap();
    fs::set_permissions(&stub, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn calls(folder: &Path) -> Vec<u8> {
    let path = folder.join("calls");
    let calls = fs::read(&path).unwrap_or_default();
    let _ = fs::remove_file(&path);
    calls
}

/// A place where text may stand, and the calls of `record` that it makes: `{v}` is the value, `{t}`
/// the value without the newlines at its end, which `$(...)` takes away.
type Position = (&'static str, &'static str);

const BASH_ONLY: &[Position] = &[
    ("cat <<< {{text}} | record in here", "2\0in\0here\0{v}\n\0"),
    ("cat <<< \"a{{text}}\" | record in here", "2\0in\0here\0a{v}\n\0"),
    ("if [[ {{text}} == x ]]; then record yes; else record no; fi", "1\0no\0"),
    ("list=(a {{text}} b{{text}}c); record \"${list[@]}\"", "3\0a\0{v}\0b{v}c\0"),
    ("record in sub < <(printf %s {{text}})", "2\0in\0sub\0{v}\0"),
    ("x=abc; record \"${x/{{text}} /y}\"", "1\0abc\0"),
];

const EVERYWHERE: &[Position] = &[
    ("record -- {{text}}", "2\0--\0{v}\0"),
    ("record --to={{text}} z", "2\0--to={v}\0z\0"),
    ("record \"{{text}}\"z a\"{{text}}\" \"a{{text}}b\"", "3\0{v}z\0a{v}\0a{v}b\0"),
    ("x={{text}}; record is \"$x\"", "2\0is\0{v}\0"),
    (
        "x=a\"{{text}}\"b record in \"$(printf '%s.' {{closed}})\" </dev/null",
        "2\0in\0web-1.example.\0\0",
    ),
    ("X={{text}} sh -c 'record is \"$X\"'", "2\0is\0{v}\0"),
    ("record \"$(printf '%s.' is{{text}})\"", "1\0is{v}.\0"),
    ("for x in {{text}} b; do record \"$x\"; done", "1\0{v}\x001\0b\0"),
    ("case {{text}} in {{text}}) record same;; *) record other;; esac", "1\0same\0"),
    (
        "cat <<EOF | record in doc\nis {{text}} $NAME\nE{{text}}\n{{text}}\nEOF\n",
        "2\0in\0doc\0is {v} name\nE{v}\n{v}\n\0",
    ),
    (
        "cat <<-EOF | record in doc\n\tis {{text}}\n\t{{text}}\n\tEOF\n",
        "2\0in\0doc\0is {v}\n{v}\n\0",
    ),
    ("printf '%s' a{{text}} | record in pipe", "2\0in\0pipe\0a{v}\0"),
    ("if [ {{text}} = x ]; then record yes; else record no; fi", "1\0no\0"),
    (
        "record \"${NOTHING:-{{text}} b}\" \"${NAME:+a {{text}} b}\" ${NOTHING:-\"{{text}}\"}",
        "3\0{v} b\0a {v} b\0{v}\0",
    ),
    ("x=a/b; record \"${x%{{text}} *}\" \"$x{{text}}\" $x{{text}}", "3\0a/b\0a/b{v}\0a/b{v}\0"),
    ("record \"$(record \"$(printf %s x{{text}})\")\"", "1\0x{t}\x001\0\0"),
    ("f() { record \"$1\"; }; f x{{text}}", "1\0x{v}\0"),
    ("set -- {{text}} b; record \"$@\"", "2\0{v}\0b\0"),
    (
        "record '{{closed}}' 'a{{closed}}b' \"`printf %s {{closed}}`\" `printf %s {{closed}}`",
        "4\0web-1.example\0aweb-1.exampleb\0web-1.example\0web-1.example\0",
    ),
    (
        "cat <<'EOF' | record in doc\n$HOME {{closed}} \\ `x`\nEOF\n",
        "2\0in\0doc\0$HOME web-1.example \\ `x`\n\0",
    ),
];

fn bind(template: &str, shell: Shell, value: &str) -> BoundScript {
    let facts = known(&[("text", value), ("closed", "web-1.example"), ("maybe", value)]);
    parse(template, shell)
        .bind(&facts)
        .unwrap_or_else(|error| panic!("{template} {value:?}: {error}"))
}

fn positions(shell: Shell) -> Vec<Position> {
    let mut all = EVERYWHERE.to_vec();
    if shell == Shell::Bash {
        all.extend(BASH_ONLY);
    }
    all
}

fn templates(shell: Shell) -> Vec<&'static str> {
    positions(shell).into_iter().map(|(template, _)| template).collect()
}

/// Runs a text once for each value in a shell of its own, all from one process: each is a copy of
/// it that has read nothing yet.
const ONCE_FOR_EACH: &str = r#"
record() {
  printf '%s\0' "$#" "$@" >>"$CALLS"
  if [ "${1-}" = in ]; then cat >>"$CALLS"; printf '\0' >>"$CALLS"; fi
}
at=0
while [ "$at" -lt "$COUNT" ]; do
  (
    CALLS=$ALL/$at
    for name in $NAMES; do eval "export $name=\"\$VALUE_${at}_$name\""; done
    set -eu
    eval "$SCRIPT"
  )
  printf '%s ' "$?"
  at=$((at + 1))
done
"#;

/// The calls that a text makes with each of its values.
fn calls_of_all(folder: &Path, shell: Shell, bound: &[BoundScript]) -> Vec<Vec<u8>> {
    let all = folder.join("all");
    fs::create_dir(&all).unwrap();
    let names: Vec<&str> = bound[0].variables.keys().map(String::as_str).collect();
    let mut variables = BTreeMap::from([
        ("ALL".to_owned(), Held::Open(all.display().to_string())),
        ("COUNT".to_owned(), Held::Open(bound.len().to_string())),
        ("NAMES".to_owned(), Held::Open(names.join(" "))),
        ("SCRIPT".to_owned(), Held::Open(bound[0].text.clone())),
    ]);
    for (at, bound) in bound.iter().enumerate() {
        for (name, held) in &bound.variables {
            variables.insert(format!("VALUE_{at}_{name}"), held.clone());
        }
    }
    let script = match shell {
        Shell::Bash => format!("set +e\n{ONCE_FOR_EACH}"),
        Shell::Sh => format!("set +e +u\n{ONCE_FOR_EACH}"),
    };
    let output = run(shell, &script, folder, &variables);
    let statuses = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(statuses, "0 ".repeat(bound.len()), "{}: {output:?}", bound[0].text);
    let calls = (0..bound.len()).map(|at| fs::read(all.join(at.to_string())).unwrap_or_default());
    let calls = calls.collect();
    fs::remove_dir_all(&all).unwrap();
    calls
}

#[test]
fn every_payload_arrives_in_every_position() {
    let folder = folder();
    let values = payloads();
    for shell in SHELLS {
        for (template, expected) in positions(shell) {
            let bound: Vec<_> = values.iter().map(|value| bind(template, shell, value)).collect();
            let calls = calls_of_all(folder.path(), shell, &bound);
            assert!(!folder.path().join("canary").exists(), "fired: {shell:?} {template}");
            for (value, made) in values.iter().zip(calls) {
                let expected =
                    expected.replace("{v}", value).replace("{t}", value.trim_end_matches('\n'));
                assert!(
                    made == expected.as_bytes(),
                    "{shell:?} {template}\n{value:.200?}\n{:.400?}",
                    String::from_utf8_lossy(&made)
                );
            }
        }
    }
}

#[test]
fn no_payload_fires_and_all_arrive() {
    let folder = folder();
    // One script for all positions, each in a subshell of its own.
    for shell in SHELLS {
        let script = "record -- {{text}}\nrecord \"a{{text}}\" --x={{text}}\nx={{text}}\nrecord is \"$x\"\ncat <<EOF | record in\nis {{text}}.\nEOF\nrecord \"${NOTHING:-a{{text}} }\"\nfor x in {{text}}; do record is \"$x\"; done\n";
        for value in payloads() {
            let bound = bind(script, shell, &value);
            let output = run(shell, &bound.text, folder.path(), &bound.variables);
            assert!(output.status.success(), "{shell:?} {value:?}: {output:?}");
            assert!(!folder.path().join("canary").exists(), "fired: {value:?}");
            let expected = format!(
                "2\0--\0{value}\x002\0a{value}\0--x={value}\x002\0is\0{value}\x001\0in\0is {value}.\n\x001\0a{value} \x002\0is\0{value}\0"
            );
            let arrived = calls(folder.path());
            assert!(arrived == expected.as_bytes(), "{shell:?} {value:.200?}");
        }
    }
}

/// Runs the text and what is shown of it, and compares the calls they make.
fn compare(folder: &Path, template: &str, shell: Shell, value: &str) -> Result<(), String> {
    let bound = bind(template, shell, value);
    let first = run(shell, &bound.text, folder, &bound.variables);
    let made = calls(folder);
    let second = run(shell, &bound.shown, folder, &BTreeMap::new());
    let shown = calls(folder);
    if folder.join("canary").exists() {
        return Err(format!("fired: {template} {value:?}"));
    }
    if made != shown || first.status != second.status || made.is_empty() {
        return Err(format!(
            "{shell:?} {template}\n{value:?}\n{}\n{}\n{:?}\n{:?}\n{first:?}\n{second:?}",
            bound.text,
            bound.shown,
            String::from_utf8_lossy(&made),
            String::from_utf8_lossy(&shown)
        ));
    }
    Ok(())
}

#[test]
fn what_is_shown_makes_the_same_calls_in_every_position() {
    let folder = folder();
    let values = [
        "a'b\"c`d$e\\f}g{h",
        "EOF\nEOF_\n",
        "\tx\n\ty\n\n",
        "\u{1b}[1m\r\u{7}1\n",
        "",
        "a b *",
        "~",
        "plain",
        "2",
        "$(touch $CANARY)",
    ];
    for shell in SHELLS {
        for template in templates(shell) {
            for value in values {
                compare(folder.path(), template, shell, value).unwrap();
            }
        }
    }
}

#[test]
fn what_is_shown_makes_the_same_calls_for_any_value() {
    let folder = folder();
    for shell in SHELLS {
        let templates = templates(shell);
        let value = "[ a-c0-2\\\\'\"`$(){}<>|&;*?!#~%=,\\n\\t\\r\u{1b}\u{e9}\\[\\]EOF_]{0,12}";
        let strategy = (0..templates.len(), value);
        let mut runner = TestRunner::new(ProptestConfig {
            cases: 64,
            failure_persistence: None,
            ..ProptestConfig::default()
        });
        runner
            .run(&strategy, |(index, value)| {
                compare(folder.path(), templates[index], shell, &value).map_err(TestCaseError::fail)
            })
            .unwrap();
    }
}

#[test]
fn the_text_is_the_same_for_all_values() {
    for shell in SHELLS {
        for template in templates(shell) {
            let first = bind(template, shell, "a").text;
            for value in payloads() {
                assert_eq!(bind(template, shell, &value).text, first);
            }
        }
    }
}

#[test]
fn a_value_that_looks_like_an_option_is_refused() {
    let refused = |template: &str| {
        let facts = known(&[("text", "--force"), ("empty", "")]);
        parse(template, Shell::Bash).bind(&facts).is_err()
    };
    assert!(refused("rm {{text}}"));
    assert!(refused("rm \"{{text}}\""));
    assert!(refused("rm {{empty}}{{text}}"));
    assert!(refused("x=$(rm {{text}})"));
    assert!(!refused("rm -- {{text}}"));
    assert!(!refused("rm --x={{text}}"));
    assert!(!refused("x={{text}}"));
    assert!(!refused("[[ {{text}} == x ]]"));
    assert!(!refused("echo x > {{text}}"));
}

#[test]
fn a_secret_is_never_shown() {
    let mut facts = known(&[]);
    let secret = Datum::Secret(Secret::new("hunter2".to_owned()));
    facts.0.insert("secret".to_owned(), secret);
    let script = parse("printf %s {{secret}} | login\nX=\"a{{secret}}\" login", Shell::Bash);
    let bound = script.bind(&facts).unwrap();
    assert_eq!(bound.shown, "printf %s \"${SF_secret}\" | login\nX=\"a${SF_secret}\" login");
    assert_eq!(bound.text, bound.shown);
}
