//! Details and examples of the keys of settings files. Examples are values, in YAML's flow form.

use super::{Note, of};

/// By mapping.
pub(super) static NOTES: &[(&str, &[Note])] = &[
    ("a settings file", TOP),
    ("`check`", CHECK),
    ("a policy", POLICY),
    ("`approval`", APPROVAL),
    ("the place of signers", SIGNERS),
    ("a break-glass rule", BREAK_GLASS),
    ("a grant", GRANT),
    ("a standard change", STANDARD_CHANGE),
    ("`records`", RECORDS),
    ("a source", SOURCE),
    ("`sync`", SYNC),
];

const TOP: &[Note] = &[
    of(
        "organisation",
        "/srv/surefoot/organisation.toml",
        "Only in the user's file. A relative path counts from the file; `~/` is the home folder. A \
         file that is named and not there is an error.",
    ),
    of("check", "{ schemas: [owners.schema.json] }", "In a repository's file, too."),
    of(
        "policy",
        "[ { effect: destroy, level: approve, role: payments lead, why: Two people decide. } ]",
        "In a repository's file, too. Of all rules that fit a command, the strictest holds, \
         whatever their order.",
    ),
    of(
        "approval",
        "{ allowed_signers: /etc/surefoot/allowed_signers, expires: 1h }",
        "Not in a repository's file. The organisation's file wins over the user's.",
    ),
    of(
        "break_glass",
        "[ { environment: production, why: Nobody else may be awake. } ]",
        "Not in a repository's file. It is loud, needs a reason, and is recorded.",
    ),
    of(
        "grant",
        "[ { yes: change, environment: staging, why: Nightly jobs. } ]",
        "Not in a repository's file. Once a file has grants, `--yes` holds only where one of them \
         does; an organisation's file without any grants nothing.",
    ),
    of(
        "on_call",
        "[checkout, payments]",
        "Not in a repository's file. What several files name is joined.",
    ),
    of(
        "records",
        "{ git: git@git.example:payments/records.git, what: bundle }",
        "Not in a repository's file. The organisation's file wins over the user's.",
    ),
    of(
        "source",
        "[ { path: /srv/runbooks, services: [checkout] } ]",
        "Not in a repository's file.",
    ),
    of(
        "standard_change",
        "",
        "Not in a repository's file. Where there is an organisation's file, only its own count.",
    ),
    of("stale_after", "1d", "Not in a repository's file. The shortest of several files counts."),
    of(
        "sync",
        "{ every: 1h }",
        "Not in a repository's file. The user's file wins over the organisation's.",
    ),
];

const CHECK: &[Note] = &[of(
    "schemas",
    "[owners.schema.json]",
    "Paths count from the file; they are joined with those of `--schema`.",
)];

const POLICY: &[Note] = &[
    of("effect", "[change, destroy]", "One, or a list."),
    of("level", "", "Each level asks for all that those before it do."),
    of("why", "Payments settle here. Two people look.", ""),
    of("role", "payments lead", "Required there, and nowhere else."),
    of("environment", "production", PATTERN),
    of("service", "[checkout, payments]", PATTERN),
    of("runbook", "checkout/*", PATTERN),
    of("target", "prod-*", PATTERN),
    of("step", "drop_*", PATTERN),
    of("tag", "database", PATTERN),
];

const PATTERN: &str = "One, or a list, of which one must fit. `*` stands for any letters, `?` for one. Left out, any does.";

const APPROVAL: &[Note] = &[of(
    "allowed_signers",
    "/etc/surefoot/allowed_signers",
    "Or the file of a branch: `{ repository, branch, file }`. Never a file of the runbook's working copy.",
)];

const SIGNERS: &[Note] = &[
    of("repository", "/srv/keys", ""),
    of("branch", "main", ""),
    of("file", "allowed_signers", ""),
];

const BREAK_GLASS: &[Note] = &[
    of("why", "Nobody else may be awake.", ""),
    of("environment", "production", PATTERN),
    of("service", "[checkout, payments]", PATTERN),
    of("runbook", "checkout/*", PATTERN),
    of("target", "prod-*", PATTERN),
    of("step", "restart_*", PATTERN),
    of("tag", "urgent", PATTERN),
];

const GRANT: &[Note] = &[
    of("yes", "change", "It stands for a `y`, never for something that must be typed or approved."),
    of("why", "Nightly jobs restart workers.", ""),
    of("environment", "staging", PATTERN),
    of("service", "[checkout, payments]", PATTERN),
    of("runbook", "nightly-*", PATTERN),
    of("target", "stg-*", PATTERN),
    of("step", "restart_*", PATTERN),
    of("tag", "nightly", PATTERN),
];

const STANDARD_CHANGE: &[Note] = &[
    of(
        "template",
        "CHG-42",
        "The runbook says `change: { type: standard, template: CHG-42 }`. Its approvals are then \
         taken as given; what must be typed stays.",
    ),
    of("digest", "", "64 hexadecimal digits. Any change to the runbook or what it uses ends it."),
    of(
        "commands",
        "",
        "A command as the card and the record name it. Nobody needs to be there for these, even \
         where they destroy something.",
    ),
    of("expires", "2027-03-01T00:00:00Z", "With its zone."),
];

const RECORDS: &[Note] = &[
    of("folder", "/srv/records", "A relative path counts from the file; `~/` is the home folder."),
    of("git", "git@git.example:payments/records.git", "Git's own authentication counts."),
    of("branch", "records", ""),
    of(
        "what",
        "",
        "A bundle is the journal, the frozen runbook and the masked outputs; a summary is what `history` shows.",
    ),
];

const SYNC: &[Note] =
    &[of("every", "1h", "At least a minute. `0s`: never, as if nothing were said.")];

const SOURCE: &[Note] = &[
    of("name", "payments", "If not said, it is called after its folder or repository."),
    of("path", "/srv/runbooks/*", "A relative path counts from the file; `~/` is the home folder."),
    of(
        "git",
        "git@git.example:payments/runbooks.git",
        "`surefoot sync` fetches it, over `https`, `ssh`, `http`, `git` or from a folder.",
    ),
    of("list", "repositories.txt", "Empty lines and those that begin with `#` do not count."),
    of(
        "command",
        "[gh, repo, list, acme, --json, sshUrl, --jq, \".[].sshUrl\"]",
        "Only `surefoot sync` runs it, without a shell; what it printed last is kept.",
    ),
    of("branch", "main", ""),
    of("tag", "v*", "`*` stands for any letters. `v1.10.0` is higher than `v1.9.2`."),
    of(
        "runbooks",
        "ops/runbooks",
        "A folder that has no `runbooks` in it is one of runbooks itself.",
    ),
    of("trust", "", "What a repository says about itself is no reason to trust it."),
    of("allowed_signers", "committers", "If not said, those who may agree to a step."),
    of("services", "[checkout, payments]", "Two sources that claim one service are an error."),
];
