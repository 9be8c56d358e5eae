//! The top of a runbook: everything but the steps.

use super::command::{COMMAND, ENV};
use super::step::{ALLOW, LINKS};
use super::{Key, Keys, LINE, Mapping, Need, PLAIN, PLAIN_LINE, Shape, TEMPLATE};

/// The whole file.
pub(in crate::runbook) static TOP: Mapping = Mapping {
    what: "a runbook",
    form: "{ schema: surefoot/v1, title: ..., steps: [...] }",
    keys: &[ABOUT, PLACES, PARTS],
    one_of: &[],
};

const ABOUT: &[Key] = &[
    required!("schema", Shape::Keyword(&["surefoot/v1"]), "The version of the language.",),
    required!("title", LINE, "What the runbook is about."),
    key!(
        "kind",
        Shape::Keyword(&["runbook", "game_day"]),
        "What the file is; `runbook` by default.",
    ),
    key!("service", Shape::Id, "The service it belongs to; the source's name by default.",),
    key!("id", Shape::Id, "Its id; the file's stem by default."),
    key!("summary", PLAIN, "What the situation means, Markdown."),
    key!("impact", PLAIN, "What the situation costs, Markdown."),
    key!("owner", Shape::Map(&OWNER), "Who owns the runbook."),
    key!("escalation", Shape::List(&Shape::Map(&ESCALATION)), "Whom to ask for help, in order.",),
    key!("alerts", Shape::List(&Shape::Map(&ALERT)), "The alerts it answers.",),
    key!("change", Shape::Map(&CHANGE), "The kind of change this is."),
    key!("never", Shape::List(&PLAIN), "Rules shown at the start and on every card.",),
    key!("allow", ALLOW, "Findings silenced, each with its reason."),
    key!("links", LINKS, "Where to read more."),
    key!("tags", Shape::List(&PLAIN_LINE), "Words for finding it."),
    key!("lock", LINE, "The name under which a second run is told of the first.",),
];

const PLACES: &[Key] = &[
    key!(
        "environments",
        Shape::Table(Keys::Name, &Shape::Table(Keys::Name, &Shape::Scalar)),
        "Named sets of values, chosen with `--env`.",
    ),
    key!("targets", Shape::Table(Keys::Name, &Shape::Map(&TARGET)), "Places where commands run.",),
    key!("target", Shape::Word, "Where commands run unless a step says otherwise.",),
    key!("requires", Shape::List(&Shape::Map(&REQUIREMENT)), "What must be there before step 1.",),
    key!("inputs", Shape::Table(Keys::Value, &Shape::Map(&INPUT)), "What the run needs to know.",),
];

const PARTS: &[Key] = &[
    required!("steps", Shape::Steps, "The main line."),
    key!("procedures", Shape::Table(Keys::Name, &Shape::Map(&PROCEDURE)), "Named parts.",),
    key!("finally", Shape::Steps, "Steps offered at the end, however the run ended.",),
];

static OWNER: Mapping = Mapping {
    what: "`owner`",
    form: "{ team: payments, channel: \"#payments\" }",
    keys: &[&[
        key!("team", PLAIN_LINE, "The team."),
        key!("channel", PLAIN_LINE, "Where it is found."),
    ]],
    one_of: &[],
};

static ESCALATION: Mapping = Mapping {
    what: "an escalation",
    form: "{ role: secondary, how: page the rota, after: 15m }",
    keys: &[&[
        required!("role", PLAIN_LINE, "A role, never the name of a person."),
        required!("how", PLAIN, "How to reach it."),
        key!("after", Shape::Duration, "After how long."),
    ]],
    one_of: &[],
};

static ALERT: Mapping = Mapping {
    what: "an alert",
    form: "{ match: [ 'alertname=\"X\"' ], inputs: { host: labels.instance } }",
    keys: &[&[
        required!(
            "match",
            Shape::List(&PLAIN),
            "Label matchers, as in Alertmanager; all must hold.",
        ),
        key!(
            "inputs",
            Shape::Table(Keys::Name, &Shape::OneOf(&[PLAIN, Shape::Map(&ALERT_SOURCE)]),),
            "Which input comes from which label or annotation.",
        ),
    ]],
    one_of: &[],
};

static ALERT_SOURCE: Mapping = Mapping {
    what: "a source of an input",
    form: "{ from: labels.instance, regex: '([^:]+)' }",
    keys: &[&[
        required!("from", PLAIN, "A label or an annotation."),
        key!("regex", Shape::Verbatim, "Its first group is the value."),
    ]],
    one_of: &[],
};

