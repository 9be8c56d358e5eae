//! Where webhooks of an Alertmanager arrive: a socket on this machine that takes requests, one a
//! connection, and hands on their bodies. It is the only socket of the program that listens for others.
//!
//! Anybody on the machine can reach it, and pages in browsers try to: a request that a browser made, or
//! that names another host than this, is refused. What a body says is nobody's word but its sender's.

mod guests;
mod request;

use std::io::{self, Read, Write as _};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::clock::SystemClock;
use crate::process::timespec;
use crate::session::Clock as _;
use guests::{Guests, Seat, Stage};
use request::{Request, Unread, read_request};

/// How many connections may be open at once.
const MOST_OPEN: usize = 16;
/// How long somebody may be connected and send nothing.
const SILENCE: Duration = Duration::from_secs(2);
/// How long a request may take to arrive, in seconds.
const PATIENCE: f64 = 10.0;
/// How long an answer may take.
const SLOWEST: Duration = Duration::from_secs(10);
/// How long nothing is accepted after something could not be.
const BREATH: Duration = Duration::from_millis(100);
/// How long, in seconds, and for how many bytes a sender is heard out that was refused.
const LINGER: f64 = 1.0;
const LINGER_BYTES: u64 = 1 << 20;

/// A socket that waits for webhooks.
#[derive(Debug)]
pub struct Webhook {
    listener: TcpListener,
    terms: Arc<Terms>,
    guests: Arc<Guests>,
    arrived: Receiver<Arrival>,
    arrivals: Sender<Arrival>,
    bell: UnixStream,
    ring: Arc<UnixStream>,
}

/// What requests must keep to.
#[derive(Debug)]
struct Terms {
    most: usize,
    /// What this machine is called, beside its addresses.
    host: String,
}

/// What arrived.
#[derive(Debug)]
pub enum Arrival {
    /// A body, which waits for its answer.
    Body(Delivery),
    /// A request that was refused, and why.
    Refused(String),
}

/// A body, which waits for its answer.
#[derive(Debug)]
pub struct Delivery {
    /// What was sent.
    pub body: Vec<u8>,
    answer: SyncSender<(u16, String)>,
}

/// What becomes of a delivery.
#[derive(Debug)]
pub enum Verdict {
    /// It was taken in.
    Taken,
    /// It makes no sense, and will make none if it is sent again.
    Senseless(String),
    /// It could not be kept: it should be sent again.
    NotKept(String),
}

impl Delivery {
    /// Answers the sender.
    pub fn answer(self, verdict: Verdict) {
        let answer = match verdict {
            Verdict::Taken => (200, String::new()),
            Verdict::Senseless(why) => (400, why),
            Verdict::NotKept(why) => (503, why),
        };
        // A sender that went away wants no answer.
        let _ = self.answer.send(answer);
    }
}

