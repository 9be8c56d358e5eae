//! A program that moves data over a network: what it tells on the way is handed on, one that tells
//! nothing for too long is ended, and so is one that nobody waits for any more.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use super::listening::{Piece, Streams};
use super::moment::Moment;
use super::program::program_in_path;

use super::undumped::with_given_limit;

/// How often it is looked at whether anybody still waits.
const LOOK: Duration = Duration::from_millis(50);
/// How long it may take to end well.
const GRACE: Duration = Duration::from_millis(500);
/// How often its streams are read when it has ended, if there is always more: what it left behind
/// may print for ever. What it printed itself is what its pipes held, a megabyte at most.
const LAST_WORDS: usize = 16;
/// More of its output is not kept.
const MOST_OUTPUT: usize = 64 << 20;
/// More lines of its errors are not kept, the latest stay.
const MOST_LINES: usize = 20;
/// More of one line is not kept.
const MOST_LINE: usize = 1000;

/// Who waits for it.
pub trait Watch: Sync {
    /// It told how far it is.
    fn told(&self, line: &str);
    /// Whether it should end.
    fn stopped(&self) -> bool;
}

/// What is started.
#[derive(Debug)]
pub(super) struct Transfer<'a> {
    pub(super) program: &'a Path,
    pub(super) args: Vec<OsString>,
    pub(super) environment: &'a BTreeMap<OsString, OsString>,
    pub(super) folder: PathBuf,
    /// Held open as long as it lives, also by one that outlives this program.
    pub(super) stdin: Option<&'a File>,
    /// How long it may tell nothing.
    pub(super) patience: Duration,
}

/// How it ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) stdout: Vec<u8>,
    /// The last lines of its errors, without its progress.
    pub(super) said: Vec<String>,
}

/// Why it did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum TransferFailed {
    /// It cannot be started or waited for.
    #[error("{program} cannot be run: {source}")]
    Failed {
        /// Which.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// It told nothing for too long.
    #[error("nothing came for {0} s")]
    Stalled(u64),
    /// It was stopped.
    #[error("it was interrupted")]
    Stopped,
}

/// What a program prints, which is found on the `PATH` of its environment; if it fails, its last
/// words.
pub fn printed(
    words: &[String],
    environment: &BTreeMap<OsString, OsString>,
    folder: &Path,
    patience: Duration,
    watch: &dyn Watch,
) -> Result<Result<Vec<u8>, String>, TransferFailed> {
    let name = words.first().map_or("", String::as_str);
    let path = environment.get(OsStr::new("PATH")).cloned().unwrap_or_default();
    let missing = || TransferFailed::Failed {
        program: name.to_owned(),
        source: io::ErrorKind::NotFound.into(),
    };
    let order = Transfer {
        program: &program_in_path(name, &path).ok_or_else(missing)?,
        args: words[1..].iter().map(OsString::from).collect(),
        environment,
        folder: folder.to_owned(),
        stdin: None,
        patience,
    };
    let ended = transfer(&order, watch)?;
    if ended.status.success() {
        return Ok(Ok(ended.stdout));
    }
    let said = ended.said.join("; ");
    Ok(Err(if said.is_empty() { ended.status.to_string() } else { said }))
}

/// Runs it to its end.
pub(super) fn transfer(order: &Transfer<'_>, watch: &dyn Watch) -> Result<Ended, TransferFailed> {
    let failed =
        |source| TransferFailed::Failed { program: order.program.display().to_string(), source };
    let mut child = start(order).map_err(failed)?;
    let mut streams = Streams::of(&mut child);
    let mut heard = Heard::default();
    let came = listen(&mut child, &mut streams, &mut heard, order.patience, watch);
    match came {
        Ok(status) => {
            let status = status.map_or_else(|| child.wait(), Ok).map_err(failed)?;
            heard.end_line(watch);
            Ok(Ended { status, stdout: heard.stdout, said: heard.said.into() })
        }
        Err(why) => {
            end(&mut child, &mut streams);
            Err(why)
        }
    }
}

fn start(order: &Transfer<'_>) -> io::Result<Child> {
    let stdin = match order.stdin {
        Some(file) => Stdio::from(file.try_clone()?),
        None => Stdio::null(),
    };
    #[expect(clippy::disallowed_methods, reason = "this is where transfers are spawned")]
    let mut command = Command::new(order.program);
    command
        .args(&order.args)
        .env_clear()
        .envs(order.environment)
        .current_dir(&order.folder)
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    with_given_limit(|| command.spawn())
}

/// Listens until both streams have ended; or it has, and then its status is told.
fn listen(
    child: &mut Child,
    streams: &mut Streams,
    heard: &mut Heard,
    patience: Duration,
    watch: &dyn Watch,
) -> Result<Option<ExitStatus>, TransferFailed> {
    let mut latest = Moment::now();
    while !streams.are_over() {
        // All that it printed was printed before it ended: it is asked first, and read after that.
        if let Ok(Some(status)) = child.try_wait() {
            for _ in 0..LAST_WORDS {
                if !streams.take(|piece| heard.take(piece, watch)) {
                    break;
                }
            }
            return Ok(Some(status));
        }
        streams.wait(LOOK);
        if streams.take(|piece| heard.take(piece, watch)) {
            latest = Moment::now();
        } else if Moment::now().since(latest) >= patience {
            return Err(TransferFailed::Stalled(patience.as_secs()));
        }
        if watch.stopped() {
            return Err(TransferFailed::Stopped);
        }
    }
    Ok(None)
}

