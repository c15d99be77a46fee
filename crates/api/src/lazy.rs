//! Routes that are made when one of them is first asked for: what nobody asks takes no memory, nor does its code.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use axum::routing::{MethodRouter, any};
use tower::ServiceExt;

type Make = Box<dyn FnOnce() -> Router + Send>;

/// Answers with the routes that `make` makes, the first time that it is asked.
pub(crate) fn lazy(make: impl FnOnce() -> Router + Send + 'static) -> MethodRouter {
    let routes: LazyLock<Router, Make> = LazyLock::new(Box::new(make));
    let routes = Arc::new(routes);
    any(move |request| answer(Arc::clone(&routes), request))
}

async fn answer(routes: Arc<LazyLock<Router, Make>>, mut request: Request) -> Response {
    // The path that counts is the one below, if there is one.
    request.extensions_mut().remove::<MatchedPath>();
    let Ok(response) = Router::clone(&routes).oneshot(request).await;
    response
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use axum::body::{Body, to_bytes};
    use axum::extract::Path;
    use axum::routing::get;

    use super::*;

    #[tokio::test]
    async fn routes_are_made_once_and_not_before_they_are_asked_for() {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let inner = || {
            MADE.fetch_add(1, Ordering::Relaxed);
            let told = |Path(parts): Path<Vec<(String, String)>>, path: Option<MatchedPath>| async move {
                format!("{} {:?}", parts.last().unwrap().1, path.map(|path| path.as_str().to_owned()))
            };
            let lost = |path: Option<MatchedPath>| async move { format!("none {:?}", path.is_some()) };
            Router::new().route("/things/{id}", get(told)).fallback(lost)
        };
        let router = Router::new().route("/things/{*rest}", lazy(inner));
        let ask = |path: &'static str| {
            let request = Request::get(path).body(Body::empty()).unwrap();
            let answer = router.clone().oneshot(request);
            async move {
                String::from_utf8(to_bytes(answer.await.unwrap().into_body(), 1000).await.unwrap().into()).unwrap()
            }
        };
        assert_eq!(MADE.load(Ordering::Relaxed), 0);
        assert_eq!(ask("/things/7").await, r#"7 Some("/things/{id}")"#);
        assert_eq!(ask("/things/7/8").await, "none false");
        assert_eq!(MADE.load(Ordering::Relaxed), 1);
    }
}
