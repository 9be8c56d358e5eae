//! Which keys a question has: few on the line, all under `?`, and only those whose answer it takes.
//!
//! Pure: a [`Key`] says what it does as an [`Act`], [`offered`] makes the list. Nothing here reads or
//! prints.

use super::terminal::Terminal;
use super::text::{Meaning, Text};
use crate::engine::{Answer, AnswerKind, Asking, Found, Lapsed, Question};
use crate::runbook::Effect;

/// A key.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Key {
    /// What is typed; nothing for Enter.
    pub(super) name: &'static str,
    /// What it does, in the words of the key line.
    pub(super) label: String,
    /// What it does.
    pub(super) act: Act,
    /// Where it is shown.
    pub(super) place: Place,
}

/// Where a key is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
    /// On the line.
    Line,
    /// Under `?`.
    More,
}

/// What a key does.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Act {
    /// Gives this answer.
    Answer(Answer),
    /// Asks for more, then gives an answer of this kind.
    Ask(AnswerKind),
    /// Shows something and asks again.
    Show(Show),
}

/// What can be shown without giving an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Show {
    /// What changed in the runbook.
    Difference,
    /// How to get help.
    Escalation,
    /// A hint, in an exercise.
    Hint,
    /// What the next person needs to know.
    HandOver,
    /// All keys.
    More,
    /// The pages, in a browser.
    Pages,
    /// Why the step exists.
    Why,
}

/// The keys of a question, those of its own first.
pub(super) fn offered(question: &Question) -> Vec<Key> {
    let mut keys = own(&question.ask);
    // A question that is itself no check stays when the checks run on their own.
    let checks = matches!(question.ask, Asking::Read { .. } | Asking::Survey { .. });
    for key in common().into_iter().filter(|key| checks || key.act != Act::Answer(Answer::Auto)) {
        if !keys.iter().any(|other| other.name == key.name) {
            keys.push(key);
        }
    }
    keys.retain(|key| match kind(&key.act) {
        None => true,
        Some(kind) => question.accepts.contains(&kind),
    });
    keys
}

/// The key that only an exercise has.
pub(super) fn hint() -> Key {
    more("H", "a hint; it stands in the record", Act::Show(Show::Hint))
}

/// The kind of answer that a key leads to.
fn kind(act: &Act) -> Option<AnswerKind> {
    match act {
        Act::Answer(answer) => Some(answer.kind()),
        Act::Ask(kind) => Some(*kind),
        Act::Show(_) => None,
    }
}

fn line(name: &'static str, label: &str, act: Act) -> Key {
    Key { name, label: label.to_owned(), act, place: Place::Line }
}

fn more(key: &'static str, label: &str, act: Act) -> Key {
    Key { place: Place::More, ..line(key, label, act) }
}

/// The same keys everywhere.
fn common() -> Vec<Key> {
    vec![
        line("a", "run checks on their own", Act::Answer(Answer::Auto)),
        line("s", "skip", Act::Ask(AnswerKind::Skip)),
        line("t", "elsewhere", Act::Ask(AnswerKind::Elsewhere)),
        more("u", "undo a step", Act::Ask(AnswerKind::Undo)),
        line("x", "get help", Act::Show(Show::Escalation)),
        line("q", "pause", Act::Answer(Answer::Pause)),
        line("?", "more", Act::Show(Show::More)),
        more("r", "run it again", Act::Answer(Answer::Again)),
        more("w", "why this step exists", Act::Show(Show::Why)),
        more("n", "write a note into the record", Act::Ask(AnswerKind::Note)),
        more("b", "back to the step before", Act::Answer(Answer::Back)),
        more("g", "go to a step", Act::Ask(AnswerKind::GoTo)),
        more("e", "edit the command", Act::Ask(AnswerKind::Edit)),
        more("!", "run a command of your own, recorded", Act::Ask(AnswerKind::AdHoc)),
        more("h", "hand over: what the next person needs", Act::Show(Show::HandOver)),
        more("d", "what changed in the runbook", Act::Show(Show::Difference)),
        more("k", "end the run here", Act::Answer(Answer::Stop)),
    ]
}

