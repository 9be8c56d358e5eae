//! Walking in order to learn: why a step exists is told without being asked, what somebody expects to
//! see is asked before a command runs, and afterwards both stand beside each other. Nothing is
//! judged. What was walked before is told in less words, and then no more.
//!
//! Nobody below knows of it: [`Learner`] is a responder around the person at the terminal, [`Tutor`]
//! one more observer. Both share a [`Lesson`].

mod compared;
mod fading;
mod learner;
mod lesson;
mod tutor;

pub use fading::Practised;
pub use learner::Learner;
pub(super) use learner::for_learning;
pub use lesson::Lesson;
pub use tutor::Tutor;

/// What is asked before a command runs.
pub const PREDICT: &str = "What do you expect to see? Enter for no answer";

#[cfg(test)]
mod tests;
