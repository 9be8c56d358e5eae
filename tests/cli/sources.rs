//! Which source speaks for a service is the settings' word: a runbook that names somebody else's is
//! not trusted, whatever its content is.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::READS;
use crate::pty::Session;
use crate::sandbox::{PROGRAM, Sandbox};

/// Says where runbooks come from, in the user's settings.
fn sources(sandbox: &Sandbox, text: &str) {
    let path = sandbox.root().join("home/.config/surefoot/config.toml");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("schema = \"surefoot-config/v1\"\n{text}")).unwrap();
}

/// A folder that speaks for a service.
fn folder(path: &Path, service: &str) -> String {
    format!("[[source]]\npath = \"{}\"\nservices = [\"{service}\"]\n", path.display())
}

fn run(sandbox: &Sandbox, runbook: &str) -> i32 {
    sandbox.surefoot(&["run", runbook]).run().code()
}

/// The program on a terminal.
fn on_terminal(sandbox: &Sandbox, arguments: &[&str]) -> Session {
    let env = sandbox.environment();
    let env: Vec<(&str, &str)> =
        env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Session::start(PROGRAM, arguments, &env, 200)
}

#[test]
fn a_runbook_that_speaks_for_a_service_of_others_is_refused_without_a_person() {
    // Broken: content that was trusted once may call itself what it likes.
    let sandbox = Sandbox::trusting(READS);
    sources(&sandbox, &folder(&sandbox.root().join("books"), "shop"));
    sandbox.surefoot(&["run", "runbook.yaml"]).check(
        r"
        exit 8
        --- stderr
        error: runbook.yaml is not trusted: it names the service `shop`, for which only ~/books speaks (~/home/.config/surefoot/config.toml:2), and nobody is here to look
        hint: correct its `service`, or the `services` of its source in the settings
    ",
    );
    assert!(sandbox.runs().is_empty());
    // The same content where its source is.
    fs::create_dir(sandbox.root().join("books")).unwrap();
    let own = sandbox.root().join("books/runbook.yaml");
    fs::write(&own, READS).unwrap();
    assert_eq!(run(&sandbox, own.to_str().unwrap()), 0);
}

#[test]
fn a_source_speaks_for_its_own_services_alone_also_through_what_is_used() {
    let sandbox = Sandbox::new();
    let used = READS.replace("service: shop", "service: payments");
    sandbox.file("used.yaml", used);
    sandbox.file("book.yaml", READS.replace("  - end", "  - use: { file: used.yaml }\n  - end"));
    sandbox.trust("book.yaml");
    assert_eq!(run(&sandbox, "book.yaml"), 0);
    sources(&sandbox, &folder(&sandbox.path(""), "shop"));
    let refused = sandbox.surefoot(&["run", "book.yaml"]).run();
    assert_eq!(refused.code(), 8);
    let why = "it names the service `payments`, for which";
    assert!(refused.stderr.contains(why), "{}", refused.stderr);
    sources(&sandbox, &folder(&sandbox.path(""), "shop\", \"payments"));
    assert_eq!(run(&sandbox, "book.yaml"), 0);
}

#[test]
fn on_a_terminal_it_is_walked_as_untrusted_even_if_its_content_is_known() {
    let sandbox = Sandbox::trusting(READS);
    let path = sandbox.path("runbook.yaml");
    let walk = ["run", path.to_str().unwrap(), "--auto", "read"];
    assert!(on_terminal(&sandbox, &walk).wait().success(), "trusted reads run by themselves");
    fs::rename(sandbox.run(), sandbox.root().join("earlier")).unwrap();

    sources(&sandbox, &folder(&sandbox.root().join("books"), "shop"));
    let mut session = on_terminal(&sandbox, &walk);
    session.wait_for("it names the service `shop`, for which only");
    session.wait_for("Every step asks first.");
    session.wait_for("? more");
    session.send("q\r");
    session.wait();
    assert!(sandbox.events_of("attempt_started").is_empty(), "{}", sandbox.journal());
    assert_eq!(sandbox.events()[0]["policy"]["trust"], "untrusted");
}

#[test]
fn trust_is_not_given_through_a_pipe_and_says_that_it_changes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.file("runbook.yaml", READS);
    let digest = sandbox.digest("runbook.yaml");
    sources(&sandbox, &folder(&sandbox.root().join("books"), "shop"));
    let piped = sandbox.surefoot(&["trust", "--digest", &digest, "runbook.yaml"]).run();
    assert_eq!(piped.code(), 8, "{}", piped.text());
    assert!(piped.stderr.contains("it names the service `shop`"), "{}", piped.stderr);

    let path = sandbox.path("runbook.yaml");
    let mut session = on_terminal(&sandbox, &["trust", path.to_str().unwrap()]);
    session.wait_for("Every step will ask, whatever is trusted.");
    session.wait_for("Trust this content? y or n:");
    session.send("y\r");
    assert!(session.wait().success());
    assert_eq!(run(&sandbox, "runbook.yaml"), 8);
    sources(&sandbox, "");
    assert_eq!(run(&sandbox, "runbook.yaml"), 0);
}

#[test]
fn a_repository_is_known_by_what_it_was_cloned_from() {
    #![expect(clippy::disallowed_methods, reason = "repositories are made by git")]
    let sandbox = Sandbox::trusting(READS);
    let mut git = Command::new("git");
    git.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", sandbox.root());
    let Ok(made) = git.args(["init", "-q"]).current_dir(sandbox.path("")).status() else {
        println!("skipped: there is no git here");
        return;
    };
    assert!(made.success());
    let from = |url: &str| {
        let core = "[core]\n\trepositoryformatversion = 0\n";
        sandbox.file(".git/config", format!("{core}[remote \"origin\"]\n\turl = {url}\n"));
        run(&sandbox, "runbook.yaml")
    };
    sources(
        &sandbox,
        "[[source]]\ngit = \"https://git.example.org/ops/shop.git\"\nservices = [\"shop\"]\n",
    );
    assert_eq!(from("https://git.example.org/ops/shop"), 0);
    assert_eq!(from("https://git.example.org/ops/shop2"), 8);
    assert_eq!(from("https://git.example.com/ops/shop.git"), 8);
}
