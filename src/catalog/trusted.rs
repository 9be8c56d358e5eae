//! What was trusted, kept so that a later change of it can be told: the commands, and the texts of
//! the files as far as they are short.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::closure::{Closure, Part, PartKind};
use super::commands::{Changed, Stated, changes, commands};
use super::digest::sha256;
use super::reference::Located;
use crate::runbook::Runbook;

/// The text of a longer file is not kept.
const MOST_OF_A_FILE: usize = 256 << 10;

/// More text than this is not kept of all files together.
const MOST_TEXT: usize = 1 << 20;

/// Content that is trusted.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Trusted {
    /// When it was trusted.
    pub at: Timestamp,
    /// The runbook's file, as it was then.
    pub path: PathBuf,
    /// The service of the runbook.
    pub service: Option<String>,
    /// Its id.
    pub id: String,
    /// Its commands and those of what it uses; nothing where only the newest content is kept.
    #[serde(default)]
    pub commands: Option<Vec<Stated>>,
    /// Its files.
    pub files: Vec<TrustedFile>,
}

/// A file of trusted content.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct TrustedFile {
    /// Its path in the repository.
    pub path: String,
    /// The digest of its content.
    pub sha256: String,
    /// Whether it is a program.
    pub executable: bool,
    /// Whether it is a runbook: its commands tell of it.
    pub runbook: bool,
    /// Its text, if it is one and short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Trusted {
    /// What is to be kept of a runbook.
    pub fn of(runbook: &Runbook, closure: &Closure, path: &Path, at: Timestamp) -> Self {
        let mut left = MOST_TEXT;
        let files = closure.parts().iter().map(|part| file(part, &mut left)).collect();
        Self {
            at,
            path: path.to_owned(),
            service: runbook.service.clone(),
            id: runbook.id.clone(),
            commands: Some(commands(runbook)),
            files,
        }
    }

    /// What is known of a runbook that is only a text.
    pub fn of_text(located: &Located, at: Timestamp) -> Self {
        let part = Part {
            path: located.folder.own_path(),
            bytes: located.file.bytes.clone(),
            executable: false,
            kind: PartKind::Runbook,
        };
        Self {
            at,
            path: located.file.path.clone(),
            service: None,
            id: located.file.stem(),
            commands: None,
            files: vec![file(&part, &mut MOST_TEXT.clone())],
        }
    }

    /// The runbooks whose texts are otherwise in later content, with the lines that are, each with a
    /// sign before it. A runbook of which no text was kept is not among them.
    pub fn texts(&self, now: &Self) -> Vec<(String, Vec<String>)> {
        let mut texts = Vec::new();
        for file in now.files.iter().filter(|file| file.runbook) {
            let old = self.files.iter().find(|old| old.path == file.path);
            if let (Some(Some(before)), Some(text)) = (old.map(|old| &old.text), &file.text)
                && before != text
            {
                texts.push((file.path.clone(), lines(before, text)));
            }
        }
        texts
    }

    /// Its name for people.
    pub fn name(&self) -> String {
        match &self.service {
            Some(service) => format!("{service}/{}", self.id),
            None => self.id.clone(),
        }
    }

    /// Whether it is an earlier or later content of the same runbook: of the same file, or of one
    /// that has the same names.
    pub fn is_of(&self, other: &Self) -> bool {
        self.path == other.path || (&self.service, &self.id) == (&other.service, &other.id)
    }

    /// The same without what only a comparison needs.
    #[must_use]
    pub fn bare(&self) -> Self {
        let bare = |file: &TrustedFile| TrustedFile { text: None, ..file.clone() };
        Self { commands: None, files: self.files.iter().map(bare).collect(), ..self.clone() }
    }

    /// What is otherwise in later content; nothing if this was not kept.
    pub fn difference(&self, now: &Self) -> Option<Difference> {
        let commands = changes(self.commands.as_ref()?, now.commands.as_ref()?);
        let mut files = Vec::new();
        for file in &now.files {
            match self.files.iter().find(|old| old.path == file.path) {
                None => files.push(ChangedFile::of(None, Some(file))),
                Some(old) if old == file => {}
                Some(old) => files.push(ChangedFile::of(Some(old), Some(file))),
            }
        }
        for old in &self.files {
            if !now.files.iter().any(|file| file.path == old.path) {
                files.push(ChangedFile::of(Some(old), None));
            }
        }
        Some(Difference { since: self.at, commands, files })
    }
}

