//! What a running process costs its machine, as the kernel has counted it.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// Of the fields of `/proc/PID/stat` behind the name, which ends with the last bracket: time in the program itself, and in
/// the kernel for it (`proc_pid_stat(5)` counts them as 14 and 15).
const USER_TIME: usize = 11;
const SYSTEM_TIME: usize = 12;

/// How long processors have worked for a process.
///
/// # Errors
/// When it has ended.
pub fn processor_time(process: u32) -> Result<Duration> {
    let line = read(process, "stat")?;
    let ticks = || {
        let fields: Vec<&str> = line.rsplit_once(')')?.1.split_whitespace().collect();
        let of = |field: usize| fields.get(field)?.parse::<u32>().ok();
        of(USER_TIME)?.checked_add(of(SYSTEM_TIME)?)
    };
    let ticks = ticks().context("the kernel counts processor time otherwise")?;
    let per_second = u32::try_from(rustix::param::clock_ticks_per_second())?;
    Ok(Duration::from_secs(ticks.into()) / per_second)
}

/// The most memory that a process has had at any time, in bytes: its resident set, programs and libraries included.
///
/// # Errors
/// When it has ended.
pub fn peak_memory(process: u32) -> Result<u64> {
    let status = read(process, "status")?;
    let kibibytes = || status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix("kB");
    let kibibytes = kibibytes().context("the kernel counts memory otherwise")?;
    Ok(kibibytes.trim().parse::<u64>().context("the kernel counts memory otherwise")? * 1024)
}

fn read(process: u32, file: &str) -> Result<String> {
    fs::read_to_string(format!("/proc/{process}/{file}")).context("the program has ended")
}

#[cfg(test)]
mod tests {
    use super::{peak_memory, processor_time};

    #[test]
    fn the_kernel_has_counted_this_process() {
        let this = std::process::id();
        assert!(peak_memory(this).is_ok_and(|bytes| bytes > 1 << 20));
        assert!(processor_time(this).is_ok_and(|time| time < std::time::Duration::from_hours(1)));
    }
}
