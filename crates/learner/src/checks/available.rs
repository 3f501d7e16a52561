//! How much memory this process may have: what the machine has left, its control group, and `ulimit`.
//!
//! It is known on Linux only. The texts of `/proc` and of the control groups are read in one place, and what
//! they mean is worked out from the texts alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

/// Address space and data that a process has without using it: the program's file, stacks, and parts of the
/// libraries. It was 0.2 GB with two threads.
const UNUSED: u64 = 256 << 20;

/// Address space of a thread that does not run yet: its stack, and the block from which the allocator serves it.
const THREAD: u64 = 36 << 20;

/// The memory that this process may have altogether.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Available {
    /// With what the process has already.
    pub bytes: u64,
    pub limit: MemoryLimit,
}

/// What limits the memory of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryLimit {
    /// The machine has no more memory, or other processes have it.
    Machine,
    /// A control group, such as a container's.
    ControlGroup,
    /// `RLIMIT_AS`.
    AddressSpace,
    /// `RLIMIT_DATA`.
    Data,
}

/// The memory that this process may have; `None` if the system does not say.
pub fn available() -> Option<Available> {
    let threads = thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let process = Process::parse(&read("/proc/self/status"))?;
    let groups = groups(&read("/proc/self/cgroup")).into_iter().filter_map(|group| group.read());
    [
        of_machine(&process, &read("/proc/meminfo")),
        groups
            .min()
            .map(|left| Available { bytes: process.resident + left, limit: MemoryLimit::ControlGroup }),
        of_limits(&process, threads, &read("/proc/self/limits")),
    ]
    .into_iter()
    .flatten()
    .min_by_key(|available| available.bytes)
}

/// Sizes of this process in bytes, from `/proc/self/status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Process {
    /// In memory.
    resident: u64,
    /// Of all its address space.
    space: u64,
    /// Of the address space that `RLIMIT_DATA` limits.
    data: u64,
}

impl Process {
    fn parse(status: &str) -> Option<Self> {
        let [resident, space, data] = ["VmRSS:", "VmSize:", "VmData:"].map(|key| kibibytes(status, key));
        Some(Self { resident: resident?, space: space?, data: data? })
    }
}

fn of_machine(process: &Process, meminfo: &str) -> Option<Available> {
    let left = kibibytes(meminfo, "MemAvailable:")?;
    Some(Available { bytes: process.resident + left, limit: MemoryLimit::Machine })
}

/// The tighter one of the limits on address space and data, from `/proc/self/limits`, for a process that will have
/// so many more threads.
fn of_limits(process: &Process, threads: u64, limits: &str) -> Option<Available> {
    let left = |key: &str, used: u64, limit| {
        let soft = limits.lines().find_map(|line| line.strip_prefix(key))?.split_whitespace().next()?;
        let left = soft.parse::<u64>().ok()?.saturating_sub(used + threads * THREAD);
        // The allocator reserves address space in pieces of up to 1 GiB and hands it out later. Half of what is
        // reserved counts as free, because a tensor needs one piece. For the same reason, and because
        // tensors are rounded up to whole blocks, a fifth of what is left is not counted.
        let reserved = used.saturating_sub(process.resident + UNUSED) / 2;
        Some(Available { bytes: process.resident + (left + reserved) / 5 * 4, limit })
    };
    [
        left("Max address space", process.space, MemoryLimit::AddressSpace),
        left("Max data size", process.data, MemoryLimit::Data),
    ]
    .into_iter()
    .flatten()
    .min_by_key(|available| available.bytes)
}

/// Where a control group says how much memory it may have and how much it has.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    folder: PathBuf,
    limit: &'static str,
    used: &'static str,
    /// Key in `memory.stat` of memory that holds files, which is freed when it is needed.
    files: &'static str,
}

impl Group {
    /// How much memory the group has left.
    fn read(&self) -> Option<u64> {
        let read = |name: &str| fs::read_to_string(self.folder.join(name)).ok();
        left_in_group(
            &read(self.limit)?,
            &read(self.used)?,
            &read("memory.stat").unwrap_or_default(),
            self.files,
        )
    }
}

