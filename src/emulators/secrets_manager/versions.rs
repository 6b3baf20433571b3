//! The versions of one secret and their staging labels (pure).
//!
//! A version's id is the token of the request that created it, and its value never changes. A label is attached to one
//! version at most. A version without labels is deprecated: it can be read for a while, but is not listed.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html>

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use crate::emulators::api_error::ApiError;

/// The label of the version in use.
pub(super) const CURRENT: &str = "AWSCURRENT";
/// The label of the version that was current before.
pub(super) const PREVIOUS: &str = "AWSPREVIOUS";
/// The label of the version that a rotation creates.
pub(super) const PENDING: &str = "AWSPENDING";
/// The number of deprecated versions that are kept (the service's number).
const DEPRECATED: usize = 100;
/// The length of a token, in characters.
const TOKEN: RangeInclusive<usize> = 32..=64;

/// A secret's versions, oldest first.
#[derive(Debug, Default)]
pub(super) struct Versions(Vec<Version>);

#[derive(Debug)]
pub(super) struct Version {
    pub(super) id: String,
    /// None before a rotation's first step has stored it.
    pub(super) value: Option<SecretValue>,
    pub(super) labels: BTreeSet<String>,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) struct SecretValue(pub(super) String);

impl std::fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[hidden]")
    }
}

/// The state of a requested rotation.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RotationState {
    /// This version is pending now.
    Pending(String),
    /// The version exists: the request was repeated after the rotation had finished.
    Finished,
    /// Another version is still pending.
    OtherPending(String),
}

impl Versions {
    /// Finds the version with this id, with this label, or with both; without either, the current one.
    pub(super) fn find(&self, id: Option<&str>, label: Option<&str>) -> Result<(&Version, &SecretValue), ApiError> {
        let missing = |what: String| {
            let message = format!("Secrets Manager can't find the specified secret value for {what}");
            ApiError::new("ResourceNotFoundException", message)
        };
        let (version, what) = if let Some(id) = id {
            (self.0.iter().find(|version| version.id == id), format!("VersionId: {id}"))
        } else {
            let label = label.unwrap_or(CURRENT);
            (self.labelled(label).map(|index| &self.0[index]), format!("staging label: {label}"))
        };
        let version = version.ok_or_else(|| missing(what.clone()))?;
        if label.is_some_and(|label| id.is_some() && !version.labels.contains(label)) {
            let message = "You provided a VersionStage that is not associated to the provided VersionId.";
            return Err(ApiError::new("InvalidRequestException", message));
        }
        let value = version.value.as_ref().ok_or_else(|| missing(what))?;
        Ok((version, value))
    }

    /// Creates a version, or stores the value of a pending one, and moves the labels to it. The first value of all
    /// becomes the current one, too. The same request again changes nothing.
    pub(super) fn put(&mut self, id: &str, value: SecretValue, labels: &[String]) -> Result<&Version, ApiError> {
        let index = match self.index(id) {
            Some(index) => match &self.0[index].value {
                Some(stored) if *stored == value => return Ok(&self.0[index]),
                Some(_) => return Err(in_use(id)),
                None => index,
            },
            None => self.add(id)?,
        };
        self.0[index].value = Some(value);
        for label in labels {
            self.move_label(label, index);
        }
        if self.labelled(CURRENT).is_none() {
            self.move_label(CURRENT, index);
        }
        self.remove_oldest();
        // A version that was removed had no label.
        Ok(self.0.iter().find(|version| version.id == id).expect("a labelled version is not removed"))
    }

