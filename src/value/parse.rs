//! From a text that somebody typed, sent or printed to a value of a declared type.
//!
//! [`Value::parse`] takes a value exactly as the language describes its type, or refuses it. It
//! repairs nothing: no trimming, no rounding, no respelling.

// Addresses as texts only: nothing here reaches a network.
use core::net::{Ipv4Addr, Ipv6Addr};

use super::{Decimal, Duration, Moment, Type, Value};
use crate::diagnostic::cut;

/// A text that does not fit its type.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{text}` is not {}: {problem}", .ty.described())]
pub struct InvalidValue {
    ty: Type,
    text: String,
    problem: &'static str,
}

impl InvalidValue {
    /// What is wrong, without the text itself: for secrets.
    pub fn without_text(&self) -> String {
        format!("not {}: {}", self.ty.described(), self.problem)
    }
}

impl Value {
    /// Reads a value of a type.
    pub fn parse(ty: Type, text: &str) -> Result<Self, InvalidValue> {
        let read = match ty {
            Type::Boolean => boolean(text),
            Type::Duration => Duration::parse(text).map(Self::Duration),
            Type::Float => Decimal::parse(text).map(Self::Float),
            Type::Integer => integer(text),
            Type::List => list(text),
            Type::Timestamp => Moment::parse(text).map(Self::Timestamp),
            Type::Host => host(text),
            Type::Name => name(text),
            Type::Path | Type::String => line(text),
            Type::Text => any_text(text),
            Type::Url => url(text),
        };
        read.map_err(|problem| InvalidValue { ty, text: cut(text), problem })
    }
}

impl Moment {
    /// Reads an RFC 3339 timestamp; the error does not repeat the text.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "write the date, T, the time and the zone, such as 2026-03-01T02:40:00Z";
        let bytes = text.as_bytes();
        let digits = |from: usize, to: usize| {
            bytes.get(from..to).is_some_and(|part| part.iter().all(u8::is_ascii_digit))
        };
        let marks = [(4, b"-"), (7, b"-"), (10, b"T"), (13, b":"), (16, b":")];
        let form = marks.iter().all(|(at, mark)| bytes.get(*at) == mark.first())
            && [(0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19)]
                .iter()
                .all(|(from, to)| digits(*from, *to));
        let Some(rest) = text.get(19..).filter(|_| form) else {
            return Err(FORM);
        };
        let zone = match rest.strip_prefix('.') {
            Some(fraction) => {
                let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
                if zone.len() == fraction.len() {
                    return Err(FORM);
                }
                zone
            }
            None => rest,
        };
        if zone.is_empty() {
            return Err("the zone is missing: end with Z, or with an offset such as +01:00");
        }
        let offset = zone.len() == 6 && zone.starts_with(['+', '-']) && zone.as_bytes()[3] == b':';
        if zone != "Z" && !offset {
            return Err(FORM);
        }
        let at = text.parse().map_err(|_| "there is no such day, time or zone")?;
        Ok(Self { at, written: text.to_owned() })
    }

    /// A moment in its canonical spelling, in UTC.
    pub fn from_timestamp(at: jiff::Timestamp) -> Self {
        Self { at, written: at.to_string() }
    }
}

impl Decimal {
    /// Reads a decimal number and keeps its digits; the error does not repeat the text.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "write digits, with a point if needed, such as 0.01";
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (unsigned, None),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (mantissa, None),
        };
        let exponent = exponent.map(|e| e.strip_prefix(['+', '-']).unwrap_or(e));
        let all_digits = [Some(whole), fraction, exponent].into_iter().flatten().all(is_digits);
        if !all_digits {
            return Err(FORM);
        }
        if whole.len() > 1 && whole.starts_with('0') {
            return Err("a number does not begin with 0");
        }
        let number: f64 = text.parse().map_err(|_| FORM)?;
        if !number.is_finite() {
            return Err("too large");
        }
        Ok(Self { number, written: text.to_owned() })
    }

    /// A computed number, in the shortest spelling that reads back as the same number.
    pub fn from_number(number: f64) -> Self {
        Self { number, written: number.to_string() }
    }

    /// A whole number as a decimal one, with all its digits.
    pub fn from_whole(number: i64) -> Self {
        #[expect(
            clippy::cast_precision_loss,
            reason = "the nearest binary number is what `number` is; the digits are kept beside it"
        )]
        let nearest = number as f64;
        Self { number: nearest, written: number.to_string() }
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn boolean(text: &str) -> Result<Value, &'static str> {
    match text {
        "true" => Ok(Value::Boolean(true)),
        "false" => Ok(Value::Boolean(false)),
        _ => Err("write true or false, in small letters"),
    }
}

