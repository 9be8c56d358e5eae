//! The user's settings file, about to be changed: checked before it is written, and written as a whole.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::PathBuf;

use crate::cli::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::open::show_findings;
use crate::cli::trusted::guard_place;
use crate::diagnostic::Source as Text;
use crate::policy::{Authority, Origin};
use crate::settings::{Place, Source, load, without_source};

/// The file as it is.
pub(super) struct Own {
    /// Where it really lies: it may be a link into a folder of somebody's settings.
    path: PathBuf,
    /// What it is called.
    name: String,
    place: Place,
    /// What it says; nothing if it is not there.
    pub(super) text: String,
}

impl Own {
    pub(super) fn read(context: &Context) -> Result<Self, Failure> {
        let own = &context.settings;
        let missing = || {
            let message = "there is no place for settings: neither XDG_CONFIG_HOME nor HOME is set";
            Failure::new(Exit::Failed, message)
        };
        let named = own.config.as_ref().ok_or_else(missing)?.join("config.toml");
        guard_place(&named)?;
        let path = fs::canonicalize(&named).unwrap_or_else(|_| named.clone());
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            text => text.map_err(|error| {
                Failure::new(Exit::Failed, format!("{} cannot be read: {error}", named.display()))
            })?,
        };
        let folder = named.parent().unwrap_or(&named);
        let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let place = Place { authority: Authority::User, folder, home: own.home.clone() };
        Ok(Self { path, name: named.display().to_string(), place, text })
    }

    /// The file without the source whose table begins on a line.
    pub(super) fn without(&self, line: usize) -> Option<String> {
        without_source(&self.text, line, &self.place)
    }

    /// The sources of a text that is to be written, and where the last of them stands.
    pub(super) fn checked(
        &self,
        text: &str,
        context: &Context,
    ) -> Result<(Vec<Source>, Origin), Failure> {
        let source = Text { name: self.name.clone(), text: text.into() };
        let loaded = load(&source, &self.place);
        let Some(file) = loaded.file else {
            show_findings(&context.terminal, &source, &loaded.findings);
            let message = format!("{} would be invalid: nothing was written", self.name);
            return Err(Failure::new(Exit::Usage, message));
        };
        let authority = Authority::User;
        let nowhere = Origin { authority, file: self.name.clone(), line: 1 };
        let last = file.sources.last().map_or(nowhere, |source| source.origin.clone());
        Ok((file.sources, last))
    }

    /// Writes it as a whole, with the permissions that it had.
    pub(super) fn write(&self, text: &str) -> Result<(), Failure> {
        let new = self.path.with_extension(format!("new.{}", std::process::id()));
        let write = || {
            if let Some(folder) = self.path.parent() {
                fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            }
            let mode = fs::metadata(&self.path).map_or(0o600, |found| found.permissions().mode());
            let mut options = fs::OpenOptions::new();
            let mut file = options.write(true).create_new(true).mode(0o600).open(&new)?;
            file.write_all(text.as_bytes())?;
            file.set_permissions(fs::Permissions::from_mode(mode & 0o777))?;
            file.sync_all()?;
            fs::rename(&new, &self.path)
        };
        write().map_err(|error: io::Error| {
            // The first error is the one to tell.
            let _ = fs::remove_file(&new);
            Failure::new(Exit::Failed, format!("failed to write {}: {error}", self.name))
        })
    }
}
