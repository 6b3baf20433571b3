//! S3 behind the SDK's own client: puts of objects that are not there yet.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use parking_lot::Mutex;

use crate::schedule::Schedule;

/// The buckets' objects, by bucket and key.
pub(crate) type Stored = BTreeMap<(String, String), Vec<u8>>;

/// S3.
#[derive(Clone)]
pub(crate) struct Objects(Arc<Inner>);

struct Inner {
    schedule: Arc<Schedule>,
    stored: Mutex<Stored>,
    /// Puts that fail: once in so many.
    faults: Mutex<usize>,
}

/// The fate of a put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Answered,
    /// 503, and nothing is stored.
    Refused,
    /// 503, and the object is stored all the same.
    RefusedAfterwards,
    /// 409, because another put of the key is on its way, which may fail.
    Conflict,
    /// The connection breaks before the request arrives.
    Lost,
    /// The connection breaks before the answer arrives.
    AnswerLost,
}

impl Objects {
    pub(crate) fn new(schedule: &Arc<Schedule>, faults: usize) -> Self {
        let (stored, faults) = (Mutex::default(), Mutex::new(faults));
        Self(Arc::new(Inner { schedule: Arc::clone(schedule), stored, faults }))
    }

    /// Returns a configuration of the SDK that leads here. The SDK's own retries, whose waits it draws by itself, are off.
    pub(crate) fn configuration(&self) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new("key", "secret", None, None, "here")))
            .retry_config(RetryConfig::disabled())
            .http_client(self.clone())
            .build()
    }

    pub(crate) fn heal(&self) {
        *self.0.faults.lock() = 0;
    }

    pub(crate) fn stored(&self) -> Stored {
        self.0.stored.lock().clone()
    }
}

impl Inner {
    fn fate(&self) -> Fate {
        let faults = *self.faults.lock();
        if !self.schedule.one_in(faults) {
            return Fate::Answered;
        }
        let fates = [Fate::Refused, Fate::RefusedAfterwards, Fate::Conflict, Fate::Lost, Fate::AnswerLost];
        fates[self.schedule.below(fates.len())]
    }

    async fn put(&self, bucket: String, key: String, body: Vec<u8>) -> Result<HttpResponse, ConnectorError> {
        self.schedule.pause().await;
        let fate = self.fate();
        let broken = || ConnectorError::io("the connection broke".into());
        let is_there = self.stored.lock().contains_key(&(bucket.clone(), key.clone()));
        self.schedule.note(format!("objects: put {bucket} {key}, is there: {is_there}, {fate:?}"));
        if matches!(fate, Fate::Lost) {
            return Err(broken());
        }
        let stores = matches!(fate, Fate::Answered | Fate::RefusedAfterwards | Fate::AnswerLost);
        if stores && !is_there {
            self.stored.lock().insert((bucket, key), body);
        }
        self.schedule.pause().await;
        match fate {
            Fate::AnswerLost => Err(broken()),
            Fate::Refused | Fate::RefusedAfterwards => Ok(response(503, "SlowDown")),
            Fate::Conflict => Ok(response(409, "ConditionalRequestConflict")),
            _ if is_there => Ok(response(412, "PreconditionFailed")),
            _ => Ok(HttpResponse::new(200.try_into().expect("a status"), SdkBody::empty())),
        }
    }
}

fn response(status: u16, code: &str) -> HttpResponse {
    let body = format!("<Error><Code>{code}</Code><Message>{code}</Message></Error>");
    HttpResponse::new(status.try_into().expect("a status"), SdkBody::from(body))
}

impl fmt::Debug for Objects {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Objects")
    }
}

impl HttpClient for Objects {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Objects {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let inner = Arc::clone(&self.0);
        assert_eq!((request.method(), request.headers().get("if-none-match")), ("PUT", Some("*")));
        let (authority, path) = request.uri().trim_start_matches("https://").split_once('/').expect("a path");
        let bucket = authority.split('.').next().unwrap_or_default().to_owned();
        let key = path.split('?').next().unwrap_or_default().to_owned();
        let body = request.body().bytes().expect("in memory").to_vec();
        HttpConnectorFuture::new(async move { inner.put(bucket, key, body).await })
    }
}
