//! The files as they are checked in: their numbers stay, and what nobody declares yet is carried over from them.

use std::collections::BTreeMap;

use prost::Message as _;
use prost_types::field_descriptor_proto::{Label as Said, Type};
use prost_types::source_code_info::Location;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet,
    ServiceDescriptorProto,
};

use super::model::{Enum, Field, File, Item, Label, Member, Message, Reserved, Rpc, Service, Side, Value};

/// All that is checked in.
pub(super) struct Known {
    /// By path, such as `steerco/v1/risk.proto`.
    pub(super) files: BTreeMap<String, File>,
    /// The path of each message and enum, also of the standard ones.
    places: BTreeMap<String, String>,
}

impl Known {
    pub(super) fn read() -> Self {
        let set = FileDescriptorSet::decode(crate::FILE_DESCRIPTOR_SET).unwrap();
        let (mut files, mut places) = (BTreeMap::new(), BTreeMap::new());
        for file in &set.file {
            let messages = file.message_type.iter().map(DescriptorProto::name);
            for name in messages.chain(file.enum_type.iter().map(EnumDescriptorProto::name)) {
                places.insert(relative(&format!(".{}.{name}", file.package())), file.name().to_owned());
            }
            if file.package() == "steerco.v1" {
                files.insert(file.name().to_owned(), Texts::of(file).file(file));
            }
        }
        Self { files, places }
    }

    /// Where a message or an enum is.
    pub(super) fn place(&self, name: &str) -> Option<&str> {
        self.places.get(name).map(String::as_str)
    }

    fn item(&self, name: &str) -> Option<&Item> {
        self.files.values().flat_map(|file| &file.items).find(|item| item.name() == name)
    }

    pub(super) fn message(&self, name: &str) -> Option<&Message> {
        self.item(name).and_then(|item| if let Item::Message(message) = item { Some(message) } else { None })
    }

    pub(super) fn words(&self, name: &str) -> Option<&Enum> {
        self.item(name).and_then(|item| if let Item::Enum(words) = item { Some(words) } else { None })
    }

    pub(super) fn service(&self, name: &str) -> Option<&Service> {
        self.item(name).and_then(|item| if let Item::Service(service) = item { Some(service) } else { None })
    }
}

/// A name as it is written in our files.
fn relative(name: &str) -> String {
    name.strip_prefix(".steerco.v1.").or_else(|| name.strip_prefix('.')).unwrap_or(name).to_owned()
}

/// Where things stand in a file, and what is said of them: by the path of a descriptor.
struct Texts<'a>(BTreeMap<&'a [i32], &'a Location>);

impl<'a> Texts<'a> {
    fn of(file: &'a FileDescriptorProto) -> Self {
        let locations = file.source_code_info.iter().flat_map(|info| &info.location);
        Self(locations.map(|location| (location.path.as_slice(), location)).collect())
    }

    /// The comment above, as one flow of words with an empty line between paragraphs.
    fn doc(&self, path: &[i32]) -> String {
        self.0.get(path).map(|location| flow(location.leading_comments())).unwrap_or_default()
    }

    /// Comments that stand by themselves above.
    fn detached(&self, path: &[i32]) -> Option<String> {
        let texts: Vec<String> = self.0.get(path)?.leading_detached_comments.iter().map(|text| flow(text)).collect();
        (!texts.is_empty()).then(|| texts.join("\n\n"))
    }

    fn line(&self, path: &[i32]) -> i32 {
        self.0.get(path).and_then(|location| location.span.first().copied()).unwrap_or_default()
    }

    fn file(&self, file: &FileDescriptorProto) -> File {
        let mut items = Vec::new();
        for (i, message) in (0..).zip(&file.message_type) {
            items.push((vec![4, i], Item::Message(self.message(&[4, i], message))));
        }
        for (i, words) in (0..).zip(&file.enum_type) {
            items.push((vec![5, i], Item::Enum(self.words(&[5, i], words))));
        }
        for (i, service) in (0..).zip(&file.service) {
            items.push((vec![6, i], Item::Service(self.service(&[6, i], service))));
        }
        items.sort_by_key(|(path, _)| self.line(path));
        let head = items.first().and_then(|(path, _)| self.detached(path));
        File { head, items: items.into_iter().map(|(_, item)| item).collect() }
    }

