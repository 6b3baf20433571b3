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
    /// Creates a secret without a value and returns its ARN. The name must be a new one.
    pub fn create(&self, name: &str) -> String {
        // The service adds six random characters as well.
        let suffix: String = Uuid::new_v4().simple().to_string().chars().take(6).collect();
        let arn = format!("arn:aws:secretsmanager:us-east-1:000000000000:secret:{name}-{suffix}");
        let secret =
            Secret { name: name.to_owned(), arn: arn.clone(), versions: Versions::default(), is_rotating: false };
        self.0.lock().push(secret);
        arn
    }

    /// Creates a secret with a value and returns its ARN.
    pub fn create_with(&self, name: &str, value: &str) -> String {
        let arn = self.create(name);
        let token = Uuid::new_v4().to_string();
        let put = self.with(&arn, |secret| {
            secret.versions.put(&token, SecretValue(value.to_owned()), &[CURRENT.to_owned()]).map(|_| ())
        });
        put.expect("a new secret takes its first version");
        arn
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
