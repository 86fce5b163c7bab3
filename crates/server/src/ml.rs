//! The sixteen operations of Neptune ML, answered as by a server that has never trained anything.
//!
//! Nothing is trained here, so lists are empty, no id is known, and a start is refused. A start still reads its request
//! first: a client that forgot a required member is told so, as it would be by a server that trains. Four collections
//! share the answers; what differs is what a start requires.
//!
//! **Source**: spec/storage-ml.md §3.

use axum::body::Body;
use axum::http::{Method, Response, header};
use serde_json::{Map, Value, json};

use crate::door::{Call, json};
use crate::exception::{Exception, Failure};
use crate::parameters::{Parameters, excerpt};

/// Most ids of a list.
const MOST_LISTED: u64 = 1_024;

/// Which collection an operation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Collection {
    /// `/ml/dataprocessing`
    DataProcessing,
    /// `/ml/modeltraining`
    ModelTraining,
    /// `/ml/modeltransform`
    ModelTransform,
    /// `/ml/endpoints`
    Endpoints,
}

impl Collection {
    /// One of it, for a message.
    const fn noun(self) -> &'static str {
        match self {
            Self::DataProcessing => "data processing job",
            Self::ModelTraining => "model training job",
            Self::ModelTransform => "model transform job",
            Self::Endpoints => "endpoint",
        }
    }

    /// What a start requires: in each row, one of the alternatives must be there whole.
    const fn required(self) -> &'static [&'static [&'static [&'static str]]] {
        match self {
            Self::DataProcessing => &[&[&["inputDataS3Location"]], &[&["processedDataS3Location"]]],
            Self::ModelTraining => &[&[&["dataProcessingJobId"]], &[&["trainModelS3Location"]]],
            Self::ModelTransform => &[
                &[&["modelTransformOutputS3Location"]],
                &[&["dataProcessingJobId", "mlModelTrainingJobId"], &["trainingJobName"]],
            ],
            Self::Endpoints => &[&[&["mlModelTrainingJobId"], &["mlModelTransformJobId"]]],
        }
    }
}

/// `GET /ml/…`
pub(crate) fn list(call: &Call) -> Result<Response<Body>, Failure> {
    call.parameters.number("maxItems", MOST_LISTED)?;
    Ok(json(&json!({"ids": []})))
}

/// `GET` and `DELETE /ml/…/{id}`
pub(crate) fn find(collection: Collection, call: &Call) -> Result<Response<Body>, Failure> {
    if call.method == Method::DELETE {
        call.parameters.flag("clean")?;
    }
    let id = excerpt(call.label.as_deref().unwrap_or_default());
    let text = format!("There is no {} with the id '{id}': this server trains no models", collection.noun());
    Err(Failure::new(Exception::MlResourceNotFound, text))
}

/// `POST /ml/…`
pub(crate) fn start(collection: Collection, call: &Call, operation: &str) -> Result<Response<Body>, Failure> {
    let members = members(call)?;
    let missing: Vec<String> = collection
        .required()
        .iter()
        .filter(|alternatives| !alternatives.iter().any(|names| names.iter().all(|name| members.contains_key(*name))))
        .map(|alternatives| alternatives.iter().map(|names| names.join(" and ")).collect::<Vec<_>>().join(" or "))
        .collect();
    if !missing.is_empty() {
        let text = format!("Missing required parameters: [{}]", missing.join(", "));
        return Err(Failure::new(Exception::MissingParameter, text));
    }
    for name in collection.required().iter().copied().flatten().copied().flatten().copied() {
        if let Some(found) = members.get(name).filter(|value| !value.is_string()) {
            let text = format!("Parameter '{name}' must be a text, found {}", excerpt(&found.to_string()));
            return Err(Failure::new(Exception::InvalidParameter, text));
        }
    }
    let text = format!("{operation} is not supported: this server trains no models and has no {}s", collection.noun());
    Err(Failure::new(Exception::UnsupportedOperation, text))
}

/// What a start was sent: JSON from SDKs, a form from curl. A member that says nothing (`null`, an empty text) is absent.
fn members(call: &Call) -> Result<Map<String, Value>, Failure> {
    let body = call.body.bytes.as_ref();
    let content_type = call.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_form = content_type.trim_start().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded");
    let mut members = if is_form || body.is_empty() {
        Parameters::decode(body)?.into_members()
    } else {
        serde_json::from_slice(body)
            .map_err(|error| Failure::new(Exception::BadRequest, format!("The body is no JSON object: {error}")))?
    };
    members.retain(|_, value| !value.is_null() && value.as_str() != Some(""));
    Ok(members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderMap, HeaderValue};

    fn call(content_type: &'static str, body: &'static str) -> Call {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        Call { headers, ..Call::of_body(body) }
    }

    fn refusal(collection: Collection, body: &'static str) -> String {
        start(collection, &call("application/json", body), "Start").unwrap_err().to_string()
    }

    #[test]
    fn a_start_says_what_is_missing_before_it_is_refused() {
        use Collection::{DataProcessing, Endpoints, ModelTraining, ModelTransform};
        for (collection, body, expected) in [
            (DataProcessing, "{}", "Missing required parameters: [inputDataS3Location, processedDataS3Location]"),
            (DataProcessing, "", "Missing required parameters: [inputDataS3Location, processedDataS3Location]"),
            (
                DataProcessing,
                r#"{"inputDataS3Location": "s3://a/b", "processedDataS3Location": ""}"#,
                "Missing required parameters: [processedDataS3Location]",
            ),
            (ModelTraining, r#"{"dataProcessingJobId": "x"}"#, "Missing required parameters: [trainModelS3Location]"),
            (
                ModelTransform,
                r#"{"modelTransformOutputS3Location": "s3://a/b", "dataProcessingJobId": "x"}"#,
                "Missing required parameters: [dataProcessingJobId and mlModelTrainingJobId or trainingJobName]",
            ),
            (
                Endpoints,
                r#"{"id": "x"}"#,
                "Missing required parameters: [mlModelTrainingJobId or mlModelTransformJobId]",
            ),
        ] {
            assert_eq!(refusal(collection, body), format!("MissingParameterException: {expected}"), "{body}");
        }
        for (collection, body) in [
            (DataProcessing, r#"{"inputDataS3Location": "s3://a/b", "processedDataS3Location": "s3://a/c"}"#),
            (ModelTransform, r#"{"modelTransformOutputS3Location": "s3://a/b", "trainingJobName": "x"}"#),
            (Endpoints, r#"{"mlModelTransformJobId": "x"}"#),
        ] {
            assert!(refusal(collection, body).starts_with("UnsupportedOperationException: Start is not"), "{body}");
        }
        let mistyped = refusal(Endpoints, r#"{"mlModelTrainingJobId": ["x"]}"#);
        assert_eq!(
            mistyped,
            r#"InvalidParameterException: Parameter 'mlModelTrainingJobId' must be a text, found ["x"]"#
        );
        assert!(refusal(Endpoints, "[]").starts_with("BadRequestException: The body is no JSON object"));
    }

    #[test]
    fn a_form_is_read_like_json() {
        let call = call("application/x-www-form-urlencoded", "mlModelTrainingJobId=x&id=");
        let refused = start(Collection::Endpoints, &call, "CreateMLEndpoint").unwrap_err();
        assert_eq!(refused.exception, Exception::UnsupportedOperation);
    }
}
