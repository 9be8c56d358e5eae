//! Expressions: any text is compiled or refused with a place in it, and evaluates to the same twice.

use surefoot::expression::{Expression, Scope};
use surefoot::value::{Datum, Facts, Reference, Type, Value};

const VALUES: [(&str, Type, &str); 8] = [
    ("b", Type::Boolean, "true"),
    ("d", Type::Duration, "1h30m"),
    ("f", Type::Float, "0.25"),
    ("i", Type::Integer, "-9223372036854775808"),
    ("namespace", Type::Name, "shop"),
    ("t", Type::Timestamp, "2026-03-01T02:40:00Z"),
    ("text", Type::Text, "a\n'b' \"c\" é"),
    ("unset", Type::Text, ""),
];

struct Declared;

impl Scope for Declared {
    fn type_of(&self, reference: &Reference) -> Option<Type> {
        let name = reference.to_string();
        VALUES.iter().find(|(known, ..)| *known == name).map(|(_, ty, _)| *ty)
    }

    fn names(&self) -> Vec<String> {
        VALUES.iter().map(|(name, ..)| (*name).to_owned()).collect()
    }
}

impl Facts for Declared {
    fn get(&self, reference: &Reference) -> Option<Datum> {
        let name = reference.to_string();
        let (_, ty, text) = VALUES.iter().find(|(known, ..)| *known == name && name != "unset")?;
        Some(Datum::Open(Value::parse(*ty, text).expect("a value of its type")))
    }
}

pub(super) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for wanted in [Type::Boolean, Type::Integer, Type::Text] {
        match Expression::compile(&text, &Declared, wanted) {
            Ok(expression) => {
                let shown = |it: &Expression| format!("{:?}", it.evaluate(&Declared));
                assert_eq!(shown(&expression), shown(&expression), "{text}");
                for (_, place) in expression.references() {
                    assert!(text.get(place.clone()).is_some(), "{text}: {place:?}");
                }
                if wanted == Type::Boolean {
                    for part in expression.explain(&Declared) {
                        assert!(text.contains(&part.text), "{text}: {}", part.text);
                    }
                }
            }
            Err(problems) => {
                assert!(!problems.is_empty());
                for problem in problems {
                    assert!(text.get(problem.at.clone()).is_some(), "{text}: {:?}", problem.at);
                }
            }
        }
    }
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    [
        "i < 3 && (f >= 0.5 || !b)",
        "namespace.startsWith(\"sh\") ? i : 2",
        "now - t < duration(\"1h\")",
        "has(unset) && unset.matches('[a-z]+$')",
        "text.contains(\"b\") && size(text) > 3",
        "[1, 2, i].exists(x, x == i)",
        "string(i) + namespace",
        "timestamp(\"2026-03-01T00:00:00Z\") + d",
        "-i / 0 == 1 % 0",
        "{\"a\": 1}.a == 1u",
        "r'raw\\n' == '\\u00e9\\x41\\101'",
        "((((((((((1))))))))))",
        "i in [1, 2] // a comment",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}
