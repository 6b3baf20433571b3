//! Functions that are called over HTTP: by the Invoke API, and by their URL.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use pipegen::emulators::function_url::{self, FunctionUrl};
use pipegen::emulators::invoke_api;
use pipegen::lambda_host::FunctionPool;
use pipegen::lambda_host::credentials::Credentials;
use pipegen::session::listener::{Listener, Server};
use pipegen_contract::payload::LARGEST_PAYLOAD;

use super::fixture::{HostFixture, eventually, http, processes_of};

/// A served function, and the header with which its server accepts a request.
struct ServedFunction {
    fixture: HostFixture,
    pool: Arc<FunctionPool>,
    address: SocketAddr,
    signature: String,
    _server: Server,
}

impl ServedFunction {
    fn new(
        handler: &str,
        serve: impl FnOnce(Listener, &Arc<FunctionPool>, &HostFixture, &Credentials) -> std::io::Result<Server>,
    ) -> Self {
        let fixture = HostFixture::new();
        let pool = Arc::new(fixture.host(handler));
        let (listener, credentials) = (Listener::open(0).expect("a port"), Credentials::generate());
        let address = listener.address();
        let signature = format!(
            "authorization: AWS4-HMAC-SHA256 Credential={}/20260101/us-east-1/lambda/aws4_request, Signature=0\r\n",
            credentials.key_id
        );
        let server = serve(listener, &pool, &fixture, &credentials).expect("served");
        Self { fixture, pool, address, signature, _server: server }
    }

    fn by_invoke_api(handler: &str) -> Self {
        Self::new(handler, |listener, pool, _, credentials| {
            invoke_api::serve(listener, vec![Arc::clone(pool)], credentials.clone())
        })
    }

    fn by_url(handler: &str) -> Self {
        Self::new(handler, |listener, pool, fixture, _| {
            function_url::serve(listener, Arc::new(FunctionUrl::new(Arc::clone(pool), Arc::clone(&fixture.console))))
        })
    }

    fn invoke(&self, function: &str, headers: &str, event: &str) -> (u16, String, String) {
        let path = format!("/2015-03-31/functions/{function}/invocations");
        http(self.address, &format!("POST {path}"), &format!("{}{headers}", self.signature), event)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_invoked_on_demand() {
    let served = ServedFunction::by_invoke_api("migrate");
    let (status, head, first) = served.invoke("lambda-migrate-test", "", "");
    assert_eq!(status, 200);
    assert!(head.contains("x-amz-executed-version: $LATEST") && !head.contains("x-amz-function-error"), "{head}");
    let arn = "arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Alambda-migrate-test%3A%24LATEST";
    let (_, _, second) = served.invoke(arn, "x-amz-invocation-type: RequestResponse\r\n", "{}");
    assert_eq!(first, second, "the same process");

    let (status, head, body) = served.invoke("lambda-migrate-test", "", r#"{"do":"fail"}"#);
    assert_eq!((status, &*body), (200, r#"{"errorMessage":"injected"}"#));
    assert!(head.contains("x-amz-function-error: Unhandled"), "{head}");
    let (status, head, body) = served.invoke("lambda-migrate-test", "", r#"{"do":"die"}"#);
    assert!(status == 200 && head.contains("x-amz-function-error: Unhandled"), "{head}");
    assert!(body.contains("Runtime.ExitError") && body.contains("exit status: 9"), "{body}");
    served.fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_invocation_is_an_error_in_lambdas_form() {
    let served = ServedFunction::by_invoke_api("migrate");
    let too_large = format!("\"{}\"", "x".repeat(LARGEST_PAYLOAD));
    for (function, headers, event, status, kind) in [
        ("another", "", "{}", 404, "ResourceNotFoundException"),
        ("lambda-migrate-test", "", "nonsense", 400, "InvalidRequestContentException"),
        ("lambda-migrate-test", "", &too_large, 413, "RequestTooLargeException"),
        ("lambda-migrate-test", "x-amz-invocation-type: Event\r\n", "{}", 400, "InvalidParameterValueException"),
    ] {
        let (answered, head, body) = served.invoke(function, headers, event);
        assert_eq!(answered, status, "{body}");
        assert!(head.contains(&format!("x-amzn-errortype: {kind}")) && body.contains(kind), "{head}{body}");
    }
    let path = "POST /2015-03-31/functions/lambda-migrate-test/invocations";
    assert_eq!(http(served.address, path, "", "{}").0, 403, "without a signature");
    assert_eq!(processes_of(served.fixture.folder.path()), Vec::<String>::new(), "nothing was started");
    served.fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_answers_at_its_url() {
    let served = ServedFunction::by_url("catalog");
    let (status, head, body) = http(served.address, "GET /products/85123A", "", "");
    assert_eq!((status, &*body), (200, "a product"));
    assert!(head.contains("x-cache: miss"), "{head}");
    let (status, head, body) = http(served.address, "HEAD /products/85123A", "", "");
    assert_eq!((status, &*body), (200, ""), "{head}");
    assert!(!head.contains("content-length"), "only the function knows its length: {head}");
    let (status, head, body) = http(served.address, "HEAD /?do=tell_length", "", "");
    assert_eq!((status, &*body), (200, ""), "{head}");
    assert!(head.contains("content-length: 9"), "{head}");
    for method in ["GET", "HEAD"] {
        let (status, head, body) = http(served.address, &format!("{method} /?do=unchanged"), "", "");
        assert_eq!((status, &*body), (304, ""), "{head}");
        assert!(!head.contains("content-length"), "not the length of the whole response: {head}");
    }
    served.fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_fails_is_a_bad_gateway() {
    for handler in ["catalog", "dies"] {
        let served = ServedFunction::by_url(handler);
        let (status, _, body) = http(served.address, "GET /?do=die", "", "");
        assert_eq!((status, &*body), (502, "Internal Server Error"), "{handler}");
        served.fixture.close().await;
    }
    // A response without a status code.
    let served = ServedFunction::by_url("archiver");
    assert_eq!(http(served.address, "GET /", "", "").0, 200, "`null` has no status code, so it is the body");
    let served_error = http(served.address, "GET /?do=fail", "", "");
    assert_eq!(served_error.0, 502);
    served.fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_disconnects_costs_no_process() {
    let served = ServedFunction::by_url("catalog");
    for _ in 0..3 {
        let mut connection = TcpStream::connect(served.address).expect("connected");
        connection.write_all(b"GET /?do=sleep HTTP/1.1\r\nhost: a\r\n\r\n").expect("sent");
        std::thread::sleep(Duration::from_millis(50));
    }
    let folder = served.fixture.folder.path();
    eventually("three processes at work", || processes_of(folder).len() == 3);
    // All three are reused after their invocations have ended.
    std::thread::sleep(Duration::from_millis(500));
    let address = served.address;
    let asking: Vec<_> =
        (0..3).map(|_| std::thread::spawn(move || http(address, "GET /?do=sleep", "", "").0)).collect();
    for answer in asking {
        assert_eq!(answer.join().expect("alive"), 200);
    }
    assert_eq!(processes_of(folder).len(), 3);
    assert_eq!(served.pool.errors(), 0);
    served.fixture.close().await;
}
