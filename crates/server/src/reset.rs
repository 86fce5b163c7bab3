//! Fast reset: `POST /system`, in two steps. The first gives a token, the second takes it and empties the store.
//!
//! The reset happens in place: queries are ended, load jobs are cancelled, and then all data of both data sets goes in one
//! write, so that a crash leaves everything or nothing. A client that hangs up does not stop it. Until the second step
//! has answered, what reads or changes data is refused.
//!
//! **Source**: spec/status.md §3; design §9, "Modes".

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Response, header};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::door::{Call, Door, json};
use crate::exception::{Exception, Failure, READ_ONLY};
use crate::parameters::{Parameters, excerpt};

/// What queries are told meanwhile.
pub(crate) const RESETTING: &str =
    "Database reset is in progress. Please retry the query after the cluster is available.";
/// How long a token can be used.
const LIFE: Duration = Duration::from_hours(1);

/// The state of resets. A restart forgets it, and with it the token.
#[derive(Debug)]
pub(crate) struct Reset(Mutex<State>);

#[derive(Debug)]
struct State {
    token: Option<(Uuid, Instant)>,
    going: bool,
    /// Cancelled by the next reset.
    round: CancellationToken,
    /// When the server began to serve the data that it has.
    since: Timestamp,
}

impl Reset {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State { token: None, going: false, round: CancellationToken::new(), since: Timestamp::now() }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether one is under way.
    pub(crate) fn is_going(&self) -> bool {
        self.state().going
    }

    /// When the server began to serve the data that it has.
    pub(crate) fn since(&self) -> Timestamp {
        self.state().since
    }

    /// Cancelled when the data of now is reset.
    pub(crate) fn round(&self) -> CancellationToken {
        self.state().round.clone()
    }

    /// A token, in place of any before it.
    fn initiate(&self) -> Uuid {
        let token = Uuid::new_v4();
        self.state().token = Some((token, Instant::now()));
        token
    }

    /// Takes the token and ends all queries. `None` if this is not the token.
    fn begin(&self, given: &str) -> Option<Going<'_>> {
        let mut state = self.state();
        let (token, made) = state.token?;
        if state.going || made.elapsed() > LIFE || Uuid::try_parse(given) != Ok(token) {
            return None;
        }
        state.token = None;
        state.going = true;
        std::mem::take(&mut state.round).cancel();
        Some(Going(self))
    }
}

/// A reset under way, until it is dropped.
struct Going<'a>(&'a Reset);

impl Drop for Going<'_> {
    fn drop(&mut self) {
        self.0.state().going = false;
    }
}

/// `POST /system`
pub(crate) async fn system(door: &Door, call: &Call) -> Result<Response<Body>, Failure> {
    if door.config.read_replica {
        return Err(Failure::new(Exception::ReadOnlyViolation, READ_ONLY));
    }
    let parameters = Given::read(call)?;
    match parameters.action.as_str() {
        "initiateDatabaseReset" => {
            let token = door.reset.initiate();
            Ok(json(&json!({"status": "200 OK", "payload": {"token": token.to_string()}})))
        }
        "performDatabaseReset" => {
            let Some(token) = parameters.token else {
                return Err(Failure::new(Exception::MissingParameter, "Missing required parameters: [token]"));
            };
            perform(door, &token).await?;
            Ok(json(&json!({"status": "200 OK"})))
        }
        other => Err(invalid(format!("System command parameter 'action' has unsupported value '{}'", excerpt(other)))),
    }
}

async fn perform(door: &Door, token: &str) -> Result<(), Failure> {
    let Some(going) = door.reset.begin(token) else {
        let token = excerpt(token);
        return Err(invalid(format!(
            "System command parameter 'token' : '{token}' does not match database reset token"
        )));
    };
    tracing::warn!("the database is being reset");
    let loader = door.loader.clone();
    let turn = door.lanes.resets.turn().await?;
    door.lanes.resets.run(turn, move || loader.reset()).await??;
    door.reset.state().since = Timestamp::now();
    tracing::warn!("the database was reset: it is empty");
    drop(going);
    Ok(())
}

