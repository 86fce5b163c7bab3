//! What clients send.
//!
//! Members that nobody here needs are skipped, as are members of later versions: drivers send many. What is missing or
//! of a wrong type is refused with its name.

use std::sync::Arc;

use exec::{Map, Value};

use crate::unpack::{DecodeError, Unpacker, malformed};
use crate::version::Version;

#[cfg(test)]
mod tests;

/// The tags of messages.
pub mod tag {
    /// HELLO, which version 1 called INIT.
    pub const HELLO: u8 = 0x01;
    /// GOODBYE.
    pub const GOODBYE: u8 = 0x02;
    /// RESET.
    pub const RESET: u8 = 0x0F;
    /// RUN.
    pub const RUN: u8 = 0x10;
    /// BEGIN.
    pub const BEGIN: u8 = 0x11;
    /// COMMIT.
    pub const COMMIT: u8 = 0x12;
    /// ROLLBACK.
    pub const ROLLBACK: u8 = 0x13;
    /// DISCARD, or DISCARD_ALL.
    pub const DISCARD: u8 = 0x2F;
    /// PULL, or PULL_ALL.
    pub const PULL: u8 = 0x3F;
    /// TELEMETRY.
    pub const TELEMETRY: u8 = 0x54;
    /// ROUTE.
    pub const ROUTE: u8 = 0x66;
    /// LOGON.
    pub const LOGON: u8 = 0x6A;
    /// LOGOFF.
    pub const LOGOFF: u8 = 0x6B;
}

/// A message of a client.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Says who it is.
    Hello(Hello),
    /// Says who asks.
    Logon(Auth),
    /// Nobody asks any more.
    Logoff,
    /// Leaves.
    Goodbye,
    /// Ends whatever goes on.
    Reset,
    /// Runs a statement.
    Run {
        /// Its text.
        query: Arc<str>,
        /// Its parameters.
        parameters: Map,
        /// How it is run, if it is a transaction of its own.
        extra: Extra,
    },
    /// Begins a transaction.
    Begin(Extra),
    /// Commits it.
    Commit,
    /// Rolls it back.
    Rollback,
    /// Does not want the rest of a result.
    Discard(Fetch),
    /// Wants rows of a result.
    Pull(Fetch),
    /// Counts what its user does.
    Telemetry,
    /// Asks which servers there are.
    Route {
        /// What it calls this one, if it says so.
        address: Option<Arc<str>>,
    },
}

/// Who a client is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hello {
    /// What driver it is.
    pub user_agent: Option<Arc<str>>,
    /// Who asks, if that is not said later.
    pub auth: Auth,
    /// Whether it would like date-times in UTC.
    pub wants_utc: bool,
}

/// Who asks. Every member may be missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Auth {
    /// `basic`, `none` and others.
    pub scheme: Option<Arc<str>>,
    /// A name.
    pub principal: Option<Arc<str>>,
    /// A secret, or a text of JSON that proves that there is one.
    pub credentials: Option<Arc<str>>,
}

/// How a transaction is run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extra {
    /// Whether it may write.
    pub mode: Mode,
    /// How many milliseconds it may take; without limit if 0.
    pub timeout_millis: Option<u64>,
    /// What its user wrote beside it.
    pub metadata: Map,
    /// Another user in whose name it is to run.
    pub impersonated: Option<Arc<str>>,
}

/// What a transaction may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Read and write.
    #[default]
    Write,
    /// Read.
    Read,
}

/// How much of which result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fetch {
    /// Rows at most; all if absent.
    pub rows: Option<u64>,
    /// The number of the result in its transaction; the last one if absent.
    pub result: Option<u64>,
}

impl Request {
    /// Reads a message, whose values may take `memory` bytes.
    ///
    /// # Errors
    ///
    /// Each of [`DecodeError`].
    pub fn read(message: &[u8], version: Version, memory: usize) -> Result<Self, DecodeError> {
        let mut input = Unpacker::new(message, memory);
        let (tag, fields) = input.structure()?;
        let expected = match tag {
            tag::PULL | tag::DISCARD => u8::from(version.fetches()),
            tag::HELLO | tag::BEGIN => 1,
            tag::RUN => 3,
            tag::GOODBYE | tag::RESET | tag::COMMIT | tag::ROLLBACK => 0,
            tag::ROUTE if version.routes() => 3,
            tag::LOGON if version.logs_on() => 1,
            tag::LOGOFF if version.logs_on() => 0,
            tag::TELEMETRY if version.has_telemetry() => 1,
            _ => return Err(malformed(1, "the tag of a message of this version", tag)),
        };
        if fields != usize::from(expected) {
            return Err(malformed(
                0,
                "as many fields as the message has",
                message.first().copied().unwrap_or_default(),
            ));
        }
        let request = match tag {
            tag::HELLO => Self::Hello(hello(&input.entries()?)?),
            tag::LOGON => Self::Logon(auth(&input.entries()?)?),
            tag::LOGOFF => Self::Logoff,
            tag::GOODBYE => Self::Goodbye,
            tag::RESET => Self::Reset,
            tag::RUN => {
                let (query, parameters) = (input.string()?, input.entries()?);
                Self::Run { query, parameters, extra: extra(&input.entries()?)? }
            }
            tag::BEGIN => Self::Begin(extra(&input.entries()?)?),
            tag::COMMIT => Self::Commit,
            tag::ROLLBACK => Self::Rollback,
            tag::DISCARD => Self::Discard(fetch(&mut input, version)?),
            tag::PULL => Self::Pull(fetch(&mut input, version)?),
            tag::TELEMETRY => {
                input.value()?;
                Self::Telemetry
            }
            _ => route(&mut input, version)?,
        };
        if input.is_at_end() { Ok(request) } else { Err(wrong("the message", "an end", "more bytes behind it")) }
    }

