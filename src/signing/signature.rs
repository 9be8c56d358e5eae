//! What an SSH signature says of itself: whose key it is of, and what it is for. Whether it is good,
//! `ssh-keygen` says.

use sha2::{Digest as _, Sha256};

use super::base64;

const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";
const MAGIC: &[u8] = b"SSHSIG";

/// A public key, as its bytes are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Key(Vec<u8>);

impl Key {
    /// The key of a base64 text, such as stands in a line of `authorized_keys`.
    pub fn of_base64(text: &str) -> Option<Self> {
        let bytes = base64::decode(text)?;
        let mut rest = bytes.as_slice();
        let kind = text_of(field(&mut rest)?)?;
        (!kind.is_empty() && !rest.is_empty()).then_some(Self(bytes))
    }

    /// Its fingerprint, as OpenSSH shows it.
    pub fn fingerprint(&self) -> String {
        let digest = base64::encode(&Sha256::digest(&self.0));
        format!("SHA256:{}", digest.trim_end_matches('='))
    }

    /// Its kind, such as `ssh-ed25519`.
    pub fn kind(&self) -> &str {
        let mut rest = self.0.as_slice();
        field(&mut rest).and_then(text_of).unwrap_or_default()
    }

    /// Whether it is a certificate, whose key somebody else vouches for.
    pub fn is_certificate(&self) -> bool {
        self.kind().contains("-cert-v")
    }
}

/// A signature.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signature {
    armour: String,
    key: Key,
    namespace: String,
}

impl Signature {
    /// Reads an armoured signature; none if it is not one.
    pub fn read(armour: &str) -> Option<Self> {
        let inside = armour.trim().strip_prefix(BEGIN)?.strip_suffix(END)?;
        let bytes = base64::decode(&inside.split_ascii_whitespace().collect::<String>())?;
        let mut rest = bytes.strip_prefix(MAGIC)?.strip_prefix(&1_u32.to_be_bytes())?;
        let key = Key(field(&mut rest)?.to_vec());
        let namespace = text_of(field(&mut rest)?)?.to_owned();
        // What is reserved, the hash, and the signature itself.
        field(&mut rest)?;
        field(&mut rest)?;
        field(&mut rest)?;
        rest.is_empty().then(|| Self { armour: armoured(&bytes), key, namespace })
    }

    /// The signature as `ssh-keygen` writes it.
    pub fn armour(&self) -> &str {
        &self.armour
    }

    /// The key that made it.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// What it is for.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }
}

fn armoured(bytes: &[u8]) -> String {
    let text = base64::encode(bytes);
    let mut armour = format!("{BEGIN}\n");
    for line in text.as_bytes().chunks(70) {
        armour.push_str(&String::from_utf8_lossy(line));
        armour.push('\n');
    }
    armour + END + "\n"
}

/// The next field: its length in four bytes, then itself.
fn field<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (field, after) = after.split_at_checked(length)?;
    *rest = after;
    Some(field)
}

fn text_of(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a key made for this test and thrown away.
    const ARMOUR: &str = "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAg/E9Z5jjIq345JiuCBCHkwI/DqF
+O9RALNtVYQ5/08lkAAAARc3VyZWZvb3QtYXBwcm92YWwAAAAAAAAABnNoYTUxMgAAAFMA
AAALc3NoLWVkMjU1MTkAAABAA3m1g2iOiSNoGINxRTFSSiL+ZknnDQGKyuY1kG+gpZKg2G
SMd45lX/x1wLLuk5FJvrovTZFIujeBwXsCHj40AQ==
-----END SSH SIGNATURE-----
";

    #[test]
    fn a_signature_says_whose_it_is_and_what_for() {
        let signature = Signature::read(ARMOUR).unwrap();
        assert_eq!(signature.namespace(), "surefoot-approval");
        assert_eq!(signature.key().kind(), "ssh-ed25519");
        assert_eq!(
            signature.key().fingerprint(),
            "SHA256:pSom1HElP397mGZAd1ci44UbPOS/ngDV3RVHsL781CY"
        );
        assert_eq!(signature.armour(), ARMOUR);
    }

    #[test]
    fn a_part_of_a_signature_is_none() {
        // A reader that fills what is missing would take a key that nobody signed with.
        let bytes = ARMOUR.replace(['\n'], " ");
        for length in 0..bytes.trim_end().len() {
            assert_eq!(Signature::read(&bytes[..length]), None, "{length}");
        }
    }
}
