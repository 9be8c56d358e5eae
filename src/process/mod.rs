//! The only place that spawns: the [`supervisor`] that runs a run's commands and the [`Client`] that
//! orders them, small helper programs, git, the editor, and the signals of this program. Streams are
//! masked here, before they reach a file. It knows no runbooks and decides nothing about a run.

mod askpass;
mod caught;
mod client;
mod descriptor;
mod display;
mod ends;
mod evidence;
mod frame;
mod git;
mod hotkey;
mod job;
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
mod timing;
mod tool;

pub use askpass::{ask_password, askpass_program, asks_for};
pub use client::{Client, Message, SUPERVISE};
pub use ends::read_end;
pub use git::{GitOrigin, describe};
pub use lent::Lent;
pub use message::{Durability, Launch, Lifetime, MadeFile, Status};
pub use program::program_in_path;
pub use pseudo_terminal::{TERMINAL, become_program};
pub use signals::{Arrived, Signals};
pub use status::{boot_id, find, stop_supervisor};
pub use timing::{Piece, pieces};
pub use tool::{Captured, Tool, ToolError, capture, editor, open_page};
