//! One secret: its versions and the labels on them (pure).
//!
//! A version is named by the token of the request that made it, and never changes once it has a value. A label is on one
//! version at most. One that nobody labels is deprecated: it is still there for a while, but no longer told of.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html>

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::CURRENT;
use crate::emulators::api_error::ApiError;

/// The label of the version that was current before.
pub(super) const PREVIOUS: &str = "AWSPREVIOUS";
/// The label of the version that a rotation makes.
pub(super) const PENDING: &str = "AWSPENDING";
/// How many deprecated versions are kept (the service's number).
const DEPRECATED: usize = 100;
/// How long a token is, in characters.
const TOKEN: RangeInclusive<usize> = 32..=64;

/// A secret's versions, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Versions(Vec<Version>);

#[derive(Debug)]
pub(super) struct Version {
    pub(super) id: String,
    /// None as long as a rotation has only announced it.
    pub(super) value: Option<Value>,
    pub(super) labels: BTreeSet<String>,
}

/// A secret value.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Value(pub(super) String);

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[hidden]")
    }
}

/// What has to be done for a rotation that was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Rotation {
    /// Begin: this version is pending now.
    Begin(String),
    /// Nothing, since it is done: the request came twice.
    Done,
    /// Another version is still pending.
    Unfinished(String),
}

impl Versions {
    /// The version with this id, with this label, or with both; without either, the current one.
    pub(super) fn find(&self, id: Option<&str>, label: Option<&str>) -> Result<(&Version, &Value), ApiError> {
        let missing = |what: String| {
            let message = format!("Secrets Manager can't find the specified secret value for {what}");
            ApiError::new("ResourceNotFoundException", message)
        };
        let (version, what) = if let Some(id) = id {
            (self.0.iter().find(|version| version.id == id), format!("VersionId: {id}"))
        } else {
            let label = label.unwrap_or(CURRENT);
            (self.labelled(label).map(|place| &self.0[place]), format!("staging label: {label}"))
        };
        let version = version.ok_or_else(|| missing(what.clone()))?;
        if label.is_some_and(|label| id.is_some() && !version.labels.contains(label)) {
            let message = "You provided a VersionStage that is not associated to the provided VersionId.";
            return Err(ApiError::new("InvalidRequestException", message));
        }
        let value = version.value.as_ref().ok_or_else(|| missing(what))?;
        Ok((version, value))
    }

    /// Makes a version, or gives an announced one its value, and moves the labels to it. The first value of all is the current
    /// one, too. The same request again changes nothing.
    pub(super) fn put(&mut self, id: &str, value: Value, labels: &[String]) -> Result<&Version, ApiError> {
        let place = match self.place(id) {
            Some(place) => match &self.0[place].value {
                Some(stored) if *stored == value => return Ok(&self.0[place]),
                Some(_) => return Err(in_use(id)),
                None => place,
            },
            None => self.add(id)?,
        };
        self.0[place].value = Some(value);
        for label in labels {
            self.move_label(label, place);
        }
        if self.labelled(CURRENT).is_none() {
            self.move_label(CURRENT, place);
        }
        self.forget_oldest();
        // Whatever was forgotten had no label.
        Ok(self.0.iter().find(|version| version.id == id).expect("it has just got a label"))
    }

    /// Moves a label from one version to another, or takes it off.
    pub(super) fn relabel(&mut self, label: &str, from: Option<&str>, to: Option<&str>) -> Result<(), ApiError> {
        let known = |id: &str| {
            self.place(id).ok_or_else(|| {
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
            (_, Some(to)) => self.move_label(label, to),
            (_, None) if label == CURRENT => {
                return Err(invalid(format!(
                    "You can only move staging label {CURRENT} to a different secret version. It can't be completely removed."
                )));
            }
            (Some(holder), None) if from.is_some() => {
                self.0[holder].labels.remove(label);
            }
            (_, None) => return Err(invalid("Name RemoveFromVersionId, MoveToVersionId or both.".to_owned())),
        }
        self.forget_oldest();
        Ok(())
    }

    /// Announces the version that a rotation will make: it is pending from now on, still without a value.
    pub(super) fn rotate(&mut self, id: &str) -> Result<Rotation, ApiError> {
        if let Some(pending) = self.pending() {
            let version = pending.id.clone();
            return Ok(if version == id { Rotation::Begin(version) } else { Rotation::Unfinished(version) });
        }
        if self.place(id).is_some() {
            return Ok(Rotation::Done);
        }
        let place = self.add(id)?;
        self.move_label(PENDING, place);
        Ok(Rotation::Begin(id.to_owned()))
    }

    /// The version of a rotation that has not come to its end. (When it has, the label may stay on what is current now.)
    pub(super) fn pending(&self) -> Option<&Version> {
        self.labelled(PENDING).map(|place| &self.0[place]).filter(|version| !version.labels.contains(CURRENT))
    }

    /// The versions that are told of.
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

    /// What loses `AWSCURRENT` gets `AWSPREVIOUS`.
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

    fn forget_oldest(&mut self) {
        let deprecated = |version: &Version| version.labels.is_empty();
        if self.0.iter().filter(|version| deprecated(version)).count() > DEPRECATED
            && let Some(oldest) = self.0.iter().position(deprecated)
        {
            self.0.remove(oldest);
        }
    }

    fn place(&self, id: &str) -> Option<usize> {
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
