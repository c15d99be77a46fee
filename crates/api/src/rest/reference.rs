//! The page of the reference: Swagger UI out of the archive that it is published as, and what it is told here.

use std::io::{Cursor, Read};
use std::sync::LazyLock;

use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;
use zip::result::{ZipError, ZipResult};

/// What the page shows, and how. The validator badge would send the address of this service to its makers.
const INITIALIZER: &str = r##"window.onload = () => {
  window.ui = SwaggerUIBundle({
    dom_id: "#swagger-ui",
    url: "/openapi.json",
    deepLinking: true,
    filter: true,
    showCommonExtensions: true,
    tryItOutEnabled: true,
    validatorUrl: "none",
    layout: "StandaloneLayout",
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    plugins: [SwaggerUIBundle.plugins.DownloadUrl],
  });
};
"##;

type Archive = ZipArchive<Cursor<&'static [u8]>>;

/// A file of the page; none of this name where there is none.
pub(super) fn find_file(name: &str) -> ZipResult<Option<Vec<u8>>> {
    static ARCHIVE: LazyLock<Option<Archive>> =
        LazyLock::new(|| ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED)).ok());
    if name == "swagger-initializer.js" {
        return Ok(Some(INITIALIZER.into()));
    }
    let mut archive = ARCHIVE.clone().ok_or(ZipError::InvalidArchive("Swagger UI".into()))?;
    // Below a folder that is named after the version.
    let is_it = |path: &str| path.split_once("/dist/").is_some_and(|(root, file)| !root.contains('/') && file == name);
    let found = archive.file_names().flatten().find(|path| is_it(path)).filter(|_| !name.is_empty());
    let Some(path) = found.map(std::borrow::Cow::into_owned) else { return Ok(None) };
    let mut bytes = Vec::new();
    archive.by_name(&path)?.read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// What a file of the page is.
pub(super) fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, kind)| kind) {
        Some("html") => "text/html",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}
