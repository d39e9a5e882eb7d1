//! Performs effects: the operations of natives that reach beyond the heap of the process.

use lucarne_compiler::program::FunctionIndex;
use lucarne_kernel::{Context, Exit, GroupOption, Pid, SpawnOptions, priority};
use lucarne_message::Payload;
use lucarne_ports::{Record, Stream};
use lucarne_services::ProviderFlag;
use lucarne_services::protocol::Interface;

use super::messages::pid_number;
use super::tasks::{State, TaskId};
use super::{Client, Done, Machine, Start};
use crate::process::ToitProcess;
use crate::trace::Trace;
use lucarne_heap::{Field, Immediate, Kept, OutOfMemory, RefMut, Register};
use lucarne_natives::{Effect, Failure, OpenedRegion, transfer};

pub(super) fn perform(machine: &mut Machine, effect: Effect, id: TaskId, context: &mut Context<'_>) -> Done {
    match effect {
        Effect::Throw => Done::Throw(machine.argument(id, 0).into(), machine.argument(id, 1).into()),
        Effect::AwaitGlobal => machine.await_global(id, context),
        Effect::Outside(operation) => machine.reach_outside(operation, id, context),

        Effect::TaskNew => machine.new_task(id),
        Effect::TaskPark => machine.park_task(id, context),
        Effect::TaskWake => {
            if let Some(task) = machine.task_of(machine.value(id, 0)) {
                machine.wake(task);
            }
            Done::NULL
        }
        Effect::TaskInterrupt => {
            if let Some(task) = machine.task_of(machine.value(id, 0)) {
                machine.interrupt(task, context);
            }
            Done::NULL
        }
        Effect::TaskYield => Done::Yield,
        Effect::TaskBreathe if machine.ready.is_empty() && !context.has_messages() => Done::NULL,
        Effect::TaskBreathe => Done::Yield,
        Effect::TaskFail => machine.fail_task(id),

        Effect::Exit => {
            let code = machine.int_argument(id, 0).unwrap_or(0);
            let code = i32::try_from(code).unwrap_or(1);
            machine.note_exit(code);
            machine.end = Some(Exit::Code(code));
            Done::End
        }
        Effect::Spawn => machine.spawn(id, context),
        Effect::ProcessId => Done::from(Immediate::small(pid_number(context.pid()))),
        Effect::ProcessPriority => {
            let priority = machine.pid_argument(id, 0).and_then(|pid| context.priority(pid));
            match priority {
                Some(priority) => Done::from(Immediate::small(i64::from(priority))),
                None => Done::Fail(Failure::Error("NO_SUCH_PROCESS")),
            }
        }
        Effect::ProcessSetPriority => machine.set_priority(id, context),

        Effect::WriteStdout => machine.write(id, Stream::Out),
        Effect::WriteStderr => machine.write(id, Stream::Error),
        Effect::RenderTrace => machine.text_or_null(Some(machine.rendered_trace(id))),
        Effect::StandInRegistration => machine.stand_in_registration(id),
        Effect::StandInLimit => match machine.grants.presence.rules() {
            Some(rules) => Done::from(Immediate::small(rules.limit_us)),
            None => Done::NULL,
        },
        Effect::StandInFailed => machine.stand_in_failed(id),

        Effect::LogWrite => match machine.log_record(id) {
            Ok(record) => {
                machine.grants.output.log(&record);
                Done::NULL
            }
            Err(failure) => Done::Fail(failure),
        },
        Effect::LogLine => match machine.log_record(id) {
            Ok(record) => machine.text_or_null(Some(record.to_string())),
            Err(failure) => Done::Fail(failure),
        },

        Effect::TimeNow => machine.int_value(context.wall_us().saturating_mul(1000)),
        Effect::TimeMonotonic => Done::from(Immediate::small(context.now_us())),
        Effect::RandomBytes => machine.random_bytes(id, context),
        Effect::RandomFillSecret => machine.fill_secret(id, context),

        Effect::RpcInvoke => machine.invoke(id, context),
        Effect::RpcFail => machine.fail_request(id, context),
        Effect::MessageSend => machine.send_message(id, context),
        Effect::MessageSendExternal => machine.send_external(id, context),

        Effect::ClientAdd => machine.add_client(id, context),
        Effect::ClientRemove => {
            let client = machine.int_argument(id, 0).and_then(|client| machine.clients.remove(&client));
            if let Some(client) = client {
                machine.heap.unroot(client.handler);
            }
            Done::NULL
        }
        Effect::CurrentRequest => match &mut machine.tasks.get_mut(id).serves {
            Some(service) => {
                service.has_given = true;
                Done::from(Immediate::small(service.token.id().as_i64()))
            }
            None => Done::NULL,
        },
        Effect::ProvidersChange => {
            machine.providers += machine.int_argument(id, 0).unwrap_or(0);
            Done::NULL
        }
        Effect::ProxyAdd
        | Effect::ProxyRemove
        | Effect::ProxyRemoveAll
        | Effect::NotificationNext
        | Effect::NotificationEnd
        | Effect::NotificationTake => machine.inbox_effect(effect, id, context),
        Effect::Notify => machine.notify(id, false, context),
        Effect::NotifyEnd => machine.notify(id, true, context),

        Effect::StorageFindRegion => machine.find_region(id, context),

        Effect::SystemProgramName => machine.text_or_null(machine.grants.program_name.clone()),
        Effect::SystemProgramPath => machine.text_or_null(machine.grants.program_path.clone()),
        Effect::SystemAssets => {
            let assets = machine.heap.new_bytes_from(&machine.grants.assets);
            Done::from(assets.map(RefMut::keep).map_err(Failure::from))
        }
        Effect::SystemImageId => {
            let id = machine.heap.new_bytes_from(&machine.grants.image_id);
            Done::from(id.map(RefMut::keep).map_err(Failure::from))
        }
        Effect::SystemProcessStats => machine.process_stats(id, context),
        Effect::SystemCollectGarbage => match machine.heap.collect(true) {
            Ok(()) => Done::NULL,
            Err(OutOfMemory) => Done::Fail(Failure::OutOfMemory),
        },
        Effect::ProfilerInstall => machine.install_profiler(id),
        Effect::ProfilerStart => machine.switch_profiler(true),
        Effect::ProfilerStop => machine.switch_profiler(false),
        Effect::ProfilerReport => machine.report_profile(id),
        Effect::ProfilerUninstall => {
            machine.profiler = None;
            Done::NULL
        }

        Effect::SystemHistogram => machine.text_or_null(Some(machine.heap.histogram())),
        Effect::SystemTuneMemory => match machine.int_argument(id, 0) {
            Some(percent @ 0..=100) => {
                machine.heap.set_growth_percent(percent as usize);
                Done::NULL
            }
            _ => Done::Fail(Failure::OUT_OF_RANGE),
        },
        Effect::SystemSetMemoryLimit => {
            let bytes = machine.int_argument(id, 0).and_then(|bytes| usize::try_from(bytes).ok());
            // A process can lower its limit, and raise it again, but not above the limit that it was granted.
            let bytes = bytes.filter(|bytes| *bytes > 0).unwrap_or(machine.grants.heap.limit_bytes);
            machine.heap.set_limit_bytes(bytes.min(machine.grants.heap.limit_bytes));
            Done::NULL
        }
    }
}

