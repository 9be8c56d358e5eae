//! What is typed, what fits it, and which line is looked at.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::keys::Press;
use super::{Chosen, Key, Offer, Preview, Stock};

/// More letters are no search.
const MOST_TYPED: usize = 200;

/// What a key did.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Done {
    No,
    Chosen(Chosen),
}

/// The state of the picker.
pub(super) struct Choice<'a> {
    stock: &'a mut dyn Stock,
    pub(super) typed: String,
    /// How many lines can be seen.
    rows: usize,
    /// What fits, the best first; only as much as may be seen while nothing is typed.
    fitting: Vec<Key>,
    /// How many fit, and how many there are.
    pub(super) counts: (usize, usize),
    /// The first line that is seen.
    top: usize,
    /// The line that is looked at.
    at: usize,
    /// The lines that are seen.
    pub(super) seen: Vec<Offer>,
    pub(super) preview: Preview,
    /// All there is; read when the first letter is typed.
    all: Option<Vec<(Key, String)>>,
    /// The places in `all` that fitted what was typed before, for the next letter.
    narrowed: Option<(String, Vec<usize>)>,
    matcher: Matcher,
}

/// So many are read before anything is typed.
const FIRST: usize = 100;

impl<'a> Choice<'a> {
    pub(super) fn new(stock: &'a mut dyn Stock, rows: usize) -> Self {
        let count = stock.count();
        let mut config = Config::DEFAULT;
        // Names come before titles, and these before tags.
        config.prefer_prefix = true;
        let mut choice = Self {
            stock,
            typed: String::new(),
            rows,
            fitting: Vec::new(),
            counts: (count, count),
            top: 0,
            at: 0,
            seen: Vec::new(),
            preview: Preview::default(),
            all: None,
            narrowed: None,
            matcher: Matcher::new(config),
        };
        choice.search();
        choice
    }

    /// Which of the seen lines is looked at.
    pub(super) fn marked(&self) -> usize {
        self.at - self.top
    }

    /// As many lines are seen as there is room for.
    pub(super) fn fit(&mut self, rows: usize) {
        if self.rows != rows {
            self.rows = rows;
            self.look();
        }
    }

    pub(super) fn press(&mut self, press: Press) -> Done {
        let last = self.fitting.len().saturating_sub(1);
        match press {
            Press::Letter(letter) if self.typed.chars().count() < MOST_TYPED => {
                self.typed.push(letter);
                self.search();
            }
            Press::Letter(_) => {}
            Press::Backspace => {
                self.typed.pop();
                self.search();
            }
            Press::WordBack => {
                let kept = self.typed.trim_end();
                let kept = kept.rfind(char::is_whitespace).map_or(0, |at| at + 1);
                self.typed.truncate(kept);
                self.search();
            }
            Press::Clear => {
                self.typed.clear();
                self.search();
            }
            Press::Up => self.go(self.at.saturating_sub(1)),
            Press::Down => self.go((self.at + 1).min(last)),
            Press::PageUp => self.go(self.at.saturating_sub(self.rows)),
            Press::PageDown => self.go((self.at + self.rows).min(last)),
            Press::First => self.go(0),
            Press::Last => self.go(last),
            Press::Enter => return self.chosen(Chosen::Walk),
            Press::Tab => return self.chosen(Chosen::Show),
            Press::End if !self.typed.is_empty() => {}
            Press::End | Press::Escape => return Done::Chosen(Chosen::Nothing),
        }
        Done::No
    }

    fn chosen(&self, how: fn(Key) -> Chosen) -> Done {
        self.fitting.get(self.at).map_or(Done::No, |key| Done::Chosen(how(key.clone())))
    }

    fn go(&mut self, at: usize) {
        if at != self.at {
            self.at = at;
            self.look();
        }
    }

    /// Finds what fits what is typed.
    fn search(&mut self) {
        (self.at, self.top) = (0, 0);
        if self.typed.trim().is_empty() {
            let offers = self.stock.first(FIRST.max(self.rows));
            self.fitting = offers.iter().map(|offer| offer.key.clone()).collect();
            self.counts.0 = self.counts.1;
            self.seen = offers;
            self.seen.truncate(self.rows);
            self.narrowed = None;
        } else {
            self.narrow();
        }
        self.look();
    }

    fn narrow(&mut self) {
        let stock = &mut self.stock;
        let all = self.all.get_or_insert_with(|| stock.all());
        let smart = (CaseMatching::Smart, Normalization::Smart);
        let pattern = Pattern::new(&self.typed, smart.0, smart.1, AtomKind::Fuzzy);
        let mut letters = Vec::new();
        // What does not fit the beginning of what is typed does not fit the whole.
        let before =
            self.narrowed.take().filter(|(typed, _)| self.typed.starts_with(typed.as_str()));
        let places = before.map_or_else(|| (0..all.len()).collect(), |(_, places)| places);
        let mut scored: Vec<(u32, usize)> = Vec::new();
        for place in places {
            let text = Utf32Str::new(&all[place].1, &mut letters);
            if let Some(score) = pattern.score(text, &mut self.matcher) {
                scored.push((score, place));
            }
        }
        let places = scored.iter().map(|(_, place)| *place).collect();
        scored.sort_unstable_by_key(|(score, place)| (std::cmp::Reverse(*score), *place));
        self.fitting = scored.iter().map(|(_, place)| all[*place].0.clone()).collect();
        self.counts.0 = self.fitting.len();
        self.narrowed = Some((self.typed.clone(), places));
    }

