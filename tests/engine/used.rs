//! Runbooks within a runbook: what they are given, what they see, how they end.

use surefoot::engine::Asking;
use surefoot::plan::{Given, Origin};
use surefoot::value::{Datum, Name, Value};

use crate::driver::{Setup, Walk, crash, exit, says};

const TAKES_X: &str = "inputs: { x: { type: name } }\n";

#[test]
fn inputs_are_given_defaults_stay_and_nothing_else_is_shared() {
    let yaml = "steps:
  - { id: n, effect: read, run: cat n, capture: { n: { type: integer } } }
  - { id: u, use: { file: u.yaml, with: { host: db1, times: \"{{n}}\" } } }
  - { id: again, effect: read, run: \"say {{n}}\" }
  - { id: o, when: steps.u.outcome == 'resolved', do: It was }
  - end: done
";
    let used = "inputs:
  host: { type: host }
  times: { type: integer }
  words: { type: list, default: [ a, b ] }
steps:
  - { id: n, effect: read, run: [ look, \"{{host}}\", \"{{times}}\", \"{{words}}\" ], capture: { n: { type: integer } } }
  - { id: e, end: resolved }
";
    Setup::steps(yaml)
        .with("u.yaml", used)
        .end("n", [says("7")])
        .end("u.n", [says("8")])
        .walk(&["done"])
        .check(
            "> n\n$ main cat n\n= passed n=7\n< n done
            > u\ninto u.yaml\n> u.n\n$ main look db1 7 a b\n= passed n=8\n< u.n done
            > u.e\n< u.e done\n< u done
            > again\n$ main say 7\n= passed\n< again done
            > o\nattest: done\n< o done\n> main.5\n< main.5 done\nfinished done",
        );
}

#[test]
fn an_end_ends_the_used_runbook_by_way_of_its_final_steps() {
    let used = "steps:
  - { id: a, ask: Which, options: [ { id: one, label: One, end: mitigated }, { id: two, label: Two, goto: c }, { id: three, label: Three, use: { procedure: p } } ] }
  - { id: b, do: B }
  - { id: c, do: C }
procedures:
  p: { steps: [ { id: pp, do: P }, { id: pe, end: no_action } ] }
finally:
  - { id: f, do: Clean }
";
    let walk = |answers: &[&str]| {
        let yaml = "steps:
  - { id: u, use: { file: u.yaml } }
  - { id: o, when: steps.u.outcome == 'mitigated', do: It was }
  - { id: z, do: Z }
";
        Setup::steps(yaml).with("u.yaml", used).walk(answers)
    };
    walk(&["choose one", "done"]).check(
        "> u\ninto u.yaml\n> u.a\ndecide: choose\n< u.a done
        > u.f\nattest: done\n< u.f done\n< u done\n> o\n? attest o",
    );
    walk(&["choose two", "done", "done"]).check(
        "> u\ninto u.yaml\n> u.a\ndecide: choose\n< u.a done
        > u.c\nattest: done\n< u.c done\nline ended
        > u.f\nattest: done\n< u.f done\n< u done\n- o\n> z\n? attest z",
    );
    walk(&["choose three", "done", "done"]).check(
        "> u\ninto u.yaml\n> u.a\ndecide: choose\n> u.pp\nattest: done\n< u.pp done
        > u.pe\n< u.pe done\n> u.f\nattest: done\n< u.f done\n< u done\n- o\n> z\n? attest z",
    );
}

/// A failure in a runbook that is used by a used one; both clean up.
fn failing(rule: &str) -> Setup {
    let yaml = format!(
        "steps:
  - {{ id: u, use: {{ file: u.yaml }}, on_failure: {rule} }}
  - {{ id: y, do: Y }}
  - {{ id: z, do: Z }}
finally: [ {{ id: ff, do: FF }} ]
"
    );
    let inner = "steps: [ { id: bad, effect: read, run: ls }, { id: after, do: After } ]\nfinally: [ { id: f, do: F } ]\n";
    Setup::steps(&yaml)
        .with(
            "u.yaml",
            "steps: [ { id: v, use: { file: v.yaml } } ]\nfinally: [ { id: f, do: F } ]\n",
        )
        .with("v.yaml", inner)
        .with("help.yaml", "steps: [ { id: help, do: Help } ]\n")
        .end("u.v.bad", [exit(1)])
}

#[test]
fn what_a_use_says_of_failures_holds_inside() {
    let begin = "> u\ninto u.yaml\n> u.v\ninto v.yaml\n> u.v.bad\n$ main ls\n";
    let then = |rest: &str| format!("{begin}{rest}");
    failing("ask").walk(&[]).check(&then("= unexpected\n? unexpected u.v.bad"));
    failing("continue")
        .walk(&[])
        .check(&then("= failed\n< u.v.bad failed_handled\n> u.v.after\n? attest u.v.after"));
    failing("{ use: { file: help.yaml } }").walk(&["done"]).check(&then(
        "= failed\n< u.v.bad failed_handled\ninto help.yaml\n> u.on_failure.help\nattest: done
        < u.on_failure.help done\nline ended\nline ended\n> u.v.after\n? attest u.v.after",
    ));
}

#[test]
fn what_a_use_says_of_failures_is_said_in_its_own_runbook() {
    let used = "inputs: { v: { type: name } }
steps: [ { id: bad, effect: read, run: ls } ]
procedures: { p: { steps: [ { id: wrong, do: Wrong } ] } }
finally: [ { id: f, effect: read, run: \"clean {{v}}\" } ]
";
    let help = format!("{TAKES_X}steps: [ {{ id: s, effect: read, run: \"help {{{{x}}}}\" }} ]\n");
    let walk = |rule: &str, answers: &[&str]| {
        let yaml = format!(
            "steps:
  - {{ id: l, effect: read, run: ls, capture: {{ v: {{ type: name }} }} }}
  - {{ id: u, use: {{ file: u.yaml, with: {{ v: inside }} }}, on_failure: {rule} }}
  - {{ id: z, effect: read, run: \"say {{{{v}}}}\" }}
  - {{ id: e, end: done }}
procedures: {{ p: {{ steps: [ {{ id: right, effect: read, run: \"make {{{{v}}}}\" }}, {{ id: pe, end: mitigated }} ] }} }}
"
        );
        let setup = Setup::steps(&yaml).with("u.yaml", used).with("help.yaml", &help);
        let walked = setup.end("l", [says("outside")]).end("u.bad", [exit(1)]).walk(answers);
        let text = walked.text();
        let commands = text.lines().filter_map(|line| line.strip_prefix("$ main "));
        commands.skip(2).collect::<Vec<_>>().join(", ")
    };
    let used = "{ use: { file: help.yaml, with: { x: \"{{v}}\" } } }";
    assert_eq!(walk(used, &[]), "help outside, clean inside, say outside");
    assert_eq!(walk("{ goto: z }", &[]), "clean inside, say outside");
    assert_eq!(walk("{ goto: p }", &[]), "clean inside, make outside");
    assert_eq!(walk("{ use: { procedure: p } }", &[]), "make outside, clean inside");
}

#[test]
fn used_runbooks_that_are_left_early_still_offer_their_final_steps() {
    let finals = "> u.v.f\nattest: done\n< u.v.f done\nline ended
        > u.f\nattest: done\n< u.f done\nline ended\n";
    let begin = "> u\ninto u.yaml\n> u.v\ninto v.yaml\n> u.v.bad\n$ main ls\n= failed\n";
    failing("{ goto: z }")
        .walk(&["done", "done"])
        .check(&format!("{begin}< u.v.bad failed_handled\n{finals}> z\n? attest z"));
    failing("stop")
        .walk(&["done", "done"])
        .check(&format!("{begin}< u.v.bad failed\n{finals}> ff\n? attest ff"));
}

#[test]
fn a_change_of_a_used_runbook_is_undone_with_the_values_it_was_made_with() {
    let yaml = "steps:
  - { id: u, use: { file: u.yaml, with: { x: one } } }
  - { id: v, use: { file: u.yaml, with: { x: two } } }
  - { id: bad, effect: read, run: ls }
";
    let used = format!(
        "{TAKES_X}steps: [ {{ id: ch, effect: change, run: \"put {{{{x}}}}\", undo: \"take {{{{x}}}}\" }} ]\n"
    );
    let walk = Setup::steps(yaml).with("u.yaml", &used).end("bad", [exit(1)]).walk(&[
        "yes",
        "yes",
        "stop",
        "undo",
        "yes",
        "yes",
        "finish rolled_back",
    ]);
    walk.check_ledger(&["main u.ch", "main v.ch", "main bad", "undo v.ch", "undo u.ch"]);
    assert!(walk.text().contains("$ undo take two"), "{}", walk.text());
    assert!(walk.text().contains("$ undo take one"), "{}", walk.text());
    assert!(walk.text().ends_with("finished rolled_back, bad failed"), "{}", walk.text());
}

#[test]
fn a_crash_inside_a_used_runbook_is_taken_over_where_it_was() {
    let used = format!(
        "{TAKES_X}steps:
  - {{ id: ch, effect: change, run: \"put {{{{x}}}}\", recheck: \"ls {{{{x}}}}\", undo: \"take {{{{x}}}}\" }}
  - {{ id: l, effect: read, run: \"see {{{{x}}}}\" }}
"
    );
    let yaml =
        "steps: [ { id: u, use: { file: u.yaml, with: { x: one } } }, { id: e, end: done } ]\n";
    let begin = "> u\ninto u.yaml\n> u.ch\nconfirm: confirm\n$ main put one\nresumed\n";
    let walk = Setup::steps(yaml).with("u.yaml", &used).end("u.ch", [crash()]).walk(&["yes"]);
    walk.check(&format!("{begin}? doubt u.ch"));
    let mut walk = walk;
    walk.answer(&["mark"]);
    walk.check(&format!(
        "{begin}? doubt u.ch\ndoubt: mark_done\n< u.ch marked_done\n> u.l\n$ main see one\n= passed\n< u.l done
        line ended\n< u done\n> e\n< e done\nfinished done, u.ch stays"
    ));
}

#[test]
fn options_failures_and_used_runbooks_use_runbooks() {
    let yaml = "steps:
  - { id: q, ask: Which, options: [ { id: one, label: One, use: { file: u.yaml, with: { x: one } } }, { id: two, label: Two } ] }
  - { id: r, effect: read, run: ls, on_failure: { use: { file: u.yaml, with: { x: two } } } }
  - { id: w, use: { file: w.yaml } }
  - { id: e, end: done }
";
    let used = format!(
        "{TAKES_X}steps: [ {{ id: s, effect: read, run: \"see {{{{x}}}}\" }}, {{ id: e, end: resolved }} ]\n"
    );
    let nested = "steps:
  - { id: inner, use: { runbook: x/u, with: { x: three } } }
  - { id: o, when: steps.inner.outcome == 'resolved', do: O }
";
    let seen = |at: &str, x: &str| {
        format!("> {at}.s\n$ main see {x}\n= passed\n< {at}.s done\n> {at}.e\n< {at}.e done\n")
    };
    let walk = Setup::steps(yaml)
        .with("u.yaml", &used)
        .with("w.yaml", nested)
        .end("r", [exit(1)])
        .walk(&["choose one", "done"]);
    walk.check(&format!(
        "> q\ndecide: choose\ninto u.yaml\n{}< q done
        > r\n$ main ls\n= failed\n< r failed_handled\ninto u.yaml\n{}line ended
        > w\ninto w.yaml\n> w.inner\ninto x/u\n{}< w.inner done
        > w.o\nattest: done\n< w.o done\nline ended\n< w done\n> e\n< e done\nfinished done",
        seen("q.one", "one"),
        seen("r.on_failure", "two"),
        seen("w.inner", "three"),
    ));
}

#[test]
fn each_item_walks_a_used_runbook_of_its_own() {
    let yaml = |rule: &str| {
        format!(
            "steps:
  - {{ id: l, effect: read, run: ls, capture: {{ hosts: {{ type: list }} }} }}
  - {{ id: u, for_each: {{ in: hosts, as: host, on_failure: continue }}, use: {{ file: u.yaml, with: {{ x: \"{{{{host}}}}\" }} }}{rule} }}
  - {{ id: e, end: done }}
"
        )
    };
    let used = format!(
        "{TAKES_X}steps: [ {{ id: s, effect: read, run: \"see {{{{x}}}}\" }}, {{ id: e, end: resolved }} ]
finally: [ {{ id: f, effect: read, run: \"clean {{{{x}}}}\" }} ]
"
    );
    let begin = "> l\n$ main ls\n= passed hosts=a, b\n< l done\n> u\nu over 2\n";
    let cleaned = |x: &str| format!("> u.f\n$ main clean {x}\n= passed\n< u.f done\n");
    let item = |x: &str| {
        let cleaned = cleaned(x);
        format!(
            "into u.yaml\n> u.s\n$ main see {x}\n= passed\n< u.s done\n> u.e\n< u.e done\n{cleaned}< u done\n"
        )
    };
    let walk =
        |rule: &str| Setup::steps(&yaml(rule)).with("u.yaml", &used).end("l", [says("a\nb")]);
    walk("").walk(&[]).check(&format!(
        "{begin}| 1 a\n{}| 2 b\n{}< u done\n> e\n< e done\nfinished done",
        item("a"),
        item("b"),
    ));
    // What cleans up after an item that failed does not make it one that went well.
    let failed = walk(", on_failure: stop").end("u.s", [exit(0), exit(1)]).walk(&[]);
    let text = failed.text();
    let end = format!("= failed\n< u.s failed\n{}", cleaned("b"));
    assert!(text.contains(&end), "{text}");
    assert!(text.ends_with("< u failed\n? outcome"), "{text}");
}

const PLACES: &str = "environments: { prod: { db: one }, stage: { db: two } }
never: [ Never main ]
targets: { t: { prefix: [ m ], assert: who, equals: main } }
inputs: { token: { type: string, secret: true } }
steps:
  - { id: l, effect: read, run: ls, capture: { hosts: { type: list } } }
  - { id: u, use: { file: u.yaml, with: { k: \"{{token}}\", many: \"{{hosts}}\", name: other } } }
  - { id: m, effect: change, target: t, run: main, undo: back }
";

const PLACED: &str = "environments: { stage: { host: s1 }, prod: { host: p1 } }
never: [ Never used ]
targets: { t: { prefix: [ m, \"{{environment.host}}\" ], assert: who, equals: \"{{environment.host}}\" } }
inputs: { k: { type: string, secret: true }, many: { type: list }, name: { type: name } }
steps:
  - { id: c, effect: change, target: t, stdin: \"{{k}}\", run: [ go, \"{{many}}\", \"{{name}}\" ], undo: \"back {{name}}\", never: [ Own rule ] }
";

#[test]
fn a_used_runbook_has_its_own_environment_targets_and_rules() {
    let mut setup = Setup::steps(PLACES)
        .with("u.yaml", PLACED)
        .end("l", [says("a\nb")])
        .end("- assert", [says("main")])
        .end("u.c assert", [says("p1"), says("p1")])
        .end("m assert", [says("main"), says("main")]);
    setup.environment = Some("prod");
    let mut walk = Walk::begin(setup);
    walk.answer(&["secret hunter2xyz"]);
    let Some(Asking::Confirm(card)) = walk.run.demands().question.map(|question| question.ask)
    else {
        panic!("{}", walk.text());
    };
    assert_eq!(card.shown, "go a b other\n# input:\n#   ${SF_k}");
    assert_eq!((card.place.as_deref(), card.identity.as_deref()), (Some("m p1"), Some("p1")));
    assert_eq!(card.never, ["Never main", "Never used", "Own rule"]);
    walk.answer(&["yes"]);
    let Some(Asking::Confirm(card)) = walk.run.demands().question.map(|question| question.ask)
    else {
        panic!("{}", walk.text());
    };
    assert_eq!((card.place.as_deref(), card.identity.as_deref()), (Some("m"), Some("main")));
    assert_eq!(card.never, ["Never main"]);
}

#[test]
fn a_target_that_does_not_prove_itself_takes_only_the_steps_of_its_own_runbook() {
    let mut setup = Setup::steps(PLACES).with("u.yaml", PLACED).end("- assert", [says("else")]);
    setup.environment = Some("prod");
    let walk = setup.walk(&[]);
    let Some(Asking::SurveyFailed { missing }) =
        walk.run.demands().question.map(|question| question.ask)
    else {
        panic!("{}", walk.text());
    };
    let steps: Vec<&str> = missing[0].steps.iter().map(|step| step.0.as_str()).collect();
    assert_eq!(steps, ["m"]);
}

#[test]
fn what_is_used_has_its_requirements_looked_at_before_step_1() {
    let yaml = "inputs: { at: { type: host, default: db1 } }
environments: { prod: { zone: east } }
steps:
  - { id: n, effect: read, run: cat n, capture: { n: { type: name } } }
  - { id: u, use: { file: u.yaml, with: { host: \"{{at}}\", late: \"{{n}}\" } } }
  - { id: again, use: { file: u.yaml, with: { host: \"{{at}}\", late: \"{{n}}\" } } }
";
    let used = "inputs: { host: { type: host }, late: { type: name } }
environments: { prod: { zone: west } }
requires:
  - { check: [reach, \"{{host}}\", \"{{environment.zone}}\"], say: no way to it }
  - { check: [late, \"{{late}}\"] }
steps:
  - { id: s, do: \"Look at {{late}}\" }
  - { id: v, use: { file: v.yaml, with: { x: \"{{host}}-1\" } } }
";
    let inner = format!(
        "{TAKES_X}requires: [ {{ program: pg, version: '>=2', from: [pg, v, \"{{{{x}}}}\"] }} ]
steps: [ {{ id: i, effect: read, run: [pg, look] }} ]
"
    );
    let walk = |reached, answers: &[&str]| {
        let mut setup = Setup::steps(yaml).with("u.yaml", used).with("v.yaml", &inner);
        let at = Datum::Open(Value::Text("db1".to_owned()));
        let at = Given { datum: at, origin: Origin::Default };
        setup.inputs.insert(Name::new("at").unwrap(), at);
        setup.environment = Some("prod");
        let setup = setup.end("- require", [exit(reached), says("pg 2.1")]);
        setup.end("n", [says("now")]).walk(answers)
    };
    // Both uses share a look; what only a step finds out is left out.
    let looked = |reached: &str, went_on: &str| {
        format!(
            "$ require reach db1 west\n= {reached}\n$ require pg v db1-1\n= passed\n{went_on}
            > n\n$ main cat n\n= passed n=now\n< n done\n> u\ninto u.yaml\n> u.s\n"
        )
    };
    walk(0, &[]).check(&(looked("passed", "") + "? attest u.s"));
    // What is missing stops the used runbook at its first step, and nothing before it.
    walk(1, &["survey_failed: proceed"])
        .check(&(looked("failed", "survey_failed: proceed") + "? unavailable u.s"));
    // A change of mind looks at all of it again.
    walk(1, &["survey_failed: again"]).check(
        "$ require reach db1 west\n= failed\n$ require pg v db1-1\n= passed\nsurvey_failed: again
        $ require reach db1 west\n= passed\n$ require pg v db1-1\n= failed\n? survey_failed",
    );
}
