//! Starts one command: own process group, exactly the environment given, descriptors 0 to 2 only,
//! default signals. The program is named by an absolute path, so that the fast `posix_spawn` is taken.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, kill_process_group, pidfd_open, waitpid,
};

use super::members::{ATTEMPT_MARK, RUN_MARK};
use super::message::{Launch, MadeFile};
use super::output::{create_private_folder, create_with_mode};
use crate::engine::End;

/// A command that runs.
#[derive(Debug)]
pub(crate) struct Spawned {
    pub(crate) leader: Pid,
    pub(crate) handle: OwnedFd,
    pub(crate) stdin: Option<OwnedFd>,
    pub(crate) stdout: OwnedFd,
    pub(crate) stderr: OwnedFd,
}

/// Why there is no command to watch.
#[derive(Debug)]
pub(crate) enum Unspawned {
    /// It was not started, and why, in words for a person.
    NotStarted(String),
    /// It was started, and killed because it could not be watched: nobody knows what it did.
    Unwatched,
}

impl From<Unspawned> for End {
    fn from(unspawned: Unspawned) -> Self {
        match unspawned {
            Unspawned::NotStarted(why) => Self::CouldNotStart { why },
            Unspawned::Unwatched => Self::Unknown,
        }
    }
}

/// Starts it.
pub(crate) fn spawn(run: &str, launch: &Launch) -> Result<Spawned, Unspawned> {
    for file in &launch.files {
        make(file).map_err(|error| {
            Unspawned::NotStarted(format!("cannot make {}: {error}", file.path.display()))
        })?;
    }
    #[expect(clippy::disallowed_methods, reason = "this is where commands are spawned")]
    let mut command = Command::new(&launch.program);
    command
        .args(&launch.args)
        .env_clear()
        .envs(launch.env.iter().map(|(name, value)| (name, value)))
        .env(RUN_MARK, run)
        .env(ATTEMPT_MARK, launch.attempt.to_string())
        .current_dir(&launch.cwd)
        .process_group(0)
        .stdin(if launch.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = command.spawn();
    let child = child.map_err(|error| Unspawned::NotStarted(explain(launch, &error)))?;
    let leader = i32::try_from(child.id())
        .ok()
        .and_then(Pid::from_raw)
        .expect("the system gives positive process ids");
    watch(child, leader).map_err(|_| {
        // It is not reaped yet, so the number of its group is its own.
        let _ = kill_process_group(leader, Signal::KILL);
        let _ = waitpid(Some(leader), WaitOptions::empty());
        Unspawned::Unwatched
    })
}

/// What is needed to follow a command that was started.
fn watch(mut child: Child, leader: Pid) -> Result<Spawned, Errno> {
    let handle = pidfd_open(leader, PidfdFlags::empty())?;
    let stdin = child.stdin.take().map(OwnedFd::from);
    let stdout: OwnedFd = child.stdout.take().expect("it was asked for").into();
    let stderr: OwnedFd = child.stderr.take().expect("it was asked for").into();
    for pipe in stdin.iter().chain([&stdout, &stderr]) {
        rustix::io::ioctl_fionbio(pipe, true)?;
    }
    // A larger pipe only saves switches between processes: where it may not be had, all works.
    let _ = rustix::pipe::fcntl_setpipe_size(&stdout, 1 << 20);
    Ok(Spawned { leader, handle, stdin, stdout, stderr })
}

/// Makes a file for a command anew, with its folder.
fn make(file: &MadeFile) -> io::Result<()> {
    use std::io::Write as _;
    if let Some(folder) = file.path.parent() {
        create_private_folder(folder)?;
    }
    match fs::remove_file(&file.path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mode = if file.executable { 0o700 } else { 0o600 };
    create_with_mode(&file.path, mode)?.write_all(&file.bytes)
}

fn explain(launch: &Launch, error: &io::Error) -> String {
    let program = launch.program.display();
    if !launch.cwd.is_dir() {
        return format!("the working directory {} does not exist", launch.cwd.display());
    }
    match error.kind() {
        io::ErrorKind::NotFound if launch.program.exists() => {
            format!("{program} names an interpreter, in its first line, that does not exist")
        }
        io::ErrorKind::NotFound => format!("the program {program} does not exist"),
        io::ErrorKind::PermissionDenied if launch.program.is_dir() => {
            format!("{program} is a folder, not a program")
        }
        io::ErrorKind::PermissionDenied if !executable(&launch.program) => {
            format!("{program} is not executable")
        }
        io::ErrorKind::ArgumentListTooLong => {
            "its arguments and environment are longer than the system allows".to_owned()
        }
        _ => format!("{program} cannot be started: {error}"),
    }
}

fn executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o111 != 0)
}
