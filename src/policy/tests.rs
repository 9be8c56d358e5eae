//! The built-in table, combination by combination; and what rules and grants make of it.

use super::*;

/// The table of the manual, as an oracle that shares no code with the policy.
fn expected(policy: &Policy, effect: Effect, pace: Pace) -> Level {
    let nobody = policy.attendance == Attendance::Unattended;
    let untrusted = policy.trust == Trust::Untrusted;
    let protected = policy.protection == Protection::Protected;
    let yes = policy.agreed.contains(&Effect::Change);
    match (effect, nobody) {
        (Effect::Read, true) if untrusted => Level::Refuse,
        (Effect::Read, false) if untrusted || pace == Pace::Step => Level::Key,
        (Effect::Read, _) => Level::Auto,
        (Effect::Change, true) if yes && !protected && !untrusted => Level::Auto,
        (Effect::Change, false) if protected => Level::Typed,
        (Effect::Change, false) if yes && untrusted => Level::Key,
        (Effect::Change, false) if yes => Level::Auto,
        (Effect::Change, false) => Level::Confirm,
        (Effect::Destroy, false) => Level::Typed,
        (Effect::Change | Effect::Destroy, true) => Level::Refuse,
    }
}

#[test]
fn every_combination_is_as_the_table_says() {
    for effect in [Effect::Read, Effect::Change, Effect::Destroy] {
        for pace in [Pace::Flow, Pace::Step] {
            for attendance in [Attendance::Attended, Attendance::Unattended] {
                for trust in [Trust::Trusted, Trust::Untrusted] {
                    for protection in [Protection::Ordinary, Protection::Protected] {
                        for agreed in [BTreeSet::new(), BTreeSet::from([Effect::Change])] {
                            let policy = Policy {
                                attendance,
                                trust,
                                protection,
                                agreed,
                                rules: Rules::default(),
                            };
                            assert_eq!(
                                policy.level(effect, pace),
                                expected(&policy, effect, pace),
                                "{policy:?} {effect:?} {pace:?}"
                            );
                        }
                    }
                }
            }
        }
    }
}

fn origin(authority: Authority) -> Origin {
    Origin { authority, file: "config.toml".to_owned(), line: 3 }
}

fn policy() -> Policy {
    Policy {
        attendance: Attendance::Attended,
        trust: Trust::Trusted,
        protection: Protection::Ordinary,
        agreed: BTreeSet::new(),
        rules: Rules::default(),
    }
}

fn rule(authority: Authority, level: Level) -> Rule {
    Rule {
        scope: Scope::default(),
        level,
        approvers: (level == Level::Approve)
            .then(|| Approvers { role: "lead".to_owned(), count: 1 }),
        why: "why".to_owned(),
        origin: origin(authority),
    }
}

fn level(policy: &Policy, effect: Effect) -> Level {
    policy.level(effect, Pace::Step)
}

const EFFECTS: [Effect; 3] = [Effect::Read, Effect::Change, Effect::Destroy];
const AUTHORITIES: [Authority; 3] =
    [Authority::Organisation, Authority::User, Authority::Repository];

#[test]
fn no_rule_loosens_and_the_strictest_of_several_holds_in_any_order() {
    for effect in EFFECTS {
        let before = level(&policy(), effect);
        for first in Level::ALL {
            for second in Level::ALL {
                for authority in AUTHORITIES {
                    let demands =
                        vec![rule(Authority::Organisation, first), rule(authority, second)];
                    let mut policy = policy();
                    policy.rules.demands = demands;
                    let strictest = before.max(first).max(second);
                    assert_eq!(
                        level(&policy, effect),
                        strictest,
                        "{effect:?} {first:?} {second:?}"
                    );
                    policy.rules.demands.reverse();
                    assert_eq!(level(&policy, effect), strictest);
                }
            }
        }
    }
}

#[test]
fn a_decision_names_what_decided_it_and_all_who_must_agree() {
    let mut policy = policy();
    let mut two = rule(Authority::Repository, Level::Approve);
    two.approvers = Some(Approvers { role: "lead".to_owned(), count: 2 });
    let mut other = rule(Authority::User, Level::Approve);
    other.approvers = Some(Approvers { role: "database".to_owned(), count: 1 });
    policy.rules.demands = vec![
        rule(Authority::Organisation, Level::Approve),
        two,
        other,
        rule(Authority::User, Level::Typed),
    ];
    let decision = policy.decide(&Subject::any(Effect::Change), Pace::Step);
    let approvals: Vec<(&str, u32)> =
        decision.approvals.iter().map(|it| (it.role.as_str(), it.count)).collect();
    assert_eq!(approvals, [("lead", 2), ("database", 1)]);
    assert_eq!(decision.causes[0].to_string(), "why (config.toml:3)");
    assert!(decision.causes.iter().all(|cause| matches!(cause, Cause::Rule { .. })));
}

fn grants(count: usize) -> Granted {
    let grant = Grant {
        scope: Scope::default(),
        why: "jobs".to_owned(),
        origin: origin(Authority::Organisation),
    };
    Granted { by: "config.toml".to_owned(), grants: vec![grant; count] }
}

