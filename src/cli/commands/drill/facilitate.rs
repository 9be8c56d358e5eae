//! `surefoot drill --facilitate`: leads a drill that somebody else walks, from a second terminal of
//! the same user. A run that is real cannot be led: its process listens nowhere for that.

use std::io;
use std::os::fd::AsFd as _;
use std::time::Duration;

use super::MARK;
use crate::cli::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::runs;
use crate::cli::walk::{signals, signals_of_process};
use crate::console::{Leader, LeaderCommand, Meaning, Terminal, Text, Tty, attended, debrief};
use crate::engine::{Event, ToldKind};
use crate::journal::{RunFolder, last_holder};
use crate::process::{Arrived, Facilitator, is_alive, is_led_at, suspend};
use crate::rehearsal::{News, Wish};

/// How often it is looked for a drill that begins.
const LOOK: Duration = Duration::from_millis(300);

pub(super) fn run(part: Option<&str>, context: &Context) -> Result<Exit, Failure> {
    let Some(tty) = attended() else {
        let message = "a drill is led at a terminal, and there is none";
        return Err(Failure::new(Exit::Usage, message));
    };
    let Some(folder) = wanted(part, context)? else { return Ok(Exit::Interrupted) };
    let gone = |error: io::Error| {
        let message = format!("whoever walks the drill {} cannot be reached", folder.id());
        Failure::new(Exit::Held, message).hint(error.to_string())
    };
    let mut drill = Facilitator::come_to(folder.path()).map_err(gone)?;
    let by = context.settings.responder.name.clone();
    drill.say(&encoded(&Wish::Lead { by })).map_err(gone)?;
    let terminal = context.terminal.marked(MARK);
    let leader = Leader::new(terminal.clone(), Box::new(Tty::new(tty, signals()?)));
    Leading { folder: &folder, drill, leader, terminal, seated: Seated::No }.lead()
}

/// A drill that is led.
struct Leading<'a> {
    folder: &'a RunFolder,
    drill: Facilitator,
    leader: Leader,
    terminal: Terminal,
    seated: Seated,
}

/// Whether the drill has answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Seated {
    No,
    Yes,
}

impl Leading<'_> {
    fn lead(mut self) -> Result<Exit, Failure> {
        loop {
            loop {
                match self.drill.hear() {
                    Ok(Some(news)) => {
                        if let Some(exit) = self.told(&news)? {
                            return Ok(exit);
                        }
                    }
                    Ok(None) => break,
                    Err(_) => return Err(self.gone()),
                }
            }
            let Some(command) = self.leader.command(self.drill.as_fd()) else { continue };
            let wish = match command {
                LeaderCommand::Suspend => {
                    suspend();
                    continue;
                }
                LeaderCommand::Leave => {
                    self.hint("The drill goes on without you.");
                    return Ok(Exit::Done);
                }
                LeaderCommand::Agree => Wish::Agree,
                LeaderCommand::Answer(text) => Wish::Answer { text },
                LeaderCommand::End => Wish::End,
                LeaderCommand::GoOn => Wish::GoOn,
                LeaderCommand::Hold(why) => Wish::Hold { why },
                LeaderCommand::Inject(number) => Wish::Inject { number },
                LeaderCommand::Look => Wish::Look,
                LeaderCommand::Tell(text) => Wish::Tell { text },
            };
            // That it is gone is heard in a moment, after all that it said before.
            let _gone = self.drill.say(&encoded(&wish));
        }
    }

    /// What the drill tells; an exit code when that was the last.
    fn told(&mut self, news: &[u8]) -> Result<Option<Exit>, Failure> {
        let news: News = serde_json::from_slice(news).map_err(|_| self.gone())?;
        match news {
            News::Happened { line, told, truth } => {
                self.leader.happened(&line, *truth);
                if told == Some(ToldKind::Asked) {
                    self.leader.called();
                }
            }
            News::NotDone { why } => self.leader.not_done(&why),
            News::Over { debrief: rows } => {
                debrief(&self.terminal, &rows);
                return Ok(Some(Exit::Done));
            }
            News::Refused { why } => {
                let message = format!("the drill {} is not led from here: {why}", self.folder.id());
                return Err(Failure::new(Exit::Held, message));
            }
            News::Stands { truth } => {
                self.seated = Seated::Yes;
                self.leader.stands(*truth);
            }
        }
        Ok(None)
    }

    fn gone(&self) -> Failure {
        let message = match self.seated {
            Seated::Yes => "the drill is gone: its process ended without a word",
            Seated::No => "the drill is over, or does not answer",
        };
        let failure = Failure::new(Exit::Failed, message);
        failure.hint(format!("surefoot log {} shows what was recorded", self.folder.id()))
    }

    fn hint(&self, text: &str) {
        self.terminal.indented(&Text::of(Meaning::Hint, text), 0);
    }
}

fn encoded(wish: &Wish) -> Vec<u8> {
    serde_json::to_vec(wish).expect("a wish is made of words")
}

/// The drill that is meant; nothing if none began before Ctrl-C.
fn wanted(part: Option<&str>, context: &Context) -> Result<Option<RunFolder>, Failure> {
    if part.is_some() {
        let folder = runs::find(part, context)?;
        rehearses(&folder)?;
        if !walked(&folder, context) {
            let message = format!("the drill {} is not walked now", folder.id());
            return Err(Failure::new(Exit::Usage, message));
        }
        return Ok(Some(folder));
    }
    let signals = signals_of_process()?;
    let mut told = false;
    loop {
        let mut walked = drills(context)?;
        match walked.len() {
            0 => {}
            1 => return Ok(walked.pop()),
            _ => {
                let ids: Vec<&str> = walked.iter().map(RunFolder::id).collect();
                let message = format!("several drills are walked: {}", ids.join(", "));
                let failure = Failure::new(Exit::Usage, message);
                return Err(failure.hint("say which: surefoot drill --facilitate RUN"));
            }
        }
        if !std::mem::replace(&mut told, true) {
            let text = "No drill is walked now. Waiting for one to begin; Ctrl-C leaves.";
            context.terminal.line(&Text::of(Meaning::Hint, text));
        }
        match signals.wait(LOOK) {
            Some(Arrived::HangUp | Arrived::Interrupt) => return Ok(None),
            Some(Arrived::Suspend) => suspend(),
            Some(Arrived::Called) | None => {}
        }
    }
}

/// The drills that are walked now.
fn drills(context: &Context) -> Result<Vec<RunFolder>, Failure> {
    let folders = context.store()?.folders();
    let mut folders = folders.map_err(|error| Failure::from_error(Exit::Failed, &error))?;
    folders.retain(|folder| walked(folder, context));
    Ok(folders)
}

/// Whether somebody walks a drill there: it listens, and its process lives.
fn walked(folder: &RunFolder, context: &Context) -> bool {
    is_led_at(folder.path())
        && last_holder(folder.path())
            .is_some_and(|holder| holder.host == context.settings.host && is_alive(holder.pid))
}

/// Refuses a run that is real.
fn rehearses(folder: &RunFolder) -> Result<(), Failure> {
    let contents = runs::contents(folder)?;
    let first = contents.records.first().map(|record| &record.event);
    match first {
        Some(Event::RunStarted(started)) if started.is_rehearsal() => Ok(()),
        _ => {
            let message = format!("the run {} is no drill: nobody leads it", folder.id());
            let failure = Failure::new(Exit::Usage, message);
            Err(failure.hint(format!("surefoot follow {} shows it", folder.id())))
        }
    }
}
