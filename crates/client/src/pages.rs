//! Lists, page after page.

use std::marker::PhantomData;

use prost::Message;
use steerco_proto::Resource;
use steerco_proto::v1::ListRequest;
use tonic::Request;
use tonic::client::Grpc;
use tonic_prost::ProstCodec;

use crate::{Client, Error, MESSAGE_MAX, path};

/// The pages of a list; see [`Client::list`].
pub struct Pages<R> {
    client: Client,
    request: ListRequest,
    ended: bool,
    of: PhantomData<fn() -> R>,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<R> {
    /// The resources.
    pub items: Vec<R>,
    /// How many there are in all pages, if asked for.
    pub total: Option<i64>,
    /// Cursor of the feed from which everything after this page follows; keep the one of the first.
    pub sync_token: String,
}

/// `List{Resources}Response` of any resource. A message within a message is its bytes.
#[derive(Clone, PartialEq, Message)]
struct Listed {
    #[prost(bytes = "vec", repeated, tag = "1")]
    items: Vec<Vec<u8>>,
    #[prost(string, tag = "2")]
    next_page_token: String,
    #[prost(int64, optional, tag = "3")]
    total: Option<i64>,
    #[prost(string, tag = "4")]
    sync_token: String,
}

impl Client {
    /// Lists resources as `request` says, from its `page_token` on.
    pub fn list<R: Resource>(&self, request: ListRequest) -> Pages<R> {
        Pages { client: self.clone(), request, ended: false, of: PhantomData }
    }
}

impl<R: Resource> Pages<R> {
    /// The next page; none after the last.
    pub async fn next(&mut self) -> Result<Option<Page<R>>, Error> {
        if self.ended {
            return Ok(None);
        }
        let mut grpc = Grpc::new(self.client.clone()).max_decoding_message_size(MESSAGE_MAX);
        let path = path(R::ONE, &format!("List{}", R::MANY))?;
        let request = Request::new(self.request.clone());
        let listed = grpc.unary(request, path, ProstCodec::<ListRequest, Listed>::default()).await?.into_inner();
        let Listed { items, next_page_token, total, sync_token } = listed;
        self.ended = next_page_token.is_empty();
        self.request.page_token = next_page_token;
        let items = items.iter().map(|bytes| R::decode(&**bytes)).collect::<Result<_, _>>();
        let items = items.map_err(|error| Error::Unreachable(format!("a {} cannot be read: {error}", R::ONE)))?;
        Ok(Some(Page { items, total, sync_token }))
    }

    /// Everything that is left.
    pub async fn all(mut self) -> Result<Vec<R>, Error> {
        let mut all = Vec::new();
        while let Some(page) = self.next().await? {
            all.extend(page.items);
        }
        Ok(all)
    }
}
