//! What the demo prints: addresses, tokens, and commands that work as printed.

use std::fmt::Write;

use steerco_service::Service;
use steerco_service::operator::Mint;

use super::load::Loaded;
use crate::config::Config;

/// Seconds the printed tokens live: a working day.
const TOKEN_SECONDS: u32 = 12 * 3600;

pub(crate) fn page(service: &Service, config: &Config, loaded: &Loaded) -> String {
    let base = &config.base_url;
    let address = config.listen;
    let mint = |subject: &str, partner: Option<&str>| {
        service.mint(&Mint {
            org: loaded.org.clone(),
            subject: subject.to_owned(),
            partner_id: partner.map(str::to_owned),
            seconds: TOKEN_SECONDS,
            ..Mint::default()
        })
    };
    let tokens = [
        ("DIRECTOR", mint(&loaded.director, None)),
        ("FINANCE", mint(&loaded.finance, None)),
        ("INTEGRATION", mint(&loaded.integration, None)),
        ("VENDOR", mint(&loaded.vendor, Some(&loaded.partner))),
    ];
    let mut page = format!(
        "\nSteerco serves REST and gRPC on {base}\n  documentation {base}/docs\n  contract      {base}/openapi.json\n"
    );
    page.push_str("\n# Tokens, each good for twelve hours\n");
    for (name, token) in &tokens {
        let _ = writeln!(page, "{name}={token}");
    }
    let _ = write!(page, "{}", COMMANDS.replace("{base}", base).replace("{address}", &address.to_string()));
    page
}

/// Each line stands alone and works as printed once the tokens are set.
const COMMANDS: &str = r#"
# The dearest projects, by their latest forecast
curl -sG {base}/v1/projects -H "Authorization: Bearer $DIRECTOR" --data-urlencode 'order_by=forecast_cost.amount desc' -d page_size=3 -d fields=code,name,forecast_cost,forecast_finish_on

# One project by the dashboard's own number, as it was reported for June 2016, and as it stands
curl -s "{base}/v1/projects/by-ref/nyc/project:3?valid_at=2016-06-30T00:00:00Z" -H "Authorization: Bearer $DIRECTOR"
curl -s "{base}/v1/projects/by-ref/nyc/project:3" -H "Authorization: Bearer $DIRECTOR"

# Likely threats, worst first
curl -sG {base}/v1/risks -H "Authorization: Bearer $DIRECTOR" --data-urlencode 'filter=probability >= 0.5 and state = "assessed"' --data-urlencode 'order_by=expected_monetary_value.amount desc' -d page_size=3

# What is approved, spent and left of the portfolio, program by program
curl -s "{base}/v1/portfolios/$(curl -s {base}/v1/portfolios -H "Authorization: Bearer $FINANCE" | grep -o 'port_[0-9a-z]*' | head -n 1)/financials?group_by=program" -H "Authorization: Bearer $FINANCE"

# A tool upserts by its own id; the second call changes nothing and makes no event
curl -s -X PUT "{base}/v1/risks/by-ref/nyc/risk:3" -H "Authorization: Bearer $INTEGRATION" -H "Content-Type: application/json" -H "Idempotency-Key: demo-1" -d '{"category":"schedule"}'

# What changed
curl -s "{base}/v1/events?page_size=2" -H "Authorization: Bearer $INTEGRATION"

# A vendor sees nothing of this, but its own engagements
curl -s {base}/v1/risks -H "Authorization: Bearer $VENDOR"
curl -s {base}/v1/engagements -H "Authorization: Bearer $VENDOR"

# The same over gRPC (buf comes from npm; the contract comes from the server itself)
npx --yes @bufbuild/buf@1.75.0 curl --protocol grpc --http2-prior-knowledge -H "Authorization: Bearer $DIRECTOR" -d '{"order_by":"forecast_cost.amount desc","page_size":3}' http://{address}/steerco.v1.ProjectService/ListProjects
"#;
