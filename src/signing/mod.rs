//! What people sign with their SSH keys: requests for agreement, and the heads of records. The
//! cryptography is `ssh-keygen -Y`'s; here is what is signed, by whom it may be, and whose keys do
//! not count.

mod base64;
mod line;
mod notary;
mod own;
mod scratch;
mod seal;
mod signature;
mod signers;
mod verdicts;

pub use line::{Answer, BadLine, answer_line, read_answer, read_request, request_line};
pub use notary::{Files, Rules, SshNotary};
pub use own::{OwnKeys, public_keys};
pub use scratch::Scratch;
pub use seal::{SEAL_FORMAT, SEALS, Seal, SealFailed, Sealed, read_seals, save_seal, seal_of};
pub use signature::{Key, Signature};
pub use signers::{BadSigners, Claim, NotGood, Signers, role_name};
pub use verdicts::{AgreedBy, Means, Standing, Vouched, approvals, seals, seals_of_head};

/// What a signature of an agreement is for: one for anything else is none.
pub const APPROVAL: &str = "surefoot-approval";

/// What a signature of a record's head is for.
pub const SEAL: &str = "surefoot-seal";
