//! This program once more, on its own: nobody waits for it, no terminal is its own, nobody is asked
//! anything, and everybody else goes first.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::process::{Command, Stdio};

use super::undumped::with_given_limit;

/// The word with which the program is called for a sync that nobody waits for.
pub const SYNC_ALONE: &str = "__sync";

/// How far behind others it stands.
const NICE: i32 = 19;

/// Programs that would ask somebody are not there: nobody expects a window now.
const UNASKED: [(&str, &str); 4] = [
    ("GCM_INTERACTIVE", "never"),
    ("GIT_ASKPASS", "/bin/false"),
    ("SSH_ASKPASS", "/bin/false"),
    ("SSH_ASKPASS_REQUIRE", "force"),
];

/// Starts it, with what the caller's environment is, and goes on at once.
pub fn start_alone(word: &str, environment: &BTreeMap<OsString, OsString>) -> io::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "this is where it is spawned")]
    let mut command = Command::new("/proc/self/exe");
    command
        .arg(word)
        .env_clear()
        .envs(environment)
        .envs(UNASKED)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = with_given_limit(|| command.spawn())?;
    // Whoever spawned it must take its status; nobody wants to know it.
    std::thread::spawn(move || child.wait());
    Ok(())
}

/// What the started one does first: it leaves the terminal, so that no Ctrl-C and no hang-up reaches
/// it, and lets others go first.
pub fn stand_alone() {
    // Whoever cannot leave, or is as low as can be, does its work all the same.
    let _ = rustix::process::setsid();
    let _ = rustix::process::nice(NICE);
}
