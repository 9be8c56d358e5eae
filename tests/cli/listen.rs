//! `listen`: what it takes, what it refuses, and what is left of it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::alerts::{answering, sent};
use crate::sandbox::{LIMIT, Sandbox, Started, eventually};

/// `listen`, and where.
pub(crate) struct Listening {
    pub(crate) started: Started,
    pub(crate) address: String,
}

impl Listening {
    pub(crate) fn start(sandbox: &Sandbox) -> Self {
        Self::under(sandbox, &[])
    }

    /// Started by other words.
    fn under(sandbox: &Sandbox, words: &[&str]) -> Self {
        let call = sandbox.surefoot(&["listen", "--address", "127.0.0.1:0"]);
        let started = call.under(words).start();
        let address = eventually(|| {
            let printed = started.stream("stdout");
            let url = printed.strip_suffix("/\n")?;
            url.strip_prefix("http://").map(str::to_owned)
        });
        let address = address.unwrap_or_else(|| panic!("{}", started.stream("stderr")));
        Self { started, address }
    }

    /// The answer to these bytes; the empty text if there is none.
    fn ask(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        // What is refused early may be closed before all of it is sent.
        let _sent = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _read = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    }

    /// The status of the answer to a body with these headers.
    fn post(&self, headers: &str, body: &str) -> u16 {
        let length = body.len();
        let head = format!("POST / HTTP/1.1\r\n{headers}Content-Length: {length}\r\n\r\n");
        status(&self.ask((head + body).as_bytes()))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.started.child);
        kill_process(pid, signal).unwrap();
    }
}

fn status(answer: &str) -> u16 {
    let status = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    status.unwrap_or_else(|| panic!("no answer: {answer}")).parse().unwrap()
}

/// As Alertmanager sends it.
const HEADERS: &str =
    "Host: 127.0.0.1:9099\r\nUser-Agent: Alertmanager/0.25.0\r\nContent-Type: application/json\r\n";

fn remembered(sandbox: &Sandbox) -> Vec<String> {
    let entries = std::fs::read_dir(sandbox.state().join("alerts")).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn disk(status: &str, host: &str) -> String {
    sent(&[(status, json!({ "alertname": "DiskFull", "host": host }))])
}

fn with_runbook() -> Sandbox {
    let sandbox = Sandbox::new();
    let inputs = "    inputs: { host: labels.host }\ninputs: { host: { type: host } }\n";
    let runbook = answering("Disk is full", &["alertname=\"DiskFull\""], inputs);
    sandbox.file("runbooks/disk-full.yaml", runbook);
    sandbox
}

#[test]
fn what_fires_is_remembered_and_told_until_it_is_resolved() {
    let sandbox = with_runbook();
    let listening = Listening::start(&sandbox);
    assert_eq!(listening.post(HEADERS, &disk("firing", "web1")), 200);
    let [name] = &remembered(&sandbox)[..] else { panic!("{:?}", remembered(&sandbox)) };
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&sandbox.state().join("alerts")), 0o700);
    assert_eq!(mode(&sandbox.state().join("alerts").join(name)), 0o600);
    let fingerprint = name.strip_suffix(".json").unwrap();
    let command = format!("surefoot run --alert {fingerprint}");
    let told = eventually(|| listening.started.stream("stderr").contains(&command).then_some(()));
    assert!(told.is_some(), "{}", listening.started.stream("stderr"));
    assert!(listening.started.stream("stderr").contains("shop/disk-full"));

    // It is known to the other commands, by its name and by its fingerprint.
    let listed = sandbox.surefoot(&["alert"]).run();
    assert_eq!(listed.code(), 0, "{}", listed.text());
    assert!(listed.stdout.contains("host = web1"), "{}", listed.text());
    sandbox.trust("runbooks/disk-full.yaml");
    for named in ["DiskFull", fingerprint, &fingerprint[..6]] {
        let run = sandbox.surefoot(&["run", "--alert", named]).run();
        assert_eq!(run.code(), 0, "{}", run.text());
    }
    assert_eq!(sandbox.runs().len(), 3);

    assert_eq!(listening.post(HEADERS, &disk("resolved", "web1")), 200);
    assert_eq!(remembered(&sandbox), Vec::<String>::new());
    let listed = sandbox.surefoot(&["alert"]).run();
    assert!(listed.stdout.contains("Nothing that was heard of fires."), "{}", listed.text());
}

