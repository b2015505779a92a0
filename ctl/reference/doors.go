package reference

// doorSections say who can speak to the gateway, and where.
func doorSections() []Section {
	return []Section{
		{Name: "ctl", Keys: []Key{
			{Name: "socket", Type: Text, Default: `"/run/mirrorgw/ctl.sock"`, Most: "107", Form: "a path",
				Meaning: "its directory must exist and be writable; `/run/mirrorgw` is made when it is missing"},
			{Name: "mode", Type: Text, Default: `"0660"`, Form: "octal, in quotes, `\"0600\"` to `\"0777\"`",
				Meaning: "permissions of the socket. The daemon's own user always has access"},
			{Name: "admin_group", Type: TextNumber, Absent: "none", Form: "a group's name or number", Meaning: "whose members may change things"},
			{Name: "reader_group", Type: TextNumber, Absent: "none", Form: "a group's name or number; not the `admin_group`", Meaning: "whose members may list, show and explain"},
		}},
		{Name: "metrics", Keys: []Key{
			{Name: "listen", Type: Text, Absent: "none", Form: "an IP address and a port, as `\"127.0.0.1:9464\"`",
				Meaning: "TCP. There is no authentication: an address other than loopback gets a notice at start"},
			{Name: "socket", Type: Text, Absent: "none", Most: "107", Form: "a path, as `\"/run/mirrorgw/metrics.sock\"`",
				Meaning: "its directory must exist and be writable; `/run/mirrorgw` is made when it is missing"},
			{Name: "mode", Type: Text, Default: `"0660"`, Form: "octal, in quotes, `\"0600\"` to `\"0777\"`", Meaning: "permissions of the socket"},
			{Name: "group", Type: TextNumber, Absent: "the daemon's", Form: "a group's name or number", Meaning: "that the socket belongs to, for example the scraper's"},
		}},
		{Name: "aws", Keys: awsKeys()},
		{Name: "console", Keys: consoleKeys()},
		{Name: "iam", Keys: []Key{
			{Name: "directory", Type: Text, Default: `"/etc/mirrorgw/iam.toml"`, Form: "a path",
				Meaning: "the file of accounts, users, groups and policies. Only root and the daemon's user may be able to write it. A reload reads it again"},
		}},
	}
}

func awsKeys() []Key {
	const rate = "Above it EC2 answers `RequestLimitExceeded`, RAM `ThrottlingException`, the others `Throttling`, on which clients try again"
	return []Key{
		{Name: "listen", Type: Text, Default: `"127.0.0.1:8788"`, Form: "an IP address and a port",
			Meaning: "TCP. Without TLS only a loopback address is accepted: signatures keep requests from being forged, not from being read"},
		{Name: "tls_certificate", Type: Text, Absent: "no TLS", Form: "a path, PEM", Meaning: "TLS 1.2 and 1.3; with `tls_key`, or neither. The file is read again when it changes"},
		{Name: "tls_key", Type: Text, Absent: "no TLS", Form: "a path, PEM", Meaning: "must be closed to others than its owner and group. The file is read again when it changes"},
		{Name: "region", Type: Text, Default: `"local-1"`, Most: "64", Form: "lower-case letters, digits, hyphens",
			Meaning: "the gateway's own: clients set it (`AWS_DEFAULT_REGION`), and it is part of every ARN"},
		{Name: "any_region", Type: Boolean, Default: "false",
			Meaning: "accept requests that are signed for other regions too. ARNs have the gateway's own all the same"},
		{Name: "account", Type: Text, Default: `"000000000000"`, Form: "12 digits, in quotes", Meaning: "of access keys that name none"},
		{Name: "keys", Type: Text, Absent: "`keys.toml` in `$CREDENTIALS_DIRECTORY` if it is there, else `\"/etc/mirrorgw/keys.toml\"`", Form: "a path",
			Meaning: "the access keys. The file is read again when it changes"},
		{Name: "requests_per_second", Type: Integer, Default: "1000", Least: "0", Most: "1000000",
			Meaning: "of one access key, for long; 0 is no limit. " + rate},
		{Name: "requests_burst", Type: Integer, Absent: "2000, or twice `requests_per_second` if that is more", Least: "1", Most: "1000000",
			Meaning: "of one access key, at once after a pause"},
		{Name: "failures_per_second", Type: Integer, Default: "10", Least: "0", Most: "1000000",
			Meaning: "failed authentications of one source address (IPv6: one /64), for long; 0 is no limit. Above it everything from there is answered as above, without being looked at"},
		{Name: "failures_burst", Type: Integer, Absent: "100, or `failures_per_second` if that is more", Least: "1", Most: "1000000",
			Meaning: "failed authentications of one source address, at once after a pause"},
	}
}

func consoleKeys() []Key {
	return []Key{
		{Name: "listen", Type: Text, Default: `"127.0.0.1:8790"`, Form: "an IP address and a port", Meaning: "TCP. Without TLS only a loopback address is accepted"},
		{Name: "names", Type: Texts, Absent: "none", Most: "16", Form: "hosts, without a port",
			Meaning: "that browsers may ask for besides the address itself. Requests for others are refused: a page of somebody else's could be talking. The first one is in links when there is TLS"},
		{Name: "tls_certificate", Type: Text, Absent: "no TLS", Form: "a path, PEM", Meaning: "TLS 1.2 and 1.3; with `tls_key`, or neither. The file is read again when it changes"},
		{Name: "tls_key", Type: Text, Absent: "no TLS", Form: "a path, PEM", Meaning: "must be closed to others than its owner and group. The file is read again when it changes"},
		{Name: "keys", Type: Text, Absent: "those of `[aws]`, none without it", Form: "a path", Meaning: "the access keys that log in, a file as in `[aws]`. The file is read again when it changes"},
		{Name: "session_minutes", Type: Integer, Unit: "minutes", Default: "60", Least: "1", Most: "1440",
			Meaning: "without use, after which a log-in ends. An open page that moves by itself is use"},
		{Name: "session_hours", Type: Integer, Unit: "hours", Default: "12", Least: "1", Most: "720", Meaning: "after which a log-in ends at the latest"},
	}
}
