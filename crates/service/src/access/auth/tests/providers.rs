//! Access tokens in the shape that Keycloak, Microsoft Entra, Okta and AD FS issue by default, with the settings that
//! `docs/operators.md` gives for each. The shapes are those of the vendors' documentation of 2025, with invented values.

use std::collections::BTreeMap;

use super::*;

/// A token of this shape, and the claims that are read from it with these settings.
async fn read(
    typ: Option<&str>,
    claims: Value,
    settings: impl FnOnce(&mut IssuerConfig),
) -> Result<super::super::Claims, Refusal> {
    let file = JwksFile::new(&[Pair::rsa().jwk("k")]);
    let mut config = config(file.path());
    config.greatest_roles = vec!["finance".into(), "auditor".into()];
    settings(&mut config);
    let header = with(&json!({"alg": "RS256", "kid": "k"}), json!({"typ": typ}));
    let times = json!({"iss": FOREIGN, "iat": NOW, "exp": NOW + 300});
    let token = Pair::rsa().sign(&header, &with(&claims, times));
    let claims = foreign_verifier(config, Duration::ZERO).verify(&token, NOW).await?;
    Ok(claims.as_ref().clone())
}

fn map<const N: usize>(names: [(&str, &str); N]) -> BTreeMap<String, String> {
    names.map(|(ours, theirs)| (ours.to_owned(), theirs.to_owned())).into()
}

fn keycloak() -> Value {
    json!({
        "jti": "onrtac:1", "aud": [FOREIGN_AUDIENCE, "account"], "sub": "f4e3b6a8-1", "typ": "Bearer", "azp": "portal", "sid": "1",
        "acr": "1", "allowed-origins": ["*"], "realm_access": {"roles": ["offline_access", "uma_authorization", "finance"]},
        "resource_access": {"account": {"roles": ["view-profile"]}}, "scope": "profile email", "email_verified": true,
        "name": "Ada", "preferred_username": "ada",
    })
}

#[tokio::test]
async fn keycloak_names_its_roles_in_a_nested_claim() {
    let settings = |config: &mut IssuerConfig| {
        config.token_types = vec!["JWT".into()];
        config.claim_map = map([("roles", "/realm_access/roles")]);
        config.ignore_unknown = true;
    };
    let claims = read(Some("JWT"), keycloak(), settings).await.unwrap();
    assert_eq!((claims.org.as_str(), claims.roles, claims.scope), ("org_a", Some(vec!["finance".to_owned()]), None));
    let without = with(&keycloak(), json!({"realm_access": null}));
    let claims = read(Some("JWT"), without, settings).await.unwrap();
    assert_eq!(claims.roles, Some(vec![]), "a mapped claim that is absent grants nothing");
    assert_eq!(read(Some("JWT"), keycloak(), |_| {}).await, Err(Refusal::WrongType));
    for other in ["ID", "Refresh", "Offline", "Logout"] {
        let claims = with(&keycloak(), json!({"typ": other}));
        assert_eq!(read(Some("JWT"), claims, settings).await, Err(Refusal::WrongType), "{other}");
    }
}

fn entra() -> Value {
    json!({
        "aud": FOREIGN_AUDIENCE, "nbf": NOW, "aio": "E2Zg", "azp": "6e74172b", "azpacr": "0", "name": "Ada", "oid": "690222be",
        "preferred_username": "ada@example.org", "rh": "0.AX", "scp": "access_as_user", "sub": "HKZpfaHyWadeOouYlitjrI",
        "tid": "72f988bf", "uti": "fqiB", "ver": "2.0", "groups": ["1111-finance", "2222-everyone"],
    })
}

#[tokio::test]
async fn entra_names_groups_by_id_and_leaves_them_out_when_there_are_many() {
    let settings = |config: &mut IssuerConfig| {
        config.token_types = vec!["JWT".into()];
        config.claim_map = map([("sub", "oid"), ("roles", "groups")]);
        config.role_map = map([("1111-finance", "finance")]);
        config.ignore_unknown = true;
    };
    let claims = read(Some("JWT"), entra(), settings).await.unwrap();
    assert_eq!((claims.subject.as_str(), claims.roles), ("690222be", Some(vec!["finance".to_owned()])));
    let unknown = with(&entra(), json!({"groups": ["2222-everyone"]}));
    assert_eq!(read(Some("JWT"), unknown, settings).await.unwrap().roles, Some(vec![]));
    let strict = |config: &mut IssuerConfig| {
        settings(config);
        config.ignore_unknown = false;
    };
    assert_eq!(read(Some("JWT"), entra(), strict).await, Err(Refusal::OutsideIssuer), "an unknown group");
    let sources = json!({"src1": {"endpoint": "https://graph.windows.net/t/users/u/getMemberObjects"}});
    let many = json!({"groups": null, "_claim_names": {"groups": "src1"}, "_claim_sources": sources});
    for overage in [many, json!({"groups": null, "hasgroups": true})] {
        let claims = with(&entra(), overage);
        assert_eq!(read(Some("JWT"), claims, settings).await, Err(Refusal::ClaimOverage("roles")));
    }
}

