//! The run as a pure state machine: `demands`, `decide`, `apply`.
//!
//! [`Run::demands`] says what the run needs now, a function of its state alone. [`Run::decide`]
//! turns one input into the one fact it establishes and changes nothing. [`Run::apply`] takes a
//! fact into account and evaluates nothing. There is no clock, file, terminal or process here:
//! whoever drives the machine makes each fact durable before acting on it, so every prefix of a
//! journal is a state that the run reaches anyway.

mod accepts;
mod agreement;
mod answer;
mod answered;
mod apply;
mod approval;
mod asking;
mod attempted;
mod attempts;
mod background;
mod branches;
mod capture;
mod checked;
mod choices;
mod conduct;
mod decide;
mod decided;
mod demand;
mod demands;
mod ending;
mod event;
mod expectation;
mod facts;
mod failure;
mod foreseen;
mod fresh;
mod guard;
mod hand_over;
mod hiding;
mod items_card;
mod job;
mod judge;
mod lane;
mod origin;
mod position;
mod preflight;
mod proof;
mod questions;
mod resumed;
mod run;
mod scope;
mod spread;
mod standing;
mod timebox;
mod told;
mod undo;
mod used;

pub use answer::{Answer, AnswerKind};
pub use approval::{
    ApprovalGiven, ApprovalRequest, ApprovalRequested, Asked, Checked, Lapsed, REQUEST_FORMAT,
    Signed, Spent, Terms, Waiting,
};
pub use asking::{
    Asking, Card, CardKind, ItemShown, ItemsCard, OptionShown, Question, UndoPlan, UndoShown,
};
pub use attempted::{
    AttemptEnded, AttemptId, AttemptStarted, Confirmation, Containment, End, FindingRecord, Kept,
    Role, Survivor, Verdict,
};
pub use conduct::{Conduct, KeptFile};
pub use event::{
    Event, Found, InputRecord, ItemRecord, Missing, PauseReason, Recorded, Responder, Resumed,
    RunStarted, StepStatus,
};

pub use demand::{
    Attempt, Corrupt, Demands, Ended, Filtered, Input, Keep, Printed, Rejected, Rest, Survey, Wait,
};
pub use judge::INTERRUPTED;
pub use lane::{Beside, LaneId};
pub use origin::{FileOrigin, Rehearsal, RunbookOrigin};
pub use preflight::version_in;
pub use run::{Alone, Run};
pub use standing::Standing;
pub use told::{Told, ToldKind};
