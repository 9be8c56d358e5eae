//! The only place that spawns: the [`supervisor`] that runs a run's commands and the [`Client`] that
//! orders them, small helper programs, git, the editor, and the signals of this program. Streams are
//! masked here, before they reach a file. It knows no runbooks and decides nothing about a run.

mod askpass;
mod caught;
mod client;
mod connections;
mod descriptor;
mod display;
mod ends;
mod evidence;
mod filters;
mod frame;
mod git;
mod handshake;
mod hotkey;
mod job;
mod keys;
mod left_modes;
mod leftovers;
mod lent;
mod members;
mod message;
mod moment;
mod output;
mod program;
mod pseudo_terminal;
mod readiness;
mod relay;
mod requests;
mod sentinel;
mod signals;
mod spawn;
mod status;
mod streams;
pub mod supervisor;
mod suspend;
mod timing;
mod tool;

pub use askpass::{ask_password, askpass_program, asks_for};
pub use client::{Client, Message, SUPERVISE};
pub use connections::prepare as prepare_connections;
pub use ends::read_end;
pub use filters::{FILTER, filter_main, filtered};
pub use git::{GitOrigin, describe};
pub use handshake::Handshake;
pub use keys::KeyPrograms;
pub use lent::Lent;
pub use message::{Durability, Launch, Lifetime, MadeFile, Status};
pub use program::program_in_path;
pub use pseudo_terminal::{TERMINAL, become_program};
pub use signals::{Arrived, Signals, outlive_file_limits};
pub use status::{Stop, boot_id, find, stop_found, stop_supervisor};
pub use suspend::{can_be_continued, suspend};
pub use timing::{Piece, pieces};
pub use tool::{Captured, Tool, ToolError, capture, editor, open_page};
