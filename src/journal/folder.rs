//! The folder of one run: where its parts lie, and the runbook that was frozen into it.

use std::io;
use std::path::{Component, Path, PathBuf};

use super::private::{self, FileFailed};
use super::read::JOURNAL;

/// The folders of a run, each after the one it lies in.
/// Where the frozen runbook lies, in the folder.
pub(super) const RUNBOOK: &str = "runbook";

const FOLDERS: [&str; 4] = [RUNBOOK, "work", "work/files", "output"];

/// A file of a runbook, to be kept with a run.
#[derive(Clone, Copy, Debug)]
pub struct FrozenFile<'a> {
    /// Its path in the repository.
    pub path: &'a Path,
    /// What it holds.
    pub bytes: &'a [u8],
    /// Whether it is a program: a run that goes on later must bring the same file.
    pub executable: bool,
}

/// The folder of a run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RunFolder {
    id: String,
    path: PathBuf,
}

impl RunFolder {
    /// A folder that is there; its name is the run's id.
    pub fn at(path: PathBuf) -> Self {
        let id =
            path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Self { id, path }
    }

    /// Makes the folder of a new run; it must not exist yet.
    pub(super) fn create(path: PathBuf) -> Result<Self, FileFailed> {
        private::create_folder(&path)?;
        for folder in FOLDERS {
            private::create_folder(&path.join(folder))?;
        }
        // A name is nothing without the folder that it names: where the file system keeps no log,
        // each is durable by itself alone.
        for folder in FOLDERS.iter().rev() {
            private::sync_folder(&path.join(folder))?;
        }
        private::sync_folder(&path)?;
        Ok(Self::at(path))
    }

    /// The run's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The journal.
    pub fn journal(&self) -> PathBuf {
        self.path.join(JOURNAL)
    }

    /// The working directory of commands.
    pub fn work(&self) -> PathBuf {
        self.path.join("work")
    }

    /// Where files lie that the runbook brings.
    pub fn files(&self) -> PathBuf {
        self.path.join("work/files")
    }

    /// Where raw output is kept.
    pub fn output(&self) -> PathBuf {
        self.path.join("output")
    }

    /// Where the scenario lies that a rehearsal is walked against.
    pub fn scenario(&self) -> PathBuf {
        self.path.join("scenario.yaml")
    }

    /// Keeps the scenario of a rehearsal, durably.
    pub fn keep_scenario(&self, text: &str) -> Result<(), FileFailed> {
        private::write_new(&self.scenario(), text.as_bytes())
    }

    /// Reads the scenario of a rehearsal.
    pub fn kept_scenario(&self) -> Result<Vec<u8>, FileFailed> {
        let path = self.scenario();
        std::fs::read(&path).map_err(FileFailed::to("read", &path))
    }

    /// Where the frozen runbook lies.
    pub fn runbook(&self) -> PathBuf {
        self.path.join(RUNBOOK)
    }

    /// Makes the key that digests of secrets are made with. It stays in the folder: shared records
    /// do not hold it.
    pub fn make_key(
        &self,
        random: impl FnOnce() -> io::Result<[u8; 32]>,
    ) -> Result<[u8; 32], FileFailed> {
        let path = self.path.join("key");
        let key = random().map_err(FileFailed::to("make", &path))?;
        private::write_new(&path, &key)?;
        Ok(key)
    }

    /// The key that digests of secrets are made with.
    pub fn key(&self) -> Result<[u8; 32], FileFailed> {
        let path = self.path.join("key");
        let bytes = std::fs::read(&path).map_err(FileFailed::to("read", &path))?;
        let wrong = |_| io::Error::new(io::ErrorKind::InvalidData, "it has not 32 bytes");
        bytes.try_into().map_err(wrong).map_err(FileFailed::to("read", &path))
    }

    /// Keeps a runbook and all it uses, durably, under their paths in its repository.
    pub fn freeze(&self, files: &[FrozenFile<'_>]) -> Result<(), FileFailed> {
        for file in files {
            let target = self.below(file.path)?;
            if let Some(above) = target.parent() {
                private::ensure_folder(above)?;
            }
            private::write_new(&target, file.bytes)?;
            if file.executable {
                private::make_executable(&target)?;
            }
            if let Some(above) = target.parent() {
                private::sync_folder(above)?;
            }
        }
        Ok(())
    }

    /// Reads one frozen file.
    pub fn frozen(&self, path: &Path) -> Result<Vec<u8>, FileFailed> {
        let target = self.below(path)?;
        std::fs::read(&target).map_err(FileFailed::to("read", &target))
    }

    /// A path below `runbook/`, and nowhere else.
    fn below(&self, path: &Path) -> Result<PathBuf, FileFailed> {
        let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
        if plain && path.file_name().is_some() {
            return Ok(self.runbook().join(path));
        }
        let outside = io::Error::new(
            io::ErrorKind::InvalidInput,
            "the path leads out of the runbook's folder",
        );
        Err(FileFailed::to("freeze", path)(outside))
    }
}
