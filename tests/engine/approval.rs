//! Agreement of other people: to what it is bound, when it is spent, and what goes past it.

use crate::driver::{Setup, says};

const COMMAND: &str = "inputs: { to: { type: text, default: a } }
steps:
  - { id: c, run: 'switch {{to}}', undo: { none: x }, approval: { role: owner, why: It is large. } }
  - end: done
";

const LINE: &str = "steps:
  - { id: look, effect: read, run: look }
  - { id: may, approve: { role: lead, why: Orders stop. } }
  - { id: c, run: 'switch over', undo: { none: x } }
  - { id: d, run: 'switch more', undo: { none: x } }
  - end: done
";

fn input(yaml: &str) -> Setup {
    use surefoot::plan::{Given, Origin};
    use surefoot::value::{Datum, Name, Value};
    let mut setup = Setup::steps(yaml);
    let datum = Datum::Open(Value::Text("a".to_owned()));
    setup.inputs.insert(Name::new("to").unwrap(), Given { datum, origin: Origin::Default });
    setup
}

#[test]
fn a_command_starts_when_another_person_has_agreed_and_the_responder_too() {
    // Broken: agreement stands in for the responder's own, or is not asked for.
    input(COMMAND).walk(&["approve: agreed eve@x.org", "confirm: yes"]).check(
        "> c
         asked owner: switch a
         agreed owner eve@x.org
         confirm: confirm
         $ main switch a
         = passed
         < c done
         > main.2
         < main.2 done
         finished done",
    );
}

#[test]
fn an_agreement_is_for_one_command_and_dies_with_any_change_to_it() {
    // Broken (`sabotage-unbound`): what was agreed to for one command starts another.
    input(COMMAND)
        .walk(&["approve: agreed eve@x.org", "confirm: edit switch all", "approve: stop"])
        .check_ledger(&[]);
    let edited = input(COMMAND).walk(&["approve: agreed eve@x.org", "confirm: edit switch all"]);
    assert!(edited.text().ends_with("asked owner: switch all\n? approve c"), "{}", edited.text());
}

#[test]
fn an_agreement_is_spent_by_one_start() {
    // Broken: what was agreed to once runs again and again.
    let again = input(COMMAND).end("c", [crate::driver::exit(1)]).walk(&[
        "approve: agreed eve@x.org",
        "confirm: yes",
        "failed: again",
    ]);
    assert!(again.text().ends_with("asked owner: switch a\n? approve c"), "{}", again.text());
    let round = input(COMMAND).walk(&["agreed eve@x.org", "goto c"]);
    assert!(round.text().ends_with("asked owner: switch a\n? approve c"), "{}", round.text());
}

#[test]
fn an_answer_to_an_older_request_is_none() {
    // Broken: replay. The second request has a nonce of its own.
    let walk = input(COMMAND).walk(&["goto c", "approve: agreed eve@x.org nonce-2"]);
    assert!(walk.text().contains("refused: it answers another request"), "{}", walk.text());
    walk.check_ledger(&[]);
}

#[test]
fn nobody_agrees_after_the_time_is_up_whatever_the_clock_says() {
    // Broken: expiry by the wall clock alone; a clock that is set back makes it valid again.
    let mut walk = input(COMMAND).walk(&["approve: elapse"]);
    assert!(walk.text().ends_with("nobody agreed\n? approve c"), "{}", walk.text());
    walk.now -= jiff::SignedDuration::from_hours(2);
    let question = walk.run.demands().question.unwrap();
    walk.put(crate::driver::agreed("eve@x.org", &question, walk.now)).unwrap();
    assert!(walk.text().contains("not taken: the request has expired"), "{}", walk.text());
    walk.answer(&["approve: again"]);
    assert!(walk.text().contains("approve: again\nasked owner: switch a"), "{}", walk.text());

    let mut late = input(COMMAND).walk(&[]);
    let question = late.run.demands().question.unwrap();
    let known = late.now + jiff::SignedDuration::from_mins(16);
    late.put(crate::driver::agreed("eve@x.org", &question, known)).unwrap();
    assert!(late.text().contains("not taken: the request has expired"), "{}", late.text());
}

