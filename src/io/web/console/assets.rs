//! Style sheets and scripts, carried inside the binary. Their address holds a hash of all of them,
//! so that browsers keep them for ever and a new version is a new address.

use std::sync::OnceLock;

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

#[derive(RustEmbed)]
#[folder = "src/io/web/console/assets/"]
struct Assets;

/// Where all assets are: `/-/` and twelve digits.
pub(super) fn root() -> &'static str {
    static ROOT: OnceLock<String> = OnceLock::new();
    ROOT.get_or_init(|| {
        let mut hash = Sha256::new();
        let mut names: Vec<_> = Assets::iter().collect();
        names.sort();
        for name in names {
            hash.update(name.as_bytes());
            hash.update(Assets::get(&name).map(|file| file.data).unwrap_or_default());
        }
        format!("/-/{}", &crate::io::web::hex(&hash.finalize())[..12])
    })
}

/// One asset. Its address says which version; another version than ours is not found.
pub(super) async fn serve(Path((version, path)): Path<(String, String)>) -> Response {
    let ours = root().strip_prefix("/-/") == Some(version.as_str());
    let Some(file) = Assets::get(&path).filter(|_| ours) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = HeaderValue::from_str(file.metadata.mimetype());
    let mut response = file.data.into_owned().into_response();
    let headers = response.headers_mut();
    headers
        .insert(header::CONTENT_TYPE, kind.unwrap_or(HeaderValue::from_static("application/octet-stream")));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that are left of these by deflate.
    fn compressed(bytes: &[u8]) -> usize {
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        archive.start_file("scripts.js", zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut archive, bytes).unwrap();
        archive.finish().unwrap().into_inner().len()
    }

    #[test]
    fn the_scripts_stay_small_and_every_import_is_there() {
        let mut all = Vec::new();
        for name in Assets::iter().filter(|name| name.ends_with(".js")) {
            let data = Assets::get(&name).unwrap().data;
            let text = String::from_utf8(data.to_vec()).unwrap();
            for import in text.split(" from \"./").skip(1).chain(text.split("import(\"./").skip(1)) {
                let target = import.split('"').next().unwrap();
                let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
                let whole = format!("{folder}/{target}");
                assert!(Assets::get(&whole).is_some(), "{name} imports {whole}");
            }
            for word in ["eval(", "innerHTML =", "http://", "https://", ".style.cssText"] {
                assert!(!text.contains(word), "{name}: {word}");
            }
            all.extend(data.iter().copied());
        }
        assert!(all.len() > 2_000);
        let sent = compressed(&all);
        assert!(sent < 40_000, "{sent} bytes of scripts, compressed");
    }

    #[tokio::test]
    async fn an_asset_is_kept_for_ever_and_only_at_its_own_version() {
        let version = root().strip_prefix("/-/").unwrap().to_owned();
        let get = |version: &str, path: &str| serve(Path((version.to_owned(), path.to_owned())));
        let found = get(&version, "css/tokens.css").await;
        assert_eq!(found.status(), 200);
        assert_eq!(found.headers()[header::CONTENT_TYPE], "text/css");
        assert!(found.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
        for (version, path) in
            [("000000000000", "css/tokens.css"), (&version, "css/none.css"), (&version, "../mod.rs")]
        {
            assert_eq!(get(version, path).await.status(), 404, "{version} {path}");
        }
    }
}
