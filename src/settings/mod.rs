//! Settings files: the organisation's, the user's and the repository's, from text to what holds.
//!
//! [`load`] makes a [`SettingsFile`] of a text, or findings with their places, by the same table
//! and checker as runbooks. [`Settings`] joins the files: what asks for more care counts from
//! every one of them, what grants something only from those that may. Reading them, and where
//! they are, is not this module's business.

mod branch;
mod combine;
mod edit;
mod load;
mod model;
mod read;
mod remote;
#[cfg(test)]
mod tests;
mod toml;

pub use combine::{Conflict, Settings};
pub use edit::{NewSource, without_source};
pub use load::{LoadedSettings, load};
pub use model::{
    Follow, Place, Records, RecordsPlace, SettingsFile, Shared, Signers, Source, SourceKind,
    SourceTrust,
};
pub use remote::{BadRemote, Remote};
