//! Good spellings and hostile ones.

use proptest::prelude::*;

use super::*;

fn parse(source: &str) -> Result<SourceUri, SourceError> {
    SourceUri::parse(source, None, &SourceConfig::default())
}

#[test]
fn every_documented_spelling_is_a_bucket_and_a_prefix() {
    for (source, bucket, prefix, region, full_uri) in [
        ("s3://bucket/key", "bucket", "key", None, "s3://bucket/key"),
        ("s3://bucket/a/b/", "bucket", "a/b/", None, "s3://bucket/a/b/"),
        ("s3://bucket", "bucket", "", None, "s3://bucket"),
        ("s3://bucket/", "bucket", "", None, "s3://bucket/"),
        ("s3://bucket//a", "bucket", "/a", None, "s3://bucket//a"),
        ("s3://my.bucket-1/a%20b+c,d e", "my.bucket-1", "a%20b+c,d e", None, "s3://my.bucket-1/a%20b+c,d e"),
        ("s3://bucket/a?b#c@d:e", "bucket", "a?b#c@d:e", None, "s3://bucket/a?b#c@d:e"),
        ("s3://bucket/über", "bucket", "über", None, "s3://bucket/über"),
        ("https://s3.amazonaws.com/bucket/a%20b", "bucket", "a b", None, "s3://bucket/a b"),
        ("https://s3.amazonaws.com/bucket", "bucket", "", None, "s3://bucket/"),
        ("https://s3.eu-west-1.amazonaws.com/bucket/a/b", "bucket", "a/b", Some("eu-west-1"), "s3://bucket/a/b"),
        ("https://s3-eu-west-1.amazonaws.com/bucket/a", "bucket", "a", Some("eu-west-1"), "s3://bucket/a"),
        ("https://s3.us-gov-east-1.amazonaws.com/bucket/", "bucket", "", Some("us-gov-east-1"), "s3://bucket/"),
        ("https://s3.cn-north-1.amazonaws.com.cn/bucket/a", "bucket", "a", Some("cn-north-1"), "s3://bucket/a"),
        ("https://bucket.s3.eu-west-1.amazonaws.com/a%2Fb", "bucket", "a/b", Some("eu-west-1"), "s3://bucket/a/b"),
        ("https://my.bucket.s3.eu-west-1.amazonaws.com/", "my.bucket", "", Some("eu-west-1"), "s3://my.bucket/"),
        ("https://s3.amazonaws.com/bucket/%C3%BC", "bucket", "ü", None, "s3://bucket/ü"),
    ] {
        let parsed = parse(source).unwrap();
        assert_eq!(parsed.bucket_and_prefix(), Some((bucket, prefix)), "{source}");
        assert_eq!(parsed.region(), region, "{source}");
        assert_eq!(parsed.full_uri(), full_uri, "{source}");
        assert_eq!(parsed.identity(), format!("s3://{bucket}/{prefix}"), "{source}");
    }
}

