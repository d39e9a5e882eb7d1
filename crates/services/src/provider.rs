//! Installs providers, whose services clients can then open.

use std::sync::Arc;

use lucarne_message::Value;

use crate::books::{Offered, ProviderInfo};
use crate::container::{Container, Shared};
use crate::failure::{CallError, Failed, InstallError};
use crate::handler::{AnyServe, Serve, Serves};
use crate::open::ask_manager;
use crate::pending::Pending;
use crate::protocol::{discovery, priority};
use crate::selector::Selector;

/// A provider that is about to be installed: its name and its services.
pub struct ProviderBuilder {
    container: Container,
    name: String,
    version: String,
    priority: u8,
    tags: Option<Vec<String>>,
    services: Vec<(Selector, AnyServe)>,
}

impl ProviderBuilder {
    pub(crate) fn new(container: Container, name: &str, version: &str) -> ProviderBuilder {
        ProviderBuilder {
            container,
            name: name.to_owned(),
            version: version.to_owned(),
            priority: priority::NORMAL,
            tags: None,
            services: Vec::new(),
        }
    }

    /// Offers the service that the handler is for.
    #[must_use]
    pub fn handle<S: Serves>(self, handler: S) -> ProviderBuilder {
        self.provides(S::SELECTOR, handler)
    }

    /// Offers a service, answered by a handler.
    #[must_use]
    pub fn provides(mut self, selector: Selector, handler: impl Serve) -> ProviderBuilder {
        self.services.push((selector, AnyServe::new(handler)));
        self
    }

    /// Sets the priority. If there are several providers, clients use the one with the highest priority: see
    /// [`priority`](crate::protocol::priority).
    #[must_use]
    pub fn priority(mut self, priority: u8) -> ProviderBuilder {
        self.priority = priority;
        self
    }

    /// Sets the tags, by which clients can select a provider.
    #[must_use]
    pub fn tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> ProviderBuilder {
        self.tags = Some(tags.into_iter().map(Into::into).collect());
        self
    }

    /// Registers the services at the service manager. The result is ready when clients can open them.
    ///
    /// # Errors
    /// See [`InstallError`].
    pub fn install(self) -> Pending<Provider, InstallError> {
        let shared = self.container.shared().clone();
        Pending::in_container(&shared, install(self))
    }
}

impl std::fmt::Debug for ProviderBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProviderBuilder").field("name", &self.name).field("version", &self.version).finish()
    }
}

/// An installed provider. It stays installed until it is uninstalled or its container ends, even if this value is
/// dropped.
#[derive(Debug)]
pub struct Provider {
    container: Container,
    info: Arc<ProviderInfo>,
}

impl Provider {
    /// Uninstalls the provider: clients can no longer open its services. Calls in progress are answered; the clients
    /// and their resources are closed.
    ///
    /// # Errors
    /// [`CallError::Closed`] if the container has ended; [`CallError::Unresponsive`] if the service manager does not
    /// answer.
    pub fn uninstall(&self) -> Pending<(), CallError> {
        uninstalling(self.container.shared(), &self.info)
    }
}

/// Begins to uninstall a provider.
pub(crate) fn uninstalling(shared: &Arc<Shared>, info: &Arc<ProviderInfo>) -> Pending<(), CallError> {
    let (own, info) = (shared.clone(), info.clone());
    Pending::in_container(shared, async move { Ok(uninstall(&own, &info).await?) })
}

async fn install(builder: ProviderBuilder) -> Result<Provider, InstallError> {
    let ProviderBuilder { container, name, version, priority, tags, services } = builder;
    let version = parse_version(&version).ok_or(InstallError::Version(version))?;
    let info = Arc::new(ProviderInfo { name, version, tags });
    for (selector, serve) in services {
        let shared = container.shared().clone();
        let offered = Arc::new(Offered { shared, selector, info: info.clone(), serve });
        if let Err(failed) = listen(container.shared(), offered, priority).await {
            // If one service cannot be registered, remove all services of the provider again.
            let _ = uninstall(container.shared(), &info).await;
            return Err(failed.into());
        }
    }
    Ok(Provider { container, info })
}

async fn listen(shared: &Arc<Shared>, offered: Arc<Offered>, priority: u8) -> Result<(), Failed> {
    let (selector, info) = (offered.selector, offered.info.clone());
    let id = shared.books.add_service(offered);
    let tags = info.tags.as_ref().map(|tags| tags.iter().map(|tag| Value::from(tag.as_str())).collect());
    let arguments = Value::List(vec![
        id.into(),
        selector.uuid().to_string().into(),
        info.name.as_str().into(),
        info.version.0.into(),
        info.version.1.into(),
        priority.into(),
        Value::from(tags.map(Value::List)),
    ]);
    ask_manager(shared, discovery::LISTEN, arguments).await.map(|_| ())
}

async fn uninstall(shared: &Arc<Shared>, info: &Arc<ProviderInfo>) -> Result<(), Failed> {
    for id in shared.books.ids_of(info) {
        ask_manager(shared, discovery::UNLISTEN, id.into()).await?;
    }
    drop(shared.books.remove_provider(info));
    shared.consider_end();
    Ok(())
}

fn parse_version(text: &str) -> Option<(i64, i64, i64)> {
    let mut numbers = text.split('.').map(|number| {
        let is_decimal = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        number.parse::<u32>().ok().filter(|_| is_decimal).map(i64::from)
    });
    let (major, minor) = (numbers.next()??, numbers.next()??);
    let patch = numbers.next().unwrap_or(Some(0))?;
    numbers.next().is_none().then_some((major, minor, patch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_two_or_three_numbers() {
        assert_eq!(parse_version("7.9"), Some((7, 9, 0)));
        assert_eq!(parse_version("0.1.22"), Some((0, 1, 22)));
        for wrong in ["", "1", "1.", "1.2.3.4", "1.x", "+1.2", "1.-2", "99999999999.1"] {
            assert_eq!(parse_version(wrong), None, "{wrong}");
        }
    }
}