#[test]
fn it_runs_nothing() {
    let sandbox = with_runbook();
    sandbox.trust("runbooks/disk-full.yaml");
    let listening = Listening::start(&sandbox);
    for host in ["web1", "$(touch ran)", "`touch ran`"] {
        assert_eq!(listening.post(HEADERS, &disk("firing", host)), 200);
    }
    let listed = sandbox.surefoot(&["alert"]).run();
    assert_eq!(listed.code(), 0, "{}", listed.text());
    assert!(sandbox.runs().is_empty());
    assert!(!sandbox.path("ran").exists());
}

#[test]
fn chunks_are_read_and_large_bodies_and_slow_senders_are_not() {
    let sandbox = Sandbox::new();
    let listening = Listening::start(&sandbox);
    let body = disk("firing", "web1");
    let (one, two) = body.split_at(30);
    let chunked = format!(
        "POST / HTTP/1.1\r\n{HEADERS}Transfer-Encoding: chunked\r\n\r\n\
         {:x}\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\n\r\n",
        one.len(),
        two.len()
    );
    assert_eq!(status(&listening.ask(chunked.as_bytes())), 200);
    assert_eq!(remembered(&sandbox).len(), 1);
    let large = format!("POST / HTTP/1.1\r\n{HEADERS}Content-Length: 8388609\r\n\r\n");
    assert_eq!(status(&listening.ask(large.as_bytes())), 413);
    // One that never sends keeps nobody else waiting.
    let _silent: Vec<TcpStream> =
        (0..8).map(|_| TcpStream::connect(&listening.address).unwrap()).collect();
    assert_eq!(listening.post(HEADERS, &disk("firing", "web2")), 200);
    assert_eq!(remembered(&sandbox).len(), 2);
}

#[test]
fn silent_connections_keep_nobody_out() {
    let sandbox = Sandbox::new();
    let listening = Listening::start(&sandbox);
    let mut silent: Vec<TcpStream> =
        (0..16).map(|_| TcpStream::connect(&listening.address).unwrap()).collect();
    for host in ["web1", "web2", "web3"] {
        assert_eq!(listening.post(HEADERS, &disk("firing", host)), 200);
        silent.push(TcpStream::connect(&listening.address).unwrap());
    }
    assert_eq!(remembered(&sandbox).len(), 3);
}

#[test]
fn an_alert_that_is_too_large_is_left_out_of_what_is_taken() {
    let sandbox = Sandbox::new();
    let listening = Listening::start(&sandbox);
    let large = "x".repeat(70_000);
    let body = sent(&[
        ("firing", json!({ "alertname": "Large", "text": large })),
        ("firing", json!({ "alertname": "DiskFull", "host": "web1" })),
    ]);
    assert_eq!(listening.post(HEADERS, &body), 200);
    assert_eq!(remembered(&sandbox).len(), 1);
    let told = eventually(|| {
        let told = listening.started.stream("stderr");
        told.contains("An alert is left out: ").then_some(told)
    });
    assert!(told.is_some_and(|told| told.contains("`alerts[0].labels.text` has more than 64 KiB")));
}

#[test]
fn a_machine_that_is_out_of_descriptors_does_not_make_it_deaf() {
    const MOST: usize = 24;
    let sandbox = Sandbox::new();
    let few = format!("ulimit -n {MOST}; exec \"$@\"");
    let listening = Listening::under(&sandbox, &["sh", "-c", &few, "sh"]);
    let silent: Vec<TcpStream> =
        (0..MOST).map(|_| TcpStream::connect(&listening.address).unwrap()).collect();
    let open = format!("/proc/{}/fd", listening.started.child.id());
    let all = || (std::fs::read_dir(&open).unwrap().count() >= MOST).then_some(());
    assert!(eventually(all).is_some(), "{}", listening.started.stream("stderr"));
    drop(silent);
    assert_eq!(listening.post(HEADERS, &disk("firing", "web1")), 200);
}

