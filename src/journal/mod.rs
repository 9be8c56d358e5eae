//! The durable order of a run's events: record, file, lock, recovery, verification, and the folder
//! per run they live in.
//!
//! [`Journal`] is the one writer; [`read`] and [`verify`] never write. What is torn is set aside by
//! [`recover`], what is damaged is named and refused. It knows the events' form, not their meaning.

mod private;

mod record;

mod read;

mod append;

mod emergency;

mod recover;

mod follow;

mod verify;

mod lock;

mod folder;

mod store;
mod time;

pub use append::{Durability, Journal, WriteFailed};
pub use emergency::save_elsewhere;
pub use folder::{FrozenFile, RunFolder};
pub use follow::Follower;
pub use lock::{Holder, Lock, LockFailed, Possession, last_holder, possession};
pub use private::FileFailed;
pub use read::{Contents, Damage, JOURNAL, ReadFailed, TornTail, read};
pub use record::{FORMAT, NO_RECORD, Record, Stamp};
pub use recover::{RecoverFailed, Recovered, SetAside, recover};
pub use store::{FindFailed, Listed, Store};
pub use verify::{OutputCheck, OutputState, RunbookCheck, Verification, verify};

#[cfg(test)]
pub(crate) mod samples;

#[cfg(test)]
mod tests;
