//! What expressions mean, and how slips in them are answered.

use super::*;

#[test]
fn operators_bind_as_in_cel() {
    is_true("1 + 2 * 3 == 7");
    is_true("(1 + 2) * 3 == 9");
    is_true("10 - 3 - 2 == 5");
    is_true("7 / 2 == 3 && 7 % 4 == 3");
    is_true("true || false && false");
    is_false("(true || false) && false");
    is_true("!false && !!true");
    is_true("-3 + 5 == 2 && 2 - -3 == 5");
    is_true("count > 3 ? healthy : false");
    is_true("false ? false : true ? true : false");
    is_true("-9223372036854775808 < 0 && 0x10 == 16");
}

#[test]
fn numbers_of_all_kinds_compare_and_calculate_together() {
    is_true("error_rate < 1");
    is_true("count == 7.0 && 7.5 > count");
    is_true("1 / 2.0 == 0.5");
    is_false("9007199254740993 == 9007199254740992.0");
    is_true("7 in [1, 7.0]");
}

#[test]
fn text_compares_with_text_only() {
    is_true("namespace == \"shop\" && namespace != 'x'");
    refused("stdout > 3", "stdout > 3", "`stdout` is text, `3` is a number");
    refused("stdout == 3", "stdout == 3", "write int(stdout) to compare numbers, or \"3\"");
    refused("exit == '0'", "exit == '0'", "write the number without quotes");
    refused("exit == stdout", "exit == stdout", "write int(stdout)");
    refused("took > 5", "took > 5", "duration(\"5m\")");
    refused("now > \"2026\"", "now > \"2026\"", "timestamp(");
    refused("healthy == \"true\"", "healthy == \"true\"", "true or false");
    refused("namespace + 1 == \"a\"", "namespace + 1", "string(1)");
    refused("\"web\" in namespace", "\"web\" in namespace", "namespace.contains(\"web\")");
    refused("healthy < true", "healthy < true", "`<`");
    refused("3 in pods", "3 in pods", "`in`");
}

#[test]
fn only_truth_values_are_joined() {
    refused("exit && healthy", "exit", "exit != 0");
    refused("!stdout", "stdout", "stdout != \"\"");
    refused("exit", "exit", "but true or false is needed");
    refused("count ? true : false", "count", "not true or false");
    refused("healthy ? 1 : \"a\"", "healthy ? 1 : \"a\"", "the other way text");
}

#[test]
fn time_is_calculated() {
    is_true("now - deployed_at < duration(\"1h\")");
    is_true("now - deployed_at == duration(\"9m\")");
    is_true("deployed_at + duration(\"9m\") == now && now - duration('540s') == deployed_at");
    is_true("deployed_at - now < duration(\"0s\")");
    is_true("took == duration(\"1m30s\") && took + took > duration(\"2m\")");
    is_true("now > timestamp(\"2026-03-01T03:39:59+01:00\")");
    is_true("duration(\"1d\") == duration(\"24h\")");
    gives("now - deployed_at", Type::Duration, "9m");
    gives("now + duration(\"1d\")", Type::Timestamp, "2026-03-02T02:40:00Z");
    let negative = compile("deployed_at - now", Type::Duration).evaluate(&world());
    assert!(negative.unwrap_err().message.contains("negative"));
}

#[test]
fn a_slip_in_a_constant_is_found_before_the_run() {
    refused("took < duration(\"5 min\")", "duration(\"5 min\")", "whole numbers");
    refused(
        "now > timestamp(\"2026-03-01\")",
        "timestamp(\"2026-03-01\")",
        "the time and the zone",
    );
    refused("stdout.matches(\"(\")", "stdout.matches(\"(\")", "unclosed group");
    refused("stdout.matches(\"(?=a)\")", "stdout.matches(\"(?=a)\")", "look-around");
    refused("int(\"x\") == 1", "int(\"x\")", "whole number");
}

