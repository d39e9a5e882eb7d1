//! Effects: the list of natives that reach beyond their own heap.
//!
//! The interpreter stops at such a native; the machine performs the effect, with the native's
//! arguments still in its frame, and hands the result back. So the interpreter does not depend on the
//! kernel or on other tasks. All effects are on this page, except those in the table of [`Operation`].

use lucarne_outside::Operation;

macro_rules! effects {
    ($($(#[$doc:meta])* $name:ident = $module:literal $native:literal,)*) => {
        /// An operation that the machine performs for a native.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Effect {
            $($(#[$doc])* $name,)*
            /// Waits until another task has initialized a global. No native asks for it.
            AwaitGlobal,
            /// An operation on the machine around the program.
            Outside(Operation),
        }

        impl Effect {
            /// Finds an effect by the native's module and name.
            pub fn find(module: &str, name: &str) -> Option<Effect> {
                match (module, name) {
                    $(($module, $native) => Some(Effect::$name),)*
                    _ => Operation::find(module, name).map(Effect::Outside),
                }
            }
        }
    };
}

effects! {
    /// `value trace`: throws the value. If the trace is null, makes a trace of the place of the call.
    Throw = "intrinsics" "throw",

    /// `lambda name background` -> a new task.
    TaskNew = "task" "new",
    /// `deadline` -> whether the deadline came before a wake-up. Waits for either; null means no deadline.
    TaskPark = "task" "park",
    /// `task`: ends the task's `park`, if the task is parked.
    TaskWake = "task" "wake",
    /// `task`: ends the waiting of a task that has been canceled.
    TaskInterrupt = "task" "interrupt",
    /// Lets the other ready tasks run, and incoming messages be handled.
    TaskYield = "task" "yield",
    /// Does the same as `yield` if another task is ready or a message waits; otherwise nothing.
    TaskBreathe = "task" "breathe",
    /// `text trace`: the task has failed with an exception, and with it the process.
    TaskFail = "task" "fail",

    /// `code`: ends the process, or with a code other than 0 the whole program.
    Exit = "core" "exit",
    /// `priority lambda` -> pid.
    Spawn = "core" "spawn",
    /// -> pid of this process.
    ProcessId = "core" "process-id",
    /// `pid` -> its priority.
    ProcessPriority = "core" "process-priority",
    /// `pid priority`.
    ProcessSetPriority = "core" "process-set-priority",
    /// `text newline`.
    WriteStdout = "core" "write-stdout",
    /// `text newline`.
    WriteStderr = "core" "write-stderr",
    /// `text trace` -> the place where an exception was thrown, as text.
    RenderTrace = "core" "render-trace",
    /// `service` (0: print, 1: log, 2: trace) -> the number of the registration by which a container stands in for the
    /// system, or 0.
    StandInRegistration = "core" "stand-in-registration",
    /// -> the time in µs in which such a container has to answer, or null.
    StandInLimit = "core" "stand-in-limit",
    /// `service registration reason`: reports that this process no longer uses the container of this registration.
    StandInFailed = "core" "stand-in-failed",

    /// `[level, text, names, keys, values]`: a log message.
    LogWrite = "log" "write",
    /// `[level, text, names, keys, values]` -> the log message as a line of text.
    LogLine = "log" "line",

    /// -> nanoseconds since 1970.
    TimeNow = "time" "now",
    /// -> microseconds since some point in the past.
    TimeMonotonic = "time" "monotonic",
    /// `count` -> unpredictable bytes.
    RandomBytes = "random" "bytes",
    /// `bytes from to`: overwrites this range with bytes that cannot be guessed.
    RandomFillSecret = "random" "fill-secret",

    /// `pid procedure arguments` -> the answer. Waits.
    RpcInvoke = "rpc" "invoke",
    /// `text trace`: the request that this task handles has failed.
    RpcFail = "rpc" "fail",
    /// `pid kind value` -> whether it was delivered.
    MessageSend = "message" "send",
    /// `pid value`: sends a value to a component.
    MessageSendExternal = "message" "send-external",

    /// `client handler pid`: requests of this client go to this handler, and this process gets a message when the
    /// process `pid` ends.
    ClientAdd = "services" "client-add",
    /// `client`: removes the handler of a client that is closed.
    ClientRemove = "services" "client-remove",
    /// -> the id of the request that this task works on, or null.
    CurrentRequest = "services" "current-request",
    /// `change`: adds to the number of providers that keep this process alive.
    ProvidersChange = "services" "providers-change",
    /// `client handle proxy`: notifications for this resource go to this proxy.
    ProxyAdd = "services" "proxy-add",
    /// `client handle`: the proxy takes no more notifications.
    ProxyRemove = "services" "proxy-remove",
    /// `client`: removes all proxies of this client, and the notifications that wait for them.
    ProxyRemoveAll = "services" "proxy-remove-all",
    /// `client handle` -> whether there is another notification, for the task that delivers them.
    NotificationNext = "services" "notification-next",
    /// `client handle` -> the notification.
    NotificationTake = "services" "notification-take",
    /// `pid client handle value` -> whether the resource is still wanted. Waits for room.
    Notify = "services" "notify",

    /// `pid path` -> a region that is open at this provider, or null if calls are needed to access it.
    StorageFindRegion = "storage" "find-region",

    /// -> the program as it was named, or null.
    SystemProgramName = "system" "program-name",
    /// -> the program's full path, or null.
    SystemProgramPath = "system" "program-path",
    /// -> the assets of the container, as bytes.
    SystemAssets = "system" "assets",
    /// -> the id of the image that the program runs from, as bytes.
    SystemImageId = "system" "image-id",
    /// `gid pid` -> figures of this process, or null if `pid` is the id of another process.
    SystemProcessStats = "system" "process-stats",
    /// Collects garbage.
    SystemCollectGarbage = "system" "collect-garbage",
    /// `all-tasks`: prepares to count the work of this task, or of all tasks.
    ProfilerInstall = "profiler" "install",
    /// Counts from now on.
    ProfilerStart = "profiler" "start",
    /// Counts no more.
    ProfilerStop = "profiler" "stop",
    /// `title cutoff` -> the functions with their counts, as text.
    ProfilerReport = "profiler" "report",
    /// Clears all counts.
    ProfilerUninstall = "profiler" "uninstall",

    /// -> the number of objects of each class, as text.
    SystemHistogram = "system" "histogram",
    /// `percent`: trades memory for speed, or speed for memory.
    SystemTuneMemory = "system" "tune-memory",
    /// `bytes`: sets the memory limit of this process.
    SystemSetMemoryLimit = "system" "set-memory-limit",
}