#[test]
fn yes_stands_for_a_y_only_where_every_file_grants_it_and_for_nothing_that_is_typed() {
    let mut agreed = policy();
    agreed.agreed = BTreeSet::from(EFFECTS);
    assert_eq!(
        EFFECTS.map(|effect| level(&agreed, effect)),
        [Level::Key, Level::Auto, Level::Typed]
    );
    agreed.rules.yes = vec![grants(1), grants(2)];
    assert_eq!(level(&agreed, Effect::Change), Level::Auto);
    agreed.rules.yes.push(grants(0));
    assert_eq!(level(&agreed, Effect::Change), Level::Confirm);
    agreed.rules.yes.clear();
    for demanded in [Level::Typed, Level::Approve, Level::Refuse] {
        let mut policy = agreed.clone();
        policy.rules.demands = vec![rule(Authority::Repository, demanded)];
        assert_eq!(level(&policy, Effect::Change), demanded);
    }
    let nobody = Policy { attendance: Attendance::Unattended, ..agreed.clone() };
    assert_eq!(
        EFFECTS.map(|effect| level(&nobody, effect)),
        [Level::Auto, Level::Auto, Level::Refuse]
    );
}

fn standard(authority: Authority, commands: &[&str]) -> StandardChange {
    StandardChange {
        template: "CHG-42".to_owned(),
        digest: "d".repeat(64),
        commands: commands.iter().map(|it| (*it).to_owned()).collect(),
        expires: None,
        origin: origin(authority),
    }
}

#[test]
fn a_standard_change_stands_in_for_approval_by_those_it_may_speak_for() {
    for demanding in AUTHORITIES {
        for approving in [Authority::Organisation, Authority::User] {
            let mut policy = policy();
            policy.rules.demands = vec![rule(demanding, Level::Approve)];
            policy.rules.standard = vec![standard(approving, &[])];
            let stays = approving > demanding;
            let expected = if stays { Level::Approve } else { Level::Typed };
            assert_eq!(level(&policy, Effect::Destroy), expected, "{approving:?} {demanding:?}");
            policy.rules.demands = vec![rule(demanding, Level::Refuse)];
            assert_eq!(level(&policy, Effect::Destroy), Level::Refuse);
        }
    }
}

#[test]
fn with_nobody_there_only_the_very_command_that_was_approved_destroys() {
    let mut policy = Policy { attendance: Attendance::Unattended, ..policy() };
    policy.rules.standard = vec![standard(Authority::Organisation, &["aa"])];
    let decide = |policy: &Policy, command| {
        let subject = Subject { command, ..Subject::any(Effect::Destroy) };
        policy.decide(&subject, Pace::Step).level
    };
    assert_eq!(decide(&policy, Some("aa")), Level::Auto);
    assert_eq!(decide(&policy, Some("ab")), Level::Refuse);
    assert_eq!(decide(&policy, None), Level::Refuse);
    let untrusted = Policy { trust: Trust::Untrusted, ..policy.clone() };
    assert_eq!(decide(&untrusted, Some("aa")), Level::Refuse);
    let attended = Policy { attendance: Attendance::Attended, ..policy.clone() };
    assert_eq!(decide(&attended, Some("aa")), Level::Typed, "a person still types it");
    policy.rules.demands = vec![rule(Authority::Repository, Level::Refuse)];
    assert_eq!(decide(&policy, Some("aa")), Level::Refuse);
}

#[test]
fn of_two_policies_every_demand_holds_and_only_what_both_grant() {
    let mut one = policy();
    one.agreed = BTreeSet::from([Effect::Change]);
    one.rules.levels.insert(crate::runbook::StepId("a".to_owned()), Level::Typed);
    one.rules.standard = vec![standard(Authority::Organisation, &["aa", "bb"])];
    one.rules.break_glass = vec![grants(1)];
    let mut two = policy();
    two.agreed = BTreeSet::from([Effect::Change]);
    two.rules.yes = vec![grants(0)];
    two.rules.standard = vec![standard(Authority::Organisation, &["bb"])];
    for (one, two) in [(&one, &two), (&two, &one)] {
        let both = one.stricter(two);
        assert_eq!(level(&both, Effect::Change), Level::Confirm, "one of them grants no --yes");
        assert!(both.rules.break_glass(&Subject::any(Effect::Change)).is_none());
        assert_eq!(both.rules.standard[0].commands, BTreeSet::from(["bb".to_owned()]));
        let subject = |step| Subject { own: Some(step), ..Subject::any(Effect::Change) };
        assert_eq!(both.decide(&subject("a"), Pace::Step).level, Level::Typed);
        assert_eq!(both.decide(&subject("b"), Pace::Step).level, Level::Confirm);
    }
    let mut ruled = policy();
    ruled.rules.demands = vec![rule(Authority::User, Level::Refuse)];
    assert_eq!(level(&one.stricter(&ruled), Effect::Change), Level::Refuse);
    assert_eq!(level(&ruled.stricter(&one), Effect::Change), Level::Refuse);
    let gone = one.stricter(&policy());
    assert!(gone.rules.standard.is_empty(), "what is no longer approved is not");
}

#[test]
fn break_glass_is_granted_by_every_file_or_not_at_all() {
    let any = Subject::any(Effect::Change);
    let rules = |files: Vec<Granted>| Rules { break_glass: files, ..Rules::default() };
    assert!(rules(Vec::new()).break_glass(&any).is_none());
    assert_eq!(rules(vec![grants(1)]).break_glass(&any).map(|grants| grants.len()), Some(1));
    assert!(rules(vec![grants(1), grants(0)]).break_glass(&any).is_none());
}
