//! What the signatures that speak of a record are worth: who vouches for it, up to which record, and
//! what does not fit.

use jiff::Timestamp;
use serde::Serialize;

use super::scratch::Scratch;
use super::seal::{Seal, Sealed};
use super::signature::Signature;
use super::signers::{Claim, Signers};
use super::{APPROVAL, SEAL};
use crate::engine::{ApprovalRequest, Event};
use crate::journal::Record;
use crate::process::KeyPrograms;

/// What checks signatures.
#[derive(Debug)]
pub struct Standing<'a> {
    /// Those who may sign, if a list is known.
    pub signers: Option<&'a Signers>,
    /// OpenSSH's programs.
    pub programs: &'a KeyPrograms,
    /// For their files.
    pub scratch: &'a Scratch,
}

/// Whether somebody vouches for the first records of a journal.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct AgreedBy {
    /// By an agreement in this record, or by a seal.
    pub by: Means,
    /// Up to this record.
    pub record: u64,
    /// Who, or why nobody.
    pub vouched: Vouched,
}

/// By what somebody vouches.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// The agreement in this record.
    Approval(u64),
    /// The seal in this line of its file.
    Seal(u64),
}

/// Who vouches.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Vouched {
    /// A person whom the list names.
    Person(String),
    /// A good signature by this key; there is no list that says whose it is.
    Key(String),
    /// Nobody: something does not fit.
    Nobody(String),
}

impl AgreedBy {
    /// The person, if one vouches.
    pub fn person(&self) -> Option<&str> {
        match &self.vouched {
            Vouched::Person(person) => Some(person),
            Vouched::Key(_) | Vouched::Nobody(_) => None,
        }
    }

    /// What does not fit.
    pub fn wrong(&self) -> Option<&str> {
        match &self.vouched {
            Vouched::Nobody(why) => Some(why),
            Vouched::Key(_) | Vouched::Person(_) => None,
        }
    }
}

