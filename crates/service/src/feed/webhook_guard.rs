//! Restricts the targets of webhooks: only addresses outside of the network of the service, in whatever form they are
//! written, and only the addresses that were checked. A name is resolved once per connection, all its addresses are
//! checked, and the connection goes to one of them.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use steerco_domain::error::Fault;

/// Resolves a name.
type LookUp = fn(String, u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>>;

/// The inside ranges that a setting lets webhooks reach, and the resolver of names.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    allowed: Arc<Vec<IpNet>>,
    look_up: LookUp,
}

/// Resolves names through the system.
fn by_system(host: String, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
    Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
}

/// Addresses that are not globally reachable (IANA, special-purpose address registries).
const INSIDE: [&str; 15] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
];
/// In IPv6 only global unicast is outside, except ranges that embed other addresses and those for documentation.
const GLOBAL: &str = "2000::/3";
const NOT_GLOBAL: [&str; 4] = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

fn is_in(range: &str, address: IpAddr) -> bool {
    range.parse::<IpNet>().is_ok_and(|net| net.contains(&address))
}

fn is_inside_v4(address: Ipv4Addr) -> bool {
    INSIDE.iter().any(|range| is_in(range, address.into()))
}

fn is_inside_v6(address: Ipv6Addr) -> bool {
    !is_in(GLOBAL, address.into()) || NOT_GLOBAL.iter().any(|range| is_in(range, address.into()))
}

/// Error text for an address, which must not reveal the addresses of a name.
const REFUSED: &str = "must resolve to an address outside of the network of the service";

impl Guard {
    pub(crate) fn new(allowed: &[String]) -> Result<Self, String> {
        let parse = |text: &String| {
            let net = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            net.map_err(|_| format!("webhooks.allow: {text} is neither an address nor a range such as 10.1.0.0/16"))
        };
        let allowed = Arc::new(allowed.iter().map(parse).collect::<Result<_, _>>()?);
        Ok(Self { allowed, look_up: by_system })
    }

    /// Whether a setting allows the address.
    fn allows(&self, address: IpAddr) -> bool {
        self.allowed.iter().any(|net| net.contains(&address.to_canonical()))
    }

    /// Whether a connection to the address is allowed.
    fn lets_out(&self, address: IpAddr) -> bool {
        let inside = match address {
            IpAddr::V4(address) => is_inside_v4(address),
            // An address that embeds one of the other protocol is never used on the internet.
            IpAddr::V6(address) => is_inside_v6(address),
        };
        !inside || self.allows(address)
    }

