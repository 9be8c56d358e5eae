//! What settings files say: rules that ask for more, and grants that ask for less.
//!
//! They are data, kept in the first record of a run. How they are written is `settings`' business.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::level::Level;
use super::scope::{Scope, Subject};
use crate::runbook::StepId;

/// Whose file says something, the strongest first.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Authority {
    /// The organisation's.
    Organisation,
    /// The user's own.
    User,
    /// The repository's: it can only ask for more care.
    Repository,
}

/// Where something stands.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Origin {
    /// Whose file it is.
    pub authority: Authority,
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A rule: commands it holds for are asked for at this level at least.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Rule {
    /// Which commands.
    pub scope: Scope,
    /// How much is asked.
    pub level: Level,
    /// Who must agree, where the level is to be approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvers: Option<Approvers>,
    /// Why, for whoever is asked.
    pub why: String,
    /// Where it stands.
    pub origin: Origin,
}

/// Other people who must agree.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Approvers {
    /// In which role.
    pub role: String,
    /// How many of them.
    pub count: u32,
}

/// A grant, and where it holds.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Grant {
    /// Where.
    pub scope: Scope,
    /// Why, for whoever reads the record.
    pub why: String,
    /// Where it stands.
    pub origin: Origin,
}

/// What one file grants. Of several files, each must.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Granted {
    /// The file.
    pub by: String,
    /// Its grants: one of them must hold. None: nothing is granted.
    pub grants: Vec<Grant>,
}

/// A change that was approved beforehand: exactly this content of exactly this runbook.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct StandardChange {
    /// The name that the runbook gives as its template.
    pub template: String,
    /// The digest of the runbook and all it uses.
    pub digest: String,
    /// Digests of commands that may run with nobody there.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub commands: BTreeSet<String>,
    /// Until when it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<jiff::Timestamp>,
    /// Where it stands.
    pub origin: Origin,
}

/// All that settings files say about a run.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Rules {
    /// What asks for more care.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub demands: Vec<Rule>,
    /// Where `--yes change` stands for a `y`. Without any, wherever the built-in table lets it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub yes: Vec<Granted>,
    /// Where a person may go on without the approval that is asked for. Without any, nowhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub break_glass: Vec<Granted>,
    /// The standard changes that this run is one of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub standard: Vec<StandardChange>,
    /// What the command of each step asked for when the run began: a later policy that is milder
    /// does not lower it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub levels: BTreeMap<StepId, Level>,
}

impl Rules {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether `--yes change` may stand for a `y`; and by which grants.
    pub(super) fn yes(&self, subject: &Subject<'_>) -> Option<Vec<&Grant>> {
        granted(&self.yes, subject)
    }

    /// Whether a person may go on without approval, said aloud and recorded; and by which grants.
    pub fn break_glass(&self, subject: &Subject<'_>) -> Option<Vec<&Grant>> {
        if self.break_glass.is_empty() { None } else { granted(&self.break_glass, subject) }
    }

    /// What holds if both hold: every demand of either, and the grants of both only.
    #[must_use]
    pub(super) fn stricter(&self, other: &Self) -> Self {
        let mut levels = self.levels.clone();
        for (step, level) in &other.levels {
            let known = levels.entry(step.clone()).or_insert(*level);
            *known = (*known).max(*level);
        }
        let both = !self.break_glass.is_empty() && !other.break_glass.is_empty();
        Self {
            demands: joined(&self.demands, &other.demands),
            yes: joined(&self.yes, &other.yes),
            break_glass: if both {
                joined(&self.break_glass, &other.break_glass)
            } else {
                Vec::new()
            },
            standard: self.standard.iter().filter_map(|it| it.also_in(&other.standard)).collect(),
            levels,
        }
    }
}

impl StandardChange {
    /// What both approve: the same content, the commands that both name, until the earlier end.
    fn also_in(&self, others: &[Self]) -> Option<Self> {
        let same = |other: &&Self| other.template == self.template && other.digest == self.digest;
        let other = others.iter().find(same)?;
        Some(Self {
            commands: self.commands.intersection(&other.commands).cloned().collect(),
            expires: [self.expires, other.expires].into_iter().flatten().min(),
            ..other.clone()
        })
    }
}

/// Every file must have a grant that holds.
fn granted<'a>(files: &'a [Granted], subject: &Subject<'_>) -> Option<Vec<&'a Grant>> {
    let holds = |file: &'a Granted| file.grants.iter().find(|grant| grant.scope.holds(subject));
    files.iter().map(holds).collect()
}

/// All of one, and what else is in the other.
fn joined<T: Clone + PartialEq>(one: &[T], other: &[T]) -> Vec<T> {
    let more = other.iter().filter(|item| !one.contains(item));
    one.iter().chain(more).cloned().collect()
}
