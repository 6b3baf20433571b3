//! Function URLs: Lambda's event of a call, and the result of which Lambda makes the HTTP response (pure).
//!
//! - [`request`]: the request
//! - [`response`]: the response
//! - [`problem`]: problem documents

pub mod problem;
pub mod request;
pub mod response;

pub use problem::ProblemDocument;
pub use request::{Authorizer, IamAuthorizer, RequestContext, RequestLine, UrlRequest};
pub use response::UrlResponse;
