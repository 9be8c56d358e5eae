//! The engine from outside: walks through small runbooks, with scripted ends and answers, and a
//! property over generated ones.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod anything;
mod driver;
mod flow;
mod model;
mod notation;
mod safety;
mod shelf;
mod used;
#[path = "../support/started.rs"]
mod started;