impl Machine {
    /// Returns whether an argument of a native is true.
    pub(super) fn flag(&self, id: TaskId, index: usize) -> bool {
        self.heap.bool(self.value(id, index)) == Some(true)
    }

    fn int_value(&mut self, value: i64) -> Done {
        Done::from(self.heap.new_int(value).map(RefMut::keep).map_err(Failure::from))
    }

    pub(super) fn text_or_null(&mut self, text: Option<String>) -> Done {
        match text {
            Some(text) => Done::from(self.heap.new_string(&text).map(RefMut::keep).map_err(Failure::from)),
            None => Done::NULL,
        }
    }

    /// Parks a task until a global that is being initialized is ready. Fails if the task itself initializes the global,
    /// or if the initializing task waits for this task, directly or through other tasks.
    fn await_global(&mut self, id: TaskId, context: &Context<'_>) -> Done {
        let limits = self.limits(id);
        let failure = if self.initializes(id, self.wanted_initializer(id)) || self.is_circular(id) {
            Some(Failure::Error("INITIALIZATION_IN_PROGRESS"))
        } else {
            super::messages::cut_short(&limits, context)
        };
        if let Some(failure) = failure {
            // The trace must show this instruction, not the one before it.
            self.tasks.get_mut(id).position.skip();
            return Done::Fail(failure);
        }
        self.park(id, State::WaitingForGlobal, limits.deadline_us);
        self.waiting_for_global.push(id);
        Done::Again
    }

