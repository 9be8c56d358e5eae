//! Runbooks in repositories that want to run something of their own: hooks, monitors, filters, links.

use std::fs;

use crate::READS;
use crate::sandbox::Sandbox;

/// A repository with a runbook and this in its configuration.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn repository(configuration: &str) -> Option<Sandbox> {
    let sandbox = Sandbox::new();
    sandbox.file("runbooks/book.yaml", READS);
    let git = |arguments: &[&str]| {
        let call = sandbox.surefoot(&[]).env("GIT_CONFIG_GLOBAL", "/dev/null");
        let script = format!("exec git -c user.name=a -c user.email=a@b.c {}", arguments.join(" "));
        call.under(&["sh", "-c", &script]).run().code()
    };
    if git(&["--version"]) != 0 {
        eprintln!("skipped: git is not here");
        return None;
    }
    assert_eq!(git(&["init", "-q", "."]), 0);
    assert_eq!(git(&["add", "."]), 0);
    assert_eq!(git(&["commit", "-q", "-m", "first"]), 0);
    let canary = sandbox.root().join("home/fired");
    let configuration = configuration.replace("CANARY", &format!("touch {}", canary.display()));
    let path = sandbox.path(".git/config");
    let before = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{before}\n{configuration}\n")).unwrap();
    Some(sandbox)
}

/// Nothing of the configuration runs, whatever is done with the runbook.
fn harmless(configuration: &str) {
    let Some(sandbox) = repository(configuration) else {
        return;
    };
    fs::write(sandbox.path(".gitattributes"), "*.yaml filter=f diff=f\n").unwrap();
    for name in ["post-checkout", "pre-commit", "post-index-change", "reference-transaction"] {
        let hook = sandbox.path(".git/hooks").join(name);
        fs::create_dir_all(hook.parent().unwrap()).unwrap();
        fs::write(&hook, format!("#!/bin/sh\ntouch {}/home/fired\n", sandbox.root().display()))
            .unwrap();
        fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let book = "runbooks/book.yaml";
    // A time stamp that git does not know makes it look at the content.
    fs::write(sandbox.path(book), READS).unwrap();
    for command in ["check", "run", "plan", "show"] {
        sandbox.surefoot(&[command, book]).run();
    }
    let digest = sandbox.digest(book);
    sandbox.surefoot(&["trust", "--digest", &digest, book]).run();
    let outcome = sandbox.surefoot(&["run", book]).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    assert!(!sandbox.root().join("home/fired").exists(), "it fired: {configuration}");
    let origin = &sandbox.events_of("run_started")[0]["runbook"]["files"][0];
    assert_eq!(origin["path"], "runbooks/book.yaml");
}

#[test]
fn nothing_of_a_repository_runs_by_itself() {
    for configuration in [
        "[core]\n\tfsmonitor = CANARY",
        "[core]\n\tsshCommand = CANARY\n[diff]\n\texternal = CANARY",
        "[filter \"f\"]\n\tclean = CANARY\n\tsmudge = CANARY\n\tprocess = CANARY\n[diff \"f\"]\n\ttextconv = CANARY",
        "[alias]\n\tstatus = !CANARY\n\trev-parse = !CANARY\n[core]\n\tpager = CANARY\n\teditor = CANARY",
    ] {
        harmless(configuration);
    }
}

#[test]
fn the_commit_is_recorded() {
    let Some(sandbox) = repository("") else {
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
    let Some(sandbox) = repository("") else {
        return;
    };
    std::os::unix::fs::symlink("/etc/hostname", sandbox.path("runbooks/link")).unwrap();
    for outside in ["../../../../../../etc/hostname", "/etc/hostname", "link"] {
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
