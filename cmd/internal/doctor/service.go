package doctor

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"mirrorgw/ctl/config"
)

const (
	unitName     = "mirrorgw.service"
	dpdkVersion  = "DPDK 22.11"
	pmdDirectory = "dpdk/pmds-23.0"
	runtimeDir   = "/run/dpdk"
)

// libraryDirs are where libraries are, on Debian and elsewhere.
var libraryDirs = []string{"/usr/lib/*-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib"}

func (e *exam) listeners() {
	if e.running {
		return // it is the one that listens
	}
	for _, l := range []struct {
		section string
		address netip.AddrPort
	}{{"[metrics]", e.cfg.Metrics.Listen}, {"[aws]", e.cfg.AWS.Listen}} {
		if !l.address.IsValid() {
			continue
		}
		if err := e.Listen(l.address); err != nil {
			e.findf("address-in-use", "end the program that does (\"ss -ltnp\" names it), or choose another address", "%s: listen %s: %v", l.section, l.address, err)
		}
	}
}

func (e *exam) clock() {
	if synchronised, err := e.Synchronised(); err == nil && !synchronised {
		e.find("time-sync", "the clock is not synchronised: history, audit log and the signatures of AWS requests go by it", "install and start chrony, or turn on systemd-timesyncd with \"timedatectl set-ntp true\"")
	}
}

func (e *exam) service() {
	unit, ok := e.Unit(unitName)
	if !ok {
		return
	}
	if unit.Active == "failed" {
		e.findf("unit-failed", "see \"journalctl -u mirrorgw\" for what it said last, then \"systemctl restart mirrorgw\"", "%s failed: %s", unitName, unit.Result)
	}
	if unit.Restarts > 0 {
		e.findf("unit-restarts", "see \"journalctl -u mirrorgw\" for why", "%s was restarted by the service manager %d times", unitName, unit.Restarts)
	}
	if unit.File == "disabled" {
		e.find("unit-disabled", unitName+" does not start at boot", "\"systemctl enable mirrorgw\"")
	}
}

// leftovers counts runtime directories with a random prefix, as gateways make them, that no process
// has locked.
func (e *exam) leftovers() {
	var left []string
	for _, prefix := range e.names(runtimeDir, "gw-*") {
		if e.holder(runtimeDir+"/"+prefix+"/owner") == 0 && e.exists("/proc/locks") {
			left = append(left, prefix)
		}
	}
	if len(left) > 0 {
		e.findf("leftovers", "start a gateway: it removes them, with their hugepages", "gateways that were killed left %s in %s", strings.Join(left, ", "), runtimeDir)
	}
}

func (e *exam) library() {
	version := e.DPDK()
	if !strings.HasPrefix(version, dpdkVersion) {
		e.findf("dpdk-version", "install the packages of Debian 12, or what the package of mirrorgw depends on", "the library is %s, and the gateway was made for %s", version, dpdkVersion)
	}
	if e.cfg == nil {
		return
	}
	drivers := e.drivers()
	for _, driver := range slices.Sorted(maps.Keys(drivers)) {
		if port := drivers[driver]; !e.hasDriver(driver) {
			e.findf("dpdk-driver", fmt.Sprintf("install the package librte-%s23", strings.ReplaceAll(driver, "_", "-")), "port %s: the library of the driver %s is not installed", port, driver)
		}
	}
	for i := range e.cfg.Ports {
		if e.cfg.Ports[i].Device.Driver == "net_tap" && !e.exists("/dev/net/tun") {
			e.findf("tun-absent", "run \"modprobe tun\"", "port %s: there is no /dev/net/tun, which net_tap needs", e.cfg.Ports[i].Name)
		}
	}
}

// drivers are those that the ports name, each with one of its ports. Which driver a PCI device takes is for EAL
// to find out.
func (e *exam) drivers() map[string]string {
	drivers := map[string]string{}
	for i := range e.cfg.Ports {
		if driver := e.cfg.Ports[i].Device.Driver; driver != config.PCI {
			drivers[driver] = e.cfg.Ports[i].Name
		}
	}
	return drivers
}

func (e *exam) hasDriver(driver string) bool {
	name := map[string]string{"net_bonding": "net_bond", "net_tun": "net_tap", "net_virtio_user": "net_virtio"}[driver]
	if name == "" {
		name = driver
	}
	for _, dir := range libraryDirs {
		if len(e.names(dir+"/"+pmdDirectory, "librte_"+name+".so*")) > 0 {
			return true
		}
	}
	return false
}
