//! Streams that fail, colours, commands that do not fit, the spinner.

use super::*;

fn settings(colour: Colour, cursor: Cursor) -> Settings {
    Settings { colour, cursor, glyphs: Glyphs::Unicode, width: Width::Columns(40) }
}

/// A stream whose reader is gone.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_failed_write_is_remembered_and_ends_nothing() {
    let still = settings(Colour::Never, Cursor::Still);
    let terminal = Terminal::writing(still, Box::new(Closed), Box::new(io::sink()));
    assert!(!terminal.broken());
    terminal.line(&Text::plain("a"));
    assert!(terminal.broken());
    assert!(terminal.data("b").is_ok());

    let terminal = Terminal::writing(still, Box::new(io::sink()), Box::new(Closed));
    terminal.line(&Text::plain("a"));
    assert!(!terminal.broken());
    assert!(terminal.data("b").is_err());
    assert!(terminal.broken());
}

#[test]
fn the_walk_and_the_data_do_not_mix() {
    let (terminal, captured) = Terminal::buffered(settings(Colour::Never, Cursor::Still));
    terminal.line(&Text::plain("walk"));
    terminal.data("data\n").unwrap();
    assert_eq!(captured.walk(), "walk\n");
    assert_eq!(captured.data(), "data\n");
}

#[test]
fn without_colour_no_sequence_is_written() {
    let (terminal, captured) = Terminal::buffered(settings(Colour::Never, Cursor::Still));
    terminal.line(&Text::of(Meaning::Bad, "a"));
    terminal.command("b");
    terminal.bell();
    terminal.replace_line_above(&Text::plain("c"));
    terminal.spinner().draw("d");
    assert_eq!(captured.walk(), "a\n    $ b\n");
}

/// The whole command is there, whatever its form.
fn check_command(command: &str, expected: &str) {
    let (terminal, captured) = Terminal::buffered(settings(Colour::Never, Cursor::Still));
    terminal.command(command);
    let shown = captured.walk();
    assert_eq!(shown, expected);
    let joined = shown.replace("\n    ↪ ", "").replace("    $ ", "").replace("\n      ", "\n");
    let bytes = crate::console::filter::unescape(joined.trim_end_matches('\n'));
    assert_eq!(String::from_utf8(bytes).unwrap(), command.trim_end_matches('\n'));
}

#[test]
fn a_command_is_shown_whole() {
    check_command("kubectl get pods", "    $ kubectl get pods\n");
    check_command(
        "set -x\nfor a in 1; do\n  b\ndone\n",
        "    $ set -x\n      for a in 1; do\n        b\n      done\n",
    );
    check_command(
        "kubectl --context prod-eu -n shop get pods -l app=checkout",
        "    $ kubectl --context prod-eu -n shop \n    ↪ get pods -l app=checkout\n",
    );
    check_command("a\x1b[8mb", "    $ a\\x1b[8mb\n");
    check_command(&format!("true{}; rm -r x", " ".repeat(200)), "    $ true\\x20{200}; rm -r x\n");
}

#[test]
fn the_spinner_is_gone_before_anything_else_is_written() {
    let (terminal, captured) = Terminal::buffered(settings(Colour::Never, Cursor::Movable));
    terminal.spinner().draw("running 2 s\x1b]0;x\x07");
    terminal.line(&Text::plain("next"));
    let mut screen = vt100::Parser::new(5, 40, 0);
    let log = captured.walk();
    assert!(log.contains("running 2 s\\x1b]0;x\\x07"), "{log:?}");
    screen.process(log.replace('\n', "\r\n").as_bytes());
    assert_eq!(screen.screen().contents().trim_end(), "next");
}

#[test]
fn a_path_that_does_not_fit_breaks_behind_a_slash() {
    check_command(
        "bash /var/lib/surefoot/runs/work/files/growth incident",
        "    $ bash /var/lib/surefoot/runs/work/\n    ↪ files/growth incident\n",
    );
}

#[test]
fn in_ascii_a_command_that_goes_on_looks_like_no_prompt() {
    let ascii = Settings { glyphs: Glyphs::Ascii, ..settings(Colour::Never, Cursor::Still) };
    let (terminal, captured) = Terminal::buffered(ascii);
    terminal.command("echo one two three four five six seven eight");
    let shown = captured.walk();
    assert!(shown.lines().count() > 1 && !shown.contains("> "), "{shown}");
}
