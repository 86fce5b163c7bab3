//! Conversations, message by message.

use super::*;
use crate::request::{Auth, Extra, Fetch, Hello};

const DONE: Outcome = Outcome::Success { open: 0 };

fn run() -> Request {
    Request::Run { query: "".into(), parameters: exec::Map::default(), extra: Extra::default() }
}

fn pull() -> Request {
    Request::Pull(Fetch::default())
}

fn begin() -> Request {
    Request::Begin(Extra::default())
}

/// Does it, and says where that leads.
fn do_it(session: &mut Session, request: &Request, outcome: Outcome) -> State {
    assert_eq!(session.admit(request), Verdict::Do, "{request:?} in {session:?}");
    session.settle(request, outcome);
    session.state()
}

fn ready(minor: (u8, u8)) -> Session {
    let mut session = Session::new(Version::new(minor.0, minor.1));
    let state = do_it(&mut session, &Request::Hello(Hello::default()), DONE);
    if session.version.logs_on() {
        assert_eq!(state, State::Unauthenticated);
        do_it(&mut session, &Request::Logon(Auth::default()), DONE);
    }
    assert_eq!(session.state(), State::Ready);
    session
}

#[test]
fn a_statement_of_its_own() {
    for version in [(3, 0), (4, 4), (5, 8)] {
        let mut session = ready(version);
        assert_eq!(do_it(&mut session, &run(), DONE), State::Streaming);
        assert_eq!(do_it(&mut session, &pull(), Outcome::Success { open: 1 }), State::Streaming);
        assert_eq!(do_it(&mut session, &pull(), DONE), State::Ready);
        assert_eq!(session.admit(&Request::Goodbye), Verdict::Close);
        assert_eq!(session.admit(&run()), Verdict::Close);
    }
}

#[test]
fn a_transaction_may_have_several_results_from_version_4_on() {
    let mut session = ready((5, 4));
    assert_eq!(do_it(&mut session, &begin(), DONE), State::Transaction);
    assert_eq!(do_it(&mut session, &run(), Outcome::Success { open: 1 }), State::TransactionStreaming);
    assert_eq!(do_it(&mut session, &run(), Outcome::Success { open: 2 }), State::TransactionStreaming);
    assert_eq!(do_it(&mut session, &pull(), Outcome::Success { open: 1 }), State::TransactionStreaming);
    assert_eq!(do_it(&mut session, &pull(), DONE), State::Transaction);
    assert_eq!(do_it(&mut session, &Request::Commit, DONE), State::Ready);

    let mut session = ready((3, 0));
    do_it(&mut session, &begin(), DONE);
    do_it(&mut session, &run(), Outcome::Success { open: 1 });
    assert_eq!(session.admit(&run()), Verdict::Refuse);
}

#[test]
fn after_a_failure_only_reset_helps() {
    let mut session = ready((5, 8));
    assert_eq!(do_it(&mut session, &run(), Outcome::Failure), State::Failed);
    for request in [run(), pull(), begin(), Request::Commit, Request::Rollback, Request::Logoff, Request::Telemetry] {
        assert_eq!(session.admit(&request), Verdict::Ignore);
    }
    assert_eq!(do_it(&mut session, &Request::Reset, DONE), State::Ready);
    do_it(&mut session, &begin(), DONE);
    session.fail();
    assert_eq!(session.state(), State::Failed);
}

#[test]
fn what_cannot_come_now_fails() {
    for (session, request, state) in [
        (ready((5, 8)), pull(), State::Failed),
        (ready((5, 8)), Request::Commit, State::Failed),
        (ready((5, 8)), Request::Logon(Auth::default()), State::Failed),
        (ready((5, 8)), Request::Hello(Hello::default()), State::Failed),
        (Session::new(Version::new(5, 8)), run(), State::Defunct),
        (Session::new(Version::new(5, 8)), Request::Logon(Auth::default()), State::Defunct),
        (Session::new(Version::new(3, 0)), Request::Reset, State::Defunct),
    ] {
        let mut session = session;
        assert_eq!(session.admit(&request), Verdict::Refuse, "{request:?}");
        assert_eq!(session.state(), state);
    }
    // A new statement before the rows of the last one were taken.
    let mut session = ready((4, 4));
    do_it(&mut session, &run(), DONE);
    assert_eq!(session.admit(&run()), Verdict::Refuse);
    assert_eq!(session.admit(&pull()), Verdict::Ignore);
}

#[test]
fn a_wrong_login_ends_the_connection() {
    let mut session = Session::new(Version::new(5, 8));
    do_it(&mut session, &Request::Hello(Hello::default()), DONE);
    assert_eq!(do_it(&mut session, &Request::Logon(Auth::default()), Outcome::Failure), State::Defunct);
    let mut session = Session::new(Version::new(4, 0));
    assert_eq!(do_it(&mut session, &Request::Hello(Hello::default()), Outcome::Failure), State::Defunct);
}

#[test]
fn somebody_else_may_log_in() {
    let mut session = ready((5, 1));
    assert_eq!(do_it(&mut session, &Request::Logoff, DONE), State::Unauthenticated);
    assert_eq!(do_it(&mut session, &Request::Logon(Auth::default()), DONE), State::Ready);
}

#[test]
fn nothing_follows_what_cannot_be_read() {
    let mut session = ready((5, 8));
    let invalid = DecodeError::Invalid("mode".to_owned());
    assert_eq!((session.refuse(&invalid), session.state()), (Verdict::Refuse, State::Failed));
    assert_eq!((session.refuse(&invalid), session.state()), (Verdict::Ignore, State::Failed));
    let malformed = DecodeError::Malformed { at: 0, expected: "a structure", found: "0xC0".to_owned() };
    assert_eq!((session.refuse(&malformed), session.state()), (Verdict::Refuse, State::Defunct));
}
