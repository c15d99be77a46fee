//! The service over gRPC, for what streams: `watch` and `import`.

use std::time::Duration;

use anyhow::{Context, anyhow};
use steerco_client::{Client, Error};
use steerco_domain::Reason;

use super::args::Remote;
use super::http::{Failure, Fault, Problem};
use super::profile::{Target, Token};

pub(crate) fn connect(remote: &Remote) -> anyhow::Result<Client> {
    let target = Target::find(remote, &|name| std::env::var(name).ok())?;
    connect_to(target, Duration::from_secs(remote.timeout.max(1)))
}

pub(crate) fn connect_to(target: Target, timeout: Duration) -> anyhow::Result<Client> {
    let Target { server, token, ca_file } = target;
    let token = match token {
        Token::File(file) => steerco_client::Token::File(file),
        Token::Text(text) => steerco_client::Token::Text(text),
        Token::Credentials { client_id, client_secret } => {
            steerco_client::Token::Credentials { client_id, client_secret }
        }
        Token::None => steerco_client::Token::None,
    };
    let mut builder = Client::builder(server)
        .token(token)
        .timeout(timeout)
        .on_retry(|error, _| eprintln!("steerco: {error}; trying again"));
    if let Some(file) = &ca_file {
        builder = builder.authority(std::fs::read(file).with_context(|| format!("ca_file {}", file.display()))?);
    }
    builder.build().map_err(|error| anyhow!("{error}"))
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let refusal = match error {
            Error::Refused(refusal) => *refusal,
            Error::Unreachable(why) => return Self::Unreachable(why),
            Error::Local(why) => return Self::Local(anyhow!(why)),
        };
        let reason = Reason::ALL.iter().find(|reason| reason.code() == refusal.code);
        // What stands between names no reason.
        let status = reason.map_or(if refusal.code == "Unauthenticated" { 401 } else { 400 }, |it| it.http_status());
        let fault = |fault: steerco_client::Fault| {
            let steerco_client::Fault { pointer, code, detail } = fault;
            Fault { pointer, code, detail }
        };
        Self::Refused(Box::new(Problem {
            title: reason.map_or_else(|| refusal.code.clone(), |reason| reason.title().to_owned()),
            status,
            detail: refusal.detail,
            code: refusal.code,
            request_id: refusal.request_id,
            retryable: refusal.retryable,
            etag: refusal.etag,
            errors: refusal.faults.into_iter().map(fault).collect(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use steerco_client::Refusal;

    #[test]
    fn refusals_keep_their_exit_codes() {
        for reason in Reason::ALL {
            let error = Error::Refused(Box::new(Refusal {
                code: reason.code().to_owned(),
                grpc_code: reason.grpc_code().into(),
                detail: String::new(),
                faults: Vec::new(),
                retryable: reason.retryable(),
                retry_after: None,
                etag: None,
                request_id: String::new(),
            }));
            let Failure::Refused(problem) = Failure::from(error) else { panic!("{reason:?}") };
            assert_eq!((problem.status, problem.retryable), (reason.http_status(), reason.retryable()));
        }
        assert_eq!(Failure::from(Error::Unreachable(String::new())).exit_code(), 7);
    }
}
