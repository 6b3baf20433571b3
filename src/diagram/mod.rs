//! The stack as a Mermaid flowchart, drawn from the resources and references of a rendered file.
//!
//! - `nodes`: the resources that are drawn
//! - `edges`: the arrows between them, from the references alone

mod edges;
mod nodes;

use std::collections::BTreeMap;
use std::fmt::Write;

use self::edges::edges;
use self::nodes::nodes;
use crate::terraform::declared::Declared;

/// Draws an environment's `main.tf.json`; an error if the text is not a rendered file.
pub fn flowchart(main: &str) -> serde_json::Result<String> {
    let stack = Declared::read(main)?;
    let nodes = nodes(&stack);
    let node_of: BTreeMap<_, _> = nodes
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
        if let (Some(from), Some(to)) = (node_of.get(edge.from.as_str()), node_of.get(edge.to.as_str())) {
            let arrow = format!("{from} {} {to}", edge.arrow);
            // Several resources may share a node.
            if !drawn.contains(&arrow) {
                line(&mut text, 1, &arrow);
                drawn.push(arrow);
            }
        }
    }
    Ok(text)
}

/// Returns the title of the network, with the services that it has endpoints for.
fn network(stack: &Declared) -> String {
    let services = stack.of("aws_vpc_endpoint").filter_map(|endpoint| endpoint.text("service_name"));
    let services: Vec<_> = services.filter_map(|name| name.rsplit('.').next()).collect();
    format!("private subnets, endpoints: {}", services.join(", "))
}

fn line(text: &mut String, depth: usize, content: &str) {
    writeln!(text, "{:depth$}{content}", "", depth = depth * 4).ok();
}
