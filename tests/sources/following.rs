//! What of a remote is followed, and what is told when it is no longer what it was.

use std::fs;

use crate::place::{Upstream, fetched, held, rows, settings, source, sync, synced};
use crate::sandbox::Sandbox;

fn findings(sandbox: &Sandbox, name: &str) -> String {
    fetched(sandbox, name)["findings"].to_string()
}

#[test]
fn what_a_runbook_needs_is_there_without_a_network_and_nothing_else() {
    let sandbox = Sandbox::new();
    let upstream = Upstream::new(&sandbox, "pay");
    upstream.write("runbooks/deep/use.yaml", "use: { file: ../../lib/part.yaml }\nx: unused.sh\n");
    upstream.write("lib/part.yaml", "files: [tool.sh]\n");
    upstream.write("lib/tool.sh", "echo tool\n");
    upstream.write("lib/other.sh", "echo other\n");
    upstream.write("surefoot.toml", "[check]\nschemas = [\"owners.schema.json\"]\n");
    upstream.write("owners.schema.json", "{}\n");
    upstream.write("large.bin", vec![7; 100_000]);
    let commit = upstream.commit("all");
    settings(&sandbox, &source(&upstream.url(), ""));
    let told = synced(&sandbox);
    assert_eq!((&told[0]["result"], &told[0]["commit"]), (&"fetched".into(), &commit.into()));
    fs::rename(&upstream.root, upstream.root.with_extension("gone")).unwrap();
    for there in [
        "runbooks/look.yaml",
        "runbooks/deep/use.yaml",
        "lib/part.yaml",
        "lib/tool.sh",
        "surefoot.toml",
        "owners.schema.json",
    ] {
        assert!(held(&sandbox, "pay", there).is_some(), "{there}");
    }
    for absent in ["lib/other.sh", "large.bin"] {
        assert_eq!(held(&sandbox, "pay", absent), None, "{absent}");
    }
    // The remote is gone: that is told, and what there was stays.
    let failed = sync(&sandbox, &[]).run();
    assert_eq!(failed.code(), 1);
    assert!(failed.stderr.contains("pay  "), "{}", failed.stderr);
    assert!(held(&sandbox, "pay", "runbooks/look.yaml").is_some());
    let listed = sandbox.surefoot(&["source", "list", "--format", "json"]).run();
    let row = &rows(&listed.stdout)[0];
    assert!(row["error"].as_str().unwrap().contains("does not appear to be a git repository"));
    assert_eq!(row["runbooks"], 2);
}

#[test]
fn a_remote_that_filters_nothing_is_fetched_as_a_whole() {
    let sandbox = Sandbox::new();
    let upstream = Upstream::new(&sandbox, "pay");
    upstream.git(&["config", "uploadpack.allowFilter", "false"]);
    upstream.write("other.txt", "other");
    upstream.commit("more");
    settings(&sandbox, &source(&upstream.url(), ""));
    synced(&sandbox);
    assert!(held(&sandbox, "pay", "runbooks/look.yaml").is_some());
    assert_eq!(held(&sandbox, "pay", "other.txt").as_deref(), Some("other"));
    assert_eq!(synced(&sandbox)[0]["result"], "unchanged");
    upstream.write("runbooks/more.yaml", "x: 1\n");
    upstream.commit("changed");
    assert_eq!(synced(&sandbox)[0]["result"], "fetched");
    assert!(held(&sandbox, "pay", "runbooks/more.yaml").is_some());
}

#[test]
fn a_branch_and_the_highest_of_the_tags_are_followed() {
    let sandbox = Sandbox::new();
    let upstream = Upstream::new(&sandbox, "pay");
    upstream.git(&["branch", "stable"]);
    for (tag, args) in [("v1.9", vec![]), ("v1.10", vec!["-a", "-m", "x"]), ("w9", vec![])] {
        upstream.commit(tag);
        upstream.git(&[vec!["tag"], args, vec![tag]].concat());
    }
    let tagged = upstream.git(&["rev-parse", "v1.10^{commit}"]);
    let url = upstream.url();
    let both = source(&url, "branch = \"stable\"\nname = \"by-branch\"")
        + &source(&url, "tag = \"v*\"\nname = \"by-tag\"");
    settings(&sandbox, &both);
    let told = synced(&sandbox);
    let stable = upstream.git(&["rev-parse", "stable"]);
    assert_eq!((&told[0]["name"], &told[0]["commit"]), (&"by-branch".into(), &stable.into()));
    assert_eq!(
        (&told[1]["commit"], &told[1]["reference"]),
        (&tagged.into(), &"refs/tags/v1.10".into())
    );

    upstream.git(&["tag", "-f", "v1.10", "w9"]);
    let moved = synced(&sandbox);
    assert!(moved[1]["findings"].to_string().contains("the tag `v1.10` was moved"), "{moved:?}");
    upstream.git(&["branch", "-D", "stable"]);
    let failed = sync(&sandbox, &["by-branch"]).run();
    assert_eq!(failed.code(), 1);
    assert!(failed.stderr.contains("it has no branch `stable`, but main"), "{}", failed.stderr);
}

#[test]
fn a_renamed_default_branch_and_a_rewritten_one_are_told() {
    let sandbox = Sandbox::new();
    let upstream = Upstream::new(&sandbox, "pay");
    settings(&sandbox, &source(&upstream.url(), ""));
    synced(&sandbox);
    upstream.commit("more");
    synced(&sandbox);
    assert_eq!(findings(&sandbox, "pay"), "[]");
    upstream.git(&["branch", "-m", "main", "trunk"]);
    synced(&sandbox);
    assert!(findings(&sandbox, "pay").contains("it follows `trunk` now, and followed `main`"));

    upstream.git(&["reset", "-q", "--hard", "HEAD~1"]);
    let rewritten = upstream.commit("instead");
    let told = synced(&sandbox);
    assert_eq!(told[0]["commit"], rewritten);
    assert!(findings(&sandbox, "pay").contains("the branch was rewritten"));
    assert!(held(&sandbox, "pay", "runbooks/look.yaml").is_some());
    upstream.commit("on it");
    synced(&sandbox);
    assert_eq!(findings(&sandbox, "pay"), "[]", "it is told once");
}

#[test]
fn a_remote_without_a_commit_and_one_with_longer_names_are_told_and_taken() {
    let sandbox = Sandbox::new();
    let empty = Upstream::empty(&sandbox, "empty");
    let long = Upstream::new(&sandbox, "long");
    fs::remove_dir_all(long.root.join(".git")).unwrap();
    long.git(&["init", "-q", "-b", "main", "--object-format=sha256"]);
    let commit = long.commit("first");
    assert_eq!(commit.len(), 64);
    settings(&sandbox, &(source(&empty.url(), "") + &source(&long.url(), "")));
    let outcome = sync(&sandbox, &[]).run();
    assert_eq!(outcome.code(), 1);
    assert!(outcome.stderr.contains("there is no commit in it yet"), "{}", outcome.stderr);
    assert!(held(&sandbox, "long", "runbooks/look.yaml").is_some());
}
