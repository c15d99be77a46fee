//! What the declarations of the domain become in this door. Each macro is called by the field list of a declaration
//! (`risk_fields!(resource_service …)`), so that a field that misses its counterpart in the proto does not compile.

/// A resource as its message and back.
macro_rules! resource_wire {
    ([] $name:ident words $words:tt service $service:tt methods $methods:tt messages $messages:tt modules $modules:tt
        fields { $($position:literal $field:ident),* }) => {
        impl $crate::grpc::bridge::Bridge for $name {
            type Pb = steerco_proto::v1::$name;

            fn to_pb(&self, mask: steerco_domain::mask::Mask) -> Self::Pb {
                use $crate::grpc::wire::Wire;
                Self::Pb { $($field: if mask.has($position) { self.$field.to_pb() } else { Default::default() }),* }
            }

            fn to_map(message: Self::Pb) -> serde_json::Map<String, serde_json::Value> {
                let steerco_proto::v1::$name { $($field),* } = message;
                let map = serde_json::Map::new();
                $(let map = $crate::grpc::wire::put(map, stringify!($field), |it: &Self| &it.$field, $field);)*
                map
            }
        }
    };
}
pub(super) use resource_wire;

/// The body of a verb: `assess_risk_fields!(verb_wire AssessRiskRequest)`.
macro_rules! verb_wire {
    ([$request:ident] $name:ident { $($field:ident),* }) => {
        impl $crate::grpc::bridge::VerbBridge for $name {
            type Pb = steerco_proto::v1::$request;

            fn take(message: Self::Pb) -> (String, bool, serde_json::Map<String, serde_json::Value>) {
                let steerco_proto::v1::$request { id, validate_only, $($field),* } = message;
                let map = serde_json::Map::new();
                $(let map = $crate::grpc::wire::put(map, stringify!($field), |it: &Self| &it.$field, $field);)*
                (id, validate_only, map)
            }
        }
    };
}
pub(super) use verb_wire;

/// The messages of the writes, as what they say.
macro_rules! resource_writes {
    ($name:ident $one:ident $many:ident [$($dated:ident)?]
        [$listed:ident $creating:ident $updating:ident $upserting:ident $batching:ident $batched:ident
         $item:ident $result:ident $streaming:ident] [$item_module:ident $result_module:ident]) => {
        impl From<Listed<pb::$name>> for pb::$listed {
            fn from(page: Listed<pb::$name>) -> Self {
                let Listed { items, next_page_token, total, sync_token } = page;
                Self { $many: items, next_page_token, total, sync_token }
            }
        }
        impl From<pb::$creating> for Writing<pb::$name> {
            fn from(message: pb::$creating) -> Self {
                let effective_at = $crate::grpc::macros::resource_writes!(@effective message $($dated)?);
                let pb::$creating { $one: resource, validate_only, .. } = message;
                Self { resource, update_mask: None, validate_only, effective_at }
            }
        }
        impl From<pb::$updating> for Writing<pb::$name> {
            fn from(message: pb::$updating) -> Self {
                let effective_at = $crate::grpc::macros::resource_writes!(@effective message $($dated)?);
                let pb::$updating { $one: resource, update_mask, validate_only, .. } = message;
                Self { resource, update_mask, validate_only, effective_at }
            }
        }
        impl From<pb::$upserting> for Upserting<pb::$name> {
            fn from(message: pb::$upserting) -> Self {
                let effective_at = $crate::grpc::macros::resource_writes!(@effective message $($dated)?);
                let pb::$upserting { source_record, $one: resource, update_mask, validate_only, .. } = message;
                Self { source_record, writing: Writing { resource, update_mask, validate_only, effective_at } }
            }
        }
        impl From<pb::$item> for Item<pb::$name> {
            fn from(message: pb::$item) -> Self {
                use pb::$item_module::Action as Asked;
                let action = message.action.map(|action| match action {
                    Asked::Create(create) => Action::Create(create.into()),
                    Asked::Update(update) => Action::Update(update.into()),
                    Asked::Upsert(upsert) => Action::Upsert(upsert.into()),
                    Asked::Delete(delete) => Action::Delete(delete),
                });
                Self { action, if_match: message.if_match }
            }
        }
        impl From<pb::$streaming> for Upserts<pb::$name> {
            fn from(message: pb::$streaming) -> Self {
                let pb::$streaming { header, records, end } = message;
                Self { header, records: records.into_iter().map(Into::into).collect(), end }
            }
        }
        impl From<pb::$batching> for Batching<pb::$name> {
            fn from(message: pb::$batching) -> Self {
                let pb::$batching { items, partial, validate_only } = message;
                Self { items: items.into_iter().map(Into::into).collect(), partial, validate_only }
            }
        }
        impl From<ItemResult<pb::$name>> for pb::$result {
            fn from(result: ItemResult<pb::$name>) -> Self {
                use pb::$result_module::Result as Answered;
                let ItemResult { outcome, etag, result } = result;
                let result = Some(result.map_or_else(Answered::Error, Answered::$name));
                Self { outcome: outcome.into(), etag, result }
            }
        }
        impl From<Results<pb::$name>> for pb::$batched {
            fn from(results: Results<pb::$name>) -> Self {
                Self { results: results.0.into_iter().map(Into::into).collect() }
            }
        }
    };
    (@effective $message:ident dated) => { $message.effective_at };
    (@effective $message:ident) => { None };
}
pub(super) use resource_writes;

