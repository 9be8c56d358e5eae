//! Values in commands: the text that the shell reads is the same whatever the values are, and no
//! value stands in it.

use surefoot::template::{Declared, Script, Shell, Template};
use surefoot::value::{Datum, Facts, Reference, Type, Value};

/// No script holds this by itself.
const CANARY: &str = "q7canary7q";

struct Given(&'static str);

impl Facts for Given {
    fn get(&self, reference: &Reference) -> Option<Datum> {
        let name = reference.to_string();
        if name.starts_with("maybe") {
            return None;
        }
        Some(Datum::Open(Value::Text(self.0.to_owned())))
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the form that scripts ask for")]
fn declared(reference: &Reference) -> Option<Declared> {
    let name = reference.to_string();
    Some(Declared {
        ty: Type::Text,
        closed: name.starts_with("closed"),
        secret: name.starts_with("secret"),
        optional: name.starts_with("maybe"),
    })
}

pub(super) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for shell in [Shell::Bash, Shell::Sh] {
        match Script::parse(&text, shell, &declared) {
            Ok((script, _)) => {
                let [one, other] = [CANARY, "$(x)'\"\n;"].map(|value| script.bind(&Given(value)));
                if let (Ok(one), Ok(other)) = (one, other) {
                    assert_eq!(one.text, other.text);
                    assert!(!one.text.contains(CANARY) || text.contains(CANARY), "{}", one.text);
                    assert!(one.variables.keys().eq(other.variables.keys()));
                    assert!(one.variables.keys().all(|name| name.starts_with("SF_")));
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
    if let Ok(template) = Template::parse(&text) {
        // One pass: what a value holds is never looked at as a template.
        if let Ok(rendered) = template.render(&Given("{{other}}")) {
            let slots = template.mentions().len();
            assert!(rendered.matches("{{other}}").count() <= slots + text.matches("other").count());
        }
    }
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    [
        "echo {{x}}",
        "echo \"a {{x}} b\" 'c {{closed}} d'",
        "cat <<EOF\n{{x}}\nEOF",
        "cat <<'EOF'\n{{closed}}\nEOF",
        "echo $(grep -- {{x}} file) `date`",
        "if [ {{x}} = a ]; then echo b; fi",
        "for i in 1 2; do kubectl -n {{closed}} get pods; done",
        "echo $(( {{closed}} + 1 ))",
        "sh -c 'echo {{closed}}'",
        "{{#if maybe}}--flag {{maybe}}{{else}}--none{{/if}} x",
        "v={{x}} w=\"${v:-{{x}}}\"; echo \"$v\" > {{x}}",
        "case {{x}} in a) echo;; *) exit 1;; esac",
        "echo $'a\\n' \\{{ .Names }} {{{raw}}}",
        "awk '{ print $1 }' file | sort -u | head -n 3",
        "f() { local x=1; echo \"$x\"; }; f \"{{x}}\" &",
        "echo ${v:-x <(echo ",
        "[[ {{x}} =~ ^a && -f b ]] || echo <(ls)",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}
