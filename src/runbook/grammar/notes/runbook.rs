//! Details and examples of the keys of a runbook.

use super::{Note, of};

/// By mapping; under no mapping stands what holds for a key wherever it is.
pub(super) static NOTES: &[(&str, &[Note])] = &[
    ("", ANYWHERE),
    ("a runbook", TOP),
    ("`owner`", &[of("team", "payments", ""), of("channel", "\"#payments-oncall\"", "")]),
    ("an escalation", ESCALATION),
    ("an alert", ALERT),
    ("a source of an input", ALERT_SOURCE),
    ("`change`", &[of("template", "CHG-42", "")]),
    ("a target", TARGET),
    ("`kubectl`", KUBECTL),
    ("a requirement", REQUIREMENT),
    ("an input", INPUT),
    ("the source of a secret", SECRET),
    ("a procedure", &[of("title", "Roll back the last deploy", "")]),
    ("a step", STEP),
    ("a link", LINK),
    ("`timebox`", TIMEBOX),
    ("`use`", USE),
    ("an approval", APPROVAL),
    ("`for_each`", FOR_EACH),
    ("`on_failure`", ON_FAILURE),
    ("an option", OPTION),
    ("a file", FILE),
    ("a finding", FINDING),
    ("a capture", CAPTURE),
    ("`retry`", RETRY),
    ("`background`", BACKGROUND),
    ("`ready`", READY),
    ("`verify`", VERIFY),
    ("`undo`", UNDO),
];

const ANYWHERE: &[Note] = &[
    of("use", "{ procedure: roll_back }", ""),
    of("run", "uptime", "Text for the shell, or a list of arguments without a shell."),
    of("shell", "", "Bash runs with `-euo pipefail`."),
    of("target", "cluster", "What is not given is inherited from the step or group around it."),
    of("as", "postgres", ""),
    of("env", "{ KUBECONFIG: /etc/kube/prod-eu }", ""),
    of("cwd", "/var/log", "By default the run's own `work/` folder."),
    of("stdin", "\"{{names}}\"", "A list is handed over as a line for each item."),
    of("timeout", "90s", "Then TERM, a while later KILL, to all it started."),
    of("links", "[ { title: Dashboard, url: \"https://graphs.example/shop\" } ]", ""),
    of(
        "allow",
        "{ no-undo: A cache fills itself again. }",
        "Names are those of checks. Errors, and changes declared `read`, cannot be silenced; a \
         silence that is not needed any more is reported.",
    ),
    of("never", "[ Do not delete the database pods. ]", ""),
    of("steps", "[ { title: Look, effect: read, run: uptime }, { end: done } ]", ""),
    of("choices", "[ blue, green ]", "A list, or a read command that prints one a line."),
];

const TOP: &[Note] = &[
    of(
        "title",
        "Checkout error rate is high",
        "One line of at most 200 characters, as all titles.",
    ),
    of("service", "checkout", "`service/id` names the runbook."),
    of("id", "checkout-error-rate", ""),
    of("summary", "More than 1 % of checkouts fail.", ""),
    of("impact", "About 4000 pounds of orders per hour.", ""),
    of("escalation", "[ { role: secondary, how: page the rota, after: 15m } ]", ""),
    of("alerts", "[ { match: [ 'alertname=\"HighErrorRate\"' ] } ]", ""),
    of("tags", "[ disk, logs ]", ""),
    of(
        "lock",
        "checkout/{{environment.name}}",
        "`service/id/environment` by default. Whoever comes second is told who holds it.",
    ),
    of(
        "environments",
        "{ staging: { region: eu-1 }, production: { region: eu-2, protected: true } }",
        "Used as `{{environment.region}}`. All have the same keys with the same types; \
         `protected: true` raises what is asked.",
    ),
    of(
        "targets",
        "{ box: { prefix: [docker, exec, -i, box], assert: hostname, equals: box-1 } }",
        "`here` always names this machine.",
    ),
    of("target", "cluster", ""),
    of(
        "requires",
        "[ { program: kubectl }, { env: HOME } ]",
        "What is missing blocks only the steps that need it, and is told at once.",
    ),
    of(
        "inputs",
        "{ folder: { type: path, description: The folder that fills } }",
        "Sources, strongest first: `--set name=value`, the alert, `SUREFOOT_INPUT_<NAME>`, \
         `default`, asking.",
    ),
    of("steps", "[ { title: Look, effect: read, run: uptime }, { end: done } ]", ""),
    of(
        "procedures",
        "{ roll_back: { steps: [ { run: deploys undo }, { end: done } ] } }",
        "Entered by `use`, which comes back, or by `goto`, which does not.",
    ),
    of("finally", "[ { title: Close the ticket, do: Close the ticket. } ]", ""),
];

const ESCALATION: &[Note] =
    &[of("role", "payments secondary", ""), of("how", "page the service \"payments\"", "")];

