//! The frames in which messages travel: a kind, then numbers and bytes in a fixed order.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use super::{Durability, Finished, Head, Launch, Lifetime, MadeFile, News, Order};
use crate::engine::{Conduct, Keep};
use crate::process::frame::{Frame, Malformed, Packer, Unpacker};
use crate::process::handshake::Handshake;
use crate::runbook::OnDisconnect;
use crate::session::Stream;
use crate::template::Held;
use crate::value::Secret;

const FOLLOWED: u64 = 0;
const BACKGROUND: u64 = 1;
const INTERACTIVE: u64 = 2;

const HELLO: u8 = 1;
const HIDE: u8 = 2;
const START: u8 = 3;
const INTERRUPT: u8 = 4;
const KILL: u8 = 5;
const PAUSE: u8 = 6;
const GO_ON: u8 = 7;
const RESIZE: u8 = 8;
const PASSWORD: u8 = 9;
const FOLLOW: u8 = 10;
const OUTPUT: u8 = 16;
const ENDED: u8 = 17;
const REFUSED: u8 = 18;
const READY: u8 = 19;
const PASSWORD_WANTED: u8 = 20;
const WELCOME: u8 = 21;
const OVER: u8 = 22;

impl Order {
    pub(crate) fn frame(&self) -> Vec<u8> {
        let mut packer = Packer::default();
        let kind = match self {
            Self::Hello { run, folder } => {
                packer.bytes(run.as_bytes()).bytes(folder.as_os_str().as_bytes());
                HELLO
            }
            Self::Hide(patterns) => {
                packer.number(patterns.len() as u64);
                for pattern in patterns {
                    packer.bytes(pattern);
                }
                HIDE
            }
            Self::Start(launch) => {
                pack_launch(&mut packer, launch);
                START
            }
            Self::Interrupt(attempt) => {
                packer.number(u64::from(*attempt));
                INTERRUPT
            }
            Self::Kill(attempt) => {
                packer.number(u64::from(*attempt));
                KILL
            }
            Self::Pause => PAUSE,
            Self::GoOn => GO_ON,
            Self::Password(request, password) => {
                let text = password.as_ref().map_or("", |password| password.expose());
                packer.number(u64::from(*request)).number(u64::from(password.is_some()));
                packer.bytes(text.as_bytes());
                PASSWORD
            }
            Self::Resize => RESIZE,
            Self::Follow(attempt) => {
                packer.number(u64::from(*attempt));
                FOLLOW
            }
        };
        packer.frame(kind)
    }

    pub(crate) fn read(frame: &Frame) -> Result<Self, Malformed> {
        let mut unpacker = Unpacker::new(&frame.body);
        match frame.kind {
            HELLO => Ok(Self::Hello {
                run: text(unpacker.bytes()?)?,
                folder: os(unpacker.bytes()?).into(),
            }),
            HIDE => {
                let count = unpacker.number()?;
                let form = |_| Ok(unpacker.bytes()?.to_vec().into());
                Ok(Self::Hide((0..count).map(form).collect::<Result<_, _>>()?))
            }
            START => Ok(Self::Start(Box::new(unpack_launch(&mut unpacker)?))),
            INTERRUPT => Ok(Self::Interrupt(small(unpacker.number()?)?)),
            KILL => Ok(Self::Kill(small(unpacker.number()?)?)),
            PAUSE => Ok(Self::Pause),
            GO_ON => Ok(Self::GoOn),
            PASSWORD => {
                let request = small(unpacker.number()?)?;
                let password = optional(&mut unpacker)?.map(|bytes| text(&bytes)).transpose()?;
                Ok(Self::Password(request, password.map(Secret::new)))
            }
            RESIZE => Ok(Self::Resize),
            FOLLOW => Ok(Self::Follow(small(unpacker.number()?)?)),
            _ => Err(Malformed),
        }
    }
}

fn pack_launch(packer: &mut Packer, launch: &Launch) {
    packer
        .number(u64::from(launch.attempt))
        .number(launch.timeout)
        .number(launch.grace)
        .number(u64::from(launch.on_disconnect == OnDisconnect::Finish))
        .number(u64::from(launch.keep == Keep::Output))
        .number(u64::from(launch.durability == Durability::Synced))
        .number(launch.cap)
        .bytes(launch.program.as_os_str().as_bytes())
        .bytes(launch.cwd.as_os_str().as_bytes())
        .number(launch.args.len() as u64);
    for word in &launch.args {
        packer.bytes(word.as_bytes());
    }
    packer.number(launch.env.len() as u64);
    for (name, value) in &launch.env {
        packer.bytes(name.as_bytes()).bytes(value.as_bytes());
    }
    let token = launch.handshake.as_ref().map(|handshake| handshake.token().as_bytes());
    let connections = launch.connections.as_ref().map(|path| path.as_os_str().as_bytes());
    for optional in [launch.stdin.as_deref(), token, connections] {
        packer.number(u64::from(optional.is_some()));
        packer.bytes(optional.unwrap_or_default());
    }
    packer.number(launch.files.len() as u64);
    for file in &launch.files {
        packer
            .bytes(file.path.as_os_str().as_bytes())
            .bytes(&file.bytes)
            .number(u64::from(file.executable))
            .number(u64::from(file.lifetime == Lifetime::Attempt));
    }
    pack_conduct(packer, &launch.conduct);
    packer.number(launch.evidence.len() as u64);
    for path in &launch.evidence {
        packer.bytes(path.as_bytes());
    }
}

