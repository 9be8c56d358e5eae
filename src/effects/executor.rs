//! Runs the commands of a session through a supervisor, which is started with the first of them.
//! The main type is [`Supervised`]. Just before a command is handed over its digest is computed
//! again: what runs is what was agreed to. Nothing secret is written anywhere but into the pipe.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use super::kept::{keep, recovered, settle};
use super::launch::launch;
use super::sharing::Sharing;
use crate::engine::{
    Attempt, AttemptId, Conduct, End, Ended, Filtered, Found, Kept, KeptFile, Survey,
};
use crate::expression::Filter;
use crate::plan::{DigestKey, command_digest};
use crate::process::{
    Arrived, Client, Launch, Lent, Message, Orphans, Reliefs, Signals, Stop, can_be_continued,
    filtered, find, keep_from_dumps, program_in_path, stop_supervisor, suspend,
};
use crate::runbook::OnDisconnect;
use crate::session::{Executor, Happening};
use crate::value::{Hidden, Patterns, Secret};

/// How often the display may draw the elapsed time anew.
const TICK: Duration = Duration::from_millis(100);

/// What an executor must know of its run.
#[derive(Clone)]
pub struct Setting {
    /// The run's id.
    pub run: String,
    /// The run's folder, absolute.
    pub folder: PathBuf,
    /// The working directory of commands, absolute.
    pub work: PathBuf,
    /// The responder's environment, on which that of commands is built.
    pub environment: BTreeMap<OsString, OsString>,
    /// This program, for the supervisor: `/proc/self/exe`, or its path.
    pub program: PathBuf,
    /// The key with which the run's command digests were made.
    pub key: DigestKey,
    /// Milliseconds a command is given to end after it was asked to.
    pub grace: u64,
    /// How many bytes of each output are kept.
    pub cap: u64,
}

impl Setting {
    /// The usual grace, in milliseconds.
    pub const GRACE: u64 = 10_000;
    /// The usual cap: 64 MiB.
    pub const CAP: u64 = 64 << 20;
}

/// Commands run by a supervisor.
pub struct Supervised {
    setting: Setting,
    signals: &'static Signals,
    /// Where others ask for the walk; none where there can be no socket.
    reliefs: Option<Reliefs>,
    client: Option<Client>,
    sharing: Sharing,
    hidden: Vec<Hidden>,
    running: BTreeSet<AttemptId>,
    /// Files that are kept of commands elsewhere, which nobody can fetch.
    elsewhere: BTreeMap<AttemptId, Vec<String>>,
    /// Attempts of an earlier process, whose end its supervisor writes down.
    attached: BTreeSet<AttemptId>,
    /// What is left of those whose supervisor died.
    orphans: Orphans,
    /// Attempts that are not to go on without an executor.
    stopping: BTreeSet<AttemptId>,
    pending: VecDeque<Happening>,
    /// The terminal, and the command that has it.
    lent: Option<(AttemptId, Lent)>,
    /// Passwords that programs were given. The run knows nothing of them, so that it could not keep
    /// them out of what it takes from an output.
    passwords: Patterns,
    /// What waits for the terminal.
    deferred: Vec<Happening>,
}

impl Supervised {
    /// An executor for a run; installs the handlers of signals.
    pub fn new(setting: Setting) -> io::Result<Self> {
        // Whoever calls sends a signal, which must have its handler before.
        let signals = Signals::get()?;
        Ok(Self {
            orphans: Orphans::of(&setting.folder),
            stopping: BTreeSet::new(),
            reliefs: Reliefs::listen(&setting.folder).ok(),
            setting,
            signals,
            client: None,
            sharing: Sharing::default(),
            hidden: Vec::new(),
            running: BTreeSet::new(),
            elsewhere: BTreeMap::new(),
            attached: BTreeSet::new(),
            pending: VecDeque::new(),
            lent: None,
            passwords: Patterns::default(),
            deferred: Vec::new(),
        })
    }

    /// The supervisor's process id, once a command was started.
    pub fn supervisor(&self) -> Option<u32> {
        self.client.as_ref().map(Client::supervisor)
    }

