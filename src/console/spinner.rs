//! What turns while a command runs and prints nothing: elapsed time, and the usual time beside it.
//!
//! [`Spinner`] draws through the terminal's own writer, only when it is told that time has passed,
//! and is cleared before anything else is written.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use super::terminal::{Cursor, Glyphs, Settings, Walk, Width, columns};

/// The one line that is drawn again and again.
#[derive(Clone, Debug)]
pub struct Spinner {
    screen: Screen,
    settings: Settings,
    bar: Arc<Mutex<Option<ProgressBar>>>,
}

impl Spinner {
    pub(super) fn drawing(walk: Walk, settings: Settings) -> Self {
        Self {
            // A terminal writes `^C` behind the line, and must find room for it there.
            screen: Screen { walk, width: settings.width, margin: KEY },
            settings,
            bar: Arc::new(Mutex::new(None)),
        }
    }

    /// What several lines are drawn on: each is filled to its last column, and goes on in the next.
    pub(super) fn screen(&self) -> Screen {
        Screen { margin: 0, ..self.screen.clone() }
    }

    /// Whether there is one at all.
    pub fn turns(&self) -> bool {
        self.settings.cursor == Cursor::Movable
    }

    /// Draws it with these words.
    pub fn draw(&self, words: &str) {
        if !self.turns() {
            return;
        }
        let mut held = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = held.get_or_insert_with(|| self.start());
        let room = columns(self.settings.width).unwrap_or(80).saturating_sub(6);
        let words = super::filter::shown_line(words);
        let fitting = super::wording::cut(&words, room);
        bar.set_message(fitting);
        bar.tick();
    }

    /// Draws how far something has come.
    pub fn progress(&self, words: &str, done: usize, all: usize) {
        if !self.turns() {
            return;
        }
        let mut held = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = held.get_or_insert_with(|| self.start_bar());
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        bar.set_message(super::filter::shown_line(words));
        bar.set_length(count(all));
        bar.set_position(count(done));
        bar.tick();
    }

    /// Takes it off the screen.
    pub fn clear(&self) {
        let bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
    }

    fn start_bar(&self) -> ProgressBar {
        let bar = self.start();
        let signs = match self.settings.glyphs {
            Glyphs::Ascii => "=> ",
            Glyphs::Unicode => "━╸ ",
        };
        let style = bar.style().template("    {spinner} {msg} {bar:24} {pos} of {len}");
        bar.set_style(style.expect("the template is constant").progress_chars(signs));
        bar
    }

    fn start(&self) -> ProgressBar {
        let target = ProgressDrawTarget::term_like(Box::new(self.screen.clone()));
        let bar = ProgressBar::with_draw_target(None, target);
        let ticks: &[&str] = match self.settings.glyphs {
            Glyphs::Ascii => &["|", "/", "-", "\\", " "],
            Glyphs::Unicode => &["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏", " "],
        };
        let style = ProgressStyle::with_template("    {spinner} {msg}");
        bar.set_style(style.expect("the template is constant").tick_strings(ticks));
        bar
    }
}

/// As wide as what a terminal writes for a key that sends a signal: `^C`.
const KEY: usize = 2;

/// The terminal as the spinner sees it. Failed writes are remembered by the terminal itself.
#[derive(Clone, Debug)]
pub(super) struct Screen {
    walk: Walk,
    width: Width,
    /// How many columns at the right stay free.
    margin: usize,
}

impl Screen {
    fn move_by(&self, count: usize, direction: char) {
        if count > 0 {
            self.walk.write(&format!("\x1b[{count}{direction}"));
        }
    }
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        let columns = columns(self.width).unwrap_or(80).saturating_sub(self.margin);
        u16::try_from(columns).unwrap_or(u16::MAX)
    }

    fn move_cursor_up(&self, count: usize) -> io::Result<()> {
        self.move_by(count, 'A');
        Ok(())
    }

    fn move_cursor_down(&self, count: usize) -> io::Result<()> {
        self.move_by(count, 'B');
        Ok(())
    }

    fn move_cursor_right(&self, count: usize) -> io::Result<()> {
        self.move_by(count, 'C');
        Ok(())
    }

    fn move_cursor_left(&self, count: usize) -> io::Result<()> {
        self.move_by(count, 'D');
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.walk.write(&format!("{text}\n"));
        Ok(())
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.walk.write(text);
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.walk.write("\r\x1b[2K");
        Ok(())
    }

    /// A terminal writes `^C` where the cursor is. Behind a line that is full that would be another line,
    /// of which whoever clears these knows nothing.
    fn flush(&self) -> io::Result<()> {
        self.move_cursor_left(KEY.saturating_sub(self.margin))
    }
}
