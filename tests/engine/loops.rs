//! Several of a kind: the items of a `for_each`, the steps of a parallel group, one after the other
//! and side by side.

use surefoot::engine::{Answer, Asking, Event, Found, Input};
use surefoot::policy::{Attendance, Pace, Trust};
use surefoot::runbook::Effect;

use crate::driver::{Setup, Walk, crash, exit, fold, read_back, says, wants};

/// A loop over three, with more keys of its step and of `for_each`.
fn over(each: &str, step: &str) -> Setup {
    Setup::steps(&format!(
        "steps:
  - {{ id: l, for_each: {{ in: [a, b, c], as: x{each} }}, run: [do, '{{{{x}}}}']{step} }}
  - {{ id: z, do: 'Over' }}
"
    ))
}

/// What reached the world: role and command, or only the commands.
fn started(walk: &Walk) -> Vec<String> {
    let lines = walk.log.iter().filter_map(|line| line.strip_prefix("$ "));
    lines.map(|line| line.replacen("main ", "", 1)).collect()
}

fn asked(walk: &Walk) -> Asking {
    walk.run.demands().question.unwrap().ask
}

const READ: &str = ", effect: read";

#[test]
fn items_are_done_one_after_the_other_and_captures_are_lists_afterwards() {
    let yaml = "steps:
  - { id: n, effect: read, run: [nodes], capture: { nodes: { lines: true } } }
  - { id: l, effect: read, for_each: { in: nodes, as: node }, run: [look, '{{node}}'], capture: { seen: { type: integer } }, expect: seen < 5 }
  - { id: after, effect: read, run: [sum, '{{seen}}'] }
  - end: done
";
    Setup::steps(yaml).end("n", [says("a\nb\n")]).end("l", [says("1"), says("2")]).walk(&[]).check(
        "> n\n$ main nodes\n= passed nodes=a, b\n< n done
            > l\nl over 2\n| 1 a\n$ main look a\n= passed seen=1\n< l done
            | 2 b\n$ main look b\n= passed seen=2\n< l done\n< l done
            > after\n$ main sum 1 2\n= passed\n< after done\n> main.4\n< main.4 done\nfinished done",
    );
}

