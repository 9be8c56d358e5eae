//! Starts one command: own process group, exactly the environment given, descriptors 0 to 2 only,
//! default signals; from pipes, or at a
//! terminal of its own. The program is named by an absolute path, so that the fast `posix_spawn` is taken.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, kill_process, kill_process_group, pidfd_open, waitpid,
};

use super::members::{ATTEMPT_MARK, RUN_MARK};
use super::message::{Launch, MadeFile};
use super::output::{create_private_folder, create_with_mode};
use super::pseudo_terminal::TERMINAL;
use super::relay::Relay;
use super::undumped::with_given_limit;
use crate::engine::{Conduct, End};
use crate::template::Held;

/// A command that runs.
pub(crate) struct Spawned {
    pub(crate) leader: Pid,
    pub(crate) handle: OwnedFd,
    pub(crate) stdin: Option<OwnedFd>,
    pub(crate) stdout: OwnedFd,
    /// None of a command at a terminal, where both streams are one.
    pub(crate) stderr: Option<OwnedFd>,
    /// The responder's terminal, if it was lent to the command.
    pub(crate) relay: Option<Relay>,
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

/// Starts it; with this terminal, if it is interactive.
pub(crate) fn spawn(
    run: &str,
    launch: &Launch,
    terminal: io::Result<OwnedFd>,
) -> Result<Spawned, Unspawned> {
    for file in &launch.files {
        make(file).map_err(|error| {
            Unspawned::NotStarted(format!("cannot make {}: {error}", file.path.display()))
        })?;
    }
    let Conduct::Interactive { type_in } = &launch.conduct else {
        return spawn_with_pipes(run, launch);
    };
    // Whether it can be started is told by the attempt, but only to the terminal.
    fs::metadata(&launch.program)
        .and_then(|_| executable(&launch.program).then_some(()).ok_or_else(forbidden))
        .map_err(|error| Unspawned::NotStarted(explain(launch, &error)))?;
    let lines = type_in.iter().map(|line| exposed(line).as_bytes().to_vec());
    let lent = terminal.and_then(|terminal| Relay::open(terminal, lines));
    let (relay, peer) = lent.map_err(|error| {
        Unspawned::NotStarted(format!("the terminal cannot be lent to it: {error}"))
    })?;
    spawn_at_terminal(run, launch, relay, peer)
}

fn forbidden() -> io::Error {
    io::ErrorKind::PermissionDenied.into()
}

/// What all commands have.
fn prepared<'a>(command: &'a mut Command, run: &str, launch: &Launch) -> &'a mut Command {
    command
        .args(&launch.args)
        .env_clear()
        .envs(launch.env.iter().map(|(name, value)| (name, value)))
        .env(RUN_MARK, run)
        .env(ATTEMPT_MARK, launch.attempt.to_string())
        .current_dir(&launch.cwd)
}

/// Its process group is that of its session, which it begins itself.
fn spawn_at_terminal(
    run: &str,
    launch: &Launch,
    relay: Relay,
    peer: OwnedFd,
) -> Result<Spawned, Unspawned> {
    #[expect(clippy::disallowed_methods, reason = "this is where commands are spawned")]
    let mut command = Command::new("/proc/self/exe");
    command.arg0("surefoot").arg(TERMINAL).arg(&launch.program);
    let not_started = |error: &io::Error| Unspawned::NotStarted(explain(launch, error));
    let again = || peer.try_clone().map_err(|error| not_started(&error));
    let (stdout, stderr) = (again()?, again()?);
    let output = relay.output().map_err(|error| not_started(&error))?;
    prepared(&mut command, run, launch)
        .stdin(Stdio::from(peer))
        .stdout(Stdio::from(stdout))
        .stderr(Stdio::from(stderr));
    let child = with_given_limit(|| command.spawn()).map_err(|error| not_started(&error))?;
    let leader = leader(&child);
    let handle = pidfd_open(leader, PidfdFlags::empty()).map_err(|_| unwatched(leader))?;
    Ok(Spawned { leader, handle, stdin: None, stdout: output, stderr: None, relay: Some(relay) })
}

fn spawn_with_pipes(run: &str, launch: &Launch) -> Result<Spawned, Unspawned> {
    #[expect(clippy::disallowed_methods, reason = "this is where commands are spawned")]
    let mut command = Command::new(&launch.program);
    prepared(&mut command, run, launch)
        .process_group(0)
        .stdin(if launch.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = with_given_limit(|| command.spawn())
        .map_err(|error| Unspawned::NotStarted(explain(launch, &error)))?;
    let leader = leader(&child);
    watch(child, leader).map_err(|_| unwatched(leader))
}

fn leader(child: &Child) -> Pid {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    pid.expect("the system gives positive process ids")
}

/// It is not reaped yet, so its number, and that of its group, is its own.
fn unwatched(leader: Pid) -> Unspawned {
    let _ = kill_process_group(leader, Signal::KILL);
    let _ = kill_process(leader, Signal::KILL);
    let _ = waitpid(Some(leader), WaitOptions::empty());
    Unspawned::Unwatched
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
    Ok(Spawned { leader, handle, stdin, stdout, stderr: Some(stderr), relay: None })
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

/// The text itself, on its way to the command.
fn exposed(held: &Held) -> &str {
    match held {
        Held::Open(text) => text,
        Held::Secret(secret) => secret.expose(),
    }
}

fn executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o111 != 0)
}
