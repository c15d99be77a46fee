//! Modules of a crate stand in no circle: each can be read, and understood, after those that it needs.
//!
//! A module is a file or a folder directly below `src`; a folder of an area holds modules as `src` itself does. A module
//! needs another where its source names it: `use crate::other::…`, `crate::other::…` anywhere, and `super::…` that leaves
//! its own folder. Tests do not count. What a root (`lib.rs`, or `mod.rs` of an area) hands on counts as the module it
//! comes from. The root itself lies in no circle: it only lists, and [`Crate::from_root`] says which of its lists a module
//! may read.
//!
//! A circle is broken by moving what both sides need into the module that ought to have it, or into one of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

struct Crate {
    name: &'static str,
    /// What its root has of its own that modules may name.
    from_root: &'static [&'static str],
}

const CRATES: [Crate; 3] = [
    // The list of kinds: rules that speak of any kind look it up.
    Crate { name: "domain", from_root: &["KINDS", "RECORDS", "find_kind"] },
    Crate { name: "persistence", from_root: &[] },
    Crate { name: "service", from_root: &[] },
];

/// Folders that hold modules, where they are folders. The root hands their modules on, so that paths leave them out.
const AREAS: [&str; 15] = [
    "kernel",
    "types",
    "access",
    "portfolio",
    "strategy",
    "risk",
    "people",
    "governance",
    "ledger",
    "partners",
    "integration",
    "write",
    "read",
    "feed",
    "bulk",
];

/// A path, segment by segment; from the root of its crate where nothing else is said.
type Names = Vec<String>;

/// Sources by the path of their module.
type Sources = BTreeMap<Names, TokenStream>;

/// What each module needs: the other module, and the paths by which it is named.
type Needs = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

