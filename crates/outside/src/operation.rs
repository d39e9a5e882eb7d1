//! The table of the operations on the machine around a program: files, folders, pipes, child
//! processes and environment variables, with the names of their natives.

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident($arity:literal) = $module:literal $native:literal,)*) => {
        /// An operation on the machine around a program.
        ///
        /// The documentation of each variant lists its parameters and its result. A *handle* is the
        /// number of an open file, folder, pipe or child, and is valid only in its process. A
        /// *group* is a parameter that is ignored.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Operation {
            $($(#[$doc])* $name,)*
        }

        impl Operation {
            /// All operations.
            pub const ALL: &[Operation] = &[$(Operation::$name,)*];

            /// Finds an operation by module and name.
            pub fn find(module: &str, name: &str) -> Option<Operation> {
                match (module, name) {
                    $(($module, $native) => Some(Operation::$name),)*
                    _ => None,
                }
            }

            /// Returns the number of parameters.
            pub fn arity(self) -> usize {
                match self {
                    $(Operation::$name => $arity,)*
                }
            }
        }
    };
}

operations! {
    /// `path flags permissions` -> a handle.
    FileOpen(3) = "file" "open",
    /// `handle` -> bytes; null at the end.
    FileRead(1) = "file" "read",
    /// `handle data from to` -> the number of bytes written.
    FileWrite(4) = "file" "write",
    /// `handle`.
    FileClose(1) = "file" "close",
    /// `handle` -> whether it is a regular file.
    FileIsOpenFile(1) = "file" "is-open-file",
    /// `path follow-links` -> the file's properties, a list in which programs find each at a fixed
    /// index; null if the file does not exist.
    FileStat(2) = "file" "stat",
    /// `path`: removes a file.
    FileUnlink(1) = "file" "unlink",
    /// `from to`.
    FileRename(2) = "file" "rename",
    /// `path target kind`: makes a link, hard for kind 0, otherwise symbolic.
    FileLink(3) = "file" "link",
    /// `path` -> the target of a symbolic link.
    FileReadlink(1) = "file" "readlink",
    /// `path permissions`.
    FileChmod(2) = "file" "chmod",
    /// `path access-s access-ns modification-s modification-ns`.
    FileUpdateTimes(5) = "file" "update-times",

    /// `path permissions`.
    FolderMake(2) = "file" "mkdir",
    /// `prefix`: makes a folder whose path begins with the prefix -> its path, as bytes.
    FolderMakeTemporary(1) = "file" "mkdtemp",
    /// `path`: removes an empty folder.
    FolderRemove(1) = "file" "rmdir",
    /// `group path` -> a handle.
    FolderOpen(2) = "file" "opendir2",
    /// `handle` -> the next name in the folder, as bytes; null at the end.
    FolderNext(1) = "file" "readdir",
    /// `handle`.
    FolderClose(1) = "file" "closedir",
    /// `path`: sets the current folder of this process.
    FolderChange(1) = "file" "chdir",
    /// -> the path of the current folder.
    FolderCurrent(0) = "file" "cwd",
    /// `path` -> the path without links and dots; null if it does not exist.
    FileRealpath(1) = "file" "realpath",

    /// -> null, in place of a group of pipes.
    PipeInit(0) = "pipe" "init",
    /// `group is-input` -> the handles of both ends, the child's end second.
    PipeCreate(2) = "pipe" "create-pipe",
    /// `group number` -> another handle for the open file, pipe or stream with this number.
    PipeFromNumber(2) = "pipe" "fd-to-pipe",
    /// `handle` -> its number, which is the handle itself.
    PipeNumber(1) = "pipe" "fd",
    /// `handle` -> bytes; null at the end, -1 if no data is available now.
    PipeRead(1) = "pipe" "read",
    /// `handle data from to` -> the number of bytes written; 0 if there is no room now.
    PipeWrite(4) = "pipe" "write",
    /// `handle group`.
    PipeClose(2) = "pipe" "close",
    /// `handle` -> whether it is a terminal.
    PipeIsTerminal(1) = "pipe" "is-a-tty",
    /// `group use-path stdin stdout stderr fd-3 fd-4 command arguments environment` -> a handle.
    ChildStart(10) = "pipe" "fork2",

    /// -> null, in place of a group of children.
    ChildInit(0) = "subprocess" "init",
    /// `handle`: the program will wait for the child.
    ChildWaitFor(1) = "subprocess" "wait-for",
    /// `handle`: the program will not wait for the child.
    ChildIgnore(1) = "subprocess" "dont-wait-for",
    /// `handle signal`.
    ChildKill(2) = "subprocess" "kill",
    /// `signal` -> its name.
    SignalText(1) = "subprocess" "strsignal",

    /// `name` -> the value of an environment variable, or null.
    EnvironmentGet(1) = "core" "get-env",
    /// `name value`: sets an environment variable; a null value removes it.
    EnvironmentSet(2) = "core" "set-env",

    /// `handle bits`: waits until a pipe has one of the bits in its state, or is closed or broken
    /// -> its state. For a child: waits until it has ended -> the number that says how it ended.
    StateAwait(2) = "outside" "await-state",
    /// `handle`: forgets a child that has ended.
    StateRelease(1) = "outside" "release",
    /// `handle`: closes a pipe that the program cannot reach any more.
    StateAbandon(1) = "outside" "abandon",
}
