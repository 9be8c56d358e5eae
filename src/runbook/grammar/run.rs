//! The keys that go with `run` only.

use super::command::{COMMAND, CONTEXT, EXPRESSIONS, RUN, UNDO, VERIFY};
use super::step::APPROVAL;
use super::top::TYPE;
use super::{Key, Keys, LINE, Mapping, Need, PLAIN, Shape, TEMPLATE};

pub(super) const RUN_KEYS: &[Key] = &[
    only!(&["run"], key("shell", super::command::SHELL, "The shell: `bash` (default) or `sh`.",),),
    only!(&["run"], key("as", PLAIN, "Another user, through sudo.")),
    only!(&["run"], key("cwd", TEMPLATE, "The working directory.")),
    only!(&["run"], key("stdin", super::command::STDIN, "The command's input.")),
    only!(&["run"], key("timeout", Shape::Duration, "How long an attempt may take."),),
    only!(
        &["run"],
        key("files", Shape::Table(Keys::Name, &Shape::Map(&FILE)), "Files for the command.",),
    ),
    only!(&["run"], key("subject", LINE, "What is destroyed, which the responder must type.",),),
    only!(&["run"], key("expect", EXPRESSIONS, "What must hold afterwards."),),
    only!(
        &["run", "wait"],
        key("sample", Shape::Verbatim, "What good, and bad, output looks like.",),
    ),
    only!(
        &["run", "wait"],
        key("findings", Shape::List(&Shape::Map(&FINDING)), "What the result means.",),
    ),
    only!(
        &["run", "wait"],
        key(
            "capture",
            Shape::OneOf(&[Shape::ValueName, Shape::Table(Keys::Value, &Shape::Map(&CAPTURE)),]),
            "Values taken from the output.",
        ),
    ),
    only!(
        &["run"],
        key(
            "verify",
            Shape::OneOf(&[Shape::CommandText, Shape::List(&TEMPLATE), Shape::Map(&VERIFY),]),
            "What proves the step, right after success.",
        ),
    ),
    only!(&["run"], key("recheck", COMMAND, "Tells after a crash whether the step took effect.",),),
    only!(
        &["run"],
        key(
            "undo",
            Shape::OneOf(&[Shape::CommandText, Shape::List(&TEMPLATE), Shape::Map(&UNDO),]),
            "How the step is undone.",
        ),
    ),
    only!(&["run"], key("irreversible", PLAIN, "Why the step cannot be undone."),),
    only!(&["run"], key("retry", Shape::Map(&RETRY), "How often a failure is tried again.",),),
    only!(
        &["run", "wait"],
        key("until", Shape::Expression, "Repeats the command until this holds.",),
    ),
    only!(
        &["run", "wait"],
        key("every", Shape::Duration, "The pause between repetitions; 10s by default.",),
    ),
    only!(&["run"], key("within", Shape::Duration, "How long it repeats; 10m by default.",),),
    only!(&["run"], key("interactive", Shape::Boolean, "The command gets the terminal.",),),
    only!(&["run"], key("type_in", Shape::List(&TEMPLATE), "Lines to type."),),
    only!(&["run"], key("background", Shape::Map(&BACKGROUND), "Runs until its group is left.",),),
    only!(&["run"], key("evidence", Shape::List(&TEMPLATE), "Files kept with their digest.",),),
    only!(
        &["run"],
        key("approval", Shape::Map(&APPROVAL), "A second person must agree to this command.",),
    ),
    only!(
        &["run"],
        key(
            "on_disconnect",
            Shape::Keyword(&["finish", "stop"]),
            "What happens to the command when the connection is lost.",
        ),
    ),
];

static FILE: Mapping = Mapping {
    what: "a file",
    form: "{ content: text } or { from: scripts/fix.sh }",
    keys: &[&[
        key!("content", TEMPLATE, "Its text."),
        key!("from", PLAIN, "A file of the repository."),
    ]],
    one_of: &["content", "from"],
};

static FINDING: Mapping = Mapping {
    what: "a finding",
    form: "{ when: exit != 0, say: It is down., suggest: restart }",
    keys: &[&[
        required!("when", Shape::Expression, "When it is one."),
        required!("say", TEMPLATE, "What it says."),
        key!("severity", Shape::Keyword(&["info", "warning", "critical"]), "How bad it is.",),
        key!("suggest", Shape::Word, "The option, step or procedure it speaks for.",),
    ]],
    one_of: &[],
};

static CAPTURE: Mapping = Mapping {
    what: "a capture",
    form: "{ json: .status, type: name }",
    keys: &[&[
        key!("json", Shape::Verbatim, "A jq filter."),
        key!("regex", Shape::Verbatim, "A regular expression; its first or named group is taken.",),
        key!("lines", Shape::Boolean, "All lines, as a list."),
        key!(
            "line",
            Shape::Whole(-1_000_000, 1_000_000),
            "One line, from 1; negative from the end.",
        ),
        key!("type", TYPE, "The type of the value; `text` by default."),
        key!("secret", Shape::Boolean, "Whether the value must not be seen.",),
        key!("max_age", Shape::Duration, "How long the value holds."),
    ]],
    one_of: &[],
};

static RETRY: Mapping = Mapping {
    what: "`retry`",
    form: "{ times: 3, every: 5s, backoff: 2 }",
    keys: &[&[
        required!("times", Shape::Whole(1, 1000), "How many more attempts there are.",),
        key!("every", Shape::Duration, "The pause between them; 5s by default.",),
        key!("backoff", Shape::Number, "The factor by which the pause grows; 1 by default.",),
    ]],
    one_of: &[],
};

static BACKGROUND: Mapping = Mapping {
    what: "`background`",
    form: "{ ready: { output: listening }, timeout: 30s }",
    keys: &[&[
        key!("ready", Shape::Map(&READY), "What tells that it is ready."),
        key!("timeout", Shape::Duration, "How long that may take."),
    ]],
    one_of: &[],
};

static READY: Mapping = Mapping {
    what: "`ready`",
    form: "{ run: ... } or { output: listening }",
    keys: &[
        &[
            key!("run", RUN, "A read command that succeeds when it is ready."),
            key!("output", Shape::Verbatim, "A regular expression found in its output.",),
        ],
        CONTEXT,
    ],
    one_of: &["run", "output"],
};
