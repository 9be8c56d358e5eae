//! Details and examples of the keys of a scenario.

use super::{Note, of};

/// By mapping.
pub(super) static NOTES: &[(&str, &[Note])] = &[
    ("a scenario", TOP),
    ("a result", END),
    ("a result of a part", END),
    ("an inject", &[of("say", "The lead asks when it will be over.", "")]),
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
        "A list is one result for each attempt. Steps of a used runbook are `id.step`. A result \
         speaks for the step's own command; `verify`, `recheck` and `undo` succeed unless it says \
         otherwise.",
    ),
    of("injects", "[ { after: 4m, say: The lead asks when it will be over. } ]", ""),
    of(
        "answers",
        "{ cause: deploy }",
        "An option's id, a value, `not_sure`, `none`, `skip`; for a confirmation `yes` or `no`, \
         for an instruction `done`. `yes` and `done` if not said.",
    ),
];

const END: &[Note] = &[
    of("exit", "1", "At most one of `exit`, `signal`, `hangs` and `disconnects`."),
    of("signal", "TERM", ""),
    of("stdout", "\"1/1 Running\\n\"", ""),
    of("stderr", "connection refused", ""),
];

const EXPECT: &[Note] = &[
    of("visited", "[pods, last_deploy, cause]", ""),
    of("commands", "{ undo_deploy: kubectl rollout undo deploy/checkout }", ""),
];
