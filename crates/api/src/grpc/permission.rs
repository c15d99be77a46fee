//! The table of permissions over gRPC.

use steerco_domain::access::{Cell, KindFields, Role, Row, TABLE};
use steerco_domain::words::Words;
use steerco_proto::v1 as pb;
use tonic::{Request, Response};

use super::call::{Answer, answer};
use super::wire::Scalar;
use super::{Door, limited};

/// The service of the table.
pub(super) fn server(door: &Door) -> pb::permission_service_server::PermissionServiceServer<Door> {
    limited!(pb::permission_service_server::PermissionServiceServer::new(door.clone()))
}

#[tonic::async_trait]
impl pb::permission_service_server::PermissionService for Door {
    async fn list_permissions(
        &self,
        request: Request<pb::ListPermissionsRequest>,
    ) -> Answer<pb::ListPermissionsResponse> {
        answer(request, async |call, pb::ListPermissionsRequest {}| {
            self.0.admit(&call.caller).await?;
            let permissions = TABLE.iter().map(permission).collect();
            let kinds = KindFields::all().into_iter().map(fields).collect();
            Ok(Response::new(pb::ListPermissionsResponse { permissions, kinds }))
        })
        .await
    }
}

fn permission(row: &Row) -> pb::Permission {
    let role = |role: &Role| pb::RoleRight { role: role.out(), right: right(row.cell(*role)).into() };
    pb::Permission {
        kind: row.kind.to_owned(),
        action: row.action.to_owned(),
        scope: row.scope(),
        roles: Role::ALL.iter().map(role).collect(),
    }
}

fn fields(of: KindFields) -> pb::KindFields {
    let KindFields { kind, create_fields, write_fields, private_fields } = of;
    let texts = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
    pb::KindFields {
        kind: kind.to_owned(),
        create_fields: texts(create_fields),
        write_fields: texts(write_fields),
        private_fields: texts(private_fields),
    }
}

fn right(cell: Cell) -> pb::Right {
    match cell {
        Cell::Deny => pb::Right::Deny,
        Cell::Allow => pb::Right::Allow,
        Cell::Fields => pb::Right::Fields,
    }
}
