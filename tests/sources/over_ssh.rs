//! A remote over ssh, with git's own means to log in.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::place::{Upstream, held, settings, source, sync};
use crate::sandbox::Sandbox;
use crate::sshd::Host;

#[test]
fn one_that_hands_on_the_version_of_the_protocol_sends_only_what_is_needed() {
    let Some(host) = Host::start_with("AcceptEnv GIT_PROTOCOL") else { return };
    let sandbox = Sandbox::new();
    let upstream = Upstream::new(&sandbox, "pay");
    upstream.write("other.txt", "other");
    upstream.commit("more");
    let client = sandbox.root().join("client");
    fs::write(&client, host.client()).unwrap();
    fs::set_permissions(&client, fs::Permissions::from_mode(0o755)).unwrap();
    settings(&sandbox, &source(&format!("web-1:{}", upstream.root.display()), ""));
    let outcome = sync(&sandbox, &[]).env("GIT_SSH_COMMAND", client.to_str().unwrap()).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    assert!(held(&sandbox, "pay", "runbooks/look.yaml").is_some());
    assert_eq!(held(&sandbox, "pay", "other.txt"), None);
}

#[test]
fn a_repository_is_fetched_over_ssh_and_an_unknown_host_is_told() {
    let Some(host) = Host::start() else { return };
    let sandbox = Sandbox::new();
    let upstream = Upstream::new(&sandbox, "pay");
    let client = sandbox.root().join("client");
    fs::write(&client, host.client()).unwrap();
    fs::set_permissions(&client, fs::Permissions::from_mode(0o755)).unwrap();
    let client = client.to_str().unwrap();
    let path = upstream.root.display();
    settings(&sandbox, &source(&format!("web-1:{path}"), ""));
    let outcome = sync(&sandbox, &[]).env("GIT_SSH_COMMAND", client).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    assert!(held(&sandbox, "pay", "runbooks/look.yaml").is_some());
    // Once it is known that it sends all, a change of it is one fetch.
    upstream.write("runbooks/more.yaml", "x: 1\n");
    upstream.commit("more");
    let outcome = sync(&sandbox, &[]).env("GIT_SSH_COMMAND", client).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    assert!(held(&sandbox, "pay", "runbooks/more.yaml").is_some());

    settings(&sandbox, &source(&format!("ssh://another-key{path}"), ""));
    let outcome = sync(&sandbox, &[]).env("GIT_SSH_COMMAND", client).run();
    assert_eq!(outcome.code(), 1);
    assert!(outcome.stderr.contains("Host key verification failed"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("git ls-remote ssh://another-key"), "{}", outcome.stderr);
}
