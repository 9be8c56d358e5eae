//! A runbook at a revision of its repository: it is read from git's objects, with all that it uses, and
//! has the verdict, the digest and the record that a checkout would give it.

use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::author::{HEAD, author, git_is_here};
use crate::pty::Session;
use crate::sandbox::{PROGRAM, Sandbox, same};

const BOOK: &str = "runbooks/book.yaml";

/// The files of a runbook that uses another, which brings a program; all of them say which they are.
fn write(sandbox: &Sandbox, which: &str) {
    sandbox
        .file(
            BOOK,
            format!(
                "{HEAD}title: Book {which}
steps:
  - {{ id: own, title: Own, effect: read, run: echo book {which} }}
  - {{ id: part, use: {{ file: parts/part.yaml }} }}
  - id: ask
    ask: Which?
    options: [ {{ id: go, label: Go on, end: resolved }} ]
"
            ),
        )
        .file(
            "runbooks/parts/part.yaml",
            format!(
                "{HEAD}title: Part {which}
steps:
  - {{ id: run, title: Run, effect: read, files: {{ it: {{ from: ../../it.sh }} }}, run: \"{{{{files.it}}}}\" }}
"
            ),
        )
        .file("it.sh", format!("#!/bin/sh\necho program {which}\n"));
}

/// A repository in which `v1` is what `main` was before.
fn repository() -> Option<Sandbox> {
    let sandbox = Sandbox::new();
    if !git_is_here(&sandbox) {
        return None;
    }
    write(&sandbox, "one");
    author(
        &sandbox,
        "git init -q -b main .; git config remote.origin.url https://me:pw@git.example.org/shop.git
         chmod +x it.sh; git add .; git commit -q -m one; git tag v1",
    );
    write(&sandbox, "two");
    author(&sandbox, "chmod +x it.sh; git add .; git commit -q -m two");
    Some(sandbox)
}

fn answers(sandbox: &Sandbox) {
    sandbox.file("answers.yaml", "ask: go\n");
}

fn digest(sandbox: &Sandbox, reference: &str) -> String {
    let printed = sandbox.surefoot(&["trust", "--print", reference]).run();
    assert_eq!(printed.code(), 0, "{reference}: {}", printed.text());
    printed.stdout.split(' ').next().unwrap().to_owned()
}

#[test]
fn a_version_is_what_a_checkout_of_it_would_be() {
    let Some(sandbox) = repository() else { return };
    let two = digest(&sandbox, BOOK);
    author(&sandbox, "git checkout -q v1");
    let one = digest(&sandbox, BOOK);
    author(&sandbox, "git checkout -q main");
    let commit = author(&sandbox, "git rev-parse v1").stdout.trim().to_owned();
    for reference in ["book@v1", "boo@v1", "./runbooks/book.yaml@v1", "book@HEAD~1", "book@main^"] {
        assert_eq!(digest(&sandbox, reference), one, "{reference}");
    }
    assert_eq!(digest(&sandbox, &format!("book@{}", &commit[..8])), one);
    assert_eq!(digest(&sandbox, "runbooks/book.yaml@main"), two);
    assert_ne!(one, two);
    // Nothing of it lies in the working copy any more.
    author(&sandbox, "git rm -qr .; git commit -q -m gone");
    assert_eq!(digest(&sandbox, "book@v1"), one);
    assert_eq!(digest(&sandbox, "runbooks/book.yaml@HEAD~1"), two);
}

#[test]
fn a_version_is_walked_frozen_and_recorded_and_outlives_its_repository() {
    let Some(sandbox) = repository() else { return };
    let commit = author(&sandbox, "git rev-parse v1").stdout.trim().to_owned();
    let refused = sandbox.surefoot(&["run", "book@v1"]).run();
    assert_eq!(refused.code(), 8, "{}", refused.text());
    assert!(refused.stderr.contains("surefoot trust book@v1"), "{}", refused.stderr);
    sandbox.trust("book@v1");
    let paused = sandbox.surefoot(&["run", "book@v1"]).run();
    assert_eq!(paused.code(), 4, "{}", paused.text());
    for said in ["book one", "program one", &format!("At v1: commit {}", &commit[..12])] {
        assert!(paused.text().contains(said), "{said}: {}", paused.text());
    }
    let started = &sandbox.events_of("run_started")[0]["runbook"];
    let files: Vec<&Value> = started["files"].as_array().unwrap().iter().collect();
    let paths: Vec<&str> = files.iter().filter_map(|file| file["path"].as_str()).collect();
    assert_eq!(paths, [BOOK, "runbooks/parts/part.yaml", "it.sh"]);
    for file in files {
        assert_eq!(file["commit"], commit.as_str(), "{file}");
        assert_eq!(file["remote"], "https://me@git.example.org/shop.git", "{file}");
        assert_eq!(file["dirty"], false, "{file}");
    }

    // The branch goes on, then the repository is gone.
    write(&sandbox, "three");
    author(&sandbox, "git commit -qam three; rm -rf .git runbooks it.sh");
    answers(&sandbox);
    let resumed = sandbox.surefoot(&["resume", "--answers", "answers.yaml"]).run();
    assert_eq!(resumed.code(), 0, "{}", resumed.text());
    assert_eq!(sandbox.surefoot(&["verify"]).run().code(), 0);
}

#[test]
fn trust_in_a_version_is_trust_in_its_content() {
    let Some(sandbox) = repository() else { return };
    sandbox.trust("book@v1");
    let run = |reference: &str| sandbox.surefoot(&["run", reference]).run();
    assert_eq!(run("book").code(), 8);
    author(&sandbox, "git checkout -q v1");
    assert_eq!(run("book").code(), 4, "the same bytes are trusted in a working copy");
    // What a tag means may be changed; the content is another then.
    author(&sandbox, "git tag -f v1 main 2>/dev/null");
    let moved = run("book@v1");
    assert_eq!(moved.code(), 8);
    assert!(moved.stderr.contains("changed since it was trusted"), "{}", moved.stderr);
}

#[test]
fn what_cannot_be_a_version_is_said_and_nothing_is_run() {
    let Some(sandbox) = repository() else { return };
    author(
        &sandbox,
        "git branch release/1 v1; git update-ref refs/remotes/origin/next HEAD
         git branch both v1; git tag both main",
    );
    let check = |reference: &str, expected: &str| {
        let outcome = sandbox.surefoot(&["plan", reference]).run();
        assert_eq!(outcome.code(), 3, "{reference}: {}", outcome.text());
        assert!(outcome.stderr.contains(expected), "{reference}: {}", outcome.stderr);
        assert!(!outcome.stderr.contains('\u{1b}'), "{reference}");
    };
    check("book@v2", "there is no revision `v2`");
    check("book@v2", "did you mean `v1`? there are both, main, next, release/1, v1");
    check("book@HEAD~7", "there is no revision `HEAD~7`");
    check("book@deadbeef", "there is no revision `deadbeef`");
    check("book@both", "`both` is a tag and a branch, which are not the same");
    check("book@both", "tags/both or heads/both");
    for odd in [
        "--upload-pack=x",
        "-x",
        "",
        "a b",
        "main:it.sh",
        "v1..main",
        "main@{1}",
        "\u{1b}[31m",
        "a\nb",
    ] {
        check(&format!("book@{odd}"), "cannot be a git revision");
    }
    check("cook@v1", "there is no runbook `cook`; did you mean `book`?");
    check("runbooks/none.yaml@v1", "runbooks/none.yaml: there is no such file");
    check("runbooks/parts@v1", "runbooks/parts: it is a folder");
    check("../out.yaml@v1", "is in no git repository");
    // One of them is what was meant.
    assert_eq!(sandbox.surefoot(&["plan", "book@tags/both"]).run().code(), 0);
    assert_eq!(sandbox.surefoot(&["plan", "book@release/1"]).run().code(), 0);
    assert_eq!(sandbox.surefoot(&["plan", "book@next"]).run().code(), 0);
    assert!(sandbox.runs().is_empty());
}

#[test]
fn a_folder_without_git_has_no_versions() {
    let sandbox = Sandbox::new();
    write(&sandbox, "one");
    let outcome = sandbox.surefoot(&["plan", "book@v1"]).run();
    assert_eq!(outcome.code(), 3);
    assert!(outcome.stderr.contains("is in no git repository"), "{}", outcome.stderr);
    // A file that is called so is meant itself.
    sandbox.file("book@v1.yaml", sandbox.read(BOOK).replace("title: Book", "id: at\ntitle: At"));
    sandbox
        .file("parts/part.yaml", sandbox.read("runbooks/parts/part.yaml").replace("../../", "../"));
    let outcome = sandbox.surefoot(&["plan", "book@v1.yaml"]).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
}

#[test]
fn links_and_other_repositories_have_the_verdict_of_a_working_copy() {
    let Some(sandbox) = repository() else { return };
    symlink("it.sh", sandbox.path("good.sh")).unwrap();
    symlink("runbooks", sandbox.path("folder")).unwrap();
    symlink("/etc/hostname", sandbox.path("out.sh")).unwrap();
    symlink("../../../../../../../etc/hostname", sandbox.path("up.sh")).unwrap();
    symlink(".git/config", sandbox.path("own.sh")).unwrap();
    symlink("circle.sh", sandbox.path("circle.sh")).unwrap();
    symlink("nothing", sandbox.path("dead.sh")).unwrap();
    symlink("book.yaml", sandbox.path("runbooks/linked.yaml")).unwrap();
    symlink("/etc/hostname", sandbox.path("runbooks/outside.yaml")).unwrap();
    author(
        &sandbox,
        "git add .; git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),module
         mkdir -p module; git commit -q -m links",
    );
    let part = sandbox.read("runbooks/parts/part.yaml");
    let mut verdicts = Vec::new();
    for (path, expected) in [
        ("../../it.sh", 0),
        ("../../good.sh", 0),
        ("../../folder/../it.sh", 0),
        ("../../out.sh", 3),
        ("../../up.sh", 3),
        ("../../own.sh", 3),
        ("../../.git/config", 3),
        ("../../circle.sh", 3),
        ("../../dead.sh", 3),
        ("../../IT.SH", 3),
        ("../../module/it.sh", 3),
        ("../../runbooks", 3),
        ("/etc/hostname", 3),
        ("../../../../../../../../../etc/hostname", 3),
    ] {
        sandbox.file("runbooks/parts/part.yaml", part.replace("../../it.sh", path));
        author(&sandbox, "git add .; git commit -q -m next --allow-empty");
        let here = sandbox.surefoot(&["plan", BOOK]).run();
        let there = sandbox.surefoot(&["plan", "book@HEAD"]).run();
        verdicts.push((path, here.code(), there.code()));
        assert_eq!((here.code(), there.code()), (expected, expected), "{path}: {}", there.text());
        if expected == 0 {
            assert_eq!(digest(&sandbox, BOOK), digest(&sandbox, "book@HEAD"), "{path}");
        }
    }
    assert!(verdicts.iter().any(|(_, code, _)| *code == 0));
    sandbox.file("runbooks/parts/part.yaml", part);
    author(&sandbox, "git add .; git commit -q -m last");
    assert_eq!(
        digest(&sandbox, "runbooks/linked.yaml@HEAD"),
        digest(&sandbox, "runbooks/linked.yaml")
    );
    let outside = sandbox.surefoot(&["plan", "runbooks/outside.yaml@HEAD"]).run();
    assert_eq!(outside.code(), 3);
    assert!(outside.stderr.contains("leads out of the repository"), "{}", outside.stderr);
}

/// Takes an object away, or puts another one under its name.
fn lose(sandbox: &Sandbox, object: &str, forged: Option<&str>) {
    let put = forged.map_or_else(String::new, |text| {
        format!(
            "other=$(printf '{text}' | git hash-object -w --stdin)
             cp .git/objects/$(echo $other | cut -c1-2)/$(echo $other | cut -c3-) $file"
        )
    });
    author(
        sandbox,
        &format!(
            "object=$(git rev-parse {object})
             file=.git/objects/$(echo $object | cut -c1-2)/$(echo $object | cut -c3-)
             rm -f $file
             {put}"
        ),
    );
}

#[test]
fn a_file_that_was_not_fetched_or_was_forged_is_said() {
    let Some(sandbox) = repository() else { return };
    lose(&sandbox, "v1:it.sh", None);
    let missing = sandbox.surefoot(&["plan", "book@v1"]).run();
    assert_eq!(missing.code(), 3, "{}", missing.text());
    assert!(missing.text().contains("it was not fetched to this machine"), "{}", missing.text());
    lose(&sandbox, "v1:it.sh", Some("#!/bin/sh\\nrm -rf /\\n"));
    let forged = sandbox.surefoot(&["plan", "book@v1"]).run();
    assert_eq!(forged.code(), 3, "{}", forged.text());
    assert!(forged.text().contains("its object is damaged"), "{}", forged.text());
    // What does not need it goes on.
    assert_eq!(sandbox.surefoot(&["plan", "book@main"]).run().code(), 0);
    sandbox.file("it.sh", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n");
    author(&sandbox, "git commit -qam large");
    let large = sandbox.surefoot(&["plan", "book@main"]).run();
    assert!(large.text().contains("a server for large files"), "{}", large.text());
}

#[test]
fn the_repository_asks_for_care_as_it_did_and_as_it_does() {
    let Some(sandbox) = repository() else { return };
    let settings = |level: &str| {
        format!(
            "schema = \"surefoot-config/v1\"\n[[policy]]\neffect = [\"read\"]\nlevel = \"{level}\"\nwhy = \"care\"\n"
        )
    };
    let explained = |reference: &str| {
        let outcome = sandbox.surefoot(&["policy", "explain", reference]).run();
        assert_eq!(outcome.code(), 0, "{}", outcome.text());
        outcome.stdout
    };
    sandbox.file("surefoot.toml", settings("confirm"));
    author(
        &sandbox,
        "git add .; git commit -q -m care; git rm -q --cached surefoot.toml; rm surefoot.toml; git commit -q -m none",
    );
    assert!(!explained("book").contains("surefoot.toml"));
    assert!(
        explained("book@HEAD~1").contains("HEAD~1:surefoot.toml"),
        "{}",
        explained("book@HEAD~1")
    );
    sandbox.file("surefoot.toml", settings("typed"));
    let both = explained("book@HEAD~1");
    assert!(both.contains("HEAD~1:surefoot.toml") && both.contains("/surefoot.toml"), "{both}");
    author(
        &sandbox,
        "rm surefoot.toml; ln -s it.sh surefoot.toml; git add .; git commit -q -m link",
    );
    let link = sandbox.surefoot(&["policy", "explain", "book@HEAD"]).run();
    assert_eq!(link.code(), 3, "{}", link.text());
}

#[test]
fn a_difference_tells_commands_then_files_then_the_text() {
    let Some(sandbox) = repository() else { return };
    let shown = |arguments: &[&str]| {
        let outcome = sandbox.surefoot(arguments).run();
        (outcome.code(), outcome.stdout, outcome.stderr)
    };
    let commit = author(&sandbox, "git rev-parse v1").stdout.trim().to_owned();
    let (code, text, _) = shown(&["show", "book", "--diff", "v1"]);
    assert_eq!(code, 0);
    same(
        &text.replace(&commit[..12], "<commit>"),
        "\
Since v1 (<commit>): 1 command altered, 3 files
altered  own  [read]
      effect: read
    -   echo book one
    +   echo book two
file     runbooks/book.yaml: 2 lines more, 2 lines less
file     runbooks/parts/part.yaml: 1 line more, 1 line less
file     it.sh: 1 line more, 1 line less
      #!/bin/sh
    - echo program one
    + echo program two
text     runbooks/book.yaml
      owner: { team: payments }
      escalation: [ { role: secondary, how: page the rota } ]
    - title: Book one
    + title: Book two
      steps:
    -   - { id: own, title: Own, effect: read, run: echo book one }
    +   - { id: own, title: Own, effect: read, run: echo book two }
        - { id: part, use: { file: parts/part.yaml } }
        - id: ask
text     runbooks/parts/part.yaml
      owner: { team: payments }
      escalation: [ { role: secondary, how: page the rota } ]
    - title: Part one
    + title: Part two
      steps:
        - { id: run, title: Run, effect: read, files: { it: { from: ../../it.sh } }, run: \"{{files.it}}\" }
",
    );
    let (_, other, _) = shown(&["show", "book@v1", "--diff", "main"]);
    assert!(other.contains("    +   echo book one"), "{other}");
    let (_, none, _) = shown(&["show", "book", "--diff", "HEAD"]);
    assert!(none.starts_with("Nothing is otherwise than in HEAD ("), "{none}");

    // A version that is not valid has a text.
    author(
        &sandbox,
        "echo nothing: true >>runbooks/book.yaml; git commit -qam bad; git checkout -q HEAD~1",
    );
    let (code, bad, _) = shown(&["show", "book", "--diff", "main"]);
    assert_eq!(code, 0);
    assert!(bad.contains("    - nothing: true"), "{bad}");
}

#[test]
fn without_a_revision_it_is_compared_with_what_was_run_or_trusted() {
    let Some(sandbox) = repository() else { return };
    let shown = |arguments: &[&str]| {
        let outcome = sandbox.surefoot(arguments).run();
        (outcome.code(), outcome.stdout, outcome.stderr)
    };
    let (code, _, said) = shown(&["show", "book", "--diff"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("was neither run nor trusted on this machine"), "{said}");
    sandbox.trust("book@v1");
    let (_, trusted, _) = shown(&["show", "book", "--diff"]);
    assert!(trusted.starts_with("Since what was trusted just now: 1 command altered"), "{trusted}");
    sandbox.trust("book");
    let (_, trusted, _) = shown(&["show", "book", "--diff"]);
    assert!(trusted.starts_with("Nothing is otherwise"), "{trusted}");
    assert_eq!(sandbox.surefoot(&["run", "book@v1"]).run().code(), 4);
    let (_, run, _) = shown(&["show", "book", "--diff"]);
    assert!(run.starts_with("Since run ") && run.contains("1 command altered"), "{run}");
    // Runs of one minute are told apart as well.
    for reference in ["book", "book@v1", "book"] {
        assert_eq!(sandbox.surefoot(&["run", reference]).run().code(), 4);
    }
    let (_, same, _) = shown(&["show", "book", "--diff"]);
    assert!(same.starts_with("Nothing is otherwise than in run "), "{same}");
}

#[test]
fn one_key_shows_what_is_otherwise_than_in_the_last_run() {
    let Some(sandbox) = repository() else { return };
    sandbox.trust("book@v1");
    sandbox.trust("book");
    assert_eq!(sandbox.surefoot(&["run", "book@v1"]).run().code(), 4);
    let environment = sandbox.environment();
    let environment: Vec<(&str, &str)> =
        environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut session = Session::start(
        "/bin/sh",
        &[
            "-c",
            "cd \"$0\" && exec \"$1\" run book",
            &sandbox.path("").display().to_string(),
            PROGRAM,
        ],
        &environment,
        120,
    );
    session.wait_for("changed since you last ran it (d)");
    // What is typed before the question is thrown away.
    session.wait_for("> ");
    session.send("d\r");
    for line in [
        "1 command altered, 3 files",
        "altered  own  [read]",
        "-   echo book one",
        "+   echo book two",
        "file     it.sh",
        "text     runbooks/book.yaml",
        "- title: Book one",
        "+ title: Book two",
    ] {
        session.wait_for(line);
    }
    session.wait_for("> ");
    session.send("q\r");
    assert_eq!(session.wait().code(), Some(4));
}
