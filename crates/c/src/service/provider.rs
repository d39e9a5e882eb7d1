//! The functions of `toit/service.h` that providers call.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::Arc;

use lucarne_services::{Bytes, Provider, Selector, Uuid};
use rustc_hash::FxHashMap;

use super::containers::{self, ContainerNumber, Own};
use super::serving::{Answer, CALLS, Callbacks, Method, RESOURCES, Service, Serving};
use super::values::{CValue, Span, from_c, packed};
use super::{Table, give, text_of};
use crate::abi::{Error, REGISTRY, code};
use crate::loading::count_handler;
use crate::registry::{Added, Plan, UserData, described};

static PROVIDERS: Table<Arc<Installed>> = Table::new();

/// The maximum length of the text of an error, in bytes.
const FAILURE_MAX: usize = 1_024;

/// The maximum number of methods of a service.
const METHODS_MAX: usize = 20_000;

/// The maximum size of a definition, in bytes.
const DEFINITION_MAX: usize = 1 << 20;

/// A provider that C has a number for.
struct Installed {
    provider: Provider,
    own: Arc<Own>,
    serving: Arc<Serving>,
}

/// `toit_service_t`.
#[repr(C)]
pub(crate) struct CService {
    size: usize,
    uuid: *const c_char,
    major: u32,
    minor: u32,
    methods: *const Method,
    method_count: usize,
    callbacks: Callbacks,
    definition: *const u8,
    definition_size: usize,
}

/// `toit_provider_options_t`.
#[repr(C)]
pub(crate) struct Options {
    size: usize,
    name: *const c_char,
    version: *const c_char,
    priority: u8,
    tag: *const c_char,
}

/// A provider that can be installed.
pub(crate) struct Prepared {
    selector: Selector,
    name: String,
    version: String,
    priority: Option<u8>,
    tag: Option<String>,
    serving: Arc<Serving>,
}

impl Prepared {
    /// Checks what C says about a provider.
    ///
    /// # Safety
    /// The pointers, and those in the structures, are null or as the header documents.
    unsafe fn read(
        service: *const CService,
        options: *const Options,
        (handlers, user_data): (*const c_void, *mut c_void),
        file: Option<&str>,
    ) -> Result<Prepared, Error> {
        // SAFETY: as the caller promises, here and below.
        let service = unsafe { service.as_ref() }.ok_or(Error::Other)?;
        if service.size < size_of::<CService>()
            || service.method_count > METHODS_MAX
            || service.definition_size > DEFINITION_MAX
        {
            return Err(Error::Other);
        }
        // SAFETY: as above.
        let uuid = unsafe { text_of(service.uuid) }.and_then(|text| Uuid::try_parse(&text).ok());
        let selector = Selector::new(uuid.ok_or(Error::Other)?, service.major, service.minor);
        // SAFETY: as above.
        let methods = unsafe { Span { data: service.methods, count: service.method_count }.slice() };
        let mut known = FxHashMap::default();
        for method in methods.map_err(|_| Error::Other)? {
            let index = u32::try_from(method.index).map_err(|_| Error::Other)?;
            if method.kind < 0 || method.arguments < 0 || known.insert(index, *method).is_some() {
                return Err(Error::Other);
            }
        }
        let definition = Span { data: service.definition, count: service.definition_size };
        // SAFETY: as above.
        let definition = unsafe { definition.slice() }.map_err(|_| Error::Other)?;
        let definition = (!definition.is_empty()).then(|| Bytes::from(definition.to_vec()));
        // SAFETY: as above.
        let options = unsafe { options.as_ref() };
        if options.is_some_and(|options| options.size < size_of::<Options>()) {
            return Err(Error::Other);
        }
        let text = |text: *const c_char| {
            // SAFETY: as above.
            let read = unsafe { text_of(text) };
            if read.is_none() && !text.is_null() { Err(Error::Other) } else { Ok(read) }
        };
        let (mut name, mut version, mut priority, mut tag) = (None, None, None, None);
        if let Some(options) = options {
            (name, version, tag) = (text(options.name)?, text(options.version)?, text(options.tag)?);
            priority = (options.priority != 0).then_some(options.priority);
        }
        let name = name.unwrap_or_else(|| selector.uuid().to_string());
        let version = version.unwrap_or_else(|| format!("{}.{}", service.major, service.minor));
        let both = (UserData(handlers.cast_mut()), UserData(user_data));
        let names = (name.clone(), described(&name, file));
        let serving = Serving::new(names, service.callbacks, both, known, definition);
        Ok(Prepared { selector, name, version, priority, tag, serving })
    }

    /// Starts the provider's thread, whose first callback is `on_created`, and installs the provider without waiting for
    /// that callback. Calls are handled only after it returns.
    ///
    /// # Errors
    /// The reason, for display.
    pub(crate) fn install(&self, number: ContainerNumber) -> Result<(), String> {
        let own = containers::find(number.as_ptr()).ok_or("the container is closed")?;
        self.install_in(&own, number.as_ptr()).map(|_| ())
    }

