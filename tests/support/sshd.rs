//! An sshd of a test's own on loopback: own keys, own port, own configuration, gone with the test.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "it starts programs, and says what is skipped"
)]

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::sandbox::eventually;

const SSHD: &str = "/usr/sbin/sshd";

/// A host called `web-1`.
pub(crate) struct Host {
    folder: tempfile::TempDir,
    server: Child,
}

impl Host {
    /// Starts one; nothing, and a word about it, where there is no sshd.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with("")
    }

    /// The same with more lines of configuration.
    pub(crate) fn start_with(more: &str) -> Option<Self> {
        if !Path::new(SSHD).exists() || !Path::new("/usr/bin/ssh").exists() {
            println!("skipped over ssh: there is no {SSHD} or /usr/bin/ssh here");
            return None;
        }
        if rustix::process::geteuid().is_root() {
            // It insists on an empty folder of this name, which its package makes when it starts.
            fs::create_dir_all("/run/sshd").expect("a folder");
        }
        let folder = tempfile::tempdir().expect("a folder");
        for key in ["host", "client", "other"] {
            let words = ["-q", "-t", "ed25519", "-N", "", "-f"];
            let made = Command::new("ssh-keygen").args(words).arg(folder.path().join(key)).status();
            assert!(made.expect("ssh-keygen").success());
        }
        // Between the choice of a port and its use somebody else may take it.
        let server = (0..5).find_map(|_| Self::serve(&folder, more));
        let server = server.unwrap_or_else(|| panic!("no sshd: {}", read(&folder, "log")));
        Some(Self { folder, server })
    }

    fn serve(folder: &tempfile::TempDir, more: &str) -> Option<Child> {
        let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port"));
        let [nobody, port] =
            listeners.map(|listener| listener.local_addr().expect("an address").port());
        let at = folder.path().display();
        let write = |name: &str, text: String| {
            fs::write(folder.path().join(name), text).expect("a file");
        };
        write(
            "sshd_config",
            format!(
                "Port {port}\nListenAddress 127.0.0.1\nHostKey {at}/host\n\
                 AuthorizedKeysFile {at}/client.pub\nStrictModes no\nUsePAM no\nPidFile none\n\
                 PermitRootLogin yes\nPasswordAuthentication no\n\
                 KbdInteractiveAuthentication no\nMaxStartups 100\n{more}\n"
            ),
        );
        let key = |name: &str| read(folder, name).split(' ').take(2).collect::<Vec<_>>().join(" ");
        write(
            "known_hosts",
            format!("web-1 {}\nanother-key {}\n", key("host.pub"), key("other.pub")),
        );
        let host = |name: &str, port: u16| {
            format!("Host {name}\n  HostKeyAlias {name}\n  HostName 127.0.0.1\n  Port {port}\n")
        };
        write(
            "ssh_config",
            format!(
                "{}{}{}Host *\n  IdentityFile {at}/client\n  IdentitiesOnly yes\n  \
                 IdentityAgent none\n  UserKnownHostsFile {at}/known_hosts\n  \
                 GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking yes\n  \
                 KexAlgorithms curve25519-sha256\n",
                host("web-1", port),
                host("another-key", port),
                host("nobody-listens", nobody),
            ),
        );
        let mut server = Command::new(SSHD)
            .arg("-D")
            .arg("-E")
            .arg(folder.path().join("log"))
            .arg("-f")
            .arg(folder.path().join("sshd_config"))
            .stdin(Stdio::null())
            // A session that stays would hold the streams of the whole test.
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sshd can be started");
        let answers = eventually(|| {
            let ended = server.try_wait().expect("it is ours").is_some();
            let answers = TcpStream::connect(("127.0.0.1", port)).is_ok();
            (ended || answers).then_some(!ended)
        });
        (answers == Some(true)).then_some(server)
    }

    /// The text of an ssh that knows this host and nothing of this machine's.
    pub(crate) fn client(&self) -> String {
        let config = self.folder.path().join("ssh_config");
        format!("#!/bin/sh\nexec /usr/bin/ssh -F {} \"$@\"\n", config.display())
    }

    /// Adds a line to what the client's configuration says of every host.
    pub(crate) fn configure(&self, line: &str) {
        let path = self.folder.path().join("ssh_config");
        let text = fs::read_to_string(&path).expect("a configuration");
        fs::write(path, format!("{text}  {line}\n")).expect("a file");
    }

    /// Ends the shared connections below a folder at once, as a cut cable does.
    #[expect(clippy::unused_self, reason = "they are connections to this host")]
    pub(crate) fn lose_connections(&self, folder: &Path) {
        let masters = masters(folder);
        assert!(!masters.is_empty(), "there is no connection");
        for master in masters {
            let pid = i32::try_from(master).ok().and_then(Pid::from_raw).expect("a process");
            kill_process(pid, Signal::KILL).expect("it is ours");
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // One that has ended needs no killing.
        let _ended = self.server.kill();
        let _status = self.server.wait();
    }
}

/// The processes that hold shared connections below a folder.
pub(crate) fn masters(folder: &Path) -> Vec<u32> {
    let title = format!("ssh: {}/", folder.display());
    let holds = |pid: &u32| {
        let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        words.starts_with(title.as_bytes())
    };
    let pids = fs::read_dir("/proc").expect("/proc").flatten();
    pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(holds).collect()
}

fn read(folder: &tempfile::TempDir, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap_or_default()
}
