//! What is asked before a command runs, and what decided it.

use std::fmt;

use super::level::Level;
use super::rules::{Grant, Origin, Rule, StandardChange};
use super::scope::Subject;
use super::{Attendance, Pace, Policy, Trust};
use crate::runbook::{Effect, Protection, StepId};

/// What is asked before a command runs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Decision {
    /// How much.
    pub level: Level,
    /// Who else must agree, by settings files; all of them.
    pub approvals: Vec<Approval>,
    /// What decided the level; never empty.
    pub causes: Vec<Cause>,
}

/// An agreement that a settings file asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Approval {
    /// In which role.
    pub role: String,
    /// How many people.
    pub count: u32,
    /// Why, for whoever is asked.
    pub why: String,
    /// Where it stands.
    pub origin: Origin,
}

/// Something that decided a level.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Cause {
    /// What every command with this effect asks.
    Effect(Effect),
    /// The environment is protected.
    Protected,
    /// The run began under a stricter policy.
    Began,
    /// A rule of a settings file.
    Rule {
        /// Why.
        why: String,
        /// Where it stands.
        origin: Origin,
    },
    /// The content is not trusted.
    Untrusted,
    /// Nobody is there to be asked.
    Unattended,
    /// `--yes change` stands for a `y`, by these grants; by the built-in table if there are none.
    Yes(Vec<Origin>),
    /// The command was approved beforehand.
    Standard {
        /// By this template.
        template: String,
        /// Where that stands.
        origin: Origin,
    },
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Effect(Effect::Read) => f.write_str("the command only reads"),
            Self::Effect(Effect::Change) => f.write_str("the command changes something"),
            Self::Effect(Effect::Destroy) => f.write_str("the command destroys something"),
            Self::Protected => f.write_str("the environment is protected"),
            Self::Began => f.write_str("the run began under a stricter policy"),
            Self::Rule { why, origin } => write!(f, "{why} ({origin})"),
            Self::Untrusted => f.write_str("the runbook is not trusted"),
            Self::Unattended => f.write_str("nobody is there to be asked"),
            Self::Yes(origins) if origins.is_empty() => f.write_str("--yes change"),
            Self::Yes(origins) => {
                let origins: Vec<String> = origins.iter().map(Origin::to_string).collect();
                write!(f, "--yes change ({})", origins.join(", "))
            }
            Self::Standard { template, origin } => {
                write!(f, "standard change {template} ({origin})")
            }
        }
    }
}

impl Policy {
    /// What is asked before a command runs: the strictest of all that has a say, then what grants
    /// take away, which is never something that must be typed.
    pub fn decide(&self, subject: &Subject<'_>, pace: Pace) -> Decision {
        let mut decision = self.demanded(subject);
        if decision.level == Level::Auto {
            decision.raise(self.read(pace), Cause::Effect(subject.effect));
        }
        if let Some(grants) = self.agreed_to(subject, decision.level) {
            let origins = grants.iter().map(|grant| grant.origin.clone());
            decision.lower(Level::Auto, Cause::Yes(origins.collect()));
        }
        if self.trust == Trust::Untrusted {
            decision.raise(Level::Key, Cause::Untrusted);
        }
        if self.attendance == Attendance::Unattended
            && !matches!(decision.level, Level::Auto | Level::Refuse)
        {
            match self.approved_command(subject).filter(|_| self.trust == Trust::Trusted) {
                Some(standard) => decision.lower(Level::Auto, standard.cause()),
                None => decision.raise(Level::Refuse, Cause::Unattended),
            }
        }
        decision
    }

    /// What is asked before any command with this effect runs, as far as that does not depend on
    /// the command.
    pub fn level(&self, effect: Effect, pace: Pace) -> Level {
        self.decide(&Subject::any(effect), pace).level
    }

