//! Runbooks in repositories that want to run something of their own: hooks, monitors, filters,
//! helpers, links. Each lays a trap, an ordinary git steps into it, and this program does not.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::READS;
use crate::sandbox::{Outcome, Sandbox};

/// Where the runbook is.
const BOOK: &str = "runbooks/book.yaml";

/// A repository that is not what it seems.
struct Trap {
    name: &'static str,
    /// Lays it, in the repository. `$FIRE` is a program that leaves a trace.
    laid: &'static str,
    /// What an ordinary git must be asked to step into it; nothing where that takes more than a line.
    sprung: &'static str,
}

const fn trap(name: &'static str, laid: &'static str, sprung: &'static str) -> Trap {
    Trap { name, laid, sprung }
}

/// What the configuration can name a program for.
const PROGRAMS: &[Trap] = &[
    trap("monitor", "git config core.fsmonitor \"$FIRE\"", "git status"),
    trap(
        "hooks",
        "for hook in post-checkout pre-commit post-index-change reference-transaction; do
           cp \"$FIRE\" .git/hooks/$hook
         done",
        "git commit -q --allow-empty -m x",
    ),
    trap(
        "hooks elsewhere",
        "mkdir hooks; cp \"$FIRE\" hooks/post-checkout; git config core.hooksPath hooks",
        "git checkout -q -b other",
    ),
    trap(
        "filter",
        "echo '*.yaml filter=f' >.gitattributes
         git config filter.f.clean \"$FIRE\"; git config filter.f.smudge \"$FIRE\"",
        "git add --renormalize .",
    ),
    trap(
        "filter process",
        "echo '*.yaml filter=f' >.git/info/attributes; git config filter.f.process \"$FIRE\"",
        "git add --renormalize .",
    ),
    trap(
        "text conversion",
        "echo '*.yaml diff=d' >.gitattributes; git config diff.d.textconv \"$FIRE\"",
        "echo >>runbooks/book.yaml; git diff; git checkout -q runbooks",
    ),
    trap(
        "difference by attribute",
        "echo '*.yaml diff=d' >.gitattributes; git config diff.d.command \"$FIRE\"",
        "echo >>runbooks/book.yaml; git diff; git checkout -q runbooks",
    ),
    trap(
        "difference",
        "git config diff.external \"$FIRE\"",
        "echo >>runbooks/book.yaml; git diff; git checkout -q runbooks",
    ),
    trap(
        "alias",
        "for name in st cat-file config hash-object symbolic-ref; do
           git config alias.$name \"!$FIRE\"
         done",
        "git st",
    ),
    trap("ssh", "git config core.sshCommand \"$FIRE\"", "git ls-remote ssh://host/x"),
    trap("proxy", "git config core.gitProxy \"$FIRE\"", "git ls-remote git://127.0.0.1/x"),
    trap(
        "credentials",
        "git config credential.helper \"!$FIRE\"",
        "printf 'protocol=https\\nhost=h\\n\\n' | git credential fill",
    ),
    trap(
        "password",
        "git config core.askPass \"$FIRE\"",
        "printf 'protocol=https\\nhost=h\\n\\n' | git credential fill",
    ),
    trap(
        "signature",
        "git config gpg.program \"$FIRE\"; git config log.showSignature true",
        "git commit -q -S --allow-empty -m x",
    ),
    trap(
        "signature by ssh",
        "git config gpg.format ssh; git config gpg.ssh.program \"$FIRE\"
         git config user.signingKey \"$FIRE\"",
        "git commit -q -S --allow-empty -m x",
    ),
    trap("editor", "git config core.editor \"$FIRE\"", "git config --edit"),
    trap(
        "pager",
        "for name in core.pager pager.config pager.cat-file; do git config $name \"$FIRE\"; done",
        "script -qec 'git config --list' /dev/null",
    ),
    trap("merge", "echo '*.yaml merge=m' >.gitattributes; git config merge.m.driver \"$FIRE\"", ""),
    trap(
        "packing",
        "git config uploadpack.packObjectsHook \"$FIRE\"
         git config core.alternateRefsCommand \"$FIRE\"",
        "",
    ),
    trap(
        "submodule",
        "git init -q ../inner; git -C ../inner -c user.name=a -c user.email=a@b.c \
           commit -q --allow-empty -m x
         git -c protocol.file.allow=always submodule --quiet add \"$PWD/../inner\" inner
         git config submodule.inner.update \"!$FIRE\"
         git -C ../inner -c user.name=a -c user.email=a@b.c commit -q --allow-empty -m y
         git -C inner fetch -q; git -C inner checkout -q FETCH_HEAD; git add inner
         git commit -q -m inner; git -C inner checkout -q HEAD~",
        "git submodule update",
    ),
];

