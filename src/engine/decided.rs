//! What policy says about the commands of a run.

use super::attempted::Confirmation;
use super::job::{Job, JobKind, Stage};
use super::lane::LaneId;
use super::run::Run;
use crate::plan::{BoundCommand, bind, command_digest};
use crate::policy::{Approval, Attendance, Book, Cause, Decision, Level, Pace, Subject};
use crate::runbook::{self, Action, BookId, Effect, StepKey, TargetRef};

impl Run {
    /// How much is asked before any command with this effect runs, whichever it is.
    pub(super) fn level_of(&self, effect: Effect, pace: Pace) -> Level {
        self.state.policy.decide(&self.matter(None, effect), pace).level
    }

    /// What is asked before a step's command runs, as far as can be told before its target has
    /// proved what it is.
    pub fn foreseen(&self, step: StepKey) -> Option<Decision> {
        self.about(step, |subject| self.state.policy.decide(subject, self.state.pace))
    }

    /// What a step's command asks for by itself, whoever is there: for the record.
    pub fn demanded(&self, step: StepKey) -> Option<Decision> {
        self.about(step, |subject| self.state.policy.demanded(subject))
    }

    /// The digest of a step's command, if all that decides it is known, its target's identity
    /// included.
    pub fn foreseen_digest(&self, step: StepKey) -> Option<String> {
        let command = self.command(step)?;
        let (own, _) = self.plan.runbook.own(step);
        if let TargetRef::Named(name) = &command.target
            && own.targets.get(name)?.assertion.is_some()
        {
            return None;
        }
        let bound = bind(own, command, &self.now(self.state.focus)).ok()?;
        Some(command_digest(&bound, None, &self.plan.key))
    }

    fn about<T>(&self, step: StepKey, decide: impl FnOnce(&Subject<'_>) -> T) -> Option<T> {
        let command = self.command(step)?;
        let effect = self.run_of(step)?.effect;
        let bound = bind(self.plan.runbook.own(step).0, command, &self.now(self.state.focus)).ok();
        let digest = self.foreseen_digest(step);
        let mut subject = self.matter(Some(step), effect);
        subject.own = subject.step;
        subject.command = digest.as_deref();
        match (&bound, &command.target) {
            (Some(bound), _) => subject.target = names(bound, None),
            (None, TargetRef::Here) => {}
            (None, TargetRef::Named(name)) => subject.target = vec![name.as_str()],
        }
        Some(decide(&subject))
    }

    /// What is asked before a job's command runs. A flag agrees to no command of the responder's
    /// own, nor to doing again what already succeeded.
    pub(super) fn decision(&self, job: &Job, effect: Effect, command: &BoundCommand) -> Decision {
        let identity = self.identity(self.job_scope(job), command);
        let digest = command_digest(command, identity.as_deref(), &self.plan.key);
        let mut subject = self.matter(self.job_step(job), effect);
        subject.own = subject.step.filter(|_| matches!(job.of, JobKind::Step(_)));
        subject.target = names(command, identity.as_deref());
        subject.command = Some(&digest);
        let mut decision = self.state.policy.decide(&subject, self.state.pace);
        // What only an item's own target asks for was not on the card of all items.
        let at_once = self.agreed_at_once(job, effect);
        if at_once.is_some_and(|confirmation| decision.level <= answered(confirmation)) {
            decision.level = Level::Auto;
            return decision;
        }
        let anew = effect != Effect::Read && self.has_changed(job);
        let repeats = job.stage == Stage::Confirmed;
        let flag = matches!(job.of, JobKind::AdHoc(_)) || (anew && !repeats);
        if decision.level == Level::Auto && flag {
            let (level, cause) = match self.state.policy.attendance {
                Attendance::Attended => (Level::Confirm, Cause::Effect(effect)),
                Attendance::Unattended => (Level::Refuse, Cause::Unattended),
            };
            (decision.level, decision.causes) = (level, vec![cause]);
        }
        decision
    }

    /// The most that is asked before any command with this effect that a step holds runs.
    pub(super) fn level_within(&self, step: Option<StepKey>, effect: Effect) -> Level {
        let inside = step.into_iter().flat_map(|step| self.steps_within(step));
        let inside = inside.filter(|step| self.run_of(*step).is_some_and(|it| it.effect == effect));
        let levels = inside.filter_map(|step| self.foreseen(step)).map(|decision| decision.level);
        levels.fold(self.level_of(effect, self.state.pace), Level::max)
    }

    fn steps_within(&self, step: StepKey) -> Vec<StepKey> {
        let part;
        let inside = match &self.step(step).action {
            Action::Group { steps, .. } => steps.as_slice(),
            Action::Use { used, .. } => {
                part = self.used_part(step, used);
                part.as_ref().map_or(&[][..], |part| self.plan.runbook.part(part))
            }
            _ => return vec![step],
        };
        inside.iter().flat_map(|step| self.steps_within(*step)).collect()
    }

    /// The agreements that a job's command needs: what its step asks for, an undo's the change, too;
    /// then what settings do.
    pub(super) fn approvals(&self, job: &Job, decision: &Decision) -> Vec<Wanted> {
        let own = self.job_run(job).and_then(|run| run.approval.as_ref());
        let own = own.map(Wanted::of).into_iter().chain(self.undo_needs(job));
        own.chain(decision.approvals.iter().map(Wanted::by_rule)).collect()
    }

    /// Whether the responder may go on without the people whose agreement a job waits for.
    pub(super) fn may_break_glass(&self, lane: LaneId) -> bool {
        let Some(job) = self.job_in(lane) else {
            return false;
        };
        let command = self.next_attempt(job);
        let effect = command.as_ref().map_or(Effect::Change, |(attempt, _)| attempt.effect);
        let mut subject = self.matter(self.job_step(job), effect);
        if let Some((attempt, command)) = &command {
            subject.target = names(command, attempt.identity.as_deref());
        }
        self.state.policy.rules.break_glass(&subject).is_some()
    }

    /// Why a rule of a settings file does not let a command run, if one does not.
    pub(super) fn forbidden(decision: &Decision) -> Option<String> {
        let rule = decision.causes.iter().find(|cause| matches!(cause, Cause::Rule { .. }));
        let rule = rule.filter(|_| decision.level == Level::Refuse)?;
        Some(format!("policy does not let it run: {rule}"))
    }

    /// Whether policy does not let the command at hand run at all.
    pub(super) fn refuses(&self, lane: LaneId, effect: Effect) -> bool {
        let job = self.job_in(lane).filter(|job| job.spread.is_none());
        let bound = job.and_then(|job| {
            let command = self.job_command(job)?;
            Some((job, bind(self.own_runbook(job), command, &self.job_facts(job)).ok()?))
        });
        let level = match bound {
            Some((job, command)) => self.decision(job, effect, &command).level,
            None => self.level_of(effect, Pace::Flow),
        };
        level == Level::Refuse
    }

    /// What a decision is about.
    fn matter(&self, step: Option<StepKey>, effect: Effect) -> Subject<'_> {
        let runbook = &self.plan.runbook;
        let book = step.map_or(BookId::MAIN, |step| self.step(step).part.book());
        let books = runbook.around(book).map(|book| {
            let book = runbook.book(book);
            Book { service: book.service.as_deref(), id: &book.id, tags: &book.tags }
        });
        Subject {
            effect,
            environment: self.plan.environment.as_ref().map(|it| it.name.as_str()),
            books: books.collect(),
            step: step.map(|step| self.step(step).id.0.as_str()),
            own: None,
            target: Vec::new(),
            command: None,
        }
    }

