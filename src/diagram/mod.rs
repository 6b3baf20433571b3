//! The stack as a picture: a Mermaid flowchart of what a rendered file declares and refers to.
//!
//! - `nodes`: which resources are drawn, and how
//! - `edges`: what leads where, from the references alone

mod edges;
mod nodes;

use std::collections::BTreeMap;
use std::fmt::Write;

use self::edges::edges;
use self::nodes::nodes;
use crate::terraform::declared::Declared;

/// The flowchart of an environment's `main.tf.json`.
///
/// # Errors
/// If the text is no rendered file.
pub fn flowchart(main: &str) -> serde_json::Result<String> {
    let stack = Declared::read(main)?;
    let nodes = nodes(&stack);
    let places: BTreeMap<_, _> = nodes
        .iter()
        .flat_map(|node| node.addresses.iter().map(|address| (address.as_str(), node.id.as_str())))
        .collect();
    let mut text = "flowchart LR\n".to_owned();
    for node in nodes.iter().filter(|node| !node.is_inside) {
        line(&mut text, 1, &node.to_string());
    }
    line(&mut text, 1, &format!("subgraph network [\"{}\"]", network(&stack)));
    for node in nodes.iter().filter(|node| node.is_inside) {
        line(&mut text, 2, &node.to_string());
    }
    line(&mut text, 1, "end");
    let mut drawn = Vec::new();
    for edge in edges(&stack) {
        if let (Some(from), Some(to)) = (places.get(edge.from.as_str()), places.get(edge.to.as_str())) {
            let arrow = format!("{from} {} {to}", edge.arrow());
            // Several resources may be one node.
            if !drawn.contains(&arrow) {
                line(&mut text, 1, &arrow);
                drawn.push(arrow);
            }
        }
    }
    Ok(text)
}

/// What the network is called: what it is, and the ways out of it.
fn network(stack: &Declared) -> String {
    let services = stack.of("aws_vpc_endpoint").filter_map(|endpoint| endpoint.text("service_name"));
    let services: Vec<_> = services.filter_map(|name| name.rsplit('.').next()).collect();
    format!("private subnets, ways out: {}", services.join(", "))
}

fn line(text: &mut String, depth: usize, content: &str) {
    writeln!(text, "{:depth$}{content}", "", depth = depth * 4).ok();
}