fn invalid(text: String) -> Failure {
    Failure::new(Exception::InvalidParameter, text)
}

/// What the request says: JSON from SDKs, a form from notebooks and curl.
struct Given {
    action: String,
    token: Option<String>,
}

/// The members of the JSON form; unknown ones are ignored.
#[derive(Debug, Deserialize)]
struct Members {
    #[serde(default)]
    action: Option<Value>,
    #[serde(default)]
    token: Option<Value>,
}

impl Given {
    fn read(call: &Call) -> Result<Self, Failure> {
        let body = call.body.bytes.as_ref();
        let content_type = call.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let is_form = content_type.trim_start().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded");
        let (action, token) = if is_form || body.is_empty() {
            let parameters = call.parameters.clone().and(Parameters::decode(body)?);
            (one(&parameters, "action")?, one(&parameters, "token")?)
        } else {
            members(body)?
        };
        let action = action.filter(|action| !action.is_empty());
        let missing = || Failure::new(Exception::MissingParameter, "Missing required parameters: [action]");
        Ok(Self { action: action.ok_or_else(missing)?, token: token.filter(|token| !token.is_empty()) })
    }
}

fn one(parameters: &Parameters, name: &str) -> Result<Option<String>, Failure> {
    let mut values = parameters.all(name);
    let first = values.next().map(str::to_owned);
    if values.next().is_some() {
        return Err(invalid(format!("Too many values supplied for: {name}")));
    }
    Ok(first)
}

fn members(body: &[u8]) -> Result<(Option<String>, Option<String>), Failure> {
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(Failure::new(Exception::BadRequest, "The body is no JSON object"));
    }
    let members: Members = serde_json::from_slice(body).map_err(|error| {
        let text = error.to_string();
        match ["action", "token"].into_iter().find(|name| text.starts_with(&format!("duplicate field `{name}`"))) {
            Some(name) => invalid(format!("Duplicate field '{name}'")),
            None => Failure::new(Exception::BadRequest, format!("The body is no JSON object: {text}")),
        }
    })?;
    let text = |name: &str, value: Option<Value>| match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => {
            let found = excerpt(&other.to_string());
            Err(invalid(format!("System command parameter '{name}' has unsupported value '{found}'")))
        }
    };
    Ok((text("action", members.action)?, text("token", members.token)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_used_once_and_only_the_latest() {
        let reset = Reset::new();
        assert!(reset.begin("").is_none());
        let first = reset.initiate();
        let second = reset.initiate();
        assert!(reset.begin(&first.to_string()).is_none());
        let round = reset.round();
        let going = reset.begin(&second.to_string()).unwrap();
        assert!(round.is_cancelled() && reset.is_going());
        assert!(!reset.round().is_cancelled(), "what begins afterwards is not ended");
        let third = reset.initiate();
        assert!(reset.begin(&third.to_string()).is_none(), "one at a time");
        drop(going);
        assert!(!reset.is_going());
        assert!(reset.begin(&second.to_string()).is_none());
    }

    #[test]
    fn json_is_read_like_a_form() {
        let refused = |body: &str| members(body.as_bytes()).unwrap_err().message;
        assert_eq!(members(br#"{"action": "a", "token": null, "x": [1]}"#).unwrap(), (Some("a".to_owned()), None));
        assert_eq!(refused(r#"{"action": "a", "action": "a"}"#), "Duplicate field 'action'");
        assert_eq!(refused(r#"{"action": 1}"#), "System command parameter 'action' has unsupported value '1'");
        assert!(refused("[]").starts_with("The body is no JSON object"));
        let form = Parameters::decode(b"action=a&action=a&token=t").unwrap();
        assert_eq!(one(&form, "action").unwrap_err().message, "Too many values supplied for: action");
        assert_eq!(one(&form, "token").unwrap().as_deref(), Some("t"));
    }
}
