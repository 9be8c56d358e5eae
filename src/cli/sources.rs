//! The sources that the settings files speak of.

use super::Context;
use super::failure::Failure;
use super::governing::governing;
use crate::catalog::{Sources, expand};
use crate::settings::Source;

/// Sources as they are written down, and what they are on this machine.
pub(crate) struct SourcesRead {
    /// As the settings say it.
    pub(crate) declared: Vec<Source>,
    /// Each folder and repository.
    pub(crate) sources: Sources,
}

/// Reads which sources there are: of the user's and the organisation's settings alone.
pub(crate) fn read_sources(context: &Context) -> Result<SourcesRead, Failure> {
    let declared = governing(context, None)?.guarded()?.settings.sources;
    let own = &context.settings;
    let sources = expand(&declared, own.state.as_deref(), own.home.as_deref());
    Ok(SourcesRead { declared, sources })
}
