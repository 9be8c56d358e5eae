//! Who has to agree to what comes next, and whether they have. An agreement is for one digest and
//! one job: whatever changes the command, its values or its target, or begins it anew, asks anew.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::approval::{
    ApprovalGiven, ApprovalRequest, ApprovalRequested, Asked, Checked, Lapsed, REQUEST_FORMAT,
    Signed, Spent, Terms, Waiting,
};
use super::asking::{Asking, UndoPlan};
use super::decided::Wanted;
use super::demand::{Attempt, Corrupt, Demands, Rejected, Wait};
use super::event::{Event, Recorded, StepStatus};
use super::facts::StateFacts;
use super::guard::Guard;
use super::job::{Job, Stage};
use super::lane::LaneId;
use super::run::{Alone, Run};
use super::scope::ScopeId;
use super::standing::Standing;
use crate::plan::digest_of;
use crate::policy::Decision;
use crate::runbook::{Action, BookId, Effect, PartId, StepKey};
use crate::value::Name;

/// How far people in a role have agreed.
#[derive(Clone, Debug, Default)]
pub(super) struct Agreement {
    /// Somebody is asked.
    asked: Option<Box<Waiting>>,
    pub(super) given: Vec<Given>,
}

/// It was given, for this digest and until then.
#[derive(Clone, Debug)]
pub(super) struct Given {
    spent: Spent,
    /// Whose it is; nobody's, where the responder went on alone.
    pub(super) by: Option<Standing>,
    digest: String,
    /// How the command is undone, and the values, as they were shown.
    pub(super) undo: Option<String>,
    pub(super) values: BTreeMap<Name, Recorded>,
    expires: Timestamp,
}

/// What has to be agreed to.
struct Subject {
    digest: String,
    what: Asked,
}

impl Run {
    /// What a command needs of other people before it may be agreed to here; none if nothing.
    pub(super) fn approval_demands(
        &self,
        job: &Job,
        attempt: &Attempt,
        decision: &Decision,
    ) -> Option<Demands> {
        let needs = self.needs(job, attempt.effect, decision);
        let need = needs.into_iter().find(|need| !self.is_given(job, need, &attempt.digest))?;
        Some(self.demands_of(job, &need, &attempt.digest))
    }

    /// What a step needs that only waits for agreement.
    pub(super) fn go_on_demands(&self, job: &Job, step: StepKey) -> Demands {
        let Action::Approve(approval) = &self.step(step).action else {
            return Demands::default();
        };
        let need = Wanted::of(approval);
        self.demands_of(job, &need, &self.go_on(job, step).digest)
    }

    fn demands_of(&self, job: &Job, need: &Wanted, digest: &str) -> Demands {
        let asked = job.agreements.get(&need.role).and_then(|it| it.asked.as_ref());
        let Some(waiting) = asked.filter(|waiting| waiting.request.digest == digest) else {
            return Demands { approval: Some(job.lane), ..Demands::default() };
        };
        let mut demands = self.question(job.lane, Asking::Approve(waiting.clone()));
        if waiting.lapsed == Lapsed::No {
            let step = waiting.request.step.clone();
            demands.waits.push(Wait { lane: job.lane, step, until: waiting.request.expires });
        }
        demands
    }

    fn is_given(&self, job: &Job, need: &Wanted, digest: &str) -> bool {
        let valid = self.valid(job, &need.role, digest);
        valid.len() >= need.count as usize || valid.iter().any(|given| given.spent.by.is_none())
    }

