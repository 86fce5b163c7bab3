//! Which keys sign the requests to S3.
//!
//! Keys that came with the request win, then the profile that its role is mapped to, then what the configuration
//! says. Other roles are assumed if there is an STS endpoint, else an ARN is a label. The metadata service of a cloud
//! instance is asked only when configured, since on any other machine its address may be anything.
//! **Source**: `spec/loader.md` §2.12, `design.md` §9.

mod profile;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use object_store::RetryConfig;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, AwsCredential, AwsCredentialProvider};

use super::error::SourceError;
use super::s3::{Assumed, Failure, Sts, failure, is_role};
use super::{Credentials, S3Config, S3Keys};
use crate::request::{RequestKeys, shown};

/// What signs a request.
#[derive(Clone, Debug)]
pub(super) enum Signer {
    /// Nothing does.
    Nobody,
    /// These keys.
    Keys(Arc<AwsCredential>),
    /// Keys that the metadata service gives and renews.
    Provider(AwsCredentialProvider),
    /// Keys of a role that is assumed.
    Assumed(Arc<Assumed>),
}

impl Signer {
    /// The keys of this moment, if anything signs.
    pub(super) async fn keys(&self) -> Result<Option<Arc<AwsCredential>>, Failure> {
        match self {
            Self::Nobody => Ok(None),
            Self::Keys(keys) => Ok(Some(Arc::clone(keys))),
            Self::Assumed(assumed) => assumed.keys().await.map(Some),
            Self::Provider(provider) => match provider.get_credential().await {
                Ok(keys) => Ok(Some(keys)),
                Err(error) => Err(Failure::Credentials {
                    why: format!(
                        "The instance's metadata service gave none: {}. Set AWS_ACCESS_KEY_ID and \
                         AWS_SECRET_ACCESS_KEY and leave out --s3-credentials instance",
                        failure::chain(&error)
                    ),
                    may_pass: false,
                }),
            },
        }
    }

    pub(super) fn of(keys: S3Keys) -> Result<Self, SourceError> {
        for (text, name) in [
            (Some(&keys.access_key), "access key"),
            (Some(&keys.secret_key), "secret key"),
            (keys.session_token.as_ref(), "session token"),
        ] {
            // They become parts of HTTP headers; nothing else about them is known.
            if text.is_some_and(|text| text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic())) {
                return Err(SourceError::BadRequest(match name {
                    "session token" => {
                        format!("{NO_CREDENTIALS}. The session token holds characters that no token has")
                    }
                    name => format!("Invalid S3 {name}. It holds characters that no key has"),
                }));
            }
        }
        Ok(Self::Keys(Arc::new(AwsCredential {
            key_id: keys.access_key,
            secret_key: keys.secret_key,
            token: keys.session_token,
        })))
    }
}

/// What [`resolve`] found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) credentials: Signer,
    /// The region that the profile names.
    pub(super) region: Option<String>,
}

/// The documented sentence for credentials that are not there.
pub(super) const NO_CREDENTIALS: &str = "Couldn't find the AWS credential for iam_role_arn";

/// The part of the process's environment that credentials come from, read once.
#[derive(Debug, Default)]
pub(super) struct Environment {
    pub(super) keys: Option<S3Keys>,
    pub(super) profile: Option<String>,
    pub(super) region: Option<String>,
    pub(super) credentials_file: Option<PathBuf>,
    pub(super) config_file: Option<PathBuf>,
    /// What tells the provider of instance credentials whether this is a task or a pod.
    pub(super) container: Vec<(AmazonS3ConfigKey, String)>,
    /// The provider of instance credentials, once somebody asked for it.
    pub(super) instance: OnceLock<AwsCredentialProvider>,
}

