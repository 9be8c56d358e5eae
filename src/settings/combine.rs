//! What holds, of all settings files together: every demand of each, and only the grants that
//! those who may grant agree on.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;

use super::model::{Records, SettingsFile, Signers, Source};
use crate::policy::{Authority, Grant, Granted, Origin, Rule, Rules, StandardChange};
use crate::runbook::{ChangeKind, Runbook};

/// How long a request for approval can be answered, if no file says it, in milliseconds.
const EXPIRES: u64 = 60 * 60 * 1000;

/// When what was fetched counts as old, if no file says it, in milliseconds.
const STALE_AFTER: u64 = 7 * 24 * 60 * 60 * 1000;

/// More often nothing is synced in the background, in milliseconds.
const LEAST_BETWEEN: u64 = 60 * 1000;

/// All settings files together.
#[derive(Clone, Debug)]
pub struct Settings {
    /// JSON Schemas that runbooks must fit.
    pub schemas: Vec<PathBuf>,
    /// Who may agree to a step, and whose file says it.
    pub allowed_signers: Option<(Authority, Signers)>,
    /// How long a request for approval can be answered, in milliseconds.
    pub expires: u64,
    /// Where runbooks come from.
    pub sources: Vec<Source>,
    /// Where finished runs go.
    pub records: Option<Records>,
    /// The services that are on call.
    pub on_call: Vec<String>,
    /// When what was fetched counts as old, in milliseconds.
    pub stale_after: u64,
    /// How often all sources are synced in the background, in milliseconds; never, if nothing is said.
    pub sync_every: Option<u64>,
    pub(super) demands: Vec<Rule>,
    pub(super) yes: Vec<Granted>,
    pub(super) break_glass: Vec<Granted>,
    pub(super) standard: Vec<StandardChange>,
}

/// Two sources, of different files, that claim one service.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{service}` is claimed by two sources: {one} and {other}")]
pub struct Conflict {
    /// The service.
    pub service: String,
    /// The first source.
    pub one: Origin,
    /// The second.
    pub other: Origin,
}

impl Settings {
    /// What the files say together.
    pub fn of(files: &[SettingsFile]) -> Result<Self, Conflict> {
        let granting = |file: &&SettingsFile| file.authority != Authority::Repository;
        let ruled = files.iter().any(is_organisation);
        let of_user = |file: &SettingsFile| !ruled || is_organisation(file);
        let mut sources: Vec<Source> =
            files.iter().filter(granting).flat_map(|file| file.sources.clone()).collect();
        claimed_once(&sources)?;
        let deciding = |file: &&SettingsFile| granting(file) && of_user(file);
        let mut signers: Vec<&SettingsFile> = files.iter().filter(granting).collect();
        signers.sort_by_key(|file| file.authority);
        let allowed_signers =
            signers.iter().find_map(|file| Some((file.authority, file.allowed_signers.clone()?)));
        for source in sources.iter_mut().filter(|source| source.signers.is_none()) {
            source.signers = allowed_signers.as_ref().map(|(_, signers)| signers.clone());
        }
        Ok(Self {
            schemas: files.iter().flat_map(|file| file.schemas.clone()).collect(),
            allowed_signers,
            expires: signers
                .iter()
                .filter_map(|file| file.expires.as_ref())
                .map(|expires| expires.millis)
                .min()
                .unwrap_or(EXPIRES),
            sources,
            records: signers.iter().find_map(|file| file.records.clone()),
            on_call: on_call(&signers),
            stale_after: signers
                .iter()
                .filter_map(|file| file.stale_after.as_ref())
                .map(|after| after.millis)
                .min()
                .unwrap_or(STALE_AFTER),
            sync_every: sync_every(&signers),
            demands: files.iter().flat_map(|file| file.demands.clone()).collect(),
            yes: granted(files, |file| &file.yes),
            break_glass: granted(files, |file| &file.break_glass),
            standard: files
                .iter()
                .filter(deciding)
                .flat_map(|file| file.standard.clone())
                .collect(),
        })
    }

    /// What they say about a run of this runbook with this content, now.
    pub fn rules(&self, runbook: &Runbook, digest: &str, now: Timestamp) -> Rules {
        let change = runbook.change.as_ref().filter(|change| change.kind == ChangeKind::Standard);
        let template = change.and_then(|change| change.template.as_deref());
        let standard = self.standard.iter().filter(|standard| {
            Some(standard.template.as_str()) == template
                && standard.digest == digest
                && standard.expires.is_none_or(|end| now < end)
        });
        Rules {
            demands: self.demands.clone(),
            yes: self.yes.clone(),
            break_glass: self.break_glass.clone(),
            standard: standard.cloned().collect(),
            levels: std::collections::BTreeMap::new(),
        }
    }
}

fn is_organisation(file: &SettingsFile) -> bool {
    file.authority == Authority::Organisation
}

/// What each file that has a say grants: the organisation's always has one, the user's where it
/// grants anything.
fn granted(files: &[SettingsFile], of: impl Fn(&SettingsFile) -> &Vec<Grant>) -> Vec<Granted> {
    let says = |file: &&SettingsFile| match file.authority {
        Authority::Organisation => true,
        Authority::User => !of(file).is_empty(),
        Authority::Repository => false,
    };
    let all = files.iter().filter(says);
    all.map(|file| Granted { by: file.name.clone(), grants: of(file).clone() }).collect()
}

/// All services that files name, once each, in the order of the files.
fn on_call(files: &[&SettingsFile]) -> Vec<String> {
    let mut services: Vec<String> = Vec::new();
    for service in files.iter().flat_map(|file| &file.on_call) {
        if !services.contains(service) {
            services.push(service.clone());
        }
    }
    services
}

/// How often this user's machine may reach out by itself is the user's word, and else the
/// organisation's.
fn sync_every(files: &[&SettingsFile]) -> Option<u64> {
    let every = files.iter().rev().find_map(|file| file.sync_every.as_ref())?.millis;
    (every > 0).then(|| every.max(LEAST_BETWEEN))
}

fn claimed_once(sources: &[Source]) -> Result<(), Conflict> {
    let mut claimed: BTreeMap<&str, &Source> = BTreeMap::new();
    for source in sources {
        let taken = source.services.iter().find_map(|service| {
            let one = claimed.get(service.as_str())?;
            Some((service.clone(), one.origin.clone()))
        });
        if let Some((service, one)) = taken {
            return Err(Conflict { service, one, other: source.origin.clone() });
        }
        for service in &source.services {
            claimed.entry(service).or_insert(source);
        }
    }
    Ok(())
}
