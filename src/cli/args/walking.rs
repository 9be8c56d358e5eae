//! Arguments of what walks a runbook, or says how it would be walked.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct InputArguments {
    /// Give an input a value
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,
    /// Choose an environment of the runbook
    #[arg(long = "env", value_name = "NAME")]
    pub(crate) environment: Option<String>,
    /// Take inputs from an alert: a file with what Alertmanager sends, `-`, or the name or fingerprint
    /// of an alert that `listen` heard of
    #[arg(long, value_name = "FILE")]
    pub(crate) alert: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct RunArguments {
    /// The runbook: a path, an id, `service/id`, or any unique part, with `@REV` as it was at a git
    /// revision; with `--alert` the one that answers the alert, if none is named
    #[arg(value_name = "REF", required_unless_present = "alert")]
    pub(crate) reference: Option<String>,
    #[command(flatten)]
    pub(crate) inputs: InputArguments,
    /// The change or incident this run belongs to
    #[arg(long, value_name = "REF")]
    pub(crate) change: Option<String>,
    /// What the run is for
    #[arg(long, value_enum, default_value_t = ModeArgument::Incident)]
    pub(crate) mode: ModeArgument,
    /// Start at this step
    #[arg(long, value_name = "STEP")]
    pub(crate) at: Option<String>,
    #[command(flatten)]
    pub(crate) walking: WalkingArguments,
}

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct WalkingArguments {
    /// Let steps with this effect run by themselves, up to the next question
    #[arg(long, value_enum, value_name = "EFFECT")]
    pub(crate) auto: Option<AutoArgument>,
    /// Agree beforehand to steps with this effect; never reaches `destroy` or a protected environment
    #[arg(long, value_enum, value_name = "EFFECT")]
    pub(crate) yes: Option<YesArgument>,
    /// Take answers from a file, by step id; it cannot confirm changes
    #[arg(long, value_name = "FILE")]
    pub(crate) answers: Option<PathBuf>,
    /// Print every event as it happens, a JSON object a line
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<StreamFormat>,
    /// Show what commands print in the colours that they choose
    #[arg(long)]
    pub(crate) output_colour: bool,
}

#[derive(Args, Debug)]
pub(crate) struct ResumeArguments {
    /// The run: any unique part of its id; the latest open one if not given
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// Take the walk over from whoever walks it in another terminal
    #[arg(long)]
    pub(crate) take_over: bool,
    #[command(flatten)]
    pub(crate) walking: WalkingArguments,
}

#[derive(Args, Debug)]
pub(crate) struct PlanArguments {
    /// The runbook
    #[arg(value_name = "REF")]
    pub(crate) reference: String,
    #[command(flatten)]
    pub(crate) inputs: InputArguments,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum ModeArgument {
    Change,
    Incident,
    Training,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum AutoArgument {
    Read,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum YesArgument {
    Change,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum StreamFormat {
    Jsonl,
}