    /// Parses an address and checks it as far as possible without resolving its name.
    pub(crate) fn parse(&self, text: &str) -> Result<Url, Fault> {
        let fault = |code, detail: &str| Fault::new("/url", code, detail);
        let url = Url::parse(text).map_err(|cause| fault("BAD_URL", &format!("is not a URL: {cause}")))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(fault("BAD_URL", "must not hold a user or a password: the address is logged"));
        }
        if url.fragment().is_some() {
            return Err(fault("BAD_URL", "must not have a fragment: it is not sent"));
        }
        if !matches!(url.scheme(), "https" | "http") {
            return Err(fault("BAD_URL", "must begin with https://"));
        }
        // The parser has normalised every spelling of an address.
        let host = url.host_str().unwrap_or_default();
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
        if literal.is_some_and(|address| !self.lets_out(address)) {
            return Err(fault("INSIDE_ADDRESS", REFUSED));
        }
        match url.scheme() {
            "https" => Ok(url),
            // Without TLS only if the operator allows it.
            "http" if !self.allowed.is_empty() => Ok(url),
            _ => Err(fault("BAD_URL", "must begin with https://")),
        }
    }

    /// Parses and checks an address, including the addresses its name resolves to now.
    pub(crate) async fn check(&self, text: &str) -> Result<Url, Fault> {
        let url = self.parse(text)?;
        let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        let found = self.resolve(&host, url.port_or_known_default().unwrap_or(443)).await;
        let found = found.map_err(|_| Fault::new("/url", "INSIDE_ADDRESS", REFUSED))?;
        if url.scheme() == "http" && !found.iter().all(|address| self.allows(address.ip())) {
            return Err(Fault::new("/url", "BAD_URL", "must begin with https://"));
        }
        Ok(url)
    }

    /// Resolves a name. All addresses must be outside, because any of them may be used.
    async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, &'static str> {
        let looked_up = tokio::time::timeout(LOOK_UP, (self.look_up)(host.to_owned(), port)).await;
        let unknown = "the name could not be resolved";
        let found = looked_up.map_err(|_| unknown)?.map_err(|_| unknown)?;
        if found.is_empty() || !found.iter().all(|address| self.lets_out(address.ip())) {
            return Err("the name resolves to an inside address");
        }
        Ok(found)
    }

    /// A client that connects only to checked addresses, follows no redirects and uses no proxy.
    pub(crate) fn client(&self, patience: Duration) -> Result<Client, String> {
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .dns_resolver(Arc::new(self.clone()))
            .connect_timeout(patience.min(CONNECT))
            .timeout(patience)
            .pool_idle_timeout(IDLE)
            .user_agent(concat!("steerco/", env!("CARGO_PKG_VERSION")));
        client.build().map_err(|cause| format!("cannot create a client for webhooks: {cause}"))
    }
}

