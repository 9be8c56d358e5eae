//! The machine itself: this program, those that it starts, where records are kept, the clock and the
//! terminal.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rustix::fs::{Access, StatVfsMountFlags};

use super::{Finding, Findings};
use crate::cli::Context;
use crate::console::{Cursor, Glyphs};
use crate::effects::SystemClock;
use crate::engine::version_in;
use crate::journal::FORMAT;
use crate::process::{Tool, capture, program_in_path};
use crate::session::Clock as _;

const ASKED: Duration = Duration::from_secs(5);

/// With less a run about a full disk cannot end well.
const LEAST: u64 = 16 << 20;

/// With less a few long outputs fill the disk.
const SCARCE: u64 = 256 << 20;

/// So many files must fit.
const LEAST_FILES: u64 = 200;

pub(super) fn look(context: &Context) -> Vec<Finding> {
    let mut findings = Findings::of("This machine");
    let version = env!("CARGO_PKG_VERSION");
    findings.ok("surefoot", format!("{version}, writes and reads {FORMAT}"));
    programs(context, &mut findings);
    state(context, &mut findings);
    clock(context, &mut findings);
    terminal(context, &mut findings);
    findings.found
}

/// A program that this one starts.
struct Wanted {
    name: &'static str,
    /// What tells its version, if anything does without doing more.
    version: &'static [&'static str],
    least: Option<(u64, u64)>,
    /// What it is for.
    what_for: &'static str,
}

const PROGRAMS: [Wanted; 4] = [
    Wanted {
        name: "bash",
        version: &["--version"],
        least: Some((4, 4)),
        what_for: "commands of runbooks are run by it",
    },
    Wanted {
        name: "git",
        version: &["--version"],
        least: Some((2, 32)),
        what_for: "it tells where runbooks come from, and brings sources and records",
    },
    Wanted {
        name: "ssh",
        version: &["-V"],
        least: Some((8, 4)),
        what_for: "commands on other machines go through it",
    },
    Wanted {
        name: "ssh-keygen",
        version: &[],
        least: None,
        what_for: "it signs and checks agreements and seals",
    },
];

fn programs(context: &Context, findings: &mut Findings) {
    let search = context.settings.search_path();
    for wanted in &PROGRAMS {
        let Wanted { name, version, least, what_for } = wanted;
        let Some(program) = program_in_path(name, &search) else {
            let found = format!("not found; {what_for}");
            let advice = "install it, or put its folder into PATH";
            if *name == "bash" {
                findings.missing(name, found, advice);
            } else {
                findings.warning(name, found, advice);
            }
            continue;
        };
        let path = program.display().to_string();
        let said = (!version.is_empty()).then(|| said(&program, version, context)).flatten();
        match (said.as_deref().and_then(version_in), least) {
            (Some(version), Some((major, minor)))
                if (version.major, version.minor) < (*major, *minor) =>
            {
                let advice = format!("{major}.{minor} or later is needed");
                findings.warning(name, format!("{version}, {path}"), advice);
            }
            (Some(version), _) => findings.ok(name, format!("{version}, {path}")),
            (None, Some(_)) => {
                findings.warning(name, format!("{path} tells no version"), "look at it");
            }
            (None, None) => findings.ok(name, path),
        }
    }
    match &context.settings.editor {
        None => {
            let advice = "set VISUAL or EDITOR: commands and long texts are edited in it";
            findings.warning("editor", "neither VISUAL nor EDITOR is set", advice);
        }
        Some(editor) => {
            let first = shlex::split(editor).and_then(|words| words.into_iter().next());
            let found = first.as_deref().and_then(|name| program_in_path(name, &search));
            if let Some(path) = found {
                findings.ok("editor", path.display().to_string());
            } else {
                let advice = "install it, or set VISUAL or EDITOR to another one";
                findings.warning("editor", format!("`{editor}` is not found"), advice);
            }
        }
    }
}

/// What a program says of its version.
fn said(program: &Path, args: &[&str], context: &Context) -> Option<String> {
    let environment = BTreeMap::from([
        ("LC_ALL".into(), "C".into()),
        ("PATH".into(), context.settings.search_path()),
    ]);
    let said = capture(&Tool {
        program: program.to_owned(),
        args: args.iter().map(Into::into).collect(),
        environment,
        folder: PathBuf::from("/"),
        stdin: Vec::new(),
        timeout: ASKED,
    });
    let said = said.ok().filter(|said| said.status.success())?;
    let text = [said.stdout, said.stderr].concat();
    Some(String::from_utf8_lossy(&text).lines().next()?.to_owned())
}

