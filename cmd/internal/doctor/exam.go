package doctor

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"mirrorgw/ctl/config"
)

// DefaultConfig is what is looked at when no configuration is named.
const DefaultConfig = "/etc/mirrorgw/mirrorgw.toml"

// Options of an examination.
type Options struct {
	Config  string    // path of gateway.toml; empty: DefaultConfig if it is there
	Root    string    // where the host's files are; empty: /
	Machine Machine   // required
	Now     time.Time // what certificates are judged by; zero: the clock
}

// check looks at one thing. Its findings carry its name; where there is none, ok says so.
type check struct {
	name  string
	ok    string // a clause about what is as it should be
	needs func(*config.Config) bool
	look  func(*exam)
}

// What a check needs to mean anything.
func always(*config.Config) bool            { return true }
func configured(c *config.Config) bool      { return c != nil }
func withPCI(c *config.Config) bool         { return len(pciPorts(c)) > 0 }
func withInterfaces(c *config.Config) bool  { return len(kernelPorts(c)) > 0 }
func withAWS(c *config.Config) bool         { return c != nil && c.AWS.Listen.IsValid() }
func withListener(c *config.Config) bool    { return withAWS(c) || c != nil && c.Metrics.Listen.IsValid() }
func withFiles(c *config.Config) bool       { return len(written(c)) > 0 }
func withState(c *config.Config) bool       { return c != nil && c.State.Path != "" }
func withCertificate(c *config.Config) bool { return withAWS(c) && c.AWS.TLSCertificate != "" }

// checks are in the order in which they are told.
var checks = []check{
	{"permissions", "doctor runs as root and sees everything", always, (*exam).permissions},
	{"worker CPUs", "CPUs of lcores are online", configured, (*exam).workersOnline},
	{"isolation", "worker CPUs are isolated, without ticks and RCU callbacks", configured, (*exam).isolation},
	{"frequency", "worker CPUs keep their frequency", configured, (*exam).governors},
	{"hyper-threads", "no worker shares its core", configured, (*exam).siblings},
	{"interrupts", "no interrupts are bound for worker CPUs", configured, (*exam).interrupts},
	{"watchdog", "the hard-lockup watchdog is off", always, (*exam).watchdog},
	{"clock source", "the kernel trusts the TSC", always, (*exam).clocksource},
	{"hugepages", "there are enough on every NUMA node", configured, (*exam).hugepages},
	{"memory", "enough is available", configured, (*exam).memory},
	{"locked memory", "the limit is high enough", configured, (*exam).memlock},
	{"transparent huge pages", "they are given to those who ask", always, (*exam).transparent},
	{"network cards", "PCI devices are there and bound to a driver for user space", withPCI, (*exam).cards},
	{"NUMA nodes", "cards and workers are on the same", withPCI, (*exam).nodes},
	{"kernel interfaces", "they are there, up, and carry nothing of the host", withInterfaces, (*exam).interfaces},
	{"MTU", "kernel interfaces take the same frames on both sides", withInterfaces, (*exam).mtus},
	{"offloads", "frames arrive and leave as they are", withInterfaces, (*exam).offloads},
	{"directories", "they are there", withFiles, (*exam).directories},
	{"disk space", "there is room", withFiles, (*exam).diskSpace},
	{"state", "it is closed to others, and no other gateway has it", withState, (*exam).state},
	{"access keys", "they are there and closed to others", withAWS, (*exam).keys},
	{"certificate", "it is there and valid", withCertificate, (*exam).certificate},
	{"addresses", "metrics and AWS endpoint have theirs", withListener, (*exam).listeners},
	{"time", "the clock is synchronised", always, (*exam).clock},
	{"service", "the unit has not failed", always, (*exam).service},
	{"leftovers", "killed gateways left nothing", always, (*exam).leftovers},
	{"DPDK", "the library is of the right version, with the drivers that ports need", always, (*exam).library},
}

// exam is an examination under way.
type exam struct {
	tree
	Machine
	cfg     *config.Config // nil: there is none to look at
	path    string         // of the configuration, absolute
	now     time.Time
	running bool // a gateway with this configuration runs

	check  string // the name of the one under way
	report *Report
}

// Examine looks at everything. It fails only where nothing can be looked at.
func Examine(o Options) (*Report, error) {
	if o.Machine == nil {
		return nil, errors.New("doctor: no machine to look at")
	}
	if o.Root == "" {
		o.Root = "/"
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	e := &exam{tree: tree(o.Root), Machine: o.Machine, now: o.Now, report: &Report{Counts: map[Level]int{}}}
	for _, level := range levels {
		e.report.Counts[level] = 0
	}
	e.read(o.Config)
	for i := range checks {
		e.run(&checks[i])
	}
	return e.report, nil
}

// read takes the configuration, and sees whether a gateway runs with it.
func (e *exam) read(path string) {
	e.check = "configuration"
	named := path != ""
	if !named {
		path = DefaultConfig
		if !e.exists(path) {
			e.find("configuration-missing", "no configuration was named and there is no "+DefaultConfig, "name one with --config to have ports, CPUs and files looked at")
			return
		}
		path = e.tree.path(path)
	}
	e.path, e.report.Config = path, path
	if absolute, err := filepath.Abs(path); err == nil {
		e.path = absolute
	}
	cfg, err := config.Load(path)
	if err != nil {
		e.find("configuration-invalid", err.Error(), "correct it; mirrorgw --config FILE --check-config says when it is right")
		return
	}
	e.cfg = cfg
	e.running = slices.ContainsFunc(e.processes("mirrorgw"), func(p process) bool { return p.config() == e.path })
	text := path + " is valid"
	if e.running {
		text += ", and a gateway runs with it"
	}
	e.report.add(Finding{Check: e.check, Level: OK, Text: text})
}

// run does one check, and says when it found nothing.
func (e *exam) run(c *check) {
	if !c.needs(e.cfg) {
		return
	}
	e.check = c.name
	before := len(e.report.Findings)
	c.look(e)
	if len(e.report.Findings) == before {
		e.report.add(Finding{Check: c.name, Level: OK, Text: c.ok})
	}
}

// find adds a finding of the check under way.
func (e *exam) find(id, text, remedy string) {
	e.report.add(Finding{Check: e.check, Level: kindOf(id).Level, ID: id, Text: text, Remedy: remedy})
}

// findf is find with a text to be formatted.
func (e *exam) findf(id, remedy, format string, args ...any) {
	e.find(id, fmt.Sprintf(format, args...), remedy)
}

func (e *exam) permissions() {
	if !e.Machine.Root() {
		e.find("not-root", "doctor does not run as root, and may not see what belongs to it", "run it with sudo")
	}
}
