//! Roles assumed at an STS endpoint. The answers are scripted after the API reference; there is no STS of AWS here to ask.

use super::*;

const ONE: &str = "arn:aws:iam::000000000000:role/one";
const TWO: &str = "arn:aws:iam::000000000000:role/path/two";

/// Keys named after the role, good until then.
fn assumed(request: &server::Request, until: &str) -> Answer {
    let role = request.body.rsplit("%2F").next().unwrap();
    Answer::ok(format!(
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA-{role}</AccessKeyId>\
         <SecretAccessKey>s</SecretAccessKey><SessionToken>token-{role}</SessionToken>\
         <Expiration>{until}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
    ))
}

/// Who signed a request.
fn signer(request: &server::Request) -> (&str, &str) {
    let scope = request.header("authorization").unwrap().split_once("Credential=").unwrap().1;
    let parts: Vec<&str> = scope.split(['/', ',']).collect();
    (parts[0], parts[3])
}

struct Scene {
    runtime: Runtime,
    s3: Server,
    sts: Server,
}

impl Scene {
    fn new(sts: impl Fn(&server::Request) -> Answer + Send + Sync + 'static) -> Self {
        let s3 = Server::start(|request| {
            let listing = request.line.contains("list-type");
            if listing { Answer::ok(page(&[("feed/a", 3)], None)) } else { Answer::ok("abc") }
        });
        Self { runtime: Runtime::new().unwrap(), s3, sts: Server::start(sts) }
    }

    fn open(&self, role: &str, change: impl FnOnce(&mut S3Config)) -> Result<Opened, SourceError> {
        let mut config = config(&self.s3.endpoint());
        config.s3.sts_endpoint = Some(self.sts.endpoint());
        change(&mut config.s3);
        let handle = self.runtime.handle().clone();
        let sources = Sources::build(config, handle, Environment::default(), QUICK, window())?;
        sources.open(&sources.parse("s3://bucket/feed/", Some("eu-west-1"))?, Some(role), None)
    }
}

#[test]
fn a_role_is_assumed_once_and_its_keys_sign() {
    let scene = Scene::new(|request| assumed(request, "2999-01-01T00:00:00Z"));
    let opened = scene.open(ONE, |_| {}).unwrap();
    opened.probe().unwrap();
    let feeds = opened.list(&CancelToken::new()).unwrap();
    assert_eq!(read(&opened, &feeds[0]).unwrap(), b"abc");
    let asked = scene.sts.requests();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].line, "POST / HTTP/1.1");
    assert_eq!(signer(&asked[0]), ("AKIATEST", "sts"));
    let form = "Action=AssumeRole&Version=2011-06-15&DurationSeconds=3600&RoleSessionName=halimede\
                &RoleArn=arn%3Aaws%3Aiam%3A%3A000000000000%3Arole%2Fone";
    assert_eq!(asked[0].body, form);
    for request in scene.s3.requests() {
        assert_eq!(signer(&request), ("ASIA-one", "s3"));
        assert_eq!(request.header("x-amz-security-token"), Some("token-one"));
    }
}

#[test]
fn each_role_of_a_chain_is_assumed_with_the_keys_of_the_one_before() {
    let scene = Scene::new(|request| assumed(request, "2999-01-01T00:00:00Z"));
    scene.open(&format!("{ONE} , {TWO}"), |_| {}).unwrap().probe().unwrap();
    let asked = scene.sts.requests();
    let signers: Vec<_> =
        asked.iter().map(|request| (signer(request).0, request.header("x-amz-security-token"))).collect();
    assert_eq!(signers, [("AKIATEST", None), ("ASIA-one", Some("token-one"))]);
    assert_eq!(signer(&scene.s3.requests()[0]).0, "ASIA-two");
}

#[test]
fn keys_that_expire_are_asked_for_anew() {
    for (until, times) in [("2020-01-01T00:00:00Z", 3), ("2999-01-01T00:00:00Z", 1)] {
        let scene = Scene::new(move |request| assumed(request, until));
        let opened = scene.open(ONE, |_| {}).unwrap();
        (0..3).for_each(|_| opened.probe().unwrap());
        assert_eq!(scene.sts.requests().len(), times, "{until}");
    }
}

