//! Tests of the journal: what a reader finds in changed bytes, what a writer does when writes fail,
//! and what recovery keeps.

mod bytes;
mod changed;
mod failing;
mod folders;
mod golden;