#[test]
fn an_agreement_that_waits_too_long_for_its_start_is_asked_for_again() {
    // Broken: an answer in time opens the command for ever.
    let mut walk = input(COMMAND).walk(&["approve: agreed eve@x.org"]);
    walk.now += jiff::SignedDuration::from_mins(16);
    walk.answer(&["confirm: yes"]);
    assert!(walk.text().ends_with("asked owner: switch a\n? approve c"), "{}", walk.text());
}

#[test]
fn whoever_takes_over_waits_for_the_same_answer() {
    // Broken: a crash loses the request, and with it an answer that is on its way.
    let walk = input(COMMAND).walk(&["crash", "approve: agreed eve@x.org", "confirm: yes"]);
    walk.check_ledger(&["main c"]);
    assert_eq!(walk.text().matches("asked owner").count(), 1, "{}", walk.text());
}

#[test]
fn a_step_that_waits_for_agreement_says_what_follows() {
    let walk = Setup::steps(LINE).walk(&["approve: agreed lee@x.org", "yes", "yes"]);
    walk.check_ledger(&["main look", "main c", "main d"]);
    assert!(walk.text().contains("asked lead to go on: switch over; switch more"));
    assert_eq!(walk.text().matches("asked").count(), 1, "{}", walk.text());
}

#[test]
fn going_past_an_agreement_wants_a_reason_and_each_change_still_asks() {
    // Broken: `goto` and `skip` are ways around a second person.
    for past in ["gopast c the lead sleeps", "skip the lead sleeps"] {
        let walk = Setup::steps(LINE).walk(&[past]);
        assert!(walk.text().ends_with("asked lead: switch over\n? approve c"), "{}", walk.text());
        let walk = Setup::steps(LINE).walk(&[past, "agreed lee@x.org", "yes"]);
        assert!(walk.text().ends_with("asked lead: switch more\n? approve d"), "{}", walk.text());
        walk.check_ledger(&["main look", "main c"]);
    }
    for silent in ["goto c", "skip", "gopast c", "gopast c  "] {
        let walk = Setup::steps(LINE).walk(&[silent]);
        assert!(walk.text().contains("refused: "), "{silent}: {}", walk.text());
        assert!(walk.text().ends_with("? approve may"), "{silent}: {}", walk.text());
    }
}

#[test]
fn a_run_that_begins_behind_an_agreement_owes_it() {
    // Broken: `--at` begins behind the barrier.
    let setup = Setup::steps(LINE);
    let plan = setup.plan();
    let mut started = crate::started::started(
        crate::driver::person(),
        setup.policy.clone(),
        surefoot::policy::Pace::Flow,
    );
    started.at = Some(surefoot::runbook::StepId("d".to_owned()));
    let mut run = surefoot::engine::Run::new(plan);
    let at = "2026-03-01T02:40:00Z".parse().unwrap();
    let begun = run.decide(surefoot::engine::Input::Begin(Box::new(started)), at).unwrap();
    let surefoot::engine::Event::RunStarted(first) = &begun else { panic!("{begun:?}") };
    assert_eq!(first.behind, [surefoot::runbook::StepId("may".to_owned())]);
    run.apply(&begun, at).unwrap();
    let event = run.decide(surefoot::engine::Input::Advance, at).unwrap();
    run.apply(&event, at).unwrap();
    assert!(run.demands().approval.is_some(), "{:?}", run.demands());
}

#[test]
fn going_back_before_an_agreement_asks_it_where_it_stands() {
    let walk = Setup::steps(LINE).walk(&[
        "gopast c the lead sleeps",
        "goto look",
        "agreed lee@x.org",
        "yes",
        "yes",
    ]);
    walk.check_ledger(&["main look", "main look", "main c", "main d"]);
}

