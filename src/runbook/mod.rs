//! From the text of a runbook to a [`Runbook`] that cannot be invalid.
//!
//! [`load`] is the door. The text is parsed into a tree with places (`parse`), compared with the
//! table of the language (`grammar`, `structure`), resolved and compiled (`resolve`), and looked at
//! as a whole (`rules`). Every stage adds findings; all are reported, not the first.

mod command;
mod custom_schema;
mod grammar;
mod load;
mod model;
mod parse;
mod repair;
mod resolve;
mod rules;
mod schema;
mod span_map;
mod structure;

pub use custom_schema::{CustomSchema, SchemaProblem};
pub use load::{Loaded, NoRepository, Repository, ad_hoc, edit, load};
pub use model::*;
pub use parse::decode;
pub use repair::{Repair, Repaired, repair};
pub use rules::{RULES, Rule};
pub use schema::schema;