    /// Reads what is seen now.
    fn look(&mut self) {
        if self.at < self.top {
            self.top = self.at;
        }
        if self.at >= self.top + self.rows {
            self.top = self.at + 1 - self.rows;
        }
        let end = (self.top + self.rows).min(self.fitting.len());
        let keys = &self.fitting[self.top..end];
        if !self.seen.iter().map(|offer| &offer.key).eq(keys) {
            self.seen = self.stock.offers(keys);
        }
        self.preview = match self.fitting.get(self.at) {
            Some(key) => self.stock.preview(key),
            None => Preview::default(),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::Text;

    struct Shelf {
        names: Vec<&'static str>,
        asked_for_all: usize,
    }

    impl Shelf {
        fn new(names: &[&'static str]) -> Self {
            Self { names: names.to_vec(), asked_for_all: 0 }
        }

        fn offer(&self, number: i64) -> Offer {
            let name = self.names[usize::try_from(number).unwrap()].to_owned();
            Offer { key: Key::Runbook(number), title: name.clone(), name }
        }

        fn numbers(&self) -> std::ops::Range<i64> {
            0..i64::try_from(self.names.len()).unwrap()
        }
    }

    impl Stock for Shelf {
        fn first(&mut self, most: usize) -> Vec<Offer> {
            self.numbers().take(most).map(|number| self.offer(number)).collect()
        }

        fn count(&mut self) -> usize {
            self.names.len()
        }

        fn all(&mut self) -> Vec<(Key, String)> {
            self.asked_for_all += 1;
            self.numbers().map(|it| (Key::Runbook(it), self.offer(it).name)).collect()
        }

        fn offers(&mut self, keys: &[Key]) -> Vec<Offer> {
            let number = |key: &Key| match key {
                Key::Runbook(number) => *number,
                Key::Alert(_) | Key::Resume(_) => unreachable!(),
            };
            keys.iter().map(|key| self.offer(number(key))).collect()
        }

        fn preview(&mut self, key: &Key) -> Preview {
            Preview { lines: vec![Text::plain(format!("{key:?}"))] }
        }
    }

    fn names(choice: &Choice<'_>) -> Vec<String> {
        choice.seen.iter().map(|offer| offer.name.clone()).collect()
    }

    #[test]
    fn letters_narrow_and_backspace_widens() {
        let mut shelf = Shelf::new(&["disk-full", "redis-slow", "disk-slow"]);
        let mut choice = Choice::new(&mut shelf, 5);
        assert_eq!(names(&choice), ["disk-full", "redis-slow", "disk-slow"]);
        for letter in "dslw".chars() {
            choice.press(Press::Letter(letter));
        }
        assert_eq!(choice.counts, (2, 3));
        assert!(names(&choice).contains(&"disk-slow".to_owned()));
        choice.press(Press::Letter('z'));
        assert_eq!(choice.press(Press::Enter), Done::No);
        assert!(names(&choice).is_empty());
        choice.press(Press::Backspace);
        assert_eq!(choice.counts, (2, 3));
        choice.press(Press::Clear);
        assert_eq!(names(&choice).len(), 3);
        assert_eq!(shelf.asked_for_all, 1);
    }

    #[test]
    fn the_line_that_is_looked_at_stays_in_sight() {
        let mut shelf = Shelf::new(&["a", "b", "c", "d", "e"]);
        let mut choice = Choice::new(&mut shelf, 2);
        for _ in 0..9 {
            choice.press(Press::Down);
        }
        assert_eq!((names(&choice), choice.marked()), (vec!["d".to_owned(), "e".to_owned()], 1));
        choice.fit(1);
        assert_eq!((names(&choice), choice.marked()), (vec!["e".to_owned()], 0));
        choice.press(Press::PageUp);
        choice.press(Press::Up);
        assert_eq!(choice.press(Press::Tab), Done::Chosen(Chosen::Show(Key::Runbook(2))));
        choice.press(Press::First);
        assert_eq!(choice.press(Press::Enter), Done::Chosen(Chosen::Walk(Key::Runbook(0))));
        assert_eq!(choice.press(Press::Escape), Done::Chosen(Chosen::Nothing));
    }

    #[test]
    fn nothing_is_read_in_full_before_a_letter_is_typed_and_an_empty_shelf_is_no_trouble() {
        let mut shelf = Shelf::new(&[]);
        let mut choice = Choice::new(&mut shelf, 2);
        for press in [Press::Down, Press::Up, Press::PageDown, Press::Last, Press::Backspace] {
            choice.press(press);
        }
        assert_eq!(choice.press(Press::Enter), Done::No);
        assert_eq!(choice.press(Press::End), Done::Chosen(Chosen::Nothing));
        assert_eq!(shelf.asked_for_all, 0);
    }
}