    fn prepare(&mut self, attempt: &Attempt) -> Result<Launch, String> {
        let digest =
            command_digest(&attempt.command, attempt.identity.as_deref(), &self.setting.key);
        if digest != attempt.digest {
            return Err("the command is not the one that was agreed to: its digest differs".into());
        }
        launch(&self.setting, &mut self.sharing, attempt)
    }

    fn client(&mut self) -> Result<&mut Client, String> {
        if self.client.is_none() {
            self.call();
        }
        if self.client.is_none() {
            let setting = &self.setting;
            let client = Client::start(&setting.program, &setting.run, &setting.folder)
                .map_err(|error| format!("the supervisor cannot be started: {error}"))?;
            self.take_on(client);
        }
        Ok(self.client.as_mut().expect("it has just been started"))
    }

    /// Calls the supervisor of an earlier process, if it is there and takes orders.
    fn call(&mut self) {
        if let Some(client) = Client::attach(&self.setting.folder) {
            self.take_on(client);
        }
    }

    fn take_on(&mut self, mut client: Client) {
        for hidden in &self.hidden {
            client.hide(hidden.clone());
        }
        self.client = Some(client);
    }

    /// While a command has the terminal, nobody can be asked there: others wait until it is back.
    fn password_wanted(&mut self, wanted: Happening) -> Happening {
        let Happening::PasswordWanted { attempt, request, .. } = &wanted else {
            return wanted;
        };
        match &self.lent {
            None => return wanted,
            Some((owner, _)) if owner == attempt => {
                let request = *request;
                self.give_password(request, None);
            }
            Some(_) => self.deferred.push(wanted),
        }
        Happening::Tick
    }

    /// The terminal is back.
    fn take_back(&mut self) {
        self.lent = None;
        self.pending.extend(self.deferred.drain(..));
    }

    /// Starts a command that gets the terminal.
    fn lend(&mut self, launch: Launch) -> Result<(), String> {
        let lent = Lent::open().map_err(|error| format!("there is no terminal: {error}"))?;
        let attempt = AttemptId(launch.attempt);
        let started = self.client()?.launch_at(launch, &lent);
        started.map_err(|error| format!("the terminal cannot be handed over: {error}"))?;
        self.lent = Some((attempt, lent));
        Ok(())
    }

    fn could_not_start(&mut self, attempt: AttemptId, why: String) {
        let end = End::CouldNotStart { why };
        self.pending.push_back(Happening::Ended(Box::new(Ended::new(attempt, end))));
    }

    /// The end of an attached attempt, if one has ended.
    fn attached_end(&mut self) -> Option<Ended> {
        let folder = &self.setting.folder;
        let orphans = &mut self.orphans;
        // A supervisor that serves this process does not run them, or would tell.
        let watched = self.client.is_none();
        let ended = self.attached.iter().find_map(|attempt| {
            let runs = match find(folder, *attempt) {
                Found::Finished { .. } | Found::Unknown => false,
                Found::Running { .. } if watched => true,
                Found::Orphaned { .. } | Found::Running { .. } => orphans.lives(*attempt),
            };
            if !runs {
                return Some(recovered(folder, *attempt));
            }
            let left_running = orphans.survivors(*attempt)?;
            Some(Ended { left_running, ..Ended::new(*attempt, End::Unknown) })
        })?;
        self.attached.remove(&ended.attempt);
        Some(ended)
    }

    /// Stops an attempt of an earlier process: by its supervisor, though that takes no orders from
    /// here, or else what lives of it.
    fn stop_attached(&mut self, attempt: AttemptId, how: Stop) {
        let folder = &self.setting.folder;
        if self.client.is_none() && matches!(find(folder, attempt), Found::Running { .. }) {
            stop_supervisor(folder);
        } else {
            self.orphans.stop(attempt, how);
        }
    }

    /// Somebody else asks for the walk.
    fn call_of_others(&mut self) -> Option<Happening> {
        let by = self.reliefs.as_mut()?.called()?;
        Some(Happening::Called { by })
    }

