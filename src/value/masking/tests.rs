//! The masker against its meaning spelled out, at every split of the stream.

use proptest::prelude::*;

use super::*;

fn patterns(texts: &[&str]) -> Patterns {
    let mut patterns = Patterns::default();
    patterns.add(texts.iter().map(|text| text.as_bytes().to_vec()));
    patterns
}

/// The meaning, spelled out: at each place the longest pattern, else the byte.
fn reference(texts: &[&str], input: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < input.len() {
        let longest = texts
            .iter()
            .filter(|text| !text.is_empty() && input[at..].starts_with(text.as_bytes()))
            .map(|text| text.len())
            .max();
        if let Some(length) = longest {
            out.extend_from_slice(MASK);
            at += length;
        } else {
            out.push(input[at]);
            at += 1;
        }
    }
    out
}

fn masked(patterns: &Patterns, parts: &[&[u8]]) -> Vec<u8> {
    let mut masker = Masker::default();
    let mut out = Vec::new();
    for part in parts {
        masker.mask(patterns, part, &mut out);
    }
    masker.flush(patterns, &mut out);
    out
}

/// Whole, at every split, and byte by byte.
fn check(texts: &[&str], input: &str, expected: &str) {
    let patterns = patterns(texts);
    let input = input.as_bytes();
    assert_eq!(reference(texts, input), expected.as_bytes());
    for cut in 0..=input.len() {
        let out = masked(&patterns, &[&input[..cut], &input[cut..]]);
        assert_eq!(String::from_utf8_lossy(&out), expected, "cut at {cut} of {input:?}");
    }
    let bytes: Vec<&[u8]> = input.chunks(1).collect();
    assert_eq!(masked(&patterns, &bytes), expected.as_bytes());
}

#[test]
fn a_secret_is_hidden_wherever_the_stream_is_cut() {
    check(&["hunter22"], "a hunter22 b", "a *** b");
    check(&["hunter22"], "hunter22hunter22", "******");
    check(&["hunter22"], "hunter2", "hunter2");
    check(&["hunter22"], "hunterhunter22", "hunter***");
    check(&["aaaaab"], "aaaaaaaab", "aaa***");
}

#[test]
fn the_longer_of_two_secrets_wins_though_it_ends_later() {
    check(&["abcdef", "abcdefghij"], "abcdefghij", "***");
    check(&["abcdef", "abcdefghij"], "abcdefghix", "***ghix");
    check(&["abcdef", "abcdefghij"], "abcdef", "***");
    check(&["bcdefg", "abcdefghij"], "abcdefghix", "a***hix");
    check(&["abcdef", "defghijkl"], "abcdefghijkl", "***ghijkl");
}

#[test]
fn every_split_of_every_pair_of_secrets_gives_the_same() {
    let texts = ["hunter22", "ter22hun", "22hunter22", "rrrrrr", "terrrrrr"];
    for first in texts {
        for second in texts {
            for between in ["", "r", "2", "hunt"] {
                let input = format!("{first}{between}{second}");
                let expected = reference(&texts, input.as_bytes());
                check(&texts, &input, std::str::from_utf8(&expected).unwrap());
            }
        }
    }
}

#[test]
fn nothing_hidden_means_nothing_changed() {
    let out = masked(&Patterns::default(), &[b"\xff\0", b"hunter22"]);
    assert_eq!(out, b"\xff\0hunter22");
}

#[test]
fn a_pattern_that_comes_later_still_hides_what_was_held_back() {
    let mut patterns = patterns(&["hunter22"]);
    let mut masker = Masker::default();
    let mut out = Vec::new();
    masker.mask(&patterns, b"hunter", &mut out);
    patterns.add([b"huntergatherer".to_vec()]);
    masker.mask(&patterns, b"gatherer.", &mut out);
    masker.flush(&patterns, &mut out);
    assert_eq!(out, b"***.");
}

#[test]
fn weak_secrets_are_refused_with_a_reason() {
    let refusal = |text: &str| Hidden::new(&Secret::new(text.to_owned())).map(|_| ());
    assert_eq!(refusal("12345"), Err(TooWeak::Short));
    assert_eq!(refusal(" abc  \n"), Err(TooWeak::Short));
    assert_eq!(refusal("Password"), Err(TooWeak::Common));
    assert_eq!(refusal("hunter22"), Ok(()));
    assert!(TooWeak::Short.to_string().contains("6 characters"));
}

#[test]
fn a_secret_is_hidden_in_each_of_its_forms() {
    let secret = "p@ss'w/\"<rd>\nline two ü";
    let hidden = Hidden::new(&Secret::new(secret.to_owned())).unwrap();
    let forms = hidden.into_forms();
    let mut patterns = Patterns::default();
    patterns.add(forms.clone());
    for form in forms {
        let out = masked(&patterns, &[b"<<", &form, b">>"]);
        assert_eq!(out, b"<<***>>", "{}", String::from_utf8_lossy(&form));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn masking_in_pieces_equals_masking_the_whole(
        texts in prop::collection::vec("[ab]{1,6}", 0..5),
        input in "[abc]{0,60}",
        cuts in prop::collection::vec(0_usize..60, 0..6),
    ) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let input = input.as_bytes();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(input.len())).collect();
        cuts.extend([0, input.len()]);
        cuts.sort_unstable();
        let parts: Vec<&[u8]> = cuts.windows(2).map(|pair| &input[pair[0]..pair[1]]).collect();
        prop_assert_eq!(masked(&patterns(&texts), &parts), reference(&texts, input));
    }
}