fn pack_conduct(packer: &mut Packer, conduct: &Conduct) {
    match conduct {
        Conduct::Followed => {
            packer.number(FOLLOWED);
        }
        Conduct::Background { ready } => {
            packer.number(BACKGROUND).number(u64::from(ready.is_some()));
            packer.bytes(ready.as_deref().unwrap_or_default().as_bytes());
        }
        Conduct::Interactive { type_in } => {
            packer.number(INTERACTIVE).number(type_in.len() as u64);
            for line in type_in {
                let (secret, text) = match line {
                    Held::Open(text) => (0, text.as_str()),
                    Held::Secret(secret) => (1, secret.expose()),
                };
                packer.number(secret).bytes(text.as_bytes());
            }
        }
    }
}

fn unpack_conduct(from: &mut Unpacker<'_>) -> Result<Conduct, Malformed> {
    match from.number()? {
        FOLLOWED => Ok(Conduct::Followed),
        BACKGROUND => {
            let ready = optional(from)?;
            Ok(Conduct::Background { ready: ready.map(|ready| text(&ready)).transpose()? })
        }
        INTERACTIVE => {
            let type_in = many(from, |from| {
                let secret = from.number()? != 0;
                let line = text(from.bytes()?)?;
                Ok(if secret { Held::Secret(Secret::new(line)) } else { Held::Open(line) })
            })?;
            Ok(Conduct::Interactive { type_in })
        }
        _ => Err(Malformed),
    }
}

fn unpack_launch(from: &mut Unpacker<'_>) -> Result<Launch, Malformed> {
    // The fields of a struct expression are evaluated in the order in which they are written.
    Ok(Launch {
        attempt: small(from.number()?)?,
        timeout: from.number()?,
        grace: from.number()?,
        on_disconnect: either(from, OnDisconnect::Finish, OnDisconnect::Stop)?,
        keep: either(from, Keep::Output, Keep::Nothing)?,
        durability: either(from, Durability::Synced, Durability::Plain)?,
        cap: from.number()?,
        program: os(from.bytes()?).into(),
        cwd: os(from.bytes()?).into(),
        args: many(from, |from| Ok(os(from.bytes()?)))?,
        env: many(from, |from| Ok((os(from.bytes()?), os(from.bytes()?))))?,
        stdin: optional(from)?,
        handshake: optional(from)?.map(|token| text(&token)).transpose()?.map(Handshake::new),
        connections: optional(from)?.map(|path| os(&path).into()),
        files: many(from, |from| {
            Ok(MadeFile {
                path: os(from.bytes()?).into(),
                bytes: from.bytes()?.to_vec(),
                executable: from.number()? != 0,
                lifetime: either(from, Lifetime::Attempt, Lifetime::Run)?,
            })
        })?,
        conduct: unpack_conduct(from)?,
        evidence: many(from, |from| text(from.bytes()?))?,
    })
}

impl News {
    pub(crate) fn frame(&self) -> Vec<u8> {
        let mut packer = Packer::default();
        let kind = match self {
            Self::Output { attempt, stream, bytes } => {
                return output_frame(*attempt, *stream, bytes);
            }
            Self::Ended(finished) => {
                let status = serde_json::to_vec(&finished.status)
                    .expect("numbers and texts always serialise");
                packer.number(u64::from(finished.attempt)).bytes(&status);
                for head in [&finished.stdout, &finished.stderr] {
                    packer.bytes(&head.bytes).number(head.more);
                }
                ENDED
            }
            Self::PasswordWanted { attempt, request, prompt } => {
                packer.number(u64::from(*attempt)).number(u64::from(*request));
                packer.bytes(prompt.as_bytes());
                PASSWORD_WANTED
            }
            Self::Ready(attempt) => {
                packer.number(u64::from(*attempt));
                READY
            }
            Self::Refused(why) => {
                packer.bytes(why.as_bytes());
                REFUSED
            }
            Self::Welcome(version) => {
                packer.bytes(version.as_bytes());
                WELCOME
            }
            Self::Over(attempt) => {
                packer.number(u64::from(*attempt));
                OVER
            }
        };
        packer.frame(kind)
    }

