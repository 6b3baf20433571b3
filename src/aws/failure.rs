//! Failed requests and logins, told apart by what can be done about them.

use std::error::Error;
use std::fmt::Debug;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use thiserror::Error;

/// The kind of a failure, by what can be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// No credentials were found.
    NoCredentials,
    /// The profile or the login that should give credentials gives none.
    Unusable,
    /// The credentials were good once.
    Expired,
    /// AWS does not know the credentials, or their signature is wrong.
    Refused,
    /// The clock of this machine is wrong.
    ClockSkew,
    /// The caller lacks a permission.
    Denied,
    /// Too many requests.
    Throttled,
    /// The resource does not exist.
    NotDeployed,
    /// No answer.
    Unreachable,
    /// Anything else.
    Other,
}

impl FailureKind {
    /// Classifies a service's error code.
    fn of_code(code: &str) -> Self {
        match code {
            "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" => Self::Expired,
            "InvalidClientTokenId"
            | "UnrecognizedClientException"
            | "InvalidAccessKeyId"
            | "SignatureDoesNotMatch"
            | "InvalidSignatureException"
            | "IncompleteSignature"
            | "InvalidToken"
            | "MissingAuthenticationToken" => Self::Refused,
            "RequestTimeTooSkewed" | "RequestExpired" => Self::ClockSkew,
            "AccessDenied" | "AccessDeniedException" | "KMSAccessDeniedException" | "UnauthorizedOperation" => {
                Self::Denied
            }
            "ProvisionedThroughputExceededException"
            | "ThrottlingException"
            | "Throttling"
            | "SlowDown"
            | "LimitExceededException"
            | "RequestLimitExceeded"
            | "TooManyRequestsException"
            | "KMSThrottlingException" => Self::Throttled,
            "NoSuchBucket" | "ResourceNotFoundException" => Self::NotDeployed,
            _ => Self::Other,
        }
    }

    /// The state of things, after the name of the action and the resource.
    fn outcome(self) -> &'static str {
        match self {
            Self::NoCredentials => "there are no AWS credentials",
            Self::Unusable => "no AWS credentials can be got as they are configured",
            Self::Expired => "the AWS credentials have expired",
            Self::Refused => "AWS does not accept these credentials",
            Self::ClockSkew => "AWS refuses the request's time",
            Self::Denied => "permission was denied",
            Self::Throttled => "AWS takes no more requests now",
            Self::NotDeployed => "it does not exist",
            Self::Unreachable => "AWS could not be reached",
            Self::Other => "it failed",
        }
    }

    /// The next step for the user.
    fn remedy(self) -> &'static str {
        match self {
            Self::NoCredentials => {
                "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or log in with the AWS CLI"
            }
            Self::Unusable => "check AWS_PROFILE and ~/.aws/config; `aws sts get-caller-identity` must work",
            Self::Expired => "log in again (`aws sso login`), or assume the role again",
            Self::Refused => "see which ones are in use with `aws sts get-caller-identity`",
            Self::ClockSkew => "set this machine's clock",
            Self::Denied => "use a role that is allowed this action, or ask who runs the stack to allow it",
            Self::Throttled => "wait, then run the command again",
            Self::NotDeployed => {
                "check --env and the account (`aws sts get-caller-identity`); if both are right, the stack is not applied"
            }
            Self::Unreachable => "check the network and --endpoint",
            Self::Other => "run the command again; if it fails again, the message above is AWS' own",
        }
    }
}

/// A request that AWS refused or did not answer, or credentials that were not to be had.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}{}{}\n  {}", request.as_deref().unwrap_or_default(), kind.outcome(), in_parentheses(detail), kind.remedy())]
pub struct AwsFailure {
    pub kind: FailureKind,
    /// The action and the resource, with a colon; `None` if the failure came before any request.
    request: Option<String>,
    /// AWS' own words.
    detail: String,
}

fn in_parentheses(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" ({text})") }
}

impl AwsFailure {
    /// Explains credentials that were not to be had.
    pub(super) fn of_login(error: &CredentialsError) -> Self {
        let cause = root_cause(error);
        let words = cause.to_lowercase();
        let kind = match error {
            CredentialsError::CredentialsNotLoaded(_) => FailureKind::NoCredentials,
            _ if words.contains("expired") => FailureKind::Expired,
            // The last place that is looked at is the metadata service of a machine at AWS.
            _ if words.contains("imds") => FailureKind::NoCredentials,
            CredentialsError::ProviderTimedOut(_) => FailureKind::Unreachable,
            _ => FailureKind::Unusable,
        };
        Self { kind, request: None, detail: cause }
    }
}

/// Explains a failed request: `action` as IAM names it (`kinesis:PutRecords`), `resource` as the user knows it.
pub fn explain<E, R>(action: &'static str, resource: &str, error: &SdkError<E, R>) -> AwsFailure
where
    E: ProvideErrorMetadata + Error + 'static,
    R: Debug + 'static,
{
    let request = Some(format!("{action} on {resource}: "));
    let (kind, detail) = match error {
        SdkError::ServiceError(service) => {
            let (code, message) = (service.err().code(), service.err().message());
            let kind = FailureKind::of_code(code.unwrap_or_default());
            let detail = [code, message].into_iter().flatten().collect::<Vec<_>>().join(": ");
            (kind, detail)
        }
        SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
            Some(connector) if connector.is_io() || connector.is_timeout() => {
                (FailureKind::Unreachable, root_cause(connector))
            }
            _ => (FailureKind::Other, root_cause(error)),
        },
        SdkError::TimeoutError(_) => (FailureKind::Unreachable, "no answer in time".to_owned()),
        _ => (FailureKind::Other, root_cause(error)),
    };
    AwsFailure { kind, request, detail }
}

/// Returns what an error says that has no other one behind it: the SDK's own layers say only that something failed.
fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_apart_by_what_can_be_done() {
        for (code, kind) in [
            ("ExpiredTokenException", FailureKind::Expired),
            ("InvalidAccessKeyId", FailureKind::Refused),
            ("AccessDenied", FailureKind::Denied),
            ("SlowDown", FailureKind::Throttled),
            ("NoSuchBucket", FailureKind::NotDeployed),
            ("InternalFailure", FailureKind::Other),
        ] {
            assert_eq!(FailureKind::of_code(code), kind, "{code}");
        }
    }

    #[test]
    fn a_message_says_what_happened_to_what_and_what_to_do() {
        let failure = AwsFailure {
            kind: FailureKind::Denied,
            request: Some("kinesis:PutRecords on kinesis-inventory-staging: ".to_owned()),
            detail: "AccessDeniedException: not authorized".to_owned(),
        };
        assert_eq!(
            failure.to_string(),
            "kinesis:PutRecords on kinesis-inventory-staging: permission was denied (AccessDeniedException: not \
             authorized)\n  use a role that is allowed this action, or ask who runs the stack to allow it"
        );
    }

    #[test]
    fn no_credentials_and_expired_ones_differ() {
        let none = AwsFailure::of_login(&CredentialsError::not_loaded_no_source());
        assert_eq!(none.kind, FailureKind::NoCredentials);
        let expired = AwsFailure::of_login(&CredentialsError::provider_error("the SSO session has expired"));
        assert_eq!(expired.kind, FailureKind::Expired);
    }
}
