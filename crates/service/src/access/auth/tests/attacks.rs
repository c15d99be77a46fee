//! Every token here is rejected, each for its own reason.

use aws_lc_rs::hmac;

use super::*;

async fn reason(verifier: &Verifier, token: &str) -> Refusal {
    verifier.verify(token, NOW).await.expect_err(token)
}

/// Signs with the right key, whatever else is wrong.
async fn own_reason(header_changes: Value, claim_changes: Value) -> Refusal {
    let pair = Pair::ed();
    let token = pair.sign(&with(&header("EdDSA", "k"), header_changes), &with(&own_claims(), claim_changes));
    reason(&own_verifier(&pair), &token).await
}

#[tokio::test]
async fn unsecured_and_unknown_algorithms() {
    for algorithm in
        ["none", "None", "nOnE", "HS256", "HS512", "RS384", "RS512", "ES384", "PS512", "Ed25519", "eddsa", ""]
    {
        let refusal = own_reason(json!({"alg": algorithm}), json!({})).await;
        assert_eq!(refusal, Refusal::AlgorithmNotAllowed, "{algorithm}");
    }
    for algorithm in [json!(1), json!(["EdDSA"]), json!(null)] {
        assert_eq!(own_reason(json!({"alg": algorithm}), json!({})).await, Refusal::AlgorithmNotAllowed);
    }
    let unsigned = format!("{}.{}.", b64(header("none", "k").to_string()), b64(own_claims().to_string()));
    assert_eq!(reason(&own_verifier(&Pair::ed()), &unsigned).await, Refusal::AlgorithmNotAllowed);
    let unsigned = format!("{}.{}.", b64(header("EdDSA", "k").to_string()), b64(own_claims().to_string()));
    assert_eq!(reason(&own_verifier(&Pair::ed()), &unsigned).await, Refusal::BadSignature);
}

#[tokio::test]
async fn hmac_with_the_public_key() {
    let Pair::Ed(pair) = Pair::ed() else { unreachable!() };
    let message = format!("{}.{}", b64(header("HS256", "k").to_string()), b64(own_claims().to_string()));
    let secret = hmac::Key::new(hmac::HMAC_SHA256, pair.public_key().as_ref());
    let token = format!("{message}.{}", b64(hmac::sign(&secret, message.as_bytes())));
    assert_eq!(reason(&own_verifier(&Pair::Ed(pair)), &token).await, Refusal::AlgorithmNotAllowed);
}

#[tokio::test]
async fn an_algorithm_other_than_that_of_the_key() {
    let rsa = own_verifier(Pair::rsa());
    let token = Pair::rsa().sign(&header("PS256", "k"), &own_claims());
    assert_eq!(reason(&rsa, &token).await, Refusal::AlgorithmNotAllowed, "an RSA key without alg is for RS256 only");
    for algorithm in ["RS256", "PS256", "ES256"] {
        assert_eq!(own_reason(json!({"alg": algorithm}), json!({})).await, Refusal::AlgorithmNotAllowed, "{algorithm}");
    }
    let disguised = with(&header("RS256", "k"), json!({"alg": "EdDSA"}));
    assert_eq!(reason(&rsa, &Pair::ed().sign(&disguised, &own_claims())).await, Refusal::AlgorithmNotAllowed);
}

#[tokio::test]
async fn a_foreign_key_under_our_name() {
    for (ours, theirs, algorithm) in [(Pair::ed(), Pair::ed(), "EdDSA"), (Pair::ec(), Pair::ec(), "ES256")] {
        let token = theirs.sign(&header(algorithm, "k"), &own_claims());
        assert_eq!(reason(&own_verifier(&ours), &token).await, Refusal::BadSignature, "{algorithm}");
    }
}

#[tokio::test]
async fn headers_that_choose_the_key_or_the_encoding() {
    let pair = Pair::ed();
    for changes in [
        json!({"jku": "https://evil.test/jwks"}),
        json!({"x5u": "https://evil.test/x"}),
        json!({"x5c": ["MIIB"]}),
        json!({"jwk": pair.jwk("k")}),
        json!({"crit": ["exp"]}),
        json!({"crit": []}),
        json!({"crit": ["b64"], "b64": false}),
        json!({"b64": true}),
        json!({"zip": "DEF"}),
        json!({"enc": "A128GCM"}),
    ] {
        assert_eq!(own_reason(changes.clone(), json!({})).await, Refusal::ForbiddenHeader, "{changes}");
    }
}

