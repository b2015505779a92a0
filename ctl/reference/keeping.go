package reference

// keepingSections say what the gateway keeps on disk.
func keepingSections() []Section {
	return []Section{
		{Name: "state", Keys: []Key{
			{Name: "path", Type: Text, Default: `"/var/lib/mirrorgw/state.db"`, Form: "a path",
				Meaning: "its directory must exist and be writable. One daemon at a time: the file is locked"},
			{Name: "on_damage", Type: Text, Default: `"refuse"`, Words: []string{"refuse", "forward-only"},
				Meaning: "what a state file means that cannot be used: damaged, of a newer schema, locked, not writable. `refuse`: the gateway does not start. `forward-only`: it forwards, mirrors nothing, logs an error, says so on `/v1/health`, and refuses changes as `storage-failed`"},
			{Name: "forward_after", Type: Duration, Absent: "ports start once the resources are in force", Least: "1ns", Form: "more than 0, as `\"10s\"`",
				Meaning: "ports start after this time though the resources are not in force yet; until then nothing is mirrored"},
		}},
		{Name: "audit", Keys: []Key{
			{Name: "path", Type: Text, Default: `"/var/log/mirrorgw/audit.log"`, Form: "a path",
				Meaning: "its directory must exist and be writable; `/var/log/mirrorgw` is made when it is missing"},
			{Name: "max_size_mb", Type: Integer, Unit: "MiB", Default: "64", Least: "1", Most: "102400", Meaning: "a file that would grow beyond is rotated"},
			{Name: "files", Type: Integer, Default: "10", Least: "0", Most: "1000", Meaning: "rotated files that are kept"},
			{Name: "on_failure", Type: Text, Default: `"continue"`, Words: []string{"continue", "refuse"},
				Meaning: "what changes are while the log cannot be written: `continue` makes them and counts what was not logged; `refuse` refuses them"},
		}},
		{Name: "history", Keys: []Key{
			{Name: "path", Type: Text, Default: `"/var/lib/mirrorgw/history"`, Form: "a path",
				Meaning: "a directory, which is made if the one above it is there. One gateway at a time"},
			{Name: "days", Type: Integer, Unit: "days", Default: "15", Least: "1", Most: "400", Meaning: "how long"},
			{Name: "max_mb", Type: Integer, Unit: "MiB", Default: "1024", Least: "16", Most: "1048576",
				Meaning: "of all files together; when it is not enough, the oldest hours go before their time, with a warning"},
		}},
		{Name: "log", Keys: []Key{
			{Name: "level", Type: Text, Default: `"info"`, Words: []string{"debug", "info", "warn", "error"}, Meaning: "least level that is logged"},
			{Name: "format", Type: Text, Default: `"text"`, Words: []string{"text", "json", "journal"},
				Meaning: "`key=value`; an object a line; or text without the time and with the priority in front that journald reads"},
		}},
	}
}

// bypassSection says what takes production past the gateway and back.
func bypassSection() Section {
	const program = "a program's path from `/` on, and its arguments, at most 64 in all"
	return Section{Name: "bypass", Keys: []Key{
		{Name: "on_inline", Type: Texts, Absent: "none", Form: program, Meaning: "production is to go through the gateway"},
		{Name: "on_bypass", Type: Texts, Absent: "none", Form: program, Meaning: "production is to go past it; both or neither"},
		{Name: "heartbeat", Type: Texts, Absent: "none", Form: program, Meaning: "feeds the watchdog of a bypass that acts by itself when it is not fed"},
		{Name: "heartbeat_period", Type: Duration, Default: `"500ms"`, Least: "50ms", Most: "1m", Meaning: "between two heartbeats"},
		{Name: "time_limit", Type: Duration, Default: `"2s"`, Least: "100ms", Most: "30s",
			Meaning: "of one run; what takes longer is killed, with its children, and has failed. A heartbeat has no more than its period"},
	}}
}

// copySections say what is copied, how much, and when copies yield.
func copySections() []Section {
	return []Section{
		{Name: "congestion", Keys: []Key{
			{Name: "receive", Type: Text, Default: `"auto"`, Words: []string{"auto", "always", "off"},
				Meaning: "frames that wait to be received are a sign. `auto`: on ports where a frame that waits can be lost, which is not so for `net_pcap` with `rx_pcap` and for `net_null`: their bursts are always full. `always`: on those too"},
			{Name: "transmit", Type: Boolean, Default: "true", Meaning: "production that a port does not take at once is a sign"},
			{Name: "tunnel", Type: Boolean, Default: "true", Meaning: "a tunnel port without room for copies is a sign"},
			{Name: "mempool", Type: Boolean, Default: "true", Meaning: "mirror memory that runs out is a sign"},
			{Name: "backlog", Type: Duration, Default: `"100us"`, Least: "10us", Most: "1s",
				Meaning: "a queue that gives full bursts only for so long, and for 16 polls, has frames that wait. A driver that can tell how many wait is asked as well: half of `rx_descriptors` is a sign at once"},
			{Name: "recovery", Type: Duration, Default: `"2ms"`, Least: "1ms", Most: "1m", Meaning: "without signs, from one step back to the next"},
		}},
		{Name: "tunnel", Keys: []Key{
			{Name: "outer_source", Type: Text, Default: `"interface"`, Words: []string{"interface", "tunnel"},
				Meaning: "source address of copies: the mirrored interface's first address of the target's family, if it has one, else the tunnel port's; or always the tunnel port's"},
		}},
		{Name: "exclude", Keys: []Key{
			{Name: "arp", Type: Boolean, Default: "true", Meaning: "ARP is never mirrored"},
			{Name: "dhcp", Type: Boolean, Default: "true", Meaning: "UDP 67 and 68 over IPv4, 546 and 547 over IPv6"},
			{Name: "metadata", Type: Boolean, Default: "true", Meaning: "169.254.169.254, fd00:ec2::254"},
			{Name: "ntp", Type: Boolean, Default: "true", Meaning: "UDP 123"},
			{Name: "windows_activation", Type: Boolean, Default: "true", Meaning: "169.254.169.250, 169.254.169.251"},
		}},
		{Keys: []Key{
			{Name: "dns_resolvers", Type: Texts, Default: `["169.254.169.253", "fd00:ec2::253"]`, Most: "16", Form: "addresses; `[]` is none",
				Meaning: "whose DNS is mirrored with the service `amazon-dns` only; see [semantics.md](semantics.md#dns-of-the-resolver)"},
		}},
		{Name: "quotas", Keys: quotaKeys()},
	}
}

func quotaKeys() []Key {
	return []Key{
		{Name: "sessions_per_account", Type: Integer, Default: "10000", Least: "1", Most: "65536"},
		{Name: "sessions_per_source", Type: Integer, Default: "3", Least: "1", Most: "256"},
		{Name: "targets_per_account", Type: Integer, Default: "10000", Least: "1", Most: "65536"},
		{Name: "filters_per_account", Type: Integer, Default: "10000", Least: "1", Most: "65536"},
		{Name: "rules_per_filter", Type: Integer, Default: "10", Least: "1", Most: "10000", Meaning: "both directions together"},
		{Name: "sources_per_target", Type: Integer, Default: "10", Least: "1", Most: "65536", Meaning: "sources of one target interface that has an `instance`"},
		{Name: "sources_per_target_dedicated", Type: Integer, Default: "100", Least: "1", Most: "65536",
			Meaning: "the same where `instance_type` has the size `metal` or `metal-…`"},
	}
}
