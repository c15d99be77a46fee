//! Graphs of dependencies.

use std::collections::{HashMap, VecDeque};

use crate::error::{Error, Fault, Reason};

/// A predecessor and its successor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    pub from: String,
    pub to: String,
}

/// The shortest path along these edges, both ends included.
pub fn find_path(edges: &[Edge], from: &str, to: &str) -> Option<Vec<String>> {
    let mut next: HashMap<&str, Vec<&str>> = HashMap::new();
    for edge in edges {
        next.entry(&edge.from).or_default().push(&edge.to);
    }
    let mut came: HashMap<&str, &str> = HashMap::from([(from, from)]);
    let mut waiting = VecDeque::from([from]);
    while let Some(here) = waiting.pop_front() {
        if here == to {
            let mut path = vec![here.to_owned()];
            let mut at = here;
            while at != from {
                at = came.get(at)?;
                path.push(at.to_owned());
            }
            path.reverse();
            return Some(path);
        }
        for there in next.get(here).into_iter().flatten() {
            if !came.contains_key(there) {
                came.insert(there, here);
                waiting.push_back(there);
            }
        }
    }
    None
}

/// The error for an edge that would close this path to a cycle. `seen` tells which of its ids are visible to the caller.
pub fn cycle(field: &str, path: &[String], seen: impl Fn(&str) -> bool) -> Error {
    let name = |id: &String| if seen(id) { id.clone() } else { "(hidden)".to_owned() };
    let names: Vec<String> = path.iter().map(name).collect();
    let first = names.first().cloned().unwrap_or_default();
    let detail = format!("would close a cycle: {} → {first}", names.join(" → "));
    let mut faults = vec![Fault::new(format!("/{field}"), "CYCLE", detail.clone())];
    faults.extend(names.into_iter().map(|name| Fault::new(format!("/{field}"), "CYCLE_MEMBER", name)));
    Error { faults, ..Error::new(Reason::Cycle, detail) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn edges(pairs: &[(u8, u8)]) -> Vec<Edge> {
        pairs.iter().map(|(from, to)| Edge { from: from.to_string(), to: to.to_string() }).collect()
    }

    #[test]
    fn the_shortest_way_is_found() {
        let graph = edges(&[(1, 2), (2, 3), (3, 4), (2, 4), (4, 1)]);
        assert_eq!(find_path(&graph, "1", "4").unwrap(), ["1", "2", "4"]);
        assert_eq!(find_path(&graph, "1", "1").unwrap(), ["1"]);
        assert_eq!(find_path(&graph, "1", "5"), None);
    }

    proptest! {
        /// Edges that do not close a path never form a cycle, in any order.
        #[test]
        fn what_is_let_in_stays_without_cycles(pairs in prop::collection::vec((0u8..12, 0u8..12), 0..60)) {
            let mut graph = Vec::new();
            for edge in edges(&pairs) {
                if find_path(&graph, &edge.to, &edge.from).is_none() {
                    graph.push(edge);
                }
            }
            let mut left = graph;
            while !left.is_empty() {
                let all = left.clone();
                let before = left.len();
                left.retain(|edge| all.iter().any(|other| other.to == edge.from));
                prop_assert!(left.len() < before, "a cycle is left: {left:?}");
            }
        }
    }
}
