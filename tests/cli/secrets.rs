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
      printf %s \"x$TOKEN\" | base64; printf %s \"xy$TOKEN\" | base64 | tr +/ -_
      printf '%s' \"${{TOKEN:0:9}}\"; sleep 0; printf '%s\\n' \"${{TOKEN:9}}\"
      printf %s \"$TOKEN\" | od -An -v -tx1 | tr -d ' \\n'
      printf '%q\\n' \"$TOKEN\"; (set -x; : \"$TOKEN\"); declare -p TOKEN
      while IFS= read -r -n 1 letter; do printf %s \"$letter\"; done <<< \"$TOKEN\"
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
        // Alone, in the middle of more, and in hexadecimal.
        let encoded =
            [base64, "bnRlcjItWnE5I2NvcnJl", "odW50ZXIyLVpxOSNjb3Jy", "68756e746572322d5a71"];
        for needle in [SECRET].into_iter().chain(encoded) {
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
    for (value, words) in [
        (None, "$SHOP_TOKEN is not set"),
        (Some("ab7"), "shorter than 6 characters"),
        (Some("Production"), "a common word"),
        (Some("--------"), "one or two characters"),
        (Some(""), "is empty"),
    ] {
        let mut call = sandbox.surefoot(&["run", "runbook.yaml"]);
        if let Some(value) = value {
            call = call.env("SHOP_TOKEN", value);
        }
        let outcome = call.run();
        assert_eq!(outcome.code(), 2, "{}", outcome.text());
        assert!(outcome.stderr.contains("input `token`"), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
        let said = value.filter(|value| !value.is_empty());
        assert!(said.is_none_or(|value| !outcome.text().contains(value)), "{}", outcome.text());
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

/// What a used runbook says of its own secrets holds: each is taken when a step needs it, and known
/// to nobody else.
#[test]
fn a_used_runbook_takes_its_secrets_from_where_it_says() {
    let used = |from: &str| {
        format!(
            "schema: surefoot/v1
title: Used
inputs: {{ token: {{ type: string, secret: true, from: {from} }} }}
steps:
  - title: Unconcerned
    effect: read
    run: echo \"inherited $(env | grep -c Zq9 || true)\"
  - title: Needs it
    effect: read
    env: {{ TOKEN: '{{{{token}}}}' }}
    run: printf %s \"$TOKEN\" | sha256sum > \"$HOME/arrived\"; echo \"got $TOKEN\"
"
        )
    };
    let main = "schema: surefoot/v1
title: Main
service: shop
steps:
  - id: part
    use: { file: used.yaml }
  - end: done
";
    let sandbox = Sandbox::new();
    let file = sandbox.root().join("home/token");
    std::fs::write(&file, format!("{SECRET}\n")).unwrap();
    let of_file = format!("{{ file: {} }}", file.display());
    for from in ["{ env: SHOP_TOKEN }", &of_file, "{ run: cat \"$HOME/token\" }"] {
        let sandbox_of_run = Sandbox::new();
        std::fs::create_dir_all(sandbox_of_run.path(".git")).unwrap();
        let from = from.replace("$HOME", &sandbox.root().join("home").display().to_string());
        sandbox_of_run.file("runbook.yaml", main).file("used.yaml", used(&from));
        sandbox_of_run.trust("runbook.yaml");
        let mut call = sandbox_of_run.surefoot(&["run", "runbook.yaml"]);
        if from.contains("SHOP_TOKEN") {
            call = call.env("SHOP_TOKEN", SECRET);
        }
        let outcome = call.run();
        assert_eq!(outcome.code(), 0, "{from}: {}", outcome.text());
        let home = sandbox_of_run.root().join("home");
        let arrived = std::fs::read_to_string(home.join("arrived")).unwrap();
        assert!(arrived.starts_with(&surefoot::catalog::sha256(SECRET.as_bytes())), "{from}");
        assert!(outcome.stderr.contains("got ***"), "{from}: {}", outcome.stderr);
        // Its variable is not inherited by the step that does not name it.
        assert!(outcome.stderr.contains("inherited 0"), "{from}: {}", outcome.stderr);
        assert!(!outcome.text().contains(SECRET) && !sandbox_of_run.journal().contains(SECRET));
    }
}

#[test]
fn a_secret_of_a_used_runbook_that_is_not_there_is_asked_for() {
    let sandbox = Sandbox::new();
    std::fs::create_dir_all(sandbox.path(".git")).unwrap();
    sandbox
        .file(
            "runbook.yaml",
            "schema: surefoot/v1
title: Main
service: shop
steps:
  - id: part
    use: { file: used.yaml }
  - end: done
",
        )
        .file(
            "used.yaml",
            "schema: surefoot/v1
title: Used
inputs: { token: { type: string, secret: true, from: { env: SHOP_TOKEN } } }
steps:
  - title: Needs it
    effect: read
    env: { TOKEN: '{{token}}' }
    run: echo \"got $TOKEN\"
",
        );
    sandbox.trust("runbook.yaml");
    for (value, why) in [(None, "$SHOP_TOKEN is not set"), (Some("ab"), "shorter than")] {
        let mut call = sandbox.surefoot(&["run", "runbook.yaml"]);
        if let Some(value) = value {
            call = call.env("SHOP_TOKEN", value);
        }
        let outcome = call.run();
        assert_eq!(outcome.code(), 4, "{}", outcome.text());
        assert!(outcome.stderr.contains(why), "{}", outcome.stderr);
        assert!(outcome.stderr.matches(why).count() == 1, "{}", outcome.stderr);
        assert!(!outcome.stderr.contains("got"), "{}", outcome.stderr);
        std::fs::remove_dir_all(sandbox.state().join("runs")).unwrap();
    }
}
