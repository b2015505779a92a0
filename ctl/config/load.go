package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"unicode"

	"mirrorgw/ctl/problem"
	"mirrorgw/ctl/tomldoc"
	"mirrorgw/rules"
)

// Load reads and validates a configuration file. An error holds one sentence a line, each with
// file, line and remedy. The files that the configuration names are not looked at: CheckFiles,
// CheckControl, CheckState, CheckMetrics and CheckHistory do that.
func Load(path string) (*Config, error) {
	data, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: there is no such file; give the path of a gateway.toml with --config", path)
	case errors.Is(err, syscall.EISDIR):
		return nil, fmt.Errorf("%s: this is a directory; give the path of a file in it", path)
	case err != nil:
		return nil, fmt.Errorf("%s: the file cannot be read (%w); make it readable for this user", path, rootCause(err))
	}
	return Parse(path, data)
}

// Parse is Load for text in memory; name is what errors call it.
func Parse(name string, data []byte) (*Config, error) {
	var problems problem.List
	root := tomldoc.Parse(name, data, &problems)
	root.Known("eal", "gateway", "port", "route", "neighbor", "tunnel", "exclude", "dns_resolvers", "quotas", "log", "ctl", "state", "metrics", "history", "congestion", "aws", "console", "iam", "audit", "bypass")
	root.Done() // first: what a misspelt section lacks is not missing
	if err := problems.Err(); err != nil {
		return nil, err
	}
	c := &Config{File: name}
	c.EAL = readEAL(root.Table("eal"))
	c.Ports = readEach(root, "port", readPort)
	c.Routes = readEach(root, "route", readRoute)
	c.Neighbors = readEach(root, "neighbor", readNeighbor)
	c.Zone = readGateway(root.Table("gateway"))
	c.OuterSource = readTunnel(root.Table("tunnel"))
	c.Exclude = readExclude(root.Table("exclude"))
	c.Resolvers = readResolvers(root)
	c.Quotas = readQuotas(root.Table("quotas"))
	c.LogLevel, c.LogFormat = readLog(root.Table("log"))
	c.Ctl = readCtl(root)
	c.State = readState(root)
	c.Metrics = readMetrics(root)
	c.AWS = readAWS(root)
	c.Console = readConsole(root)
	c.IAM = readIAM(root)
	c.Audit = readAudit(root)
	c.History = readHistory(root)
	c.Bypass = readBypass(root)
	c.Congestion = readCongestion(root.Table("congestion"))
	// Relations between sections are judged only when each section is right in itself: a port
	// that could not be read would otherwise be reported a second time as a missing peer.
	if problems.Len() == 0 {
		validate(c, root)
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

func readEAL(t *tomldoc.Table) EAL {
	defer t.Done()
	e := EAL{src: t, MainLcore: -1}
	if text, ok := t.Required("lcores", "1"); ok {
		lcores, err := ParseLcores(text)
		if err != nil {
			t.Errorf("lcores", "lcores %q: %v", text, err)
		}
		e.Lcores = lcores
	}
	if text, ok := t.String("mirror_lcores"); ok {
		lcores, err := ParseLcores(text)
		if err != nil {
			t.Errorf("mirror_lcores", "mirror_lcores %q: %v", text, err)
		}
		e.MirrorLcores = lcores
	}
	e.MainLcore = t.IntOr("main_lcore", -1, 0, maxLcores-1)
	e.MemoryMB = t.IntOr("memory_mb", DefaultMemoryMB, 64, 1<<20)
	e.DataRoom = t.IntOr("data_room", DefaultDataRoom, 256, 16384)
	e.Hugepages = Hugepages(t.OneOf("hugepages", string(HugepagesAuto),
		string(HugepagesAuto), string(HugepagesRequire), string(HugepagesNever)))
	if prefix, ok := t.String("file_prefix"); ok {
		e.FilePrefix = prefix
		checkName(t, "file_prefix", prefix)
	}
	return e
}

// readGateway returns the zone.
func readGateway(t *tomldoc.Table) string {
	defer t.Done()
	zone, _ := t.String("zone")
	if len(zone) > maxZone || strings.ContainsFunc(zone, unicode.IsControl) {
		t.Errorf("zone", "zone has %d characters or some that cannot be printed; use at most %d printable ones", len(zone), maxZone)
	}
	return zone
}

// maxZone is how long a zone may be in resources too, bytes.
const maxZone = 128

func readTunnel(t *tomldoc.Table) OuterSource {
	defer t.Done()
	return OuterSource(t.OneOf("outer_source", string(OuterSourceInterface),
		string(OuterSourceInterface), string(OuterSourceTunnel)))
}

func readExclude(t *tomldoc.Table) rules.Exclude {
	defer t.Done()
	return rules.Exclude{
		ARP:               t.BoolOr("arp", true),
		DHCP:              t.BoolOr("dhcp", true),
		Metadata:          t.BoolOr("metadata", true),
		NTP:               t.BoolOr("ntp", true),
		WindowsActivation: t.BoolOr("windows_activation", true),
	}
}

func readResolvers(t *tomldoc.Table) []netip.Addr {
	texts, ok := t.Strings("dns_resolvers")
	if !ok {
		return DefaultResolvers()
	}
	if len(texts) > MaxResolvers {
		t.Errorf("dns_resolvers", "dns_resolvers has %d addresses; keep at most %d", len(texts), MaxResolvers)
	}
	seen := map[netip.Addr]bool{}
	list := make([]netip.Addr, 0, len(texts))
	for _, text := range texts {
		addr, err := ParseUnicast(text)
		switch {
		case err != nil:
			t.Errorf("dns_resolvers", "dns_resolvers: %v", err)
		case seen[addr]:
			t.Errorf("dns_resolvers", "dns_resolvers names %s twice; keep one of the two", addr)
		}
		seen[addr] = true
		list = append(list, addr)
	}
	return list
}

func readQuotas(t *tomldoc.Table) Quotas {
	defer t.Done()
	q := DefaultQuotas
	for _, quota := range []struct {
		key   string
		value *int
		high  int
	}{
		{"sessions_per_account", &q.SessionsPerAccount, rules.MaxSessions},
		{"sessions_per_source", &q.SessionsPerSource, rules.MaxSessionsSource},
		{"targets_per_account", &q.TargetsPerAccount, rules.MaxSessions},
		{"filters_per_account", &q.FiltersPerAccount, rules.MaxSessions},
		{"rules_per_filter", &q.RulesPerFilter, rules.MaxRulesFilter},
		{"sources_per_target", &q.SourcesPerTarget, rules.MaxSessions},
		{"sources_per_target_dedicated", &q.SourcesPerTargetDedicated, rules.MaxSessions},
	} {
		*quota.value = t.IntOr(quota.key, *quota.value, 1, quota.high)
	}
	return q
}

func readLog(t *tomldoc.Table) (level string, format LogFormat) {
	defer t.Done()
	level = t.OneOf("level", DefaultLogLevel, "debug", "info", "warn", "error")
	return level, LogFormat(t.OneOf("format", string(LogText), string(LogText), string(LogJSON), string(LogJournal)))
}

// rootCause drops the operation and the path that os errors repeat.
func rootCause(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

// list joins names for a remedy, "(none)" when there are none.
func list(names []string) string {
	if len(names) == 0 {
		return "(none)"
	}
	return strings.Join(names, ", ")
}

// readEach reads every table of an array, [[name]], in its order.
func readEach[T any](root *tomldoc.Table, name string, read func(*tomldoc.Table) T) (list []T) {
	for _, t := range root.Tables(name) {
		list = append(list, read(t))
	}
	return list
}
