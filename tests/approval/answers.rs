//! Which answers are taken. Each test names the broken build that it is for.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use surefoot::engine::{
    ApprovalRequest, Asked, Checked, Lapsed, REQUEST_FORMAT, Recorded, Waiting,
};
use surefoot::process::KeyPrograms;
use surefoot::runbook::{Effect, StepId};
use surefoot::session::Notary as _;
use surefoot::settings::Signers as List;
use surefoot::signing::{APPROVAL, Files, OwnKeys, Rules, Signature, SshNotary, answer_line};
use surefoot::value::{Name, Value};

use crate::keys::{Agent, key, listed, locked_key, sign};

/// Makes a request another one.
type Change = fn(&mut ApprovalRequest);

/// Somebody who waits for an answer, and everything around them.
pub(crate) struct Desk {
    folder: tempfile::TempDir,
    list: String,
    own: PathBuf,
    agent: Option<PathBuf>,
    repository: Option<PathBuf>,
    /// Where the list is, if not in a file.
    branch: Option<List>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["own", "others", "scratch"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let own = folder.path().join("own");
        Self { folder, list: String::new(), own, agent: None, repository: None, branch: None }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The lines of the list.
    pub(crate) fn list(&self) -> &str {
        &self.list
    }

    /// The list is looked for here.
    pub(crate) fn is_listed_in(&mut self, branch: List) {
        self.branch = Some(branch);
    }

    /// The runbook stands in this repository.
    pub(crate) fn stands_in(&mut self, repository: &Path) {
        self.repository = Some(repository.to_owned());
    }

    fn others(&self) -> PathBuf {
        self.folder.path().join("others")
    }

    /// Puts a person on the list, with a key of their own.
    pub(crate) fn person(&mut self, principals: &str) -> PathBuf {
        let path = key(&self.others(), &format!("key{}", self.list.len()));
        self.list.push_str(&listed(principals, &path));
        path
    }

    fn signers(&self) -> PathBuf {
        self.folder.path().join("allowed_signers")
    }

    pub(crate) fn check(&self, waiting: &Waiting, answer: &str) -> Result<String, String> {
        self.check_at(waiting, answer, now())
    }

    fn check_at(&self, waiting: &Waiting, answer: &str, at: Timestamp) -> Result<String, String> {
        fs::write(self.signers(), &self.list).unwrap();
        self.judge(waiting, answer, at)
    }

    fn judge(&self, waiting: &Waiting, answer: &str, at: Timestamp) -> Result<String, String> {
        let programs = KeyPrograms {
            path: "/usr/bin:/bin".into(),
            agent: self.agent.clone().map(PathBuf::into_os_string),
        };
        let rules = Rules {
            signers: Some(self.branch.clone().unwrap_or_else(|| List::File(self.signers()))),
            lifetime: 900,
            repository: self.repository.clone(),
        };
        let files = Files {
            folder: self.folder.path().join("approvals"),
            scratch: self.folder.path().join("scratch"),
        };
        let own = OwnKeys { programs, folders: vec![self.own.clone()] };
        let mut notary = SshNotary::new(rules, files, own, vec!["dana@laptop".to_owned()], [7; 32]);
        let checked = notary.check(waiting, answer, at);
        let left = fs::read_dir(self.folder.path().join("scratch")).unwrap().count();
        assert_eq!(left, 0, "something is left in the folder for temporary files");
        match checked {
            Checked::Good { signed, .. } => Ok(signed.principal),
            Checked::Bad { why, .. } => Err(why),
        }
    }

    #[track_caller]
    pub(crate) fn refuses(&self, waiting: &Waiting, answer: &str, why: &str) {
        let refused = self.check(waiting, answer).unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
}

fn now() -> Timestamp {
    "2026-11-20T12:05:00Z".parse().unwrap()
}

pub(crate) fn request() -> ApprovalRequest {
    ApprovalRequest {
        format: REQUEST_FORMAT.to_owned(),
        nonce: "0123456789abcdef".to_owned(),
        run: "2026-11-20-1200-shop-k3f9".to_owned(),
        record: 12,
        head: "a".repeat(64),
        requested: "2026-11-20T12:00:00Z".parse().unwrap(),
        expires: "2026-11-20T12:15:00Z".parse().unwrap(),
        host: "laptop".to_owned(),
        responder: "dana@laptop".to_owned(),
        runbook: "shop/switch".to_owned(),
        runbook_digest: "b".repeat(64),
        title: "Switch".to_owned(),
        environment: None,
        step: StepId("switch".to_owned()),
        step_title: "Switch over".to_owned(),
        role: "payments lead".to_owned(),
        why: "Orders stop.".to_owned(),
        digest: "c".repeat(64),
        what: Asked::Command {
            effect: Effect::Change,
            shown: "shop-ctl switch --to a".to_owned(),
            target: "cluster".to_owned(),
            place: None,
            identity: Some("prod-eu".to_owned()),
            undo: "shop-ctl switch --to b".to_owned(),
        },
        values: BTreeMap::from([(
            Name::new("to").unwrap(),
            Recorded::Open(Value::Text("a".to_owned())),
        )]),
        findings: Vec::new(),
        never: Vec::new(),
    }
}

pub(crate) fn waiting(request: ApprovalRequest) -> Waiting {
    Waiting { text: request.text(), request, lapsed: Lapsed::No, own_keys: Vec::new() }
}

/// The answer of somebody who signs this text.
pub(crate) fn answer(key: &Path, text: &str) -> String {
    let signature = Signature::read(&sign(key, APPROVAL, text)).unwrap();
    answer_line(&request().nonce, &signature)
}

#[test]
fn the_answer_of_another_person_in_the_role_is_taken() {
    let mut desk = Desk::new();
    let eve = desk.person("eve@example.org,payments-lead");
    let waiting = waiting(request());
    let given = answer(&eve, &waiting.text);
    assert_eq!(desk.check(&waiting, &given), Ok("eve@example.org".to_owned()));
    // Mails break lines.
    let broken: String = given.chars().flat_map(|c| [c, '\n']).collect();
    assert_eq!(desk.check(&waiting, &broken), Ok("eve@example.org".to_owned()));
}

#[test]
fn an_answer_to_anything_else_is_none() {
    // Broken: replay, or a signature that covers less than all that was shown.
    let mut desk = Desk::new();
    let eve = desk.person("eve@example.org,payments-lead");
    let waiting = waiting(request());
    let changes: [(&str, Change); 8] = [
        ("value", |it| {
            it.values.clear();
        }),
        ("command", |it| it.digest = "d".repeat(64)),
        ("target", |it| {
            if let Asked::Command { identity, .. } = &mut it.what {
                *identity = Some("prod-us".to_owned());
            }
        }),
        ("run", |it| it.run.push('x')),
        ("step", |it| it.step = StepId("other".to_owned())),
        ("role", |it| it.role = "anybody".to_owned()),
        ("time", |it| it.expires = "2027-01-01T00:00:00Z".parse().unwrap()),
        ("record", |it| it.head = "e".repeat(64)),
    ];
    for (what, change) in changes {
        let mut other = request();
        change(&mut other);
        let refused = desk.check(&waiting, &answer(&eve, &other.text())).unwrap_err();
        assert!(refused.contains("it is not a signature of this"), "{what}: {refused}");
    }
    let signature = Signature::read(&sign(&eve, APPROVAL, &waiting.text)).unwrap();
    desk.refuses(&waiting, &answer_line("another", &signature), "it answers another request");
}

#[test]
fn no_key_of_the_responder_agrees_wherever_it_is_kept() {
    // Broken (`sabotage-self-approval`): self-approval with a second key, listed under another name.
    let waiting = waiting(request());
    let places: [fn(&Desk, &Path); 3] = [
        |desk, key| {
            fs::copy(key, desk.own.join("id_work")).unwrap();
        },
        |desk, key| {
            fs::copy(key.with_extension("pub"), desk.own.join("other.pub")).unwrap();
        },
        |desk, key| {
            fs::write(desk.own.join("config"), "Host *\n").unwrap();
            fs::copy(key, desk.own.join("a key")).unwrap();
        },
    ];
    for place in places {
        let mut desk = Desk::new();
        let mine = desk.person("eve@example.org,payments-lead");
        place(&desk, &mine);
        desk.refuses(&waiting, &answer(&mine, &waiting.text), "is a key of the responder");
    }
}

#[test]
fn a_key_behind_a_passphrase_or_in_the_agent_is_the_responders_too() {
    // Broken: only keys that can be read are looked at.
    let waiting = waiting(request());
    let mut desk = Desk::new();
    let mine = desk.person("eve@example.org,payments-lead");
    let agent = Agent::start(desk.folder.path());
    agent.add(&mine);
    desk.agent = Some(agent.socket.clone());
    desk.refuses(&waiting, &answer(&mine, &waiting.text), "is a key of the responder");

    let mut desk = Desk::new();
    let locked = locked_key(&desk.own, "id_ed25519", "a passphrase");
    desk.list = listed("eve@example.org,payments-lead", &locked);
    fs::remove_file(locked.with_extension("pub")).unwrap();
    let own = OwnKeys {
        programs: KeyPrograms { path: "/usr/bin".into(), agent: None },
        folders: vec![desk.own.clone()],
    };
    assert_eq!(own.find().len(), 1, "the public half of a locked key is not seen");
}

#[test]
fn a_key_that_was_put_away_after_the_request_stays_the_responders() {
    // Broken: ask with the key at hand, take it out of the agent, sign.
    let mut desk = Desk::new();
    let mine = desk.person("eve@example.org,payments-lead");
    let signature = Signature::read(&sign(&mine, APPROVAL, "x")).unwrap();
    let mut waiting = waiting(request());
    waiting.own_keys = vec![signature.key().fingerprint()];
    desk.refuses(&waiting, &answer(&mine, &waiting.text), "is a key of the responder");
}

#[test]
fn nobody_agrees_under_their_own_name() {
    // Broken: another key of the same person.
    let waiting = waiting(request());
    let mut desk = Desk::new();
    let work = desk.person("d.smith@example.org,payments-lead");
    let home = key(&desk.own, "id_ed25519");
    desk.list.push_str(&listed("d.smith@example.org", &home));
    desk.refuses(&waiting, &answer(&work, &waiting.text), "is the responder, by a key");

    let mut desk = Desk::new();
    let other = desk.person("Dana@example.org,payments-lead");
    desk.refuses(&waiting, &answer(&other, &waiting.text), "has the login of the responder");
}

#[test]
fn a_signature_for_something_else_is_none() {
    // Broken (`sabotage-any-namespace`): a signature of a commit or a mail counts.
    let mut desk = Desk::new();
    let eve = desk.person("eve@example.org,payments-lead");
    let waiting = waiting(request());
    for namespace in ["git", "file", "surefoot-seal", "surefoot-approval2"] {
        let signature = Signature::read(&sign(&eve, namespace, &waiting.text)).unwrap();
        let given = answer_line(&waiting.request.nonce, &signature);
        desk.refuses(&waiting, &given, "it is a signature for `");
    }
}

#[test]
fn a_cut_or_changed_answer_is_none() {
    // Broken: a reader that fills in what is missing.
    let mut desk = Desk::new();
    let eve = desk.person("eve@example.org,payments-lead");
    let waiting = waiting(request());
    let given = answer(&eve, &waiting.text);
    for length in (0..given.len()).step_by(7) {
        assert!(desk.check(&waiting, &given[..length]).is_err(), "{length}");
    }
    let changed = given.replacen("surefoot-answer:1:ey", "surefoot-answer:1:eY", 1);
    assert!(desk.check(&waiting, &changed).is_err());
    let line = surefoot::signing::request_line(&waiting.text);
    desk.refuses(&waiting, &line, "this is the request");
}

#[test]
fn what_a_line_of_the_list_limits_another_does_not_make_up_for() {
    // Broken: a role, or a name, that has run out lives on by another line of the same key.
    let waiting = waiting(request());
    let cases = [
        (
            "eve@example.org",
            "eve@example.org,payments-lead valid-before=\"20251120\"",
            "may not agree as payments lead",
        ),
        (
            "eve@example.org",
            "eve@example.org,payments-lead namespaces=\"git\"",
            "may not agree as payments lead",
        ),
        ("eve@example.org,payments-lead valid-before=\"20251120\"", "*", "may not sign now"),
    ];
    for (one, other, why) in cases {
        let mut desk = Desk::new();
        let eve = desk.person(one);
        desk.list.push_str(&listed(other, &eve));
        desk.refuses(&waiting, &answer(&eve, &waiting.text), why);
    }
}

#[test]
fn only_a_person_in_the_role_whom_the_list_names_agrees() {
    let waiting = waiting(request());
    let cases = [
        // Broken: every signer has every role.
        ("eve@example.org", "may not agree as payments lead"),
        ("eve@example.org,payments", "may not agree as payments lead"),
        // Broken: a pattern is a person, or a role.
        ("*@example.org,payments-lead", "belongs to no person by name"),
        ("*", "belongs to no person by name"),
        ("eve@example.org,*", "may not agree as payments lead"),
        ("payments-lead", "belongs to no person by name"),
        // Broken: the list's own limits are passed over.
        ("eve@example.org,payments-lead namespaces=\"git\"", "may not sign now"),
        ("eve@example.org,payments-lead valid-before=\"20261120\"", "may not sign now"),
    ];
    for (principals, why) in cases {
        let mut desk = Desk::new();
        let eve = desk.person(principals);
        desk.refuses(&waiting, &answer(&eve, &waiting.text), why);
    }
    let mut desk = Desk::new();
    desk.person("eve@example.org,payments-lead");
    let stranger = key(&desk.others(), "stranger");
    desk.refuses(&waiting, &answer(&stranger, &waiting.text), "is not in the list");
    let both = desk.person("eve@example.org,payments-lead");
    desk.list.push_str(&listed("kim@example.org,payments-lead", &both));
    desk.refuses(&waiting, &answer(&both, &waiting.text), "belongs to several");
}

#[test]
fn a_key_is_judged_by_the_time_of_the_answer() {
    let mut desk = Desk::new();
    let eve = desk.person("eve@example.org,payments-lead valid-before=\"20261121\"");
    let waiting = waiting(request());
    let given = answer(&eve, &waiting.text);
    assert!(desk.check(&waiting, &given).is_ok());
    let later = "2026-11-22T00:00:00Z".parse().unwrap();
    assert!(desk.check_at(&waiting, &given, later).is_err());
}

#[test]
fn the_list_is_neither_the_runbooks_nor_everybodys() {
    // Broken: a pull request, or anybody on the machine, says who may sign.
    let mut desk = Desk::new();
    let eve = desk.person("eve@example.org,payments-lead");
    let waiting = waiting(request());
    let given = answer(&eve, &waiting.text);
    desk.repository = Some(desk.folder.path().to_owned());
    desk.refuses(&waiting, &given, "lies in the repository of the runbook");
    desk.repository = None;
    fs::set_permissions(desk.signers(), fs::Permissions::from_mode(0o666)).unwrap();
    let refused = desk.judge(&waiting, &given, now()).unwrap_err();
    assert!(refused.contains("can be written by others"), "{refused}");
}
