//! Runbooks where they lie: files in the folders of repositories, alerts that ask for them, which
//! content is trusted, and the settings files beside them.

mod alert;
mod alert_coverage;
mod alert_expression;
mod alert_labels;
mod alert_links;
mod alert_rules;
mod answering;
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

pub use alert::{
    AlertFailed, Answering, Brought, Closeness, Fired, FiredFailed, FiredStore, Fitting,
    MOST_BYTES as MOST_ALERT_BYTES, Notification, Received, State as AlertState, brought,
    closeness, fitting, holds, matches, read_notification,
};
pub use alert_coverage::{ALERT_CHECKS, AlertCheck, AlertReader, compare};
pub use alert_links::{KnownRepository, find_dead_links};
pub use alert_rules::{AlertDefinition, RuleLabel, RulesFile, RunbookNeed, read_rules};
pub use answering::{Gathered, gather};
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