fn okta() -> Value {
    json!({
        "ver": 1, "jti": "AT.0mP4", "aud": FOREIGN_AUDIENCE, "cid": "0oa1", "uid": "00u1", "scp": ["openid", "email", "risks:read"],
        "auth_time": NOW, "sub": "ada@example.org", "groups": ["Everyone", "finance"],
    })
}

#[tokio::test]
async fn okta_gives_no_type_and_a_list_of_scopes() {
    let settings = |config: &mut IssuerConfig| {
        config.token_types = vec!["none".into()];
        config.claim_map = map([("roles", "groups"), ("scope", "scp")]);
        config.ignore_unknown = true;
    };
    let claims = read(None, okta(), settings).await.unwrap();
    assert_eq!(claims.roles, Some(vec!["finance".to_owned()]));
    assert_eq!(claims.scope, Some(vec!["risks:read".to_owned()]));
    let foreign = with(&okta(), json!({"scp": ["openid", "email"]}));
    assert_eq!(read(None, foreign, settings).await.unwrap().scope, Some(vec![]), "mapped, and nothing of this service");
    let identity = with(&okta(), json!({"at_hash": "x"}));
    assert_eq!(read(None, identity, settings).await, Err(Refusal::WrongType));
}

#[tokio::test]
async fn ad_fs_names_its_subject_otherwise() {
    let adfs = json!({
        "aud": FOREIGN_AUDIENCE, "nbf": NOW, "apptype": "Confidential", "appid": "b7d1", "authmethod": "urn:x", "ver": "1.0",
        "auth_time": "2026-01-01T00:00:00Z", "scp": "openid", "upn": "ada@example.org", "role": "auditor",
    });
    let settings = |config: &mut IssuerConfig| {
        config.token_types = vec!["JWT".into()];
        config.claim_map = map([("sub", "upn"), ("roles", "role")]);
    };
    let claims = read(Some("JWT"), adfs.clone(), settings).await.unwrap();
    assert_eq!((claims.subject.as_str(), claims.roles), ("ada@example.org", Some(vec!["auditor".to_owned()])));
    let unmapped = read(Some("JWT"), adfs, |config| config.token_types = vec!["JWT".into()]).await;
    assert_eq!(unmapped, Err(Refusal::MissingClaim("sub")));
}

#[tokio::test]
async fn a_mapped_claim_that_is_absent_grants_nothing() {
    let settings = |config: &mut IssuerConfig| {
        config.claim_map = map([("scope", "scp"), ("program_ids", "programs")]);
    };
    let plain = json!({"aud": FOREIGN_AUDIENCE, "sub": "ada"});
    let claims = read(Some("at+jwt"), plain.clone(), settings).await.unwrap();
    assert_eq!((claims.scope, claims.program_ids, claims.roles), (Some(vec![]), Some(vec![]), None));
    let partner = |config: &mut IssuerConfig| config.claim_map = map([("partner_id", "vendor")]);
    assert_eq!(read(Some("at+jwt"), plain.clone(), partner).await, Err(Refusal::MissingClaim("partner_id")));
    let organisation = |config: &mut IssuerConfig| config.claim_map = map([("org", "tid")]);
    assert_eq!(read(Some("at+jwt"), plain.clone(), organisation).await, Err(Refusal::MissingClaim("org")));
    let several = |config: &mut IssuerConfig| config.organisations.push("org_b".into());
    assert_eq!(read(Some("at+jwt"), plain, several).await, Err(Refusal::MissingClaim("org")));
}

#[tokio::test]
async fn a_token_lives_as_long_as_its_issuer_may_say() {
    let plain = json!({"aud": FOREIGN_AUDIENCE, "sub": "ada"});
    let short = |config: &mut IssuerConfig| config.max_token_seconds = 299;
    assert_eq!(read(Some("at+jwt"), plain.clone(), short).await, Err(Refusal::LivesTooLong));
    assert!(read(Some("at+jwt"), plain, |config| config.max_token_seconds = 300).await.is_ok());
}
