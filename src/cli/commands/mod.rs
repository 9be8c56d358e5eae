//! One file a command; its help is the doc comment in `args`.

pub(crate) mod alert;
pub(crate) mod approve;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod find;
pub(crate) mod history;
pub(crate) mod list;
pub(crate) mod listen;
pub(crate) mod log;
pub(crate) mod pick;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod report;
pub(crate) mod resume;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod seal;
pub(crate) mod show;
pub(crate) mod trust;
pub(crate) mod verify;
