//! Whether a result is what it should be: expectations, polls, and the check afterwards.

use jiff::Timestamp;

use super::attempted::{End, Verdict};
use super::facts::StateFacts;
use super::job::Job;
use crate::expression::{Expression, Part};
use crate::runbook::{AtTheEnd, Effect, Poll, Run as RunAction, Verify};

/// A result, and all that it is judged by.
pub(super) struct Looked<'a> {
    pub(super) job: &'a Job,
    pub(super) run: &'a RunAction,
    pub(super) facts: &'a StateFacts<'a>,
    pub(super) at: Timestamp,
    /// The runbook says what a failure does: then a read can fail, too.
    pub(super) ruled: bool,
}

impl Looked<'_> {
    /// What it comes to; `problem` says which value could not be taken.
    pub(super) fn judged(&self, problem: Option<String>, end: &End) -> Verdict {
        let Some(poll) = &self.run.poll else {
            return self.expected(problem, end);
        };
        match self.polled(poll) {
            Verdict::Passed => self.rest(problem),
            verdict => verdict,
        }
    }

    fn expected(&self, problem: Option<String>, end: &End) -> Verdict {
        let reason = run_reason(self.run, end);
        // Who talked to it says what was seen; its status tells only where the author asks.
        let asked = self.run.interactive.is_none() || self.run.expect_given;
        let expect = if asked { self.run.expect.as_slice() } else { &[] };
        let Some((mut why, parts)) = first_false(expect, self.facts, &reason) else {
            return match problem {
                Some(problem) => retried(self.job, self.run, problem, Vec::new()),
                None => self.rest(None),
            };
        };
        if let (Some(problem), true) = (problem, parts.is_empty()) {
            why = format!("{why}; {problem}");
        }
        match retried(self.job, self.run, why, parts) {
            Verdict::Failed { why, parts } if self.run.effect == Effect::Read && !self.ruled => {
                Verdict::Unexpected { why, parts }
            }
            verdict => verdict,
        }
    }

    fn polled(&self, poll: &Poll) -> Verdict {
        if let Some(aborted) = self.aborted(poll) {
            return aborted;
        }
        let why = format!("`{}` does not hold yet", poll.until.text());
        let why = match poll.at_the_end {
            AtTheEnd::Failed => why,
            AtTheEnd::Passed => format!("{} is not over", poll.within.written),
        };
        let (why, parts) = match poll.until.holds(self.facts) {
            Ok(true) => return Verdict::Passed,
            Ok(false) => (why, poll.until.explain(self.facts)),
            Err(error) => {
                (format!("{why}: {error}{}", self.facts.cut()), poll.until.explain(self.facts))
            }
        };
        let begun = self.job.first_start.unwrap_or(self.at);
        let gone = u64::try_from(self.at.duration_since(begun).as_millis()).unwrap_or(0);
        if gone + poll.every.millis <= poll.within.millis {
            return Verdict::Pending { why, parts };
        }
        if poll.at_the_end == AtTheEnd::Passed {
            return Verdict::Passed;
        }
        let (until, within) = (poll.until.text(), &poll.within.written);
        let why = format!("`{until}` did not hold within {within}");
        Verdict::Failed { why, parts }
    }

    /// The failure of a poll that is not to go on. One of which that cannot be told is not, either.
    fn aborted(&self, poll: &Poll) -> Option<Verdict> {
        let abort_when = poll.abort_when.as_ref()?;
        let text = abort_when.text();
        let why = match abort_when.holds(self.facts) {
            Ok(false) => return None,
            Ok(true) => format!("aborted: `{text}` holds"),
            Err(error) => format!("aborted: `{text}` cannot be told: {error}{}", self.facts.cut()),
        };
        Some(Verdict::Failed { why, parts: abort_when.explain(self.facts) })
    }

    /// What is left once expectations hold: values that could not be taken, and the check
    /// afterwards.
    fn rest(&self, problem: Option<String>) -> Verdict {
        if let Some(why) = problem {
            let parts = Vec::new();
            return Verdict::Failed { why, parts };
        }
        if let Some(Verify::Expect(expressions)) = &self.run.verify
            && let Some((why, parts)) =
                first_false(expressions, self.facts, "the check afterwards failed")
        {
            return Verdict::Failed { why, parts };
        }
        Verdict::Passed
    }
}

/// A failure, or a pause before the command is tried again.
pub(super) fn retried(job: &Job, run: &RunAction, why: String, parts: Vec<Part>) -> Verdict {
    match &run.retry {
        Some(retry) if job.repeats < retry.times => Verdict::Pending { why, parts },
        _ => Verdict::Failed { why, parts },
    }
}

fn run_reason(run: &RunAction, end: &End) -> String {
    match (run.expect_given, end) {
        (false, End::Exited { code }) => format!("exit {code}"),
        _ => "not as expected".to_owned(),
    }
}

/// The first expression that does not hold, with its values.
fn first_false(
    expressions: &[Expression],
    facts: &StateFacts<'_>,
    reason: &str,
) -> Option<(String, Vec<Part>)> {
    for expression in expressions {
        match expression.holds(facts) {
            Ok(true) => {}
            Ok(false) => {
                let why = if reason.starts_with("exit ") {
                    reason.to_owned()
                } else {
                    format!("{reason}: `{}`", expression.text())
                };
                return Some((why, expression.explain(facts)));
            }
            Err(error) => {
                let why = format!("`{}`: {error}{}", expression.text(), facts.cut());
                return Some((why, Vec::new()));
            }
        }
    }
    None
}