const ALERT: &[Note] = &[
    of("match", "[ 'alertname=\"HighErrorRate\"' ]", "With `=`, `!=`, `=~` and `!~`."),
    of("inputs", "{ host: { from: labels.instance, regex: '([^:]+)' } }", ""),
];

const ALERT_SOURCE: &[Note] =
    &[of("from", "labels.instance", ""), of("regex", "'([^:]+)'", "No match leaves it unset.")];

const TARGET: &[Note] = &[
    of("ssh", "\"{{db_host}}\"", ""),
    of("prefix", "[docker, exec, -i, box]", ""),
    of("assert", "hostname", "It runs before reads, and before and after each confirmation."),
    of("equals", "\"{{environment.context}}\"", "A difference stops the step."),
];

const KUBECTL: &[Note] = &[
    of("context", "\"{{environment.context}}\"", ""),
    of("namespace", "shop", ""),
    of("pod", "\"{{pod}}\"", "Without one, commands run here and can reach no other cluster."),
    of("container", "app", ""),
];

const REQUIREMENT: &[Note] = &[
    of("program", "kubectl", ""),
    of("env", "KUBECONFIG", ""),
    of("check", "test -w /var/log", ""),
    of("version", "\">=1.27\"", "Goes together with `from`."),
    of("from", "kubectl version --client -o json", "Goes together with `version`."),
    of("say", "You need write access to /var/log.", ""),
];

const INPUT: &[Note] = &[
    of("from", "{ env: DB_PASSWORD }", ""),
    of("type", "name", ""),
    of("description", "The folder that fills", "Shown when it is asked for."),
    of("example", "/var/log", ""),
    of("default", "7", "A secret has none."),
    of("pattern", "'v[0-9]+'", "RE2's kind, without look-around and back-references."),
    of("min", "1", ""),
    of("max", "365", ""),
    of("secret", "", "It never comes by `--set`; without `from` it is asked for without echo."),
    of(
        "required",
        "false",
        "With `false` it may stay unset, and is used only under `{{#if}}` or a `when` that asks \
         `has(...)`.",
    ),
];

const SECRET: &[Note] = &[
    of("env", "DB_PASSWORD", ""),
    of("file", "/run/secrets/db", ""),
    of("run", "pass show db", ""),
];

const STEP: &[Note] = &[
    of("id", "last_deploy", "`[a-z][a-z0-9_]*`, unique in the file."),
    of("title", "When was the last deploy?", ""),
    of("why", "A crash loop after a deploy is the usual cause.", ""),
    of("when", "rate > 0", "If it does not hold, the step is *skipped by condition*, visibly."),
    of(
        "run",
        "kubectl --context {{environment.context}} get pods",
        "Text for the shell, a list \
        of arguments without a shell, or a map with `run`.",
    ),
    of("do", "Tell the shop that checkout is paused.", "The responder attests that it was done."),
    of(
        "ask",
        "What does the evidence say?",
        "With `options` it is a decision, with `into` a \
        value.",
    ),
    of(
        "open",
        "\"https://graphs.example/d/shop\"",
        "They are printed, opened on request, and \
        asked about.",
    ),
    of(
        "wait",
        "5m",
        "It goes on after a restart. With `watch` it is a duration as such, and a command is run \
        beside it, which can end it early or abort it.",
    ),
    of(
        "watch",
        "curl -fsS http://shop.example/health",
        "It is run every ten seconds, or as `every` says. Without `until` and `abort_when` the \
        wait has failed as soon as it fails.",
    ),
    of("abort_when", "exit != 0", "What then happens says `on_failure`."),
    of("role", "game master", "The review of a game day lists what each role did."),
    of("goto", "get_help", "It does not come back. With `when` it is a branch."),
    of("escalate", "payments secondary", "Shows how to reach it, with the evidence so far."),
    of("end", "resolved", ""),
    of(
        "steps",
        "[ { title: Look, run: uptime } ]",
        "`effect`, `target`, `env` and `on_failure` \
        hold for what is inside.",
    ),
    of(
        "files",
        "{ fix: { from: scripts/fix.sh } }",
        "`{{files.fix}}` is the path. A brought \
        file is part of the runbook's digest and frozen with the run.",
    ),
    of("subject", "\"volume {{volume}}\"", ""),
    of(
        "expect",
        "exit == 0",
        "One expression or a list, over `exit`, `stdout`, `stderr`, `took` \
        and captures; `exit == 0` by default. False on a `read` is *unexpected*, evidence; on \
        others a failure.",
    ),
    of("sample", "\"rate 16000 bytes/s\"", "Shown beside the real output."),
    of(
        "findings",
        "[ { when: rate > 0, say: It grows., suggest: writer } ]",
        "Shown before the \
        next decision and kept in the report. They never move the run.",
    ),
    of(
        "capture",
        "{ rate: { json: .rate, type: float } }",
        "A name takes the whole output, trimmed; so does a map, or a part of it by one of `json`, \
         `regex`, `lines` and `line`. The latest capture of a name counts.",
    ),
    of(
        "verify",
        "systemctl is-active app",
        "A read command, or `{ expect: ... }` over the \
        step's own result. If it fails, the step failed.",
    ),
    of(
        "recheck",
        "test -e /var/lib/app/done",
        "Exit 0: it did; 1: it did not; anything else: \
        unknown.",
    ),
    of(
        "undo",
        "systemctl start app",
        "A command, `{ step: id }`, or `{ none: why }` where there \
        is nothing to undo. Its values are frozen when the change starts.",
    ),
    of(
        "irreversible",
        "Deleted rows are gone.",
        "The first such step is shown as the point of no \
        return.",
    ),
    of(
        "until",
        "rate == 0",
        "The condition is the assertion. Of a `wait` it is the end before its time.",
    ),
    of("every", "10s", ""),
    of("within", "10m", ""),
    of("interactive", "", "The responder says what was seen."),
    of("type_in", "[ \"\\\\q\" ]", ""),
    of("evidence", "[ /var/log/app.log ]", ""),
    of(
        "effect",
        "read",
        "A `destroy` needs `undo` or `irreversible`, and an asserted target or a \
        `subject`.",
    ),
    of(
        "on_failure",
        "{ goto: cause }",
        "A failure that is handled stays visible as *failed, \
        handled*.",
    ),
    of("parallel", "4", ""),
    of("checklist", "[ Tell the shop, Tell support ]", ""),
    of(
        "options",
        "[ { id: deploy, label: A deploy in the last hour, goto: roll_back } ]",
        "\"Not \
        sure\" is always there.",
    ),
    of("into", "wanted", "Goes with `type` or `choices`."),
    of("type", "integer", ""),
    of(
        "on_disconnect",
        "finish",
        "What a command left running ends with the run under `stop` \
        and stays under `finish`.",
    ),
];

