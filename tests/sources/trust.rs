//! A source whose branch is trusted vouches for what stands there, and for nothing else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::READS;
use crate::place::{Upstream, git, mirror, settings, source, sync, synced};
use crate::sandbox::{Outcome, Sandbox};

const BRINGS: &str = "  - id: second
    title: Look by a tool
    effect: read
    files: { tool: { from: ../lib/tool.sh } }
    run: bash {{files.tool}}
  - end: done
";

/// An upstream whose runbook brings a program, and a clone of it.
fn cloned(sandbox: &Sandbox) -> (Upstream, PathBuf) {
    let upstream = Upstream::new(sandbox, "shop");
    upstream.write("lib/tool.sh", "echo tool\n");
    upstream.write("runbooks/look.yaml", READS.replace("  - end: done\n", BRINGS));
    upstream.commit("brings");
    let clone = sandbox.path("clone");
    let words = ["clone", "-q", &upstream.url(), clone.to_str().unwrap()];
    git(sandbox.root(), &sandbox.root().join("home"), &words);
    (upstream, clone)
}

fn run(sandbox: &Sandbox) -> Outcome {
    sandbox.surefoot(&["run", "clone/runbooks/look.yaml"]).run()
}

#[track_caller]
fn refused(sandbox: &Sandbox) {
    let outcome = run(sandbox);
    assert_eq!(outcome.code(), 8, "{}", outcome.text());
}

#[test]
fn what_stands_on_the_branch_of_a_trusted_source_asks_nobody() {
    let sandbox = Sandbox::new();
    let (upstream, clone) = cloned(&sandbox);
    refused(&sandbox);
    settings(&sandbox, &source(&upstream.url(), ""));
    synced(&sandbox);
    refused(&sandbox);
    settings(&sandbox, &source(&upstream.url(), "trust = \"branch\""));
    let outcome = run(&sandbox);
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    let said = "Trusted: it stands on main of shop, as of just now.";
    assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
    // Before the shift, it is known as well.
    let doctor = sandbox.surefoot(&["doctor", "clone/runbooks/look.yaml"]).run();
    assert!(doctor.stdout.contains("1 runbook looked at, all trusted"), "{}", doctor.stdout);

    // Whatever is changed by hand, committed or not, is not what stands there.
    let tool = clone.join("lib/tool.sh");
    fs::write(&tool, "echo other\n").unwrap();
    refused(&sandbox);
    git(&clone, sandbox.root(), &["commit", "-q", "-a", "-m", "mine"]);
    refused(&sandbox);
    fs::write(&tool, "echo tool\n").unwrap();
    assert_eq!(run(&sandbox).code(), 0);
    fs::set_permissions(&tool, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    refused(&sandbox);
    fs::set_permissions(&tool, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let book = clone.join("runbooks/look.yaml");
    let text = fs::read_to_string(&book).unwrap();
    fs::write(&book, text.replace("echo one", "echo two")).unwrap();
    refused(&sandbox);
    // What stands there now is trusted once it is fetched.
    upstream.write("runbooks/look.yaml", text.replace("echo one", "echo two"));
    upstream.commit("two");
    refused(&sandbox);
    synced(&sandbox);
    assert_eq!(run(&sandbox).code(), 0);
    // The network is not needed, and what others can write is not believed.
    fs::rename(&upstream.root, upstream.root.with_extension("gone")).unwrap();
    assert_eq!(run(&sandbox).code(), 0);
    let folder = mirror(&sandbox, "shop");
    fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    refused(&sandbox);
}

#[test]
fn a_clone_of_something_else_is_not_vouched_for_whatever_it_says() {
    let sandbox = Sandbox::new();
    let (upstream, clone) = cloned(&sandbox);
    settings(&sandbox, &source(&upstream.url(), "trust = \"branch\""));
    synced(&sandbox);
    git(&clone, sandbox.root(), &["config", "remote.origin.url", "https://elsewhere.example/x"]);
    refused(&sandbox);
    // Who claims to be a clone is asked for the same content at the same place.
    git(&clone, sandbox.root(), &["config", "remote.origin.url", &upstream.url()]);
    assert_eq!(run(&sandbox).code(), 0);
    fs::rename(clone.join("runbooks/look.yaml"), clone.join("runbooks/else.yaml")).unwrap();
    let moved = sandbox.surefoot(&["run", "clone/runbooks/else.yaml"]).run();
    assert_eq!(moved.code(), 8, "{}", moved.text());
}

/// A key of a person; its public half as a line of those who may sign.
fn key(folder: &Path, name: &str) -> (PathBuf, String) {
    let path = folder.join(name);
    let words = ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"];
    let made = Command::new("ssh-keygen").args(words).arg(&path).status().unwrap();
    assert!(made.success());
    let public = fs::read_to_string(path.with_extension("pub")).unwrap();
    (path, format!("{name}@example.org {public}"))
}

#[test]
fn a_source_that_is_trusted_as_signed_needs_the_signature_of_somebody_known() {
    let sandbox = Sandbox::new();
    let (upstream, clone) = cloned(&sandbox);
    let (dana, known) = key(sandbox.root(), "dana");
    let (eve, _) = key(sandbox.root(), "eve");
    let list = sandbox.root().join("committers");
    fs::write(&list, known).unwrap();
    let signed_by = |key: &Path, message: &str| {
        let key = format!("user.signingkey={}", key.display());
        let words =
            ["-c", "gpg.format=ssh", "-c", &key, "commit", "-q", "--allow-empty", "-S", "-m"];
        upstream.git(&[&words[..], &[message]].concat());
        sync(&sandbox, &[]).run()
    };
    let signers = format!("trust = \"signed\"\nallowed_signers = \"{}\"", list.display());
    settings(&sandbox, &source(&upstream.url(), &signers));
    synced(&sandbox);
    refused(&sandbox);
    signed_by(&eve, "by somebody else");
    refused(&sandbox);
    signed_by(&dana, "by dana");
    let outcome = run(&sandbox);
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    assert!(outcome.stderr.contains("signed by dana@example.org"), "{}", outcome.stderr);
    // Who is taken off the list has signed nothing.
    fs::write(&list, "").unwrap();
    refused(&sandbox);
    // Without a list of its own, those count who may agree.
    let (_, known) = key(sandbox.root(), "erin");
    let all = format!(
        "{known}dana@example.org {}",
        fs::read_to_string(dana.with_extension("pub")).unwrap()
    );
    fs::write(&list, all).unwrap();
    let approval = format!("[approval]\nallowed_signers = \"{}\"\n", list.display());
    settings(&sandbox, &(source(&upstream.url(), "trust = \"signed\"") + &approval));
    assert_eq!(run(&sandbox).code(), 0);
    upstream.commit("unsigned");
    synced(&sandbox);
    refused(&sandbox);
    assert!(clone.exists());
}
