//! The questions through HTTP: one connection that is kept, one request behind the other. Beside each, what the machine
//! takes for as many bytes there and back between two threads that do nothing else: nobody who asks through a socket is
//! answered earlier.

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Read, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{super::flags::Language, median};

/// No answer takes longer, unless something hangs.
const PATIENCE: Duration = Duration::from_mins(1);
/// A question over the whole graph is asked so many times more often than one is for each id.
const WHOLE: usize = 3;
/// How often bytes go there and back.
const TRIPS: usize = 600;

/// Asks each question; median milliseconds, answers, and the median milliseconds of the socket alone.
pub(super) fn ask(address: &str, asked: &Value, language: Language) -> Result<Vec<Value>> {
    let mut connection = Connection::open(address, language)?;
    let ids: Vec<&str> = asked["ids"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let passes = asked["passes"].as_u64().unwrap_or(1) as usize;
    let questions = asked["questions"].as_array().into_iter().flatten();
    questions.map(|question| connection.question(question, &ids, passes)).collect()
}

/// A connection that is kept.
struct Connection {
    host: String,
    language: Language,
    out: TcpStream,
    answers: BufReader<TcpStream>,
}

impl Connection {
    fn open(address: &str, language: Language) -> Result<Self> {
        let out = TcpStream::connect(address)?;
        out.set_nodelay(true)?;
        out.set_read_timeout(Some(PATIENCE))?;
        let answers = BufReader::new(out.try_clone()?);
        Ok(Self { host: address.to_owned(), language, out, answers })
    }

    /// The first pass warms and gives the answers, the others are measured.
    fn question(&mut self, question: &Value, ids: &[&str], passes: usize) -> Result<Value> {
        let by_id = question["byId"] == true;
        let text = question[self.language.own().dialect()].as_str().context("a question without a text")?;
        let body = |id: Option<&str>| match (self.language, id) {
            (Language::Cypher, Some(id)) => form(&[("query", text), ("parameters", &json!({ "id": id }).to_string())]),
            (Language::Sparql, Some(id)) => {
                form(&[("query", &text.replace("$id", &format!("<http://example.org/{id}>")))])
            }
            (_, None) => form(&[("query", text)]),
        };
        let bodies: Vec<String> = if by_id { ids.iter().map(|id| body(Some(id))).collect() } else { vec![body(None)] };
        let mut answers = Vec::new();
        let (mut sent, mut received) = (0, 0);
        for body in &bodies {
            let answer = self.post(body)?;
            sent += self.request(body).len();
            received += answer.len();
            answers.push(match self.language {
                Language::Cypher => rows(&answer)?,
                Language::Sparql => solutions(&answer)?,
            });
        }
        let mut times = Vec::new();
        for _ in 0..if by_id { passes } else { passes * WHOLE } {
            for body in &bodies {
                let begun = Instant::now();
                self.post(body)?;
                times.push(begun.elapsed().as_secs_f64() * 1e3);
            }
        }
        let socket = there_and_back(sent / bodies.len(), received / bodies.len())?;
        Ok(json!({ "median": median(&times), "answers": answers, "socket": socket }))
    }

    /// All bytes of a request.
    fn request(&self, body: &str) -> String {
        let (path, accept) = match self.language {
            Language::Cypher => ("/openCypher", "application/json"),
            Language::Sparql => ("/sparql", "application/sparql-results+json"),
        };
        format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nAccept: {accept}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        )
    }

    /// The body of the answer, whose status must be 200.
    fn post(&mut self, body: &str) -> Result<String> {
        self.out.write_all(self.request(body).as_bytes())?;
        let status = self.line()?;
        let (mut length, mut chunked) = (0, false);
        loop {
            let line = self.line()?.to_ascii_lowercase();
            let Some((name, value)) = line.split_once(':') else { break };
            match (name, value.trim()) {
                ("content-length", value) => length = value.parse().context("a length that is no number")?,
                ("transfer-encoding", value) => chunked = value == "chunked",
                _ => {}
            }
        }
        let mut answer = Vec::new();
        if chunked {
            loop {
                let length = usize::from_str_radix(&self.line()?, 16).context("a chunk without a length")?;
                self.read(length, &mut answer)?;
                self.line()?;
                if length == 0 {
                    break;
                }
            }
        } else {
            self.read(length, &mut answer)?;
        }
        let answer = String::from_utf8(answer)?;
        ensure!(status.split(' ').nth(1) == Some("200"), "{status}: {answer}");
        Ok(answer)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        ensure!(self.answers.read_line(&mut line)? > 0, "the server closed the connection");
        line.truncate(line.trim_end().len());
        Ok(line)
    }

    fn read(&mut self, length: usize, answer: &mut Vec<u8>) -> Result<()> {
        let from = answer.len();
        answer.resize(from + length, 0);
        Ok(self.answers.read_exact(&mut answer[from..])?)
    }
}