/// A number that would not print as it was written is refused, as values are not respelled.
fn integer(text: &str) -> Result<Value, &'static str> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !is_digits(digits) {
        return Err("write digits only, such as 42");
    }
    if (digits.len() > 1 && digits.starts_with('0')) || text == "-0" {
        return Err("a whole number does not begin with 0");
    }
    text.parse().map(Value::Integer).map_err(|_| "it does not fit 64 bits")
}

fn any_text(text: &str) -> Result<Value, &'static str> {
    if text.contains('\0') {
        return Err("it holds a NUL character");
    }
    Ok(Value::Text(text.to_owned()))
}

fn line(text: &str) -> Result<Value, &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.starts_with('-') {
        return Err("it begins with -, which programs read as an option");
    }
    if text.contains(['\n', '\r', '\u{2028}', '\u{2029}']) {
        return Err("it must be one line");
    }
    if text.contains(char::is_control) {
        return Err("it holds control characters");
    }
    Ok(Value::Text(text.to_owned()))
}

fn name(text: &str) -> Result<Value, &'static str> {
    let letter = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = text.as_bytes();
    let inside = bytes.iter().all(|b| letter(b) || b"-.".contains(b));
    let ends = bytes.first().is_some_and(letter) && bytes.last().is_some_and(letter);
    if inside && ends {
        Ok(Value::Text(text.to_owned()))
    } else if text.is_empty() {
        Err("it is empty")
    } else {
        Err("small letters, digits, - and . only, with a letter or digit at both ends")
    }
}

fn host(text: &str) -> Result<Value, &'static str> {
    let is_address = text.parse::<Ipv4Addr>().is_ok() || text.parse::<Ipv6Addr>().is_ok();
    if is_address {
        return Ok(Value::Text(text.to_owned()));
    }
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.contains("://") || text.contains('/') {
        return Err("write the host alone, without scheme and path");
    }
    if text.contains('@') {
        return Err("write the host alone, without user");
    }
    if text.starts_with('[') || text.matches(':').count() == 1 {
        return Err("write the host alone, without port and brackets");
    }
    if text.len() > 253 {
        return Err("a DNS name has at most 253 characters");
    }
    let labels = text.strip_suffix('.').unwrap_or(text);
    if !labels.split('.').all(is_label) {
        return Err("write a DNS name such as db-1.example.org, or an IP address");
    }
    // As browsers and resolvers do: what ends in a number is an address, or a slip.
    if labels.rsplit('.').next().is_some_and(is_digits) {
        return Err("it ends in a number and is no IP address");
    }
    Ok(Value::Text(text.to_owned()))
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn url(text: &str) -> Result<Value, &'static str> {
    const FORM: &str = "write it with its scheme and host, such as https://example.org/path";
    let (scheme, rest) = text.split_once("://").ok_or(FORM)?;
    let scheme_fits = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if !scheme_fits || host.is_empty() {
        return Err(FORM);
    }
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("it holds blanks or control characters");
    }
    if text.contains(['<', '>', '"', '{', '}', '|', '\\', '^', '`']) {
        return Err("it holds characters that a URL writes as %XX");
    }
    Ok(Value::Text(text.to_owned()))
}

/// One item a line; lines that hold nothing are no items.
fn list(text: &str) -> Result<Value, &'static str> {
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(any_text)
        .collect::<Result<Vec<Value>, _>>()
        .map(Value::List)
}
