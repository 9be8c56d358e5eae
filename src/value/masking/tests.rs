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
    for text in ["aaaaaa", "------", "abababab", " xxxxxxx\n"] {
        assert_eq!(refusal(text), Err(TooWeak::Monotonous), "{text:?}");
    }
    assert_eq!(refusal("hunter22"), Ok(()));
    assert_eq!(refusal("aaaabc"), Ok(()));
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

/// Secrets with what encodings make of them, as programs really print it.
#[test]
fn no_encoding_shows_a_secret_at_any_split() {
    let printed: [(&str, &[&str]); 12] = [
        (
            "hunter2-Zq9#horse",
            &["token=hunter2-Zq9#horse;", "hunter2-Zq9%23horse", "xhunter2-Zq9#horsex"],
        ),
        // Alone, behind one byte, behind two; and in the alphabet of addresses.
        ("p?>s~word", &["cD8+c353b3Jk", "eHA/PnN+d29yZA==", "eHlwPz5zfndvcmQ=", "cD8-c353b3Jk"]),
        ("p@ss w/rd", &["p%40ss%20w%2Frd", "p%40ss+w%2frd", "p%40ss%20w/rd", "p@ss%20w/rd"]),
        (
            "quo\"te\\x",
            &[r#"{"a":"quo\"te\\x"}"#, r#"quo\"te\\x"#, "quo&quot;te\\x", "quo&#34;te\\x"],
        ),
        (
            "a<b>&c'd",
            &["a&lt;b&gt;&amp;c'd", "a&lt;b&gt;&amp;c&#39;d", "a\\u003cb\\u003e\\u0026c'd"],
        ),
        (
            "schlüssel",
            &["schl\\u00fcssel", "schl\\u00FCssel", "schl%C3%BCssel", "7363686cc3bc7373656c"],
        ),
        (
            "it's $mine",
            &["+ : 'it'\\''s $mine'", "it\\'s\\ \\$mine", "$'it\\'s $mine'", "'it'\"'\"'s $mine'"],
        ),
        ("a\tb;c\u{1}d", &["$'a\\tb;c\\001d'", "a\\tb;c\\u0001d"]),
        ("secre7", &["736563726537", "c2VjcmU3"]),
        ("KKKab\u{7f}", &["4B4B4B61627F", "4b4b4b61627f"]),
        (
            "one line\nand another",
            &["one line", "and another", "one line\r\nand another", "one line\\nand another"],
        ),
        ("x/y+z=1", &["x\\/y+z=1", "x%2Fy%2Bz%3D1", "x/y+z=1"]),
    ];
    for (secret, printed) in printed {
        let hidden = Hidden::new(&Secret::new(secret.to_owned())).unwrap();
        let mut patterns = Patterns::default();
        patterns.add(hidden.into_forms());
        for text in printed {
            let whole = masked(&patterns, &[text.as_bytes()]);
            let shown = String::from_utf8_lossy(&whole);
            assert!(shown.contains("***"), "{text} gives {shown}");
            // What is left is what stands around it, and no more.
            assert!(shown.replace("***", "").len() <= 9, "{text} gives {shown}");
            for cut in 0..=text.len() {
                let (before, after) = text.as_bytes().split_at(cut);
                assert_eq!(masked(&patterns, &[before, after]), whole, "{text} at {cut}");
            }
            let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
            assert_eq!(masked(&patterns, &bytes), whole, "{text}");
        }
    }
}

/// A key has many lines, and so many forms that they are searched for in another way.
#[test]
fn a_long_key_is_hidden_line_by_line_at_any_split() {
    let line = |number: u32| {
        let letter =
            |at: u32| char::from(b'A' + u8::try_from((number * 31 + at * at * 7) % 26).unwrap());
        (0..64).map(letter).collect::<String>()
    };
    let key: Vec<String> = (0..40).map(line).collect();
    let mut patterns = Patterns::default();
    patterns.add(Hidden::new(&Secret::new(key.join("\n"))).unwrap().into_forms());
    assert!(patterns.ordered.iter().map(|form| form.len()).sum::<usize>() > LARGE);
    assert_eq!(patterns.masked(&key.join("\n")), "***");
    let part = format!("key: {}\n     {}\nend", key[3], key[4]);
    for cut in 0..=part.len() {
        let (before, after) = part.as_bytes().split_at(cut);
        assert_eq!(masked(&patterns, &[before, after]), b"key: ***\n     ***\nend", "at {cut}");
    }
}

#[test]
fn what_is_no_secret_is_not_altered() {
    let secret = "p@ss'w/\"<rd>\nline two ü";
    let hidden = Hidden::new(&Secret::new(secret.to_owned())).unwrap();
    let mut patterns = Patterns::default();
    patterns.add(hidden.into_forms());
    // What comes near it: cut short, in other letters, backwards.
    for text in
        ["p@ss'w/\"<rd", "P@SS'W/\"<RD>", ">dr<\"/w's@p", "line twp ü", "cEBzcyd3LyI8cm", ""]
    {
        assert_eq!(patterns.masked(text), text);
    }
}

#[test]
fn a_glimpse_is_too_short_to_tell_and_the_rest_stays_hidden() {
    let patterns = patterns(&["hunter22", "untouched"]);
    let shown = |parts: &[&str]| {
        let mut masker = Masker::default();
        let mut out = Vec::new();
        for part in parts {
            masker.mask(&patterns, part.as_bytes(), &mut out);
            masker.glimpse(&mut out);
            masker.glimpse(&mut out);
        }
        masker.flush(&patterns, &mut out);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(shown(&["hunter", "22."]), "hu***.");
    assert_eq!(shown(&["h", "u", "n", "ter22"]), "hu***");
    // A person at a prompt sees what is typed.
    assert_eq!(shown(&["[y/N] h", "\n"]), "[y/N] h\n");
    assert_eq!(shown(&["hunter", "gatherer"]), "huntergatherer");
    assert_eq!(shown(&["hu", "ntouched"]), "hu***");
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

    /// Whoever looks on while the stream pauses, wherever it does, sees at most the first bytes.
    #[test]
    fn glimpses_show_no_secret_and_alter_nothing_else(
        texts in prop::collection::vec("[ab]{4,7}", 0..4),
        input in "[abc]{0,60}",
        pauses in prop::collection::vec(any::<bool>(), 60),
    ) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let patterns = patterns(&texts);
        let mut masker = Masker::default();
        let mut out = Vec::new();
        for (byte, pauses) in input.bytes().zip(pauses) {
            masker.mask(&patterns, &[byte], &mut out);
            if pauses {
                masker.glimpse(&mut out);
            }
        }
        masker.flush(&patterns, &mut out);
        let out = String::from_utf8(out).unwrap();
        for text in &texts {
            prop_assert!(!out.contains(text), "{} in {}", text, out);
        }
        // Without what was glimpsed of each secret it is what it would have been.
        let wanted = reference(&texts, input.as_bytes());
        let mut wanted = std::str::from_utf8(&wanted).unwrap().split("***");
        let mut given = out.split("***");
        for (given, wanted) in given.by_ref().zip(wanted.by_ref()) {
            let more = given.strip_prefix(wanted);
            prop_assert!(more.is_some_and(|more| more.len() <= GLIMPSE), "{} for {}", given, wanted);
        }
        prop_assert!(given.next().is_none() && wanted.next().is_none());
    }
}
