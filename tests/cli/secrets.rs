//! Secrets reach their command, and nothing else: no journal, log, report, output or argument.

use crate::sandbox::Sandbox;

const SECRET: &str = "hunter2-Zq9#correct-horse";

/// A runbook whose steps give the secret away in every way that they can.
fn runbook(from: &str) -> String {
    format!(
        "\
schema: surefoot/v1
title: Secrets
service: shop
inputs:
  token: {{ type: string, secret: true, from: {from} }}
steps:
  - id: shout
    title: Shout it
    effect: read
    env: {{ TOKEN: '{{{{token}}}}' }}
    run: |
      echo \"plain $TOKEN\"
      echo \"errors $TOKEN\" >&2
      printf %s \"$TOKEN\" | base64
      printf '%s' \"${{TOKEN:0:9}}\"; sleep 0; printf '%s\\n' \"${{TOKEN:9}}\"
      printf %s \"$TOKEN\" | sha256sum > \"$HOME/arrived\"
      tr '\\0' ' ' < /proc/$PPID/cmdline >> \"$HOME/arguments\"
      tr '\\0' ' ' < /proc/$$/cmdline >> \"$HOME/arguments\"
  - end: done
"
    )
}

/// Runs it and looks for the secret everywhere.
fn check(sandbox: &Sandbox, environment: Option<(&str, &str)>) {
    sandbox.trust("runbook.yaml");
    let mut call = sandbox.surefoot(&["run", "runbook.yaml", "--format", "jsonl"]);
    if let Some((name, value)) = environment {
        call = call.env(name, value);
    }
    let outcome = call.run();
    assert!(matches!(outcome.code(), 0 | 4), "{}", outcome.text());
    let home =
        |name: &str| std::fs::read_to_string(sandbox.root().join("home").join(name)).unwrap();
    let expected = surefoot::catalog::sha256(SECRET.as_bytes());
    assert_eq!(home("arrived").split(' ').next(), Some(expected.as_str()), "it did not arrive");
    let base64 = "aHVudGVyMi1acTkjY29ycmVjdC1ob3JzZQ==";
    let mut places = vec![
        ("standard output".to_owned(), outcome.stdout.into_bytes()),
        ("standard error".to_owned(), outcome.stderr.into_bytes()),
        ("arguments".to_owned(), home("arguments").into_bytes()),
    ];
    for command in
        [&["log"][..], &["report"], &["report", "--format", "json"], &["verify"], &["history"]]
    {
        let outcome = sandbox.surefoot(command).run();
        assert_eq!(outcome.code(), 0, "{}", outcome.text());
        places.push((command.join(" "), (outcome.stdout + &outcome.stderr).into_bytes()));
    }
    let files = sandbox.state_files().into_iter();
    places.extend(files.map(|(path, bytes)| (path.display().to_string(), bytes)));
    assert!(places.len() > 14, "{places:?}");
    for (place, bytes) in &places {
        for needle in [SECRET, base64] {
            let found = bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
            assert!(!found, "the secret is in {place}");
        }
    }
    let log = std::fs::read_to_string(sandbox.run().join("output/0001.log")).unwrap();
    assert!(log.contains("plain ") && log.contains("errors "), "{log}");
}

#[test]
fn a_secret_of_the_environment_stays_one() {
    let sandbox = Sandbox::new();
    sandbox.file("runbook.yaml", runbook("{ env: SHOP_TOKEN }"));
    check(&sandbox, Some(("SHOP_TOKEN", SECRET)));
}

#[test]
fn a_secret_that_is_captured_stays_one() {
    let sandbox = Sandbox::new();
    let captures = "  - id: kept
    title: Capture it
    effect: read
    env: { TOKEN: '{{token}}' }
    run: echo \"got $TOKEN\"
    expect: size(stdout) > 5
    capture: said
    findings: [ { when: size(stdout) > 5, say: 'It said {{said}}' } ]
  - title: Title with {{said}}
    do: Look at {{said}}
";
    let runbook = runbook("{ env: SHOP_TOKEN }")
        .replace("  - end: done", &format!("{captures}  - end: done"));
    sandbox.file("runbook.yaml", runbook);
    check(&sandbox, Some(("SHOP_TOKEN", SECRET)));
}

#[test]
fn a_secret_of_a_file_stays_one() {
    let sandbox = Sandbox::new();
    let path = sandbox.root().join("home/token");
    std::fs::write(&path, format!("{SECRET}\n")).unwrap();
    sandbox.file("runbook.yaml", runbook(&format!("{{ file: {} }}", path.display())));
    check(&sandbox, None);
}

#[test]
fn a_secret_of_a_command_stays_one() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.root().join("home/token"), SECRET).unwrap();
    sandbox.file("runbook.yaml", runbook("{ run: cat \"$HOME/token\" }"));
    check(&sandbox, None);
}

#[test]
fn a_secret_that_is_not_there_or_too_weak_is_said_without_it() {
    let sandbox = Sandbox::trusting(&runbook("{ env: SHOP_TOKEN }"));
    for (value, words) in [(None, "$SHOP_TOKEN is not set"), (Some("ab"), ""), (Some(""), "")] {
        let mut call = sandbox.surefoot(&["run", "runbook.yaml"]);
        if let Some(value) = value {
            call = call.env("SHOP_TOKEN", value);
        }
        let outcome = call.run();
        assert_eq!(outcome.code(), 2, "{}", outcome.text());
        assert!(outcome.stderr.contains("input `token`"), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
    }
    assert!(sandbox.runs().is_empty());
}

#[test]
fn a_secret_never_comes_by_an_argument() {
    let sandbox = Sandbox::trusting(&runbook("{ env: SHOP_TOKEN }"));
    let call = ["run", "runbook.yaml", "--set", "token=hunter2hunter2"];
    let outcome = sandbox.surefoot(&call).env("SHOP_TOKEN", SECRET).run();
    assert_eq!(outcome.code(), 2, "{}", outcome.text());
    assert!(!outcome.stderr.contains("hunter2"), "{}", outcome.stderr);
}
