//! Content that needs no word of the user's, because the source that it comes from is trusted as what
//! stands on its branch: every file of a runbook is there, with the same bytes, in the commit that was
//! fetched last.

use std::ffi::OsStr;
use std::path::Path;

use jiff::Timestamp;

use super::closure::{Part, PartKind};
use super::mirror::{Fetched, Mirror};
use super::ownership::own;
use super::sources::{KnownSource, SourcePlace};
use crate::process::{Blob, EntryKind, GitOrigin, KeyPrograms, Objects};
use crate::settings::{Remote, SourceTrust};
use crate::signing::{Claim, Scratch, Signature, Signers};

/// What a commit's signature is for.
const COMMIT: &str = "git";

/// A source that vouches for content.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Voucher {
    /// Its name.
    pub source: String,
    /// The branch or tag.
    pub reference: String,
    /// Since when it is known to stand there.
    pub as_of: Option<Timestamp>,
    /// Who signed the commit, where that counts.
    pub signed_by: Option<String>,
}

/// What is needed to look whether anybody vouches.
#[derive(Clone, Copy, Debug)]
pub struct Lookout<'a> {
    /// All sources.
    pub sources: &'a [KnownSource],
    /// The folder of all state.
    pub state: &'a Path,
    /// Where programs are looked for.
    pub search: &'a OsStr,
    /// OpenSSH's programs.
    pub programs: &'a KeyPrograms,
    /// A folder in which one can be made for a moment.
    pub scratch: &'a Path,
    /// This moment.
    pub now: Timestamp,
}

impl Lookout<'_> {
    /// Whether each file stands on the branch of a source that is trusted so. It must be the source that
    /// the file's own repository was cloned from; what that repository says of itself only chooses
    /// whom to ask.
    pub fn vouched(
        &self,
        parts: &[Part],
        origins: impl FnOnce() -> Vec<Option<GitOrigin>>,
    ) -> Option<Vec<Voucher>> {
        let trusting = |source: &&KnownSource| source.trust != SourceTrust::Ask;
        if !self.sources.iter().any(|source| trusting(&source)) {
            return None;
        }
        let mut vouchers: Vec<Voucher> = Vec::new();
        for (part, origin) in parts.iter().zip(origins()) {
            let origin = origin?;
            let remote = Remote::of_url(&origin.remote?).identity();
            let mut own = self.sources.iter().filter(trusting).filter(|source| {
                matches!(&source.place, SourcePlace::Git { url, .. }
                    if Remote::of_url(url).identity() == remote)
            });
            let path = &origin.path_in_repository;
            let voucher = own.find_map(|source| self.voucher(source, part, path))?;
            if !vouchers.contains(&voucher) {
                vouchers.push(voucher);
            }
        }
        Some(vouchers)
    }

    fn voucher(&self, source: &KnownSource, part: &Part, path: &str) -> Option<Voucher> {
        let mirror = Mirror::of(self.state, source)?;
        let SourcePlace::Git { url, .. } = &source.place else { return None };
        // What others can write vouches for nothing.
        own(mirror.folder()).ok()?;
        own(&mirror.git_folder()).ok()?;
        let fetched = mirror.fetched().filter(|fetched| fetched.url == *url)?;
        let objects = Objects::at(&mirror.git_folder(), self.search).ok()?;
        if !stands(&objects, &fetched, part, path) {
            return None;
        }
        let signed_by = match source.trust {
            SourceTrust::Signed => Some(self.signer(source, &objects, &fetched)?),
            _ => None,
        };
        let as_of = mirror.fetched_at();
        Some(Voucher {
            source: source.name.clone(),
            reference: fetched.reference,
            as_of,
            signed_by,
        })
    }

    /// Who signed the commit, if it is somebody whose signature counts now.
    fn signer(&self, source: &KnownSource, objects: &Objects, fetched: &Fetched) -> Option<String> {
        let signers = Signers::read(source.signers.as_ref()?, self.search).ok()?;
        let commit = objects.commit(&fetched.commit).ok()??;
        let (message, armour) = signed(&commit)?;
        let signature = Signature::read(&armour)?;
        let scratch = Scratch::below(self.scratch).ok()?;
        let claim =
            Claim { message: &message, signature: &signature, namespace: COMMIT, at: self.now };
        signers.check(&claim, self.programs, &scratch).ok()
    }
}

/// Whether a file is in the commit as it was read.
fn stands(objects: &Objects, fetched: &Fetched, part: &Part, path: &str) -> bool {
    let Ok(entries) = objects.tree(&fetched.commit, path) else {
        return false;
    };
    let Some(entry) = entries.iter().find(|entry| entry.path == path) else {
        return false;
    };
    let kind = match (part.kind, entry.kind) {
        (_, EntryKind::Link | EntryKind::Folder | EntryKind::Submodule) => return false,
        (PartKind::Runbook, _) => true,
        (PartKind::Brought, kind) => part.executable == (kind == EntryKind::Program),
    };
    let most = part.bytes.len() as u64;
    let read = objects.read(&[&entry.object], most);
    kind && matches!(read.as_deref(), Ok([Blob::Whole(bytes)]) if *bytes == part.bytes)
}

/// What a signed commit says without its signature, and the signature.
fn signed(commit: &[u8]) -> Option<(Vec<u8>, String)> {
    let end = commit.windows(2).position(|pair| pair == b"\n\n")?;
    let (head, body) = commit.split_at(end + 1);
    let mut message = Vec::new();
    let mut armour = String::new();
    let mut within = false;
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        let begins = ["gpgsig ", "gpgsig-sha256 "]
            .iter()
            .find_map(|name| line.strip_prefix(name.as_bytes()));
        let goes_on = line.strip_prefix(b" ").filter(|_| within);
        match (begins, goes_on) {
            // A second signature would leave open whose it is.
            (Some(_), _) if !armour.is_empty() => return None,
            (Some(text), _) | (None, Some(text)) => {
                within = true;
                armour.push_str(std::str::from_utf8(text).ok()?);
            }
            (None, None) => {
                within = false;
                message.extend_from_slice(line);
            }
        }
    }
    message.extend_from_slice(body);
    (!armour.is_empty()).then_some((message, armour))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_taken_out_and_all_else_is_what_was_signed() {
        let commit = b"tree 1\nparent 2\ngpgsig -----BEGIN\n abc\n \n -----END\nencoding x\n\ntext\n\nmore\n";
        let (message, armour) = signed(commit).unwrap();
        assert_eq!(message, b"tree 1\nparent 2\nencoding x\n\ntext\n\nmore\n");
        assert_eq!(armour, "-----BEGIN\nabc\n\n-----END\n");
        for unsigned in [
            &b"tree 1\n\ngpgsig -----BEGIN\n abc\n"[..],
            b"tree 1\ngpgsig a\n b\ngpgsig c\n\ntext\n",
            b"tree 1\n",
        ] {
            assert_eq!(signed(unsigned), None);
        }
    }
}
