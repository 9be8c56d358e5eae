//! Whether and where the commands of a run share their connection to a host. A responder who has
//! arranged for that in the ssh configuration, perhaps with a connection that took a second factor to
//! make, keeps that arrangement; everybody else gets one for the run.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::executor::Setting;
use crate::process::{Tool, capture, prepare_connections, program_in_path};
use crate::value::hex;

/// How long ssh may take to read its configuration.
const LIMIT: Duration = Duration::from_secs(10);

/// The longest path of a folder in which ssh can make a socket for a connection: 104 bytes, without
/// the name it gives and what it adds while it makes one.
const LONGEST_FOLDER: usize = 104 - 1 - 40 - 18;

/// What was decided for each host.
#[derive(Default)]
pub(super) struct Sharing {
    hosts: BTreeMap<String, Option<PathBuf>>,
}

impl Sharing {
    /// The folder of the run's connections; none where the responder has another arrangement, or
    /// where it cannot be had, and then every command makes its own.
    pub(super) fn folder(
        &mut self,
        setting: &Setting,
        environment: &BTreeMap<OsString, OsString>,
        host: &str,
    ) -> Option<PathBuf> {
        let decide = || {
            let own = is_arranged(setting, environment, host);
            if own { None } else { folder(setting, environment) }
        };
        self.hosts.entry(host.to_owned()).or_insert_with(decide).clone()
    }
}

/// Whether the responder's configuration says where connections to a host are shared.
fn is_arranged(setting: &Setting, environment: &BTreeMap<OsString, OsString>, host: &str) -> bool {
    let path = environment.get(OsStr::new("PATH")).cloned().unwrap_or_default();
    let Some(program) = program_in_path("ssh", &path) else {
        return false;
    };
    let told = capture(&Tool {
        program,
        args: ["-G", "--", host].map(OsString::from).to_vec(),
        environment: environment.clone(),
        folder: setting.work.clone(),
        stdin: Vec::new(),
        timeout: LIMIT,
    });
    // What keeps ssh from reading its configuration, it will say itself.
    told.is_ok_and(|told| {
        let text = String::from_utf8_lossy(&told.stdout);
        text.lines().filter_map(|line| line.strip_prefix("controlpath ")).any(|path| path != "none")
    })
}

fn folder(setting: &Setting, environment: &BTreeMap<OsString, OsString>) -> Option<PathBuf> {
    let digest = Sha256::digest(setting.folder.as_os_str().as_encoded_bytes());
    let name = format!("surefoot-{}", hex(&digest[..6]));
    let runtime = environment.get(OsStr::new("XDG_RUNTIME_DIR")).map(PathBuf::from);
    let folder = runtime
        .into_iter()
        .chain([PathBuf::from("/tmp")])
        .filter(|parent| parent.is_absolute())
        .map(|parent| parent.join(&name))
        // In the option a `%` has a meaning of its own, and a blank ends it.
        .find(|path| {
            let text = path.as_os_str().as_encoded_bytes();
            text.len() <= LONGEST_FOLDER
                && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(byte))
        })?;
    prepare_connections(&folder).ok().map(|()| folder)
}
