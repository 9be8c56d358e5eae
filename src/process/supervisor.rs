//! The process that starts and watches the commands of one run: this program again, called as
//! `surefoot __supervise`, in a session of its own so that no Ctrl-C reaches it. It outlives the
//! executor: when that is gone, each command is finished or stopped as it was ordered, and its end
//! is written down. One thread, one `poll`; it never waits for anything else.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Signal, WaitOptions, set_child_subreaper, waitpid};

use super::askpass;
use super::caught::Caught;
use super::cgroup::{Cgroup, Cgroups};
use super::channel::Channel;
use super::connections::Connections;
use super::display::Display;
use super::ends::Ends;
use super::evidence::Collector;
use super::frame::Filled;
use super::job::{Around, Job, Over, Why};
use super::leftovers::{Leftovers, reap_orphans};
use super::members::{Member, Stat};
use super::message::{Finished, Head, Launch, Lifetime, News, Order, Status};
use super::moment::{Moment, timespec};
use super::output::Recorder;
use super::requests::Requests;
use super::signals::silence;
use super::spawn::spawn;
use super::status::{self, Identity};
use super::streams::drain;
use super::undumped::keep_from_dumps;
use crate::engine::{Containment, End, Survivor};
use crate::runbook::OnDisconnect;
use crate::value::Patterns;

/// How often orders are read before others have their turn.
const READS_A_TURN: u32 = 4;

/// How many bytes of answers may wait for an executor that asks for more.
const MOST_UNHEARD: usize = 16 << 20;

/// Milliseconds a command is given to end when nobody is there any more.
const STOP_GRACE: u64 = 2_000;
const BUFFER: usize = 256 * 1024;

