//! Expressions against facts: unset names, guards, explanations, secrets.

use super::*;

#[test]
fn unset_values_are_an_error_that_names_them() {
    let error = compile("ticket != \"\"", Type::Boolean).holds(&world()).unwrap_err();
    assert_eq!(error.unset, Some(value("ticket")));
    assert_eq!(error.at, 0..6);
    assert_eq!(error.message, "`ticket` is not set");
}

#[test]
fn has_asks_without_needing() {
    is_false("has(ticket)");
    is_true("has(namespace) && has(alert.labels[\"pod-name\"]) && !has(alert.labels.zone)");
    is_false("has(limit) && limit > 3");
    is_true("!has(limit) || limit > 3");
    is_true("has(limit) ? limit > 3 : count > 3");
    refused("has(tickt)", "tickt", "did you mean `ticket`?");
}

#[test]
fn an_error_does_not_count_where_the_other_side_decides() {
    is_false("limit > 3 && false");
    is_true("limit > 3 || true");
    is_true("pods.exists(p, limit > 3 || p == \"db-1\")");
    fails("limit > 3 && true", "not set");
    fails("limit > 3 || false", "not set");
}

#[test]
fn mentions_say_which_names_may_be_unset() {
    let check = |text: &str, expected: &[(&str, bool)]| {
        let mentions = compile(text, Type::Boolean).mentions();
        let found: Vec<(&str, bool)> =
            mentions.iter().map(|mention| (&text[mention.at.clone()], mention.guarded)).collect();
        assert_eq!(found, expected, "{text}");
    };
    check("limit > 3", &[("limit", false)]);
    check("has(limit) && limit > 3", &[("has(limit)", true), ("limit", true)]);
    check("limit > 3 && has(limit)", &[("limit", false), ("has(limit)", true)]);
    check("!has(limit) || limit > 3", &[("has(limit)", true), ("limit", true)]);
    check("has(limit) || limit > 3", &[("has(limit)", true), ("limit", false)]);
    check(
        "has(limit) ? limit > 3 : limit > 4",
        &[("has(limit)", true), ("limit", true), ("limit", false)],
    );
    check(
        "(has(limit) && healthy || healthy) && limit > 3",
        &[("has(limit)", true), ("healthy", false), ("healthy", false), ("limit", false)],
    );
}

#[test]
fn a_true_condition_proves_what_it_asked_for() {
    let check = |text: &str, expected: &[&str]| {
        let proved = compile(text, Type::Boolean).proves();
        let proved: Vec<String> = proved.iter().map(ToString::to_string).collect();
        assert_eq!(proved, expected, "{text}");
    };
    check("has(limit) && has(ticket)", &["limit", "ticket"]);
    check("has(limit) || has(ticket)", &[]);
    check("!has(limit)", &[]);
    check("!(!has(limit) || healthy)", &["healthy", "limit"]);
    check("limit > 3", &["limit"]);
    check("limit > 3 || healthy", &[]);
    check("pods.all(p, p == ticket)", &["pods"]);
}

#[test]
fn a_value_prints_as_it_was_written() {
    gives("error_rate", Type::Float, "0.030");
    gives("took", Type::Duration, "90s");
    gives("healthy ? took : duration(\"1h\")", Type::Duration, "90s");
    gives("0.10", Type::Float, "0.10");
    gives("count", Type::Float, "7");
    gives("healthy ? count : 0.5", Type::Float, "7");
    gives("deployed_at", Type::Timestamp, "2026-03-01T02:31:00Z");
}

#[test]
fn a_result_fits_the_wanted_type() {
    gives("namespace + \"-eu\"", Type::Name, "shop-eu");
    let broken = compile("namespace + \"-\"", Type::Name).evaluate(&world()).unwrap_err();
    assert!(broken.message.contains("not a name"), "{broken}");
    assert!(!broken.message.contains("shop-`"));
    for (text, wanted) in
        [("count", Type::Text), ("error_rate", Type::Integer), ("pods", Type::Text)]
    {
        assert!(Expression::compile(text, &world(), wanted).is_err(), "{text}");
    }
}

#[test]
fn facts_are_held_to_their_declared_types() {
    let mut world = world();
    let loops = vec![Value::Integer(1), Value::Boolean(true)];
    world.facts.insert(value("pods"), Datum::Open(Value::List(loops)));
    world.facts.insert(value("namespace"), Datum::Open(Value::Integer(5)));
    world.facts.insert(value("count"), Datum::Open(Value::Text("7".to_owned())));
    let holds = |text: &str| compile(text, Type::Boolean).holds(&world);
    assert_eq!(holds("pods == [\"1\", \"true\"]"), Ok(true));
    assert_eq!(holds("namespace == \"5\""), Ok(true));
    assert!(holds("count == 7").is_err());
}

#[test]
fn explain_shows_the_operands_of_comparisons() {
    let check = |text: &str, expected: &[(&str, &str)]| {
        let parts = compile(text, Type::Boolean).explain(&world());
        let parts: Vec<(&str, &str)> =
            parts.iter().map(|part| (part.text.as_str(), part.value.as_str())).collect();
        assert_eq!(parts, expected, "{text}");
    };
    check("error_rate < 0.01 && exit == 0", &[("error_rate", "0.030"), ("exit", "0")]);
    check(
        "(now - deployed_at) < duration(\"1m\")",
        &[
            ("now - deployed_at", "9m"),
            ("now", "2026-03-01T02:40:00Z"),
            ("deployed_at", "2026-03-01T02:31:00Z"),
        ],
    );
    check("stdout.contains(\"x\") || !healthy", &[("stdout", "3\n"), ("healthy", "true")]);
    check("size(pods) > 5", &[("size(pods)", "3"), ("pods", "web-1, web-2, db-1")]);
    check("limit > 3 || exit > 3 || exit < -3", &[("limit", "(not set)"), ("exit", "0")]);
    check("has(ticket)", &[("has(ticket)", "false")]);
    check(
        "int(namespace) == 3",
        &[("int(namespace)", "(cannot be computed)"), ("namespace", "shop")],
    );
    check(
        "pods.filter(p, p != \"\").size() > 5 && pods.all(p, size(pods) > 5 || pods.exists(q, size(q) > size(p)))",
        &[
            ("pods.filter(p, p != \"\").size()", "3"),
            ("pods", "web-1, web-2, db-1"),
            ("size(pods)", "3"),
        ],
    );
    check("pods.all(p, size(p) > count)", &[("pods", "web-1, web-2, db-1"), ("count", "7")]);
}

#[test]
fn secrets_are_compared_and_never_shown() {
    is_true("token == \"hunter2\"");
    let expression =
        compile("size(token) == 3 && token + \"x\" == \"\" && has(token)", Type::Boolean);
    let shown = format!("{:?}", expression.explain(&world()));
    assert!(!shown.contains("hunter2") && !shown.contains('7'), "{shown}");
    assert!(shown.contains("(secret)"), "{shown}");
    for text in
        ["int(token) > 1", "pin > 1", "duration(token) > took", "token.matches(token + \"(\")"]
    {
        let error = compile(text, Type::Boolean).holds(&world()).unwrap_err();
        assert!(!error.message.contains("hunter2"), "{error}");
    }
}

#[test]
fn long_texts_are_cut_in_explanations() {
    let world = World::default().with(Reference::Stdout, Type::Text, &"ä".repeat(500));
    let expression = Expression::compile("stdout == \"\"", &world, Type::Boolean).unwrap();
    let parts = expression.explain(&world);
    assert_eq!(parts[0].value.chars().count(), 201);
    assert!(parts[0].value.ends_with('…'));
}
