//! One command from its start to its end, as a state that the supervisor steps whenever something
//! may have happened: feeds its input, takes its output, stops it when its time is up, and sees to
//! it that nothing it started outlives a stop. It never waits.

mod pipes;

use std::collections::BTreeSet;
use std::os::fd::{AsFd as _, OwnedFd};

use rustix::event::{PollFd, PollFlags};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::cgroup::{Cgroup, Cgroups};
use super::connections;
use super::display::Display;
use super::leftovers::Leftovers;
use super::members::{self, Member, Stat, Wanted};
use super::message::{Head, Launch};
use super::moment::Moment;
use super::output::Recorder;
use super::readiness::Readiness;
use super::relay::Relay;
use super::sentinel::{Sentinel, Stage};
use super::spawn::Spawned;
use super::streams::{After, Feed, Source};
use crate::engine::{Conduct, End};
use crate::value::Patterns;

/// When a command has ended and a child of it holds its pipes: this long a silence ends the wait.
const SILENCE: u64 = 50;
/// And this long the wait may be, however much the child prints.
const DRAIN: u64 = 250;
/// After the leader has followed a stop, what it left behind is given this long.
const REST_GRACE: u64 = 2_000;
/// After the kill: this long until what still lives is called a survivor.
const KILL_PATIENCE: u64 = 1_000;
/// A command at a target is killed by an order that has to get there: this long it may take.
const ORDER_PATIENCE: u64 = 1_000;
/// A target said that its command ended, and the connection stays: this long a silence ends it.
const LINGER: u64 = 500;

/// Why a command is stopped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Why {
    /// The responder, or the supervisor's own end, stops it.
    Interrupted,
    /// Its time is up.
    TimedOut,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Running,
    Stopping { why: Why, until: Moment, rest: Rest },
    Killing { why: Why, spared: Moment, until: Moment },
}

/// Whether what the leader left behind has been asked to end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Rest {
    Asked,
    Unasked,
}

#[derive(Clone, Copy, Debug)]
enum Exit {
    Code(i32),
    Signal(i32),
}

/// What a step needs of its supervisor.
pub(crate) struct Around<'a> {
    pub(crate) now: Moment,
    pub(crate) run: &'a str,
    pub(crate) patterns: &'a Patterns,
    /// The leaders of the other commands.
    pub(crate) others: &'a [Pid],
    pub(crate) earlier: &'a Leftovers,
    pub(crate) cgroups: &'a mut Cgroups,
    pub(crate) buffer: &'a mut [u8],
    pub(crate) display: &'a mut Display,
}

/// A command that is over.
#[derive(Debug)]
pub(crate) struct Over {
    pub(crate) end: End,
    pub(crate) left: BTreeSet<Member>,
}

/// What is known of the far side of a command at a target.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Far {
    /// It has not begun there, or it runs on this machine.
    Waits,
    /// It was told to begin.
    Begun,
    /// It was killed there.
    Killed,
}

/// A command that runs.
pub(crate) struct Job {
    pub(crate) launch: Launch,
    pub(crate) leader: Pid,
    handle: OwnedFd,
    /// What holds all that it starts, where that could be had.
    pub(crate) group: Option<Cgroup>,
    stdin: Option<Feed>,
    stdout: Source,
    stderr: Source,
    sentinel: Sentinel,
    far: Far,
    pub(crate) readiness: Readiness,
    /// The responder's terminal, while the command has it.
    pub(crate) relay: Option<Relay>,
    pub(crate) recorder: Recorder,
    pub(crate) started: Moment,
    deadline: Moment,
    heard: Moment,
    exited: Option<(Exit, Moment)>,
    phase: Phase,
    /// Since when it is stopped, with its time, until it is told to go on.
    paused: Option<Moment>,
}

impl Job {
    pub(crate) fn new(
        mut launch: Launch,
        spawned: Spawned,
        group: Option<Cgroup>,
        recorder: Recorder,
    ) -> Self {
        let now = Moment::now();
        let input = launch.stdin.take().unwrap_or_default();
        // The input of a shell at a target stays open: by it orders go there, and its end says that
        // nobody is here any more.
        let after = if launch.handshake.is_some() { After::Keep } else { After::Close };
        Self {
            leader: spawned.leader,
            handle: spawned.handle,
            group,
            stdin: spawned.stdin.map(|pipe| Feed::new(pipe, input, after)),
            stdout: Source::new(Some(spawned.stdout)),
            stderr: Source::new(spawned.stderr),
            sentinel: Sentinel::new(launch.handshake.as_ref()),
            far: Far::Waits,
            readiness: match &launch.conduct {
                Conduct::Background { ready } => Readiness::awaiting(ready.as_deref()),
                Conduct::Followed | Conduct::Interactive { .. } => Readiness::default(),
            },
            relay: spawned.relay,
            recorder,
            started: now,
            deadline: now.after_millis(launch.timeout),
            heard: now,
            exited: None,
            phase: Phase::Running,
            paused: None,
            launch,
        }
    }

