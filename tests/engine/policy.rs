//! Rules of settings files at the commands of a walk.

use std::collections::BTreeSet;

use surefoot::engine::{AnswerKind, Asking};
use surefoot::policy::{
    Approvers, Attendance, Authority, Level, Origin, Pattern, Rule, Scope, StandardChange,
};
use surefoot::runbook::{Effect, StepId};

use crate::driver::{Setup, Walk};

const CHANGE: &str = "steps:\n  - { id: a, run: [do, a], undo: [undo, a] }\n  - { id: b, do: B }\n";

fn origin() -> Origin {
    Origin { authority: Authority::Organisation, file: "org.toml".to_owned(), line: 7 }
}

fn rule(level: Level) -> Rule {
    Rule {
        scope: Scope::default(),
        level,
        approvers: (level == Level::Approve)
            .then(|| Approvers { role: "lead".to_owned(), count: 1 }),
        why: "Two look".to_owned(),
        origin: origin(),
    }
}

fn under(yaml: &str, rule: Rule) -> Setup {
    let mut setup = Setup::steps(yaml);
    setup.policy.rules.demands.push(rule);
    setup
}

fn asked(walk: &Walk) -> Asking {
    walk.run.demands().question.expect("a question").ask
}

#[test]
fn a_rule_that_wants_approval_asks_for_it_before_anything_runs() {
    let walk = under(CHANGE, rule(Level::Approve)).walk(&["yes"]);
    let Asking::Approve(waiting) = asked(&walk) else { panic!("{}", walk.text()) };
    assert_eq!(waiting.request.role, "lead");
    assert_eq!(waiting.request.why, "Two look (org.toml:7)");
}

#[test]
fn a_rule_is_on_the_card_and_what_it_wants_typed_is_typed() {
    let walk = under(CHANGE, rule(Level::Typed)).walk(&["yes"]);
    let Asking::Confirm(card) = asked(&walk) else { panic!("{}", walk.text()) };
    assert_eq!(card.policy, ["Two look (org.toml:7)"]);
    assert!(card.must_type.is_some());
    let plain = Setup::steps(CHANGE).walk(&[]);
    let Asking::Confirm(card) = asked(&plain) else { panic!("{}", plain.text()) };
    assert!(card.policy.is_empty() && card.must_type.is_none());
}

#[test]
fn what_a_rule_refuses_cannot_be_confirmed_by_anybody() {
    let walk = under(CHANGE, rule(Level::Refuse)).walk(&["yes"]);
    let Asking::Refused { why } = asked(&walk) else { panic!("{}", walk.text()) };
    assert_eq!(why, "policy does not let it run: Two look (org.toml:7)");
    let mut alone = under(CHANGE, rule(Level::Refuse));
    alone.policy.attendance = Attendance::Unattended;
    alone.policy.agreed.insert(Effect::Change);
    let walk = alone.walk(&[]);
    let question = walk.run.demands().question.unwrap();
    assert!(!question.accepts.contains(&AnswerKind::Confirm), "{:?}", question.accepts);
    assert!(matches!(question.ask, Asking::Confirm(_)));
}

#[test]
fn a_target_is_known_by_what_it_proves_to_be() {
    let yaml = "targets:\n  box: { prefix: [ssh, box], assert: hostname, equals: prod-eu }
steps:\n  - { id: a, target: box, run: [do, a], undo: { none: x } }\n";
    let on = |pattern: &str| {
        let scope = Scope { target: vec![Pattern(pattern.to_owned())], ..Scope::default() };
        let walk = under(yaml, Rule { scope, ..rule(Level::Typed) }).walk(&[]);
        let Asking::Confirm(card) = asked(&walk) else { panic!("{}", walk.text()) };
        card.must_type
    };
    assert_eq!(on("prod-*").as_deref(), Some("prod-eu"));
    assert_eq!(on("box").as_deref(), Some("prod-eu"));
    assert_eq!(on("stg-*"), None);
}