impl Environment {
    pub(super) fn of_process() -> Self {
        let text = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let file = |name: &str, default: &str| {
            let named = std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
            named.or_else(|| std::env::home_dir().map(|home| home.join(default)))
        };
        let keys = text("AWS_ACCESS_KEY_ID").zip(text("AWS_SECRET_ACCESS_KEY"));
        let container = [
            AmazonS3ConfigKey::ContainerCredentialsRelativeUri,
            AmazonS3ConfigKey::ContainerCredentialsFullUri,
            AmazonS3ConfigKey::ContainerAuthorizationTokenFile,
            AmazonS3ConfigKey::WebIdentityTokenFile,
            AmazonS3ConfigKey::RoleArn,
        ];
        Self {
            keys: keys.map(|(access_key, secret_key)| S3Keys {
                access_key,
                secret_key,
                session_token: text("AWS_SESSION_TOKEN"),
            }),
            profile: text("AWS_PROFILE"),
            region: text("AWS_REGION").or_else(|| text("AWS_DEFAULT_REGION")),
            credentials_file: file("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"),
            config_file: file("AWS_CONFIG_FILE", ".aws/config"),
            container: container
                .into_iter()
                .filter_map(|key| text(&key.as_ref().to_ascii_uppercase()).map(|value| (key, value)))
                .collect(),
            instance: OnceLock::new(),
        }
    }

    /// The region that the environment names.
    pub(super) fn region(&self) -> Option<String> {
        self.region.clone().filter(|region| super::uri::is_region(region))
    }

    fn instance(&self, region: &str) -> Result<AwsCredentialProvider, SourceError> {
        if let Some(provider) = self.instance.get() {
            return Ok(Arc::clone(provider));
        }
        super::s3::install_crypto();
        // A bucket's store is the only way to the crate's providers; it makes no request.
        let mut builder = AmazonS3Builder::new().with_bucket_name("credentials").with_region(region);
        builder = builder.with_retry(RetryConfig { max_retries: 1, ..RetryConfig::default() });
        for (key, value) in &self.container {
            builder = builder.with_config(*key, value);
        }
        let store = builder.build().map_err(|error| SourceError::BadRequest(format!("{NO_CREDENTIALS}. {error}")))?;
        Ok(Arc::clone(self.instance.get_or_init(|| Arc::clone(store.credentials()))))
    }
}

/// No chain of roles is longer.
const MAX_CHAIN: usize = 8;

/// The keys for one source in `region`.
pub(super) fn resolve(
    config: &S3Config,
    environment: &Environment,
    sts: Option<&Sts>,
    region: Option<&str>,
    role: Option<&str>,
    keys: Option<&RequestKeys>,
) -> Result<Found, SourceError> {
    if let Some(keys) = keys {
        let keys =
            S3Keys { access_key: keys.access_key.clone(), secret_key: keys.secret_key.clone(), session_token: None };
        return Ok(Found { credentials: Signer::of(keys)?, region: None });
    }
    let Some(role) = role else {
        if config.require_mapped_role {
            return Err(SourceError::BadRequest(format!(
                "{NO_CREDENTIALS}. With IAM on, a load from S3 names its role in iamRoleArn"
            )));
        }
        return configured(config, environment);
    };
    // A chain may be mapped as a whole; else the last of its roles that is mapped stands for those before it.
    let chain: Vec<&str> = role.split(',').map(str::trim).filter(|arn| !arn.is_empty()).collect();
    let whole = config.role_map.get(role.trim()).map(|profile| (chain.len(), profile));
    let single = || {
        let mut last_first = chain.iter().enumerate().rev();
        last_first.find_map(|(at, arn)| config.role_map.get(*arn).map(|profile| (at + 1, profile)))
    };
    let mapped = whole.or_else(single).filter(|(used, _)| *used == chain.len() || sts.is_some());
    let last = chain.last().copied().unwrap_or(role);
    let (mut found, rest) = match mapped {
        Some((used, profile)) => {
            let found = of_profile(environment, profile)?.ok_or_else(|| {
                SourceError::BadRequest(format!(
                    "{NO_CREDENTIALS}. The role is mapped to profile '{profile}', which is in neither the shared \
                     credentials nor the configuration file"
                ))
            })?;
            (found, chain.get(used..).unwrap_or_default())
        }
        None if config.require_mapped_role => {
            return Err(SourceError::BadRequest(format!(
                "{NO_CREDENTIALS}. Role {} is not mapped to a profile: start the server with --role-map ARN=PROFILE",
                shown(last)
            )));
        }
        None => (configured(config, environment)?, &chain[..]),
    };
    let Some(sts) = sts else { return Ok(found) };
    if rest.len() > MAX_CHAIN {
        return Err(SourceError::BadRequest(format!("{NO_CREDENTIALS}. The chain has more than {MAX_CHAIN} roles")));
    }
    let region = region.map(ToOwned::to_owned).or_else(|| found.region.clone()).or_else(|| environment.region());
    for arn in rest {
        if !is_role(arn) {
            return Err(SourceError::BadRequest(format!(
                "{NO_CREDENTIALS}. {} is not the ARN of a role: expected arn:aws:iam::ACCOUNT:role/NAME",
                shown(arn)
            )));
        }
        if matches!(found.credentials, Signer::Nobody) {
            return Err(SourceError::BadRequest(format!(
                "{NO_CREDENTIALS}. A role is assumed with keys, and with --s3-credentials anonymous there are none"
            )));
        }
        found.credentials = sts.assume(arn, region.as_deref().unwrap_or("us-east-1"), found.credentials);
    }
    Ok(found)
}

