//! What is typed to rehearse: drills and tests.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{ListFormat, WalkingArguments};

#[derive(Args, Debug)]
pub(crate) struct DrillArguments {
    /// The runbook: a path, an id, `service/id`, or any unique part
    #[arg(value_name = "REF", required_unless_present_any = ["facilitate", "from"])]
    pub(crate) reference: Option<String>,
    /// Lead a drill that is walked in another terminal; without RUN the one that is, or begins next
    #[arg(long, value_name = "RUN", num_args = 0..=1, exclusive = true)]
    #[expect(clippy::option_option, reason = "absent, without a run, or with one")]
    pub(crate) facilitate: Option<Option<String>>,
    /// What happens in it; the samples of the runbook if not given
    #[arg(long, value_name = "FILE", conflicts_with_all = ["set", "environment"])]
    pub(crate) scenario: Option<PathBuf>,
    /// What happened in this run: any part of its id; REF need not be given then
    #[arg(long, value_name = "RUN", conflicts_with_all = ["scenario", "set", "environment"])]
    pub(crate) from: Option<String>,
    /// Write what happened in the run as a scenario to this file, and walk nothing
    #[arg(long, value_name = "FILE", requires = "from", conflicts_with_all = ["speed", "answers", "auto", "yes", "learn"])]
    pub(crate) save: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long, requires = "save")]
    pub(crate) overwrite: bool,
    /// Learn: why each step exists, and what you expect to see before each command
    #[arg(long, conflicts_with = "auto")]
    pub(crate) learn: bool,
    /// How many times faster than the world time runs
    #[arg(long, value_name = "TIMES", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..))]
    pub(crate) speed: u8,
    /// Give an input a value
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,
    /// Choose an environment of the runbook
    #[arg(long = "env", value_name = "NAME")]
    pub(crate) environment: Option<String>,
    #[command(flatten)]
    pub(crate) walking: WalkingArguments,
}

#[derive(Args, Debug)]
pub(crate) struct TestArguments {
    /// Scenarios, runbooks, or folders of them; `runbooks/` if not given
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// How results are printed
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
    /// Say which steps, options and branches were reached
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) coverage: Option<CoverageFormat>,
    /// Fail if fewer of all steps were reached, in hundredths
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) min_steps: Option<u8>,
    /// Fail if fewer of all branches were reached, in hundredths
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) min_branches: Option<u8>,
    /// Write the results as JUnit XML to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Write scenarios that reach every branch of this runbook, beside it in `scenarios/`
    #[arg(
        long,
        value_name = "REF",
        conflicts_with_all = ["paths", "format", "coverage", "min_steps", "min_branches", "junit", "watch"]
    )]
    pub(crate) new: Option<String>,
    /// Walk them again whenever something changes, until Ctrl-C
    #[arg(long, conflicts_with = "junit")]
    pub(crate) watch: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum CoverageFormat {
    /// A table, and what was not reached
    Text,
    /// One object
    Json,
    /// One page; it loads nothing and runs nothing
    Html,
}
