//! How far several transfers have come that run at once: a bar over all of them, and under it a line
//! for each that is under way. Drawn on a terminal only, and only once it takes long enough to wonder.

use std::sync::{Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle, WeakProgressBar};
use unicode_width::UnicodeWidthStr as _;

use super::filter::shown_line;
use super::terminal::{Cursor, Glyphs, Settings, Terminal, columns};
use super::wording::cut;

/// Transfers that run at once.
pub struct Transfers {
    bars: MultiProgress,
    all: ProgressBar,
    /// Those under way. A line belongs to whoever transfers, and goes with it.
    lines: Mutex<Vec<WeakProgressBar>>,
    settings: Settings,
}

/// One of them. Its line goes with it.
#[derive(Debug)]
pub struct TransferLine {
    bar: ProgressBar,
    bars: MultiProgress,
    /// How many columns there are for its words: a line that is full would run into the next.
    room: usize,
}

impl Transfers {
    /// So many are to be done. Nothing is drawn yet.
    pub fn new(terminal: &Terminal, words: &str, count: usize) -> Self {
        let settings = terminal.settings();
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
        let signs = match settings.glyphs {
            Glyphs::Ascii => "=> ",
            Glyphs::Unicode => "━╸ ",
        };
        let all = bars.add(ProgressBar::new(u64::try_from(count).unwrap_or(u64::MAX)));
        let style = ProgressStyle::with_template("    {msg} {bar:24} {pos} of {len}");
        all.set_style(style.expect("the template is constant").progress_chars(signs));
        all.set_message(shown_line(words));
        Self { bars, all, lines: Mutex::new(Vec::new()), settings }
    }

    /// Draws from now on, if there is a terminal to draw on.
    pub fn show(&self, terminal: &Terminal) {
        if terminal.settings().cursor == Cursor::Movable {
            let screen = Box::new(terminal.spinner().screen());
            self.bars.set_draw_target(ProgressDrawTarget::term_like(screen));
            self.all.tick();
        }
    }

    /// One begins.
    pub fn begin(&self, name: &str) -> TransferLine {
        let bar = self.bars.add(ProgressBar::new_spinner());
        let ticks: &[&str] = match self.settings.glyphs {
            Glyphs::Ascii => &["|", "/", "-", "\\", " "],
            Glyphs::Unicode => &["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏", " "],
        };
        let style = ProgressStyle::with_template("    {spinner} {prefix}  {msg}");
        bar.set_style(style.expect("the template is constant").tick_strings(ticks));
        let all = columns(self.settings.width).unwrap_or(80).saturating_sub(12);
        let name = cut(&shown_line(name), all / 2);
        let room = all.saturating_sub(name.width());
        bar.set_prefix(name);
        // A connection that hangs says nothing: its line says so from the beginning.
        bar.set_message(cut("waiting for an answer", room));
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(bar.downgrade());
        TransferLine { bar, bars: self.bars.clone(), room }
    }

    /// Time passes: the lines turn, also of those that have not been heard of.
    pub fn turn(&self) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.retain(|line| line.upgrade().inspect(ProgressBar::tick).is_some());
    }

    /// So many have ended.
    pub fn ended(&self, count: usize) {
        self.all.set_position(u64::try_from(count).unwrap_or(u64::MAX));
    }

    /// Writes something else in between.
    pub fn aside(&self, write: impl FnOnce()) {
        self.bars.suspend(write);
    }

    /// Takes all of it off the screen.
    pub fn clear(&self) {
        self.all.finish_and_clear();
        // A bar that is gone already leaves nothing to clear.
        let _ = self.bars.clear();
    }
}

impl TransferLine {
    /// How far it is, in its own words.
    pub fn told(&self, words: &str) {
        self.bar.set_message(cut(&shown_line(words), self.room));
        self.bar.tick();
    }
}

impl Drop for TransferLine {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        self.bars.remove(&self.bar);
    }
}
