//! A text that a regular expression matches, with a given text in the group that is captured. What is
//! made is matched before it is used: where this knows too little, there is no text.

use regex::Regex;

/// A text that matches, whose captured group is `value` if one is given.
pub(super) fn text_for(pattern: &Regex, value: Option<&str>) -> Option<String> {
    let group = captured(pattern);
    let mut maker = Maker { rest: pattern.as_str(), groups: 0, wanted: group, value };
    let text = maker.alternatives()?;
    let found = pattern.captures(&text)?;
    let right = value.is_none_or(|value| {
        let group = group.map_or_else(|| found.get(0), |index| found.get(index));
        group.is_some_and(|found| found.as_str() == value)
    });
    right.then_some(text)
}

/// The group that a capture takes: the named one, else the first.
fn captured(pattern: &Regex) -> Option<usize> {
    let mut groups = pattern.capture_names().enumerate().skip(1);
    let named = groups.clone().find(|(_, name)| name.is_some());
    named.or_else(|| groups.next()).map(|(index, _)| index)
}

/// Reads a pattern and writes a text for it.
struct Maker<'a> {
    rest: &'a str,
    groups: usize,
    wanted: Option<usize>,
    value: Option<&'a str>,
}

impl Maker<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let first = self.peek()?;
        self.rest = &self.rest[first.len_utf8()..];
        Some(first)
    }

    fn take(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// The first of several; the others are read over.
    fn alternatives(&mut self) -> Option<String> {
        let first = self.sequence()?;
        while self.take("|") {
            self.sequence()?;
        }
        Some(first)
    }

    fn sequence(&mut self) -> Option<String> {
        let mut text = String::new();
        while let Some(next) = self.peek() {
            if next == '|' || next == ')' {
                break;
            }
            let piece = self.atom()?;
            let times = self.times()?;
            (0..times).for_each(|_| text.push_str(&piece));
        }
        Some(text)
    }

    fn atom(&mut self) -> Option<String> {
        match self.next()? {
            '^' | '$' => Some(String::new()),
            '.' => Some("x".to_owned()),
            '[' => self.class(),
            '(' => self.group(),
            '\\' => Some(match self.next()? {
                'd' => "1".to_owned(),
                'w' | 'S' | 'D' => "x".to_owned(),
                's' | 'W' => " ".to_owned(),
                'b' | 'A' | 'z' | 'B' => String::new(),
                'n' => "\n".to_owned(),
                't' => "\t".to_owned(),
                'p' | 'P' | 'x' | 'u' => return None,
                other => other.to_string(),
            }),
            other => Some(other.to_string()),
        }
    }

    fn group(&mut self) -> Option<String> {
        let mut index = None;
        if self.take("?") {
            if self.take("P<") || self.take("<") {
                while self.next()? != '>' {}
                self.groups += 1;
                index = Some(self.groups);
            } else {
                loop {
                    match self.next()? {
                        ':' => break,
                        ')' => return Some(String::new()),
                        _ => {}
                    }
                }
            }
        } else {
            self.groups += 1;
            index = Some(self.groups);
        }
        let text = self.alternatives()?;
        if !self.take(")") {
            return None;
        }
        match (self.wanted, self.value) {
            (Some(wanted), Some(value)) if index == Some(wanted) => Some(value.to_owned()),
            _ => Some(text),
        }
    }

    /// A member of a class.
    fn class(&mut self) -> Option<String> {
        let negated = self.take("^");
        let mut members = Vec::new();
        while let Some(next) = self.next() {
            match next {
                ']' if !members.is_empty() => break,
                '[' if self.peek() == Some(':') => return None,
                '\\' => members.push(match self.next()? {
                    'd' => '1',
                    'w' => 'x',
                    's' => ' ',
                    'n' => '\n',
                    't' => '\t',
                    other => other,
                }),
                other => members.push(other),
            }
        }
        if negated {
            let other = ['x', '1', ' ', '-', 'A'].into_iter().find(|it| !members.contains(it));
            return other.map(String::from);
        }
        // Of a range from 0, one is the better number.
        match members.as_slice() {
            ['0', '-', '9', ..] => Some("1".to_owned()),
            [first, ..] => Some(first.to_string()),
            [] => None,
        }
    }

    /// How often a piece is repeated: as rarely as may be, but once rather than never.
    fn times(&mut self) -> Option<usize> {
        let times = match self.peek() {
            Some('*' | '+' | '?') => {
                self.next();
                1
            }
            Some('{') => {
                self.next();
                let inside = self.rest.find('}')?;
                let least = self.rest[..inside].split(',').next()?.parse::<usize>().ok()?;
                self.rest = &self.rest[inside + 1..];
                least.clamp(1, 64)
            }
            _ => return Some(1),
        };
        self.take("?");
        Some(times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_runbooks_get_a_text_with_the_value() {
        let texts = [
            (r"^rate +([0-9]+)", "16", "rate 16"),
            (r"(?m)^fastest +(.+)$", "a.log", "fastest a.log"),
            (r"(?m)^ *([0-9]+)%", "97", " 97%"),
            (r"version (?P<v>[0-9]+)(\.\d+)?", "2", "version 2.1"),
            (r"(?:one|two) \[(\w{3,})\]", "abc", "one [abc]"),
        ];
        for (pattern, value, text) in texts {
            let pattern = Regex::new(pattern).unwrap();
            assert_eq!(text_for(&pattern, Some(value)).as_deref(), Some(text), "{pattern}");
        }
        let flat = Regex::new("(?i)out of memory|cannot allocate").unwrap();
        assert_eq!(text_for(&flat, None).as_deref(), Some("out of memory"));
        let digits = Regex::new("^([0-9]+)$").unwrap();
        assert_eq!(text_for(&digits, Some("x")), None);
    }
}
