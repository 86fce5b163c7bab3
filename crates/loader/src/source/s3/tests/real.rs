//! The same against a real S3-compatible server: `HALIMEDE_TEST_S3` is its endpoint, `AWS_ACCESS_KEY_ID` and
//! `AWS_SECRET_ACCESS_KEY` (else `test`) are keys that may do everything there.

use std::io::Read;
use std::sync::Arc;

use object_store::aws::{AwsAuthorizer, AwsCredential};
use object_store::client::{HttpRequest, HttpRequestBody};
use store::CancelToken;
use tokio::runtime::Runtime;

use super::{QUICK, config, window};
use crate::request::RequestKeys;
use crate::source::credentials::Environment;
use crate::source::s3::encode;
use crate::source::{Credentials, ReadError, S3Keys, SourceError, Sources};

const REGION: &str = "us-east-1";

struct Real {
    endpoint: String,
    keys: S3Keys,
    runtime: Runtime,
}

impl Real {
    /// The server of the environment, or a word that there is none.
    fn find(test: &str) -> Option<Self> {
        let Ok(endpoint) = std::env::var("HALIMEDE_TEST_S3") else {
            println!("skipped {test}: HALIMEDE_TEST_S3 names no S3 server");
            return None;
        };
        let key = |name| std::env::var(name).unwrap_or_else(|_| "test".to_owned());
        let keys = S3Keys {
            access_key: key("AWS_ACCESS_KEY_ID"),
            secret_key: key("AWS_SECRET_ACCESS_KEY"),
            session_token: None,
        };
        Some(Self { endpoint, keys, runtime: Runtime::new().unwrap() })
    }

    fn sources(&self) -> Sources {
        let mut config = config(&self.endpoint);
        config.s3.credentials = Credentials::Static(self.keys.clone());
        Sources::build(config, self.runtime.handle().clone(), Environment::default(), QUICK, window()).unwrap()
    }

    /// Creates a bucket (no key) or an object.
    fn put(&self, bucket: &str, key: &str, body: &'static [u8]) {
        let mut url = format!("{}/{bucket}/", self.endpoint);
        encode(key, true, &mut url);
        let mut signed = HttpRequest::new(HttpRequestBody::from(body.to_vec()));
        *signed.uri_mut() = url.parse().unwrap();
        *signed.method_mut() = reqwest::Method::PUT;
        let credential = AwsCredential {
            key_id: self.keys.access_key.clone(),
            secret_key: self.keys.secret_key.clone(),
            token: None,
        };
        AwsAuthorizer::new(&credential, "s3", REGION).try_authorize(&mut signed, None).unwrap();
        crate::source::s3::install_crypto();
        let client = reqwest::Client::builder().tls_certs_only([]).build().unwrap();
        let request = client.put(url).headers(signed.headers().clone()).body(body);
        let response = self.runtime.block_on(request.send()).unwrap();
        // A bucket may be there from an earlier run.
        assert!(response.status().is_success() || key.is_empty(), "{key}: {}", response.status());
    }
}

#[test]
fn a_real_bucket_is_probed_listed_and_read() {
    let Some(real) = Real::find("a_real_bucket_is_probed_listed_and_read") else { return };
    let bucket = format!("halimede-{}", uuid::Uuid::new_v4().simple());
    real.put(&bucket, "", b"");
    for (key, body) in [
        ("feed/v.csv", b"~id,~label\n".as_slice()),
        ("feed/with space+plus%25&.csv", b"x"),
        ("feed/ü.csv", b"y"),
        ("feed/empty", b""),
        ("feed-edges/e.csv", b"z"),
        ("other", b"o"),
    ] {
        real.put(&bucket, key, body);
    }
    let (sources, cancel) = (real.sources(), CancelToken::new());
    let open = |source: &str| sources.open(&sources.parse(source, Some(REGION)).unwrap(), None, None).unwrap();
    let keys = |source: &str| -> Vec<String> {
        open(source).list(&cancel).unwrap().into_iter().map(|feed| feed.key).collect()
    };
    let folder = ["feed/empty", "feed/v.csv", "feed/with space+plus%25&.csv", "feed/ü.csv"];
    assert_eq!(keys(&format!("s3://{bucket}/feed/")), folder);
    assert_eq!(keys(&format!("s3://{bucket}/feed")).len(), 5);
    assert_eq!(keys(&format!("s3://{bucket}")).len(), 6);
    let opened = open(&format!("s3://{bucket}/feed/"));
    opened.probe().unwrap();
    for feed in opened.list(&cancel).unwrap() {
        let mut bytes = Vec::new();
        opened.read(&feed, &cancel, Arc::default()).read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len() as u64, feed.size, "{}", feed.key);
    }
    let feeds = opened.list(&cancel).unwrap();
    real.put(&bucket, "feed/v.csv", b"~id,~other\n");
    let error = opened.read(&feeds[1], &cancel, Arc::default()).read_to_end(&mut Vec::new()).unwrap_err();
    assert!(matches!(ReadError::of(&error), Some(ReadError::ModifiedOrDeleted(_))), "{error}");

    let told = open(&format!("s3://{bucket}/nothing/")).probe().unwrap_err();
    assert!(told.to_string().starts_with("The source s3://"), "{told}");
    assert!(told.to_string().contains(" does not exist/not reachable. "), "{told}");
    let told = open("s3://no-such-bucket-here/x").probe().unwrap_err();
    assert!(told.to_string().starts_with("S3 bucket not found for source. "), "{told}");
    assert!(matches!(told, SourceError::BadRequest(_)), "{told}");

    // A server that checks signatures says which half of the keys is wrong; one that does not lets everybody in.
    for (access_key, secret_key, text) in [
        ("nobody", "test", "Invalid S3 access key. "),
        (real.keys.access_key.as_str(), "wrong", "Invalid S3 secret key. "),
    ] {
        let keys = RequestKeys { access_key: access_key.to_owned(), secret_key: secret_key.to_owned() };
        let source = sources.parse(&format!("s3://{bucket}/feed/"), Some(REGION)).unwrap();
        if let Err(told) = sources.open(&source, None, Some(&keys)).unwrap().probe() {
            assert!(told.to_string().starts_with(text), "{told}");
        }
    }
}