#[test]
fn no_module_stands_in_a_circle() {
    let mut faults = String::new();
    for Crate { name, from_root } in CRATES {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates").join(name).join("src");
        let (needs, taken) = needs_of(&sources_of(&folder));
        for (module, item) in taken.iter().filter(|(_, item)| !from_root.contains(&item.as_str())) {
            writeln!(faults, "{name}: {module} takes {item} from the root: move it into a module").unwrap();
        }
        for circle in circles_of(&needs) {
            writeln!(faults, "{name}: {}", shown(&circle, &needs)).unwrap();
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

/// The sources below a folder, without tests.
fn sources_of(folder: &Path) -> Sources {
    let (mut sources, mut folders) = (Sources::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if let Some(names) = module_of(path.strip_prefix(folder).unwrap()) {
                let text = std::fs::read_to_string(&path).unwrap();
                sources.insert(names, text.parse().unwrap_or_else(|fault| panic!("{}: {fault}", path.display())));
            }
        }
    }
    sources
}

/// The path of the module in a file; `None` for what is no module, or one of tests.
fn module_of(file: &Path) -> Option<Names> {
    let mut names: Names = PathBuf::from(file).iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    let stem = names.pop()?.strip_suffix(".rs")?.to_owned();
    match stem.as_str() {
        "lib" | "main" | "mod" => {}
        stem if stem == "tests" || stem.ends_with("_tests") => return None,
        stem => names.push(stem.to_owned()),
    }
    Some(names)
}

/// What the modules need of each other, and what they take from the root.
fn needs_of(sources: &Sources) -> (Needs, BTreeSet<(String, String)>) {
    let (mut needs, mut taken) = (Needs::new(), BTreeSet::new());
    let tree = Tree::new(sources);
    for (names, source) in sources {
        let Some(here) = tree.module(names) else { continue };
        for path in named(source, names) {
            match tree.find(&path) {
                Some(found) if found == here => {}
                Some(found) => {
                    needs.entry(here.clone()).or_default().entry(found).or_default().insert(path.join("::"));
                }
                None => {
                    taken.insert((here.clone(), path.join("::")));
                }
            }
        }
    }
    (needs, taken)
}

/// The modules of a crate, and what its roots hand on.
struct Tree {
    modules: BTreeSet<Names>,
    /// By the path of the root and the name there.
    handed_on: BTreeMap<(Names, String), Names>,
}

impl Tree {
    fn new(sources: &Sources) -> Self {
        let area = |names: &[String]| names.len() == 1 && AREAS.contains(&names[0].as_str());
        let is_root = |names: &Names| {
            names.is_empty() || area(names) && sources.keys().any(|at| at.len() > 1 && at[0] == names[0])
        };
        let modules = sources.keys().filter(|names| !is_root(names)).cloned().collect();
        let mut tree = Self { modules, handed_on: BTreeMap::new() };
        for (root, source) in sources.iter().filter(|(names, _)| is_root(names)) {
            for path in handed_on(source, root) {
                let name = path.last().cloned().unwrap_or_default();
                tree.handed_on.insert((root.clone(), name), path);
            }
        }
        tree
    }

    /// The module that a path leads to or into; `None` where it ends at a root.
    fn module(&self, path: &[String]) -> Option<String> {
        (1..=path.len().min(2))
            .map(|n| &path[..n])
            .find(|start| self.modules.contains(*start))
            .map(|found| found.join("/"))
    }

    /// A module that a path names without its area, or something that an area has from the module of its own name.
    fn in_an_area(&self, path: &[String]) -> Option<String> {
        let first = path.first()?.as_str();
        let own = AREAS.iter().filter(|area| **area == first);
        own.chain(AREAS.iter()).find_map(|area| self.module(&[(*area).to_owned(), first.to_owned()]))
    }

    /// The same, through what a root hands on.
    fn find(&self, path: &[String]) -> Option<String> {
        let mut path = path.to_vec();
        // No root hands on from so many others.
        for _ in 0..3 {
            if let Some(module) = self.module(&path).or_else(|| self.in_an_area(&path)) {
                return Some(module);
            }
            let mut ends = (0..path.len().min(2)).map(|n| (path[..n].to_vec(), path[n].clone()));
            path = ends.find_map(|end| self.handed_on.get(&end))?.clone();
        }
        None
    }
}

/// The paths that a source names below its own crate.
fn named(source: &TokenStream, here: &[String]) -> BTreeSet<Names> {
    let mut paths = BTreeSet::new();
    walk(source, here, &mut |names, here| {
        let supers = names.iter().take_while(|name| *name == "super").count();
        match names[0].as_str() {
            "crate" => paths.insert(names[1..].to_vec()),
            "super" => paths.insert([&here[..here.len().saturating_sub(supers)], &names[supers..]].concat()),
            _ => false,
        };
    });
    paths.retain(|path| !path.is_empty());
    paths
}

/// The paths that a root imports.
fn handed_on(source: &TokenStream, root: &[String]) -> BTreeSet<Names> {
    let mut paths = BTreeSet::new();
    walk(source, root, &mut |names, _| {
        let names = match names[0].as_str() {
            "use" if matches!(names.get(1).map(String::as_str), Some("crate")) => names[2..].to_vec(),
            "use" => [root, &names[1 + usize::from(names.get(1).is_some_and(|name| name == "self"))..]].concat(),
            _ => return,
        };
        paths.insert(names);
    });
    paths
}

/// Visits every path that begins with `crate` or `super`, and every import with `use` before it; each with the module that
/// it stands in.
fn walk(source: &TokenStream, here: &[String], visit: &mut dyn FnMut(&[String], &[String])) {
    let tokens: Vec<TokenTree> = source.clone().into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Punct(punct) if punct.as_char() == '#' && is_of_tests(tokens.get(at + 1)) => {
                at = end_of_item(&tokens, at + 2);
                continue;
            }
            TokenTree::Group(group) => {
                let inner = match &tokens[at.saturating_sub(2)..at] {
                    [TokenTree::Ident(word), TokenTree::Ident(name)] if word == "mod" => Some(name.to_string()),
                    _ => None,
                };
                walk(&group.stream(), &[here, inner.as_slice()].concat(), visit);
            }
            TokenTree::Ident(word) if word == "use" => {
                branches(&tokens, at + 1, &["use".to_owned()], &mut |names| visit(names, here));
            }
            TokenTree::Ident(word) if (word == "crate" || word == "super") && begins_path(&tokens, at) => {
                at = branches(&tokens, at, &[], &mut |names| visit(names, here));
                continue;
            }
            _ => {}
        }
        at += 1;
    }
}