#[test]
fn browsers_and_what_is_no_webhook_are_refused() {
    let sandbox = Sandbox::new();
    let listening = Listening::start(&sandbox);
    let body = disk("firing", "web1");
    let json = "Content-Type: application/json\r\n";
    for (headers, expected) in [
        (format!("{HEADERS}Origin: http://evil.example\r\n"), 403),
        (format!("{HEADERS}Origin: null\r\n"), 403),
        (format!("{HEADERS}Sec-Fetch-Site: cross-site\r\n"), 403),
        (format!("Host: evil.example:9099\r\n{json}"), 421),
        (format!("Host: a\r\nHost: 127.0.0.1\r\n{json}"), 421),
        (json.to_owned(), 421),
        ("Host: localhost\r\nContent-Type: text/plain\r\n".to_owned(), 415),
        ("Host: localhost\r\n".to_owned(), 415),
    ] {
        assert_eq!(listening.post(&headers, &body), expected, "{headers}");
    }
    for (line, expected) in [("GET /", 405), ("PUT /", 405), ("POST /x", 404), ("OPTIONS /", 405)] {
        let text = format!("{line} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(status(&listening.ask(text.as_bytes())), expected, "{line}");
    }
    assert_eq!(status(&listening.ask(b"\x16\x03\x01 hello\r\n\r\n")), 400);
    for rubbish in ["", "{}", "[", r#"{ "alerts": [ 1 ] }"#] {
        assert_eq!(listening.post(HEADERS, rubbish), 400, "{rubbish}");
    }
    assert_eq!(remembered(&sandbox), Vec::<String>::new());
    // And it still listens.
    assert_eq!(listening.post(HEADERS, &body), 200);
    let told = listening.started.stream("stderr");
    assert_eq!(told.matches("a page in a browser sent it").count(), 1, "{told}");
}

#[test]
fn a_signal_ends_it_cleanly() {
    let sandbox = Sandbox::new();
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let listening = Listening::start(&sandbox);
        let _open = TcpStream::connect(&listening.address).unwrap();
        listening.signal(signal);
        let Listening { started, .. } = listening;
        let outcome = started.wait(&sandbox);
        assert_eq!(outcome.code(), 0, "{}", outcome.text());
    }
}

#[test]
fn only_this_machine_is_listened_to_unless_told() {
    let sandbox = Sandbox::new();
    for address in ["0.0.0.0:0", "[::]:0"] {
        let outcome = sandbox.surefoot(&["listen", "--address", address]).run();
        assert_eq!(outcome.code(), 2, "{}", outcome.text());
        assert!(outcome.stderr.contains("--allow-remote"), "{}", outcome.text());
    }
    let listening = Listening::start(&sandbox);
    let taken = sandbox.surefoot(&["listen", "--address", &listening.address]).run();
    assert_eq!(taken.code(), 1, "{}", taken.text());
    assert!(taken.stderr.contains("in use"), "{}", taken.text());
    let mut remote =
        sandbox.surefoot(&["listen", "--address", "0.0.0.0:0", "--allow-remote"]).start();
    let bound = eventually(|| remote.stream("stdout").contains("http://0.0.0.0:").then_some(()));
    assert!(bound.is_some(), "{}", remote.stream("stderr"));
    assert!(remote.child.try_wait().unwrap().is_none());
}

#[test]
fn what_cannot_be_kept_is_asked_for_again() {
    let sandbox = Sandbox::new();
    // A file where the folder should be.
    std::fs::create_dir_all(sandbox.state()).unwrap();
    std::fs::write(sandbox.state().join("alerts"), "").unwrap();
    let listening = Listening::start(&sandbox);
    assert_eq!(listening.post(HEADERS, &disk("firing", "web1")), 503);
    let told = || listening.started.stream("stderr").contains("failed to make").then_some(());
    assert!(eventually(told).is_some(), "{}", listening.started.stream("stderr"));
}