    /// What news mean to the session.
    fn told(&mut self, message: Message) -> Happening {
        match message {
            Message::Ended(mut ended) => {
                if !self.passwords.is_empty() {
                    for printed in [&mut ended.stdout, &mut ended.stderr] {
                        printed.bytes = self.passwords.masked_bytes(&printed.bytes);
                    }
                }
                if !self.running.remove(&ended.attempt) {
                    // It was started for an executor before this one, and given up since.
                    return Happening::Tick;
                }
                let unfetched = self.elsewhere.remove(&ended.attempt).unwrap_or_default();
                ended.evidence.extend(unfetched.into_iter().map(not_fetched));
                if self.lent.as_ref().is_some_and(|(attempt, _)| *attempt == ended.attempt) {
                    self.take_back();
                }
                Happening::Ended(ended)
            }
            Message::Lost(why) => self.lost(why.as_deref()),
            Message::Output { attempt, stream, bytes } if self.running.contains(&attempt) => {
                Happening::Output { attempt, stream, bytes }
            }
            Message::Nothing | Message::Output { .. } => Happening::Tick,
            Message::Over(attempt) => {
                self.running.remove(&attempt);
                self.attached.insert(attempt);
                Happening::Tick
            }
            Message::PasswordWanted { attempt, request, prompt } => {
                self.password_wanted(Happening::PasswordWanted { attempt, request, prompt })
            }
            Message::Ready(attempt) => Happening::Ready { attempt },
            Message::Signal(Arrived::Called) => self.call_of_others().unwrap_or(Happening::Tick),
            Message::Signal(Arrived::HangUp) => Happening::HangUp,
            Message::Signal(Arrived::Interrupt) => Happening::Interrupt,
            Message::Signal(Arrived::Suspend) => Happening::Suspend,
        }
    }

    /// The supervisor of a command is gone: what lives of it is told, and ended if it was not to go
    /// on by itself.
    fn orphaned(&mut self, attempt: AttemptId) {
        let processes = self.orphans.list(attempt);
        if processes.is_empty() {
            return;
        }
        let stays = if self.stopping.contains(&attempt) {
            self.orphans.stop(attempt, Stop::Ask);
            OnDisconnect::Stop
        } else {
            OnDisconnect::Finish
        };
        self.pending.push_back(Happening::Orphaned { attempt, processes, stays });
    }

    /// The supervisor is gone. What it refused never began; the rest is followed like the attempts
    /// of an earlier process, by what was written down.
    fn lost(&mut self, refused: Option<&str>) -> Happening {
        self.client = None;
        self.take_back();
        let mut running = std::mem::take(&mut self.running);
        match refused {
            None => {
                for attempt in &running {
                    self.orphaned(*attempt);
                }
                self.attached.append(&mut running);
            }
            Some(why) => {
                for attempt in running {
                    self.could_not_start(attempt, why.to_owned());
                }
            }
        }
        self.pending.pop_front().unwrap_or(Happening::Tick)
    }
}

/// A command must not fail because a file of it cannot be kept: that is only said.
fn not_fetched(from: String) -> KeptFile {
    let note = "it is not on this machine, and only files here are kept".to_owned();
    KeptFile { from, path: None, bytes: 0, sha256: None, note: Some(note) }
}

impl Executor for Supervised {
    fn survey(&mut self, wanted: &Survey) -> Vec<String> {
        let environment = &self.setting.environment;
        let path = environment.get(OsStr::new("PATH")).cloned().unwrap_or_default();
        let programs = wanted
            .programs
            .iter()
            .filter(|name| program_in_path(name, &path).is_none())
            .map(|name| format!("program {name}"));
        let variables = wanted
            .variables
            .iter()
            .filter(|name| !environment.contains_key(OsStr::new(name)))
            .map(|name| format!("variable {name}"));
        programs.chain(variables).collect()
    }

    /// A secret that [`Hidden`] refuses is not hidden: whoever takes secrets in asks it first.
    fn hide(&mut self, _name: &str, secret: &Secret) {
        // Where that cannot be had, the system's own limits hold.
        let _ = keep_from_dumps();
        if let Ok(hidden) = Hidden::new(secret) {
            self.hidden.push(hidden.clone());
            if let Some(client) = &mut self.client {
                client.hide(hidden);
            }
        }
    }