/// The whole service of a resource: `risk_fields!(resource_service verbs { assess_risk AssessRisk })`, and
/// after the verbs `[dated]`, when writes may state `effective_at`, and `others { … }`, rpcs written by hand.
macro_rules! resource_service {
    ([verbs { $($method:ident $verb:ident),* $(,)? } $([$dated:ident])? $(others { $($others:tt)* })?] $name:ident
        words { $one:ident $many:ident }
        service { $server:ident $service:ident $service_server:ident }
        methods { $get:ident $list:ident $create:ident $update:ident $upsert:ident $delete:ident $undelete:ident
            $batch:ident $revisions:ident $get_by_ref:ident $upsert_many:ident $add_ref:ident $remove_ref:ident }
        messages { $listed:ident $creating:ident $updating:ident $upserting:ident $batching:ident $batched:ident
            $item:ident $result:ident $streaming:ident $stream:ident }
        modules { $item_module:ident $result_module:ident }
        fields $fields:tt) => {
        $crate::grpc::macros::resource_wire! { [] $name words {} service {} methods {} messages {} modules {}
            fields $fields }

        /// The service of this resource.
        pub(super) fn server(door: &$crate::grpc::Door) -> pb::$server::$service_server<$crate::grpc::Door> {
            $crate::grpc::limited!(pb::$server::$service_server::new(door.clone()))
        }

        const _: () = {
            use $crate::grpc::bridge::{Action, Batching, Item, ItemResult, Listed, Results, Upserting, Upserts, Writing};
            use $crate::grpc::call::{Answer, answer};
            use $crate::grpc::{Door, serve, upserts};
            use tonic::{Request, Streaming};

            $crate::grpc::macros::resource_writes! { $name $one $many [$($dated)?]
                [$listed $creating $updating $upserting $batching $batched $item $result $streaming]
                [$item_module $result_module] }

            #[tonic::async_trait]
            impl pb::$server::$service for Door {
                async fn $get(&self, request: Request<pb::GetRequest>) -> Answer<pb::$name> {
                    answer(request, |call, body| serve::get::<$name>(&self.0, call, body)).await
                }
                async fn $get_by_ref(&self, request: Request<pb::GetByRefRequest>) -> Answer<pb::$name> {
                    answer(request, |call, body| serve::get_by_ref::<$name>(&self.0, call, body)).await
                }
                async fn $list(&self, request: Request<pb::ListRequest>) -> Answer<pb::$listed> {
                    answer(request, |call, body| serve::list::<$name, _>(&self.0, call, body)).await
                }
                async fn $revisions(&self, request: Request<pb::ListRevisionsRequest>) -> Answer<pb::$listed> {
                    answer(request, |call, body| serve::revisions::<$name, _>(&self.0, call, body)).await
                }
                async fn $create(&self, request: Request<pb::$creating>) -> Answer<pb::$name> {
                    answer(request, |call, body| serve::create::<$name>(&self.0, call, body.into())).await
                }
                async fn $update(&self, request: Request<pb::$updating>) -> Answer<pb::$name> {
                    answer(request, |call, body| serve::update::<$name>(&self.0, call, body.into())).await
                }
                async fn $add_ref(&self, request: Request<pb::AddExternalRefRequest>) -> Answer<pb::$name> {
                    answer(request, |call, body| serve::add_external_ref::<$name>(&self.0, call, body)).await
                }
                async fn $remove_ref(&self, request: Request<pb::RemoveExternalRefRequest>) -> Answer<pb::$name> {
                    answer(request, |call, body| serve::remove_external_ref::<$name>(&self.0, call, body)).await
                }
                async fn $upsert(&self, request: Request<pb::$upserting>) -> Answer<pb::$name> {
                    answer(request, |call, body| serve::upsert::<$name>(&self.0, call, body.into())).await
                }
                async fn $delete(&self, request: Request<pb::DeleteRequest>) -> Answer<pb::$name> {
                    answer(request, |call, body| serve::delete::<$name>(&self.0, call, body)).await
                }
                async fn $undelete(&self, request: Request<pb::UndeleteRequest>) -> Answer<pb::$name> {
                    answer(request, |call, body| serve::undelete::<$name>(&self.0, call, body)).await
                }
                async fn $batch(&self, request: Request<pb::$batching>) -> Answer<pb::$batched> {
                    answer(request, |call, body| serve::batch::<$name, _>(&self.0, call, body.into())).await
                }
                type $stream = upserts::Results;

                async fn $upsert_many(&self, request: Request<Streaming<pb::$streaming>>) -> Answer<upserts::Results> {
                    answer(request, |call, messages| upserts::upsert_many::<$name, _>(&self.0, call, messages)).await
                }
                $(async fn $method(
                    &self,
                    request: Request<<$verb as $crate::grpc::bridge::VerbBridge>::Pb>,
                ) -> Answer<pb::$name> {
                    answer(request, |call, body| serve::act::<$verb>(&self.0, call, body)).await
                })*
                $($($others)*)?
            }
        };
    };
}
pub(super) use resource_service;

