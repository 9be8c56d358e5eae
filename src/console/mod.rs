//! All terminal output and input: the only writer, the display filter, styles, prompts, live view.
//!
//! The walk goes to standard error, data to standard output. [`Terminal`] writes; everything it is
//! given is a [`Text`], which cannot hold anything that a terminal obeys. [`View`] watches a
//! run, [`Walker`] answers questions by asking a person.

mod answered;
mod ask;
mod backstage;
mod card;
mod changes;
mod choice;
mod debrief;
mod dialogue;
mod document;
mod elsewhere;
mod filter;
#[cfg(test)]
mod fixture;
mod gutter;
mod header;
mod heading;
mod input;
mod interactive;
mod items;
mod jsonl;
mod keys;
mod leader;
mod learning;
mod listing;
mod lookup;
mod onlooker;
mod outcome;
mod page;
mod password;
mod picker;
mod present;
mod request;
mod result;
mod running;
mod scripted;
mod sgr;
mod spinner;
mod terminal;
mod text;
mod transfers;
mod view;
mod wording;

pub use ask::Walker;
pub use backstage::{Backstage, Exercise, HandedOut, Nothing};
pub use changes::{changes_in_words, changes_page, texts_page};
pub use debrief::{Took, debrief, debriefing};
pub use document::{Detail, Outline, graph, html, plan, show};
pub use filter::{Filter, shown, shown_line, unescape};
pub use input::{Echo, Input, Line, Signal, Signals, Tty, attended};
pub use jsonl::JsonLines;
pub use leader::{Command as LeaderCommand, Leader};
pub use learning::{Learner, Lesson, PREDICT, Practised, Tutor};
pub use listing::{Listed, Whose, listing};
pub use onlooker::Onlooker;
pub use page::{Page, table};
pub use picker::{Chosen, Key, Offer, Preview, Stock, choose};
pub use request::request;
pub use scripted::{Answers, FromFile, InvalidAnswers, Unattended};
pub use spinner::Spinner;
pub use terminal::{Captured, Colour, Cursor, Glyphs, Settings, Terminal, Width};
pub use text::{Meaning, Text};
pub use transfers::{TransferLine, Transfers};
pub use view::{Known, View};
