//! The paths of fiscal periods.

use steerco_domain::fiscal_period::{
    CancelClosingFiscalPeriod, CloseFiscalPeriod, FiscalPeriod, ReopenFiscalPeriod, RequestReopenFiscalPeriod,
    StartClosingFiscalPeriod,
};

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<FiscalPeriod>()
        .verb::<StartClosingFiscalPeriod>()
        .verb::<CancelClosingFiscalPeriod>()
        .verb::<CloseFiscalPeriod>()
        .verb::<RequestReopenFiscalPeriod>()
        .verb::<ReopenFiscalPeriod>()
        .done()
}
