//! Runbooks where they lie: files in the folders of repositories, alerts that ask for them, which
//! content is trusted, the settings files beside them, and the records of a team's runs.

mod alert;
mod asked;
mod beneath;
mod closure;
mod commands;
mod digest;
mod file;
mod ownership;
mod reference;
mod rewrite;
mod settings_file;
mod shelf;
mod speaker;
mod team_records;
mod trust;
mod trusted;
mod walk;

pub use alert::{AlertFailed, read_alert};
pub use asked::{Look, look};
pub use closure::{Closure, Part, PartKind};
pub use commands::{Changed, Stated};
pub use digest::sha256;
pub use file::{File, FileFailed, Folder};
pub use ownership::{Exposed, Writable, guarded};
pub use reference::{ReferenceFailed, locate, runbooks_around};
pub use rewrite::{RewriteFailed, rewrite};
pub use settings_file::{REPOSITORY_SETTINGS, read_settings};
pub use speaker::{Claimed, Lies, may_speak};
pub use team_records::{
    Delivered, Errand, Good, Head, Index, Indexed, Judged, PlaceFailed, PlaceState, Proof,
    RECORD_FORMAT, RunRecord, TeamRecords, TeamWalked, Unsent, WalkedOk,
};
pub use trust::{Entry, TrustFailed, TrustStore};
pub use trusted::{ChangedFile, Difference, Happened, Trusted};
pub use walk::{Unreadable, Walked, runbooks_below, walk};
