//! The text of a file.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::model::{Enum, Field, File, Item, Label, Member, Message, Reserved, Rpc, Service, Side};

/// Columns of a line.
const WIDTH: usize = 120;
/// Above the fields that are the same in every resource.
const COMMON: &str = "Numbers 1 to 15 are the same in every resource.";

/// The text of a file; `import` knows where each name of another file is.
pub(super) fn text(file: &File, import: impl Fn(&str) -> Option<String>) -> String {
    let mut out = "syntax = \"proto3\";\n\npackage steerco.v1;\n".to_owned();
    let own: BTreeSet<&str> = file.items.iter().map(Item::name).collect();
    let names = file.items.iter().flat_map(used).filter(|name| !own.contains(name.as_str()));
    let imports: BTreeSet<String> = names.filter_map(|name| import(&name)).collect();
    if !imports.is_empty() {
        out.push('\n');
    }
    for path in imports {
        let _ = writeln!(out, "import \"{path}\";");
    }
    if let Some(head) = &file.head {
        out.push('\n');
        comment(&mut out, 0, head);
    }
    for item in &file.items {
        out.push('\n');
        match item {
            Item::Service(of) => service(&mut out, of),
            Item::Message(of) => message(&mut out, of),
            Item::Enum(of) => words(&mut out, of),
        }
    }
    out
}

/// Names of messages and enums that an item is made of.
fn used(item: &Item) -> Vec<String> {
    match item {
        Item::Service(of) => of.rpcs.iter().flat_map(|rpc| [rpc.input.of.clone(), rpc.output.of.clone()]).collect(),
        Item::Message(of) => of.fields().map(|field| field.of.clone()).collect(),
        Item::Enum(_) => Vec::new(),
    }
}

/// A text in lines, as a comment; an empty line parts paragraphs.
fn comment(out: &mut String, indent: usize, text: &str) {
    for (i, paragraph) in text.split("\n\n").enumerate() {
        if i > 0 {
            let _ = writeln!(out, "{:indent$}//", "");
        }
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && indent + 3 + line.chars().count() + 1 + word.chars().count() > WIDTH {
                let _ = writeln!(out, "{:indent$}// {line}", "");
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        let _ = writeln!(out, "{:indent$}// {line}", "");
    }
}

fn service(out: &mut String, service: &Service) {
    comment(out, 0, &service.doc);
    let _ = writeln!(out, "service {} {{", service.name);
    for rpc in &service.rpcs {
        comment(out, 2, &rpc.doc);
        let Rpc { name, input, output, .. } = rpc;
        let _ = writeln!(out, "  rpc {name}({}) returns ({});", side(input), side(output));
    }
    out.push_str("}\n");
}

fn side(side: &Side) -> String {
    if side.stream { format!("stream {}", side.of) } else { side.of.clone() }
}

fn message(out: &mut String, message: &Message) {
    comment(out, 0, &message.doc);
    if message.members.is_empty() && message.reserved.numbers.is_empty() {
        let _ = writeln!(out, "message {} {{}}", message.name);
        return;
    }
    let _ = writeln!(out, "message {} {{", message.name);
    if message.resource {
        comment(out, 2, COMMON);
    }
    let mut section = 0;
    for member in &message.members {
        let first = if let Member::Field(field) = member { field.number } else { 0 };
        let next = if first < 16 { 1 } else { 2 };
        if message.resource && next > section {
            out.push('\n');
        }
        section = section.max(next);
        match member {
            Member::Field(one) => field(out, 2, one),
            Member::Oneof { name, doc, fields } => {
                comment(out, 2, doc);
                let _ = writeln!(out, "  oneof {name} {{");
                for one in fields {
                    field(out, 4, one);
                }
                out.push_str("  }\n");
            }
        }
    }
    reserved(out, &message.reserved);
    out.push_str("}\n");
}

fn field(out: &mut String, indent: usize, field: &Field) {
    comment(out, indent, &field.doc);
    let Field { name, of, number, .. } = field;
    let label = match field.label {
        Label::None => "",
        Label::Optional => "optional ",
        Label::Repeated => "repeated ",
    };
    let _ = writeln!(out, "{:indent$}{label}{of} {name} = {number};", "");
}

fn words(out: &mut String, words: &Enum) {
    comment(out, 0, &words.doc);
    let _ = writeln!(out, "enum {} {{", words.name);
    for value in &words.values {
        comment(out, 2, &value.doc);
        let _ = writeln!(out, "  {} = {};", value.name, value.number);
    }
    reserved(out, &words.reserved);
    out.push_str("}\n");
}

fn reserved(out: &mut String, reserved: &Reserved) {
    let numbers: Vec<String> = reserved
        .numbers
        .iter()
        .map(|(first, last)| if first == last { first.to_string() } else { format!("{first} to {last}") })
        .collect();
    if !numbers.is_empty() {
        let _ = writeln!(out, "  reserved {};", numbers.join(", "));
    }
    if !reserved.names.is_empty() {
        let _ = writeln!(out, "  reserved \"{}\";", reserved.names.join("\", \""));
    }
}
