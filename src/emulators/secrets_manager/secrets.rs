//! The secrets of a run, by name and ARN.

use parking_lot::Mutex;
use uuid::Uuid;

use super::versions::{CURRENT, SecretValue, Versions};
use crate::emulators::api_error::ApiError;

/// The secrets of a run.
#[derive(Debug, Default)]
pub struct Secrets(Mutex<Vec<Secret>>);

#[derive(Debug)]
pub(super) struct Secret {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) versions: Versions,
    /// True while a rotation's steps are running.
    pub(super) is_rotating: bool,
}

impl Secrets {
    /// Creates a secret without a value. ARN and name must be new ones.
    pub fn create(&self, arn: &str, name: &str) {
        let (name, arn) = (name.to_owned(), arn.to_owned());
        self.0.lock().push(Secret { name, arn, versions: Versions::default(), is_rotating: false });
    }

    /// Creates a secret with a value.
    pub fn create_with(&self, arn: &str, name: &str, value: &str) {
        self.create(arn, name);
        let token = Uuid::new_v4().to_string();
        let put = self.with(arn, |secret| {
            secret.versions.put(&token, SecretValue(value.to_owned()), &[CURRENT.to_owned()]).map(|_| ())
        });
        put.expect("a new secret takes its first version");
    }

    /// Calls a function with a secret, by its ARN or name.
    pub(super) fn with<T>(
        &self,
        id: &str,
        work: impl FnOnce(&mut Secret) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let mut secrets = self.0.lock();
        let secret = secrets.iter_mut().find(|secret| secret.arn == id || secret.name == id);
        let missing = || ApiError::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
        work(secret.ok_or_else(missing)?)
    }
}
