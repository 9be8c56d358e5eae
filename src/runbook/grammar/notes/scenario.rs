//! Details and examples of the keys of a scenario.

use super::{Note, of};

/// By mapping.
pub(super) static NOTES: &[(&str, &[Note])] = &[
    ("a scenario", TOP),
    ("a result", END),
    ("a result of a part", END),
    ("a fault", FAULT),
    ("an inject", INJECT),
    ("`expect` of a scenario", EXPECT),
];

const TOP: &[Note] = &[
    of(
        "runbook",
        "checkout-error-rate",
        "It is looked for beside the scenario and in `runbooks/`.",
    ),
    of("title", "Bad deploy, roll back works at the second try", ""),
    of("brief", "02:40. CheckoutErrorRateHigh has been firing for six minutes.", ""),
    of("environment", "staging", ""),
    of("inputs", "{ namespace: shop }", ""),
    of("now", "2026-03-01T02:40:00Z", "With its zone; `now` of expressions counts from here."),
    of("targets", "{ cluster: prod-eu }", "Without, every target says what its `equals` expects."),
    of(
        "results",
        "{ pods: { stdout: \"1/1 Running\" }, undo_deploy: [ { exit: 1 }, { exit: 0 } ] }",
        "A list is one result for each attempt; where one of them has `when`, the first that holds \
         is the result, each time anew. Steps of a used runbook are `id.step`. A result speaks for \
         the step's own command; `verify`, `recheck` and `undo` succeed unless it says otherwise.",
    ),
    of("missing", "[ jq, VAULT_ADDR ]", "All that is required is there, but these."),
    of(
        "facts",
        "{ paused: false, used: 97 }",
        "True or false, whole numbers, texts. `sets` of results and injects changes them, `when` \
         asks for them.",
    ),
    of(
        "faults",
        "[ { target: db, disconnects: true } ]",
        "The first that holds comes before results.",
    ),
    of("injects", "[ { after: 4m, say: The lead asks when it will be over. } ]", ""),
    of(
        "answers",
        "{ cause: deploy }",
        "An option's id, a value, `not_sure`, `none`, `skip`; for a confirmation `yes` or `no`, \
         for an instruction `done`. `yes` and `done` if not said. Where a command failed: `again`, \
         `go_on`, `skip`, `stop`. A list is one answer for each time that the step asks.",
    ),
    of("values", "{ pid: 4711 }", ""),
    of("undo", "no", ""),
];

const END: &[Note] = &[
    of("exit", "1", "At most one of `exit`, `signal`, `hangs` and `disconnects`."),
    of("signal", "TERM", ""),
    of("stdout", "\"1/1 Running\\n\"", ""),
    of("stderr", "connection refused", ""),
    of("flood", "1000000", "What is more than a capture looks at is not captured."),
    of(
        "sets",
        "{ paused: true }",
        "When it has ended by itself, or its connection was lost. A fact keeps its kind.",
    ),
    of("when", "paused && attempt > 1", "CEL over the facts and `attempt`, which counts from 1."),
];

const FAULT: &[Note] = &[
    of("target", "db", ""),
    of("when", "'!network'", ""),
    of("exit", "1", "At most one of `exit`, `signal`, `hangs` and `disconnects`."),
    of("signal", "TERM", ""),
    of("stdout", "\"1/1 Running\\n\"", ""),
    of("stderr", "connection refused", ""),
    of("flood", "1000000", ""),
    of("sets", "{ network: false }", ""),
];

const INJECT: &[Note] = &[
    of("enters", "recovered", ""),
    of("leaves", "pause", ""),
    of("starts", "undo_deploy", ""),
    of("say", "The lead asks when it will be over.", ""),
    of("sets", "{ used: 99 }", ""),
];

const EXPECT: &[Note] = &[
    of(
        "visited",
        "[pods, last_deploy, cause]",
        "Steps without an id count where the list names one.",
    ),
    of(
        "commands",
        "{ undo_deploy: kubectl rollout undo deploy/checkout }",
        "A list is one command for each attempt.",
    ),
    of("findings", "[A deploy in the last hour.]", "Others may be found as well."),
];
