//! An author's Markdown that does no more than format, whoever renders it: no raw HTML, no pictures
//! that are fetched, links to http, https and files beside the runbook only. The rest stays as it was
//! written.

use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag};

use super::outline::inert;
use crate::diagnostic::visible;

/// What is taken away may uncover something else, but not for ever.
const ROUNDS: usize = 8;

/// Makes a text harmless.
pub(super) fn tame(markdown: &str) -> String {
    let mut text = visible(markdown).into_owned();
    for _ in 0..ROUNDS {
        let marks = marks(&text);
        if marks.is_empty() {
            return text;
        }
        for (at, replaced, by) in marks.into_iter().rev() {
            text.replace_range(at..at + replaced, by);
        }
    }
    text.lines().map(inert).collect::<Vec<_>>().join("\n")
}

/// The places where something begins that does more than format: what stands there, how long, and
/// what stands for it.
fn marks(text: &str) -> Vec<(usize, usize, &'static str)> {
    let mut options = Options::empty();
    options.insert(Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES);
    let mut marks = Vec::new();
    for (event, place) in Parser::new_ext(text, options).into_offset_iter() {
        match event {
            Event::Html(_) | Event::InlineHtml(_) => {
                let opening = text[place.clone()].match_indices('<');
                marks.extend(opening.map(|(at, _)| (place.start + at, 1, "&lt;")));
            }
            Event::Start(Tag::Image { .. }) => marks.push((place.start, 1, "\\!")),
            Event::Start(Tag::Link { link_type, dest_url, .. }) if !leads_well(&dest_url) => {
                marks.push(match link_type {
                    LinkType::Autolink | LinkType::Email => (place.start, 1, "&lt;"),
                    _ => (place.start, 1, "\\["),
                });
            }
            _ => {}
        }
    }
    marks.sort_unstable();
    marks.dedup_by_key(|(at, ..)| *at);
    marks
}

/// Whether an address is one of the web, or has no scheme at all.
fn leads_well(url: &CowStr<'_>) -> bool {
    let url = url.trim();
    match url.find([':', '/', '?', '#']) {
        Some(at) if url[at..].starts_with(':') => {
            let scheme = url[..at].to_ascii_lowercase();
            matches!(scheme.as_str(), "http" | "https")
        }
        // Two slashes are another host by whatever scheme the page came.
        _ => !url.starts_with("//"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_only_formats_stays_as_it_was_written() {
        for text in [
            "# Head\n\n- *a* **b** `<c>`\n\n```\n<b>\n~~~\n```\n\n    <i>\n",
            "[dashboard](https://a.example/?x=1) [notes](notes/a.md#b) <https://b.example>",
            "1 < 2 && 3 > 2, a | b",
        ] {
            assert_eq!(tame(text), text);
        }
    }

    #[test]
    fn what_does_more_is_text() {
        assert_eq!(tame("a <img src=x> b"), "a &lt;img src=x> b");
        assert_eq!(tame("<script>\n<b>\n</script>"), "&lt;script>\n&lt;b>\n&lt;/script>");
        assert_eq!(tame("```\n~~~\n```\n<img>"), "```\n~~~\n```\n&lt;img>");
        assert_eq!(tame("![p](https://t.example/p.png)"), "\\![p](https://t.example/p.png)");
        assert_eq!(tame("[x](javascript:a) <data:b>"), "\\[x](javascript:a) &lt;data:b>");
        assert_eq!(tame("[x](//evil.example)"), "\\[x](//evil.example)");
        assert_eq!(
            tame("[x][y]\n\n[y]: JAVA&#x73;CRIPT:a"),
            "\\[x]\\[y]\n\n[y]: JAVA&#x73;CRIPT:a"
        );
        assert_eq!(tame("a\u{1b}[2J"), "a\\x1b[2J");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

        #[test]
        fn nothing_is_left_that_does_more(
            text in "([-<>!\\[\\]()`~:/#&; \n]|<img src=x>|<!--|-->|javascript:|\\]\\(|```|\\[a\\]: |https://a|[a-z]){0,30}"
        ) {
            let tamed = tame(&text);
            prop_assert!(marks(&tamed).is_empty(), "{:?}", tamed);
        }
    }
}
