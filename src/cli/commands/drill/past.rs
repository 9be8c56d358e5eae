//! A recorded run as a drill: its record read, today's runbook found, and both made the text of a
//! scenario, which is walked or written to a file.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use super::again::Against;
use super::scenario::{Kept, Own, loaded};
use crate::catalog::Folder;
use crate::cli::Context;
use crate::cli::args::DrillArguments;
use crate::cli::commands::run::random;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::frozen::as_opened;
use crate::cli::open::{self, Opened};
use crate::cli::runs::contents;
use crate::cli::team::find_anywhere;
use crate::console::{Meaning, Text};
use crate::effects::printed;
use crate::engine::{AttemptEnded, AttemptId, Event, RunStarted};
use crate::journal::{Record, RunFolder};
use crate::rehearsal::{Gave, Past, Recording, compare, past, walk, written};
use crate::runbook::{Part, Scenario, Shelf as _};

/// So many bytes of one output are taken at first.
const MOST_OF_OUTPUT: usize = 64 * 1024;

/// A scenario is not read if it is longer than a mebibyte; this leaves room to edit it.
const MOST_OF_SCENARIO: usize = 900 * 1024;

/// A run that was found, and what is walked of it.
pub(super) struct Found {
    pub(super) opened: Opened,
    folder: RunFolder,
    records: Vec<Record>,
    /// Whether the runbook is today's.
    today: bool,
    /// What its commands gave, and what was said, if it was a drill itself.
    drill: Option<Drill>,
}

/// What a run that was a drill took from its scenario.
struct Drill {
    gave: BTreeMap<AttemptId, Part>,
    scenario: Rc<Scenario>,
}

/// Finds a run and its runbook.
pub(super) fn find(
    part: &str,
    arguments: &DrillArguments,
    context: &Context,
) -> Result<Found, Failure> {
    let folder = find_anywhere(Some(part), context)?;
    let records = contents(&folder)?.records;
    let started = started(&records, &folder)?;
    let reference = arguments.reference.as_deref();
    let (opened, today) = match reference.map(|it| open::open(it, context)).transpose()? {
        Some(opened) if is_of(&opened, started) => (opened, true),
        Some(opened) => {
            let (was, is) = (&started.runbook.id, &opened.runbook.id);
            let message = format!("the run {} is one of `{was}`, not of `{is}`", folder.id());
            return Err(Failure::new(Exit::Usage, message));
        }
        None => {
            if let Some(opened) = todays(started, context)? {
                (opened, true)
            } else {
                let text = "The runbook is not found now: it is walked as it was in that run.";
                context.terminal.line(&Text::of(Meaning::Warning, text));
                (as_opened(started, &folder, context)?, false)
            }
        }
    };
    // What was shared with others holds no scenario.
    let kept = folder.scenario().is_file();
    let against = kept.then(|| Against::of(started, &folder, context)).transpose()?.flatten();
    let drill = match against {
        None => None,
        Some(against) => {
            let gave = against.again(&folder, &records, started.mode)?.0.gave;
            Some(Drill { gave, scenario: against.scenario })
        }
    };
    Ok(Found { opened, folder, records, today, drill })
}

fn started<'a>(records: &'a [Record], folder: &RunFolder) -> Result<&'a RunStarted, Failure> {
    match records.first().map(|first| &first.event) {
        Some(Event::RunStarted(started)) => match &started.follows {
            None => Ok(started),
            Some(followed) => {
                let message =
                    format!("{} is no walk: somebody looked on at {followed}", folder.id());
                let failure = Failure::new(Exit::Usage, message);
                Err(failure.hint(format!("surefoot drill --from {followed} walks that one")))
            }
        },
        _ => Err(Failure::new(Exit::Usage, format!("the run {} never began", folder.id()))),
    }
}

fn is_of(opened: &Opened, started: &RunStarted) -> bool {
    let (now, then) = (&opened.runbook, &started.runbook);
    now.id == then.id && now.service == then.service
}

/// The runbook of a run as it is now: the file that it was, else what has its name.
fn todays(started: &RunStarted, context: &Context) -> Result<Option<Opened>, Failure> {
    let origin = &started.runbook;
    let path = origin.files.first().map(|file| file.path.clone());
    let path = path.filter(|path| context.settings.here.join(path).is_file());
    let named = origin.service.as_ref().map(|service| format!("{service}/{}", origin.id));
    for reference in path.into_iter().chain(named).chain([origin.id.clone()]) {
        if let Ok(located) = open::find(&reference, context) {
            let opened = open::load(located, context)?;
            if is_of(&opened, started) {
                return Ok(Some(opened));
            }
        }
    }
    Ok(None)
}

impl Found {
    /// The scenario of the run.
    pub(super) fn scenario(&self, context: &Context) -> Result<Kept, Failure> {
        self.named(&self.opened.runbook.id, context)
    }

    /// The same, in which the runbook is called like this.
    fn named(&self, called: &str, context: &Context) -> Result<Kept, Failure> {
        let runbook = Arc::new(self.opened.runbook.clone());
        let mut most = MOST_OF_OUTPUT;
        let (text, past) = loop {
            let injects = self.drill.as_ref().map_or(&[][..], |drill| &drill.scenario.injects);
            let records = &self.records;
            let recording = Recording { runbook: &runbook, called, records, injects, most };
            let past = past(&recording, &mut |ended| self.gave(ended));
            let past = past.map_err(|error| Failure::from_error(Exit::Usage, &error))?;
            let Some(past) = past else {
                let message = format!("the run {} never began", self.folder.id());
                return Err(Failure::new(Exit::Usage, message));
            };
            let text = written(&past.scenario, &past.remarks);
            if text.len() <= MOST_OF_SCENARIO || most == 0 {
                break (text, past);
            }
            most /= 2;
        };
        tell_gone(&past, context);
        let own = Own { opened: &self.opened, called };
        let scenario = loaded("the scenario of the run", &text, &own, context)?;
        Ok(Kept { text, scenario: Rc::new(scenario) })
    }

