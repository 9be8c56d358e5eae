//! The executor's end of the supervisor: starts it, sends orders, and waits for what happens next,
//! be it news, a signal, or nothing for a while. When it is dropped the supervisor sees the end of
//! the pipe, and does with each command as was ordered.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, PipeWriter, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::Pid;
use zeroize::Zeroizing;

use super::askpass;
use super::channel;
use super::descriptor;
use super::frame::{Filled, Inbox};
use super::members::Stat;
use super::message::{Launch, News, Order};
use super::moment::{Moment, timespec};
use super::signals::{Arrived, Signals};
use super::status::await_process;
use super::undumped::with_given_limit;
use crate::engine::{AttemptId, Ended, Printed};
use crate::runbook::OnDisconnect;
use crate::session::Stream;
use crate::value::{Hidden, Secret};

/// The argument that makes this program a supervisor.
pub const SUPERVISE: &str = "__supervise";

/// How long a supervisor that has nothing left to run is given to end.
const FAREWELL: Duration = Duration::from_secs(3);

/// Milliseconds that a supervisor is given to let an executor in.
const WELCOME: u64 = 3_000;

/// What happens next.
#[derive(Debug)]
pub enum Message {
    /// A command ended.
    Ended(Box<Ended>),
    /// The supervisor is gone, or cannot be understood; if it started nothing, why.
    Lost(Option<String>),
    /// Nothing, for as long as was waited.
    Nothing,
    /// A command printed something; masked.
    Output {
        /// Which.
        attempt: AttemptId,
        /// Where.
        stream: Stream,
        /// What.
        bytes: Vec<u8>,
    },
    /// A command that was to be followed is over; its end is written down.
    Over(AttemptId),
    /// The output of a background command tells that it is ready.
    Ready(AttemptId),
    /// A program of a command asks for a password.
    PasswordWanted {
        /// Which command.
        attempt: AttemptId,
        /// The number of the request.
        request: u32,
        /// What the program says.
        prompt: String,
    },
    /// A signal reached this program.
    Signal(Arrived),
}

/// A supervisor that runs.
pub struct Client {
    supervisor: Supervisor,
    orders: Option<PipeWriter>,
    /// Where terminals are handed over.
    descriptors: UnixStream,
    news: OwnedFd,
    inbox: Inbox,
    /// What runs and what becomes of it without an executor, if that is known.
    running: BTreeMap<u32, OnDisconnect>,
}

/// The process at the other end.
enum Supervisor {
    /// An executor before this one started it.
    Found(Pid),
    Started(Child),
}

impl Client {
    /// Starts a supervisor for a run. The program is this one's own; the folder is absolute.
    pub fn start(program: &Path, run: &str, folder: &Path) -> io::Result<Self> {
        // Without it, who asks for a password finds nobody.
        let _ = seen_from_elsewhere(program).and_then(|program| askpass::link(folder, &program));
        let (descriptors, theirs) = UnixStream::pair()?;
        let ((their_orders, orders), (news, their_news)) = (io::pipe()?, io::pipe()?);
        let mut command = supervisor_command(program)?;
        command.env_clear().current_dir("/");
        if is_in_a_known_group() {
            command.process_group(0);
        }
        command
            .stdin(Stdio::from(their_orders))
            .stdout(Stdio::from(their_news))
            .stderr(Stdio::from(OwnedFd::from(theirs)));
        let child = with_given_limit(|| command.spawn())?;
        // It holds the other ends of the pipes as long as it lives.
        drop(command);
        let supervisor = Supervisor::Started(child);
        let mut client = Self::over(supervisor, orders, descriptors, news.into())?;
        client.order(&Order::Hello { run: run.to_owned(), folder: folder.to_owned() });
        Ok(client)
    }

    /// Goes on with the supervisor of a run that an executor before this one started, if it lives
    /// and is of this version; it is asked for what it runs by [`Client::follow`].
    pub fn attach(folder: &Path) -> Option<Self> {
        let ((their_orders, orders), (news, their_news)) = (io::pipe().ok()?, io::pipe().ok()?);
        let (descriptors, theirs) = UnixStream::pair().ok()?;
        let ends = [their_orders.as_fd(), their_news.as_fd(), theirs.as_fd()];
        let pid = channel::call(folder, ends).ok()?;
        drop((their_orders, their_news, theirs));
        let supervisor = Supervisor::Found(pid);
        let mut client = Self::over(supervisor, orders, descriptors, news.into()).ok()?;
        client.is_welcome().then_some(client)
    }

