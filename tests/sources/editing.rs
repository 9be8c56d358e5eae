//! `source add`, `source list` and `source remove`.

use std::fs;

use crate::place::{Upstream, rows, settings, settings_path};
use crate::sandbox::Sandbox;

const HAND_WRITTEN: &str = "\
# mine
[check]
schemas = []   # none yet

[[source]]  # books of the house
path = \"books\"
";

#[test]
fn a_source_is_added_and_taken_out_and_every_other_byte_stays() {
    let sandbox = Sandbox::new();
    settings(&sandbox, HAND_WRITTEN);
    fs::create_dir(settings_path(&sandbox).with_file_name("books")).unwrap();
    let before = fs::read_to_string(settings_path(&sandbox)).unwrap();
    let url = "git@git.example:acme/payments.git";
    let add = ["source", "add", url, "--branch", "main", "--trust", "branch", "--service", "pay"];
    sandbox.surefoot(&add).check(
        r#"
        exit 0
        --- stderr
        Written to ~/home/.config/surefoot/config.toml:9:
            [[source]]
            git = "git@git.example:acme/payments.git"
            branch = "main"
            trust = "branch"
            services = ["pay"]
        It is called payments. Fetch it: surefoot sync payments
    "#,
    );
    let added = fs::read_to_string(settings_path(&sandbox)).unwrap();
    assert!(added.starts_with(&before));
    let listed = sandbox.surefoot(&["source", "list", "--format", "json"]).run();
    let names: Vec<_> = rows(&listed.stdout).iter().map(|row| row["name"].clone()).collect();
    assert_eq!(names, ["books", "payments"]);

    let twice = sandbox.surefoot(&add).run();
    assert_eq!(twice.code(), 2);
    assert!(twice.stderr.contains("would be invalid"), "{}", twice.stderr);
    assert_eq!(fs::read_to_string(settings_path(&sandbox)).unwrap(), added);

    assert_eq!(sandbox.surefoot(&["source", "remove", "payments"]).run().code(), 0);
    assert_eq!(fs::read_to_string(settings_path(&sandbox)).unwrap(), before);
    assert_eq!(sandbox.surefoot(&["source", "remove", "payments"]).run().code(), 2);
}

#[test]
fn what_a_place_is_is_seen_from_what_lies_there() {
    let sandbox = Sandbox::new();
    let upstream = Upstream::new(&sandbox, "pay");
    let bare = sandbox.root().join("bare.git");
    upstream.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    fs::create_dir_all(sandbox.path("teams/blue/runbooks")).unwrap();
    sandbox.file("list.txt", "https://git.example/a\n# none\nhttps://git.example/b\n");
    let places = [bare.to_str().unwrap(), "teams/*", "list.txt", "teams"];
    for place in places {
        let added = sandbox.surefoot(&["source", "add", place]).run();
        assert_eq!(added.code(), 0, "{place}: {}", added.text());
    }
    let text = fs::read_to_string(settings_path(&sandbox)).unwrap();
    let keys: Vec<&str> =
        text.lines().filter_map(|line| line.split_once(" = \"").map(|(key, _)| key)).collect();
    assert_eq!(keys, ["schema", "git", "path", "list", "path"]);
    let listed = sandbox.surefoot(&["source", "list"]).run();
    for name in ["bare", "blue", "a ", "b ", "teams"] {
        assert!(listed.stdout.contains(&format!("\n{name}")), "{name}: {}", listed.stdout);
    }
    for wrong in ["", "nowhere", "ftp://a/b", "https://token@git.example/a", "ext::x"] {
        let refused = sandbox.surefoot(&["source", "add", wrong]).run();
        assert_eq!(refused.code(), 2, "{wrong}: {}", refused.text());
    }
    assert_eq!(fs::read_to_string(settings_path(&sandbox)).unwrap(), text);
}
