//! Asking a person: one question at a time, the same keys everywhere.
//!
//! [`Walker`] is the responder at a terminal. It shows the question, reads a line, and gives an answer
//! only if the question takes it; looking something up never is one. What was typed before the
//! question was asked is thrown away.

use std::cell::RefCell;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;

use super::backstage::{Backstage, Exercise};
use super::choice;
use super::dialogue;
use super::input::{Echo, Input, Line};
use super::keys::{Act, Key, Place, Show, hint, in_lines, offered};
use super::lookup;
use super::password;
use super::present::present;
use super::terminal::Terminal;
use super::text::{Meaning, Text};
use crate::engine::{Answer, AnswerKind, Asking, Lapsed, Question, Run};
use crate::session::{Beside, Clock, Heard, PasswordWanted, Reply, Responder};
use crate::value::{Secret, spoken};

/// How often a countdown is drawn anew.
const SECOND: Duration = Duration::from_secs(1);

/// After this long without an answer the bell rings, once.
const PATIENCE: i64 = 10;

/// A person at a terminal.
pub struct Walker {
    pub(super) terminal: Terminal,
    pub(super) input: Box<dyn Input>,
    pub(super) backstage: Box<dyn Backstage>,
    clock: Rc<dyn Clock>,
    /// The question that was shown last, and need not be shown whole again.
    shown: Option<Question>,
    /// It was interrupted by something that had to be heard: what was typed still counts.
    woken: bool,
}

/// Why a prompt ended without a line.
#[derive(Clone, Debug)]
pub(super) enum Stop {
    /// Back to the question, and why.
    Back(&'static str),
    /// Ctrl-D: back to the question, or out of the walk.
    End,
    /// The question itself is over.
    Reply(Reply),
}

/// The question as its dialogues see it.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) question: &'a Question,
    pub(super) run: &'a Run,
    pub(super) until: Option<Timestamp>,
    /// Readable when something happened beside it.
    wakes: Option<BorrowedFd<'a>>,
    /// Whether something happened that must be heard before the answer.
    heard: &'a dyn Fn() -> Heard,
    /// Stops the program, and what runs beside the question, until it is continued.
    suspend: &'a dyn Fn(),
}

impl Walker {
    /// A person whose lines come from `input`.
    pub fn new(
        terminal: Terminal,
        input: Box<dyn Input>,
        backstage: Box<dyn Backstage>,
        clock: Rc<dyn Clock>,
    ) -> Self {
        Self { terminal, input, backstage, clock, shown: None, woken: false }
    }

