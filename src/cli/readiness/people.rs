//! The keys of whoever is at the keyboard, and the list of those who may agree.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::{Finding, Findings};
use crate::cli::Context;
use crate::cli::agreement::{own_keys, programs, signers};
use crate::cli::signing_key::USUAL;
use crate::settings::Settings;
use crate::signing::{Key, Signers, public_keys};

/// So many people are named one by one.
const MOST_NAMED: usize = 6;

pub(super) fn look(settings: Option<&Settings>, context: &Context) -> Vec<Finding> {
    let mut findings = Findings::of("Agreement and seals");
    keys(context, &mut findings);
    if let Some(settings) = settings {
        allowed(settings, context, &mut findings);
    }
    findings.found
}

fn keys(context: &Context, findings: &mut Findings) {
    let held = programs(context).agent_keys();
    let held = held.as_deref().map(|text| public_keys(text).len());
    let folders = context.settings.key_folders.iter();
    let files = folders.flat_map(|folder| USUAL.map(|name| folder.join(name)));
    let files: Vec<_> = files.filter(|path| path.is_file()).collect();
    for path in &files {
        let mode = fs::metadata(path).map_or(0, |found| found.permissions().mode());
        if mode & 0o077 != 0 {
            let advice = format!("chmod 600 {}", path.display());
            findings.warning("key", format!("others can read {}", path.display()), advice);
        }
    }
    let agent = match held {
        Some(1) => "the agent holds one".to_owned(),
        Some(count) => format!("the agent holds {count}"),
        None => "no agent answers".to_owned(),
    };
    match files.first() {
        Some(path) => findings.ok("key", format!("{}; {agent}", path.display())),
        None if held.is_some_and(|count| count > 0) => findings.ok("key", agent),
        None => {
            let advice = "start an agent with your key, or make one: ssh-keygen -t ed25519";
            let found = format!("none in ~/.ssh; {agent}: you can neither agree nor seal");
            findings.warning("key", found, advice);
        }
    }
}

/// The list of those who may agree: readable, and does it know whoever is here?
fn allowed(settings: &Settings, context: &Context, findings: &mut Findings) {
    const WHAT: &str = "allowed signers";
    let list = match signers(context, settings) {
        Ok(Some(list)) => list,
        Ok(None) => {
            findings.ok(WHAT, "no list is named: steps that ask for agreement cannot be walked");
            return;
        }
        Err(failure) => {
            let found = failure.message.unwrap_or_default();
            findings.missing(WHAT, found, failure.hints.join("; "));
            return;
        }
    };
    let read = match Signers::read(&list, &context.settings.search_path()) {
        Ok(read) => read,
        Err(error) => {
            let cause = std::error::Error::source(&error).map(|it| format!(": {it}"));
            let found = format!("{error}{}", cause.unwrap_or_default());
            findings.missing(WHAT, found, "no agreement can be checked without it");
            return;
        }
    };
    let people = read.people();
    let own = own_keys(context).find();
    let mut here: Vec<&str> = own.iter().flat_map(|key: &Key| read.persons(key)).collect();
    here.sort_unstable();
    here.dedup();
    let named = match people.len() {
        0 => {
            findings.missing(WHAT, "it names nobody", "write a line for each person: name@…, key");
            return;
        }
        some if some > MOST_NAMED => format!("it names {some} people"),
        _ => format!("it names {}", people.join(", ")),
    };
    if here.is_empty() {
        let advice = "have your public key added, if you are to agree to other people's steps";
        findings.warning(WHAT, format!("{named}; none of your keys is in it"), advice);
    } else {
        findings.ok(WHAT, format!("{named}; you are {}", here.join(" and ")));
    }
}
