//! `surefoot` alone: what is open, what fires, then all runbooks, to choose from. Without a terminal that can do
//! that, they are listed.

mod firing;

use super::{alert, list, resume, run, show};
use crate::catalog::{IndexEntry, OpenRun, Wanted, Whereabouts};
use crate::cli::Context;
use crate::cli::args::{
    AlertArguments, InputArguments, ListArguments, ListFormat, ModeArgument, ResumeArguments,
    RunArguments, WalkingArguments,
};
use crate::cli::catalogue::{Catalogue, catalogue, tell_age, walked_by};
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
    let catalogue = catalogue(context)?;
    tell_age(&catalogue.index, context);
    let mut shelf = Shelf::new(catalogue, context);
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
            let lies = shelf.answer_to(&fingerprint);
            let named = lies.as_ref().map_or_else(String::new, |it| format!("{} ", it.reference()));
            say(context, &format!("surefoot run {named}--alert {fingerprint}"));
            drop(shelf);
            let inputs =
                InputArguments { alert: Some(fingerprint.into()), ..InputArguments::default() };
            match lies {
                Some(lies) => run::run_at(&lies, &walking(inputs), context),
                None => run::run(&walking(inputs), context),
            }
        }
        Chosen::Show(Key::Alert(fingerprint)) => {
            say(context, &format!("surefoot alert {fingerprint}"));
            drop(shelf);
            let (alert, paths) = (Some(fingerprint.into()), Vec::new());
            let format = ListFormat::Text;
            alert::run(&AlertArguments { alert, paths, format }, context)
        }
        Chosen::Walk(Key::Runbook(id)) => {
            let (told, lies) = shelf.chosen(id)?;
            say(context, &format!("surefoot run {told}"));
            drop(shelf);
            run::run_at(&lies, &walking(InputArguments::default()), context)
        }
        Chosen::Show(Key::Runbook(id)) => {
            let (told, lies) = shelf.chosen(id)?;
            say(context, &format!("surefoot show {told}"));
            drop(shelf);
            show::show_at(&lies, context)
        }
    }
}

/// A walk, as `run` is told of it.
fn walking(inputs: InputArguments) -> RunArguments {
    RunArguments {
        reference: None,
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

/// All that can be chosen. What cannot be read any more is not offered.
struct Shelf<'a> {
    context: &'a Context,
    catalogue: Catalogue,
    open: Vec<OpenRun>,
    firing: Vec<Firing>,
    dot: &'static str,
}

impl<'a> Shelf<'a> {
    fn new(mut catalogue: Catalogue, context: &'a Context) -> Self {
        let mut open = catalogue.index.open_runs().unwrap_or_default();
        open.truncate(MOST_OPEN);
        let firing = Firing::all(&mut catalogue.index, context);
        Self { context, catalogue, open, firing, dot: context.terminal.dot() }
    }

    fn entry(&mut self, id: i64) -> Option<IndexEntry> {
        self.catalogue.index.some(&[id]).ok()?.pop()
    }

    /// What a runbook is called, and where it lies.
    fn chosen(&mut self, id: i64) -> Result<(String, Whereabouts), Failure> {
        let entry = self.entry(id);
        let entry = entry.ok_or_else(|| Failure::new(Exit::Invalid, "that runbook is gone"))?;
        Ok((entry.reference(), self.catalogue.index.whereabouts(&entry)))
    }

    /// Where the only runbook lies that answers an alert best.
    fn answer_to(&self, fingerprint: &str) -> Option<Whereabouts> {
        let firing = self.firing.iter().find(|it| it.fingerprint == fingerprint)?;
        firing.answer().map(|answering| answering.lies.clone())
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

impl Stock for Shelf<'_> {
    fn first(&mut self, most: usize) -> Vec<Offer> {
        let firing = self.firing.iter().take(MOST_FIRING).map(Firing::offer);
        let mut offers: Vec<Offer> = self.open.iter().map(resuming).chain(firing).collect();
        let lately = self.catalogue.index.lately(MOST_LATELY).unwrap_or_default();
        let others = self.catalogue.index.entries(&Wanted::default(), most).unwrap_or_default();
        for entry in lately.into_iter().chain(others) {
            if offers.iter().all(|offer| offer.key != Key::Runbook(entry.id)) {
                offers.push(offer(entry));
            }
        }
        offers
    }

    fn count(&mut self) -> usize {
        self.open.len()
            + self.firing.len()
            + self.catalogue.index.count(&Wanted::default()).unwrap_or(0)
    }

    fn all(&mut self) -> Vec<(Key, String)> {
        let open = self.open.iter();
        let open = open.map(|run| (Key::Resume(run.run.clone()), format!("resume {}", run.title)));
        let firing = self.firing.iter().map(|it| (it.key(), it.text()));
        let mut all: Vec<(Key, String)> = open.chain(firing).collect();
        let heads = self.catalogue.index.heads().unwrap_or_default();
        all.extend(heads.into_iter().map(|(id, text)| (Key::Runbook(id), text)));
        all
    }

    fn offers(&mut self, keys: &[Key]) -> Vec<Offer> {
        let one = |key: &Key| match key {
            Key::Alert(fingerprint) => {
                self.firing.iter().find(|it| it.fingerprint == *fingerprint).map(Firing::offer)
            }
            Key::Resume(run) => self.open.iter().find(|open| open.run == *run).map(resuming),
            Key::Runbook(id) => self.catalogue.index.some(&[*id]).ok()?.pop().map(offer),
        };
        keys.iter().filter_map(one).collect()
    }

    fn preview(&mut self, key: &Key) -> Preview {
        let id = match key {
            Key::Runbook(id) => *id,
            Key::Alert(fingerprint) => {
                let firing = self.firing.iter().find(|it| it.fingerprint == *fingerprint);
                return firing.map(|it| it.preview(self.context)).unwrap_or_default();
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
        facts.push(walked_by(&self.catalogue.index, &entry));
        let facts = format!("{}{}from ", facts.join(self.dot), self.dot);
        lines.push(Text::of(Meaning::Dim, facts).join(self.catalogue.from(&entry).dimmed()));
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
