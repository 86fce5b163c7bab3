//! HTTP/2 without TLS, by prior knowledge, on the same port.

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http2;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use crate::harness::{Running, start};

/// Method, target and headers.
type Sent<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

/// The replies to these requests, sent together on one connection.
fn ask(server: &Running, requests: &[Sent<'_>]) -> Vec<Response<Incoming>> {
    server.runtime.block_on(async {
        let stream = TcpStream::connect(server.address).await.unwrap();
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let mut replies = Vec::new();
        for (method, target, headers) in requests {
            let mut request = Request::builder().method(*method).uri(format!("http://{}{target}", server.address));
            for (name, value) in *headers {
                request = request.header(*name, *value);
            }
            replies.push(sender.send_request(request.body(Full::<Bytes>::default()).unwrap()));
        }
        let mut answered = Vec::new();
        for reply in replies {
            answered.push(reply.await.unwrap());
        }
        answered
    })
}

#[test]
fn requests_share_a_connection_and_get_the_same_replies() {
    let server = start();
    let replies = ask(
        &server,
        &[
            ("GET", "/status", &[]),
            ("GET", "/no/such/path", &[]),
            ("GET", "/sparql?query=ASK%7B%7D", &[("te", "trailers")]),
            ("GET", "/status", &[("origin", "http://evil.example")]),
        ],
    );
    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status().as_u16()).collect();
    assert_eq!(statuses, [200, 400, 200, 403]);
    for reply in &replies {
        assert!(reply.headers().contains_key("x-amzn-requestid"));
        assert!(!reply.headers().contains_key("connection"));
    }
    assert_eq!(replies[1].headers()["x-amzn-errortype"], "BadRequestException");
    let query = replies.into_iter().nth(2).unwrap();
    let query = server.runtime.block_on(query.into_body().collect()).unwrap();
    assert_eq!(query.trailers().unwrap()["x-neptune-status"], "200 OK");
}
