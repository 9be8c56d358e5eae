//! `surefoot follow`: shows a run while somebody else walks it, from its journal. Nothing is written
//! but the screen, and no lock is taken: the walk does not notice.

mod accompanied;
mod pupil;

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::cli::Context;
use crate::cli::args::FollowArguments;
use crate::cli::backstage::{Behind, Rehearsal};
use crate::cli::commands::drill::MARK;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::frozen::{content_of, frozen};
use crate::cli::past;
use crate::cli::practised::practised;
use crate::cli::runs;
use crate::cli::team::walked;
use crate::console::{JsonLines, Lesson, Onlooker};
use crate::effects::{SystemClock, Tail};
use crate::engine::{Answer, AttemptId, Event, Recorded, Run, RunStarted};
use crate::journal::{Follower, Record, RunFolder, last_holder};
use crate::plan::{DigestKey, Given, Plan};
use crate::policy::Attendance;
use crate::process::{Arrived, Signals, is_alive, suspend};
use crate::session::Clock as _;
use crate::value::{Datum, Secret};

use self::pupil::Pupil;

/// How often the journal is looked at.
const TICK: Duration = Duration::from_millis(100);

/// How often it is looked whether whoever walks is still there, in looks at the journal.
const LIVES: u32 = 10;

/// So many lines of what was printed before are shown.
const LINES: usize = 20;

pub(crate) fn run(arguments: &FollowArguments, context: &Context) -> Result<Exit, Failure> {
    let folder = runs::find(arguments.run.as_deref(), context)?;
    let signals = Signals::get().map_err(|error| {
        Failure::new(Exit::Failed, format!("failed to handle signals: {error}"))
    })?;
    let mut screen: Box<dyn Screen> = match arguments.format {
        Some(_) => Box::new(Lines { lines: JsonLines::new(context.terminal.clone()) }),
        None => Box::new(Pictures::new(&folder, arguments, context)),
    };
    let exit = watch(arguments, context, (&folder, signals), &mut *screen);
    let left = screen.leaves();
    exit.and_then(|exit| left.map(|()| exit))
}

/// Shows what is recorded, until the run or whoever looks on is through with it.
fn watch(
    arguments: &FollowArguments,
    context: &Context,
    (folder, signals): (&RunFolder, &Signals),
    screen: &mut dyn Screen,
) -> Result<Exit, Failure> {
    let mut follower = Follower::of(folder.journal());
    let mut standing = Standing::Walked;
    for look in 0_u32.. {
        let records = follower.added().map_err(|error| runs::damaged(folder, &error))?;
        for record in &records {
            standing = Standing::after(standing, &record.event);
        }
        screen.show(&records)?;
        if context.terminal.broken() {
            return Ok(Exit::Failed);
        }
        if standing == Standing::Walked && look % LIVES == 0 && is_abandoned(folder, context) {
            standing = Standing::Abandoned;
            screen.says(&format!(
                "Nobody walks this run: its process is gone. surefoot resume {} goes on with it.",
                folder.id()
            ));
        }
        match standing {
            Standing::Finished => return Ok(Exit::Done),
            Standing::Abandoned | Standing::Rests if arguments.once => {
                return Ok(Exit::PersonNeeded);
            }
            Standing::Rests if !records.is_empty() => {
                screen.says("Following on, until somebody resumes it. Ctrl-C ends this view.");
            }
            _ => {}
        }
        match signals.wait(TICK) {
            Some(Arrived::HangUp | Arrived::Interrupt) => {
                context.terminal.clear_line();
                return Ok(Exit::Interrupted);
            }
            Some(Arrived::Suspend) => suspend(),
            Some(Arrived::Called) | None => {}
        }
    }
    Ok(Exit::Done)
}

/// How a run stands, as far as its journal and its lock tell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Standing {
    /// Whoever walked it is gone without a word.
    Abandoned,
    /// It is over.
    Finished,
    /// It was left, and can be resumed.
    Rests,
    /// Somebody walks it.
    Walked,
}

impl Standing {
    fn after(before: Self, event: &Event) -> Self {
        match event {
            Event::RunFinished { .. } => Self::Finished,
            Event::Paused { .. } => Self::Rests,
            Event::Resumed(_) | Event::RunStarted(_) => Self::Walked,
            _ if before == Self::Abandoned => Self::Walked,
            _ => before,
        }
    }
}

/// Whether whoever took the run last is a process of this machine that is no more.
fn is_abandoned(folder: &RunFolder, context: &Context) -> bool {
    last_holder(folder.path())
        .is_some_and(|holder| holder.host == context.settings.host && !is_alive(holder.pid))
}

/// Where records are shown.
trait Screen {
    /// Shows the records that are new, maybe none.
    fn show(&mut self, records: &[Record]) -> Result<(), Failure>;

    /// Says something that is not in the record.
    fn says(&mut self, text: &str);

    /// Whoever looked on leaves.
    fn leaves(self: Box<Self>) -> Result<(), Failure> {
        Ok(())
    }
}

/// Each record as a line of JSON.
struct Lines {
    lines: JsonLines,
}

