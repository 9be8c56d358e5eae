//! Small helper programs: run without a terminal, with a limit on time, and gone
//! when the call returns; and the responder's editor, which is given the terminal.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::program::program_in_path;
use super::suspend::suspend;
use super::undumped::with_given_limit;

/// How long a killed helper's pipe is waited for: somebody else may hold it.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A helper that prints more than this is ended: it is not what it should be.
const MOST_OUTPUT: u64 = 64 << 20;

/// So much is kept of what it says to people.
const MOST_WORDS: u64 = 16 << 10;

/// A helper program.
#[derive(Clone, Debug)]
pub struct Tool {
    /// The program, an absolute path.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Its whole environment.
    pub environment: BTreeMap<OsString, OsString>,
    /// Its working directory.
    pub folder: PathBuf,
    /// Its input.
    pub stdin: Vec<u8>,
    /// How long it may take.
    pub timeout: Duration,
}

/// What a helper printed, and how it ended.
#[derive(Clone, Debug)]
pub struct Captured {
    /// Its exit status.
    pub status: ExitStatus,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// The beginning of what it said to people.
    pub stderr: Vec<u8>,
}

/// A helper that gave no result.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// It cannot be started or read from.
    #[error("{program} cannot be run: {source}")]
    Failed {
        /// Which.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// It printed too much, and was ended.
    #[error("{program} printed more than {} MiB", MOST_OUTPUT >> 20)]
    TooMuch {
        /// Which.
        program: String,
    },
    /// It took too long, and was ended.
    #[error("{program} did not answer within {seconds} s")]
    TimedOut {
        /// Which.
        program: String,
        /// How long it was waited for.
        seconds: u64,
    },
}

/// Runs a helper to its end. When its time is up, it and its process group are killed.
pub fn capture(tool: &Tool) -> Result<Captured, ToolError> {
    let program = tool.program.display().to_string();
    let failed = |source| ToolError::Failed { program: program.clone(), source };
    let (ear, words) = io::pipe().map_err(failed)?;
    #[expect(clippy::disallowed_methods, reason = "this is where helpers are spawned")]
    let command = duct::cmd(&tool.program, &tool.args)
        .full_env(&tool.environment)
        .dir(&tool.folder)
        .stdin_bytes(tool.stdin.clone())
        .stderr_file(words)
        .unchecked()
        .before_spawn(|command| {
            command.process_group(0);
            Ok(())
        });
    let handle = with_given_limit(|| command.reader()).map(Arc::new).map_err(failed)?;
    // Its own copy of the pipe would keep that open.
    drop(command);
    let words = listen(ear);
    let (sender, printed) = mpsc::channel();
    let reader = Arc::clone(&handle);
    std::thread::spawn(move || {
        let mut stdout = Vec::new();
        let read = (&*reader).take(MOST_OUTPUT + 1).read_to_end(&mut stdout);
        // Nobody waits any more for one that took too long.
        let _ = sender.send(read.map(|_| stdout));
    });
    let late = match printed.recv_timeout(tool.timeout) {
        Ok(Ok(stdout)) if stdout.len() as u64 <= MOST_OUTPUT => {
            let output = handle.try_wait().map_err(failed)?;
            let status = output.expect("who has read all has waited for the end").status;
            let stderr = words.recv_timeout(LAST_WORDS).unwrap_or_default();
            return Ok(Captured { status, stdout, stderr });
        }
        Ok(Err(error)) => return Err(failed(error)),
        Ok(Ok(_)) => ToolError::TooMuch { program: program.clone() },
        Err(_) => ToolError::TimedOut { program: program.clone(), seconds: tool.timeout.as_secs() },
    };
    // It is not reaped while its output is waited for, so the number of the group is its own.
    for pid in handle.pids() {
        if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
    let _ = printed.recv_timeout(LAST_WORDS);
    Err(late)
}

/// Keeps the beginning of what comes, and lets the rest pass.
fn listen(mut ear: io::PipeReader) -> mpsc::Receiver<Vec<u8>> {
    let (sender, words) = mpsc::channel();
    std::thread::spawn(move || {
        let mut said = Vec::new();
        let _ = (&mut ear).take(MOST_WORDS).read_to_end(&mut said);
        let _ = io::copy(&mut ear, &mut io::sink());
        // Nobody waits any more for one that took too long.
        let _ = sender.send(said);
    });
    words
}

/// Runs an editor on a file, on the terminal, with what the caller's environment is; waits until it
/// is closed. The editor may be given with arguments, as in `code --wait`.
pub fn editor(editor: &str, file: &Path, path: &OsStr) -> Result<ExitStatus, ToolError> {
    let failed = |source| ToolError::Failed { program: editor.to_owned(), source };
    let words = shlex::split(editor).unwrap_or_default();
    let program = words
        .first()
        .and_then(|name| program_in_path(name, path))
        .ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
    #[expect(clippy::disallowed_methods, reason = "this is where the editor is spawned")]
    let mut command = Command::new(program);
    command.args(&words[1..]).arg(file);
    let mut child = with_given_limit(|| command.spawn()).map_err(failed)?;
    // Ctrl-Z in the editor stops it, and this program with it: the shell waits for both.
    let options = WaitIdOptions::EXITED | WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT;
    while let Ok(Some(status)) = waitid(WaitId::Pid(Pid::from_child(&child)), options)
        && status.stopped()
    {
        suspend();
    }
    child.wait().map_err(failed)
}

/// Hands a page to the desktop and waits for nothing.
pub fn open_page(url: &str, path: &OsStr) -> Result<(), ToolError> {
    const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let failed = |source| ToolError::Failed { program: OPENER.to_owned(), source };
    let program = program_in_path(OPENER, path);
    let program = program.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
    #[expect(clippy::disallowed_methods, reason = "this is where the browser is spawned")]
    let mut command = Command::new(program);
    command
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0);
    let mut child = with_given_limit(|| command.spawn()).map_err(failed)?;
    // Whoever spawned it must take its status; nobody wants to know it.
    std::thread::spawn(move || child.wait());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::moment::Moment;

    fn sh(text: &str, timeout: Duration) -> Result<Captured, ToolError> {
        capture(&Tool {
            program: "/bin/sh".into(),
            args: vec!["-c".into(), text.into()],
            environment: BTreeMap::from([("A".into(), "1".into())]),
            folder: "/".into(),
            stdin: b"in".to_vec(),
            timeout,
        })
    }

    #[test]
    fn a_helper_gives_its_output_and_status() {
        let captured = sh("echo $A; cat; echo x >&2; exit 3", Duration::from_secs(20)).unwrap();
        assert_eq!(captured.stdout, b"1\nin");
        assert_eq!(captured.stderr, b"x\n");
        assert_eq!(captured.status.code(), Some(3));
    }

    #[test]
    fn a_helper_that_takes_too_long_is_ended_with_its_children() {
        let started = Moment::now();
        let error = sh("sleep 60 & sleep 60", Duration::from_millis(50)).unwrap_err();
        assert!(matches!(error, ToolError::TimedOut { .. }), "{error}");
        assert!(Moment::now().millis_since(started) < 10_000);
    }

    #[test]
    fn a_helper_that_prints_without_end_is_ended() {
        let error = sh("exec cat /dev/zero", Duration::from_secs(20)).unwrap_err();
        assert!(matches!(error, ToolError::TooMuch { .. }), "{error}");
    }

    #[test]
    fn an_editor_that_is_not_there_is_an_error() {
        let error = editor("no-such-editor -w", Path::new("/x"), OsStr::new("/bin")).unwrap_err();
        assert!(error.to_string().contains("no-such-editor"), "{error}");
    }
}