/// The keys of a question's own, which go before the common ones.
#[expect(clippy::too_many_lines, reason = "a table: a row for each kind of question")]
fn own(ask: &Asking) -> Vec<Key> {
    let proceed = || Act::Answer(Answer::Proceed);
    let again = || Act::Answer(Answer::Again);
    let stop = || line("k", "end the run here", Act::Answer(Answer::Stop));
    let undo = || line("u", "undo", Act::Ask(AnswerKind::Undo));
    let done = || Act::Ask(AnswerKind::Done);
    match ask {
        Asking::Approve(waiting) => approve(waiting.lapsed, stop()),
        Asking::Terminal { .. } => vec![stop()],
        Asking::Assertion { .. } => vec![line("r", "check again", again()), stop()],
        Asking::Attest { .. } => vec![line("", "done", done())],
        Asking::Confirm(card) if card.must_type.is_none() => {
            let confirm = Answer::Confirm { typed: None };
            vec![line("y", "run it", Act::Answer(confirm))]
        }
        Asking::Decide { .. } => vec![line("0", "not sure", Act::Ask(AnswerKind::NotSure))],
        Asking::Doubt { found, .. } => doubt(found),
        Asking::Failed { .. } => vec![
            line("r", "try again", again()),
            line("c", "go on, failed but handled", proceed()),
            undo(),
            stop(),
        ],
        Asking::HandOver { .. } => vec![line("", "told them", done())],
        Asking::Items(card) if card.effect == Effect::Read => vec![line("", "run them", proceed())],
        Asking::Items(card) if card.must_type.is_none() => {
            let confirm = Answer::Confirm { typed: None };
            vec![line("y", "run them", Act::Answer(confirm))]
        }
        Asking::Look { .. } => vec![
            line("", "looked at it", done()),
            line("o", "open it in a browser", Act::Show(Show::Pages)),
        ],
        Asking::MissingValue { .. } => vec![line("v", "type it", Act::Ask(AnswerKind::Value))],
        Asking::Confirm(_) | Asking::Items(_) | Asking::Outcome { .. } => Vec::new(),
        Asking::NoItems => vec![line("r", "make the list again", again()), stop()],
        Asking::Read { .. } => vec![line("", "run", proceed())],
        Asking::Refused { .. } => {
            vec![line("e", "edit the command", Act::Ask(AnswerKind::Edit)), stop()]
        }
        Asking::Seen => {
            vec![
                line("", "it did what it should", done()),
                line("r", "run it again", again()),
                stop(),
            ]
        }
        Asking::Survey { .. } => vec![line("", "check", proceed())],
        Asking::SurveyFailed { .. } => {
            vec![line("", "go on without", proceed()), line("r", "check again", again()), stop()]
        }
        Asking::Unavailable { .. } => vec![line("c", "go on all the same", proceed())],
        Asking::Unclear { .. } => vec![line("c", "do it", proceed())],
        Asking::UndoOffer { .. } => {
            vec![undo(), line("l", "leave it as it is", Act::Answer(Answer::Leave))]
        }
        Asking::Unexpected { .. } => {
            vec![line("", "go on", proceed()), line("r", "run it again", again())]
        }
        Asking::Value { choices, .. } => vec![none(choices.is_some())],
        Asking::Wait { .. } => vec![line("s", "go on at once", Act::Ask(AnswerKind::Skip))],
    }
}

fn approve(lapsed: Lapsed, stop: Key) -> Vec<Key> {
    let ask = match lapsed {
        Lapsed::No => line("f", "answer from a file", Act::Ask(AnswerKind::Approval)),
        Lapsed::Yes => line("r", "ask anew", Act::Answer(Answer::Again)),
    };
    let alone = line("B", "BREAK GLASS: go on alone", Act::Ask(AnswerKind::BreakGlass));
    vec![ask, alone, stop]
}

/// Zero stands among numbered choices, and is a value among typed ones.
fn none(numbered: bool) -> Key {
    let none = Act::Answer(Answer::NoneOfThese);
    if numbered { line("0", "none of these", none) } else { line("none", "no such value", none) }
}

