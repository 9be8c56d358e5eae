//! The keys of settings files: the organisation's, the user's, and the repository's, which may
//! only ask for more care.

use super::{Key, Mapping, Need, PLAIN_LINE, Shape};

/// The user's file.
pub(crate) static USER_SETTINGS: Mapping = Mapping {
    what: "a settings file",
    form: "schema = \"surefoot-config/v1\"",
    keys: &[SCHEMA, ORGANISATION, CARE, GRANTS],
    one_of: &[],
};

/// The organisation's file: it is nobody's to name another one.
pub(crate) static ORGANISATION_SETTINGS: Mapping = Mapping {
    what: "an organisation's settings file",
    form: "schema = \"surefoot-config/v1\"",
    keys: &[SCHEMA, CARE, GRANTS],
    one_of: &[],
};

/// The repository's file: it grants nothing.
pub(crate) static REPOSITORY_SETTINGS: Mapping = Mapping {
    what: "a repository's settings file",
    form: "schema = \"surefoot-config/v1\"",
    keys: &[SCHEMA, CARE],
    one_of: &[],
};

const SCHEMA: &[Key] = &[required!(
    "schema",
    Shape::Keyword(&["surefoot-config/v1"]),
    "The version of settings files."
)];

const ORGANISATION: &[Key] = &[key!(
    "organisation",
    PLAIN_LINE,
    "The organisation's file, beside `/etc/surefoot/config.toml`."
)];

/// What asks for more.
const CARE: &[Key] = &[
    key!("check", Shape::Map(&CHECK), "What `surefoot check` looks for besides."),
    key!("policy", Shape::List(&Shape::Map(&POLICY)), "Rules that ask for more care."),
];

/// What gives something away.
const GRANTS: &[Key] = &[
    key!("approval", Shape::Map(&APPROVAL), "How other people agree to a step."),
    key!("break_glass", Shape::List(&Shape::Map(&BREAK_GLASS)), "Where a person may go on alone."),
    key!("grant", Shape::List(&Shape::Map(&GRANT)), "Where `--yes` stands for an answer."),
    key!("on_call", Shape::List(&Shape::Id), "The services that `surefoot doctor` prepares for."),
    key!("records", Shape::Map(&RECORDS), "Where finished runs go, for the whole team."),
    key!("source", Shape::List(&Shape::Map(&SOURCE)), "Where runbooks come from."),
    key!(
        "standard_change",
        Shape::List(&Shape::Map(&STANDARD_CHANGE)),
        "Changes that were approved beforehand."
    ),
    key!("stale_after", Shape::Duration, "When what was fetched counts as old; `7d` if not said."),
    key!("sync", Shape::Map(&SYNC), "What is synced in the background."),
];

const PATTERNS: Shape = Shape::OneOf(&[PLAIN_LINE, Shape::List(&PLAIN_LINE)]);

/// The words for what commands do to the world.
const EFFECTS: Shape = Shape::Keyword(&["read", "change", "destroy"]);

/// Where a rule or a grant holds; all that is said must fit.
const PLACE: &[Key] = &[
    key!("environment", PATTERNS, "The environment of the run."),
    key!("service", PATTERNS, "The service of the runbook."),
    key!("runbook", PATTERNS, "The runbook, by its id or as `service/id`."),
    key!("target", PATTERNS, "The target: its name, host or context, or what it proves to be."),
    key!("step", PATTERNS, "The step, by its id."),
    key!("tag", PATTERNS, "A tag of the runbook."),
];

static CHECK: Mapping = Mapping {
    what: "`check`",
    form: "{ schemas = [\"owners.schema.json\"] }",
    keys: &[&[key!("schemas", Shape::List(&PLAIN_LINE), "JSON Schemas that runbooks must fit.")]],
    one_of: &[],
};

static POLICY: Mapping = Mapping {
    what: "a policy",
    form: "{ effect = \"change\", level = \"typed\", why = \"...\" }",
    keys: &[
        &[
            required!(
                "effect",
                Shape::OneOf(&[EFFECTS, Shape::List(&EFFECTS)]),
                "What the commands do to the world."
            ),
            required!("level", LEVEL, "How much is asked, at least."),
            required!("why", PLAIN_LINE, "Why, for whoever is asked."),
            key!("role", PLAIN_LINE, "Who must agree, where the level is `approve`."),
            key!("count", Shape::Whole(1, 9), "How many of them; 1 if not said."),
        ],
        PLACE,
    ],
    one_of: &[],
};

/// The levels of care.
pub(super) const LEVEL: Shape =
    Shape::Keyword(&["auto", "key", "confirm", "typed", "approve", "refuse"]);

