//! The files of the contract as they are declared: `UPDATE=1 cargo declare` writes them, and a test fails when they are stale.
//!
//! Names, order and comments come from the declarations of the domain. Numbers come from the files that are checked in: a
//! new field gets the next one that was never given, and what is no longer declared is reserved. What nobody declares yet,
//! such as computed answers, is carried over ([`Known`]) and written by the same printer.

mod known;
mod model;
mod print;
mod resource;
mod shapes;
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use steerco_domain::resource::Kind;
use steerco_domain::{KINDS, RECORDS};

use known::Known;
use model::{File, Item, merged};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto");

/// The text of each file by its path.
fn files(kinds: &[&'static Kind]) -> BTreeMap<String, String> {
    let known = Known::read();
    let mut files = known.files.clone();
    let mut made = BTreeSet::new();
    let mut places: BTreeMap<String, String> = BTreeMap::new();
    for kind in kinds {
        let home = format!("steerco/v1/{}.proto", kind.name);
        let mut own = Vec::new();
        for item in resource::items(kind, &known, &mut made) {
            match known.place(item.name()).filter(|place| *place != home) {
                Some(place) => place_in(files.entry(place.to_owned()).or_default(), vec![item]),
                None => own.push(item),
            }
        }
        places.extend(own.iter().map(|item| (item.name().to_owned(), home.clone())));
        place_in(files.entry(home).or_default(), own);
    }
    let place = |name: &str| known.place(name).map(str::to_owned).or_else(|| places.get(name).cloned());
    files.into_iter().map(|(path, file)| (path, print::text(&file, place))).collect()
}

fn place_in(file: &mut File, mut wanted: Vec<Item>) {
    for item in &mut wanted {
        keep_rpcs(item, file);
    }
    file.items = merged(std::mem::take(&mut file.items), wanted, Item::name);
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