    fn over(
        supervisor: Supervisor,
        orders: PipeWriter,
        descriptors: UnixStream,
        news: OwnedFd,
    ) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&news, true)?;
        let inbox = Inbox::default();
        Ok(Self {
            supervisor,
            orders: Some(orders),
            descriptors,
            news,
            inbox,
            running: BTreeMap::new(),
        })
    }

    /// Waits until the supervisor has let this executor in.
    fn is_welcome(&mut self) -> bool {
        let until = Moment::now().after_millis(WELCOME);
        loop {
            let left = until.since(Moment::now());
            let mut fds = [PollFd::from_borrowed_fd(self.news.as_fd(), PollFlags::IN)];
            // An interrupted wait is a short wait.
            let _ = poll(&mut fds, Some(&timespec(left)));
            match self.inbox.fill(&self.news) {
                Ok(Filled::Nothing) if left.is_zero() => return false,
                Ok(Filled::Nothing) => continue,
                Ok(Filled::Some) => {}
                Ok(Filled::Closed) | Err(_) => return false,
            }
            match self.inbox.next().map(|frame| frame.map(|frame| News::read(&frame))) {
                Ok(None) => {}
                Ok(Some(Ok(News::Welcome(version)))) => {
                    return version == env!("CARGO_PKG_VERSION");
                }
                Ok(Some(_)) | Err(_) => return false,
            }
        }
    }

    /// Has the supervisor tell what becomes of a command that it was given before.
    pub fn follow(&mut self, attempt: AttemptId) {
        self.running.insert(attempt.0, OnDisconnect::Finish);
        self.order(&Order::Follow(attempt.0));
    }

    /// From now on hides a secret in all output.
    pub fn hide(&mut self, hidden: Hidden) {
        self.order(&Order::Hide(hidden.into_forms()));
    }

    /// Starts a command.
    pub fn launch(&mut self, launch: Launch) {
        self.running.insert(launch.attempt, launch.on_disconnect);
        self.order(&Order::Start(Box::new(launch)));
    }

    /// Starts a command that gets this terminal.
    pub fn launch_at(&mut self, launch: Launch, terminal: impl AsFd) -> io::Result<()> {
        descriptor::send(&self.descriptors, terminal)?;
        self.launch(launch);
        Ok(())
    }

    /// Answers a program that asked for a password.
    pub fn give_password(&mut self, request: u32, password: Option<Secret>) {
        self.order(&Order::Password(request, password));
    }

    /// The terminal that was lent has another size.
    pub fn resized(&mut self) {
        self.order(&Order::Resize);
    }

    /// Asks a command to end.
    pub fn interrupt(&mut self, attempt: AttemptId) {
        self.order(&Order::Interrupt(attempt.0));
    }

    /// Ends a command and all it started, at once.
    pub fn kill(&mut self, attempt: AttemptId) {
        self.order(&Order::Kill(attempt.0));
    }

    /// Stops all commands, and their time, until [`Client::go_on`].
    pub fn pause(&mut self) {
        self.order(&Order::Pause);
    }

    /// Lets paused commands go on.
    pub fn go_on(&mut self) {
        self.order(&Order::GoOn);
    }

    /// The supervisor's process id.
    pub fn supervisor(&self) -> u32 {
        match &self.supervisor {
            Supervisor::Found(pid) => pid.as_raw_nonzero().get().unsigned_abs(),
            Supervisor::Started(child) => child.id(),
        }
    }

    /// A supervisor that is gone takes no orders; [`Client::next`] tells that it is.
    fn order(&mut self, order: &Order) {
        if let Some(orders) = &mut self.orders
            && orders.write_all(&Zeroizing::new(order.frame())).is_err()
        {
            self.orders = None;
        }
    }

    /// Becomes readable when there is something that [`Client::glance`] tells.
    pub fn news(&self) -> BorrowedFd<'_> {
        self.news.as_fd()
    }

    /// What has happened, if anything has: never waits, and looks at no signals.
    pub fn glance(&mut self) -> Option<Message> {
        if let Some(message) = self.received() {
            return Some(message);
        }
        match self.inbox.fill(&self.news) {
            Ok(Filled::Nothing) => None,
            Ok(Filled::Some) => self.received(),
            Ok(Filled::Closed) | Err(_) => Some(Message::Lost(None)),
        }
    }

    /// Waits for what happens next, at most for a while.
    pub fn next(&mut self, signals: &Signals, most: Duration) -> Message {
        if let Some(arrived) = signals.take() {
            return Message::Signal(arrived);
        }
        if let Some(message) = self.received() {
            return message;
        }
        let mut fds = [
            PollFd::from_borrowed_fd(signals.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(self.news.as_fd(), PollFlags::IN),
        ];
        // An interrupted wait is a short wait.
        let _ = poll(&mut fds, Some(&timespec(most)));
        if let Some(arrived) = signals.take() {
            return Message::Signal(arrived);
        }
        self.glance().unwrap_or(Message::Nothing)
    }

    fn received(&mut self) -> Option<Message> {
        let frame = match self.inbox.next() {
            Ok(frame) => frame?,
            Err(_) => return Some(Message::Lost(None)),
        };
        Some(match News::read(&frame) {
            Ok(News::Output { attempt, stream, bytes }) => {
                Message::Output { attempt: AttemptId(attempt), stream, bytes }
            }
            Ok(News::Ended(finished)) => {
                self.running.remove(&finished.attempt);
                Message::Ended(Box::new(Ended {
                    took: finished.status.took,
                    stdout: Printed { bytes: finished.stdout.bytes, more: finished.stdout.more },
                    stderr: Printed { bytes: finished.stderr.bytes, more: finished.stderr.more },
                    output: finished.status.kept,
                    evidence: finished.status.evidence,
                    left_running: finished.status.left_running,
                    containment: finished.status.containment,
                    ..Ended::new(AttemptId(finished.attempt), finished.status.end)
                }))
            }
            Ok(News::PasswordWanted { attempt, request, prompt }) => {
                Message::PasswordWanted { attempt: AttemptId(attempt), request, prompt }
            }
            Ok(News::Ready(attempt)) => Message::Ready(AttemptId(attempt)),
            Ok(News::Over(attempt)) => {
                self.running.remove(&attempt);
                Message::Over(AttemptId(attempt))
            }
            // It has let this executor in long ago.
            Ok(News::Welcome(_)) => Message::Nothing,
            Ok(News::Refused(why)) => Message::Lost(Some(why)),
            // Its commands may run: that they could not start must not be said.
            Err(_) => Message::Lost(None),
        })
    }
}

