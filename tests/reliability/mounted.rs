//! File systems of one test, mounted where the runs are: for root only.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::{Bench, works};
use crate::sandbox::eventually;

/// A file system, until it is dropped.
pub(crate) struct Mounted {
    place: PathBuf,
}

/// Whether file systems can be mounted here; says so if not.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub(crate) fn can_mount() -> bool {
    let place = tempfile::tempdir().unwrap();
    let tried = quietly(&["mount", "-t", "tmpfs", "tmpfs", place.path().to_str().unwrap()]);
    if tried.is_err() {
        eprintln!("skipped: only root can mount file systems");
        return false;
    }
    drop(Mounted { place: place.path().to_owned() });
    true
}

/// The same for images of ext4 on a loop device.
pub(crate) fn can_mount_images() -> bool {
    can_mount() && works(&["mkfs.ext4", "-V"]) && works(&["losetup", "--find"])
}

impl Mounted {
    /// A file system in memory over the folder of all runs, with this size.
    pub(crate) fn memory(bench: &Bench, size: &str) -> Self {
        let options = format!("size={size},mode=0700");
        Self::over(bench, &["-t", "tmpfs", "-o", &options, "tmpfs"])
    }

    /// What is in an image, over the folder of all runs.
    pub(crate) fn image(bench: &Bench, image: &Path) -> Self {
        let mounted = Self::over(bench, &["-o", "loop", image.to_str().unwrap()]);
        // What mkfs makes there, and a repair fills, is no run.
        let _absent = fs::remove_dir_all(mounted.place.join("lost+found"));
        mounted
    }

    fn over(bench: &Bench, what: &[&str]) -> Self {
        let place = bench.runs_folder();
        fs::create_dir_all(&place).unwrap();
        let words = [&["mount"][..], what, &[place.to_str().unwrap()]].concat();
        quietly(&words).unwrap();
        Self { place }
    }
}

impl Drop for Mounted {
    /// The last command of a run may still be at work.
    fn drop(&mut self) {
        let place = self.place.to_str().unwrap();
        let gone = eventually(|| quietly(&["umount", place]).ok());
        assert!(gone.is_some() || std::thread::panicking(), "{place} stays busy");
    }
}

/// A new image with ext4 in it; small images are slow at nothing.
pub(crate) fn make_image(path: &Path, features: &str) {
    fs::File::create(path).unwrap().set_len(16 << 20).unwrap();
    quietly(&["mkfs.ext4", "-q", "-O", features, path.to_str().unwrap()]).unwrap();
}

/// Runs a program that should succeed; its errors if it does not.
pub(crate) fn quietly(words: &[&str]) -> Result<(), String> {
    let output = Command::new(words[0]).args(&words[1..]).output();
    let output = output.map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A folder in memory if there is one: what is in it was not slowed down by a disk.
pub(crate) fn folder_in_memory() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = tempfile::tempdir_in(memory);
    made.unwrap_or_else(|_| tempfile::tempdir().unwrap())
}