    fn job_step(&self, job: &Job) -> Option<StepKey> {
        match &job.of {
            JobKind::AdHoc(_) => self.current_in(job.lane),
            JobKind::Step(step) => Some(*step),
            JobKind::Undo(entry) => Some(self.state.undo[*entry].step),
        }
    }
}

/// An agreement that is needed before a command runs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Wanted {
    /// In which role.
    pub(super) role: String,
    /// How many people.
    pub(super) count: u32,
    /// Why.
    pub(super) why: String,
}

impl Wanted {
    pub(super) fn of(approval: &runbook::Approval) -> Self {
        Self { role: approval.role.clone(), count: 1, why: approval.why.clone() }
    }

    fn by_rule(approval: &Approval) -> Self {
        let Approval { role, count, why, origin } = approval;
        Self { role: role.clone(), count: *count, why: format!("{why} ({origin})") }
    }
}

/// How a change that nobody is asked about was agreed to.
pub(super) fn beforehand(effect: Effect, decision: &Decision) -> Option<Confirmation> {
    let cause = decision.causes.first().filter(|_| effect != Effect::Read)?;
    Some(Confirmation { how: cause.to_string(), typed: None })
}

/// The highest level that an answer to the card of all items is enough for. Other people are asked
/// by themselves.
fn answered(confirmation: &Confirmation) -> Level {
    match confirmation {
        Confirmation { typed: Some(_), .. } => Level::Approve,
        Confirmation { how, .. } if how == "key" => Level::Key,
        Confirmation { .. } => Level::Confirm,
    }
}

/// What a target is called.
fn names<'a>(command: &'a BoundCommand, identity: Option<&'a str>) -> Vec<&'a str> {
    let mut names = vec![command.target.name.as_str()];
    names.extend(command.target.place.names());
    names.extend(identity);
    names
}
