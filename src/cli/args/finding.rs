//! What is typed to find runbooks.

use clap::Args;

use super::ListFormat;

#[derive(Args, Debug)]
pub(crate) struct ListArguments {
    /// Only those of this service
    #[arg(long, value_name = "SERVICE")]
    pub(crate) service: Option<String>,
    /// Only those with this tag
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Option<String>,
    /// Only those that this team owns
    #[arg(long, value_name = "TEAM")]
    pub(crate) owner: Option<String>,
    /// Only those that may answer the alert with this name
    #[arg(long, value_name = "NAME")]
    pub(crate) alert: Option<String>,
    /// Only those that were not walked with success on this machine for so long, such as 90d
    #[arg(long, value_name = "DURATION")]
    pub(crate) not_walked_for: Option<String>,
    /// Only those that are invalid
    #[arg(long)]
    pub(crate) invalid: bool,
    /// All of them, also on a terminal that they do not fit on
    #[arg(long)]
    pub(crate) all: bool,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
}

#[derive(Args, Debug)]
pub(crate) struct FindArguments {
    /// Words
    #[arg(value_name = "WORD", required = true)]
    pub(crate) words: Vec<String>,
    /// At most so many
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    pub(crate) most: usize,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
}
