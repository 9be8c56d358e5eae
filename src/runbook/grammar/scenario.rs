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
            "results",
            Shape::Table(
                Keys::Step,
                &Shape::OneOf(&[Shape::Map(&RESULT), Shape::List(&Shape::Map(&RESULT))]),
            ),
            "What the commands of steps give.",
        ),
        key!("injects", Shape::List(&Shape::Map(&INJECT)), "What happens meanwhile."),
        key!("answers", Shape::Table(Keys::Step, &VALUE), "What is answered to questions."),
        key!("expect", Shape::Map(&EXPECT), "What must be true of the walk; for tests."),
    ]],
    one_of: &[],
};

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
    key!("takes", Shape::Duration, "How long it takes; longer than `timeout`, it times out."),
];

static RESULT: Mapping = Mapping {
    what: "a result",
    form: "{ exit: 1, stderr: connection refused, takes: 8s }",
    keys: &[
        END,
        &[
            key!("verify", Shape::Map(&PART), "What the step's `verify` gives."),
            key!("recheck", Shape::Map(&PART), "What the step's `recheck` gives."),
            key!("undo", Shape::Map(&PART), "What the step's `undo` gives."),
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

static INJECT: Mapping = Mapping {
    what: "an inject",
    form: "{ after: 4m, say: The lead asks when it will be over. }",
    keys: &[&[
        required!("after", Shape::Duration, "How long after the start."),
        required!("say", PLAIN, "What the person is told."),
    ]],
    one_of: &[],
};

static EXPECT: Mapping = Mapping {
    what: "`expect` of a scenario",
    form: "{ outcome: resolved, visited: [pods, cause] }",
    keys: &[&[
        key!("outcome", OUTCOME, "How the run ends."),
        key!("visited", Shape::List(&Shape::Verbatim), "The steps that are entered, in order."),
        key!(
            "commands",
            Shape::Table(Keys::Step, &Shape::Verbatim),
            "The command of a step, with its values in place."
        ),
    ]],
    one_of: &[],
};
