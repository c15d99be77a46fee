//! Key sets, their rotation, and the cache.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::super::cache::{self, Cache};
use super::super::source::Origin;
use super::*;

fn fault(jwk: &Value, changes: Value) -> &'static str {
    PublicKey::from_jwk(&with(jwk, changes)).expect_err("this key cannot be used")
}

#[test]
fn keys_of_no_use_are_passed_over() {
    let (ed, ec, rsa) = (Pair::ed().jwk("k"), Pair::ec().jwk("k"), Pair::rsa().jwk("k"));
    assert_eq!(fault(&json!({"kty": "oct", "kid": "k", "k": "c2VjcmV0"}), json!({})), "unsupported key type");
    assert_eq!(fault(&ed, json!({"crv": "Ed448"})), "unsupported key type");
    assert_eq!(fault(&ec, json!({"crv": "P-384"})), "unsupported key type");
    assert_eq!(fault(&rsa, json!({"use": "enc"})), "use is not sig");
    assert_eq!(fault(&rsa, json!({"key_ops": ["encrypt"]})), "key_ops does not include verify");
    assert_eq!(fault(&ed, json!({"kid": null})), "no usable kid");
    assert_eq!(fault(&ed, json!({"d": "secret"})), "contains a private key, which is no longer secret");
    for algorithm in ["RS512", "RSA-OAEP", "HS256", "EdDSA", "ES256", "none"] {
        assert_eq!(fault(&rsa, json!({"alg": algorithm})), "unsupported algorithm", "{algorithm}");
    }
    assert_eq!(fault(&ed, json!({"alg": "ES256"})), "unsupported algorithm");
    assert_eq!(fault(&rsa, json!({"n": b64([0xff; 255])})), "RSA key length out of range");
    assert_eq!(fault(&rsa, json!({"n": b64([vec![0x7f], vec![0xff; 255]].concat())})), "RSA key length out of range");
    assert_eq!(fault(&rsa, json!({"n": b64([vec![0; 64], vec![0xff; 192]].concat())})), "RSA key length out of range");
    assert_eq!(fault(&rsa, json!({"n": b64([0xff; 1025])})), "RSA key length out of range");
    assert_eq!(fault(&ed, json!({"x": b64([1; 31])})), "wrong key length");
    assert_eq!(fault(&ec, json!({"y": null})), "incomplete key");
    assert!(PublicKey::from_jwk(&json!([])).is_err());
}

#[tokio::test]
async fn a_secret_in_the_key_set_signs_nothing() {
    let pair = Pair::ed();
    let file = JwksFile::new(&[json!({"kty": "oct", "kid": "k", "alg": "HS256", "k": "c2VjcmV0"})]);
    let verifier = foreign_verifier(config(file.path()), Duration::ZERO);
    let token = pair.sign(&header("EdDSA", "k"), &foreign_claims());
    assert_eq!(verifier.verify(&token, NOW).await, Err(Refusal::UnknownKey));
}

#[test]
fn addresses_of_key_sets() {
    for jwks in [
        "https://login.test/jwks",
        "http://localhost:1/jwks",
        "http://127.0.0.1/jwks",
        "http://[::1]:9/jwks",
        "jwks.json",
    ] {
        assert!(Origin::parse(jwks).is_ok(), "{jwks}");
    }
    for jwks in [
        "",
        "http://login.test/jwks",
        "http://127.0.0.1.evil.test/",
        "http://localhost.evil.test/",
        "ftp://127.0.0.1/x",
        "file:///jwks",
        "http://10.0.0.1/",
        "https://",
        "https://a:b@login.test/",
    ] {
        assert!(Origin::parse(jwks).is_err(), "{jwks}");
    }
}

#[test]
fn settings_that_contradict_themselves() {
    let new = |issuers| Verifier::new(OWN.into(), AUDIENCE.into(), vec![], issuers);
    assert!(new(vec![config("a"), config("b")]).is_err());
    assert!(new(vec![IssuerConfig { issuer: OWN.into(), ..config("a") }]).is_err());
    assert!(new(vec![IssuerConfig { audience: String::new(), ..config("a") }]).is_err());
    let claim_map = [("aud".to_owned(), "for".to_owned())].into();
    assert!(new(vec![IssuerConfig { claim_map, ..config("a") }]).is_err());
    let unknown = json!({"issuer": "a", "audience": "b", "jwks": "c", "organizations": []});
    assert!(serde_json::from_value::<IssuerConfig>(unknown).is_err());
}

