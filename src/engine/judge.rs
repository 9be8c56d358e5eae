//! What the end of a command means: expectations, captures and findings. All of it goes into the
//! event, because after a crash the output is only a masked file.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;

use super::attempted::{AttemptEnded, End, FindingRecord, Role, Verdict};
use super::capture::capture;
use super::demand::{Ended, Keep, Printed};
use super::event::Recorded;
use super::expectation::{Looked, retried};
use super::facts::{ResultFacts, StateFacts};
use super::job::Job;
use super::lane::LaneId;
use super::preflight::{Subject, version_in};
use super::run::Run;
use crate::runbook::{Action, Run as RunAction, StepKey};
use crate::value::Name;

/// What a main command's result comes to.
pub(super) struct Judgement {
    pub(super) verdict: Verdict,
    pub(super) captured: BTreeMap<Name, Recorded>,
    findings: Vec<FindingRecord>,
}

impl Judgement {
    /// A verdict and nothing more.
    pub(super) fn of(verdict: Verdict) -> Self {
        Self { verdict, captured: BTreeMap::new(), findings: Vec::new() }
    }
}

impl Run {
    /// The fact that a command ended, with all it means.
    pub(super) fn ended(
        &self,
        lane: LaneId,
        ended: Ended,
        role: Role,
        at: Timestamp,
    ) -> AttemptEnded {
        let mut identity = None;
        let judgement = match role {
            Role::Choices => self.judge_choices(lane, &ended),
            Role::Main if self.is_beside(ended.attempt) => {
                Judgement::of(self.judge_beside(ended.attempt, judge_exit(&ended)))
            }
            Role::Main => self.judge_main(lane, &ended, at),
            Role::Assert => {
                let (verdict, proved) = self.judge_assertion(lane, &ended);
                identity = proved;
                Judgement::of(verdict)
            }
            Role::Recheck => Judgement::of(judge_recheck(&ended.end)),
            Role::Require => Judgement::of(self.judge_requirement(&ended)),
            Role::AdHoc | Role::Ready | Role::Undo => Judgement::of(judge_exit(&ended)),
            Role::Verify => Judgement::of(match judge_exit(&ended) {
                Verdict::Failed { why, parts } => {
                    Verdict::Failed { why: format!("the check afterwards failed: {why}"), parts }
                }
                verdict => verdict,
            }),
        };
        let hiding = self.hiding(&judgement.captured);
        hiding.ended(AttemptEnded {
            attempt: ended.attempt,
            end: ended.end,
            took: ended.took,
            output: ended.output,
            evidence: ended.evidence,
            left_running: ended.left_running,
            containment: ended.containment,
            verdict: judgement.verdict,
            captured: judgement.captured,
            findings: judgement.findings,
            identity,
            elsewhere: false,
            recovered: ended.recovered,
            lane,
        })
    }

    /// The result of a command that the responder ran elsewhere.
    pub(super) fn ended_elsewhere(
        &self,
        lane: LaneId,
        ended: Ended,
        at: Timestamp,
    ) -> AttemptEnded {
        AttemptEnded { elsewhere: true, ..self.ended(lane, ended, Role::Main, at) }
    }

    fn judge_main(&self, lane: LaneId, ended: &Ended, at: Timestamp) -> Judgement {
        let Some(job) = self.job_in(lane) else {
            return Judgement::of(judge_exit(ended));
        };
        let Some(step) = job.step() else {
            return Judgement::of(judge_exit(ended));
        };
        let Action::Run(run) = &self.step(step).action else {
            return Judgement::of(judge_exit(ended));
        };
        let seen = self.seen(ended, step);
        let ended = &*seen;
        let End::Exited { code } = ended.end else {
            let verdict = match judge_exit(ended) {
                // Whoever stopped it does not want it run again by itself.
                Verdict::Failed { why, parts } if !matches!(ended.end, End::Interrupted { .. }) => {
                    retried(job, run, why, parts)
                }
                verdict => verdict,
            };
            return Judgement::of(verdict);
        };
        let mut result = ResultFacts {
            exit: Some(code),
            stdout: whole(&ended.stdout),
            stderr: whole(&ended.stderr),
            took: ended.took,
            captured: BTreeMap::new(),
        };
        let problem = take_captures(run, ended, &mut result);
        let facts = StateFacts::now(self, lane).at(at).with(&result);
        let looked = Looked { job, run, facts: &facts, at, ruled: self.is_ruled(job) };
        let verdict = looked.judged(problem, &ended.end);
        let findings = match verdict {
            Verdict::Pending { .. } => Vec::new(),
            _ => found(run, &facts, &verdict),
        };
        Judgement { verdict, findings, captured: result.captured }
    }