fn doubt(found: &Found) -> Vec<Key> {
    let mut keys = Vec::new();
    if found.runs() {
        keys.push(line("", "wait for its end", Act::Answer(Answer::WaitForEnd)));
    }
    keys.extend([
        line("r", "look whether it took effect", Act::Answer(Answer::Recheck)),
        line("m", "it did, mark it done", Act::Answer(Answer::MarkDone)),
        line("o", "run it once more", Act::Answer(Answer::Again)),
        line("u", "undo it", Act::Ask(AnswerKind::Undo)),
        line("k", "end the run here", Act::Answer(Answer::Stop)),
    ]);
    keys
}

/// Keys one behind the other, on several lines where they do not fit: none is parted from what it does.
pub(super) fn in_lines(terminal: &Terminal, keys: impl Iterator<Item = Text>) -> Vec<Text> {
    let room = terminal.width().unwrap_or(usize::MAX);
    let mut lines: Vec<Text> = Vec::new();
    for key in keys {
        let longer = lines.last().map(|line| {
            let line = line.clone().add(Meaning::Dim, terminal.dot());
            line.join(key.clone())
        });
        match (longer, lines.last_mut()) {
            (Some(longer), Some(last)) if longer.width() <= room => *last = longer,
            _ => lines.push(Text::plain("    ").join(key)),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::LaneId;

    fn check(ask: Asking, accepts: &[AnswerKind], expected: &[&str]) {
        let question = Question { lane: LaneId::MAIN, step: None, ask, accepts: accepts.to_vec() };
        let keys: Vec<&str> = offered(&question).iter().map(|key| key.name).collect();
        assert_eq!(keys, expected);
    }

    fn read() -> Asking {
        Asking::Read {
            shown: "true".to_owned(),
            target: "here".to_owned(),
            place: None,
            identity: None,
            sample: None,
        }
    }

    #[test]
    fn only_what_the_question_takes_is_offered() {
        check(read(), &[], &["x", "?", "w", "h", "d"]);
        check(
            read(),
            &[AnswerKind::Proceed, AnswerKind::Skip],
            &["", "s", "x", "?", "w", "h", "d"],
        );
    }

    #[test]
    fn no_key_has_two_meanings() {
        let all = [
            AnswerKind::AdHoc,
            AnswerKind::Again,
            AnswerKind::Auto,
            AnswerKind::Back,
            AnswerKind::Edit,
            AnswerKind::GoTo,
            AnswerKind::MarkDone,
            AnswerKind::Note,
            AnswerKind::Pause,
            AnswerKind::Proceed,
            AnswerKind::Recheck,
            AnswerKind::Skip,
            AnswerKind::Stop,
            AnswerKind::Undo,
        ];
        let question = Question {
            lane: LaneId::MAIN,
            step: None,
            ask: Asking::Doubt {
                attempt: crate::engine::AttemptId(1),
                shown: String::new(),
                effect: crate::runbook::Effect::Change,
                found: Found::Unknown,
                rechecked: None,
            },
            accepts: all.to_vec(),
        };
        let mut keys: Vec<&str> = offered(&question).iter().map(|key| key.name).collect();
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), count);
    }

    #[test]
    fn enter_never_confirms() {
        for must_type in [None, Some("prod".to_owned())] {
            let question = Question {
                lane: LaneId::MAIN,
                step: None,
                ask: Asking::Confirm(Box::new(crate::console::card::example(must_type))),
                accepts: vec![AnswerKind::Confirm, AnswerKind::Skip],
            };
            assert!(offered(&question).iter().all(|key| !key.name.is_empty()));
        }
    }

    #[test]
    fn no_key_is_parted_from_what_it_does() {
        let (terminal, _) = crate::console::fixture::terminal(24);
        let keys = ["i say something", "q leave", "? more"].map(Text::plain);
        let lines: Vec<String> =
            in_lines(&terminal, keys.into_iter()).iter().map(Text::bare).collect();
        assert_eq!(lines, ["    i say something", "    q leave · ? more"]);
    }
}
