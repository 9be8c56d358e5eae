//! What is asked before a command runs: effect x environment x trust x levels. Pure.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::runbook::{Effect, Protection};

/// How much is asked before a command runs, from least to most.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing.
    Auto,
    /// Enter.
    Key,
    /// The card, then `y`.
    Confirm,
    /// The card, then typing what it is about.
    Typed,
    /// It does not run.
    Refuse,
}

/// Whether a person can be asked.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Attendance {
    /// At a terminal.
    Attended,
    /// Nobody is there.
    Unattended,
}

/// Whether the runbook's content is trusted.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// Its digest is known.
    Trusted,
    /// It is not: every step asks first.
    Untrusted,
}

/// Whether reads wait for a key.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// Reads run by themselves up to the next question.
    Flow,
    /// Every step waits.
    Step,
}

/// What decides how much is asked.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Policy {
    /// Whether a person can be asked.
    pub attendance: Attendance,
    /// Whether the content is trusted.
    pub trust: Trust,
    /// Whether the environment asks for more care.
    pub protection: Protection,
    /// Effects that were agreed to beforehand, by `--yes`.
    pub agreed: BTreeSet<Effect>,
}

impl Policy {
    /// What is asked before a command with this effect runs.
    ///
    /// `--yes` stands for a `y`, never for something typed: it does not reach `destroy`, nor a
    /// change in a protected environment.
    pub fn level(&self, effect: Effect, pace: Pace) -> Level {
        let asked = match effect {
            Effect::Read => self.read(pace),
            Effect::Change if self.protection == Protection::Protected => Level::Typed,
            Effect::Change if self.agreed.contains(&Effect::Change) => Level::Auto,
            Effect::Change => Level::Confirm,
            Effect::Destroy => Level::Typed,
        };
        let asked = match self.trust {
            Trust::Trusted => asked,
            Trust::Untrusted => asked.max(Level::Key),
        };
        match self.attendance {
            Attendance::Unattended if asked > Level::Auto => Level::Refuse,
            Attendance::Attended | Attendance::Unattended => asked,
        }
    }

    fn read(&self, pace: Pace) -> Level {
        match (self.attendance, pace) {
            (Attendance::Unattended, _) | (_, Pace::Flow) => Level::Auto,
            (Attendance::Attended, Pace::Step) => Level::Key,
        }
    }

    /// The stricter of two policies, for a run that goes on under a new one.
    #[must_use]
    pub fn stricter(&self, other: &Self) -> Self {
        Self {
            attendance: other.attendance,
            trust: if self.trust == Trust::Untrusted { self.trust } else { other.trust },
            protection: if self.protection == Protection::Protected {
                self.protection
            } else {
                other.protection
            },
            agreed: other.agreed.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
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
                                let policy = Policy { attendance, trust, protection, agreed };
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
}
