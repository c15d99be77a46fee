//! The files of the contract as they are declared: `UPDATE=1 cargo declare` writes them, and a test fails when they are stale.
//!
//! Names, order and comments come from the declarations of the domain. Numbers come from the files that are checked in: a
//! new field gets the next one that was never given, and what is no longer declared is reserved. What nobody declares, such
//! as streams of bytes and what messages of all resources share, is carried over ([`Known`]) and written by the same printer.

mod known;
mod model;
mod operation;
mod print;
mod resource;
mod shapes;
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use steerco_domain::resource::Kind;
use steerco_domain::{KINDS, RECORDS};
use steerco_service::operation::Does;
use steerco_service::operations;

use known::Known;
use model::{File, Item, Service, merged};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto");

/// The files while they are made.
struct Files {
    known: Known,
    by_path: BTreeMap<String, File>,
    /// Where new messages and enums are.
    places: BTreeMap<String, String>,
}

impl Files {
    /// Puts items where they are today, and new ones together into this file.
    fn put(&mut self, home: &str, items: Vec<Item>) {
        let mut own = Vec::new();
        for item in items {
            match self.known.place(item.name()).filter(|place| *place != home).map(str::to_owned) {
                Some(place) => self.put_in(&place, vec![item]),
                None => own.push(item),
            }
        }
        let names = own.iter().filter(|item| !matches!(item, Item::Service(_)));
        self.places.extend(names.map(|item| (item.name().to_owned(), home.to_owned())));
        self.put_in(home, own);
    }

    fn put_in(&mut self, path: &str, mut wanted: Vec<Item>) {
        let file = self.by_path.entry(path.to_owned()).or_default();
        for item in &mut wanted {
            keep_rpcs(item, file);
        }
        file.items = merged(std::mem::take(&mut file.items), wanted, Item::name);
    }

    /// The file of a service, and what is said of it.
    fn home(&self, name: &str) -> Option<(String, String)> {
        self.by_path.iter().find_map(|(path, file)| {
            file.items.iter().find_map(|item| match item {
                Item::Service(service) if service.name == name => Some((path.clone(), service.doc.clone())),
                _ => None,
            })
        })
    }
}

/// The text of each file by its path.
fn files(kinds: &[&'static Kind]) -> BTreeMap<String, String> {
    let known = Known::read();
    let mut all = Files { by_path: known.files.clone(), places: BTreeMap::new(), known };
    let mut made = BTreeSet::new();
    for kind in kinds {
        let items = resource::items(kind, &all.known, &mut made);
        all.put(&format!("steerco/v1/{}.proto", kind.name), items);
    }
    // The messages of streams and documents are written by hand and carried over.
    for entry in operations().filter(|entry| matches!(entry.operation.does, Does::Run(_))) {
        let name = entry.service();
        let file = || format!("steerco/v1/{}.proto", snake(name.trim_end_matches("Service")));
        let (home, doc) = all.home(&name).unwrap_or_else(|| (file(), format!("{}.", entry.summary())));
        let rpcs = vec![operation::rpc(entry, &all.known)];
        let mut items = vec![Item::Service(Service { name, doc, rpcs })];
        items.extend(operation::items(entry, &all.known, &mut made));
        all.put(&home, items);
    }
    let Files { known, by_path, places } = all;
    let place = |name: &str| known.place(name).map(str::to_owned).or_else(|| places.get(name).cloned());
    by_path.into_iter().map(|(path, file)| (path, print::text(&file, place))).collect()
}

/// `EventTypes` → `event_types`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for (i, letter) in name.char_indices() {
        if i > 0 && letter.is_uppercase() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// Rpcs that a service has of its own stay where they are.
fn keep_rpcs(item: &mut Item, file: &File) {
    let Item::Service(service) = item else { return };
    let there = file.items.iter().find_map(|other| match other {
        Item::Service(other) if other.name == service.name => Some(other.rpcs.clone()),
        _ => None,
    });
    service.rpcs = merged(there.unwrap_or_default(), std::mem::take(&mut service.rpcs), |rpc| &rpc.name);
}

fn all() -> Vec<&'static Kind> {
    KINDS.iter().chain(RECORDS).copied().collect()
}

#[test]
fn protos_are_as_declared() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut stale = Vec::new();
    for (path, text) in files(&all()) {
        let file = Path::new(FOLDER).join(&path);
        if std::fs::read_to_string(&file).ok().as_deref() == Some(&*text) {
            continue;
        }
        if update {
            std::fs::write(file, text).unwrap();
        } else {
            stale.push(path);
        }
    }
    assert!(stale.is_empty(), "stale: run UPDATE=1 cargo declare; {stale:?}");
}