#[tokio::test]
async fn types_of_other_tokens() {
    for typ in
        [json!(null), json!("JWT"), json!("jwt"), json!("logout+jwt"), json!("at+jwt "), json!(["at+jwt"]), json!("")]
    {
        assert_eq!(own_reason(json!({"typ": typ}), json!({})).await, Refusal::WrongType, "{typ}");
    }
}

#[tokio::test]
async fn tricks_with_the_key_name() {
    for key_id in [json!(null), json!(""), json!(1), json!({"k": 1}), json!("k".repeat(257))] {
        assert_eq!(own_reason(json!({"kid": key_id}), json!({})).await, Refusal::BadKeyId, "{key_id}");
    }
    for key_id in ["../../dev/null", "k' OR '1'='1", "K", "k\u{0}", "k ", "https://evil.test", &"k".repeat(256)] {
        assert_eq!(own_reason(json!({"kid": key_id}), json!({})).await, Refusal::UnknownKey, "{key_id}");
    }
}

#[tokio::test]
async fn misshapen_tokens() {
    let pair = Pair::ed();
    let verifier = own_verifier(&pair);
    let good = pair.sign(&header("EdDSA", "k"), &own_claims());
    let parts: Vec<&str> = good.split('.').collect();
    let (head, body, signature) = (parts[0], parts[1], parts[2]);
    for token in [
        String::new(),
        ".".into(),
        "..".into(),
        "....".into(),
        head.into(),
        format!("{head}.{body}"),
        format!("{good}."),
        format!("{good}.{signature}"),
        format!("{good}.{body}.{signature}"),
        format!("{good}="),
        format!("{good}=="),
        format!(" {good}"),
        format!("{good} "),
        format!("{good}\n"),
        format!("{good}AAA!"),
        format!("{head}=.{body}.{signature}"),
        format!("{head}. {body}.{signature}"),
        format!("{head}.{body}.{}", last_bits_set(signature)),
        format!("{}.{body}.{signature}", b64("[]")),
        format!("{}.{body}.{signature}", b64("{\"alg\":\"EdDSA\"} x")),
        format!("{}.{body}.{signature}", b64([0xff, 0xfe])),
        "ü.ü.ü".into(),
    ] {
        assert_eq!(reason(&verifier, &token).await, Refusal::Malformed, "{token}");
    }
    for cut in 1..=signature.len() {
        let refusal = reason(&verifier, &good[..good.len() - cut]).await;
        assert!(matches!(refusal, Refusal::Malformed | Refusal::BadSignature), "{refusal:?}");
    }
    assert_eq!(reason(&verifier, &format!("{good}AAAA")).await, Refusal::BadSignature);
    assert_eq!(reason(&verifier, &format!("{good}{}", "A".repeat(8192))).await, Refusal::TooLong);
}

/// Decodes to the same signature in a lenient decoder: 64 bytes leave four unused bits in the last letter.
fn last_bits_set(signature: &str) -> String {
    let (rest, last) = signature.split_at(signature.len() - 1);
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let index = letters.iter().position(|letter| *letter == last.as_bytes()[0]).unwrap();
    format!("{rest}{}", char::from(letters[index | 1]))
}

