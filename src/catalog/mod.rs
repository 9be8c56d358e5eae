//! Runbooks where they lie: files in the folders of repositories, alerts that ask for them, which
//! content is trusted, and the settings files beside them.

mod alert;
mod asked;
mod beneath;
mod closure;
mod commands;
mod digest;
mod file;
mod index;
mod ownership;
mod reference;
mod rewrite;
mod settings_file;
mod shelf;
mod speaker;
mod trust;
mod trusted;
mod walk;

pub use alert::{AlertFailed, read_alert};
pub use asked::{Look, look};
pub use closure::{Closure, Part, PartKind};
pub use commands::{Changed, Stated};
pub use digest::sha256;
pub use file::{File, FileFailed, Folder};
pub use index::{
    Entry as IndexEntry, Fit, Hits, Index, IndexFailed, IndexedRule, Kept, Meant, OpenRun, Place,
    PlaceKind, Standing, Validity, Wanted, places,
};
pub use ownership::{Exposed, Writable, guarded};
pub use reference::{ReferenceFailed, locate};
pub use rewrite::{RewriteFailed, rewrite};
pub use settings_file::{REPOSITORY_SETTINGS, read_settings};
pub use speaker::{Claimed, Lies, may_speak};
pub use trust::{Entry, TrustFailed, TrustStore};
pub use trusted::{ChangedFile, Difference, Happened, Trusted};
pub use walk::{Unreadable, Walked, runbooks_below, walk};
