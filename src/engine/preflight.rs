//! What is looked at before step 1, all at once: programs, variables, versions, checks, and what
//! targets prove to be.

use super::attempted::{AttemptEnded, AttemptId, Role, Verdict};
use super::demand::{Attempt, Survey};
use super::demands::Place;
use super::event::Missing;
use super::facts::StateFacts;
use super::lane::LaneId;
use super::run::Run;
use super::scope::ScopeId;
use crate::plan::{BoundCommand, bind};
use crate::policy::{Level, Pace};
use crate::runbook::{Action, BookId, Command, Effect, Form, Requirement, Runbook, StepId};
use crate::value::Name;

/// How far the look around is.
#[derive(Clone, Debug, Default)]
pub(super) struct Preflight {
    pub(super) progress: Progress,
    pub(super) consent: Consent,
    /// The check that comes next, or runs.
    pub(super) next: usize,
    pub(super) running: Option<AttemptId>,
    pub(super) missing: Vec<Missing>,
    /// What the survey did not find, such as `program jq`.
    pub(super) absent: Vec<String>,
}

/// Where the look around stands.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Progress {
    /// Programs and variables have not been looked for.
    #[default]
    Survey,
    /// Checks run one after the other.
    Checks,
    /// The walk may begin.
    Over,
}

/// Whether the commands of the look around may run.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Consent {
    /// Nobody was asked.
    #[default]
    Unasked,
    /// They may.
    Given,
    /// They may not.
    Declined,
}

/// A command that is run before step 1.
pub(super) struct Check<'a> {
    pub(super) what: String,
    pub(super) subject: Subject<'a>,
    pub(super) command: BoundCommand,
    /// The steps that need it.
    pub(super) steps: Vec<StepId>,
}

