//! The screen of whoever leads a drill: what is true and hidden from the responder, what happens as
//! it happens, and keys. Nothing here reaches the drill: a line becomes a [`Command`].

use std::os::fd::BorrowedFd;

use super::card::field;
use super::input::{Echo, Input, Line};
use super::keys::in_lines;
use super::terminal::Terminal;
use super::text::{Meaning, Text};
use super::wording;
use crate::rehearsal::{Seen, Stands, Truth};

/// What whoever leads a drill wants.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// To agree as the second person.
    Agree,
    /// To answer for people who are not there.
    Answer(String),
    /// To end the drill.
    End,
    /// That the clock goes on.
    GoOn,
    /// That the clock stands still, and why.
    Hold(String),
    /// That an inject of the scenario happens now.
    Inject(usize),
    /// To leave the drill to itself.
    Leave,
    /// To see what holds.
    Look,
    /// To stop this program, as Ctrl-Z does.
    Suspend,
    /// To tell the responder something.
    Tell(String),
}

/// Whoever leads a drill, at a terminal.
pub struct Leader {
    terminal: Terminal,
    input: Box<dyn Input>,
    /// What held when it was last told.
    truth: Truth,
}

impl Leader {
    /// Somebody whose lines come from `input`.
    pub fn new(terminal: Terminal, input: Box<dyn Input>) -> Self {
        Self { terminal, input, truth: Truth::default() }
    }

    /// Waits for a command; nothing if the descriptor can be read first.
    pub fn command(&mut self, wakes: BorrowedFd<'_>) -> Option<Command> {
        loop {
            self.prompt();
            match self.input.line_beside(Echo::Shown, None, Some(wakes)) {
                Line::Woken => {
                    self.terminal.clear_line();
                    return None;
                }
                Line::Text(line) => {
                    if let Some(command) = self.understand(line.trim()) {
                        return Some(command);
                    }
                }
                Line::End | Line::Interrupted => {
                    self.terminal.blank();
                    return Some(Command::Leave);
                }
                Line::HungUp => return Some(Command::Leave),
                Line::TooLong | Line::NotText => self.say(Meaning::Warning, "Type it again."),
                Line::Suspended => return Some(Command::Suspend),
                Line::Continued | Line::Nothing => {}
            }
        }
    }

    /// Shows all that holds.
    pub fn stands(&mut self, truth: Truth) {
        self.terminal.blank();
        let left = Text::of(Meaning::Heading, &truth.scenario);
        let right = format!("{} walks {}", truth.walker, truth.run);
        self.terminal.line_with_right(&left, &Text::of(Meaning::Dim, right));
        if let Some(brief) = &truth.brief {
            let brief = Text::plain("    ").add_lines(Meaning::Plain, brief.trim_end());
            self.terminal.indented(&brief, 4);
        }
        self.fact("time", &truth.now.strftime("%H:%M:%S UTC").to_string());
        if let Some(outcome) = &truth.outcome {
            self.fact("outcome", &format!("{outcome} is expected"));
        }
        self.path(&truth);
        let facts: Vec<String> =
            truth.facts.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        self.fact("holds", &facts.join(", "));
        for fault in &truth.faults {
            self.fact("fault", fault);
        }
        for ahead in &truth.ahead {
            self.fact(&ahead.number.to_string(), &format!("{}: {}", ahead.when, ahead.what));
        }
        for (finding, seen) in &truth.findings {
            let name = match seen {
                Seen::Found => "found",
                Seen::NotYet => "to find",
            };
            self.fact(name, finding);
        }
        if truth.hints > 0 {
            self.fact("hints", &truth.hints.to_string());
        }
        self.truth = truth;
        self.now(None);
        self.keys();
    }

    /// Shows what has happened, and what is different now.
    pub fn happened(&mut self, line: &str, truth: Truth) {
        let at = truth.now.strftime("%H:%M:%S");
        let text = Text::of(Meaning::Dim, format!("  {at}  ")).add(Meaning::Plain, line);
        self.terminal.indented(&text, 12);
        if truth.facts != self.truth.facts {
            let new = truth.facts.iter().filter(|fact| !self.truth.facts.contains(fact));
            let new: Vec<String> = new.map(|(name, value)| format!("{name} = {value}")).collect();
            self.fact("holds", &new.join(", "));
        }
        let before = std::mem::replace(&mut self.truth, truth);
        self.now(Some(&before));
    }

    /// The responder wants something of whoever leads.
    pub fn called(&self) {
        self.say(Meaning::Hint, "They ask: a answers.");
        self.terminal.bell();
    }

    /// Says why something was not done.
    pub fn not_done(&self, why: &str) {
        self.say(Meaning::Warning, &wording::capital(why));
    }

