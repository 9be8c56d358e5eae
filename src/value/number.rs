//! Comparison of whole and decimal numbers without loss.

use std::cmp::Ordering;

/// 2^63, the first number above every `i64`.
const ABOVE: f64 = 9_223_372_036_854_775_808.0;

/// Orders a whole number against a decimal one exactly; `None` if that one is not a number.
pub fn compare_mixed(whole: i64, decimal: f64) -> Option<Ordering> {
    if decimal.is_nan() {
        return None;
    }
    if decimal >= ABOVE {
        return Some(Ordering::Less);
    }
    if decimal < -ABOVE {
        return Some(Ordering::Greater);
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range was checked, and the fraction is compared apart"
    )]
    let floor = decimal.floor() as i64;
    let fraction = decimal - decimal.floor();
    Some(whole.cmp(&floor).then(if fraction > 0.0 { Ordering::Less } else { Ordering::Equal }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_a_float_cannot_tell_apart_are_told_apart() {
        let check = |whole, decimal, expected| {
            assert_eq!(compare_mixed(whole, decimal), Some(expected), "{whole} {decimal}");
        };
        check(9_007_199_254_740_993, 9_007_199_254_740_992.0, Ordering::Greater);
        check(i64::MAX, ABOVE, Ordering::Less);
        check(i64::MIN, -ABOVE, Ordering::Equal);
        check(3, 3.0, Ordering::Equal);
        check(3, 3.5, Ordering::Less);
        check(-3, -3.5, Ordering::Greater);
        check(-4, -3.5, Ordering::Less);
        check(0, -0.0, Ordering::Equal);
        check(0, f64::INFINITY, Ordering::Less);
        check(0, f64::NEG_INFINITY, Ordering::Greater);
        assert_eq!(compare_mixed(0, f64::NAN), None);
    }
}
