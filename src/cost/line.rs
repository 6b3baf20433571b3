//! A line of the estimate, and sums of lines.

use serde::Serialize;

use super::prices::Price;

/// What one thing costs a month.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// What costs.
    pub item: String,
    /// How much of it, in units.
    pub quantity: f64,
    /// The unit.
    pub unit: &'static str,
    /// US dollars for a unit.
    pub unit_price: f64,
    /// US dollars a month, to the cent.
    pub sum: f64,
    /// Where the quantity comes from.
    pub how: String,
    /// The page that the price is from.
    pub page: &'static str,
    #[serde(skip)]
    pub(super) price: Price,
}

impl Line {
    /// The line of so many of what the price counts.
    pub(super) fn new(price: Price, count: f64, how: impl Into<String>) -> Self {
        let quantity = count / price.size;
        Self {
            item: price.name.to_owned(),
            quantity,
            unit: price.unit,
            unit_price: price.dollars,
            sum: cents(quantity * price.dollars),
            how: how.into(),
            page: price.page,
            price,
        }
    }

    /// Says more than the price's own name does.
    pub(super) fn called(mut self, item: impl Into<String>) -> Self {
        self.item = item.into();
        self
    }

    /// How many of what the price counts.
    pub(super) fn count(&self) -> f64 {
        self.quantity * self.price.size
    }
}

/// Lines that belong together. The sum of what is shown is what is shown as the sum.
#[derive(Clone, Debug, Serialize)]
pub struct Section {
    /// The lines.
    pub lines: Vec<Line>,
    /// US dollars a month.
    pub subtotal: f64,
}

impl Section {
    /// Adds up the lines, the dearest first; those of one item become one.
    pub(super) fn of(lines: Vec<Line>) -> Self {
        let mut merged: Vec<Line> = Vec::new();
        for line in lines {
            match merged.iter_mut().find(|other| other.item == line.item && other.price == line.price) {
                Some(other) => {
                    let how = format!("{}; {}", other.how, line.how);
                    *other = Line::new(line.price, other.count() + line.count(), how).called(line.item);
                }
                None => merged.push(line),
            }
        }
        merged.sort_by(|one, other| other.sum.abs().total_cmp(&one.sum.abs()));
        let subtotal = cents(merged.iter().map(|line| line.sum).sum());
        Self { lines: merged, subtotal }
    }
}

/// A count to reckon with.
pub(super) fn counted(count: usize) -> f64 {
    u32::try_from(count).unwrap_or(u32::MAX).into()
}

/// To the cent.
pub(super) fn cents(dollars: f64) -> f64 {
    (dollars * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::super::prices::{KEY_CALL, SECRET};
    use super::*;

    #[test]
    fn a_line_is_rounded_to_the_cent() {
        let line = Line::new(KEY_CALL, 43_800.0, "test");
        assert!((line.quantity - 4.38).abs() < 1e-9, "{line:?}");
        // 4.38 times $0.03 is $0.1314.
        assert!((line.sum - 0.13).abs() < 1e-9, "{line:?}");
    }

    #[test]
    fn lines_of_one_item_become_one() {
        let calls = Line::new(KEY_CALL, 1e6, "calls");
        let section = Section::of(vec![Line::new(SECRET, 3.0, "ours"), calls, Line::new(SECRET, 1.0, "master")]);
        let [calls, secrets] = section.lines.as_slice() else { panic!("{section:?}") };
        assert_eq!(calls.how, "calls");
        assert_eq!(secrets.how, "ours; master");
        assert!((secrets.sum - 1.60).abs() < 1e-9 && (section.subtotal - 4.60).abs() < 1e-9, "{section:?}");
    }
}