    /// Returns whether the chain of tasks that a task would wait for leads back to it.
    fn is_circular(&mut self, id: TaskId) -> bool {
        let mut wanted = self.wanted_initializer(id);
        // Each task waits for at most one global, so a chain has no more links than there are waiting tasks.
        for _ in 0..self.waiting_for_global.len() {
            let waiting = self.waiting_for_global.clone();
            let Some(owner) = waiting.into_iter().find(|task| self.initializes(*task, wanted)) else {
                return false;
            };
            wanted = self.wanted_initializer(owner);
            if self.initializes(id, wanted) {
                return true;
            }
        }
        false
    }

    /// Returns the initializer of the global that a task needs next.
    fn wanted_initializer(&self, id: TaskId) -> Option<FunctionIndex> {
        let program = self.program.program();
        let instruction = program.code[self.tasks.get(id).position.next_address()];
        program.globals[instruction.number() as usize].initializer
    }

    fn initializes(&mut self, id: TaskId, initializer: Option<FunctionIndex>) -> bool {
        let position = self.tasks.get(id).position;
        let interpreter = self.enter(position, 0);
        let is_under_way = initializer.is_some_and(|function| interpreter.is_under_way(function));
        interpreter.leave();
        is_under_way
    }

    // ------------------------------------------------------------------ tasks

    fn new_task(&mut self, id: TaskId) -> Done {
        let (lambda, is_background) = (self.argument(id, 0), self.flag(id, 2));
        let function = self.program.program().entries.run_task;
        let task = match self.start_task(function, &[lambda.into()], is_background) {
            Ok(task) => task,
            Err(OutOfMemory) => return Done::Fail(Failure::OutOfMemory),
        };
        let name = self.argument(id, 1);
        let mut object = self.heap.get_mut(&self.tasks.get(task).object);
        object.set(super::Task::NAME, name);
        Done::Value(object.keep().into())
    }

    fn park_task(&mut self, id: TaskId, context: &mut Context<'_>) -> Done {
        let until = self.int_argument(id, 0);
        if until.is_some_and(|until| until <= context.now_us()) {
            return Done::from(Immediate::TRUE);
        }
        self.park(id, State::Parked, until);
        Done::Parked
    }

    // ------------------------------------------------------------------ processes

    fn spawn(&mut self, id: TaskId, context: &mut Context<'_>) -> Done {
        if self.grants.is_single {
            let text =
                "PERMISSION_DENIED: a program that is connected to another system cannot spawn processes";
            return Done::Fail(Failure::Error(text));
        }
        let (priority, lambda) = (self.int_argument(id, 0), self.argument(id, 1));
        let Ok(priority) = u8::try_from(priority.unwrap_or(i64::from(priority::NORMAL))) else {
            return Done::Fail(Failure::OUT_OF_RANGE);
        };
        let start = match self.encode_lambda(lambda) {
            Ok(start) => start,
            Err(failure) => return Done::Fail(failure),
        };
        let process = ToitProcess::new(self.program.clone(), self.grants.clone(), start);
        let options = SpawnOptions { name: self.grants.name(), priority, group: GroupOption::Same };
        match context.spawn(Box::new(process), options) {
            Ok(pid) => Done::from(Immediate::small(pid_number(pid))),
            Err(_) => Done::Fail(Failure::Error("PERMISSION_DENIED")),
        }
    }