    /// What is known of a result: what may not be kept is gone when somebody else takes over.
    fn seen<'a>(&self, ended: &'a Ended, step: StepKey) -> Cow<'a, Ended> {
        if !ended.recovered || self.keep(step) == Keep::Output {
            return Cow::Borrowed(ended);
        }
        let gone = || Printed { bytes: Vec::new(), more: 1 };
        Cow::Owned(Ended { stdout: gone(), stderr: gone(), ..ended.clone() })
    }

    /// Whether a target is what it should be, and what it said.
    fn judge_assertion(&self, lane: LaneId, ended: &Ended) -> (Verdict, Option<String>) {
        let said = String::from_utf8_lossy(&ended.stdout.bytes).trim().to_owned();
        let expected = match self.job_in(lane) {
            Some(job) => self.expected(job),
            None => self.expected_before_the_walk(),
        };
        let why = match (judge_exit(ended), expected) {
            (Verdict::Passed, _) if said.is_empty() => "it says nothing".to_owned(),
            (Verdict::Passed, Some(expected)) if said == expected => {
                return (Verdict::Passed, Some(said));
            }
            (Verdict::Passed, Some(expected)) => format!("it says `{said}`, not `{expected}`"),
            (Verdict::Passed, None) => "what it should say is not known".to_owned(),
            (verdict, _) => return (verdict, None),
        };
        let parts = Vec::new();
        (Verdict::Failed { why, parts }, None)
    }

    pub(super) fn expected_before_the_walk(&self) -> Option<String> {
        match self.checks().into_iter().nth(self.state.preflight.next).map(|check| check.subject) {
            Some(Subject::Target(expected)) => Some(expected),
            _ => None,
        }
    }

    fn judge_requirement(&self, ended: &Ended) -> Verdict {
        let verdict = judge_exit(ended);
        let check = self.checks().into_iter().nth(self.state.preflight.next);
        match (verdict, check.map(|check| check.subject)) {
            (Verdict::Failed { why, parts }, Some(Subject::Success(Some(say)))) => {
                Verdict::Failed { why: format!("{say} ({why})"), parts }
            }
            (Verdict::Passed, Some(Subject::Version(wanted))) => {
                let said = String::from_utf8_lossy(&ended.stdout.bytes);
                let why = match version_in(&said) {
                    Some(version) if wanted.matches(&version) => return Verdict::Passed,
                    Some(version) => format!("version {version}, wanted {wanted}"),
                    None => format!("it does not say which version it is, wanted {wanted}"),
                };
                Verdict::Failed { why, parts: Vec::new() }
            }
            (verdict, _) => verdict,
        }
    }

    /// How long to pause before a command is run again.
    pub(super) fn pause(&self, job: &Job) -> u64 {
        let Some(step) = job.step() else { return 0 };
        let Action::Run(run) = &self.step(step).action else {
            return 0;
        };
        if let Some(poll) = &run.poll {
            return poll.every.millis;
        }
        let Some(retry) = &run.retry else { return 0 };
        let factor = retry.backoff.powi(i32::try_from(job.repeats).unwrap_or(i32::MAX));
        let day = 86_400_000.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "bounded by a day and not negative"
        )]
        let millis = (retry.every.millis as f64 * factor).clamp(0.0, day) as u64;
        millis
    }
}

/// Why a command failed that somebody stopped.
pub const INTERRUPTED: &str = "it was interrupted";

/// What an end means where exit status 0 is success.
pub(super) fn judge_exit(ended: &Ended) -> Verdict {
    let why = match &ended.end {
        End::Exited { code: 0 } => return Verdict::Passed,
        End::Disconnected | End::Unknown => return Verdict::InDoubt,
        End::CouldNotStart { why } => format!("it could not be started: {why}"),
        End::Exited { code } => {
            let said = first_line(&ended.stderr);
            if said.is_empty() { format!("exit {code}") } else { format!("exit {code}: {said}") }
        }
        End::Interrupted { .. } => INTERRUPTED.to_owned(),
        End::Signalled { signal } => format!("killed by signal {signal}"),
        End::TimedOut { after } => format!("timed out after {} s", after / 1000),
    };
    Verdict::Failed { why, parts: Vec::new() }
}

fn judge_recheck(end: &End) -> Verdict {
    match end {
        End::Exited { code: 0 } => Verdict::Passed,
        End::Exited { code: 1 } => {
            Verdict::Failed { why: "it did not take effect".to_owned(), parts: Vec::new() }
        }
        _ => Verdict::InDoubt,
    }
}

/// A text, if all of it is there.
fn whole(printed: &Printed) -> Option<String> {
    (printed.more == 0).then(|| String::from_utf8_lossy(&printed.bytes).into_owned())
}

fn first_line(printed: &Printed) -> String {
    let text = String::from_utf8_lossy(&printed.bytes);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    line.chars().take(200).collect()
}

fn take_captures(run: &RunAction, ended: &Ended, result: &mut ResultFacts) -> Option<String> {
    let mut problem = None;
    for wanted in &run.captures {
        match capture(wanted, ended) {
            Ok(value) => {
                result.captured.insert(wanted.name.clone(), value);
            }
            Err(why) => {
                problem.get_or_insert(format!("`{}`: {why}", wanted.name));
            }
        }
    }
    problem
}

/// The findings that hold. One that cannot be evaluated says so, unless it asks for a value that a
/// failed command could not give: then the failure is the news.
fn found(run: &RunAction, facts: &StateFacts<'_>, verdict: &Verdict) -> Vec<FindingRecord> {
    let mut records = Vec::new();
    for finding in &run.findings {
        let say = match finding.when.holds(facts) {
            Ok(false) => continue,
            Ok(true) => {
                finding.say.render(facts).unwrap_or_else(|_| finding.say.source().to_owned())
            }
            Err(error) if error.unset.is_some() && *verdict != Verdict::Passed => continue,
            Err(error) => format!("(cannot tell: {}: {error})", finding.when.text()),
        };
        records.push(FindingRecord {
            say,
            severity: finding.severity,
            suggest: finding.suggest.clone(),
        });
    }
    records
}
