//! Finds programs as a shell would, without asking one.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// The program of this name in a list of folders such as `PATH`. A name with a slash is a path
/// itself. Folders that are not absolute are passed over: what is found must not depend on where
/// the responder stands.
pub fn program_in_path(name: &str, path: &OsStr) -> Option<PathBuf> {
    if name.is_empty() {
        return None;
    }
    if name.contains('/') {
        return is_program(Path::new(name)).then(|| name.into());
    }
    std::env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|candidate| is_program(candidate))
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, path: &str, expected: Option<&str>) {
        let found = program_in_path(name, OsStr::new(path));
        assert_eq!(found.as_deref(), expected.map(Path::new));
    }

    #[test]
    fn a_program_is_found_in_the_first_folder_that_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let text = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        for (name, mode) in [("one", 0o755), ("plain", 0o644)] {
            fs::write(text(name), "").unwrap();
            fs::set_permissions(text(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        fs::create_dir(text("folder")).unwrap();
        let path = format!("/nowhere:{}", folder.path().display());
        check("one", &path, Some(&text("one")));
        check("plain", &path, None);
        check("folder", &path, None);
        check("absent", &path, None);
        check("", &path, None);
        check(&text("one"), "", Some(&text("one")));
        check("sh", ".:bin", None);
    }
}