    /// The agreements of a role that hold for what is about to run.
    pub(super) fn valid<'a>(&self, job: &'a Job, role: &str, digest: &str) -> Vec<&'a Given> {
        // What repeats by itself began in time.
        let repeats = job.first_start.is_some();
        let holds = |given: &&Given| {
            let same = given.digest == digest || cfg!(feature = "sabotage-unbound");
            same && (repeats || self.state.latest < given.expires)
        };
        let agreement = job.agreements.get(role);
        agreement.into_iter().flat_map(|agreement| &agreement.given).filter(holds).collect()
    }

    /// Who has to agree to a job's command, in the order in which they are asked: for the step, for
    /// the settings, and for what was passed on the way.
    fn needs(&self, job: &Job, effect: Effect, decision: &Decision) -> Vec<Wanted> {
        let passed = self.guards_of(job, effect).into_iter().filter_map(|step| {
            match &self.step(step).action {
                Action::Approve(approval) => Some(Wanted::of(approval)),
                _ => None,
            }
        });
        let mut needs: Vec<Wanted> = Vec::new();
        for need in self.approvals(job, decision).into_iter().chain(passed) {
            match needs.iter_mut().find(|known| known.role == need.role) {
                Some(known) => known.count = known.count.max(need.count),
                None => needs.push(need),
            }
        }
        needs
    }

    /// What a job still asks for, and of whom.
    fn asked_for(&self, job: &Job) -> Option<(Wanted, Subject)> {
        if let Some(step) = job.step()
            && let Action::Approve(approval) = &self.step(step).action
        {
            return Some((Wanted::of(approval), self.go_on(job, step)));
        }
        let (attempt, command) = self.next_attempt(job)?;
        let decision = self.decision(job, attempt.effect, &command);
        let mut needs = self.needs(job, attempt.effect, &decision).into_iter();
        let need = needs.find(|need| !self.is_given(job, need, &attempt.digest))?;
        let card = self.card(job, attempt.effect, &decision, &command);
        let what = Asked::Command {
            effect: attempt.effect,
            shown: command.shown.clone(),
            target: command.target.name.clone(),
            place: command.place(),
            identity: attempt.identity.clone(),
            undo: match card.undo {
                UndoPlan::Command(command) => command,
                UndoPlan::Irreversible(why) => format!("cannot be undone: {why}"),
                UndoPlan::Nothing(why) => format!("nothing to undo: {why}"),
                UndoPlan::Unknown => "the runbook does not say how".to_owned(),
            },
        };
        Some((need, Subject { digest: attempt.digest, what }))
    }

    /// What it means that the run goes on past a step: the commands that follow, with the values
    /// that are known now.
    fn go_on(&self, job: &Job, step: StepKey) -> Subject {
        let commands = self.changes_after(job, step);
        let runbook = self.state.started.as_ref().map(|started| &started.runbook.digest);
        let inputs = self.state.started.as_ref().map(|started| &started.inputs);
        let values = self.values_in(self.job_scope(job));
        let environment = self.plan.environment.as_ref().map(|it| &it.name);
        let id = &self.step(step).id;
        let digest = digest_of(&(runbook, id, environment, inputs, &values, &commands));
        Subject { digest, what: Asked::GoOn { commands } }
    }

    /// The fact that somebody is asked.
    pub(super) fn decide_requested(&self, terms: Terms, at: Timestamp) -> Result<Event, Rejected> {
        let lane = self.now_demanded().approval.ok_or(Rejected::Unexpected("a request"))?;
        let job = self.job_in(lane).ok_or(Rejected::Unexpected("a request"))?;
        let (need, subject) = self.asked_for(job).ok_or(Rejected::Unexpected("a request"))?;
        let started = self.state.started.as_ref().ok_or(Rejected::Unexpected("a request"))?;
        let step = job.undo().map(|entry| self.state.undo[entry].step).or(self.current_in(lane));
        let step = step.map(|step| self.step(step)).ok_or(Rejected::Unexpected("a request"))?;
        let facts = self.job_facts(job);
        let lifetime = SignedDuration::from_secs(i64::try_from(terms.lifetime).unwrap_or(i64::MAX));
        let service = started.runbook.service.as_ref();
        let service = service.map_or_else(String::new, |service| format!("{service}/"));
        let mut values = self.values_in(self.job_scope(job));
        for input in &started.inputs {
            values.entry(input.name.clone()).or_insert_with(|| input.value.clone());
        }
        let request = ApprovalRequest {
            format: REQUEST_FORMAT.to_owned(),
            nonce: terms.nonce,
            run: started.run.clone(),
            record: terms.record,
            head: terms.head,
            requested: at,
            expires: at.checked_add(lifetime).unwrap_or(Timestamp::MAX),
            host: started.host.clone(),
            responder: self.state.responder.clone(),
            runbook: format!("{service}{}", started.runbook.id),
            runbook_digest: started.runbook.digest.clone(),
            title: started.runbook.title.clone(),
            environment: started.environment.clone(),
            step: step.id.clone(),
            step_title: step.title.preview(&facts, &|name| format!("‹{name}›")),
            role: need.role,
            why: need.why,
            digest: subject.digest,
            what: subject.what,
            values,
            findings: self.evidence(),
            never: self.rules_for(job.step()),
        };
        Ok(Event::ApprovalRequested(Box::new(ApprovalRequested {
            step: request.step.clone(),
            request: request.text(),
            own_keys: terms.own_keys,
            lane,
        })))
    }

    /// The fact that an answer establishes, if it is for what is waited for now.
    pub(super) fn decide_checked(&self, answer: Checked, at: Timestamp) -> Result<Event, Rejected> {
        let question = self.now_demanded().question.as_ref();
        let asked = question.map(|question| (question.lane, &question.ask));
        let Some((lane, Asking::Approve(waiting))) = asked else {
            return Err(Rejected::Unexpected("an approval"));
        };
        let step = waiting.request.step.clone();
        let nonce = waiting.request.nonce.clone();
        match answer {
            Checked::Bad { nonce: asked, why } if asked == nonce => {
                Ok(Event::ApprovalRefused { step, nonce, why, lane })
            }
            Checked::Good { nonce: asked, .. } if asked != nonce => {
                Err(Rejected::Answer("it answers another request".to_owned()))
            }
            Checked::Good { now, .. }
                if waiting.lapsed == Lapsed::Yes || now.max(at) >= waiting.request.expires =>
            {
                let why = format!("the request has expired, at {:.0}", waiting.request.expires);
                Ok(Event::ApprovalRefused { step, nonce, why, lane })
            }
            Checked::Good { signed, .. }
                if self.has_agreed(lane, &waiting.request, &signed.principal) =>
            {
                let why =
                    format!("{} has agreed already: another person is needed", signed.principal);
                Ok(Event::ApprovalRefused { step, nonce, why, lane })
            }
            Checked::Good { signed, .. } => Ok(Event::ApprovalGiven(Box::new(ApprovalGiven {
                step,
                nonce,
                role: waiting.request.role.clone(),
                signed,
                lane,
            }))),
            Checked::Bad { .. } => Err(Rejected::Unexpected("an approval")),
        }
    }

    fn has_agreed(&self, lane: LaneId, request: &ApprovalRequest, principal: &str) -> bool {
        self.job_in(lane).is_some_and(|job| {
            let valid = self.valid(job, &request.role, &request.digest);
            valid.iter().any(|given| given.spent.by.as_deref() == Some(principal))
        })
    }

    /// The fact that the time of a request is up, if that is what was waited for.
    pub(super) fn decide_lapsed(&self, wait: &Wait) -> Option<Event> {
        let job = self.job_in(wait.lane)?;
        let lapses = job.agreements.values().find_map(|agreement| {
            let waiting = agreement.asked.as_ref()?;
            let open = waiting.lapsed == Lapsed::No && waiting.request.expires == wait.until;
            open.then_some(&waiting.request)
        })?;
        let (step, nonce) = (lapses.step.clone(), lapses.nonce.clone());
        Some(Event::ApprovalLapsed { step, nonce, lane: wait.lane })
    }

    pub(super) fn apply_requested(&mut self, asked: &ApprovalRequested) -> Result<(), Corrupt> {
        let request = ApprovalRequest::parse(&asked.request)?;
        let waiting = Waiting {
            text: asked.request.clone(),
            lapsed: Lapsed::No,
            own_keys: asked.own_keys.clone(),
            request,
        };
        if let Some(job) = self.here().jobs.last_mut() {
            let role = waiting.request.role.clone();
            job.agreements.entry(role).or_default().asked = Some(Box::new(waiting));
        }
        Ok(())
    }

    pub(super) fn apply_given(&mut self, given: &ApprovalGiven) -> Result<(), Corrupt> {
        let waiting = self.waiting().filter(|waiting| waiting.request.nonce == given.nonce);
        let request = waiting.map(|waiting| waiting.request.clone());
        let request =
            request.ok_or_else(|| Corrupt("an approval answers no request".to_owned()))?;
        self.agree(request, Some(&given.signed));
        Ok(())
    }

    pub(super) fn apply_lapsed(&mut self, nonce: &str) {
        let Some(job) = self.here().jobs.last_mut() else { return };
        for agreement in job.agreements.values_mut() {
            if let Some(waiting) = &mut agreement.asked
                && waiting.request.nonce == nonce
            {
                waiting.lapsed = Lapsed::Yes;
            }
        }
    }

    /// The responder goes on alone.
    pub(super) fn break_glass(&mut self, reason: &str) {
        let step = self.current_in(self.state.focus).map(|step| &self.step(step).id);
        let step = step.map_or_else(String::new, |step| format!(" at {step}"));
        self.went_alone(format!("BREAK GLASS{step}"), reason);
        if let Some(request) = self.waiting().map(|waiting| waiting.request.clone()) {
            self.agree(request, None);
        }
    }

    /// A step that waits for agreement is passed over, if the job is one.
    pub(super) fn note_skipped(&mut self, reason: Option<&str>) {
        let step = self.job().and_then(Job::step).map(|step| self.step(step));
        if let Some(step) = step.filter(|step| matches!(step.action, Action::Approve(_))) {
            let what = format!("skipped the agreement {}", step.id);
            self.went_alone(what, reason.unwrap_or("no reason given"));
        }
    }

    pub(super) fn went_alone(&mut self, what: String, reason: &str) {
        self.state.alone.push(Alone { what, reason: reason.to_owned() });
    }

    /// Somebody is to be asked anew.
    pub(super) fn ask_anew(&mut self) {
        if let Some(job) = self.here().jobs.last_mut() {
            for agreement in job.agreements.values_mut() {
                agreement.asked = None;
            }
        }
    }

    fn agree(&mut self, request: ApprovalRequest, by: Option<&Signed>) {
        let by = by.map(|signed| Standing {
            nonce: request.nonce.clone(),
            principal: signed.principal.clone(),
            key: signed.key.clone(),
        });
        if let Some(step) = self.job().and_then(Job::step)
            && matches!(self.step(step).action, Action::Approve(_))
        {
            let values = self.job().map(|job| self.values_in(self.job_scope(job)));
            let values = values.unwrap_or_default();
            self.state.guards.insert(step, Guard::Granted { values, by });
            self.set_stage(Stage::Settled(StepStatus::Done));
            return;
        }
        let person = by.as_ref().map(|by| by.principal.clone());
        let given = Given {
            spent: Spent { nonce: request.nonce, role: request.role.clone(), by: person },
            by,
            digest: request.digest,
            undo: match request.what {
                Asked::Command { undo, .. } => Some(undo),
                Asked::GoOn { .. } => None,
            },
            values: request.values,
            expires: request.expires,
        };
        if let Some(job) = self.here().jobs.last_mut() {
            let agreement = job.agreements.entry(request.role).or_default();
            agreement.asked = None;
            agreement.given.push(given);
        }
    }

    /// The request that the lane of the latest fact waits for.
    pub(super) fn waiting(&self) -> Option<&Waiting> {
        self.job()?.agreements.values().find_map(|agreement| agreement.asked.as_deref())
    }

    /// What the run waits for from other people, if it waits for that.
    pub fn waits_for_others(&self) -> Option<&Waiting> {
        let jobs = self.state.lanes.values().filter_map(|lane| lane.job());
        let mut agreements = jobs.flat_map(|job| job.agreements.values());
        agreements.find_map(|agreement| agreement.asked.as_deref())
    }

    /// The agreements that a command of a job starts with.
    pub(super) fn spent_by(&self, attempt: &Attempt) -> Vec<Spent> {
        let Some(job) = self.job_in(attempt.lane) else {
            return Vec::new();
        };
        let roles = job.agreements.keys();
        let valid = roles.flat_map(|role| self.valid(job, role, &attempt.digest));
        valid.map(|given| given.spent.clone()).collect()
    }

    /// The commands that follow a step, up to the next that waits for agreement or ends the run; then
    /// those that come at the end of the run in any case.
    fn changes_after(&self, job: &Job, step: StepKey) -> Vec<String> {
        let mut commands = Vec::new();
        let own = &self.step(step).part;
        let end = (own.book() == BookId::MAIN && *own != PartId::Finally)
            .then(|| self.plan.runbook.part(&PartId::Finally));
        let end = end.into_iter().flatten().map(|step| (ScopeId::MAIN, *step));
        self.add_changes_of(self.steps_after(job.lane, step), job.lane, &mut commands);
        self.add_changes_of(end, job.lane, &mut commands);
        commands
    }

    fn add_changes_of(
        &self,
        steps: impl IntoIterator<Item = (ScopeId, StepKey)>,
        lane: LaneId,
        commands: &mut Vec<String>,
    ) {
        for (scope, next) in steps {
            let next_step = self.step(next);
            let ends = matches!(next_step.action, Action::End(_)) && next_step.when.is_none();
            if ends || matches!(next_step.action, Action::Approve(_)) {
                break;
            }
            let facts = StateFacts::now(self, lane).seen_in(scope);
            self.add_changes(next, &facts, commands);
        }
    }
}