#[test]
fn a_mapped_role_is_not_assumed() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("credentials");
    std::fs::write(&file, "[reader]\naws_access_key_id=AKIAFILE\naws_secret_access_key=s\n").unwrap();
    for (role, first) in [(ONE.to_owned(), None), (format!("{ONE},{TWO}"), Some("AKIAFILE"))] {
        let scene = Scene::new(|request| assumed(request, "2999-01-01T00:00:00Z"));
        let mut config = config(&scene.s3.endpoint());
        config.s3.sts_endpoint = Some(scene.sts.endpoint());
        config.s3.role_map.insert(ONE.to_owned(), "reader".to_owned());
        let environment = Environment { credentials_file: Some(file.clone()), ..Environment::default() };
        let sources = Sources::build(config, scene.runtime.handle().clone(), environment, QUICK, window()).unwrap();
        let source = sources.parse("s3://bucket/feed/", None).unwrap();
        sources.open(&source, Some(&role), None).unwrap().probe().unwrap();
        let asked = scene.sts.requests();
        assert_eq!(asked.iter().map(|request| signer(request).0).collect::<Vec<_>>(), Vec::from_iter(first));
        let expected = if first.is_some() { "ASIA-two" } else { "AKIAFILE" };
        assert_eq!(signer(&scene.s3.requests()[0]).0, expected);
    }
}

#[test]
fn a_role_that_cannot_be_assumed_says_why() {
    let denial = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>";
    for (answer, why) in [
        (Answer::status(403, denial), "403 Forbidden (AccessDenied: not you)"),
        (Answer::status(503, ""), "503"),
        (Answer::ok("<AssumeRoleResponse/>"), "its answer holds no keys"),
        (Answer::status(302, "").header("Location", "http://127.0.0.1:9/"), "redirect"),
    ] {
        let scene = Scene::new(move |_| answer.clone());
        let told = scene.open(ONE, |_| {}).unwrap().probe().unwrap_err();
        let start = format!("Couldn't find the AWS credential for iam_role_arn. {ONE} could not be assumed: ");
        assert!(matches!(&told, SourceError::BadRequest(text) if text.starts_with(&start)), "{told}");
        assert!(told.to_string().contains(why) && told.to_string().contains("--sts-endpoint"), "{told}");
        assert_eq!(scene.s3.requests().len(), 0);
    }
}

#[test]
fn what_is_no_role_is_not_sent_anywhere() {
    let scene = Scene::new(|_| Answer::status(500, ""));
    let chain = [ONE; 9].join(",");
    for (role, why) in [("label", "is not the ARN of a role"), (&*chain, "more than 8 roles")] {
        let told = scene.open(role, |_| {}).unwrap_err();
        assert!(told.to_string().starts_with("Couldn't find the AWS credential for iam_role_arn. "), "{told}");
        assert!(told.to_string().contains(why), "{told}");
    }
    let told = scene.open(ONE, |s3| s3.credentials = Credentials::Anonymous).unwrap_err();
    assert!(told.to_string().contains("with --s3-credentials anonymous there are none"), "{told}");
    let told = scene.open(ONE, |s3| s3.require_mapped_role = true).unwrap_err();
    assert!(told.to_string().contains("start the server with --role-map ARN=PROFILE"), "{told}");
    assert_eq!(scene.sts.requests().len(), 0);
}

#[test]
fn an_sts_that_stumbles_is_asked_again_by_a_listing() {
    let scene = Scene::new(|request| match request.number {
        0 => Answer::status(503, ""),
        _ => assumed(request, "2999-01-01T00:00:00Z"),
    });
    assert_eq!(scene.open(ONE, |_| {}).unwrap().list(&CancelToken::new()).unwrap().len(), 1);
    assert_eq!(scene.sts.requests().len(), 2);
}
