//! Principals that may call the catalog's URL.

use super::principal::Principal;
use super::reader::{Problem, Reader, wrong_type};

const KEY: &str = "readers";

/// The largest policy of a function, in bytes.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const LARGEST_POLICY: usize = 20 * 1024;

/// The bytes of a reader's two statements, besides its ARN in each.
const STATEMENTS: usize = 520;

/// Reads the list `readers`.
pub(super) fn readers(reader: &mut Reader<'_>) -> Vec<Principal> {
    let kinds = "a list of ARNs";
    let Some(value) = reader.value(KEY, kinds) else { return Vec::new() };
    let Some(list) = value.get_ref().as_array() else {
        reader.refuse(KEY, value.span(), wrong_type(kinds, value.get_ref()));
        return Vec::new();
    };
    let mut readers = Vec::new();
    for item in list {
        let text = item.get_ref().as_str().ok_or_else(|| wrong_type(kinds, item.get_ref()));
        let principal = text.and_then(|text| {
            Principal::parse(text).map_err(|problem| Problem::new(format!("cannot hold `{text}`: {problem}")))
        });
        match principal {
            Ok(principal) if readers.contains(&principal) => {
                reader.refuse(KEY, item.span(), Problem::new(format!("names `{principal}` twice")));
            }
            Ok(principal) => readers.push(principal),
            Err(problem) => reader.refuse(KEY, item.span(), problem),
        }
    }
    let size: usize = readers.iter().map(|principal| STATEMENTS + 2 * principal.arn().len()).sum();
    if size > LARGEST_POLICY {
        let message = format!("are too many for a function's policy: {size} bytes, it takes {LARGEST_POLICY}");
        let help = "name a whole account (`arn:aws:iam::111122223333:root`) and let its own policies decide";
        reader.refuse(KEY, value.span(), Problem::new(message).help(help.to_owned()));
    }
    readers
}