    /// Asks for a line about a question that is shown, before an answer to it is asked for.
    pub(super) fn line_about(
        &mut self,
        (question, run): (&Question, &Run),
        until: Option<Timestamp>,
        beside: &mut dyn Beside,
        words: &str,
    ) -> Result<String, Stop> {
        self.put(question, run);
        let line = on_stage(question, run, until, beside, &mut |scene: Scene<'_>| loop {
            match self.line(scene, words) {
                Err(Stop::Back(why)) => self.say(Meaning::Warning, why),
                other => return other,
            }
        });
        self.woken = matches!(line, Err(Stop::Reply(Reply::Woken)));
        // It need not be shown again for its answer.
        self.shown = Some(question.clone());
        line
    }

    /// Shows a question, as far as it is not there yet. Whoever is asked has then seen what can be
    /// typed: only what comes from there on counts. Whoever was interrupted in typing goes on where
    /// they were.
    fn put(&mut self, question: &Question, run: &Run) {
        self.terminal.spinner().clear();
        let again = self.shown.take().is_some_and(|shown| shown == *question);
        let woken = std::mem::take(&mut self.woken) && again;
        if !woken {
            self.input.discard();
        }
        match &question.ask {
            Asking::Confirm(card) if again => self.terminal.command(&card.shown),
            _ if again => {}
            _ => present(&self.terminal, &mut *self.backstage, question, run),
        }
        if !woken {
            self.input.discard();
        }
    }

    fn converse(&mut self, scene: Scene<'_>) -> Reply {
        let mut keys = offered(scene.question);
        if self.backstage.exercise() != Exercise::None {
            keys.push(hint());
        }
        loop {
            let line = match self.key_line(scene, &keys) {
                Ok(line) => line,
                Err(Stop::Back(why)) => {
                    self.say(Meaning::Warning, why);
                    self.input.discard();
                    continue;
                }
                Err(Stop::End) => return self.left(scene.question),
                Err(Stop::Reply(reply)) => return reply,
            };
            match self.understand(scene, &keys, &line) {
                Ok(Some(answer)) => return Reply::Answer(answer),
                Ok(None) => {}
                Err(Stop::Back(why)) => self.say(Meaning::Hint, why),
                Err(Stop::End) => self.say(Meaning::Hint, "Back to the question."),
                Err(Stop::Reply(reply)) => return reply,
            }
            // The rest of a pasted block answers nothing: its first line was no answer.
            self.input.discard();
        }
    }

    /// What a line means: an answer, or nothing yet.
    fn understand(
        &mut self,
        scene: Scene<'_>,
        keys: &[Key],
        line: &str,
    ) -> Result<Option<Answer>, Stop> {
        if let Some(answer) = choice::confirms(scene.question, line) {
            return Ok(Some(answer));
        }
        let line = line.trim();
        if let Some(key) = keys.iter().find(|key| key.name == line) {
            return self.act(scene, keys, &key.act);
        }
        match choice::typed(scene.question, line) {
            Ok(answer) => Ok(Some(answer)),
            Err(why) => {
                self.say(Meaning::Warning, &super::wording::capital(&why));
                Ok(None)
            }
        }
    }

    fn act(&mut self, scene: Scene<'_>, keys: &[Key], act: &Act) -> Result<Option<Answer>, Stop> {
        match act {
            Act::Answer(answer) => Ok(Some(answer.clone())),
            Act::Ask(kind) => dialogue::complete(self, scene, *kind).map(Some),
            Act::Show(what) => {
                self.show(scene, keys, *what);
                if *what == Show::Escalation && self.backstage.exercise() == Exercise::Led {
                    dialogue::ask_others(self, scene)?;
                }
                // What came of it is shown before the question is asked again.
                match (what, (scene.heard)()) {
                    (Show::Escalation | Show::Hint, Heard::Something) => {
                        Err(Stop::Reply(Reply::Woken))
                    }
                    _ => Ok(None),
                }
            }
        }
    }

    fn show(&mut self, scene: Scene<'_>, keys: &[Key], what: Show) {
        let Scene { question, run, .. } = scene;
        let terminal = &self.terminal;
        match what {
            Show::Difference => lookup::difference(terminal, self.backstage.difference()),
            Show::Escalation => lookup::escalation(terminal, question, run),
            Show::Hint => {
                if let Err(why) = self.backstage.hint(question, run) {
                    self.say(Meaning::Hint, &super::wording::capital(&why));
                }
            }
            Show::HandOver => {
                let more = self.backstage.hand_over(run);
                lookup::hand_over(terminal, run, more.as_deref());
            }
            Show::More => lookup::all_keys(terminal, keys),
            Show::Pages => {
                if let Asking::Look { urls } = &question.ask {
                    for url in urls {
                        match self.backstage.open(url) {
                            Ok(()) => self.say(Meaning::Hint, "Handed to the browser."),
                            Err(why) => {
                                self.say(Meaning::Warning, &super::wording::capital(&why));
                            }
                        }
                    }
                }
            }
            Show::Why => lookup::why(terminal, question, run),
        }
    }

    /// Shows the keys and reads a line.
    fn key_line(&mut self, scene: Scene<'_>, keys: &[Key]) -> Result<String, Stop> {
        let words = match &scene.question.ask {
            Asking::Items(card) if card.must_type.is_some() => {
                format!("    Type {}, the number of items, to run them > ", card.items.len())
            }
            ask => match ask.must_type() {
                Some(words) => format!("    Type {words} to run it > "),
                None => "    > ".to_owned(),
            },
        };
        let show = |walker: &Self| {
            for line in key_lines(&walker.terminal, scene.question, keys) {
                walker.terminal.line(&line);
            }
            if matches!(scene.question.ask, Asking::Wait { .. }) {
                walker.terminal.line(&walker.countdown(scene.until));
            }
            walker.terminal.prompt(&Text::of(Meaning::Heading, &words));
        };
        self.read(Echo::Shown, scene, &show).map(|line| line.to_string())
    }

    /// Asks for something beside the keys; `?` says what can be typed.
    pub(super) fn prompt(&mut self, scene: Scene<'_>, words: &str) -> Result<String, Stop> {
        loop {
            // It is a question of its own.
            self.input.discard();
            let line = self.line(scene, words)?;
            if line.trim() != "?" {
                return Ok(line);
            }
            self.say(
                Meaning::Hint,
                "Type it here and press Enter. Ctrl-D goes back to the question.",
            );
        }
    }

    /// The same, where any line may be meant.
    pub(super) fn line(&mut self, scene: Scene<'_>, words: &str) -> Result<String, Stop> {
        let words = Text::of(Meaning::Heading, format!("    {words} > "));
        let line = self.read(Echo::Shown, scene, &|walker| walker.terminal.prompt(&words))?;
        Ok(line.to_string())
    }

    /// Reads a line, come what may; `show` is what stands before it, also when the program goes on
    /// after Ctrl-Z.
    pub(super) fn read(
        &mut self,
        echo: Echo,
        scene: Scene<'_>,
        show: &dyn Fn(&Self),
    ) -> Result<zeroize::Zeroizing<String>, Stop> {
        show(self);
        let counts = matches!(scene.question.ask, Asking::Wait { .. });
        // Somebody else's answer may come in by another way.
        let looks = matches!(scene.question.ask, Asking::Approve(_));
        let asked = self.clock.monotonic();
        let mut rung = counts;
        loop {
            let left = scene.until.map(|until| until.duration_since(self.clock.now()));
            if left.is_some_and(|left| left.is_negative() || left.is_zero()) {
                self.terminal.blank();
                return Err(Stop::Reply(Reply::Elapsed));
            }
            let left = scene.until.map(|until| self.clock.until(until));
            let patience = Duration::from_secs(PATIENCE.unsigned_abs());
            let wait = match (counts, rung) {
                (true, _) => Some(left.map_or(SECOND, |left| left.min(SECOND))),
                (false, false) => Some(left.map_or(patience, |left| left.min(patience))),
                (false, true) => left,
            };
            let wait =
                if looks { Some(wait.map_or(SECOND, |wait| wait.min(SECOND))) } else { wait };
            if (scene.heard)() == Heard::Something {
                self.terminal.blank();
                return Err(Stop::Reply(Reply::Woken));
            }
            match self.input.line_beside(echo, wait, scene.wakes) {
                // What it was is looked at first thing.
                Line::Woken => {}
                Line::Text(line) => return Ok(line),
                Line::Suspended => {
                    (scene.suspend)();
                    self.terminal.clear_line();
                    show(self);
                }
                Line::Continued => show(self),
                Line::Nothing if counts => {
                    let text = self.countdown(scene.until);
                    self.terminal.replace_line_above(&text);
                }
                Line::Nothing => {
                    if !rung && self.clock.monotonic() - asked >= 10.0 {
                        self.terminal.bell();
                        rung = true;
                    }
                }
                Line::TooLong => return Err(Stop::Back(TOO_LONG)),
                Line::NotText => return Err(Stop::Back("That is not UTF-8 text; type it again.")),
                Line::End => {
                    self.terminal.blank();
                    return Err(Stop::End);
                }
                Line::HungUp => return Err(Stop::Reply(Reply::HungUp)),
                Line::Interrupted => {
                    self.terminal.blank();
                    return Err(Stop::Reply(Reply::Interrupted));
                }
            }
        }
    }

    fn countdown(&self, until: Option<Timestamp>) -> Text {
        let Some(until) = until else {
            return Text::plain("    Waiting.");
        };
        let left = until.duration_since(self.clock.now());
        let millis = u64::try_from(left.as_millis()).unwrap_or(0);
        // Whole seconds, so that a countdown reads evenly.
        let left = spoken(millis.div_ceil(1000) * 1000);
        Text::plain("    Waiting, ").add(Meaning::Value, left).add(Meaning::Plain, " left")
    }

    /// Ctrl-D at the question itself.
    fn left(&mut self, question: &Question) -> Reply {
        self.say(Meaning::Hint, "End of input: the walk is paused, nothing is lost.");
        if question.accepts.contains(&AnswerKind::Pause) {
            Reply::Answer(Answer::Pause)
        } else {
            Reply::HungUp
        }
    }

    pub(super) fn say(&self, meaning: Meaning, text: &str) {
        self.terminal.indented(&Text::plain("    ").add(meaning, text), 0);
    }
}

