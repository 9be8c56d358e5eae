//! How much a drill asks: what the real walk would, by settings files, environment and trust.

use crate::cli::Context;
use crate::cli::args::WalkingArguments;
use crate::cli::failure::Failure;
use crate::cli::governing::governing_of;
use crate::cli::open::Opened;
use crate::cli::trusted::trust;
use crate::cli::walk::{agreed, attendance};
use crate::effects::SystemClock;
use crate::policy::{Attendance, Policy, Trust};
use crate::runbook::Protection;
use crate::session::Clock as _;

/// The policy that a run of the runbook would have, but for what the environment adds.
pub(super) fn policy(
    opened: &Opened,
    walking: &WalkingArguments,
    context: &Context,
) -> Result<Policy, Failure> {
    let settings = governing_of(context, opened)?.guarded()?.settings;
    let attendance = attendance();
    let trust = match attendance {
        Attendance::Attended => trust(opened, attendance, &settings.sources, context)?,
        // What trust keeps from running unseen is not run here at all.
        Attendance::Unattended => Trust::Trusted,
    };
    let now = SystemClock::start().now();
    Ok(Policy {
        attendance,
        trust,
        protection: Protection::default(),
        agreed: agreed(walking),
        rules: settings.rules(&opened.runbook, &opened.digest, now),
    })
}
