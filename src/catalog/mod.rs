//! Runbooks where they lie: files in the folders of repositories, alerts that ask for them, which
//! content is trusted, and the settings files beside them.

mod alert;
mod asked;
mod closure;
mod digest;
mod file;
mod reference;
mod rewrite;
mod settings_file;
mod shelf;
mod trust;
mod walk;

pub use alert::{AlertFailed, read_alert};
pub use asked::{Look, look};
pub use closure::{Closure, Part};
pub use digest::sha256;
pub use file::{File, FileFailed, Folder};
pub use reference::{ReferenceFailed, locate};
pub use rewrite::{RewriteFailed, rewrite};
pub use settings_file::{REPOSITORY_SETTINGS, read_settings};
pub use trust::{TrustFailed, TrustStore};
pub use walk::{Unreadable, Walked, runbooks_below, walk};
