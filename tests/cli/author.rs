//! The author of a repository of runbooks.

use crate::sandbox::{Outcome, Sandbox};

/// What every runbook begins with.
pub(crate) const HEAD: &str = "schema: surefoot/v1\nowner: { team: payments }\nescalation: [ { role: secondary, how: page the rota } ]\n";

/// Runs a script in the repository as its author would.
pub(crate) fn author(sandbox: &Sandbox, script: &str) -> Outcome {
    let call = sandbox.surefoot(&[]).env("GIT_CONFIG_GLOBAL", "/dev/null");
    let call = call.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_AUTHOR_NAME", "a");
    let call = call.env("GIT_AUTHOR_EMAIL", "a@b.c").env("GIT_COMMITTER_NAME", "a");
    let outcome = call.env("GIT_COMMITTER_EMAIL", "a@b.c").under(&["sh", "-ec", script]).run();
    assert_eq!(outcome.code(), 0, "{script}: {}", outcome.text());
    outcome
}

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub(crate) fn git_is_here(sandbox: &Sandbox) -> bool {
    let here = sandbox.surefoot(&[]).under(&["sh", "-c", "git --version"]).run().code() == 0;
    if !here {
        eprintln!("skipped: git is not here");
    }
    here
}