    /// Encodes a lambda for another process: its captures are copied as if they were sent. A captured variable that can
    /// still be assigned (a cell) becomes a new variable of the other process.
    fn encode_lambda(&mut self, lambda: Register) -> Result<Start, Failure> {
        let cell = self.heap.builtins().cell;
        let Some((function, captures)) = self.heap.get(lambda).elements().split_first() else {
            return Err(Failure::WRONG_TYPE);
        };
        let function = function.to_small().and_then(|function| u32::try_from(function).ok());
        let are_variables: Vec<bool> =
            captures.iter().map(|capture| self.heap.class(*capture) == cell).collect();
        let encoding = transfer::encode_with(&mut self.heap, |writer| {
            writer.list(are_variables.len() * 2)?;
            are_variables.iter().enumerate().try_for_each(|(index, is_variable)| {
                let capture = Field::new(lambda, 1 + index);
                writer.bool(*is_variable)?;
                if *is_variable { writer.value(Field::new(capture, 0)) } else { writer.value(capture) }
            })
        })?;
        self.charge(encoding.payload.bytes().len());
        let function = function.ok_or(Failure::WRONG_TYPE)?;
        Ok(Start::Lambda { function, captures: encoding.payload })
    }

    /// Reverses [`Machine::encode_lambda`].
    pub(super) fn received_lambda(&mut self, function: u32, mut captures: Payload) -> Result<Kept, Failure> {
        self.before_decoding(&captures);
        let parts = transfer::decode(&mut self.heap, &mut captures.decoder())?.keep();
        let count = self.heap.length(self.heap.get(parts)) / 2;
        let mut lambda = self.heap.new_lambda(count)?;
        lambda.set(0, Immediate::small(i64::from(function)));
        let lambda = lambda.keep();
        for index in 0..count {
            let value = Field::new(parts, index * 2 + 1);
            let is_variable = self.heap.get(Field::new(parts, index * 2));
            if self.heap.bool(is_variable) == Some(true) {
                let mut variable = self.heap.new_cell()?;
                variable.set(0, value);
                variable.store(lambda, 1 + index);
            } else {
                self.heap.set_field(lambda, 1 + index, value);
            }
        }
        Ok(lambda)
    }

    fn set_priority(&mut self, id: TaskId, context: &mut Context<'_>) -> Done {
        let Some(pid) = self.pid_argument(id, 0) else {
            return Done::Fail(Failure::Error("NO_SUCH_PROCESS"));
        };
        let priority = self.int_argument(id, 1).and_then(|priority| u8::try_from(priority).ok());
        let Some(priority) = priority else { return Done::Fail(Failure::OUT_OF_RANGE) };
        match context.set_priority(pid, priority) {
            Ok(()) => Done::NULL,
            Err(_) => Done::Fail(Failure::Error("PERMISSION_DENIED")),
        }
    }

    // ------------------------------------------------------------------ output

    fn write(&mut self, id: TaskId, stream: Stream) -> Done {
        let Some(text) = self.heap.string(self.value(id, 0)) else {
            return Done::Fail(Failure::WRONG_TYPE);
        };
        let length = text.len();
        let output = &self.grants.output;
        if self.flag(id, 1) {
            let mut line = Vec::with_capacity(text.len() + 1);
            line.extend_from_slice(text.as_bytes());
            line.push(b'\n');
            output.write(stream, &line);
        } else {
            output.write(stream, text.as_bytes());
        }
        self.charge(length);
        Done::NULL
    }