#[test]
fn hostile_spellings_are_invalid() {
    let long_bucket = format!("s3://{}/k", "b".repeat(64));
    let long_key = format!("s3://bucket/{}", "k".repeat(1025));
    for source in [
        "",
        " ",
        "/etc/passwd",
        "etc/passwd",
        "bucket/key",
        "S3://bucket/key",
        "s3:/bucket/key",
        "s3:bucket",
        "s3://",
        "s3:///key",
        "s3a://bucket/key",
        "gs://bucket/key",
        "http://s3.amazonaws.com/bucket/key",
        "ftp://bucket/key",
        "data:text/csv,~id",
        "javascript:alert(1)",
        // Buckets.
        "s3://ab/k",
        &long_bucket,
        &long_key,
        "s3://Bucket/k",
        "s3://buc_ket/k",
        "s3://.bucket/k",
        "s3://bucket./k",
        "s3://-bucket/k",
        "s3://bucket-/k",
        "s3://buc..ket/k",
        "s3://../k",
        "s3://127.0.0.1/k",
        "s3://169.254.169.254/latest/meta-data",
        "s3://user@bucket/k",
        "s3://user:pass@bucket/k",
        "s3://bucket:80/k",
        "s3://[::1]/k",
        "s3://bucket?x/k",
        "s3://bucket#x/k",
        "s3://bucket\\k",
        "s3://buck%65t/k",
        "s3://bücket/k",
        "s3://xn--bucket/k",
        "s3://bucket--x-s3/k",
        "s3://bucket-s3alias/k",
        "s3://arn:aws:s3:us-east-1:123456789012:accesspoint/x",
        "s3://bucket/a\nb",
        "s3://bucket/a\u{0}",
        "s3://bucket\r\nHost: x/k",
        // Hosts.
        "https://example.com/bucket/key",
        "https://s3.amazonaws.com.example.com/bucket/key",
        "https://example.com/s3.amazonaws.com/bucket/key",
        "https://s3.amazonaws.com@example.com/bucket/key",
        "https://user@s3.amazonaws.com/bucket/key",
        "https://user:pass@s3.amazonaws.com/bucket/key",
        "https://s3.amazonaws.com:443/bucket/key",
        "https://s3.amazonaws.com:80@127.0.0.1/bucket/key",
        "https://127.0.0.1/bucket/key",
        "https://2130706433/bucket/key",
        "https://[::1]/bucket/key",
        "https://localhost/bucket/key",
        "https://s3.amazonaws.com./bucket/key",
        "https://S3.AMAZONAWS.COM/bucket/key",
        "https://s3%2eamazonaws.com/bucket/key",
        "https://s3。amazonaws.com/bucket/key",
        "https://s3..amazonaws.com/bucket/key",
        "https://s3-.amazonaws.com/bucket/key",
        "https://.s3.us-east-1.amazonaws.com/key",
        "https://xs3.us-east-1.amazonaws.com/bucket/key",
        "https://s3.evil.amazonaws.com/bucket/key",
        "https://s3.us-east-1.evil.amazonaws.com/bucket/key",
        "https://s3-fips.us-east-1.amazonaws.com/bucket/key",
        "https://s3.dualstack.us-east-1.amazonaws.com/bucket/key",
        "https://sts.us-east-1.amazonaws.com/bucket/key",
        "https://ec2.us-east-1.amazonaws.com/bucket/key",
        "https://s3.us-east-1.amazonaws.com.cn/bucket/key",
        "https://amazonaws.com/bucket/key",
        "https://.amazonaws.com/bucket/key",
        "https://s3.amazonaws.com",
        "https://s3.amazonaws.com/",
        "https://s3.amazonaws.com//key",
        "https://s3.amazonaws.com/../bucket/key",
        "https://s3.amazonaws.com/bucket%2Fkey",
        "https://s3.amazonaws.com\\@example.com/bucket/key",
        "https://s3.amazonaws.com/bucket\\..\\key",
        "https://s3.amazonaws.com/bucket/key?versionId=1",
        "https://s3.amazonaws.com/bucket/key#x",
        "https://s3.amazonaws.com/bucket/a b",
        "https://s3.amazonaws.com/bucket/%",
        "https://s3.amazonaws.com/bucket/%4",
        "https://s3.amazonaws.com/bucket/%zz",
        "https://s3.amazonaws.com/bucket/%+1",
        "https://s3.amazonaws.com/bucket/%00",
        "https://s3.amazonaws.com/bucket/%0d%0a",
        "https://s3.amazonaws.com/bucket/%ff",
        "https://s3.amazonaws.com/bucket/%c0%ae",
        // Files.
        "file://",
        "file:///",
        "file:/etc/passwd",
        "file://host/etc/passwd",
        "file://localhost/etc/passwd",
        "file://../etc/passwd",
        "file://./data",
        "file:///../etc/passwd",
        "file:///in/../../etc/passwd",
        "file:///in/..",
        "file:///in/./x",
        "file:///in//x",
        "file:////etc/passwd",
        "file:///in/%2e%2e/x",
        "file:///in/.%2e/x",
        "file:///in%2f..%2fx",
        "file:///in/%00",
        "file:///in/x?y",
        "file:///in/x#y",
        "file:///in/%2",
        "FILE:///in/x",
    ] {
        assert!(matches!(parse(source), Err(SourceError::Invalid(_))), "{source:?}: {:?}", parse(source));
    }
}

#[test]
fn regions_look_like_regions() {
    for region in ["us-east-1", "us-gov-west-1", "ap-southeast-12", "xx-a1-b2-3"] {
        assert!(is_region(region), "{region}");
        let parsed = SourceUri::parse("s3://bucket/k", Some(region), &SourceConfig::default()).unwrap();
        assert_eq!(parsed.region(), Some(region));
    }
    for region in [
        "",
        "us",
        "us-1",
        "us-east",
        "us-east-",
        "us--1",
        "us-east-100",
        "usa-east-1",
        "US-EAST-1",
        "us-east-1 ",
        "us-east-1\n",
        "us-east-1/x",
        "us-east-1.evil.com",
        "us-east-1@evil",
        "evil.com#us-east-1",
        "us-éast-1",
        "u1-east-1",
        "127.0.0.1",
        &format!("us-{}-1", "a".repeat(40)),
    ] {
        assert!(!is_region(region), "{region}");
        for source in ["s3://bucket/k", "https://s3.amazonaws.com/bucket/k", "file:///in/x"] {
            let parsed = SourceUri::parse(source, Some(region), &SourceConfig::default());
            assert!(matches!(parsed, Err(SourceError::Invalid(_))), "{source} {region}");
        }
    }
}

