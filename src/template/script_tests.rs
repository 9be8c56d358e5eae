//! Tables: a template and the constant text it becomes, or the code of the problem it has.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::value::{Datum, Facts, Reference, Type, Value};

struct Known(BTreeMap<&'static str, &'static str>);

impl Facts for Known {
    fn get(&self, reference: &Reference) -> Option<Datum> {
        let text = self.0.get(reference.to_string().as_str())?;
        Some(Datum::Open(match *text {
            "true" => Value::Boolean(true),
            text => Value::Text(text.to_owned()),
        }))
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the form that scripts ask for")]
fn declared(reference: &Reference) -> Option<Declared> {
    let name = reference.to_string();
    let ty = match name.as_str() {
        "n" => Type::Integer,
        "app" | "maybe" => Type::Name,
        "deep" => Type::Boolean,
        "hosts" => Type::List,
        _ => Type::Text,
    };
    Some(Declared {
        ty,
        closed: !matches!(ty, Type::Text | Type::List),
        secret: name == "password",
        optional: name == "maybe",
    })
}

fn becomes(template: &str, expected: &str) {
    let facts = Known(BTreeMap::from([
        ("text", "a b"),
        ("n", "3"),
        ("app", "shop"),
        ("deep", "true"),
        ("password", "x"),
        ("files.job", "/tmp/job"),
    ]));
    let (script, _) = Script::parse(template, Shell::Bash, &declared)
        .unwrap_or_else(|problems| panic!("{template}: {problems:?}"));
    let bound = script.bind(&facts).unwrap();
    assert_eq!(bound.text, expected, "{template}");
}

#[test]
fn a_slot_becomes_a_reference_by_its_position() {
    becomes("echo {{text}}", "echo \"${SF_text}\"");
    becomes("x --to={{text}}", "x --to=\"${SF_text}\"");
    becomes("echo \"a {{text}}\"", "echo \"a ${SF_text}\"");
    becomes("cat <<E\n{{text}}\nE\n", "cat <<E\n${SF_text}\nE\n");
    becomes("echo 'a {{app}}'", "echo 'a '\"${SF_app}\"''");
    becomes("echo $'a{{app}}b'", "echo $'a'\"${SF_app}\"$'b'");
    becomes("cat <<'E'\n$x {{app}} `y` \\\nE\n", "cat <<E\n\\$x ${SF_app} \\`y\\` \\\\\nE\n");
    becomes("echo $(( {{n}} + 1 ))", "echo $(( ${SF_n} + 1 ))");
    becomes("echo \"$(x {{text}})\"", "echo \"$(x \"${SF_text}\")\"");
    becomes("echo \"$x{{text}}\"", "echo \"${x}${SF_text}\"");
    becomes("{{files.job}} --all", "\"${SF__file_job}\" --all");
    becomes("docker ps \\{{.Names}}", "docker ps {{.Names}}");
    becomes("x{{#if deep}} -v{{else}} -q{{/if}}", "x -v");
    becomes("x{{#if maybe}} {{maybe}}{{/if}}", "x");
    becomes("login <<< {{password}}", "login <<< \"${SF_password}\"");
    becomes("# {{app}}\nx", "# ${SF_app}\nx");
}

/// The code of the first problem, or none.
fn has(template: &str, expected: Option<&str>) {
    let found = match Script::parse(template, Shell::Bash, &declared) {
        Ok((_, warnings)) => warnings.first().map(|problem| problem.code),
        Err(problems) => Some(problems[0].code),
    };
    assert_eq!(found, expected, "{template}");
}

#[test]
fn an_open_value_stands_only_where_the_shell_quotes_it() {
    for template in [
        "echo '{{text}}'",
        "echo $'{{text}}'",
        "echo `x {{text}}`",
        "cat <<'E'\n{{text}}\nE\n",
        "echo $(( {{text}} ))",
        "echo ${x:{{text}}:1}",
        "echo ok # {{text}}",
        "sh -c \"x {{text}}\"",
        "sudo -u a bash -lc \"x {{text}}\"",
        "eval {{text}}",
        "trap \"x {{text}}\" EXIT",
        "ssh h \"x {{text}}\"",
        "ssh h x {{text}}",
        "awk \"/{{text}}/\" f",
        "sed -e s/a/{{text}}/ f",
        "jq -r \".{{text}}\" f",
        "perl -ne \"{{text}}\"",
        "python3 -c \"{{text}}\"",
        "psql -d a -c \"{{text}}\"",
        "kubectl exec p -- sh -c \"{{text}}\"",
        "find . -exec sh -c \"{{text}}\" \\;",
        "bash <<E\nx {{text}}\nE\n",
        "echo {{text}} | bash",
        "source <(echo {{text}})",
        "{{app}} x",
        "A=b {{app}} x",
        "true && {{app}}",
        "{{app}}() { x; }",
        "x >& {{text}}",
        "read -r {{app}}",
        "printf -v {{app}} x",
        "[[ -v {{app}} ]]",
        "[[ {{app}} -eq 3 ]]",
        "declare -i x={{app}}",
        "for {{app}} in a; do x; done",
        "x {{hosts}}",
        "x ${{text}}",
        "x \\\\{{text}}",
        "{{#if deep}}sh -c{{else}}echo{{/if}} \"x {{text}}\"",
        "echo {{#if deep}}'{{/if}}{{text}}{{#if deep}}'{{/if}}",
    ] {
        has(template, Some("unsafe-position"));
    }
}

#[test]
fn what_is_safe_passes_without_a_word() {
    for template in [
        "sh -c 'x {{app}}'",
        "sh -c 'x \"$1\"' _ {{text}}",
        "awk '$1 > {{n}}' f",
        "jq --arg a {{text}} '.[$a]' f",
        "ssh {{app}} uptime",
        "x={{text}}; echo \"$x\"",
        "sudo -u a x {{text}}",
        "grep -e eval {{text}}",
        "case {{text}} in a) x;; *) y;; esac",
        "echo {{password}} | login",
        "X={{password}} login",
        "f() { login <<< \"$1\"; }; f {{password}}",
        "echo 'not $SF_x'",
        "( (x) )",
        "echo $(( 16#ff )) {{text}}",
    ] {
        has(template, None);
    }
}

#[test]
fn other_problems_have_names_of_their_own() {
    has("login {{password}}", Some("secret-argument"));
    has("env X={{password}} login", Some("secret-argument"));
    has("echo $SF_x", Some("own-variable"));
    has("SF_x=1", Some("own-variable"));
    has("sh -c 'echo $SF_x'", Some("own-variable"));
    has("sudo {{app}}", Some("value-as-program"));
    has("x={{text}}; eval \"$x\"", Some("handed-on"));
    has("x={{text}}; echo $(( x ))", Some("handed-on"));
    has("echo {{#if text}}x{{/if}}", Some("template-condition"));
    has("echo {{{text}}}", Some("template-syntax"));
    for broken in [
        "",
        "# only",
        "echo 'a",
        "echo \"a",
        "echo $(x",
        "echo `x",
        "x)",
        "fi",
        "done",
        "if x; then y",
        "cat <<E\nx\n",
        "case x in a) y",
        "{ x",
        "x &&",
        "[[ a",
        "echo ${x",
    ] {
        has(broken, Some("shell-syntax"));
    }
}

#[test]
fn programs_are_found_behind_wrappers_and_in_substitutions() {
    let template = "sudo -u a timeout 5 vim x; echo \"$(less y)\"";
    let (script, _) = Script::parse(template, Shell::Bash, &declared).unwrap();
    let names: Vec<String> = script.programs().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["sudo", "timeout", "vim", "echo", "less"]);
}

proptest! {
    #[test]
    fn no_text_makes_the_scanner_panic(source in "[a-c '\"`$(){}<>|&;\\[\\]\\\\#=!*\n-]{0,40}(\\{\\{app\\}\\}|EOF|<<EOF\n|case a in|do|if)?[ '\"`$(){}<>|&;\n]{0,20}") {
        for shell in [Shell::Bash, Shell::Sh] {
            let _ = Script::parse(&source, shell, &declared);
        }
    }
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    for open in ["$(", "`", "(", "\"$(", "${x:-", "$((", "<(", "{ ", "[[ ", "a=(", "@("] {
        let _ = Script::parse(&format!("echo {}", open.repeat(8_000)), Shell::Bash, &declared);
    }
}
