//! What stands around the steps: owner, escalation, alerts, links, change.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::diagnostic::Span;
use crate::template::Template;
use crate::value::{Duration, Name, Reference};

/// Who owns a runbook.
#[derive(Clone, Debug)]
pub struct Owner {
    /// The team.
    pub team: String,
    /// Where it is found.
    pub channel: Option<String>,
}

/// A role to ask for help.
#[derive(Clone, Debug)]
pub struct Escalation {
    /// Never the name of a person.
    pub role: String,
    /// How to reach it.
    pub how: String,
    /// After how long.
    pub after: Option<Duration>,
}

/// Which alerts a runbook answers, and which inputs they bring.
#[derive(Clone, Debug)]
pub struct AlertRule {
    /// All must hold.
    pub matchers: Vec<Matcher>,
    /// Where inputs come from.
    pub inputs: BTreeMap<Name, AlertSource>,
    /// The place of its matchers.
    pub span: Span,
}

/// A label matcher, as in Alertmanager. A missing label is the empty text.
#[derive(Clone, Debug)]
pub struct Matcher {
    /// The label.
    pub label: String,
    /// How it is compared.
    pub operator: MatchOperator,
    /// With what.
    pub value: String,
    /// The compiled pattern of `=~` and `!~`, which matches the whole value.
    pub pattern: Option<regex::Regex>,
}

/// How a matcher compares.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MatchOperator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Matches,
    /// `!~`
    MatchesNot,
}

/// Where an input is found in an alert.
#[derive(Clone, Debug)]
pub struct AlertSource {
    /// A label or an annotation.
    pub from: Reference,
    /// The first group is the value.
    pub regex: Option<regex::Regex>,
}

/// What kind of change this is.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its kind.
    pub kind: ChangeKind,
    /// The template it was approved by.
    pub template: Option<String>,
}

/// How a change is approved.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Afterwards.
    Emergency,
    /// Each time.
    Normal,
    /// Beforehand, by a template.
    Standard,
}

/// Where to read more.
#[derive(Clone, Debug)]
pub struct Link {
    /// What is there.
    pub title: Template,
    /// Where it is.
    pub url: Template,
}
