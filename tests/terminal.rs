//! Prompts on a real terminal: lines, signals, echo, hang-up.

#[path = "support/pty.rs"]
#[expect(dead_code, reason = "each test binary uses its own part of the harness")]
mod pty;

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use pty::Session;
use pty_process::blocking::Pty;
use rustix::termios::{LocalModes, tcgetattr};
use surefoot::console::{Echo, Input, Line, Signal, Signals, Tty};

/// Long enough for a terminal to hand over what it has, and paid only where nothing comes.
const MOMENT: Option<Duration> = Some(Duration::from_millis(200));

/// Signals that the test makes: one byte each.
struct Made(UnixStream);

impl Signals for Made {
    fn ready(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    fn take(&mut self) -> Option<Signal> {
        let mut byte = [0];
        self.0.read_exact(&mut byte).ok()?;
        Some(match byte[0] {
            b'i' => Signal::Interrupt,
            b'z' => Signal::Suspend,
            _ => Signal::HangUp,
        })
    }

    fn suspend(&mut self) {}
}

/// A terminal, the person's end of it, and what makes signals.
fn terminal() -> (Tty<Made>, Pty, UnixStream) {
    let (pty, pts) = pty_process::blocking::open().expect("a PTY can be had");
    let (made, maker) = UnixStream::pair().expect("descriptors are left");
    made.set_nonblocking(true).expect("a socket can be made so");
    let device = File::from(pts.as_fd().try_clone_to_owned().expect("descriptors are left"));
    (Tty::new(device, Made(made)), pty, maker)
}

#[test]
fn the_harness_talks_to_a_program() {
    let script = "read x; echo got $x; stty size";
    let mut session = Session::start("/bin/sh", &["-c", script], &[("PATH", "/usr/bin:/bin")], 40);
    session.send("hello\r");
    session.wait_for("got hello");
    session.wait_for("50 40");
    assert!(session.wait().success());
    assert!(session.screen().contains("got hello"));
}

#[test]
fn the_harness_sends_control_c() {
    let script = "trap 'echo stopped; exit 3' INT; echo ready; read x";
    let mut session = Session::start("/bin/sh", &["-c", script], &[], 80);
    session.wait_for("ready");
    session.send("\x03");
    session.wait_for("stopped");
    assert_eq!(session.wait().code(), Some(3));
}

#[test]
fn a_typed_line_is_read_whole() {
    let (mut tty, mut pty, _signals) = terminal();
    pty.write_all("grün\r".as_bytes()).unwrap();
    assert_eq!(tty.line(Echo::Shown, None), Line::text("grün"));
    // Several lines of a paste come one by one.
    pty.write_all(b"one\rtwo\r").unwrap();
    assert_eq!(tty.line(Echo::Shown, None), Line::text("one"));
    assert_eq!(tty.line(Echo::Shown, None), Line::text("two"));
}

#[test]
fn half_a_line_waits_for_its_rest() {
    let (mut tty, mut pty, _signals) = terminal();
    pty.write_all(b"ha").unwrap();
    assert_eq!(tty.line(Echo::Shown, MOMENT), Line::Nothing);
    pty.write_all(b"lf\r").unwrap();
    assert_eq!(tty.line(Echo::Shown, None), Line::text("half"));
}

#[test]
fn half_a_line_survives_what_wakes_the_prompt() {
    let (mut tty, mut pty, _signals) = terminal();
    let (wakes, mut bell) = UnixStream::pair().unwrap();
    pty.write_all(b"ha").unwrap();
    bell.write_all(b"x").unwrap();
    assert_eq!(tty.line_beside(Echo::Shown, None, Some(wakes.as_fd())), Line::Woken);
    pty.write_all(b"lf\r").unwrap();
    assert_eq!(tty.line_beside(Echo::Shown, None, None), Line::text("half"));
}

#[test]
fn what_was_typed_ahead_is_thrown_away() {
    let (mut tty, mut pty, _signals) = terminal();
    pty.write_all(b"y\ry\r").unwrap();
    assert_eq!(tty.line(Echo::Shown, None), Line::text("y"));
    tty.discard();
    assert_eq!(tty.line(Echo::Shown, MOMENT), Line::Nothing);
}

#[test]
fn a_line_that_the_terminal_cuts_is_refused() {
    let (mut tty, mut pty, _signals) = terminal();
    let long = "x".repeat(5000);
    pty.write_all(long.as_bytes()).unwrap();
    pty.write_all(b"\r").unwrap();
    assert_eq!(tty.line(Echo::Shown, None), Line::TooLong);
    pty.write_all(b"next\r").unwrap();
    assert_eq!(tty.line(Echo::Shown, None), Line::text("next"));
}

#[test]
fn a_line_of_other_bytes_is_no_text() {
    let (mut tty, mut pty, _signals) = terminal();
    pty.write_all(b"\xff\xfe\r").unwrap();
    assert_eq!(tty.line(Echo::Shown, None), Line::NotText);
}

#[test]
fn control_d_is_the_end() {
    let (mut tty, mut pty, _signals) = terminal();
    pty.write_all(b"\x04").unwrap();
    assert_eq!(tty.line(Echo::Shown, None), Line::End);
}

#[test]
fn signals_end_a_prompt() {
    let (mut tty, _pty, mut signals) = terminal();
    signals.write_all(b"i").unwrap();
    assert_eq!(tty.line(Echo::Shown, None), Line::Interrupted);
    signals.write_all(b"z").unwrap();
    assert_eq!(tty.line(Echo::Shown, None), Line::Continued);
    signals.write_all(b"h").unwrap();
    assert_eq!(tty.line(Echo::Shown, None), Line::HungUp);
}

#[test]
fn a_lost_terminal_ends_a_prompt() {
    let (mut tty, pty, _signals) = terminal();
    drop(pty);
    assert_eq!(tty.line(Echo::Shown, None), Line::HungUp);
}

#[test]
fn a_secret_is_not_echoed_and_the_echo_comes_back() {
    let (mut tty, mut pty, mut signals) = terminal();
    let echoes = |pty: &Pty| {
        let modes = tcgetattr(pty).unwrap().local_modes;
        modes.contains(LocalModes::ECHO)
    };
    for (typed, expected) in [(Some("hunter2"), Line::text("hunter2")), (None, Line::Interrupted)] {
        let reader = std::thread::spawn(move || (tty.line(Echo::Hidden, None), tty));
        while echoes(&pty) {
            std::thread::yield_now();
        }
        match typed {
            Some(typed) => pty.write_all(format!("{typed}\r").as_bytes()).unwrap(),
            None => signals.write_all(b"i").unwrap(),
        }
        let (line, back) = reader.join().unwrap();
        tty = back;
        assert_eq!(line, expected);
        assert!(echoes(&pty));
    }
    let mut shown = [0; 64];
    let count = pty.read(&mut shown).unwrap();
    assert_eq!(shown[..count], *b"\r\n");
}
