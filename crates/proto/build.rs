//! Compiles the protos of the contract, in pure Rust: nothing to install.

use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost_types::{FileDescriptorSet, MethodDescriptorProto, ServiceDescriptorProto};

/// The package of the contract.
const PACKAGE: &str = "steerco.v1";

fn main() -> Result<(), Box<dyn Error>> {
    // Asked for when it runs: a build folder that was copied would else read the protos of where it came from.
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    println!("cargo:rerun-if-changed={}", root.display());
    let mut files: Vec<PathBuf> =
        fs::read_dir(root.join("steerco/v1"))?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "proto"));
    files.sort();

    // With comments and imports, so that reflection answers the whole documented contract.
    let mut compiler = protox::Compiler::new([&root])?;
    compiler.include_source_info(true).include_imports(true).open_files(&files)?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("steerco.bin"), compiler.encode_file_descriptor_set())?;
    let set = compiler.file_descriptor_set();
    let names = files.iter().filter_map(|file| file.file_name()?.to_str());
    fs::write(out.join("files.rs"), texts(names)?)?;
    fs::write(out.join("contract.rs"), contract(&set)?)?;
    fs::write(out.join("tables.rs"), tables(&set)?)?;
    // No clients over a transport: the service calls nobody over gRPC, callers bring their own channel.
    tonic_prost_build::configure().build_transport(false).build_server(false).btree_map(".").compile_fds(set.clone())?;
    // Servers of what is not served by tables.
    let mut own = set;
    for file in &mut own.file {
        for service in &mut file.service {
            let one = service.name().trim_end_matches("Service").to_owned();
            let many = resource(service).map(|(_, many)| many.to_owned());
            service.method.retain(|method| !is_plain(method, &one, many.as_deref()));
        }
        file.service.retain(|service| !service.method.is_empty());
        file.message_type.clear();
        file.enum_type.clear();
    }
    let servers = out.join("servers");
    fs::create_dir_all(&servers)?;
    tonic_prost_build::configure().build_transport(false).build_client(false).out_dir(&servers).compile_fds(own)?;
    let made = fs::read_to_string(servers.join("steerco.v1.rs"))?;
    let path = out.join("steerco.v1.rs");
    fs::write(&path, fs::read_to_string(&path)? + &made)?;
    let path = out.join("steerco.v1.rs");
    fs::write(&path, erased(&fs::read_to_string(&path)?))?;
    Ok(())
}

/// The text of each file, below its name.
fn texts<'a>(names: impl Iterator<Item = &'a str>) -> Result<String, std::fmt::Error> {
    let mut out = "&[\n".to_owned();
    for name in names {
        let path = format!("steerco/v1/{name}");
        writeln!(out, "({path:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/../../proto/{path}\"))),")?;
    }
    Ok(out + "]\n")
}

/// Which rpcs stream, and where those of each resource are.
fn contract(set: &FileDescriptorSet) -> Result<String, std::fmt::Error> {
    let (mut streams, mut resources) = (String::new(), String::new());
    let ours = set.file.iter().filter(|file| file.package() == PACKAGE);
    for service in ours.flat_map(|file| &file.service) {
        let streaming = |rpc: &&MethodDescriptorProto| rpc.client_streaming() || rpc.server_streaming();
        for rpc in service.method.iter().filter(streaming) {
            writeln!(streams, "    \"/{PACKAGE}.{}/{}\",", service.name(), rpc.name())?;
        }
        if let Some((one, many)) = resource(service) {
            writeln!(
                resources,
                "impl Resource for v1::{one} {{ const ONE: &str = \"{one}\"; const MANY: &str = \"{many}\"; }}"
            )?;
        }
    }
    Ok(format!(
        "/// Paths of the rpcs of which a side is a stream.\npub const STREAMS: &[&str] = &[\n{streams}];\n{resources}"
    ))
}

/// What a service reads one and many of, such as `Risk` and `Risks`.
fn resource(service: &ServiceDescriptorProto) -> Option<(&str, &str)> {
    let one = service.name().strip_suffix("Service")?;
    let lists = |rpc: &&MethodDescriptorProto| rpc.input_type() == format!(".{PACKAGE}.ListRequest");
    Some((one, service.method.iter().find(lists)?.name().strip_prefix("List")?))
}

/// The generated servers with their unary methods behind the one of `erased`.
fn erased(text: &str) -> String {
    const BEGIN: &str = "let fut = async move {";
    let text = text
        .replace("impl<T, B> tonic::codegen::Service<http::Request<B>>", "impl<T> tonic::codegen::Service<http::Request<tonic::body::Body>>")
        .replace("B: Body + std::marker::Send + 'static,", "")
        .replace("B::Error: Into<StdError> + std::marker::Send + 'static,", "")
        .replace("fn call(&mut self, req: http::Request<B>)", "fn call(&mut self, req: http::Request<tonic::body::Body>)");
    let mut out = String::new();
    let mut parts = text.split(BEGIN);
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let method = part.trim_start().strip_prefix("let method = ").and_then(|rest| rest.split_once(';'));
        match method {
            Some((method, rest)) if rest.contains("grpc.unary(method, req).await") && rest.find("grpc.unary") < rest.find("Box::pin(fut)") => {
                let (_, rest) = rest.split_once("Box::pin(fut)").unwrap_or_default();
                out.push_str(&format!(
                    "let limits = crate::erased::Limits {{ accept: accept_compression_encodings, send: send_compression_encodings, max_decoding: max_decoding_message_size, max_encoding: max_encoding_message_size }};\n\
                     crate::erased::unary(limits, crate::erased::typed({method}), req)"
                ));
                out.push_str(rest);
            }
            _ => {
                out.push_str(BEGIN);
                out.push_str(part);
            }
        }
    }
    out
}