fn is_colons(tokens: Option<&[TokenTree]>) -> bool {
    matches!(tokens, Some([first, second]) if is(Some(first), ':') && is(Some(second), ':'))
}

/// Whether the word here begins a path that goes on.
fn begins_path(tokens: &[TokenTree], at: usize) -> bool {
    let goes_on = is_colons(tokens.get(at + 1..at + 3));
    goes_on && !is_colons(at.checked_sub(2).and_then(|from| tokens.get(from..at)))
}

fn is(token: Option<&TokenTree>, punct: char) -> bool {
    matches!(token, Some(TokenTree::Punct(found)) if found.as_char() == punct)
}

/// Whether an attribute says that what follows is for tests only: `cfg(test)`, and not what `cfg_attr(test, …)` says.
fn is_of_tests(attribute: Option<&TokenTree>) -> bool {
    let Some(TokenTree::Group(attribute)) = attribute else { return false };
    let text: String = attribute.stream().to_string().split_whitespace().collect();
    text.starts_with("cfg(test") || text.starts_with("cfg(all(test")
}

/// Where the item ends that begins, maybe with more attributes, here.
fn end_of_item(tokens: &[TokenTree], from: usize) -> usize {
    let ends = |at: &usize| match &tokens[*at] {
        TokenTree::Punct(punct) => punct.as_char() == ';',
        // The braces of a list of imports follow `::`.
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace && !is(tokens.get(at - 1), ':'),
        _ => false,
    };
    (from..tokens.len()).find(ends).map_or(tokens.len(), |end| end + 1)
}

/// Visits each branch of the path that begins here, with what stands before it; answers where the path ends.
fn branches(tokens: &[TokenTree], from: usize, before: &[String], visit: &mut dyn FnMut(&[String])) -> usize {
    let (mut names, mut at) = (before.to_vec(), from);
    loop {
        match tokens.get(at) {
            Some(TokenTree::Ident(name)) => names.push(name.to_string()),
            Some(TokenTree::Punct(star)) if star.as_char() == '*' => names.push("*".to_owned()),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                for part in inner.split(|token| is(Some(token), ',')).filter(|part| !part.is_empty()) {
                    branches(part, 0, &names, visit);
                }
                return at + 1;
            }
            // A generic argument: the path is over.
            _ => break,
        }
        at += 1;
        if !is_colons(tokens.get(at..at + 2)) {
            break;
        }
        at += 2;
    }
    visit(&names);
    at
}

/// The circles: modules each of which needs the others in the end.
fn circles_of(needs: &Needs) -> Vec<BTreeSet<&str>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        needs.keys().map(|module| (module.as_str(), reach(needs, module))).collect();
    let mut circles: Vec<BTreeSet<&str>> = Vec::new();
    for (module, reached_from) in &reached {
        let back = |other: &&&str| reached.get(**other).is_some_and(|theirs| theirs.contains(module));
        let circle: BTreeSet<&str> = reached_from.iter().filter(back).copied().collect();
        if !circle.is_empty() && !circles.contains(&circle) {
            circles.push(circle);
        }
    }
    circles
}

fn reach<'n>(needs: &'n Needs, module: &str) -> BTreeSet<&'n str> {
    let (mut reached, mut next) = (BTreeSet::new(), vec![module]);
    while let Some(module) = next.pop() {
        for needed in needs.get(module).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(needed.as_str()) {
                next.push(needed);
            }
        }
    }
    reached
}

