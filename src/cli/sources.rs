//! The sources that the settings files speak of.

use super::Context;
use super::failure::Failure;
use super::governing::governing;
use crate::catalog::{Sources, expand};
use crate::settings::Settings;

/// Sources as they are written down, and what they are on this machine.
pub(crate) struct SourcesRead {
    /// The settings, which declare them.
    pub(crate) settings: Settings,
    /// Each folder and repository.
    pub(crate) sources: Sources,
}

/// Reads which sources there are: of the user's and the organisation's settings alone.
pub(crate) fn read_sources(context: &Context) -> Result<SourcesRead, Failure> {
    let settings = governing(context, None)?.guarded()?.settings;
    let own = &context.settings;
    let sources = expand(&settings.sources, own.state.as_deref(), own.home.as_deref());
    Ok(SourcesRead { settings, sources })
}
