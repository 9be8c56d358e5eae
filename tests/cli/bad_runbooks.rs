//! Runbooks that are none: every one is status 3 with a place, and nothing runs.

use std::fs;

use crate::READS;
use crate::sandbox::Sandbox;

/// A runbook that would leave a file behind if anything of it ran.
fn trap(change: impl Fn(String) -> String) -> Vec<u8> {
    change(READS.replace("run: echo one", "run: touch \"$HOME/ran\"")).into_bytes()
}

/// Neither `run` nor `check` accepts the file; both say where, in these words.
#[track_caller]
fn refused(bytes: impl AsRef<[u8]>, place: &str, words: &str) {
    let sandbox = Sandbox::new();
    sandbox.file("bad.yaml", bytes);
    for command in ["run", "check", "trust"] {
        let outcome = sandbox.surefoot(&[command, "bad.yaml"]).run();
        assert_eq!(outcome.code(), 3, "{}", outcome.text());
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(said.contains(&format!("bad.yaml:{place}")), "{command} names no {place}:\n{said}");
        assert!(said.contains(words), "{command} does not say {words:?}:\n{said}");
        assert!(!said.contains("panicked"), "{said}");
        assert!(said.chars().all(|c| c == '\n' || !c.is_control()), "{said:?}");
    }
    assert!(!sandbox.root().join("home/ran").exists(), "something of it ran");
    assert!(sandbox.runs().is_empty());
}

#[test]
fn files_that_cannot_be_runbooks() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("folder.yaml")).unwrap();
    for (name, words) in [
        ("missing.yaml", "there is no such file"),
        ("folder.yaml", "it is a folder, not a runbook"),
        ("/dev/null", "it is not an ordinary file"),
    ] {
        let outcome = sandbox.surefoot(&["run", name]).run();
        assert_eq!(outcome.code(), 3, "{}", outcome.text());
        assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(name), "{}", outcome.stderr);
        assert_eq!(outcome.stdout, "");
    }
    assert!(sandbox.runs().is_empty());
}

#[test]
fn an_empty_file() {
    refused("", "1:1", "");
    refused("# only a comment\n", "1:1", "");
    refused("\u{feff}", "1:1", "");
}

#[test]
fn what_is_no_text() {
    refused(b"schema: surefoot/v1\ntitle: \xff\xfe\n", "2:8", "UTF-8");
    refused(b"schema: surefoot/v1\ntitle: a\0b\n", "2:9", "");
    refused(trap(|text| text.replace("Look once", "Look \u{1b}[2Jonce")), "8:", "");
    refused(trap(|text| text.replace("Look once", "Look \u{202e}once")), "8:", "");
    refused(
        "schema: surefoot/v1\n".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>(),
        "1:1",
        "UTF-8",
    );
}

#[test]
fn what_yaml_would_take_and_we_do_not() {
    refused(
        trap(|text| text.replace("service: shop\n", "service: shop\ntitle: Again\n")),
        "4:1",
        "title",
    );
    refused(trap(|text| text.replace("title: Two looks", "title: !!str Two looks")), "2:", "tag");
    refused(trap(|text| text.replace("title: Two looks", "title: &a Two looks")), "2:", "anchor");
    refused(trap(|text| format!("{text}---\n{text}")), "16:1", "document");
    refused(trap(|text| text.replace("title: Two looks", "title: Two looks # three")), "2:", "#");
    refused(trap(|text| text.replace("title: Two looks", "title: {{looks}}")), "2:", "");
    refused(trap(|text| text.replace("title: Two looks", "title: [")), "", "");
    refused(trap(|text| text.replace("    effect", "\teffect")), "9:1", "tab");
}

#[test]
fn keys_and_types_that_are_not_there() {
    refused(trap(|text| text.replace("service: shop", "servce: shop")), "3:1", "service");
    refused(trap(|text| text.replace("    effect: read", "    efect: read")), "9:5", "effect");
    refused(trap(|text| text.replace("effect: read", "effect: reed")), "9:", "read");
    refused(trap(|text| text.replace("title: Two looks", "title: [ a, b ]")), "2:8", "");
    refused("schema: surefoot/v1\ntitle: No steps\n", "1:1", "steps");
    refused("schema: surefoot/v1\ntitle: No steps\nsteps: 3\n", "3:8", "");
    refused("schema: surefoot/v1\ntitle: No steps\nsteps: []\n", "3:8", "");
    refused("title: No schema\nsteps: [ { end: done } ]\n", "1:1", "schema");
    refused("just a text\n", "1:1", "");
    refused("- a list\n", "1:1", "");
}

#[test]
fn another_version_names_the_ones_there_are() {
    for schema in ["surefoot/v2", "surefoot/v0", "surefoot", "argo/v1", "1"] {
        refused(trap(|text| text.replace("surefoot/v1", schema)), "1:", "surefoot/v1");
    }
}

#[test]
fn every_error_is_reported_not_the_first() {
    let sandbox = Sandbox::new();
    let runbook =
        READS.replace("service: shop", "servce: shop").replace("effect: read", "effect: reed");
    sandbox.file("bad.yaml", runbook);
    sandbox.surefoot(&["run", "bad.yaml"]).check(
        r"
        exit 3
        --- stderr
        error[unknown-key]: `servce` is not a key of a runbook
         --> bad.yaml:3:1
          |
        3 | servce: shop
          | ^^^^^^
          |
          = help: did you mean `service`?

        error[keyword]: `effect` cannot be `reed`
         --> bad.yaml:9:13
          |
        9 |     effect: reed
          |             ^^^^
          |
          = help: did you mean `read`? It is one of: read, change, destroy

        error[keyword]: `effect` cannot be `reed`
          --> bad.yaml:13:13
           |
        13 |     effect: reed
           |             ^^^^
           |
           = help: did you mean `read`? It is one of: read, change, destroy

        error: bad.yaml is invalid: 3 errors, nothing was run
    ",
    );
}

#[test]
fn hostile_shapes_end_soon_and_without_a_panic() {
    let deep = "[".repeat(20_000);
    let wide =
        format!("schema: surefoot/v1\ntitle: x\nsteps:\n{}", "  - end: done\n".repeat(50_000));
    let long = format!(
        "schema: surefoot/v1\ntitle: {}\nsteps: [ {{ end: done }} ]\n",
        "x".repeat(900_000)
    );
    let large = "#".repeat(17 << 20);
    for text in [&deep, &wide, &long, &large] {
        let sandbox = Sandbox::new();
        sandbox.file("bad.yaml", text);
        let outcome = sandbox.surefoot(&["check", "bad.yaml"]).run();
        assert_eq!(outcome.code(), 3, "{}", &text[..40]);
        assert!(outcome.stdout.len() < 100_000, "{} bytes of findings", outcome.stdout.len());
        assert_eq!(outcome.stderr, "");
    }
}