/// Runs the supervisor: orders come by standard input, news go by standard output.
pub fn main() -> ExitCode {
    match supervise() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn supervise() -> io::Result<()> {
    let signals = Caught::install()?;
    leave_terminal();
    let own = rustix::process::getpid();
    set_child_subreaper(Some(own))?;
    keep_from_dumps()?;
    let mut supervisor = Supervisor::new(signals, Channel::of_parent()?);
    while !supervisor.is_done() {
        supervisor.wait();
        supervisor.turn();
    }
    supervisor.channel.close(&supervisor.folder);
    supervisor.connections.end();
    supervisor.leftovers.end();
    supervisor.cgroups.end();
    askpass::leave(&supervisor.folder);
    Ok(())
}

/// Begins a session without a terminal: commands cannot ask there, and no Ctrl-C or hang-up of it
/// comes here. It was started as the leader of a group of its own, so that none came before; a
/// leader cannot begin a session, so it steps back into its parent's group first, with all signals
/// caught by now. A group from outside of this container has no number here: then it was
/// never made a leader.
fn leave_terminal() {
    let own = Stat::of(rustix::process::getpid().as_raw_nonzero().get());
    let parent = own.and_then(|own| Stat::of(own.parent()));
    if let Some(group) = parent.and_then(|parent| Pid::from_raw(parent.group())) {
        // Where this cannot be done, by a parent that is gone, its own group has to do.
        let _ = rustix::process::setpgid(None, Some(group));
    }
    let _ = rustix::process::setsid();
}

struct Supervisor {
    signals: Caught,
    channel: Channel,
    /// Whether somebody has asked this process to end.
    leave: Leave,
    display: Display,
    run: String,
    folder: PathBuf,
    ends: Ends,
    patterns: Patterns,
    jobs: Vec<Job>,
    /// The attempts that were started here.
    started: BTreeSet<u32>,
    /// Commands that are being stopped because nobody was there: what is told of their end is only
    /// that it is written down, as if nobody had come.
    unwatched: BTreeSet<u32>,
    /// Pipes that children of ended commands still hold.
    pipes: Vec<OwnedFd>,
    leftovers: Leftovers,
    cgroups: Cgroups,
    connections: Connections,
    /// Programs that ask for a password.
    requests: Requests,
    buffer: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Leave {
    Asked,
    Unasked,
}

impl Supervisor {
    fn new(signals: Caught, channel: Channel) -> Self {
        Self {
            signals,
            channel,
            leave: Leave::Unasked,
            display: Display::default(),
            run: String::new(),
            folder: PathBuf::new(),
            ends: Ends::of(Path::new("")),
            patterns: Patterns::default(),
            jobs: Vec::new(),
            started: BTreeSet::new(),
            unwatched: BTreeSet::new(),
            pipes: Vec::new(),
            leftovers: Leftovers::default(),
            cgroups: Cgroups::default(),
            connections: Connections::default(),
            requests: Requests::default(),
            buffer: vec![0; BUFFER],
        }
    }

    fn is_done(&self) -> bool {
        self.jobs.is_empty() && !self.channel.is_held(Moment::now())
    }

    fn wait(&mut self) {
        let now = Moment::now();
        let mut fds = vec![PollFd::from_borrowed_fd(self.signals.wake.as_fd(), PollFlags::IN)];
        self.channel.watch(&self.display.outbox, &mut fds);
        for pipe in &self.pipes {
            fds.push(PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::IN));
        }
        for job in &self.jobs {
            job.watch(&mut fds);
        }
        self.requests.watch(&mut fds);
        let wake = self.jobs.iter().map(|job| job.wake(now)).chain(self.channel.wake()).min();
        // A little more than the rest of a millisecond, so that the moment has really come.
        let timeout = wake.map(|moment| timespec(moment.since(now) + Duration::from_micros(50)));
        // An interrupted wait is followed by a turn that finds nothing new.
        let _ = poll(&mut fds, timeout.as_ref());
    }

    fn turn(&mut self) {
        silence(self.signals.wake.as_fd());
        self.listen();
        self.welcome();
        if self.signals.leave.swap(false, Ordering::SeqCst) {
            self.leave();
        }
        self.hear_requests();
        self.step_jobs();
        let buffer = &mut self.buffer;
        self.pipes.retain(|pipe| drain(pipe.as_fd(), buffer));
        // First of all whoever waits for an end is told of it.
        if self.channel.write(&mut self.display.outbox).is_err() {
            self.lose_executor();
        }
        if self.signals.child.swap(false, Ordering::SeqCst) {
            let leaders: Vec<Pid> = self.jobs.iter().map(|job| job.leader).collect();
            reap_orphans(&leaders);
        }
    }

    /// Takes orders, though not for ever: whoever sends more than that waits until commands and the
    /// terminal had their turn.
    fn listen(&mut self) {
        for _ in 0..READS_A_TURN {
            match self.channel.fill() {
                Ok(Filled::Nothing) => return,
                Ok(Filled::Some) => {}
                Ok(Filled::Closed) | Err(_) => {
                    self.lose_executor();
                    return;
                }
            }
            // An order may be the last that is taken: what comes behind it is not looked at.
            while self.channel.is_open() {
                match self.channel.next() {
                    Ok(None) => break,
                    Ok(Some(frame)) => match Order::read(&frame) {
                        Ok(order) => self.obey(order),
                        Err(_) => self.lose_executor(),
                    },
                    Err(_) => self.lose_executor(),
                }
            }
        }
    }

    /// Serves an executor that goes on with the run where another one was lost. What it did not see
    /// is in the files.
    fn welcome(&mut self) {
        if !self.channel.answer() {
            return;
        }
        self.display = Display::default();
        self.display.outbox.push(News::Welcome(env!("CARGO_PKG_VERSION").to_owned()).frame());
        self.requests = Requests::listen(&self.folder);
    }

    /// Says again what an executor that came later may have missed of a command.
    fn follow(&mut self, attempt: u32) {
        let news = match self.jobs.iter().find(|job| job.launch.attempt == attempt) {
            // Somebody asks and does not listen.
            _ if self.display.outbox.waiting() > MOST_UNHEARD => return self.lose_executor(),
            None => News::Over(attempt),
            Some(job) if job.is_stopping() => {
                self.unwatched.insert(attempt);
                return;
            }
            Some(job) if job.readiness.has_come() => News::Ready(attempt),
            Some(_) => return,
        };
        self.display.outbox.push(news.frame());
    }

    fn obey(&mut self, order: Order) {
        match order {
            // The folder of a run does not change, nor is an attempt started twice: whoever says so
            // is no executor.
            Order::Hello { .. } if !self.run.is_empty() => self.lose_executor(),
            Order::Start(launch) if !self.started.insert(launch.attempt) => self.lose_executor(),
            Order::Hello { run, folder } => {
                let claimed = Identity::own()
                    .ok_or_else(|| "/proc is not there".to_owned())
                    .and_then(|own| status::claim(&folder, &own));
                self.cgroups = Cgroups::of(&run);
                self.run = run;
                self.ends = Ends::of(&folder);
                self.folder = folder;
                if claimed.is_ok() {
                    self.channel.listen(&self.folder);
                    self.requests = Requests::listen(&self.folder);
                }
                if let Err(why) = claimed {
                    self.display.outbox.push(News::Refused(why).frame());
                    // Best effort: the executor sees the end of the pipe in any case.
                    let _ = self.channel.write(&mut self.display.outbox);
                    self.lose_executor();
                }
            }
            Order::Hide(patterns) => self.patterns.add(patterns),
            Order::Start(launch) => self.start(*launch),
            Order::Interrupt(attempt) => self.with_job(attempt, |job, around| {
                job.stop(Why::Interrupted, Signal::INT, job.launch.grace, around);
            }),
            Order::Kill(attempt) => self.with_job(attempt, Job::kill),
            Order::Pause => self.with_jobs(|job, around| job.pause(around)),
            Order::GoOn => self.with_jobs(|job, around| job.go_on(around)),
            Order::Password(request, password) => {
                let password = password.as_ref().map(|password| password.expose().as_bytes());
                self.requests.answer(request, password);
            }
            Order::Follow(attempt) => self.follow(attempt),
            Order::Resize => {
                for relay in self.jobs.iter().filter_map(|job| job.relay.as_ref()) {
                    relay.resize();
                }
            }
        }
    }

    /// Who asks for a password must belong to a command; nobody else is answered.
    fn hear_requests(&mut self) {
        for asked in self.requests.hear() {
            let owner = (0..self.jobs.len())
                .find(|place| self.with_job_at(*place, |job, around| job.owns(asked.pid, around)));
            match owner {
                Some(place) => {
                    let attempt = self.jobs[place].launch.attempt;
                    let (request, prompt) = (asked.number, self.patterns.masked(&asked.prompt));
                    let news = News::PasswordWanted { attempt, request, prompt };
                    self.display.outbox.push(news.frame());
                }
                None => self.requests.answer(asked.number, None),
            }
        }
    }

    /// Starts a command, unless whoever ordered it is gone by now. Another one may have looked for
    /// it in the meantime, here or where this process is written down, and have found nothing: what
    /// it said must stay true, or a person who was told that nobody knows has it run twice.
    fn start(&mut self, launch: Launch) {
        let terminal = self.channel.terminal();
        if self.channel.is_left() {
            return;
        }
        if let Some(folder) = &launch.connections {
            self.connections.keep(folder);
        }
        let group = self.cgroups.enter();
        match spawn(&self.run, &launch, terminal) {
            Ok(spawned) => {
                let recorder = Recorder::new(&self.folder, launch.attempt, launch.keep, launch.cap);
                self.jobs.push(Job::new(launch, spawned, group, recorder));
            }
            Err(unspawned) => {
                if let Some(group) = group {
                    self.cgroups.take_back(group);
                }
                let status = Status {
                    end: unspawned.into(),
                    took: 0,
                    kept: crate::engine::Kept::default(),
                    evidence: Vec::new(),
                    left_running: Vec::new(),
                    containment: None,
                };
                self.tell(&launch, status, Head::default(), Head::default());
            }
        }
    }

    /// Does something with one of the jobs.
    fn with_job(&mut self, attempt: u32, act: impl FnOnce(&mut Job, &mut Around<'_>)) {
        let place = self.jobs.iter().position(|job| job.launch.attempt == attempt);
        if let Some(place) = place {
            self.with_job_at(place, act);
        }
    }

    fn with_job_at<T>(
        &mut self,
        place: usize,
        act: impl FnOnce(&mut Job, &mut Around<'_>) -> T,
    ) -> T {
        let others: Vec<Pid> = self
            .jobs
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != place)
            .map(|(_, job)| job.leader)
            .collect();
        let mut around = Around {
            now: Moment::now(),
            run: &self.run,
            patterns: &self.patterns,
            others: &others,
            earlier: &self.leftovers,
            cgroups: &mut self.cgroups,
            buffer: &mut self.buffer,
            display: &mut self.display,
        };
        act(&mut self.jobs[place], &mut around)
    }

    fn with_jobs(&mut self, act: impl Fn(&mut Job, &mut Around<'_>)) {
        for place in 0..self.jobs.len() {
            self.with_job_at(place, |job, around| act(job, around));
        }
    }

    fn step_jobs(&mut self) {
        let mut place = 0;
        while place < self.jobs.len() {
            match self.with_job_at(place, Job::step) {
                Some(over) => self.finish(place, over),
                None => place += 1,
            }
        }
    }

    fn finish(&mut self, place: usize, over: Over) {
        self.with_job_at(place, Job::flush);
        let mut job = self.jobs.remove(place);
        // From here on the number of the leader may be given to another process.
        let _ = waitpid(Some(job.leader), WaitOptions::NOHANG);
        let took = Moment::now().millis_since(job.started);
        let launch = job.launch.clone();
        let containment = containment(&over.end, job.group.as_ref());
        let group = job.group.take();
        let (stdout, stderr, recorder, pipes) = job.dismantle();
        self.pipes.extend(pipes);
        // One without a name has ended since it was found.
        let named = over.left.iter().map(|member| self.shown(*member));
        let left_running = named.filter(|survivor| !survivor.command.is_empty()).collect();
        if let Some(group) = group.filter(|_| over.left.is_empty()) {
            self.cgroups.take_back(group);
        }
        self.leftovers.add(over.left, launch.on_disconnect);
        let kept = recorder.finish();
        let collector = Collector {
            folder: &self.folder,
            attempt: launch.attempt,
            cwd: &launch.cwd,
            cap: launch.cap,
            patterns: &self.patterns,
        };
        let evidence = launch.evidence.iter().map(|from| collector.keep(from)).collect();
        let status = Status { end: over.end, took, kept, evidence, left_running, containment };
        self.tell(&launch, status, stdout, stderr);
    }

    /// What is told of a process that was left; its command line may hold what is hidden.
    fn shown(&self, member: Member) -> Survivor {
        let survivor = member.shown();
        Survivor { pid: survivor.pid, command: self.patterns.masked(&survivor.command) }
    }

    /// Writes an end down, then tells it.
    fn tell(&mut self, launch: &Launch, status: Status, stdout: Head, stderr: Head) {
        for file in &launch.files {
            if file.lifetime == Lifetime::Attempt {
                // The command may have removed it itself.
                let _ = std::fs::remove_file(&file.path);
            }
        }
        // If it cannot be written, the journal still has it, unless the executor dies as well; then
        // the attempt is in doubt, which is the truth.
        let _ = self.ends.write(launch.attempt, &status, launch.durability);
        if self.unwatched.remove(&launch.attempt) {
            self.display.outbox.push(News::Over(launch.attempt).frame());
        } else if self.channel.is_open() {
            let finished = Finished { attempt: launch.attempt, status, stdout, stderr };
            self.display.outbox.push(News::Ended(Box::new(finished)).frame());
        }
    }

    /// The executor is gone: each command goes on or is stopped, as was ordered for it.
    fn lose_executor(&mut self) {
        if self.channel.is_open() {
            self.channel.lose();
            self.display.outbox.clear();
            self.with_jobs(|job, around| job.go_on(around));
            self.requests.close();
            for job in &mut self.jobs {
                job.give_back(&self.patterns);
            }
            self.stop_jobs(|job| job.launch.on_disconnect == OnDisconnect::Stop);
        }
    }

    /// Somebody asks this process to end: its commands are stopped, at the second time killed.
    fn leave(&mut self) {
        self.channel.lose();
        self.channel.close(&self.folder);
        self.display.outbox.clear();
        match self.leave {
            Leave::Unasked => self.stop_jobs(|_| true),
            Leave::Asked => self.with_jobs(Job::kill),
        }
        self.leave = Leave::Asked;
    }

    fn stop_jobs(&mut self, which: impl Fn(&Job) -> bool) {
        for place in 0..self.jobs.len() {
            if which(&self.jobs[place]) {
                self.with_job_at(place, |job, around| {
                    job.stop(Why::Interrupted, Signal::TERM, STOP_GRACE, around);
                });
            }
        }
    }
}

/// How what a stopped command had started was found.
fn containment(end: &End, group: Option<&Cgroup>) -> Option<Containment> {
    matches!(end, End::Interrupted { .. } | End::TimedOut { .. }).then_some(if group.is_some() {
        Containment::Group
    } else {
        Containment::Marks
    })
}
