//! Words that are nearly what was typed: by pairs of letters that both have, then by how many
//! letters would have to be changed.

use std::collections::BTreeSet;

use rusqlite::{Connection, params_from_iter};

/// So many words that share pairs of letters are compared.
const MOST_COMPARED: i64 = 200;

/// The words of a text in small letters. Numbers alone are nothing that anybody mistypes.
pub(super) fn terms(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    let words =
        words.map(str::to_lowercase).filter(|word| (3..=40).contains(&word.chars().count()));
    words.filter(|word| word.chars().any(char::is_alphabetic)).collect()
}

/// The pairs of letters of a word, its beginning and its end among them.
pub(super) fn grams(word: &str) -> BTreeSet<String> {
    let letters: Vec<char> =
        std::iter::once('^').chain(word.chars()).chain(std::iter::once('$')).collect();
    letters.windows(2).map(|pair| pair.iter().collect()).collect()
}

/// The known words that are nearest to one: those with the fewest changes.
pub(super) fn near(db: &Connection, word: &str, most: usize) -> rusqlite::Result<Vec<String>> {
    let word = word.to_lowercase();
    let grams = grams(&word);
    let marks = vec!["?"; grams.len()].join(", ");
    let mut statement = db.prepare(&format!(
        "SELECT term.term FROM
           (SELECT term, count(*) AS shared FROM gram WHERE gram IN ({marks}) GROUP BY term
            ORDER BY shared DESC LIMIT {MOST_COMPARED}) AS close
         JOIN term ON term.id = close.term ORDER BY close.shared DESC"
    ))?;
    let terms = statement.query_map(params_from_iter(&grams), |row| row.get::<_, String>(0))?;
    let mut near = Vec::new();
    for term in terms {
        let term = term?;
        let changes = distance(&word, &term);
        if changes <= allowed(&word) {
            near.push((changes, term));
        }
    }
    near.sort();
    let fewest = near.first().map(|(changes, _)| *changes);
    near.retain(|(changes, _)| Some(*changes) == fewest);
    near.truncate(most);
    Ok(near.into_iter().map(|(_, term)| term).collect())
}

/// How many letters differ; of a longer word only as much of its beginning as was typed.
fn distance(word: &str, term: &str) -> usize {
    let whole = strsim::osa_distance(word, term);
    let typed = word.chars().count();
    let begun: String = term.chars().take(typed).collect();
    // What is only begun is further away than what is typed in full.
    whole.min(strsim::osa_distance(word, &begun) + 1)
}

/// How many letters may be wrong: one of a short word, three of a long one.
fn allowed(word: &str) -> usize {
    match word.chars().count() {
        0..=2 => 0,
        3..=4 => 1,
        5..=8 => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swapped_missing_and_wrong_letters_are_near_and_other_words_are_not() {
        for (typed, meant) in [
            ("dsik", "disk"),
            ("chekout", "checkout"),
            ("kuberntes", "kubernetes"),
            ("redsi", "redis"),
        ] {
            assert!(distance(typed, meant) <= allowed(typed), "{typed}");
        }
        for (typed, other) in [("disk", "dusky"), ("db", "dc"), ("redis", "rails")] {
            assert!(distance(typed, other) > allowed(typed), "{typed}");
        }
    }

    #[test]
    fn words_of_names_are_split_at_all_but_letters_and_digits() {
        let words: Vec<String> = terms("Disk-Full on db_01, 2024").into_iter().collect();
        assert_eq!(words, ["disk", "full"]);
        assert_eq!(grams("ab").into_iter().collect::<Vec<_>>(), ["^a", "ab", "b$"]);
    }
}
