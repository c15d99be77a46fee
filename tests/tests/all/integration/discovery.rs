//! Programs find their way: the map, the contract as it was written, and the pages of every error.

use std::collections::BTreeSet;

use prost_reflect::DescriptorPool;
use serde_json::Value;
use steerco_domain::{KINDS, Reason};
use steerco_tests::{Who, rest_scenario};

use crate::all::kernel::wire::document;

rest_scenario!(the_map_leads_where_it_says(world) {
    let nobody = world.nobody();
    let map = nobody.raw("GET", "/llms.txt").content().await.unwrap();
    assert_eq!(map.headers["content-type"], "text/markdown; charset=utf-8");
    let map = String::from_utf8(map.bytes).unwrap();
    assert!(map.starts_with("# Steerco\n\n> "), "{map}");
    let links: Vec<&str> = map.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 12, "{links:?}");
    // Pages are no operations, so they are fetched as by a browser.
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for link in links {
        assert!(link.starts_with(&world.server.url), "{link} is elsewhere");
        assert_eq!(http.get(link).send().await.unwrap().status(), 200, "{link}");
    }
    // What stands in code is an operation, or the path of a resource.
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    let known = |path: &str| paths.contains_key(path);
    let named: BTreeSet<&str> = map.split('`').skip(1).step_by(2).collect();
    for path in named.iter().filter_map(|code| code.strip_prefix("GET ").or_else(|| code.strip_prefix("/v1/").map(|_| *code))) {
        assert!(known(path), "there is no {path}");
    }
    assert!(KINDS.iter().all(|kind| named.contains(format!("/v1/{}", kind.path()).as_str())), "{named:?}");
    assert!(named.contains(format!("POST {}/oauth2/token", world.server.url).as_str()));
});

rest_scenario!(the_protos_are_served_as_written(world) {
    let nobody = world.nobody();
    let list = nobody.raw("GET", "/proto").header("accept", "application/json").plain().await;
    let files: Vec<&str> = list["files"].as_array().unwrap().iter().map(|file| file.as_str().unwrap()).collect();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto/steerco/v1");
    let mut written: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|file| format!("/proto/steerco/v1/{}", file.unwrap().file_name().to_str().unwrap()))
        .collect();
    written.sort();
    assert_eq!(files, written);
    for path in &files {
        let served = nobody.raw("GET", path).content().await.unwrap();
        let name = path.rsplit('/').next().unwrap();
        assert_eq!(served.bytes, std::fs::read(folder.join(name)).unwrap(), "{path}");
    }
    let page = nobody.raw("GET", "/proto").content().await.unwrap();
    assert!(String::from_utf8(page.bytes).unwrap().contains("href=\"/proto/steerco/v1/risk.proto\""));
    let compiled = nobody.raw("GET", list["descriptor_set"].as_str().unwrap()).content().await.unwrap();
    let pool = DescriptorPool::decode(compiled.bytes.as_slice()).unwrap();
    assert!(pool.get_service_by_name("steerco.v1.RiskService").is_some());
    let unknown = nobody.raw("GET", "/proto/steerco/v1/nothing.proto").send().await.unwrap_err();
    assert_eq!(unknown.code, "NOT_FOUND");
});

rest_scenario!(every_error_has_its_page(world) {
    let nobody = world.nobody();
    let list = nobody.raw("GET", "/errors").header("accept", "application/json").plain().await;
    let errors = list["errors"].as_array().unwrap();
    assert_eq!(errors.len(), Reason::ALL.len());
    for (reason, error) in Reason::ALL.iter().zip(errors) {
        let path = format!("/errors/{}", reason.code().to_ascii_lowercase().replace('_', "-"));
        let one = nobody.raw("GET", &path).header("accept", "application/json").plain().await;
        assert_eq!(one.json, *error, "{path}");
        assert_eq!((&one["code"], &one["retryable"]), (&reason.code().into(), &reason.retryable().into()));
        let page = String::from_utf8(nobody.raw("GET", &path).content().await.unwrap().bytes).unwrap();
        assert!(page.contains(reason.code()) && page.contains(&reason.http_status().to_string()), "{page}");
    }
});

rest_scenario!(every_event_has_its_schema(world) {
    let director = world.client(Who::Director);
    let catalogue = director.event_types().await.unwrap();
    for ty in catalogue["event_types"].as_array().unwrap() {
        let (name, kind) = (ty["name"].as_str().unwrap(), ty["kind"].as_str().unwrap());
        let one = director.event_type(name).await.unwrap();
        assert!(one["description"].as_str().is_some_and(|text| !text.is_empty()), "{name}");
        let schema: &Value = &one["schema"];
        jsonschema::validator_for(schema).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert!(name.starts_with(&format!("{kind}.")), "{name}");
    }
});