/// The agreements in a record.
pub fn approvals(records: &[Record], standing: &Standing<'_>) -> Vec<AgreedBy> {
    let mut requests: Vec<(u64, ApprovalRequest, &str)> = Vec::new();
    let mut found = Vec::new();
    let mut given: Vec<String> = Vec::new();
    for record in records {
        match &record.event {
            Event::ApprovalRequested(asked) => {
                if let Ok(request) = ApprovalRequest::parse(&asked.request) {
                    requests.push((record.n, request, &asked.request));
                }
            }
            Event::ApprovalGiven(agreed) => {
                let by = Means::Approval(record.n);
                let of = requests.iter().find(|(_, request, _)| request.nonce == agreed.nonce);
                let Some((n, request, text)) = of else {
                    let why = "it answers no request of this record".to_owned();
                    found.push(AgreedBy { by, record: 0, vouched: Vouched::Nobody(why) });
                    continue;
                };
                given.push(agreed.nonce.clone());
                let place = request.record;
                let signature = Signature::read(&agreed.signed.signature);
                let vouched = match signature {
                    None => Vouched::Nobody("its signature cannot be read".to_owned()),
                    Some(_) if place + 1 != *n || !stands(records, place, &request.head) => {
                        let why = "the records before it are not those that were signed";
                        Vouched::Nobody(why.to_owned())
                    }
                    Some(signature) => {
                        standing.vouched(text.as_bytes(), &signature, APPROVAL, record.at)
                    }
                };
                let vouched = match vouched {
                    Vouched::Person(person) if person != agreed.signed.principal => {
                        let named = &agreed.signed.principal;
                        Vouched::Nobody(format!("the record names {named}, the key is of {person}"))
                    }
                    other => other,
                };
                found.push(AgreedBy { by, record: place, vouched });
            }
            Event::AttemptStarted(started) => {
                for spent in started.approvals.iter().filter(|spent| spent.by.is_some()) {
                    let of = requests.iter().find(|(_, request, _)| request.nonce == spent.nonce);
                    let fits = of.is_some_and(|(_, request, _)| request.digest == started.digest);
                    if !fits || !given.contains(&spent.nonce) {
                        let by = Means::Approval(record.n);
                        let why = "a command started that was not what was agreed to".to_owned();
                        found.push(AgreedBy { by, record: 0, vouched: Vouched::Nobody(why) });
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// The seals of a record.
pub fn seals(
    run: &str,
    records: &[Record],
    seals: &[(Seal, Sealed)],
    standing: &Standing<'_>,
) -> Vec<AgreedBy> {
    let count = records.len() as u64;
    judged(run, count, |count, head| stands(records, count, head), seals, standing)
}

/// The seals of a record of which only the head is there.
pub fn seals_of_head(
    run: &str,
    (count, head): (u64, &str),
    seals: &[(Seal, Sealed)],
    standing: &Standing<'_>,
) -> Vec<AgreedBy> {
    judged(run, count, |sealed, by| sealed == count && by == head, seals, standing)
}

fn judged(
    run: &str,
    count: u64,
    stands: impl Fn(u64, &str) -> bool,
    seals: &[(Seal, Sealed)],
    standing: &Standing<'_>,
) -> Vec<AgreedBy> {
    let judge = |(place, (seal, sealed)): (usize, &(Seal, Sealed))| {
        let vouched = match Signature::read(&sealed.signature) {
            None => Vouched::Nobody("its signature cannot be read".to_owned()),
            Some(_) if seal.run != run => {
                Vouched::Nobody(format!("it is the seal of another run, {}", seal.run))
            }
            Some(_) if seal.records > count => Vouched::Nobody(format!(
                "{} records were sealed and {} are left: the end was cut off",
                seal.records, count
            )),
            Some(_) if !stands(seal.records, &seal.head) => {
                Vouched::Nobody("the records are not those that were sealed".to_owned())
            }
            Some(signature) => {
                standing.vouched(sealed.statement.as_bytes(), &signature, SEAL, seal.sealed)
            }
        };
        AgreedBy { by: Means::Seal(place as u64 + 1), record: seal.records, vouched }
    };
    seals.iter().enumerate().map(judge).collect()
}

/// Whether so many records end with this digest.
fn stands(records: &[Record], count: u64, head: &str) -> bool {
    let last = usize::try_from(count).ok().and_then(|count| count.checked_sub(1));
    last.and_then(|last| records.get(last)).is_some_and(|record| record.sha256 == head)
}

impl Standing<'_> {
    fn vouched(
        &self,
        message: &[u8],
        signature: &Signature,
        namespace: &str,
        at: Timestamp,
    ) -> Vouched {
        let Some(signers) = self.signers else {
            return self.by_key(message, signature, namespace);
        };
        match signers.check(
            &Claim { message, signature, namespace, at },
            self.programs,
            self.scratch,
        ) {
            Ok(person) => Vouched::Person(person),
            Err(error) => Vouched::Nobody(error.to_string()),
        }
    }

    /// Without a list, only that the signature is one of this.
    fn by_key(&self, message: &[u8], signature: &Signature, namespace: &str) -> Vouched {
        use std::ffi::OsStr;
        let armour = match self.scratch.file("signature", signature.armour().as_bytes()) {
            Ok(armour) => armour,
            Err(error) => return Vouched::Nobody(error.to_string()),
        };
        let words = ["-Y", "check-novalidate", "-n", namespace, "-s"].map(OsStr::new);
        let args: Vec<&OsStr> = words.into_iter().chain([armour.as_os_str()]).collect();
        match self.programs.keygen(&args, message) {
            Ok(said) if said.status.success() => Vouched::Key(signature.key().fingerprint()),
            Ok(_) => Vouched::Nobody("it is not a signature of this".to_owned()),
            Err(error) => Vouched::Nobody(error.to_string()),
        }
    }
}
