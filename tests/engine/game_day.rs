//! Game days: faults that do not outlive them, waits that are watched, and walks that change hands.

use surefoot::engine::{End, Found, Input, PauseReason};

use crate::driver::{Setup, ends, exit, says};

const GAME_DAY: &str = "kind: game_day
steps:
  - { id: before, effect: read, run: probe }
  - { id: fault, effect: change, run: break it, undo: mend it, verify: { expect: exit == 0 } }
  - { id: seen, do: Who sees it?, role: observer }
  - { id: over, end: resolved }
finally:
  - { id: after, effect: read, run: probe }
";

#[test]
fn the_faults_of_a_game_day_are_offered_to_be_undone_however_it_ended() {
    // It ended well, and the fault is still there.
    Setup::steps(GAME_DAY)
        .walk(&["confirm: yes", "attest: done", "undo_offer: undo", "confirm: yes"])
        .check(
            "> before\n$ main probe\n= passed\n< before done
            > fault\nconfirm: confirm\n$ main break it\n= passed\n< fault done
            > seen\nattest: done\n< seen done\n> over\n< over done
            undo_offer: undo\nconfirm: confirm\n$ undo mend it\n= passed
            > after\n$ main probe\n= passed\n< after done\nfinished resolved",
        );
    // An ordinary runbook asks nothing of that kind.
    let ordinary = GAME_DAY.replace("kind: game_day\n", "");
    let walk = Setup::steps(&ordinary).walk(&["confirm: yes", "attest: done"]);
    assert!(walk.text().ends_with("finished resolved, fault stays"), "{}", walk.text());
    assert!(!walk.text().contains("undo_offer"), "{}", walk.text());
}

const WATCHED: &str = "steps:
  - { id: w, wait: 25s, watch: cat n, every: 10s, capture: { n: { type: integer } }, abort_when: n > 5, until: n == 3 }
";

#[test]
fn a_watched_wait_is_over_with_its_time_or_before_it_and_is_aborted() {
    Setup::steps(WATCHED)
        .end("w", [says("1"), says("1"), says("1")])
        .walk(&["elapse", "elapse"])
        .check(
            "> w\n$ main cat n\n= pending n=1\nwaited\n$ main cat n\n= pending n=1\nwaited
            $ main cat n\n= passed n=1\n< w done\n? outcome",
        );
    Setup::steps(WATCHED).end("w", [says("1"), says("3")]).walk(&["elapse"]).check(
        "> w\n$ main cat n\n= pending n=1\nwaited\n$ main cat n\n= passed n=3\n< w done\n? outcome",
    );
    Setup::steps(WATCHED)
        .end("w", [says("1"), says("9")])
        .walk(&["elapse"])
        .check("> w\n$ main cat n\n= pending n=1\nwaited\n$ main cat n\n= failed n=9\n? failed w");
}

#[test]
fn a_wait_of_which_nothing_can_be_told_is_aborted() {
    let yaml = WATCHED.replace(
        "capture: { n: { type: integer } }, abort_when: n > 5, until: n == 3",
        "abort_when: stdout.startsWith(\"9\")",
    );
    let lost = End::TimedOut { after: 1000 };
    Setup::steps(&yaml)
        .end("w", [ends(lost)])
        .walk(&[])
        .check("> w\n$ main cat n\n= failed\n? failed w");
    // Without a condition, its command must go on succeeding.
    let yaml = "steps:\n  - { id: w, wait: 25s, watch: probe, every: 10s }\n";
    Setup::steps(yaml)
        .end("w", [exit(0), exit(7)])
        .walk(&["elapse"])
        .check("> w\n$ main probe\n= pending\nwaited\n$ main probe\n= failed\n? failed w");
}

const CHANGE: &str = "steps:
  - { id: a, effect: change, run: kick, undo: { none: x } }
  - { id: b, do: Look }
";

#[test]
fn a_walk_is_not_handed_over_while_a_change_is_under_way_or_in_doubt() {
    let mut walk = Setup::steps(CHANGE).walk(&[]);
    assert_eq!(walk.run.holds_on(), None, "a question holds nobody");
    walk.give("yes");
    let why = walk.run.holds_on().expect("it is agreed to");
    assert!(why.contains("about to run"), "{why}");
    let attempt = walk.run.demands().start[0].id;
    walk.put(Input::Started(attempt)).unwrap();
    let why = walk.run.holds_on().expect("a change runs");
    assert!(why.contains("kick"), "{why}");
    walk.take_over(&Found::Unknown);
    let why = walk.run.holds_on().expect("it is in doubt");
    assert!(why.contains("not settled"), "{why}");
    walk.answer(&["doubt: mark"]);
    assert_eq!(walk.run.holds_on(), None);
    let by = "erin@host".to_owned();
    walk.put(Input::Paused(PauseReason::TakenOver { by })).unwrap();
    assert!(walk.run.rest().is_some());
}
