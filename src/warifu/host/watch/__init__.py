"""The runtime watch: who reaches for a signer's memory, or for the kernel below it, while it runs.

In the spirit of VED-eBPF, by tracepoints alone (bpftrace): ptrace and its kin, opens of ``/proc/PID/mem`` and of
memory devices, module loads, tracing BPF programs, kexec, measuring, and privileges that come from nowhere. Each event
becomes an alarm; who hears the alarm (``warifu.cli``) writes it down and has the device's signer freeze.

It sees late (the read may have been done when the alarm is heard), root can end it, and a compromised kernel can lie to
it: it makes an attack loud, not impossible. What it is told is hostile: names of processes are chosen by attackers.
"""