impl Webhook {
    /// Waits for webhooks at an address, with bodies of so many bytes at most. `host` is what the
    /// machine is called.
    pub fn bind(address: SocketAddr, most: usize, host: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let (arrivals, arrived) = channel();
        let (bell, ring) = UnixStream::pair()?;
        bell.set_nonblocking(true)?;
        ring.set_nonblocking(true)?;
        Ok(Self {
            listener,
            terms: Arc::new(Terms { most, host: host.to_owned() }),
            guests: Guests::most(MOST_OPEN),
            arrived,
            arrivals,
            bell,
            ring: Arc::new(ring),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Waits for what arrives next; nothing if something else can be read first.
    pub fn wait(&mut self, beside: BorrowedFd<'_>) -> io::Result<Option<Arrival>> {
        loop {
            if let Ok(arrival) = self.arrived.try_recv() {
                return Ok(Some(arrival));
            }
            let mut fds = [
                PollFd::from_borrowed_fd(beside, PollFlags::IN),
                PollFd::new(&self.bell, PollFlags::IN),
                PollFd::new(&self.listener, PollFlags::IN),
            ];
            match poll(&mut fds, None) {
                Ok(_) => {}
                Err(Errno::INTR) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
            let [beside, bell, listener] = fds.map(|fd| !fd.revents().is_empty());
            if beside {
                return Ok(None);
            }
            if bell {
                let _ = self.bell.read(&mut [0; 64]);
            }
            if listener {
                self.accept()?;
            }
        }
    }

    fn accept(&self) -> io::Result<()> {
        let stream = match self.listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            // Who was there is gone again, or the machine is short of something: it may have it again
            // soon, and whoever is told of alerts must not be deaf from then on.
            Err(_) => {
                let _ = poll(&mut [], Some(&timespec(BREATH)));
                return Ok(());
            }
        };
        stream.set_nonblocking(false)?;
        let stream = Arc::new(stream);
        let Some(seat) = self.guests.admit(&stream) else {
            let _ = stream.set_write_timeout(Some(Duration::from_millis(100)));
            let _ = respond(&stream, 503, "too many connections are open");
            return Ok(());
        };
        let terms = Arc::clone(&self.terms);
        let (arrivals, ring) = (self.arrivals.clone(), Arc::clone(&self.ring));
        let serve = move || {
            let tell = |arrival| {
                let _ = arrivals.send(arrival);
                // A bell that is full has been rung.
                let _ = (&*ring).write(&[1]);
            };
            serve(&stream, &seat, &terms, tell);
        };
        // Where no thread can be had the connection is closed; an Alertmanager sends again.
        let _ = thread::Builder::new().name("webhook".to_owned()).spawn(serve);
        Ok(())
    }
}

/// Reads the one request of a connection and answers it.
fn serve(stream: &TcpStream, seat: &Seat, terms: &Terms, tell: impl Fn(Arrival)) {
    let spoke = stream.set_read_timeout(Some(SILENCE)).and_then(|()| stream.peek(&mut [0]));
    let read = spoke.map_err(Unread::from).and_then(|_| {
        seat.is_at(Stage::Sending);
        read_request(&mut Until::in_seconds(stream, PATIENCE), terms.most)
    });
    let refused = |status: u16, why: &str| {
        tell(Arrival::Refused(why.to_owned()));
        let _ = respond(stream, status, why);
        hear_out(stream);
    };
    let request = match read {
        Ok(request) => request,
        Err(Unread::Gone) => return,
        Err(Unread::Refused(status, why)) => return refused(status, why),
    };
    if let Err((status, why)) = admitted(&request, terms) {
        return refused(status, why);
    }
    seat.is_at(Stage::Waiting);
    let (answer, answered) = sync_channel(1);
    tell(Arrival::Body(Delivery { body: request.body, answer }));
    let late = || (503, "it takes too long".to_owned());
    let (status, why) = answered.recv_timeout(SLOWEST).unwrap_or_else(|_| late());
    let _ = respond(stream, status, &why);
}

/// Whether a request is an Alertmanager's.
fn admitted(request: &Request, terms: &Terms) -> Result<(), (u16, &'static str)> {
    if ["origin", "sec-fetch-site", "sec-fetch-mode"].iter().any(|name| request.names(name)) {
        return Err((403, "a page in a browser sent it"));
    }
    if !request.header("host").is_some_and(|host| is_own(host, &terms.host)) {
        return Err((421, "it is meant for another host"));
    }
    if request.target != "/" {
        return Err((404, "webhooks go to the path /"));
    }
    if request.method != "POST" {
        return Err((405, "only POST is known"));
    }
    let kind = request.header("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err((415, "it is not application/json"));
    }
    Ok(())
}

/// Whether a host is named that no name server can have pointed here: an address, this machine's own
/// name, or `localhost`. The port may be another's, who hands on what it gets.
fn is_own(host: &str, own: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    let is = |other: &str| !other.is_empty() && name.eq_ignore_ascii_case(other);
    name.parse::<IpAddr>().is_ok() || is("localhost") || is(own)
}

fn respond(mut stream: &TcpStream, status: u16, why: &str) -> io::Result<()> {
    let reason = match status {
        200 => "OK",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        503 => "Service Unavailable",
        _ => "Refused",
    };
    let body = if why.is_empty() { String::new() } else { format!("{why}\n") };
    let allow = if status == 405 { "Allow: POST\r\n" } else { "" };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain; charset=utf-8\r\n\
         X-Content-Type-Options: nosniff\r\n{allow}Content-Length: {length}\r\n\
         Connection: close\r\n\r\n"
    );
    stream.set_write_timeout(Some(SLOWEST))?;
    stream.write_all((head + &body).as_bytes())?;
    stream.shutdown(Shutdown::Write)
}

/// Lets a sender that was refused read why: what it still sends is dropped for a while.
fn hear_out(stream: &TcpStream) {
    let mut rest = Until::in_seconds(stream, LINGER).take(LINGER_BYTES);
    let _ = io::copy(&mut rest, &mut io::sink());
}

/// A stream that is read until a moment, however slowly it comes.
struct Until<'a> {
    stream: &'a TcpStream,
    clock: SystemClock,
    end: f64,
}

impl<'a> Until<'a> {
    fn in_seconds(stream: &'a TcpStream, seconds: f64) -> Self {
        let clock = SystemClock::start();
        Self { stream, clock, end: clock.monotonic() + seconds }
    }
}

impl Read for Until<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.end - self.clock.monotonic();
        if left <= 0.0 {
            return Err(io::ErrorKind::TimedOut.into());
        }
        // No time at all would be for ever.
        let left = Duration::from_secs_f64(left).max(Duration::from_millis(1));
        self.stream.set_read_timeout(Some(left))?;
        self.stream.read(into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_a_name_server_could_point_here_are_not_ours() {
        for host in
            ["127.0.0.1:9099", "localhost", "LOCALHOST:1", "[::1]:9099", "[::1]", "box:9099"]
        {
            assert!(is_own(host, "box"), "{host}");
        }
        for host in ["evil.example:9099", "localhost.evil.example", "", ":9099", "127.0.0.1.nip.io"]
        {
            assert!(!is_own(host, "box"), "{host}");
            assert!(!is_own(host, ""), "{host}");
        }
    }
}