    /// Whether a message is RESET, which is looked at before its turn.
    pub fn is_reset(message: &[u8]) -> bool {
        matches!(message, [0xB0, tag::RESET])
    }

    /// What it is called.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Hello(_) => "HELLO",
            Self::Logon(_) => "LOGON",
            Self::Logoff => "LOGOFF",
            Self::Goodbye => "GOODBYE",
            Self::Reset => "RESET",
            Self::Run { .. } => "RUN",
            Self::Begin(_) => "BEGIN",
            Self::Commit => "COMMIT",
            Self::Rollback => "ROLLBACK",
            Self::Discard(_) => "DISCARD",
            Self::Pull(_) => "PULL",
            Self::Telemetry => "TELEMETRY",
            Self::Route { .. } => "ROUTE",
        }
    }
}

fn hello(members: &Map) -> Result<Hello, DecodeError> {
    let patches = match members.get("patch_bolt") {
        Some(Value::List(list)) => &list[..],
        _ => &[],
    };
    Ok(Hello {
        user_agent: text(members, "user_agent")?,
        auth: auth(members)?,
        wants_utc: patches.iter().any(|patch| matches!(patch, Value::String(name) if **name == *"utc")),
    })
}

fn auth(members: &Map) -> Result<Auth, DecodeError> {
    Ok(Auth {
        scheme: text(members, "scheme")?,
        principal: text(members, "principal")?,
        // Schemes of others have other types here, and nothing of them is read.
        credentials: text(members, "credentials").ok().flatten(),
    })
}

fn extra(members: &Map) -> Result<Extra, DecodeError> {
    let mode = match text(members, "mode")?.as_deref() {
        None | Some("w") => Mode::Write,
        Some("r") => Mode::Read,
        Some(_) => return Err(wrong("mode", "'r' or 'w'", "another text")),
    };
    let timeout_millis = match members.get("tx_timeout") {
        None | Some(Value::Null) => None,
        Some(Value::Integer(millis)) if *millis >= 0 => Some(millis.cast_unsigned()),
        Some(other) => return Err(wrong("tx_timeout", "milliseconds, not below 0", &other.kind().to_string())),
    };
    let metadata = match members.get("tx_metadata") {
        None | Some(Value::Null) => Map::default(),
        Some(Value::Map(map)) => map.clone(),
        Some(other) => return Err(wrong("tx_metadata", "a map", &other.kind().to_string())),
    };
    Ok(Extra { mode, timeout_millis, metadata, impersonated: text(members, "imp_user")? })
}

fn fetch(input: &mut Unpacker<'_>, version: Version) -> Result<Fetch, DecodeError> {
    if !version.fetches() {
        return Ok(Fetch::default());
    }
    let members = input.entries()?;
    let number = |name: &'static str| match members.get(name) {
        None | Some(Value::Integer(-1)) => Ok(None),
        Some(Value::Integer(number)) if *number >= 0 => Ok(Some(number.cast_unsigned())),
        Some(other) => Err(wrong(name, "an integer, -1 or above", &other.kind().to_string())),
    };
    match members.get("n") {
        Some(Value::Integer(0)) | None => Err(wrong("n", "a number of rows, or -1 for all", "none")),
        Some(_) => Ok(Fetch { rows: number("n")?, result: number("qid")? }),
    }
}

fn route(input: &mut Unpacker<'_>, version: Version) -> Result<Request, DecodeError> {
    let context = input.entries()?;
    let bookmarks = input.value()?;
    let database = input.value()?;
    if !matches!(bookmarks, Value::List(_)) {
        return Err(wrong("the bookmarks of ROUTE", "a list", &bookmarks.kind().to_string()));
    }
    match database {
        Value::Map(_) if version.routes_by_map() => {}
        Value::String(_) | Value::Null if !version.routes_by_map() => {}
        other => return Err(wrong("the last field of ROUTE", "what its version has there", &other.kind().to_string())),
    }
    Ok(Request::Route { address: text(&context, "address")? })
}

fn text(members: &Map, name: &'static str) -> Result<Option<Arc<str>>, DecodeError> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(Arc::clone(text))),
        Some(other) => Err(wrong(name, "a string", &other.kind().to_string())),
    }
}

fn wrong(name: &str, expected: &str, found: &str) -> DecodeError {
    DecodeError::Invalid(format!("{name}: expected {expected}, found {found}"))
}
