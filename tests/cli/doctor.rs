//! Before the shift: what is there, what is not, what to do; and nothing is changed or run meanwhile.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::sandbox::Sandbox;
use crate::{CHANGES, READS};

/// A runbook that requires what this machine has, and what it has not.
const NEEDY: &str = "\
schema: surefoot/v1
title: It needs things
service: shop
owner: { team: payments }
escalation: [ { role: secondary, how: page the rota } ]
requires:
  - program: bash
    version: \">=2\"
    from: touch \"$HOME/ran\"; bash --version
  - program: no-such-program
  - env: SHOP_TOKEN
  - check: touch \"$HOME/checked\"
    say: The tunnel is closed.
inputs:
  token: { type: text, secret: true, from: { file: SECRET }, description: The token of the shop }
steps:
  - id: first
    title: Look once
    effect: read
    run: echo one
  - end: done
";

struct Doctor {
    code: i32,
    findings: Vec<Value>,
}

impl Doctor {
    #[track_caller]
    fn look(sandbox: &Sandbox, arguments: &[&str]) -> Self {
        let call = sandbox.surefoot(&["doctor", "--format", "json"]).arguments(arguments);
        let outcome = call.run();
        let told: Value = serde_json::from_str(&outcome.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", outcome.text()));
        assert_eq!(told["ready"], outcome.code() == 0, "{}", outcome.text());
        let findings = told["findings"].as_array().unwrap().clone();
        Self { code: outcome.code(), findings }
    }

    /// The state of something, and what was found and is advised.
    #[track_caller]
    fn of(&self, what: &str) -> (String, String) {
        let found = self.findings.iter().find(|finding| finding["what"] == what);
        let found = found.unwrap_or_else(|| panic!("nothing of {what}: {:#?}", self.findings));
        let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
        (text("state"), format!("{} {}", text("found"), text("advice")))
    }

    #[track_caller]
    fn is(&self, what: &str, state: &str, words: &str) {
        let (own, told) = self.of(what);
        assert!(own == state && told.contains(words), "{what}: {own}: {told}");
    }
}

fn needy() -> Sandbox {
    let sandbox = Sandbox::new();
    let secret = sandbox.root().join("home/secret");
    fs::write(&secret, "hunter2hunter2").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    sandbox.file("runbooks/needy.yaml", NEEDY.replace("SECRET", secret.to_str().unwrap()));
    sandbox
}

fn settings(sandbox: &Sandbox, text: &str) {
    let path = sandbox.root().join("home/.config/surefoot/config.toml");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("schema = \"surefoot-config/v1\"\n{text}")).unwrap();
}

#[test]
fn a_plain_machine_is_ready_and_looking_changes_nothing() {
    let sandbox = Sandbox::new();
    let doctor = Doctor::look(&sandbox, &[]);
    assert_eq!(doctor.code, 0);
    doctor.is("surefoot", "ok", "surefoot-journal/1");
    doctor.is("bash", "ok", "/bash");
    doctor.is("records", "ok", "made by the first run");
    doctor.is("runs", "ok", "none is open");
    doctor.is("key", "warning", "ssh-keygen");
    doctor.is("editor", "warning", "VISUAL");
    assert!(!sandbox.state().exists(), "looking made folders");
    let text = sandbox.surefoot(&["doctor"]).run();
    assert!(
        text.stdout.contains("\nReady, with ") && text.stdout.contains("→ "),
        "{}",
        text.stdout
    );
}

#[test]
fn what_runbooks_require_is_looked_for_and_their_commands_run_only_if_that_is_asked_and_trusted() {
    let sandbox = needy();
    let ran = || ["ran", "checked"].map(|name| sandbox.root().join("home").join(name).exists());
    for arguments in [&[][..], &["needy"], &["needy", "--run-checks"]] {
        let doctor = Doctor::look(&sandbox, arguments);
        assert_eq!(doctor.code, 1);
        doctor.is("no-such-program", "missing", "for shop/needy install it");
        doctor.is("$SHOP_TOKEN", "missing", "not set");
        doctor.is("check", "not_run", "was not run");
        doctor.is("trust", "warning", "shop/needy");
        let secret = sandbox.root().join("home/secret");
        doctor.is(secret.to_str().unwrap(), "not_run", "not trusted");
        assert_eq!(ran(), [false, false]);
    }
    sandbox.trust("runbooks/needy.yaml");
    let doctor = Doctor::look(&sandbox, &["needy"]);
    let secret = sandbox.root().join("home/secret");
    doctor.is(secret.to_str().unwrap(), "warning", "chmod 600");
    assert_eq!(ran(), [false, false]);
    let doctor = Doctor::look(&sandbox, &["needy", "--run-checks"]);
    assert_eq!(ran(), [true, true]);
    doctor.is("check", "ok", "succeeds");
    assert!(
        doctor.findings.iter().any(|it| it["found"].as_str().unwrap().contains("which is >=2"))
    );
    assert!(!format!("{:?}", doctor.findings).contains("hunter2"), "a secret was read");
}

#[test]
fn services_on_call_must_have_runbooks_here_and_those_of_others_do_not_matter() {
    let sandbox = needy();
    let books = sandbox.root().join("books");
    fs::create_dir_all(books.join("runbooks")).unwrap();
    fs::write(books.join("runbooks/pay.yaml"), READS.replace("shop", "pay")).unwrap();
    settings(
        &sandbox,
        &format!("on_call = [\"pay\", \"stock\"]\n[[source]]\npath = \"{}\"\n", books.display()),
    );
    let doctor = Doctor::look(&sandbox, &[]);
    assert_eq!(doctor.code, 1);
    doctor.is("stock", "missing", "no runbook of this service");
    doctor.is("trust", "warning", "pay/pay");
    doctor.is("source", "ok", "1 runbook");
    assert!(!doctor.findings.iter().any(|it| it["what"] == "no-such-program"));
}

#[test]
fn what_is_broken_is_told_each_with_what_to_do_and_the_rest_is_looked_at() {
    let sandbox = Sandbox::trusting(CHANGES);
    // A run that waits for somebody.
    assert_eq!(sandbox.surefoot(&["run", "runbook.yaml"]).run().code(), 8);
    let run = sandbox.run();
    let run = run.file_name().unwrap().to_str().unwrap();
    sandbox.file("runbooks/broken.yaml", "schema: surefoot/v1\ntitle: 1\nstepz: []\n");
    settings(&sandbox, "[records]\nfolder = \"/nowhere/at/all\"\n");
    fs::set_permissions(sandbox.state(), fs::Permissions::from_mode(0o755)).unwrap();
    let doctor = Doctor::look(&sandbox, &[]);
    doctor.is(run, "warning", &format!("surefoot resume {run}"));
    doctor.is("broken.yaml", "missing", "surefoot check");
    doctor.is("team's records", "warning", "never read");
    doctor.is("records", "warning", "chmod go-rwx");
    fs::set_permissions(sandbox.state(), fs::Permissions::from_mode(0o700)).unwrap();
    settings(&sandbox, "on_cal = []\n");
    let doctor = Doctor::look(&sandbox, &[]);
    doctor.is("yours", "missing", "config.toml:2: `on_cal` is not a key");
    doctor.is("broken.yaml", "missing", "surefoot check");
}