    /// What a command asks for by itself: whoever is there, and whatever was agreed to.
    pub fn demanded(&self, subject: &Subject<'_>) -> Decision {
        let (level, cause) = match subject.effect {
            Effect::Read => (Level::Auto, Cause::Effect(Effect::Read)),
            Effect::Change if self.protection == Protection::Protected => {
                (Level::Typed, Cause::Protected)
            }
            Effect::Change => (Level::Confirm, Cause::Effect(Effect::Change)),
            Effect::Destroy => (Level::Typed, Cause::Effect(Effect::Destroy)),
        };
        let mut decision = Decision { level, approvals: Vec::new(), causes: vec![cause] };
        let approved = |origin: &Origin| {
            self.rules.standard.iter().any(|standard| standard.origin.speaks_for(origin))
        };
        for rule in self.rules.demands.iter().filter(|rule| rule.scope.holds(subject)) {
            if rule.level != Level::Approve || !approved(&rule.origin) {
                decision.add(rule);
            }
        }
        let began = subject.own.map(|step| StepId(step.to_owned()));
        let began = began.and_then(|step| self.rules.levels.get(&step));
        if let Some(began) = began.filter(|began| **began > decision.level) {
            decision.raise(*began, Cause::Began);
        }
        decision
    }

    /// The grants by which `--yes change` stands for the answer to a card: for a `y`, never for
    /// something typed, and never in a protected environment.
    fn agreed_to(&self, subject: &Subject<'_>, level: Level) -> Option<Vec<&Grant>> {
        let asked = subject.effect == Effect::Change && level == Level::Confirm;
        if asked && self.agreed.contains(&Effect::Change) { self.rules.yes(subject) } else { None }
    }

    /// The standard change that names this very command.
    fn approved_command(&self, subject: &Subject<'_>) -> Option<&StandardChange> {
        let command = subject.command?;
        let strict = self.demanded(subject);
        let standard = self.rules.standard.iter().find(|it| it.commands.contains(command))?;
        // What the runbook or a rule refuses or wants to have approved stays so.
        (strict.level < Level::Approve).then_some(standard)
    }

    pub(super) fn read(&self, pace: Pace) -> Level {
        match (self.attendance, pace) {
            (Attendance::Unattended, _) | (_, Pace::Flow) => Level::Auto,
            (Attendance::Attended, Pace::Step) => Level::Key,
        }
    }
}

impl Decision {
    /// The rules of settings files that decided it, with their places.
    pub fn rules(&self) -> Vec<String> {
        let rules = self.causes.iter().filter(|cause| matches!(cause, Cause::Rule { .. }));
        rules.map(Cause::to_string).collect()
    }

    fn raise(&mut self, level: Level, cause: Cause) {
        match level.cmp(&self.level) {
            std::cmp::Ordering::Less => {}
            std::cmp::Ordering::Equal => {
                if !self.causes.contains(&cause) {
                    self.causes.push(cause);
                }
            }
            std::cmp::Ordering::Greater => {
                self.level = level;
                self.causes = vec![cause];
            }
        }
    }

    fn lower(&mut self, level: Level, cause: Cause) {
        self.level = level;
        self.causes = vec![cause];
    }

    fn add(&mut self, rule: &Rule) {
        let (why, origin) = (rule.why.clone(), rule.origin.clone());
        if let Some(approvers) = &rule.approvers {
            match self.approvals.iter_mut().find(|known| known.role == approvers.role) {
                Some(known) if known.count >= approvers.count => {}
                Some(known) => {
                    known.count = approvers.count;
                    known.why.clone_from(&why);
                    known.origin = origin.clone();
                }
                None => self.approvals.push(Approval {
                    role: approvers.role.clone(),
                    count: approvers.count,
                    why: why.clone(),
                    origin: origin.clone(),
                }),
            }
        }
        self.raise(rule.level, Cause::Rule { why, origin });
    }
}

impl StandardChange {
    fn cause(&self) -> Cause {
        Cause::Standard { template: self.template.clone(), origin: self.origin.clone() }
    }
}

impl Origin {
    /// Whether what stands here may stand in for what another place asks for.
    fn speaks_for(&self, other: &Self) -> bool {
        self.authority <= other.authority
    }
}
