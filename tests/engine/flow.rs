//! Where a walk goes: order, frames, conditions, captures, waits, failures.

use surefoot::engine::End;

use crate::driver::{Out, Setup, ends, exit, says};

const READ: &str = "effect: read";

#[test]
fn a_main_line_without_an_end_asks_for_the_outcome() {
    Setup::steps("steps:\n  - { id: a, effect: read, run: ls }\n")
        .walk(&["outcome: finish resolved"])
        .check("> a\n$ main ls\n= passed\n< a done\noutcome: finish\nfinished resolved");
}

#[test]
fn a_condition_skips_and_an_unclear_one_asks() {
    let yaml = "steps:
  - { id: a, effect: read, run: cat x, capture: { n: { type: integer } } }
  - { id: b, when: n > 5, do: Big }
  - { id: c, when: n > 1, do: Small }
  - { id: d, when: 10 / (n - 3) > 1, do: Odd }
  - end: done
";
    Setup::steps(yaml)
        .end("a", [says("3\n")])
        .walk(&["attest: done", "unclear: proceed", "attest: done"])
        .check(
            "> a\n$ main cat x\n= passed n=3\n< a done\n- b\n> c\nattest: done\n< c done
            > d unclear\nunclear: proceed\nattest: done\n< d done
            > main.5\n< main.5 done\nfinished done",
        );
}

#[test]
fn a_procedure_that_is_used_comes_back_and_one_that_is_gone_to_does_not() {
    let yaml = "escalation: [ { role: boss, how: call } ]
steps:
  - { id: q, ask: Which?, options: [ { id: one, label: One, use: { procedure: p } }, { id: two, label: Two, goto: h } ] }
  - { id: u, use: { procedure: p } }
  - { id: again, goto: q }
procedures:
  p: { steps: [ { id: inner, do: Look } ] }
  h: { steps: [ { escalate: boss }, { end: escalated } ] }
";
    Setup::steps(yaml)
        .walk(&["decide: choose one", "attest: done", "attest: done", "decide: choose two", "done"])
        .check(
            "> q\ndecide: choose\n> inner\nattest: done\n< inner done\n< q done
            > u\n> inner\nattest: done\n< inner done\n< u done\n> again\n< again done
            > q\ndecide: choose\n< q done\n> h.1\nhand_over: done\n< h.1 done
            > h.2\n< h.2 done\nfinished escalated",
        );
}

#[test]
fn goto_into_a_group_goes_on_after_it_and_clears_what_is_above() {
    let yaml = "steps:
  - title: G
    id: g
    steps:
      - { id: a, do: A }
      - { id: b, do: B }
  - { id: u, use: { procedure: p } }
  - end: done
procedures:
  p:
    steps:
      - { id: q, ask: Where?, options: [ { id: b, label: B, goto: b }, { id: on, label: On } ] }
";
    Setup::steps(yaml).walk(&["done", "done", "choose b", "done", "choose on"]).check(
        "> g\n> a\nattest: done\n< a done\n> b\nattest: done\n< b done\n< g done
            > u\n> q\ndecide: choose\n< q done\n> b\nattest: done\n< b done\n< g done
            > u\n> q\ndecide: choose\n< q done\n< u done\n> main.3\n< main.3 done\nfinished done",
    );
}

#[test]
fn an_end_inside_a_used_procedure_ends_the_run() {
    let yaml = "steps:
  - { id: u, use: { procedure: p } }
  - { id: never, do: Never }
procedures:
  p: { steps: [ { id: a, do: A }, { end: resolved } ] }
finally:
  - { id: f, do: Tell them }
";
    Setup::steps(yaml).walk(&["done", "done"]).check(
        "> u\n> a\nattest: done\n< a done\n> p.2\n< p.2 done\n> f\nattest: done\n< f done\nfinished resolved",
    );
}

#[test]
fn back_goes_back_along_the_way_and_not_forward_again() {
    let yaml = "steps:\n  - { id: a, do: A }\n  - { id: b, do: B }\n  - { id: c, do: C }\n";
    Setup::steps(yaml)
        .walk(&["done", "done", "back", "back", "done", "goto c", "done", "finish done"])
        .check(
            "> a\nattest: done\n< a done\n> b\nattest: done\n< b done\n> c\nattest: back\n> b
            attest: back\n> a\nattest: done\n< a done\n> b\nattest: go_to\n> c\nattest: done
            < c done\noutcome: finish\nfinished done",
        );
}

