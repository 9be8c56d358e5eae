//! Runbooks where they lie: files in the folders of repositories, alerts that ask for them, and
//! which content is trusted.

mod alert;
mod digest;
mod file;
mod reference;
mod shelf;
mod trust;

pub use alert::{AlertFailed, read_alert};
pub use digest::{closure_digest, sha256};
pub use file::{File, FileFailed, Folder};
pub use reference::{ReferenceFailed, locate, runbooks_below};
pub use trust::{TrustFailed, TrustStore};