impl Drop for Client {
    /// A supervisor that has nothing to finish ends soon: it is waited for, so that nothing is left
    /// behind, and whoever goes on with the run finds how all was stopped. One that finishes a
    /// command is left to it.
    fn drop(&mut self) {
        self.orders = None;
        if self.running.values().all(|policy| *policy == OnDisconnect::Stop)
            && let Ok(pid) = i32::try_from(self.supervisor())
        {
            await_process(pid, FAREWELL);
        }
        // Reaped if it ended; else it is the system's, as this program ends itself.
        if let Supervisor::Started(child) = &mut self.supervisor {
            let _ = child.try_wait();
        }
    }
}

/// Whether the supervisor, as the leader of a group of its own, could step back into this process's
/// group. That has no number here if it is led from outside of the namespace.
fn is_in_a_known_group() -> bool {
    let own = rustix::process::getpid().as_raw_nonzero().get();
    Stat::of(own).is_some_and(|stat| stat.group() != 0)
}

/// The command that starts the supervisor. Descriptors that this program was given by its caller and
/// that would be inherited are closed on the way, by a shell: closing a descriptor by its number
/// cannot be had without `unsafe`.
#[expect(clippy::disallowed_methods, reason = "this is where the supervisor is spawned")]
fn supervisor_command(program: &Path) -> io::Result<Command> {
    let inherited = inheritable();
    if inherited.is_empty() {
        let mut command = Command::new(program);
        command.arg0("surefoot").arg(SUPERVISE);
        return Ok(command);
    }
    let bash = Path::new("/bin/bash");
    let (shell, most) = if bash.exists() {
        (bash, i32::MAX)
    } else {
        // It may know descriptors of one digit only, and take others for words.
        (Path::new("/bin/sh"), 9)
    };
    let closes: Vec<String> = inherited
        .iter()
        .filter(|number| **number <= most)
        .map(|number| format!("{number}>&-"))
        .collect();
    let script = format!("exec {}; exec \"$@\"", closes.join(" "));
    let mut command = Command::new(shell);
    command.arg("-c").arg(script).arg("surefoot").arg(seen_from_elsewhere(program)?).arg(SUPERVISE);
    Ok(command)
}

/// The program's path as another process may use it: `/proc/self` is something else there.
fn seen_from_elsewhere(program: &Path) -> io::Result<PathBuf> {
    let own = Path::new("/proc/self/exe");
    if program != own {
        return Ok(program.to_owned());
    }
    let path = fs::read_link(own)?;
    if path.exists() {
        return Ok(path);
    }
    // It was replaced on the disk while it runs: what runs must supervise.
    Ok(format!("/proc/{}/exe", std::process::id()).into())
}

/// Descriptors beyond the first three that a child would inherit.
fn inheritable() -> Vec<i32> {
    const CLOSE_ON_EXEC: u32 = 0o2_000_000;
    let Ok(entries) = fs::read_dir("/proc/self/fdinfo") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|number| *number > 2)
        .filter(|number| {
            let info = fs::read_to_string(format!("/proc/self/fdinfo/{number}"));
            info.ok()
                .and_then(|text| {
                    let line = text.lines().find_map(|line| line.strip_prefix("flags:"))?;
                    u32::from_str_radix(line.trim(), 8).ok()
                })
                .is_some_and(|flags| flags & CLOSE_ON_EXEC == 0)
        })
        .collect()
}
