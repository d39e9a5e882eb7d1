//! Effects: the list of natives that reach beyond their own heap.
//!
//! The interpreter stops at such a native; the machine performs the effect, with the native's
//! arguments still in its frame, and hands the result back. So the interpreter does not depend on the
//! kernel or on other tasks. All effects are on this page, with the numbers of their parameters, except those in the
//! table of [`Operation`].

use lucarne_outside::Operation;

macro_rules! effects {
    ($($(#[$doc:meta])* $name:ident($parameters:literal) = $module:literal $native:literal,)*) => {
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

            /// Returns the number of parameters.
            pub fn parameters(self) -> usize {
                match self {
                    $(Effect::$name => $parameters,)*
                    Effect::AwaitGlobal => 0,
                    Effect::Outside(operation) => operation.arity(),
                }
            }
        }
    };
}

effects! {
    /// `value trace`: throws the value. If the trace is null, makes a trace of the place of the call.
    Throw(2) = "intrinsics" "throw",

    /// `lambda name background` -> a new task.
    TaskNew(3) = "task" "new",
    /// `deadline` -> whether the deadline came before a wake-up. Waits for either; null means no deadline.
    TaskPark(1) = "task" "park",
    /// `task`: ends the task's `park`, if the task is parked.
    TaskWake(1) = "task" "wake",
    /// `task`: ends the waiting of a task that has been canceled.
    TaskInterrupt(1) = "task" "interrupt",
    /// Lets the other ready tasks run, and incoming messages be handled.
    TaskYield(0) = "task" "yield",
    /// Does the same as `yield` if another task is ready or a message waits; otherwise nothing.
    TaskBreathe(0) = "task" "breathe",
    /// `text trace`: the task has failed with an exception, and with it the process.
    TaskFail(2) = "task" "fail",

    /// `code`: ends the process, or with a code other than 0 the whole program.
    Exit(1) = "core" "exit",
    /// `priority lambda` -> pid.
    Spawn(2) = "core" "spawn",
    /// -> pid of this process.
    ProcessId(0) = "core" "process-id",
    /// `pid` -> its priority.
    ProcessPriority(1) = "core" "process-priority",
    /// `pid priority`.
    ProcessSetPriority(2) = "core" "process-set-priority",
    /// `text newline`.
    WriteStdout(2) = "core" "write-stdout",
    /// `text newline`.
    WriteStderr(2) = "core" "write-stderr",
    /// `text trace` -> the place where an exception was thrown, as text.
    RenderTrace(2) = "core" "render-trace",
    /// `service` (0: print, 1: log, 2: trace) -> the number of the registration by which a container stands in for the
    /// system, or 0.
    StandInRegistration(1) = "core" "stand-in-registration",
    /// -> the time in µs in which such a container has to answer, or null.
    StandInLimit(0) = "core" "stand-in-limit",
    /// `service registration reason`: reports that this process has stopped using the container of this registration.
    StandInFailed(3) = "core" "stand-in-failed",

    /// `[level, text, names, keys, values]`: a log message.
    LogWrite(1) = "log" "write",
    /// `[level, text, names, keys, values]` -> the log message as a line of text.
    LogLine(1) = "log" "line",

    /// -> nanoseconds since 1970.
    TimeNow(0) = "time" "now",
    /// -> microseconds since some point in the past.
    TimeMonotonic(0) = "time" "monotonic",
    /// `count` -> unpredictable bytes.
    RandomBytes(1) = "random" "bytes",
    /// `bytes from to`: overwrites this range with bytes that cannot be guessed.
    RandomFillSecret(3) = "random" "fill-secret",

    /// `pid procedure arguments` -> the answer. Waits.
    RpcInvoke(3) = "rpc" "invoke",
    /// `text trace`: the request that this task handles has failed.
    RpcFail(2) = "rpc" "fail",
    /// `pid kind value` -> whether it was delivered.
    MessageSend(3) = "message" "send",
    /// `pid value`: sends a value to a component.
    MessageSendExternal(2) = "message" "send-external",

    /// `client handler pid`: requests of this client go to this handler, and this process gets a message when the
    /// process `pid` ends.
    ClientAdd(3) = "services" "client-add",
    /// `client`: removes the handler of a client that is closed.
    ClientRemove(1) = "services" "client-remove",
    /// -> the id of the request that this task works on, or null.
    CurrentRequest(0) = "services" "current-request",
    /// `change`: adds to the number of providers that keep this process alive.
    ProvidersChange(1) = "services" "providers-change",
    /// `pid client handle proxy`: the proxy gets the notifications of this resource of process `pid`, and its end.
    ProxyAdd(4) = "services" "proxy-add",
    /// `pid client handle`: the proxy takes no more notifications.
    ProxyRemove(3) = "services" "proxy-remove",
    /// `pid client`: ends all proxies of this client, without the notifications that wait for them.
    ProxyRemoveAll(2) = "services" "proxy-remove-all",
    /// `pid client handle` -> whether there is another notification, or the end, for the task that delivers them.
    NotificationNext(3) = "services" "notification-next",
    /// `pid client handle` -> the reason for the end, or null if there is a notification.
    NotificationEnd(3) = "services" "notification-end",
    /// `pid client handle` -> the notification.
    NotificationTake(3) = "services" "notification-take",
    /// `pid client handle value` -> whether the resource still receives notifications. Waits for room.
    Notify(4) = "services" "notify",
    /// `pid client handle` -> as for `notify`. Says that the resource has ended.
    NotifyEnd(3) = "services" "notify-end",

    /// `pid path` -> a region that is open at this provider, or null if calls are needed to access it.
    StorageFindRegion(2) = "storage" "find-region",

    /// -> the program as it was named, or null.
    SystemProgramName(0) = "system" "program-name",
    /// -> the program's full path, or null.
    SystemProgramPath(0) = "system" "program-path",
    /// -> the assets of the container, as bytes.
    SystemAssets(0) = "system" "assets",
    /// -> the id of the image that the program runs from, as bytes.
    SystemImageId(0) = "system" "image-id",
    /// `gid pid` -> figures of this process, or null if `pid` is the id of another process.
    SystemProcessStats(2) = "system" "process-stats",
    /// Collects garbage.
    SystemCollectGarbage(0) = "system" "collect-garbage",
    /// `all-tasks`: prepares to count the work of this task, or of all tasks.
    ProfilerInstall(1) = "profiler" "install",
    /// Counts from now on.
    ProfilerStart(0) = "profiler" "start",
    /// Counts no more.
    ProfilerStop(0) = "profiler" "stop",
    /// `title cutoff` -> the functions with their counts, as text.
    ProfilerReport(2) = "profiler" "report",
    /// Clears all counts.
    ProfilerUninstall(0) = "profiler" "uninstall",

    /// -> the number of objects of each class, as text.
    SystemHistogram(0) = "system" "histogram",
    /// `percent`: trades memory for speed, or speed for memory.
    SystemTuneMemory(1) = "system" "tune-memory",
    /// `bytes`: sets the memory limit of this process.
    SystemSetMemoryLimit(1) = "system" "set-memory-limit",
}