#[test]
fn a_responders_jump_into_a_procedure_comes_back_to_the_main_line() {
    let yaml = "steps:\n  - { id: a, do: A }\n  - { id: b, do: B }\nprocedures:\n  p: { steps: [ { id: x, do: X } ] }\n";
    let walk = Setup::steps(&format!("{yaml}finally:\n  - use: {{ procedure: p }}\n"));
    walk.walk(&["goto x", "done"])
        .check("> a\nattest: go_to\n> x\nattest: done\n< x done\nline ended\n> b\n? attest b");
}

#[test]
fn captures_keep_digits_and_what_does_not_fit_fails_the_step() {
    let yaml = "steps:
  - { id: a, effect: read, run: cat x, capture: { rate: { json: .rate, type: float }, tags: { json: .tags, type: list }, n: { regex: 'n=(\\d+)', type: integer } } }
";
    Setup::steps(yaml)
        .end("a", [says("{\"rate\": 0.10, \"tags\": [\"a\", 1.50], \"s\": \"n=7\"}")])
        .walk(&[])
        .check("> a\n$ main cat x\n= passed n=7 rate=0.10 tags=a, 1.50\n< a done\n? outcome");
    Setup::steps(yaml)
        .end("a", [says("{\"rate\": null}")])
        .walk(&[])
        .check("> a\n$ main cat x\n= failed\n? failed a");
}

#[test]
fn findings_suggest_an_option_and_are_gone_after_the_decision() {
    let yaml = "steps:
  - { id: a, effect: read, run: ls, findings: [ { when: exit == 0, say: All well, suggest: fine } ] }
  - { id: q, ask: Well?, options: [ { id: fine, label: Fine }, { id: bad, label: Bad } ] }
  - { id: r, ask: Sure?, options: [ { id: yes_sure, label: Sure }, { id: fine, label: Fine } ] }
";
    let mut walk = Setup::steps(yaml).walk(&[]);
    let shown = format!("{:?}", walk.run.demands().question.unwrap());
    assert!(shown.contains("suggested: Some(\"All well\")"), "{shown}");
    walk.answer(&["notsure", "choose fine"]);
    let shown = format!("{:?}", walk.run.demands().question.unwrap());
    assert!(!shown.contains("All well"), "{shown}");
}

#[test]
fn a_card_shows_what_the_last_decision_was_made_on() {
    let yaml = "steps:
  - { id: a, effect: read, run: ls, findings: [ { when: exit == 0, say: All well } ] }
  - { id: q, ask: Well?, options: [ { id: fine, label: Fine }, { id: bad, label: Bad } ] }
  - { id: c, run: change }
";
    let mut walk = Setup::steps(yaml).walk(&[]);
    walk.answer(&["choose fine"]);
    let shown = format!("{:?}", walk.run.demands().question.unwrap().ask);
    assert!(shown.starts_with("Confirm") && shown.contains("All well"), "{shown}");
}

#[test]
fn an_unexpected_read_is_evidence_unless_a_rule_is_given() {
    let read = format!("steps:\n  - {{ id: a, {READ}, run: ls }}\n");
    Setup::steps(&read)
        .end("a", [exit(3), exit(3)])
        .walk(&["unexpected: again", "unexpected: proceed"])
        .check(
            "> a\n$ main ls\n= unexpected\nunexpected: again\n$ main ls\n= unexpected
            unexpected: proceed\n< a unexpected\n? outcome",
        );
    let ruled = format!("steps:\n  - {{ id: a, {READ}, run: ls, on_failure: continue }}\n");
    Setup::steps(&ruled)
        .end("a", [exit(3)])
        .walk(&[])
        .check("> a\n$ main ls\n= failed\n< a failed_handled\n? outcome");
}

#[test]
fn every_rule_for_failures_does_what_it_says() {
    let walk = |rule: &str, answers: &[&str]| {
        let yaml = format!(
            "steps:
  - {{ id: a, {READ}, run: ls, on_failure: {rule} }}
  - {{ id: b, do: B }}
  - {{ id: c, do: C }}
procedures:
  p: {{ steps: [ {{ id: x, do: X }} ] }}
finally:
  - use: {{ procedure: p }}
"
        );
        let walk = Setup::steps(&yaml).end("a", [exit(1)]).walk(answers);
        walk.text().split_once("= failed\n").unwrap().1.replace('\n', ", ")
    };
    assert_eq!(walk("ask", &[]), "? failed a");
    assert_eq!(walk("continue", &[]), "< a failed_handled, > b, ? attest b");
    assert_eq!(walk("{ goto: c }", &[]), "< a failed_handled, > c, ? attest c");
    assert_eq!(
        walk("{ use: { procedure: p } }", &["done"]),
        "< a failed_handled, > x, attest: done, < x done, line ended, > b, ? attest b"
    );
    assert_eq!(
        walk("stop", &["done"]),
        "< a failed, > finally.1, > x, attest: done, < x done, < finally.1 done, ? outcome"
    );
}