    /// Reads the log record that is the argument of a native.
    fn log_record(&mut self, id: TaskId) -> Result<Record, Failure> {
        let parts = self.argument(id, 0);
        let payload = transfer::encode_copy(&mut self.heap, parts)?;
        self.charge(payload.bytes().len());
        Record::read(payload).map_err(|error| Failure::Message(error.to_string()))
    }

    /// Returns the service whose number in `stand_ins` is the first argument of a native, and the flag that tells
    /// whether it has a provider.
    fn stand_in(&self, id: TaskId) -> Option<(&Interface, &ProviderFlag)> {
        let service = usize::try_from(self.int_argument(id, 0)?).ok()?;
        self.grants.stand_ins.get(service).map(|(interface, flag)| (interface, flag))
    }

    fn stand_in_registration(&self, id: TaskId) -> Done {
        let Some((_, flag)) = self.stand_in(id) else { return Done::Fail(Failure::WRONG_TYPE) };
        let registration = flag.registration().unwrap_or(0);
        Done::from(Immediate::small(i64::try_from(registration).unwrap_or(i64::MAX)))
    }

    fn stand_in_failed(&self, id: TaskId) -> Done {
        let Some((interface, flag)) = self.stand_in(id) else { return Done::Fail(Failure::WRONG_TYPE) };
        let registration = self.int_argument(id, 1).and_then(|number| u64::try_from(number).ok());
        let (Some(registration), Some(reason)) = (registration, self.heap.string(self.value(id, 2))) else {
            return Done::Fail(Failure::WRONG_TYPE);
        };
        self.grants.presence.report_failure(flag, registration, interface.alias, reason);
        Done::NULL
    }

    /// Formats the arguments `text trace` of a native for display.
    pub(super) fn rendered_trace(&self, id: TaskId) -> String {
        let text = self.heap.string(self.value(id, 0)).unwrap_or("?");
        let bytes = self.heap.bytes(self.value(id, 1)).unwrap_or_default();
        Trace::decode(bytes).render(self.program.program(), text)
    }

    // ------------------------------------------------------------------ services

    /// Fails the request that a task handles, because the handler has thrown.
    fn fail_request(&mut self, id: TaskId, context: &mut Context<'_>) -> Done {
        let rendered = self.rendered_trace(id);
        let text = self.heap.string(self.value(id, 0)).unwrap_or("?").to_string();
        if let Some(service) = self.end_service(id) {
            let trace = (!self.value(id, 1).is_null()).then(|| Payload::string(&rendered));
            self.reply(service, Err(lucarne_kernel::Failure { text, trace }), context);
        }
        Done::NULL
    }

    fn find_region(&mut self, id: TaskId, context: &Context<'_>) -> Done {
        let provider = self.pid_argument(id, 0);
        let (Some(provider), Some(path)) = (provider, self.heap.string(self.value(id, 1))) else {
            return Done::Fail(Failure::WRONG_TYPE);
        };
        let regions = self.grants.regions.as_ref();
        let Some(region) = regions.and_then(|regions| regions.find(context.gid(), provider, path)) else {
            return Done::NULL;
        };
        let state = self.heap.new_state::<OpenedRegion>(region, 0);
        Done::from(state.map(RefMut::keep).map_err(Failure::from))
    }

    fn add_client(&mut self, id: TaskId, context: &mut Context<'_>) -> Done {
        let (Some(client), Some(pid)) = (self.int_argument(id, 0), self.pid_argument(id, 2)) else {
            return Done::Fail(Failure::WRONG_TYPE);
        };
        let handler = self.argument(id, 1);
        let handler = self.heap.root(handler);
        if pid != context.pid() {
            context.watch(pid);
        }
        if let Some(old) = self.clients.insert(client, Client { handler, pid }) {
            self.heap.unroot(old.handler);
        }
        Done::NULL
    }

