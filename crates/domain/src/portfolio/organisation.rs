//! The organisation (tenant).

use steerco_derive::resource;

use crate::money::Currency;
use crate::resource::Rules;
use crate::text::Text;

/// The tenant that all data belongs to. Created by `steerco init` and named in the access token of each caller.
#[resource(prefix = "org", plural = "organisations", scope = "Organisation", reach = "Fixed")]
pub struct Organisation {
    /// Name, shown in lists and packs.
    #[field(write, filter)]
    pub name: Text<200>,
    /// Currency of totals where the portfolio gives none (ISO 4217).
    #[field(write)]
    pub base_currency: Currency,
    /// IANA time zone in which its days begin, such as `Europe/Vienna`.
    #[field(write)]
    pub time_zone: Text<64>,
}

impl Rules for Organisation {}
