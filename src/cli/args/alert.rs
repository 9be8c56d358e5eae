//! What `alert` and `listen` are told.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::ListFormat;

#[derive(Args, Debug)]
pub(crate) struct AlertArguments {
    /// What Alertmanager sends, or a list of its alerts: a file, or `-`; what was heard of if not given
    #[arg(value_name = "FILE")]
    pub(crate) alert: Option<PathBuf>,
    /// Runbooks, or folders of runbooks; `runbooks/` if not given
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
}

#[derive(Args, Debug)]
pub(crate) struct ListenArguments {
    /// Where to listen; with port 0 the system chooses a port, which is printed
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9099")]
    pub(crate) address: SocketAddr,
    /// Listen also where other machines can reach it: whoever can, can tell of alerts
    #[arg(long)]
    pub(crate) allow_remote: bool,
}