#[tokio::test]
async fn own_keys_rotate() {
    let (first, second) = (Pair::ed(), Pair::ed());
    let verifier = own_verifier(&first);
    let old = first.sign(&header("EdDSA", "k"), &own_claims());
    let new = second.sign(&header("EdDSA", "k2"), &own_claims());
    assert!(verifier.verify(&old, NOW).await.is_ok());
    assert_eq!(verifier.verify(&new, NOW).await, Err(Refusal::UnknownKey));

    let keys = [first.jwk("k"), second.jwk("k2")].map(|jwk| PublicKey::from_jwk(&jwk).unwrap());
    verifier.replace_own_keys(keys.to_vec());
    assert!(verifier.verify(&old, NOW).await.is_ok() && verifier.verify(&new, NOW).await.is_ok());

    let (before, signer) = verifier.verify_signer(&old, NOW).await.unwrap();
    verifier.replace_own_keys(keys.to_vec());
    let after = verifier.verify(&old, NOW).await.unwrap();
    assert!(Arc::ptr_eq(&before, &after), "equal keys leave the cache alone");
    let third = Pair::ed();
    let more = [keys.to_vec(), vec![PublicKey::from_jwk(&third.jwk("k3")).unwrap()]].concat();
    verifier.replace_own_keys(more);
    assert!(signer.is_trusted(), "an additional key changes nothing");

    verifier.replace_own_keys(keys[1..].to_vec());
    assert_eq!(verifier.verify(&old, NOW).await, Err(Refusal::UnknownKey), "the cache drops it too");
    assert!(verifier.verify(&new, NOW).await.is_ok());
    assert!(!signer.is_trusted(), "the signer is no longer trusted, also in open streams");
}

#[tokio::test]
async fn keys_of_a_file_rotate_and_survive_its_loss() {
    let (first, second) = (Pair::ed(), Pair::ec());
    let file = JwksFile::new(&[first.jwk("k")]);
    let verifier = foreign_verifier(config(file.path()), Duration::ZERO);
    let old = first.sign(&header("EdDSA", "k"), &foreign_claims());
    let new = second.sign(&header("ES256", "k2"), &foreign_claims());
    assert!(verifier.verify(&old, NOW).await.is_ok());

    file.write(&[second.jwk("k2")]);
    assert!(verifier.verify(&old, NOW).await.is_ok(), "nobody has asked for another key yet");
    assert!(verifier.verify(&new, NOW).await.is_ok());
    assert_eq!(verifier.verify(&old, NOW).await, Err(Refusal::UnknownKey));

    std::fs::write(&file.0, "not json").unwrap();
    verifier.refresh().await;
    assert!(verifier.verify(&new, NOW).await.is_ok());
    std::fs::remove_file(&file.0).unwrap();
    verifier.refresh().await;
    assert!(verifier.verify(&new, NOW).await.is_ok());
}

