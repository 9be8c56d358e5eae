//! `surefoot check --fix`: repairs that cannot be wrong, written whole or not at all.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use crate::READS;
use crate::sandbox::Sandbox;

#[test]
fn what_was_repaired_is_told_and_checked_again() {
    let sandbox = Sandbox::new();
    let bad = READS.replacen("effect: read", "effect: Read", 1).replace("id: second", "id: Second");
    sandbox.file("a.yaml", bad.replace("Two looks", "1.10"));
    sandbox.surefoot(&["check", "--fix", "a.yaml"]).check(
        r"
        exit 0
        --- stdout
        1 runbook, no findings
        --- stderr
        fixed a.yaml:2:8 [quote-it] put it in quotes
        fixed a.yaml:9:13 [keyword] write `read`
        fixed a.yaml:11:9 [name] rename `Second` to `second`
    ",
    );
    assert_eq!(sandbox.read("a.yaml"), READS.replace("Two looks", "\"1.10\""));
    // There is nothing left, and nothing is written.
    let before = fs::metadata(sandbox.path("a.yaml")).unwrap();
    assert_eq!(sandbox.surefoot(&["check", "--fix", "a.yaml"]).run().stderr, "");
    assert_eq!(fs::metadata(sandbox.path("a.yaml")).unwrap().ino(), before.ino());
}

#[test]
fn a_file_keeps_its_permissions_its_signature_its_line_ends_and_its_links() {
    let sandbox = Sandbox::new();
    let text = READS.replacen("effect: read", "effect: Read", 1).replace('\n', "\r\n");
    sandbox.file("real.yaml", format!("\u{feff}{text}"));
    fs::set_permissions(sandbox.path("real.yaml"), fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("real.yaml", sandbox.path("a.yaml")).unwrap();
    assert_eq!(sandbox.surefoot(&["check", "--fix", "a.yaml"]).run().code(), 0);
    let after = sandbox.read("real.yaml");
    assert_eq!(after, format!("\u{feff}{}", READS.replace('\n', "\r\n")));
    assert!(fs::symlink_metadata(sandbox.path("a.yaml")).unwrap().is_symlink());
    assert_eq!(fs::metadata(sandbox.path("real.yaml")).unwrap().mode() & 0o777, 0o640);
}

#[test]
fn what_may_not_be_written_is_a_finding_and_stays() {
    let sandbox = Sandbox::new();
    let bad = READS.replacen("effect: read", "effect: Read", 1);
    sandbox.file("a.yaml", bad.as_str());
    fs::hard_link(sandbox.path("a.yaml"), sandbox.path("b.yaml")).unwrap();
    let outcome = sandbox.surefoot(&["check", "--fix", "a.yaml"]).run();
    assert_eq!(outcome.code(), 3, "{}", outcome.text());
    assert!(
        outcome.stdout.contains("error[not-fixed]: a.yaml has other names"),
        "{}",
        outcome.text()
    );
    assert!(outcome.stdout.contains("error[keyword]"), "{}", outcome.text());
    assert_eq!(sandbox.read("a.yaml"), bad);
}

#[test]
fn documents_are_about_what_is_left() {
    let sandbox = Sandbox::new();
    sandbox.file("runbooks/a.yaml", READS.replacen("effect: read", "effect: Read", 1));
    sandbox.file("runbooks/b.yaml", READS.replacen("effect: read", "effect: reed", 1));
    let outcome = sandbox.surefoot(&["check", "--fix", "--format", "json"]).run();
    let left: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    let paths: Vec<&str> =
        left.as_array().unwrap().iter().filter_map(|it| it["path"].as_str()).collect();
    assert!(!paths.is_empty() && paths.iter().all(|path| *path == "runbooks/b.yaml"), "{paths:?}");
    assert!(outcome.stderr.starts_with("fixed runbooks/a.yaml:9:13"), "{}", outcome.stderr);
}
