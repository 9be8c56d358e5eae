//! When the runbooks that somebody may have to walk last went well, as far as that is known: by the
//! team, if it has records.

use super::Findings;
use super::needs::{name, some_of};
use crate::cli::Context;
use crate::cli::open::Opened;
use crate::cli::past::{Ran, last_walked};
use crate::cli::runs::rows;
use crate::cli::team::{TeamWalks, walked};
use crate::report::{OfRunbook, Row, Told, WentWell, last_ok};
use crate::runbook::Runbook;

const WHAT: &str = "walked";

/// Tells it: of one runbook when, of several how many ever did.
pub(super) fn look(opened: &[Opened], context: &Context, findings: &mut Findings) {
    let rows = context.store().and_then(|store| rows(&store)).unwrap_or_default();
    let team = walked(context);
    match opened {
        [] => {}
        [Opened { runbook, .. }] => {
            let well = well(runbook, &rows);
            let ran = if was_run(runbook, &rows) { Ran::Before } else { Ran::Never };
            findings.ok(WHAT, last_walked(well.as_ref(), ran, runbook, &team));
        }
        several => {
            let by_team = |runbook: &Runbook| match &team {
                TeamWalks::Read(team) => team.of(runbook.service.as_deref(), &runbook.id).is_some(),
                TeamWalks::Unconfigured | TeamWalks::Unread => false,
            };
            let never = several.iter().map(|opened| &opened.runbook);
            let never = never.filter(|runbook| well(runbook, &rows).is_none() && !by_team(runbook));
            let never: Vec<String> = never.map(name).collect();
            let whose = match team {
                TeamWalks::Unconfigured => "on this machine",
                TeamWalks::Unread => "on this machine (the team's records were never read)",
                TeamWalks::Read(_) => "by the team",
            };
            let (all, times) = (several.len(), several.len() - never.len());
            let text = format!("{times} of {all} were once walked OK {whose}");
            let never = match never.as_slice() {
                [] => String::new(),
                never => format!("; never: {}", some_of(never)),
            };
            findings.ok(WHAT, text + &never);
        }
    }
}

fn well(runbook: &Runbook, rows: &[Row]) -> Option<WentWell> {
    last_ok(rows, OfRunbook::Named { service: runbook.service.as_deref(), id: &runbook.id })
}

fn was_run(runbook: &Runbook, rows: &[Row]) -> bool {
    rows.iter().any(|row| match &row.told {
        Told::Run(past) => past.runbook == runbook.id && past.service == runbook.service,
        Told::Unreadable(_) => false,
    })
}
