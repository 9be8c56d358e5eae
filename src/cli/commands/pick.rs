//! `surefoot` alone: what is open, what fires, then all runbooks, to choose from. Without a terminal that can do
//! that, they are listed.

mod firing;

use std::path::PathBuf;

use super::{alert, list, resume, run, show};
use crate::catalog::{Index, IndexEntry, OpenRun, Wanted};
use crate::cli::Context;
use crate::cli::args::{
    AlertArguments, InputArguments, ListArguments, ListFormat, ModeArgument, ResumeArguments,
    RunArguments, ShowArguments, ShowForm, WalkingArguments,
};
use crate::cli::catalogue::{from, index, tell_age, walked_by};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::past::ago;
use crate::cli::walk::signals;
use crate::console::{
    Chosen, Cursor, Key, Meaning, Offer, Preview, Stock, Text, Width, attended, choose,
};
use firing::Firing;

/// So many runs that are open are offered.
const MOST_OPEN: usize = 5;

/// So many alerts are offered before anything is typed.
const MOST_FIRING: usize = 5;

/// So many runbooks that were walked lately are offered first.
const MOST_LATELY: usize = 5;

pub(crate) fn run(context: &Context) -> Result<Exit, Failure> {
    let capable = context.settings.console.cursor == Cursor::Movable
        && context.settings.width == Width::OfTerminal;
    let Some(device) = attended().filter(|_| capable) else {
        return listed(context);
    };
    let index = index(context)?;
    tell_age(&index, context);
    let mut shelf = Shelf::new(index, context);
    let chosen = choose(&context.terminal, &device, &mut signals()?, &mut shelf);
    // What was typed ahead is for nobody.
    drop(device);
    match chosen {
        Chosen::Nothing => Ok(Exit::Done),
        Chosen::Interrupted => Err(Failure::told(Exit::Interrupted)),
        Chosen::Unable => listed(context),
        Chosen::Walk(Key::Resume(run)) => {
            say(context, &format!("surefoot resume {run}"));
            let walking = WalkingArguments::default();
            resume::run(&ResumeArguments { run: Some(run), take_over: false, walking }, context)
        }
        Chosen::Show(Key::Resume(run)) => {
            say(context, &format!("surefoot log {run}"));
            let format = ListFormat::Text;
            super::log::run(&crate::cli::args::RunReference { run: Some(run), format }, context)
        }
        Chosen::Walk(Key::Alert(fingerprint)) => {
            let path = shelf.path_for(&fingerprint);
            let named = path.as_ref().map_or_else(String::new, |path| format!("{path} "));
            say(context, &format!("surefoot run {named}--alert {fingerprint}"));
            drop(shelf);
            let inputs =
                InputArguments { alert: Some(fingerprint.into()), ..InputArguments::default() };
            run::run(&walking(path, inputs), context)
        }
        Chosen::Show(Key::Alert(fingerprint)) => {
            say(context, &format!("surefoot alert {fingerprint}"));
            drop(shelf);
            let (alert, paths) = (Some(fingerprint.into()), Vec::new());
            let format = ListFormat::Text;
            alert::run(&AlertArguments { alert, paths, format }, context)
        }
        Chosen::Walk(Key::Runbook(id)) => {
            let reference = shelf.reference(id)?;
            say(context, &format!("surefoot run {}", reference.told));
            drop(shelf);
            run::run(&walking(Some(reference.given), InputArguments::default()), context)
        }
        Chosen::Show(Key::Runbook(id)) => {
            let reference = shelf.reference(id)?;
            say(context, &format!("surefoot show {}", reference.told));
            drop(shelf);
            let form = ShowForm { graph: false, html: false, markdown: false };
            show::run(
                &ShowArguments { reference: reference.given, form, why: false, diff: None },
                context,
            )
        }
    }
}

/// A walk, as `run` is told of it.
fn walking(reference: Option<String>, inputs: InputArguments) -> RunArguments {
    RunArguments {
        reference,
        inputs,
        change: None,
        mode: ModeArgument::Incident,
        at: None,
        walking: WalkingArguments::default(),
    }
}

/// Where nobody can choose: what is known, and how to go on.
fn listed(context: &Context) -> Result<Exit, Failure> {
    let arguments = ListArguments {
        service: None,
        tag: None,
        owner: None,
        alert: None,
        not_walked_for: None,
        invalid: false,
        all: false,
        format: ListFormat::Text,
    };
    let exit = list::run(&arguments, context)?;
    let hint = "surefoot run REF walks one, surefoot find WORDS looks for words, \
                surefoot --help names all commands";
    context.terminal.line(&Text::of(Meaning::Hint, "hint: ").add(Meaning::Plain, hint));
    Ok(exit)
}

/// The command that does the same without choosing.
fn say(context: &Context, command: &str) {
    let text = Text::of(Meaning::Dim, "$ ").add(Meaning::Dim, command);
    context.terminal.unbroken(&text);
}

/// A runbook, for a command.
struct Reference {
    /// As it is given to it: no other can be meant.
    given: String,
    /// As a person would.
    told: String,
}

/// All that can be chosen. What cannot be read any more is not offered.
struct Shelf {
    index: Index,
    open: Vec<OpenRun>,
    firing: Vec<Firing>,
    dot: &'static str,
}

