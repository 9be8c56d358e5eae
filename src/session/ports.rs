//! What a session needs from the world.

use jiff::Timestamp;

use crate::engine::{Attempt, AttemptId, Ended, Filtered, Kept, Question, Run, Survey};
use crate::expression::Filter;
use crate::journal::Record;
use crate::value::Secret;

/// Whoever answers questions: a console, a file of answers, a test.
pub trait Responder {
    /// Asks, and waits for an answer; at most until the given moment.
    fn ask(&mut self, question: &Question, run: &Run, until: Option<Timestamp>) -> Reply;

    /// The last answer was not taken, and why; the question will be asked again.
    fn refused(&mut self, why: &str);
}

/// What became of a question.
#[derive(Clone, Debug)]
pub enum Reply {
    /// An answer.
    Answer(crate::engine::Answer),
    /// The moment is reached.
    Elapsed,
    /// The terminal is gone.
    HungUp,
    /// Ctrl-C.
    Interrupted,
    /// Nobody is there.
    Nobody,
    /// Nobody is there, and this is not answered without a person: a confirmation.
    Refused,
}

/// Whatever runs commands: the supervisor, or a scenario.
pub trait Executor {
    /// Looks for programs and variables; returns what is missing, as `program x`, `variable X`.
    fn survey(&mut self, wanted: &Survey) -> Vec<String>;

    /// From now on hides a secret in all output.
    fn hide(&mut self, name: &str, secret: &Secret);

    /// Starts a command. That it cannot be started is an end like any other, told by
    /// [`Executor::next`].
    fn start(&mut self, attempt: &Attempt);

    /// Takes part in an attempt that another process started: its end is told by
    /// [`Executor::next`] once its supervisor has written it.
    fn attach(&mut self, attempt: AttemptId);

    /// Keeps the output of a command that the responder ran elsewhere, masked.
    fn keep(&mut self, attempt: AttemptId, output: &str) -> Kept;

    /// Runs jq filters on a document, each with a bound on what it may need.
    fn filter(&mut self, filters: &[Filter], document: &str) -> Filtered;

    /// Waits for what happens next, at most until the next tick of the display.
    fn next(&mut self) -> Happening;

    /// Asks a command to end, as Ctrl-C does; after its grace it is killed.
    fn interrupt(&mut self, attempt: AttemptId);

    /// Ends a command and all it started, at once.
    fn kill(&mut self, attempt: AttemptId);

    /// Stops the commands, their time, and this program, as Ctrl-Z does; returns when the program is
    /// continued, and the commands with it.
    fn suspend(&mut self);
}

/// What happens while commands run.
#[derive(Clone, Debug)]
pub enum Happening {
    /// A command ended.
    Ended(Box<Ended>),
    /// The terminal is gone, or the system asks the program to end.
    HangUp,
    /// Ctrl-C.
    Interrupt,
    /// A command printed something; masked.
    Output {
        /// Which.
        attempt: AttemptId,
        /// Where.
        stream: Stream,
        /// What.
        bytes: Vec<u8>,
    },
    /// Ctrl-Z.
    Suspend,
    /// Nothing; time to draw the elapsed time anew.
    Tick,
}

/// Where a command printed something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stream {
    /// Standard error.
    Stderr,
    /// Standard output.
    Stdout,
}

/// Whoever watches: a live view, a stream of JSON lines.
pub trait Observer {
    /// A fact was made durable and taken into account.
    fn recorded(&mut self, record: &Record, run: &Run);

    /// Something that is shown and never recorded.
    fn noticed(&mut self, notice: &Notice<'_>, run: &Run);
}

/// What is shown and never recorded.
#[derive(Clone, Copy, Debug)]
pub enum Notice<'a> {
    /// The program goes on after Ctrl-Z.
    Continued,
    /// A command is being stopped; it has this many milliseconds before it is killed.
    Interrupting {
        /// Which.
        attempt: AttemptId,
        /// How long.
        grace: u64,
    },
    /// A command is being killed.
    Killing {
        /// Which.
        attempt: AttemptId,
    },
    /// A command printed something; masked.
    Output {
        /// Which.
        attempt: AttemptId,
        /// Where.
        stream: Stream,
        /// What.
        bytes: &'a [u8],
    },
    /// The program is about to be stopped by Ctrl-Z.
    Suspending,
    /// Time to draw the elapsed time anew.
    Tick,
}

/// What time it is.
pub trait Clock {
    /// The wall clock.
    fn now(&self) -> Timestamp;

    /// Seconds since some moment, which no change of the wall clock moves.
    fn monotonic(&self) -> f64;
}
