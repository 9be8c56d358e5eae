//! What the words mean of which a key takes one.

/// The words of each set, and what they mean, in the same order.
pub(super) static WORDS: &[(&[&str], &[&str])] = &[
    (&["surefoot/v1"], &["The first version of the language."]),
    (&["surefoot-scenario/v1"], &["The first version of scenarios."]),
    (&["yes", "no"], &["All that was changed is undone.", "Things are left as they are."]),
    (&["bash", "sh"], &["Bash with `-euo pipefail`.", "The system's plain shell, with `-eu`."]),
    (
        &["runbook", "game_day"],
        &[
            "What to do in a situation.",
            "An exercise whose changes are faults: each has an `undo`, which is offered at the end, \
            however it ended, and `finally` checks the steady state again.",
        ],
    ),
    (
        &["read", "change", "destroy"],
        &[
            "It changes nothing.",
            "It changes something that can be changed back; the responder confirms it.",
            "Something is gone afterwards; the responder types what.",
        ],
    ),
    (
        &["ask", "stop", "continue", "undo"],
        &[
            "The responder is asked.",
            "The run stops.",
            "The run goes on; the step stays *failed, handled*.",
            "The step's own undo is offered.",
        ],
    ),
    (&["stop", "continue"], &["The items that are left are not started.", "The others go on."]),
    (
        &["each", "once"],
        &["Every item is confirmed by itself.", "One card lists every item and their count."],
    ),
    (
        &["finish", "stop"],
        &[
            "It runs to its end, which is recorded; default of `change` and `destroy`.",
            "It is stopped with all it started; default of `read`.",
        ],
    ),
    (
        &["info", "warning", "critical"],
        &["Good to know.", "Not as it should be.", "This is the cause, or the danger."],
    ),
    (
        &["auto", "key", "confirm", "typed", "approve", "refuse"],
        &[
            "Nothing.",
            "Enter.",
            "The card, then `y`.",
            "The card, then typing what it is about.",
            "That, and the agreement of other people beforehand.",
            "It does not run.",
        ],
    ),
    (
        &["ask", "branch", "signed"],
        &[
            "Each content is asked about, once.",
            "What stands on the branch.",
            "What stands on the branch in commits that are signed by a key that is known.",
        ],
    ),
    (
        &["standard", "normal", "emergency"],
        &["Approved beforehand, by its template.", "Approved each time.", "Approved afterwards."],
    ),
    (
        &["resolved", "mitigated", "done", "rolled_back", "escalated", "no_action", "abandoned"],
        &[
            "The cause is gone.",
            "The harm is stopped, the cause is not gone.",
            "All that was to be done is done.",
            "What was changed has been undone.",
            "Handed to somebody else.",
            "Nothing had to be done.",
            "Given up.",
        ],
    ),
    (
        &[
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
        ],
        &[
            "One line, without a leading `-`.",
            "Any text.",
            "Lower case letters, digits, `-` and `.`.",
            "A DNS name or an address, without port.",
            "A path of a file or folder.",
            "A whole number.",
            "A decimal number.",
            "`true` or `false`.",
            "Whole numbers with units: `90s`, `1h30m`.",
            "A moment with its zone: `2026-03-01T02:40:00Z`.",
            "An http or https address.",
            "Several texts.",
        ],
    ),
];