#[test]
fn what_was_agreed_to_once_does_not_run_twice() {
    // Broken: one agreement before a line opens its commands for any number of times.
    let walk = Setup::steps(LINE).walk(&["agreed lee@x.org", "yes", "goto c"]);
    assert!(walk.text().ends_with("asked lead: switch over\n? approve c"), "{}", walk.text());
}

#[test]
fn a_command_that_is_replaced_behind_an_agreement_asks_again() {
    // Broken: agree to the harmless command, run another.
    let walk = Setup::steps(LINE).walk(&["agreed lee@x.org", "confirm: edit drop everything"]);
    assert!(walk.text().ends_with("asked lead: drop everything\n? approve c"), "{}", walk.text());
}

#[test]
fn a_value_that_changes_behind_an_agreement_asks_again() {
    // Broken: agree to one pod, drop another.
    let yaml = "steps:
  - { id: which, effect: read, run: which, capture: pod }
  - { id: may, approve: { role: lead, why: Orders stop. } }
  - { id: c, run: 'drop {{pod}}', undo: { none: x } }
  - { id: other, effect: read, run: which, capture: pod }
  - { id: d, run: 'drop more {{pod}}', undo: { none: x } }
  - end: done
";
    let setup = |second| {
        let setup = Setup::steps(yaml).end("which", [crate::driver::says("a")]);
        setup.end("other", [crate::driver::says(second)])
    };
    let walk = setup("a").walk(&["agreed lee@x.org", "yes"]);
    assert!(walk.text().ends_with("? confirm d"), "{}", walk.text());
    let walk = setup("b").walk(&["agreed lee@x.org", "yes"]);
    assert!(walk.text().ends_with("asked lead: drop more b\n? approve d"), "{}", walk.text());
}

/// A policy of settings files: this level and these grants.
fn ruled(mut setup: Setup, glass: bool) -> Setup {
    use surefoot::policy::{Approvers, Authority, Grant, Granted, Level, Origin, Rule, Scope};
    let origin =
        Origin { authority: Authority::Organisation, file: "config.toml".to_owned(), line: 3 };
    let why = "Two people look.".to_owned();
    if glass {
        let scope = Scope::default();
        let grant = Grant { scope, why: why.clone(), origin: origin.clone() };
        let by = "config.toml".to_owned();
        setup.policy.rules.break_glass = vec![Granted { by, grants: vec![grant] }];
    } else {
        let approvers = Some(Approvers { role: "payments lead".to_owned(), count: 2 });
        let rule = Rule { scope: Scope::default(), level: Level::Approve, approvers, why, origin };
        setup.policy.rules.demands = vec![rule];
    }
    setup
}

#[test]
fn a_policy_asks_for_as_many_people_as_it_says() {
    // Broken: one person counts for two.
    let yaml = "steps:\n  - { id: c, run: switch, undo: { none: x } }\n  - end: done\n";
    let walk = ruled(Setup::steps(yaml), false).walk(&["agreed a@x.org", "agreed a@x.org"]);
    assert!(walk.text().contains("not taken: a@x.org has agreed already"), "{}", walk.text());
    walk.check_ledger(&[]);
    let walk = ruled(Setup::steps(yaml), false).walk(&["agreed a@x.org", "agreed b@x.org"]);
    assert!(walk.text().ends_with("? confirm c"), "{}", walk.text());
}

#[test]
fn nobody_goes_on_alone_where_settings_do_not_let_them() {
    // Broken: break-glass is everybody's.
    let walk = input(COMMAND).walk(&["glass nobody answers"]);
    assert!(walk.text().contains("refused: that is no answer"), "{}", walk.text());
}

