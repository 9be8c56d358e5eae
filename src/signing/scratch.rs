//! A folder of nobody else, for the files that `ssh-keygen` wants; gone when it is dropped.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

/// A folder that only its owner can look into.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes one below a folder, under a name that nobody can foresee.
    pub fn below(folder: &Path) -> io::Result<Self> {
        let mut bytes = [0_u8; 8];
        rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
        let path = folder.join(format!("surefoot-keys-{:016x}", u64::from_le_bytes(bytes)));
        rustix::fs::mkdir(&path, Mode::RWXU)?;
        Ok(Self(path))
    }

    /// Writes a file into it.
    pub fn file(&self, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        use std::io::Write as _;
        let path = self.0.join(name);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC;
        let file = rustix::fs::open(&path, flags, Mode::RUSR | Mode::WUSR)?;
        fs::File::from(file).write_all(bytes)?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left of it holds nothing secret.
        let _gone = fs::remove_dir_all(&self.0);
    }
}
