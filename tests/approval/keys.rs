//! Keys of people, in a folder of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The key of a person, without a passphrase.
pub(crate) fn key(folder: &Path, name: &str) -> PathBuf {
    locked_key(folder, name, "")
}

/// The same with a passphrase.
pub(crate) fn locked_key(folder: &Path, name: &str, passphrase: &str) -> PathBuf {
    let path = folder.join(name);
    let made = Command::new("/usr/bin/ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f"])
        .arg(&path)
        .status()
        .unwrap();
    assert!(made.success());
    path
}

/// A line of a list of those who may sign.
pub(crate) fn listed(principals: &str, key: &Path) -> String {
    let line = fs::read_to_string(key.with_extension("pub")).unwrap();
    let words: Vec<&str> = line.split_whitespace().take(2).collect();
    format!("{principals} {}\n", words.join(" "))
}

/// The signature of a text, as a person would make it by hand.
pub(crate) fn sign(key: &Path, namespace: &str, text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("text");
    fs::write(&file, text).unwrap();
    let made = Command::new("/usr/bin/ssh-keygen")
        .args(["-q", "-Y", "sign", "-n", namespace, "-f"])
        .arg(key)
        .arg(&file)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success());
    fs::read_to_string(file.with_extension("sig")).unwrap()
}

/// An agent of its own, which ends with the test.
pub(crate) struct Agent {
    child: Child,
    pub(crate) socket: PathBuf,
}

impl Agent {
    pub(crate) fn start(folder: &Path) -> Self {
        let socket = folder.join("agent");
        let child = Command::new("/usr/bin/ssh-agent")
            .args(["-D", "-a"])
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let agent = Self { child, socket };
        let there = crate::sandbox::eventually(|| agent.socket.exists().then_some(()));
        there.expect("the agent listens");
        agent
    }

    pub(crate) fn add(&self, key: &Path) {
        let added = Command::new("/usr/bin/ssh-add")
            .arg(key)
            .env("SSH_AUTH_SOCK", &self.socket)
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(added.success());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // One that has ended needs no killing.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}