/// The service of a resource that callers read, change in small things and act on; where they make it too, that is one of
/// `others`: `review_fields!(fixed_service verbs { accept_review AcceptReview })`.
macro_rules! fixed_service {
    ([verbs { $($method:ident $verb:ident),* $(,)? } $(others { $($others:tt)* })?] $name:ident
        words { $one:ident $many:ident }
        service { $server:ident $service:ident $service_server:ident }
        methods { $get:ident $list:ident $create:ident $update:ident $upsert:ident $delete:ident $undelete:ident
            $batch:ident $revisions:ident $get_by_ref:ident $upsert_many:ident $add_ref:ident $remove_ref:ident }
        messages { $listed:ident $creating:ident $updating:ident $($more:ident)* }
        modules $modules:tt
        fields $fields:tt) => {
        $crate::grpc::macros::resource_wire! { [] $name words {} service {} methods {} messages {} modules {}
            fields $fields }

        /// The service of this resource.
        pub(super) fn server(door: &$crate::grpc::Door) -> pb::$server::$service_server<$crate::grpc::Door> {
            $crate::grpc::limited!(pb::$server::$service_server::new(door.clone()))
        }

        const _: () = {
            use $crate::grpc::bridge::{Listed, Writing};
            use $crate::grpc::call::{Answer, answer};
            use $crate::grpc::{Door, serve};
            use tonic::Request;

            impl From<Listed<pb::$name>> for pb::$listed {
                fn from(page: Listed<pb::$name>) -> Self {
                    let Listed { items, next_page_token, total, sync_token } = page;
                    Self { $many: items, next_page_token, total, sync_token }
                }
            }
            impl From<pb::$updating> for Writing<pb::$name> {
                fn from(message: pb::$updating) -> Self {
                    let pb::$updating { $one: resource, update_mask, validate_only } = message;
                    Self { resource, update_mask, validate_only, effective_at: None }
                }
            }

            #[tonic::async_trait]
            impl pb::$server::$service for Door {
                async fn $get(&self, request: Request<pb::GetRequest>) -> Answer<pb::$name> {
                    answer(request, |call, body| serve::get::<$name>(&self.0, call, body)).await
                }
                async fn $list(&self, request: Request<pb::ListRequest>) -> Answer<pb::$listed> {
                    answer(request, |call, body| serve::list::<$name, _>(&self.0, call, body)).await
                }
                async fn $revisions(&self, request: Request<pb::ListRevisionsRequest>) -> Answer<pb::$listed> {
                    answer(request, |call, body| serve::revisions::<$name, _>(&self.0, call, body)).await
                }
                async fn $update(&self, request: Request<pb::$updating>) -> Answer<pb::$name> {
                    answer(request, |call, body| serve::update::<$name>(&self.0, call, body.into())).await
                }
                async fn $add_ref(&self, request: Request<pb::AddExternalRefRequest>) -> Answer<pb::$name> {
                    answer(request, |call, body| serve::add_external_ref::<$name>(&self.0, call, body)).await
                }
                async fn $remove_ref(&self, request: Request<pb::RemoveExternalRefRequest>) -> Answer<pb::$name> {
                    answer(request, |call, body| serve::remove_external_ref::<$name>(&self.0, call, body)).await
                }
                $(async fn $method(
                    &self,
                    request: Request<<$verb as $crate::grpc::bridge::VerbBridge>::Pb>,
                ) -> Answer<pb::$name> {
                    answer(request, |call, body| serve::act::<$verb>(&self.0, call, body)).await
                })*
                $($($others)*)?
            }
        };
    };
}
pub(super) use fixed_service;
