//! Loads, statistics and status through the public Rust SDK, one a run: `ENDPOINT OPERATION [JSON]`.
//!
//! Prints one JSON line: `{"ok": answer}` or `{"error": {"name", "status", "message"}}`, the same lines as
//! `tests/js/client.mjs`, so that one Python test drives every SDK. Exits 0 on both: an error that the service
//! modelled is an answer.

mod statistics;

use aws_sdk_neptunedata::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
    error::{ProvideErrorMetadata, SdkError},
    types::{Format, Mode, Parallelism, S3BucketRegion},
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_types::{Document, Number};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut args = std::env::args().skip(1);
    let (Some(endpoint), Some(operation)) = (args.next(), args.next()) else {
        eprintln!("usage: ENDPOINT start|status|cancel|list|engine-status|get-sparql-statistics|… [JSON]");
        std::process::exit(2);
    };
    let input: Value = match args.next().as_deref().map_or(Ok(json!({})), serde_json::from_str) {
        Ok(value) => value,
        Err(error) => {
            eprintln!("the third argument is not JSON: {error}");
            std::process::exit(2);
        }
    };
    let answer = call(&client(endpoint), &operation, &input).await;
    println!("{answer}");
}

/// A client that signs with the region and the keys of the environment, else with dummies. Over TLS it trusts the
/// authorities of `SSL_CERT_FILE`, else the system's.
fn client(endpoint: String) -> Client {
    let or = |name: &str, dummy: &str| std::env::var(name).unwrap_or_else(|_| dummy.to_owned());
    let (access, secret) = (or("AWS_ACCESS_KEY_ID", "test"), or("AWS_SECRET_ACCESS_KEY", "test"));
    let token = std::env::var("AWS_SESSION_TOKEN").ok();
    let http = aws_smithy_http_client::Builder::new();
    let http = if endpoint.starts_with("https://") {
        http.tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
    } else {
        http.build_http()
    };
    let config = aws_sdk_neptunedata::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new(or("AWS_REGION", "us-east-1")))
        .credentials_provider(Credentials::new(access, secret, token, None, "wire-tests"))
        .retry_config(RetryConfig::standard().with_max_attempts(1))
        .http_client(http)
        .build();
    Client::from_conf(config)
}

async fn call(client: &Client, operation: &str, input: &Value) -> Value {
    let text = |name: &str| input.get(name).and_then(Value::as_str).map(str::to_owned);
    let texts = |name: &str| {
        let items = input.get(name)?.as_array()?;
        Some(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    };
    let flag = |name: &str| input.get(name).and_then(Value::as_bool);
    let number = |name: &str| {
        input.get(name).and_then(Value::as_i64).map(|number| i32::try_from(number).expect("a small number"))
    };
    match operation {
        "start" => {
            let sent = client
                .start_loader_job()
                .set_source(text("source"))
                .set_format(text("format").map(|name| Format::from(name.as_str())))
                .set_s3_bucket_region(text("s3BucketRegion").map(|name| S3BucketRegion::from(name.as_str())))
                .set_iam_role_arn(text("iamRoleArn"))
                .set_mode(text("mode").map(|name| Mode::from(name.as_str())))
                .set_fail_on_error(flag("failOnError"))
                .set_parallelism(text("parallelism").map(|name| Parallelism::from(name.as_str())))
                .set_queue_request(flag("queueRequest"))
                .set_dependencies(texts("dependencies"))
                .send()
                .await;
            answer(sent, |out| json!({"status": out.status(), "payload": out.payload()}))
        }
        "status" => {
            let sent = client
                .get_loader_job_status()
                .set_load_id(text("loadId"))
                .set_details(flag("details"))
                .set_errors(flag("errors"))
                .set_page(number("page"))
                .set_errors_per_page(number("errorsPerPage"))
                .send()
                .await;
            answer(sent, |out| json!({"status": out.status(), "payload": value(out.payload())}))
        }
        "cancel" => {
            let sent = client.cancel_loader_job().set_load_id(text("loadId")).send().await;
            answer(sent, |out| json!({"status": out.status()}))
        }
        "list" => {
            let sent = client
                .list_loader_jobs()
                .set_limit(number("limit"))
                .set_include_queued_loads(flag("includeQueuedLoads"))
                .send()
                .await;
            answer(sent, |out| {
                json!({"status": out.status(),
                       "payload": {"loadIds": out.payload().map(|payload| payload.load_ids().to_vec())}})
            })
        }
        "engine-status" => {
            let sent = client.get_engine_status().send().await;
            answer(
                sent,
                |out| json!({"status": out.status(), "role": out.role(), "dbEngineVersion": out.db_engine_version()}),
            )
        }
        other => statistics::call(client, other, input).await.unwrap_or_else(
            || json!({"error": {"name": "Usage", "status": 0, "message": format!("no operation {other}")}}),
        ),
    }
}

/// The line to print: what came back, or the modelled exception's name with the HTTP status.
fn answer<Out, Failure: ProvideErrorMetadata + std::error::Error + 'static>(
    sent: Result<Out, SdkError<Failure>>,
    shape: impl FnOnce(&Out) -> Value,
) -> Value {
    match sent {
        Ok(out) => json!({"ok": shape(&out)}),
        Err(error) => json!({"error": {
            "name": error.code(),
            "status": error.raw_response().map(|response| response.status().as_u16()),
            "message": error.message(),
            "shown": aws_sdk_neptunedata::error::DisplayErrorContext(&error).to_string(),
        }}),
    }
}

fn value(document: &Document) -> Value {
    match document {
        Document::Object(members) => members.iter().map(|(name, member)| (name.clone(), value(member))).collect(),
        Document::Array(items) => items.iter().map(value).collect(),
        Document::Number(Number::PosInt(number)) => json!(number),
        Document::Number(Number::NegInt(number)) => json!(number),
        Document::Number(Number::Float(number)) => json!(number),
        Document::String(text) => json!(text),
        Document::Bool(flag) => json!(flag),
        Document::Null => Value::Null,
    }
}
