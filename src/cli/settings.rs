//! The environment, resolved once: the only place that reads it.
#![expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use super::login::{Person, Signs};
use crate::console;
use crate::engine::Responder;

/// Inputs come from variables with this prefix and their name in capitals.
const INPUT_PREFIX: &str = "SUREFOOT_INPUT_";

/// The organisation's settings. No variable moves them.
const ORGANISATION: &str = "/etc/surefoot/config.toml";

/// What the environment says.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The folder of all state.
    pub(crate) state: Option<PathBuf>,
    /// The folder of the user's settings.
    pub(crate) config: Option<PathBuf>,
    /// The organisation's settings.
    pub(crate) organisation: PathBuf,
    /// The home folder.
    pub(crate) home: Option<PathBuf>,
    /// A second place for a record that could not be written.
    pub(crate) emergency: PathBuf,
    /// The folder the program was started in.
    pub(crate) here: PathBuf,
    /// How text looks that is shown on the way.
    pub(crate) console: console::Settings,
    /// Whether data is coloured.
    pub(crate) colour: console::Colour,
    /// How wide data is.
    pub(crate) width: console::Width,
    /// Who is at the keyboard.
    pub(crate) responder: Responder,
    /// Their logins: the one in records, and the others that are theirs.
    pub(crate) logins: Vec<String>,
    /// The machine.
    pub(crate) host: String,
    /// The environment that commands inherit.
    pub(crate) environment: BTreeMap<OsString, OsString>,
    /// Folders of the responder's own SSH keys.
    pub(crate) key_folders: Vec<PathBuf>,
    /// The editor.
    pub(crate) editor: Option<String>,
}

impl Settings {
    /// Reads the environment.
    pub(crate) fn read() -> Self {
        let host = host();
        let person = person();
        let terminal = std::io::stderr().is_terminal();
        let data = std::io::stdout().is_terminal();
        Self {
            state: state(),
            config: config(),
            organisation: PathBuf::from(ORGANISATION),
            home: path("HOME"),
            emergency: path("XDG_RUNTIME_DIR").unwrap_or_else(env::temp_dir),
            here: env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            console: console_settings(terminal),
            colour: colour(data),
            width: if data { console::Width::OfTerminal } else { console::Width::Unlimited },
            responder: person.responder(&host),
            logins: std::iter::once(&person.login).chain(&person.others).cloned().collect(),
            host,
            key_folders: key_folders(&person),
            environment: env::vars_os().collect(),
            editor: env::var("VISUAL").or_else(|_| env::var("EDITOR")).ok(),
        }
    }

    /// The value that the environment gives an input.
    pub(crate) fn input(&self, name: &str) -> Option<Result<String, ()>> {
        let variable = format!("{INPUT_PREFIX}{}", name.to_uppercase());
        self.variable(&variable)
    }

    /// Where programs are looked for.
    pub(crate) fn search_path(&self) -> OsString {
        self.environment.get(std::ffi::OsStr::new("PATH")).cloned().unwrap_or_default()
    }

    /// A variable; `Err` if it is not UTF-8.
    pub(crate) fn variable(&self, name: &str) -> Option<Result<String, ()>> {
        let value = self.environment.get(std::ffi::OsStr::new(name))?;
        Some(value.clone().into_string().map_err(|_| ()))
    }
}

/// An absolute path from the environment; a relative one is ignored, as the XDG rules say.
fn path(name: &str) -> Option<PathBuf> {
    env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute())
}

fn config() -> Option<PathBuf> {
    let base = path("XDG_CONFIG_HOME").or_else(|| Some(path("HOME")?.join(".config")))?;
    Some(base.join("surefoot"))
}

/// `~/.ssh`, by the environment and by the system: another `HOME` makes nobody another person.
fn key_folders(person: &Person) -> Vec<PathBuf> {
    let homes = path("HOME").into_iter().chain(person.homes.iter().cloned());
    let mut folders: Vec<PathBuf> = homes.map(|home| home.join(".ssh")).collect();
    folders.dedup();
    folders
}

/// Who is at the keyboard, by the system and by the environment.
fn person() -> Person {
    let names = |variables: &[&str]| variables.iter().filter_map(|it| env::var(it).ok()).collect();
    let session = std::fs::read_to_string("/proc/self/loginuid");
    let signs = Signs {
        users: std::fs::read_to_string("/etc/passwd").unwrap_or_default(),
        uid: rustix::process::getuid().as_raw(),
        session: session.ok().and_then(|uid| uid.trim().parse().ok()),
        claimed: names(&["USER", "LOGNAME"]),
        before: names(&["SUDO_USER", "DOAS_USER"]),
    };
    signs.person()
}

fn state() -> Option<PathBuf> {
    let base = path("XDG_STATE_HOME").or_else(|| Some(path("HOME")?.join(".local/state")))?;
    Some(base.join("surefoot"))
}

fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Whether what goes to a stream is coloured.
fn colour(terminal: bool) -> console::Colour {
    let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let forced =
        env::var_os("CLICOLOR_FORCE").is_some_and(|value| value != "0" && !value.is_empty());
    if !set("NO_COLOR") && (forced || (terminal && !dumb())) {
        console::Colour::Ansi
    } else {
        console::Colour::Never
    }
}

fn dumb() -> bool {
    env::var_os("TERM").is_none_or(|term| term == "dumb")
}

fn unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
    locale.is_some_and(|locale| {
        let locale = locale.to_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

fn console_settings(terminal: bool) -> console::Settings {
    use console::{Cursor, Glyphs, Width};
    console::Settings {
        colour: colour(terminal),
        cursor: if terminal && !dumb() { Cursor::Movable } else { Cursor::Still },
        glyphs: if unicode() { Glyphs::Unicode } else { Glyphs::Ascii },
        width: if terminal { Width::OfTerminal } else { Width::Columns(80) },
    }
}