#[test]
fn a_read_asks_for_what_a_rule_wants_whatever_the_pace() {
    let yaml = "steps:\n  - { id: a, effect: read, run: [look, a] }\n  - { id: b, do: B }\n";
    let scope = Scope { effect: BTreeSet::from([Effect::Read]), ..Scope::default() };
    let only = |level| under(yaml, Rule { scope: scope.clone(), ..rule(level) });
    let walk = only(Level::Key).walk(&[]);
    assert!(matches!(asked(&walk), Asking::Read { .. }), "{}", walk.text());
    let walk = only(Level::Confirm).walk(&[]);
    assert!(matches!(asked(&walk), Asking::Confirm(_)), "{}", walk.text());
    only(Level::Confirm)
        .walk(&["yes"])
        .check("> a\nconfirm: confirm\n$ main look a\n= passed\n< a done\n> b\n? attest b");
}

#[test]
fn the_level_a_step_began_with_is_for_its_own_command_only() {
    let mut setup = Setup::steps(CHANGE);
    setup.policy.rules.levels.insert(StepId("a".to_owned()), Level::Typed);
    let mut walk = setup.walk(&[]);
    let Asking::Confirm(card) = asked(&walk) else { panic!("{}", walk.text()) };
    let typed = format!("type {}", card.must_type.expect("it is typed"));
    walk.answer(&[&typed, "undo"]);
    let Asking::Confirm(card) = asked(&walk) else { panic!("{}", walk.text()) };
    assert_eq!(card.must_type, None, "the undo has a decision of its own");
}

#[test]
fn with_nobody_there_the_command_that_was_approved_runs_and_no_other() {
    let yaml =
        "steps:\n  - { id: a, effect: destroy, run: [rm, x], subject: x, irreversible: gone }\n";
    let walk = Setup::steps(yaml).walk(&[]);
    let Asking::Confirm(card) = asked(&walk) else { panic!("{}", walk.text()) };
    let alone = |command: &str| {
        let mut setup = Setup::steps(yaml);
        setup.policy.attendance = Attendance::Unattended;
        setup.policy.rules.standard.push(StandardChange {
            template: "CHG-42".to_owned(),
            digest: String::new(),
            commands: BTreeSet::from([command.to_owned()]),
            expires: None,
            origin: origin(),
        });
        setup.walk(&[])
    };
    alone(&card.digest).check("> a\n$ main rm x\n= passed\n< a done\n? outcome");
    alone(&"0".repeat(64)).check("> a\n? confirm a");
}

#[test]
fn what_only_the_target_of_an_item_asks_for_is_asked_at_the_item() {
    // Broken: a `y` to the card of all items stands for what must be typed.
    let yaml = "targets:
  box: { prefix: [ssh, '{{x}}'] }
steps:
  - { id: l, for_each: { in: [stage, prod-1], as: x, confirm: once }, run: [do, '{{x}}'], target: box, undo: { none: x } }
  - end: done
";
    for level in [Level::Typed, Level::Approve] {
        let mut on_production = rule(level);
        on_production.scope.target = vec![Pattern("prod-*".to_owned())];
        let mut walk = under(yaml, on_production).walk(&["items: yes"]);
        assert!(walk.text().contains("$ main do stage"), "{}", walk.text());
        if level == Level::Approve {
            walk.answer(&["approve: agreed eve@x.org"]);
        }
        let Asking::Confirm(card) = asked(&walk) else { panic!("{}", walk.text()) };
        let typed = format!("type {}", card.must_type.expect("it is typed"));
        walk.check_ledger(&["main l"]);
        walk.answer(&[&typed]);
        walk.check_ledger(&["main l", "main l"]);
    }
    // What was typed for all of them is not asked for again.
    let walk = under(yaml, rule(Level::Typed)).walk(&["items: type 2"]);
    walk.check_ledger(&["main l", "main l"]);
}
