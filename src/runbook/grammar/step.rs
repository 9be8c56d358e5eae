//! Steps and everything that stands in one.

use super::command::{COMMAND, CONTEXT, ENV, RUN};
use super::run::RUN_KEYS;
use super::top::{TYPE, VALUES};
use super::{Key, Keys, LINE, Mapping, Need, PLAIN, PLAIN_LINE, Shape, TEMPLATE};

/// The keys that say what a step does; it has exactly one of them.
pub(in crate::runbook) const ACTIONS: &[&str] =
    &["run", "do", "ask", "open", "wait", "use", "goto", "escalate", "approve", "end", "steps"];

/// Where an option leads; it has at most one of them.
pub(in crate::runbook) const OPTION_WAYS: &[&str] = &["use", "goto", "end"];

/// A list of steps.
pub(super) static STEPS: Shape = Shape::List(&STEP_SHAPE);

static STEP_SHAPE: Shape = Shape::Map(&STEP);

pub(super) const LINKS: Shape = Shape::List(&Shape::Map(&LINK));

pub(super) const ALLOW: Shape = Shape::Table(Keys::Check, &PLAIN);

/// Choices: a list, a CEL expression that gives one, or a command that prints them.
pub(super) const CHOICES: Shape =
    Shape::OneOf(&[Shape::Expression, Shape::List(&Shape::Scalar), Shape::Map(&CHOICES_COMMAND)]);

static STEP: Mapping = Mapping {
    what: "a step",
    form: "{ title: ..., run: ... } or another action",
    keys: &[COMMON, ACTION, RUN_KEYS, INHERITED, OTHER],
    one_of: ACTIONS,
};

const COMMON: &[Key] = &[
    key!("id", Shape::Name, "The name by which other keys mention the step.",),
    key!("title", LINE, "What the step is about."),
    key!("why", PLAIN, "Why it is done; folded away, for learners."),
    key!("when", Shape::Expression, "The step is skipped unless this holds.",),
    key!("never", Shape::List(&PLAIN), "Rules for this step."),
    key!("links", LINKS, "Where to read more."),
    key!("timebox", Shape::Map(&TIMEBOX), "What is said when the step takes too long.",),
    key!("allow", ALLOW, "Findings silenced here, each with its reason.",),
];

const ACTION: &[Key] = &[
    key!("run", RUN_ACTION, "Runs a command."),
    key!("do", TEMPLATE, "Tells a person to do something, Markdown."),
    key!("ask", TEMPLATE, "Asks a question."),
    key!("open", Shape::OneOf(&[TEMPLATE, Shape::List(&TEMPLATE)]), "Opens http and https pages.",),
    key!("wait", TEMPLATE, "Waits for a duration."),
    key!("use", Shape::Map(&USE), "Goes to a procedure or runbook and comes back.",),
    key!("goto", Shape::Word, "Goes to another step or procedure."),
    key!("escalate", PLAIN_LINE, "Asks a role for help."),
    key!("approve", Shape::Map(&APPROVAL), "A second person must agree before the run goes on.",),
    key!("end", OUTCOME, "Ends the run."),
    key!("steps", Shape::Steps, "A group of steps."),
];

const RUN_ACTION: Shape = Shape::OneOf(&[
    Shape::CommandText,
    Shape::List(&TEMPLATE),
    Shape::Map(&super::command::COMMAND_MAP),
]);

const INHERITED: &[Key] = &[
    only!(
        &["run", "steps"],
        key(
            "effect",
            Shape::Keyword(&["read", "change", "destroy"]),
            "What the command does to the world; `change` by default.",
        ),
    ),
    only!(&["run", "steps"], key("target", Shape::Word, "Where commands run."),),
    only!(&["run", "steps"], key("env", ENV, "Environment variables.")),
    only!(
        &["run", "wait", "steps", "use"],
        key(
            "on_failure",
            Shape::OneOf(&[
                Shape::Keyword(&["ask", "stop", "continue", "undo"]),
                Shape::Map(&ON_FAILURE),
            ]),
            "What a failure does; `ask` by default.",
        ),
    ),
    only!(
        &["run", "steps", "use"],
        key("for_each", Shape::Map(&FOR_EACH), "Repeats for each item of a list.",),
    ),
];

