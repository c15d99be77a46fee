//! Programs over gRPC.

use steerco_domain::program::{ActivateProgram, CancelProgram, CompleteProgram, HoldProgram, Program};
use steerco_domain::{
    activate_program_fields, cancel_program_fields, complete_program_fields, hold_program_fields, program_fields,
};
use steerco_proto::v1 as pb;

use super::financials::financials;
use super::macros::{resource_service, verb_wire};
use super::serve::progress;

program_fields!(resource_service verbs {
    activate_program ActivateProgram, hold_program HoldProgram, complete_program CompleteProgram,
    cancel_program CancelProgram,
} [dated] others {
    async fn get_program_progress(&self, request: Request<pb::GetProgressRequest>) -> Answer<pb::Progress> {
        answer(request, |call, body| progress::<Program>(&self.0, call, body)).await
    }
    async fn get_program_financials(&self, request: Request<pb::GetFinancialsRequest>) -> Answer<pb::Financials> {
        answer(request, |call, body| financials::<Program>(&self.0, call, body)).await
    }
});
activate_program_fields!(verb_wire ActivateProgramRequest);
hold_program_fields!(verb_wire HoldProgramRequest);
complete_program_fields!(verb_wire CompleteProgramRequest);
cancel_program_fields!(verb_wire CancelProgramRequest);