#[tokio::test]
async fn names_that_stand_twice() {
    let pair = Pair::ed();
    let twice = own_claims().to_string().replacen('{', r#"{"iss":"https://evil.test","#, 1);
    let token = pair.sign_text(&header("EdDSA", "k"), &twice);
    assert_eq!(reason(&own_verifier(&pair), &token).await, Refusal::Malformed);
}

#[tokio::test]
async fn changed_claims() {
    let pair = Pair::ed();
    let good = pair.sign(&header("EdDSA", "k"), &own_claims());
    let other = b64(with(&own_claims(), json!({"org": "org_b"})).to_string());
    let parts: Vec<&str> = good.split('.').collect();
    let token = format!("{}.{other}.{}", parts[0], parts[2]);
    assert_eq!(reason(&own_verifier(&pair), &token).await, Refusal::BadSignature);
}

#[tokio::test]
async fn issuer_audience_and_times() {
    for (changes, refusal) in [
        (json!({"iss": "https://evil.test"}), Refusal::UnknownIssuer),
        (json!({"iss": "https://steerco.test/"}), Refusal::UnknownIssuer),
        (json!({"aud": "https://other.test"}), Refusal::WrongAudience),
        (json!({"aud": ["https://other.test"]}), Refusal::WrongAudience),
        (json!({"aud": []}), Refusal::WrongAudience),
        (json!({"exp": NOW - 30}), Refusal::Expired),
        (json!({"exp": 0}), Refusal::Expired),
        (json!({"nbf": NOW + 31}), Refusal::NotYetValid),
        (json!({"iat": NOW + 31}), Refusal::NotYetValid),
    ] {
        assert_eq!(own_reason(json!({}), changes.clone()).await, refusal, "{changes}");
    }
}

#[tokio::test]
async fn missing_claims() {
    for name in ["iss", "aud", "sub", "iat", "exp", "org"] {
        assert_eq!(own_reason(json!({}), json!({name: null})).await, Refusal::MissingClaim(name));
    }
}

#[tokio::test]
async fn claims_of_the_wrong_type() {
    let wrong = [
        ("iss", vec![json!(1), json!([OWN]), json!("")]),
        ("aud", vec![json!(1), json!({}), json!([1]), json!([AUDIENCE, null])]),
        ("sub", vec![json!(1), json!(""), json!(["sa_1"]), json!("a\u{0}")]),
        (
            "exp",
            vec![json!("1"), json!(-1), json!(1e300), json!(NOW * 1000), json!(true), json!(u64::MAX), json!([NOW])],
        ),
        ("iat", vec![json!("1"), json!(-1), json!(NOW * 1000)]),
        ("nbf", vec![json!("1"), json!(-1), json!(NOW * 1000)]),
        ("client_id", vec![json!(1), json!({})]),
        ("jti", vec![json!(1)]),
        ("org", vec![json!(1), json!(["org_a"]), json!("")]),
        ("roles", vec![json!(1), json!([1]), json!({}), json!([["viewer"]])]),
        ("scope", vec![json!(1), json!([1]), json!({})]),
        ("partner_id", vec![json!(1), json!(["prt_00000000000000000000000001"]), json!(""), json!("acme")]),
        ("program_ids", vec![json!(1), json!("prg_1"), json!([1])]),
    ];
    for (name, values) in wrong {
        for value in values {
            let refusal = own_reason(json!({}), json!({name: value})).await;
            assert_eq!(refusal, Refusal::ClaimType(name), "{name} {value}");
        }
    }
    let pair = Pair::ed();
    for name in ["sub", "org", "roles", "scope", "partner_id", "program_ids", "nbf"] {
        let text = with(&own_claims(), json!({name: "NULL"})).to_string().replace("\"NULL\"", "null");
        let token = pair.sign_text(&header("EdDSA", "k"), &text);
        assert_eq!(reason(&own_verifier(&pair), &token).await, Refusal::ClaimType(name), "null {name}");
    }
}

#[tokio::test]
async fn more_than_the_issuer_may_say() {
    let pair = Pair::ed();
    let file = JwksFile::new(&[pair.jwk("k")]);
    let verifier = foreign_verifier(config(file.path()), Duration::ZERO);
    for (changes, refusal) in [
        (json!({"org": "org_b"}), Refusal::OutsideIssuer),
        (json!({"partner_id": "prt_00000000000000000000000002"}), Refusal::OutsideIssuer),
        (json!({"roles": ["viewer", "admin"]}), Refusal::OutsideIssuer),
        (json!({"aud": AUDIENCE}), Refusal::WrongAudience),
        (json!({"iss": OWN, "aud": AUDIENCE}), Refusal::UnknownKey),
    ] {
        let token = pair.sign(&header("EdDSA", "k"), &with(&foreign_claims(), changes.clone()));
        assert_eq!(reason(&verifier, &token).await, refusal, "{changes}");
    }
    let untrusted = IssuerConfig { organisations: vec![], ..config(file.path()) };
    let token = pair.sign(&header("EdDSA", "k"), &foreign_claims());
    assert_eq!(reason(&foreign_verifier(untrusted, Duration::ZERO), &token).await, Refusal::OutsideIssuer);
}