    pub(crate) fn read(frame: &Frame) -> Result<Self, Malformed> {
        let mut unpacker = Unpacker::new(&frame.body);
        match frame.kind {
            OUTPUT => Ok(Self::Output {
                attempt: small(unpacker.number()?)?,
                stream: either(&mut unpacker, Stream::Stdout, Stream::Stderr)?,
                bytes: unpacker.bytes()?.to_vec(),
            }),
            ENDED => Ok(Self::Ended(Box::new(Finished {
                attempt: small(unpacker.number()?)?,
                status: serde_json::from_slice(unpacker.bytes()?).map_err(|_| Malformed)?,
                stdout: head(&mut unpacker)?,
                stderr: head(&mut unpacker)?,
            }))),
            PASSWORD_WANTED => Ok(Self::PasswordWanted {
                attempt: small(unpacker.number()?)?,
                request: small(unpacker.number()?)?,
                prompt: text(unpacker.bytes()?)?,
            }),
            READY => Ok(Self::Ready(small(unpacker.number()?)?)),
            REFUSED => Ok(Self::Refused(text(unpacker.bytes()?)?)),
            WELCOME => Ok(Self::Welcome(text(unpacker.bytes()?)?)),
            OVER => Ok(Self::Over(small(unpacker.number()?)?)),
            _ => Err(Malformed),
        }
    }
}

/// The frame of [`News::Output`], without a copy of the bytes in between.
pub(crate) fn output_frame(attempt: u32, stream: Stream, bytes: &[u8]) -> Vec<u8> {
    let mut packer = Packer::default();
    packer.number(u64::from(attempt)).number(u64::from(stream == Stream::Stdout)).bytes(bytes);
    packer.frame(OUTPUT)
}

fn head(from: &mut Unpacker<'_>) -> Result<Head, Malformed> {
    Ok(Head { bytes: from.bytes()?.to_vec(), more: from.number()? })
}

fn either<T>(from: &mut Unpacker<'_>, one: T, zero: T) -> Result<T, Malformed> {
    Ok(if from.number()? == 0 { zero } else { one })
}

fn optional(from: &mut Unpacker<'_>) -> Result<Option<Vec<u8>>, Malformed> {
    let present = from.number()? != 0;
    let bytes = from.bytes()?;
    Ok(present.then(|| bytes.to_vec()))
}

fn many<'a, T>(
    from: &mut Unpacker<'a>,
    one: impl Fn(&mut Unpacker<'a>) -> Result<T, Malformed>,
) -> Result<Vec<T>, Malformed> {
    let count = from.number()?;
    (0..count).map(|_| one(from)).collect()
}

fn small(number: u64) -> Result<u32, Malformed> {
    u32::try_from(number).map_err(|_| Malformed)
}

fn text(bytes: &[u8]) -> Result<String, Malformed> {
    String::from_utf8(bytes.to_vec()).map_err(|_| Malformed)
}

fn os(bytes: &[u8]) -> OsString {
    OsString::from_vec(bytes.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_launch_arrives_as_it_was_sent() {
        let launch = Launch {
            attempt: 12,
            program: "/bin/sh".into(),
            args: vec!["-c".into(), os(b"\xff\n")],
            env: vec![("A".into(), os(b"\xfe")), ("B".into(), "".into())],
            cwd: "/tmp".into(),
            stdin: Some(vec![0, 1, 2]),
            files: vec![MadeFile {
                path: "/tmp/x".into(),
                bytes: vec![9],
                executable: true,
                lifetime: Lifetime::Attempt,
            }],
            handshake: Some(Handshake::new("4f2a".to_owned())),
            connections: Some("/tmp/connections".into()),
            timeout: 5,
            grace: 6,
            on_disconnect: OnDisconnect::Finish,
            keep: Keep::Nothing,
            durability: Durability::Synced,
            cap: 7,
            conduct: Conduct::Interactive {
                type_in: vec![Held::Open("a".into()), Held::Secret(Secret::new("b".to_owned()))],
            },
            evidence: vec!["dump.txt".into()],
        };
        let order = Order::Start(Box::new(launch.clone()));
        let frame = order.frame();
        let frame = Frame { kind: frame[4], body: frame[5..].to_vec() };
        let Ok(Order::Start(arrived)) = Order::read(&frame) else {
            panic!("not a launch");
        };
        assert!(*arrived == launch, "it arrived changed");
        for cut in 0..frame.body.len() {
            let torn = Frame { kind: frame.kind, body: frame.body[..cut].to_vec() };
            assert!(Order::read(&torn).is_err(), "cut at {cut}");
        }
    }
}