impl Screen for Lines {
    fn show(&mut self, records: &[Record]) -> Result<(), Failure> {
        for record in records {
            self.lines.print(record);
        }
        Ok(())
    }

    fn says(&mut self, _text: &str) {}
}

/// The live view.
struct Pictures<'a> {
    context: &'a Context,
    folder: &'a RunFolder,
    /// What of the past is shown.
    past: Past,
    looks: Looks,
    walk: Option<Walk<'a>>,
}

/// What somebody looks on for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Looks {
    On,
    ToLearn,
}

/// What of the past is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Past {
    All,
    /// Where the run is by now.
    Standing,
}

/// The run so far.
struct Walk<'a> {
    run: Run,
    onlooker: Onlooker,
    /// Who looks on, if in order to learn.
    pupil: Option<Pupil<'a>>,
    /// Who walks.
    by: String,
    tails: BTreeMap<AttemptId, Tail>,
    /// How much is shown of an output when its command has ended: of the past the last lines, of
    /// what is followed all that is left.
    lines: usize,
}

impl<'a> Pictures<'a> {
    fn new(folder: &'a RunFolder, arguments: &FollowArguments, context: &'a Context) -> Self {
        let past = if arguments.from_start { Past::All } else { Past::Standing };
        let looks = if arguments.learn { Looks::ToLearn } else { Looks::On };
        Self { context, folder, past, looks, walk: None }
    }

    /// The run that begins with a record, before that is taken into account.
    fn begin(&self, first: &Record) -> Result<Walk<'a>, Failure> {
        let Event::RunStarted(started) = &first.event else {
            let message = format!("the first record of {} does not begin a run", self.folder.id());
            return Err(Failure::new(Exit::Damaged, message));
        };
        let plan = plan(started, self.folder, self.context)?;
        let store = self.context.store()?;
        let digest = &started.runbook.digest;
        let ran = || content_of(started, self.folder, SystemClock::start().now());
        let (ran, team) = ((digest.as_str(), ran), walked(self.context));
        let history = past::known(&store, &plan.runbook, ran, Attendance::Attended, &team);
        let known = history.known.clone();
        let lesson = (self.looks == Looks::ToLearn).then(|| {
            let who = &self.context.settings.responder.name;
            let of = (&*plan.runbook, digest.as_str());
            Lesson::new(practised(of, who, &store, Some(&started.run)))
        });
        let behind = Behind::of(self.context, self.folder, history);
        let clock = Rc::new(SystemClock::start());
        let (terminal, behind) = if started.is_rehearsal() {
            (self.context.terminal.marked(MARK), behind.rehearsed(Rehearsal::Followed))
        } else {
            (self.context.terminal.clone(), behind)
        };
        let mut onlooker = Onlooker::new(terminal.clone(), clock, known, Box::new(behind));
        let pupil = lesson.map(|lesson| Pupil::beside(started, lesson, terminal, self.context));
        if pupil.is_some() {
            onlooker = onlooker.withholding_samples();
        }
        let by = started.responder.name.clone();
        let run = Run::new(Arc::new(plan));
        Ok(Walk { run, onlooker, pupil, by, tails: BTreeMap::new(), lines: LINES })
    }
}

impl Screen for Pictures<'_> {
    fn show(&mut self, records: &[Record]) -> Result<(), Failure> {
        let mut walk = match (self.walk.take(), records) {
            (Some(walk), _) => walk,
            (None, [first, ..]) => {
                let mut walk = self.begin(first)?;
                if self.past == Past::Standing {
                    walk.join(records, self.folder)?;
                    self.walk = Some(walk);
                    return Ok(());
                }
                walk
            }
            (None, []) => return Ok(()),
        };
        let shown = walk.go_on(records, self.folder);
        self.walk = Some(walk);
        shown
    }

    fn says(&mut self, text: &str) {
        if let Some(walk) = &self.walk {
            walk.onlooker.says(text);
        }
    }

    fn leaves(self: Box<Self>) -> Result<(), Failure> {
        let pupil = self.walk.and_then(|walk| walk.pupil);
        pupil.map_or(Ok(()), |pupil| pupil.leaves(self.folder))
    }
}

