//! A server of ours on a folder, and the few requests that benches send it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// No answer takes longer, unless something hangs.
const PATIENCE: Duration = Duration::from_mins(10);

/// A server process, killed when this is dropped: it must not need a clean end.
pub(super) struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// Starts a server and waits until it answers.
    pub(super) fn start(binary: &Path, folder: &Path, flags: &[String]) -> Result<Self> {
        let mut child = Command::new(binary)
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--data"])
            .arg(folder)
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", binary.display()))?;
        let out = child.stdout.take();
        let mut server = Self { child, address: String::new() };
        let mut line = String::new();
        BufReader::new(out.context("a server without output")?).read_line(&mut line)?;
        let address = line.trim().strip_prefix("halimede ready on http://");
        address.with_context(|| format!("the server did not start: {line:?}"))?.clone_into(&mut server.address);
        Ok(server)
    }

    /// Where it listens.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// The body of the answer to a request, whose status must be 200.
    pub(super) fn ask(&self, method: &str, target: &str, body: &str) -> Result<String> {
        let (status, answer) = self.send(method, target, body)?;
        ensure!(status == 200, "{method} {target}: {status} {answer}");
        Ok(answer)
    }

    /// Status and body of the answer to a request.
    pub(super) fn send(&self, method: &str, target: &str, body: &str) -> Result<(u16, String)> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let (host, length) = (&self.address, body.len());
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        parse(&answer).with_context(|| format!("{method} {target}"))
    }

    /// A gauge of the metrics.
    pub(super) fn gauge(&self, name: &str) -> Result<u64> {
        let text = self.ask("GET", "/metrics", "")?;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok());
        Ok(value.with_context(|| format!("the metrics have no {name}"))? as u64)
    }

    /// The `payload` of a job's status.
    pub(super) fn status(&self, id: &str) -> Result<Value> {
        let mut answer: Value = serde_json::from_str(&self.ask("GET", &format!("/loader/{id}"), "")?)?;
        Ok(answer["payload"].take())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing to kill.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Status and body of an answer that has its length in its head and ends with the connection.
fn parse(answer: &str) -> Result<(u16, String)> {
    let (head, body) = answer.split_once("\r\n\r\n").context("an answer without a head")?;
    if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
        bail!("an answer in chunks");
    }
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok((status.context("an answer without a status")?, body.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_taken_apart() -> Result<()> {
        assert_eq!(parse("HTTP/1.1 400 Bad Request\r\nA: b\r\n\r\n{}")?, (400, "{}".to_owned()));
        assert!(parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").is_err());
        assert!(parse("HTTP/1.1 200 OK\r\n").is_err());
        Ok(())
    }
}
