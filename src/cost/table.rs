//! The estimate as text.

use std::fmt;

use tabled::builder::Builder;
use tabled::settings::object::{Columns, Object, Rows};
use tabled::settings::{Alignment, Modify, Padding, Style};

use super::{Estimate, LineItem, Section};

impl fmt::Display for Estimate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "{} in {}, {} updates a minute, list prices of {}\n",
            self.environment, self.region, self.updates_per_minute, self.prices_as_of
        )?;
        writeln!(formatter, "{}\n", self.table())?;
        writeln!(formatter, "where the quantities come from:")?;
        for line in self.fixed.lines.iter().chain(&self.by_use.lines) {
            writeln!(formatter, "  {}: {}", line.item, line.basis)?;
        }
        writeln!(formatter, "assumptions:")?;
        for assumption in self.assumptions {
            writeln!(formatter, "  {assumption}")?;
        }
        let resources: usize = self.without_price.iter().map(|kind| kind.resources).sum();
        let kinds = self.without_price.len();
        write!(
            formatter,
            "{resources} resources of {kinds} types have no line of their own; `--json` gives the reason of each type"
        )?;
        if !self.unknown.is_empty() {
            write!(formatter, "\nthe total lacks these, whose price is not known: {}", self.unknown.join(", "))?;
        }
        Ok(())
    }
}

impl Estimate {
    fn table(&self) -> String {
        let mut table = Builder::new();
        table.push_record(["", "quantity", "unit", "unit price", "sum"]);
        let updates = format!("for {} million updates", number(self.updates_per_month / 1e6));
        section(&mut table, "fixed", &self.fixed);
        section(&mut table, &updates, &self.by_use);
        table.push_record(["at list prices", "", "", "", &dollars(self.list_total)]);
        section(&mut table, "always free", &self.always_free);
        table.push_record(["total a month", "", "", "", &dollars(self.total)]);
        let numbers = Columns::one(1).and(Columns::new(3..5)).not(Rows::new(0..0));
        let mut table = table.build();
        table.with(Style::blank()).with(Padding::new(0, 1, 0, 0)).with(Modify::new(numbers).with(Alignment::right()));
        let text = table.to_string();
        text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }
}

fn section(table: &mut Builder, title: &str, section: &Section) {
    table.push_record([title]);
    for line in &section.lines {
        table.push_record(row(line));
    }
    table.push_record(["", "", "", "subtotal", &dollars(section.subtotal)]);
}

fn row(line: &LineItem) -> [String; 5] {
    [
        format!("  {}", line.item),
        number(line.quantity),
        line.unit.to_owned(),
        unit_price(line.unit_price),
        dollars(line.sum),
    ]
}

/// Formats a price as AWS does: in cents, or with as many digits as there are.
fn unit_price(dollars: f64) -> String {
    let exact = format!("${dollars}");
    let in_cents = format!("${dollars:.2}");
    if exact.len() > in_cents.len() { exact } else { in_cents }
}

fn dollars(sum: f64) -> String {
    let sign = if sum < 0.0 { "-" } else { "" };
    format!("{sign}${:.2}", sum.abs())
}

/// Formats a number with three or so significant digits.
fn number(number: f64) -> String {
    let digits = match number.abs() {
        large if large >= 100.0 => 0,
        middle if middle >= 1.0 => 2,
        _ => 4,
    };
    let text = format!("{number:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_few_digits() {
        for (value, text) in
            [(730.0, "730"), (43.8, "43.8"), (2.628, "2.63"), (0.0438, "0.0438"), (-9.0, "-9"), (0.0, "0")]
        {
            assert_eq!(number(value), text);
        }
        assert_eq!((dollars(-3.0).as_str(), dollars(0.126).as_str()), ("-$3.00", "$0.13"));
    }
}
