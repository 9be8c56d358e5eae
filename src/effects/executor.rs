//! Runs the commands of a session through a supervisor, which is started with the first of them.
//! The main type is [`Supervised`]. Just before a command is handed over its digest is computed
//! again: what runs is what was agreed to. Nothing secret is written anywhere but into the pipe.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::{DumpableBehavior, set_dumpable_behavior};

use super::kept::{keep, recovered};
use super::launch::launch;
use super::sharing::Sharing;
use crate::engine::{Attempt, AttemptId, End, Ended, Kept, Printed, Survey};
use crate::plan::{DigestKey, command_digest};
use crate::process::{Arrived, Client, Launch, Message, Signals, program_in_path, stop_supervisor};
use crate::session::{Executor, Happening};
use crate::value::{Hidden, Secret};

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
    client: Option<Client>,
    sharing: Sharing,
    hidden: Vec<Hidden>,
    running: BTreeSet<AttemptId>,
    /// Attempts of an earlier process, whose end its supervisor writes down.
    attached: BTreeSet<AttemptId>,
    pending: VecDeque<Happening>,
}

impl Supervised {
    /// An executor for a run; installs the handlers of signals.
    pub fn new(setting: Setting) -> io::Result<Self> {
        Ok(Self {
            setting,
            signals: Signals::get()?,
            client: None,
            sharing: Sharing::default(),
            hidden: Vec::new(),
            running: BTreeSet::new(),
            attached: BTreeSet::new(),
            pending: VecDeque::new(),
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
            let setting = &self.setting;
            let mut client = Client::start(&setting.program, &setting.run, &setting.folder)
                .map_err(|error| format!("the supervisor cannot be started: {error}"))?;
            for hidden in &self.hidden {
                client.hide(hidden.clone());
            }
            self.client = Some(client);
        }
        Ok(self.client.as_mut().expect("it has just been started"))
    }

    fn could_not_start(&mut self, attempt: AttemptId, why: String) {
        let end = End::CouldNotStart { why };
        self.pending.push_back(Happening::Ended(Box::new(ended(attempt, end))));
    }

    /// The end of an attached attempt, if one has ended.
    fn attached_end(&mut self) -> Option<Ended> {
        let folder = &self.setting.folder;
        let ended = self.attached.iter().find_map(|attempt| recovered(folder, *attempt))?;
        self.attached.remove(&ended.attempt);
        Some(ended)
    }

    /// The supervisor is gone. What it refused never began; the rest is followed like the attempts
    /// of an earlier process, by what was written down.
    fn lost(&mut self, refused: Option<&str>) -> Happening {
        self.client = None;
        let mut running = std::mem::take(&mut self.running);
        match refused {
            None => self.attached.append(&mut running),
            Some(why) => {
                for attempt in running {
                    self.could_not_start(attempt, why.to_owned());
                }
            }
        }
        self.pending.pop_front().unwrap_or(Happening::Tick)
    }
}

pub(super) fn ended(attempt: AttemptId, end: End) -> Ended {
    Ended {
        attempt,
        end,
        took: 0,
        stdout: Printed::default(),
        stderr: Printed::default(),
        output: Kept::default(),
        left_running: Vec::new(),
        recovered: false,
    }
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
        // From now on no core dump of this process may be written. Where that cannot be had, the
        // system's own limits hold.
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
        if let Ok(hidden) = Hidden::new(secret) {
            self.hidden.push(hidden.clone());
            if let Some(client) = &mut self.client {
                client.hide(hidden);
            }
        }
    }

    fn start(&mut self, attempt: &Attempt) {
        let started = self.prepare(attempt).and_then(|launch| {
            self.client()?.launch(launch);
            Ok(())
        });
        match started {
            Ok(()) => {
                self.running.insert(attempt.id);
            }
            Err(why) => self.could_not_start(attempt.id, why),
        }
    }

    fn attach(&mut self, attempt: AttemptId) {
        self.attached.insert(attempt);
    }

    fn keep(&mut self, attempt: AttemptId, output: &str) -> Kept {
        // An output that cannot be written is not kept, and the record says so.
        keep(&self.setting.folder, attempt, output, &self.hidden).unwrap_or_default()
    }

    fn next(&mut self) -> Happening {
        if let Some(happening) = self.pending.pop_front() {
            return happening;
        }
        if let Some(ended) = self.attached_end() {
            return Happening::Ended(Box::new(ended));
        }
        let Some(client) = &mut self.client else {
            return match self.signals.wait(TICK) {
                Some(Arrived::HangUp) => Happening::HangUp,
                Some(Arrived::Interrupt) => Happening::Interrupt,
                None => Happening::Tick,
            };
        };
        match client.next(self.signals, TICK) {
            Message::Ended(ended) => {
                self.running.remove(&ended.attempt);
                Happening::Ended(ended)
            }
            Message::Lost(why) => self.lost(why.as_deref()),
            Message::Nothing => Happening::Tick,
            Message::Output { attempt, stream, bytes } => {
                Happening::Output { attempt, stream, bytes }
            }
            Message::Signal(Arrived::HangUp) => Happening::HangUp,
            Message::Signal(Arrived::Interrupt) => Happening::Interrupt,
        }
    }

    fn interrupt(&mut self, attempt: AttemptId) {
        if self.attached.contains(&attempt) {
            stop_supervisor(&self.setting.folder);
        } else if let Some(client) = &mut self.client {
            client.interrupt(attempt);
        }
    }

    fn kill(&mut self, attempt: AttemptId) {
        if self.attached.contains(&attempt) {
            stop_supervisor(&self.setting.folder);
        } else if let Some(client) = &mut self.client {
            client.kill(attempt);
        }
    }
}