fn file(part: &Part, left: &mut usize) -> TrustedFile {
    let text = std::str::from_utf8(&part.bytes).ok();
    let text = text.filter(|text| text.len() <= MOST_OF_A_FILE.min(*left));
    *left -= text.map_or(0, str::len);
    TrustedFile {
        path: part.path.clone(),
        sha256: sha256(&part.bytes),
        executable: part.executable,
        runbook: part.kind == PartKind::Runbook,
        text: text.map(str::to_owned),
    }
}

/// What became of a runbook since it was trusted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Difference {
    /// Since when.
    pub since: Timestamp,
    /// The commands that are otherwise.
    pub commands: Vec<Changed>,
    /// The files that are otherwise.
    pub files: Vec<ChangedFile>,
}

impl Difference {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.commands.is_empty() && self.files.is_empty()
    }

    /// How many commands were added, altered, moved and removed.
    pub fn counts(&self) -> [usize; 4] {
        let mut counts = [0; 4];
        for changed in &self.commands {
            counts[match changed {
                Changed::Added(_) => 0,
                Changed::Altered(..) => 1,
                Changed::Moved(_) => 2,
                Changed::Removed(_) => 3,
            }] += 1;
        }
        counts
    }
}

/// What became of a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ChangedFile {
    /// Its path in the repository.
    pub path: String,
    /// What happened to it.
    pub happened: Happened,
    /// Whether it is a program now, where that is otherwise.
    pub program: Option<bool>,
    /// The lines that are otherwise, each with a sign before it. Nothing for a runbook: its commands
    /// tell of it.
    pub lines: Vec<String>,
}

/// What happened to a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Happened {
    /// It is new.
    Added,
    /// It holds something else.
    Changed,
    /// It has other lines.
    Edited {
        /// So many new ones.
        more: usize,
        /// So many fewer old ones.
        less: usize,
    },
    /// It is gone.
    Removed,
}

impl ChangedFile {
    fn of(before: Option<&TrustedFile>, now: Option<&TrustedFile>) -> Self {
        let path = now.or(before).map(|file| file.path.clone()).unwrap_or_default();
        let text = |file: Option<&TrustedFile>| match file {
            None => Some(String::new()),
            Some(file) => file.text.clone(),
        };
        let lines = text(before).zip(text(now)).map(|(before, now)| lines(&before, &now));
        let count =
            |lines: &[String], sign| lines.iter().filter(|line| line.starts_with(sign)).count();
        let happened = match (before, now, &lines) {
            (None, _, _) => Happened::Added,
            (_, None, _) => Happened::Removed,
            (_, _, None) => Happened::Changed,
            (_, _, Some(lines)) => {
                Happened::Edited { more: count(lines, '+'), less: count(lines, '-') }
            }
        };
        let program = before.zip(now).filter(|(before, now)| before.executable != now.executable);
        let told = now.or(before).is_some_and(|file| file.runbook);
        Self {
            path,
            happened,
            program: program.map(|(_, now)| now.executable),
            lines: if told { Vec::new() } else { lines.unwrap_or_default() },
        }
    }
}

/// The lines that are otherwise, with a few around them.
fn lines(before: &str, now: &str) -> Vec<String> {
    let difference = similar::TextDiff::from_lines(before, now);
    let mut lines = Vec::new();
    for group in difference.grouped_ops(2) {
        if !lines.is_empty() {
            lines.push(" …".to_owned());
        }
        for change in group.iter().flat_map(|part| difference.iter_changes(part)) {
            lines.push(format!("{}{}", change.tag(), change.value().trim_end_matches('\n')));
        }
    }
    lines
}
