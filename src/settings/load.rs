//! The door: a text becomes a [`SettingsFile`], or findings that say why not.

use super::model::{Place, SettingsFile};
use super::{read, toml};
use crate::diagnostic::{Diagnostic, Severity, Source, sort};
use crate::policy::Authority;
use crate::runbook::{
    Kind, Mapping, Node, Notation, ORGANISATION_SETTINGS, REPOSITORY_SETTINGS, USER_SETTINGS,
    check_structure, check_text,
};

/// What became of a text.
#[derive(Debug)]
pub struct LoadedSettings {
    /// What it says, if no finding is an error.
    pub file: Option<SettingsFile>,
    /// All findings, in the order of their places.
    pub findings: Vec<Diagnostic>,
}

/// Loads a settings file: reads and checks it.
pub fn load(source: &Source, place: &Place) -> LoadedSettings {
    let mut findings = Vec::new();
    check_text(source, &mut findings);
    let mut file = None;
    if findings.is_empty()
        && let Some(mut root) = toml::parse(&source.text, &mut findings)
    {
        let table = match place.authority {
            Authority::Organisation => &ORGANISATION_SETTINGS,
            Authority::User => &USER_SETTINGS,
            Authority::Repository => &REPOSITORY_SETTINGS,
        };
        misplaced(&mut root, place.authority, &mut findings);
        check_structure(&source.text, &root, table, Notation::Toml, &mut findings);
        explain_tables(&source.text, table, &mut findings);
        file = Some(read::file(source, &root, place, &mut findings));
    }
    sort(&mut findings);
    let failed = findings.iter().any(|found| found.severity == Severity::Error);
    LoadedSettings { file: file.filter(|_| !failed), findings }
}

/// A key of the file that stands below the header of a table belongs to that table: whoever adds a line at
/// the end is told where it goes.
fn explain_tables(text: &str, table: &Mapping, findings: &mut [Diagnostic]) {
    for found in findings.iter_mut().filter(|found| found.code == "unknown-key") {
        let key = text.get(found.span.clone()).unwrap_or_default();
        if table.key(key).is_some() {
            let help =
                format!("`{key}` is a key of the file itself: it stands above the first `[table]`");
            found.help = Some(help);
        }
    }
}

/// Refuses what stands in the file of somebody who may not say it. It is taken out of the tree: it
/// is no key that nobody knows.
fn misplaced(root: &mut Node, authority: Authority, findings: &mut Vec<Diagnostic>) {
    let Kind::Map(map) = &mut root.kind else {
        return;
    };
    map.entries.retain(|entry| {
        let key = entry.key.as_str();
        let (message, help) = match authority {
            Authority::User => return true,
            _ if USER_SETTINGS.key(key).is_none() => return true,
            Authority::Organisation if ORGANISATION_SETTINGS.key(key).is_some() => return true,
            Authority::Repository if REPOSITORY_SETTINGS.key(key).is_some() => return true,
            Authority::Organisation => (
                format!("an organisation's file cannot say `{key}`"),
                "name it in the user's `config.toml`",
            ),
            Authority::Repository => (
                format!("a repository can only ask for more care: `{key}` does not stand here"),
                "write it into the organisation's file, or into your own `config.toml`",
            ),
        };
        let found = Diagnostic::error("not-here", entry.key_span.clone(), message);
        findings.push(found.help(help));
        false
    });
}
