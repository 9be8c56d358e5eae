//! What the plain reader takes for the same, and what it leaves to the other parser.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::{agree, tree};
use super::*;

const TEXT: &str = r##"# A comment
schema: surefoot/v1
title: What is plain, it's {{here}} http://example.org:80/#x [a, b]  # or not
owner: { team: team-a, channel: "#a b", on: [one, 'two: {', [3, .a]], none: {} } # c

inputs:
  # another
    n: { type: integer, default: 1, min: 0, max: 0.25, after: 15m }
    path: /etc/x
    b: true
steps:
- id: one
  run: |
      # no comment
      if x; then

        y
      fi

    # a comment
  list:
    -   id: 'a: b'
        more: "c  #\n\"\\"
        less: 'it''s'
    - plain words
    - |-
     last
    - >-
      folded
      text

      of lines
    - >
      folded
- id: two
"##;

/// What the first parser makes of a text, if it takes it.
fn tree_of(text: &str) -> Option<Node> {
    let mut findings = Vec::new();
    tree::build(text, &mut findings).filter(|_| findings.is_empty())
}

/// Whether the text is read here. If it is, the other parser must agree, which `agree` asserts.
fn is_read(text: &str) -> bool {
    tree_of(text).is_some_and(|tree| {
        agree::check(text, &tree, &mut Vec::new());
        says(text, &tree)
    })
}

/// Every tree that differs from this one in one scalar, key, item or entry.
fn others(node: &Node) -> Vec<Node> {
    let mut found = Vec::new();
    let mut found_with = |kind| found.push(Node { kind, ..node.clone() });
    match &node.kind {
        Kind::Scalar(Scalar { value, style }) => {
            for value in
                [format!("{value}x"), format!("{value}\n"), format!("x{value}"), String::new()]
            {
                found_with(Kind::Scalar(Scalar { value, style: *style }));
            }
            let style = if *style == Style::Plain { Style::Double } else { Style::Plain };
            found_with(Kind::Scalar(Scalar { value: value.clone(), style }));
            found_with(Kind::List(vec![node.clone()]));
        }
        Kind::List(items) => {
            found_with(Kind::List(items.iter().chain(items.last()).cloned().collect()));
            found_with(Kind::List(items.iter().skip(1).cloned().collect()));
            for (at, item) in items.iter().enumerate() {
                for other in others(item) {
                    let mut items = items.clone();
                    items[at] = other;
                    found_with(Kind::List(items));
                }
            }
        }
        Kind::Map(map) => {
            found_with(Kind::Map(Map { flow: !map.flow, ..map.clone() }));
            for (at, entry) in map.entries.iter().enumerate() {
                let mut less = map.clone();
                less.entries.remove(at);
                found_with(Kind::Map(less));
                let mut named = map.clone();
                named.entries[at].key.push('x');
                found_with(Kind::Map(named));
                for other in others(&entry.value) {
                    let mut changed = map.clone();
                    changed.entries[at].value = other;
                    found_with(Kind::Map(changed));
                }
            }
        }
    }
    found
}

#[test]
fn plain_texts_are_read_and_no_other_tree_is_taken_for_theirs() {
    let tree = tree_of(TEXT).unwrap();
    assert!(says(TEXT, &tree), "{tree:#?}");
    assert!(is_read(TEXT));
    let others = others(&tree);
    assert!(others.len() > 100);
    for other in others {
        assert!(!says(TEXT, &other), "{other:#?}");
    }
}

#[test]
fn what_is_not_plain_is_left_to_the_other_parser() {
    assert!(is_read("a: b\n"));
    for text in [
        "a: b",
        "a: b\n ",
        "a:\n",
        "a: \n",
        "a: é\n",
        "a: b\r\n",
        "a:\tb\n",
        "a: b\n  c\n",
        "a: 'b\n  c'\n",
        "a: \"\\x41\"\n",
        "a: '\\n'x\n",
        "a: \"\\\n b\"\n",
        "a: \"\\u0041\"\n",
        "a: >+\n  b\n",
        "a: >\n  b\n   c\n",
        "a: |+\n  b\n",
        "a: |2\n   b\n",
        "a: |\n\n  b\n",
        "a: |\n  b\n   \n  c\n",
        "a: 012\n",
        "a: 1_0\n",
        "a: 0x1\n",
        "a: 1e3\n",
        "a: -1\n",
        "a: .5\n",
        "a: 1.\n",
        "a: 12345678901\n",
        "a: ~\n",
        "a: Null\n",
        "a: True\n",
        "? a\n: b\n",
        "a : b\n",
        "'a': b\n",
        "1: b\n",
        "a: !b c\n",
        "- a\n",
        "{ a: b }\n",
        "---\na: b\n",
        "a: b\n...\n",
        "a: {b: c,}\n",
        "a: {b: }\n",
        "a: {b: c\n  }\n",
        "a: [b: c]\n",
        "a: [b, {c}]\n",
        "a: [it's]\n",
        "a:\n  - - b\n",
        "a:\n  -\n    b: c\n",
        "a: - b\n",
        "a: %b\n",
        "a: @b\n",
        "a: `b`\n",
        "a:\n- b\n - c\n",
        "a: # b\n  c: d\n",
    ] {
        assert!(!is_read(text), "{text:?}");
    }
}

/// Pieces that texts are made of, most of them harmless, some of them not.
const PIECES: [&str; 67] = [
    "a: ",
    "b: ",
    "c:\n",
    "d:\n",
    "- ",
    "- a: ",
    "-",
    ":",
    ": ",
    " #",
    "# c",
    "\n",
    "\n",
    "\n",
    "\n",
    "\n ",
    "\n  ",
    "\n    ",
    "\n   ",
    "\n\n",
    " ",
    "  ",
    "|",
    "|\n",
    "|-\n",
    "|\n  ",
    "|\n    x\n",
    ">\n  ",
    ">-\n  x\n  y",
    "'it''s'",
    "\"\\n\"",
    "word",
    "two words",
    "x",
    "'",
    "\"",
    "'a'",
    "\"b\"",
    "{",
    "}",
    "[",
    "]",
    ", ",
    ",",
    "{ a: b }",
    "[a, b]",
    "{ a: [b, 'c'] }",
    "1",
    "0",
    "0.5",
    "15m",
    "1e3",
    "0x1",
    "true",
    "null",
    "~",
    "?",
    "!",
    "&a ",
    "*a",
    "%",
    "---\n",
    "...\n",
    "<<: ",
    "é",
    "\t",
    "\\",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// The other parser agrees with whatever is read here: `agree` asserts it.
    #[test]
    fn nothing_is_read_that_the_other_parser_reads_differently(pieces in vec(select(&PIECES[..]), 1..24)) {
        is_read(&format!("{}\n", pieces.concat()));
    }

    /// The same for a text that is plain but for a piece somewhere.
    #[test]
    fn one_piece_makes_no_difference_unseen(
        at in 0..TEXT.len(),
        gone in 0_usize..4,
        piece in select(&PIECES[..]),
    ) {
        let end = (at + gone).min(TEXT.len());
        if let (Some(before), Some(after)) = (TEXT.get(..at), TEXT.get(end..)) {
            is_read(&format!("{before}{piece}{after}"));
        }
    }
}