    fn gave(&self, ended: &AttemptEnded) -> Option<Gave> {
        if let Some(part) = self.drill.as_ref().and_then(|drill| drill.gave.get(&ended.attempt)) {
            return Some(Gave::of(part));
        }
        let [stdout, stderr] = printed(self.folder.path(), ended)?;
        Some(Gave { stdout, stderr })
    }

    /// Writes the scenario to a file, and says what can be done with it.
    pub(super) fn save(
        &self,
        path: &Path,
        arguments: &DrillArguments,
        context: &Context,
    ) -> Result<Exit, Failure> {
        let called = self.called_from(path);
        let kept = self.named(called.as_deref().unwrap_or(&self.opened.runbook.id), context)?;
        write(path, &kept.text, arguments).map_err(|error| unsaved(path, &error))?;
        let shown = path.display();
        context.print(&format!("{shown}\n"))?;
        let line = |meaning, text: String| context.terminal.line(&Text::of(meaning, text));
        if called.is_none() {
            let id = &self.opened.runbook.id;
            line(
                Meaning::Warning,
                format!(
                    "The runbook `{id}` is not found from there: move the file beside it, or into runbooks/scenarios/."
                ),
            );
            return Ok(Exit::Done);
        }
        let (meaning, text) = match self.problem(&kept) {
            None => (Meaning::Dim, format!("surefoot test {shown} passes on it.")),
            Some(why) => (Meaning::Warning, format!("surefoot test {shown} does not pass: {why}.")),
        };
        line(meaning, text);
        line(
            Meaning::Dim,
            format!(
                "Its answers are those of the run. Walk it: surefoot drill {} --scenario {shown}",
                self.opened.runbook.id
            ),
        );
        Ok(Exit::Done)
    }

    /// How a scenario in this file names the runbook so that it is found; nothing if it is not.
    fn called_from(&self, path: &Path) -> Option<String> {
        let name = path.file_name()?;
        let parent = path.parent().filter(|it| !it.as_os_str().is_empty());
        let base = fs::canonicalize(parent.unwrap_or(Path::new("."))).ok()?;
        let folder = Folder::around(&base.join(name));
        let own = fs::canonicalize(self.opened.folder.root().join(self.opened.folder.own_path()));
        let own = own.ok().filter(|_| self.today)?;
        let is_own = |reference: &String| {
            let found = folder.find(reference).ok();
            let found = found.and_then(|found| fs::canonicalize(found.source.name).ok());
            found.as_ref() == Some(&own)
        };
        let relative = || relative(&base, &own);
        Some(self.opened.runbook.id.clone()).filter(&is_own).or_else(|| relative().filter(&is_own))
    }

    /// Why it is not walked as the run was, if it is not.
    fn problem(&self, kept: &Kept) -> Option<String> {
        let runbook = Arc::new(self.opened.runbook.clone());
        let walked = match walk(&runbook, &kept.scenario) {
            Ok(walked) => walked,
            Err(error) => return Some(error.to_string()),
        };
        if walked.outcome.is_none() && kept.scenario.expect.outcome.is_none() {
            return Some(
                "that run did not come to an end, and there are no more answers".to_owned(),
            );
        }
        if !walked.problems.is_empty() || walked.broken.is_some() {
            return Some("not all of what the run came to can be said in a scenario".to_owned());
        }
        let differs = !compare(&kept.scenario, &walked).is_empty();
        differs.then(|| "it goes another way than the run".to_owned())
    }
}

fn tell_gone(past: &Past, context: &Context) {
    if !past.gone.is_empty() {
        let gone: Vec<&str> = past.gone.iter().map(|step| step.0.as_str()).collect();
        let text = format!("Not in the runbook any more, and left out: {}.", gone.join(", "));
        context.terminal.line(&Text::of(Meaning::Warning, text));
    }
}

/// A path from a folder to a file, if they have anything in common.
fn relative(base: &Path, file: &Path) -> Option<String> {
    let up = base.ancestors().position(|above| file.starts_with(above))?;
    let above = base.ancestors().nth(up)?;
    let mut path = PathBuf::new();
    path.extend(std::iter::repeat_n("..", up));
    path.push(file.strip_prefix(above).ok()?);
    path.to_str().map(str::to_owned)
}

/// What commands printed is for whoever was there: others read the file when it is committed.
fn write(path: &Path, text: &str, arguments: &DrillArguments) -> std::io::Result<()> {
    let private = |path: &Path| {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o600).open(path)
    };
    if !arguments.overwrite {
        return private(path).and_then(|mut file| file.write_all(text.as_bytes()));
    }
    // Never half of it in place of what was there, and what a death left is in nobody's way.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let nonce = u32::from_le_bytes(random()?);
    let beside = path.with_file_name(format!(".{name}.{nonce:08x}"));
    let written = private(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    let placed = written.and_then(|()| fs::rename(&beside, path));
    if placed.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(&beside);
    }
    placed
}

fn unsaved(path: &Path, error: &std::io::Error) -> Failure {
    let message = format!("failed to write {}: {error}", path.display());
    let failure = Failure::new(Exit::Failed, message);
    match error.kind() {
        std::io::ErrorKind::AlreadyExists => failure.hint("--overwrite replaces it"),
        _ => failure,
    }
}
