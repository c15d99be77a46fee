//! Which server is meant, and whose token.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use figment::Figment;
use figment::providers::Serialized;
use serde::Deserialize;

use super::args::Remote;
use crate::config::read_toml;

/// Where the demo and a server on its defaults are.
const HERE: &str = "http://127.0.0.1:8080";

/// The file of profiles.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Profiles {
    /// The profile that counts when none is named.
    default: Option<String>,
    profiles: BTreeMap<String, Profile>,
}

/// One server, as one caller.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Profile {
    server: String,
    token_file: Option<PathBuf>,
    /// Id of a service account, and the file of its secret.
    client_id: Option<String>,
    client_secret_file: Option<PathBuf>,
    /// PEM file of a certificate authority of one's own.
    ca_file: Option<PathBuf>,
}

/// Where a token comes from.
#[derive(Clone)]
pub(crate) enum Token {
    /// A file, read anew with every request: tokens are renewed by others.
    File(PathBuf),
    Text(String),
    /// The token endpoint of the server.
    Credentials {
        client_id: String,
        client_secret: String,
    },
    None,
}

/// A server to speak to.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) server: String,
    pub(crate) token: Token,
    pub(crate) ca_file: Option<PathBuf>,
}

/// Without what is secret.
impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => out.debug_tuple("File").field(file).finish(),
            Self::Text(_) => out.write_str("Text"),
            Self::Credentials { client_id, .. } => out.debug_tuple("Credentials").field(client_id).finish(),
            Self::None => out.write_str("None"),
        }
    }
}

impl Token {
    /// A pipe (`<(…)`) can be read once only, so that is done here.
    fn of_file(file: &Path) -> anyhow::Result<Self> {
        let whole = Self::File(file.to_owned());
        if file.exists() && !file.is_file() {
            return Ok(whole.read()?.map_or(Self::None, Self::Text));
        }
        Ok(whole)
    }

    fn of_account(id: String, secret_file: Option<&Path>, secret: Option<String>) -> anyhow::Result<Self> {
        let secret = match (secret_file, secret) {
            (Some(file), _) => std::fs::read_to_string(file)
                .with_context(|| format!("the file of the secret {} cannot be read", file.display()))?,
            (None, Some(text)) => text,
            (None, None) => bail!("the secret of {id} comes from --client-secret-file or STEERCO_CLIENT_SECRET"),
        };
        Ok(Self::Credentials { client_id: id, client_secret: secret.trim().to_owned() })
    }

    /// The token, where it is at hand.
    pub(crate) fn read(&self) -> anyhow::Result<Option<String>> {
        match self {
            Self::None | Self::Credentials { .. } => Ok(None),
            Self::Text(text) => Ok(Some(text.trim().to_owned())),
            Self::File(file) => {
                let read = std::fs::read_to_string(file);
                let text = read.with_context(|| format!("the token file {} cannot be read", file.display()))?;
                Ok(Some(text.trim().to_owned()))
            }
        }
    }
}

impl Target {
    pub(crate) fn find(remote: &Remote, variable: &impl Fn(&str) -> Option<String>) -> anyhow::Result<Self> {
        let profile = find_profile(remote.profile.as_deref(), profile_file(variable).as_deref())?.unwrap_or_default();
        let named = remote.server.clone().or(Some(profile.server).filter(|server| !server.is_empty()));
        let server = named.unwrap_or_else(|| HERE.to_owned()).trim_end_matches('/').to_owned();
        if !server.starts_with("http://") && !server.starts_with("https://") {
            bail!("the address of a server starts with http:// or https://, not {server:?}");
        }
        let token = match (&remote.token_file, &remote.client_id, variable("STEERCO_TOKEN")) {
            (Some(file), ..) => Token::of_file(file)?,
            (None, Some(id), _) => {
                let secret = variable("STEERCO_CLIENT_SECRET");
                Token::of_account(id.clone(), remote.client_secret_file.as_deref(), secret)?
            }
            (None, None, Some(text)) if !text.trim().is_empty() => Token::Text(text),
            // A token goes only to the server it was given for.
            _ if remote.server.is_some() && remote.profile.is_none() => Token::None,
            _ => match (profile.token_file, profile.client_id) {
                (Some(file), _) => Token::of_file(&file)?,
                (None, Some(id)) => {
                    let file = remote.client_secret_file.as_deref().or(profile.client_secret_file.as_deref());
                    Token::of_account(id, file, None)?
                }
                (None, None) => Token::None,
            },
        };
        Ok(Self { server, token, ca_file: remote.ca_file.clone().or(profile.ca_file) })
    }
}