fn state(context: &Context, findings: &mut Findings) {
    let Some(folder) = context.settings.state.clone() else {
        let advice = "set HOME or XDG_STATE_HOME: without a record nothing is run";
        findings.missing("records", "there is no place for them", advice);
        return;
    };
    let there = folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    let shown = folder.display();
    if let Err(error) = rustix::fs::access(there, Access::WRITE_OK | Access::EXEC_OK) {
        let found = format!("{shown} cannot be written: {}", std::io::Error::from(error));
        findings.missing("records", found, "without a record nothing is run");
    } else if there != folder {
        findings.ok("records", format!("{shown}, made by the first run"));
    } else if let Some((found, advice)) = exposed(&folder) {
        findings.warning("records", found, advice);
    } else {
        findings.ok("records", shown.to_string());
    }
    space(there, findings);
    kind(there, findings);
}

/// Whether somebody else can look into the folder or has it.
fn exposed(folder: &Path) -> Option<(String, String)> {
    let found = fs::metadata(folder).ok()?;
    let shown = folder.display();
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Some((format!("{shown} belongs to another user"), "look whose it is".to_owned()));
    }
    let others = found.mode() & 0o077;
    (others != 0)
        .then(|| (format!("others can look into {shown}"), format!("chmod go-rwx {shown}")))
}

fn space(folder: &Path, findings: &mut Findings) {
    let Ok(disk) = rustix::fs::statvfs(folder) else {
        return;
    };
    if disk.f_flag.contains(StatVfsMountFlags::RDONLY) {
        findings.missing("disk", "it is mounted read-only", "without a record nothing is run");
        return;
    }
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let text = format!("{} MiB free", free >> 20);
    // Some file systems do not count files.
    let full_of_files = disk.f_files > 0 && disk.f_favail < LEAST_FILES;
    if full_of_files {
        findings.missing("disk", format!("{text}, but no more files fit"), "remove some");
    } else if free < LEAST {
        findings.missing("disk", text, "make room: a run needs some of it to end well");
    } else if free < SCARCE {
        findings.warning("disk", text, "make room: an output may take 64 MiB");
    } else {
        findings.ok("disk", text);
    }
}

/// What kind of file system it is, as far as that matters to records.
#[cfg(target_os = "linux")]
fn kind(folder: &Path, findings: &mut Findings) {
    let Ok(system) = rustix::fs::statfs(folder) else {
        return;
    };
    #[expect(
        clippy::cast_sign_loss,
        clippy::cast_possible_truncation,
        reason = "a number of 32 bits"
    )]
    let magic = system.f_type as u32;
    let (name, why) = match magic {
        0x0102_1994 | 0x8584_58f6 => {
            ("memory", "records are gone when the machine is started anew")
        }
        0x0000_6969 | 0xfe53_4d42 | 0xff53_4d42 => {
            ("a network", "records need that network, and its locks must work")
        }
        0x0000_4d44 => ("FAT", "it keeps no permissions: others may read records"),
        _ => return,
    };
    let advice = format!("{why}; set XDG_STATE_HOME to a folder on a disk of this machine");
    findings.warning("file system", format!("records lie on {name}"), advice);
}

#[cfg(not(target_os = "linux"))]
fn kind(_: &Path, _: &mut Findings) {}

/// A clock alone cannot be wrong; but what was written later than now tells that it is.
fn clock(context: &Context, findings: &mut Findings) {
    const MOST_AHEAD: i64 = 120;
    let now = SystemClock::start().now();
    let shown = now.strftime("%Y-%m-%d %H:%M:%S UTC");
    let own = std::env::current_exe().ok();
    let runs = context.settings.state.iter().map(|state| state.join("runs"));
    let seen = own.into_iter().chain(context.settings.state.clone()).chain(runs);
    let later = seen.filter_map(|path| {
        let written = Timestamp::try_from(fs::metadata(&path).ok()?.modified().ok()?).ok()?;
        Some((written, path))
    });
    match later.max() {
        Some((written, path)) if written.duration_since(now).as_secs() > MOST_AHEAD => {
            let found = format!("{shown}, and {} was written at {written}", path.display());
            findings.warning(
                "clock",
                found,
                "set the clock: approvals and times of records need it",
            );
        }
        _ if Path::new("/run/systemd/timesync/synchronized").exists() => {
            findings.ok("clock", format!("{shown}, synchronised by the system"));
        }
        _ => findings.ok("clock", format!("{shown}; whether it is right, no file here can tell")),
    }
}

fn terminal(context: &Context, findings: &mut Findings) {
    let settings = context.terminal.settings();
    if fs::File::open("/dev/tty").is_err() {
        let advice = "begin the shift on a terminal";
        findings.warning("terminal", "there is none here: nothing can be confirmed", advice);
        return;
    }
    let mut odd = Vec::new();
    if settings.cursor == Cursor::Still {
        odd.push("TERM names a terminal that cannot do much");
    }
    if settings.glyphs == Glyphs::Ascii {
        odd.push("the locale is not UTF-8");
    }
    if context.terminal.page() < 60 {
        odd.push("it is narrower than 60 columns");
    }
    if odd.is_empty() {
        findings.ok("terminal", "there is one, in UTF-8");
    } else {
        findings.warning("terminal", odd.join("; "), "commands may be hard to read");
    }
}
