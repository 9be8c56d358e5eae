//! From the text of a runbook to a [`Runbook`] that cannot be invalid.
//!
//! [`load`] is the door. The text is parsed into a tree with places (`parse`), compared with the
//! table of the language (`grammar`, `structure`), resolved and compiled (`resolve`), and looked at
//! as a whole (`rules`). Every stage adds findings; all are reported, not the first.

mod command;
mod custom_schema;
mod flow;
mod grammar;
mod lineage;
mod link;
mod load;
mod matcher;
mod model;
mod parse;
mod repair;
mod resolve;
mod rules;
mod scenario;
mod schema;
mod span_map;
mod structure;

pub(crate) use grammar::{Mapping, ORGANISATION_SETTINGS, REPOSITORY_SETTINGS, USER_SETTINGS};
pub(crate) use parse::{Entry, Kind, Map, Node, Scalar, Style, check_text, parse as parse_tree};
pub(crate) use structure::{Notation, check as check_structure};

pub use custom_schema::{CustomSchema, SchemaProblem};
pub use flow::{Cause, Edge, Jump, To, Way, flow};
pub use lineage::own_names;
pub use link::TooManySteps;
pub use load::{Loaded, NoRepository, Repository, UseFailed, UsedFile, ad_hoc, edit, load};
pub use matcher::MatcherProblem;
pub use model::*;
pub use parse::decode;
pub use repair::{Repair, Repaired, repair};
pub use rules::{RULES, Rule, silenced};
pub(crate) use scenario::ATTEMPT;
pub use scenario::{
    Answer, Answers, End, Expected, Fault, Found, Inject, LoadedScenario, NotFound, Part, Placed,
    Results, Scenario, ScenarioLoader, Shelf, StepResult, Trigger, Undoing, is_scenario,
    load_scenario,
};
pub use schema::{scenario_schema, schema, settings_schema};
