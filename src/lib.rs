//! Surefoot, a runbook-as-code executor.
//!
//! The modules are a pipeline, bottom to top; each imports only from those above it in this list
//! (`tests/architecture.rs` keeps it so). A text becomes a [`runbook::Runbook`], with inputs and an
//! environment a [`plan::Plan`]; the [`engine`] walks it as a pure state machine, the
//! [`journal`] keeps its events, a [`report`] is a fold over them, and a [`session`] joins the
//! engine to processes and people.

#[cfg(all(feature = "sabotage", not(debug_assertions)))]
compile_error!("a build that is broken on purpose is never released");

pub mod diagnostic;

pub mod value;

pub mod expression;

pub mod template;

pub mod runbook;

pub mod policy;

pub mod settings;

pub mod plan;

pub mod engine;

pub mod journal;

pub mod report;

pub mod session;

pub mod process;

pub mod signing;

pub mod effects;

pub mod rehearsal;

pub mod catalog;

pub mod console;

pub mod cli;

pub use cli::main;
