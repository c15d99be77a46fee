//! Compiles the protos of the contract, in pure Rust: nothing to install.

use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost_types::{FileDescriptorSet, MethodDescriptorProto, ServiceDescriptorProto};

#[path = "build_tables.rs"]
mod tables;

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
    fs::write(out.join("tables.rs"), tables::write(&set)?)?;
    // The service answers from the tables. Clients bring their own channel.
    tonic_prost_build::configure().build_transport(false).build_server(false).btree_map(".").compile_fds(set)?;
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