#[test]
fn functions_do_what_cel_says() {
    is_true(
        "namespace.contains(\"ho\") && namespace.startsWith(\"s\") && namespace.endsWith(\"op\")",
    );
    is_true("namespace.matches(\"^s.*p$\") && matches(namespace, \"h\")");
    is_true("namespace.matches(\"^\" + \"sh\")");
    is_true("size(namespace) == 4 && pods.size() == 3 && size(\"äö\") == 2");
    is_true("int(stdout) == 3 && double(stdout) == 3 && int(3.9) == 3 && int(-3.9) == -3");
    is_true("string(error_rate) == \"0.030\" && string(took) == \"90s\" && string(1) == \"1\"");
    fails("int(namespace) > 1", "`int(namespace)`: the text is not a whole number");
    fails("int(1e300 * double(count)) > 1", "64 bits");
}

#[test]
fn unknown_and_misused_functions_are_refused_with_the_right_form() {
    refused("stdout.contain(\"x\")", "contain", "did you mean `contains`?");
    refused("read(stdout) > 1", "read", "functions are");
    refused("contains(stdout, \"x\")", "contains(stdout, \"x\")", "text.contains");
    refused("size(3) > 1", "size(3)", "does not take a number");
    refused("stdout.size(1) > 1", "stdout.size(1)", "does not take text and a number");
    refused("size() > 1", "size()", "nothing");
    refused("has(\"x\")", "has(\"x\")", "one name");
}

#[test]
fn macros_go_over_lists() {
    is_true("pods.all(p, p.contains(\"-\"))");
    is_true("pods.exists(p, p.startsWith(\"db\")) && !pods.exists(p, p == \"x\")");
    is_true(
        "pods.exists_one(p, p.startsWith(\"db\")) && !pods.exists_one(p, p.startsWith(\"web\"))",
    );
    is_true("pods.filter(p, p.startsWith(\"web\")).size() == 2");
    is_true("pods.map(p, size(p)) == [5, 5, 4]");
    is_true("pods.map(p, p.startsWith(\"db\"), p + \"!\") == [\"db-1!\"]");
    is_true("pods.all(a, pods.exists(b, a == b)) && [].all(x, x == \"\")");
    is_true("\"db-1\" in pods && pods[0] == \"web-1\" && pods + [] == pods");
    gives("pods.filter(p, p.endsWith(\"1\"))", Type::List, "web-1, db-1");
    fails("pods[3] == \"\"", "the list has 3");
    fails("pods[-1] == \"\"", "the list has 3");
    refused("pods.all(p)", "all", "list.all(x");
    refused("stdout.all(p, true)", "stdout", "not a list");
    refused("pods.all(element, elemnt == \"\")", "elemnt", "did you mean `element`?");
    refused("pods.all(p, true) && p == \"\"", "p", "not declared");
}

#[test]
fn arithmetic_never_wraps() {
    fails("9223372036854775807 + count > 0", "too large");
    fails("count / (count - 7) > 0", "divides by zero");
    fails("count % (count - 7) > 0", "divides by zero");
    fails("error_rate / 0.0 > 1", "divides by zero");
    fails("1e308 * double(count) * 10 > 1.0", "too large");
    fails("timestamp(\"9999-12-01T00:00:00Z\") + took + duration(\"36500d\") > now", "too large");
}

#[test]
fn reserved_words_of_cel_are_names_and_places_stay_right() {
    for word in [
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "namespace",
        "package",
        "return",
        "var",
        "void",
        "while",
    ] {
        let world = World::default().with(value(word), Type::String, "x");
        let text = format!("{word} == \"x\" && [\"x\"].all({word}, {word} == \"x\")");
        let expression = Expression::compile(&text, &world, Type::Boolean).unwrap();
        assert_eq!(expression.holds(&world), Ok(true), "{text}");
        assert_eq!(expression.references(), [(value(word), 0..word.len())]);
    }
    refused("namespace == 3", "namespace == 3", "`namespace` is text");
}

#[test]
fn a_function_name_is_free_for_a_value() {
    is_true("size == 4 && size(pods) == 3");
}

