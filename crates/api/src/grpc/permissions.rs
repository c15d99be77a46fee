//! The table of permissions, which the messages lay out in lists where REST has objects.

use bytes::Bytes;
use steerco_domain::access::{KindFields, Permission, Role, TABLE};
use steerco_domain::encode::{Encode, Encoder, MemberEncoder};
use steerco_domain::words::Words;
use steerco_proto::table::Rpc;
use steerco_service::Service;

use super::answers::{Items, Object};
use super::call::Call;
use super::standard::{Served, read, reply};

pub(super) async fn list(rpc: &'static Rpc, service: Service, call: Call, bytes: Bytes) -> Served {
    read(rpc, &bytes)?;
    service.admit(&call.caller).await?;
    let permissions = Items(TABLE.iter().map(OnePermission).collect());
    let kinds = Items(KindFields::all().into_iter().map(Fields).collect());
    Ok(reply(
        rpc,
        &Object(|members: &mut dyn MemberEncoder| {
            members.member("permissions", &permissions);
            members.member("kinds", &kinds);
        }),
    ))
}

struct OnePermission(&'static Permission);

impl Encode for OnePermission {
    fn encode(&self, to: &mut dyn Encoder) {
        let row = self.0;
        let roles = Items(Role::ALL.iter().map(|role| RoleRight(*role, row)).collect());
        to.object(&|members| {
            members.member("kind", &row.kind);
            members.member("action", &row.action);
            members.member("scope", &row.scope());
            members.member("roles", &roles);
        });
    }
}

struct RoleRight(Role, &'static Permission);

impl Encode for RoleRight {
    fn encode(&self, to: &mut dyn Encoder) {
        to.object(&|members| {
            members.member("role", &self.0);
            members.member("right", &self.1.right(self.0).word());
        });
    }
}

struct Fields(KindFields);

impl Encode for Fields {
    fn encode(&self, to: &mut dyn Encoder) {
        let KindFields { kind, create_fields, write_fields, private_fields } = &self.0;
        to.object(&|members| {
            members.member("kind", kind);
            members.member("create_fields", create_fields);
            members.member("write_fields", write_fields);
            members.member("private_fields", private_fields);
        });
    }
}