const OTHER: &[Key] = &[
    only!(&["steps"], key("parallel", Shape::Whole(1, 64), "How many read steps run at once.",),),
    only!(&["wait"], key("watch", COMMAND, "A read command that is run beside the wait."),),
    only!(
        &["wait"],
        key("abort_when", Shape::Expression, "The wait has failed as soon as this holds.",),
    ),
    only!(&["do"], key("role", PLAIN_LINE, "Who does it: a role, never the name of a person."),),
    only!(&["do"], key("checklist", Shape::List(&TEMPLATE), "Parts that are ticked one by one.",),),
    only!(&["ask"], key("options", Shape::List(&Shape::Map(&OPTION)), "The ways to go on.",),),
    only!(&["ask"], key("into", Shape::ValueName, "The name of the answer."),),
    only!(&["ask"], key("type", TYPE, "The type of the answer.")),
    only!(&["ask"], key("choices", CHOICES, "What can be answered.")),
    only!(&["ask"], key("many", Shape::Boolean, "Whether several choices can be taken.",),),
];

pub(super) const OUTCOME: Shape = Shape::Keyword(&[
    "resolved",
    "mitigated",
    "done",
    "rolled_back",
    "escalated",
    "no_action",
    "abandoned",
]);

static LINK: Mapping = Mapping {
    what: "a link",
    form: "{ title: Dashboard, url: \"https://...\" }",
    keys: &[&[
        required!("title", LINE, "What is there."),
        required!("url", TEMPLATE, "Where it is."),
    ]],
    one_of: &[],
};

static TIMEBOX: Mapping = Mapping {
    what: "`timebox`",
    form: "{ after: 15m, say: ..., escalate: secondary }",
    keys: &[&[
        required!("after", Shape::Duration, "After how long."),
        key!("say", TEMPLATE, "What is said."),
        key!("escalate", PLAIN_LINE, "The role that is proposed."),
    ]],
    one_of: &[],
};

static USE: Mapping = Mapping {
    what: "`use`",
    form: "{ procedure: roll_back }, { file: other.yaml } or { runbook: service/id }",
    keys: &[&[
        key!("procedure", Shape::Word, "A procedure of this file."),
        key!("file", PLAIN, "A runbook of this repository."),
        key!("runbook", PLAIN, "A runbook of the catalog."),
        only!(
            &["file", "runbook"],
            key("with", Shape::Table(Keys::Name, &VALUES), "Its inputs, by their names."),
        ),
    ]],
    one_of: &["procedure", "file", "runbook"],
};

pub(super) static APPROVAL: Mapping = Mapping {
    what: "an approval",
    form: "{ role: database owner, why: ... }",
    keys: &[&[
        required!("role", PLAIN_LINE, "The role that must agree."),
        required!("why", PLAIN, "Why somebody else must agree."),
    ]],
    one_of: &[],
};

static FOR_EACH: Mapping = Mapping {
    what: "`for_each`",
    form: "{ in: hosts, as: host }",
    keys: &[&[
        required!(
            "in",
            Shape::OneOf(&[Shape::Expression, Shape::List(&Shape::Scalar)]),
            "The list.",
        ),
        required!("as", Shape::ValueName, "The name of the item."),
        key!("parallel", Shape::Whole(1, 64), "How many items at once."),
        key!("on_failure", Shape::Keyword(&["stop", "continue"]), "What a failed item does.",),
        key!("confirm", Shape::Keyword(&["each", "once"]), "How often changes are confirmed.",),
    ]],
    one_of: &[],
};

static ON_FAILURE: Mapping = Mapping {
    what: "`on_failure`",
    form: "ask, stop, continue, undo, { goto: step } or { use: { procedure: name } }",
    keys: &[&[
        key!("goto", Shape::Word, "Goes there."),
        key!("use", Shape::Map(&USE), "Goes through a procedure and on."),
    ]],
    one_of: &["goto", "use"],
};

static OPTION: Mapping = Mapping {
    what: "an option",
    form: "{ id: restart, label: Restart it, goto: restart_it }",
    keys: &[&[
        required!("id", Shape::Name, "Its name."),
        required!("label", LINE, "What is shown."),
        key!("suggest", Shape::Expression, "Proposed when this holds."),
        key!("use", Shape::Map(&USE), "Goes through a procedure and on."),
        key!("goto", Shape::Word, "Goes there."),
        key!("end", OUTCOME, "Ends the run."),
    ]],
    one_of: &[],
};

static CHOICES_COMMAND: Mapping = Mapping {
    what: "`choices` from a command",
    form: "{ run: ... }",
    keys: &[&[required!("run", RUN, "A read command that prints a choice a line.",)], CONTEXT],
    one_of: &[],
};