/// What a check looks at.
#[derive(Eq, PartialEq)]
pub(super) enum Subject<'a> {
    /// A command must succeed; what is said if it does not.
    Success(Option<&'a str>),
    /// A target must be what it should.
    Target(String),
    /// A program must have a version.
    Version(&'a semver::VersionReq),
}

impl Run {
    /// The programs and variables to look for.
    pub(super) fn survey(&self) -> Survey {
        let mut survey = Survey::default();
        let books = self.plan.runbook.all_books();
        for requirement in books.flat_map(|(_, book)| &book.requires) {
            match requirement {
                Requirement::Check { .. } => {}
                Requirement::Env { name, .. } => survey.variables.push(name.clone()),
                Requirement::Program { program, .. } => survey.programs.push(program.clone()),
            }
        }
        survey
    }

    /// What a missing thing, as the survey names it, means for the walk.
    pub(super) fn missing(&self, what: &str) -> Missing {
        let steps = match what.split_once(' ') {
            Some(("program", program)) => self.steps_that_start(program, None),
            _ => Vec::new(),
        };
        Missing { what: what.to_owned(), detail: "not found".to_owned(), steps }
    }

    /// The steps that start a program: all, or those of one runbook.
    fn steps_that_start(&self, program: &str, of: Option<BookId>) -> Vec<StepId> {
        let starts = |command: &Command| match &command.form {
            Form::List(words) => matches!(
                words.first(),
                Some(crate::runbook::Argument::One(word)) if word.source() == program
            ),
            Form::Shell(script) => script.programs().iter().any(|(name, _)| name == program),
        };
        let steps = self.plan.runbook.steps.iter();
        steps
            .filter(|step| of.is_none_or(|book| step.part.book() == book))
            .filter(|step| matches!(&step.action, Action::Run(run) if starts(&run.command)))
            .map(|step| step.id.clone())
            .collect()
    }

    /// The commands to run before step 1, in order. Those whose values are not known yet are left
    /// to the steps that need them.
    pub(super) fn checks(&self) -> Vec<Check<'_>> {
        let mut checks: Vec<Check<'_>> = Vec::new();
        for (book, runbook) in self.plan.runbook.all_books() {
            if runbook.requires.is_empty() {
                continue;
            }
            for check in self.required(book, runbook) {
                // Runbooks that need the same thing share one look at it.
                let same = |it: &&mut Check<'_>| {
                    it.command == check.command && it.subject == check.subject
                };
                match checks.iter_mut().find(same) {
                    Some(first) => first.steps.extend(check.steps),
                    None => checks.push(check),
                }
            }
        }
        checks.extend(self.assertions());
        checks
    }

    /// What one of the runbooks requires, as far as the values for it are known.
    fn required<'a>(&'a self, book: BookId, runbook: &'a Runbook) -> Vec<Check<'a>> {
        let facts = self.facts_foreseen(book);
        let of = match self.use_of(book) {
            Some(used) => format!(", for {}", used.place),
            None => String::new(),
        };
        let absent = |program: &str| {
            let what = format!("program {program}");
            self.state.preflight.absent.contains(&what)
        };
        let mut checks = Vec::new();
        for requirement in &runbook.requires {
            match requirement {
                Requirement::Check { command, say, .. } => {
                    if let Ok(command) = bind(runbook, command, &*facts) {
                        let what = format!("check {}{of}", command.shown);
                        let subject = Subject::Success(say.as_deref());
                        let steps = self.beginning(book);
                        checks.push(Check { what, subject, command, steps });
                    }
                }
                Requirement::Program { program, version: Some((wanted, command)), .. }
                    if !absent(program) =>
                {
                    if let Ok(command) = bind(runbook, command, &*facts) {
                        let what = format!("program {program}{of}");
                        let steps =
                            self.steps_that_start(program, (book != BookId::MAIN).then_some(book));
                        checks.push(Check {
                            what,
                            subject: Subject::Version(wanted),
                            command,
                            steps,
                        });
                    }
                }
                Requirement::Env { .. } | Requirement::Program { .. } => {}
            }
        }
        checks
    }

    /// The step that a used runbook begins with: it is not begun unless somebody says so.
    fn beginning(&self, book: BookId) -> Vec<StepId> {
        let first = self.plan.runbook.used_by(book).and_then(|used| used.main.first());
        first.map(|step| self.step(*step).id.clone()).into_iter().collect()
    }

    /// What the targets of the runbook that is run must prove to be. Those of a used one are asked as
    /// its steps come.
    fn assertions(&self) -> Vec<Check<'_>> {
        let runbook = &self.plan.runbook;
        let facts = StateFacts::now(self, LaneId::MAIN);
        let mut checks = Vec::new();
        for (name, target) in &runbook.targets {
            let Some(assertion) = &target.assertion else {
                continue;
            };
            let command = bind(runbook, &assertion.command, &facts);
            let expected = assertion.equals.render(&facts);
            if let (Ok(command), Ok(expected)) = (command, expected) {
                let steps = self.steps_on(name);
                let subject = Subject::Target(expected);
                checks.push(Check { what: format!("target {name}"), subject, command, steps });
            }
        }
        checks
    }

    fn steps_on(&self, target: &Name) -> Vec<StepId> {
        let wanted = crate::runbook::TargetRef::Named(target.clone());
        // A used runbook's target of that name is another one.
        let steps = self.plan.runbook.own_steps().iter();
        steps
            .filter(|step| matches!(&step.action, Action::Run(run) if run.command.target == wanted))
            .map(|step| step.id.clone())
            .collect()
    }

    /// Takes the end of a check into account.
    pub(super) fn check_ended(&mut self, ended: &AttemptEnded) {
        let place = self.state.preflight.next;
        let missing = match &ended.verdict {
            Verdict::Passed => None,
            Verdict::Failed { why, .. } | Verdict::Unexpected { why, .. } => Some(why.clone()),
            Verdict::InDoubt | Verdict::Pending { .. } => Some("its end is not known".to_owned()),
        };
        let check = self.checks().into_iter().nth(place);
        if let (Some(detail), Some(check)) = (missing, check) {
            let missing = Missing { what: check.what, detail, steps: check.steps };
            self.state.preflight.missing.push(missing);
        }
        self.state.preflight.running = None;
        self.state.preflight.next = place + 1;
    }

    /// The next command of the look around, if one is to start.
    pub(super) fn preflight_attempt(&self) -> Option<Attempt> {
        let preflight = &self.state.preflight;
        if preflight.running.is_some() {
            return None;
        }
        let check = self.checks().into_iter().nth(preflight.next)?;
        let role = match check.subject {
            Subject::Target(_) => Role::Assert,
            Subject::Success(_) | Subject::Version(_) => Role::Require,
        };
        let place = Place { lane: LaneId::MAIN, scope: ScopeId::MAIN, step: None };
        Some(self.attempt(place, role, Effect::Read, check.command))
    }

    /// A version that the check of the look around would take.
    pub(super) fn version_before_the_walk(&self) -> Option<String> {
        let check = self.checks().into_iter().nth(self.state.preflight.next)?;
        match check.subject {
            Subject::Version(wanted) => version_of(wanted).map(|version| version.to_string()),
            Subject::Success(_) | Subject::Target(_) => None,
        }
    }

    /// Whether there is nothing to look for before step 1, here or in what is used.
    pub(super) fn requires_nothing(&self) -> bool {
        self.plan.runbook.all_books().all(|(_, book)| book.requires.is_empty())
    }

    /// Whether the commands of the look around must be agreed to first.
    pub(super) fn preflight_asks(&self) -> bool {
        self.state.preflight.consent == Consent::Unasked
            && self.level_of(Effect::Read, Pace::Flow) > Level::Auto
    }
}

/// A version that is one of those wanted: one of the bounds, or next to it.
fn version_of(wanted: &semver::VersionReq) -> Option<semver::Version> {
    let near = wanted.comparators.iter().flat_map(|bound| {
        let (major, minor) = (bound.major, bound.minor.unwrap_or(0));
        let patch = bound.patch.unwrap_or(0);
        [
            semver::Version::new(major, minor, patch),
            semver::Version::new(major, minor, patch + 1),
            semver::Version::new(major, minor + 1, 0),
            semver::Version::new(major + 1, 0, 0),
            semver::Version::new(major, minor, patch.saturating_sub(1)),
            semver::Version::new(major, minor.saturating_sub(1), 0),
            semver::Version::new(major.saturating_sub(1), 0, 0),
        ]
    });
    let any = [semver::Version::new(1, 0, 0)];
    near.chain(any).find(|version| wanted.matches(version))
}

/// The version in a program's words: the first two or three numbers joined by dots.
pub fn version_in(text: &str) -> Option<semver::Version> {
    let pattern = regex::Regex::new(r"(\d+)\.(\d+)(?:\.(\d+))?").expect("a constant pattern");
    let found = pattern.captures(text)?;
    let number = |group: usize| found.get(group).map_or(Some(0), |m| m.as_str().parse().ok());
    Some(semver::Version::new(number(1)?, number(2)?, number(3)?))
}
