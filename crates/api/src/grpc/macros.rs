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

/// The body of a verb: `assess_risk_fields!(own_verb_wire AssessRiskRequest)`.
macro_rules! own_verb_wire {
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
pub(super) use own_verb_wire;


macro_rules! verb_wire {
    ($($all:tt)*) => {};
}
pub(super) use verb_wire;

/// What a service has beside what tables serve.
macro_rules! resource_service {
    ([verbs $verbs:tt $([$dated:ident])?] $($all:tt)*) => {};
    ([verbs $verbs:tt $([$dated:ident])? others { $($others:tt)* }] $name:ident words $words:tt
        service { $server:ident $service:ident $service_server:ident } $($rest:tt)*) => {
        /// The service of this resource.
        pub(super) fn server(door: &$crate::grpc::Door) -> pb::$server::$service_server<$crate::grpc::Door> {
            $crate::grpc::limited!(pb::$server::$service_server::new(door.clone()))
        }

        const _: () = {
            use $crate::grpc::call::{Answer, answer};
            use $crate::grpc::Door;
            use tonic::{Request, Streaming};

            #[tonic::async_trait]
            impl pb::$server::$service for Door {
                $($others)*
            }
        };
    };
}
pub(super) use resource_service;

macro_rules! fixed_service {
    ($($all:tt)*) => {};
}
pub(super) use fixed_service;