#[test]
fn the_rule_of_a_use_and_of_a_group_holds_for_what_is_inside() {
    let used = "steps:
  - { id: u, use: { procedure: p }, on_failure: { goto: z } }
  - { id: y, do: Y }
  - { id: z, do: Z }
procedures:
  p: { steps: [ { id: a, effect: read, run: ls } ] }
";
    Setup::steps(used)
        .end("a", [exit(1)])
        .walk(&[])
        .check("> u\n> a\n$ main ls\n= failed\n< a failed_handled\n> z\n? attest z");
    let grouped = "steps:
  - { id: g, title: G, on_failure: continue, steps: [ { id: a, effect: read, run: ls }, { id: b, do: B } ] }
";
    Setup::steps(grouped)
        .end("a", [exit(1)])
        .walk(&[])
        .check("> g\n> a\n$ main ls\n= failed\n< a failed_handled\n> b\n? attest b");
}

#[test]
fn retries_grow_and_stop_and_an_interrupted_command_is_not_retried() {
    let yaml = format!(
        "steps:\n  - {{ id: a, {READ}, run: ls, retry: {{ times: 2, every: 10s, backoff: 2 }}, on_failure: ask }}\n"
    );
    let mut walk = Setup::steps(&yaml).end("a", [exit(1), exit(1), exit(1)]).walk(&[]);
    let start = walk.now;
    walk.log.clear();
    walk.answer(&["elapse"]);
    assert_eq!((walk.now - start).get_seconds(), 10);
    walk.log.clear();
    walk.answer(&["elapse"]);
    assert_eq!((walk.now - start).get_seconds(), 30);
    walk.check("waited\n$ main ls\n= failed\n? failed a");

    Setup::steps(&yaml)
        .end("a", [ends(End::Interrupted { signal: Some(2) })])
        .walk(&[])
        .check("> a\n$ main ls\n= failed\n? failed a");
}

#[test]
fn a_poll_ends_when_it_holds_or_its_time_is_up() {
    let yaml = "steps:
  - { id: a, effect: read, run: cat n, capture: { n: { type: integer } }, until: n > 2, every: 10s, within: 25s }
";
    Setup::steps(yaml)
        .end("a", [says("1"), says("2"), says("3")])
        .walk(&["elapse", "elapse"])
        .check(
            "> a\n$ main cat n\n= pending n=1\nwaited\n$ main cat n\n= pending n=2\nwaited
            $ main cat n\n= passed n=3\n< a done\n? outcome",
        );
    Setup::steps(yaml)
        .end("a", [says("1"), says("1"), says("1")])
        .walk(&["elapse", "elapse"])
        .check(
            "> a\n$ main cat n\n= pending n=1\nwaited\n$ main cat n\n= pending n=1\nwaited
            $ main cat n\n= failed n=1\n? failed a",
        );
}

#[test]
fn thinking_about_a_change_does_not_use_up_the_time_of_its_poll() {
    let yaml = "targets:
  box: { prefix: [ssh, box], assert: hostname, equals: prod-eu }
steps:
  - { id: a, target: box, undo: { none: x }, run: kick, until: exit == 0, every: 10s, within: 15s }
";
    let mut walk = Setup::steps(yaml).end("a", [exit(1)]).walk(&[]);
    walk.now += jiff::SignedDuration::from_mins(20);
    walk.log.clear();
    walk.answer(&["confirm: yes"]);
    walk.check("confirm: confirm\n$ assert hostname\n= passed\n$ main kick\n= pending\n? wait a");
}

#[test]
fn a_wait_survives_a_take_over_with_its_end() {
    let yaml = "steps:\n  - { id: w, wait: 5m }\n  - { id: b, do: B }\n";
    let mut walk = Setup::steps(yaml).walk(&[]);
    let start = walk.now;
    walk.now += jiff::SignedDuration::from_mins(2);
    walk.answer(&["crash", "wait: elapse"]);
    assert_eq!((walk.now - start).get_minutes(), 0);
    assert_eq!((walk.now - start).get_seconds(), 300);
    walk.check("> w\nwait\n? wait w\nresumed\nwaited\n< w done\n> b\n? attest b");
}

