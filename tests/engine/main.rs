//! The engine from outside: walks through small runbooks, with scripted ends and answers, and a
//! property over generated ones.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod anything;
mod approval;
mod beside;
mod driver;
mod flow;
mod game_day;
mod loops;
mod model;
mod notation;
mod policy;
mod safety;
mod shelf;
#[path = "../support/started.rs"]
mod started;
mod used;