#[test]
fn breaking_the_glass_wants_a_reason_and_is_spent_once() {
    let walk = ruled(input(COMMAND), true).walk(&["glass   "]);
    assert!(walk.text().contains("refused: a reason is needed"), "{}", walk.text());
    let walk = ruled(input(COMMAND), true).end("c", [crate::driver::exit(1)]).walk(&[
        "glass nobody answers",
        "yes",
        "failed: again",
    ]);
    assert!(walk.text().ends_with("? approve c"), "{}", walk.text());
    walk.check_ledger(&["main c"]);
}

/// A step that waits for agreement before another runbook changes something with a value.
fn around_another(second: &'static str) -> Setup {
    let yaml = "steps:
  - { id: v, effect: read, run: v, capture: { v: { type: text } } }
  - { id: may, approve: { role: lead, why: Orders stop. } }
  - { id: again, effect: read, run: v, capture: { v: { type: text } } }
  - { id: u, use: { file: u.yaml, with: { x: '{{v}}' } } }
  - end: done
";
    let used = "inputs: { x: { type: text } }
steps:
  - id: g
    title: Both
    for_each: { in: [1, 2], as: i }
    steps:
      - { id: c, run: 'switch {{x}} {{i}}', undo: { none: x } }
";
    Setup::steps(yaml).with("u.yaml", used).end("v", [says("one")]).end("again", [says(second)])
}

#[test]
fn who_agrees_sees_what_a_used_runbook_changes() {
    // Broken: what another runbook does is not on the card that is signed.
    let walk = around_another("one").walk(&["agreed lee@x.org", "confirm: yes", "confirm: yes"]);
    let asked = walk.text().lines().find(|line| line.starts_with("asked")).unwrap().to_owned();
    assert_eq!(asked, "asked lead to go on: (switch one ‹i›: i comes later)");
    assert_eq!(walk.text().matches("asked").count(), 1, "{}", walk.text());
    assert!(walk.text().contains("$ main switch one 2"), "{}", walk.text());
}

#[test]
fn an_agreement_is_for_the_values_that_a_used_runbook_is_given() {
    // Broken: a value that changes after the agreement reaches a command of another runbook.
    let walk = around_another("two").walk(&["agreed lee@x.org"]);
    assert!(walk.text().ends_with("asked lead: switch two 1\n? approve u.c"), "{}", walk.text());
}

#[test]
fn who_walks_on_does_not_agree_with_themselves() {
    use std::collections::BTreeMap;
    use surefoot::engine::Input;
    // Broken: whoever agreed takes the walk over, and confirms what they themselves agreed to.
    let takes_over = |walk: &mut crate::driver::Walk, disowned: &[&str]| {
        let resumed = crate::driver::resumed(&walk.setup.policy, BTreeMap::new());
        let Input::Resumed(mut resumed) = resumed else { panic!("no take-over") };
        resumed.disowned = disowned.iter().map(|&name| name.to_owned()).collect();
        walk.put(Input::Resumed(resumed)).unwrap();
        walk.log.clear();
        walk.answer(&[]);
    };
    let agreed = || input(COMMAND).walk(&["approve: agreed eve@x.org"]);
    let mut walk = agreed();
    assert_eq!(walk.run.agreed().into_iter().collect::<Vec<_>>(), ["eve@x.org"]);
    takes_over(&mut walk, &["eve@x.org"]);
    walk.check("asked owner: switch a\n? approve c");
    let mut walk = agreed();
    takes_over(&mut walk, &[]);
    walk.check("? confirm c");
    // The same for what follows a step that waits for agreement.
    let mut walk = Setup::steps(LINE).walk(&["approve: agreed eve@x.org"]);
    assert_eq!(walk.run.agreed().into_iter().collect::<Vec<_>>(), ["eve@x.org"]);
    takes_over(&mut walk, &["eve@x.org"]);
    walk.check("asked lead: switch over\n? approve c");
    let mut walk = Setup::steps(LINE).walk(&["approve: agreed eve@x.org"]);
    takes_over(&mut walk, &[]);
    walk.check("? confirm c");
}
