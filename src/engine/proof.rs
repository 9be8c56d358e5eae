//! The commands around a step's own: what proves a target, a verification, a recheck.

use super::attempted::{AttemptId, Role};
use super::demand::Demands;
use super::job::{Job, Proof, Stage};
use super::lane::LaneId;
use super::run::Run;
use crate::plan::{BoundCommand, bind};
use crate::runbook::{Assertion, Command, Effect, TargetRef, Verify};
use crate::template::BindError;
use crate::value::{Name, Reference};

/// How long a target's proof is good for a read.
const PROOF_SECONDS: i64 = 60;

impl Run {
    /// The command that proves the target of what comes next, if it has to be proved now.
    pub(super) fn proof_demands(&self, job: &Job) -> Option<Demands> {
        let (name, assertion) = self.assertion(job)?;
        if !self.proof_is_due(job, name) {
            return None;
        }
        let facts = self.job_facts(job);
        let bound = assertion
            .equals
            .render(&facts)
            .map_err(BindError::from)
            .and_then(|_| bind(self.own_runbook(job), &assertion.command, &facts));
        Some(match bound {
            Ok(command) => self.helper_attempt(job, Role::Assert, command),
            Err(failure) => self.unbound(job, &failure),
        })
    }

    /// Before reads a recent proof is good enough. A change has one before its card, and another
    /// after it: what was true before a person thought it over must still be true.
    fn proof_is_due(&self, job: &Job, target: &Name) -> bool {
        let helper = matches!(job.stage, Stage::Verifying | Stage::Doubt { .. });
        match job.proof {
            _ if helper || self.job_effect(job) == Effect::Read => {
                !self.proved_recently(job, target)
            }
            Proof::Given => false,
            Proof::Fresh | Proof::Recent => true,
        }
    }

    fn proved_recently(&self, job: &Job, target: &Name) -> bool {
        self.state.proved.get(&self.proof_key(self.job_scope(job), target.as_str())).is_some_and(
            |proved| {
                let age = self.state.at.duration_since(proved.at).as_secs();
                (0..PROOF_SECONDS).contains(&age)
            },
        )
    }

    /// The target of what a job does next, and how it proves what it is.
    pub(super) fn assertion(&self, job: &Job) -> Option<(&Name, &Assertion)> {
        let TargetRef::Named(name) = &self.next_command(job)?.target else {
            return None;
        };
        let (name, target) = self.own_runbook(job).targets.get_key_value(name)?;
        Some((name, target.assertion.as_ref()?))
    }

    /// What the target of a job must say, if the values for it are known.
    pub(super) fn expected(&self, job: &Job) -> Option<String> {
        let (_, assertion) = self.assertion(job)?;
        assertion.equals.render(&self.job_facts(job)).ok()
    }

    /// What a command that runs must print for what it proves to hold: what its target is, or a
    /// version that is wanted.
    pub fn proving_text(&self, attempt: AttemptId) -> Option<String> {
        let running = self.state.running.get(&attempt)?;
        match running.role {
            Role::Assert => match self.job_in(running.lane) {
                Some(job) => self.expected(job),
                None => self.expected_before_the_walk(),
            },
            Role::Require => self.version_before_the_walk(),
            _ => None,
        }
    }

    fn next_command<'a>(&'a self, job: &'a Job) -> Option<&'a Command> {
        let stage = match (&job.stage, &job.unproved) {
            (Stage::Proving(then), _) | (Stage::Judged, Some(then)) => then,
            (stage, _) => stage,
        };
        match stage {
            Stage::Verifying => self.verify_command(job),
            Stage::Doubt { .. } => self.recheck_command(job),
            _ => self.job_command(job),
        }
    }

    fn verify_command(&self, job: &Job) -> Option<&Command> {
        match &self.run_of(job.step()?)?.verify {
            Some(Verify::Command(command)) => Some(command),
            Some(Verify::Expect(_)) | None => None,
        }
    }

    pub(super) fn recheck_command(&self, job: &Job) -> Option<&Command> {
        self.run_of(job.step()?)?.recheck.as_ref()
    }

    pub(super) fn verify_demands(&self, job: &Job) -> Demands {
        self.helper_demands(job, Role::Verify, self.verify_command(job))
    }

    pub(super) fn recheck_demands(&self, job: &Job) -> Demands {
        self.helper_demands(job, Role::Recheck, self.recheck_command(job))
    }

    /// A read command beside a step's own.
    fn helper_demands(&self, job: &Job, role: Role, command: Option<&Command>) -> Demands {
        if let Some(demands) = self.proof_demands(job) {
            return demands;
        }
        let Some(command) = command else {
            return self.nothing_to_run(job.lane);
        };
        match bind(self.own_runbook(job), command, &self.job_facts(job)) {
            Ok(bound) => self.helper_attempt(job, role, bound),
            Err(failure) => self.unbound(job, &failure),
        }
    }

    /// A command that reads for a job starts.
    pub(super) fn helper_attempt(&self, job: &Job, role: Role, command: BoundCommand) -> Demands {
        let attempt = self.attempt(self.place(job), role, Effect::Read, command);
        Demands { start: vec![attempt], ..Demands::default() }
    }

    /// What is asked when a command cannot be bound to the values there are.
    pub(super) fn unbound(&self, job: &Job, failure: &BindError) -> Demands {
        self.question(
            job.lane,
            match failure {
                BindError::Unset(Reference::Value(name)) => {
                    self.missing_value(self.job_scope(job), name)
                }
                BindError::Unset(_) | BindError::Refused { .. } => {
                    super::asking::Asking::Refused { why: failure.to_string() }
                }
            },
        )
    }

    pub(super) fn nothing_to_run(&self, lane: LaneId) -> Demands {
        self.question(
            lane,
            super::asking::Asking::Refused { why: "there is no command to run".to_owned() },
        )
    }
}
