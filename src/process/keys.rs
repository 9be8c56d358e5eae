//! OpenSSH's own programs for keys and signatures: `ssh-keygen -Y` and `ssh-add -L`. What is signed
//! or checked comes from files and pipes that others prepare; nothing is decided here.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::program::program_in_path;
use super::tool::{Captured, Tool, ToolError, capture};

const TIMEOUT: Duration = Duration::from_secs(20);

/// Where the system's own programs are; looked at before the folders of the user.
const SYSTEM: &str = "/usr/bin:/bin:/usr/local/bin";

/// OpenSSH's programs, and the agent that they talk to.
#[derive(Clone, Debug)]
pub struct KeyPrograms {
    /// Where programs are looked for, if the system has none.
    pub path: OsString,
    /// The socket of the agent, if there is one.
    pub agent: Option<OsString>,
}

impl KeyPrograms {
    fn find(&self, name: &str) -> Result<PathBuf, ToolError> {
        let found = program_in_path(name, OsStr::new(SYSTEM));
        found.or_else(|| program_in_path(name, &self.path)).ok_or_else(|| ToolError::Failed {
            program: name.to_owned(),
            source: io::ErrorKind::NotFound.into(),
        })
    }

    fn environment(&self) -> BTreeMap<OsString, OsString> {
        let mut environment = BTreeMap::from([
            ("LC_ALL".into(), "C".into()),
            ("PATH".into(), SYSTEM.into()),
            ("TZ".into(), "UTC".into()),
        ]);
        if let Some(agent) = &self.agent {
            environment.insert("SSH_AUTH_SOCK".into(), agent.clone());
        }
        environment
    }

    /// Runs `ssh-keygen` with a message on its standard input.
    pub fn keygen(&self, args: &[&OsStr], message: &[u8]) -> Result<Captured, ToolError> {
        self.run("ssh-keygen", args, message)
    }

    /// The public keys that the agent holds, a line each; none if there is no agent.
    pub fn agent_keys(&self) -> Option<String> {
        self.agent.as_ref()?;
        let captured = self.run("ssh-add", &[OsStr::new("-L")], b"").ok()?;
        captured.status.success().then(|| String::from_utf8_lossy(&captured.stdout).into_owned())
    }

    fn run(&self, name: &str, args: &[&OsStr], stdin: &[u8]) -> Result<Captured, ToolError> {
        capture(&Tool {
            program: self.find(name)?,
            args: args.iter().map(OsString::from).collect(),
            environment: self.environment(),
            folder: PathBuf::from("/"),
            stdin: stdin.to_vec(),
            timeout: TIMEOUT,
        })
    }

    /// Signs a file with a key, or with the agent's key where only its public half is given; the
    /// signature lies beside the file. A passphrase is asked for on the terminal.
    pub fn sign(&self, key: &Path, namespace: &str, file: &Path) -> Result<(), ToolError> {
        let program = self.find("ssh-keygen")?;
        let failed = |source| ToolError::Failed { program: "ssh-keygen".to_owned(), source };
        #[expect(clippy::disallowed_methods, reason = "this is where signatures are made")]
        let status = Command::new(program)
            .args(["-q", "-Y", "sign", "-n", namespace, "-f"])
            .arg(key)
            .arg("--")
            .arg(file)
            .env_clear()
            .envs(self.environment())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .map_err(failed)?;
        if status.success() {
            return Ok(());
        }
        Err(failed(io::Error::other(format!("it could not sign with {}: {status}", key.display()))))
    }
}
