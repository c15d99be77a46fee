//! Messages, words and rpcs of the contract as Rust tables; `src/table.rs` says what is in them.

use std::fmt::{Error, Write};

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet, MessageOptions};

use super::PACKAGE;

pub(super) fn write(set: &FileDescriptorSet) -> Result<String, Error> {
    let mut out = String::new();
    let ours: Vec<_> = set.file.iter().filter(|file| file.package() == PACKAGE).collect();
    for words in ours.iter().flat_map(|file| &file.enum_type) {
        write_words(&mut out, words)?;
    }
    let mask = field_mask();
    let messages: Vec<_> = ours.iter().flat_map(|file| &file.message_type).chain([&mask]).collect();
    for message in &messages {
        write_message(&mut out, message)?;
    }
    let names: Vec<String> = messages.iter().map(|message| format!("&{}", constant(message.name()))).collect();
    writeln!(out, "/// All messages.\npub static MESSAGES: &[&Message] = &[{}];", names.join(", "))?;
    writeln!(out, "/// All rpcs.\npub static RPCS: &[Rpc] = &[")?;
    for service in ours.iter().flat_map(|file| &file.service) {
        for rpc in &service.method {
            let streams = rpc.client_streaming() || rpc.server_streaming();
            let (input, output) = (constant(rpc.input_type()), constant(rpc.output_type()));
            let (service, name) = (service.name(), rpc.name());
            writeln!(
                out,
                "Rpc {{ path: \"/{PACKAGE}.{service}/{name}\", service: {service:?}, name: {name:?}, input: &{input}, \
                 output: &{output}, streams: {streams} }},"
            )?;
        }
    }
    writeln!(out, "];")?;
    Ok(out)
}

/// The name of a message's table.
fn constant(name: &str) -> String {
    name.rsplit('.').next().unwrap_or_default().to_ascii_uppercase()
}

/// `RISK_STATE_` of `RiskState`.
fn prefix(words: &EnumDescriptorProto) -> String {
    let mut prefix = String::new();
    for (i, letter) in words.name().char_indices() {
        if i > 0 && letter.is_uppercase() {
            prefix.push('_');
        }
        prefix.push(letter.to_ascii_uppercase());
    }
    prefix + "_"
}

fn write_words(out: &mut String, words: &EnumDescriptorProto) -> Result<(), Error> {
    let prefix = prefix(words);
    write!(out, "static WORDS_{}: &[(&str, i32)] = &[", constant(words.name()))?;
    for value in words.value.iter().filter(|value| value.number() != 0) {
        let word = value.name().strip_prefix(&prefix).unwrap_or(value.name()).to_ascii_lowercase();
        write!(out, "({word:?}, {}), ", value.number())?;
    }
    writeln!(out, "];")
}

fn write_message(out: &mut String, message: &DescriptorProto) -> Result<(), Error> {
    let name = message.name();
    write!(out, "/// `{name}`.\npub static {}: Message = Message {{ name: {name:?}, fields: &[", constant(name))?;
    for field in &message.field {
        let holds = holds(message, field);
        let map = holds == "Holds::Map";
        let repeated = field.label() == Label::Repeated && !map;
        let single = field.r#type() == Type::Message && !repeated && !map;
        // The compiler makes an alternative of one for each `optional`.
        let oneof = field.oneof_index.filter(|_| !field.proto3_optional());
        let presence = field.proto3_optional() || oneof.is_some() || single;
        write!(
            out,
            "Field {{ name: {:?}, number: {}, holds: {holds}, repeated: {repeated}, presence: {presence}, \
             oneof: {oneof:?} }}, ",
            field.name(),
            field.number()
        )?;
    }
    writeln!(out, "] }};")
}

/// What a field holds. A type that no table knows names a variant that is not there, so that it does not compile.
fn holds(message: &DescriptorProto, field: &FieldDescriptorProto) -> String {
    let entry = field.type_name().rsplit('.').next().unwrap_or_default();
    let is_entry = |nested: &&DescriptorProto| {
        nested.name() == entry && nested.options.as_ref().is_some_and(MessageOptions::map_entry)
    };
    if message.nested_type.iter().any(|nested| is_entry(&nested)) {
        return "Holds::Map".to_owned();
    }
    let holds = match field.r#type() {
        Type::String => "Text",
        Type::Bytes => "Bytes",
        Type::Bool => "Bool",
        Type::Int32 => "Int",
        Type::Int64 => "Long",
        Type::Double => "Number",
        Type::Enum => return format!("Holds::Word(WORDS_{})", constant(field.type_name())),
        Type::Message => match field.type_name() {
            ".google.protobuf.Timestamp" => "Instant",
            ".google.protobuf.Struct" => "Json",
            name => return format!("Holds::Object(&{})", constant(name)),
        },
        other => return format!("Holds::{other:?}"),
    };
    format!("Holds::{holds}")
}

/// The one message of another package that is read like ours.
fn field_mask() -> DescriptorProto {
    let paths = FieldDescriptorProto {
        name: Some("paths".to_owned()),
        number: Some(1),
        label: Some(Label::Repeated.into()),
        r#type: Some(Type::String.into()),
        ..FieldDescriptorProto::default()
    };
    DescriptorProto { name: Some("FieldMask".to_owned()), field: vec![paths], ..DescriptorProto::default() }
}