    fn message(&self, path: &[i32], message: &DescriptorProto) -> Message {
        let below = |part: i32, i: i32| [path, &[part, i]].concat();
        let mut members: Vec<Member> = Vec::new();
        for (i, field) in (0..).zip(&message.field) {
            let read = self.field(&below(2, i), field, message);
            let oneof = field.oneof_index.filter(|_| !field.proto3_optional());
            let Some(of) = oneof else {
                members.push(Member::Field(read));
                continue;
            };
            let name = usize::try_from(of).map(|of| message.oneof_decl[of].name().to_owned()).unwrap();
            match members.last_mut() {
                Some(Member::Oneof { name: last, fields, .. }) if *last == name => fields.push(read),
                _ => members.push(Member::Oneof { name, doc: self.doc(&below(8, of)), fields: vec![read] }),
            }
        }
        // The last of a range of a message does not belong to it.
        let numbers = message.reserved_range.iter().map(|range| (range.start(), range.end() - 1)).collect();
        Message {
            name: message.name().to_owned(),
            doc: self.doc(path),
            resource: self.detached(&below(2, 0)).is_some(),
            members,
            reserved: Reserved { numbers, names: message.reserved_name.clone() },
        }
    }

    fn field(&self, path: &[i32], field: &FieldDescriptorProto, message: &DescriptorProto) -> Field {
        let nested = |entry: &&DescriptorProto| field.type_name().rsplit('.').next() == Some(entry.name());
        let is_map = field.r#type() == Type::Message && message.nested_type.iter().any(|entry| nested(&entry));
        let of = match field.r#type() {
            // The only maps of the contract are of texts.
            _ if is_map => "map<string, string>".to_owned(),
            Type::Message | Type::Enum => relative(field.type_name()),
            scalar => scalar.as_str_name().trim_start_matches("TYPE_").to_ascii_lowercase(),
        };
        let label = match field.label() {
            Said::Repeated if !is_map => Label::Repeated,
            _ if field.proto3_optional() => Label::Optional,
            _ => Label::None,
        };
        Field { name: field.name().to_owned(), doc: self.doc(path), label, of, number: field.number() }
    }

    fn words(&self, path: &[i32], words: &EnumDescriptorProto) -> Enum {
        let value = |(i, value): (i32, &prost_types::EnumValueDescriptorProto)| Value {
            name: value.name().to_owned(),
            doc: self.doc(&[path, &[2, i]].concat()),
            number: value.number(),
        };
        let numbers = words.reserved_range.iter().map(|range| (range.start(), range.end())).collect();
        Enum {
            name: words.name().to_owned(),
            doc: self.doc(path),
            values: (0..).zip(&words.value).map(value).collect(),
            reserved: Reserved { numbers, names: words.reserved_name.clone() },
        }
    }

    fn service(&self, path: &[i32], service: &ServiceDescriptorProto) -> Service {
        let rpcs = (0..).zip(&service.method).map(|(i, rpc)| Rpc {
            name: rpc.name().to_owned(),
            doc: self.doc(&[path, &[2, i]].concat()),
            input: Side { of: relative(rpc.input_type()), stream: rpc.client_streaming() },
            output: Side { of: relative(rpc.output_type()), stream: rpc.server_streaming() },
        });
        Service { name: service.name().to_owned(), doc: self.doc(path), rpcs: rpcs.collect() }
    }
}

/// The words of a comment, an empty line between its paragraphs.
fn flow(text: &str) -> String {
    let mut paragraphs = vec![String::new()];
    for line in text.lines().map(str::trim) {
        if line.is_empty() {
            paragraphs.push(String::new());
        } else if let Some(last) = paragraphs.last_mut() {
            last.push_str(if last.is_empty() { "" } else { " " });
            last.push_str(line);
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs.join("\n\n")
}