    /// Where the responder is, what they are asked, and what comes of it; as far as it was otherwise
    /// before.
    fn now(&self, before: Option<&Truth>) {
        let truth = &self.truth;
        let moved = before.is_none_or(|before| before.at != truth.at);
        if let Some((step, title)) = truth.at.as_ref().filter(|_| moved) {
            self.fact("at", &format!("{step}: {title}"));
        }
        let new = |of: fn(&Truth) -> Option<&str>| {
            let other = moved || before.is_none_or(|before| of(before) != of(truth));
            of(truth).filter(|_| other).unwrap_or_default()
        };
        self.fact("asked", new(|truth| truth.asked.as_deref()));
        self.fact("gives", new(|truth| truth.gives.as_deref()));
    }

    fn path(&self, truth: &Truth) {
        if truth.path.is_empty() {
            self.fact("path", "the scenario expects none");
            return;
        }
        let mut line = Text::new();
        for (place, stage) in truth.path.iter().enumerate() {
            let (mark, meaning) = match stage.stands {
                Stands::Ahead => ("", Meaning::Plain),
                Stands::Detour => ("+", Meaning::Warning),
                Stands::Missed => ("-", Meaning::Warning),
                Stands::Walked => (self.terminal.glyph("✓", "*"), Meaning::Good),
            };
            if place > 0 {
                line = line.add(Meaning::Dim, self.terminal.dot());
            }
            line = line.add(meaning, format!("{mark}{}", stage.step));
        }
        let label = Text::of(Meaning::Dim, format!("    {:<8}", "path"));
        self.terminal.indented(&label.join(line), 8);
    }

    /// What a line means.
    fn understand(&mut self, line: &str) -> Option<Command> {
        let (key, rest) = line.split_once(' ').map_or((line, ""), |(key, rest)| (key, rest.trim()));
        let held = self.truth.held.is_some();
        match key {
            "" => Some(Command::Look),
            "q" => Some(Command::Leave),
            "y" => Some(Command::Agree),
            "i" => self.text(rest, "Who says what").map(Command::Tell),
            "a" => self.text(rest, "Their answer").map(Command::Answer),
            "p" if held => Some(Command::GoOn),
            "p" => Some(Command::Hold(rest.to_owned())),
            "k" => {
                let sure = self.text(rest, "End the drill for both of you, y or n")?;
                (sure == "y").then_some(Command::End)
            }
            "?" => {
                self.all_keys();
                None
            }
            number => {
                let command = number.parse().ok().map(Command::Inject);
                if command.is_none() {
                    self.say(Meaning::Warning, "That is no key here; ? lists them.");
                }
                command
            }
        }
    }

    /// What was typed behind a key, or else is typed now; what happens meanwhile is shown after it.
    fn text(&mut self, rest: &str, words: &str) -> Option<String> {
        if !rest.is_empty() {
            return Some(rest.to_owned());
        }
        self.terminal.prompt(&Text::of(Meaning::Heading, format!("    {words} > ")));
        match self.input.line(Echo::Shown, None) {
            Line::Text(line) if !line.trim().is_empty() => Some(line.trim().to_owned()),
            _ => {
                self.say(Meaning::Hint, "Nothing was sent.");
                None
            }
        }
    }

    /// The keys that are of use now.
    fn offered(&self) -> Vec<(&'static str, &'static str)> {
        let mut keys = vec![("[Enter]", "all that holds")];
        if !self.truth.ahead.is_empty() {
            keys.push(("1, 2...", "send that inject now"));
        }
        keys.extend([("i", "say something"), ("a", "answer for others")]);
        if self.truth.agreement.is_some() {
            keys.push(("y", "agree"));
        }
        let held = self.truth.held.is_some();
        keys.push(("p", if held { "go on" } else { "hold the clock" }));
        keys.extend([("k", "end the drill"), ("q", "leave"), ("?", "more")]);
        keys
    }

    fn keys(&self) {
        let keys = self.offered().into_iter();
        let keys = keys.map(|(key, label)| {
            Text::of(Meaning::Hint, key).add(Meaning::Dim, format!(" {label}"))
        });
        for line in in_lines(&self.terminal, keys) {
            self.terminal.line(&line);
        }
    }

    fn all_keys(&self) {
        for (key, meaning) in [
            ("Enter", "all that holds and is still to come"),
            ("1, 2", "the inject with that number happens now"),
            ("i", "say something, as whom you like: i database team: it was us"),
            ("a", "answer what the responder asked of others: a yes, go on"),
            ("y", "agree as the second person who is asked"),
            ("p", "hold the clock, and let it go on; p WHY tells why"),
            ("k", "end the drill here, with its debrief"),
            ("q", "leave; the drill goes on without you"),
        ] {
            let line = Text::plain("    ").add(Meaning::Hint, format!("{key:<6}"));
            self.terminal.indented(&line.add(Meaning::Plain, meaning), 6);
        }
    }

    fn prompt(&self) {
        self.terminal.prompt(&Text::of(Meaning::Heading, "    > "));
    }

    fn fact(&self, name: &str, text: &str) {
        if !text.is_empty() {
            field(&self.terminal, name, Meaning::Plain, text);
        }
    }

    fn say(&self, meaning: Meaning, text: &str) {
        self.terminal.indented(&Text::plain("    ").add(meaning, text), 4);
    }
}