#[test]
fn paths_name_what_the_language_says() {
    let text =
        "environment.context + alert.labels[\"pod-name\"] + steps.pods_up.outcome + run.mode";
    let names: Vec<String> = compile(text, Type::Text)
        .references()
        .iter()
        .map(|(reference, at)| format!("{reference}@{}", &text[at.clone()]))
        .collect();
    assert_eq!(
        names,
        [
            "environment.context@environment.context",
            "alert.labels.pod-name@alert.labels[\"pod-name\"]",
            "steps.pods_up.outcome@steps.pods_up.outcome",
            "run.mode@run.mode",
        ]
    );
    gives(text, Type::Text, "prod-euweb-1succeededrun");
}

#[test]
fn unknown_names_get_the_nearest_one_proposed() {
    refused("error_rat < 1.0", "error_rat", "did you mean `error_rate`?");
    refused(
        "environment.contxt == \"\"",
        "environment.contxt",
        "did you mean `environment.context`?",
    );
    refused("namespace == staging", "staging", "in quotes: \"staging\"");
    refused("run == \"\"", "run", "run.id or run.mode");
    refused("steps.pods_up.result == \"\"", "steps.pods_up.result", ".outcome");
    refused("namespace.name == \"\"", "namespace.name", "has no parts");
    refused("Namespace == \"\"", "Namespace", "did you mean `namespace`?");
    refused("stderr == \"\"", "stderr", "not declared here");
}

#[test]
fn all_problems_are_reported_not_the_first() {
    let text = "a == 1 && (b || c) && stdout > 3";
    let problems = Expression::compile(text, &world(), Type::Boolean).unwrap_err();
    let pieces: Vec<&str> = problems.iter().map(|p| &text[p.at.clone()]).collect();
    assert_eq!(pieces, ["a", "b", "c", "stdout > 3"]);
}

#[test]
fn broken_texts_say_what_is_missing_and_where() {
    refused("", "", "empty");
    refused("  ", "  ", "empty");
    refused("exit ==", "", "missing at the end");
    refused("exit = 0", "=", "write ==");
    refused("exit 0", "0", "write == between");
    refused("healthy and true", "and", "write &&");
    refused("healthy or true", "or", "write ||");
    refused("healthy & true", "&", "write &&");
    refused("(exit == 0", "", "`)` is missing");
    refused("exit == 0)", ")", "an operator or the end");
    refused("stdout == \"x", "\"x", "closing quote");
    refused("ticket == null", "null", "has(name)");
    refused("{\"a\": 1} == 1", "{", "no maps");
    refused("exit == 0u", "0u", "without u");
    refused("exit == 99999999999999999999", "99999999999999999999", "too large");
    refused("stdout == \"\\q\"", "\"\\q\"", "escape");
    refused("exit == ä", "ä", "");
    refused("alert.labels.`a` == \"\"", "`a`", "alert.labels[");
}

#[test]
fn habits_from_other_tools_are_answered_with_the_word_used_here() {
    refused("rc == 0", "rc", "did you mean `exit`?");
    refused("exit_code == 0", "exit_code", "did you mean `exit`?");
    refused("output == \"\"", "output", "did you mean `stdout`?");
    refused("len(stdout) > 1", "len", "did you mean `size`?");
    refused("env.context == \"\"", "env.context", "environment.<key>");
    refused("namespace.has()", "has", "has(name)");
    refused("stdout =~ \"a\"", "=", "matches(");
    refused("stdout == “a”", "“", "printer's quote");
    refused("True", "True", "did you mean `true`?");
    refused("has(alert.labels)", "alert.labels", "alert.labels.<name>");
    refused("steps.pods_up.stdout == \"\"", "steps.pods_up.stdout", "capture");
    refused("namespace > 3", "namespace > 3", "declare `namespace` with type: integer");
    refused("verdict", "verdict", "names here are ");
    refused("took > duration(\"1w\")", "duration(\"1w\")", "7d");
}
