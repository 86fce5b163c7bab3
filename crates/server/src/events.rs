//! `GET /halimede/loader/{loadId}/events`: a job's status as server-sent events, until it has ended.
//!
//! A `progress` event holds the payload of the status as it is then; one comes every second, sooner when the phase
//! changes, and none while nothing does. The last event is `end`, with the final payload, and then the stream closes.
//!
//! The stream is drawn by the connection, which asks for the next event when it can send one. So a client that does
//! not read costs nothing, and what it reads next is the present and not a backlog; the job never knows of it. What a
//! stream holds is a place, and that is given back when the connection is gone.
//!
//! A browser connects again whenever a stream ends. Then it names the last event it saw, and after `end` is told, by a
//! reply without content, that there is no more.
//!
//! **Source**: the HTML standard, "Server-sent events"; design §9, "Our own paths".

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use futures_util::stream;
use http_body_util::StreamBody;
use hyper::body::Frame;
use loader::{JobState, Phase, StatusQuery};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::door::{Call, Door};
use crate::exception::{Exception, Failure};
use crate::lanes::Turn;
use crate::loads::{LoadIds, look_up, status_query, text_header};

/// Between two looks at a job whose phase stays.
const BEAT: Duration = Duration::from_secs(1);
/// Between two looks at a job whose phases change fast.
const GAP: Duration = Duration::from_millis(100);
/// After so long without an event a comment is sent: it keeps proxies from closing the connection, and finds out a
/// client that has gone.
const HEARTBEAT: Duration = Duration::from_secs(15);

const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// The id of the event `end`. No other event has one.
const END: &str = "end";

