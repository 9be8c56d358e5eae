//! What a `use` goes through: a procedure of the file, or a whole runbook.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{BookId, Runbook};
use crate::diagnostic::Span;
use crate::template::Template;
use crate::value::{Name, RunbookId, ServiceId};

/// What a `use` names.
#[derive(Clone, Debug)]
pub enum Used {
    /// A procedure of the same file, which shares all values.
    Procedure(Name),
    /// Another runbook, which gets values only by `with`.
    Runbook(Box<UsedRunbook>),
}

impl Used {
    /// The procedure, if it is one.
    pub fn procedure(&self) -> Option<&Name> {
        match self {
            Self::Procedure(name) => Some(name),
            Self::Runbook(_) => None,
        }
    }

    /// The runbook, if it is one.
    pub fn runbook(&self) -> Option<&UsedRunbook> {
        match self {
            Self::Procedure(_) => None,
            Self::Runbook(used) => Some(used),
        }
    }
}

/// A runbook that another one uses.
#[derive(Clone, Debug)]
pub struct UsedRunbook {
    /// Where it is.
    pub place: UsedPlace,
    /// Its inputs, in the words of the runbook that uses it.
    pub with: BTreeMap<Name, Template>,
    /// The runbook itself; `None` if it belongs to a source that is not on this machine.
    pub runbook: Option<Arc<Runbook>>,
    /// Its steps among the linked ones; linking fills this.
    pub book: Option<BookId>,
    /// The place of the `use`.
    pub span: Span,
}

/// Where a used runbook is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum UsedPlace {
    /// In the catalog.
    Catalog {
        /// The service it belongs to.
        service: ServiceId,
        /// Its id.
        id: RunbookId,
    },
    /// A file of the same repository, by its path from the folder of the runbook that uses it.
    File(String),
}

impl fmt::Display for UsedPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Catalog { service, id } => write!(f, "{service}/{id}"),
            Self::File(path) => f.write_str(path),
        }
    }
}

impl fmt::Display for Used {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Procedure(name) => name.fmt(f),
            Self::Runbook(used) => used.place.fmt(f),
        }
    }
}