#[tokio::test]
async fn a_withdrawn_key_is_noticed_behind_the_back_of_its_users() {
    let pair = Pair::ed();
    let file = JwksFile::new(&[pair.jwk("k")]);
    let pace = Pace { gap: Duration::ZERO, stale: Duration::ZERO };
    let verifier = Verifier::with_pace(OWN.into(), AUDIENCE.into(), vec![], vec![config(file.path())], pace).unwrap();
    let token = pair.sign(&header("EdDSA", "k"), &foreign_claims());
    assert!(verifier.verify(&token, NOW).await.is_ok());
    file.write(&[]);
    let mut uses = 0;
    while verifier.verify(&token, NOW).await.is_ok() {
        uses += 1;
        assert!(uses < 500, "the key is still good");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(verifier.verify(&token, NOW).await, Err(Refusal::UnknownKey));
}

#[tokio::test]
async fn a_key_that_takes_over_a_name_ends_the_old_one() {
    let (first, second) = (Pair::ed(), Pair::ed());
    let file = JwksFile::new(&[first.jwk("k")]);
    let verifier = foreign_verifier(config(file.path()), Duration::ZERO);
    let old = first.sign(&header("EdDSA", "k"), &foreign_claims());
    assert!(verifier.verify(&old, NOW).await.is_ok());
    file.write(&[second.jwk("k")]);
    verifier.refresh().await;
    assert_eq!(verifier.verify(&old, NOW).await, Err(Refusal::BadSignature));
}

#[tokio::test]
async fn no_keys_at_all() {
    let pair = Pair::ed();
    let verifier = foreign_verifier(config("no-such-file.json"), Duration::from_secs(30));
    let token = pair.sign(&header("EdDSA", "k"), &foreign_claims());
    assert_eq!(verifier.verify(&token, NOW).await, Err(Refusal::KeysUnavailable));
    assert_eq!(verifier.verify(&token, NOW).await, Err(Refusal::KeysUnavailable));
}

/// Answers every request with the same response and counts requests.
async fn serve(answer: String) -> (String, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/jwks", listener.local_addr().unwrap());
    let count = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    (address, count)
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn a_flood_of_unknown_keys_reads_once() {
    let pair = Pair::ed();
    let (address, count) = serve(ok(&json!({"keys": [pair.jwk("k")]}).to_string())).await;
    let verifier = Arc::new(foreign_verifier(config(&address), Duration::from_secs(30)));
    let callers: Vec<_> = (0..20)
        .map(|number| {
            let verifier = Arc::clone(&verifier);
            let token = pair.sign(&header("EdDSA", &format!("x{number}")), &foreign_claims());
            tokio::spawn(async move { verifier.verify(&token, NOW).await })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), Err(Refusal::UnknownKey));
    }
    let good = pair.sign(&header("EdDSA", "k"), &foreign_claims());
    assert!(verifier.verify(&good, NOW).await.is_ok());
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn answers_that_are_no_key_set() {
    let pair = Pair::ed();
    let set = json!({"keys": [pair.jwk("k")]}).to_string();
    let (target, reached) = serve(ok(&set)).await;
    let redirect =
        format!("HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let oversize = format!("{}{}", set, " ".repeat(256 * 1024));
    for answer in
        [redirect, ok(&oversize), ok("[]"), "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n".into(), "nonsense".into()]
    {
        let (address, count) = serve(answer).await;
        let verifier = foreign_verifier(config(&address), Duration::from_secs(30));
        let token = pair.sign(&header("EdDSA", "k"), &foreign_claims());
        for _ in 0..2 {
            assert_eq!(verifier.verify(&token, NOW).await, Err(Refusal::KeysUnavailable));
        }
        assert_eq!(count.load(Ordering::SeqCst), 1, "a failed reading counts");
    }
    assert_eq!(reached.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_caller_who_hangs_up_does_not_end_the_reading() {
    let pair = Pair::ed();
    let (address, count) = serve(ok(&json!({"keys": [pair.jwk("k")]}).to_string())).await;
    let verifier = foreign_verifier(config(&address), Duration::from_secs(30));
    let token = pair.sign(&header("EdDSA", "k"), &foreign_claims());
    // Disconnects at once; on a busy machine the keys may be there even so.
    let _ = tokio::time::timeout(Duration::ZERO, verifier.verify(&token, NOW)).await;
    assert!(verifier.verify(&token, NOW).await.is_ok());
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn the_cache_spares_signatures_but_not_times() {
    let pair = Pair::ed();
    let verifier = own_verifier(&pair);
    let token = pair.sign(&header("EdDSA", "k"), &with(&own_claims(), json!({"nbf": NOW})));
    let first = verifier.verify(&token, NOW).await.unwrap();
    let second = verifier.verify(&token, NOW + 1).await.unwrap();
    assert!(Arc::ptr_eq(&first, &second), "the second comes from the cache");
    assert!(verifier.verify(&token, NOW + 629).await.is_ok());
    assert_eq!(verifier.verify(&token, NOW + 630).await, Err(Refusal::Expired));
    assert_eq!(verifier.verify(&token, NOW - 31).await, Err(Refusal::NotYetValid));
    let forged = format!("{}AAAA", &token[..token.len() - 4]);
    assert_eq!(verifier.verify(&forged, NOW).await, Err(Refusal::BadSignature));
    assert_eq!(verifier.cache.len(), 1, "a refused token is not remembered");
}

#[tokio::test]
async fn the_cache_is_bounded_and_keeps_what_is_in_use() {
    let pair = Pair::ed();
    let verifier = own_verifier(&pair);
    let token = pair.sign(&header("EdDSA", "k"), &own_claims());
    verifier.verify(&token, NOW).await.unwrap();
    let entry = verifier.cache.find(&cache::digest(&token)).unwrap();
    let cache = Cache::default();
    for number in 0..10_000 {
        cache.insert(cache::digest(&number.to_string()), entry.clone());
        assert!(cache.find(&cache::digest("0")).is_some());
    }
    assert!(cache.len() <= 4096);
    assert!(cache.find(&cache::digest("1")).is_none());
}