/// `$XDG_CONFIG_HOME/steerco/config.toml`, else below `~/.config`.
fn profile_file(variable: &impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let folder = variable("XDG_CONFIG_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let folder = folder.or_else(|| variable("HOME").map(|home| Path::new(&home).join(".config")))?;
    Some(folder.join("steerco/config.toml"))
}

fn find_profile(name: Option<&str>, file: Option<&Path>) -> anyhow::Result<Option<Profile>> {
    let read = match file.filter(|file| file.exists()) {
        Some(file) => Figment::from(Serialized::defaults(read_toml(file)?)).extract::<Profiles>().map_err(|fault| {
            let faults: Vec<String> =
                fault.into_iter().map(|fault| format!("{}: {}", fault.path.join("."), fault.kind)).collect();
            anyhow!("{}: {}", file.display(), faults.join("; "))
        })?,
        None => Profiles::default(),
    };
    let Some(name) = name.map(str::to_owned).or(read.default) else { return Ok(None) };
    let known = read.profiles.keys().cloned().collect::<Vec<_>>().join(", ");
    match read.profiles.get(&name) {
        Some(profile) => Ok(Some(profile.clone())),
        None => bail!("there is no profile {name:?}; there are: {}", if known.is_empty() { "none" } else { &known }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(remote: &Remote, variables: &[(&str, &str)]) -> anyhow::Result<Target> {
        let find =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Target::find(remote, &find)
    }

    fn folder(text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("steerco")).unwrap();
        std::fs::write(folder.path().join("steerco/config.toml"), text).unwrap();
        folder
    }

    const FILE: &str = "default = 'a'\n[profiles.a]\nserver = 'https://a.example'\ntoken_file = 'a.token'\n\
                        [profiles.b]\nserver = 'https://b.example/'\n";

    #[test]
    fn flags_are_above_variables_above_profiles() {
        let folder = folder(FILE);
        let home = ("XDG_CONFIG_HOME", folder.path().to_str().unwrap());
        let target = find(&Remote::default(), &[home]).unwrap();
        assert_eq!(target.server, "https://a.example");
        assert!(matches!(target.token, Token::File(file) if file == Path::new("a.token")));
        let target = find(&Remote { profile: Some("b".into()), ..Remote::default() }, &[home]).unwrap();
        assert_eq!(target.server, "https://b.example");
        let target = find(&Remote::default(), &[home, ("STEERCO_TOKEN", "t")]).unwrap();
        assert!(matches!(target.token, Token::Text(text) if text == "t"));
        let file = Remote { token_file: Some("x".into()), ..Remote::default() };
        let target = find(&file, &[("STEERCO_TOKEN", "t")]).unwrap();
        assert!(matches!(target.token, Token::File(_)) && target.server == HERE);
    }

    #[test]
    fn a_token_of_a_profile_goes_to_no_other_server() {
        let folder = folder(FILE);
        let remote = Remote { server: Some("https://elsewhere.example".into()), ..Remote::default() };
        let target = find(&remote, &[("XDG_CONFIG_HOME", folder.path().to_str().unwrap())]).unwrap();
        assert!(matches!(target.token, Token::None));
    }

    #[test]
    fn an_account_has_its_secret_beside_it() {
        let folder = folder("[profiles.a]\nserver = 'https://a.example'\nclient_id = 'svc_1'\n");
        let home = ("XDG_CONFIG_HOME", folder.path().to_str().unwrap());
        let secret = folder.path().join("secret");
        std::fs::write(&secret, "s3\n").unwrap();
        let account = |id: &str, file: Option<&Path>| Remote {
            client_id: Some(id.to_owned()),
            client_secret_file: file.map(Path::to_owned),
            ..Remote::default()
        };
        let told = |remote: &Remote, variables: &[(&str, &str)]| match find(remote, variables).unwrap().token {
            Token::Credentials { client_id, client_secret } => format!("{client_id} {client_secret}"),
            other => panic!("{other:?}"),
        };
        let variables = [("STEERCO_CLIENT_SECRET", "s2"), ("STEERCO_TOKEN", "t")];
        assert_eq!(told(&account("svc_2", None), &variables), "svc_2 s2");
        assert_eq!(told(&account("svc_2", Some(&secret)), &variables), "svc_2 s3");
        let file = Remote { token_file: Some("x".into()), ..account("svc_2", None) };
        assert!(matches!(find(&file, &[]).unwrap().token, Token::File(_)));
        let missing = find(&account("svc_2", None), &[]).unwrap_err();
        assert!(missing.to_string().contains("--client-secret-file"), "{missing}");
        let profile = Remote { profile: Some("a".into()), ..Remote::default() };
        assert!(find(&profile, &[home, variables[0]]).is_err(), "what is for another account is not for this one");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let folder = folder(FILE);
        let home = ("XDG_CONFIG_HOME", folder.path().to_str().unwrap());
        let told = |remote: &Remote| format!("{:#}", find(remote, &[home]).unwrap_err());
        assert_eq!(
            told(&Remote { profile: Some("c".into()), ..Remote::default() }),
            "there is no profile \"c\"; there are: a, b"
        );
        assert!(told(&Remote { server: Some("b.example".into()), ..Remote::default() }).contains("http://"));
        let wrong = self::folder("[profiles.a]\nserver = 'x'\ntokn = 'y'\n");
        let error = find(&Remote::default(), &[("XDG_CONFIG_HOME", wrong.path().to_str().unwrap())]).unwrap_err();
        assert!(format!("{error:#}").contains("profiles.a.tokn"), "{error:#}");
    }
}