    fn install_in(&self, own: &Arc<Own>, number: *mut c_void) -> Result<Provider, String> {
        own.start(&self.serving, number).map_err(|error| error.to_string())?;
        let mut builder = own.container.provider(&self.name, &self.version);
        builder = builder.provides(self.selector, Service(self.serving.clone()));
        if let Some(priority) = self.priority {
            builder = builder.priority(priority);
        }
        if let Some(tag) = &self.tag {
            builder = builder.tags([tag.as_str()]);
        }
        let installed = builder.install().wait();
        if installed.is_err() {
            own.finish_provider(&self.serving);
        }
        installed.map_err(|error| error.to_string())
    }
}

/// See `toit/service.h`.
///
/// # Safety
/// The pointers, and those in the structures, are null or as the header documents.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn toit_provider_add(
    service: *const CService,
    options: *const Options,
    handlers: *const c_void,
    user_data: *mut c_void,
) -> c_int {
    let file = count_handler();
    // SAFETY: as the caller promises.
    let prepared = unsafe { Prepared::read(service, options, (handlers, user_data), file.as_deref()) };
    code(prepared.map(|prepared| {
        let (name, plan) = (prepared.name.clone(), Plan::Provide(Box::new(prepared)));
        REGISTRY.add_container(Added { name, file, user_data: UserData(user_data), plan });
    }))
}

/// See `toit/service.h`.
///
/// # Safety
/// The pointers, and those in the structures, are null or as the header documents.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn toit_provider_install(
    container: *mut c_void,
    service: *const CService,
    options: *const Options,
    handlers: *const c_void,
    user_data: *mut c_void,
    provider: *mut *mut c_void,
) -> c_int {
    // SAFETY: as the caller promises.
    let prepared = unsafe { Prepared::read(service, options, (handlers, user_data), None) };
    let install = |prepared: Prepared| {
        let own = containers::find(container).ok_or(Error::NotFound)?;
        let installed = prepared.install_in(&own, container);
        let installed =
            installed.map_err(|_| if own.container.has_ended() { Error::NotFound } else { Error::Other })?;
        if !provider.is_null() {
            let installed = Installed { provider: installed, own, serving: prepared.serving };
            let number = PROVIDERS.add(Arc::new(installed)).ok_or(Error::Other)?;
            // SAFETY: as the caller promises.
            unsafe { give(provider, number) };
        }
        Ok(())
    };
    code(prepared.and_then(install))
}

/// See `toit/service.h`.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn toit_provider_uninstall(provider: *mut c_void) -> c_int {
    let Some(installed) = PROVIDERS.remove(provider) else { return code(Err(Error::NotFound)) };
    // An error means that the container has ended or that the service manager does not answer. The provider ends below in
    // both cases.
    let _ = installed.provider.uninstall().wait();
    installed.own.finish_provider(&installed.serving);
    code(Ok(()))
}

/// See `toit/service.h`.
///
/// # Safety
/// `value` is null or a valid value.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn toit_call_reply(call: *mut c_void, value: *const CValue) -> c_int {
    // The value may refer to the memory of the call, so it is copied first.
    // SAFETY: as the caller promises.
    let value = unsafe { value.as_ref().map(|value| from_c(value, 0)) };
    let value = match value {
        Some(Ok(value)) => value,
        Some(Err(invalid)) => {
            CALLS.with(call, |asked| asked.refuse(invalid));
            return code(Err(Error::Other));
        }
        None => return code(Err(Error::Other)),
    };
    let asked = CALLS.remove(call).ok_or(Error::NotFound);
    code(asked.and_then(|asked| asked.answer(Answer::Value(value))))
}

/// See `toit/service.h`.
///
/// # Safety
/// `resource` is null or a place for a pointer.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn toit_call_reply_resource(
    call: *mut c_void,
    kind: i32,
    object: *mut c_void,
    notifies: bool,
    resource: *mut *mut c_void,
) -> c_int {
    if object.is_null() || kind <= 0 || notifies && resource.is_null() {
        return code(Err(Error::Other));
    }
    let asked = CALLS.remove(call).ok_or(Error::NotFound);
    // SAFETY: as the caller promises.
    let give = (!resource.is_null()).then_some(|number| unsafe { give(resource, number) });
    code(asked.and_then(|asked| asked.answer_resource(kind, object, notifies, give)))
}

/// See `toit/service.h`.
///
/// # Safety
/// `error` is null or a C string.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn toit_call_fail(call: *mut c_void, error: *const c_char) -> c_int {
    if error.is_null() {
        return code(Err(Error::Other));
    }
    // SAFETY: as the caller promises. The text may be in the memory of the call, so it is copied first.
    let text = unsafe { CStr::from_ptr(error) }.to_bytes();
    let text = String::from_utf8_lossy(&text[..text.len().min(FAILURE_MAX)]).into_owned();
    let asked = CALLS.remove(call).ok_or(Error::NotFound);
    code(asked.and_then(|asked| asked.answer(Answer::Failed(text))))
}

/// See `toit/service.h`.
///
/// # Safety
/// There are `count` valid values, unless the pointer is null.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn toit_resource_notify(
    resource: *mut c_void,
    values: *const CValue,
    count: usize,
) -> c_int {
    // SAFETY: as the caller promises.
    let Ok(value) = (unsafe { packed(values, count) }) else { return code(Err(Error::Other)) };
    code(RESOURCES.get(resource).ok_or(Error::NotFound).and_then(|control| control.notify(value)))
}

/// See `toit/service.h`.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn toit_resource_end(resource: *mut c_void) -> c_int {
    code(RESOURCES.get(resource).ok_or(Error::NotFound).and_then(|control| control.end()))
}