    fn start(&mut self, attempt: &Attempt) {
        let started = self.prepare(attempt).and_then(|launch| match attempt.conduct {
            Conduct::Interactive { .. } => self.lend(launch),
            Conduct::Background { .. } | Conduct::Followed => {
                self.client()?.launch(launch);
                Ok(())
            }
        });
        match started {
            Ok(()) => {
                self.running.insert(attempt.id);
                if attempt.on_disconnect == OnDisconnect::Stop {
                    self.stopping.insert(attempt.id);
                }
                if attempt.command.is_far() {
                    self.elsewhere.insert(attempt.id, attempt.evidence.clone());
                }
            }
            Err(why) => self.could_not_start(attempt.id, why),
        }
    }

    /// What a supervisor that takes orders runs is followed as if it had been started here; the end
    /// of anything else is looked for in what was written down.
    fn attach(&mut self, attempt: AttemptId) {
        if self.client.is_none() && find(&self.setting.folder, attempt).runs() {
            self.call();
        }
        match &mut self.client {
            Some(client) => {
                client.follow(attempt);
                self.running.insert(attempt);
            }
            None => {
                self.attached.insert(attempt);
            }
        }
    }

    fn keep(&mut self, attempt: AttemptId, output: &str) -> Kept {
        // An output that cannot be written is not kept, and the record says so.
        keep(&self.setting.folder, attempt, output, &self.hidden).unwrap_or_default()
    }

    fn settle(&mut self) {
        settle(&self.setting.folder);
    }

    fn filter(&mut self, filters: &[Filter], document: &str) -> Filtered {
        let outputs = filtered(&self.setting.program, filters, document);
        filters.iter().map(|filter| filter.text().to_owned()).zip(outputs).collect()
    }

    fn next(&mut self, _: Option<Timestamp>) -> Happening {
        if let Some(happening) = self.pending.pop_front() {
            return happening;
        }
        if let Some(ended) = self.attached_end() {
            return Happening::Ended(Box::new(ended));
        }
        let Some(client) = &mut self.client else {
            return match self.signals.wait(TICK) {
                Some(Arrived::Called) => self.call_of_others().unwrap_or(Happening::Tick),
                Some(Arrived::HangUp) => Happening::HangUp,
                Some(Arrived::Interrupt) => Happening::Interrupt,
                Some(Arrived::Suspend) => Happening::Suspend,
                None => Happening::Tick,
            };
        };
        if self.lent.is_some() && self.signals.take_resized() {
            client.resized();
        }
        let message = client.next(self.signals, TICK);
        self.told(message)
    }

    fn wakes(&self) -> Option<BorrowedFd<'_>> {
        self.client.as_ref().map(Client::news)
    }

    fn glance(&mut self) -> Option<Happening> {
        if let Some(happening) = self.pending.pop_front() {
            return Some(happening);
        }
        if let Some(called) = self.call_of_others() {
            return Some(called);
        }
        if let Some(ended) = self.attached_end() {
            return Some(Happening::Ended(Box::new(ended)));
        }
        let message = self.client.as_mut()?.glance()?;
        Some(self.told(message))
    }

    fn answer_call(&mut self, refused: Option<&str>) {
        if let Some(reliefs) = &mut self.reliefs {
            reliefs.answer(refused);
        }
    }

    fn give_password(&mut self, request: u32, password: Option<Secret>) {
        if let Some(password) = &password {
            self.hide("password", password);
            if let Ok(hidden) = Hidden::new(password) {
                self.passwords.add(hidden.into_forms());
            }
        }
        if let Some(client) = &mut self.client {
            client.give_password(request, password);
        }
    }

    fn interrupt(&mut self, attempt: AttemptId) {
        if self.attached.contains(&attempt) {
            self.stop_attached(attempt, Stop::Ask);
        } else if let Some(client) = &mut self.client {
            client.interrupt(attempt);
        }
    }

    fn kill(&mut self, attempt: AttemptId) {
        if self.attached.contains(&attempt) {
            self.stop_attached(attempt, Stop::Kill);
        } else if let Some(client) = &mut self.client {
            client.kill(attempt);
        }
    }

    fn suspend(&mut self) {
        // What nobody could continue must not be stopped either.
        if !can_be_continued() {
            return;
        }
        if let Some(client) = &mut self.client {
            client.pause();
        }
        suspend();
        if let Some(client) = &mut self.client {
            client.go_on();
        }
    }
}