/// The median milliseconds in which so many bytes go to another thread and so many come back, one trip after the other.
fn there_and_back(sent: usize, received: usize) -> Result<f64> {
    let (there, mut back) = (vec![b'x'; sent.max(1)], vec![b'x'; received.max(1)]);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let answering = {
        let (mut there, back) = (there.clone(), back.clone());
        thread::spawn(move || -> std::io::Result<()> {
            let (mut socket, _) = listener.accept()?;
            socket.set_nodelay(true)?;
            for _ in 0..TRIPS {
                socket.read_exact(&mut there)?;
                socket.write_all(&back)?;
            }
            Ok(())
        })
    };
    let mut socket = TcpStream::connect(address)?;
    socket.set_nodelay(true)?;
    let mut times = Vec::new();
    for _ in 0..TRIPS {
        let begun = Instant::now();
        socket.write_all(&there)?;
        socket.read_exact(&mut back)?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    answering.join().ok().context("the thread that answers panicked")??;
    Ok(median(&times))
}

/// The rows of an answer, each the list of its values. An object's members come sorted by name, so they are put back
/// into the order in which the text has them.
fn rows(answer: &str) -> Result<Vec<Value>> {
    let parsed: Value = serde_json::from_str(answer)?;
    let rows = parsed["results"].as_array().context("an answer without results")?;
    let list = |row: &Value| {
        let mut members: Vec<(&String, &Value)> = row.as_object().into_iter().flatten().collect();
        members.sort_by_key(|(name, _)| answer.find(&format!("\"{name}\":")));
        members.into_iter().map(|(_, value)| value.clone()).collect()
    };
    Ok(rows.iter().map(list).collect())
}

/// The rows of SPARQL's results in JSON, each the list of the texts of its terms.
fn solutions(answer: &str) -> Result<Vec<Value>> {
    let parsed: Value = serde_json::from_str(answer)?;
    let names = parsed["head"]["vars"].as_array().context("an answer without variables")?;
    let rows = parsed["results"]["bindings"].as_array().context("an answer without results")?;
    let value = |row: &Value, name: &Value| row[name.as_str().unwrap_or_default()]["value"].clone();
    Ok(rows.iter().map(|row| names.iter().map(|name| value(row, name)).collect()).collect())
}

/// A form as a body.
fn form(fields: &[(&str, &str)]) -> String {
    let mut body = String::new();
    for (name, value) in fields {
        if !body.is_empty() {
            body.push('&');
        }
        body.push_str(name);
        body.push('=');
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() {
                body.push(char::from(byte));
            } else {
                write!(body, "%{byte:02X}").expect("writing to a string cannot fail");
            }
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_escaped() {
        assert_eq!(form(&[("query", "RETURN 'é' + 1"), ("b", "c")]), "query=RETURN%20%27%C3%A9%27%20%2B%201&b=c");
    }

    #[test]
    fn values_keep_the_order_of_the_text() -> Result<()> {
        let found = rows("{\"results\":[{\"b\":1,\"a\":\"x\"},{\"b\":2,\"a\":null}]}")?;
        assert_eq!(found, [json!([1, "x"]), json!([2, null])]);
        Ok(())
    }

    #[test]
    fn solutions_are_lists() -> Result<()> {
        let answer = r#"{"head":{"vars":["p","n"]},"results":{"bindings":[{"n":{"type":"literal","value":"7"}}]}}"#;
        assert_eq!(solutions(answer)?, [json!([null, "7"])]);
        Ok(())
    }
}
