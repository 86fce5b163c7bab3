//! The loader through the Rust SDK: its strictly typed answers and its exception names, against a real server.

use std::{
    error::Error,
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A server process with a folder of its own; killed when dropped.
struct Server {
    child: Child,
    endpoint: String,
    folder: PathBuf,
}

impl Server {
    fn start(name: &str) -> Result<Self> {
        let binary = std::env::var("HALIMEDE_BIN")
            .map_err(|_| "HALIMEDE_BIN must name the server binary: run this through `cargo xtask rust-sdk`")?;
        let folder = std::env::temp_dir().join(format!("halimede-rust-sdk-{}-{name}", std::process::id()));
        fs::create_dir_all(folder.join("files"))?;
        let mut child = Command::new(binary)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder.join("data"))
            .arg("--import-dir")
            .arg(folder.join("files"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let out = child.stdout.take().ok_or("no standard output")?;
        let mut server = Self { child, endpoint: String::new(), folder };
        for line in BufReader::new(out).lines() {
            if let Some(endpoint) = line?.strip_prefix("halimede ready on ") {
                endpoint.clone_into(&mut server.endpoint);
                return Ok(server);
            }
        }
        Err("the server ended before it was ready".into())
    }

    fn call(&self, operation: &str, input: &Value) -> Result<Value> {
        let output = Command::new(env!("CARGO_BIN_EXE_halimede-rust-sdk-client"))
            .args([&self.endpoint, operation, &input.to_string()])
            .output()?;
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    fn load(&self, text: &str) -> Result<String> {
        let file = self.folder.join("files/people.csv");
        fs::write(&file, text)?;
        let answer = self.call(
            "start",
            &json!({"source": format!("file://{}", file.display()), "format": "csv", "mode": "NEW",
                    "s3BucketRegion": "us-east-1", "iamRoleArn": "arn:aws:iam::000000000000:role/loader"}),
        )?;
        assert_eq!(answer["ok"]["status"], "200 OK", "{answer}");
        Ok(answer["ok"]["payload"]["loadId"].as_str().ok_or("no loadId")?.to_owned())
    }

    fn finished(&self, load_id: &str) -> Result<Value> {
        loop {
            let answer = self.call("status", &json!({"loadId": load_id, "details": true, "errors": true}))?;
            let status = &answer["ok"]["payload"]["overallStatus"]["status"];
            assert!(status.is_string(), "{answer}");
            if status != "LOAD_IN_PROGRESS" && status != "LOAD_NOT_STARTED" {
                return Ok(answer["ok"]["payload"].clone());
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing is asserted of the end here, so failures to kill or remove what is gone already do not matter.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn a_load_is_started_followed_and_listed() -> Result<()> {
    let server = Server::start("load")?;
    let engine = server.call("engine-status", &json!({}))?;
    assert_eq!(engine["ok"]["role"], "writer", "{engine}");
    let load_id = server.load("~id,~label,name:String\na,Person,Ada\nb,Person,Bo\n")?;
    let payload = server.finished(&load_id)?;
    assert_eq!(payload["overallStatus"]["status"], "LOAD_COMPLETED", "{payload}");
    assert_eq!(payload["overallStatus"]["totalRecords"], 4, "{payload}");
    let list = server.call("list", &json!({}))?;
    assert_eq!(list["ok"]["payload"]["loadIds"], json!([load_id]), "{list}");
    Ok(())
}

#[test]
fn mistakes_are_told_apart_by_name() -> Result<()> {
    let server = Server::start("mistakes")?;
    let ended = server.load("~id,~label\na,Person\n")?;
    server.finished(&ended)?;
    let unknown = json!({"loadId": "00000000-0000-4000-8000-000000000000"});
    let table = [
        ("cancel", json!({"loadId": ended}), "BulkLoadIdNotFoundException", 404),
        ("cancel", unknown.clone(), "BulkLoadIdNotFoundException", 404),
        ("status", unknown, "BulkLoadIdNotFoundException", 404),
        ("cancel", json!({"loadId": "garbage"}), "BadRequestException", 400),
        ("list", json!({"limit": 0}), "InvalidParameterException", 400),
    ];
    for (operation, input, name, status) in table {
        let answer = server.call(operation, &input)?;
        assert_eq!(answer["error"]["name"], name, "{operation} {input}: {answer}");
        assert_eq!(answer["error"]["status"], status, "{operation} {input}: {answer}");
    }
    Ok(())
}