    /// Moves a label from one version to another, or removes it.
    pub(super) fn relabel(&mut self, label: &str, from: Option<&str>, to: Option<&str>) -> Result<(), ApiError> {
        let known = |id: &str| {
            self.index(id).ok_or_else(|| {
                ApiError::new("ResourceNotFoundException", format!("Secrets Manager can't find the version {id}."))
            })
        };
        let to = to.map(known).transpose()?;
        let from = from.map(known).transpose()?;
        let holder = self.labelled(label);
        if from.is_some() && from != holder {
            return Err(invalid(format!(
                "Staging label {label} is not attached to the version in RemoveFromVersionId."
            )));
        }
        match (holder, to) {
            // A label moves from one version to another only if the request names the version that has it.
            (Some(holder), Some(to)) if holder != to => {
                if from.is_none() {
                    let id = &self.0[holder].id;
                    return Err(invalid(format!(
                        "The parameter RemoveFromVersionId can't be empty. Staging label {label} is currently attached to \
                         version {id}, so you must explicitly reference that version in RemoveFromVersionId."
                    )));
                }
                self.move_label(label, to);
            }
            // A label that no version has is attached; one that this version has already stays.
            (_, Some(to)) => self.move_label(label, to),
            // A secret always has a current version.
            (_, None) if label == CURRENT => {
                return Err(invalid(format!(
                    "You can only move staging label {CURRENT} to a different secret version. It can't be completely removed."
                )));
            }
            // Another label is removed from the version that the request names.
            (Some(holder), None) if from.is_some() => {
                self.0[holder].labels.remove(label);
            }
            // The request names no version.
            (_, None) => return Err(invalid("Name RemoveFromVersionId, MoveToVersionId or both.".to_owned())),
        }
        self.remove_oldest();
        Ok(())
    }

    /// Creates the pending version of a rotation, without a value.
    pub(super) fn rotate(&mut self, id: &str) -> Result<RotationState, ApiError> {
        if let Some(pending) = self.pending() {
            let version = pending.id.clone();
            return Ok(if version == id {
                RotationState::Pending(version)
            } else {
                RotationState::OtherPending(version)
            });
        }
        if self.index(id).is_some() {
            return Ok(RotationState::Finished);
        }
        let index = self.add(id)?;
        self.move_label(PENDING, index);
        Ok(RotationState::Pending(id.to_owned()))
    }

    /// Returns the version of an unfinished rotation. (After a rotation the label may stay on what is current now.)
    pub(super) fn pending(&self) -> Option<&Version> {
        self.labelled(PENDING).map(|index| &self.0[index]).filter(|version| !version.labels.contains(CURRENT))
    }

    /// Returns the versions that are not deprecated.
    pub(super) fn labelled_versions(&self) -> impl Iterator<Item = &Version> {
        self.0.iter().filter(|version| !version.labels.is_empty())
    }

    fn add(&mut self, id: &str) -> Result<usize, ApiError> {
        if !TOKEN.contains(&id.chars().count()) {
            return Err(invalid("ClientRequestToken must be 32-64 characters long.".to_owned()));
        }
        self.0.push(Version { id: id.to_owned(), value: None, labels: BTreeSet::new() });
        Ok(self.0.len() - 1)
    }

    /// Moves a label. The version that loses `AWSCURRENT` gets `AWSPREVIOUS`.
    fn move_label(&mut self, label: &str, to: usize) {
        let from = self.labelled(label);
        if from == Some(to) {
            return;
        }
        if let Some(from) = from {
            self.0[from].labels.remove(label);
            if label == CURRENT {
                self.move_label(PREVIOUS, from);
            }
        }
        self.0[to].labels.insert(label.to_owned());
    }

    fn remove_oldest(&mut self) {
        let deprecated = |version: &Version| version.labels.is_empty();
        if self.0.iter().filter(|version| deprecated(version)).count() > DEPRECATED
            && let Some(oldest) = self.0.iter().position(deprecated)
        {
            self.0.remove(oldest);
        }
    }

    fn index(&self, id: &str) -> Option<usize> {
        self.0.iter().position(|version| version.id == id)
    }

    fn labelled(&self, label: &str) -> Option<usize> {
        self.0.iter().position(|version| version.labels.contains(label))
    }
}

fn invalid(message: String) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}

fn in_use(id: &str) -> ApiError {
    let message = format!(
        "You can't use ClientRequestToken {id} because that value is already in use for a version of the secret."
    );
    ApiError::new("ResourceExistsException", message)
}
