//! Durations: whole numbers with `ms`, `s`, `m`, `h`, `d`, largest first.
//!
//! [`Duration`] keeps the spelling of its author; computed ones get the canonical spelling. Nothing
//! here knows what time it is.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Longer ones are slips, and arithmetic with shorter ones stays far from every overflow.
const LONGEST: u64 = 36_500 * DAY;

/// The units with their lengths, largest first.
const UNITS: [(&str, u64); 5] = [("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND), ("ms", 1)];

/// A duration as its author wrote it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Duration {
    /// Its length in milliseconds.
    pub millis: u64,
    /// Its spelling, such as `90s`.
    pub written: String,
}

impl Duration {
    /// Reads a duration; the error says what is wrong with it, without repeating the text.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "durations are whole numbers with ms, s, m, h or d, largest first, such as 90s or 1h30m";
        if text.is_empty() {
            return Err("a duration is missing, such as 90s or 1h30m");
        }
        let mut units = UNITS.iter();
        let mut rest = text;
        let mut millis: u64 = 0;
        while !rest.is_empty() {
            let (digits, tail) = split_while(rest, |b| b.is_ascii_digit());
            let (word, tail) = split_while(tail, |b| b.is_ascii_alphabetic());
            if digits.is_empty() {
                return Err(FORM);
            }
            if word.starts_with('w') {
                return Err("there are no weeks: write days, such as 7d");
            }
            if word.is_empty() {
                return Err(if tail.is_empty() {
                    "the unit is missing: ms, s, m, h or d, such as 90s"
                } else {
                    FORM
                });
            }
            // Going on where the last unit was found keeps them in order and each at most once.
            let Some((_, length)) = units.find(|(unit, _)| *unit == word) else {
                return Err(FORM);
            };
            let count: u64 = digits.parse().map_err(|_| TOO_LONG)?;
            millis = count
                .checked_mul(*length)
                .and_then(|part| millis.checked_add(part))
                .filter(|sum| *sum <= LONGEST)
                .ok_or(TOO_LONG)?;
            rest = tail;
        }
        Ok(Self { millis, written: text.to_owned() })
    }

    /// A duration in its canonical spelling, such as `1h30m`.
    pub fn from_millis(millis: u64) -> Self {
        Self { millis, written: canonical(millis) }
    }
}

const TOO_LONG: &str = "longer than a hundred years";

/// The canonical spelling of a length: units that are zero are left out.
fn canonical(millis: u64) -> String {
    let mut written = String::new();
    let mut rest = millis;
    for (unit, length) in UNITS {
        let count = rest / length;
        rest %= length;
        if count > 0 {
            let _infallible = write!(written, "{count}{unit}");
        }
    }
    if written.is_empty() {
        written.push_str("0s");
    }
    written
}

/// A length of time as people say it: `4 ms`, `0.3 s`, `12 s`, `1 min 20 s`, `2 h 5 min`.
pub fn spoken(millis: u64) -> String {
    if (1..100).contains(&millis) {
        return format!("{millis} ms");
    }
    if millis < 10 * SECOND && millis % SECOND >= 100 {
        // Cut, not rounded: 0.99 s never reads as a whole second that has not passed.
        return format!("{}.{} s", millis / SECOND, millis % SECOND / 100);
    }
    if millis < MINUTE {
        return format!("{} s", millis / SECOND);
    }
    let (large, large_unit, small, small_unit) = if millis < HOUR {
        (millis / MINUTE, "min", millis % MINUTE / SECOND, "s")
    } else if millis < DAY {
        (millis / HOUR, "h", millis % HOUR / MINUTE, "min")
    } else {
        (millis / DAY, "d", millis % DAY / HOUR, "h")
    };
    if small == 0 {
        format!("{large} {large_unit}")
    } else {
        format!("{large} {large_unit} {small} {small_unit}")
    }
}

fn split_while(text: &str, keep: impl Fn(u8) -> bool) -> (&str, &str) {
    let end = text.bytes().position(|b| !keep(b)).unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, millis: u64) {
        let parsed = Duration::parse(text).unwrap();
        assert_eq!(parsed.millis, millis, "{text}");
        assert_eq!(parsed.written, text);
    }

    #[test]
    fn units_add_up_and_the_spelling_stays() {
        check("90s", 90_000);
        check("1h30m", 5_400_000);
        check("250ms", 250);
        check("1m5ms", 60_005);
        check("2d", 172_800_000);
        check("0s", 0);
        check("120m", 7_200_000);
        check("1d2h3m4s5ms", 93_784_005);
    }

    #[test]
    fn what_is_not_whole_numbers_with_units_largest_first_is_refused() {
        for text in [
            "", "5", "m", "-5m", "+5m", "1.5h", "5 m", "5m ", " 5m", "30m1h", "5m5m", "1h5", "5M",
            "5min", "5sec", "1e3s", "5m-3s", "٥m", "5µs", "1w", "1h,30m",
        ] {
            assert!(Duration::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn absurd_lengths_are_refused_without_overflow() {
        for text in ["99999999999999999999d", "18446744073709551615d", "36501d"] {
            assert_eq!(Duration::parse(text), Err(TOO_LONG), "{text}");
        }
        check("36500d", LONGEST);
    }

    #[test]
    fn a_missing_unit_is_named() {
        assert!(Duration::parse("90").unwrap_err().contains("unit"));
    }

    #[test]
    fn screens_show_at_most_two_units() {
        let check = |millis, expected: &str| assert_eq!(spoken(millis), expected);
        check(0, "0 s");
        check(4, "4 ms");
        check(99, "99 ms");
        check(100, "0.1 s");
        check(340, "0.3 s");
        check(999, "0.9 s");
        check(1_000, "1 s");
        check(2_500, "2.5 s");
        check(2_060, "2 s");
        check(12_700, "12 s");
        check(59_999, "59 s");
        check(60_000, "1 min");
        check(80_000, "1 min 20 s");
        check(7_500_000, "2 h 5 min");
        check(3_600_000, "1 h");
        check(90_000_000, "1 d 1 h");
    }

    proptest! {
        #[test]
        fn the_canonical_spelling_reads_back_as_the_same_length(millis in 0..LONGEST) {
            let made = Duration::from_millis(millis);
            prop_assert_eq!(Duration::parse(&made.written).unwrap(), made);
        }

        #[test]
        fn no_text_makes_reading_panic(text in "\\PC*") {
            let _ = Duration::parse(&text);
        }
    }
}
