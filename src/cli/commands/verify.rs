//! `surefoot verify`: whether the record of a run was changed, and how far that can be believed.

use serde::Serialize;

use crate::cli::Context;
use crate::cli::agreement::{self, programs};
use crate::cli::args::{ListFormat, VerifyArguments};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::governing::governing;
use crate::cli::runs::damaged;
use crate::cli::team::find_anywhere;
use crate::diagnostic::{visible, visible_json};
use crate::journal::{OutputState, RunFolder, Verification, read, verify};
use crate::report::inert_line;
use crate::settings::Signers as List;
use crate::signing::{
    AgreedBy, Means, Scratch, Signers, Standing, Vouched, approvals, read_seals, seals,
};

/// What was found out about a record.
#[derive(Serialize)]
struct Verified {
    #[serde(flatten)]
    record: Verification,
    /// Up to which record somebody vouches for it, and who; nothing if nobody does.
    anchored: Option<Anchor>,
    /// Everybody whose signature speaks of it.
    signatures: Vec<AgreedBy>,
    /// Whether it holds a record whose digest was kept elsewhere, if one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    kept_head: Option<KeptHead>,
    /// Why seals could not be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    unreadable: Option<String>,
}

#[derive(Serialize)]
struct Anchor {
    record: u64,
    by: String,
}

/// What became of a digest that was kept elsewhere.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum KeptHead {
    /// It is that of this record.
    Record(u64),
    /// No record has it: the end was cut off, or all was written anew.
    Gone,
}

impl Verified {
    fn is_sound(&self) -> bool {
        let signed = self.signatures.iter().all(|signature| signature.wrong().is_none());
        let kept = !matches!(self.kept_head, Some(KeptHead::Gone));
        self.record.is_sound() && signed && kept && self.unreadable.is_none()
    }
}

pub(crate) fn run(arguments: &VerifyArguments, context: &Context) -> Result<Exit, Failure> {
    let folder = find_anywhere(arguments.run.run.as_deref(), context)?;
    let record = verify(folder.path()).map_err(|error| damaged(&folder, &error))?;
    let verified = signed(record, &folder, arguments, context)?;
    let text = match arguments.run.format {
        ListFormat::Json => {
            let json = serde_json::to_string_pretty(&verified);
            visible_json(&json.expect("a verification is texts and numbers")) + "\n"
        }
        // Whoever wrote the record may have written anything.
        ListFormat::Text => visible(&text(folder.id(), &verified)).into_owned(),
    };
    context.print(&text)?;
    Ok(if verified.is_sound() { Exit::Done } else { Exit::Damaged })
}

/// Adds what the signatures are worth that speak of a record.
fn signed(
    record: Verification,
    folder: &RunFolder,
    arguments: &VerifyArguments,
    context: &Context,
) -> Result<Verified, Failure> {
    let mut verified = Verified {
        record,
        anchored: None,
        signatures: Vec::new(),
        kept_head: None,
        unreadable: None,
    };
    if verified.record.damage.is_some() {
        return Ok(verified);
    }
    let contents = read(&folder.journal()).map_err(|error| damaged(folder, &error))?;
    let records = &contents.records;
    let list = match &arguments.signers {
        Some(path) => Some(List::File(path.clone())),
        None => agreement::signers(context, &governing(context, None)?.guarded()?.settings)?,
    };
    let programs = programs(context);
    let signers = list.map(|list| Signers::read(&list, &programs.path)).transpose();
    let signers = signers.map_err(|error| Failure::from_error(Exit::Usage, &error))?;
    let scratch = Scratch::below(&context.settings.emergency)
        .map_err(|error| Failure::from_error(Exit::Failed, &error))?;
    let standing = Standing { signers: signers.as_ref(), programs: &programs, scratch: &scratch };
    verified.signatures = approvals(records, &standing);
    match read_seals(folder.path()) {
        Ok(found) => verified.signatures.extend(seals(folder.id(), records, &found, &standing)),
        Err(error) => verified.unreadable = Some(error.to_string()),
    }
    let vouched = verified.signatures.iter().filter(|signature| signature.record > 0);
    let furthest = vouched.filter(|it| it.person().is_some()).max_by_key(|it| it.record);
    verified.anchored =
        furthest.and_then(|it| Some(Anchor { record: it.record, by: it.person()?.to_owned() }));
    verified.kept_head = arguments.head.as_ref().map(|head| {
        let found = records.iter().find(|record| record.sha256 == *head);
        found.map_or(KeptHead::Gone, |record| KeptHead::Record(record.n))
    });
    Ok(verified)
}

fn text(run: &str, verified: &Verified) -> String {
    use std::fmt::Write as _;
    let verification = &verified.record;
    let mut text = String::new();
    if let Some(damage) = &verification.damage {
        let _ = writeln!(text, "{run}: DAMAGED: {damage}");
    } else {
        let records = verification.records;
        let _ = writeln!(text, "{run}: {records} records, unchanged as far as the chain can tell");
        let _ = writeln!(text, "head {}", verification.head);
    }
    let ended = if verification.finished { "the run is over" } else { "the run is not over" };
    let anchored = match &verified.anchored {
        None => "not anchored".to_owned(),
        Some(Anchor { record, by }) if *record == verification.records => {
            format!("anchored to record {record}, the last, by {}", inert_line(by))
        }
        Some(Anchor { record, by }) => {
            format!("anchored to record {record} by {}", inert_line(by))
        }
    };
    let _ = writeln!(text, "{ended}; {anchored}");
    if let Some(tail) = &verification.torn {
        let length = tail.bytes.len();
        let _ =
            writeln!(text, "{length} bytes of a record were being written when the writer died");
    }
    let sound = verification.outputs.iter().filter(|output| output.state.is_as_recorded()).count();
    let _ = writeln!(text, "{sound} of {} outputs as recorded", verification.outputs.len());
    for (path, found) in verification.changed() {
        let _ = writeln!(text, "  {}: {}", inert_line(path), state(found));
    }
    for signature in &verified.signatures {
        let _ = writeln!(text, "{}", inert_line(&signature_text(signature)));
    }
    if let Some(why) = &verified.unreadable {
        let _ = writeln!(text, "WRONG: {why}");
    }
    match verified.kept_head {
        None => {}
        Some(KeptHead::Record(n)) => {
            let _ = writeln!(text, "the head that was kept is that of record {n}");
        }
        Some(KeptHead::Gone) => {
            let why = "no record has the head that was kept: the end was cut off, or all of it \
                       was written anew";
            let _ = writeln!(text, "WRONG: {why}");
        }
    }
    text
}

fn signature_text(signature: &AgreedBy) -> String {
    let what = match signature.by {
        Means::Approval(n) => format!("agreement in record {n}"),
        Means::Seal(line) => format!("seal {line}"),
    };
    let to = signature.record;
    match &signature.vouched {
        Vouched::Person(person) => format!("{what}: {person} vouches for records 1 to {to}"),
        Vouched::Key(key) => {
            format!("{what}: a good signature by {key}; no list says whose key that is")
        }
        Vouched::Nobody(why) => format!("WRONG: {what}: {why}"),
    }
}

fn state(state: &OutputState) -> String {
    match state {
        OutputState::AsLong | OutputState::AsRecorded => "as recorded".to_owned(),
        OutputState::Changed(why) => format!("changed: {why}"),
        OutputState::Missing(why) => format!("missing: {why}"),
    }
}
