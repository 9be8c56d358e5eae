//! Runbooks where they lie: files in the folders of repositories, alerts that ask for them, which
//! content is trusted, the settings files beside them, and the records of a team's runs.

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
mod contents;
mod digest;
mod file;
mod folder;
mod held;
mod index;
mod last_sync;
mod listing;
mod mirror;
mod neighbours;
mod offered;
mod ownership;
mod reference;
mod rewrite;
mod settings_file;
mod shelf;
mod snapshot;
mod sources;
mod speaker;
mod synchronise;
mod team_records;
mod trust;
mod trusted;
mod version;
mod vouched;
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
pub use contents::ContentsFailed;
pub use digest::sha256;
pub use file::{File, FileFailed, count_runbooks};
pub use folder::{Folder, Lying};
pub use index::{
    Entry as IndexEntry, Fit, Hits, Index, IndexFailed, IndexedRule, Kept, Meant, OpenRun, Place,
    PlaceKind, Standing, TeamWalk, Validity, Wanted, Whereabouts, Work, places, whose,
};
pub use last_sync::{Ended as SyncEnded, LastSync, Wanted as SyncWanted};
pub use listing::{Listed, ListingFailed};
pub use mirror::{Attempt, Fetched, Mirror, MirrorFailed};
pub use neighbours::{Elsewhere, Mirrored, Neighbour, Neighbours};
pub use offered::NotOffered;
pub use ownership::{Exposed, Writable, closed, guarded};
pub use reference::{
    Located, ReferenceFailed, locate, locate_at, named_here, names_of, of_neighbour, revision_of,
    runbooks_around,
};
pub use rewrite::{RewriteFailed, rewrite};
pub use settings_file::{REPOSITORY_SETTINGS, read_settings};
pub use shelf::SCENARIOS;
pub use sources::{KnownSource, SourcePlace, Sources, Unknown, expand};
pub use speaker::{Claimed, Lies, may_speak_for};
pub use synchronise::{Means, NotSynchronised, Synchronised, synchronise};
pub use team_records::{
    Delivered, Errand, Good, Head, Index as RecordsIndex, Indexed, Judged, PlaceFailed, PlaceState,
    Proof, RECORD_FORMAT, RunRecord, TeamRecords, TeamWalked, Unsent, WalkedOk,
};
pub use trust::{Entry, TrustFailed, TrustStore};
pub use trusted::{ChangedFile, Difference, Happened, Trusted};
pub use version::{Version, VersionFailed};
pub use vouched::{Lookout, Voucher};
pub use walk::{Unreadable, Walked, runbooks_below, walk};
