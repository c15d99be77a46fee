//! What readers of the feed ask for beside it: places, digests, messages to webhooks, the catalogue.

use serde_json::{Value, json};

use crate::grpc::{method, unary};
use crate::rest::{part, with_args};
use crate::{Client, Door, Reply};

impl Client {
    /// Where a consumer of the feed is.
    pub async fn position(&self, id: &str) -> Reply {
        match self.door {
            Door::Rest => self.raw("GET", &format!("/v1/consumers/{}/position", part(id))).send().await,
            Door::Grpc => unary(self, &method("ConsumerService", "GetConsumerPosition"), &json!({ "id": id })).await,
        }
    }

    /// Digests of collections: `kinds` (an array), `filter`, `show_deleted`, `at`.
    pub async fn digest(&self, args: Value) -> Reply {
        match self.door {
            Door::Rest => with_args(self.raw("GET", "/v1/digest"), &args).send().await,
            Door::Grpc => unary(self, &method("EventService", "GetDigest"), &args).await,
        }
    }

    /// Messages to a webhook endpoint, newest first: `state`, `page_size`, `page_token`.
    pub async fn deliveries(&self, id: &str, args: Value) -> Reply {
        if self.door == Door::Rest {
            let raw = self.raw("GET", &format!("/v1/webhook-endpoints/{}/deliveries", part(id)));
            return with_args(raw, &args).send().await;
        }
        let mut args = args;
        args["id"] = json!(id);
        let mut answer = unary(self, &method("WebhookEndpointService", "ListWebhookDeliveries"), &args).await?;
        if answer.json["next_page_token"] == "" {
            answer.json.as_object_mut().expect("a page").remove("next_page_token");
        }
        Ok(answer)
    }

    /// The catalogue of events.
    pub async fn event_types(&self) -> Reply {
        match self.door {
            Door::Rest => self.raw("GET", "/v1/event-types").send().await,
            Door::Grpc => unary(self, &method("EventService", "ListEventTypes"), &json!({})).await,
        }
    }

    /// A type of event with its schema.
    pub async fn event_type(&self, name: &str) -> Reply {
        match self.door {
            Door::Rest => self.raw("GET", &format!("/v1/event-types/{name}")).send().await,
            Door::Grpc => unary(self, &method("EventService", "GetEventType"), &json!({ "name": name })).await,
        }
    }
}
