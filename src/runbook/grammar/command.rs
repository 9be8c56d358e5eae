//! Commands, which are written the same everywhere, and what is built around one.

use super::{Key, Keys, Mapping, Need, PLAIN, Shape, TEMPLATE};

/// A command: a text, a list of arguments, or a map.
pub(super) const COMMAND: Shape =
    Shape::OneOf(&[Shape::CommandText, Shape::List(&TEMPLATE), Shape::Map(&COMMAND_MAP)]);

/// What runs in a command's map: a text or a list of arguments.
pub(super) const RUN: Shape = Shape::OneOf(&[Shape::CommandText, Shape::List(&TEMPLATE)]);

pub(super) const ENV: Shape = Shape::Table(Keys::Env, &TEMPLATE);

/// The input of a command: a text, or a list with a line for each item.
pub(super) const STDIN: Shape = Shape::OneOf(&[TEMPLATE, Shape::List(&TEMPLATE)]);

pub(super) const SHELL: Shape = Shape::Keyword(&["bash", "sh"]);

/// The keys of a command beside `run`.
pub(super) const CONTEXT: &[Key] = &[
    key!("shell", SHELL, "The shell: `bash` (default) or `sh`."),
    key!("target", Shape::Word, "Where the command runs: `here` or a target of the runbook.",),
    key!("as", PLAIN, "Another user, through sudo."),
    key!("env", ENV, "Environment variables of the command."),
    key!("cwd", TEMPLATE, "The working directory; the run's own `work/` folder by default.",),
    key!("stdin", STDIN, "The command's input."),
    key!("timeout", Shape::Duration, "How long an attempt may take."),
];

pub(super) static COMMAND_MAP: Mapping = Mapping {
    what: "a command",
    form: "a text, a list of arguments, or { run: ..., target: ..., timeout: 30s }",
    keys: &[&[required!("run", RUN, "What is run.")], CONTEXT],
    one_of: &[],
};

pub(super) static VERIFY: Mapping = Mapping {
    what: "`verify`",
    form: "a read command, or { expect: stdout == \"ok\" }",
    keys: &[
        &[
            key!("run", RUN, "A read command that must succeed."),
            key!("expect", EXPRESSIONS, "What must hold of the step's own result.",),
        ],
        CONTEXT,
    ],
    one_of: &["run", "expect"],
};

pub(super) static UNDO: Mapping = Mapping {
    what: "`undo`",
    form: "a command, { step: id } or { none: why there is nothing to undo }",
    keys: &[
        &[
            key!("run", RUN, "The command that undoes the step."),
            key!("step", Shape::Word, "The step that undoes this one."),
            key!("none", PLAIN, "Why there is nothing to undo."),
        ],
        CONTEXT,
    ],
    one_of: &["run", "step", "none"],
};

pub(super) const EXPRESSIONS: Shape =
    Shape::OneOf(&[Shape::Expression, Shape::List(&Shape::Expression)]);