/// Opens a stream. The members of a status call (`details`, `errors` and their pages) count for the event `end`.
///
/// # Errors
///
/// Those of a status call; `TooManyRequestsException` if all places are taken.
pub(crate) async fn stream(door: &Arc<Door>, call: &Call) -> Result<Response<Body>, Failure> {
    let id = LoadIds::of(call).one()?.to_owned();
    let last = status_query(&call.parameters)?;
    let phases = door.loader.phases(&id)?;
    let mut response = Response::new(Body::empty());
    if text_header(&call.headers, &LAST_EVENT_ID) == Some(END) {
        *response.status_mut() = StatusCode::NO_CONTENT;
        return Ok(response);
    }
    let events = Events {
        _turn: door.lanes.events.turn().await?,
        door: Arc::clone(door),
        id,
        last,
        pace: Pace::new(phases),
        script: Script::new(),
    };
    *response.body_mut() = Body::new(StreamBody::new(stream::unfold(events, Events::next)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, EVENT_STREAM);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A proxy that buffers would hold events back.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

/// One open stream.
struct Events {
    door: Arc<Door>,
    id: String,
    /// What the event `end` is to hold.
    last: StatusQuery,
    pace: Pace,
    script: Script,
    /// Its place, given back when the connection is gone.
    _turn: Turn,
}

/// What a look at the job has shown.
enum Seen {
    Running(Value),
    Ended(Value),
}

impl Events {
    /// The next piece of the stream, for the connection.
    async fn next(mut self) -> Option<(Result<Frame<Bytes>, Infallible>, Self)> {
        let text = loop {
            if self.script.ended {
                return None;
            }
            let closing = self.door.closing.clone();
            tokio::select! {
                biased;
                () = closing.cancelled() => return None,
                () = self.pace.wait() => {}
            }
            let text = match self.look().await {
                Ok(seen) => self.script.tell(seen, Instant::now()),
                // Too much is going on: the next look may be luckier.
                Err(failure) if failure.exception == Exception::TooManyRequests => None,
                // It was forgotten meanwhile.
                Err(_) => return None,
            };
            if let Some(text) = text {
                break text;
            }
        };
        Some((Ok(Frame::data(Bytes::from(text))), self))
    }

    async fn look(&self) -> Result<Seen, Failure> {
        let (id, last) = (self.id.clone(), self.last);
        let payload = look_up(&self.door, self.door.loader.clone(), move |loader| {
            let payload = loader.status(&id, StatusQuery::default())?;
            // Its errors and files are read once, at the end.
            Ok(if has_ended(&payload) { loader.status(&id, last)? } else { payload })
        })
        .await?;
        Ok(if has_ended(&payload) { Seen::Ended(payload) } else { Seen::Running(payload) })
    }
}

fn has_ended(payload: &Value) -> bool {
    let name = payload.pointer("/overallStatus/status").and_then(Value::as_str);
    JobState::ALL.into_iter().any(|state| state.is_terminal() && Some(state.name()) == name)
}

/// When to look at the job: once a second, sooner when its phase has changed, at once when it has ended; the first time
/// at once.
struct Pace {
    phases: watch::Receiver<Phase>,
    /// The last look, and the phase just before it.
    last: Option<(Instant, Phase)>,
}

impl Pace {
    const fn new(phases: watch::Receiver<Phase>) -> Self {
        Self { phases, last: None }
    }

    async fn wait(&mut self) {
        if let Some((looked, seen)) = self.last {
            let mut ending = self.phases.clone();
            // A receiver whose job was forgotten is ready at once, and the look finds out why.
            let changed = async {
                sleep_until(looked + GAP).await;
                self.phases.wait_for(|phase| *phase != seen).await.is_ok()
            };
            tokio::select! {
                () = sleep_until(looked + BEAT) => {}
                _ = changed => {}
                _ = ending.wait_for(|phase| *phase == Phase::Ended), if seen != Phase::Ended => {}
            }
        }
        self.last = Some((Instant::now(), *self.phases.borrow()));
    }
}

/// What is said of what was seen.
struct Script {
    /// The payload of the last event.
    last: Option<String>,
    spoken: Instant,
    ended: bool,
}

impl Script {
    fn new() -> Self {
        Self { last: None, spoken: Instant::now(), ended: false }
    }

    /// The next piece of the stream, if there is something to say.
    fn tell(&mut self, seen: Seen, now: Instant) -> Option<String> {
        let text = match seen {
            Seen::Ended(payload) => {
                self.ended = true;
                format!("id: {END}\nevent: end\ndata: {payload}\n\n")
            }
            Seen::Running(payload) => {
                let payload = payload.to_string();
                if self.last.as_ref() != Some(&payload) {
                    let text = format!("event: progress\ndata: {payload}\n\n");
                    self.last = Some(payload);
                    text
                } else if now.duration_since(self.spoken) >= HEARTBEAT {
                    ": nothing new\n\n".to_owned()
                } else {
                    return None;
                }
            }
        };
        self.spoken = now;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_job_is_looked_at_every_second_and_when_its_phase_changes() {
        let phase = watch::Sender::new(Phase::Listing);
        let mut pace = Pace::new(phase.subscribe());
        let mut last = Instant::now();
        let mut waited = async |pace: &mut Pace| {
            pace.wait().await;
            let since = last.elapsed().as_millis();
            last = Instant::now();
            since
        };
        assert_eq!(waited(&mut pace).await, 0, "the first time at once");
        assert_eq!(waited(&mut pace).await, 1_000);
        // Changes come every 30 ms: they are told, but not each.
        let changes = tokio::spawn({
            let phase = phase.clone();
            async move {
                for turn in 0..100 {
                    tokio::time::sleep(Duration::from_millis(30)).await;
                    phase.send_replace(if turn % 2 == 0 { Phase::Downloading } else { Phase::Parsing });
                }
            }
        });
        for _ in 0..10 {
            let since = waited(&mut pace).await;
            assert!((100..=160).contains(&since), "{since}");
        }
        changes.await.unwrap();
        waited(&mut pace).await;
        // The end is not waited for.
        phase.send_replace(Phase::Ended);
        assert_eq!(waited(&mut pace).await, 0);
        // Should the look have failed, the next one comes in good time.
        assert_eq!(waited(&mut pace).await, 1_000);
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_that_is_forgotten_is_looked_at_once_more() {
        let phase = watch::Sender::new(Phase::Listing);
        let mut pace = Pace::new(phase.subscribe());
        pace.wait().await;
        drop(phase);
        let before = Instant::now();
        pace.wait().await;
        assert!(before.elapsed() <= GAP);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_said() {
        let mut script = Script::new();
        let begun = Instant::now();
        let running = |records: u64| Seen::Running(json!({"overallStatus": {"totalRecords": records}}));
        let mut tell = |seen, seconds| script.tell(seen, begun + Duration::from_secs(seconds));
        let event =
            |records| format!("event: progress\ndata: {{\"overallStatus\":{{\"totalRecords\":{records}}}}}\n\n");
        assert_eq!(tell(running(1), 0), Some(event(1)));
        assert_eq!(tell(running(1), 1), None, "nothing is new");
        assert_eq!(tell(running(2), 2), Some(event(2)));
        assert_eq!(tell(running(2), 16), None);
        assert_eq!(tell(running(2), 17), Some(": nothing new\n\n".to_owned()));
        assert_eq!(tell(running(2), 18), None);
        let end = tell(Seen::Ended(json!({"overallStatus": {"status": "LOAD_COMPLETED"}})), 19);
        let expected = "id: end\nevent: end\ndata: {\"overallStatus\":{\"status\":\"LOAD_COMPLETED\"}}\n\n";
        assert_eq!(end.as_deref(), Some(expected));
        assert!(script.ended);
    }
}