/// A circle, with what closes it.
fn shown(circle: &BTreeSet<&str>, needs: &Needs) -> String {
    let mut text = format!("{} modules in a circle: {circle:?}", circle.len());
    for module in circle {
        for (needed, paths) in needs[*module].iter().filter(|(needed, _)| circle.contains(needed.as_str())) {
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            write!(text, "\n    {module} needs {needed}: {}", paths.join(", ")).unwrap();
        }
    }
    text
}

/// Needs of a made-up crate, as `module needs module`, and what is taken from its root.
fn read(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let parsed = files.iter().filter_map(|(file, text)| Some((module_of(Path::new(file))?, text.parse().unwrap())));
    let (needs, taken) = needs_of(&parsed.collect());
    let of = |(module, needed): (&String, &BTreeMap<_, _>)| -> Vec<String> {
        needed.keys().map(|needed| format!("{module} needs {needed}")).collect()
    };
    (
        needs.iter().flat_map(of).collect(),
        taken.into_iter().map(|(module, item)| format!("{module} takes {item}")).collect(),
    )
}

#[test]
fn what_a_source_names_is_what_it_needs() {
    let a = r#"
        //! crate::comment::No
        use crate::{b::{B, deeper::C}, c as other};
        pub(crate) fn f(x: crate::d::D<crate::e::E>) -> super::g::G { "crate::text::No"; crate::h::made!(crate::i::I) }
        macro_rules! m { () => { $crate::j::J } }
        mod inline { use super::A; use super::super::k::K; }
        #[cfg(test)]
        #[path = "a_tests.rs"]
        mod tests;
        #[cfg(test)]
        use crate::l::{L, M};
        #[cfg(not(test))]
        use crate::n::N;
        #[cfg(test)]
        mod more { use crate::o::O; }
        use crate::{FromQ, LIST};
    "#;
    let root = "mod a; pub use q::{FromQ, Other}; pub const LIST: &[&str] = &[];";
    let others = ["b", "c", "comment", "d", "e", "g", "h", "i", "j", "k", "l", "n", "o", "q", "text"]
        .map(|name| format!("{name}.rs"));
    let mut files = vec![("lib.rs", root), ("a.rs", a), ("a_tests.rs", "use crate::l::L;")];
    files.extend(others.iter().map(|name| (name.as_str(), "")));
    let (needs, taken) = read(&files);
    assert_eq!(
        needs,
        ["b", "c", "d", "e", "g", "h", "i", "j", "k", "n", "q"].map(|needed| format!("a needs {needed}"))
    );
    assert_eq!(taken, ["a takes LIST"]);
}

#[test]
fn folders_are_modules_and_areas_hold_modules() {
    let files = [
        ("lib.rs", "pub mod risk; pub mod folder; pub mod money;"),
        ("risk/mod.rs", "mod risk; pub mod issue; pub use risk::Risk;"),
        ("risk/risk.rs", "use super::issue::Issue; use crate::folder::part::Part;"),
        ("risk/issue.rs", "use crate::risk::Risk; use crate::money::Money;"),
        ("folder/mod.rs", "use self::part::Part; use super::money::Money;"),
        ("folder/part.rs", "use super::Other; use super::super::money::Money;"),
        ("money.rs", ""),
    ];
    let (needs, taken) = read(&files);
    let wanted = [
        "folder needs money",
        "risk/issue needs money",
        "risk/issue needs risk/risk",
        "risk/risk needs folder",
        "risk/risk needs risk/issue",
    ];
    assert_eq!((needs, taken), (wanted.map(str::to_owned).to_vec(), vec![]));
}

#[test]
fn circles_are_told_apart() {
    let edges = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e"), ("e", "d"), ("e", "f")];
    let mut needs = Needs::new();
    for (from, to) in edges {
        needs.entry(from.to_owned()).or_default().entry(to.to_owned()).or_default();
    }
    assert_eq!(circles_of(&needs), [BTreeSet::from(["a", "b", "c"]), BTreeSet::from(["d", "e"])]);
}
