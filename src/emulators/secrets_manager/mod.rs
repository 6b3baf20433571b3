//! Secrets Manager, on loopback: what of it the functions use, in memory, gone with the run.
//!
//! - [`versions`]: a secret's versions and labels
//! - [`protocol`]: the operations as requests and answers
//! - [`rotation`]: the four steps

use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

use crate::emulators::api_error::ApiError;
use versions::{Value, Versions};

mod protocol;
mod rotation;
mod versions;

pub use protocol::serve;
pub use rotation::{RotationFunction, Rotations};

/// The label of the version that is in use.
const CURRENT: &str = "AWSCURRENT";

/// The secrets of a run.
#[derive(Debug, Default)]
pub struct Secrets(Mutex<Vec<Secret>>);

#[derive(Debug)]
struct Secret {
    name: String,
    arn: String,
    versions: Versions,
    /// Whether the steps of a rotation are being done.
    is_rotating: bool,
}

impl Secrets {
    /// Makes a secret without a value; its ARN. A name must be given once only.
    pub fn create(&self, name: &str) -> String {
        // The service adds six random characters as well.
        let suffix: String = Uuid::new_v4().simple().to_string().chars().take(6).collect();
        let arn = format!("arn:aws:secretsmanager:us-east-1:000000000000:secret:{name}-{suffix}");
        let secret =
            Secret { name: name.to_owned(), arn: arn.clone(), versions: Versions::default(), is_rotating: false };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(secret);
        arn
    }

    /// Makes a secret with a value; its ARN.
    pub fn create_with(&self, name: &str, value: &str) -> String {
        let arn = self.create(name);
        let token = Uuid::new_v4().to_string();
        let put = self.with(&arn, |secret| {
            secret.versions.put(&token, Value(value.to_owned()), &[CURRENT.to_owned()]).map(|_| ())
        });
        put.expect("a new secret takes its first version");
        arn
    }

    /// Does something with a secret, by its ARN or name.
    fn with<T>(&self, id: &str, work: impl FnOnce(&mut Secret) -> Result<T, ApiError>) -> Result<T, ApiError> {
        let mut secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let secret = secrets.iter_mut().find(|secret| secret.arn == id || secret.name == id);
        let missing = || ApiError::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
        work(secret.ok_or_else(missing)?)
    }
}

#[cfg(test)]
mod tests;
