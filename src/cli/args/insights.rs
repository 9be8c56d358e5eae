//! What is typed to ask what the runs say.

use clap::{Args, Subcommand};

use super::ListFormat;

#[derive(Debug, Subcommand)]
pub(crate) enum InsightsCommand {
    /// Say who has practised which runbook, how and when, and what nobody has
    #[command(after_help = "\
Runs, drills, trainings and runs that somebody followed with `--learn` count, on this machine and
among the team's records, once they are over; not those that were given up.

Examples:
  surefoot insights readiness
  surefoot insights readiness --service checkout
  surefoot insights readiness --person dana --format json")]
    Readiness(ReadinessArguments),
}

#[derive(Args, Debug)]
pub(crate) struct ReadinessArguments {
    /// Only the runbooks of this service
    #[arg(long, value_name = "SERVICE")]
    pub(crate) service: Option<String>,
    /// Only this runbook: its id, `service/id`, or any part of it
    #[arg(long, value_name = "REF")]
    pub(crate) runbook: Option<String>,
    /// Only what this person has practised: `user@host`, or the user alone
    #[arg(long, value_name = "NAME")]
    pub(crate) person: Option<String>,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
}