#[test]
fn a_region_is_that_of_the_server_and_of_the_host() {
    let mut config = SourceConfig::default();
    config.s3.region = Some("local".to_owned());
    assert!(SourceUri::parse("s3://bucket/k", Some("local"), &config).is_ok());
    assert_eq!(SourceUri::parse("s3://bucket/k", None, &config).unwrap().region(), None);
    let text = |outcome: Result<SourceUri, SourceError>| match outcome {
        Err(SourceError::BadRequest(text)) => text,
        other => panic!("{other:?}"),
    };
    let wrong = text(SourceUri::parse("s3://bucket/k", Some("us-east-1"), &config));
    assert!(wrong.starts_with("Bucket is not in provided Region (us-east-1)"), "{wrong}");
    let wrong = text(SourceUri::parse("https://s3.eu-west-1.amazonaws.com/bucket/k", None, &config));
    assert!(wrong.starts_with("Bucket is not in provided Region (eu-west-1)"), "{wrong}");
    let host = "https://bucket.s3.eu-west-1.amazonaws.com/k";
    let wrong = text(SourceUri::parse(host, Some("us-east-1"), &SourceConfig::default()));
    assert!(wrong.starts_with("Bucket is not in provided Region (us-east-1)"), "{wrong}");
    assert!(SourceUri::parse(host, Some("eu-west-1"), &SourceConfig::default()).is_ok());
    // A file has no region, so none is wrong for it.
    assert!(SourceUri::parse("file:///in/x", Some("us-east-1"), &config).is_ok());
}

#[test]
fn files_are_absolute_paths() {
    for (source, path) in [
        ("file:///in/x.csv", "/in/x.csv"),
        ("file:///in/feed/", "/in/feed/"),
        ("file:///in/a b%20c", "/in/a b c"),
        ("file:///in/%23%3f%25", "/in/#?%"),
        ("file:///in/..x/...", "/in/..x/..."),
        ("file:///in/.x", "/in/.x"),
    ] {
        let parsed = parse(source).unwrap();
        assert_eq!(parsed.local_path().unwrap().to_str(), Some(path), "{source}");
        assert_eq!(parsed.full_uri(), source);
    }
    assert_ne!(parse("file:///in/x").unwrap().identity(), parse("file:///in/x/").unwrap().identity());
    assert_eq!(parse("file:///in/%78").unwrap().identity(), "file:///in/x");
}

#[test]
fn plain_paths_are_for_the_own_user_only() {
    let config = SourceConfig { any_local: true, ..SourceConfig::default() };
    let parsed = SourceUri::parse("/in/a b#%.csv", None, &config).unwrap();
    assert_eq!(parsed.local_path(), Some(Path::new("/in/a b#%.csv")));
    assert_eq!(parsed.full_uri(), "file:///in/a b%23%25.csv");
    assert_eq!(SourceUri::parse(parsed.full_uri(), None, &config).unwrap().local_path(), parsed.local_path());
    let here = std::env::current_dir().unwrap();
    let parsed = SourceUri::parse("x/y.csv", None, &config).unwrap();
    assert_eq!(parsed.local_path(), Some(here.join("x/y.csv").as_path()));
    for source in ["http://x/y", "ssh://x/y", "a\nb"] {
        assert!(SourceUri::parse(source, None, &config).is_err(), "{source}");
    }
}

proptest! {
    #[test]
    fn no_text_is_a_panic(source: String, region: Option<String>, any_local: bool) {
        let config = SourceConfig { any_local, ..SourceConfig::default() };
        let _ = SourceUri::parse(&source, region.as_deref(), &config);
    }

    #[test]
    fn whatever_follows_a_scheme_is_a_bucket_of_plain_letters_or_refused(
        scheme in "s3://|https://|file:///", rest in "[a-z0-9./:@%#?\\\\-]{0,30}"
    ) {
        let Ok(parsed) = parse(&format!("{scheme}{rest}")) else { return Ok(()) };
        if let Some((bucket, _)) = parsed.bucket_and_prefix() {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-';
            prop_assert!(bucket.chars().all(plain));
        } else {
            prop_assert!(parsed.local_path().unwrap().components().all(|part| part != std::path::Component::ParentDir));
        }
    }

    #[test]
    fn a_path_survives_its_uri(path in "/[a-zA-Z0-9 %#?+äü._-]{1,12}x") {
        let uri = file_uri(Path::new(&path)).unwrap();
        let parsed = parse(&uri).unwrap();
        prop_assert_eq!(parsed.local_path(), Some(Path::new(&path)));
    }
}
