//! Compiles the protos of the contract, in pure Rust: nothing to install.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

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
    // No clients over a transport: the service calls nobody over gRPC, tests bring their own channel.
    tonic_prost_build::configure().build_transport(false).btree_map(".").compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
