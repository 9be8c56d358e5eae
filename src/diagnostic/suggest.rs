//! "Did you mean": the nearest of the words that would have been right.

/// So many letters say which longer word is meant.
const SHORTEST_BEGINNING: usize = 4;

/// The candidate that is near enough to be what was meant.
pub fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let wanted = plain(word);
    let length = wanted.chars().count();
    let most = (length / 3).clamp(1, 3);
    let candidates: Vec<&str> = candidates.into_iter().collect();
    // What is longer or shorter by more than that cannot be near.
    let near = candidates
        .iter()
        .map(|candidate| (plain(candidate), *candidate))
        .filter(|(plain, _)| plain.chars().count().abs_diff(length) <= most)
        .map(|(plain, candidate)| (strsim::damerau_levenshtein(&wanted, &plain), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate);
    near.or_else(|| {
        // A word that was cut short, where only one goes on like it.
        let long = length >= SHORTEST_BEGINNING;
        let mut begun = candidates.into_iter().filter(|word| plain(word).starts_with(&wanted));
        let first = begun.next().filter(|_| long);
        first.filter(|_| begun.next().is_none())
    })
}

/// A word without what people vary: case, and the mark between its parts.
fn plain(word: &str) -> String {
    word.chars()
        .take(80)
        .filter(|c| !matches!(c, '_' | '-' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_proposed_and_a_far_one_is_not() {
        let words = ["title", "steps", "on_failure"];
        assert_eq!(did_you_mean("titel", words), Some("title"));
        assert_eq!(did_you_mean("on-failure", words), Some("on_failure"));
        assert_eq!(did_you_mean("step", words), Some("steps"));
        assert_eq!(did_you_mean("policy", words), None);
        assert_eq!(did_you_mean("on_fail", words), Some("on_failure"));
        assert_eq!(did_you_mean("on_fail", ["on_failure", "on_failing_twice"]), None);
    }
}
