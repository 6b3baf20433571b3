//! Lines of the estimate, and their sums.

use serde::Serialize;

use super::prices::Price;

/// The monthly cost of one item.
#[derive(Clone, Debug, Serialize)]
pub struct LineItem {
    pub item: String,
    /// In units.
    pub quantity: f64,
    pub unit: &'static str,
    /// In US dollars.
    pub unit_price: f64,
    /// In US dollars a month, to the cent.
    pub sum: f64,
    /// The basis of the quantity: the resources or the sum that it comes from.
    pub basis: String,
    /// The URL of the price's page.
    pub page: &'static str,
    #[serde(skip)]
    pub(super) price: Price,
}

impl LineItem {
    /// Returns the line for a count, which is not yet divided by the price's unit.
    pub(super) fn new(price: Price, count: f64, basis: impl Into<String>) -> Self {
        let quantity = count / price.size;
        Self {
            item: price.name.to_owned(),
            quantity,
            unit: price.unit,
            unit_price: price.dollars,
            sum: cents(quantity * price.dollars),
            basis: basis.into(),
            page: price.page,
            price,
        }
    }

    /// Replaces the item's name, which is the price's.
    pub(super) fn named(mut self, item: impl Into<String>) -> Self {
        self.item = item.into();
        self
    }

    /// Returns the count that the line was made from.
    pub(super) fn count(&self) -> f64 {
        self.quantity * self.price.size
    }
}

/// Lines that are summed up. The subtotal is the sum of the rounded sums, so that what is shown adds up.
#[derive(Clone, Debug, Serialize)]
pub struct Section {
    pub lines: Vec<LineItem>,
    /// In US dollars a month.
    pub subtotal: f64,
}

impl Section {
    /// Sums up lines, the most expensive first; lines of the same item are merged.
    pub(super) fn of(lines: Vec<LineItem>) -> Self {
        let mut merged: Vec<LineItem> = Vec::new();
        for line in lines {
            match merged.iter_mut().find(|other| other.item == line.item && other.price == line.price) {
                Some(other) => {
                    let basis = format!("{}; {}", other.basis, line.basis);
                    *other = LineItem::new(line.price, other.count() + line.count(), basis).named(line.item);
                }
                None => merged.push(line),
            }
        }
        merged.sort_by(|one, other| other.sum.abs().total_cmp(&one.sum.abs()));
        let subtotal = cents(merged.iter().map(|line| line.sum).sum());
        Self { lines: merged, subtotal }
    }
}

/// Converts a count to a number for calculations.
pub(super) fn float(count: usize) -> f64 {
    u32::try_from(count).unwrap_or(u32::MAX).into()
}

/// Rounds to the cent.
pub(super) fn cents(dollars: f64) -> f64 {
    (dollars * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::super::prices::{KEY_CALL, SECRET};
    use super::*;

    #[test]
    fn a_line_is_rounded_to_the_cent() {
        let line = LineItem::new(KEY_CALL, 43_800.0, "test");
        assert!((line.quantity - 4.38).abs() < 1e-9, "{line:?}");
        // 4.38 times $0.03 is $0.1314.
        assert!((line.sum - 0.13).abs() < 1e-9, "{line:?}");
    }

    #[test]
    fn lines_of_one_item_become_one() {
        let calls = LineItem::new(KEY_CALL, 1e6, "calls");
        let section =
            Section::of(vec![LineItem::new(SECRET, 3.0, "ours"), calls, LineItem::new(SECRET, 1.0, "master")]);
        let [calls, secrets] = section.lines.as_slice() else { panic!("{section:?}") };
        assert_eq!(calls.basis, "calls");
        assert_eq!(secrets.basis, "ours; master");
        assert!((secrets.sum - 1.60).abs() < 1e-9 && (section.subtotal - 4.60).abs() < 1e-9, "{section:?}");
    }
}
