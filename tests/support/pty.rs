//! A program on a terminal of its own, as a person would use it.
//!
//! [`Session`] starts the program on a PTY and reads all it shows, into a screen and into a log.
//! Tests wait for text, with a limit, and never for time.

use std::fs::File;
use std::io::{PipeReader, PipeWriter, Read as _, Write as _};
use std::os::fd::AsFd;
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use pty_process::Size;
use pty_process::blocking::{Command, Pty};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Signal};

/// How long a text may take to appear. Reached only by a test that fails.
const LIMIT: Duration = Duration::from_secs(30);

/// The rows of every terminal.
const ROWS: u16 = 50;

/// A program on a terminal.
pub(crate) struct Session {
    pty: Option<Pty>,
    child: Child,
    shown: Arc<Shown>,
    reader: Option<JoinHandle<()>>,
    /// Stops the reader when it is dropped.
    reading: Option<PipeWriter>,
    /// How much of the log has been waited for.
    seen: usize,
}

#[derive(Default)]
struct Shown {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    screen: vt100::Parser,
    log: Vec<u8>,
    ended: bool,
}

impl Default for State {
    fn default() -> Self {
        Self { screen: vt100::Parser::new(ROWS, 80, 0), log: Vec::new(), ended: false }
    }
}

impl Session {
    /// Starts a program, with only these variables, on a terminal with so many columns.
    pub(crate) fn start(
        program: &str,
        arguments: &[&str],
        env: &[(&str, &str)],
        columns: u16,
    ) -> Self {
        let (pty, pts) = pty_process::blocking::open().expect("a PTY can be had");
        pty.resize(Size::new(ROWS, columns)).expect("a PTY has a size");
        let child = Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(env.iter().copied())
            .spawn(pts)
            .expect("the program can be started");
        let shown = Arc::new(Shown::default());
        shown.lock().screen.screen_mut().set_size(ROWS, columns);
        let source = File::from(pty.as_fd().try_clone_to_owned().expect("descriptors are left"));
        let (stop, reading) = std::io::pipe().expect("descriptors are left");
        let reader = std::thread::spawn({
            let shown = Arc::clone(&shown);
            move || shown.read(source, &stop)
        });
        Self { pty: Some(pty), child, shown, reader: Some(reader), reading: Some(reading), seen: 0 }
    }

    /// Waits until this text is shown, after all that was waited for before.
    pub(crate) fn wait_for(&mut self, text: &str) {
        let seen = self.seen;
        let found = |state: &State| {
            let rest = &state.log[seen..];
            let at = rest.windows(text.len()).position(|window| window == text.as_bytes());
            at.map(|at| seen + at + text.len())
        };
        let waiting = |state: &mut State| found(state).is_none() && !state.ended;
        let (state, _) = self
            .shown
            .changed
            .wait_timeout_while(self.shown.lock(), LIMIT, waiting)
            .unwrap_or_else(PoisonError::into_inner);
        match found(&state) {
            Some(end) => self.seen = end,
            None => panic!(
                "{text:?} does not appear on\n{}\nafter\n{:?}",
                state.screen.screen().contents(),
                String::from_utf8_lossy(&state.log),
            ),
        }
    }

    /// What the screen looks like.
    pub(crate) fn screen(&self) -> String {
        self.shown.lock().screen.screen().contents()
    }

    /// Every byte that was shown.
    pub(crate) fn log(&self) -> Vec<u8> {
        self.shown.lock().log.clone()
    }

    /// Types something.
    pub(crate) fn send(&mut self, text: &str) {
        let pty = self.pty.as_mut().expect("the terminal is there");
        pty.write_all(text.as_bytes()).expect("the terminal takes input");
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&mut self, columns: u16) {
        let pty = self.pty.as_ref().expect("the terminal is there");
        pty.resize(Size::new(ROWS, columns)).expect("a PTY has a size");
        self.shown.lock().screen.screen_mut().set_size(ROWS, columns);
    }

    /// Whether typed characters are shown.
    pub(crate) fn echoes(&self) -> bool {
        let pty = self.pty.as_ref().expect("the terminal is there");
        let modes = rustix::termios::tcgetattr(pty).expect("a PTY has modes");
        modes.local_modes.contains(rustix::termios::LocalModes::ECHO)
    }

    /// How the terminal treats what is typed and printed.
    pub(crate) fn modes(&self) -> impl PartialEq + std::fmt::Debug + use<> {
        let pty = self.pty.as_ref().expect("the terminal is there");
        let modes = rustix::termios::tcgetattr(pty).expect("a PTY has modes");
        (modes.input_modes, modes.output_modes, modes.control_modes, modes.local_modes)
    }

    /// Sends a signal to the program alone.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).expect("the program is there");
    }

    /// Takes the terminal away, as a lost connection does.
    pub(crate) fn hang_up(&mut self) {
        self.pty = None;
        self.reading = None;
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader ends");
        }
    }

    /// Waits until the program has ended and all it started has left the terminal.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let (state, _) = self
            .shown
            .changed
            .wait_timeout_while(self.shown.lock(), LIMIT, |state| !state.ended)
            .unwrap_or_else(PoisonError::into_inner);
        assert!(state.ended, "still there:\n{}", state.screen.screen().contents());
        drop(state);
        self.child.wait().expect("the program is ours")
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A program that has ended needs no killing.
        let _ended = self.child.kill();
        let _status = self.child.wait();
        self.pty = None;
        // The reader ends with the last holder of the terminal; a survivor is not waited for.
        self.reader = None;
    }
}

impl Shown {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, mut source: File, stop: &PipeReader) {
        let mut bytes = [0; 4096];
        loop {
            let mut ready = [PollFd::new(&source, PollFlags::IN), PollFd::new(stop, PollFlags::IN)];
            // Whatever ends the poll, the read that follows says what there is.
            let _woken = poll(&mut ready, None);
            let stopped = !ready[1].revents().is_empty();
            // A terminal that nobody holds any more reads as an error.
            let count = if stopped { 0 } else { source.read(&mut bytes).unwrap_or(0) };
            let mut state = self.lock();
            state.screen.process(&bytes[..count]);
            state.log.extend_from_slice(&bytes[..count]);
            state.ended = count == 0;
            self.changed.notify_all();
            if count == 0 {
                return;
            }
        }
    }
}
