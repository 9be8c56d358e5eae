//! What a session needs from the world.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use jiff::Timestamp;

use crate::engine::{
    Attempt, AttemptId, Checked, Ended, Filtered, Kept, Question, Run, Survey, Survivor, Terms,
    Told, Waiting,
};
use crate::expression::Filter;
use crate::journal::Record;
use crate::runbook::OnDisconnect;
use crate::value::Secret;

/// Whoever answers questions: a console, a file of answers, a test.
pub trait Responder {
    /// Asks, and waits for an answer; at most until the given moment. When something happens beside
    /// it that must be heard first, the reply is [`Reply::Woken`], and what was typed is kept for
    /// the same question when it is asked again.
    fn ask(
        &mut self,
        question: &Question,
        run: &Run,
        until: Option<Timestamp>,
        beside: &mut dyn Beside,
    ) -> Reply;

    /// Asks for a password that a program wants; none if it is not given. The text never becomes a
    /// fact of the run.
    fn password(&mut self, wanted: &PasswordWanted<'_>, beside: &mut dyn Beside) -> Option<Secret> {
        let _ = (wanted, beside);
        None
    }

    /// The last answer was not taken, and why; the question will be asked again.
    fn refused(&mut self, why: &str);

    /// What was typed so far answers nothing any more, whatever is asked next.
    fn forget(&mut self) {}
}

/// What goes on beside a question.
pub trait Beside {
    /// Becomes readable when something may have happened; none if nothing can.
    fn wakes(&self) -> Option<BorrowedFd<'_>>;

    /// Looks at what happened, without waiting.
    fn look(&mut self) -> Heard;

    /// Stops what runs beside, its time, and this program, as Ctrl-Z does; returns when the program
    /// is continued.
    fn suspend(&mut self);
}

/// Whether something happened beside a question.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Heard {
    /// Nothing that cannot wait for the answer.
    Nothing,
    /// Something that must be heard before an answer is given.
    Something,
}

/// A program that a command started wants a password.
#[derive(Clone, Copy, Debug)]
pub struct PasswordWanted<'a> {
    /// The command, as the responder saw it.
    pub command: &'a str,
    /// What the program says: untrusted.
    pub prompt: &'a str,
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
    /// Something happened beside it that must be heard first.
    Woken,
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

    /// Makes what is kept of outputs durable, before the record says that the run rests.
    fn settle(&mut self) {}

    /// Runs jq filters on a document, each with a bound on what it may need.
    fn filter(&mut self, filters: &[Filter], document: &str) -> Filtered;

    /// Answers whoever asked for the walk: gives it, or says why not.
    fn answer_call(&mut self, refused: Option<&str>) {
        let _ = refused;
    }

    /// Why nobody else gets the walk, whatever it is at; nothing if it can be handed over.
    fn keeps(&self) -> Option<&'static str> {
        None
    }

    /// Waits for what happens next, at most until the given moment or the next tick of the display.
    fn next(&mut self, until: Option<Timestamp>) -> Happening;

    /// Becomes readable when [`Executor::glance`] may have something; none if it never has.
    fn wakes(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// What has happened, if anything has: never waits, and leaves signals to whoever asks.
    fn glance(&mut self) -> Option<Happening> {
        None
    }

    /// Gives a program the password that it asked for, or none. It is hidden from then on.
    fn give_password(&mut self, request: u32, password: Option<Secret>) {
        let _ = (request, password);
    }

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
    /// Somebody else asks for the walk; [`Executor::answer_call`] answers.
    Called {
        /// Who.
        by: String,
    },
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
    /// A program that a command started asks for a password.
    PasswordWanted {
        /// Which command.
        attempt: AttemptId,
        /// The number of the request, for [`Executor::give_password`].
        request: u32,
        /// What the program says: untrusted.
        prompt: String,
    },
    /// The process that watched a command died: nobody can see any more how it ends.
    Orphaned {
        /// Which.
        attempt: AttemptId,
        /// What lives of it.
        processes: Vec<Survivor>,
        /// Whether that is ended now.
        stays: OnDisconnect,
    },
    /// The output of a background command tells that it is ready.
    Ready {
        /// Which.
        attempt: AttemptId,
    },
    /// Nothing; time to draw the elapsed time anew.
    Tick,
    /// Somebody outside of the run says something: an inject of a drill.
    Told(Told),
    /// Whoever leads an exercise ends it.
    Closed {
        /// Who.
        by: String,
    },
}

/// Where a command printed something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stream {
    /// Standard error.
    Stderr,
    /// Standard output.
    Stdout,
}

/// Whoever carries requests to other people, and knows whose answer counts.
pub trait Notary {
    /// What the next request needs; a journal with so many records ends with this digest.
    fn terms(&mut self, record: u64, head: &str) -> Terms;

    /// Puts a request where others can take it from. The person at the terminal has it besides.
    fn hand_out(&mut self, waiting: &Waiting);

    /// Whether an answer was put where it is looked for.
    fn has_arrived(&mut self, waiting: &Waiting) -> bool;

    /// The answer that was put there; each is taken once.
    fn arrived(&mut self, waiting: &Waiting) -> Option<String>;

    /// What an answer is worth at this time.
    fn check(&mut self, waiting: &Waiting, text: &str, now: Timestamp) -> Checked;
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
    /// Somebody else asked for the walk and does not get it now.
    NotGiven {
        /// Who.
        by: &'a str,
        /// Why not.
        why: &'a str,
    },
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
    /// A program that a command started is about to ask for a password.
    PasswordWanted {
        /// Which command.
        attempt: AttemptId,
    },
    /// The process that watched a command died.
    Orphaned {
        /// Which command.
        attempt: AttemptId,
        /// What lives of it.
        processes: &'a [Survivor],
        /// Whether that is ended now.
        stays: OnDisconnect,
    },
    /// A background command is ready.
    Ready {
        /// Which.
        attempt: AttemptId,
    },
    /// Time to draw the elapsed time anew.
    Tick,
}

/// What time it is.
pub trait Clock {
    /// The wall clock.
    fn now(&self) -> Timestamp;

    /// Seconds since some moment, which no change of the wall clock moves.
    fn monotonic(&self) -> f64;

    /// How long the machine has to wait until this clock shows a moment.
    fn until(&self, moment: Timestamp) -> Duration {
        Duration::try_from(moment.duration_since(self.now())).unwrap_or(Duration::ZERO)
    }
}