const LINK: &[Note] =
    &[of("title", "Dashboard", ""), of("url", "\"https://graphs.example/d/{{service}}\"", "")];

const TIMEBOX: &[Note] =
    &[of("say", "Is it time to roll back?", ""), of("escalate", "payments secondary", "")];

const USE: &[Note] = &[
    of("procedure", "roll_back", "It shares all values."),
    of("file", "db-slow.yaml", "It has only the inputs that `with` gives."),
    of("runbook", "db/db-slow", "It has only the inputs that `with` gives."),
    of("with", "{ namespace: \"{{namespace}}\" }", ""),
];

const APPROVAL: &[Note] =
    &[of("role", "database owner", ""), of("why", "It cannot be undone.", "")];

const FOR_EACH: &[Note] = &[
    of(
        "in",
        "hosts",
        "A list, or an expression that gives one. An empty list asks; it never \
        means all.",
    ),
    of("as", "host", ""),
    of("parallel", "4", "Changes only with `confirm: once`."),
];

const ON_FAILURE: &[Note] = &[of("goto", "cause", ""), of("use", "{ procedure: calm_down }", "")];

const OPTION: &[Note] = &[
    of("id", "deploy", ""),
    of("label", "A deploy in the last hour", ""),
    of("suggest", "rate > 0", ""),
    of("goto", "get_help", "At most one of `use`, `goto` and `end`; without, to the next step."),
    of("end", "resolved", ""),
];

const FILE: &[Note] = &[
    of("content", "\"key: {{value}}\"", ""),
    of(
        "from",
        "scripts/fix.sh",
        "Taken as it is at \
        the runbook's revision.",
    ),
];

const FINDING: &[Note] = &[
    of("when", "rate > 0", ""),
    of("say", "It grows, {{rate}} bytes a second.", ""),
    of("severity", "", "`info` by default."),
    of("suggest", "writer", ""),
];

const CAPTURE: &[Note] = &[
    of("json", ".current.revision", ""),
    of("regex", "'^rate +([0-9]+)'", ""),
    of("line", "-1", ""),
    of("type", "integer", "Output that does not fit fails the step."),
    of("secret", "", "It is never stored: after a resume it is typed again."),
    of("max_age", "15m", ""),
];

const RETRY: &[Note] = &[of("times", "3", ""), of("every", "5s", ""), of("backoff", "2", "")];

const BACKGROUND: &[Note] = &[of("ready", "{ output: listening }", "")];

const READY: &[Note] = &[of("run", "nc -z localhost 8080", ""), of("output", "listening", "")];

const VERIFY: &[Note] = &[of("expect", "stdout.contains(\"ok\")", "")];

const UNDO: &[Note] = &[
    of("run", "systemctl start app", ""),
    of("step", "start_again", "When it succeeds on the main line, nothing is left to undo."),
    of("none", "A cache fills itself again.", "Never for `destroy`."),
];
