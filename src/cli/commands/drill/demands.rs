//! How much a drill asks: what the real walk would, by settings files, environment and trust.

use crate::cli::Context;
use crate::cli::args::WalkingArguments;
use crate::cli::commands::resume;
use crate::cli::failure::Failure;
use crate::cli::governing::{governing, governing_of};
use crate::cli::open::Opened;
use crate::cli::trusted::trust;
use crate::cli::walk::{agreed, attendance};
use crate::effects::SystemClock;
use crate::engine::RunStarted;
use crate::policy::{Attendance, Policy, Trust};
use crate::runbook::Protection;
use crate::session::Clock as _;
use crate::settings::Settings;

/// The policy that a run of the runbook would have, but for what the environment adds.
pub(super) fn policy(
    opened: &Opened,
    walking: &WalkingArguments,
    context: &Context,
) -> Result<Policy, Failure> {
    let settings = governing_of(context, opened)?.guarded()?.settings;
    let trust = match attendance() {
        Attendance::Attended => trust(opened, Attendance::Attended, &settings.sources, context)?,
        // What trust keeps from running unseen is not run here at all.
        Attendance::Unattended => Trust::Trusted,
    };
    Ok(with(&settings, trust, opened, walking))
}

/// The same for a drill that goes on: what its repository asks for is in its record.
pub(super) fn again(
    started: &RunStarted,
    opened: &Opened,
    walking: &WalkingArguments,
    context: &Context,
) -> Result<Policy, Failure> {
    let settings = governing(context, None)?.guarded()?.settings;
    let trust = match attendance() {
        Attendance::Attended => resume::trust(started, context)?,
        Attendance::Unattended => Trust::Trusted,
    };
    Ok(with(&settings, trust, opened, walking))
}

fn with(settings: &Settings, trust: Trust, opened: &Opened, walking: &WalkingArguments) -> Policy {
    let now = SystemClock::start().now();
    Policy {
        attendance: attendance(),
        trust,
        protection: Protection::default(),
        agreed: agreed(walking),
        rules: settings.rules(&opened.runbook, &opened.digest, now),
    }
}