/// What the layout of a repository, or of what is in it, can lead to.
const LAYOUTS: &[Trap] = &[
    trap(
        "included settings",
        "printf '[core]\\n\\tfsmonitor = %s\\n' \"$FIRE\" >more; git config include.path ../more",
        "git status",
    ),
    trap(
        "settings on a condition",
        "printf '[core]\\n\\tfsmonitor = %s\\n' \"$FIRE\" >more
         git config 'includeIf.gitdir:/.path' \"$PWD/more\"",
        "git status",
    ),
    trap(
        "settings of a worktree",
        "git config extensions.worktreeConfig true
         git config --worktree core.fsmonitor \"$FIRE\"",
        "git status",
    ),
    trap(
        "another worktree",
        "mkdir ../other; git config core.worktree \"$PWD/../other\"
         git config core.fsmonitor \"$FIRE\"",
        "git status",
    ),
    trap(
        "a file for a folder",
        "git config core.fsmonitor \"$FIRE\"; mv .git ../elsewhere
         echo \"gitdir: $PWD/../elsewhere\" >.git",
        "git status",
    ),
    trap(
        "a link for a folder",
        "git config core.fsmonitor \"$FIRE\"; mv .git ../elsewhere; ln -s ../elsewhere .git",
        "git status",
    ),
    trap(
        "a bare repository in the working copy",
        "git config core.fsmonitor \"$FIRE\"; git config core.worktree ..
         cp -r .git/* runbooks; git config --unset core.fsmonitor; git config --unset core.worktree",
        "git -C runbooks status",
    ),
    trap(
        "a bare repository around a broken one",
        "git config core.fsmonitor \"$FIRE\"; git config core.worktree .
         mv .git/* .; rm -rf .git; mkdir .git",
        "git status",
    ),
    trap(
        "an object that is fetched by a remote helper",
        "git config core.repositoryFormatVersion 1; git config extensions.partialClone origin
         git config remote.origin.promisor true; git config protocol.ext.allow always
         git config remote.origin.url \"ext::$FIRE\"
         object=$(git rev-parse HEAD:runbooks/book.yaml)
         rm -f .git/objects/$(echo $object | cut -c1-2)/$(echo $object | cut -c3-)",
        "git cat-file -p HEAD:runbooks/book.yaml",
    ),
    trap(
        "an object that is fetched over ssh",
        "git config core.repositoryFormatVersion 1; git config extensions.partialClone origin
         git config remote.origin.promisor true; git config protocol.ssh.allow always
         git config remote.origin.url ssh://host/x; git config core.sshCommand \"$FIRE\"
         object=$(git rev-parse HEAD^{tree})
         rm -f .git/objects/$(echo $object | cut -c1-2)/$(echo $object | cut -c3-)",
        "git cat-file -p HEAD:runbooks/book.yaml",
    ),
    trap(
        "an object that is fetched from a folder",
        "git config core.repositoryFormatVersion 1; git config extensions.partialClone origin
         git config remote.origin.promisor true; git config protocol.file.allow always
         git config remote.origin.url \"$PWD\"; git config remote.origin.uploadpack \"$FIRE\"
         object=$(git rev-parse HEAD)
         rm -f .git/objects/$(echo $object | cut -c1-2)/$(echo $object | cut -c3-)",
        "git cat-file -p HEAD:runbooks/book.yaml",
    ),
    trap(
        "objects from elsewhere",
        "git init -q ../other; echo \"$PWD/../other/.git/objects\" >.git/objects/info/alternates
         echo 0000000000000000000000000000000000000000 >.git/info/grafts",
        "",
    ),
    trap("a branch that is an option", "echo 'ref: refs/heads/--upload-pack=x' >.git/HEAD", ""),
    trap(
        "a branch that is a command",
        "git symbolic-ref HEAD 'refs/heads/$(\"$FIRE\")'; printf '\\033]0;x\\007' >>.git/HEAD",
        "",
    ),
    trap("a branch of two lines", "printf 'ref: refs/heads/a\\nref: refs/heads/b\\n' >.git/HEAD", ""),
    trap(
        "names of files",
        "for name in -rf --output=x '$(\"$FIRE\").yaml' \"$(printf 'a\\nb.yaml')\" \
           \"$(printf '\\033[31m.yaml')\"; do cp runbooks/book.yaml \"runbooks/$name\"; done
         git add .; git commit -q -m names",
        "",
    ),
    trap(
        "a remote that is an option",
        "git config remote.origin.url \"--upload-pack=$FIRE\"; printf '\\033[31m' >>.git/description",
        "",
    ),
    trap(
        "very many references",
        "commit=$(git rev-parse HEAD); echo '# pack-refs with: peeled fully-peeled sorted ' >.git/packed-refs
         seq -f \"$commit refs/heads/b%06.0f\" 100000 >>.git/packed-refs",
        "",
    ),
    trap(
        "a damaged pack",
        "git gc -q; chmod +w .git/objects/pack/*
         for pack in .git/objects/pack/*.pack; do
           printf 'xxxxxxxx' | dd of=$pack bs=1 seek=20 conv=notrunc 2>/dev/null
         done",
        "",
    ),
    trap("a damaged index", "echo x >.git/index; echo x >.git/shallow", ""),
];

/// A repository with a runbook, and where the trace of a trap is found.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn repository() -> Option<Sandbox> {
    let sandbox = Sandbox::new();
    sandbox.file(BOOK, READS);
    let fire = sandbox.root().join("home/fire");
    fs::write(&fire, format!("#!/bin/sh\necho >>'{}'\n", trace(&sandbox).display())).unwrap();
    fs::set_permissions(&fire, PermissionsExt::from_mode(0o755)).unwrap();
    if shell(&sandbox, "git --version").code() != 0 {
        eprintln!("skipped: git is not here");
        return None;
    }
    let made = shell(
        &sandbox,
        "git init -q -b main .; git config user.name a; git config user.email a@b.c
         git add .; git commit -q -m first",
    );
    assert_eq!(made.code(), 0, "{}", made.text());
    Some(sandbox)
}

fn trace(sandbox: &Sandbox) -> PathBuf {
    sandbox.root().join("home/fired")
}

/// Runs a script as the repository's author would.
fn shell(sandbox: &Sandbox, script: &str) -> Outcome {
    let fire = sandbox.root().join("home/fire").display().to_string();
    let call = sandbox.surefoot(&[]).env("FIRE", &fire).env("GIT_TERMINAL_PROMPT", "0");
    let call = call.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    call.under(&["sh", "-ec", script]).run()
}

/// Does with the runbook of a repository all that can be done with one.
fn use_it(sandbox: &Sandbox, name: &str) {
    for command in ["check", "plan", "run"] {
        sandbox.surefoot(&[command, BOOK]).run();
    }
    // Some have no revision that could be read; whatever comes of it, nothing else is run.
    for version in ["book@HEAD", "runbooks/book.yaml@main", "book@origin/main", "book@HEAD~1"] {
        sandbox.surefoot(&["plan", version]).run();
    }
    sandbox.surefoot(&["show", BOOK, "--diff", "HEAD"]).run();
    sandbox.trust(BOOK);
    let outcome = sandbox.surefoot(&["run", BOOK]).run();
    assert_eq!(outcome.code(), 0, "{name}: {}", outcome.text());
    assert!(!trace(sandbox).exists(), "{name}: it ran something of the repository");
    let origin = &sandbox.events_of("run_started")[0]["runbook"]["files"][0];
    assert!(origin["path"].as_str().is_some_and(|path| path.ends_with("book.yaml")), "{origin}");
    let log = sandbox.surefoot(&["log"]).run();
    let terminal = |text: &str| text.contains(['\u{1b}', '\u{7}']);
    assert!(!terminal(&log.stdout) && !terminal(&outcome.stderr), "{name}: {}", log.text());
}

/// Steps into a trap as an ordinary git does, and then not.
fn harmless(trap: &Trap) {
    let Some(sandbox) = repository() else {
        return;
    };
    let laid = shell(&sandbox, trap.laid);
    assert_eq!(laid.code(), 0, "{}: {}", trap.name, laid.text());
    if !trap.sprung.is_empty() {
        let sprung = shell(&sandbox, trap.sprung);
        assert!(trace(&sandbox).exists(), "{}: no trap: {}", trap.name, sprung.text());
        fs::remove_file(trace(&sandbox)).unwrap();
    }
    use_it(&sandbox, trap.name);
}

#[test]
fn no_program_that_a_repository_names_is_run() {
    PROGRAMS.iter().for_each(harmless);
}

#[test]
fn no_layout_of_a_repository_leads_to_a_program() {
    LAYOUTS.iter().for_each(harmless);
}

#[test]
fn there_are_as_many_hostile_repositories_as_promised() {
    assert!(PROGRAMS.len() + LAYOUTS.len() >= 25);
}

#[test]
fn the_responders_own_variables_do_not_reach_git() {
    let Some(sandbox) = repository() else {
        return;
    };
    sandbox.trust(BOOK);
    let fire = sandbox.root().join("home/fire").display().to_string();
    let mut call = sandbox.surefoot(&["run", BOOK]);
    for name in ["GIT_EXTERNAL_DIFF", "GIT_SSH_COMMAND", "GIT_PAGER", "GIT_EDITOR", "GIT_ASKPASS"] {
        call = call.env(name, &fire);
    }
    for (name, value) in [
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "core.fsmonitor"),
        ("GIT_CONFIG_VALUE_0", fire.as_str()),
        ("GIT_DIR", "/nonexistent"),
        ("GIT_OBJECT_DIRECTORY", "/nonexistent"),
        ("GIT_TRACE", "2"),
    ] {
        call = call.env(name, value);
    }
    let outcome = call.run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    assert!(!trace(&sandbox).exists());
    let origin = sandbox.events_of("run_started")[0]["runbook"]["files"][0].clone();
    assert_eq!(origin["commit"].as_str().map(str::len), Some(40), "{origin}");
}

/// What the program and all that it starts ask the system for; nothing without strace.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn traced(sandbox: &Sandbox, arguments: &[&str], calls: &str) -> Option<String> {
    let file = sandbox.root().join("trace").display().to_string();
    let calls = format!("trace={calls}");
    let strace = ["strace", "-f", "-qq", "-o", &file, "-e", &calls];
    let outcome = sandbox.surefoot(arguments).under(&strace).run();
    let trace = fs::read_to_string(&file).unwrap_or_default();
    if outcome.status.code() == Some(127) || trace.is_empty() {
        eprintln!("skipped: strace cannot be used here");
        return None;
    }
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    Some(trace)
}

/// The programs that were started, also where a line of the trace was broken off by another
/// process's and its result comes later; this program starts itself by its own link in `/proc`.
fn programs(trace: &str) -> Vec<&str> {
    let mut programs: Vec<&str> = trace
        .lines()
        .filter(|line| line.contains("execve(\"") && !line.contains(" = -1 E"))
        .filter_map(|line| line.split('"').nth(1)?.rsplit('/').next())
        .map(|name| if name == "exe" { "surefoot" } else { name })
        .collect();
    programs.sort_unstable();
    programs.dedup();
    programs
}

#[test]
fn git_starts_nothing_and_nobody_connects() {
    let Some(sandbox) = repository() else {
        return;
    };
    let promisor = LAYOUTS.iter().find(|trap| trap.name.ends_with("remote helper")).unwrap();
    for laid in ["", promisor.laid] {
        assert_eq!(shell(&sandbox, laid).code(), 0);
        sandbox.trust(BOOK);
        let Some(trace) = traced(&sandbox, &["run", BOOK], "?execve,?connect") else {
            return;
        };
        // This program, git, and the shell of the runbook's commands.
        assert_eq!(programs(&trace), ["bash", "git", "surefoot"], "{trace}");
        assert!(!trace.contains("AF_INET"), "{trace}");
    }
}

#[test]
fn who_only_looks_starts_nothing_writes_nothing_and_opens_no_socket() {
    let Some(sandbox) = repository() else {
        return;
    };
    for arguments in [
        &["check", BOOK][..],
        &["show", BOOK],
        &["show", "--html", BOOK],
        &["show", "--graph", BOOK],
        &["plan", BOOK],
        &["trust", "--print", BOOK],
        &["trust", "--list"],
        &["history"],
    ] {
        let calls = "?execve,?socket,?connect,?mkdir,?openat,?rename,?unlink";
        let Some(trace) = traced(&sandbox, arguments, calls) else {
            return;
        };
        assert_eq!(programs(&trace), ["surefoot"], "{trace}");
        for call in ["socket(", "connect(", "mkdir(", "rename", "unlink", "O_CREAT", "O_WRONLY"] {
            assert!(!trace.contains(call), "{arguments:?}: {call} in\n{trace}");
        }
        assert!(!sandbox.state().exists(), "{arguments:?}");
    }
}

#[test]
fn who_looks_at_a_version_starts_git_and_nothing_else() {
    let Some(sandbox) = repository() else {
        return;
    };
    let promisor = LAYOUTS.iter().find(|trap| trap.name.ends_with("remote helper")).unwrap();
    let before = |path: PathBuf| fs::metadata(path).unwrap().modified().unwrap();
    let index = before(sandbox.path(".git/index"));
    for arguments in [
        &["show", "book@HEAD"][..],
        &["plan", "runbooks/book.yaml@main"],
        &["trust", "--print", "book@HEAD"],
        &["show", "book", "--diff", "HEAD"],
        &["policy", "explain", "book@HEAD"],
    ] {
        let calls = "?execve,?socket,?connect,?mkdir,?openat,?rename,?unlink";
        let Some(trace) = traced(&sandbox, arguments, calls) else {
            return;
        };
        assert_eq!(programs(&trace), ["git", "surefoot"], "{trace}");
        for call in ["socket(", "connect(", "mkdir(", "rename", "unlink", "O_CREAT"] {
            assert!(!trace.contains(call), "{arguments:?}: {call} in\n{trace}");
        }
        assert!(!sandbox.state().exists(), "{arguments:?}");
    }
    assert_eq!(before(sandbox.path(".git/index")), index);
    // What was not fetched is not fetched for it.
    assert_eq!(shell(&sandbox, promisor.laid).code(), 0);
    let missing = sandbox.surefoot(&["plan", "book@HEAD"]).run();
    assert_eq!(missing.code(), 3, "{}", missing.text());
    assert!(missing.stderr.contains("it was not fetched to this machine"), "{}", missing.stderr);
    assert!(!trace(&sandbox).exists());
}

#[test]
fn what_is_recorded_is_what_was_read_and_not_what_an_object_is_called() {
    let Some(sandbox) = repository() else {
        return;
    };
    // The object of the commit holds what lies in the working copy, but is called as it was.
    let forged = shell(
        &sandbox,
        "object=$(git rev-parse HEAD:runbooks/book.yaml)
         file=.git/objects/$(echo $object | cut -c1-2)/$(echo $object | cut -c3-)
         sed -i 's/echo one/echo ONE/' runbooks/book.yaml
         other=$(git hash-object -w runbooks/book.yaml)
         chmod +w $file
         cat .git/objects/$(echo $other | cut -c1-2)/$(echo $other | cut -c3-) >$file
         git replace $object $other",
    );
    assert_eq!(forged.code(), 0, "{}", forged.text());
    sandbox.trust(BOOK);
    assert_eq!(sandbox.surefoot(&["run", BOOK]).run().code(), 0);
    let origin = sandbox.events_of("run_started")[0]["runbook"]["files"][0].clone();
    assert_eq!(origin["dirty"], true, "{origin}");
}

#[test]
fn the_commit_is_recorded() {
    let Some(sandbox) = repository() else {
        return;
    };
    sandbox.trust("runbooks/book.yaml");
    assert_eq!(sandbox.surefoot(&["run", "book"]).run().code(), 0);
    let origin = sandbox.events_of("run_started")[0]["runbook"]["files"][0].clone();
    assert_eq!(origin["commit"].as_str().map(str::len), Some(40), "{origin}");
    assert_eq!(origin["dirty"], false, "{origin}");
}

#[test]
fn what_a_runbook_names_stays_inside_its_repository() {
    let Some(sandbox) = repository() else {
        return;
    };
    std::os::unix::fs::symlink("/etc/hostname", sandbox.path("runbooks/link")).unwrap();
    std::os::unix::fs::symlink("../.git", sandbox.path("runbooks/own")).unwrap();
    let outside =
        ["../../../../../../etc/hostname", "/etc/hostname", "link", "../.git/config", "own/config"];
    for outside in outside {
        let book = READS.replace(
            "run: echo one",
            &format!("run: cat {{{{files.it}}}}\n    files: {{ it: {{ from: {outside} }} }}"),
        );
        sandbox.file("runbooks/out.yaml", book);
        let outcome = sandbox.surefoot(&["check", "runbooks/out.yaml"]).run();
        assert_eq!(outcome.code(), 3, "{outside}: {}", outcome.text());
        assert!(outcome.stdout.contains("runbooks/out.yaml:"), "{}", outcome.stdout);
    }
}