impl Shelf {
    fn new(mut index: Index, context: &Context) -> Self {
        let mut open = index.open_runs().unwrap_or_default();
        open.truncate(MOST_OPEN);
        let firing = Firing::all(&mut index, context);
        Self { index, open, firing, dot: context.terminal.dot() }
    }

    fn entry(&mut self, id: i64) -> Option<IndexEntry> {
        self.index.some(&[id]).ok()?.pop()
    }

    fn reference(&mut self, id: i64) -> Result<Reference, Failure> {
        let entry = self.entry(id);
        let entry = entry.ok_or_else(|| Failure::new(Exit::Invalid, "that runbook is gone"))?;
        let file: PathBuf = self.index.file(&entry);
        let given = file.to_string_lossy().into_owned();
        Ok(Reference { given, told: entry.reference() })
    }

    /// The file of the only runbook that answers an alert best.
    fn path_for(&self, fingerprint: &str) -> Option<String> {
        let firing = self.firing.iter().find(|it| it.fingerprint == fingerprint)?;
        firing.answer().map(|answering| answering.path.to_string_lossy().into_owned())
    }
}

fn resuming(run: &OpenRun) -> Offer {
    Offer {
        key: Key::Resume(run.run.clone()),
        name: run.title.clone(),
        title: format!("({}, begun {})", run.state, ago(run.started)),
    }
}

fn offer(entry: IndexEntry) -> Offer {
    let name = entry.reference();
    let title = match entry.invalid {
        Some(_) => format!("{}  (invalid)", entry.title),
        None => entry.title,
    };
    Offer { key: Key::Runbook(entry.id), name, title }
}

impl Stock for Shelf {
    fn first(&mut self, most: usize) -> Vec<Offer> {
        let firing = self.firing.iter().take(MOST_FIRING).map(Firing::offer);
        let mut offers: Vec<Offer> = self.open.iter().map(resuming).chain(firing).collect();
        let lately = self.index.lately(MOST_LATELY).unwrap_or_default();
        let others = self.index.entries(&Wanted::default(), most).unwrap_or_default();
        for entry in lately.into_iter().chain(others) {
            if offers.iter().all(|offer| offer.key != Key::Runbook(entry.id)) {
                offers.push(offer(entry));
            }
        }
        offers
    }

    fn count(&mut self) -> usize {
        self.open.len() + self.firing.len() + self.index.count(&Wanted::default()).unwrap_or(0)
    }

    fn all(&mut self) -> Vec<(Key, String)> {
        let open = self.open.iter();
        let open = open.map(|run| (Key::Resume(run.run.clone()), format!("resume {}", run.title)));
        let firing = self.firing.iter().map(|it| (it.key(), it.text()));
        let mut all: Vec<(Key, String)> = open.chain(firing).collect();
        let heads = self.index.heads().unwrap_or_default();
        all.extend(heads.into_iter().map(|(id, text)| (Key::Runbook(id), text)));
        all
    }

    fn offers(&mut self, keys: &[Key]) -> Vec<Offer> {
        let one = |key: &Key| match key {
            Key::Alert(fingerprint) => {
                self.firing.iter().find(|it| it.fingerprint == *fingerprint).map(Firing::offer)
            }
            Key::Resume(run) => self.open.iter().find(|open| open.run == *run).map(resuming),
            Key::Runbook(id) => self.index.some(&[*id]).ok()?.pop().map(offer),
        };
        keys.iter().filter_map(one).collect()
    }

    fn preview(&mut self, key: &Key) -> Preview {
        let id = match key {
            Key::Runbook(id) => *id,
            Key::Alert(fingerprint) => {
                let firing = self.firing.iter().find(|it| it.fingerprint == *fingerprint);
                return firing.map(Firing::preview).unwrap_or_default();
            }
            Key::Resume(run) => {
                let open = self.open.iter().find(|open| open.run == *run);
                return open.map(resumable).unwrap_or_default();
            }
        };
        let Some(entry) = self.entry(id) else { return Preview::default() };
        let mut lines = vec![Text::of(Meaning::Heading, &entry.title)];
        if let Some(why) = &entry.invalid {
            lines.push(Text::of(Meaning::Bad, "invalid: ").add(Meaning::Plain, why));
        } else {
            let [read, change, destroy] = entry.effects;
            lines.push(Text::plain(format!("{read} read, {change} change, {destroy} destroy")));
        }
        let mut facts = Vec::new();
        facts.extend(entry.owner.as_ref().map(|owner| format!("owner {owner}")));
        facts.push(walked_by(&self.index, &entry));
        facts.push(format!("from {}", from(&self.index, &entry)));
        lines.push(Text::of(Meaning::Dim, facts.join(self.dot)));
        let summary = entry.summary.as_deref().unwrap_or_default();
        let summary = summary.split_whitespace().collect::<Vec<_>>().join(" ");
        if !summary.is_empty() {
            lines.push(Text::plain(summary));
        }
        Preview { lines }
    }
}

fn resumable(run: &OpenRun) -> Preview {
    let lines = vec![
        Text::of(Meaning::Heading, &run.title),
        Text::plain(format!("{}, begun {}", run.state, ago(run.started))),
        Text::of(Meaning::Dim, &run.run),
    ];
    Preview { lines }
}
