//! Suppliers, who may put events on the stream.

use pipegen_contract::probe;
use pipegen_contract::supplier_role::PREFIX as ROLE_PREFIX;
use pipegen_event::Supplier as Name;
use toml::Spanned;
use toml::de::DeValue;

use super::fault::Fault;
use super::principal::{LONGEST_IAM_NAME, Principal};
use super::reader::{Problem, Reader, wrong_type};

/// A supplier, who is given a role of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supplier {
    /// Its name in events (`/suppliers/{name}`) and in its role.
    pub name: Name,
    /// The principal that may assume the role.
    pub principal: Principal,
    /// The external id that must be given with it, so that a third party with many customers cannot be talked into
    /// assuming the role for another of them.
    pub external_id: Option<String>,
}

const KEY: &str = "suppliers";

/// The longest list of names for which there is room in an environment variable. Lambda takes 4096 bytes of all of a
/// function's variables, as JSON, and the processor's others take less than 1396.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const LONGEST_NAMES: usize = 2700;

/// Reads the table `suppliers`: from a name to an ARN, or to a table of `principal` and `external_id`.
pub(super) fn suppliers(reader: &mut Reader<'_>) -> Vec<Supplier> {
    let kinds = "a table of ARNs by name";
    let Some(value) = reader.value(KEY, kinds) else { return Vec::new() };
    let Some(table) = value.get_ref().as_table() else {
        reader.refuse(KEY, value.span(), wrong_type(kinds, value.get_ref()));
        return Vec::new();
    };
    let mut suppliers = Vec::new();
    for (name, who) in table {
        let named: Result<Name, _> = name.get_ref().parse();
        let rule = match &named {
            Err(rule) => Some(rule.to_string()),
            Ok(named) if named.as_str() == probe::SUPPLIER => Some("is that of `pipegen probe`".to_owned()),
            Ok(_) => None,
        };
        if let Some(rule) = rule {
            let problem = Problem::new(format!("cannot have the name `{}`: it {rule}", name.get_ref()));
            reader.refuse(KEY, name.span(), problem);
            continue;
        }
        let who = principal(reader, name.get_ref(), who);
        if let (Ok(name), Some((principal, external_id))) = (named, who) {
            suppliers.push(Supplier { name, principal, external_id });
        }
    }
    suppliers
}

/// Reads the principal that may assume a supplier's role, and the external id.
fn principal(reader: &mut Reader<'_>, name: &str, value: &Spanned<DeValue<'_>>) -> Option<(Principal, Option<String>)> {
    let DeValue::Table(table) = value.get_ref() else {
        let text = value.get_ref().as_str().ok_or_else(|| wrong_type("an ARN or a table", value.get_ref()));
        let principal = text.and_then(|text| {
            Principal::parse(text).map_err(|problem| Problem::new(format!("cannot be `{text}`: {problem}")))
        });
        return match principal {
            Ok(principal) => Some((principal, None)),
            Err(problem) => {
                reader.faults.push(problem.fault(value.span(), &format!("the supplier `{name}`")));
                None
            }
        };
    };
    let mut inner = Reader::new(vec![table]);
    let principal = inner.optional_text("principal", "an ARN", Principal::parse);
    let external_id = inner.optional_text("external_id", "an external id", external_id);
    inner.refuse_unknown();
    if inner.span("principal").is_none() {
        inner.faults.push(Fault::new(Some(value.span()), format!("the supplier `{name}` has no `principal`")));
    }
    reader.faults.append(&mut inner.faults);
    principal.map(|principal| (principal, external_id))
}

/// Parses an external id.
///
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
fn external_id(text: &str) -> Result<String, String> {
    let fits =
        (2..=1224).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c));
    if fits { Ok(text.to_owned()) } else { Err("an external id has 2 to 1224 letters, digits and `_+=,.@:/-`".into()) }
}

/// Collects the suppliers whose role would have too long a name in this environment.
pub(super) fn check_names(environment: &str, suppliers: &[Supplier], reader: &Reader<'_>) -> Vec<Fault> {
    let room = LONGEST_IAM_NAME.saturating_sub(ROLE_PREFIX.len() + 1 + environment.len());
    let too_long = suppliers.iter().filter(|supplier| supplier.name.len() > room);
    let fault = |Supplier { name, .. }: &Supplier| {
        let message = format!(
            "the supplier `{name}` is too long: it has {} characters and may have {room}, because the IAM role \
             `{ROLE_PREFIX}…-{environment}` may have {LONGEST_IAM_NAME}",
            name.len()
        );
        Fault::new(reader.span_of_entry(KEY, name), message)
    };
    too_long.map(fault).collect()
}

/// Returns the names as the processor reads them, if there are any.
pub fn supplier_names(suppliers: &[Supplier]) -> Option<String> {
    let names: Vec<&str> = suppliers.iter().map(|supplier| supplier.name.as_str()).collect();
    (!names.is_empty()).then(|| names.join(","))
}

/// Returns a fault if there are more suppliers than the processor's environment variable can hold.
pub(super) fn check_number(suppliers: &[Supplier], reader: &Reader<'_>) -> Option<Fault> {
    let length = supplier_names(suppliers)?.len();
    let message = format!(
        "`suppliers` names {} suppliers in {length} characters, commas among them, and may take {LONGEST_NAMES}: the processor \
         reads them from an environment variable, and all of a function's may take 4 KB",
        suppliers.len()
    );
    let help = "give them shorter names, or leave `suppliers` out: then everybody's events are accepted, and the roles are to \
                be created elsewhere";
    (length > LONGEST_NAMES).then(|| Fault::new(reader.span(KEY), message).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_external_id_is_what_iam_takes() {
        assert!(external_id("shared:7f3a/b+c=d,e.f@g-h_i").is_ok());
        for bad in ["", "x", "a b", "a\u{e4}", "a*", &"x".repeat(1225)] {
            assert!(external_id(bad).is_err(), "{bad}");
        }
    }
}
