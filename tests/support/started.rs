//! The first event of a run that only a test walks.

use surefoot::engine::{Responder, RunStarted, RunbookOrigin};
use surefoot::plan::{Mode, World};
use surefoot::policy::{Pace, Policy};

/// A run that begins.
pub(crate) fn started(responder: Responder, policy: Policy, pace: Pace) -> RunStarted {
    RunStarted {
        format: "surefoot-journal/1".to_owned(),
        program: "0".to_owned(),
        run: "test-run".to_owned(),
        host: "host".to_owned(),
        boot: "boot".to_owned(),
        runbook: RunbookOrigin {
            id: "test".to_owned(),
            service: None,
            repository: None,
            title: "Test".to_owned(),
            digest: String::new(),
            files: Vec::new(),
        },
        responder,
        mode: Mode::Test,
        change: None,
        environment: None,
        policy,
        policy_digest: String::new(),
        pace,
        inputs: Vec::new(),
        alert: None,
        at: None,
        behind: Vec::new(),
        world: World::Real,
        follows: None,
        rehearsal: None,
    }
}