const TOO_LONG: &str = "That line is too long for a terminal, which cuts it at 4095 bytes; nothing \
                        of it was taken. Give it by file, or with e in an editor.";

impl Responder for Walker {
    fn ask(
        &mut self,
        question: &Question,
        run: &Run,
        until: Option<Timestamp>,
        beside: &mut dyn Beside,
    ) -> Reply {
        self.put(question, run);
        let reply =
            on_stage(question, run, until, beside, &mut |scene: Scene<'_>| self.converse(scene));
        self.woken = matches!(reply, Reply::Woken);
        // What was said of an answer that is not taken must not be pushed away by its question.
        let stays = matches!(
            reply,
            Reply::Answer(Answer::Approval { .. } | Answer::Note { .. } | Answer::NotSure { .. })
        );
        if self.woken || stays {
            self.shown = Some(question.clone());
        }
        reply
    }

    fn password(&mut self, wanted: &PasswordWanted<'_>, beside: &mut dyn Beside) -> Option<Secret> {
        password::ask(self, wanted, beside)
    }

    fn refused(&mut self, why: &str) {
        self.say(Meaning::Warning, &format!("Not taken: {why}"));
    }

    fn forget(&mut self) {
        self.woken = false;
    }
}

/// Lets somebody talk about a question, with what goes on beside it.
fn on_stage<T>(
    question: &Question,
    run: &Run,
    until: Option<Timestamp>,
    beside: &mut dyn Beside,
    talk: &mut dyn FnMut(Scene<'_>) -> T,
) -> T {
    let wakes = own(beside.wakes());
    let beside = RefCell::new(beside);
    let heard = || beside.borrow_mut().look();
    let suspend = || beside.borrow_mut().suspend();
    let wakes = wakes.as_ref().map(OwnedFd::as_fd);
    talk(Scene { question, run, until, wakes, heard: &heard, suspend: &suspend })
}

/// A descriptor to poll while its owner is busy. Without one nothing wakes the person, and what
/// happened is heard after the answer.
pub(super) fn own(wakes: Option<BorrowedFd<'_>>) -> Option<OwnedFd> {
    wakes.and_then(|wakes| wakes.try_clone_to_owned().ok())
}

/// The keys on the line: `[Enter] run · s skip · ? more`; on several where they do not fit.
fn key_lines(terminal: &Terminal, question: &Question, keys: &[Key]) -> Vec<Text> {
    let lead = lead(question).map(|lead| Text::of(Meaning::Hint, lead));
    let shown = keys.iter().filter(|key| key.place == Place::Line);
    let keys = shown.map(|key| {
        let name = if key.name.is_empty() { "[Enter]" } else { key.name };
        Text::of(Meaning::Hint, name).add(Meaning::Dim, format!(" {}", key.label))
    });
    in_lines(terminal, lead.into_iter().chain(keys))
}

/// The numbers that can be typed.
fn numbers(most: usize) -> String {
    if most == 1 { "1".to_owned() } else { format!("1-{most}") }
}

/// What can be typed that is no key.
fn lead(question: &Question) -> Option<String> {
    match &question.ask {
        Asking::Approve(waiting) if waiting.lapsed == Lapsed::No => {
            Some("paste the answer".to_owned())
        }
        Asking::Decide { options, .. } => Some(format!("{} choose", numbers(options.len()))),
        Asking::Outcome { .. } => {
            Some(format!("{} choose", numbers(super::wording::OUTCOMES.len())))
        }
        Asking::MissingValue { from, .. } if !from.is_empty() => {
            Some(format!("{} go to the step", numbers(from.len())))
        }
        Asking::Value { choices: None, ty, many, .. } => Some(if *many {
            format!("type {}, several with commas", ty.described())
        } else {
            format!("type {}", ty.described())
        }),
        Asking::Value { choices: Some(choices), many, .. } => {
            Some(match (choice::can_be_numbered(choices), many) {
                (true, true) => "numbers with commas".to_owned(),
                (true, false) => format!("{} choose", numbers(choices.len())),
                (false, _) => "type your choice".to_owned(),
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