/// The keys that the configuration names.
fn configured(config: &S3Config, environment: &Environment) -> Result<Found, SourceError> {
    match &config.credentials {
        Credentials::Anonymous => Ok(Found { credentials: Signer::Nobody, region: None }),
        Credentials::Static(keys) => Ok(Found { credentials: Signer::of(keys.clone())?, region: None }),
        Credentials::Instance => {
            let region = config.region.clone().or_else(|| environment.region());
            let provider = environment.instance(region.as_deref().unwrap_or("us-east-1"))?;
            Ok(Found { credentials: Signer::Provider(provider), region: None })
        }
        Credentials::Chain => {
            if let Some(keys) = &environment.keys {
                return Ok(Found { credentials: Signer::of(keys.clone())?, region: None });
            }
            let profile = environment.profile.as_deref().unwrap_or("default");
            of_profile(environment, profile)?.ok_or_else(|| {
                SourceError::BadRequest(format!(
                    "{NO_CREDENTIALS}. Start the server with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY set, or with \
                     keys in profile '{profile}' of ~/.aws/credentials, or with --s3-credentials anonymous or instance"
                ))
            })
        }
    }
}

/// The keys of a profile; `None` if no file has it.
fn of_profile(environment: &Environment, name: &str) -> Result<Option<Found>, SourceError> {
    let read = |path: &Option<PathBuf>| path.as_ref().map(profile::read_file).transpose().map(Option::flatten);
    let describe = |error: std::io::Error| SourceError::BadRequest(format!("{NO_CREDENTIALS}. {error}"));
    let credentials = read(&environment.credentials_file).map_err(describe)?;
    let config = read(&environment.config_file).map_err(describe)?;
    let from_credentials = credentials.as_deref().and_then(|text| profile::find(text, name));
    let from_config = config.as_deref().and_then(|text| {
        profile::find(text, &format!("profile {name}"))
            .or_else(|| (name == "default").then(|| profile::find(text, name))?)
    });
    let region = [&from_config, &from_credentials].into_iter().flatten().find_map(|profile| profile.region.clone());
    let region = region.filter(|region| super::uri::is_region(region));
    let known = from_credentials.is_some() || from_config.is_some();
    match [from_credentials, from_config].into_iter().flatten().find_map(|profile| profile.keys) {
        Some(keys) => Ok(Some(Found { credentials: Signer::of(keys)?, region })),
        // A default profile that only names a region is common; it is no mistake.
        None if known && name != "default" => Err(SourceError::BadRequest(format!(
            "{NO_CREDENTIALS}. Profile '{name}' has no aws_access_key_id and aws_secret_access_key; roles, single \
             sign-on and credential processes are not followed"
        ))),
        None => Ok(None),
    }
}
