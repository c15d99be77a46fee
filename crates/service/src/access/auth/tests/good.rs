//! Valid tokens and their claims.

use super::*;

#[tokio::test]
async fn each_algorithm_is_accepted() {
    let (ed, ec) = (Pair::ed(), Pair::ec());
    let pss = with(&Pair::rsa().jwk("pss"), json!({"alg": "PS256", "use": "sig", "key_ops": ["verify"]}));
    let file = JwksFile::new(&[ed.jwk("ed"), ec.jwk("ec"), Pair::rsa().jwk("rsa"), pss]);
    let verifier = foreign_verifier(config(file.path()), Duration::from_secs(30));
    for (pair, algorithm, key_id) in
        [(&ed, "EdDSA", "ed"), (&ec, "ES256", "ec"), (Pair::rsa(), "RS256", "rsa"), (Pair::rsa(), "PS256", "pss")]
    {
        let token = pair.sign(&header(algorithm, key_id), &foreign_claims());
        let claims = verifier.verify(&token, NOW).await.unwrap();
        assert_eq!(
            (claims.issuer.as_str(), claims.org.as_str(), claims.builtin),
            (FOREIGN, "org_a", false),
            "{algorithm}"
        );
        assert_eq!(claims.greatest_roles, Some(vec!["viewer".to_owned()]));
        assert_eq!(claims.allowed_partners, Some(vec!["prt_00000000000000000000000001".to_owned()]));
    }
}

fn request() -> TokenRequest {
    TokenRequest {
        issuer: OWN.into(),
        audience: AUDIENCE.into(),
        subject: "sa_1".into(),
        client_id: Some("client".into()),
        credential: None,
        jti: "tok_1".into(),
        issued_at: NOW,
        expires_at: NOW + 600,
        not_before: Some(NOW),
        org: "org_a".into(),
        roles: Some(vec!["controller".into()]),
        scope: Some(vec!["risks:read".into(), "actuals:write".into()]),
        partner_id: Some("prt_00000000000000000000000009".into()),
        program_ids: Some(vec!["prg_1".into(), "prg_2".into()]),
    }
}

#[tokio::test]
async fn what_the_built_in_issuer_signs_is_read_back() {
    let key = SigningKey::from_pkcs8(&SigningKey::generate_pkcs8().unwrap()).unwrap();
    let verifier = Verifier::new(OWN.into(), AUDIENCE.into(), vec![key.public_key()], vec![]).unwrap();
    let claims = verifier.verify(&key.sign(&request()), NOW).await.unwrap();
    let TokenRequest { subject, client_id, jti, org, roles, scope, partner_id, program_ids, .. } = request();
    assert_eq!((&claims.subject, &claims.client_id, &claims.jti), (&subject, &client_id, &Some(jti)));
    assert_eq!((&claims.org, &claims.roles, &claims.scope), (&org, &roles, &scope));
    assert_eq!((&claims.partner_id, &claims.program_ids), (&partner_id, &program_ids));
    assert!(claims.builtin && claims.greatest_roles.is_none() && claims.allowed_partners.is_none());

    let bare =
        TokenRequest { client_id: None, roles: None, scope: None, partner_id: None, program_ids: None, ..request() };
    let claims = verifier.verify(&key.sign(&bare), NOW).await.unwrap();
    assert!(claims.roles.is_none() && claims.scope.is_none() && claims.program_ids.is_none());
}

#[test]
fn the_published_key_is_the_one_that_verifies() {
    let pkcs8 = SigningKey::generate_pkcs8().unwrap();
    let key = SigningKey::from_pkcs8(&pkcs8).unwrap();
    let jwk = key.public_jwk();
    assert_eq!(PublicKey::from_jwk(&jwk), Ok(key.public_key()));
    assert_eq!(jwk["kid"], key.key_id());
    assert_eq!(SigningKey::from_pkcs8(&pkcs8).unwrap().key_id(), key.key_id());
    assert!(jwk.get("d").is_none());
    assert!(!format!("{key:?}").contains(&b64(&pkcs8[16..48])));
    assert!(SigningKey::from_pkcs8(b"nonsense").is_err());
}

#[tokio::test]
async fn spellings_that_are_allowed() {
    let pair = Pair::ed();
    let verifier = own_verifier(&pair);
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
        let token = pair.sign(&with(&header("EdDSA", "k"), json!({"typ": typ})), &own_claims());
        assert!(verifier.verify(&token, NOW).await.is_ok(), "{typ}");
    }
    for changes in [
        json!({"aud": ["https://other.test", AUDIENCE]}),
        json!({"exp": NOW - 29}),
        json!({"exp": 1_800_000_100.75}),
        json!({"iat": NOW + 30, "nbf": NOW + 30}),
    ] {
        let token = pair.sign(&header("EdDSA", "k"), &with(&own_claims(), changes.clone()));
        assert!(verifier.verify(&token, NOW).await.is_ok(), "{changes}");
    }
}

#[tokio::test]
async fn lists_and_texts() {
    let pair = Pair::ed();
    let verifier = own_verifier(&pair);
    let changes = json!({"roles": "controller", "scope": " a  b ", "program_ids": []});
    let token = pair.sign(&header("EdDSA", "k"), &with(&own_claims(), changes));
    let claims = verifier.verify(&token, NOW).await.unwrap();
    assert_eq!(claims.roles, Some(vec!["controller".to_owned()]));
    assert_eq!(claims.scope, Some(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(claims.program_ids, Some(vec![]), "an empty list restricts to nothing");
    let token = pair.sign(&header("EdDSA", "k"), &with(&own_claims(), json!({"scope": ["a", "b"], "roles": []})));
    let claims = verifier.verify(&token, NOW).await.unwrap();
    assert_eq!((claims.scope.as_ref().map(Vec::len), claims.roles.as_ref().map(Vec::len)), (Some(2), Some(0)));
}

#[tokio::test]
async fn an_issuer_calls_its_claims_otherwise() {
    let pair = Pair::ed();
    let file = JwksFile::new(&[pair.jwk("k")]);
    let names = [("org", "tid"), ("roles", "https://login.test/roles"), ("scope", "scp"), ("partner_id", "vendor")];
    let claim_map = names.map(|(ours, theirs)| (ours.to_owned(), theirs.to_owned())).into();
    let verifier = foreign_verifier(IssuerConfig { claim_map, ..config(file.path()) }, Duration::ZERO);
    let changes = json!({"org": "org_b", "tid": "org_a", "https://login.test/roles": ["viewer"], "scp": "a", "vendor": "prt_00000000000000000000000001"});
    let token = pair.sign(&header("EdDSA", "k"), &with(&foreign_claims(), changes));
    let claims = verifier.verify(&token, NOW).await.unwrap();
    assert_eq!((claims.org.as_str(), claims.partner_id.as_deref()), ("org_a", Some("prt_00000000000000000000000001")));
    assert_eq!((&claims.roles, &claims.scope), (&Some(vec!["viewer".to_owned()]), &Some(vec!["a".to_owned()])));
    let unmapped = pair.sign(&header("EdDSA", "k"), &foreign_claims());
    assert_eq!(verifier.verify(&unmapped, NOW).await, Err(Refusal::MissingClaim("org")));
}