    /// What to wake up for.
    pub(crate) fn watch<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        if self.exited.is_none() {
            fds.push(PollFd::from_borrowed_fd(self.handle.as_fd(), PollFlags::IN));
        }
        if let Some(feed) = self.stdin.as_ref().filter(|feed| feed.is_pending()) {
            fds.push(PollFd::from_borrowed_fd(feed.pipe.as_fd(), PollFlags::OUT));
        }
        if let Some(relay) = &self.relay {
            relay.watch(fds);
        }
        for source in [&self.stdout, &self.stderr] {
            if let Some(pipe) = &source.pipe
                && !self.is_ahead()
            {
                fds.push(PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::IN));
            }
        }
    }

    /// When to step it again though nothing happened.
    pub(crate) fn wake(&self, now: Moment) -> Moment {
        let held = self.relay.as_ref().and_then(Relay::wake);
        let wake = match self.phase {
            Phase::Running | Phase::Stopping { .. } if self.is_paused() => now.after_millis(1_000),
            _ if self.exited.is_none() && self.has_told_its_end() => {
                self.heard.after_millis(LINGER)
            }
            Phase::Running if self.exited.is_some() => self.heard.after_millis(SILENCE),
            Phase::Running => self.deadline,
            Phase::Stopping { until, .. } if self.exited.is_some() => {
                until.min(now.after_millis(10))
            }
            Phase::Stopping { until, .. } => until,
            Phase::Killing { .. } => now.after_millis(5),
        };
        held.map_or(wake, |held| held.min(wake))
    }

    /// Serves the responder who talks to it, who may wish it stopped, and then killed.
    fn converse(&mut self, around: &mut Around<'_>) {
        let Some(relay) = &mut self.relay else {
            return;
        };
        for _ in 0..relay.step(around.now) {
            match self.phase {
                // A program at a terminal ends when the terminal is gone; few obey Ctrl-C.
                Phase::Running => {
                    self.stop(Why::Interrupted, Signal::HUP, self.launch.grace, around);
                }
                Phase::Stopping { .. } | Phase::Killing { .. } => self.kill(around),
            }
        }
    }

    /// Stops it and all it started, without ending it, and its time.
    pub(crate) fn pause(&mut self, around: &Around<'_>) {
        if self.paused.is_none() {
            self.paused = Some(around.now);
            self.tell_all(&[Signal::STOP], around);
        }
    }

    /// Lets it go on where it was paused; the time in between is not its own.
    pub(crate) fn go_on(&mut self, around: &Around<'_>) {
        let Some(paused) = self.paused.take() else {
            return;
        };
        let length = around.now.since(paused);
        for moment in [&mut self.started, &mut self.deadline, &mut self.heard] {
            *moment = moment.after(length);
        }
        if let Phase::Stopping { until, .. } = &mut self.phase {
            *until = until.after(length);
        }
        self.tell_all(&[Signal::CONT], around);
    }

    /// Whether its time stands still. One that has ended all the same is followed to its end.
    fn is_paused(&self) -> bool {
        self.paused.is_some() && self.exited.is_none()
    }

    /// Asks it, and all it started, to end; after the grace it is killed.
    pub(crate) fn stop(&mut self, why: Why, signal: Signal, grace: u64, around: &Around<'_>) {
        if matches!(self.phase, Phase::Running) && !self.is_finishing() {
            self.go_on(around);
            if !self.order(signal) {
                // One that was stopped by a signal could not follow another.
                self.tell_all(&[signal, Signal::CONT], around);
            }
            self.phase =
                Phase::Stopping { why, until: around.now.after_millis(grace), rest: Rest::Unasked };
        }
    }

    /// Kills it and all it started.
    pub(crate) fn kill(&mut self, around: &mut Around<'_>) {
        let why = match self.phase {
            Phase::Running if self.is_finishing() => return,
            Phase::Running => Why::Interrupted,
            Phase::Stopping { why, .. } => why,
            Phase::Killing { .. } => return,
        };
        self.start_killing(why, around);
    }

    /// Does all that can be done now; returns its end when it is over.
    pub(crate) fn step(&mut self, around: &mut Around<'_>) -> Option<Over> {
        self.feed();
        self.converse(around);
        self.pump(around);
        self.look(around.now);
        self.hang_up(around.now);
        match self.phase {
            Phase::Running | Phase::Stopping { .. } if self.is_paused() => None,
            Phase::Running => self.step_running(around),
            Phase::Stopping { why, until, rest } => {
                self.step_stopping(why, until, rest, around);
                self.over_if_empty(why, around)
            }
            Phase::Killing { why, spared, until } => {
                if self.exited.is_some() && around.now < spared {
                    self.far = Far::Killed;
                }
                let left = members::find(&self.wanted(around));
                if left.is_empty() && self.exited.is_some() {
                    self.pump(around);
                    return Some(self.over(Some(why), left));
                }
                if around.now >= until {
                    return Some(self.over(Some(why), left));
                }
                if around.now >= spared || self.exited.is_some() {
                    for member in left {
                        member.signal(Signal::KILL);
                    }
                }
                None
            }
        }
    }

    fn step_running(&mut self, around: &mut Around<'_>) -> Option<Over> {
        let Some((_, exited)) = self.exited else {
            if around.now >= self.deadline {
                self.stop(Why::TimedOut, Signal::TERM, self.launch.grace, around);
            }
            return None;
        };
        // Whatever it wrote itself stands in the pipes by now.
        self.pump(around);
        let now = Moment::now();
        let silent = now.millis_since(self.heard.max(exited)) >= SILENCE;
        let drained = now.millis_since(exited) >= DRAIN;
        if self.is_silent() || silent || drained {
            return Some(self.over(None, self.left(around)));
        }
        None
    }

    fn step_stopping(&mut self, why: Why, until: Moment, rest: Rest, around: &mut Around<'_>) {
        if around.now >= until {
            self.start_killing(why, around);
        } else if self.exited.is_some() && rest == Rest::Unasked {
            // Shells start background commands with SIGINT ignored: they are asked once more.
            self.tell_all(&[Signal::TERM], around);
            self.phase = Phase::Stopping {
                why,
                until: until.min(around.now.after_millis(REST_GRACE)),
                rest: Rest::Asked,
            };
        }
    }

    fn over_if_empty(&mut self, why: Why, around: &mut Around<'_>) -> Option<Over> {
        self.exited?;
        let left = self.left(around);
        if left.is_empty() {
            self.pump(around);
            return Some(self.over(Some(why), left));
        }
        None
    }

    fn start_killing(&mut self, why: Why, around: &mut Around<'_>) {
        let patience = if self.order(Signal::KILL) { ORDER_PATIENCE } else { 0 };
        let spared = around.now.after_millis(patience);
        self.phase = Phase::Killing { why, spared, until: spared.after_millis(KILL_PATIENCE) };
        if patience == 0 {
            self.kill_group(around);
            self.tell_all(&[Signal::KILL], around);
        }
    }

    /// Kills all that its control group holds, unless a connection that later commands share is
    /// among it.
    fn kill_group(&self, around: &mut Around<'_>) {
        if let Some(group) = &self.group
            && !group.members().into_iter().any(connections::is_one)
            && cfg!(not(feature = "sabotage-group-only"))
        {
            around.cgroups.kill(group);
        }
    }

    /// Has the shell at the target send a signal to the command; returns whether there is one.
    fn order(&mut self, signal: Signal) -> bool {
        let Some(feed) = self.stdin.as_mut().filter(|_| self.far == Far::Begun) else {
            return false;
        };
        let name = match signal {
            Signal::INT => "INT",
            Signal::KILL => "KILL",
            _ => "TERM",
        };
        feed.push(format!("{name}\n").as_bytes());
        self.feed();
        true
    }

    /// Ends a connection that stays though the command at its other end is over: something that it
    /// left there holds its output.
    fn hang_up(&mut self, now: Moment) {
        let silent = now.millis_since(self.heard) >= LINGER;
        if self.exited.is_none() && self.has_told_its_end() && silent {
            let _ = kill_process_group(self.leader, Signal::KILL);
        }
    }

    /// The leader is not reaped before the job is over, so its group's number is still its own.
    fn tell_all(&self, signals: &[Signal], around: &Around<'_>) {
        for signal in signals {
            // The group may be empty but for the dead leader.
            let _ = kill_process_group(self.leader, *signal);
        }
        let leader = self.leader.as_raw_nonzero().get();
        for member in members::find(&self.wanted(around)) {
            if !Stat::of(member.pid).is_some_and(|stat| stat.is_in_group(leader)) {
                for signal in signals {
                    member.signal(*signal);
                }
            }
        }
    }

    /// What it left running. Looking through all processes is spared when this process has no
    /// children but the leaders.
    fn left(&self, around: &Around<'_>) -> BTreeSet<Member> {
        let leader = |pid: &i32| {
            *pid == self.leader.as_raw_nonzero().get()
                || around.others.iter().any(|other| other.as_raw_nonzero().get() == *pid)
        };
        match members::children() {
            Some(children)
                if children.iter().all(|pid| leader(pid) || connections::is_one(*pid)) =>
            {
                BTreeSet::new()
            }
            _ => members::find(&self.wanted(around)),
        }
    }

    /// Whether a process belongs to it.
    pub(crate) fn owns(&self, pid: Pid, around: &Around<'_>) -> bool {
        members::find(&self.wanted(around)).iter().any(|member| member.is(pid))
    }

    fn wanted<'a>(&'a self, around: &'a Around<'_>) -> Wanted<'a> {
        Wanted {
            run: around.run,
            attempt: self.launch.attempt,
            leader: self.leader,
            group: self.group.as_ref(),
            others: around.others,
            earlier: around.earlier,
        }
    }

    /// Whether it has been asked to end.
    pub(crate) fn is_stopping(&self) -> bool {
        !matches!(self.phase, Phase::Running)
    }

    /// Whether it has ended by itself, and only its output is waited for.
    fn is_finishing(&self) -> bool {
        let ended = self.exited.is_some() || self.has_told_its_end();
        matches!(self.phase, Phase::Running) && ended
    }

    fn has_told_its_end(&self) -> bool {
        matches!(self.sentinel.stage(), Stage::Ended(_))
    }

    fn look(&mut self, now: Moment) {
        if self.exited.is_some() {
            return;
        }
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        if let Ok(Some(status)) = waitid(WaitId::Pid(self.leader), options) {
            let exit = match (status.exit_status(), status.terminating_signal()) {
                (Some(code), _) => Exit::Code(code),
                (None, Some(signal)) => Exit::Signal(signal),
                (None, None) => return,
            };
            self.exited = Some((exit, now));
            // Nobody reads its input any more, but perhaps a child that it left.
            self.stdin = None;
        }
    }

    /// The responder gets the terminal back.
    pub(crate) fn give_back(&mut self, patterns: &Patterns) {
        if let Some(relay) = &mut self.relay {
            relay.close(patterns);
        }
    }

    /// The first bytes of both streams, and the pipes that others still hold.
    pub(crate) fn dismantle(self) -> (Head, Head, Recorder, Vec<OwnedFd>) {
        let pipes = [self.stdout.pipe, self.stderr.pipe].into_iter().flatten();
        (self.stdout.head, self.stderr.head, self.recorder, pipes.collect())
    }

    fn over(&self, why: Option<Why>, left: BTreeSet<Member>) -> Over {
        let signal = match (self.sentinel.stage(), self.exited) {
            (Stage::Here, Some((Exit::Signal(signal), _))) => Some(signal),
            _ => None,
        };
        // Begun at its target, and nobody there said that it ended.
        let lost = self.far == Far::Begun && !self.has_told_its_end();
        let end = match (why, self.sentinel.stage(), self.exited) {
            _ if lost => End::Disconnected,
            (Some(Why::Interrupted), ..) => End::Interrupted { signal },
            (Some(Why::TimedOut), ..) => End::TimedOut { after: self.launch.timeout },
            (None, Stage::Ended(code), _) | (None, Stage::Here, Some((Exit::Code(code), _))) => {
                End::Exited { code }
            }
            (None, Stage::Calling | Stage::Ready, _) => {
                End::CouldNotStart { why: self.unreached() }
            }
            (None, Stage::Here, Some((Exit::Signal(signal), _))) => End::Signalled { signal },
            (None, Stage::Here, None) => End::Unknown,
        };
        Over { end, left }
    }

    fn unreached(&self) -> String {
        let how = match self.exited {
            Some((Exit::Code(code), _)) => format!("ended with status {code}"),
            Some((Exit::Signal(signal), _)) => format!("was ended by signal {signal}"),
            None => "ended".to_owned(),
        };
        let program = self.launch.program.display();
        format!("nothing was run: {program} {how} before the command began at its target")
    }
}
