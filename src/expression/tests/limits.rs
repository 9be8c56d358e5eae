//! Limits: no text, however hostile, makes an expression panic, overflow or run for long.

use proptest::prelude::*;

use super::*;

#[test]
fn no_text_exhausts_the_stack() {
    let deep = |text: String| {
        let problems = Expression::compile(&text, &world(), Type::Boolean).unwrap_err();
        assert!(
            problems[0].message.contains("deeper") || problems[0].message.contains("longer"),
            "{problems:?}"
        );
    };
    for count in [900, 10_000] {
        deep(format!("{}true{}", "(".repeat(count), ")".repeat(count)));
        deep(format!("{}true", "!".repeat(count)));
        deep(format!("{}1 > 0", "-".repeat(count)));
        deep(format!("{}true", "[".repeat(count)));
        deep(format!("1{} > 0", "+1".repeat(count)));
        deep(format!("a{}", ".b".repeat(count)));
        deep(format!("a{}", "[0]".repeat(count)));
        deep(format!("{}true", "true?true:".repeat(count)));
        deep(format!("{}true", "has(".repeat(count)));
    }
    is_true(&format!("{}true", "true && ".repeat(200)));
    is_true(&format!("{}true{}", "(".repeat(60), ")".repeat(60)));
}

#[test]
fn work_is_bounded() {
    let many = (0..1000).map(|n| n.to_string()).collect::<Vec<_>>().join("\n");
    let world = World::default().with(value("xs"), Type::List, &many).with(
        Reference::Stdout,
        Type::Text,
        &"x".repeat(1 << 20),
    );
    for text in [
        "xs.all(a, xs.all(b, xs.all(c, a + b + c != \"\")))",
        "xs.map(a, xs.map(b, stdout + stdout)).size() == 0",
        "xs.exists(a, stdout.matches(\"y\" + a)) || true",
        "xs.all(a, xs + xs + xs != [])",
    ] {
        let expression = Expression::compile(text, &world, Type::Boolean).unwrap();
        let error = expression.holds(&world).unwrap_err();
        assert!(error.message.contains("100000 steps"), "{text}: {error}");
    }
}

#[test]
fn expressions_are_shared_between_threads() {
    fn demand<T: Clone + Send + Sync>() {}
    demand::<Expression>();
    demand::<Filter>();
}

/// Pieces from which texts are made that are often valid.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "exit",
        "stdout",
        "pods",
        "namespace",
        "1",
        "2.5",
        "\"a\"",
        "true",
        "has(",
        "(",
        ")",
        "[",
        "]",
        " == ",
        " < ",
        " && ",
        " || ",
        " + ",
        " - ",
        " in ",
        "!",
        "-",
        "?",
        ":",
        ".",
        ",",
        "size(",
        ".all(x, ",
        ".contains(",
        "x",
        "duration(\"5m\")",
        "took",
        "alert.labels",
        "//",
        "\n",
        "ä",
        "'",
        "r\"",
        "0x",
        "u",
        "`",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Texts of conditions over whole numbers and lists of them, all well-typed.
fn conditions() -> impl Strategy<Value = String> {
    let number = (0i64..6).prop_map(|n| n.to_string());
    let numbers = number.prop_recursive(3, 12, 3, |inner| {
        let operator = prop::sample::select(vec!["+", "-", "*", "/", "%"]);
        prop_oneof![
            (inner.clone(), operator, inner.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            inner.clone().prop_map(|a| format!("({a})")),
            inner.clone().prop_map(|a| format!("-({a})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[{a}, {b}][{a}]")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("({a} < {b} ? {a} : {b})")),
        ]
    });
    let comparison = prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let looped = prop::sample::select(vec!["all", "exists", "exists_one"]);
    let truth = prop_oneof![
        Just("true".to_owned()),
        (numbers.clone(), comparison, numbers.clone())
            .prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        (numbers.clone(), numbers.clone()).prop_map(|(a, b)| format!("{a} in [{b}, 1]")),
        (numbers.clone(), looped, numbers.clone())
            .prop_map(|(a, name, b)| format!("[{a}, 2, 0].{name}(x, 6 / x > {b})")),
        (numbers.clone(), numbers)
            .prop_map(|(a, b)| format!("[{a}, 2].map(x, x * {b}) == [{b}].filter(y, y > 0)")),
    ];
    truth.prop_recursive(3, 12, 2, |inner| {
        let operator = prop::sample::select(vec!["&&", "||", "=="]);
        prop_oneof![
            (inner.clone(), operator, inner.clone())
                .prop_map(|(a, op, b)| format!("({a}) {op} ({b})")),
            inner.prop_map(|a| format!("!({a})")),
        ]
    })
}

proptest! {
    #[test]
    fn conditions_come_out_as_in_cel(text in conditions()) {
        let ours = compile(&text, Type::Boolean).holds(&world());
        let theirs = cel::Program::compile(&text).unwrap().execute(&cel::Context::default());
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => prop_assert_eq!(cel::Value::Bool(ours), theirs, "{}", text),
            (Err(_), Err(_)) => {}
            (ours, theirs) => prop_assert!(false, "{}: {:?} and {:?}", text, ours, theirs),
        }
    }

    #[test]
    fn no_text_makes_the_compiler_panic_and_places_are_in_the_text(text in prop_oneof![pieces(), any::<String>()]) {
        match Expression::compile(&text, &world(), Type::Boolean) {
            Ok(expression) => {
                let _ = expression.holds(&world());
                expression.explain(&world());
            }
            Err(problems) => {
                prop_assert!(!problems.is_empty());
                for problem in problems {
                    prop_assert!(text.get(problem.at.clone()).is_some(), "{:?}", problem);
                }
            }
        }
    }

    #[test]
    fn the_grammar_stays_within_that_of_cel(text in pieces()) {
        let unreserved = text.replace("namespace", "name");
        if parse::parse(&text).is_ok() {
            let theirs = cel::parser::PrattParser::new().parse(&unreserved);
            prop_assert!(theirs.is_ok(), "{}: {:?}", text, theirs);
        }
    }
}
