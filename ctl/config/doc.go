// Package config reads gateway.toml: everything of the gateway that cannot change while it runs
// (EAL, lcores, ports) and what the control plane starts with (neighbours, excludes, quotas).
//
// Load and Parse validate everything that the text alone can show; CheckFiles looks at the
// capture files that net_pcap ports name, CheckControl, CheckState, CheckMetrics and CheckHistory at where the
// sockets, the state and the history go, CheckCPUs at the CPUs of the machine. Whatever is wrong is said in sentences
// that name file, line and remedy, up to 20 at once.
package config
