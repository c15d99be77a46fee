use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};

/// TLS 1.2 and 1.3 with the certificate chain and the key of these two PEM files, for HTTP/2 and
/// HTTP/1.1.
///
/// The crypto provider is named, not taken from the process: two libraries that each install one
/// would panic.
///
/// # Errors
/// Says which file, and what is wrong with it.
pub fn server_config(cert_pem_path: &Path, key_pem_path: &Path) -> Result<Arc<ServerConfig>, String> {
    let chain = certificates(cert_pem_path)?;
    let key = PrivateKeyDer::from_pem_file(key_pem_path)
        .map_err(|fault| pem_fault("key", key_pem_path, "private key", &fault))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(|fault| format!("TLS: {fault}"))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|fault| pair_fault(cert_pem_path, key_pem_path, &fault))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let fault = |fault| pem_fault("certificate", path, "certificate", &fault);
    let chain = CertificateDer::pem_file_iter(path).map_err(fault)?.collect::<Result<Vec<_>, _>>().map_err(fault)?;
    if chain.is_empty() {
        return Err(fault(PemError::NoItemsFound));
    }
    Ok(chain)
}

fn pem_fault(file: &str, path: &Path, wanted: &str, fault: &PemError) -> String {
    let path = path.display();
    match fault {
        PemError::Io(fault) => format!("TLS {file} file {path}: cannot read: {fault}"),
        PemError::NoItemsFound => format!("TLS {file} file {path}: holds no PEM {wanted}"),
        fault => format!("TLS {file} file {path}: not valid PEM: {fault}"),
    }
}

fn pair_fault(cert: &Path, key: &Path, fault: &rustls::Error) -> String {
    let (cert, key) = (cert.display(), key.display());
    match fault {
        rustls::Error::InconsistentKeys(_) => {
            format!("TLS key file {key}: the key does not belong to the certificate in {cert}")
        }
        rustls::Error::InvalidCertificate(fault) => {
            format!("TLS certificate file {cert}: invalid certificate: {fault}")
        }
        fault => format!("TLS certificate file {cert} with key file {key}: {fault}"),
    }
}
