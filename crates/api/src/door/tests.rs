use super::*;

#[test]
fn what_is_open_to_everyone() {
    let open = [
        "/livez",
        "/readyz",
        "/openapi.json",
        "/docs",
        "/docs/",
        "/docs/x.js",
        "/errors/internal",
        "/llms.txt",
        "/proto",
    ];
    assert!(open.into_iter().all(|path| is_public(Protocol::Rest, path)));
    let closed =
        ["/", "/v1/risks", "/docsx", "/protos", "/livez/", "/metrics", "/grpc.health.v1.Health/Check", "//livez"];
    assert!(!closed.into_iter().any(|path| is_public(Protocol::Rest, path)));
    assert!(is_public(Protocol::Grpc, "/grpc.health.v1.Health/Check"));
    assert!(is_public(Protocol::Grpc, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"));
    let closed = ["/livez", "/steerco.v1.RiskService/GetRisk", "/grpc.health.v1.Healthy/Check", "/docs/x"];
    assert!(!closed.into_iter().any(|path| is_public(Protocol::Grpc, path)));
}

#[test]
fn one_bearer_token_or_none() {
    let with = |values: &[&str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("authorization", value.parse().unwrap());
        }
        bearer(&headers).map(|token| token.map(str::to_owned)).map_err(|error| error.reason)
    };
    assert_eq!(with(&[]), Ok(None));
    assert_eq!(with(&["bearer abc"]), Ok(Some("abc".to_owned())));
    for bad in [&["Basic abc"][..], &["Bearer"], &["Bearer a", "Bearer b"]] {
        assert_eq!(with(bad), Err(Reason::Unauthenticated), "{bad:?}");
    }
}
