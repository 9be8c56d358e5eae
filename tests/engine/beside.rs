//! What goes on beside the walk: background commands, values that age, time boxes, and choices that
//! a command tells.

use surefoot::engine::{AttemptId, Found, Input};

use crate::driver::{Out, Setup, Walk, exit, says};

const TUNNEL: &str = "steps:
  - title: Through
    id: g
    effect: read
    steps:
      - { id: tunnel, run: tunnel, background: { ready: { output: up } } }
      - { id: look, run: look }
  - { id: after, do: Go on }
  - end: done
";

/// The walk up to the readiness of its background command.
fn tunnel() -> Walk {
    Setup::steps(TUNNEL).end("tunnel", [Out::Stays]).walk(&[])
}

#[test]
fn a_background_command_is_waited_for_and_ends_with_its_group() {
    let mut walk = tunnel();
    walk.check("> g\n> tunnel\n$ main tunnel");
    walk.put(Input::Ready(AttemptId(1))).unwrap();
    walk.answer(&["attest: done"]);
    walk.check(
        "> g\n> tunnel\n$ main tunnel\ntunnel ready\n< tunnel done
        > look\n$ main look\n= passed\n< look done\n< g done\n= passed
        > after\nattest: done\n< after done\n> main.3\n< main.3 done\nfinished done",
    );
}

#[test]
fn one_that_ends_before_it_is_ready_has_failed() {
    Setup::steps(TUNNEL).end("tunnel", [exit(3)]).walk(&["failed: skip", "attest: done"]).check(
        "> g\n> tunnel\n$ main tunnel\n= failed\nfailed: skip\n< tunnel skipped
        > look\n$ main look\n= passed\n< look done\n< g done
        > after\nattest: done\n< after done\n> main.3\n< main.3 done\nfinished done",
    );
}

#[test]
fn one_that_is_not_ready_in_time_is_stopped() {
    let mut walk = tunnel();
    walk.now = walk.run.demands().waits[0].until;
    walk.put(Input::Elapsed).unwrap();
    walk.answer(&["failed: stop", "finish abandoned"]);
    let text = walk.text();
    assert!(text.contains("$ main tunnel\nwaited\n= passed\nfailed: stop"), "{text}");
}

#[test]
fn a_command_can_tell_that_another_is_ready() {
    let yaml = "steps:
  - { id: t, effect: read, run: tunnel, background: { ready: { run: probe } } }
  - { id: look, effect: read, run: look }
  - end: done
";
    let mut walk =
        Setup::steps(yaml).end("t", [Out::Stays]).end("t ready", [exit(1), exit(0)]).walk(&[]);
    walk.now = walk.run.demands().waits[0].until;
    walk.put(Input::Elapsed).unwrap();
    walk.answer(&[]);
    walk.check(
        "> t\n$ main tunnel\n$ ready probe\n= failed\nwaited\n$ ready probe\n= passed\n< t done
        > look\n$ main look\n= passed\n< look done\n> main.3\n< main.3 done\n= passed\nfinished done",
    );
}

#[test]
fn a_break_takes_it_away_and_it_is_started_anew() {
    let mut walk = tunnel();
    walk.put(Input::Ready(AttemptId(1))).unwrap();
    walk.answer(&[]);
    walk.check_ledger(&["main tunnel", "main look"]);
    walk.answer(&["crash"]);
    walk.take_over(&Found::Unknown);
    walk.answer(&[]);
    assert_eq!(walk.ledger, ["main tunnel", "main look"]);

    let mut walk = Setup::steps(&TUNNEL.replace("run: look", "do: Look"))
        .end("tunnel", [Out::Stays, Out::Stays])
        .walk(&[]);
    walk.put(Input::Ready(AttemptId(1))).unwrap();
    walk.answer(&["crash"]);
    assert_eq!(walk.ledger, ["main tunnel", "main tunnel"], "{}", walk.text());
}

#[test]
fn leaving_the_group_any_way_ends_it() {
    let yaml = TUNNEL.replace("run: look", "do: Look");
    let mut walk = Setup::steps(&yaml).end("tunnel", [Out::Stays]).walk(&[]);
    walk.put(Input::Ready(AttemptId(1))).unwrap();
    walk.answer(&["goto after"]);
    assert!(walk.run.running().next().is_none(), "{}", walk.text());
    assert!(
        walk.text().ends_with("attest: go_to\n= passed\n> after\n? attest after"),
        "{}",
        walk.text()
    );
}

#[test]
fn a_change_reads_an_old_value_again_and_is_agreed_to_anew() {
    let yaml = "steps:
  - { id: r, effect: read, run: leader, capture: { node: { type: name, max_age: 1m } } }
  - { id: wait, do: Wait }
  - { id: c, run: 'stop {{node}}', undo: { none: it is a test } }
  - end: done
";
    let mut walk = Setup::steps(yaml).end("r", [says("a\n"), says("b\n")]).walk(&["attest: done"]);
    walk.check(
        "> r\n$ main leader\n= passed node=a\n< r done\n> wait\nattest: done\n< wait done\n> c\n? confirm c");
    walk.now += jiff::SignedDuration::from_mins(2);
    walk.answer(&["confirm: yes"]);
    assert!(
        walk.text().ends_with(
            "confirm: confirm\nnode stale, r\n$ main leader\n= passed node=b\n< r done\n? confirm c"
        ),
        "{}",
        walk.text()
    );
    walk.answer(&["confirm: yes"]);
    assert!(walk.text().contains("$ main stop b"), "{}", walk.text());
    walk.check_ledger(&["main r", "main r", "main c"]);
}

#[test]
fn a_step_that_takes_too_long_says_so_once() {
    let yaml = "escalation: [ { role: boss, how: call } ]
steps:
  - { id: a, do: Look, timebox: { after: 5m, say: Stop., escalate: boss } }
  - end: done
";
    Setup::steps(yaml).walk(&["attest: elapse", "attest: done"]).check(
        "> a\na too long, boss\nattest: done\n< a done\n> main.2\n< main.2 done\nfinished done",
    );
}

#[test]
fn a_command_tells_the_choices_and_only_these_are_taken() {
    let yaml = "steps:
  - { id: q, ask: Which?, into: snap, choices: { run: list } }
  - { id: use, effect: read, run: 'show {{snap}}' }
  - end: done
";
    let setup = || Setup::steps(yaml).end("q choices", [exit(1), says("one\ntwo\n\n")]);
    let mut walk = setup().walk(&["failed: again"]);
    assert!(
        walk.text().ends_with("failed: again\n$ choices list\n= passed snap=one, two\n? value q"),
        "{}",
        walk.text()
    );
    walk.answer(&["value: value two"]);
    assert!(walk.text().contains("$ main show two"), "{}", walk.text());
}