static CHANGE: Mapping = Mapping {
    what: "`change`",
    form: "{ type: standard, template: CHG-42 }",
    keys: &[&[
        required!("type", Shape::Keyword(&["standard", "normal", "emergency"]), "Its kind.",),
        key!("template", PLAIN_LINE, "The template it was approved by."),
    ]],
    one_of: &[],
};

static TARGET: Mapping = Mapping {
    what: "a target",
    form: "{ prefix: [docker, exec, box], assert: hostname, equals: box-1 }",
    keys: &[&[
        key!("ssh", TEMPLATE, "A host, over ssh."),
        key!("kubectl", Shape::Map(&KUBECTL), "A cluster, or a pod of it.",),
        key!("prefix", Shape::List(&TEMPLATE), "Words put before each command.",),
        key!("as", PLAIN, "Another user, through sudo."),
        key!("env", ENV, "Environment variables of its commands."),
        key!("assert", COMMAND, "A read command that tells what the target is.",),
        key!("equals", LINE, "What it must print."),
    ]],
    one_of: &[],
};

static KUBECTL: Mapping = Mapping {
    what: "`kubectl`",
    form: "{ context: prod-eu, namespace: shop }",
    keys: &[&[
        required!("context", TEMPLATE, "The context."),
        key!("namespace", TEMPLATE, "The namespace."),
        key!("pod", TEMPLATE, "The pod in which commands run."),
        key!("container", TEMPLATE, "The container of the pod."),
    ]],
    one_of: &[],
};

static REQUIREMENT: Mapping = Mapping {
    what: "a requirement",
    form: "{ program: kubectl, version: \">=1.27\", from: kubectl version }, { env: NAME } or { check: ..., say: ... }",
    keys: &[&[
        key!("program", PLAIN_LINE, "A program that must be there."),
        key!("env", PLAIN_LINE, "An environment variable that must be set.",),
        key!("check", COMMAND, "A read command that must succeed."),
        only!(&["program"], key("version", PLAIN, "The versions that do.")),
        only!(&["program"], key("from", COMMAND, "The command that tells the version."),),
        only!(&["check"], key("say", PLAIN, "What is said if the check fails."),),
    ]],
    one_of: &["program", "env", "check"],
};

/// A value, or a list of them.
pub(super) const VALUES: Shape = Shape::OneOf(&[Shape::Scalar, Shape::List(&Shape::Scalar)]);

/// The keywords of the types of values.
pub(super) const TYPE: Shape = Shape::Keyword(&[
    "string",
    "text",
    "name",
    "host",
    "path",
    "integer",
    "float",
    "boolean",
    "duration",
    "timestamp",
    "url",
    "list",
]);

static INPUT: Mapping = Mapping {
    what: "an input",
    form: "{ type: name, description: ... }",
    keys: &[&[
        required!("type", TYPE, "The type of the value."),
        key!("description", PLAIN, "What it is."),
        key!("example", VALUES, "What it may look like."),
        key!("default", VALUES, "Taken if no stronger source has a value.",),
        key!("pattern", Shape::Verbatim, "A regular expression that matches the whole value.",),
        key!("min", Shape::Scalar, "The smallest number, duration or count of items.",),
        key!("max", Shape::Scalar, "The largest number, duration or count of items.",),
        key!("choices", super::step::CHOICES, "What can be chosen."),
        key!("secret", Shape::Boolean, "Whether the value must not be seen.",),
        key!("from", Shape::Map(&SECRET_SOURCE), "Where a secret comes from.",),
        key!("required", Shape::Boolean, "Whether it must be set; true by default.",),
    ]],
    one_of: &[],
};

static SECRET_SOURCE: Mapping = Mapping {
    what: "the source of a secret",
    form: "{ env: NAME }, { file: PATH } or { run: COMMAND }",
    keys: &[&[
        key!("env", PLAIN_LINE, "An environment variable."),
        key!("file", PLAIN_LINE, "A file, anywhere."),
        key!("run", COMMAND, "A read command that prints it."),
    ]],
    one_of: &["env", "file", "run"],
};

static PROCEDURE: Mapping = Mapping {
    what: "a procedure",
    form: "{ title: ..., steps: [...] }",
    keys: &[&[
        key!("title", LINE, "Shown when it is entered."),
        required!("steps", Shape::Steps, "Its steps."),
    ]],
    one_of: &[],
};
