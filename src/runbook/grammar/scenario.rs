//! The keys of a scenario: what steps print, what people answer, what is expected of the run.

use super::step::OUTCOME;
use super::{Key, Keys, Mapping, Need, PLAIN, PLAIN_LINE, Shape};

/// The whole file.
pub(in crate::runbook) static SCENARIO: Mapping = Mapping {
    what: "a scenario",
    form: "{ schema: surefoot-scenario/v1, runbook: ..., title: ... }",
    keys: &[&[
        required!("schema", Shape::Keyword(&["surefoot-scenario/v1"]), "The version of scenarios."),
        required!("runbook", PLAIN_LINE, "The runbook that is walked, by its id or its path."),
        required!("title", PLAIN_LINE, "What happens in it."),
        key!("brief", PLAIN, "What the person is told at the start of a drill."),
        key!("environment", Shape::Word, "The environment that is chosen."),
        key!("inputs", Shape::Table(Keys::Name, &VALUE), "The values of inputs."),
        key!("now", Shape::Timestamp, "When the walk begins."),
        key!("targets", Shape::Table(Keys::Name, &PLAIN), "What targets say they are."),
        key!(
            "missing",
            Shape::List(&Shape::Verbatim),
            "Programs and variables of `requires` that are not there.",
        ),
        key!("facts", Shape::Table(Keys::Value, &Shape::Scalar), "What is true at the start."),
        key!("faults", Shape::List(&Shape::Map(&FAULT)), "What is wrong with whole targets."),
        key!(
            "results",
            Shape::Table(
                Keys::Step,
                &Shape::OneOf(&[Shape::Map(&RESULT), Shape::List(&Shape::Map(&RESULT))]),
            ),
            "What the commands of steps give.",
        ),
        key!("injects", Shape::List(&Shape::Map(&INJECT)), "What happens meanwhile."),
        key!("answers", Shape::Table(Keys::Step, &ANSWER), "What is answered to questions."),
        key!(
            "values",
            Shape::Table(Keys::Value, &VALUE),
            "What is typed for a value that is missing when it is needed.",
        ),
        key!(
            "undo",
            Shape::Keyword(&["yes", "no"]),
            "What is answered when undo is offered at the end; `yes` by default.",
        ),
        key!("expect", Shape::Map(&EXPECT), "What must be true of the walk; for tests."),
    ]],
    one_of: &[],
};

/// A list is one answer for each time; one of them may hold several values.
const ANSWER: Shape = Shape::OneOf(&[Shape::Scalar, Shape::List(&VALUE)]);

const VALUE: Shape = Shape::OneOf(&[Shape::Scalar, Shape::List(&Shape::Scalar)]);

/// How a command ends; a result says at most one of them.
pub(in crate::runbook) const ENDS: &[&str] = &["exit", "signal", "hangs", "disconnects"];

const SIGNALS: Shape = Shape::Keyword(&[
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "XCPU", "XFSZ", "SYS",
]);

const END: &[Key] = &[
    key!("exit", Shape::Whole(0, 255), "Its exit code; 0 by default."),
    key!("signal", SIGNALS, "The signal it died of."),
    key!("hangs", Shape::Boolean, "It never ends by itself."),
    key!("disconnects", Shape::Boolean, "The connection is lost while it runs."),
    key!("stdout", Shape::Output, "What it prints."),
    key!("stderr", Shape::Output, "What it prints as errors."),
    key!("flood", Shape::Whole(1, 1 << 40), "So many bytes it prints, `stdout` again and again."),
    key!("takes", Shape::Duration, "How long it takes; longer than `timeout`, it times out."),
    SETS,
];

const SETS: Key =
    key!("sets", Shape::Table(Keys::Value, &Shape::Scalar), "The facts that it makes true.");

static RESULT: Mapping = Mapping {
    what: "a result",
    form: "{ exit: 1, stderr: connection refused, takes: 8s }",
    keys: &[
        END,
        &[
            key!("when", Shape::Expression, "When this is the result, by the facts."),
            key!("verify", Shape::Map(&PART), "What the step's `verify` gives."),
            key!("recheck", Shape::Map(&PART), "What the step's `recheck` gives."),
            key!("undo", Shape::Map(&PART), "What the step's `undo` gives."),
            key!("ready", Shape::Map(&PART), "What tells whether the step is `ready`."),
        ],
    ],
    one_of: &[],
};

static PART: Mapping = Mapping {
    what: "a result of a part",
    form: "{ exit: 1, stderr: not yet }",
    keys: &[END],
    one_of: &[],
};

static FAULT: Mapping = Mapping {
    what: "a fault",
    form: "{ target: db, disconnects: true }",
    keys: &[
        &[
            required!("target", Shape::Word, "The target; `here` is this machine."),
            key!("when", Shape::Expression, "While this holds, by the facts; else always."),
        ],
        END,
    ],
    one_of: &[],
};

static INJECT: Mapping = Mapping {
    what: "an inject",
    form: "{ after: 4m, say: The lead asks when it will be over. }",
    keys: &[&[
        key!("after", Shape::Duration, "So long after the start."),
        key!("enters", Shape::Verbatim, "When the walk comes to this step."),
        key!("leaves", Shape::Verbatim, "When this step is over."),
        key!("starts", Shape::Verbatim, "When the command of this step starts."),
        key!("say", PLAIN, "What the person is told."),
        SETS,
    ]],
    one_of: &["after", "enters", "leaves", "starts"],
};

static EXPECT: Mapping = Mapping {
    what: "`expect` of a scenario",
    form: "{ outcome: resolved, visited: [pods, cause] }",
    keys: &[&[
        key!("outcome", OUTCOME, "How the run ends."),
        key!("visited", Shape::List(&Shape::Verbatim), "The steps that are entered, in order."),
        key!(
            "commands",
            Shape::Table(
                Keys::Step,
                &Shape::OneOf(&[Shape::Verbatim, Shape::List(&Shape::Verbatim)]),
            ),
            "The command of a step, with its values in place."
        ),
        key!("findings", Shape::List(&Shape::Verbatim), "What must be found, as it is said."),
    ]],
    one_of: &[],
};