static APPROVAL: Mapping = Mapping {
    what: "`approval`",
    form: "{ allowed_signers = \"/etc/surefoot/allowed_signers\", expires = \"1h\" }",
    keys: &[&[
        key!(
            "allowed_signers",
            WHO_SIGNS,
            "The file with the keys of those who may agree, as ssh-keygen reads it."
        ),
        key!("expires", Shape::Duration, "How long a request can be answered; `1h` if not said."),
    ]],
    one_of: &[],
};

/// A file with keys, or one of a branch.
const WHO_SIGNS: Shape = Shape::OneOf(&[PLAIN_LINE, Shape::Map(&SIGNERS)]);

static SIGNERS: Mapping = Mapping {
    what: "the place of signers",
    form: "{ repository = \"/srv/keys\", branch = \"main\", file = \"allowed_signers\" }",
    keys: &[&[
        required!("repository", PLAIN_LINE, "A git repository on this machine."),
        required!("branch", PLAIN_LINE, "The branch whose latest commit is believed."),
        required!("file", PLAIN_LINE, "The file, by its path in the repository."),
    ]],
    one_of: &[],
};

static BREAK_GLASS: Mapping = Mapping {
    what: "a break-glass rule",
    form: "{ why = \"nobody else is awake\" }",
    keys: &[&[required!("why", PLAIN_LINE, "Why, for the record.")], PLACE],
    one_of: &[],
};

static GRANT: Mapping = Mapping {
    what: "a grant",
    form: "{ yes = \"change\", why = \"...\" }",
    keys: &[
        &[
            required!("yes", Shape::Keyword(&["change"]), "The effect that `--yes` may name."),
            required!("why", PLAIN_LINE, "Why, for the record."),
        ],
        PLACE,
    ],
    one_of: &[],
};

static STANDARD_CHANGE: Mapping = Mapping {
    what: "a standard change",
    form: "{ template = \"CHG-42\", digest = \"...\" }",
    keys: &[&[
        required!("template", PLAIN_LINE, "The template that the runbook names."),
        required!(
            "digest",
            PLAIN_LINE,
            "The content that was approved, as `surefoot trust --print` says it."
        ),
        key!(
            "commands",
            Shape::List(&PLAIN_LINE),
            "Digests of commands that may run with nobody there."
        ),
        key!("expires", Shape::Timestamp, "Until when it holds."),
    ]],
    one_of: &[],
};

static RECORDS: Mapping = Mapping {
    what: "`records`",
    form: "{ folder = \"/srv/records\" } or { git = \"git@host:team/records\" }",
    keys: &[&[
        key!("folder", PLAIN_LINE, "A folder that the team shares."),
        key!("git", PLAIN_LINE, "A git repository, as git names it."),
        only!(&["git"], key("branch", PLAIN_LINE, "The branch; `records` if not said.")),
        key!(
            "what",
            Shape::Keyword(&["summary", "bundle"]),
            "What of a run goes there; `summary` if not said."
        ),
    ]],
    one_of: &["folder", "git"],
};

static SYNC: Mapping = Mapping {
    what: "`sync`",
    form: "{ every = \"1h\" }",
    keys: &[&[required!(
        "every",
        Shape::Duration,
        "How old what was synced may be before a sync is begun in the background."
    )]],
    one_of: &[],
};

static SOURCE: Mapping = Mapping {
    what: "a source",
    form: "{ path = \"/srv/runbooks\" } or { git = \"git@host:team/runbooks\" }",
    keys: &[&[
        key!("name", Shape::Id, "What it is called."),
        key!("path", PLAIN_LINE, "A folder, or several with `*`."),
        key!("git", PLAIN_LINE, "A git repository, as git names it."),
        key!("list", PLAIN_LINE, "A file with a git repository a line."),
        key!(
            "command",
            Shape::List(&PLAIN_LINE),
            "A program and its arguments, which prints a git repository a line."
        ),
        only!(
            &["git", "list", "command"],
            key("branch", PLAIN_LINE, "The branch; the remote's own if not said.")
        ),
        only!(
            &["git", "list", "command"],
            key("tag", PLAIN_LINE, "The tags: of those that fit, the highest version counts.")
        ),
        key!("runbooks", PLAIN_LINE, "The folder of its runbooks; `runbooks` if not said."),
        key!("trust", TRUST, "What of it is trusted; `ask` if not said."),
        only!(
            &["git", "list", "command"],
            key("allowed_signers", WHO_SIGNS, "Whose signatures count, where `signed` is trusted.")
        ),
        key!("services", Shape::List(&Shape::Id), "The services that it may speak for."),
    ]],
    one_of: &["path", "git", "list", "command"],
};

/// How far a source is trusted.
const TRUST: Shape = Shape::Keyword(&["ask", "branch", "signed"]);
