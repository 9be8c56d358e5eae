//! The ports of a session over a scenario: a [`ScriptedExecutor`] that starts no process, a
//! [`ScriptedResponder`], an agreeing second person, and a time that passes as it is told.
//!
//! Each can be used without the others: a drill takes the executor and asks a person. What they
//! share is the scenario's [`World`]: how often a step was tried, which facts hold, what is due.
//! [`walk`] puts them together with a journal in memory. Nothing here starts a process, opens a
//! file or knows the time of day.

mod again;
mod answers;
mod coverage;
mod debrief;
mod executor;
mod filtering;
mod hint;
#[cfg(test)]
mod hint_tests;
mod leading;
mod notary;
mod past;
mod responder;
mod result;
mod sampled;
mod skeleton;
mod time;
mod trace;
mod truth;
#[cfg(test)]
mod truth_tests;
mod verdict;
mod walk;
mod world;
mod written;

#[cfg(test)]
mod tests;

pub use again::{Again, again};
pub use coverage::{Branch, BranchKind, Coverage, Covered, Inventory, Point, Totals, branches};
pub use debrief::Debrief;
pub use executor::{ScriptedExecutor, Unscripted};
pub use hint::Hints;
pub use leading::{News, Row, Wish};
pub use notary::{AGREED, AgreeingNotary};
pub use past::{Gave, Past, Recording, past};
pub use responder::ScriptedResponder;
pub use sampled::sampled;
pub use skeleton::{Skeleton, Skeletons, skeletons};
pub use time::{SimulatedClock, Time};
pub use trace::{Command, Trace, Visit};
pub use truth::{Ahead, Seen, Stage, Stands, Truth};
pub use verdict::{Mismatch, Step, compare};
pub use walk::{Prepared, Unwalkable, Walked, prepare, walk};
pub use world::{Problem, SharedWorld, World};
pub use written::{Remarks, written};