/// The control groups of a process, and all groups that these are in, from `/proc/self/cgroup`. Limits hold in
/// each of them. Inside a container, the group's own folder may stand at the root.
fn groups(cgroup: &str) -> Vec<Group> {
    let mut groups = Vec::new();
    for line in cgroup.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else { continue };
        let (root, limit, used, files) = if controllers.is_empty() {
            ("/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file")
        } else if controllers.split(',').any(|name| name == "memory") {
            let [limit, used] = ["memory.limit_in_bytes", "memory.usage_in_bytes"];
            ("/sys/fs/cgroup/memory", limit, used, "total_inactive_file")
        } else {
            continue;
        };
        let folders = Path::new(path.trim_start_matches('/')).ancestors();
        groups.extend(folders.map(|folder| Group {
            folder: Path::new(root).join(folder),
            limit,
            used,
            files,
        }));
    }
    groups
}

/// The bytes that a control group has left; `None` if it has no limit.
fn left_in_group(limit: &str, used: &str, stat: &str, files: &str) -> Option<u64> {
    let limit: u64 = limit.trim().parse().ok()?;
    let used: u64 = used.trim().parse().ok()?;
    let files =
        stat.lines().find_map(|line| line.strip_prefix(files)?.trim().parse::<u64>().ok()).unwrap_or(0);
    Some(limit.saturating_sub(used.saturating_sub(files)))
}

/// The bytes after this key of a text with lines such as `VmRSS:   123 kB`.
fn kibibytes(text: &str, key: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(key))?.trim();
    Some(1024 * value.strip_suffix("kB")?.trim().parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;
    const PROCESS: Process = Process { resident: 100 * MIB, space: 1380 * MIB, data: 1124 * MIB };

    #[test]
    fn the_process_and_the_machine_are_read_from_proc() {
        let status = "Name:\tx\nVmPeak:\t 9999999 kB\nVmSize:\t 1413120 kB\nVmRSS:\t  102400 kB\nVmData:\t 1150976 kB\n";
        assert_eq!(Process::parse(status), Some(PROCESS));
        let meminfo = "MemTotal:       24684276 kB\nMemFree: 1 kB\nMemAvailable:    2097152 kB\n";
        let expected = Available { bytes: 2148 * MIB, limit: MemoryLimit::Machine };
        assert_eq!(of_machine(&PROCESS, meminfo), Some(expected));
        assert_eq!((Process::parse(""), of_machine(&PROCESS, "MemTotal: x")), (None, None));
    }

    #[test]
    fn the_tighter_one_of_the_process_limits_counts() {
        let limits = |data: &str, space: &str| {
            format!(
                "Limit                     Soft Limit           Hard Limit           Units\n\
                 Max data size             {data}            unlimited            bytes\n\
                 Max address space         {space}            unlimited            bytes\n"
            )
        };
        assert_eq!(of_limits(&PROCESS, 2, &limits("unlimited", "unlimited")), None);
        let space = (3380 * MIB).to_string();
        // 2,000 MiB are left and two threads take 72, and of 1,024 MiB that are reserved half counts.
        let expected = Available { bytes: 100 * MIB + 2440 * MIB / 5 * 4, limit: MemoryLimit::AddressSpace };
        assert_eq!(of_limits(&PROCESS, 2, &limits("unlimited", &space)), Some(expected));
        let data = (1124 * MIB).to_string();
        let found = of_limits(&PROCESS, 2, &limits(&data, &space)).unwrap();
        assert_eq!(found, Available { bytes: 100 * MIB + 384 * MIB / 5 * 4, limit: MemoryLimit::Data });
    }

    #[test]
    fn a_groups_limits_are_sought_in_it_and_in_all_that_it_is_in() {
        let folders = |text: &str| -> Vec<String> {
            groups(text).iter().map(|group| group.folder.join(group.limit).display().to_string()).collect()
        };
        let expected = [
            "/sys/fs/cgroup/user/box/memory.max",
            "/sys/fs/cgroup/user/memory.max",
            "/sys/fs/cgroup/memory.max",
        ];
        assert_eq!(folders("0::/user/box\n"), expected);
        let first = "/sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes";
        assert_eq!(folders("5:cpu,cpuacct:/a\n4:memory:/docker/1\n1:name=systemd:/b")[0], first);
        assert_eq!(folders("nonsense"), [""; 0]);
    }

    #[test]
    fn memory_that_holds_files_counts_as_free() {
        let stat = "anon 5\nfile 9\ninactive_file 300\n";
        assert_eq!(left_in_group("1000\n", "900\n", stat, "inactive_file"), Some(400));
        assert_eq!(left_in_group("1000", "1200", "", "inactive_file"), Some(0));
        assert_eq!(left_in_group("max\n", "900\n", stat, "inactive_file"), None);
    }
}
