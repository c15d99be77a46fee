use super::*;

fn load(environment: &[(&str, &str)]) -> anyhow::Result<Config> {
    let pairs = environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Config::load(&Common::default(), pairs.collect::<Vec<_>>().into_iter())
}

#[test]
fn environment_is_above_defaults() {
    let config = load(&[("STEERCO_LISTEN", "0.0.0.0:9000"), ("STEERCO_AUTH__TOKEN_SECONDS", "60")]).unwrap();
    assert_eq!((config.listen.port(), config.auth.token_seconds), (9000, 60));
}

#[test]
fn an_unknown_key_is_an_error_that_names_it() {
    let told = |name, value| format!("{:#}", load(&[(name, value)]).unwrap_err());
    let all = "listen, data_dir, database, base_url, log, tls, auth, limits, feed, attachments, webhooks, \
               open_contracting";
    assert_eq!(told("STEERCO_LISTNE", "x"), format!("unknown setting \"listne\", expected one of {all}"));
    assert_eq!(told("STEERCO_FEED__DAY", "1"), "unknown setting \"feed.day\", expected one of days");
    assert_eq!(told("STEERCO_TLS__KEY", "key.pem"), "missing setting \"tls.certificate\"");
    for (name, value, fault) in [
        ("STEERCO_DATABASE", "mysql://x", "database: "),
        ("STEERCO_DATABASE", "null", "database: "),
        ("STEERCO_BASE_URL", "nonsense", "base_url: "),
        ("STEERCO_LOG", "info,=,", "log: "),
        ("STEERCO_LOG", "steerco=loud", "log: \"steerco=loud\" is not like info"),
        ("STEERCO_LOG", "steerco[span]=info", "log: "),
        ("STEERCO_FEED__DAYS", "0", "feed.days: "),
        ("STEERCO_LIMITS__CONCURRENCY", "0", "limits.concurrency: at least 1"),
        ("STEERCO_ATTACHMENTS__MAX_BYTES", "99999999999", "attachments.max_bytes: "),
        ("STEERCO_WEBHOOKS__TIMEOUT_SECONDS", "21", "webhooks.timeout_seconds: "),
        ("STEERCO_WEBHOOKS__ALLOW", "[\"nonsense\"]", "webhooks.allow: "),
        (
            "STEERCO_AUTH__ISSUERS",
            r#"[{"issuer": "https://a", "audience": "a", "jwks": "a", "greatest_roles": ["king"]}]"#,
            "issuer https://a: the role king does not exist",
        ),
    ] {
        assert!(told(name, value).starts_with(fault), "{name}={value}: {}", told(name, value));
    }
    let wrong = told("STEERCO_FEED__DAYS", "many");
    assert_eq!(wrong, "setting \"feed.days\": invalid type: found string \"many\", expected u32");
}

#[test]
fn a_file_is_below_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("steerco.toml");
    let told = |text: &str, environment: &[(&str, &str)]| {
        std::fs::write(&file, text).unwrap();
        let common = Common { config: Some(file.clone()), ..Common::default() };
        let pairs = environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        Config::load(&common, pairs.collect::<Vec<_>>().into_iter()).map_err(|error| format!("{error:#}"))
    };
    let text = "listen = '0.0.0.0:1'\n[auth]\ntoken_seconds = 60\n[feed]\ndays = 7\n";
    let config = told(text, &[("STEERCO_FEED__DAYS", "8")]).unwrap();
    assert_eq!((config.listen.port(), config.auth.token_seconds, config.feed.days), (1, 60, 8));
    for (text, fault) in [
        ("[feed]\nday = 1\n", "unknown setting \"feed.day\", expected one of days"),
        ("[feed]\ndays = -1\n", "setting \"feed.days\": invalid value signed int `-1`, expected u32"),
        ("[feed]\ndays = 'many'\n", "setting \"feed.days\": invalid type: found string \"many\", expected u32"),
    ] {
        assert_eq!(told(text, &[]).unwrap_err(), fault, "{text}");
    }
    for text in ["[feed]\ndays = 1\ndays = 2\n", "[feed]\ndays = 1\n[feed]\n", "feed = [1"] {
        let told = told(text, &[]).unwrap_err();
        assert!(told.starts_with(&format!("{}: TOML parse error at line ", file.display())), "{told}");
    }
}

#[test]
fn what_is_set_twice_is_refused() {
    for (one, other) in [
        ("STEERCO_DATABASE", "STEERCO_DATABASE_FILE"),
        ("STEERCO_LISTEN", "STEERCO_listen"),
        ("STEERCO_LIMITS", "STEERCO_LIMITS__BURST"),
    ] {
        let told = load(&[(one, "1"), (other, if other.ends_with("_FILE") { "/dev/null" } else { "2" })]);
        assert_eq!(told.unwrap_err().to_string(), format!("{one} and {other} set the same setting: give one of them"));
    }
}

#[test]
fn flags_are_above_the_environment() {
    let common = Common { data_dir: Some("there".into()), ..Common::default() };
    let environment = [("STEERCO_DATA_DIR".into(), "here".into())];
    let config = Config::load(&common, environment.into_iter()).unwrap();
    assert_eq!(config.data_dir, PathBuf::from("there"));
}