/// Ends it and all that it started: it is asked to, so that it takes its own locks away.
fn end(child: &mut Child, streams: &mut Streams) {
    // It is not reaped yet, so the number of its group is its own.
    let group = Pid::from_child(child);
    let asked = Moment::now();
    let _ = kill_process_group(group, Signal::TERM);
    while !streams.are_over() && Moment::now().since(asked) < GRACE {
        streams.wait(LOOK);
        streams.take(|_| {});
    }
    let _ = kill_process_group(group, Signal::KILL);
    let _ = child.wait();
}

/// What was heard of it.
#[derive(Default)]
struct Heard {
    stdout: Vec<u8>,
    said: VecDeque<String>,
    line: Vec<u8>,
}

impl Heard {
    fn take(&mut self, piece: Piece<'_>, watch: &dyn Watch) {
        match piece {
            Piece::Output(bytes) => {
                let room = MOST_OUTPUT.saturating_sub(self.stdout.len());
                self.stdout.extend_from_slice(&bytes[..bytes.len().min(room)]);
            }
            Piece::Error(bytes) => {
                for byte in bytes {
                    match *byte {
                        b'\n' | b'\r' => self.end_line(watch),
                        other if self.line.len() < MOST_LINE => self.line.push(other),
                        _ => {}
                    }
                }
            }
        }
    }

    /// A line with a share of a hundred is progress.
    fn end_line(&mut self, watch: &dyn Watch) {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        if line.is_empty() {
            return;
        }
        if line.contains("% (") || line.ends_with(", done.") {
            watch.told(line);
            return;
        }
        if self.said.len() == MOST_LINES {
            self.said.pop_front();
        }
        self.said.push_back(line.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::process::awaited::eventually;

    #[derive(Default)]
    struct Seen {
        told: Mutex<Vec<String>>,
        stop: AtomicBool,
    }

    impl Watch for Seen {
        fn told(&self, line: &str) {
            self.told.lock().unwrap().push(line.to_owned());
        }

        fn stopped(&self) -> bool {
            self.stop.load(Ordering::SeqCst)
        }
    }

    fn sh(text: &str, patience: Duration, seen: &Seen) -> Result<Ended, TransferFailed> {
        let environment = BTreeMap::from([("PATH".into(), "/usr/bin:/bin".into())]);
        let order = Transfer {
            program: Path::new("/bin/sh"),
            args: vec!["-c".into(), text.into()],
            environment: &environment,
            folder: "/".into(),
            stdin: None,
            patience,
        };
        transfer(&order, seen)
    }

    const LONG: Duration = Duration::from_mins(1);

    #[test]
    fn progress_is_handed_on_and_errors_are_kept() {
        let seen = Seen::default();
        let text =
            "echo out; printf 'Receiving: 50%% (1/2)\\rReceiving: 100%% (2/2), done.\\n' >&2;
                    echo 'fatal: no' >&2; exit 3";
        let ended = sh(text, LONG, &seen).unwrap();
        assert_eq!(ended.status.code(), Some(3));
        assert_eq!(ended.stdout, b"out\n");
        assert_eq!(ended.said, ["fatal: no"]);
        let told = ["Receiving: 50% (1/2)", "Receiving: 100% (2/2), done."];
        assert_eq!(*seen.told.lock().unwrap(), told);
    }

    #[test]
    fn who_tells_nothing_is_ended_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("pid");
        let text = format!("sleep 600 & echo $! >{}; wait", mark.display());
        // Time enough for a loaded machine to come to the mark.
        let failed = sh(&text, Duration::from_secs(2), &Seen::default()).unwrap_err();
        assert!(matches!(failed, TransferFailed::Stalled(_)), "{failed}");
        let pid = std::fs::read_to_string(&mark).unwrap();
        let status = || std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
        let sleeps = || status().is_ok_and(|status| !status.contains(") Z "));
        // The last signal was sent, and is heard when the kernel comes to it.
        assert!(eventually(|| !sleeps()), "it still sleeps");
    }

    #[test]
    fn who_is_stopped_may_end_well_and_is_waited_for() {
        let seen = Seen { stop: AtomicBool::new(true), ..Seen::default() };
        let failed = sh("trap 'exit 0' TERM; sleep 600 & wait", LONG, &seen).unwrap_err();
        assert!(matches!(failed, TransferFailed::Stopped), "{failed}");
    }

    #[test]
    fn all_that_it_printed_is_heard_also_when_somebody_else_goes_on() {
        let text = "yes >&2 & yes | head -c 3000000; printf end";
        let ended = sh(text, LONG, &Seen::default()).unwrap();
        assert_eq!(ended.stdout.len(), 3_000_003);
        assert!(ended.stdout.ends_with(b"end"));
    }

    #[test]
    fn a_connection_that_is_left_open_keeps_nobody_waiting() {
        let ended = sh("sleep 600 & echo out", LONG, &Seen::default()).unwrap();
        assert_eq!(ended.stdout, b"out\n");
        assert!(ended.status.success());
    }
}
