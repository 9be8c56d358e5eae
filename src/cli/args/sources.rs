//! What is typed about sources of runbooks and records of the team.

use clap::{Args, Subcommand, ValueEnum};

use super::{FormatArguments, ListFormat};

#[derive(Debug, Subcommand)]
pub(crate) enum SourceCommand {
    /// Add a folder, a repository, a file that lists repositories, or a command that does
    #[command(after_help = "\
It is written to the end of your own config.toml; everything else in it stays as it is.

Examples:
  surefoot source add git@git.example:payments/runbooks.git
  surefoot source add https://git.example/search.git --branch main --trust branch
  surefoot source add '/srv/services/*' --runbooks ops/runbooks
  surefoot source add repositories.txt --tag 'v*'
  surefoot source add --command -- gh repo list acme --json sshUrl --jq '.[].sshUrl'")]
    Add(AddSourceArguments),
    /// List where runbooks come from, and how old what was fetched is
    List(FormatArguments),
    /// Take a source out of your own config.toml
    #[command(after_help = "Example:\n  surefoot source remove payments")]
    Remove(RemoveSourceArguments),
}

#[derive(Args, Debug)]
pub(crate) struct AddSourceArguments {
    /// A folder, a URL as git takes it, or a file with a URL a line
    #[arg(value_name = "PLACE", required = true)]
    pub(crate) place: Vec<String>,
    /// It is a program and its arguments, which prints a URL a line
    #[arg(long)]
    pub(crate) command: bool,
    /// What it is called
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The branch; the remote's own if not given
    #[arg(long, value_name = "BRANCH", conflicts_with = "tag")]
    pub(crate) branch: Option<String>,
    /// Follow the highest version among the tags that fit
    #[arg(long, value_name = "PATTERN")]
    pub(crate) tag: Option<String>,
    /// The folder of its runbooks
    #[arg(long, value_name = "PATH")]
    pub(crate) runbooks: Option<String>,
    /// How far it is trusted
    #[arg(long, value_enum)]
    pub(crate) trust: Option<SourceTrustArgument>,
    /// A service that it may speak for
    #[arg(long = "service", value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct RemoveSourceArguments {
    /// The source: its name, or its place as it was added
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

#[derive(Args, Debug)]
pub(crate) struct SyncArguments {
    /// The sources; all if none is given
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// How many are fetched at once
    #[arg(long, value_name = "COUNT", default_value_t = 8,
          value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) jobs: u16,
    /// Give up a source that sends nothing for so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60,
          value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) timeout: u32,
    /// How it is told
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum SourceTrustArgument {
    /// Each content is asked about, once
    Ask,
    /// What stands on the branch
    Branch,
    /// What stands on the branch in signed commits
    Signed,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RecordsCommand {
    /// Say what waits to be delivered, and how old is what is known of others
    Status {
        /// How it is printed
        #[arg(long, value_enum, default_value_t = ListFormat::Text)]
        format: ListFormat,
    },
    /// Deliver what waits, and read what others delivered
    #[command(after_help = "\
The place stands in the settings, in the table [records]. It may be tried at any time and as often
as you like: nothing is lost, and nothing is delivered twice.

Example:
  surefoot records sync")]
    Sync,
}