/// Timeout of resolving a name.
const LOOK_UP: Duration = Duration::from_secs(5);
/// Timeout of connecting.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a connection is kept for the next delivery; short, because a name may resolve to other addresses later.
const IDLE: Duration = Duration::from_secs(30);

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found = Guard::resolve(&guard, name.as_str(), 0).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const REFUSED_URLS: &[&str] = &[
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://0x7f.1/",
        "https://127.0.0.1./",
        "https://0/",
        "https://0.0.0.0/",
        "https://10.1.2.3/",
        "https://172.31.255.255/",
        "https://192.168.1.1/",
        "https://100.64.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://0xa9fea9fe/",
        "https://2852039166/",
        "https://198.18.0.1/",
        "https://224.0.0.1/",
        "https://255.255.255.255/",
        "https://[::1]/",
        "https://[::]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:a9fe:a9fe]/",
        "https://[::127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[64:ff9b:1::1]/",
        "https://[fe80::1]/",
        "https://[fc00::1]/",
        "https://[fd00:ec2::254]/",
        "https://[fec0::1]/",
        "https://[ff02::1]/",
        "https://[2001::1]/",
        "https://[2001:db8::1]/",
        "https://[2002:7f00:1::]/",
        "https://①②⑦.⓪.⓪.①/",
        "https://127。0。0。1/",
        "https://127%2e0%2e0%2e1/",
    ];

    #[test]
    fn addresses_inside_are_refused_however_they_are_written() {
        let guard = Guard::new(&[]).unwrap();
        for url in REFUSED_URLS {
            assert_eq!(guard.parse(url).unwrap_err().code, "INSIDE_ADDRESS", "{url}");
        }
        for url in ["https://8.8.8.8/hook", "https://[2606:4700::1111]/", "https://example.org/hook?x=1"] {
            guard.parse(url).unwrap();
        }
        for url in [
            "http://example.org/",
            "ftp://example.org/",
            "https://a:b@example.org/",
            "https://a@example.org/",
            "https://example.org/#x",
            "example.org",
            "https://",
            "file:///etc/passwd",
            "https://exa mple.org/",
            "gopher://127.0.0.1/",
            "//127.0.0.1/",
        ] {
            assert_eq!(guard.parse(url).unwrap_err().code, "BAD_URL", "{url}");
        }
    }

    #[tokio::test]
    async fn names_that_lead_inside_are_refused() {
        let guard = Guard::new(&[]).unwrap();
        for url in ["https://localhost/", "https://localhost.:8443/", "https://no-such-name.invalid/"] {
            assert_eq!(guard.check(url).await.unwrap_err().code, "INSIDE_ADDRESS", "{url}");
        }
    }

    #[tokio::test]
    async fn a_setting_lets_some_of_them_be_reached() {
        let guard = Guard::new(&["127.0.0.0/8".to_owned(), "::1".to_owned()]).unwrap();
        for url in ["http://127.0.0.1:9/", "http://2130706433/", "https://[::1]/", "https://[::ffff:127.0.0.1]/"] {
            guard.check(url).await.unwrap();
        }
        for url in ["http://10.0.0.1/", "https://169.254.169.254/", "https://[::ffff:10.0.0.1]/"] {
            assert_eq!(guard.check(url).await.unwrap_err().code, "INSIDE_ADDRESS", "{url}");
        }
        assert_eq!(guard.check("http://8.8.8.8/").await.unwrap_err().code, "BAD_URL", "outside only with TLS");
        assert!(Guard::new(&["10.0.0.0/33".to_owned()]).is_err());
    }

    /// A name is checked when the connection is made, and not only when the address was given.
    #[tokio::test]
    async fn the_client_asks_the_guard_for_every_connection() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = Guard::new(&[]).unwrap().client(Duration::from_secs(5)).unwrap();
        let sent = client.post(format!("http://localhost:{port}/")).body("x").send().await;
        assert!(sent.unwrap_err().is_connect());
        let reached = tokio::time::timeout(Duration::from_millis(200), listener.accept()).await;
        assert!(reached.is_err(), "no connection was made");
    }

    /// Resolves this name to this machine from the second look-up on.
    fn rebinding(_: String, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        let first = ASKED.fetch_add(1, Ordering::Relaxed) == 0;
        let address: [u8; 4] = if first { [8, 8, 8, 8] } else { [127, 0, 0, 1] };
        Box::pin(async move { Ok(vec![(address, port).into()]) })
    }

    /// Resolves to an address outside and one inside: either may be used.
    fn both(_: String, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(vec![([8, 8, 8, 8], port).into(), ([10, 0, 0, 1], port).into()]) })
    }

    /// A name that resolves outside when it is given and inside when it is called (DNS rebinding) is not called.
    #[tokio::test]
    async fn a_name_that_leads_inside_at_the_connection_is_not_called() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let guard = Guard { look_up: rebinding, ..Guard::new(&[]).unwrap() };
        guard.check(&format!("https://rebind.example.org:{port}/")).await.unwrap();
        let client = guard.client(Duration::from_secs(5)).unwrap();
        for scheme in ["https", "http"] {
            let sent = client.post(format!("{scheme}://rebind.example.org:{port}/")).body("x").send().await;
            assert!(sent.unwrap_err().is_connect());
        }
        let reached = tokio::time::timeout(Duration::from_millis(200), listener.accept()).await;
        assert!(reached.is_err(), "no connection was made");

        // With the settings allowing it, the same name is reached, so the guard was what stopped it.
        let open = Guard { look_up: rebinding, ..Guard::new(&["127.0.0.1".to_owned()]).unwrap() };
        let client = open.client(Duration::from_secs(5)).unwrap();
        let sent = tokio::spawn(client.post(format!("http://rebind.example.org:{port}/")).body("x").send());
        tokio::time::timeout(Duration::from_secs(5), listener.accept()).await.unwrap().unwrap();
        sent.abort();
    }

    #[tokio::test]
    async fn of_several_addresses_all_must_lead_out() {
        let guard = Guard { look_up: both, ..Guard::new(&[]).unwrap() };
        assert_eq!(guard.check("https://both.example.org/").await.unwrap_err().code, "INSIDE_ADDRESS");
        let client = guard.client(Duration::from_secs(5)).unwrap();
        assert!(client.post("https://both.example.org/").send().await.unwrap_err().is_connect());
    }
}