    fn inbox_effect(&mut self, effect: Effect, id: TaskId, context: &mut Context<'_>) -> Done {
        let (Some(provider), Some(client)) = (self.provider_argument(id, context), self.int_argument(id, 1))
        else {
            return Done::Fail(Failure::WRONG_TYPE);
        };
        if effect == Effect::ProxyRemoveAll {
            self.end_resources_of_client(provider, client);
            return Done::NULL;
        }
        let Some(handle) = self.int_argument(id, 2) else { return Done::Fail(Failure::WRONG_TYPE) };
        let resource = (provider, client, handle);
        match effect {
            Effect::ProxyAdd => {
                let proxy = self.argument(id, 3);
                if let Err(OutOfMemory) = self.add_proxy(resource, proxy) {
                    return Done::Fail(Failure::OutOfMemory);
                }
                if self.watched.insert(provider) {
                    context.watch(provider);
                }
                Done::NULL
            }
            Effect::ProxyRemove => {
                self.remove_proxy(resource);
                Done::NULL
            }
            Effect::NotificationTake => self.take_notification(resource),
            Effect::NotificationEnd => self.take_end(resource),
            _ => Done::from(Immediate::bool(self.has_notification(resource))),
        }
    }

    /// Returns the process of a provider. The number of the service manager stands for the system.
    fn provider_argument(&self, id: TaskId, context: &Context<'_>) -> Option<Pid> {
        let pid = self.pid_argument(id, 0)?;
        if pid == Pid::SYSTEM { context.system() } else { Some(pid) }
    }

    // ------------------------------------------------------------------ the machine itself

    fn random_bytes(&mut self, id: TaskId, context: &mut Context<'_>) -> Done {
        let count = self.int_argument(id, 0).and_then(|count| usize::try_from(count).ok());
        let Some(count) = count else { return Done::Fail(Failure::OUT_OF_RANGE) };
        let mut array = match self.heap.new_bytes(count) {
            Ok(array) => array,
            Err(OutOfMemory) => return Done::Fail(Failure::OutOfMemory),
        };
        if let Some(bytes) = array.reborrow().bytes_mut() {
            for chunk in bytes.chunks_mut(8) {
                chunk.copy_from_slice(&context.random_u64().to_le_bytes()[..chunk.len()]);
            }
        }
        Done::Value(array.keep().into())
    }

    fn fill_secret(&mut self, id: TaskId, context: &mut Context<'_>) -> Done {
        let index = |machine: &Machine, argument| {
            machine.int_argument(id, argument).and_then(|index| usize::try_from(index).ok())
        };
        let (Some(from), Some(to)) = (index(self, 1), index(self, 2)) else {
            return Done::Fail(Failure::OUT_OF_BOUNDS);
        };
        let bytes = self.argument(id, 0);
        let range = self.heap.get_mut(bytes).bytes_mut().and_then(|bytes| bytes.get_mut(from..to));
        match range.map(|range| context.fill_secret(range)) {
            Some(Ok(())) => Done::NULL,
            Some(Err(error)) => Done::Fail(Failure::Message(error.to_string())),
            None => Done::Fail(Failure::OUT_OF_BOUNDS),
        }
    }

    /// Returns the figures of this process to the task, in the order that `lib/system` names.
    fn process_stats(&mut self, id: TaskId, context: &mut Context<'_>) -> Done {
        let own = pid_number(context.pid());
        if self.int_argument(id, 1).is_some_and(|pid| pid != own && pid != -1) {
            return Done::NULL;
        }
        let statistics = self.heap.statistics();
        let used = self.heap.used_bytes() as i64;
        let limit = self.heap.limit_bytes() as i64;
        let full = statistics.full_collections as i64;
        let figures = [
            statistics.minor_collections as i64,
            used,
            used,
            0,
            statistics.allocated_bytes as i64,
            context.gid().as_i64(),
            own,
            limit - used,
            limit - used,
            full,
            full,
        ];
        match self.heap.new_array(figures.len()) {
            Ok(mut array) => {
                for (index, figure) in figures.into_iter().enumerate() {
                    array.set(index, Immediate::small(figure));
                }
                Done::Value(array.keep().into())
            }
            Err(OutOfMemory) => Done::Fail(Failure::OutOfMemory),
        }
    }
}