impl Walk<'_> {
    /// Takes all records so far into account, and shows where the run is.
    fn join(&mut self, records: &[Record], folder: &RunFolder) -> Result<(), Failure> {
        // What the last of them is about is shown as if it had just happened.
        let (last, before) = match records {
            [before @ .., last] if is_rest(&last.event) => (Some(last), before),
            all => (None, all),
        };
        let mut starts = BTreeMap::new();
        for record in before {
            match &record.event {
                Event::AttemptStarted(started) => {
                    starts.insert(started.attempt, record.clone());
                }
                Event::AttemptEnded(ended) => {
                    starts.remove(&ended.attempt);
                }
                _ => {}
            }
            self.take(record)?;
        }
        starts.retain(|attempt, _| self.run.running().any(|other| other == *attempt));
        let resumed = before.iter().any(|record| matches!(record.event, Event::Resumed(_)));
        let began = before.first().filter(|_| !resumed).map(|record| record.mono);
        let running: Vec<Record> = starts.values().cloned().collect();
        self.onlooker.meets(&self.by, began, &self.run);
        if let Some(pupil) = &self.pupil {
            pupil.introduce(&self.run);
        }
        self.onlooker.joins(&running, &self.run);
        for attempt in starts.into_keys() {
            self.print_last(attempt, folder);
        }
        if let Some(pupil) = &mut self.pupil {
            pupil.joins(&self.run);
        }
        self.lines = usize::MAX;
        match last {
            Some(last) => self.go_on(std::slice::from_ref(last), folder),
            None => Ok(()),
        }
    }

    /// Shows what is new, then what is waited for.
    fn go_on(&mut self, records: &[Record], folder: &RunFolder) -> Result<(), Failure> {
        for record in records {
            if let Event::AttemptEnded(ended) = &record.event {
                self.print_last(ended.attempt, folder);
                self.tails.remove(&ended.attempt);
            }
            self.take(record)?;
            self.onlooker.recorded(record, &self.run);
            if let Some(pupil) = &mut self.pupil {
                pupil.recorded(record, &self.run)?;
            }
            if let Event::AttemptStarted(started) = &record.event {
                self.tails.insert(started.attempt, Tail::of(folder.path(), started.attempt));
            }
        }
        for (attempt, tail) in &mut self.tails {
            for (stream, bytes) in tail.added() {
                self.onlooker.printed(*attempt, stream, &bytes, &self.run);
                if let Some(pupil) = &mut self.pupil {
                    pupil.printed(*attempt, stream, &bytes, &self.run);
                }
            }
        }
        self.lines = usize::MAX;
        if records.is_empty() {
            self.onlooker.waits(&self.by, &self.run);
        }
        Ok(())
    }

    /// Shows the end of what a command has printed so far.
    fn print_last(&mut self, attempt: AttemptId, folder: &RunFolder) {
        let tail = self.tails.entry(attempt);
        let tail = tail.or_insert_with(|| Tail::of(folder.path(), attempt));
        for (stream, bytes) in tail.last(self.lines) {
            self.onlooker.printed(attempt, stream, &bytes, &self.run);
            if let Some(pupil) = &mut self.pupil {
                pupil.printed(attempt, stream, &bytes, &self.run);
            }
        }
    }

    /// Takes a record into account.
    fn take(&mut self, record: &Record) -> Result<(), Failure> {
        let mut event = record.event.clone();
        stand_in(&mut event);
        self.run.apply(&event, record.at).map_err(|error| {
            let message = format!("record {} of {}: {error}", record.n, self.run.plan().run);
            Failure::new(Exit::Damaged, message)
        })?;
        match &record.event {
            Event::Resumed(resumed) => self.by.clone_from(&resumed.responder.name),
            Event::Paused { .. } => self.tails.clear(),
            _ => {}
        }
        Ok(())
    }
}

fn is_rest(event: &Event) -> bool {
    matches!(event, Event::Paused { .. } | Event::RunFinished { .. })
}

/// The plan of a run, for looking at it alone.
fn plan(started: &RunStarted, folder: &RunFolder, context: &Context) -> Result<Plan, Failure> {
    let runbook = frozen(started, folder, context)?;
    let environment = started.environment.as_ref().and_then(|name| {
        runbook.environments.iter().find(|environment| environment.name == *name).cloned()
    });
    let key = folder.key().map_err(|error| runs::unreadable(&error))?;
    let inputs = started.inputs.iter().map(|record| {
        let datum = match &record.value {
            Recorded::Open(value) => Datum::Open(value.clone()),
            Recorded::Secret(_) => Datum::Secret(unknown()),
        };
        (record.name.clone(), Given { datum, origin: record.origin.clone() })
    });
    Ok(Plan {
        run: folder.id().to_owned(),
        mode: started.mode,
        environment,
        inputs: inputs.collect(),
        alert: started.alert.clone().unwrap_or_default(),
        policy: started.policy.clone(),
        work: folder.work().to_string_lossy().into_owned(),
        key: DigestKey::new(key),
        runbook: Arc::new(runbook),
    })
}

/// What stands for a secret, whose text is in no record: the walk has it, so nobody is asked for it.
fn unknown() -> Secret {
    Secret::new("unknown to whoever follows".to_owned())
}

/// Puts something in the place of the secrets that an event brought.
fn stand_in(event: &mut Event) {
    let fill = |value: &mut Recorded| {
        if let Recorded::Secret(text @ None) = value {
            *text = Some(unknown());
        }
    };
    match event {
        Event::Answered { answer: Answer::Value { value }, .. } => fill(value),
        Event::AttemptEnded(ended) => ended.captured.values_mut().for_each(fill),
        Event::RunbookEntered { inputs, .. } => inputs.values_mut().for_each(fill),
        Event::ItemsListed { items, .. } => items.iter_mut().for_each(fill),
        Event::LaneOpened { branch, .. } => branch.item.iter_mut().for_each(fill),
        _ => {}
    }
}