/// Whether tables serve this method: what every resource has, and acts on one that answer it.
fn is_plain(method: &MethodDescriptorProto, one: &str, many: Option<&str>) -> bool {
    const OWN: &[&str] = &[
        "CreateActualsBatch", "CreatePurchaseOrderBatch", "ImportActuals", "ReclassifyActuals", "UploadAttachment", "AcknowledgeConsumer", "ReplayConsumer",
        "CheckImportJob", "ApplyImportJob", "UploadImportJob", "ReplayWebhookEndpoint", "DownloadAttachment",
    ];
    let Some(many) = many else { return false };
    if OWN.contains(&method.name()) {
        return false;
    }
    let answers_one = method.output_type() == format!(".{PACKAGE}.{one}");
    answers_one
        || [format!("List{many}"), format!("Batch{many}"), format!("Upsert{many}"), format!("List{one}Revisions")]
            .iter()
            .any(|name| name == method.name())
}

/// Messages and unary rpcs as tables.
fn tables(set: &FileDescriptorSet) -> Result<String, std::fmt::Error> {
    use prost_types::field_descriptor_proto::{Label, Type};
    let mut out = String::new();
    let constant = |name: &str| name.rsplit('.').next().unwrap_or_default().to_ascii_uppercase();
    let ours: Vec<_> = set.file.iter().filter(|file| file.package() == PACKAGE).collect();
    let mask = prost_types::DescriptorProto {
        name: Some("FieldMask".to_owned()),
        field: vec![prost_types::FieldDescriptorProto {
            name: Some("paths".to_owned()),
            number: Some(1),
            label: Some(Label::Repeated.into()),
            r#type: Some(Type::String.into()),
            ..Default::default()
        }],
        ..Default::default()
    };
    let mut nested = Vec::new();
    for file in &ours {
        for words in &file.enum_type {
            let prefix = words.name().char_indices().fold(String::new(), |mut all, (i, letter)| {
                if i > 0 && letter.is_uppercase() {
                    all.push('_');
                }
                all.push(letter.to_ascii_uppercase());
                all
            }) + "_";
            write!(out, "static WORDS_{}: &[(&str, i32)] = &[", words.name().to_ascii_uppercase())?;
            for value in words.value.iter().filter(|value| value.number() != 0) {
                let word = value.name().strip_prefix(&prefix).unwrap_or(value.name()).to_ascii_lowercase();
                write!(out, "({word:?}, {}), ", value.number())?;
            }
            writeln!(out, "];")?;
        }
        for message in &file.message_type {
            nested.push((message, ""));
        }
    }
    nested.push((&mask, ""));
    for (message, _) in &nested {
        write!(out, "pub static {}: Message = Message {{ name: {:?}, fields: &[", constant(message.name()), message.name())?;
        for field in &message.field {
            let is_map = field.type_name().rsplit('.').next().is_some_and(|name| {
                message.nested_type.iter().any(|entry| entry.name() == name && entry.options.as_ref().is_some_and(|options| options.map_entry()))
            });
            let holds = match field.r#type() {
                _ if is_map => "Holds::Map".to_owned(),
                Type::String => "Holds::Text".to_owned(),
                Type::Bytes => "Holds::Bytes".to_owned(),
                Type::Bool => "Holds::Bool".to_owned(),
                Type::Int32 => "Holds::Int".to_owned(),
                Type::Int64 => "Holds::Long".to_owned(),
                Type::Double => "Holds::Number".to_owned(),
                Type::Enum => format!("Holds::Word(WORDS_{})", constant(field.type_name())),
                Type::Message if field.type_name() == ".google.protobuf.Timestamp" => "Holds::Instant".to_owned(),
                Type::Message if field.type_name() == ".google.protobuf.FieldMask" => "Holds::Object(&FIELDMASK)".to_owned(),
                Type::Message if field.type_name().starts_with(&format!(".{PACKAGE}.")) => format!("Holds::Object(&{})", constant(field.type_name())),
                _ => continue,
            };
            let repeated = field.label() == Label::Repeated && !is_map;
            let presence = field.proto3_optional() || field.oneof_index.is_some() || (field.r#type() == Type::Message && !repeated && !is_map);
            write!(out, "Field {{ name: {:?}, number: {}, holds: {holds}, repeated: {repeated}, presence: {presence} }}, ", field.name(), field.number())?;
        }
        writeln!(out, "] }};")?;
    }
    write!(out, "pub static MESSAGES: &[&Message] = &[")?;
    for (message, _) in &nested {
        write!(out, "&{}, ", constant(message.name()))?;
    }
    writeln!(out, "];")?;
    writeln!(out, "pub static RPCS: &[Rpc] = &[")?;
    for file in &ours {
        for service in &file.service {
            let one = service.name().trim_end_matches("Service");
            let many = resource(service).map(|(_, many)| many);
            for rpc in &service.method {
                writeln!(out, "Rpc {{ path: \"/{PACKAGE}.{}/{}\", input: &{}, output: &{}, plain: {} }},", service.name(), rpc.name(), constant(rpc.input_type()), constant(rpc.output_type()), is_plain(rpc, one, many))?;
            }
        }
    }
    writeln!(out, "];")?;
    Ok(out)
}
