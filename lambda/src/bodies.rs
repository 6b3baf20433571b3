//! The bodies of invocations, kept from the runtime library, which would read them into the handler's type by itself:
//! with a note of where in the JSON it is at every value, for an error of its own that repeats parts of the event.

use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use lambda_runtime::{Error, LambdaInvocation, Service};
use parking_lot::Mutex;

/// The body of the invocation that is being handled, until it is taken. An instance has one invocation at a time.
#[derive(Clone, Debug, Default)]
pub struct Bodies {
    current: Arc<Mutex<Bytes>>,
}

/// A service that keeps the bodies back: `inner` gets `null` instead.
#[derive(Debug)]
pub struct Kept<S> {
    inner: S,
    bodies: Bodies,
}

impl Bodies {
    /// Returns the service with the bodies taken out of its invocations.
    pub fn taken_from<S>(&self, inner: S) -> Kept<S> {
        Kept { inner, bodies: self.clone() }
    }

    /// Returns the body of the current invocation. A second call returns an empty one.
    pub fn take(&self) -> Bytes {
        std::mem::take(&mut *self.current.lock())
    }
}

impl<S> Service<LambdaInvocation> for Kept<S>
where
    S: Service<LambdaInvocation, Response = (), Error = Error>,
{
    type Response = ();
    type Error = Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut invocation: LambdaInvocation) -> S::Future {
        let body = std::mem::replace(&mut invocation.body, Bytes::from_static(b"null"));
        *self.bodies.current.lock() = body;
        self.inner.call(invocation)
    }
}