#[test]
fn a_missing_value_is_typed_or_its_step_is_run_or_the_step_skipped() {
    let yaml = "steps:
  - { id: a, effect: read, run: cat n, capture: { n: { type: integer } } }
  - { id: b, effect: read, run: [echo, '{{n}}'] }
";
    let mut setup = Setup::steps(yaml);
    setup.pace = surefoot::policy::Pace::Step;
    setup
        .walk(&[
            "read: skip",
            "missing_value: value many",
            "missing_value: value 05",
            "missing_value: value 5",
            "read: proceed",
        ])
        .check(
            "> a\nread: skip\n< a skipped\n> b
            refused: `many` is not a whole number: write digits only, such as 42
            refused: `05` is not a whole number: a whole number does not begin with 0
            missing_value: value\nread: proceed\n$ main echo 5\n= passed\n< b done\n? outcome",
        );
    let mut setup = Setup::steps(yaml).end("a", [Out::End(End::Exited { code: 0 }, "7", 0)]);
    setup.pace = surefoot::policy::Pace::Step;
    setup.walk(&["read: skip", "missing_value: goto a", "read: proceed", "read: proceed"]).check(
        "> a\nread: skip\n< a skipped\n> b\nmissing_value: go_to\n> a\nread: proceed
            $ main cat n\n= passed n=7\n< a done\n> b\nread: proceed\n$ main echo 7\n= passed
            < b done\n? outcome",
    );
}

#[test]
fn answers_are_kept_in_their_type() {
    let yaml = "steps:
  - { id: q, ask: How many?, into: n, type: integer }
  - { id: z, when: n > 3, do: Many }
";
    Setup::steps(yaml)
        .walk(&["value: value x", "value: value 4"])
        .check("> q\nrefused: `x` is not a whole number: write digits only, such as 42\nvalue: value\n< q done\n> z\n? attest z");
    Setup::steps(yaml)
        .walk(&["value: none"])
        .check("> q\nvalue: none_of_these\n< q skipped\n> z unclear\n? unclear z");
}

#[test]
fn what_is_missing_blocks_only_the_steps_that_need_it() {
    let yaml = "requires: [ { program: jq }, { program: curl } ]
steps:
  - { id: a, effect: read, run: [jq, ., x] }
  - { id: b, effect: read, run: [curl, x] }
";
    let mut setup = Setup::steps(yaml);
    setup.missing = vec!["program jq".to_owned()];
    setup.walk(&["survey_failed: proceed", "unavailable: proceed"]).check(
        "missing 1\nsurvey_failed: proceed\n> a\nunavailable: proceed\n$ main jq . x\n= passed
        < a done\n> b\n$ main curl x\n= passed\n< b done\n? outcome",
    );
}

#[test]
fn a_failed_check_does_not_hide_the_next_one() {
    let yaml = "requires:
  - { program: kubectl, version: '>=1.27', from: kubectl version }
  - { check: test -d /data, say: no data }
steps:
  - { id: a, do: A }
";
    Setup::steps(yaml)
        .end("- require", [says("v1.20.0"), exit(1)])
        .walk(&["survey_failed: stop", "outcome: finish abandoned"])
        .check(
            "$ require kubectl version\n= failed\n$ require test -d /data\n= failed
            survey_failed: stop\noutcome: finish\nfinished abandoned",
        );
}

#[test]
fn who_is_asked_for_help_gets_what_was_seen_also_after_a_decision() {
    let yaml = "escalation: [ { role: boss, how: call } ]
steps:
  - { id: a, title: Look, effect: read, run: cat x, capture: { n: { type: integer } }, findings: [ { when: n > 5, say: Too many. } ] }
  - { id: q, ask: Which?, options: [ { id: one, label: One, goto: h }, { id: two, label: Two, end: done } ] }
procedures:
  h: { steps: [ { escalate: boss }, { end: escalated } ] }
";
    let walk = Setup::steps(yaml).end("a", [says("7\n")]).walk(&["decide: choose one"]);
    let text = walk.run.hand_over_text();
    for line in ["  Look: done\n", "      n = 7\n", ": Too many.\n", "surefoot resume test-run\n"] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
}
