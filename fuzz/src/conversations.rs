//! Properties of Bolt: whoever can reach the server can send these bytes.

use bolt::handshake::{self, MAGIC, PROPOSALS};
use bolt::session::State;
use bolt::unpack::Unpacker;
use bolt::value::write_plain;
use bolt::{Inbound, Outcome, Request, Session, Verdict, Version, response};

/// A property: panics if the input breaks it.
pub type Conversation = fn(&[u8]);

/// All of them by the name of their fuzz target and corpus folder; the tests of `bolt` replay their corpus.
pub const CONVERSATIONS: [(&str, Conversation); 1] = [("bolt", bolt)];

/// Most bytes of a message.
const MESSAGE: usize = 4 << 10;

/// Most bytes that the values of a message take.
const MEMORY: usize = 64 << 10;

/// A whole connection: a byte that says how much arrives at once, then what a client sends, handshake and all. Each
/// message gets one answer; what was read is held within its limits, reads the same whatever pieces it arrives in, and
/// parameters are read as they were written.
pub fn bolt(input: &[u8]) {
    let Some((piece, input)) = input.split_first() else { return };
    let Some((magic, rest)) = input.split_first_chunk() else { return };
    let Some((proposals, rest)) = rest.split_first_chunk::<PROPOSALS>() else { return };
    if *magic != MAGIC {
        return;
    }
    let Some(version) = handshake::choose(proposals) else { return };
    assert!(version.is_spoken());
    let whole = converse(version, rest, rest.len().max(1));
    let pieces = converse(version, rest, usize::from(*piece) + 1);
    assert!(whole == pieces, "the same bytes, differently cut: {whole:?} and {pieces:?}");
}

/// The states that a connection went through, and what the server answered.
fn converse(version: Version, input: &[u8], piece: usize) -> (Vec<State>, Vec<u8>) {
    let mut inbound = Inbound::new(MESSAGE);
    let mut session = Session::new(version);
    let (mut states, mut answers) = (Vec::new(), Vec::new());
    for mut bytes in input.chunks(piece) {
        loop {
            assert!(inbound.held() <= MESSAGE);
            match inbound.take(&mut bytes) {
                Ok(None) => break,
                Ok(Some(message)) => answer(version, &mut session, &message, &mut answers),
                Err(error) => {
                    response::failure(&mut answers, version, "code", &error.to_string());
                    return (states, answers);
                }
            }
            states.push(session.state());
            if session.state() == State::Defunct {
                return (states, answers);
            }
        }
    }
    (states, answers)
}

fn answer(version: Version, session: &mut Session, message: &[u8], answers: &mut Vec<u8>) {
    let request = match Request::read(message, version, MEMORY) {
        Ok(request) => request,
        Err(error) if session.refuse(&error) == Verdict::Ignore => return response::ignored(answers),
        Err(error) => return response::failure(answers, version, "code", &error.to_string()),
    };
    match session.admit(&request) {
        Verdict::Do => {
            // Texts that begin like this fail.
            let fails = matches!(&request, Request::Run { query, .. } if query.starts_with('!'));
            session.settle(&request, if fails { Outcome::Failure } else { Outcome::Success { open: 0 } });
            response::success(answers, &[("did", request.name().into())]);
            if let Request::Run { parameters, .. } = &request {
                for (_, value) in parameters.iter() {
                    let mut written = Vec::new();
                    write_plain(&mut written, value);
                    assert_eq!(Unpacker::new(&written, MEMORY).value().as_ref(), Ok(value));
                }
            }
        }
        Verdict::Ignore => response::ignored(answers),
        Verdict::Refuse => response::failure(answers, version, "code", "not now"),
        Verdict::Close => {}
    }
}