#[test]
fn items_can_be_groups_and_procedures_and_their_titles_say_which() {
    let yaml = "steps:
  - id: g
    title: Group
    for_each: { in: [1, 2], as: x }
    steps:
      - { id: a, do: 'Look at {{x}}' }
      - { id: b, effect: read, run: [b, '{{x}}'] }
  - { id: u, for_each: { in: [p, q], as: y }, use: { procedure: p } }
  - end: done
procedures:
  p: { steps: [ { id: inner, effect: read, run: [inner] } ] }
";
    let walk = Setup::steps(yaml).walk(&["attest: done", "attest: done"]);
    walk.check(
        "> g\ng over 2\n| 1 1\n> a\nattest: done\n< a done\n> b\n$ main b 1\n= passed\n< b done\n< g done
            | 2 2\n> a\nattest: done\n< a done\n> b\n$ main b 2\n= passed\n< b done\n< g done\n< g done
            > u\nu over 2\n| 3 p\n> inner\n$ main inner\n= passed\n< inner done\n< u done
            | 4 q\n> inner\n$ main inner\n= passed\n< inner done\n< u done\n< u done
            > main.3\n< main.3 done\nfinished done",
    );
    let texts: Vec<String> = walk
        .events
        .iter()
        .filter_map(|(event, _)| match event {
            Event::StepEntered { title, .. } if title.starts_with("Look") => Some(title.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(texts, ["Look at 1", "Look at 2"]);
}

#[test]
fn an_empty_list_asks_and_a_condition_holds_for_the_whole() {
    let yaml = "steps:
  - { id: n, effect: read, run: [nodes], capture: { nodes: { json: .nodes, type: list } } }
  - { id: l, for_each: { in: nodes, as: node }, run: [drop, '{{node}}'] }
  - { id: w, when: size(nodes) > 3, for_each: { in: nodes, as: other }, run: [add, '{{other}}'] }
  - end: done
";
    Setup::steps(yaml).end("n", [says("{\"nodes\": []}")]).walk(&["no_items: skip"]).check(
        "> n\n$ main nodes\n= passed nodes=\n< n done\n> l\nl over 0\nno_items: skip\n< l skipped
            - w\n> main.4\n< main.4 done\nfinished done",
    );
}

#[test]
fn the_failure_of_an_item_asks_at_the_item() {
    let fails = || over("", READ).end("l", [exit(0), exit(1)]);
    fails().walk(&["unexpected: again"]).check(
        "> l\nl over 3\n| 1 a\n$ main do a\n= passed\n< l done\n| 2 b\n$ main do b\n= unexpected\nunexpected: again
            $ main do b\n= passed\n< l done\n| 3 c\n$ main do c\n= passed\n< l done\n< l done\n> z\n? attest z",
    );
    let skipped = fails().walk(&["unexpected: skip"]);
    assert_eq!(started(&skipped), ["do a", "do b", "do c"]);
    assert!(skipped.text().contains("< l skipped\n| 3 c"), "{}", skipped.text());
    let handled = fails().walk(&["unexpected: proceed"]);
    assert!(handled.text().ends_with("< l done\n< l unexpected\n> z\n? attest z"));
    let stopped = fails().walk(&["unexpected: stop", "outcome: finish abandoned"]);
    assert_eq!(started(&stopped), ["do a", "do b"]);
    assert!(stopped.text().ends_with("finished abandoned, l failed"), "{}", stopped.text());
}

#[test]
fn failures_can_wait_for_the_end_of_the_loop() {
    let goes_on = over(", on_failure: continue", READ).end("l", [exit(0), exit(1), exit(2)]);
    let walk = goes_on.walk(&["failed: again"]);
    assert_eq!(started(&walk), ["do a", "do b", "do c", "do b", "do c"]);
    assert!(walk.text().ends_with("< l done\n< l done\n> z\n? attest z"), "{}", walk.text());
    let stays =
        over(", on_failure: continue", READ).end("l", [exit(0), exit(1), exit(2)]).walk(&[]);
    let Asking::Failed { why, .. } = asked(&stays) else { panic!("{}", stays.text()) };
    assert_eq!(why, "2 of 3 failed: b, c");
    let ruled = over(", on_failure: continue", ", effect: read, on_failure: continue");
    let walk = ruled.end("l", [exit(1)]).walk(&[]);
    assert!(
        walk.text().ends_with("< l done\n< l failed_handled\n> z\n? attest z"),
        "{}",
        walk.text()
    );
    let stops = over("", ", effect: read, on_failure: stop").end("l", [exit(0), exit(1)]);
    let walk = stops.walk(&["outcome: finish abandoned"]);
    assert_eq!(started(&walk), ["do a", "do b"]);
    assert!(walk.text().ends_with("finished abandoned, l failed"), "{}", walk.text());
}

#[test]
fn a_failure_that_stops_inside_stops_its_item() {
    let yaml = "steps:
  - id: g
    for_each: { in: [1, 2], as: x, on_failure: continue }
    title: Group
    steps:
      - { id: a, effect: read, run: [a, '{{x}}'], on_failure: stop }
      - { id: b, effect: read, run: [b, '{{x}}'] }
  - end: done
";
    let walk = Setup::steps(yaml).end("a", [exit(1)]).end("b", [exit(3)]).walk(&[]);
    // What has no rule of its own fails the item as well.
    assert_eq!(started(&walk), ["a 1", "a 2", "b 2"]);
    let Asking::Failed { why, .. } = asked(&walk) else { panic!("{}", walk.text()) };
    assert_eq!(why, "2 of 2 failed: 1, 2");
}

#[test]
fn reads_go_on_side_by_side_as_many_as_are_wanted() {
    let walk = over(", parallel: 2", READ).walk(&[]);
    walk.check(
        "> l\nl over 3\n| 1 a\n| 2 b\n$ main do a\n$ main do b\n= passed\n< l done\n| 3 c\n$ main do c
            = passed\n< l done\n= passed\n< l done\n< l done\n> z\n? attest z",
    );
    let mut setup = over(", parallel: 2", READ);
    setup.pace = Pace::Step;
    let walk = setup.walk(&["items: proceed"]);
    assert_eq!(started(&walk), ["do a", "do b", "do c"]);
    let mut setup = over(", parallel: 2", READ);
    setup.policy.trust = Trust::Untrusted;
    let walk = setup.walk(&[]);
    assert!(matches!(asked(&walk), Asking::Items(_)), "{}", walk.text());
}

#[test]
fn changes_side_by_side_are_agreed_to_at_once_and_stop_at_the_first_failure() {
    let setup = || over(", parallel: 2, confirm: once", ", undo: [undo, '{{x}}']");
    let walk = setup().walk(&[]);
    let Asking::Items(card) = asked(&walk) else { panic!("{}", walk.text()) };
    let shown: Vec<_> =
        card.items.iter().map(|it| (it.name.as_str(), it.commands.join(";"))).collect();
    assert_eq!(shown, [("a", "do a".into()), ("b", "do b".into()), ("c", "do c".into())]);
    assert_eq!((card.at_once, card.effect), (2, Effect::Change));

    let walk = setup().walk(&["items: yes"]);
    assert_eq!(started(&walk), ["do a", "do b", "do c"]);
    let walk = setup().end("l", [exit(1)]).walk(&["items: yes"]);
    assert_eq!(started(&walk), ["do a", "do b"]);
    assert!(walk.text().ends_with("? failed l"), "{}", walk.text());
    let walk = setup().end("l", [exit(1)]).walk(&["yes", "failed: proceed"]);
    assert_eq!(started(&walk), ["do a", "do b", "do c"], "{}", walk.text());
    let walk = setup().end("l", [exit(1)]).walk(&["yes", "failed: stop", "undo_offer: undo"]);
    assert!(walk.text().ends_with("? confirm l"), "an undo is not agreed to: {}", walk.text());
}

#[test]
fn after_a_break_what_is_left_is_agreed_to_anew() {
    let setup = || over(", confirm: once", ", undo: [undo, '{{x}}'], recheck: [did, '{{x}}']");
    let walk = setup().walk(&["yes"]);
    assert_eq!(started(&walk), ["do a", "do b", "do c"]);
    let walk = setup().end("l", [exit(0), crash()]).walk(&["yes", "doubt: recheck", "doubt: mark"]);
    assert_eq!(started(&walk), ["do a", "do b", "recheck did b"]);
    let Asking::Items(card) = asked(&walk) else { panic!("{}", walk.text()) };
    let left: Vec<_> = card.items.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(left, ["c"]);
}

#[test]
fn commands_in_doubt_are_asked_about_one_after_the_other() {
    let walk = over(", parallel: 3, confirm: once", ", recheck: [did, '{{x}}']")
        .end("l", [crash()])
        .walk(&["yes", "doubt: mark", "doubt: again", "doubt: skip", "items: yes"]);
    assert!(walk.text().contains("doubt: mark_done"), "{}", walk.text());
    let starts = started(&walk);
    assert_eq!(starts[..3], ["do a", "do b", "do c"]);
    assert_eq!(starts.iter().filter(|it| *it == "do a").count(), 1, "{starts:?}");
}

#[test]
fn a_flag_agrees_to_all_items_and_without_anybody_nothing_changes() {
    for each in ["", ", confirm: once", ", parallel: 3, confirm: once"] {
        let mut setup = over(each, "");
        setup.policy.attendance = Attendance::Unattended;
        setup.policy.agreed.insert(Effect::Change);
        let walk = setup.walk(&[]);
        assert_eq!(started(&walk), ["do a", "do b", "do c"], "{each}: {}", walk.text());
        let mut setup = over(each, "");
        setup.policy.attendance = Attendance::Unattended;
        let walk = setup.walk(&[]);
        assert!(started(&walk).is_empty(), "{each}: {}", walk.text());
    }
}

#[test]
fn what_destroys_is_always_asked_by_itself() {
    let yaml = "targets:
  box: { prefix: [ssh, box], assert: hostname, equals: prod-eu }
steps:
  - id: g
    title: G
    for_each: { in: [1, 2], as: x, confirm: once }
    steps:
      - { id: c, run: [c, '{{x}}'] }
      - { id: d, target: box, effect: destroy, subject: 'volume {{x}}', irreversible: gone, run: [rm, '{{x}}'] }
";
    let walk = Setup::steps(yaml).walk(&[]);
    assert!(walk.text().ends_with("? confirm c"), "the strongest decides: {}", walk.text());
    let walk = Setup::steps(yaml).walk(&["yes", "confirm: type volume 1", "yes"]);
    assert!(walk.text().ends_with("? confirm d"), "{}", walk.text());
}

#[test]
fn a_changed_command_is_not_what_was_agreed_to() {
    let walk = over(", confirm: once", "").end("l", [exit(1)]).walk(&[
        "items: yes",
        "failed: edit echo other",
        "confirm: yes",
    ]);
    assert!(walk.text().ends_with("? confirm l"), "{}", walk.text());
    let walk = over(", confirm: once", "")
        .end("l", [exit(1)])
        .walk(&["items: yes", "failed: adhoc look around"]);
    assert!(walk.text().ends_with("? confirm l"), "{}", walk.text());
}

#[test]
fn loops_stand_in_loops() {
    let yaml = "steps:
  - id: g
    title: G
    for_each: { in: [1, 2], as: x }
    steps:
      - { id: i, effect: read, for_each: { in: [p, q], as: y }, run: [look, '{{x}}', '{{y}}'], capture: { n: { type: integer } } }
      - { id: s, effect: read, run: [sum, '{{n}}'] }
  - { id: all, effect: read, run: [all, '{{n}}'] }
  - end: done
";
    let walk = Setup::steps(yaml).end("i", [says("1"), says("2"), says("3"), says("4")]).walk(&[]);
    assert_eq!(
        started(&walk),
        ["look 1 p", "look 1 q", "sum 1 2", "look 2 p", "look 2 q", "sum 3 4", "all 1 2 3 4"]
    );
    walk.check(&walk.text());
}

#[test]
fn each_item_is_undone_with_its_own_values() {
    let setup = || over("", ", undo: [undo, '{{x}}']");
    let done = [
        "yes",
        "yes",
        "yes",
        "stop",
        "undo_offer: undo",
        "yes",
        "yes",
        "yes",
        "finish rolled_back",
    ];
    let walk = setup().walk(&done);
    assert_eq!(
        started(&walk)[3..],
        ["undo undo c", "undo undo b", "undo undo a"],
        "{}",
        walk.text()
    );
    let one = ["yes", "yes", "yes", "stop", "undo_offer: undo l 1", "yes"];
    let walk = setup().walk(&one);
    assert_eq!(started(&walk)[3..], ["undo undo b"], "{}", walk.text());
    walk.check(&walk.text());
    let walk = setup().walk(&["yes", "yes", "yes", "undo l 7"]);
    assert!(walk.text().contains("refused: there is nothing to undo of `l`"), "{}", walk.text());
    let own = over("", ", undo: [undo, '{{x}}'], on_failure: undo").end("l", [exit(0), exit(1)]);
    let walk = own.walk(&["yes", "yes", "yes", "yes"]);
    assert_eq!(started(&walk)[2..], ["undo undo b", "undo undo a"], "{}", walk.text());
}

#[test]
fn a_record_of_an_undo_without_a_number_is_read() {
    let old = "{\"answer\":\"undo\",\"step\":\"l\"}";
    let answer: Answer = serde_json::from_str(old).unwrap();
    assert!(matches!(answer, Answer::Undo { step: Some(_), entry: None }));
}

#[test]
fn one_can_leave_a_loop_and_go_back_within_an_item() {
    let yaml = "steps:
  - { id: first, do: First }
  - id: g
    title: G
    for_each: { in: [1, 2], as: x }
    steps:
      - { id: a, do: 'A {{x}}' }
      - { id: b, do: 'B {{x}}' }
  - { id: z, do: Z }
  - end: done
";
    let walk = Setup::steps(yaml).walk(&["done", "done", "done", "goto z", "done"]);
    assert!(
        walk.text().ends_with(
            "attest: go_to\n> z\nattest: done\n< z done\n> main.4\n< main.4 done\nfinished done"
        ),
        "{}",
        walk.text()
    );
    let walk = Setup::steps(yaml)
        .walk(&["done", "done", "done", "done", "goto a", "done", "done", "done"]);
    assert!(walk.text().contains("> b\nattest: go_to\n> a\nattest: done"), "{}", walk.text());
    assert!(walk.text().ends_with("finished done"), "{}", walk.text());
    let walk = Setup::steps(yaml).walk(&["goto b"]);
    assert!(walk.text().contains("refused: `b` is done for one of several"), "{}", walk.text());
    let walk = Setup::steps(yaml).walk(&["done", "done", "back", "done"]);
    assert_eq!(walk.log.iter().filter(|line| *line == "> first").count(), 1, "{}", walk.text());
    walk.check(&walk.text());
}

#[test]
fn a_pause_in_the_middle_of_a_loop_goes_on_there() {
    let yaml = "steps:
  - id: g
    title: G
    for_each: { in: [1, 2], as: x }
    steps:
      - { id: a, do: 'A {{x}}' }
      - { id: b, run: [b, '{{x}}'] }
  - end: done
";
    let walk = Setup::steps(yaml).walk(&["done", "yes", "done", "crash", "yes"]);
    assert_eq!(started(&walk), ["b 1", "b 2"], "{}", walk.text());
    assert!(walk.text().ends_with("finished done"), "{}", walk.text());
}

const SIDE_BY_SIDE: &str = "steps:
  - id: g
    title: Look
    effect: read
    parallel: 2
    steps:
      - { id: a, run: [a], capture: { one: { type: integer } } }
      - { id: b, run: [b], capture: { two: { type: integer } } }
      - { id: c, run: [c] }
  - { id: sum, effect: read, run: [sum, '{{one}}', '{{two}}'] }
  - end: done
";

#[test]
fn steps_of_a_group_go_on_side_by_side() {
    let setup = || Setup::steps(SIDE_BY_SIDE).end("a", [says("1")]).end("b", [says("2")]);
    setup().walk(&[]).check(
        "> g\n| 1 0\n> a\n| 2 1\n> b\n$ main a\n$ main b\n= passed one=1\n< a done\n| 3 2\n> c\n$ main c
            = passed two=2\n< b done\n= passed\n< c done\n< g done
            > sum\n$ main sum 1 2\n= passed\n< sum done\n> main.3\n< main.3 done\nfinished done",
    );
    let walk = setup().end("a", [exit(1), says("1")]).walk(&["unexpected: again"]);
    let before = walk.text().split("unexpected: again").next().unwrap().to_owned();
    assert!(before.contains("$ main c\n"), "the others end first: {before}");
    assert!(walk.text().ends_with("finished done"), "{}", walk.text());
    let mut step = setup();
    step.pace = Pace::Step;
    let walk = step.walk(&["items: proceed", "read: proceed"]);
    assert!(walk.text().ends_with("finished done"), "{}", walk.text());
}

/// Wherever the program dies, everything is done once, and it ends the same.
#[test]
fn nothing_is_done_twice_wherever_the_program_dies() {
    for each in ["", ", confirm: once", ", parallel: 2, confirm: once"] {
        let setup = || over(each, ", undo: [undo, '{{x}}'], recheck: [did, '{{x}}']");
        let whole = walk_with_crash(setup(), usize::MAX);
        let count = whole.events.len();
        for at in 2..count {
            let walk = walk_with_crash(setup(), at);
            let mut starts = started(&walk);
            starts.retain(|it| it.starts_with("do "));
            starts.sort();
            assert_eq!(starts, ["do a", "do b", "do c"], "{each} at {at}: {}", walk.text());
            assert!(walk.text().contains("finished done"), "{each} at {at}: {}", walk.text());
            assert_eq!(walk.run.open_undo().len(), 3, "{each} at {at}: {}", walk.text());
            let again = fold(&walk.plan, &read_back(&walk.events));
            assert_eq!(wants(&again), wants(&walk.run));
        }
    }
}

/// Agrees to everything; what is in doubt was done. The program dies after so many events.
fn walk_with_crash(setup: Setup, at: usize) -> Walk {
    let mut walk = Walk::begin(setup);
    let mut died = false;
    for _ in 0..200 {
        if !died && walk.events.len() >= at {
            died = true;
            walk.take_over(&Found::Unknown);
            continue;
        }
        let demands = walk.run.demands();
        let running = walk.run.running().next();
        if demands.rest.is_some() {
            break;
        } else if demands.advance.is_some() {
            walk.put(Input::Advance).unwrap();
        } else if let Some(attempt) = demands.start.into_iter().next() {
            walk.put(Input::Started(attempt.id)).unwrap();
        } else if let Some(question) = demands.question {
            let answer = match question.ask {
                Asking::Doubt { .. } => "mark",
                Asking::Items(_) | Asking::Confirm(_) => "yes",
                Asking::Attest { .. } => "done",
                Asking::Outcome { .. } => "finish done",
                other => panic!("{other:?}\n{}", walk.text()),
            };
            walk.give(answer);
        } else if let Some(attempt) = running {
            walk.end(attempt, surefoot::engine::End::Exited { code: 0 }, "");
        }
    }
    walk
}
